"""ℓ(θ), ∇ℓ(θ) and the (m/b) estimator, where each worker has a part of the data.

Sums over samples are sums over workers of sums over their samples. So each adds up its own terms by
the function of the same name for one process, and an all-reduce of sums gives every worker what is
of the whole. A mean of the workers' means would be something else, unless their parts are of one
size.
"""

import torch
from torch import Tensor
from torch.distributed import ProcessGroup

from mle_lib import gradient, likelihood
from mle_lib.checks import (
    check_annotations,
    check_at_least,
    check_dense,
    check_indices,
    check_matrix,
    checked_inside,
)
from mle_lib.distributed.workers import Workers
from mle_lib.gradient import summed_gradient
from mle_lib.models import AutoregressiveModel
from mle_lib.models.evaluation import parameter_of


@checked_inside
def log_likelihood(
    model: AutoregressiveModel,
    x: Tensor,
    chunk_size: int | None = None,
    group: ProcessGroup | None = None,
) -> Tensor:
    """ℓ(θ) = Σ_r Σ_{j on worker r} log p(x^(j)), as ``likelihood.log_likelihood`` gives it for all
    data at once.

    Args:
        model: p_θ, the same on every worker.
        x: This worker's part of the data, ``(m_r, n)``; m_r may be 0, and other than elsewhere.
        chunk_size: Rows to hold in memory at once; all if ``None``.
        group: Whose parts are all of the data; the default one if ``None``. Where there is none,
            this process alone.

    Returns:
        A float64 scalar tensor, on every worker the same.

    Raises:
        ValueError: On every worker, if on any of them the one-process function would raise it, or
            the models are of other sizes, or no worker has a sample.
        LostWorkerError: If a worker has ended.
    """
    workers = Workers(group)
    with workers.together() as alike:
        check_annotations(log_likelihood, vars())
        alike["model"] = size_of(model)
        value = torch.zeros((), dtype=torch.float64, device=parameter_of(model).device)
        if has_rows(x, chunk_size, workers):
            value = likelihood.log_likelihood(model, x, chunk_size)
    return added(workers, value, len(x))[0]


@checked_inside
def full_gradient(
    model: AutoregressiveModel,
    x: Tensor,
    chunk_size: int | None = None,
    group: ProcessGroup | None = None,
) -> Tensor:
    """∇ℓ(θ) = Σ_r Σ_{j on worker r} ∇ log p(x^(j)), as ``gradient.full_gradient`` gives it for all
    data at once.

    Arguments and errors are those of ``distributed.log_likelihood``.

    Returns:
        A flat ``(p,)`` tensor of the model's dtype, on every worker the same. Parts are added in
        float64.
    """
    workers = Workers(group)
    with workers.together() as alike:
        check_annotations(full_gradient, vars())
        alike["model"] = size_of(model)
        part = no_gradient(model)
        if has_rows(x, chunk_size, workers):
            part = gradient.full_gradient(model, x, chunk_size)
    return added(workers, part.double(), len(x))[0].to(part.dtype)


@checked_inside
def minibatch_gradient(
    model: AutoregressiveModel, x: Tensor, indices: Tensor, group: ProcessGroup | None = None
) -> Tensor:
    """ĝ = (m/b) Σ_r Σ_{j∈B_r} ∇ log p(x^(j)), the mini-batch estimator over the data of all
    workers, B the union of the workers' parts B_r of it.

    m and b are those of the whole, Σ_r m_r and Σ_r b_r. It estimates ∇ℓ without bias when every
    sample of every worker is equally likely to be in B. (If each worker draws b_r of its m_r and
    b_r/m_r is not the same everywhere, it is not so.) Only the rows ``x[indices]`` are read.

    Equation: (11.1).

    Args:
        model: p_θ, the same on every worker.
        x: This worker's part of the data, ``(m_r, n)``; m_r may be 0.
        indices: B_r, ``(b_r,)``: numbers of rows of ``x``; b_r may be 0.
        group: As for ``distributed.log_likelihood``.

    Returns:
        A flat ``(p,)`` tensor of the model's dtype, on every worker the same.

    Raises:
        ValueError: On every worker, if on any of them ``minibatch.minibatch_gradient`` would raise
            it (for another reason than that its part is empty), or B is empty.
        LostWorkerError: If a worker has ended.
    """
    workers = Workers(group)
    with workers.together() as alike:
        check_annotations(minibatch_gradient, vars())
        alike["model"] = size_of(model)
        part, b = no_gradient(model), 0
        has_rows(x, None, workers)
        if workers.count == 1 or len(check_dense(indices, "indices", "whole numbers")):
            indices = check_indices(indices, x)
            part, b = summed_gradient(model, x[indices]), len(indices)
    total, (m, b) = added(workers, part.double(), len(x), b, names=("x", "indices"))
    return ((m / b) * total).to(part.dtype)


def has_rows(x: Tensor, chunk_size: int | None, workers: Workers) -> bool:
    """Whether this worker has samples; of several, one may have none.

    Raises:
        ValueError: If ``x`` is no matrix of them, or ``chunk_size`` < 1.
    """
    if chunk_size is not None:
        check_at_least(chunk_size, 1, "chunk_size")
    if workers.count > 1 and x.ndim == 2 and len(x) == 0:
        return False
    check_matrix(x)
    return True


def added(
    workers: Workers, values: Tensor, *counts: int, names: tuple[str, ...] = ("x",)
) -> tuple[Tensor, list[int]]:
    """Float64 values and whole numbers summed over all workers, in one all-reduce.

    Raises:
        ValueError: If a count is 0 on all of them.
    """
    own = torch.tensor(counts, dtype=torch.float64, device=values.device)
    total = workers.sum(torch.cat([own, values.flatten()]))
    sums = [int(count) for count in total[: len(counts)].tolist()]
    for name, count in zip(names, sums, strict=True):
        if not count:
            raise ValueError(f"{name} must not be empty on every worker, got none on all")
    return total[len(counts) :].view(values.shape), sums


def size_of(model: AutoregressiveModel) -> str:
    """What of a model must be the same where gradients are to be added."""
    p, dtype = sum(q.numel() for q in model.parameters()), parameter_of(model).dtype
    return f"one of {p} parameters of {dtype}"


def no_gradient(model: AutoregressiveModel) -> Tensor:
    """0, flat ``(p,)``, of who has no sample."""
    like, p = parameter_of(model), sum(q.numel() for q in model.parameters())
    return torch.zeros(p, dtype=like.dtype, device=like.device)
