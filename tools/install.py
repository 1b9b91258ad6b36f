"""Make `.venv`: the packages of requirements.txt and this library. Standard library only."""

import contextlib
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

try:
    import fcntl
except ImportError:  # not on Windows
    fcntl = None  # type: ignore[assignment]

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "installed"
ORIGIN = VENV / "origin"  # of which Python and place; also says that .venv is ours
LOG = VENV / "install.log"

TORCH_CPU_INDEX = "https://download.pytorch.org/whl/cpu"
NO_NETWORK = re.compile(
    r"NewConnectionError|ConnectTimeout|ProxyError|NameResolutionError|name resolution|"
    r"Name or service not known|nodename nor servname|Failed to resolve|getaddrinfo|"
    r"Failed to establish a new connection|Network is unreachable|Read timed out"
)
# Settings of the user's pip that would send packages somewhere else than into .venv
PIP_ELSEWHERE = ("PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_REQUIRE_VIRTUALENV", "PIP_NO_DEPS")


class InstallError(Exception):
    """What went wrong and what to do, in one line."""


def fingerprint(root: Path = ROOT, python_version: str = sys.version) -> str:
    """Changes whenever the environment has to be brought up to date."""
    digest = hashlib.sha256(f"{python_version}\n{root}\n".encode())
    for name in ("requirements.txt", "pyproject.toml"):
        digest.update((root / name).read_bytes())
    return digest.hexdigest()


def origin() -> str:
    """An environment of another origin is useless here."""
    return f"{sys.version}\n{ROOT}"


def is_current() -> bool:
    if not STAMP.exists() or STAMP.read_text() != fingerprint():
        return False
    # a Python that was removed or upgraded leaves a dangling link behind
    try:
        return subprocess.call([PYTHON, "-I", "-c", ""], stderr=subprocess.DEVNULL) == 0
    except OSError:
        return False


def prefers_cpu_torch() -> bool:
    """Whether the gigabytes of CUDA that come with torch on Linux would be of no use."""
    has_gpu = shutil.which("nvidia-smi") or Path("/proc/driver/nvidia/version").exists()
    return sys.platform == "linux" and not has_gpu


def pinned(name: str, requirements: Path = ROOT / "requirements.txt") -> str:
    match = re.search(rf"^{name}==\S+", requirements.read_text(encoding="utf-8"), re.MULTILINE)
    if not match:
        raise InstallError(f"{requirements.name} pins no {name}: run `make lock`.")
    return match.group()


@contextlib.contextmanager
def one_at_a_time() -> Iterator[None]:
    """Wait until no other terminal installs or builds in this folder."""
    folder = os.open(ROOT, os.O_RDONLY)
    try:
        try:
            if fcntl:
                fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Waiting for the make of another terminal ...")
            fcntl.flock(folder, fcntl.LOCK_EX)
        except OSError:
            pass  # a file system without locks
        yield
    finally:
        os.close(folder)


def make_venv() -> None:
    """An empty environment, in place of the one before."""
    if importlib.util.find_spec("ensurepip") is None or importlib.util.find_spec("venv") is None:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        raise InstallError(
            f"This Python {version} comes without its venv module. Install it (on Debian: "
            f"apt install python{version}-venv) and run make again."
        )
    if VENV.is_symlink():  # what it leads to is another copy's
        raise InstallError(f"{VENV} is a link: remove it and run make again.")
    try:
        VENV.mkdir(exist_ok=True)
        if any(VENV.iterdir()) and not ORIGIN.exists():
            raise InstallError(f"{VENV} is not of this book: move it away and run make again.")
        say(f"Making the environment .venv with Python {sys.version.split()[0]} ...")
        for entry in set(VENV.iterdir()) - {ORIGIN}:  # at any moment it says whose this is
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()
        ORIGIN.write_text(origin())
    except OSError as error:
        raise InstallError(f"Cannot make {VENV}: {error}") from error
    command = [sys.executable, "-I", "-m", "venv", str(VENV)]
    made = subprocess.run(command, capture_output=True, text=True)
    if made.returncode:
        raise InstallError(f"Cannot make {VENV}: {last_line(made.stdout + made.stderr)}")


