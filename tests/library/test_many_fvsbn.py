"""Many FVSBNs at once: each is the library's FVSBN, and its batches are batches of the data."""

from collections.abc import Callable
from itertools import islice

import pytest
import torch
from torch import Tensor
from torch.func import jacrev
from torch.nn.utils import parameters_to_vector, vector_to_parameters

from mle_lib.data import TinyWorld
from mle_lib.gradient import full_gradient, per_sample_gradients
from mle_lib.likelihood import log_likelihood
from mle_lib.minibatch import minibatch_gradient
from mle_lib.models import FVSBN
from mle_lib.models.many_fvsbn import ManyFVSBN
from tests.cases import binary

Deviation = Callable[[float | Tensor, float], None]


@pytest.fixture
def x() -> Tensor:
    return TinyWorld(5, seed=3).sample(60, torch.Generator().manual_seed(4))


def random_theta(*shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(5), dtype=torch.float64)


def at(theta: Tensor, n: int = 5) -> FVSBN:
    model = FVSBN(n).double()
    vector_to_parameters(theta, model.parameters())
    return model


def shares_of(rows: Tensor, many: ManyFVSBN) -> Tensor:
    return torch.bincount(many.which[rows], minlength=len(many.states)).double() / len(rows)


def test_height_is_the_log_likelihood_over_m(x: Tensor, deviation: Deviation) -> None:
    many, theta = ManyFVSBN(x), random_theta(2, 3, 15)
    heights = many.height(theta)
    assert heights.shape == (2, 3)
    for k in range(6):
        value = log_likelihood(at(theta.view(6, 15)[k]), x) / 60
        deviation((heights.flatten()[k] - value).abs(), 1e-12)


def test_gradients_are_those_of_the_library(x: Tensor, deviation: Deviation) -> None:
    many, theta = ManyFVSBN(x), random_theta(4, 15)
    rows = [torch.tensor(r) for r in ([0], [3, 3, 59], list(range(20)), [7, 1])]
    shares = torch.stack([shares_of(r, many) for r in rows])
    exact, estimates = many.gradient(theta), many.gradient(theta, shares)
    for k in range(4):
        deviation((exact[k] - full_gradient(at(theta[k]), x) / 60).abs().max(), 1e-12)
        estimate = minibatch_gradient(at(theta[k]), x, rows[k]) / 60
        deviation((estimates[k] - estimate).abs().max(), 1e-12)


def test_curvature_is_minus_the_second_derivative(x: Tensor, deviation: Deviation) -> None:
    many, theta = ManyFVSBN(x), random_theta(15)
    H = -jacrev(jacrev(many.height))(theta)
    deviation((many.curvature(theta) - H).abs().max(), 1e-12)
    assert torch.linalg.eigvalsh(H)[0] > 0


def test_covariance_is_that_of_the_per_sample_gradients(x: Tensor, deviation: Deviation) -> None:
    many, theta = ManyFVSBN(x), random_theta(15)
    rows = per_sample_gradients(at(theta), x)
    deviation((many.state_gradients(theta)[many.which] - rows).abs().max(), 1e-12)
    covariance = torch.cov(rows.T, correction=0)
    deviation((many.covariance(theta) - covariance).abs().max(), 1e-12)


def test_at_the_maximum_there_is_no_slope(deviation: Deviation) -> None:
    x = TinyWorld(6, seed=0).sample(500, torch.Generator().manual_seed(1))
    many = ManyFVSBN(x)
    top = many.maximum()
    deviation(many.gradient(top).abs().max(), 1e-12)
    assert many.height(top) > many.height(top + 0.01 * random_theta(100, 21)).max()


def test_newton_arrives_where_its_first_steps_all_go_down() -> None:
    x = (torch.rand(400, 5, generator=torch.Generator().manual_seed(0)) < 0.2).double()
    many = ManyFVSBN(x)
    assert many.gradient(many.maximum()).abs().max() < 1e-12


def test_data_that_can_be_told_apart_have_no_maximum() -> None:
    """x_2 = 1 only where x_1 = 1: a bias runs to −∞, σ rounds to 0 and with it Newton's step, which
    is no reason to stop."""
    x = torch.tensor([[1.0, 0.0]] * 4 + [[1.0, 1.0]] * 3 + [[0.0, 0.0]])
    with pytest.raises(ValueError, match="one finite maximum"):
        ManyFVSBN(x).maximum()


def test_data_of_any_dtype_are_the_same(x: Tensor) -> None:
    theta = random_theta(15)
    assert torch.equal(ManyFVSBN(x.float()).height(theta), ManyFVSBN(x).height(theta))


