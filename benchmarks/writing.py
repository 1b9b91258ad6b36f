"""How a benchmark writes its result: with the command that remakes it, its setting, versions."""

import json
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

from mle_lib.results import FOLDER


def write_result(script: str, setting: dict[str, Any], data: dict[str, Any]) -> None:
    """Write ``mle_lib/results/<name of the script>.json``.

    Args:
        script: The script's ``__file__``.
        setting: What it was run with.
        data: What it measured, under one key or more.
    """
    name = Path(script).stem
    result = {
        "command": f"python benchmarks/{name}.py",
        "setting": setting,
        "versions": {"torch": version("torch"), "python": platform.python_version()},
        **data,
    }
    (FOLDER / f"{name}.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(f"written: mle_lib/results/{name}.json")
