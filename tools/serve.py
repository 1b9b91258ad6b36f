"""Serve the built site on this machine only (`make serve`)."""

import errno
import functools
import http.server
import sys
from pathlib import Path
from typing import Any

from tools.build_book import HTML
from tools.environment import say

NOT_FOUND = "404.html"


class Handler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_arguments: object) -> None:
        """A line for each request would bury the address."""

    def send_error(self, code: int, *arguments: Any, **options: Any) -> None:
        """As GitHub Pages does: where there is no page, the site's own says so."""
        page = Path(self.directory, NOT_FOUND)
        if code != http.HTTPStatus.NOT_FOUND or not page.exists():
            return super().send_error(code, *arguments, **options)
        body = page.read_bytes()
        self.send_response(code)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-cache")  # a rebuilt page shows at once
        super().end_headers()


def make_server(port: int) -> http.server.ThreadingHTTPServer:
    handler = functools.partial(Handler, directory=str(HTML))
    return http.server.ThreadingHTTPServer(("127.0.0.1", port), handler)


def main(given: str) -> int:
    port = int(given) if given.isdecimal() else 0
    if not 0 < port < 65536:
        print(f"PORT is {given!r}; it must be a number from 1 to 65535.", file=sys.stderr)
        return 1
    try:
        server = make_server(port)
    except OSError as error:
        taken = error.errno == errno.EADDRINUSE
        reason = "is taken" if taken else f"cannot be used ({error.strerror})"
        print(f"Port {port} {reason}; choose another: make serve PORT=8001", file=sys.stderr)
        return 1
    say(f"The book is at http://localhost:{port}/ (Ctrl-C stops)")
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        say("")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
