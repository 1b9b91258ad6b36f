from collections.abc import Callable
from itertools import product

import pytest
import torch

from mle_lib.gradient import full_gradient, per_sample_gradients
from mle_lib.minibatch import estimator_variance, gradient_moments, minibatch_gradient
from mle_lib.models import FVSBN, AutoregressiveModel
from mle_lib.variance_reduction import (
    importance_gradient,
    importance_variance,
    norm_probabilities,
    sample_with_probability,
)
from tests.cases import binary, randomised, seeded
from tests.library.enumeration import M, N, X

Q = torch.tensor([0.1, 0.2, 0.3, 0.4], dtype=torch.float64)
ROWS = torch.linspace(0.1, 1, M * 5, dtype=torch.float64).view(M, 5)

# tried in other types, shapes and modes, and beyond all bounds (test_every_argument.py)
ARGUMENTS = {
    importance_gradient: {
        "model": lambda: randomised(FVSBN(N), 0),
        "x": X,
        "indices": torch.tensor([0, 2]),
        "q": Q,
    },
    importance_variance: {"gradients": ROWS, "q": Q, "b": 2},
    norm_probabilities: {"gradients": ROWS, "uniform": 0.5},
    sample_with_probability: {"q": Q, "b": 2, "generator": seeded},
}


def all_samples(model: AutoregressiveModel, x: torch.Tensor) -> torch.Tensor:
    q = torch.full((len(x),), 1 / len(x), dtype=torch.float64)
    return importance_gradient(model, x, torch.arange(len(x)), q)


# what it is asked for on all of x, and what that is (test_as_the_model_stands.py)
ON_ALL = {"importance_gradient": (all_samples, "gradient")}


@pytest.mark.parametrize("b", [1, 2, 3])
def test_importance_sampling_is_unbiased_and_has_the_predicted_variance(
    make_model: Callable, b, deviation
) -> None:
    """Over every b-tuple of samples, each with its own probability."""
    model = randomised(make_model(N), 0)
    drawn = list(product(range(M), repeat=b))
    chances = torch.stack([Q[list(B)].prod() for B in drawn])[:, None]
    estimates = torch.stack([importance_gradient(model, X, torch.tensor(B), Q) for B in drawn])
    mean = (chances * estimates).sum(0)
    variance = (chances * (estimates - mean) ** 2).sum(0)
    deviation((chances.sum() - 1).abs(), 1e-14)
    deviation((mean - full_gradient(model, X)).abs().max(), 1e-12)
    predicted = importance_variance(per_sample_gradients(model, X), Q, b)
    deviation((variance - predicted).abs().max(), 1e-11)


def test_uniform_probabilities_are_the_mini_batch_estimator(make_model: Callable, deviation):
    model, x, B = randomised(make_model(5), 0), binary(9, 5), torch.tensor([4, 8, 4, 0])
    q = torch.full((9,), 1 / 9, dtype=torch.float64)
    plain = minibatch_gradient(model, x, B)
    deviation((importance_gradient(model, x, B, q) - plain).abs().max(), 1e-12)
    variance = importance_variance(per_sample_gradients(model, x), q, 4)
    plain = estimator_variance(gradient_moments(model, x), 9, 4, True)
    deviation((variance - plain).abs().max(), 1e-11)


def test_the_norms_give_the_least_total_variance(make_model: Callable, deviation) -> None:
    g = per_sample_gradients(randomised(make_model(N), 0), X)
    best = importance_variance(g, norm_probabilities(g), 2).sum()
    bound = (g.norm(dim=1).sum() ** 2 - g.sum(0).square().sum()) / 2
    deviation((best - bound).abs(), 1e-11)
    generator = torch.Generator().manual_seed(0)
    for _ in range(50):
        q = torch.rand(M, generator=generator, dtype=torch.float64) + 0.01
        assert importance_variance(g, q / q.sum(), 2).sum() > best


