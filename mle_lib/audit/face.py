"""``audit``: a place in which anybody's training loop runs, and tells what it estimates."""

import html
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, Self

import torch
from torch import Tensor, nn

from mle_lib.audit.case import Case, Finding
from mle_lib.audit.record import Backward, Recorder
from mle_lib.audit.regression import Regression
from mle_lib.audit.report import picture, report
from mle_lib.audit.rows import Rows
from mle_lib.audit.still import standing_still
from mle_lib.audit.table import Table, effective_batch, target_weights
from mle_lib.audit.verdict import findings, in_order
from mle_lib.checks import check_not_negative, check_seed
from mle_lib.display.figures import Picture
from mle_lib.models import AutoregressiveModel
from mle_lib.models.evaluation import eval_mode
from mle_lib.models.sequences import SequenceModel

PREDICTS = ("next", "same")


class Audit:
    """The weights that a training loop gives to the terms of ℓ, read off while it runs.

    An estimator that is linear in the terms is a vector of random weights,

        ĝ = Σ_j Σ_i w_ji ∇ log p(x_i^(j) | x_<i^(j)),

    and E[ĝ] = ∇ℓ for every model iff E[w_ji] = 1; a common factor is a step size. (m/b) 1[j ∈ B]
    is one case, 1[j ∈ B]/π_j another (Horvitz & Thompson 1952, https://doi.org/10.2307/2280784).
    Where a loss is −Σ w log p, its gradient at a term's logits is −w (onehot − p); hence one
    backward pass tells every w, whatever comes before the logits or after them. What is done to the
    gradient between that pass and the step is told by the parameters' own.

    While the loop runs, steps of torch optimisers are recorded and not made: θ stands still, so
    that all steps are draws of one estimator. After it model, optimiser, schedule, scaler and
    random numbers are as they were. So two things are not seen as they will be: what a loop decides
    by how well the model does (to skip a batch, to stop), and how often a gradient is clipped.

    Args:
        model: What is trained.
        data: The rows, ``(m, n)`` or a list of rows of any lengths, as the model meets them (with
            the symbol that they start with, if there is one). Whole numbers are symbols; other
            dtypes are 0s and 1s, as they are for an ``AutoregressiveModel`` without symbols.
        head: The module whose output are the logits; if ``None``, the model itself, and of an
            ``AutoregressiveModel`` its ``logits``.
        target: What E[w] should be, but for a common factor: ``"symbols"``, 1 for each term;
            ``"sequences"``, one over the length of the row; or weights, ``(m,)`` or a row of them
            for each row (0 for a prompt that is not to be learned).
        predicts: Whether the logits at a place are of the ``"next"`` symbol of the inputs or of the
            ``"same"``. Of an ``AutoregressiveModel``: the same; else the next, if ``None``.
        terms: For other inputs than rows of data: ``terms(args, kwargs, logits)`` gives for what
            the model was called with two whole numbers for each place of the logits: which row,
            −1 for none, and which term of it.
        log_prob: For models without such logits: ``log_prob(model, rows)`` gives log p of rows
            ``(b, n)``, as ``(b,)`` or ``(b, n)``, and the weights are those with which the terms'
            own gradients add up to the step's, as far as these can tell them.
        groups: More groups of rows whose mean weights are to be compared: for each name a whole
            number for each row, ``(m,)``.
        spread: Standard deviation of what is added to the logits in each call, so that a loss that
            is not linear in log p shows it.
        seed: Of that.

    Attributes:
        weights: E[w], the mean over steps, ``(m, longest)``; NaN where there is no term.
        factor: κ, with E[w] = κ target: a step size of 1 is one of κ on Σ target log p.
        relative: ``weights`` over κ and the target: 1 is fair.
        steps: How many steps were seen.
        effective_batch: (Σ_j w_j)² / Σ_j w_j², the mean over steps, of rows' weights.
        findings: What was found, faults first; then what cannot be told, then notes.
    """

    def __init__(
        self,
        model: nn.Module,
        data: Tensor | Sequence[Tensor],
        *,
        head: nn.Module | None = None,
        target: str | Tensor | Sequence[Tensor] = "symbols",
        predicts: str | None = None,
        terms: Callable[..., tuple[Tensor, Tensor]] | None = None,
        log_prob: Callable[..., Tensor] | None = None,
        groups: Mapping[str, Tensor] | None = None,
        spread: float = 1.0,
        seed: int = 0,
    ) -> None:
        spread, seed = check_not_negative(spread, "spread"), check_seed(seed)
        if predicts is not None and predicts not in PREDICTS:
            raise ValueError(f"predicts must be next or same, got {predicts!r}")
        if isinstance(model, SequenceModel):
            self.known = Rows(model.prepare(_matrix(data)), 0, False, model.n)
        elif isinstance(model, AutoregressiveModel):
            self.known = Rows(model.prepare(_matrix(data)))
        elif log_prob is not None or not _whole(data):
            self.known = Rows(data)
        else:
            self.known = Rows(data, 0 if predicts == "same" else 1, False)
        self.model, self.head, self.log_prob = model, head, log_prob
        self.recorder: Recorder = (
            Recorder(model, self.known, spread, seed, terms)
            if log_prob is None
            else Regression(model, self.known, log_prob, data, seed)
        )
        self.target = self.recorder.told_apart(target_weights(self.known, target))
        self.groups = {
            name: _labels(label, name, self.known) for name, label in (groups or {}).items()
        }
        self.logged: dict[str, list[Backward]] = {}
        self.moved: list[str] = []
        self._findings: list[Finding] = []
        self._stack = ExitStack()
        self._table: Table | None = None

    # ---- while the loop runs

    def __enter__(self) -> Self:
        self._table = None
        self._stack.enter_context(self._listening())
        self.moved = self._stack.enter_context(standing_still(self.model, self.recorder.step))
        return self

    def __exit__(self, *error: Any) -> None:
        with self._stack:  # puts everything back, whatever has happened
            pass
        if error[0] is not None:
            return
        if not self.recorder.steps:
            raise ValueError(
                "the loop must step a torch optimiser that holds parameters of model, got none "
                "that did: a loop that changes parameters by hand calls the audit's `step` instead"
            )
        self.recorder.check_heard()
        self._table = Table(self.known, self.recorder.steps, self.target, bool(self.log_prob))
        told = [Finding(kind, text, False) for kind, text in self.recorder.told_of_terms()]
        case = Case(self._table, self.recorder, self.groups)
        moved = (
            []
            if not self.moved
            else [
                Finding(
                    "moved",
                    f"The loop changed {len(self.moved)} of the model's tensors without a torch "
                    f"optimiser (first {self.moved[0]}): then its steps are of different θ.",
                    any(name in dict(self.model.named_parameters()) for name in self.moved),
                )
            ]
        )
        self._findings = in_order([*findings(case), *moved, *told])

    def step(self) -> None:
        """In place of an update that a loop makes by hand: note what it would take."""
        self.recorder.step(None)

    def log(self, value: Tensor, name: str = "loss") -> Tensor:
        """Note what a logged value averages: call it before ``backward``. It is given back.

        Raises:
            ValueError: If it is not one number that hangs on the model's logits.
        """
        self.logged.setdefault(name, []).append(self.recorder.log(value))
        return value

    # ---- what was found

    @property
    def table(self) -> Table:
        """The weights, step by step."""
        if self._table is None:
            raise ValueError("the audit must have seen a loop run to its end, and has not")
        return self._table

    @property
    def findings(self) -> list[Finding]:
        """What was found, faults first; then what cannot be told, then notes."""
        return self._findings if self.table is not None else []

    @property
    def weights(self) -> Tensor:
        """E[w], the mean over steps, ``(m, longest)``; NaN where there is no term."""
        return self.table.dense()

    @property
    def relative(self) -> Tensor:
        """E[w] over κ and the target, ``(m, longest)``: 1 is fair."""
        fair = self.factor * self.table.dense(self.target)
        return self.weights / fair.where(fair != 0, torch.nan)

    @property
    def factor(self) -> float:
        """κ, the common factor."""
        return self.table.factor

    @property
    def steps(self) -> int:
        """How many steps were seen."""
        return self.table.steps

    @property
    def effective_batch(self) -> float:
        """(Σ_j w_j)² / Σ_j w_j², of rows' weights; the mean over steps."""
        return effective_batch(self.table)

    def variance(self, gradients: Tensor) -> Tensor:
        """Var[Σ w_ji g_ji] per coordinate, ``(p,)``: the variance of the loop's gradient over its
        steps, for the terms' gradients g ``(m, longest, p)``, which
        ``gradient.per_variable_gradients`` gives. (Divided by the number of steps: a loop that goes
        through all batches is the whole distribution.)"""
        known = self.known
        longest = int(known.length.max())
        if gradients.ndim != 3 or len(gradients) != known.m or gradients.shape[1] < longest:
            raise ValueError(
                f"gradients must have shape ({known.m}, {longest} or more, p), got "
                f"{tuple(gradients.shape)}"
            )
        each = gradients.double().cpu()[known.row, known.place]
        return self.table.sums(each).var(0, correction=0)

    def matches(self, tolerance: float = 0.05) -> bool:
        """Whether nothing was found that keeps the loop from estimating κ times the gradient of Σ
        target log p: no fault, and no group of terms whose mean weight is farther from 1 than
        ``tolerance``, and farther than chance."""
        tolerance = check_not_negative(tolerance, "tolerance")
        return not any(
            abs(finding.off) > tolerance if finding.off else finding.fault is not False
            for finding in self.findings
        )

    def compare(self, other: Self) -> str:
        """How far two loops' mean weights are from each other, and their factors, in a sentence.

        Raises:
            ValueError: If the other is of other rows.
        """
        if len(other.known) != len(self.known) or not torch.equal(
            other.known.length, self.known.length
        ):
            raise ValueError("other must be an audit of the same rows, got one of others")
        a, b = self.table.mean / self.factor, other.table.mean / other.factor
        apart = (a - b).abs() / self.target.where(self.target > 0, torch.nan)
        k = int(apart.nan_to_num().argmax())
        where = f"term {int(self.known.place[k])} of row {int(self.known.row[k])}"
        return (
            f"The common factors are {self.factor:.4g} and {other.factor:.4g}. Besides them the "
            f"mean weights differ by up to {float(apart.nan_to_num().max()):.3g} of the fair "
            f"weight ({where}: {float(a[k] / self.target[k]):.3f} and "
            f"{float(b[k] / self.target[k]):.3f})."
        )

    def picture(self) -> Picture:
        """Mean weight over the fair one by colour: rows, the longest on top, and places."""
        return picture(self.relative, self.known.length)

    def __str__(self) -> str:
        return report(self.table, self.findings, self.logged)

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        text, drawn = str(self), self.picture()._repr_mimebundle_()
        page = f"{drawn['text/html']}<pre>{html.escape(text)}</pre>"
        return {"text/plain": f"{text}\n{drawn['text/plain']}", "text/html": page}

    # ---- ears

    @contextmanager
    def _listening(self) -> Iterator[None]:
        """Hooks at the inputs, the logits and the parameters."""
        recorder, model = self.recorder, self.model
        with ExitStack() as stack:
            if self.log_prob is None:
                if self.head is None and isinstance(model, AutoregressiveModel):
                    inner: Callable[[Tensor], Tensor] = model.logits

                    def logits(x: Tensor) -> Tensor:
                        recorder.meet((x,), {})
                        return recorder.disturb(inner(x))

                    model.logits = logits  # type: ignore[method-assign]
                    stack.callback(delattr, model, "logits")
                    self._call: Callable[..., object] = logits
                else:
                    self._call = model
                    before = model.register_forward_pre_hook(
                        lambda _, args, kwargs: recorder.meet(args, kwargs), with_kwargs=True
                    )
                    stack.callback(before.remove)
                    ear = (self.head or model).register_forward_hook(
                        lambda _, args, output: recorder.disturbed(output)
                    )
                    stack.callback(ear.remove)
            for index, parameter in enumerate(recorder.coordinates.parameters):
                stack.callback(parameter.register_hook(recorder.listen(index)).remove)
            yield
            self._ask_again()

    def _ask_again(self) -> None:
        """Are the logits those of p_θ? The first call again, in eval mode; and its first row
        alone. What a model cannot do alone is not asked of it."""
        if self.recorder.first_call is None:
            return
        args, kwargs = self.recorder.first_call
        first = self.recorder.first_logits
        assert first is not None
        with eval_mode(self.model):
            try:
                again = self.recorder.ask(self._call, args, kwargs)
                alone = self.recorder.ask(self._call, *_first_row((args, kwargs)))
            except Exception:
                return
        if again.shape == first.flatten().shape:
            self.recorder.told.append(("mode", first.flatten(), again))
        if len(alone) < len(again):
            self.recorder.told.append(("company", again[: len(alone)], alone))


