"""Every committed measurement has the script that remakes it, and the script runs."""

import ast
import importlib
import multiprocessing
import os
import re
import runpy
import sys
from pathlib import Path
from types import ModuleType

import pytest
import torch

from mle_lib.results import FOLDER, load_result
from tools.cores import core
from tools.notebooks import read, toc_notebooks

ROOT = Path(__file__).parents[2]
SCRIPTS = {
    path.stem: path
    for path in sorted((ROOT / "benchmarks").glob("*.py"))
    if "__main__" in path.read_text(encoding="utf-8")
}
MOST_LINES = 16  # of a core
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


@pytest.mark.parametrize("name", RESULTS)
def test_a_core_is_what_its_script_marks(name) -> None:
    """A chapter shows it beside the numbers: short, and Python."""
    marked = core(name)
    assert load_result(name).get("core") == marked, "run `make generated`"
    if marked is not None:
        assert len(marked.splitlines()) <= MOST_LINES
        ast.parse(marked)


def test_a_chapter_that_reads_a_result_shows_its_core() -> None:
    """There, or in the chapter before it that reads the same one."""
    code = "\n".join(
        cell.source
        for path in toc_notebooks()
        for cell in read(path).cells
        if cell.cell_type == "code"
    )
    used = set(re.findall(r'load_result\("(\w+)"\)', code))
    shown = set(re.findall(r'show_source\("(\w+)"\)', code))
    assert len(used) > 10
    assert used == shown == {name for name in RESULTS if core(name)}


def script(name: str) -> ModuleType:
    """A benchmark as a module, so that its functions can be called."""
    sys.path.insert(0, str(ROOT / "benchmarks"))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.pop(0)


def test_the_stored_tables_say_what_the_stored_data_say() -> None:
    """The chapters print the tables; the scripts' own functions make them again from the data."""
    large, speed = load_result("batch_size_large_data"), load_result("batch_size_speed")
    table = script("batch_size_large_data").summary(large["rows"], large["setting"]["b"])
    assert table == large["summary"]
    assert script("batch_size_speed").summary(speed, speed["setting"]["m"]) == speed["summary"]
    assert script("batch_size_speed").predictions(speed["fits"]) == speed["predictions"]
    noise, steps = load_result("generalisation"), load_result("step_size_map")
    assert script("generalisation").summary(noise["rows"], -16.0) == noise["summary"]
    made, maps = steps["MADE"], script("step_size_map")
    table = maps.summary(steps["batch sizes"], steps["exponents"], steps["maps"])
    assert table == steps["summary"]
    assert maps.network_summary(made["alphas"], made["warm-up"]) == steps["MADE summary"]
    equal, gain = steps["equal steps"], steps["warm-up gain"]
    table = maps.equal_steps_summary(
        equal["batch sizes"], equal["steps"], steps["exponents"], equal["maps"]
    )
    assert table == steps["equal steps summary"]
    assert maps.turns_summary(steps["turns"]) == steps["turns summary"]
    table = maps.gain_summary(gain["alphas"], gain["heights"], made["warm-up"])
    assert table == steps["warm-up gain summary"]
    climbers, cut = load_result("optimizers"), load_result("clipping")
    table = script("optimizers").summary(climbers["batch sizes"], climbers["table"])
    assert table == climbers["summary"]
    table = script("optimizers").paired(climbers["runs"], climbers["batch sizes"][:4])
    assert table == climbers["paired"]
    for name, factors in climbers["growth"].items():
        assert script("optimizers").growth(climbers["runs"], name, 3, 100) == factors
    assert script("clipping").summary(cut["rows"]) == cut["summary"]
    assert script("clipping").confirmed_summary(cut["fresh"]) == cut["fresh summary"]
    newton, network = load_result("second_order"), load_result("second_order_network")
    contest = script("second_order")
    assert contest.summary(newton["rows"], newton["gaps"]) == newton["summary"]
    table = contest.test_summary(newton["rows"], newton["gaps"], newton["facts"])
    assert table == newton["test summary"]
    assert script("second_order_network").summary(network["rows"]) == network["summary"]
    sizes, terms = load_result("allocation"), load_result("term_correlation")
    table = script("allocation").table(sizes["rows"], sizes["setting"]["targets"], sizes["gain"])
    assert table == sizes["summary"]
    setting = terms["setting"]
    table = script("term_correlation").table(terms["rows"], setting["n"], setting["ks"])
    assert table == terms["summary"]
    assert script("term_correlation").correlations(terms["rows"]) == terms["correlations"]
    assert script("term_correlation").worth(terms["rows"], setting["n"]) == terms["worth"]
    assert script("allocation").averages(sizes["average"]) == sizes["average"]["summary"]
    biased, contest = load_result("bias_variance"), script("bias_variance")
    assert contest.summary(biased["rows"]) == biased["summary"]
    assert contest.summary(biased["rows"], "test", ".3f") == biased["test summary"]
    assert contest.comparisons(biased["rows"]) == biased["comparisons"]
    assert contest.curves(biased["rows"]) == biased["curves"]
    ages = load_result("snapshot_age")
    assert script("snapshot_age").summary(ages["rows"]) == ages["summary"]
    assert script("snapshot_age").contest_summary(ages["contest"]) == ages["contest summary"]
    starts, models = load_result("random_starts"), load_result("three_models")
    table = script("random_starts").summary(starts["rows"], starts["setting"]["passes"])
    assert table == starts["summary"]
    assert script("three_models").summary(models["models"]) == models["summary"]
    loops = load_result("loops_in_the_wild")
    assert script("loops_in_the_wild").summary(loops["programs"]) == loops["summary"]
    differences = script("snapshot_age").contest_differences(ages["contest"])
    assert differences == ages["contest differences"]
    assert contest.ratios(biased["rows"]) == biased["ratios"]
    assert contest.floors(biased["floor rows"]) == biased["floors"]


