"""Run every chapter as Colab does (`make test-colab`).

A chapter is alone in an empty folder, in an environment with Colab's versions (`tools/colab.txt`)
and without `mle_lib`. Its first cell installs that from the repository's public address, in whose
place git finds a clone of the last commit here. Then all other cells run.
"""

import asyncio
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpec
from nbformat import NotebookNode

from tools.chapter_rules import code_cells, shown_text
from tools.colab_environment import (
    HOME,
    ColabError,
    Remote,
    find_python,
    fresh_environment,
    git,
    make_environment,
    serve,
    settings,
    site_packages,
    wanted_python,
    written,
)
from tools.environment import ROOT, isolate, say
from tools.install import last_line, one_at_a_time
from tools.notebooks import (
    AT_A_TIME,
    NotebookError,
    execute,
    is_checked,
    is_text,
    read,
    relative,
    toc_notebooks,
    without_rounding,
)

SHOWN = ("torch", "numpy", "ipywidgets", "ipython")
OURS = re.compile(r"mle_lib|mle_lib-[\d.]+\.dist-info")
# what IPython says after every %pip
NOTE = "Note: you may need to restart the kernel to use updated packages."


def kernel_of(python: Path) -> type[AsyncKernelManager]:
    """What starts the kernel of another environment."""

    class Kernel(AsyncKernelManager):
        kernel_spec = KernelSpec(
            argv=[str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"],
            display_name="Colab",
            language="python",
        )

    return Kernel


async def run_chapter(
    path: Path, python: Path, packages: Path, remote: Remote, folder: Path, *without: str
) -> int:
    """Run a notebook, from its new environment to its last cell; how many code cells it has.

    Args:
        path: The notebook.
        python: Of which the environment is made.
        packages: What is installed there, a folder.
        remote: What the notebook's first cell finds in place of the public repository.
        folder: For all files of this run, on the same disk as `packages`.
        *without: Patterns of names in `packages` that are left out.

    Raises:
        NotebookError: If a cell fails; or with all else that is wrong, a line each.
    """
    work, home, environment = (folder / name for name in ("work", "home", "environment"))
    work.mkdir(parents=True)
    home.mkdir()
    alone = Path(shutil.copy(path, work))
    python = fresh_environment(python, packages, environment, *without)
    env = settings(python, home, remote)
    before = installed(python, env)
    failed = []
    try:
        executed = await execute(alone, kernel_of(python), env=env)
    except NotebookError as error:
        if error.notebook is None:
            raise
        executed = error.notebook
        failed = [str(error).replace(str(relative(alone)), path.name)]
    found = [*faults(read(path), executed), *changes(before, installed(python, env), remote)]
    own = written(site_packages(environment))
    found += [f"it also installed {name}" for name in sorted(own) if not OURS.fullmatch(name)]
    shutil.rmtree(environment)
    if failed or found:
        raise NotebookError("\n".join([*failed, *(f"{path.name}: {fault}" for fault in found)]))
    return len(code_cells(executed))


def installed(python: Path, env: dict[str, str]) -> set[str]:
    """A line a package, as in a requirements file."""
    command = [str(python), "-m", "pip", "freeze", "--all"]
    done = subprocess.run(command, env=env, capture_output=True, text=True)
    if done.returncode:
        raise ColabError(f"pip freeze: {last_line(done.stderr)}")
    return set(done.stdout.splitlines())


def changes(before: set[str], after: set[str], remote: Remote) -> Iterator[str]:
    """What is installed otherwise than before, but for `mle_lib` of the commit that was served."""
    expected = f"mle-lib @ git+{remote.address}@{remote.commit}"
    yield from (f"{line} is gone or changed" for line in sorted(before - after))
    yield from (f"{line} was installed" for line in sorted(after - before - {expected}))
    if expected not in after - before:
        yield f"{expected} was not installed"


def faults(stored: NotebookNode, executed: NotebookNode) -> Iterator[str]:
    """What went to stderr, what pip had to say, and what checked cells print otherwise."""
    pairs = zip(code_cells(stored), code_cells(executed), strict=True)
    for number, (wanted, cell) in enumerate(pairs, 1):
        for output in cell.outputs:
            if output.get("name") == "stderr":
                yield f"code cell {number} writes to stderr:\n{output.text}"
        if number == 1 and (said := text(cell).replace(NOTE, "").strip()):
            yield f"code cell 1 says:\n{said}"
        if is_checked(cell) and text(cell) != text(wanted):
            yield f"code cell {number} prints\n{text(cell)}\nand not\n{text(wanted)}"


def text(cell: NotebookNode) -> str:
    """Without what else is shown: progress bars, which the stored outputs do not hold, cut it."""
    shown = "\n".join(shown_text(output) for output in cell.outputs if is_text(output))
    return without_rounding(shown)


# ---- all of them


async def run_all(chapters: list[Path], python: Path, remote: Remote, folder: Path) -> list[str]:
    """Two chapters at a time, a line each; the names of those that failed."""
    packages = site_packages(python.parent.parent)
    slots = asyncio.Semaphore(AT_A_TIME)
    failed = []

    async def one(path: Path) -> None:
        async with slots:
            start = time.monotonic()
            try:
                cells = await run_chapter(path, python, packages, remote, folder / path.stem)
            except NotebookError as error:
                failed.append(path.name)
                say(f"  {path.name}: FAILED, {time.monotonic() - start:.0f} s")
                print(f"\n{error}\n", file=sys.stderr, flush=True)
            else:
                say(f"  {path.name}: all {cells} code cells, {time.monotonic() - start:.0f} s")

    await asyncio.gather(*(one(path) for path in chapters))
    return failed


def versions(python: Path) -> str:
    code = "import importlib.metadata as m, platform; print('Python', platform.python_version()"
    code += "".join(f", '{name}', m.version('{name}')" for name in SHOWN) + ")"
    done = subprocess.run([str(python), "-I", "-c", code], capture_output=True, text=True)
    return re.sub(r" (?=[a-z])", ", ", done.stdout.strip())


def main(given: str, *names: str) -> int:
    """With the Python given, or Colab's where none is; all chapters, or those named."""
    isolate()
    start = time.monotonic()
    try:
        with one_at_a_time():
            found, version = find_python(given)
            python = make_environment(found, version)
        say(f"{versions(python)} ({found})")
        if not version.startswith(f"{wanted_python()}."):
            say(f"  Colab has Python {wanted_python()}: none was found, or another was asked for")
        with tempfile.TemporaryDirectory(prefix="run-", dir=HOME) as name:
            remote = serve(ROOT, Path(name) / "remote")
            every = toc_notebooks(remote.folder)
            chapters = [path for path in every if not names or path.stem in names]
            head = git("-C", str(ROOT), "rev-parse", "--short", "HEAD")
            say(f"{len(chapters)} chapters, as committed in {head} ...")
            if changed := git("-C", str(ROOT), "status", "--porcelain").splitlines():
                say(f"  what is not committed is NOT tried: {len(changed)} files")
            failed = asyncio.run(run_all(chapters, python, remote, Path(name)))
    except ColabError as error:
        print(error, file=sys.stderr)
        return 1
    total = f"{time.monotonic() - start:.0f} s"
    if failed:
        print(f"make test-colab: FAILED at {', '.join(sorted(failed))} ({total})", file=sys.stderr)
        return 1
    say(f"make test-colab: all {len(chapters)} chapters run as in Colab ({total})")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
