"""Several processes that compute one thing: who has which rows, what is added and agreed on."""

import math
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import reduce
from typing import Any

import torch
from torch import Tensor, distributed, nn
from torch.distributed import ProcessGroup, ReduceOp

from mle_lib.checks import NotFiniteError

# what an error of another worker is here, the first that fits
KINDS = (NotFiniteError, FloatingPointError, ValueError, OSError, RuntimeError)


class LostWorkerError(RuntimeError):
    """Another worker has ended, or cannot be reached."""


class Workers:
    """The W processes of a group, of which this one has number ``rank``; one alone (W = 1) where
    ``torch.distributed`` is not initialised, and then nothing is said to anybody.

    They speak by ``torch.distributed``'s collectives alone (gloo on CPUs, NCCL on GPUs). What
    ``all_reduce`` gives is, as PyTorch promises, the same on every worker to the last bit. So
    whatever they decide by it (to stop early, that training diverged), they decide alike.

    Args:
        group: If ``None``, the default one: all processes that ``torchrun`` has started.

    Attributes:
        count: W.
        rank: 0 … W − 1, within the group.

    Raises:
        ValueError: If this process is none of the group.
    """

    def __init__(self, group: ProcessGroup | None = None) -> None:
        self.group = group
        there = distributed.is_available() and distributed.is_initialized()
        self.count = distributed.get_world_size(group) if there else 1
        self.rank = distributed.get_rank(group) if there else 0
        if self.rank < 0:
            raise ValueError("group must be one that this process belongs to, got another")
        nccl = there and distributed.get_backend(group) == "nccl"
        self._device = torch.device("cuda", torch.cuda.current_device()) if nccl else None
        self._said: tuple[bool, ...] = (False, False)  # goes along with the next gradients
        self._found: tuple[bool, ...] = (False, False)  # came along with the last

    @property
    def writes(self) -> bool:
        """Whether this is the one who writes files: of several the first."""
        return self.rank == 0

    def share(self, x: Tensor) -> Tensor:
        """This worker's rows of what all of them hold: every W-th. Of fewer rows than workers some
        get none, ``(0, n)``."""
        return x if self.count == 1 else x[self.rank :: self.count]

    # ---- what is added

    def sum(self, values: Tensor) -> Tensor:
        """The sum over all workers, elementwise: of tensors of one shape and dtype."""
        return self._reduced(values, ReduceOp.SUM)

    def first(self, value: float) -> float:
        """What the first worker has."""
        own = torch.tensor(value if self.rank == 0 else 0.0, dtype=torch.float64, device="cpu")
        return self.sum(own).item()

    def add_up(self, parameters: Iterable[nn.Parameter], loss: float) -> float:
        """Put into each ``.grad`` its sum over all workers, in one all-reduce; return the sum of
        the losses. Where no worker has a gradient there is none after it either.

        Sums, and not the mean that ``DistributedDataParallel`` takes: each worker has multiplied by
        the factor of the whole batch, and a factor W that undoes the mean would round (W = 3). That
        class also waits for a backward pass of everyone, which who has no row of a short batch does
        not make, and puts another model in the place of this one. For accumulation nothing is to
        be switched off: gradients of micro-batches stay here until they are added up once. What is
        given up is that it sends what is ready while the backward pass goes on.
        """
        if self.count == 1:
            return loss
        held = [q for q in parameters if q.requires_grad]
        dtype = reduce(torch.promote_types, (q.dtype for q in held), torch.float32)
        own = [None if q.grad is None else q.grad.to_dense() for q in held]
        head = [loss, *self._said, *(gradient is not None for gradient in own)]
        parts = [
            torch.zeros_like(q) if gradient is None else gradient
            for q, gradient in zip(held, own, strict=True)
        ]
        start = torch.tensor(head, dtype=dtype, device=held[0].device)
        total = self.sum(torch.cat([start, *(part.detach().flatten().to(start) for part in parts)]))
        loss, *flags = total[: len(head)].tolist()
        self._found = tuple(flag > 0 for flag in flags[: len(self._said)])
        pieces = total[len(head) :].split([q.numel() for q in held])
        for q, any_has, piece in zip(held, flags[len(self._said) :], pieces, strict=True):
            q.grad = piece.view(q.shape).to(q) if any_has else None
        return loss

    # ---- what is agreed on

    def heard(self, asked: bool, late: bool) -> tuple[bool, bool]:
        """Whether any worker has been asked to end, or finds it late enough to save: on all of them
        the same, and after the same step.

        One alone knows at once. Several tell each other with the next gradients, so that it costs
        no message of its own; they hear of it one step later.
        """
        if self.count == 1:
            return asked, late
        found = self._found
        # what was heard just now is not said again
        self._said = tuple(new and not old for new, old in zip((asked, late), found, strict=True))
        return found[0], found[1]

    @contextmanager
    def together(self) -> Iterator[dict[str, object]]:
        """A place in which each worker does its own part, without a word to the others. If one of
        them fails, all of them do: that one with its error, the others with one that says whose it
        is, of the same kind (a ``ValueError`` stays one). So nobody waits for an answer that never
        comes.

        What is put into the dictionary that it gives must be the same on all of them.

        Raises:
            ValueError: If something in that dictionary is not.
        """
        alike: dict[str, object] = {}
        error: Exception | None = None
        try:
            yield alike
        except LostWorkerError:
            raise
        except Exception as own:
            if self.count == 1:
                raise
            error = own
        if self.count > 1:
            self._agree(error, alike)

    def _agree(self, error: Exception | None, alike: dict[str, object]) -> None:
        number = -math.inf if error else float(zlib.crc32(repr(sorted(alike.items())).encode()))
        mine = torch.tensor([error is not None, number, -number if error is None else number])
        failed, most, least = self._reduced(mine.double(), ReduceOp.MAX).tolist()
        if not failed and most == -least:
            return
        told = None if error is None else (_kind(error), f"worker {self.rank}: {error}")
        every = self._gathered((told, {name: repr(value) for name, value in alike.items()}))
        if error is not None:
            raise error
        for one, _ in every:
            if one is not None:
                raise KINDS[one[0]](one[1])
        for name, value in every[0][1].items():
            for rank, (_, others) in enumerate(every):
                if others.get(name) != value:
                    raise ValueError(
                        f"{name} must be the same on every worker, got {value} on worker 0 and "
                        f"{others.get(name)} on worker {rank}"
                    )

    # ---- chance

    @contextmanager
    def own_noise(self) -> Iterator[None]:
        """A place in which this worker draws random numbers of its own, as dropout needs them: the
        noise of rows is independent, whoever has them. The global generators, which must be in one
        state on all workers, are in one state after it, too: each moves by one number."""
        if self.count == 1:
            yield
            return
        seed = int(torch.randint(2**62, (), device="cpu")) + self.rank
        devices = range(torch.cuda.device_count()) if torch.cuda.is_initialized() else ()
        with torch.random.fork_rng(devices):
            torch.manual_seed(seed)
            yield

    # ---- the collectives

    def _reduced(self, values: Tensor, how: Any) -> Tensor:
        if self.count == 1:
            return values
        total = values.detach().to(self._device or values.device, copy=True).contiguous()
        with _reachable():
            distributed.all_reduce(total, how, group=self.group)
        return total.to(values.device)

    def _gathered(self, value: object) -> list[Any]:
        every: list[Any] = [None] * self.count
        with _reachable():
            distributed.all_gather_object(every, value, group=self.group)
        return every


@contextmanager
def _reachable() -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:
        raise LostWorkerError("another worker has ended or cannot be reached") from error


def _kind(error: Exception) -> int:
    return next((k for k, kind in enumerate(KINDS) if isinstance(error, kind)), len(KINDS) - 1)