def last_line(text: str) -> str:
    """The line of pip's or venv's output that says most: the last error, else the last line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()] or ["no message"]
    errors = [line for line in lines if line.startswith("ERROR:")]
    return (errors or lines)[-1]


def pip_install(
    *arguments: str, python: Path | None = None, log_file: Path | None = None
) -> str | None:
    """Run pip, of .venv unless another Python is given, everything it says going to the log.

    Returns the error in one line, or None if all is well.
    """
    python, log_file = python or PYTHON, log_file or LOG
    env = {k: v for k, v in os.environ.items() if k not in PIP_ELSEWHERE} | {"PIP_USER": "0"}
    command = [
        str(python),
        "-I",
        "-m",
        "pip",
        "--disable-pip-version-check",
        "--no-input",
        "install",
    ]
    command += ["--progress-bar=off", *arguments]
    lines = []
    with log_file.open("a") as log:
        log.write("\n$ " + " ".join(command) + "\n")
        process = subprocess.Popen(
            command, cwd=ROOT, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        assert process.stdout is not None
        for line in process.stdout:
            log.write(line)
            lines.append(line)
            show_progress(line)
    show_progress("")
    text = "".join(lines)
    if process.wait() == 0:
        return None
    return f"{diagnosis(text)} (all of pip's output: {log_file.relative_to(ROOT)})"


def diagnosis(text: str) -> str:
    """What stopped pip. It goes on after a failed connection, so that one alone says nothing."""
    last = last_line(text)
    nothing_found = re.search(r"Could not find a version|No matching distribution", last)
    if NO_NETWORK.search(last) or (
        nothing_found and NO_NETWORK.search(text) and "(from versions: none)" in text
    ):
        return "No network: the package index cannot be reached. Connect and run make again."
    return last


def show_progress(line: str) -> None:
    """On a terminal, pip's current line in place of the one before; elsewhere nothing."""
    if sys.stdout.isatty():
        width = shutil.get_terminal_size().columns - 3
        doing = (
            line.strip() if line.startswith(("Collecting", "  Downloading", "Installing")) else ""
        )
        if doing or not line:
            print("\r\033[K" + ("  " + doing)[:width], end="", flush=True)


def install_cpu_torch(torch: str, **where: Path) -> None:
    """From PyTorch's own index, where that is of use and can be reached."""
    if not prefers_cpu_torch():
        return
    say(f"Installing {torch}, from PyTorch's CPU index if that can be reached ...")
    options = (f"--index-url={TORCH_CPU_INDEX}", "--retries=0", "--timeout=5", "--no-deps")
    if pip_install(*options, torch, **where):  # the next step takes what pip finds by itself
        say(f"  {torch} did not come from there; taking what pip finds instead.")


def install() -> None:
    was_complete = STAMP.exists()
    STAMP.unlink(missing_ok=True)
    LOG.write_text("")
    install_cpu_torch(pinned("torch"))
    count = len(re.findall(r"^\S+==", (ROOT / "requirements.txt").read_text(), re.MULTILINE))
    say(f"Installing the {count} packages of requirements.txt (minutes, the first time) ...")
    error = pip_install("--requirement=requirements.txt")
    if not error:
        error = pip_install("--no-deps", "--no-build-isolation", "--editable=.")
    if error:
        if was_complete:  # pip gave up in order: the environment is to be mended, not made anew
            STAMP.write_text("not current")
        raise InstallError(error)
    STAMP.write_text(fingerprint())


def say(text: str) -> None:
    print(text, flush=True)


def main() -> int:
    if is_current():
        return 0
    start = time.monotonic()
    try:
        with one_at_a_time():
            if is_current():  # made by another terminal, meanwhile
                return 0
            # without its stamp an environment is half-made
            if not STAMP.exists() or not ORIGIN.exists() or ORIGIN.read_text() != origin():
                make_venv()
            install()
    except InstallError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Interrupted; run make again to start afresh.", file=sys.stderr)
        return 130
    say(f"The environment is ready ({time.monotonic() - start:.0f} s).")
    return 0


if __name__ == "__main__":
    sys.exit(main())
