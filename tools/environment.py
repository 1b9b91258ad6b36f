"""Where things are, and an environment that is the same on every machine."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "_build"

# What a user's shell may hold and must not reach a notebook or a test: how its names begin
_UNWANTED = (
    "PYTHON",
    "PYTEST_",
    "MYPY",
    "RUFF_",
    "MPLBACKEND",
    "MATPLOTLIBRC",
    "JUPYTER_PATH",
)


def isolate() -> None:
    """Settle, for this process and all it starts, which kernel, settings and threads are used."""
    for name in [name for name in os.environ if name.startswith(_UNWANTED)]:
        del os.environ[name]
    prefix = Path(sys.prefix)
    os.environ |= {
        "PATH": f"{prefix / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}",
        "PYTHONNOUSERSITE": "1",
        "PYTHONHASHSEED": "0",
        # the kernel `python3` is this environment's, whatever the user has at home
        "JUPYTER_DATA_DIR": str(prefix / "share" / "jupyter"),
        "JUPYTER_CONFIG_DIR": str(prefix / "etc" / "jupyter"),
        "JUPYTER_RUNTIME_DIR": str(prefix / "runtime"),
        "JUPYTER_PREFER_ENV_PATH": "1",
        "IPYTHONDIR": str(prefix / "ipython"),
        "MPLCONFIGDIR": str(prefix / "matplotlib"),
        # two notebooks run at a time: one thread each is fastest, and gives the same last digits
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        # a progress bar is for a reader who waits, not for a page
        "TQDM_DISABLE": "1",
        # frozen standard modules make the debugger of every kernel complain
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }


def say(text: str) -> None:
    print(text, flush=True)
