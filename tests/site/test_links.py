"""The check of links that leave the site, against a server of this machine."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tools import links

OURS = f"https://github.com{links.UNPUBLISHED}mle-minibatches"


class Host(BaseHTTPRequestHandler):
    """A host whose paths say how they answer: /404, /head-404 (to HEAD alone), /twice-503, …"""

    asked: list[tuple[str, str]]

    def answer(self) -> None:
        self.asked.append((self.command, self.path))
        how = self.path.strip("/")
        status = int(how.rpartition("-")[2] or 200)
        if how.startswith("head") and self.command == "GET":
            status = 200
        if how.startswith("twice") and len(self.asked) > 2:
            status = 200
        self.send_response(status)
        if status in (301, 302):
            self.send_header("Location", "/200")
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_HEAD = answer

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def host() -> Iterator[type[Host]]:
    handler = type("Handler", (Host,), {"asked": []})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        handler.address = f"http://127.0.0.1:{server.server_port}"
        yield handler
        server.shutdown()


@pytest.mark.parametrize(
    ("path", "alive", "what", "asked"),
    [
        ("200", True, "200", ["HEAD"]),
        ("head-405", True, "200", ["HEAD", "GET"]),
        ("head-404", True, "200", ["HEAD", "GET"]),
        ("403", True, "403", ["HEAD", "GET"]),
        ("429", True, "429", ["HEAD", "GET"]),
        ("404", False, "404", ["HEAD", "GET"]),
        ("410", False, "410", ["HEAD", "GET"]),
        ("twice-503", True, "200", ["HEAD", "GET", "HEAD"]),
        ("500", False, "500", ["HEAD", "GET"] * 3),
    ],
)
def test_what_an_address_answers(
    host: type[Host], path: str, alive: bool, what: str, asked: list[str]
) -> None:
    answer = links.ask(f"{host.address}/{path}", pause=0)
    assert answer == (f"{host.address}/{path}", alive, what)
    assert [method for method, _ in host.asked] == asked


def test_a_redirect_is_followed(host: type[Host]) -> None:
    assert links.ask(f"{host.address}/301", pause=0).what == "200"
    assert [path for _, path in host.asked] == ["/301", "/200"]


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "http://no host/", "https://[::1/"])
def test_where_nobody_answers_the_link_is_dead(url: str) -> None:
    answer = links.ask(url, pause=0, timeout=2)
    assert not answer.alive
    assert answer.what


def test_a_host_is_asked_once_at_a_time_for_each_address(host: type[Host]) -> None:
    urls = [f"{host.address}/{path}" for path in ("200", "404", "x-200")]
    answers = list(links.ask_all(urls, pause=0))
    assert [(answer.url, answer.alive) for answer in answers] == [
        (urls[0], True), (urls[1], False), (urls[2], True),
    ]  # fmt: skip
    assert [path for _, path in host.asked] == ["/200", "/404", "/404", "/x-200"]


@pytest.fixture
def site(tmp_path: Path, host: type[Host]) -> Path:
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "one.html").write_text(
        f'<a href="{host.address}/200#part">a</a> <a href="two.html">b</a> <a href="{OURS}">c</a>'
        f'<a href="{host.address}/200">d</a> <img src="{host.address}/403" /> <a href="#x">e</a>'
    )
    (tmp_path / "two.html").write_text(f'<a href="{host.address}/200?x&amp;y">f</a>')
    (tmp_path / "_static").mkdir()
    (tmp_path / "_static" / "three.html").write_text('<a href="https://example.org/">g</a>')
    return tmp_path


def test_links_are_listed_with_their_pages(
    site: Path, host: type[Host], capsys: pytest.CaptureFixture[str]
) -> None:
    found = links.external_links(site)
    assert {url.removeprefix(host.address): pages for url, pages in found.items()} == {
        "/200": ["book/one.html"],
        "/200?x&y": ["two.html"],
        "/403": ["book/one.html"],
        OURS: ["book/one.html"],
    }
    assert links.main([], site) == 0
    out = capsys.readouterr().out
    assert "3 links leave the site; hosts: 1." in out
    assert "To the repository, which is not published yet: 1." in out
    assert host.asked == []


def test_dead_links_are_an_error_and_those_that_refuse_are_none(
    site: Path, host: type[Host], capsys: pytest.CaptureFixture[str]
) -> None:
    path = site / "two.html"
    path.write_text(path.read_text().replace("200?x&amp;y", "x-200"))
    assert links.main(["--check"], site, pause=0) == 0
    assert "3 asked: 0 dead, 1 refuse programs" in capsys.readouterr().out
    path.write_text(path.read_text().replace("x-200", "404"))
    assert links.main(["--check"], site, pause=0) == 1
    out = capsys.readouterr().out
    assert f"404  {host.address}/404" in out
    assert "two.html" in out


def test_without_a_site_it_says_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert links.main([], tmp_path) == 1
    assert "make book" in capsys.readouterr().err


def test_not_every_page_of_many_is_listed() -> None:
    assert links.listed(["a", "b"]) == "a, b"
    assert links.listed(list("abcde")) == "a, b, c and 2 more"
