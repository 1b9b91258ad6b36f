"""The notebooks of the table of contents: which they are, how they run, what of them is kept."""

import argparse
import asyncio
import re
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import nbformat
import yaml
from jupyter_client import AsyncKernelManager, KernelManager
from jupyter_client.kernelspec import NoSuchKernel
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from sphinx_external_toc.parsing import MalformedError, parse_toc_yaml

from tools.environment import ROOT, isolate, say
from tools.folding import fold
from tools.reading import say_time

CHECKED = "nbval-check-output"
AT_A_TIME = 2
CELL_TIMEOUT = 120  # seconds

# Everything else is a trace of one editor or one run
_NOTEBOOK_METADATA = {"kernelspec", "language_info", "myst", "mystnb"}
_CELL_METADATA = {"tags", "mystnb", "jupyter", "cellView"}
_KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


# how `mle_lib.display.compared` ends
DIFFERENCE = re.compile(r"(?<=: largest difference )\S+(?=, within)")


class NotebookError(Exception):
    """What went wrong in which notebook, for its author to read."""

    notebook: NotebookNode | None = None  # as far as it ran, if it did


def toc_files(root: Path = ROOT) -> list[Path]:
    """Every page of `_toc.yml`, in reading order."""
    try:
        site = parse_toc_yaml(root / "_toc.yml")
    except (OSError, MalformedError, yaml.YAMLError) as error:
        raise NotebookError(f"_toc.yml cannot be read: {error}") from error
    if site.globs():
        raise NotebookError("_toc.yml: name each file; `glob` would leave their order open.")
    names: list[str] = []

    def visit(name: str) -> None:
        names.append(name)
        for child in site[name].child_files():
            visit(child)

    visit(site.root.docname)
    return [_with_suffix(root, name) for name in names]


def _with_suffix(root: Path, name: str) -> Path:
    for candidate in (root / name, root / f"{name}.ipynb", root / f"{name}.md"):
        if candidate.is_file():
            return candidate
    raise NotebookError(f"_toc.yml names {name}, but there is no such .ipynb or .md file.")


def toc_notebooks(root: Path = ROOT) -> list[Path]:
    """The chapters that are notebooks, in reading order."""
    return [path for path in toc_files(root) if path.suffix == ".ipynb"]


def relative(path: Path) -> Path:
    return path.relative_to(ROOT) if path.is_relative_to(ROOT) else path


def read(path: Path) -> NotebookNode:
    try:
        return nbformat.read(path, as_version=4)
    except (OSError, ValueError, nbformat.ValidationError) as error:
        raise NotebookError(f"{relative(path)} is not a readable notebook: {error}") from error


def write(notebook: NotebookNode, path: Path) -> bool:
    """Write in nbformat's own form, whole or not at all; False if nothing had to be written."""
    text = nbformat.writes(notebook).rstrip("\n") + "\n"
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return False
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)
    return True


def is_checked(cell: NotebookNode) -> bool:
    return cell.cell_type == "code" and CHECKED in cell.metadata.get("tags", [])


def is_text(output: NotebookNode) -> bool:
    """Printed text, or a value shown as text and nothing else: what can be compared."""
    if output.output_type == "stream":
        return output.name == "stdout"
    if output.output_type == "execute_result":
        return set(output.data) == {"text/plain"}
    return False


def without_rounding(text: str) -> str:
    """Without what differs from machine to machine: a difference that is within its bound."""
    return DIFFERENCE.sub("…", text)


def strip(notebook: NotebookNode) -> NotebookNode:
    """A copy with the text outputs of checked cells kept and every other trace of a run removed."""
    clean = nbformat.from_dict(notebook)
    allowed = {k: v for k, v in clean.metadata.items() if k in _NOTEBOOK_METADATA}
    fixed = {"kernelspec": _KERNEL, "language_info": {"name": "python"}}
    clean.metadata = nbformat.from_dict(allowed | fixed)
    clean.nbformat, clean.nbformat_minor = 4, 5
    for cell in clean.cells:
        cell.metadata = nbformat.from_dict(
            {k: v for k, v in cell.metadata.items() if k in _CELL_METADATA and v}
        )
    fold(clean.cells)
    say_time(clean.cells)
    for number, cell in enumerate((c for c in clean.cells if c.cell_type == "code"), 1):
        kept = [output for output in cell.outputs if is_checked(cell) and is_text(output)]
        # by the format a value has a count; a run from the top always gives this one
        count = number if kept else None
        cell.outputs, cell.execution_count = kept, count
        for output in kept:
            output.pop("metadata", None)
            if output.output_type == "execute_result":
                output.metadata, output.execution_count = NotebookNode(), count
    return clean


