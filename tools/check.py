"""Every check of the book, one after the other (`make test`).

With `--soak`: the tests that are too long for every push (`make soak`). A test is one of them by
its mark, `soak`; `--list` names them.
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Any

from tools.environment import isolate, say

PYTEST = ["-m", "pytest", "--quiet"]
# each has half of the tests, in their order, so that those of a file share what they set up; who is
# done takes of the other's last
TWO = ["--numprocesses=2", "--dist=worksteal"]
BROWSER = [*PYTEST, *TWO, "tests/browser"]
SOAK = [*PYTEST, *TWO, "-m", "soak"]
Step = tuple[str, list[str]]
Group = list[Step]  # of steps that run at the same time
ON_THE_SITE = ("browser tests", "pages")
SKIPPED = 77  # what tests/browser/conftest.py gives back if there is no browser


def steps() -> list[Group]:
    """What is checked, and how: each a name and the arguments of a Python command.

    The book runs every notebook; that it prints what is stored is tested on its pages. Much of its
    time one core would be idle, so the tests of the library run beside it.
    """
    return [
        [("linter", ["-m", "ruff", "check", "--quiet", "--output-format=concise"])],
        [("formatter", ["-m", "ruff", "format", "--check", "--quiet"])],
        [
            ("library tests", [*PYTEST, *TWO, "tests", "--ignore=tests/browser"]),
            ("types", ["-m", "mypy"]),
            ("book", ["-m", "tools.build_book", "--fresh"]),
        ],
        [("browser tests", BROWSER)],
    ]


def soak_steps() -> list[Group]:
    """What is left out of `steps`, on the site that is built."""
    return [
        [("several processes", [*SOAK, "tests/library"])],
        [("checker of exercises", [*SOAK, "tests/exercises"])],
        [("book", ["-m", "tools.build_book"])],
        [("pages", [*SOAK, "tests/browser"])],
    ]


def main(given: Sequence[str] = ()) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--soak", action="store_true", help="what is too long for every push")
    parser.add_argument("--list", action="store_true", help="name the tests that are")
    options = parser.parse_args(given)
    isolate()
    if options.list:
        return subprocess.call([sys.executable, *SOAK, "tests", "--collect-only"])
    return run("make soak", soak_steps()) if options.soak else run("make test", steps())


def ran(step: Step, shown: bool) -> tuple[str, int, float, str]:
    """The step's name, the code that it ended with, its seconds, and what it said, if not shown."""
    name, command = step
    aside: dict[str, Any] = (
        {} if shown else {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    )
    began = time.monotonic()
    done = subprocess.run([sys.executable, *command], **aside)
    said = (done.stdout or b"").decode("utf-8", "replace").rstrip()
    return name, done.returncode, time.monotonic() - began, said


def run(command_name: str, planned: list[Group]) -> int:
    """Run the steps, and say what came of each and of all."""
    failed: list[str] = []
    skipped: list[str] = []
    start = time.monotonic()
    count = sum(map(len, planned))
    number = iter(range(1, count + 1))
    for group in planned:
        names = " + ".join(name for name, _ in group)
        say(f"\n{names}")
        if names in ON_THE_SITE and "book" in failed:
            say(f"[{next(number)}/{count}] {names}: not run, for there is no site")
            continue
        # what the first says is shown at once, and what another says when it has ended
        with ThreadPoolExecutor() as pool:
            running = [pool.submit(ran, step, step == group[0]) for step in group]
            for ended in as_completed(running):
                name, code, seconds, said = ended.result()
                verdict = {0: "ok", SKIPPED: "skipped"}.get(code, "FAILED")
                say(f"{said}\n[{next(number)}/{count}] {name}: {verdict}, {seconds:.0f} s")
                if verdict == "skipped":
                    skipped.append(name)
                elif code:
                    failed.append(name)
    total = f"{time.monotonic() - start:.0f} s"
    if failed:
        print(f"\n{command_name}: FAILED at {', '.join(failed)} ({total})", file=sys.stderr)
        return 1
    passed = f"all {count} steps passed"
    if skipped:
        passed = f"passed, but for {', '.join(skipped)}, skipped (see above)"
    say(f"\n{command_name}: {passed} ({total})")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
