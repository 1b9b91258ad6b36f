"""Resolve requirements.in into requirements.txt, with uv from an environment thrown away after."""

import re
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# torch itself says which of these a CUDA build needs; pinned here they would burden every CPU build
CUDA = re.compile(r"(nvidia|cuda|triton)\b", re.IGNORECASE)


def without_cuda(locked: str) -> str:
    """Drop the CUDA packages, each with the comments below it, and torch's local version."""
    kept, dropping = [], False
    for line in locked.splitlines(keepends=True):
        if re.match(r"[A-Za-z0-9]", line):
            dropping = CUDA.match(line) is not None
        if not dropping:
            kept.append(re.sub(r"^(torch==[\d.]+)\+\w+", r"\1", line))
    return "".join(kept)


def main(options: list[str]) -> int:
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = Path(folder) / "bin" / "python"
        subprocess.run([python, "-I", "-m", "pip", "install", "--quiet", "uv"], check=True)
        command = [str(Path(folder) / "bin" / "uv"), "pip", "compile", "requirements.in", "--quiet"]
        command += ["--universal", "--python-version=3.11", "--upgrade", "--no-config"]
        # one version for every Python, so that stored outputs are the same everywhere
        command += ["--fork-strategy=fewest"]
        command += ["--custom-compile-command=make lock", *options]
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        print("make lock: uv could not resolve requirements.in (see above).", file=sys.stderr)
        return 1
    (ROOT / "requirements.txt").write_text(without_cuda(done.stdout), encoding="utf-8")
    print("requirements.txt is written; now run make test.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