def test_a_uniform_part_bounds_the_weights(deviation) -> None:
    g = torch.tensor([[3.0, 4.0], [0.0, 0.0], [0.0, 5.0]])
    expected = torch.tensor([0.5, 0.0, 0.5], dtype=torch.float64)
    deviation((norm_probabilities(g) - expected).abs().max(), 1e-15)
    q = norm_probabilities(g, 0.3)
    deviation((q - (0.7 * expected + 0.1)).abs().max(), 1e-15)
    assert (norm_probabilities(g, 1) == 1 / 3).all()


def test_samples_come_with_their_probabilities() -> None:
    """Chi-square over m = 4 samples: false-alarm rate 1e-4, seed fixed."""
    from scipy.stats import chisquare

    drawn = sample_with_probability(Q, 20_000, torch.Generator().manual_seed(0))
    assert drawn.dtype == torch.int64
    counts = torch.bincount(drawn, minlength=4).double()
    assert chisquare(counts.numpy(), (20_000 * Q).numpy()).pvalue > 1e-4
    again = sample_with_probability(Q, 20_000, torch.Generator().manual_seed(0))
    assert torch.equal(drawn, again)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_estimate_has_the_dtype_and_device_of_the_model(dtype, device) -> None:
    model, x = FVSBN(3).to(device, dtype), X.to(device)
    estimate = importance_gradient(model, x, torch.tensor([3, 0]), Q.float().to(device))
    assert (estimate.dtype, estimate.device.type) == (dtype, device)


BAD = [
    (Q.tolist(), r"parameter q=\[0.1.*Tensor"),
    (torch.ones(4, dtype=torch.int64), "q must hold floats, got torch.int64"),
    (Q[None], r"q must have shape \(m,\), got \(1, 4\)"),
    (Q[:3], "q must have one entry for each of the 4 samples, got 3"),
    (torch.full((5,), 0.2), "q must have one entry for each of the 4 samples, got 5"),
    (torch.tensor([0.5, 0.5, 0.0, 0.0]), r"q must be positive, got 0.0 \(2 such entries\)"),
    (torch.tensor([0.5, 0.5, -0.5, 0.5]), "q must be positive, got -0.5"),
    (torch.full((4,), float("nan")), "q must be positive, got nan"),
    (torch.full((4,), 0.3125), r"q must have the sum 1, got 1\.25"),
    (torch.full((4,), 0.125), r"q must have the sum 1, got 0\.5"),
    (torch.full((4,), 0.251), r"q must have the sum 1, got 1\.00"),
]


@pytest.mark.parametrize(("q", "message"), BAD)
def test_bad_probabilities_are_named(q, message) -> None:
    with pytest.raises(ValueError, match=message):
        importance_gradient(FVSBN(3), X, torch.tensor([0]), q)
    with pytest.raises(ValueError, match=message):
        importance_variance(torch.ones(4, 2), q, 1)
    if "one entry" not in message:
        with pytest.raises(ValueError, match=message):
            sample_with_probability(q, 1)


def test_the_rounding_of_a_softmax_is_divided_out(deviation) -> None:
    """Its sum is off by some 1e-6, and ``torch.multinomial`` divides it out too."""
    q = torch.softmax(5 * torch.randn(10**5, generator=torch.Generator().manual_seed(0)), 0)
    assert abs(q.double().sum() - 1) > 1e-6
    sample_with_probability(q, 3)
    model, x, B = randomised(FVSBN(3), 0), binary(10**5, 3), torch.tensor([5])
    expected = full_gradient(model, x[B]) * q.double().sum() / q[5].double()
    estimate = importance_gradient(model, x, B, q.requires_grad_())
    deviation((estimate - expected).norm() / expected.norm(), 1e-12)


