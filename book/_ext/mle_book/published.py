"""As long as the repository has no public address, nothing on a page leads there.

`_config.yml` then names an owner that nobody can register; `make publish-as` replaces it, and with
that the buttons at the top of a page, the links to Colab and those in the text are there.
"""

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config

from .tree import replace

UNPUBLISHED = "/-unpublished-/"
NOT_YET = " (not published yet)"


def setup(app: Sphinx) -> None:
    app.connect("config-inited", leave_out_buttons)
    app.connect("doctree-resolved", unlink)


def is_published(config: Config) -> bool:
    return UNPUBLISHED not in config.html_theme_options.get("repository_url", "")


def leave_out_buttons(app: Sphinx, config: Config) -> None:
    if not is_published(config):
        off = {"use_repository_button": False, "use_issues_button": False, "launch_buttons": {}}
        config.html_theme_options = config.html_theme_options | off


def unlink(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Of a link to the repository its text is left, and that it is not published yet."""
    if is_published(app.config):
        return
    for link in list(doctree.findall(nodes.reference)):
        if UNPUBLISHED in link.get("refuri", ""):
            said = nodes.inline("", NOT_YET, classes=["mle-not-yet"])
            replace(link, nodes.inline("", "", *link.children, said))
