"""What one backward pass and one step tell: the weights of terms, and what became of a gradient."""

import math
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor, distributed, nn
from torch.autograd import Variable
from torch.optim import Optimizer

from mle_lib.audit.rows import Rows

STRANGE = ("before a row begins", "after a row has ended", "of rows that are not in the data")
MOST_COORDINATES = 20_000
MOST_WAITING = 64  # passes before a step that may still be in its gradient
MOST_ALIVE = 512  # logits whose graph is kept until their gradient comes


@dataclass(eq=False)
class Heard:
    """What is known of logits when their gradient comes: the terms and inputs at their places, and
    the logits without and with what was added to them."""

    term: Tensor
    inputs: Tensor | None
    before: Tensor
    after: Tensor


@dataclass(eq=False)
class Backward:
    """One backward pass: what came to the logits, and what came to the parameters.

    Attributes:
        term: Numbers of the terms at the logits that a gradient came to, ``(k,)``.
        weight: w of each: the gradient at its logits is −w (onehot − p), ``(k,)``.
        moved: What was added to the logit of its symbol, over what was to all on average, ``(k,)``.
        error: To how much w is known, ``(k,)``.
        rest, size: ‖gradient + w (onehot − p)‖² and ‖gradient‖², summed over terms.
        strange: ‖gradient‖² at places that are no term, by where they are.
        leaks: At how many terms the gradient asks for the input's own symbol.
        rows, places: Rows of inputs; places of them, padding included.
        gradient: What came to each parameter, at the coordinates that are looked at, ``(c,)``.
        beside: What did not come through the logits, relative; NaN where it was not looked at.
        decay: The λ for which that is λθ, or NaN.
        passes: How many backward passes it stands for.
        by: Optimisers that have made a step since.
        rank: Of the process that it ran in.
    """

    term: Tensor
    weight: Tensor
    moved: Tensor
    error: Tensor
    rest: float = 0.0
    size: float = 0.0
    strange: dict[str, float] = field(default_factory=lambda: dict.fromkeys(STRANGE, 0.0))
    leaks: int = 0
    rows: int = 0
    places: int = 0
    gradient: Tensor = field(default_factory=lambda: torch.zeros(0))
    beside: float = math.nan
    decay: float = math.nan
    passes: int = 1
    by: frozenset[int] = frozenset()
    rank: int = 0


@dataclass(eq=False)
class Step:
    """One step: the backward passes whose sum it takes, each with the factor that it got after it.

    Attributes:
        parts: The passes whose gradients are in it.
        factors: c_k: the gradient that the step took is Σ_k c_k (gradient of pass k), ``(k,)``.
        rest: What of it is no such sum, relative to it.
        decay: The λ for which that is λθ, else NaN.
        known: Whether the factors are determined, each by itself.
        fresh: Which of the passes are in no earlier step.
    """

    parts: list[Backward]
    factors: Tensor
    rest: float
    decay: float
    known: bool
    fresh: list[bool]


class Coordinates:
    """Some coordinates of the gradient, all where there are few: of each parameter its share, drawn
    once."""

    def __init__(self, model: nn.Module, generator: torch.Generator) -> None:
        self.parameters = [q for q in model.parameters() if q.requires_grad]
        if not self.parameters:
            raise ValueError("model must have parameters that are trained, got none")
        count = sum(q.numel() for q in self.parameters)
        share = min(1.0, MOST_COORDINATES / count)
        self.places = [self._some(q.numel(), share, generator) for q in self.parameters]

    @staticmethod
    def _some(size: int, share: float, generator: torch.Generator) -> Tensor:
        if share == 1:
            return torch.arange(size)
        return torch.randint(size, (min(size, math.ceil(share * size) + 8),), generator=generator)

    def of(self, gradients: Sequence[Tensor | None]) -> Tensor:
        """Their values, ``(c,)`` float64, on the CPU; 0 where there is none."""
        return torch.cat(
            [
                torch.zeros(len(i), dtype=torch.float64) if g is None else self.of_one(g, i)
                for g, i in zip(gradients, self.places, strict=True)
            ]
        )

    @staticmethod
    def of_one(gradient: Tensor, places: Tensor) -> Tensor:
        dense = gradient.detach().to_dense() if gradient.is_sparse else gradient.detach()
        return dense.flatten()[places.to(dense.device)].double().cpu()


