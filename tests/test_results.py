"""Every committed measurement has the script that remakes it, and the script runs."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from mle_lib.results import FOLDER, load_result

ROOT = Path(__file__).parents[1]
SCRIPTS = {
    path.stem: path
    for path in sorted((ROOT / "benchmarks").glob("*.py"))
    if "__main__" in path.read_text(encoding="utf-8")
}
RESULTS = sorted(path.stem for path in FOLDER.glob("*.json"))


def test_each_script_has_its_result_and_each_result_its_script() -> None:
    assert sorted(SCRIPTS) == RESULTS


@pytest.mark.parametrize("name", RESULTS)
def test_a_result_says_how_it_was_made(name) -> None:
    result = load_result(name)
    assert result["command"] == f"python benchmarks/{name}.py"
    assert isinstance(result["setting"], dict)
    assert set(result["versions"]) == {"torch", "python"}
    assert len(result) > 3


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_runs_at_tiny_sizes_and_then_writes_nothing(name) -> None:
    before = {path: path.read_bytes() for path in FOLDER.glob("*.json")}
    run = subprocess.run(
        [sys.executable, str(SCRIPTS[name]), "--smoke"],
        capture_output=True,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)},
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip()
    assert {path: path.read_bytes() for path in FOLDER.glob("*.json")} == before


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_says_in_its_first_lines_what_it_measures(name) -> None:
    text = ast.get_docstring(ast.parse(SCRIPTS[name].read_text(encoding="utf-8"))) or ""
    assert f"python benchmarks/{name}.py" in text


def test_an_unknown_result_is_named() -> None:
    with pytest.raises(ValueError, match=r"name must be one of .*exact_gradient.*, got 'nothing'"):
        load_result("nothing")
