"""The house plan: which room may import which, and what importing the library costs."""

import ast
import importlib
import re
import shutil
import subprocess
import sys
import tomllib
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import mle_lib

PACKAGE = Path(__file__).parents[2] / "mle_lib"
MODULES = sorted(PACKAGE.rglob("*.py"))


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


def name(path: Path) -> str:
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__")


def arrows() -> dict[str, set[str]]:
    """Which modules each imports; of a room that is imported by its name, what is at its door."""
    modules = {name(path) for path in MODULES}
    found = {}
    for path in MODULES:
        ours = (one for one in imports(path) if one.startswith("mle_lib."))
        full = {one.removeprefix("mle_lib.") for one in ours}
        found[name(path)] = {one if one in modules else one.rpartition(".")[0] for one in full} - {
            "",
            name(path),
        }
    return found


def test_arrows_run_one_way() -> None:
    """Between rooms, and between the files of a room: there is an order in which each may be read
    before those that need it."""
    found = arrows()
    assert found["training.loop"] > {"training.run", "training.steps", "models"}
    tuple(TopologicalSorter(found).static_order())  # a CycleError names the circle
    rooms: dict[str, set[str]] = {}
    for module, needed in found.items():
        here = module.partition(".")[0]
        rooms.setdefault(here, set()).update(one.partition(".")[0] for one in needed)
        rooms[here] -= {here}
    tuple(TopologicalSorter(rooms).static_order())
    assert rooms["display"] <= {"checks", "results"}, "display draws tensors and knows no model"
    for alone in ("__init__", "results", "exercises", "checks"):
        assert not rooms[alone], "imports nothing of the library"


def test_a_circle_would_be_found() -> None:
    with pytest.raises(CycleError):
        tuple(TopologicalSorter({"a": {"b"}, "b": {"a"}}).static_order())


def test_every_room_says_at_its_door_what_is_public() -> None:
    doors = list(PACKAGE.glob("*/__init__.py"))
    assert len(doors) > 8
    for path in doors:
        module = importlib.import_module(f"mle_lib.{path.parent.name}")
        assert module.__doc__, path
        assert sorted(module.__all__) == sorted(set(module.__all__)), path
        assert all(hasattr(module, public) for public in module.__all__), path


def test_exercises_import_numpy_alone() -> None:
    found = set().union(*(imports(path) for path in MODULES if name(path).startswith("exercises")))
    assert {name.partition(".")[0] for name in found} - sys.stdlib_module_names == {
        "numpy",
        "mle_lib",
    }


def test_the_readme_links_to_what_is_there() -> None:
    readme = (PACKAGE.parent / "README.md").read_text(encoding="utf-8")
    targets = [t for t in re.findall(r"\]\(([^)]+)\)", readme) if "://" not in t]
    assert targets
    assert [t for t in targets if not (PACKAGE.parent / t).exists()] == []


def test_the_version_is_the_same_everywhere() -> None:
    root = PACKAGE.parent
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == mle_lib.__version__
    cited = (root / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {mle_lib.__version__}\n" in cited


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
        assert check(id, exercise.answer).status == "correct", id
        hint(id), solution(id)
    else:
        quiz(id)
print(len(by_id()))
"""
    command = [sys.executable, "-c", code]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.stdout.strip().isdecimal(), result.stderr


def test_importing_every_module_seeds_nothing_and_changes_no_setting() -> None:
    modules = ", ".join(f"mle_lib.{name}".removesuffix(".__init__") for name in sorted(arrows()))
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
