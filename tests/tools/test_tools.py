"""The commands behind the Makefile, tried on small books in an empty folder."""

import ast
import hashlib
import os
import re
import shutil
import subprocess
import sys
import threading
import tomllib
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from nbclient.exceptions import DeadKernelError
from nbformat import NotebookNode, v4

from tools import (
    bootstrap,
    build_book,
    check,
    environment,
    install,
    lock,
    maths,
    notebooks,
    publish_as,
    pyodide,
    serve,
)
from tools.environment import ROOT
from tools.notebooks import CHECKED, NotebookError, strip

# ---- bootstrap and install


def test_bootstrap_can_be_read_by_old_pythons() -> None:
    source = (ROOT / "tools" / "bootstrap.py").read_text()
    tree = ast.parse(source, feature_version=(3, 4))
    assert not any(isinstance(node, ast.JoinedStr | ast.AnnAssign) for node in ast.walk(tree))


@pytest.mark.parametrize(
    ("version", "others", "chosen"),
    [
        ((3, 11, 0), [], "this"),
        ((3, 14, 1), ["python3.11"], "this"),
        ((3, 10, 9), ["python3.12", "python3.11"], "python3.12"),
        ((3, 9, 2), [], None),
        ((2, 7, 18), [], None),
    ],
)
def test_a_python_new_enough_is_found(
    version: tuple[int, ...], others: list[str], chosen: str | None
) -> None:
    assert bootstrap.find_python(version, "this", works=others.__contains__) == chosen


def test_starting_a_python_tells_whether_it_will_do() -> None:
    assert bootstrap.starts_new_enough(sys.executable)
    assert not bootstrap.starts_new_enough("no-such-python")
    assert not bootstrap.starts_new_enough("false")


def test_fingerprint_changes_with_pins_python_and_place(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "requirements.txt").write_text("torch==1\n")
        (tmp_path / name / "pyproject.toml").write_text("")
    first = install.fingerprint(tmp_path / "a", "3.11")
    assert install.fingerprint(tmp_path / "a", "3.11") == first
    assert install.fingerprint(tmp_path / "b", "3.11") != first
    assert install.fingerprint(tmp_path / "a", "3.12") != first
    (tmp_path / "a" / "requirements.txt").write_text("torch==2\n")
    assert install.fingerprint(tmp_path / "a", "3.11") != first


def test_error_of_pip_is_one_line() -> None:
    output = "Collecting x\nERROR: No matching distribution found for x==9\n\nnotice: new pip\n"
    assert install.last_line(output) == "ERROR: No matching distribution found for x==9"
    assert install.last_line("") == "no message"


NONE_FOUND = (
    "ERROR: Could not find a version that satisfies the requirement x==9 (from versions: {})\n"
    "ERROR: No matching distribution found for x==9\n"
)
RETRYING = "WARNING: Retrying after connection broken by 'NameResolutionError(...)': /simple/x/\n"


@pytest.mark.parametrize(
    ("output", "offline"),
    [
        (RETRYING + NONE_FOUND.format("none"), True),
        ("ERROR: HTTPSConnectionPool(host='x'): Read timed out.\n", True),
        (NONE_FOUND.format("none"), False),
        (RETRYING + NONE_FOUND.format("7, 8"), False),
        (RETRYING + "ERROR: Could not install packages: [Errno 28] No space left\n", False),
    ],
)
def test_network_is_blamed_only_where_it_is_at_fault(output: str, offline: bool) -> None:
    assert install.diagnosis(output).startswith("No network" if offline else "ERROR: ")


