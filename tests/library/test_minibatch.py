"""The estimator's mathematics, by enumeration: every batch of a small set, float64, no sampling
error."""

import itertools
import math
import warnings
from functools import cache

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from mle_lib.data import load_digits_binary
from mle_lib.gradient import full_gradient, per_sample_gradients
from mle_lib.likelihood import log_likelihood
from mle_lib.minibatch import (
    GradientMoments,
    estimator_variance,
    gradient_moments,
    gradient_noise_scale,
    layer_moments,
    minibatch_gradient,
    sample_indices,
)
from mle_lib.models import FVSBN, MADE
from tests.cases import binary, randomised, seeded
from tests.library.test_models import BAD_X

M, N = 8, 4
SIZES = [*((b, False) for b in range(1, M + 1)), *((b, True) for b in (1, 2, 3))]


SIZE, MODEL = {"b": 2, "replacement": True}, {"make_model": "NADE"}


def small(make_model, device: str = "cpu"):
    return randomised(make_model(N), 0).to(device), binary(M, N, seed=1).to(device)


@cache
def all_batches(b: int, replacement: bool) -> list[torch.Tensor]:
    """Every batch of b of the M samples, each as likely as the next: C(M, b) sets, or M^b
    tuples."""
    batches = (
        itertools.product(range(M), repeat=b)
        if replacement
        else itertools.combinations(range(M), b)
    )
    return [torch.tensor(batch) for batch in batches]


@cache  # two tests ask for them
def all_estimates(make_model, device: str, b: int, replacement: bool) -> torch.Tensor:
    model, x = small(make_model, device)
    return torch.stack(
        [minibatch_gradient(model, x, batch) for batch in all_batches(b, replacement)]
    )


@pytest.mark.crossed(SIZE, MODEL)
@pytest.mark.parametrize(("b", "replacement"), SIZES)
def test_the_estimator_is_unbiased(make_model, b, replacement, device, deviation) -> None:
    model, x = small(make_model, device)
    estimates = all_estimates(make_model, device, b, replacement)
    assert len(estimates) == (M**b if replacement else math.comb(M, b))
    deviation((estimates.mean(0) - full_gradient(model, x)).abs().max(), 1e-12)


@pytest.mark.crossed({"b": 2}, MODEL)
@pytest.mark.parametrize("b", range(1, M + 1))
def test_without_the_factor_it_is_off_by_exactly_b_over_m(make_model, b, deviation) -> None:
    model, x = small(make_model)
    bare = torch.stack([full_gradient(model, x[batch]) for batch in all_batches(b, False)])
    deviation((bare.mean(0) - b / M * full_gradient(model, x)).abs().max(), 1e-12)


@pytest.mark.crossed(SIZE, MODEL)
@pytest.mark.parametrize(("b", "replacement"), SIZES)
def test_the_variance_law(make_model, b, replacement, device, deviation) -> None:
    """The whole covariance matrix over all batches, against Σ built from the per-sample gradients
    (divisor m)."""
    model, x = small(make_model, device)
    estimates = all_estimates(make_model, device, b, replacement)
    measured = torch.cov(estimates.T, correction=0)
    sigma = torch.cov(per_sample_gradients(model, x).T, correction=0)
    predicted = sigma * M**2 / b * (1 if replacement else (M - b) / (M - 1))
    deviation((measured - predicted).abs().max(), 1e-10)
    ours = estimator_variance(gradient_moments(model, x), M, b, replacement)
    deviation((ours - measured.diagonal()).abs().max(), 1e-10)


def test_the_estimator_reads_only_its_batch() -> None:
    model, x = randomised(FVSBN(4), 0), binary(6, 4)
    spoilt = x.clone()
    spoilt[[0, 2, 5]] = float("nan")
    batch = torch.tensor([1, 3, 4])
    assert torch.equal(
        minibatch_gradient(model, spoilt, batch), minibatch_gradient(model, x, batch)
    )


def test_a_repeated_index_counts_twice() -> None:
    model, x = randomised(FVSBN(4), 0), binary(6, 4)
    expected = 6 / 3 * (2 * full_gradient(model, x[1:2]) + full_gradient(model, x[4:5]))
    assert torch.allclose(
        minibatch_gradient(model, x, torch.tensor([1, 4, 1])), expected, atol=1e-13
    )