def test_other_bad_input_is_named() -> None:
    with pytest.raises(ValueError, match="b must be a whole number of at least 1, got 0"):
        sample_with_probability(Q, 0)
    with pytest.raises(ValueError, match="indices must lie in 0 … 3"):
        importance_gradient(FVSBN(3), X, torch.tensor([4]), Q)
    for gradients in (torch.ones(4), torch.ones(0, 2)):
        with pytest.raises(ValueError, match="gradients must"):
            importance_variance(gradients, Q, 1)
        with pytest.raises(ValueError, match="gradients must"):
            norm_probabilities(gradients)
    with pytest.raises(ValueError, match="b must be a whole number of at least 1, got 0"):
        importance_variance(torch.ones(4, 2), Q, 0)
    with pytest.raises(
        ValueError, match=r"uniform must be a finite number of at least 0, got -0\.5"
    ):
        norm_probabilities(torch.ones(4, 2), -0.5)
    with pytest.raises(ValueError, match=r"uniform must be at most 1, got 1\.5"):
        norm_probabilities(torch.ones(4, 2), 1.5)
    bad = (torch.full((4, 2), value) for value in (0.0, float("nan"), float("inf")))
    for gradients in bad:
        with pytest.raises(ValueError, match="gradients must be finite and not all 0"):
            norm_probabilities(gradients)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_a_weight_beyond_the_dtype_meets_its_gradient_first(dtype: torch.dtype) -> None:
    """Of a weight of 1e5 or 1e40, and gradients of which most are 0: none is NaN."""
    x, model = binary(7, 4), randomised(FVSBN(4), 1).to(dtype)
    q = torch.full((7,), (1 - (small := 1e-40 if dtype == torch.float32 else 1e-5)) / 6).double()
    q[3] = small
    B = torch.tensor([3])
    exact = importance_gradient(randomised(FVSBN(4), 1), x, B, q)
    found = importance_gradient(model, x, B, q).double()
    most = torch.finfo(dtype).max
    assert ((found == 0) == (exact == 0)).all()
    within = exact.abs() < 0.9 * most
    torch.testing.assert_close(found[within], exact[within], rtol=0.05, atol=0)
    assert (found[exact.abs() > 1.1 * most].abs() == float("inf")).all()


def test_the_smallest_probability_has_a_weight_and_a_smaller_one_is_named() -> None:
    """The weight 1/(b q) is finite, and so is the variance (1/b) g²/q, though (g/q)² is not."""
    q, g = torch.full((4,), 1 / 3).double(), torch.zeros(4, 2).double()
    g[:, 1] = 1e-4
    q[0], B = (tiny := torch.finfo(torch.float64).tiny), torch.tensor([0, 1])
    exact = importance_gradient(FVSBN(3).double(), X, B, q)
    assert exact.isfinite().all()
    for dtype in (torch.float16, torch.bfloat16, torch.float32):  # infinite, or lost beside that
        found = importance_gradient(FVSBN(3).to(dtype), X, B, q).double()
        assert torch.equal(found, torch.where(exact.abs() < 1, 0, exact / 0))
    expected = torch.tensor([0, 1e-8 / tiny / 3], dtype=torch.float64)
    torch.testing.assert_close(importance_variance(g, q, 3), expected, rtol=1e-3, atol=0)
    q[0] = tiny / 2
    for call in (
        lambda: importance_gradient(FVSBN(3).double(), X, B, q),
        lambda: importance_variance(g, q, 3),
        lambda: sample_with_probability(q, 3),
    ):
        with pytest.raises(ValueError, match=r"q must be positive, got 1\.1\d*e-308"):
            call()


def test_16_bits_of_q_may_sum_to_a_little_less() -> None:
    q = torch.full((3,), 1 / 3, dtype=torch.float16)
    assert len(sample_with_probability(q, 4)) == 4
    with pytest.raises(ValueError, match="q must have at most 16777216 entries"):
        sample_with_probability(torch.full((2**24 + 1,), 2.0**-24), 1)
