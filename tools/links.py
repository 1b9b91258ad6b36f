"""The links that leave the site, and the pages that have them (`make links`).

With `--check` each is asked whether it answers, a few hosts at a time, and each host by one request
after the other. A host that answers "not to you" (403) or "not so fast" (429) does answer.
"""

import argparse
import http.client
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urldefrag, urlsplit
from urllib.request import Request, urlopen

from tools.build_book import HTML
from tools.environment import say
from tools.publish_as import UNPUBLISHED

HOSTS = 4  # asked at the same time
PAUSE = 1.0  # seconds between two requests to one host
TIMEOUT = 20.0
TRIES = 3
AGENT = "Mozilla/5.0 (compatible; mle-minibatches-links; a weekly check of a book's links)"
REFUSES = {401, 403, 405, 406, 429, 451, 999}  # there is something, but not for a program
MAY_PASS = {408, 425, 500, 502, 503, 504}  # worth another try


class Links(HTMLParser):
    """Every address in the `href` and `src` of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value for name, value in attrs if name in ("href", "src") and value]


class Answer(NamedTuple):
    """What came of asking for an address."""

    url: str
    alive: bool
    what: str  # "200", or what went wrong


def external_links(site: Path) -> dict[str, list[str]]:
    """Address -> the pages that link to it, in alphabetical order."""
    pages: dict[str, list[str]] = {}
    for path in sorted(site.rglob("*.html")):
        if "_static" in path.relative_to(site).parts:
            continue
        links = Links()
        links.feed(path.read_text(encoding="utf-8"))
        page = path.relative_to(site).as_posix()
        for url in sorted({urldefrag(link).url for link in links.found if is_external(link)}):
            pages.setdefault(url, []).append(page)
    return dict(sorted(pages.items()))


def is_external(link: str) -> bool:
    return link.startswith(("http://", "https://", "//"))


def ask(url: str, pause: float = PAUSE, timeout: float = TIMEOUT) -> Answer:
    """Ask for an address: its head, then the whole of it; again if that may help."""
    what = ""
    for attempt in range(TRIES):
        for method in ("HEAD", "GET"):
            time.sleep(pause if attempt or method == "GET" else 0)
            status, what = request(url, method, timeout)
            if status is not None and (status < 400 or status in REFUSES):
                if status in REFUSES and method == "HEAD":
                    continue  # some refuse that alone
                return Answer(url, True, what)
        if status is not None and status not in MAY_PASS:
            break
    return Answer(url, False, what)


def request(url: str, method: str, timeout: float) -> tuple[int | None, str]:
    """The status of the answer after all redirects, or None; and the same in words."""
    address = quote(url, safe="%/:=&?~#+!$,;'@()*[]")
    try:
        made = Request(address, method=method, headers={"User-Agent": AGENT, "Accept": "*/*"})
        with urlopen(made, timeout=timeout) as answer:
            return answer.status, str(answer.status)
    except HTTPError as error:
        error.close()
        return error.code, str(error.code)
    except (URLError, OSError, ValueError, http.client.HTTPException) as error:
        return None, str(getattr(error, "reason", error)) or type(error).__name__


def ask_all(urls: list[str], pause: float = PAUSE, timeout: float = TIMEOUT) -> Iterator[Answer]:
    """Ask for every address, the hosts side by side."""
    hosts: dict[str, list[str]] = {}
    for url in urls:
        hosts.setdefault(urlsplit(url).netloc, []).append(url)

    def ask_host(of_host: list[str]) -> list[Answer]:
        answers = []
        for number, url in enumerate(of_host):
            time.sleep(pause if number else 0)
            answers.append(ask(url, pause, timeout))
        return answers

    with ThreadPoolExecutor(HOSTS) as pool:
        for answers in pool.map(ask_host, hosts.values()):
            yield from answers


def listed(pages: list[str]) -> str:
    """Where a link stands; not all of the many pages that have it in their margin."""
    return ", ".join(pages[:3]) + (f" and {len(pages) - 3} more" if len(pages) > 3 else "")


def main(arguments: list[str], site: Path = HTML, pause: float = PAUSE) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="ask each whether it answers")
    options = parser.parse_args(arguments)
    if not (site / "book").is_dir():
        print(f"There is no site in {site}: run `make book` first.", file=sys.stderr)
        return 1
    pages = external_links(site)
    ours = [url for url in pages if UNPUBLISHED in url]
    others = [url for url in pages if url not in ours]
    if not options.check:
        for url in others:
            say(f"{url}\n    {listed(pages[url])}")
    hosts = {urlsplit(url).netloc for url in others}
    say(f"{len(others)} links leave the site; hosts: {len(hosts)}.")
    if ours:
        say(f"To the repository, which is not published yet: {len(ours)}.")
    if not options.check:
        return 0
    answers = list(ask_all(others, pause))
    dead = [answer for answer in answers if not answer.alive]
    refused = [a for a in answers if a.alive and a.what in map(str, REFUSES)]
    for answer in dead:
        print(f"{answer.what:>8}  {answer.url}\n          {listed(pages[answer.url])}")
    say(
        f"{len(answers)} asked: {len(dead)} dead, {len(refused)} refuse programs, the rest is well."
    )
    return 1 if dead else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
