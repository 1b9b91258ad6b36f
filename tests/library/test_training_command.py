"""``python -m mle_lib.training``, alone and under ``torchrun``, as a reader types it."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch

from mle_lib.training import command

ROOT = Path(__file__).parents[2]
TORCHRUN = ["-m", "torch.distributed.run"]  # which is what `torchrun` runs
SMALL = [
    *("--data", "names", "--model", "transformer", "--rows", "60", "--width", "8"),
    *("--layers", "1", "--heads", "2", "--batch-size", "7", "--dtype", "float64"),
    *("--save-every", "0"),
]


def start(count: int | None, *arguments: str) -> subprocess.Popen[str]:
    """The command, under ``torchrun`` with so many processes, or alone."""
    launcher = [] if count is None else [*TORCHRUN, f"--nproc-per-node={count}"]
    if count is not None:
        launcher += ["--master-port=0", "--rdzv-backend=c10d", "--rdzv-endpoint=localhost:0"]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "TQDM_DISABLE": "1"}
    return subprocess.Popen(
        [sys.executable, *launcher, "-m", "mle_lib.training", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        start_new_session=True,
    )


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Its exit code, what it said, and of its errors the lines that are ours and those after."""
    try:
        out, error = process.communicate(timeout=120)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
    return process.returncode, out, error


def ours(error: str) -> list[str]:
    return [line for line in error.splitlines() if line.startswith("mle_lib.training: ")]


def children(parent: int) -> list[int]:
    """The processes that it has started, the oldest first."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = path.read_text()
        except OSError:  # it has just ended
            continue
        if int(text.rpartition(")")[2].split()[1]) == parent:
            found.append(int(path.parent.name))
    return sorted(found)


def wait_for(path: Path, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 60
    while not path.exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)


def state(path: Path) -> dict[str, Any]:
    """What it holds, but for what differs from one run to the next: seconds, and the digest of
    all."""
    content = torch.load(path, weights_only=True)
    content["history"].pop("seconds")
    for name in ("seconds", "file digest"):
        content.pop(name)
    return content


def tensors(content: Any) -> list[torch.Tensor]:
    if isinstance(content, torch.Tensor):
        return [content]
    if isinstance(content, dict):
        content = list(content.values())
    return [t for part in content for t in tensors(part)] if isinstance(content, list) else []


def same(one: Any, other: Any) -> bool:
    pairs = zip(tensors(one), tensors(other), strict=True)
    return all(torch.equal(a, b) for a, b in pairs) and one["history"] == other["history"]


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What two processes leave that nobody disturbs."""
    path = tmp_path_factory.mktemp("unbroken") / "run.pt"
    code, out, error = ended(start(2, *SMALL, "--epochs", "12", "--checkpoint", str(path)))
    assert code == 0, error
    assert "12.00" in out
    assert "ended by: epochs" in out
    assert out.count("passes") == 1  # one of them speaks
    return state(path)


@pytest.mark.skipif(not Path("/proc").exists(), reason="processes are found in /proc")
@pytest.mark.soak  # three minutes
@pytest.mark.parametrize("kills", [20])
def test_a_killed_rank_ends_all_and_the_run_goes_on_exactly(
    tmp_path: Path, unbroken: dict[str, Any], kills: int, record_property
) -> None:
    """Each time the same command; after the last kill it ends as if nothing had been. A kill that
    comes too late, when the run has ended, does not count: the run begins again, in a new file."""
    chance, done, lives = random.Random(kills), 0, 0
    path = tmp_path / "run 0.pt"
    while done < kills:
        lives += 1
        assert lives < 3 * kills + 3
        process = start(2, *SMALL, "--epochs", "12", "--checkpoint", str(path))
        wait_for(path, process)
        before = path.stat().st_mtime_ns
        while process.poll() is None and path.stat().st_mtime_ns == before:
            time.sleep(0.005)  # until it trains
        time.sleep(chance.uniform(0, 0.5))
        ranks = children(process.pid)
        if len(ranks) == 2:
            os.kill(chance.choice(ranks), signal.SIGKILL)
        code, out, error = ended(process)
        if code == 0 or "ended by: epochs" in out:  # it was over, and has said so
            assert same(state(path), unbroken)
            path = tmp_path / f"run {lives}.pt"
            continue
        done += 1
        assert ours(error) == [
            "mle_lib.training: another worker has ended or cannot be reached: training has "
            f"stopped; the same command goes on from {path}"
        ], error
        assert error.index("mle_lib.training: ") < error.index("FAILED"), error
        assert not any(Path(f"/proc/{rank}/exe").exists() for rank in ranks)
    code, _, error = ended(start(2, *SMALL, "--epochs", "12", "--checkpoint", str(path)))
    assert code == 0, error
    assert same(state(path), unbroken)
    record_property("count", ("ranks killed, and gone on from exactly", done))