# --- a ragged last batch: 5 samples in batches of 2, 2 and 1, over all 5! orders ---

ORDERS = [torch.tensor(order) for order in itertools.permutations(range(5))]


@pytest.fixture
def ragged():
    model, x = randomised(FVSBN(4), 2), binary(5, 4, seed=3)
    return model, x, full_gradient(model, x)


def test_ragged_batches_are_unbiased_over_shuffles(ragged, deviation) -> None:
    model, x, exact = ragged
    per_order = torch.stack(
        [
            torch.stack([minibatch_gradient(model, x, part) for part in order.split(2)])
            for order in ORDERS
        ]
    )  # (5!, 3 batches, p)
    for position in range(3):  # each batch by itself, the short one too
        deviation((per_order[:, position].mean(0) - exact).abs().max(), 1e-12)
    deviation((per_order.mean((0, 1)) - exact).abs().max(), 1e-12)


def test_the_plain_average_of_ragged_batches_is_not_the_gradient_at_a_fixed_order(
    ragged, deviation
) -> None:
    model, x, exact = ragged
    for order in ORDERS:
        parts = order.split(2)
        estimates = torch.stack([minibatch_gradient(model, x, part) for part in parts])
        assert (estimates.mean(0) - exact).abs().max() > 1e-3
        weights = torch.tensor([len(part) / 5 for part in parts], dtype=torch.float64)
        deviation((weights @ estimates - exact).abs().max(), 1e-12)  # weighted by size it always is


def test_a_short_batch_scaled_with_the_nominal_b_is_biased_by_the_ratio_of_sizes(
    ragged, deviation
) -> None:
    model, x, exact = ragged
    wrong = torch.stack([5 / 2 * full_gradient(model, x[order[-1:]]) for order in ORDERS])
    deviation((wrong.mean(0) - 1 / 2 * exact).abs().max(), 1e-12)


# --- sampling ---


@pytest.mark.parametrize("replacement", [False, True])
def test_every_sample_is_equally_likely(replacement) -> None:
    """Chi-square on how often each of 10 samples is drawn in 20,000 batches of 3: false-alarm rate
    1e-4, seed fixed."""
    from scipy.stats import chi2

    generator = torch.Generator().manual_seed(0)
    draws = torch.stack([sample_indices(10, 3, replacement, generator) for _ in range(20_000)])
    counts = torch.bincount(draws.flatten(), minlength=10).double()
    # Without replacement the variance of a count is smaller by (m − b)/(m − 1), and so is the
    # statistic.
    statistic = ((counts - 6000) ** 2 / 6000).sum().item() / (1 if replacement else 7 / 9)
    assert chi2.sf(statistic, df=9) > 1e-4
    repeats = sum(len(set(row)) < 3 for row in draws.tolist())
    assert (repeats > 0) == replacement


@pytest.mark.parametrize("replacement", [False, True])
def test_sample_indices_is_reproducible_and_leaves_the_global_generator(replacement, device):
    before = torch.random.get_rng_state()
    first, again = (
        sample_indices(50, 7, replacement, torch.Generator(device).manual_seed(1)) for _ in range(2)
    )
    assert torch.equal(torch.random.get_rng_state(), before)
    assert torch.equal(first, again)
    assert first.dtype == torch.int64
    assert first.shape == (7,)
    assert sorted(sample_indices(9, 9).tolist()) == list(range(9))
    assert sample_indices(2, 5, replacement=True).shape == (5,)
    assert sample_indices(np.int64(9), np.int64(3)).shape == (3,)


# --- moments ---


@pytest.mark.parametrize("chunk_size", [None, 1, 4, 11])
@pytest.mark.parametrize("subsample", [False, True])
def test_moments_equal_the_naive_ones(make_model, chunk_size, subsample, device, deviation) -> None:
    model, x = randomised(make_model(6), 0).to(device), binary(11, 6).to(device)
    rows = per_sample_gradients(model, x)
    moments = gradient_moments(model, x, chunk_size, subsample)
    deviation((moments.mean - rows.mean(0)).abs().max(), 1e-12)
    deviation((moments.variance - rows.var(0, correction=int(subsample))).abs().max(), 1e-12)
    assert moments.trace == pytest.approx(
        rows.var(0, correction=int(subsample)).sum().item(), rel=1e-12
    )
    assert (moments.count, moments.subsample) == (11, subsample)


