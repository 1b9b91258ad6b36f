"""Chapters in Colab: each first cell as it stands, here; all cells by `make test-colab`."""

import ast
import asyncio
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

import pytest
from nbformat import NotebookNode, v4
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from tools import colab, colab_environment
from tools.chapter_rules import code_cells
from tools.colab_environment import ColabError, Remote
from tools.environment import BUILD, ROOT
from tools.notebooks import CHECKED, NotebookError, read, toc_notebooks, write
from tools.publish_as import repository

# The packages of this environment, without the library and what makes it editable
HERE = Path(pytest.__file__).parents[1]
NOT_IN_COLAB = ("mle_lib*", "__editable__*")
# Half of all files, which no chapter reads: an environment is made and searched in half the time.
NOT_READ = (
    "include",
    "tests",
    "typeshed",
    "mypy*",
    "babel",
    "sphinx*",
    "playwright",
    "__pycache__",
)


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """In Colab pip fetches a setuptools of its own to build with; here it takes ours."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_NO_BUILD_ISOLATION", "0")  # pip reads 0 as "no isolation"
    monkeypatch.delenv("PIP_CONSTRAINT", raising=False)


@pytest.fixture
def remote(tmp_path: Path) -> Remote:
    """The library as it is here, committed or not, in place of its public repository."""
    source = tmp_path / "source"
    ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
    shutil.copytree(ROOT / "mle_lib", source / "mle_lib", ignore=ignored)
    for name in ("pyproject.toml", "README.md", "LICENSE", "_config.yml", ".gitignore"):
        shutil.copy(ROOT / name, source)
    commit_all(source)
    return colab_environment.serve(source, tmp_path / "remote")


def commit_all(folder: Path) -> None:
    who = ("-c", "user.name=test", "-c", "user.email=test@localhost", "-c", "commit.gpgsign=false")
    for command in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--message=all"]):
        colab_environment.git("-C", str(folder), *who, *command)


def run(notebook: NotebookNode, remote: Remote) -> int:
    BUILD.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="test-", dir=BUILD) as name:
        path = Path(name) / "chapter.ipynb"
        write(notebook, path)
        python, folder = Path(sys.executable), Path(name) / "run"
        return asyncio.run(
            colab.run_chapter(path, python, HERE, remote, folder, *NOT_IN_COLAB, *NOT_READ)
        )


def chapter(*sources: str) -> NotebookNode:
    return v4.new_notebook(cells=[v4.new_code_cell(source) for source in sources])


def first_cells() -> set[str]:
    return {code_cells(read(path))[0].source for path in toc_notebooks()}


def needed_of_the_library() -> list[str]:
    """Every import of it in a chapter, and every stored result that one reads."""
    cells = [cell for path in toc_notebooks() for cell in code_cells(read(path))[1:]]
    lines: set[str] = set()
    for cell in cells:
        source = re.sub(r"^\s*[%!].*$", "", cell.source, flags=re.M)
        for node in ast.walk(ast.parse(source)):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if any(name.partition(".")[0] == "mle_lib" for name in names):
                lines.add(ast.unparse(node))
        lines |= set(re.findall(r'load_result\("\w+"\)', cell.source))
    return ["from mle_lib.results import load_result", *sorted(lines, key=lambda x: "(" in x)]


def test_first_cell_as_it_stands_installs_all_that_chapters_need(remote: Remote) -> None:
    (first_cell,) = first_cells()  # all chapters begin with the same
    needed = needed_of_the_library()
    assert len(needed) > 30
    exercises = [
        "from mle_lib.exercises import quiz",
        "from mle_lib.exercises.registry import by_id",
        "shown = [quiz(name) for name, (_, e) in by_id().items() if e.kind != 'code']",
        "assert all('<script>' in q._repr_html_() for q in shown)",
    ]
    where = "import mle_lib, sys\nassert mle_lib.__file__.startswith(sys.prefix)"
    probes = ["\n".join(needed), "\n".join(exercises), where]
    assert run(chapter(first_cell, *probes), remote) == 4


def test_what_a_chapter_must_not_do_is_found(remote: Remote) -> None:
    """It installs what it should not, and not what it should; it writes to stderr; a cell fails."""
    intrude = (
        "import site, sys\nfrom pathlib import Path\n"
        "Path(site.getsitepackages()[0], 'intruder.py').write_text('')\n"
        "print('oops', file=sys.stderr)"
    )
    with pytest.raises(NotebookError) as caught:
        run(chapter(intrude, "import os; sorted(os.listdir())", "1 / 0"), remote)
    said = str(caught.value)
    assert said.startswith("chapter.ipynb, code cell 3 failed:\n    1 / 0\n")
    assert "chapter.ipynb: code cell 1 writes to stderr:\noops" in said
    assert "chapter.ipynb: it also installed intruder.py" in said
    address = f"mle-lib @ git+https://github.com/{repository()}@{remote.commit}"
    assert f"chapter.ipynb: {address} was not installed" in said


# ---- the parts, without pip or a kernel


def cell(source: str, *outputs: NotebookNode, tags: tuple[str, ...] = ()) -> NotebookNode:
    return v4.new_code_cell(source, outputs=list(outputs), metadata={"tags": list(tags)})


def stream(text: str, name: str = "stdout") -> NotebookNode:
    return v4.new_output("stream", name=name, text=text)


def faults(stored: list[NotebookNode], executed: list[NotebookNode]) -> list[str]:
    return list(colab.faults(v4.new_notebook(cells=stored), v4.new_notebook(cells=executed)))


def test_other_numbers_in_checked_cells_alone_are_faults() -> None:
    value = v4.new_output("execute_result", data={"text/plain": "3"}, execution_count=1)
    stored = [cell("%pip"), cell("a", stream("1\n"), value, tags=(CHECKED,)), cell("b")]
    note = stream(f"{colab.NOTE}\n")
    bar = v4.new_output("display_data", data={"text/plain": "0%|   | 0/9"})
    executed = [cell("%pip", note), cell("a", stream("1\n"), bar, value, tags=(CHECKED,))]
    assert faults(stored, [*executed, cell("b", stream("other"))]) == []
    executed[1].outputs[0].text = "2\n"
    (fault,) = faults(stored, [*executed, cell("b")])
    assert fault == "code cell 2 prints\n2\n3\nand not\n1\n3"


def test_what_pip_says_and_what_is_written_to_stderr_are_faults() -> None:
    said = stream(f"ERROR: no\n{colab.NOTE}\n")
    stored, executed = (
        [cell("%pip"), cell("a")],
        [cell("%pip", said), cell("a", stream("w", "stderr"))],
    )
    assert faults(stored, executed) == [
        "code cell 1 says:\nERROR: no",
        "code cell 2 writes to stderr:\nw",
    ]


def test_only_the_commit_served_may_be_new() -> None:
    remote = Remote("ada/mle", Path("x"), "abc")
    ours = "mle-lib @ git+https://github.com/ada/mle@abc"
    assert list(colab.changes({"torch==1"}, {"torch==1", ours}, remote)) == []
    assert list(colab.changes({"torch==1"}, {"torch==2", f"{ours}d"}, remote)) == [
        "torch==1 is gone or changed",
        f"{ours}d was installed",
        "torch==2 was installed",
        f"{ours} was not installed",
    ]


def test_the_last_commit_is_served(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    config = "repository:\n  url: https://github.com/{}/mle\n"
    (source / "_config.yml").write_text(config.format("ada"))
    commit_all(source)
    (source / "_config.yml").write_text(config.format("eve"))
    remote = colab_environment.serve(source, tmp_path / "remote")
    assert (remote.name, remote.address) == ("ada/mle", "https://github.com/ada/mle")
    assert re.fullmatch("[0-9a-f]{40}", remote.commit)
    with pytest.raises(ColabError, match="git clone"):
        colab_environment.serve(tmp_path / "gone", tmp_path / "other")


def test_a_checkout_with_its_history_cut_off_is_served_too(tmp_path: Path) -> None:
    """As pip clones it: this went on for ever."""
    source, shallow = tmp_path / "source", tmp_path / "shallow"
    source.mkdir()
    for name in ("ada", "eve"):
        (source / "_config.yml").write_text(f"repository:\n  url: https://github.com/{name}/mle\n")
        commit_all(source)
    git = colab_environment.git
    git("clone", "--quiet", "--depth=1", source.as_uri(), str(shallow))
    git("-C", str(shallow), "checkout", "--quiet", "--detach")
    remote = colab_environment.serve(shallow, tmp_path / "remote")
    assert remote.name == "eve/mle"
    command = ["git", "clone", "--quiet", "--filter=blob:none", remote.folder.as_uri(), "cloned"]
    subprocess.run(command, cwd=tmp_path, check=True, timeout=30)
    assert (tmp_path / "cloned" / "_config.yml").exists()


def test_a_kernel_finds_colabs_settings_and_the_ways_to_the_index(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pip = tmp_path / ".config" / "pip" / "pip.conf"
    pip.parent.mkdir(parents=True)
    pip.write_text("")
    ours = str(Path(sys.prefix) / "bin")
    here = {
        "HOME": str(tmp_path),
        "PATH": f"{ours}:/usr/bin",
        "PIP_INDEX_URL": "https://mirror",
        "https_proxy": "http://proxy",
    }
    here |= dict.fromkeys(("MLE_DATA_DIR", "PYTHONPATH", "GIT_DIR", "TQDM_DISABLE"), "x")
    monkeypatch.setattr(colab_environment.os, "environ", here)
    remote = Remote("ada/mle", tmp_path / "remote", "abc")
    found = colab_environment.settings(Path("/env/bin/python"), Path("/home"), remote)
    assert (found["PATH"], found["HOME"]) == ("/env/bin:/usr/bin", "/home")
    assert (found["PIP_INDEX_URL"], found["https_proxy"]) == ("https://mirror", "http://proxy")
    assert found["PIP_CONFIG_FILE"] == str(pip)
    assert not {"MLE_DATA_DIR", "PYTHONPATH", "GIT_DIR", "TQDM_DISABLE"} & found.keys()
    assert found["GIT_CONFIG_KEY_0"] == f"url.file://{tmp_path}/remote.insteadOf"
    assert found["GIT_CONFIG_VALUE_0"] == "https://github.com/ada/mle"


def test_python_is_the_one_given_or_colabs_or_this(monkeypatch: pytest.MonkeyPatch) -> None:
    this = (sys.executable, sys.version.split()[0])
    assert colab_environment.find_python(sys.executable) == this
    monkeypatch.setattr(colab_environment, "wanted_python", lambda: "3.1000")
    assert colab_environment.find_python("") == this
    with pytest.raises(ColabError, match="PYTHON_COLAB is 'no-such-python'"):
        colab_environment.find_python("no-such-python")


def test_environment_is_kept_until_its_versions_change(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    versions = tmp_path / "colab.txt"
    versions.write_text("torch==1\n")
    monkeypatch.setattr(colab_environment, "VERSIONS", versions)
    monkeypatch.setattr(colab_environment, "install_cpu_torch", lambda torch, **_: None)
    asked: list[str] = []
    error: str | None = None

    def venv(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        python = Path(command[-1]) / "bin" / "python"
        python.parent.mkdir(parents=True)
        python.write_text("")
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(colab_environment.subprocess, "run", venv)
    monkeypatch.setattr(
        colab_environment, "pip_install", lambda *given, **_: asked.extend(given) or error
    )

    def make(version: str = "3") -> Path:
        return colab_environment.make_environment(sys.executable, version, tmp_path / "colab")

    python = make()
    assert python.exists()
    assert python == make()
    assert len(asked) == 1
    make("4")
    versions.write_text("torch==2\n")
    make("4")
    assert len(asked) == 3
    versions.write_text("torch==3\n")
    error = "No network"
    for _ in range(2):  # a failed attempt is not taken for an environment
        with pytest.raises(ColabError, match="No network"):
            make("4")


def test_versions_are_pinned_and_do_for_the_library() -> None:
    lines = colab_environment.VERSIONS.read_text("utf-8").splitlines()
    pins = dict(line.split("==") for line in lines if line and not line.startswith("#"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    for requirement in map(Requirement, project["dependencies"]):
        assert pins[requirement.name] in requirement.specifier
    assert colab_environment.wanted_python() in SpecifierSet(project["requires-python"])


@pytest.mark.parametrize("failing", [(), ("b",)])
def test_each_chapter_is_a_line_and_a_failure_is_told(
    failing: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def pretend(path: Path, *_: object) -> int:
        if path.stem in failing:
            raise NotebookError(f"{path.name}, code cell 7 failed")
        return 12

    monkeypatch.setattr(colab, "isolate", lambda: None)
    monkeypatch.setattr(colab, "HOME", tmp_path)
    monkeypatch.setattr(colab, "find_python", lambda given: ("python3.1", "3.1.0"))
    monkeypatch.setattr(colab, "make_environment", lambda *_: tmp_path / "bin" / "python")
    monkeypatch.setattr(colab, "versions", lambda _: "Python 3.13.0, torch 2.11.0")
    monkeypatch.setattr(colab, "serve", lambda *_: Remote("ada/mle", tmp_path, "abcdefghi"))
    monkeypatch.setattr(colab, "git", lambda *_: " M one\n?? two")
    monkeypatch.setattr(colab, "site_packages", lambda _: tmp_path)
    monkeypatch.setattr(colab, "toc_notebooks", lambda _: [Path("a.ipynb"), Path("b.ipynb")])
    monkeypatch.setattr(colab, "run_chapter", pretend)
    assert colab.main("") == bool(failing)
    said, errors = capsys.readouterr()
    assert "2 chapters, as committed in" in said
    assert "NOT tried: 2 files" in said
    assert f"Colab has Python {colab_environment.wanted_python()}" in said
    assert "  a.ipynb: all 12 code cells" in said
    if failing:
        assert "  b.ipynb: FAILED" in said
        assert "b.ipynb, code cell 7 failed" in errors
        assert "FAILED at b.ipynb" in errors
    else:
        assert "all 2 chapters run as in Colab" in said
    assert colab.main("", "a") == 0
    assert "1 chapters" in capsys.readouterr().out
