"""Numbers as readers type them, and the files that the website takes from others.

The table is run over the page's reader of numbers too (`browser/test_exercises.py`).
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from mle_lib.exercises.numbers import Unclear, parse_number

TABLE = json.loads((Path(__file__).parent / "number_table.json").read_text("utf-8"))
EDITOR = Path(__file__).parents[2] / "book" / "_exercises" / "editor" / "prism-code-editor"


@pytest.mark.parametrize("row", TABLE, ids=[repr(row["text"]) for row in TABLE])
def test_number(row: dict[str, Any]) -> None:
    if "number" in row:
        assert parse_number(row["text"]) == row["number"]
    else:
        with pytest.raises(Unclear) as raised:
            parse_number(row["text"])
        assert str(raised.value) == row["message"]


def test_table_has_both_kinds() -> None:
    assert sum("number" in row for row in TABLE) > 20
    assert sum("message" in row for row in TABLE) > 20


def test_editor_is_the_one_of_its_source() -> None:
    lines = (EDITOR / "SHA256SUMS").read_text("utf-8").splitlines()
    listed = {name: digest for digest, name in (line.split("  ") for line in lines)}
    found = {
        path.relative_to(EDITOR).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in EDITOR.rglob("*")
        if path.is_file() and path.name != "SHA256SUMS"
    }
    assert found == listed