class LargestTensor(TorchDispatchMode):
    """Notes the number of entries of the largest tensor that any operation returns."""

    entries = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        for value in result if isinstance(result, (tuple, list)) else [result]:
            if isinstance(value, torch.Tensor):
                self.entries = max(self.entries, value.numel())
        return result


@pytest.mark.parametrize("model", [FVSBN(16), MADE(16, 64)], ids=["FVSBN", "MADE"])
def test_moments_never_hold_the_matrix_of_per_sample_gradients(model) -> None:
    m, p = 200, sum(q.numel() for q in model.parameters())
    with LargestTensor() as seen:
        gradient_moments(model, binary(m, 16))
    assert seen.entries <= max(m * 64, 2 * p) < m * p
    with LargestTensor() as seen:
        per_sample_gradients(model, binary(m, 16))
    assert seen.entries >= m * p


@pytest.mark.parametrize("function", [log_likelihood, full_gradient, gradient_moments])
def test_a_chunk_is_all_that_is_held(function) -> None:
    model, x = MADE(16, 64), binary(500, 16)
    with LargestTensor() as seen:
        function(model, x, chunk_size=10)
    assert seen.entries <= max(10 * 64, 2 * sum(q.numel() for q in model.parameters()))


def test_models_without_a_shortcut_are_gone_through_in_chunks() -> None:
    model, m = ScaledFVSBN(6), 1000
    with LargestTensor() as seen:
        gradient_moments(model, binary(m, 6))
    assert seen.entries < m * sum(q.numel() for q in model.parameters()) / 2


class ScaledFVSBN(FVSBN):
    """A layer-free parameter on top, so that no shortcut applies: p(x_i | x_<i) with logits
    s·z_i."""

    def __init__(self, n: int) -> None:
        super().__init__(n)
        self.scale = torch.nn.Parameter(torch.ones(()))

    def logits(self, x: torch.Tensor) -> torch.Tensor:
        return self.scale * self.linear(x)


@pytest.mark.parametrize("chunk_size", [None, 1, 4, 11])
def test_moments_of_a_model_without_a_shortcut(chunk_size, device, deviation) -> None:
    model, x = randomised(ScaledFVSBN(6), 0).to(device), binary(11, 6).to(device)
    rows = per_sample_gradients(model, x)
    moments = gradient_moments(model, x, chunk_size)
    deviation((moments.mean - rows.mean(0)).abs().max(), 1e-12)
    deviation((moments.variance - rows.var(0, correction=0)).abs().max(), 1e-12)


class OwnLogits(MADE):
    """Uses its layers in a way that the shortcut for MADE would get wrong: twice, and scaled."""

    def logits(self, x: torch.Tensor) -> torch.Tensor:
        again = self.output(torch.relu(self.hidden(x)))
        return super().logits(x) * (1 + self.output.bias.sum()) + again


class HasUnused(FVSBN):
    """A parameter that no logit depends on: its gradient is zero, not missing."""

    def __init__(self, n: int) -> None:
        super().__init__(n)
        self.unused = torch.nn.Parameter(torch.ones(3))


@pytest.mark.parametrize("kind", [lambda: OwnLogits(5, 6), lambda: HasUnused(5)])
def test_a_subclass_that_computes_something_else_is_still_right(kind, deviation) -> None:
    model, x = randomised(kind(), 0), binary(9, 5)
    rows = per_sample_gradients(model, x)
    moments = gradient_moments(model, x)
    deviation((rows.sum(0) - full_gradient(model, x)).abs().max(), 1e-12)
    deviation((moments.mean - rows.mean(0)).abs().max(), 1e-12)
    deviation((moments.variance - rows.var(0, correction=0)).abs().max(), 1e-12)


class Plain(FVSBN):
    """An FVSBN that goes the way of models without the shortcut."""


