"""The three outcomes of a check, and how each is shown."""

from dataclasses import dataclass
from typing import Literal

from mle_lib.exercises.text import to_html, to_text

Status = Literal["not attempted", "incorrect", "correct"]

TITLES: dict[Status, str] = {
    "not attempted": "Not attempted yet.",
    "incorrect": "Not yet right.",
    "correct": "Correct.",
}
# At least 3:1 on white and on the dark pages of Colab and JupyterLab; never the only sign.
EDGES: dict[Status, str] = {
    "not attempted": "#7d8590",
    "incorrect": "#c2661a",
    "correct": "#2e8b57",
}


@dataclass(frozen=True)
class Result:
    """What a check says of an answer.

    Attributes:
        exercise: The exercise's id.
        status: One of the three outcomes.
        message: What to tell the reader, in the markup of ``mle_lib.exercises.text``.
        slip: The name of the known slip that was recognised, if one was.
        call: Calls that help on, as said in a notebook; the page has buttons for them.
    """

    exercise: str
    status: Status
    message: str = ""
    slip: str | None = None
    call: str = ""

    @property
    def title(self) -> str:
        return TITLES[self.status]

    def __repr__(self) -> str:
        return f"{self.title} {to_text(self._said())}".rstrip()

    def _repr_html_(self) -> str:
        return self._html(self._said())

    def on_the_page(self) -> str:
        """As HTML, without the calls."""
        return self._html(self.message)

    def _said(self) -> str:
        return f"{self.message}\n\n{self.call}".rstrip()

    def _html(self, said: str) -> str:
        return (
            f'<div class="mle-result" data-status="{self.status}" style="border-left: 4px solid '
            f'{EDGES[self.status]}; padding: 0.2rem 0.9rem"><p><strong>{self.title}</strong></p>'
            f"{to_html(said)}</div>"
        )