def test_another_number_of_processes_goes_on_to_rounding(
    tmp_path: Path, unbroken: dict[str, Any], deviation
) -> None:
    """Ctrl-C, which the terminal sends to all of them, and the launcher once more; then one
    process alone makes the rest."""
    path = tmp_path / "run.pt"
    process = start(2, *SMALL, "--epochs", "12", "--checkpoint", str(path))
    wait_for(path, process)
    before = path.stat().st_mtime_ns
    while path.stat().st_mtime_ns == before:
        time.sleep(0.005)
    os.killpg(process.pid, signal.SIGINT)
    _, out, error = ended(process)
    assert "ended by: interrupt" in out, error
    epoch, step = state(path)["place"]
    assert 0 < 9 * epoch + step < 108
    code, out, error = ended(start(None, *SMALL, "--epochs", "12", "--checkpoint", str(path)))
    assert code == 0, error
    found = state(path)
    for name, value in unbroken["model"].items():
        deviation((found["model"][name] - value).abs().max() / value.abs().max(), 1e-12)
    for one, other in zip(found["history"]["train"], unbroken["history"]["train"], strict=True):
        deviation(abs(one / other - 1), 1e-12)


ASKED_WHILE_IT_SPEAKS = """
import os, signal, sys
from torch.distributed import HashStore
from mle_lib.distributed import LostWorkerError
from mle_lib.training import command

class Store(HashStore):  # the launcher's, which asks to end just then
    said = 0
    def add(self, key, by):
        self.said += by
        os.kill(os.getpid(), signal.SIGTERM)
        return self.said

def lost(*_):
    raise LostWorkerError("another worker has ended")

os.environ["WORLD_SIZE"] = "2"
command.joined, command.chosen, command.trained = Store, lambda _: (None, None, None), lost
command.finish = lambda: os._exit(3)  # it would wait for who is not there
sys.exit(command.main(["--data", "names", "--model", "transformer"]))
"""


def test_who_speaks_is_not_interrupted() -> None:
    """The launcher asks a process to end that has found out by itself; nobody else will say it."""
    done = subprocess.run(
        [sys.executable, "-c", ASKED_WHILE_IT_SPEAKS],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    line = "another worker has ended: training has stopped"
    assert (done.returncode, done.stderr) == (1, f"mle_lib.training: {line}\n")


@pytest.mark.parametrize(
    ("given", "line"),
    [
        (["--batch-size", "61"], "batch_size must be at most m = 60, got 61"),
        pytest.param(
            *(["--model", "made"], "model must be one of transformer for names, got made"),
            marks=pytest.mark.soak,
        ),
    ],
)
def test_a_wrong_argument_is_told_once(given, line) -> None:
    code, out, error = ended(start(2, *SMALL, *given))
    assert code != 0
    assert out == ""
    assert ours(error) == [f"mle_lib.training: {line}"]


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ([], "the following arguments are required: --data, --model"),
        (["--data", "names", "--model", "made"], "model must be one of transformer for names"),
        (["--data", "digits", "--model", "transformer"], "model must be one of fvsbn, made,"),
        (["--data", "digits", "--model", "made", "--hidden", "0"], "hidden must be"),
        (["--data", "digits", "--model", "made", "--hidden", "x"], "invalid int value: 'x'"),
        (["--data", "digits", "--model", "made", "--rows", "0"], "rows must be at least 1, got 0"),
        (["--data", "digits", "--model", "made", "--lr", "-1"], "lr must be"),
        (["--data", "digits", "--model", "made", "--scale", "big"], "scale must be one of"),
        (["--data", "digits", "--model", "made", "--checkpoint", "."], ". is there and no file"),
    ],
)
def test_alone_a_wrong_argument_is_a_line(given, line, capsys, monkeypatch) -> None:
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    assert command.main(given) == 2
    out, error = capsys.readouterr()
    assert out == ""
    assert error.startswith("mle_lib.training: ")
    assert line in error
    assert error.count("\n") == 1


@pytest.mark.parametrize("model", [*command.BINARY, "transformer"])
def test_every_model_trains(model, capsys, monkeypatch) -> None:
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setenv("TQDM_DISABLE", "1")
    data = "names" if model == "transformer" else "digits"
    small = ["--rows", "20", "--hidden", "4", "--width", "4", "--heads", "2", "--layers", "1"]
    torch.manual_seed(1)
    assert command.main(["--data", data, "--model", model, *small, "--batch-size", "7"]) == 0
    assert "ended by: epochs" in capsys.readouterr().out
