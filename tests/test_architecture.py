"""The house plan: which room may import which, and what importing the library costs."""

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import mle_lib

PACKAGE = Path(__file__).parents[1] / "mle_lib"
MODULES = sorted(PACKAGE.rglob("*.py"))

# Arrows run one way: a module may import those above it, and none beside or below.
LEVELS = [
    ["checks", "contracts", "draws", "files", "interrupts", "records"],
    ["choices", "density_sets", "history", "resuming", "states"],
    ["data", "models"],
    ["layer_moments", "likelihood"],
    ["gradient"],
    ["minibatch"],
    ["clipping", "checkpoints"],
    ["optimizers", "run", "steps"],
    ["training"],
    ["allocation", "control_variates", "importance", "irls", "log_of_mean", "vae"],
    ["gan", "gradient_tables", "second_order"],
    ["variance_reduction"],
    ["paradigms"],
]
LEVEL = {name: level for level, names in enumerate(LEVELS) for name in names}


def imports(path: Path) -> set[str]:
    """Dotted names of everything a module imports, wherever in the file."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, (
                f"{path.name} imports relatively; absolute imports are easier to follow"
            )
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_arrows_run_one_way(path) -> None:
    ours = {name.split(".")[1] for name in imports(path) if name.startswith("mle_lib.")}
    if path.parent != PACKAGE:
        ours -= {room(path)}  # the files of one room
    if room(path) == "display":
        assert ours <= {"checks"}, "display draws tensors and knows no model"
    elif room(path) in ("__init__", "results", "exercises"):
        assert not ours, "imports nothing of the library"
    else:
        assert room(path) in LEVEL, f"{path.name} is in no level of the plan: add it to LEVELS"
        assert all(LEVEL[name] < LEVEL[room(path)] for name in ours)


def test_exercises_import_numpy_alone() -> None:
    found = set().union(*(imports(path) for path in MODULES if room(path) == "exercises"))
    assert {name.partition(".")[0] for name in found} - sys.stdlib_module_names == {
        "numpy",
        "mle_lib",
    }


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_module_holds_one_idea(path) -> None:
    code = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    assert len(code) <= 200


def test_the_readme_links_to_what_is_there() -> None:
    readme = (PACKAGE.parent / "README.md").read_text(encoding="utf-8")
    targets = [t for t in re.findall(r"\]\(([^)]+)\)", readme) if "://" not in t]
    assert targets
    assert [t for t in targets if not (PACKAGE.parent / t).exists()] == []


def test_the_version_is_the_same_everywhere() -> None:
    root = PACKAGE.parent
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == mle_lib.__version__
    index = (root / "book" / "index.md").read_text(encoding="utf-8")
    assert f"Version {mle_lib.__version__}," in index


def test_importing_the_library_loads_nothing_heavy() -> None:
    code = "import sys; import mle_lib; print(*{name.partition('.')[0] for name in sys.modules})"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    loaded = set(result.stdout.split())
    assert {"mle_lib", "beartype"} <= loaded
    assert not loaded & {"torch", "numpy", "sklearn", "scipy", "matplotlib", "ipywidgets", "tqdm"}


def test_exercises_answer_where_nothing_but_numpy_is_installed(tmp_path: Path) -> None:
    project = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text(encoding="utf-8"))
    names = [re.match(r"[\w-]+", d)[0] for d in project["project"]["dependencies"]]
    missing = {"sklearn" if n == "scikit-learn" else n for n in names} - {"numpy"} | {"scipy"}
    assert {"torch", "matplotlib", "ipywidgets", "tqdm", "beartype"} < missing
    (tmp_path / "mle_lib").mkdir()
    (tmp_path / "mle_lib" / "__init__.py").touch()  # as in the zip of the page
    shutil.copytree(PACKAGE / "exercises", tmp_path / "mle_lib" / "exercises")
    code = f"""
import sys
sys.path.insert(0, {str(tmp_path)!r})
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {missing!r}:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Missing())
from mle_lib.exercises import check, hint, quiz, solution
from mle_lib.exercises.registry import by_id
for id, (_, exercise) in by_id().items():
    if exercise.kind == "code":
        expected = "not attempted" if exercise.needs else "correct"
        assert check(id, exercise.answer).status == expected, id
        hint(id), solution(id)
    else:
        quiz(id)
print(len(by_id()))
"""
    command = [sys.executable, "-c", code]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.stdout.strip().isdecimal(), result.stderr


def test_importing_every_module_seeds_nothing_and_changes_no_setting() -> None:
    modules = ", ".join(f"mle_lib.{name}" for name in [*LEVEL, "display", "exercises", "results"])
    code = f"""
import torch, numpy, random, matplotlib
torch.manual_seed(3); numpy.random.seed(3); random.seed(3)
def state():
    return (torch.random.get_rng_state().tolist(), repr(numpy.random.get_state()),
            random.getstate(), torch.get_default_dtype(), torch.get_num_threads(),
            dict(matplotlib.rcParams))
before = state()
import {modules}
assert state() == before
"""
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True)