def test_the_stored_tables_of_the_paradigms_say_what_was_measured() -> None:
    result, tables = load_result("paradigms"), script("paradigms")
    assert tables.noise_table(result["noise"]) == result["noise summary"]
    assert tables.bias_table(result["bias"]) == result["bias summary"]
    assert tables.game_table(result["game"]) == result["game summary"]
    assert tables.bounds_table(result["bounds"]) == result["bounds summary"]
    assert tables.batches_table(result["batches"]) == result["summary"]
    assert tables.batches_table(result["equal steps"]) == result["equal steps summary"]
    assert tables.tricks_table(result["batches"]) == result["tricks summary"]
    assert tables.pace_table(result["pace"]) == result["pace summary"]
    assert tables.turns_table(result["turns"]) == result["turns summary"]
    assert tables.slopes_table(result["bias"]) == result["slopes summary"]
    assert tables.momentum_table(result["batches"]) == result["momentum summary"]
    gains = tables.gains_table(result["batches"], result["equal steps"], result["pace"])
    assert gains == result["gains summary"]


# Each script has a process of its own, made from one that has imported torch already: to import it
# takes longer than most of the scripts.
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["torch", "sklearn.datasets", "mle_lib.models"])


def run_tiny(script: Path, said: Path) -> None:
    """What `python benchmarks/NAME.py --smoke` does, in a new process; all it says into a file."""
    with said.open("wb") as file:
        for stream in (1, 2):
            os.dup2(file.fileno(), stream)
    torch.set_num_threads(1)
    sys.argv[:] = [str(script), "--smoke"]
    sys.path.insert(0, str(script.parent))
    runpy.run_path(str(script), run_name="__main__")


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_runs_at_tiny_sizes_and_then_writes_nothing(name, tmp_path) -> None:
    before = {path: path.read_bytes() for path in FOLDER.glob("*.json")}
    process = PROCESSES.Process(target=run_tiny, args=(SCRIPTS[name], tmp_path / "said"))
    process.start()
    process.join()
    said = (tmp_path / "said").read_text("utf-8")
    assert process.exitcode == 0, said
    assert said.strip()
    assert {path: path.read_bytes() for path in FOLDER.glob("*.json")} == before


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_says_in_its_first_lines_what_it_measures(name) -> None:
    text = ast.get_docstring(ast.parse(SCRIPTS[name].read_text(encoding="utf-8"))) or ""
    assert f"python benchmarks/{name}.py" in text


def test_an_unknown_result_is_named() -> None:
    with pytest.raises(ValueError, match=r"name must be one of .*exact_gradient.*, got 'nothing'"):
        load_result("nothing")
