"""Training from the command line, by one process or by several:

    python -m mle_lib.training --data digits --model made --epochs 5
    torchrun --nproc-per-node 2 -m mle_lib.training --data names --model transformer --epochs 1

``torchrun`` starts as many processes as it is told to, which share every batch (``training.fit``).
The first of them speaks and writes. The same command goes on from its ``--checkpoint``.
"""

import argparse
import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

import torch
from torch import Tensor, distributed

from mle_lib import models, optimizers
from mle_lib.data import LETTERS, load_density_set, load_digits_binary, load_names
from mle_lib.data.density_sets import SETS
from mle_lib.distributed import LostWorkerError, Workers
from mle_lib.models import AutoregressiveModel
from mle_lib.training.history import History
from mle_lib.training.loop import fit

NAME = "mle_lib.training"
ENDINGS = (signal.SIGTERM, signal.SIGINT)
OPTIMIZERS = ("SGD", "Momentum", "Nesterov", "RMSprop", "Adam", "AdamW")
Maker = Callable[[int, argparse.Namespace], AutoregressiveModel]
BINARY: dict[str, Maker] = {
    "fvsbn": lambda n, asked: models.FVSBN(n),
    "made": lambda n, asked: models.MADE(n, asked.hidden),
    "nade": lambda n, asked: models.NADE(n, asked.hidden),
    "recurrent": lambda n, asked: models.RecurrentModel(n, asked.hidden),
}
SEQUENCES: dict[str, Maker] = {
    "transformer": lambda n, asked: models.Transformer(
        len(LETTERS) + 1, n, asked.width, asked.layers, asked.heads, asked.dropout
    ),
}


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """A wrong argument is a ``ValueError``, which is told once, however many processes there
        are."""
        raise ValueError(message)