class Recorder:
    """Listens at a model's logits and at its parameters, while any loop trains it.

    Args:
        known: The rows of data.
        spread: Standard deviation of what is added to the logits.
    """

    def __init__(
        self,
        model: nn.Module,
        known: Rows,
        spread: float,
        seed: int,
        terms: Callable[..., tuple[Tensor, Tensor]] | None,
    ) -> None:
        self.model, self.known, self.spread, self.terms = model, known, spread, terms
        self.generator = torch.Generator().manual_seed(seed)
        self.coordinates = Coordinates(model, self.generator)
        self.inputs: tuple[tuple, dict] | None = None
        self.first_call: tuple[tuple, dict] | None = None
        self.first_logits: Tensor | None = None
        self.coarse = 0.0  # ε of the logits' dtype
        self.came: dict[int, Tensor] = {}  # to each parameter, in this pass
        self.through = torch.zeros(())  # to all of them through the logits, where it was looked at
        self.shown = self.reached = 0  # logits that were seen; that a gradient came to
        self.calls = 0  # backward passes
        self.now: Backward | None = None  # while a backward pass runs
        self.waiting: list[Backward] = []  # since gradients were cleared
        self.steps: list[Step] = []
        self.looking = False  # while it takes a gradient of its own
        self.alive: deque[tuple[Tensor, Heard]] = deque(maxlen=MOST_ALIVE)
        self.heard: list[Heard] = []  # in this backward pass
        self.asked: list[Tensor] = []
        self.told: list[tuple[str, Tensor, Tensor]] = []

    # ---- at the logits

    def meet(self, args: tuple, kwargs: dict) -> None:
        """What the model is called with."""
        self.inputs = args, kwargs

    def disturbed(self, output: object) -> object:
        """A module's output with its logits disturbed: a tensor, the first of a tuple, or what has
        a place named ``logits``."""
        if isinstance(output, Tensor):
            return self.disturb(output)
        if isinstance(output, tuple) and output and isinstance(output[0], Tensor):
            return type(output)((self.disturb(output[0]), *output[1:]))
        if isinstance(getattr(output, "logits", None), Tensor):
            output.logits = self.disturb(output.logits)  # type: ignore[attr-defined]
            return output
        raise ValueError(
            f"head must give logits, a tensor, got a {type(output).__name__}: name the module that "
            "makes them"
        )

    def disturb(self, z: Tensor) -> Tensor:
        """Logits with something added to them, and an ear at them.

        At the model's own logits a loss that is no sum of w log p may look like one: of a model
        that says 1/K everywhere, label smoothing and focal loss are nearly so. Hence every term
        gets other probabilities, drawn anew in each call.
        """
        if self.looking:
            self.asked.append(z.detach())
        if not (z.requires_grad and torch.is_grad_enabled()) or self.looking:
            return z
        self.shown += 1
        self.coarse = max(self.coarse, torch.finfo(z.dtype).eps)
        args, kwargs = self.inputs or ((), {})
        term, inputs = self._terms_at(args, kwargs, z)
        if self.first_call is None:
            self.first_call, self.first_logits = copied((args, kwargs)), z.detach().clone()
        shape = z.shape if self.known.binary else z.shape[:-1]
        noise = torch.randn(shape, generator=self.generator)
        if not self.known.binary:  # one number for a place and one for a symbol, for their product
            noise = noise[..., None] * torch.randn(z.shape[-1:], generator=self.generator)
        noise = (self.spread * noise).to(z)
        heard = Heard(term, inputs, z.detach(), (z + noise).detach())
        disturbed = z + noise
        self.alive.append((disturbed, heard))  # not in the hook: it would keep itself alive

        def hear(gradient: Tensor) -> None:
            if not self.looking:
                self._hear(gradient, heard)

        disturbed.register_hook(hear)
        return disturbed

    def _terms_at(self, args: tuple, kwargs: dict, z: Tensor) -> tuple[Tensor, Tensor | None]:
        """The number of the term at each place of logits; the inputs at the same places."""
        shape = z.shape if self.known.binary else z.shape[:-1]
        if self.terms is not None:
            row, place = self.terms(args, kwargs, z)
            return self.known.numbers(row.cpu(), place.cpu()).reshape(shape), None
        for x in _tensors([*args, *kwargs.values()]):
            fits = x.ndim == 2 and (self.known.binary or not x.is_floating_point())
            if fits and shape in (x.shape, (x.numel(),)):
                return self.known.terms(x, x.shape[1]).reshape(shape), x.reshape(shape).cpu()
        raise ValueError(
            f"head gave logits of shape {tuple(z.shape)}, and the model no input of rows that they "
            "could belong to: give `terms`, which says of each place which term it is"
        )

    def _hear(self, gradient: Tensor, heard: Heard) -> None:
        now = self._open()
        self._add(now, gradient, heard)
        z = next((z for z, other in self.alive if other is heard), None)
        if z is not None and (self.calls & (self.calls - 1)) == 0:  # the 1st, 2nd, 4th, 8th, …
            self.looking = True
            try:
                through = torch.autograd.grad(
                    z, self.coordinates.parameters, gradient, retain_graph=True, allow_unused=True
                )
            finally:
                self.looking = False
            self.through = self.through + self.coordinates.of(through)
        self.heard.append(heard)
        self.reached += 1

    def _add(self, now: Backward, gradient: Tensor, heard: Heard) -> None:
        """The weights that a gradient at logits has, with what is left of it."""
        g, one, two = (t.detach().double().cpu() for t in (gradient, heard.before, heard.after))
        term, inputs = heard.term, heard.inputs
        there = term >= 0
        now.rows += term.shape[0] if term.ndim > 1 else 1
        now.places += term.numel()
        where = torch.where(there.any(-1, keepdim=True), there.cumsum(-1).clamp(max=1), 2)
        for k, name in enumerate(STRANGE):
            now.strange[name] += float(g[~there & (where == k)].square().sum())
        number, g, one, two = term[there], g[there], one[there], two[there]
        target = self.known.target[number]
        if self.known.binary:
            d = target.double() - two.sigmoid()
            weight = -g / d
            moved = (2 * target.double() - 1) * (two - one)
            length = d.square()
        else:
            d = -two.softmax(-1)
            d[torch.arange(len(d)), target] += 1
            length = d.square().sum(-1)
            weight = -(g * d).sum(-1) / length
            now.rest += float((g + weight[:, None] * d).square().sum())
            noise = two - one
            moved = noise.gather(-1, target[:, None])[:, 0] - noise.mean(-1)
            if inputs is not None and self.known.shift:
                aim, at = g.argmin(-1), inputs[there]
                now.leaks += int(((aim == at) & (aim != target)).sum())
        now.size += float(g.square().sum())
        # how w = −g · d / d · d is rounded, if g was computed in float32 and kept as logits are
        coarse = torch.finfo(gradient.dtype).eps
        fine = min(coarse, torch.finfo(torch.float32).eps)
        error = weight.abs() * (8 * coarse + 30 * fine / length.sqrt().clamp(min=1e-300))
        usable = length.sqrt() > 1e3 * fine
        for name, values in zip(
            ("term", "weight", "moved", "error"), (number, weight, moved, error), strict=True
        ):
            setattr(now, name, torch.cat([getattr(now, name), values[usable]]))

    def log(self, value: Tensor) -> Backward:
        """The weights that terms have in a value, a scalar that hangs on the logits."""
        if value.numel() != 1 or not value.requires_grad:
            raise ValueError(
                "value must be one number that still hangs on the model's parameters: log the loss "
                "before `backward`, not what `item` or `detach` gives"
            )
        empty = torch.zeros(0, dtype=torch.float64)
        told = Backward(empty.long(), empty, empty, empty)
        self.looking = True
        try:
            found = torch.autograd.grad(
                value.reshape(()), [z for z, _ in self.alive], retain_graph=True, allow_unused=True
            )
        except RuntimeError as error:
            raise ValueError(f"value must be logged before `backward`: {error}") from None
        finally:
            self.looking = False
        for gradient, (_, heard) in zip(found, self.alive, strict=True):
            if gradient is not None:
                self._add(told, gradient, heard)
        return told

    def ask(self, call: Callable[..., object], args: tuple, kwargs: dict) -> Tensor:
        """The logits that a call gives, as the model stands."""
        self.looking, self.asked = True, []
        try:
            with torch.no_grad():
                call(*args, **kwargs)
        finally:
            self.looking = False
        return torch.cat([z.flatten() for z in self.asked])

    # ---- at the parameters

    def listen(self, index: int) -> Callable[[Tensor], None]:
        """What the ``index``-th parameter's hook does: note what comes to it in this pass."""

        def hear(gradient: Tensor) -> None:
            if not self.looking:
                self._open()
                values = Coordinates.of_one(gradient, self.coordinates.places[index])
                old = self.came.get(index)
                self.came[index] = values if old is None else old + values

        return hear

    def _open(self) -> Backward:
        """The pass that runs; a new one, if none does."""
        if self.now is None:
            self.calls += 1
            empty = torch.zeros(0, dtype=torch.float64)
            self.now = Backward(empty.long(), empty, empty, empty)
            self.came, self.through = {}, torch.zeros(())
            if not self.coordinates.of([q.grad for q in self.coordinates.parameters]).any():
                self.waiting = [part for part in self.waiting if not part.by]
            Variable._execution_engine.queue_callback(self._close)
        return self.now

    def _close(self) -> None:
        """The pass has ended."""
        now, self.now = self.now, None
        assert now is not None
        gone = set(map(id, self.heard))
        kept = [(z, one) for z, one in self.alive if id(one) not in gone]
        self.alive, self.heard = deque(kept, MOST_ALIVE), []
        places = self.coordinates.places
        now.gradient = torch.cat(
            [
                self.came.get(k, torch.zeros(len(i), dtype=torch.float64))
                for k, i in enumerate(places)
            ]
        )
        if self.through.ndim:
            beside = now.gradient - self.through
            now.beside = _relative(beside, now.gradient)
            now.decay = self._decay(beside)
        self.waiting.append(now)

    def _decay(self, vector: Tensor) -> float:
        """The λ for which a vector is λθ, else NaN."""
        theta = self.coordinates.of(list(self.coordinates.parameters))
        rate = float(vector @ theta / (theta @ theta).clamp(min=1e-300))
        return rate if _relative(vector - rate * theta, vector) < self.tolerance else math.nan

    # ---- at a step

    @property
    def tolerance(self) -> float:
        """What is rounding, relative: √ε of the parameters' dtype."""
        eps = max(torch.finfo(q.dtype).eps for q in self.coordinates.parameters)
        return eps**0.5

    def _taken(self, optimizer: Optimizer | None) -> tuple[Tensor, Tensor]:
        """Which coordinates a step is of, and the gradient that it takes there."""
        held = {id(q) for q in self.coordinates.parameters}
        if optimizer is not None:
            held &= {id(q) for group in optimizer.param_groups for q in group["params"]}
        pairs = zip(self.coordinates.parameters, self.coordinates.places, strict=True)
        mine = torch.cat([torch.full((len(i),), id(q) in held) for q, i in pairs])
        taken = self.coordinates.of([q.grad for q in self.coordinates.parameters])
        scale = getattr(optimizer, "grad_scale", None)  # a fused optimiser divides by it itself
        return mine, taken[mine] if scale is None else taken[mine] / float(scale)

    def step(self, optimizer: Optimizer | None) -> None:
        """Note what a step takes, in place of it."""
        mine, y = self._taken(optimizer)
        parts = everywhere(self.waiting)
        A = [part.gradient[mine] for part in parts]
        who = id(optimizer)
        new = [k for k, part in enumerate(parts) if who not in part.by]
        last = [k for k in new if all(p.rank != parts[k].rank for p in parts[k + 1 :])]
        for some in (new, last, [*range(len(parts))]):  # a loop may put gradients in others' place
            factors = torch.zeros(len(parts), dtype=torch.float64)
            found, rest, known = combination(y, [A[k] for k in some], self.tolerance)
            factors[some] = found
            if rest <= self.tolerance:
                break
        decay = math.nan
        if rest > self.tolerance and A:
            theta = self.coordinates.of(list(self.coordinates.parameters))[mine]
            more, less, _ = combination(y, [*(A[k] for k in new), theta], self.tolerance)
            if less <= self.tolerance:
                factors[:], decay = 0, float(more[-1])
                factors[new] = more[:-1]
        again = bool(parts) and all(part.by for part in parts)  # another optimiser has just been
        fresh = [who not in part.by for part in parts]
        for part in self.waiting:
            part.by |= {who}
        self.waiting = self.waiting[-MOST_WAITING:]
        used = [k for k in range(len(parts)) if factors[k] != 0]
        kept = [replace(parts[k], gradient=torch.zeros(0)) for k in used]
        new_ones = [fresh[k] for k in used]
        step = Step(kept, factors[used], rest, decay, known, new_ones)
        if not (again and all(fresh) and same_step(step, self.steps[-1], self.tolerance)):
            self.steps.append(step)

    # ---- what there is to say of it

    @property
    def roughness(self) -> float:
        """What of the gradient at logits is rounding, relative."""
        half = self.coarse > torch.finfo(torch.float32).eps
        return max(1e-7, 4 * self.coarse if half else 100 * self.coarse)

    def told_apart(self, target: Tensor) -> Tensor:
        """The target of the terms that this way can tell apart: of all."""
        return target

    def check_heard(self) -> None:
        """
        Raises:
            ValueError: If no gradient came through the logits of a row of data.
        """
        # of several processes one may have had no row of any batch, and knows what the others told
        heard = any(len(part.term) for step in self.steps for part in step.parts)
        if not self.shown and not heard:
            raise ValueError(
                "head must give the logits that the loss is made of, got none with a gradient: "
                "name the module that makes them (a fused cross-entropy never shows them)"
            )
        if not heard:
            raise ValueError(
                "the model must be called with rows of data, and its logits must reach the loss: "
                "got no gradient at a place that is a term of data"
            )

    def told_of_terms(self) -> list[tuple[str, str]]:
        """What this way cannot tell of some terms: a kind and a sentence each."""
        alike = int((self.known.like != torch.arange(self.known.m)).sum())
        if not alike:
            return []
        return [("alike", f"{alike} rows are equal to others; equal rows are told as their mean.")]