@pytest.mark.parametrize("kind", [FVSBN, Plain])
@pytest.mark.parametrize("chunk_size", [None, 64])
def test_moments_survive_where_float32_differences_of_squares_fail(kind, chunk_size) -> None:
    """x_1 = 1 always, but expected with probability 0.001: gradients near 0.999, hardly varying."""
    model, x, k = kind(3), torch.ones(400, 3), 1  # k: the bias of variable 1
    x[::2, 0] = 0
    with torch.no_grad():
        model.linear.bias.fill_(-6.9)
        model.linear.weight.fill_(0.1)
    rows = per_sample_gradients(model, x)
    truth = rows.double().var(0, correction=0)
    naive = (rows**2).mean(0) - rows.mean(0) ** 2
    assert 0 < truth[k] < 1e-8
    assert abs(naive[k] - truth[k]) > 10 * truth[k]  # float32 fails here
    ours = gradient_moments(model, x, chunk_size).variance
    assert torch.allclose(ours, truth, rtol=1e-2, atol=1e-14)


def outer_factors(b: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """δ ``(b, 24)`` and a ``(b, 20)`` in float32, from columns that vary freely to columns that
    hardly vary or not at all, so that V/Q of their products is anything between 0 and 1."""
    generator = torch.Generator().manual_seed(seed)
    spread = torch.cat([torch.zeros(2), torch.logspace(-7, 1, 18)])
    a = 1 + spread * torch.randn(b, 20, generator=generator)
    delta = torch.cat([a, torch.randn(b, 4, generator=generator)], 1) * torch.logspace(-3, 0, 24)
    return delta[:, torch.randperm(24, generator=generator)], a.relu()


@pytest.mark.parametrize("b", [1, 2, 7, 128, 129, 1000, 5000])
@pytest.mark.parametrize("seed", range(3))
def test_float32_changes_no_variance_by_more_than_is_promised(b, seed) -> None:
    """Against float64 and two passes, also where E[g²] − E[g]² in float32 has no right digit."""
    delta, a = outer_factors(b, seed)
    g = delta.double()[:, :, None] * a.double()[:, None, :]
    truth = g.var(0, correction=0)
    mean, variance = layer_moments.outer_moments(delta, a)
    second = (g**2).mean(0)
    # the same bound for float64, which leaves so much of the second moment
    allowed = layer_moments.TOLERANCE * truth + 4 * (b + 4) * 2.0**-53 * second
    assert ((variance - truth).abs() <= allowed).all()
    assert ((mean - g.mean(0)).abs() <= layer_moments.UNIT * (b + 4) * second.sqrt()).all()
    if b > 1:
        naive = (delta**2).T @ a**2 / b - (delta.T @ a / b) ** 2
        assert ((naive - truth).abs() > truth).any()


def test_only_rows_and_columns_of_little_variance_are_computed_again(monkeypatch) -> None:
    again = []
    exact = layer_moments.exact_outer_moments
    monkeypatch.setattr(
        layer_moments,
        "exact_outer_moments",
        lambda *factors: again.append([f.shape[1] for f in factors]) or exact(*factors),
    )
    generator = torch.Generator().manual_seed(0)
    delta, a = (torch.randn(200, n, generator=generator) for n in (30, 40))
    layer_moments.outer_moments(delta, a)
    assert again == []
    delta[:, [3, 8]] = 1 + 1e-3 * delta[:, [3, 8]]
    a[:, 5] = 0.7
    _, variance = layer_moments.outer_moments(delta, a)
    assert again == [[2, 1]]
    assert variance[8, 5].item() == pytest.approx((0.7 * delta[:, 8].double()).var(0, correction=0))


@pytest.mark.parametrize("factor", [1e-30, 1e-9, 1e9, 1e30])
@pytest.mark.parametrize("which", [0, 1])
def test_beyond_the_range_of_float32s_squares_the_variance_is_right(factor, which) -> None:
    factors = [torch.randn(50, n, generator=seeded()) for n in (6, 5)]
    factors[which] *= factor
    exact = layer_moments.exact_outer_moments(*(f.double() for f in factors))
    for ours, wanted in zip(layer_moments.outer_moments(*factors), exact, strict=True):
        assert torch.allclose(ours.double(), wanted, rtol=1e-6, atol=0)


@pytest.mark.parametrize("how", ["legacy", "one kind of device", "autocast"])
def test_products_of_fewer_digits_than_float32_are_not_used(how) -> None:
    factors = [torch.randn(50, n, generator=seeded()) for n in (6, 5)]
    assert layer_moments.has_float32_digits(*factors)
    before = torch.get_float32_matmul_precision()
    try:
        if how == "legacy":
            torch.set_float32_matmul_precision("medium")
        elif how == "one kind of device":
            torch.backends.mkldnn.matmul.fp32_precision = "bf16"
        with torch.autocast("cpu", enabled=how == "autocast"):
            assert not layer_moments.has_float32_digits(*factors)
            mean, _ = layer_moments.outer_moments(*factors)
    finally:
        torch.backends.mkldnn.matmul.fp32_precision = "none"
        torch.set_float32_matmul_precision(before)
    assert mean.dtype == torch.float64
    assert layer_moments.has_float32_digits(*factors)


@pytest.mark.parametrize("seed", range(10))
def test_equal_samples_have_no_negative_variance(seed) -> None:
    model = randomised(MADE(6, 8), seed)
    variance = gradient_moments(model, binary(1, 6, seed).repeat(7, 1)).variance
    assert (variance >= 0).all()
    assert variance.max() < 1e-12


def test_moments_of_frozen_parameters_and_under_no_grad(make_model) -> None:
    model, x = randomised(make_model(5), 0), binary(7, 5)
    expected = gradient_moments(model, x)
    model.requires_grad_(False)
    with torch.no_grad():
        moments = gradient_moments(model, x)
    assert torch.equal(moments.mean, expected.mean)
    assert torch.equal(moments.variance, expected.variance)
    assert all(not q.requires_grad and q.grad is None for q in model.parameters())
    assert not any(layer._forward_hooks for layer in model.modules())


def test_a_subsample_estimates_the_variance_of_the_estimator_without_bias(
    make_model, deviation
) -> None:
    """Over all 8² pairs drawn with replacement, the mean of the predictions from a pair is the true
    variance."""
    model, x = small(make_model)
    exact = estimator_variance(gradient_moments(model, x), M, 3, True)
    predictions = [
        estimator_variance(gradient_moments(model, x[pair], subsample=True), M, 3, True)
        for pair in all_batches(2, True)
    ]
    deviation((torch.stack(predictions).mean(0) - exact).abs().max(), 1e-10)


# --- noise scale ---


def test_noise_scale_of_all_samples_is_exact(make_model, device) -> None:
    model, x = small(make_model, device)
    rows = per_sample_gradients(model, x)
    expected = rows.var(0, correction=0).sum() / rows.mean(0).square().sum()
    assert gradient_noise_scale(gradient_moments(model, x)) == pytest.approx(
        expected.item(), rel=1e-12
    )


def test_noise_scale_of_subsamples_averages_its_unbiased_parts_apart(make_model) -> None:
    """Over all 8² pairs with replacement both parts are unbiased, so their ratio is the exact
    noise scale."""
    model, x = small(make_model)
    pairs = [gradient_moments(model, x[pair], subsample=True) for pair in all_batches(2, True)]
    exact = gradient_noise_scale(gradient_moments(model, x))
    assert gradient_noise_scale(pairs) == pytest.approx(exact, rel=1e-10)


def test_at_the_noise_scale_the_noise_equals_the_signal() -> None:
    model, x = FVSBN(64), load_digits_binary("train")
    moments = gradient_moments(model, x)
    scale, m = gradient_noise_scale(moments), len(x)
    noise_at_1 = estimator_variance(moments, m, 1, True).sum().item()
    assert noise_at_1 / scale == pytest.approx(
        full_gradient(model, x).double().square().sum().item(), rel=1e-5
    )


def test_noise_scale_is_nan_with_a_warning_where_the_signal_cannot_be_told() -> None:
    mean, variance = torch.tensor([0.1]).double(), torch.tensor([4.0]).double()
    with pytest.warns(RuntimeWarning, match="not positive") as said:
        assert math.isnan(gradient_noise_scale(GradientMoments(mean, variance, 2, subsample=True)))
    assert said[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert gradient_noise_scale(
            GradientMoments(mean, variance, 2, subsample=False)
        ) == pytest.approx(400)


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int64, torch.float16, torch.float32])
def test_moments_of_any_dtype_are_of_float64(dtype) -> None:
    """Sums of them are not those of the dtype: 2 · 200 in uint8 would be 144."""
    values = torch.tensor([200, 200])
    exact = GradientMoments(values.double(), values.double(), 8, False)
    found = GradientMoments(
        values.to(dtype), values.to(dtype).requires_grad_(dtype.is_floating_point), 8, False
    )
    assert found.mean.dtype == found.variance.dtype == torch.float64
    assert not found.variance.requires_grad
    assert (found.trace, gradient_noise_scale(found)) == (400.0, gradient_noise_scale(exact))
    with pytest.raises(ValueError, match="variance must be at least 0, got -1"):
        GradientMoments(values, torch.tensor([0, -1]), 8, False)


