"""Mean and covariance of the per-sample gradients, and what they say of the estimator."""

import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import reduce

import torch
from torch import Tensor

from mle_lib.checks import check_at_least, check_dense, check_flag, check_matrix, chunks
from mle_lib.gradient import per_sample_gradients
from mle_lib.minibatch.estimator import check_sizes, finite_population
from mle_lib.minibatch.layer_moments import batch_moments, has_shortcut
from mle_lib.models import AutoregressiveModel
from mle_lib.models.evaluation import evaluation

FALLBACK_CHUNK = 256  # rows of per-sample gradients held at once where there is no shortcut


@dataclass(frozen=True, eq=False)  # tensors have no one truth to compare by
class GradientMoments:
    """First and second moments of per-sample gradients g_j = ∇ log p(x^(j)), in float64.

    Attributes:
        mean: ``(p,)``, ḡ = (1/count) Σ_j g_j.
        variance: ``(p,)``, σ² = Σ_j (g_j − ḡ)² / divisor, coordinate by coordinate.
        count: How many samples these are moments of.
        subsample: False if they are all m samples (divisor = count: the variance of the data set
            itself), True if they are a random part of it (divisor = count − 1: an unbiased estimate
            of that variance).
    """

    mean: Tensor
    variance: Tensor
    count: int
    subsample: bool

    def __post_init__(self) -> None:
        mean, variance = check_dense(self.mean, "mean"), check_dense(self.variance, "variance")
        if mean.ndim != 1 or mean.shape != variance.shape:
            shapes = f"{tuple(mean.shape)} and {tuple(variance.shape)}"
            raise ValueError(f"mean and variance must have one shape (p,), got {shapes}")
        # NaN is that of a model that is not finite; one look for the smallest is quicker than two
        if len(variance) and not variance.amin() >= 0 and (variance < 0).any():
            raise ValueError(f"variance must be at least 0, got {variance.min().item()}")
        # a frozen dataclass has no other way to keep what the checks return
        object.__setattr__(self, "mean", mean.detach().double())
        object.__setattr__(self, "variance", variance.detach().double())
        object.__setattr__(self, "count", check_at_least(self.count, 1, "count"))
        object.__setattr__(self, "subsample", check_flag(self.subsample, "subsample"))

    @property
    def trace(self) -> float:
        """tr Σ = Σ_k σ²_k, the trace of the covariance of the per-sample gradients."""
        return float(self.variance.sum())


def gradient_moments(
    model: AutoregressiveModel, x: Tensor, chunk_size: int | None = None, subsample: bool = False
) -> GradientMoments:
    """Mean and per-coordinate variance of the g_j, without the ``(m, p)`` matrix where possible.

    For a linear layer z = W a + c with δ = ∂ log p / ∂z, sample j has ∂/∂W = δ_j a_jᵀ, so that

        Σ_j (∂/∂W)² = (δ²)ᵀ (a²)    (squares elementwise),

    one matrix product for all samples (Dangel, Kunstner & Hennig 2020,
    https://doi.org/10.48550/arXiv.1912.10985). That serves ``FVSBN`` and ``MADE`` as their classes
    make them; other models, and these with anything shared, replaced or hung on, go through
    ``per_sample_gradients``, a chunk at a time. A variance that is a small difference of large
    numbers is computed in float64; elsewhere products of a float32 model's numbers are float32,
    and change no variance by more than 2⁻¹² of it.

    Args:
        model: p_θ.
        x: ``(count, n)``: all m samples, or a random part of them.
        chunk_size: Rows to hold at once; if ``None``, all (256 for models without the shortcut).
        subsample: Whether ``x`` is a random part of the data; if so the divisor is count − 1.

    Raises:
        ValueError: If ``x`` is not a non-empty ``(count, n)`` tensor that the model takes,
            ``chunk_size`` < 1, ``subsample`` is no bool or has fewer than 2 rows, or log p of a row
            depends on other rows.
    """
    count, subsample = len(check_matrix(x)), check_flag(subsample, "subsample")
    if subsample:
        check_at_least(count, 2, "the number of rows of a subsample")
    if has_shortcut(model):
        parts = (_part(model, chunk) for chunk in chunks(x, chunk_size))
        _, mean, variance = reduce(_merged, parts)
    else:
        mean, variance = _two_pass(model, x, FALLBACK_CHUNK if chunk_size is None else chunk_size)
    if subsample:
        variance *= count / (count - 1)
    return GradientMoments(mean, variance, count, subsample)


Part = tuple[int, Tensor, Tensor]  # how many rows, their mean and variance


