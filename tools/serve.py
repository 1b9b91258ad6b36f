"""Serve the built site on this machine only (`make serve`)."""

import functools
import http.server
import sys

from tools.build_book import HTML
from tools.environment import say


class Handler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_arguments: object) -> None:
        """A line for each request would bury the address."""

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-cache")  # a rebuilt page shows at once
        super().end_headers()


def main(port: int) -> int:
    handler = functools.partial(Handler, directory=str(HTML))
    try:
        server = http.server.ThreadingHTTPServer(("127.0.0.1", port), handler)
    except OSError:
        print(f"Port {port} is taken; choose another: make serve PORT={port + 1}", file=sys.stderr)
        return 1
    say(f"The book is at http://localhost:{port}/ (Ctrl-C stops)")
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        say("")
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
