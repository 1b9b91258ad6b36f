"""How long the first Run takes, what it loads, and how long a check takes: medians of three, each
in a new browser.

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

from mle_lib.exercises.registry import by_id  # noqa: E402
from tests.browser.conftest import SITE, Handler, find_browser  # noqa: E402
from tests.browser.exercise_page import CHAPTER_3, ESTIMATOR, RIGHT, exercise, finished, write  # noqa: E402
from tests.browser.visits import go, go_again  # noqa: E402

REPEATS = 3
CHECKS = [id for id, (_, e) in by_id().items() if e.kind == "code"]

# The solution is an answer that is called on every trial.
CHECK = """import time
from mle_lib.exercises import check
from mle_lib.exercises.registry import find

answer = find("{id}")[1].answer
started = time.perf_counter()
result = check("{id}", answer)
print(time.perf_counter() - started)
result
"""


def runs(browser: Browser, address: str) -> tuple[list[float], set[str]]:
    """Seconds of the first Run, of the second, of the first when the page is opened again, and of
    each check; and the addresses that the first asked for."""
    with browser.new_context() as context:
        page = context.new_page()
        go(page, f"{address}/{CHAPTER_3}")
        place = exercise(page, ESTIMATOR)
        write(place, RIGHT)
        asked: set[str] = set()
        context.on("request", lambda request: asked.add(request.url))

        def timed() -> float:
            started = time.perf_counter()
            place.get_by_role("button", name="Run").click()
            finished(place)
            return time.perf_counter() - started

        seconds = [timed()]
        first = set(asked)
        seconds.append(timed())
        assert "Correct." in place.locator(".mle-feedback").inner_text()
        go_again(page)
        seconds.append(timed())
        for id in CHECKS:
            write(place, CHECK.format(id=id))
            timed()
            seconds.append(float(place.locator(".mle-output pre").inner_text()))
        return seconds, first


def main() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(SITE)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    measured = []
    with sync_playwright() as playwright:
        for _ in range(REPEATS):
            browser = playwright.chromium.launch(
                executable_path=find_browser(), args=["--no-sandbox", "--disable-gpu"]
            )
            measured.append(runs(browser, address))
            browser.close()
    server.shutdown()
    contents = [(SITE / urlsplit(url).path.lstrip("/")).read_bytes() for url in measured[0][1]]
    raw = sum(map(len, contents)) / 1e6
    packed = sum(len(gzip.compress(content, 6)) for content in contents) / 1e6
    first, second, again, *checks = map(median, zip(*(run[0] for run in measured), strict=True))
    print(
        f"first Run to checked answer: {first:.1f} s; when the page is opened again {again:.1f} s"
    )
    print(f"second Run: {second:.2f} s")
    for seconds, id in sorted(zip(checks, CHECKS, strict=True)):
        print(f"the check alone: {seconds:.2f} s, {id}")
    print(f"loaded by the first Run: {len(contents)} files, {raw:.1f} MB, {packed:.1f} MB gzipped")


if __name__ == "__main__":
    main()
