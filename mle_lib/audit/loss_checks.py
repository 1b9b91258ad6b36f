"""What is found at the loss and at its gradient: is it a sum of w log p, and what became of it?"""

import math
from collections.abc import Iterator

import torch

from mle_lib.audit.case import Case, Finding, denominator, mean_of, percent, spread
from mle_lib.audit.record import STRANGE

SURE = 4.5  # standard errors: by chance one time in 150,000


def not_a_sum(case: Case) -> Iterator[Finding]:
    """Is the loss a sum of w log p at all?"""
    parts = [part for step in case.recorder.steps for part in step.parts]
    size = sum(part.size for part in parts)
    rest = math.sqrt(sum(part.rest for part in parts) / max(size, 1e-300))
    leaks, terms = sum(part.leaks for part in parts), len(case.table.term)
    if leaks > 0.5 * terms:
        yield Finding(
            "targets",
            "The loss asks for the symbol that stands at the same place of the inputs, not for the "
            "next one: targets are not shifted, and a model that sees its inputs has nothing to "
            "learn but to copy them.",
            True,
        )
    elif rest > case.recorder.roughness:
        yield Finding(
            "loss",
            f"The loss is no weighted sum of log p: {percent(rest)} of the gradient at the logits "
            "does not lie along one-hot minus probability (so it is with label smoothing, with a "
            "penalty on logits, with other targets than the data's). No weights make it ∇ℓ.",
            True,
        )
    where = {name: sum(part.strange[name] for part in parts) for name in STRANGE}
    strange = sum(where.values())
    if strange > case.recorder.roughness**2 * (size + strange):
        yield Finding(
            "padding",
            f"{percent(math.sqrt(strange / (size + strange)))} of the gradient at the logits is of "
            f"places that are no term of the data, most of it {max(where, key=where.__getitem__)}: "
            "padding is predicted too, or what is not in the data.",
            True,
        )


