"""What every benchmark does at its start and at its end."""

import argparse
import json
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

from mle_lib.results import FOLDER


def asked_for(doc: str | None, **more: str) -> argparse.Namespace:
    """The command line of a script: ``--smoke``, all of it at tiny sizes, with nothing written; and
    ``more`` options that are on or off, each with its help."""
    parser = argparse.ArgumentParser(
        description=doc, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--smoke", action="store_true", help="tiny sizes; write nothing")
    for name, help in more.items():
        parser.add_argument(f"--{name}", action="store_true", help=help)
    return parser.parse_args()


def smoke_is_asked_for(doc: str | None) -> bool:
    """The same of a script whose one option is ``--smoke``."""
    return asked_for(doc).smoke


def write_result(script: str, setting: dict[str, Any], data: dict[str, Any]) -> None:
    """Write ``mle_lib/results/<name of the script>.json``, with the command that remakes it and the
    versions that it was made with.

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