def audit(model: nn.Module, data: Tensor | Sequence[Tensor], **options: Any) -> Audit:
    """Which weight does a training loop give to each term of ℓ?

        with audit(model, data, head=model.lm_head) as a:
            train()
        print(a)

    See ``Audit``, whose arguments it takes.

    Raises:
        ValueError: If an argument is wrong; at the end of the loop, if no torch optimiser has
            stepped, or no gradient came through the logits; while it runs, if the model was called
            with rows that cannot be told apart.
    """
    return Audit(model, data, **options)


def _matrix(data: Tensor | Sequence[Tensor]) -> Tensor:
    return data if isinstance(data, Tensor) else torch.nn.utils.rnn.pad_sequence(list(data), True)


def _whole(data: Tensor | Sequence[Tensor]) -> bool:
    first = data if isinstance(data, Tensor) else next(iter(data), torch.zeros(0))
    return not first.is_floating_point() and first.dtype != torch.bool


def _labels(label: Tensor, name: str, known: Rows) -> Tensor:
    label = torch.as_tensor(label).cpu()
    if label.shape != (known.m,) or label.is_floating_point() or bool((label < 0).any()):
        raise ValueError(
            f"groups must hold a whole number from 0 on for each of the {known.m} rows, got "
            f"{tuple(label.shape)} of {label.dtype} for {name!r}"
        )
    return label.long()[known.row]


def _first_row(value: Any) -> Any:
    """The same arguments for the first row alone."""
    if isinstance(value, Tensor):
        return value[:1] if value.ndim else value
    if isinstance(value, dict):
        return {key: _first_row(inner) for key, inner in value.items()}
    if isinstance(value, (tuple, list)):
        return type(value)(_first_row(inner) for inner in value)
    return value


__all__ = ["Audit", "audit"]
