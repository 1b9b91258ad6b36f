"""Mean and variance of the per-sample gradients, where each worker has a part of the data."""

from torch import Tensor
from torch.distributed import ProcessGroup

from mle_lib import minibatch
from mle_lib.checks import check_annotations, check_at_least, check_flag, checked_inside
from mle_lib.distributed.estimators import added, has_rows, no_gradient, size_of
from mle_lib.distributed.workers import Workers
from mle_lib.minibatch import GradientMoments
from mle_lib.models import AutoregressiveModel


@checked_inside
def gradient_moments(
    model: AutoregressiveModel,
    x: Tensor,
    chunk_size: int | None = None,
    subsample: bool = False,
    group: ProcessGroup | None = None,
) -> GradientMoments:
    """Mean and per-coordinate variance of the g_j of all workers, as ``minibatch.gradient_moments``
    gives them for all data at once.

    From the counts m_r, the means ḡ_r and the scatters S_r = Σ_j (g_j − ḡ_r)² of the parts,

        m = Σ_r m_r,    ḡ = Σ_r m_r ḡ_r / m,    S = Σ_r [S_r + m_r (ḡ_r − ḡ)²],

    the pairwise rule of Chan, Golub & LeVeque (1983,
    https://doi.org/10.1080/00031305.1983.10483115) for W parts: two all-reduces, for each worker
    needs ḡ before its distance from it. A sum of squares minus a square of sums, which one of them
    could add up, would lose the digits in which the two agree.

    Args:
        model: p_θ, the same on every worker.
        x: This worker's part of the samples, ``(m_r, n)``; m_r may be 0.
        chunk_size, subsample: As for ``minibatch.gradient_moments``; a ``subsample`` is all
            workers' together.
        group: As for ``distributed.log_likelihood``.

    Returns:
        The moments of all m samples, on every worker the same.

    Raises:
        ValueError: On every worker, if on any of them ``minibatch.gradient_moments`` would raise
            it, or there is no sample, or of a subsample fewer than 2.
        LostWorkerError: If a worker has ended.
    """
    workers = Workers(group)
    with workers.together() as alike:
        check_annotations(gradient_moments, vars())
        alike["model"], alike["subsample"] = size_of(model), check_flag(subsample, "subsample")
        mean: Tensor = no_gradient(model).double()
        scatter = mean
        if has_rows(x, chunk_size, workers):
            own = minibatch.gradient_moments(model, x, chunk_size)
            mean, scatter = own.mean, len(x) * own.variance
    total, (m,) = added(workers, len(x) * mean, len(x))
    if subsample := check_flag(subsample, "subsample"):
        check_at_least(m, 2, "the number of rows of a subsample")
    whole = total / m
    scatter = workers.sum(scatter + len(x) * (mean - whole) ** 2)
    return GradientMoments(whole, scatter / (m - subsample), m, subsample)