def depends_on_p(case: Case) -> Iterator[Finding]:
    """Does a term's weight change with its own probability?

    u, what was added to the logit of its symbol, is independent of what the loop chooses. So if
    weights do not depend on logits, those with a small, a middle or a large u are as large as the
    others, on average: ten classes of u are compared, each pass being one draw.
    """
    table = case.table
    r, u, part = table.relative, table.moved, table.part
    use = ~r.isnan()
    if case.even_in_parts or not bool(u.any()):
        return
    r, u, part = r[use], u[use], part[use]
    count = len(table.step_of_part)
    r = r - mean_of(r, part, count)[part]
    edges = u[:: max(1, len(u) // 10_000)].quantile(torch.linspace(0.1, 0.9, 9).double())
    label = torch.bucketize(u, edges)
    sums = torch.zeros(count, 10, dtype=torch.float64)
    sums.index_put_((part, label), r, accumulate=True)
    z = sums.sum(0) / sums.norm(dim=0).clamp(min=1e-300)
    if float(z.abs().max()) > SURE:
        mean = sums.sum(0) / torch.bincount(label, minlength=10) / table.relative[use].mean()
        yield Finding(
            "own probability",
            "The weight of a term changes with its own probability (on average it is between "
            f"{1 + float(mean.min()):.2f} and {1 + float(mean.max()):.2f} of the mean, by what was "
            "added to its logit): the loss is not linear in log p, as focal loss, or a choice of "
            "the hardest terms, is not. What it descends is not −ℓ.",
            True,
        )


def beside_the_logits(case: Case) -> Iterator[Finding]:
    """Does all of the gradient come through the logits?"""
    parts = {id(p): p for step in case.recorder.steps for p in step.parts}.values()
    looked = [part for part in parts if not math.isnan(part.beside)]
    worst = max(looked, key=lambda part: part.beside, default=None)
    if worst is None or worst.beside <= case.recorder.tolerance:
        return
    if not math.isnan(worst.decay):
        yield Finding(
            "decay",
            f"The gradient holds {worst.decay:.3g} θ besides that of log p: weight decay inside "
            "of the loss. It is a prior, not the likelihood; and Adam divides it like the rest.",
            True,
        )
    else:
        yield Finding(
            "beside",
            f"{percent(worst.beside)} of the gradient does not come through the logits: the loss "
            "has another term, or the gradient is changed on its way back.",
            True,
        )


def after_backward(case: Case) -> Iterator[Finding]:
    """What became of the gradient between the backward passes and the step?"""
    tolerance = case.recorder.tolerance
    every = case.recorder.steps
    steps = [step for step in every if step.parts]
    decayed = [step.decay for step in steps if not math.isnan(step.decay)]
    if decayed:
        yield Finding(
            "decay",
            f"{decayed[0]:.3g} θ is added to the gradient before the step: weight decay inside of "
            "the gradient, a prior that is no part of ℓ.",
            True,
        )
    rest = max((step.rest for step in every if math.isnan(step.decay)), default=0.0)
    if rest > tolerance:
        yield Finding(
            "changed",
            "Between backward and step the gradient is changed in another way than by a factor: "
            f"{percent(rest)} of it is no sum of what this model's backward passes gave (so it is "
            "with clipping by value, with noise, with a gradient of another model). What is told "
            "here is told of the rest.",
            None,
        )
    old = sum(
        not all(step.fresh)
        for step in steps
        if step.rest <= tolerance or not math.isnan(step.decay)
    )
    if old:
        yield Finding(
            "not cleared",
            f"{old} of {len(steps)} steps still hold gradients of steps before them: `zero_grad` "
            "is missing, or comes too seldom.",
            True,
        )
    if not all(step.known for step in steps):
        yield Finding(
            "factors",
            "Gradients of some backward passes are alike, so that their factors cannot be told "
            "apart: more random parameters would.",
            False,
        )
    within = max(
        (spread(step.factors) for step in steps if step.known and step.rest <= tolerance),
        default=0.0,
    )
    if within > tolerance and not old:
        yield Finding(
            "factors within",
            "The backward passes of one step get different factors after they have run (up to "
            f"{percent(within)} apart): each is clipped or scaled by itself before they are added, "
            "which is no estimate of ∇ℓ.",
            True,
        )
    else:
        factors = torch.tensor([float(step.factors[0]) for step in steps])
        counted = case.even and denominator(case.table)
        if spread(factors) > tolerance and rest <= tolerance and not counted:
            low, high = float(factors.min()), float(factors.max())
            yield Finding(
                "clipping",
                f"After backward the gradient is multiplied by {low:.3g} to {high:.3g}, in each "
                "step by another number: clipping, which depends on the gradient. The direction of "
                "a step is kept; the mean over steps is no longer ∇ℓ.",
                False,
            )


def skipped(case: Case) -> Iterator[Finding]:
    """Were batches looked at and not trained on?"""
    shown, reached = case.recorder.shown, case.recorder.reached
    if shown > reached:
        yield Finding(
            "skipped",
            f"After {shown - reached} of {shown} calls of the model no backward pass came. If "
            "batches are left out for what they cost, that is not by chance; and which they are "
            "changes as a model learns, which here stands still.",
            False,
        )


def log_p_itself(case: Case) -> Iterator[Finding]:
    """Are the logits those of p_θ: the same in eval mode, and whatever the other rows are?"""
    for kind, one, other in case.recorder.told:
        scale = one.double().std().clamp(min=1e-6)
        apart = float((one - other).double().abs().max() / scale)
        if apart > max(1e-3, 10 * case.recorder.tolerance):
            yield Finding(kind, NOT_LOG_P[kind].format(percent(apart)), True)


NOT_LOG_P = {
    "mode": "In train mode the model gives other logits than in eval mode (up to {} of their "
    "spread): dropout, or normalisation over the batch. What is descended is not the −ℓ that is "
    "evaluated.",
    "company": "The logits of a row depend on the rows beside it, in eval mode too (up to {} of "
    "their spread): then ℓ is no sum over rows, and no weights make a batch's gradient an estimate "
    "of its gradient.",
}
