"""A file that is there whole or not at all."""

import glob
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from mle_lib.checks import shown

ABANDONED = 3600.0  # seconds


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """Write to a file beside ``path`` that takes its name, and the place of an old one, when the
    block has ended well; if it has not, the old file is as it was and nothing else is left. The new
    one has the permissions of the old. Where ``path`` is a link, all this is of what it leads to.

    The name it has until then is its own, so that two who write one file do not meet: the later
    one's stays. Who is killed while writing leaves that file, ``NAME.….partial``; the next to write
    removes it once nobody has written to it for an hour.
    """
    path = Path(os.path.realpath(path))  # a link stays one
    check_file(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    for left in path.parent.glob(f"{glob.escape(path.name)}.{'?' * 16}.partial"):
        with suppress(OSError):  # another one may be removing it, too
            if time.time() - left.stat().st_mtime > ABANDONED:
                left.unlink()
    partial = path.with_name(f"{path.name}.{secrets.token_hex(8)}.partial")
    try:
        with partial.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            shutil.copymode(path, partial)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def check_file(path: Path) -> None:
    """
    Raises:
        OSError: If something else is there: who opens a pipe may wait for ever.
    """
    if path.exists() and not path.is_file():
        raise OSError(f"{path} is there and no file")


def as_path(value: str | os.PathLike[str], name: str) -> Path:
    """``value`` as a ``Path``.

    Raises:
        ValueError: If it is none.
    """
    try:
        path = Path(value)
    except TypeError as error:
        raise ValueError(f"{name} must be a path, got {shown(value)}") from error
    if "\0" in str(path):
        raise ValueError(f"{name} must be a path, got {shown(value)}")
    return path
