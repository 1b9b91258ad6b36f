"""What a first visit to each page costs over a slow network: bytes, requests, paints, shift.

    python tests/browser/measure_pages.py [--width 390] [--speed 50] [--repeats 1] [page ...]

The browser has kept nothing. It gets `--speed` kB a second, and its processor is slowed down four
times. Bytes are those of everything that the page asks for by itself, each file as gzip makes it
(level 6, as GitHub Pages sends it; fonts and pictures are compressed already). The first paint and
the largest are counted in seconds from the request. The shift is the browser's cumulative layout
shift; behind it stands what has moved most. Each is the median of the visits.
"""

import argparse
import gzip
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path
from statistics import median
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from playwright.sync_api import Browser, sync_playwright  # noqa: E402

from tests.browser.conftest import SITE, Handler, find_browser, pages  # noqa: E402
from tests.browser.visits import PACKED, go, site_file, wire_bytes  # noqa: E402

SLOWDOWN = 4
LATENCY_MS = 100
PATIENCE_MS = 180_000

OBSERVE = """() => {
    window.seen = { largest: 0, tag: "", shifts: [] };
    const observe = (type, note) => new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) note(entry);
    }).observe({ type, buffered: true });
    observe("largest-contentful-paint", (entry) => {
        seen.largest = entry.renderTime || entry.startTime;
        seen.tag = entry.element?.tagName.toLowerCase() ?? "";
    });
    observe("layout-shift", (entry) => {
        const named = ({ node }) => {
            const element = node?.nodeType === 1 ? node : node?.parentElement;
            return element ? [element.localName, ...element.classList].join(".") : "";
        };
        seen.shifts.push([entry.startTime, entry.value, entry.sources.map(named)]);
    });
}"""
# A shift belongs to a window of five seconds at most, in which none is later than a second after
# the one before; the worst window counts.
REPORT = """async () => {
    await new Promise((done) => setTimeout(done, 500));
    let worst = 0, sum = 0, first = -Infinity, last = -Infinity;
    for (const [time, value] of seen.shifts) {
        if (time - last > 1000 || time - first > 5000) [sum, first] = [0, time];
        [sum, last] = [sum + value, time];
        worst = Math.max(worst, sum);
    }
    const most = seen.shifts.toSorted((one, other) => other[1] - one[1])[0];
    const painted = performance.getEntriesByName("first-paint")[0]?.startTime ?? 0;
    return [painted, seen.largest, seen.tag, worst, most?.[2][0] ?? ""];
}"""


class Visit(NamedTuple):
    asked: set[str]
    first: float
    largest: float
    tag: str
    shift: float
    moved: str


class Compressing(Handler):
    """Sends what can be compressed as GitHub Pages does."""

    def do_GET(self) -> None:
        path = Path(self.translate_path(self.path))
        if not path.is_file() or path.suffix in PACKED:
            return super().do_GET()
        body = gzip.compress(path.read_bytes(), 6)
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(path))
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def served() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Compressing, directory=str(SITE)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def visit(browser: Browser, url: str, width: int, speed: float) -> Visit:
    viewport = {"width": width, "height": 844 if width < 600 else 900}
    with browser.new_context(viewport=viewport, is_mobile=width < 600) as context:
        page = context.new_page()
        asked: set[str] = set()
        page.on("request", lambda request: asked.add(request.url))
        slow = context.new_cdp_session(page)
        slow.send("Emulation.setCPUThrottlingRate", {"rate": SLOWDOWN})
        bytes_a_second = speed * 1000
        slow.send(
            "Network.emulateNetworkConditions",
            {
                "offline": False,
                "latency": LATENCY_MS,
                "downloadThroughput": bytes_a_second,
                "uploadThroughput": bytes_a_second,
            },
        )
        page.add_init_script(f"({OBSERVE})()")
        go(page, url, PATIENCE_MS)
        report = page.evaluate(REPORT)
        return Visit({address for address in asked if address.startswith("http")}, *report)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--width", type=int, default=390)
    parser.add_argument("--speed", type=float, default=50, help="kB a second")
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("pages", nargs="*", default=pages())
    options = parser.parse_args()
    print(f"{'page':40} {'kB':>6} {'requests':>8} {'first':>6} {'largest':>13}  shift")
    with served() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_browser(), args=["--no-sandbox", "--disable-gpu"]
        )
        for page in options.pages:
            visits = [
                visit(browser, f"{address}/{page}", options.width, options.speed)
                for _ in range(options.repeats)
            ]
            asked = set().union(*(v.asked for v in visits))
            size = sum(wire_bytes(site_file(url)) for url in asked) / 1000
            first, largest = (median(v[n] for v in visits) / 1000 for n in (1, 2))
            shift = median(v.shift for v in visits)
            print(
                f"{page:40} {size:6.0f} {len(asked):8} {first:6.1f} {largest:6.1f} "
                f"{visits[0].tag:6}  {shift:.3f} {visits[0].moved}",
                flush=True,
            )
        browser.close()


if __name__ == "__main__":
    main()
