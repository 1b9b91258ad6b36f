"""Questions on the chapter, to be asked again."""

RECALL = ()
