"""What a first visit to each page costs: bytes, requests, largest contentful paint.

    python tests/browser/measure_pages.py [--repeats N] [page ...]

Bytes are those of everything that the page asks for by itself, each file as gzip makes it (level
6, as GitHub Pages sends it; fonts and pictures are compressed already and count as they are).
The paint is the median over visits with an empty cache, at 1280 and at 390 pixels, from this
machine, the processor slowed down four times.
"""

import argparse
import sys
import threading
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from playwright.sync_api import Browser, sync_playwright  # noqa: E402

from tests.browser.conftest import SITE, WIDTHS, Handler, find_browser, pages  # noqa: E402
from tests.browser.visits import go, site_file, wire_bytes  # noqa: E402

SLOWDOWN = 4
PAINT = """() => new Promise(resolve => new PerformanceObserver(list => {
    const last = list.getEntries().at(-1);
    resolve([last.renderTime || last.startTime, last.element?.tagName ?? ""]);
}).observe({type: "largest-contentful-paint", buffered: true}))"""


def visit(browser: Browser, url: str, width: int) -> tuple[set[str], float, str]:
    """What the page asked for, and when (ms) and what its largest paint was."""
    with browser.new_context(viewport={"width": width, "height": 900}) as context:
        page = context.new_page()
        asked: set[str] = set()
        page.on("request", lambda request: asked.add(request.url))
        slow = context.new_cdp_session(page)
        slow.send("Emulation.setCPUThrottlingRate", {"rate": SLOWDOWN})
        go(page, url)
        paint, tag = page.evaluate(PAINT)
        return {address for address in asked if address.startswith("http")}, paint, tag


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("pages", nargs="*", default=pages())
    options = parser.parse_args()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(SITE)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    print(
        f"{'page':40} {'kB':>6} {'requests':>8}  largest paint, ms at "
        + ", ".join(map(str, WIDTHS))
    )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_browser(), args=["--no-sandbox", "--disable-gpu"]
        )
        for page in options.pages:
            asked: set[str] = set()
            paints = []
            for width in WIDTHS:
                visits = [
                    visit(browser, f"{address}/{page}", width) for _ in range(options.repeats)
                ]
                asked = max((asked, *(v[0] for v in visits)), key=len)
                paints.append(f"{median(v[1] for v in visits):.0f} ({visits[0][2].lower()})")
            size = sum(wire_bytes(site_file(url)) for url in asked) / 1000
            print(f"{page:40} {size:6.0f} {len(asked):8}  {', '.join(paints)}", flush=True)
        browser.close()
    server.shutdown()


if __name__ == "__main__":
    main()
