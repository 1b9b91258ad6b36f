"""Build the site into `_build/html`, warnings being errors (`make book`).

Which notebooks have to be executed again is decided in `book/_ext/mle_book/reexecution.py`.
"""

import argparse
import hashlib
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

from tools.environment import BUILD, ROOT, isolate, say
from tools.install import one_at_a_time
from tools.notebooks import NotebookError, toc_files
from tools.pyodide import PyodideError, fetch_pyodide, put_pyodide

HTML = BUILD / "html"
DOCTREES = BUILD / ".doctrees"
LOG = BUILD / "book.log"
EXECUTED = BUILD / ".jupyter_cache"
STAMP = BUILD / "built-with"

COLOURS = re.compile(r"\x1b\[[0-9;]*m")
COMPLAINT = re.compile(
    r"(?:^|\s)(\S+: (?:WARNING|ERROR|CRITICAL): (?!Executing notebook failed).*)$", re.M
)
FAILED_CELL = re.compile(r"(\S+): WARNING: Executing notebook failed(.*?)\[mystnb\.exec\]", re.S)
CRASH = re.compile(r"^(?:[\w ]+ error\b|Traceback \(most|[\w.]+Error:|Error:)", re.M)
EXECUTION = re.compile(r"(\S+\.ipynb): (Executing notebook|Executed notebook in [\d.]+ seconds)")


def settings_digest(root: Path = ROOT) -> str:
    """Changes with whatever shapes pages but is not followed by Sphinx itself."""
    digest = hashlib.sha256()
    settings = [root / name for name in ("_config.yml", "_toc.yml", "requirements.txt")]
    # The extension; what it copies when some page has changed; the exercises that are on pages
    folders = [
        root / name
        for name in ("book/_ext", "book/_static", "book/_templates", "mle_lib/exercises")
    ]
    found = [path for folder in folders for path in sorted(folder.rglob("*"))]
    files = [path for path in found if path.is_file() and "__pycache__" not in path.parts]
    for path in [*settings, *files]:
        digest.update(f"{path}\n".encode() + path.read_bytes())
    return digest.hexdigest()


def forget_pages() -> None:
    """Make the next build read every page; what notebooks gave stays in the execution cache."""
    STAMP.unlink(missing_ok=True)
    shutil.rmtree(DOCTREES, ignore_errors=True)
    shutil.rmtree(HTML, ignore_errors=True)


def run_jupyter_book() -> bool:
    """All of its long output goes to the log; a line for each execution to the author."""
    jupyter_book = Path(sys.prefix) / "bin" / "jupyter-book"
    command = [sys.executable, str(jupyter_book), "build", ".", "-W", "--keep-going"]
    process = subprocess.Popen(
        command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    assert process.stdout is not None
    with LOG.open("w", encoding="utf-8") as log:
        for line in process.stdout:
            log.write(line)
            if found := EXECUTION.search(COLOURS.sub("", line)):
                say(f"  {found[1].replace(f'{ROOT}/', '')}: {found[2].lower()}")
    return process.wait() == 0


def complaints(log: str) -> str:
    """What went wrong, without colours and progress: cells that failed, warnings, crashes."""
    plain = COLOURS.sub("", log).replace(f"{ROOT}/", "")
    found = []
    for page, report in FAILED_CELL.findall(plain):
        cell = report.partition("following cell:\n")[2] or report
        lines = [line for line in cell.splitlines() if line.strip("- ")]
        found.append("\n    ".join([f"{page}: a cell failed:", *lines[-25:]]))
    found += [line for line in COMPLAINT.findall(plain) if "[mystnb.exec]" not in line]
    if found:
        return "\n".join(dict.fromkeys(found))
    # jupyter-book itself gave up: the first error says why, the later ones only that it did
    crash = CRASH.search(plain)
    lines = plain[crash.start() :].splitlines()[:20] if crash else plain.splitlines()[-20:]
    return "\n".join(lines)


def build(fresh: bool) -> bool:
    BUILD.mkdir(exist_ok=True)
    digest = settings_digest()
    if fresh:
        shutil.rmtree(EXECUTED, ignore_errors=True)
    if fresh or not STAMP.exists() or STAMP.read_text() != digest:
        forget_pages()
    # not there while a build runs: one that is interrupted has read pages, and told nobody of them
    STAMP.unlink(missing_ok=True)
    if run_jupyter_book():
        STAMP.write_text(digest)
        return True
    # Sphinx would not repeat the warnings of pages that it has read: the next build would pass.
    forget_pages()
    return False


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fresh", action="store_true", help="run and read everything again")
    options = parser.parse_args(arguments)
    isolate()
    try:
        toc_files()
    except NotebookError as error:
        print(error, file=sys.stderr)
        return 1
    with one_at_a_time():
        try:
            pyodide = fetch_pyodide()
        except PyodideError as error:
            print(error, file=sys.stderr)
            return 1
        say("Building the book ...")
        start = time.monotonic()
        done = build(options.fresh)
        if done:
            put_pyodide(pyodide, HTML / "_exercises" / "pyodide")
    duration = f"{time.monotonic() - start:.0f} s"
    if not done:
        print(complaints(LOG.read_text(encoding="utf-8")), file=sys.stderr)
        log = LOG.relative_to(ROOT)
        print(f"The book was NOT built ({duration}). The whole log: {log}", file=sys.stderr)
        return 1
    say(f"The book is built ({duration}): {HTML.relative_to(ROOT)}/index.html")
    say("To read it: make serve")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