@pytest.fixture
def empty_venv(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The paths of install.py, in a folder that is not there yet."""
    venv = tmp_path / ".venv"
    monkeypatch.setattr(install, "VENV", venv)
    monkeypatch.setattr(install, "PYTHON", Path(sys.executable))
    for name, file in {"STAMP": "installed", "ORIGIN": "origin", "LOG": "install.log"}.items():
        monkeypatch.setattr(install, name, venv / file)
    return venv


def test_environment_is_current_until_the_pins_change(
    empty_venv: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not install.is_current()
    empty_venv.mkdir()
    install.STAMP.write_text(install.fingerprint())
    assert install.is_current()
    monkeypatch.setattr(install, "fingerprint", lambda: "other pins")
    assert not install.is_current()


@pytest.mark.parametrize("complete", [True, False])
def test_an_error_of_pip_leaves_a_complete_environment_to_be_mended(
    empty_venv: Path, monkeypatch: pytest.MonkeyPatch, complete: bool
) -> None:
    empty_venv.mkdir()
    if complete:
        install.STAMP.write_text(install.fingerprint())
    monkeypatch.setattr(install, "pip_install", lambda *_: "No network")
    with pytest.raises(install.InstallError, match="No network"):
        install.install()
    assert install.STAMP.exists() == complete
    assert not install.is_current()


def test_an_environment_of_somebody_else_is_left_alone(
    empty_venv: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        install.subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], 0)
    )
    (empty_venv / "bin").mkdir(parents=True)
    with pytest.raises(install.InstallError, match="not of this book"):
        install.make_venv()
    assert (empty_venv / "bin").exists()
    install.ORIGIN.write_text("")
    install.make_venv()
    assert list(empty_venv.iterdir()) == [install.ORIGIN]
    assert install.ORIGIN.read_text() == install.origin()


def test_the_environment_of_another_copy_is_left_alone(empty_venv: Path, tmp_path: Path) -> None:
    (tmp_path / "other" / "bin").mkdir(parents=True)
    (tmp_path / "other" / "origin").write_text("")
    empty_venv.symlink_to(tmp_path / "other")
    with pytest.raises(install.InstallError, match="is a link"):
        install.make_venv()
    assert (tmp_path / "other" / "bin").exists()


def test_two_terminals_wait_for_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(install, "ROOT", tmp_path)

    def second() -> None:
        with install.one_at_a_time():
            order.append("second")

    order: list[str] = []
    thread = threading.Thread(target=second)
    with install.one_at_a_time():
        thread.start()
        thread.join(0.5)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]
    assert "Waiting" in capsys.readouterr().out


def test_settings_of_the_user_do_not_get_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", {"PYTEST_ADDOPTS": "--collect-only", "MLE_DATA_DIR": "x"})
    for name in ("PYTHONSAFEPATH", "MYPYPATH", "RUFF_CONFIG", "PYTHONHASHSEED", "PIP_INDEX_URL"):
        os.environ[name] = "user"
    environment.isolate()
    assert {n for n in os.environ if n.startswith(("PYTEST_", "MYPY", "RUFF_"))} == set()
    assert "PYTHONSAFEPATH" not in os.environ
    assert os.environ["PYTHONHASHSEED"] == "0"
    assert (os.environ["PIP_INDEX_URL"], os.environ["MLE_DATA_DIR"]) == ("user", "x")


def test_lock_drops_cuda_and_keeps_the_rest() -> None:
    locked = (
        "cuda-bindings==13 ; sys_platform == 'linux'\n    # via torch\n"
        "torch==2.13.0+cpu\n    # via -r requirements.in\n"
        "triton==3 ; sys_platform == 'linux'\n    # via\n    #   torch\n"
        "typing-extensions==4\n    # via torch\n"
    )
    assert lock.without_cuda(locked) == (
        "torch==2.13.0\n    # via -r requirements.in\ntyping-extensions==4\n    # via torch\n"
    )


def test_requirements_are_pinned_without_cuda_or_addresses() -> None:
    text = (ROOT / "requirements.txt").read_text()
    lines = [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]
    assert all("==" in line for line in lines)
    assert lock.without_cuda(text) == text
    assert "://" not in text
    assert "--" not in "".join(lines)


# ---- the table of contents


def make_book(root: Path, **cells: list[str]) -> None:
    """A book of notebooks with the code cells given, in this order, after an index page."""
    (root / "book").mkdir()
    (root / "book" / "index.md").write_text("# Index\n")
    toc = "format: jb-book\nroot: book/index\nchapters:\n"
    for name, sources in cells.items():
        notebook = v4.new_notebook(cells=[v4.new_code_cell(source) for source in sources])
        notebooks.write(notebook, root / "book" / f"{name}.ipynb")
        toc += f"  - file: book/{name}\n"
    (root / "_toc.yml").write_text(toc)


def test_notebooks_come_in_the_order_of_the_table_of_contents(tmp_path: Path) -> None:
    make_book(tmp_path, zeta=["1"], alpha=["1"])
    assert [path.name for path in notebooks.toc_files(tmp_path)] == [
        "index.md",
        "zeta.ipynb",
        "alpha.ipynb",
    ]
    assert [path.name for path in notebooks.toc_notebooks(tmp_path)] == [
        "zeta.ipynb",
        "alpha.ipynb",
    ]


def test_parts_and_sections_are_listed(tmp_path: Path) -> None:
    make_book(tmp_path, a=["1"], b=["1"])
    (tmp_path / "_toc.yml").write_text(
        "format: jb-book\nroot: book/index\nparts:\n  - caption: One\n    chapters:\n"
        "      - file: book/b\n        sections:\n          - file: book/a.ipynb\n"
    )
    assert [path.stem for path in notebooks.toc_files(tmp_path)] == ["index", "b", "a"]


@pytest.mark.parametrize(
    ("toc", "message"),
    [
        ("format: jb-book\nroot: book/index\nchapters:\n  - file: book/gone\n", "book/gone"),
        ("format: jb-book\nroot: book/index\nchapters:\n  - glob: book/*\n", "glob"),
        ("chapters: [", "cannot be read"),
        ("root: 3", "cannot be read"),
    ],
)
def test_a_faulty_table_of_contents_is_named(tmp_path: Path, toc: str, message: str) -> None:
    make_book(tmp_path)
    (tmp_path / "_toc.yml").write_text(toc)
    with pytest.raises(NotebookError, match=message):
        notebooks.toc_files(tmp_path)


# ---- stripping and running notebooks


def executed(source: str, *outputs: NotebookNode, tags: tuple[str, ...] = ()) -> NotebookNode:
    cell = v4.new_code_cell(source, execution_count=5, outputs=list(outputs))
    cell.metadata.update(tags=list(tags), execution={"iopub.execute_input": "2026"}, id="x")
    return cell


PRINTED = v4.new_output("stream", name="stdout", text="1\n")
VALUE = v4.new_output("execute_result", data={"text/plain": "2"}, execution_count=5)
PICTURE = v4.new_output("display_data", data={"image/png": "aGVsbG8=", "text/plain": "<Figure>"})


def test_strip_keeps_the_text_of_checked_cells_only() -> None:
    plain = executed("a", PRINTED)
    checked = executed("b", PRINTED, VALUE, PICTURE, tags=(CHECKED,))
    notebook = v4.new_notebook(cells=[plain, checked], metadata={"colab": {}, "widgets": {}})
    clean = strip(notebook)
    assert clean.cells[0].outputs == []
    assert [output.output_type for output in clean.cells[1].outputs] == ["stream", "execute_result"]
    assert clean.cells[1].outputs[1].execution_count == 2
    assert [cell.execution_count for cell in clean.cells] == [None, 2]
    assert clean.cells[0].metadata == {}
    assert clean.cells[1].metadata == {"tags": [CHECKED]}
    assert set(clean.metadata) == {"kernelspec", "language_info"}
    assert plain.outputs, "the notebook given must stay as it was"
    assert strip(clean) == clean


def test_writing_twice_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    notebook = strip(v4.new_notebook(cells=[executed("x = 'é'")]))
    assert notebooks.write(notebook, path)
    assert not notebooks.write(notebooks.read(path), path)
    assert path.read_bytes().endswith(b"}\n")
    assert list(tmp_path.iterdir()) == [path]


def test_run_stores_what_checked_cells_print(tmp_path: Path) -> None:
    make_book(tmp_path, good=["print(6 * 7)", "print('not kept')"])
    path = tmp_path / "book" / "good.ipynb"
    notebook = notebooks.read(path)
    notebook.cells[0].metadata.tags = [CHECKED]
    notebooks.write(notebook, path)
    assert notebooks.update_all([path]) == []
    stored = notebooks.read(path)
    assert stored.cells[0].outputs[0].text == "42\n"
    assert stored.cells[1].outputs == []


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("1 / 0", r"code cell 2 failed:\n    1 / 0\n(.|\n)*ZeroDivisionError"),
        ("import os; os._exit(1)", "code cell 2 failed(.|\n)*process died"),
        ("display(3)", f"tagged {CHECKED} must print text"),
        ("3;", f"tagged {CHECKED} must print text"),
    ],
)
def test_a_failed_run_leaves_the_file_untouched(tmp_path: Path, source: str, message: str) -> None:
    make_book(tmp_path, bad=["print('first')", source])
    path = tmp_path / "book" / "bad.ipynb"
    notebook = notebooks.read(path)
    notebook.cells[1].metadata.tags = [CHECKED]
    notebooks.write(notebook, path)
    before = path.read_bytes()
    failures = notebooks.update_all([path])
    assert len(failures) == 1
    with pytest.raises(AssertionError, match=message):
        raise AssertionError(failures[0])
    assert path.read_bytes() == before
    assert [p.name for p in path.parent.glob("*bad*")] == ["bad.ipynb"]


@pytest.mark.parametrize(
    "error", [DeadKernelError("Kernel died"), RuntimeError("no kernel_info"), OSError("full")]
)
def test_a_kernel_that_dies_or_does_not_start_is_named(
    error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(_client: object) -> None:
        raise error

    make_book(tmp_path, one=["1"])
    monkeypatch.setattr(notebooks.NotebookClient, "async_execute", fail)
    (failure,) = notebooks.update_all([tmp_path / "book" / "one.ipynb"])
    assert "one.ipynb failed before its first code cell" in failure


# ---- make test


@pytest.mark.parametrize(
    ("codes", "result", "said"),
    [
        ([0, 0], 0, "all 2 steps passed"),
        ([0, 1], 1, "FAILED at step 1"),
        ([2, 0], 1, "FAILED at step 0"),
        ([0, check.SKIPPED], 0, "passed, but for step 1, skipped"),
    ],
)
@pytest.mark.parametrize("soak", [False, True])
@pytest.mark.parametrize("at_once", [False, True])
def test_one_failing_step_fails_the_whole(
    codes: list[int],
    result: int,
    said: str,
    soak: bool,
    at_once: bool,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    end = "print('its own words'); raise SystemExit"
    steps = [(f"step {i}", ["-c", f"{end}({code})"]) for i, code in enumerate(codes)]
    groups = [steps] if at_once else [[step] for step in steps]
    monkeypatch.setattr(check, "soak_steps" if soak else "steps", lambda: groups)
    monkeypatch.setattr(check, "isolate", lambda: None)
    assert check.main(["--soak"] if soak else []) == result
    shown = "".join(capsys.readouterr())
    assert said in shown
    assert shown.count("its own words") == at_once  # the others' go to the terminal itself


def test_what_is_left_out_at_a_push_is_in_soak() -> None:
    """By the settings a push runs what is not marked, and `make soak` the rest of the same."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["pytest"]
    options = settings["ini_options"]["addopts"]
    assert options[options.index("-m") + 1] == "not soak"
    others = [path for path in (ROOT / "tests").rglob("*.py") if path != Path(__file__)]
    marked = {p.parent for p in others if "pytest.mark.soak" in p.read_text("utf-8")}
    commands = [command for ((_, command),) in check.soak_steps() if "soak" in command]
    assert {ROOT / command[-1] for command in commands} == marked
    workflow = (ROOT / ".github" / "workflows" / "test.yml").read_text("utf-8")
    assert workflow.index("make soak") < workflow.index("upload-pages-artifact")


# ---- Python for the page

FILES = {"python.mjs": b"start", "numpy.whl": b"\0" * 1000}


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a small release, and an empty one to keep it in."""
    (tmp_path / "mirror").mkdir()
    for name, content in FILES.items():
        (tmp_path / "mirror" / name).write_bytes(content)
    sums = {name: hashlib.sha256(content).hexdigest() for name, content in FILES.items()}
    monkeypatch.setattr(pyodide, "checksums", lambda: sums)
    monkeypatch.setenv("MLE_PYODIDE", str(tmp_path / "mirror"))
    monkeypatch.delenv("CI", raising=False)
    return tmp_path / "mirror"


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


class Requests(SimpleHTTPRequestHandler):
    """A server of files that remembers what it was asked for, and breaks off at ``broken``."""

    asked: list[str]
    broken = ""

    def do_GET(self) -> None:
        self.asked.append(self.path)
        if self.path == f"/{self.broken}":
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b"half")
        else:
            super().do_GET()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def server(mirror: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Requests]]:
    """The mirror behind an address, which is in `MLE_PYODIDE`."""
    handler = type("Handler", (Requests,), {"asked": []})
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=mirror)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("MLE_PYODIDE", f"http://127.0.0.1:{server.server_port}/")
        yield handler
        server.shutdown()


def test_the_pinned_files_are_those_that_the_page_loads() -> None:
    sums = pyodide.checksums()
    assert all(len(digest) == 64 for digest in sums.values())
    assert {"pyodide.mjs", "pyodide.asm.wasm", "python_stdlib.zip"} < set(sums)
    assert len([name for name in sums if name.startswith("numpy-")]) == 1
    assert f"/v{pyodide.VERSION}/" in pyodide.OFFICIAL


def test_everyone_says_how_much_python_is_by_one_number() -> None:
    """The page counts the bytes of the files themselves; `test_exercises_words.py` compares."""
    said = re.compile(r"\b(\d[\d.]*)\s?(?:MB|megabytes?)\b")
    known = {
        f"{path}: {line.strip()}": found[1]
        for path in subprocess.run(
            ["git", "ls-files", "*.md", "*.js", "*.mjs", "*.py", "*.yml", ":!CHANGELOG.md"],
            cwd=ROOT, capture_output=True, text=True, check=True,
        ).stdout.split()
        for line in (ROOT / path).read_text("utf-8").splitlines()
        if re.search(r"Python|Pyodide", line) and (found := said.search(line))
    }  # fmt: skip
    assert set(known.values()) == {str(pyodide.MEGABYTES)}, known


def test_files_come_from_a_folder(mirror: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept" / "1.0"
    assert pyodide.fetch_pyodide(kept) == kept
    assert contents(kept) == FILES
    shutil.rmtree(mirror)  # what is there is not fetched again
    assert pyodide.fetch_pyodide(kept) == kept


def test_files_come_from_an_address_and_only_those_that_are_lacking(
    server: type[Requests], tmp_path: Path
) -> None:
    kept = tmp_path / "kept"
    pyodide.fetch_pyodide(kept)
    assert contents(kept) == FILES
    (kept / "numpy.whl").write_bytes(b"damaged")
    server.asked.clear()
    pyodide.fetch_pyodide(kept)
    assert server.asked == ["/numpy.whl"]
    assert contents(kept) == FILES


def test_a_broken_connection_leaves_whole_files_alone(
    server: type[Requests], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = tmp_path / "kept"
    server.broken = "numpy.whl"
    assert pyodide.fetch_pyodide(kept) is None
    assert list(contents(kept)) == ["python.mjs"]
    assert "cannot be fetched" in capsys.readouterr().out.splitlines()[-1]
    server.broken = ""
    server.asked.clear()
    assert pyodide.fetch_pyodide(kept) == kept
    assert server.asked == ["/numpy.whl"]


@pytest.mark.parametrize("ci", [False, True])
def test_a_tampered_file_is_named_and_not_kept(
    mirror: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ci: bool
) -> None:
    if ci:
        monkeypatch.setenv("CI", "1")
    (mirror / "numpy.whl").write_bytes(b"something else")
    with pytest.raises(pyodide.PyodideError, match=r"numpy\.whl from .* SHA-256 is not the one"):
        pyodide.fetch_pyodide(tmp_path / "kept")
    assert list(contents(tmp_path / "kept")) == ["python.mjs"]


@pytest.mark.parametrize("source", ["no/such/folder", "http://127.0.0.1:9/", "http://[", ""])
def test_without_a_source_the_book_is_built_but_not_in_ci(
    mirror: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    source: str,
) -> None:
    monkeypatch.setenv("MLE_PYODIDE", source)
    monkeypatch.setattr(pyodide, "OFFICIAL", "http://127.0.0.1:9/official/")
    assert pyodide.fetch_pyodide(tmp_path / "kept") is None
    said = capsys.readouterr().out.splitlines()[-1]
    assert source in said
    assert "Run buttons will say so" in said
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pyodide.PyodideError, match="CI is set"):
        pyodide.fetch_pyodide(tmp_path / "kept")


def test_the_site_has_the_files_or_none(mirror: Path, tmp_path: Path) -> None:
    site = tmp_path / "site" / "pyodide"
    pyodide.put_pyodide(mirror, site)
    (mirror / "not-listed").write_text("")
    pyodide.put_pyodide(mirror, site)
    assert contents(site) == FILES
    pyodide.put_pyodide(None, site)
    assert not site.exists()
    pyodide.put_pyodide(None, site)


def test_a_build_without_its_python_stops_before_it_begins(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse() -> None:
        raise pyodide.PyodideError("No Python for the page.")

    monkeypatch.setattr(build_book, "fetch_pyodide", refuse)
    monkeypatch.setattr(build_book, "isolate", lambda: None)
    monkeypatch.setattr(build_book, "build", lambda fresh: pytest.fail("it was built"))
    assert build_book.main([]) == 1
    assert "No Python for the page." in capsys.readouterr().err


# ---- what is made for the exercises


def test_stored_formulas_are_those_of_the_exercises() -> None:
    assert maths.STORED.read_text("utf-8") == maths.written(), "run `make generated`"


def test_the_wheel_holds_what_exercises_need(tmp_path: Path) -> None:
    """From a copy: a build leaves its traces beside the sources."""
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path)
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "mle_lib", tmp_path / "mle_lib", ignore=ignored)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"]
    command += ["--no-build-isolation", "--no-index", "--wheel-dir=made", "."]
    subprocess.run(command, cwd=tmp_path, capture_output=True, check=True)
    (wheel,) = (tmp_path / "made").glob("*.whl")
    expected = {
        path.relative_to(tmp_path).as_posix()
        for path in (tmp_path / "mle_lib").rglob("*")
        if path.suffix in {".py", ".js", ".css", ".json"}
    }
    assert {"mle_lib/exercises/maths.json", "mle_lib/exercises/static/exercises.js"} < expected
    assert expected <= set(zipfile.ZipFile(wheel).namelist())


# ---- make serve


def test_site_is_served_to_this_machine_alone() -> None:
    with serve.make_server(0) as server:
        assert server.server_address[0] == "127.0.0.1"


@pytest.mark.parametrize("own", [True, False], ids=["the site's page", "without one"])
def test_an_unknown_address_is_answered_by_the_sites_own_page(tmp_path: Path, own: bool) -> None:
    (tmp_path / "index.html").write_text("the book")
    if own:
        (tmp_path / "404.html").write_text("no such page")
    handler = partial(serve.Handler, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        assert urlopen(f"{address}/index.html").read() == b"the book"
        with pytest.raises(HTTPError) as error:
            urlopen(f"{address}/a/b?c")
        with error.value as answer:
            assert answer.code == 404
            assert (answer.read() == b"no such page") == own
        server.shutdown()


@pytest.mark.parametrize("port", ["", "abc", "0", "70000", "-1"])
def test_a_faulty_port_is_named(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert serve.main(port) == 1
    assert "from 1 to 65535" in capsys.readouterr().err


def test_a_taken_port_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with serve.make_server(0) as server:
        assert serve.main(str(server.server_port)) == 1
    assert "is taken; choose another" in capsys.readouterr().err


# ---- the repository's address


def test_address_is_written_everywhere(tmp_path: Path) -> None:
    page = "blob/main/book/page.md"
    make_book(
        tmp_path, a=["# git+https://github.com/-old-/mle", f"# https://github.com/-old-/mle/{page}"]
    )
    (tmp_path / "_config.yml").write_text("repository:\n  url: https://github.com/-old-/mle\n")
    (tmp_path / "README.md").write_text(
        "https://github.com/-old-/mle.git, github.com/-old-/mle-2.\n"
    )
    changed = publish_as.publish_as("Ada-L/book_2", tmp_path)
    assert [path.name for path in changed] == ["README.md", "a.ipynb", "_config.yml"]
    assert publish_as.repository(tmp_path) == "Ada-L/book_2"
    assert (tmp_path / "README.md").read_text() == (
        "https://github.com/Ada-L/book_2.git, github.com/-old-/mle-2.\n"
    )
    notebook = (tmp_path / "book" / "a.ipynb").read_text()
    assert "git+https://github.com/Ada-L/book_2" in notebook
    assert f"https://github.com/Ada-L/book_2/{page}" in notebook
    assert publish_as.publish_as("Ada-L/book_2", tmp_path) == []


@pytest.mark.parametrize(
    "repo",
    [
        "",
        "ada",
        "ada/",
        "/x",
        "a/b/c",
        "-ada/x",
        "ada-/x",
        "a--b/x",
        "ada/x y",
        "ada/x.git",
        "ada/..",
    ],
)
def test_a_faulty_address_changes_nothing(tmp_path: Path, repo: str) -> None:
    (tmp_path / "_config.yml").write_text("repository:\n  url: https://github.com/-old-/mle\n")
    with pytest.raises(ValueError, match="owner/name"):
        publish_as.publish_as(repo, tmp_path)
    assert publish_as.repository(tmp_path) == "-old-/mle"


# ---- the log of jupyter-book

LOG = f"""\
\x1b[01mreading sources... \x1b[39;49;00m[ 50%] book/a
{ROOT}/book/a.ipynb: Executing notebook using local CWD [mystnb]
\x1b[91m{ROOT}/book/a.ipynb: WARNING: Executing notebook failed: CellExecutionError
Traceback (most recent call last):
  File "client.py", line 1, in execute
nbclient.exceptions.CellExecutionError: An error occurred while executing the following cell:
------------------
1 / 0
------------------

ZeroDivisionError: division by zero
 [mystnb.exec]\x1b[39;49;00m
{ROOT}/book/a.ipynb: WARNING: Notebook exception traceback saved in: x.err.log [mystnb.exec]
checking consistency... {ROOT}/book/index.md:5: WARNING: target not found: 'x' [myst.xref_missing]
"""


def test_complaints_name_cell_and_warning_and_nothing_else() -> None:
    assert build_book.complaints(LOG) == (
        "book/a.ipynb: a cell failed:\n    1 / 0\n    ZeroDivisionError: division by zero\n"
        "book/index.md:5: WARNING: target not found: 'x' [myst.xref_missing]"
    )


def test_complaints_of_a_crash_begin_with_the_first_error() -> None:
    crash = "reading\nExtension error (mle_book):\nHandler threw\n" + "more\n" * 50
    assert build_book.complaints(crash).startswith("Extension error (mle_book):\nHandler threw\n")
    assert build_book.complaints(crash).count("more") == 18
    assert build_book.complaints("one\ntwo\n") == "one\ntwo"


@pytest.mark.parametrize(
    "changed",
    ["_config.yml", "book/_static/a.css", "book/_ext/x/a.py", "mle_lib/exercises/x/a.py"],
)
def test_digest_changes_with_what_shapes_every_page(tmp_path: Path, changed: str) -> None:
    for name in ("_config.yml", "_toc.yml", "requirements.txt", changed):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    before = build_book.settings_digest(tmp_path)
    assert build_book.settings_digest(tmp_path) == before
    (tmp_path / changed).write_text("other")
    assert build_book.settings_digest(tmp_path) != before


def test_failed_build_forgets_what_it_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("BUILD", "HTML", "DOCTREES", "EXECUTED"):
        monkeypatch.setattr(build_book, name, tmp_path / name)
    monkeypatch.setattr(build_book, "STAMP", tmp_path / "BUILD" / "stamp")

    def pretend(succeeds: bool) -> None:
        def run() -> bool:
            build_book.DOCTREES.mkdir(exist_ok=True)
            return succeeds

        monkeypatch.setattr(build_book, "run_jupyter_book", run)

    pretend(succeeds=True)
    assert build_book.build(fresh=False)
    (build_book.DOCTREES / "page").write_text("")
    build_book.EXECUTED.mkdir()
    assert build_book.build(fresh=False)
    assert build_book.EXECUTED.exists()
    assert (build_book.DOCTREES / "page").exists(), "nothing has changed: pages are kept"
    assert build_book.build(fresh=True)
    assert not build_book.EXECUTED.exists()
    assert not (build_book.DOCTREES / "page").exists()
    (build_book.DOCTREES / "page").write_text("")
    monkeypatch.setattr(build_book, "settings_digest", lambda: "other settings")
    assert build_book.build(fresh=False)
    assert not (build_book.DOCTREES / "page").exists()
    pretend(succeeds=False)
    assert not build_book.build(fresh=False)
    assert not build_book.DOCTREES.exists()
    assert not build_book.STAMP.exists()


def test_interrupted_build_is_not_taken_for_a_good_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def interrupt() -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr(build_book, "BUILD", tmp_path)
    monkeypatch.setattr(build_book, "STAMP", tmp_path / "stamp")
    monkeypatch.setattr(build_book, "run_jupyter_book", interrupt)
    build_book.STAMP.write_text(build_book.settings_digest())
    with pytest.raises(KeyboardInterrupt):
        build_book.build(fresh=False)
    assert not build_book.STAMP.exists()


def test_makefile_lists_its_commands() -> None:
    listed = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    commands = (
        "book",
        "serve",
        "test",
        "test-colab",
        "notebooks",
        "generated",
        "links",
        "format",
        "lock",
        "publish-as",
        "clean",
    )
    for command in commands:
        assert f"make {command} " in listed.stdout
