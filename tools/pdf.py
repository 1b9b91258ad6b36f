"""The whole book as one PDF, `_build/book.pdf` (`make pdf`).

The articles of all pages are put into one page, in the order of the table of contents, and Chromium
prints it in the style of `print.css`: so pages are numbered through, a link from one chapter to
another leads there, and each heading is a bookmark. No script runs: what waits for a reader's
answer is open, and so are folded answers.
"""

import re
import sys
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, Route, sync_playwright

from tools.build_book import HTML
from tools.chromium import find_browser
from tools.environment import BUILD, ROOT, say
from tools.notebooks import toc_files
from tools.serve import make_server

PDF = BUILD / "book.pdf"
WHOLE = "book/whole-book.html"  # an address beside those of the pages, which no page has
ONLY_IN_A_BROWSER = {"progress"}  # what the reader has done: a script fills it
PATIENCE_MS = 600_000

ARTICLE = re.compile(r'<article class="bd-article".*</article>', re.S)
HEAD = re.compile(r"<head>.*?</head>", re.S)
SCRIPT = re.compile(r"<script\b.*?</script>", re.S)
POLICY = re.compile(r"<meta http-equiv[^>]*>")
ID = re.compile(r'(\s(?:id|for|name|aria-labelledby|aria-describedby)=")([^"]*)')
LINK = re.compile(r'(\s(?:xlink:)?href=")([^"]*)"')
URL = re.compile(r"url\((['\"]|&quot;)?#")
FOLDED = re.compile(r"<details>")
STYLE = """<style>
  .mle-page ~ .mle-page { break-before: page; }
  .mle-page { display: block; }
</style>"""


def names() -> list[str]:
    """The pages of the book, in reading order."""
    return [path.stem for path in toc_files() if path.stem not in ONLY_IN_A_BROWSER]


def whole(pages: dict[str, str]) -> str:
    """One page of the articles of these, the head that of the first."""
    first = next(iter(pages.values()))
    head = HEAD.search(first)
    assert head is not None
    styles = POLICY.sub("", SCRIPT.sub("", head[0])).replace("</head>", f"{STYLE}</head>")
    articles = "".join(article(name, html, pages.keys()) for name, html in pages.items())
    return (
        f'<!DOCTYPE html><html lang="en" data-mode="light" data-theme="light">{styles}<body>'
        f'<main class="bd-main"><div class="bd-content"><div class="bd-article-container">'
        f"{articles}</div></div></main></body></html>"
    )


def article(name: str, html: str, pages: Collection[str]) -> str:
    """A page's text, its addresses made those of a part of the whole."""
    found = ARTICLE.search(SCRIPT.sub("", html))
    if found is None:
        raise ValueError(f"{name}: no article in the page")
    text = FOLDED.sub("<details open>", found[0])
    text = ID.sub(lambda match: match[1] + _each(name, match[2]), text)
    text = URL.sub(lambda match: f"url({match[1] or ''}#{name}--", text)
    text = LINK.sub(lambda match: _link(match, name, pages), text)
    return f'<div class="mle-page" id="{name}--">{text}</div>'


def _each(name: str, ids: str) -> str:
    return " ".join(f"{name}--{one}" for one in ids.split(" "))


def _link(match: re.Match[str], name: str, pages: Collection[str]) -> str:
    """To a part of this PDF, or to the web; a page that is in neither is no link."""
    page, _, fragment = match[2].partition("#")
    target = page.removesuffix(".html") or name
    if target in pages:
        return f'{match[1]}#{target}--{fragment}"'
    return match[0] if re.match(r"[a-z]+:", page) else ""


def with_its_fonts(route: Route) -> None:
    """On a slow line a page goes without the book's fonts, on paper it waits for them."""
    answer = route.fetch()
    style = answer.text().replace("font-display: fallback", "font-display: block")
    route.fulfill(response=answer, body=style)


@contextmanager
def shown(html: str) -> Iterator[Page]:
    """The whole in a browser, beside the files of the site, and without scripts."""
    server = make_server(0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}/{WHOLE}"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_browser(), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_context(java_script_enabled=False).new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.route(address, lambda route: route.fulfill(body=html, content_type="text/html"))
        page.route("**/type.css*", with_its_fonts)
        page.goto(address, wait_until="load")
        yield page
        browser.close()
    server.shutdown()
    server.server_close()


def write(page: Page, path: Path) -> None:
    page.pdf(path=path, format="A4", print_background=True, outline=True, tagged=True)


def main() -> int:
    if find_browser() is None:
        print("make pdf needs Chromium or Chrome; MLE_CHROMIUM may name it.", file=sys.stderr)
        return 1
    pages = {name: (HTML / "book" / f"{name}.html").read_text("utf-8") for name in names()}
    with shown(whole(pages)) as page:
        write(page, PDF)
    say(f"The book is printed: {PDF.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
