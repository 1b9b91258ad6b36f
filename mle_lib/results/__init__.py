"""What the scripts in ``benchmarks/`` measured: one JSON file each. They are shipped with the
library, so that a notebook has them in Colab too."""

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent

__all__ = ["load_result"]


def load_result(name: str) -> dict[str, Any]:
    """The result of ``benchmarks/<name>.py``: its ``command``, ``setting``, ``versions`` and data.

    Raises:
        ValueError: If there is no result of that name.
    """
    names = sorted(path.stem for path in FOLDER.glob("*.json"))
    if name not in names:
        raise ValueError(f"name must be one of {', '.join(names)}, got {name!r}")
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
