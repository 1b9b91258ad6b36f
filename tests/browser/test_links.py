"""Every link inside of the built site leads to a file, and to the place in it that it names."""

from collections import Counter
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import PurePosixPath
from posixpath import normpath
from urllib.parse import unquote, urlsplit

import pytest

from tests.browser.conftest import SITE, leading_on
from tools.links import is_external
from tools.notebooks import toc_notebooks

ATTRIBUTES = ("href", "src", "action", "poster")
ELSEWHERE = ("mailto:", "data:", "javascript:")
PREFIXED = "404.html"  # its addresses begin where GitHub Pages puts the site
DESCRIPTION = 160


class Page(HTMLParser):
    """The addresses and the ids of a page, and what its head says."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.ids: Counter[str] = Counter()
        self.meta: dict[str, list[str]] = {}
        self.prefix = ""
        self.title = ""
        self._in_title = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.addresses += [given[name] for name in ATTRIBUTES if given.get(name)]
        self.addresses += [part.split()[0] for part in given.get("srcset", "").split(",") if part]
        names = {given.get("id"), given.get("name") if tag == "a" else None}
        self.ids.update(names - {None, ""})
        self.prefix = given.get("data-prefix", self.prefix)
        self._in_title = self._in_title or (tag == "title" and not self.title)
        if tag == "meta" and "name" in given:
            self.meta.setdefault(given["name"], []).append(given.get("content", ""))

    def handle_endtag(self, tag: str) -> None:
        self._in_title = self._in_title and tag != "title"

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title += data


@cache
def site() -> dict[str, Page]:
    """Every page by its path below the root, 404.html and the root itself too."""
    paths = sorted(p for p in SITE.rglob("*.html") if "_static" not in p.relative_to(SITE).parts)
    if not paths:
        pytest.fail(f"no site in {SITE}: run `make book` first", pytrace=False)
    return {p.relative_to(SITE).as_posix(): Page(p.read_text("utf-8")) for p in paths}


def internal(name: str, page: Page) -> Iterator[tuple[str, str, str]]:
    """Address, path below the root and anchor of each internal link of a page."""
    for address in page.addresses:
        if is_external(address) or address.startswith(ELSEWHERE):
            continue
        parts = urlsplit(address)
        path = unquote(parts.path)
        if path.startswith("/"):
            assert name == PREFIXED, f"{name}: {address} begins at the root of the host"
            path = path.removeprefix(page.prefix)
        elif path:
            path = normpath(PurePosixPath(name).parent / path)
        yield address, path or name, unquote(parts.fragment)


def test_every_internal_link_leads_to_a_file_and_a_place_in_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    pages, dead = site(), []
    counts: Counter[str] = Counter()
    for name, page in pages.items():
        for address, path, anchor in internal(name, page):
            found = SITE / path
            if found.is_dir():
                path = f"{path}/index.html"
            counts["links"] += 1
            if not (SITE / path).is_file():
                dead.append(f"{name}: {address}: no such file")
            elif anchor and path in pages:
                counts["with an anchor"] += 1
                if anchor not in pages[path].ids:
                    dead.append(f"{name}: {address}: no such place")
    with capsys.disabled():
        said = ", ".join(f"{number} {what}" for what, number in counts.items())
        print(f"\n{len(pages)} pages, internal: {said}, {len(dead)} dead")
    assert dead == []
    assert counts["with an anchor"] > 1000


def test_no_page_has_an_id_twice() -> None:
    twice = {
        name: [i for i, number in page.ids.items() if number > 1] for name, page in site().items()
    }
    assert {name: ids for name, ids in twice.items() if ids} == {}


def described() -> dict[str, Page]:
    left_out = {PREFIXED, "index.html", *leading_on()}
    return {name: page for name, page in site().items() if name not in left_out}


def test_every_page_has_a_description_of_its_own() -> None:
    found: dict[str, str] = {}
    for name, page in described().items():
        assert len(page.meta.get("description", [])) == 1, name
        (text,) = page.meta["description"]
        assert 30 <= len(text) <= DESCRIPTION, f"{name}: {text}"
        assert not set(text) & set("\\{}$"), f"{name}: {text}"
        assert text not in found, f"{name} and {found.get(text)}: {text}"
        found[text] = name
    pages = {f"book/{path.stem}.html" for path in toc_notebooks()}
    chapters = [text for text, name in found.items() if name in pages]
    assert len(chapters) == len(pages)
    assert [text for text in chapters if "?" not in text] == []  # the question that it answers


def test_every_page_has_a_title_of_its_own() -> None:
    titles = Counter(page.title.strip() for page in described().values())
    assert [title for title, number in titles.items() if number > 1 or not title] == []
    book = site()["book/index.html"].title
    assert all(title == book or title.endswith(book) for title in titles)
