"""Python for the page: the files of one release of Pyodide, fetched, verified, put into the site.

They come from Pyodide's own address, or from the folder or address in `MLE_PYODIDE`. Without them
the book is built all the same, and its Run buttons say why they cannot run; but where `CI` is set,
a site without them is an error.
"""

import hashlib
import json
import os
import shutil
import urllib.request
from http.client import HTTPException
from pathlib import Path

from tools.environment import BUILD, ROOT, say

VERSION = "314.0.3"
OFFICIAL = f"https://cdn.jsdelivr.net/pyodide/v{VERSION}/full/"
SUMS = ROOT / "tools" / "pyodide.sha256"  # one line a file, as `sha256sum` writes it
KEPT = BUILD / "pyodide" / VERSION
MEGABYTES = 16  # of the files together, as readers are told
TIMEOUT = 10  # seconds without an answer


class PyodideError(Exception):
    """What is wrong, in one line."""


def checksums() -> dict[str, str]:
    """The files that the page needs, and what each must hold."""
    lines = (line.split() for line in SUMS.read_text(encoding="utf-8").splitlines())
    return {name: digest for digest, name in lines}


def fetch_pyodide(folder: Path = KEPT) -> Path | None:
    """The folder with all files, fetching those it lacks; ``None`` if they cannot be had.

    Raises:
        PyodideError: If a file is not what it should be, or cannot be had where `CI` is set.
    """
    source = os.environ.get("MLE_PYODIDE") or OFFICIAL
    try:
        fetch(source, folder)
    except (OSError, HTTPException, ValueError) as error:  # the last of what is no address
        missing = f"Pyodide {VERSION} cannot be fetched from {source} ({_reason(error)})."
        if os.environ.get("CI"):
            raise PyodideError(f"{missing} CI is set, so this is an error.") from error
        say(f"{missing} Run buttons will say so; MLE_PYODIDE can name another place.")
        return None
    return folder


def fetch(source: str, folder: Path) -> None:
    """Fetch what the folder lacks. A file appears in it whole and verified, or not at all."""
    sums = checksums()
    lacking = [name for name, digest in sums.items() if _digest(folder / name) != digest]
    if not lacking:
        return
    folder.mkdir(parents=True, exist_ok=True)
    say(f"Fetching Pyodide {VERSION}, Python for the page, from {source} ...")
    for number, name in enumerate(lacking, 1):
        content = _read(source, name)
        if hashlib.sha256(content).hexdigest() != sums[name]:
            raise PyodideError(
                f"{name} from {source} is not the file of Pyodide {VERSION}: its SHA-256 is not "
                f"the one in {SUMS.relative_to(ROOT)}."
            )
        partial = folder / f"{name}.partial"
        partial.write_bytes(content)
        partial.replace(folder / name)
        say(f"  {number} of {len(lacking)}: {name}, {len(content) / 1e6:.1f} MB")


def put_pyodide(folder: Path | None, target: Path) -> None:
    """Put the files into the site, or take them out of it; beside them how large each is."""
    shutil.rmtree(target, ignore_errors=True)
    sizes = target.with_name("sizes.json")
    sizes.unlink(missing_ok=True)
    if folder is not None:
        target.mkdir(parents=True)
        for name in checksums():
            _link(folder / name, target / name)
        bytes_of = {f"{target.name}/{path.name}": path.stat().st_size for path in target.iterdir()}
        sizes.write_text(json.dumps(bytes_of, sort_keys=True), "utf-8")


def _read(source: str, name: str) -> bytes:
    if source.startswith(("http://", "https://")):
        address = f"{source.rstrip('/')}/{name}"
        with urllib.request.urlopen(address, timeout=TIMEOUT) as answer:
            return answer.read()
    return (Path(source).expanduser() / name).read_bytes()


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def _reason(error: Exception) -> str:
    """`URLError` hides why in an attribute, and its text in brackets."""
    reason = getattr(error, "reason", error)
    return getattr(reason, "strerror", None) or str(reason) or type(reason).__name__


def _link(source: Path, target: Path) -> None:
    """A second name for the same file; a copy where the file system knows no such thing."""
    try:
        target.hardlink_to(source)
    except OSError:
        shutil.copyfile(source, target)
