"""`404.html`: what GitHub Pages serves for an address that does not exist, however deep it is.

So its own addresses begin at the root of the host, with the repository's name; where the site is
served elsewhere, a script mends them. Everything else is in the page, and a policy that allows it.
"""

from pathlib import Path
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup
from sphinx.application import Sphinx
from sphinx_external_toc.parsing import parse_toc_yaml

from .delivery import hash_of

FILES = Path(__file__).parent  # 404.html, .css, .js


def setup(app: Sphinx) -> None:
    app.connect("build-finished", write_page)


def prefix(repository: str) -> str:
    """Where GitHub Pages puts the site: `/name/`; the repository owner.github.io is its root."""
    owner, _, name = urlsplit(repository).path.strip("/").partition("/")
    return "/" if not name or name.lower() == f"{owner.lower()}.github.io" else f"/{name}/"


def parts(app: Sphinx) -> list[tuple[str, list[tuple[str, str]]]]:
    """The table of contents: the caption of each part, and the pages in it with their titles."""
    toc = parse_toc_yaml(Path(app.srcdir, app.config.external_toc_path))
    titles = {page: title.astext() for page, title in app.env.titles.items()}
    found = [
        (tree.caption or "Contents", [(page, titles[page]) for page in tree.files()])
        for tree in toc.root.subtrees
    ]
    return [part for part in found if part[1]]


def write_page(app: Sphinx, error: Exception | None) -> None:
    if error or app.builder.format != "html":
        return
    style, script = ((FILES / f"404.{kind}").read_text("utf-8") for kind in ("css", "js"))
    loader = FileSystemLoader(FILES, encoding="utf-8")
    page = Environment(loader=loader, autoescape=True).get_template("404.html")
    html = page.render(
        prefix=prefix(app.config.html_theme_options.get("repository_url", "")),
        policy=Markup(policy(style, script)),  # its quotes are apostrophes
        style=Markup(style),
        script=Markup(script),
        title=app.config.html_title or app.config.project,
        root=app.config.root_doc,
        parts=parts(app),
    )
    Path(app.outdir, "404.html").write_text(html, encoding="utf-8")


def policy(style: str, script: str) -> str:
    """Only this style, this script, the mark, and the search page."""
    return (
        f"default-src 'none'; style-src {hash_of(style)}; script-src {hash_of(script)}; "
        "img-src 'self'; base-uri 'none'; form-action 'self'"
    )