def parser() -> argparse.ArgumentParser:
    """What can be asked for."""
    made = _Parser(
        prog=f"python -m {NAME}",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    whole: dict[str, Any] = {"type": int, "metavar": "N"}
    real: dict[str, Any] = {"type": float, "metavar": "X"}
    sets = ("names", "digits", *SETS)
    made.add_argument("--data", required=True, choices=sets, metavar="NAME", help=", ".join(sets))
    kinds = (*BINARY, *SEQUENCES)
    made.add_argument("--model", required=True, choices=kinds, help="transformer: of names")
    made.add_argument("--rows", **whole, help="take the first so many rows of the training data")
    made.add_argument("--hidden", **whole, default=100, help="units (made, nade, recurrent)")
    made.add_argument("--width", **whole, default=64, help="of the transformer")
    made.add_argument("--layers", **whole, default=2, help="of the transformer")
    made.add_argument("--heads", **whole, default=4, help="of the transformer")
    made.add_argument("--dropout", **real, default=0.0, help="of the transformer")
    made.add_argument("--optimizer", default="AdamW", choices=OPTIMIZERS)
    made.add_argument("--lr", **real, default=3e-3, help="step size")
    made.add_argument("--scale", default="mean", help="of the loss: estimate, mean or sum")
    made.add_argument("--batch-size", **whole, default=32, help="of all processes together")
    made.add_argument("--micro-batch-size", **whole, help="rows that one holds at once")
    made.add_argument("--epochs", **whole, default=1, help="passes over the data")
    made.add_argument("--patience", **whole, help="passes without a new best")
    made.add_argument("--evaluate-every", **whole, default=1, help="passes from one ℓ to the next")
    made.add_argument("--max-norm", **real, help="clip the gradient to this norm")
    made.add_argument("--seed", **whole, default=0, help="of the parameters and the shuffles")
    made.add_argument("--dtype", default="float32", choices=("float32", "float64"))
    made.add_argument("--device", help="cpu or cuda; if not said: cuda where there is one for each")
    made.add_argument("--checkpoint", metavar="FILE", help="kept up to date, and gone on from")
    made.add_argument("--save-every", type=float, default=60.0, metavar="SECONDS")
    return made


def main(given: Sequence[str]) -> int:
    """Train as the arguments say.

    Returns:
        0; 1 if another process has ended, or this one was told to at a moment when it could not
        save; 2 if an argument is wrong or a file cannot be used. Then one of the processes has said
        why, in a line.
    """
    several = "WORLD_SIZE" in os.environ  # as torchrun sets it
    store = None
    asked = None

    def leave(*_: object) -> NoReturn:
        say(f"stopped{_goes_on(asked)}", store)
        _leave(1)

    # Where no step waits for them (`fit` has its own way) they end the process by themselves. An
    # exception could come while another is told, and then nothing would be said; and what takes a
    # group down waits for who is not there.
    for ending in ENDINGS:
        signal.signal(ending, leave)
    try:
        if several:
            store = joined()
        asked = parser().parse_args(given)
        with Workers().together():
            train, valid, model = chosen(asked)
        history = trained(asked, model, train, valid)
        if first():
            print(table(history), flush=True)
    except (ValueError, OSError) as error:
        say(str(error), store, agreed=True)
        finish()
        return 2
    except LostWorkerError as error:
        say(f"{error}: training has stopped{_goes_on(asked)}", store)
        _leave(1)
    finish()
    return 0


def finish() -> None:
    """Take the group down, which all its processes do."""
    if distributed.is_initialized():
        with suppress(RuntimeError):
            distributed.destroy_process_group()


def joined() -> distributed.Store:
    """Become one of the processes that ``torchrun`` has started; return what they all can reach."""
    # as it stands in the environment; the store is the launcher's, and outlives each of them
    store, rank, count = next(distributed.rendezvous("env://"))
    cuda = enough_gpus()
    if cuda:
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    backend = "cpu:gloo,cuda:nccl" if cuda else "gloo"
    distributed.init_process_group(
        backend, store=distributed.PrefixStore(NAME, store), rank=rank, world_size=count
    )
    return store


def enough_gpus() -> bool:
    """Whether there is a GPU for each process of this machine."""
    return torch.cuda.device_count() >= int(os.environ.get("LOCAL_WORLD_SIZE", "1"))


def chosen(asked: argparse.Namespace) -> tuple[Tensor, Tensor, AutoregressiveModel]:
    """The data and the model that are asked for.

    Raises:
        ValueError: If they do not go together, or a number is wrong.
    """
    makers = SEQUENCES if asked.data == "names" else BINARY
    if asked.model not in makers:
        kinds = ", ".join(makers)
        raise ValueError(f"model must be one of {kinds} for {asked.data}, got {asked.model}")
    if asked.rows is not None and asked.rows < 1:
        raise ValueError(f"rows must be at least 1, got {asked.rows}")
    if not first():  # a file that is to be downloaded is so once
        distributed.barrier()
    loaders = {"names": load_names, "digits": load_digits_binary}
    load = loaders.get(asked.data, lambda split: load_density_set(asked.data, split))
    try:
        train, valid = load("train")[: asked.rows], load("valid")
    finally:
        if first() and distributed.is_initialized():
            distributed.barrier()
    device = asked.device or ("cuda" if enough_gpus() and torch.cuda.is_available() else "cpu")
    dtype = getattr(torch, asked.dtype)
    torch.manual_seed(asked.seed)
    model = makers[asked.model](train.shape[1], asked).to(device, dtype)
    return train.to(device), valid.to(device), model


def trained(
    asked: argparse.Namespace, model: AutoregressiveModel, train: Tensor, valid: Tensor
) -> History:
    """``fit``, as it is asked for."""
    optimizer = getattr(optimizers, asked.optimizer)(model.parameters(), lr=asked.lr)
    names = (
        *("batch_size", "epochs", "scale", "seed", "patience", "evaluate_every", "max_norm"),
        "micro_batch_size",
    )
    options: dict[str, Any] = {name: getattr(asked, name) for name in names}
    return fit(
        model,
        optimizer,
        train,
        valid,
        checkpoint=asked.checkpoint,
        save_every=asked.save_every,
        **options,
    )


def table(history: History) -> str:
    """A line for each entry of the history."""
    lines = ["passes   train ℓ/m   valid ℓ/m"]
    for passes, train, valid in zip(history.epochs, history.train, history.valid, strict=True):
        lines.append(f"{passes:6.2f}   {train:9.4f}   {valid:9.4f}")
    return "\n".join([*lines, f"ended by: {history.ended}; kept: entry {history.best}"])


# ---- what is said, and by whom


def first() -> bool:
    """Whether this is the process that speaks."""
    return not distributed.is_initialized() or distributed.get_rank() == 0


def say(line: str, store: distributed.Store | None, agreed: bool = False) -> None:
    """Say one line, once for all processes: by the first, where all have ended alike; else by who
    comes first, for there may be no first any more. Who speaks is not to be interrupted: nobody
    else would."""
    for ending in ENDINGS:
        signal.signal(ending, signal.SIG_IGN)
    if store is None:
        print(f"{NAME}: {line}", file=sys.stderr, flush=True)
        return
    if not agreed or not distributed.is_initialized():
        with suppress(RuntimeError):  # where the launcher, too, has gone, each speaks for itself
            if store.add(f"{NAME} has said", 1) > 1:
                return
        print(f"{NAME}: {line}", file=sys.stderr, flush=True)
        return
    if first():
        print(f"{NAME}: {line}", file=sys.stderr, flush=True)
    with suppress(RuntimeError):
        distributed.barrier()  # the launcher ends all as soon as one has ended


def _goes_on(asked: argparse.Namespace | None) -> str:
    if asked is None or asked.checkpoint is None or not Path(asked.checkpoint).exists():
        return ""
    return f"; the same command goes on from {asked.checkpoint}"


def _leave(code: int) -> NoReturn:
    """End at once: what is left of the group would wait for who is not there."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