def same_step(one: Step, other: Step, tolerance: float) -> bool:
    """Whether two optimisers have taken the same from the same passes: then it is one step."""
    return (
        len(one.parts) == len(other.parts)
        and all(a.weight is b.weight for a, b in zip(one.parts, other.parts, strict=True))
        and one.rest <= tolerance >= other.rest
        and torch.allclose(one.factors, other.factors, tolerance, 0.0)
    )


def everywhere(parts: list[Backward]) -> list[Backward]:
    """The passes of all processes that train together; these, if there is but one."""
    if not (distributed.is_available() and distributed.is_initialized()):
        return list(parts)
    every: list[list[Backward]] = [[] for _ in range(distributed.get_world_size())]
    distributed.all_gather_object(every, parts)
    return [replace(part, rank=rank) for rank, some in enumerate(every) for part in some]


def combination(y: Tensor, parts: list[Tensor], tolerance: float) -> tuple[Tensor, float, bool]:
    """c with y = Σ_k c_k (part k), one c for all if there is one; what is left of y, relative; and
    whether c is determined."""
    if not parts or not y.any():
        return torch.zeros(len(parts), dtype=torch.float64), float(bool(y.any())), not y.any()
    A = torch.stack(parts, 1)
    total = A.sum(1)
    one = float(y @ total / (total @ total).clamp(min=1e-300))
    if _relative(y - one * total, y) <= tolerance:
        return torch.full((len(parts),), one, dtype=torch.float64), 0.0, True
    size = A.norm(dim=0).clamp(min=1e-300)
    solved = torch.linalg.lstsq(A / size, y[:, None], driver="gelsd")
    factors = solved.solution[:, 0] / size
    factors[(factors * size).abs() <= tolerance * (factors * size).abs().max()] = 0
    return factors, _relative(y - A @ factors, y), int(solved.rank) == len(parts)


def _relative(part: Tensor, whole: Tensor) -> float:
    return float(part.norm() / whole.norm().clamp(min=1e-300))


def copied(value: Any) -> Any:
    """The same arguments with tensors of their own: a loop may write into its batches."""
    if isinstance(value, Tensor):
        return value.detach().clone()
    if isinstance(value, dict):
        return {key: copied(inner) for key, inner in value.items()}
    if type(value) in (tuple, list):
        return type(value)(map(copied, value))
    return value


def _tensors(values: Sequence[object]) -> list[Tensor]:
    """The tensors among values, and in dictionaries among them."""
    found: list[Tensor] = []
    for value in values:
        if isinstance(value, Tensor):
            found.append(value)
        elif isinstance(value, dict):
            found += _tensors(list(value.values()))
    return found