async def execute(
    path: Path, kernel: type[KernelManager] = AsyncKernelManager, **start: Any
) -> NotebookNode:
    """Run a notebook in its own folder; the notebook with all its outputs.

    Args:
        path: The notebook's file, which stays as it is.
        kernel: What starts the kernel: this environment's, unless another is given.
        **start: For ``subprocess``, how the kernel's process is started (``env``).

    Raises:
        NotebookError: If a cell fails, takes too long, or ends the kernel.
    """
    notebook = read(path)
    started: list[NotebookNode] = []
    client = NotebookClient(
        notebook,
        timeout=CELL_TIMEOUT,
        kernel_name="python3",
        kernel_manager_class=kernel,
        extra_arguments=["--log-level=ERROR"],  # a warning about TCP, for each notebook
        resources={"metadata": {"path": str(path.parent)}},
        coalesce_streams=True,  # how text was cut into pieces is chance
        on_cell_execute=lambda cell, **_: started.append(cell),
    )
    try:
        await client.async_execute(**start)
    except (CellExecutionError, CellTimeoutError, RuntimeError, OSError, NoSuchKernel) as error:
        failure = NotebookError(describe_failure(path, started, error))
        failure.notebook = notebook
        raise failure from error
    return notebook


def describe_failure(path: Path, started: list[NotebookNode], error: Exception) -> str:
    """The cell that failed, the last one started, and why."""
    if isinstance(error, CellExecutionError):
        # the traceback without its colours; its beginning is of the cell, or of least interest
        plain = re.sub(r"\x1b\[[0-9;]*m", "", error.traceback)
        reason = "\n".join(plain.strip("-\n ").splitlines()[-12:])
    elif isinstance(error, CellTimeoutError):
        reason = f"It ran for more than {CELL_TIMEOUT} s."
    elif isinstance(error, DeadKernelError):
        reason = "Its Python process died or was stopped."
    else:
        reason = str(error)
    if not started:
        return f"{relative(path)} failed before its first code cell: {reason}"
    source = "\n".join(f"    {line}" for line in started[-1].source.splitlines()[:25])
    return f"{relative(path)}, code cell {len(started)} failed:\n{source}\n{reason}"


def update_all(paths: Iterable[Path]) -> list[str]:
    """Execute notebooks, two at a time, and store each that ran; the failures, one text each."""

    async def one(path: Path, slots: asyncio.Semaphore) -> None:
        async with slots:
            start = time.monotonic()
            store(path, await execute(path))
            say(f"  {relative(path)}: {time.monotonic() - start:.0f} s")

    async def everything() -> list[BaseException | None]:
        slots = asyncio.Semaphore(AT_A_TIME)
        return await asyncio.gather(*(one(p, slots) for p in paths), return_exceptions=True)

    failures = []
    for result in asyncio.run(everything()):
        if isinstance(result, NotebookError):
            failures.append(str(result))
        elif result is not None:
            raise result
    return failures


def store(path: Path, executed: NotebookNode) -> None:
    """Write back what the checked cells print, or refuse if one of them gives more than text."""
    for cell in filter(is_checked, executed.cells):
        if not cell.outputs or not all(map(is_text, cell.outputs)):
            raise NotebookError(
                f"{relative(path)}: a cell tagged {CHECKED} must print text and nothing else:\n"
                + cell.source
            )
    write(strip(executed), path)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--strip-only", action="store_true", help="clean, but run nothing")
    parser.add_argument("notebooks", nargs="*", type=Path, help="all of _toc.yml if none is named")
    options = parser.parse_args(arguments)
    isolate()
    try:
        paths = [path.resolve() for path in options.notebooks] or toc_notebooks()
        if options.strip_only:
            for path in paths:
                write(strip(read(path)), path)
            return 0
        say(f"Running {len(paths)} notebooks, {AT_A_TIME} at a time ...")
        failures = update_all(paths)
    except NotebookError as error:
        failures = [str(error)]
    for failure in failures:
        print(f"\n{failure}", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