def _part(model: AutoregressiveModel, chunk: Tensor) -> Part:
    with evaluation(model, chunk) as rows:
        return len(rows), *batch_moments(model, rows)


def _merged(one: Part, other: Part) -> Part:
    """Of all rows of two parts: the variance within the parts, and that between their means."""
    (b, mean, variance), (c, other_mean, other_variance) = one, other
    share, apart = c / (b + c), other_mean - mean
    variance = (1 - share) * variance + share * other_variance + share * (1 - share) * apart**2
    return b + c, mean + share * apart, variance


def _two_pass(model: AutoregressiveModel, x: Tensor, chunk_size: int) -> tuple[Tensor, Tensor]:
    def sum_over_rows(f: Callable[[Tensor], Tensor]) -> Tensor:
        gradients = (per_sample_gradients(model, c).double() for c in chunks(x, chunk_size))
        return reduce(torch.add, (f(g).sum(0) for g in gradients))

    mean = sum_over_rows(lambda g: g) / len(x)
    return mean, sum_over_rows(lambda g: (g - mean) ** 2) / len(x)


def estimator_variance(moments: GradientMoments, m: int, b: int, replacement: bool) -> Tensor:
    """The predicted variance of the (m/b) estimator, coordinate by coordinate, ``(p,)``.

    With replacement m²σ²/b; without, m²σ²/b · (m − b)/(m − 1), which is 0 at b = m (and at m = 1).

    Equations: (3.3), (3.4).

    Args:
        moments: σ², from all m samples (divisor m) or estimated from a subsample (divisor count −
            1, unbiased for σ² when the subsample was drawn with replacement; without, it is too
            large by the factor m/(m − 1)).
        m: Data set size.
        b: Batch size.
        replacement: How B is drawn.

    Raises:
        ValueError: If ``m`` or ``b`` < 1, ``b`` > ``m`` without replacement, or ``moments`` are of
            all samples but not of ``m`` of them.
    """
    m, b = check_sizes(m, b, replacement)
    if not moments.subsample and moments.count != m:
        raise ValueError(
            f"m must be the number of samples the moments are of, {moments.count}, got {m} "
            "(moments of a part of the data need subsample=True)"
        )
    return float(m**2) * moments.variance / b * finite_population(m, b, replacement)


def gradient_noise_scale(moments: GradientMoments | Iterable[GradientMoments]) -> float:
    """B_noise = tr Σ / ‖ḡ‖²: the batch size at which the estimator's noise is as large as its
    signal.

    From all m samples the ratio is exact. From a subsample drawn with replacement, tr Σ has the
    unbiased estimate Σ_k σ²_k, and ‖ḡ‖² has ‖ḡ_s‖² − tr Σ / count, because E‖ḡ_s‖² = ‖ḡ‖² + tr Σ /
    count. Drawn without, Σ_k σ²_k has the mean tr Σ · m/(m − 1), and the estimate of ‖ḡ‖² the mean
    ‖ḡ‖² − tr Σ / (m − 1), whatever count is: biases that m alone removes. Of several
    subsamples numerators and denominators are averaged apart, then divided: a mean of ratios would
    be biased. Source: McCandlish et al. (2018), where it is the *simple* noise scale (§2.2
    and appendix A), https://doi.org/10.48550/arXiv.1812.06162.

    Equation: (3.5).

    Args:
        moments: One ``GradientMoments``, or several taken at the same θ.

    Returns:
        A positive number, or NaN with a ``RuntimeWarning`` where the estimate of ‖ḡ‖² is not
        positive.

    Raises:
        ValueError: If the sequence is empty or holds anything else.
    """
    parts = [moments] if isinstance(moments, GradientMoments) else list(moments)
    if not parts:
        raise ValueError("moments must hold at least one GradientMoments, got none")
    for part in parts:
        if not isinstance(part, GradientMoments):
            raise ValueError(f"moments must hold GradientMoments, got a {type(part).__name__}")
    noise = sum(part.trace for part in parts) / len(parts)
    signal = sum(_squared_signal(part) for part in parts) / len(parts)
    if not signal > 0:  # NaN too
        warnings.warn(
            f"the estimate of ‖ḡ‖² is {signal:.3g}, not positive: "
            "take more samples, or average more subsamples",
            RuntimeWarning,
            stacklevel=3,  # the caller, above the check of the annotations
        )
        return float("nan")
    return noise / signal


def _squared_signal(moments: GradientMoments) -> float:
    signal = float(moments.mean.square().sum())
    return signal - moments.trace / moments.count if moments.subsample else signal
