"""How long the first Run takes, and what it loads: medians of three, each in a new browser.

    python tests/browser/measure_exercises.py

The site comes from this machine without compression, so times are those of starting, not of a
network; the bytes are given as they are and as gzip makes them (level 6).
"""

import gzip
import sys
import threading
import time
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from playwright.sync_api import Browser, sync_playwright  # noqa: E402

from tests.browser.conftest import SITE, Handler, find_browser  # noqa: E402
from tests.browser.exercise_page import CHAPTER_3, ESTIMATOR, RIGHT, exercise, finished, write  # noqa: E402
from tests.browser.visits import go  # noqa: E402

REPEATS = 3


def first_and_second_run(browser: Browser, address: str) -> tuple[float, float, set[str]]:
    """Seconds of the first and of the second Run, and the addresses that the first asked for."""
    with browser.new_context() as context:
        page = context.new_page()
        go(page, f"{address}/{CHAPTER_3}")
        place = exercise(page, ESTIMATOR)
        write(place, RIGHT)
        asked: set[str] = set()
        context.on("request", lambda request: asked.add(request.url))
        seconds = []
        for _ in range(2):
            started = time.perf_counter()
            place.get_by_role("button", name="Run").click()
            finished(place)
            seconds.append(time.perf_counter() - started)
            assert "Correct." in place.locator(".mle-feedback").inner_text()
        return seconds[0], seconds[1], asked


def main() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(SITE)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    runs = []
    with sync_playwright() as playwright:
        for _ in range(REPEATS):
            browser = playwright.chromium.launch(
                executable_path=find_browser(), args=["--no-sandbox", "--disable-gpu"]
            )
            runs.append(first_and_second_run(browser, address))
            browser.close()
    server.shutdown()
    contents = [(SITE / urlsplit(url).path.lstrip("/")).read_bytes() for url in runs[0][2]]
    raw = sum(map(len, contents)) / 1e6
    packed = sum(len(gzip.compress(content, 6)) for content in contents) / 1e6
    print(f"first Run to checked answer: {median(run[0] for run in runs):.1f} s")
    print(f"second Run: {median(run[1] for run in runs):.2f} s")
    print(f"loaded by the first Run: {len(contents)} files, {raw:.1f} MB, {packed:.1f} MB gzipped")


if __name__ == "__main__":
    main()
