"""What a page says of itself to who links to it or cites it (`book/_ext/mle_book/cards.py`)."""

import re
import sys
import tomllib
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from tools.environment import ROOT

sys.path.insert(0, str(ROOT / "book" / "_ext"))
from mle_book import cards
from mle_book.published import UNPUBLISHED

CITED = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))


def app_of(repository: str) -> Any:
    """As much of Sphinx as a card asks for."""
    app = SimpleNamespace(
        config=SimpleNamespace(
            html_theme_options={"repository_url": repository},
            html_title="A & B", project="", root_doc="book/index",
        ),
        builder=SimpleNamespace(format="html", get_target_uri=lambda page: f"{page}.html"),
        env=SimpleNamespace(found_docs={"book/one", "book/index"}),
    )  # fmt: skip
    cards.set_address(app, app.config)
    return app


def head_of(app: Any, page: str) -> dict[str, str]:
    description = '<meta name="description" content="Of &lt;one&gt;." />'
    context = {"metatags": description, "title": 'The <em>first</em> "one"'}
    cards.add_card(app, page, "", context, None)
    return dict(re.findall(r'<meta property="(.*?)" content="(.*?)" />', context["metatags"]))


@pytest.mark.parametrize(
    ("repository", "address"),
    [
        ("https://github.com/Ada/book", "https://ada.github.io/book/"),
        ("https://github.com/Ada/ada.github.io", "https://ada.github.io/"),
        (f"https://github.com{UNPUBLISHED}book", ""),
        ("", ""),
    ],
)
def test_the_address_follows_from_the_repository(repository: str, address: str) -> None:
    assert cards.address(repository) == address


def test_a_book_that_is_not_published_has_no_address(tmp_path) -> None:
    app = app_of(f"https://github.com{UNPUBLISHED}book")
    assert head_of(app, "book/one") == {
        "og:type": "article",
        "og:site_name": "A &amp; B",
        "og:title": "The first &quot;one&quot;",
        "og:description": "Of &lt;one&gt;.",
    }
    app.outdir = tmp_path
    cards.finish(app, None)
    assert not list(tmp_path.iterdir())
    assert app.config.html_baseurl == ""  # Sphinx's own, for the canonical address


def test_a_published_book_has_addresses_a_picture_and_a_map(tmp_path) -> None:
    app = app_of("https://github.com/ada/book")
    assert app.config.html_baseurl == "https://ada.github.io/book/"
    head = head_of(app, "book/index")
    assert head["og:type"] == "website"
    assert head["og:url"] == "https://ada.github.io/book/book/index.html"
    assert head["og:image"] == "https://ada.github.io/book/_static/card.png"
    app.outdir = tmp_path
    (tmp_path / "_static").mkdir()
    cards.finish(app, None)
    found = re.findall("<loc>(.*?)</loc>", (tmp_path / "sitemap.xml").read_text("utf-8"))
    assert found == [f"https://ada.github.io/book/book/{page}.html" for page in ("index", "one")]
    png = (tmp_path / "_static" / "card.png").read_bytes()
    assert (int.from_bytes(png[16:20]), int.from_bytes(png[20:24])) == (1200, 630)
    assert len(png) < 50_000


def test_an_entry_names_persons_and_others_as_bibtex_reads_them() -> None:
    persons = [{"family-names": "Lovelace", "given-names": "Ada"}, {"name": "The others"}]
    cited = CITED | {"authors": persons, "repository-code": "https://github.com/ada/book"}
    entry = cards.bibtex(cited, "2026 all of them")
    assert "author  = {Lovelace, Ada and {The others}}" in entry
    assert "year    = {2026}" in entry
    assert "url     = {https://github.com/ada/book}" in entry
    assert f"title   = {{{{{CITED['title']}}}}}" in entry


def test_who_wrote_the_book_is_the_same_everywhere() -> None:
    """CITATION.cff decides."""
    authors = " and ".join(
        one.get("name") or f"{one['given-names']} {one['family-names']}" for one in CITED["authors"]
    )
    assert CONFIG["author"] == authors
    held = str(CONFIG["copyright"])
    assert held.lower() == f"{held[:4]} {authors}".lower()
    for licence in ("LICENSE", "LICENSE-TEXT"):
        text = (ROOT / licence).read_text("utf-8")
        assert f"Copyright (c) {held}\n" in text, licence
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert (CITED["version"], CITED["license"]) == (project["version"], project["license"])
    assert (CITED["title"], CITED["repository-code"]) == (
        CONFIG["title"],
        CONFIG["repository"]["url"],
    )
    assert project["urls"]["Repository"] == CITED["repository-code"]