def test_independent_batches_may_be_of_any_size(x: Tensor) -> None:
    many = ManyFVSBN(x)
    assert next(many.batches(7, 2)).shape == (2, len(many.states))


def test_a_pixel_that_is_never_inked_has_no_maximum() -> None:
    x = binary(40, 3)
    x[:, 1] = 0
    with pytest.raises(ValueError, match="one finite maximum"):
        ManyFVSBN(x).maximum()


def test_a_step_on_shuffled_batches_is_a_step_of_each_model(
    x: Tensor, deviation: Deviation
) -> None:
    many, theta = ManyFVSBN(x), random_theta(3, 15)
    shares = next(many.batches(20, 3, True, torch.Generator().manual_seed(0)))
    orders = torch.rand(3, 60, generator=torch.Generator().manual_seed(0)).argsort(1)
    moved = theta + 0.1 * many.gradient(theta, shares)
    for k in range(3):
        model = at(theta[k])
        step = 0.1 / 60 * minibatch_gradient(model, x, orders[k, :20])
        expected = parameters_to_vector(model.parameters()).detach() + step
        deviation((moved[k] - expected).abs().max(), 1e-12)


def test_a_pass_holds_every_row_once_and_passes_differ(x: Tensor, deviation: Deviation) -> None:
    many = ManyFVSBN(x)
    generator = torch.Generator().manual_seed(1)
    batches = torch.stack(list(islice(many.batches(15, 7, True, generator), 8)))
    for start in (0, 4):
        deviation((batches[start : start + 4].mean(0) - many.share).abs().max(), 1e-12)
    assert not torch.equal(batches[:4], batches[4:])
    assert not torch.equal(batches[:, 0], batches[:, 1])  # the runs have their own draws


def test_independent_batches_are_draws_with_replacement(x: Tensor) -> None:
    """The mean of 4000 batches of 3, in units of its standard error: |z| < 5 for all of at most 32
    states, a false alarm in 50,000 at most."""
    many, b = ManyFVSBN(x), 30  # without replacement the variance would be half as large
    before = torch.random.get_rng_state()
    shares, again = (
        next(many.batches(b, 4000, generator=torch.Generator().manual_seed(2))) for _ in range(2)
    )
    assert torch.equal(shares, again)
    assert torch.equal(torch.random.get_rng_state(), before)
    assert torch.allclose(shares.sum(1), torch.ones(4000).double())
    error = (many.share * (1 - many.share) / b / 4000).sqrt()
    assert ((shares.mean(0) - many.share) / error).abs().max() < 5
    variance = shares.var(0).sum() / (many.share * (1 - many.share) / b).sum()
    assert 0.95 < variance < 1.05


@pytest.mark.parametrize(("b", "runs", "match"), [(0, 1, "b must"), (1, 0, "runs must")])
def test_sizes_below_one_are_refused(x: Tensor, b: int, runs: int, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        ManyFVSBN(x).batches(b, runs)


def test_a_ragged_pass_is_refused(x: Tensor) -> None:
    with pytest.raises(ValueError, match="b must divide m = 60"):
        ManyFVSBN(x).batches(7, 2, reshuffle=True)


def test_data_must_be_binary() -> None:
    with pytest.raises(ValueError, match="x must hold only 0 and 1"):
        ManyFVSBN(torch.tensor([[0.0, 0.5]]))


def test_runs_that_do_not_agree_are_named(x: Tensor) -> None:
    many, theta = ManyFVSBN(x), random_theta(3, 15)
    with pytest.raises(ValueError, match="theta and shares must agree in their runs, got"):
        many.gradient(theta, torch.stack([many.share] * 2))
    for method in (many.state_gradients, many.curvature, many.covariance):
        with pytest.raises(ValueError, match=r"theta must have shape \(15,\), got \(2, 15\)"):
            method(theta[:2])
        with pytest.raises(ValueError, match="theta must be a tensor of shape"):
            method(theta[:, 0])


def test_one_run_of_either_serves_all_of_the_other(x: Tensor, deviation: Deviation) -> None:
    many, theta = ManyFVSBN(x), random_theta(3, 15)
    shares = torch.rand(3, len(many.states), generator=torch.Generator().manual_seed(1)).double()
    for one, other in [(theta, shares[:1]), (theta[:1], shares), (theta[0], shares)]:
        together = many.gradient(one, other)
        for k in range(3):
            row = one if one.ndim == 1 else one[k % len(one)]
            single = many.gradient(row, other[k % len(other)])
            deviation((together[k] - single).abs().max(), 1e-14)