# --- bad input, and what must not change ---


@pytest.mark.parametrize(("x", "message"), BAD_X)
def test_bad_x_is_named(x, message: str) -> None:
    for call in (
        lambda: minibatch_gradient(FVSBN(3), x, torch.tensor([0])),
        lambda: gradient_moments(FVSBN(3), x),
    ):
        with pytest.raises(ValueError, match=message):
            call()


MOMENTS = GradientMoments(torch.ones(2).double(), torch.ones(2).double(), 8, subsample=False)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: sample_indices(5, 6), "b must be at most m = 5 without replacement, got 6"),
        (lambda: sample_indices(5, 0), "b must be a whole number of at least 1, got 0"),
        (lambda: sample_indices(0, 1, True), "m must be a whole number of at least 1, got 0"),
        (lambda: sample_indices(5, 2.0), "b must be a whole number of at least 1, got 2.0"),
        (
            lambda: minibatch_gradient(FVSBN(3), binary(4, 3), torch.tensor([4])),
            "indices must lie in 0 … 3",
        ),
        (
            lambda: minibatch_gradient(FVSBN(3), binary(4, 3), torch.tensor([-1])),
            "indices must lie in 0 … 3",
        ),
        (
            lambda: minibatch_gradient(FVSBN(3), binary(4, 3), torch.tensor([0.0])),
            "hold whole numbers",
        ),
        (lambda: minibatch_gradient(FVSBN(3), binary(4, 3), torch.tensor([[0]])), "1-D int64"),
        (
            lambda: minibatch_gradient(FVSBN(3), binary(4, 3), [0, 1]),
            r"parameter indices=\[0, 1\].*Tensor",
        ),
        (
            lambda: minibatch_gradient(FVSBN(3), binary(4, 3), torch.tensor([]).long()),
            "at least one sample",
        ),
        (
            lambda: minibatch_gradient(
                FVSBN(3), binary(4, 3), torch.zeros(2, dtype=torch.int64, device="meta")
            ),
            "indices must be dense, got one on meta",
        ),
        (lambda: gradient_moments(FVSBN(3), binary(4, 3), 0), "chunk_size must be"),
        (
            lambda: gradient_moments(FVSBN(3), binary(1, 3), subsample=True),
            "rows of a subsample must be .* 2, got 1",
        ),
        (lambda: gradient_moments(ScaledFVSBN(3), binary(4, 3), 0), "chunk_size must be"),
        (lambda: estimator_variance(MOMENTS, 8, 9, False), "b must be at most m = 8"),
        (lambda: estimator_variance(MOMENTS, 8, 0, True), "b must be a whole number of at least 1"),
        (
            lambda: estimator_variance(MOMENTS, 9, 2, True),
            "m must be the number of samples .* 8, got 9",
        ),
        (lambda: gradient_noise_scale([]), "moments must hold at least one"),
    ],
)
def test_bad_arguments_are_named(call, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def test_the_variance_is_zero_at_b_equal_to_m_and_at_m_equal_to_1() -> None:
    assert estimator_variance(MOMENTS, 8, 8, False).tolist() == [0, 0]
    one = GradientMoments(torch.ones(1).double(), torch.zeros(1).double(), 1, subsample=False)
    assert estimator_variance(one, 1, 1, False).tolist() == [0]


def test_it_changes_nothing(make_model) -> None:
    model, x = small(make_model)
    batch, rng = torch.tensor([0, 3, 3]), torch.random.get_rng_state()
    copies = [x.clone(), batch.clone(), *(q.detach().clone() for q in model.parameters())]
    minibatch_gradient(model, x, batch)
    gradient_moments(model, x, 3)
    assert all(
        torch.equal(a, b) for a, b in zip([x, batch, *model.parameters()], copies, strict=True)
    )
    assert torch.equal(torch.random.get_rng_state(), rng)
    assert all(q.requires_grad and q.grad is None for q in model.parameters())
