"""What stands for Colab on this machine: its versions, its settings, and the public repository."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from tools.environment import BUILD, ROOT, say
from tools.install import install_cpu_torch, last_line, pinned, pip_install
from tools.notebooks import relative
from tools.publish_as import repository

VERSIONS = ROOT / "tools" / "colab.txt"
HOME = BUILD / "colab"
THREADS = "2"  # a runtime of Colab has two cores

# How the names begin that a process here may find in its environment, and none does in Colab
_NOT_IN_COLAB = "MLE_ PYTHON VIRTUAL_ENV GIT_ XDG_ JUPYTER_ IPYTHON MPL TQDM_ OMP_ MKL_ OPENBLAS_"
# pip's settings at home, which is another in Colab
_PIP_SETTINGS = (
    ".config/pip/pip.conf",
    ".pip/pip.conf",
    "Library/Application Support/pip/pip.conf",
)


class ColabError(Exception):
    """What keeps the chapters from being tried at all, in one line."""


# ---- Python and its packages


def wanted_python() -> str:
    found = re.search(r"^# Python (\d+\.\d+)$", VERSIONS.read_text(encoding="utf-8"), re.M)
    assert found, f"{VERSIONS} does not say which Python"
    return found[1]


def find_python(given: str) -> tuple[str, str]:
    """Path and version of the Python to use: the one given, else Colab's, else this one."""
    wanted = wanted_python()
    # pyenv has one command for all its Pythons, which asks this variable
    env = os.environ | {"PYENV_VERSION": wanted}
    code = "import sys; print(sys.executable); print(sys.version.split()[0])"
    for name in [given] if given else [f"python{wanted}", sys.executable]:
        command = [name, "-I", "-c", code]
        try:
            done = subprocess.run(command, env=env, capture_output=True, text=True)
        except OSError:
            continue
        if done.returncode == 0:
            path, version = done.stdout.splitlines()
            return path, version
    raise ColabError(f"PYTHON_COLAB is {given!r}, which is no Python that can be run.")


def make_environment(python: str, version: str, folder: Path = HOME) -> Path:
    """An environment with Colab's packages, kept until they change; the path of its Python."""
    stamp, environment = folder / "made-of", folder / "environment"
    made_of = hashlib.sha256(f"{python} {version}\n".encode() + VERSIONS.read_bytes()).hexdigest()
    found = environment / "bin" / "python"
    if stamp.exists() and stamp.read_text() == made_of and found.exists():
        return found
    stamp.unlink(missing_ok=True)
    shutil.rmtree(environment, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "install.log"
    log.write_text("")
    command = [python, "-I", "-m", "venv", str(environment)]
    made = subprocess.run(command, capture_output=True, text=True)
    if made.returncode:
        raise ColabError(f"Cannot make {environment}: {last_line(made.stdout + made.stderr)}")
    install_cpu_torch(pinned("torch", VERSIONS), python=found, log_file=log)
    say(f"Installing the packages of {relative(VERSIONS)} (minutes; with CUDA, gigabytes) ...")
    if error := pip_install(f"--requirement={VERSIONS}", python=found, log_file=log):
        raise ColabError(error)
    stamp.write_text(made_of)
    return found


def site_packages(environment: Path) -> Path:
    return next((environment / "lib").glob("python3.*/site-packages"))


def fresh_environment(python: Path, packages: Path, folder: Path, *without: str) -> Path:
    """An environment of its own for a chapter, with `packages`, made in a second; its Python.

    Every file is a second name of that in `packages`. pip removes a file before it writes another
    in its place: what has one name only was installed by the chapter, and `packages` stay as they
    are.
    """
    subprocess.run([str(python), "-I", "-m", "venv", "--without-pip", str(folder)], check=True)
    shutil.copytree(
        packages,
        site_packages(folder),
        symlinks=True,
        copy_function=os.link,
        ignore=shutil.ignore_patterns(*without),
        dirs_exist_ok=True,
    )
    return folder / "bin" / "python"


def written(packages: Path) -> set[str]:
    """What pip has installed there since, as top-level names."""
    files = (path for path in packages.rglob("*") if path.is_file() and not path.is_symlink())
    new = (path.relative_to(packages) for path in files if path.stat().st_nlink == 1)
    return {path.parts[0] for path in new if "__pycache__" not in path.parts}


# ---- the public repository


class Remote(NamedTuple):
    """A repository on this machine, which git finds in place of the public one."""

    name: str  # owner/name of the public one
    folder: Path
    commit: str

    @property
    def address(self) -> str:
        return f"https://github.com/{self.name}"


def git(*arguments: str) -> str:
    env = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    try:
        done = subprocess.run(["git", *arguments], env=env, capture_output=True, text=True)
    except OSError as error:
        raise ColabError(f"git cannot be run: {error}") from error
    if done.returncode:
        raise ColabError(f"git {' '.join(arguments[:3])} ...: {last_line(done.stderr)}")
    return done.stdout.strip()


def serve(source: Path, folder: Path) -> Remote:
    """A repository of the last commit in `source`, and its files: notebooks are read from there."""
    git("clone", "--quiet", "--no-local", str(source), str(folder))
    here = ("-C", str(folder))
    # pip leaves out what it does not need, as it may on GitHub; where history is cut off, as in a
    # workflow's checkout, that never ends. So the commit becomes one without a history.
    who = ("-c", "user.name=mle_lib", "-c", "user.email=mle_lib@localhost")
    commit = git(*here, *who, "commit-tree", "-m", "The last commit", "HEAD^{tree}")
    git(*here, "update-ref", "HEAD", commit)
    (folder / ".git" / "shallow").unlink(missing_ok=True)
    git(*here, "config", "uploadpack.allowFilter", "true")
    return Remote(repository(folder), folder, commit)


def settings(python: Path, home: Path, remote: Remote) -> dict[str, str]:
    """The environment of a chapter's kernel. Of this machine it keeps how pip reaches its index.

    Where git finds the repository stands in it too, and nowhere else: nobody's own settings of git
    are touched, or used.
    """
    left_out = tuple(_NOT_IN_COLAB.split())
    kept = {k: v for k, v in os.environ.items() if not k.startswith(left_out)}
    for path in (Path.home() / name for name in _PIP_SETTINGS):
        if path.is_file():
            kept.setdefault("PIP_CONFIG_FILE", str(path))
    ours = str(Path(sys.prefix) / "bin")
    paths = [path for path in kept.get("PATH", "").split(os.pathsep) if path != ours]
    return kept | {
        "PATH": os.pathsep.join([str(python.parent), *paths]),
        "HOME": str(home),
        "OMP_NUM_THREADS": THREADS,
        "OMP_WAIT_POLICY": "passive",  # another chapter runs beside this one
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{remote.folder.as_uri()}.insteadOf",
        "GIT_CONFIG_VALUE_0": remote.address,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
    }
