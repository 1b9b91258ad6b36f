import os

import pytest
import torch
from torch.nn.utils import parameters_to_vector, vector_to_parameters

from mle_lib.data import TinyWorld, all_states, load_density_set, load_digits_binary
from mle_lib.gradient import full_gradient, per_sample_gradients
from mle_lib.likelihood import log_likelihood
from mle_lib.models import FVSBN, MADE, NADE, AutoregressiveModel
from mle_lib.models.many_fvsbn import ManyFVSBN
from mle_lib.second_order import (
    curvature,
    exact_fisher,
    irls,
    lbfgs,
    natural_gradient,
    newton,
    newton_direction,
)
from mle_lib.second_order.irls import Conditional
from tests.cases import binary, randomised
from tests.library.test_models import BAD_X

DATA = pytest.mark.skipif(
    not os.environ.get("MLE_DATA_DIR"), reason="needs the density sets in $MLE_DATA_DIR"
)


def flat(model) -> torch.Tensor:
    return parameters_to_vector(model.parameters()).detach().clone()


def world(device: str = "cpu") -> torch.Tensor:
    return TinyWorld(6, seed=0).sample(500, torch.Generator().manual_seed(1)).to(device)


def hessian_by_autograd(model, x) -> torch.Tensor:
    """∇²ℓ by differentiating each entry of the gradient, one after the other."""
    gradient = torch.autograd.grad(model(x).sum(), list(model.parameters()), create_graph=True)
    rows = [
        torch.cat(
            [
                q.flatten()
                for q in torch.autograd.grad(
                    entry, list(model.parameters()), retain_graph=True, materialize_grads=True
                )
            ]
        )
        for entry in torch.cat([q.flatten() for q in gradient])
    ]
    return torch.stack(rows)


# --- H -------------------------------------------------------------------------------------------


def test_curvature_equals_autograd(make_model, device, deviation) -> None:
    model, x = randomised(make_model(5), 0).to(device), binary(9, 5).to(device)
    deviation((curvature(model, x) + hessian_by_autograd(model, x) / 9).abs().max(), 1e-12)


def test_curvature_equals_differences_of_the_gradient(make_model, deviation) -> None:
    """Central differences with h = 1e-5 err by about h² and 1e-16 · |∇ℓ|/h."""
    model, x, h = randomised(make_model(4), 0), binary(7, 4), 1e-5
    theta, H = flat(model), curvature(model, x)
    for k in range(len(theta)):
        sides = []
        for sign in (1, -1):
            moved = theta.clone()
            moved[k] += sign * h
            vector_to_parameters(moved, model.parameters())
            sides.append(full_gradient(model, x) / len(x))
        deviation((H[k] + (sides[0] - sides[1]) / (2 * h)).abs().max(), 1e-8)


def test_curvature_of_the_fvsbn_is_the_closed_form(deviation) -> None:
    """(2.6), written out sample by sample, and no blocks beside the diagonal."""
    model, x = randomised(FVSBN(6), 0), binary(20, 6)
    expected = torch.zeros(21, 21).double()
    for row in x:
        for i in range(6):
            seen = torch.cat([torch.ones(1), row[:i]]).double()
            p = torch.sigmoid(seen @ flat(model)[model.block(i)])
            block = model.block(i)
            expected[block[:, None], block] += p * (1 - p) * torch.outer(seen, seen) / 20
    deviation((curvature(model, x) - expected).abs().max(), 1e-14)


# --- Newton --------------------------------------------------------------------------------------


@pytest.mark.parametrize("ridge", [0.0, 0.5])
@pytest.mark.parametrize("scale", [0.0, 1.0, 30.0])
def test_newton_reaches_the_one_maximum_from_any_start(ridge, scale, device, deviation) -> None:
    model, x = randomised(FVSBN(6), 3, scale).to(device), world(device)
    heights = newton(model, x, ridge)
    slope = (full_gradient(model, x) - ridge * flat(model).to(device)) / len(x)
    deviation(slope.abs().max(), 1e-13)
    from_zero = FVSBN(6).double().to(device)
    newton(from_zero, x, ridge)
    deviation((flat(model) - flat(from_zero)).abs().max(), 1e-7)
    assert (torch.tensor(heights).diff() > -1e-12).all()  # no step goes down


def test_newton_equals_the_maximum_of_many_fvsbn(deviation) -> None:
    model = FVSBN(6).double()
    newton(model, world())
    deviation((flat(model) - ManyFVSBN(world()).maximum()).abs().max(), 1e-9)


def test_newton_equals_a_general_optimiser_with_a_ridge(deviation) -> None:
    """SciPy's BFGS on the penalised ℓ/m, which knows nothing of blocks or curvature."""
    from scipy.optimize import minimize

    x, model = binary(12, 5, seed=4), FVSBN(5).double()  # separable without the ridge
    height = newton(model, x, ridge=0.3)[-1]
    other = FVSBN(5).double()

    def loss(theta):
        vector_to_parameters(torch.from_numpy(theta), other.parameters())
        value = (log_likelihood(other, x) - 0.15 * flat(other).square().sum()) / 12
        slope = (full_gradient(other, x) - 0.3 * flat(other)) / 12
        return -value.item(), -slope.numpy()

    found = minimize(loss, torch.zeros(15).double().numpy(), jac=True, options={"gtol": 1e-9})
    deviation(abs(height + found.fun), 1e-12)
    deviation((flat(model) - torch.from_numpy(found.x)).abs().max(), 1e-6)


def test_the_heights_are_those_before_and_after() -> None:
    x, model = world(), randomised(FVSBN(6), 1)
    start = (log_likelihood(model, x) - flat(model).square().sum()) / 500
    heights = newton(model, x, ridge=2)
    end = (log_likelihood(model, x) - flat(model).square().sum()) / 500
    assert heights[0] == pytest.approx(start.item(), abs=1e-12)
    assert heights[-1] == pytest.approx(end.item(), abs=1e-12)
    assert 3 < len(heights) < 30


def separable(n: int = 6) -> torch.Tensor:
    """Rows in which the sum of the variables before it tells the last one without error."""
    x = all_states(n)
    x[:, -1] = (x[:, :-1].sum(1) > n / 2).double()
    return x


def undamped(model, x, ridge, steps: int = 200) -> torch.Tensor:
    """The same without damping: H⁻¹ times the gradient, each time. NaN where H is singular."""
    for _ in range(steps):
        theta = flat(model)
        slope = (full_gradient(model, x) - ridge * theta) / len(x)
        H = curvature(model, x) + ridge / len(x) * torch.eye(len(theta))
        step = torch.linalg.solve_ex(H, slope).result
        vector_to_parameters(theta + step, model.parameters())
    return (full_gradient(model, x) - ridge * flat(model)).abs().max() / len(x)


@pytest.mark.parametrize("scale", [1.0, 3.0, 10.0])
def test_on_separable_data_only_the_damped_step_arrives(scale, deviation) -> None:
    x, model = separable(), randomised(FVSBN(6), 0, scale)
    if scale > 1:  # nearer, it arrives too
        assert not undamped(randomised(FVSBN(6), 0, scale), x, ridge=1e-2) < 1e-3
    newton(model, x, ridge=1e-2)
    deviation((full_gradient(model, x) - 1e-2 * flat(model)).abs().max() / len(x), 1e-10)


def with_copy(x: torch.Tensor) -> torch.Tensor:
    x[:, 4] = x[:, 1]
    return x


def one_of_three(x: torch.Tensor) -> torch.Tensor:
    """The last three columns: exactly one of them is 1."""
    x[:, 3:] = torch.eye(3)[torch.arange(len(x)) % 3]
    return x


@pytest.mark.parametrize(
    ("x", "variable"),
    [
        (separable(), 5),
        (with_copy(world()), 4),
        (with_copy(1 - world()), 4),
        (one_of_three(world()), 4),  # 1 where x_3 = 1 never comes: quasi-separated
        (binary(3, 6, seed=1), None),  # fewer rows than parameters
        (torch.tensor([[0.0, 0], [1, 1], [0, 0], [1, 1]]), 1),
        (
            torch.tensor([[0.0, 0], [1, 1], [0, 1], [0, 1]]),
            1,
        ),  # quasi-separated: x_1 = 1 only there
    ],
)
def test_data_without_a_finite_maximum_are_named(x, variable) -> None:
    model = randomised(FVSBN(x.shape[1]), 0)
    before = flat(model)
    message = "finite maximum" if variable is None else f"variable {variable} .* separate its 0s"
    with pytest.raises(ValueError, match=message):
        newton(model, x)
    assert torch.equal(flat(model), before)
    newton(model, x, ridge=0.1)
    slope = full_gradient(model, x.double()) - 0.1 * flat(model)
    assert slope.abs().max() / len(x) < 1e-10


def test_constant_columns_are_named() -> None:
    blank = [0, 8, 16, 24, 31, 32, 39, 40, 47, 56]
    x, model = load_digits_binary("train"), FVSBN(64)
    with pytest.raises(ValueError, match=r"no constant column .* got \[0, 8, 16, 24, 31, 32, 39"):
        newton(model, x)
    assert (x == x[0]).all(0).nonzero().flatten().tolist() == blank
    assert flat(model).count_nonzero() == 0


def test_a_tiny_ridge_is_enough_on_the_digits(deviation) -> None:
    """Logits up to hundreds: the curvature spans twelve orders of magnitude."""
    x, model = load_digits_binary("train").double(), FVSBN(64).double()
    newton(model, x, ridge=1e-6)
    deviation((full_gradient(model, x) - 1e-6 * flat(model)).abs().max() / 1200, 1e-9)


def test_separation_is_named_from_far_starts() -> None:
    x = torch.tensor([[0.0, 0], [1, 1]]).repeat(250, 1)
    for seed in range(20):
        for scale in (1.0, 10.0, 300.0):
            with pytest.raises(ValueError, match=r"variable 1 .* separate its 0s"):
                newton(randomised(FVSBN(2), seed, scale), x)


@pytest.mark.parametrize("ridge", [1e-9, 1e-7, 1e-3])
def test_a_small_ridge_is_enough_from_far_starts(ridge, deviation) -> None:
    """A constant column and a separated one; the last steps before the top are damped ones."""
    x = torch.tensor([[1.0, 0, 0], [1, 1, 1], [1, 0, 0], [1, 1, 1]])
    ends = []
    for seed, scale in ((0, 0.0), (1, 10.0), (2, 300.0)):
        model = randomised(FVSBN(3), seed, scale)
        newton(model, x, ridge)
        ends.append(flat(model))
        deviation((full_gradient(model, x) - ridge * ends[-1]).abs().max() / 4, 1e-13)
    deviation((torch.stack(ends) - ends[0]).abs().max(), 1e-2)  # the ridge alone holds them


def test_a_maximum_that_one_row_in_many_makes_finite_is_found(deviation) -> None:
    """x_1 = x_0 but for one row of each kind in 200,000: logits of ± log(99,999)."""
    x = torch.tensor([[0.0, 0], [1, 1]]).repeat(100_000, 1)
    x[0, 1], x[1, 1] = 1, 0
    model = FVSBN(2).double()
    newton(model, x)
    z = torch.tensor(99_999.0).double().log()
    deviation((flat(model) - torch.stack([0 * z, -z, 2 * z])).abs().max(), 1e-9)


def test_the_bound_is_a_quarter_and_no_curvature_exceeds_it(deviation) -> None:
    rows = binary(30, 5, seed=2)
    block = Conditional(rows, torch.full((30,), 1 / 30, dtype=torch.float64), 4, ridge=0.1)
    seen = torch.cat([torch.ones(30, 1), rows[:, :4]], dim=1).double()
    expected = sum(0.25 * torch.outer(row, row) / 30 for row in seen)
    expected = expected + 0.1 * torch.eye(5).double()
    deviation((block.bound() - expected).abs().max(), 1e-14)
    deviation((block.curvature(torch.zeros(5).double()) - expected).abs().max(), 1e-14)
    for seed in range(5):
        theta = torch.randn(5, generator=torch.Generator().manual_seed(seed)).double()
        assert torch.linalg.eigvalsh(block.bound() - block.curvature(theta))[0] > -1e-14


def test_no_step_goes_down_from_a_start_at_which_every_unit_is_sure() -> None:
    model = randomised(FVSBN(6), 0, 300.0)
    heights = torch.tensor(newton(model, world()))
    assert len(heights) > 10
    assert (heights.diff()[heights[1:] < heights[-1] - 1e-8] > 0).all()


def test_too_few_steps_are_said(monkeypatch) -> None:
    monkeypatch.setattr(irls, "NEWTON_STEPS", 2)
    with pytest.raises(ValueError, match="model must start nearer to the maximum: 2 steps"):
        newton(FVSBN(6), world())


def test_a_singular_matrix_is_known_at_any_scale() -> None:
    regular = torch.diag(torch.tensor([1.0, 1e-8], dtype=torch.float64))
    singular = torch.tensor([[1.0, 1.0], [1.0, 1.0]]).double()
    for scale in (1e-12, 1.0, 1e6):
        ones = torch.ones(2).double()
        solution = irls.solve_definite(scale * regular, ones, "ridge")
        assert torch.allclose(solution * scale * regular.diagonal(), ones, rtol=1e-9)
        with pytest.raises(ValueError, match="ridge must be larger"):
            irls.solve_definite(scale * singular, ones, "ridge")


def test_newton_of_a_float32_model_is_rounded_once() -> None:
    exact, rounded = FVSBN(6).double(), FVSBN(6)
    newton(exact, world())
    newton(rounded, world().bool())
    assert torch.equal(flat(rounded), flat(exact).float())


@DATA
@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("nltcs", {"train": -6.028547, "valid": -5.972917, "test": -6.035354}),
        ("msnbc", {"train": -6.390661, "valid": -6.392545, "test": -6.389215}),
    ],
)
def test_newton_reaches_the_known_maxima(name, values, deviation) -> None:
    """Reference values from another program, to six decimals."""
    x = load_density_set(name, "train")
    model = FVSBN(x.shape[1]).double()
    newton(model, x)
    deviation(full_gradient(model, x.double(), 10_000).abs().max() / len(x), 1e-10)
    for split, value in values.items():
        rows = load_density_set(name, split)
        deviation(abs(log_likelihood(model, rows, 10_000).item() / len(rows) - value), 1e-6)


@DATA
def test_plants_has_a_constant_column_and_a_maximum_with_a_ridge(deviation) -> None:
    x = load_density_set("plants", "train")
    constant = (x == x[0]).all(0).nonzero().flatten().tolist()
    model = FVSBN(69).double()
    with pytest.raises(ValueError, match=rf"no constant column .* got \[{constant[0]}\]"):
        newton(model, x)
    assert len(constant) == 1
    newton(model, x, ridge=1.0)
    slope = full_gradient(model, x.double(), 5000) - flat(model)
    deviation(slope.abs().max() / len(x), 1e-10)


# --- directions ----------------------------------------------------------------------------------


@pytest.mark.parametrize("ridge", [0.0, 0.1])
def test_newton_direction_is_the_whole_matrix_solved(ridge, device, deviation) -> None:
    model, x = randomised(FVSBN(6), 0, 0.5).to(device), world(device)
    part, gradient = x[:100], full_gradient(model, x) / 500
    H = curvature(model, part) + ridge * torch.eye(21).to(gradient)
    direction = newton_direction(model, part, gradient, ridge)
    deviation((direction - torch.linalg.solve(H, gradient)).abs().max(), 1e-10)


def test_fisher_is_the_expected_outer_product(make_model, device, deviation) -> None:
    """The sum over all states, written out, with p from the product of the conditionals."""
    model = randomised(make_model(5), 0).to(device)
    states = all_states(5).to(device)
    expected = 0.0
    for state, g in zip(states, per_sample_gradients(model, states), strict=True):
        expected = expected + model(state[None]).exp().prod() * torch.outer(g, g)
    deviation((exact_fisher(model) - expected).abs().max(), 1e-12)


def test_fisher_is_the_expected_curvature(make_model, deviation) -> None:
    """Σ_x p_θ(x) ∇log p ∇log pᵀ = −Σ_x p_θ(x) ∇²log p, and the expected score is 0: true of the
    model's own p, of no other."""
    model, states = randomised(make_model(4), 0), all_states(4)
    p = model.log_prob(states).exp().detach()
    expected = sum(
        weight * curvature(model, state[None]) for weight, state in zip(p, states, strict=True)
    )
    deviation((exact_fisher(model) - expected).abs().max(), 1e-12)
    deviation((p @ per_sample_gradients(model, states)).abs().max(), 1e-13)


def test_fisher_measures_kl(make_model, deviation) -> None:
    """KL(p_θ‖p_θ+δ) + KL(p_θ‖p_θ−δ) = δᵀFδ, up to the fourth power of δ."""
    model, states = randomised(make_model(4), 0), all_states(4)
    theta, log_p = flat(model), model.log_prob(states).detach()
    delta = 1e-3 * torch.randn(len(theta), generator=torch.Generator().manual_seed(0)).double()
    both = 0.0
    for sign in (1, -1):
        vector_to_parameters(theta + sign * delta, model.parameters())
        both += log_p.exp() @ (log_p - model.log_prob(states).detach())
    vector_to_parameters(theta, model.parameters())
    law = delta @ exact_fisher(model) @ delta
    deviation((both / law - 1).abs(), 1e-4)


def test_fisher_and_curvature_of_the_fvsbn_differ_in_where_x_comes_from(deviation) -> None:
    """With every state once for each time the model would draw it, H is F."""
    model, states = randomised(FVSBN(5), 0), all_states(5)
    p = model.log_prob(states).exp().detach()
    H = sum(weight * curvature(model, row[None]) for weight, row in zip(p, states, strict=True))
    deviation((H - exact_fisher(model)).abs().max(), 1e-13)
    assert (curvature(model, states) - exact_fisher(model)).abs().max() > 1e-2


@pytest.mark.parametrize("damping", [0.0, 0.1])
def test_natural_gradient_solves_with_the_fisher(damping, device, deviation) -> None:
    model, x = randomised(FVSBN(6), 0, 0.5).to(device), world(device)
    matrix = exact_fisher(model) + damping * torch.eye(21).to(x)
    gap = matrix @ natural_gradient(model, x, damping) - full_gradient(model, x) / 500
    deviation(gap.abs().max(), 1e-12)


class Recoded(AutoregressiveModel):
    """An FVSBN with θ = A sinh(η) for parameters η."""

    def __init__(self, n: int, A: torch.Tensor, theta: torch.Tensor) -> None:
        super().__init__(n)
        self.A, self.eta = A, torch.nn.Parameter(torch.asinh(torch.linalg.solve(A, theta)))

    def logits(self, x: torch.Tensor) -> torch.Tensor:
        n, theta = self.n, self.A @ torch.sinh(self.eta)
        rows, columns = torch.tril_indices(n, n, -1)
        W = theta.new_zeros(n, n).index_put((rows, columns), theta[n:])
        return x @ W.T + theta[:n]


def test_a_short_natural_step_does_not_depend_on_the_parametrisation(deviation) -> None:
    """dθ = (∂θ/∂η) dη holds between the natural directions, and not between the gradients."""
    model, x = randomised(FVSBN(4), 0), binary(30, 4)
    A = torch.randn(10, 10, generator=torch.Generator().manual_seed(1)).double()
    recoded = Recoded(4, A, flat(model))
    deviation((recoded.log_prob(x) - model.log_prob(x)).abs().max(), 1e-12)
    J = A * torch.cosh(recoded.eta.detach())
    step = natural_gradient(model, x)
    deviation((J @ natural_gradient(recoded, x) / step - 1).abs().max(), 1e-9)
    gradient = full_gradient(model, x)
    assert (J @ full_gradient(recoded, x) / gradient - 1).abs().max() > 0.5


def test_natural_gradient_says_when_the_fisher_is_singular() -> None:
    model = MADE(4, 3, generator=torch.Generator().manual_seed(0))  # masked weights move nothing
    with pytest.raises(ValueError, match=r"damping must be larger: .* singular"):
        natural_gradient(model, binary(10, 4))
    assert natural_gradient(model, binary(10, 4), damping=0.01).isfinite().all()


# --- L-BFGS --------------------------------------------------------------------------------------


def test_lbfgs_reaches_newtons_maximum(device, deviation) -> None:
    x, top, model = world(device), FVSBN(6).double(), FVSBN(6).double().to(device)
    newton(top, world())
    heights = lbfgs(model, x, max_steps=1000)
    deviation((flat(model).cpu() - flat(top)).abs().max(), 1e-5)
    assert heights[-1] == pytest.approx(log_likelihood(model, x).item() / 500, abs=1e-12)
    assert heights[0] == pytest.approx(-6 * torch.tensor(2.0).log().item(), abs=1e-6)
    assert len(heights) < 500
    assert all(q.grad is None for q in model.parameters())


def test_lbfgs_ends_where_the_slope_of_a_network_is_zero(deviation) -> None:
    model = NADE(4, 2, torch.Generator().manual_seed(2)).double()
    x = TinyWorld(4, seed=0).sample(500, torch.Generator().manual_seed(1))
    start = log_likelihood(model, x)
    lbfgs(model, x, max_steps=2000)
    deviation(full_gradient(model, x).abs().max() / 500, 1e-6)
    assert log_likelihood(model, x) > start


def test_lbfgs_with_more_history_needs_fewer_evaluations() -> None:
    short, long = (len(lbfgs(FVSBN(6).double(), world(), 500, history)) for history in (1, 10))
    assert long < short


def test_lbfgs_leaves_frozen_parameters_where_they_are() -> None:
    model = FVSBN(6).double()
    model.linear.bias.requires_grad_(False)
    heights = lbfgs(model, world())
    assert model.linear.bias.count_nonzero() == 0
    assert heights[-1] > heights[0]


class Rooted(FVSBN):
    """NaN where a step makes a weight negative."""

    def logits(self, x: torch.Tensor) -> torch.Tensor:
        return torch.sqrt(self.linear(x) + 0.05)


class Interrupted(FVSBN):
    left = 3

    def logits(self, x: torch.Tensor) -> torch.Tensor:
        if torch.is_grad_enabled():
            self.left -= 1
            if not self.left:
                raise KeyboardInterrupt
        return self.linear(x)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(
    ("kind", "start", "error"),
    [
        (Rooted, 0.0, FloatingPointError),
        (Interrupted, 0.0, KeyboardInterrupt),
        (FVSBN, 1e38, ValueError),
        (lambda n: MADE(n, 5), 1e25, ValueError),
        (lambda n: NADE(n, 5), 1e38, ValueError),
    ],
)
def test_lbfgs_that_does_not_end_well_puts_all_back(kind, start, error, dtype) -> None:
    model, x = kind(4).to(dtype), TinyWorld(4, seed=0).sample(40, torch.Generator().manual_seed(1))
    scale = 1.0 if dtype == torch.float32 or not start else 1e270
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(start * scale)
            parameter.grad = torch.ones_like(parameter)
    before = flat(model)
    with pytest.raises(error):
        lbfgs(model, x)
    assert torch.equal(flat(model), before)
    assert all((parameter.grad == 1).all() for parameter in model.parameters())


def test_lbfgs_ends_at_once_where_no_parameter_counts() -> None:
    model = FVSBN(3).double()
    model.more = torch.nn.Parameter(torch.ones(2).double())
    model.linear.requires_grad_(False)
    x = binary(9, 3)
    assert lbfgs(model, x) == [log_likelihood(model, x).item() / 9]


def test_newton_changes_all_parameters_or_none() -> None:
    model = FVSBN(4).double()
    model.linear.weight = torch.nn.Parameter(torch.zeros(1).double().expand(6))
    with pytest.raises(ValueError, match="model must have a place for each of its parameters"):
        newton(model, binary(20, 4), 1.0)
    assert flat(model).count_nonzero() == 0


@pytest.mark.parametrize("ridge", [1e-14, 1e-18, 1e-20, 1e-22, 1e-24, 1e-30, 1e-40])
def test_a_ridge_however_small_holds_the_maximum_where_all_is_separated(ridge) -> None:
    """There the slope of the data, ρ θ, is as small as the ridge, and exact to its own size."""
    x, model = binary(40, 4), FVSBN(4).double()
    x[:, 3] = x[:, 1]
    newton(model, x, ridge)
    theta, rows = flat(model)[model.block(3)], x.new_full((40,), 1 / 40)
    residual = Conditional(x, rows, 3, ridge / 40).gradient(theta)
    assert residual.abs().max() < 1e-2 * ridge / 40 * theta.abs().max()
    assert theta[2] > 50


@pytest.mark.parametrize("ridge", [1e-17, 1e-30, 1e-100])
def test_a_ridge_that_is_lost_in_rounding_is_named(ridge) -> None:
    x = binary(40, 4)
    x[:, 1] = 1
    with pytest.raises(ValueError, match="ridge"):
        newton(FVSBN(4).double(), x, ridge)


def test_lbfgs_stops_after_max_steps() -> None:
    few, more = [], []
    for steps, heights in ((1, few), (3, more)):
        heights += lbfgs(FVSBN(6).double(), world(), max_steps=steps)
    assert len(few) < len(more) < 10
    assert more[: len(few)] == few


# --- bad input -----------------------------------------------------------------------------------


def with_nan() -> FVSBN:
    model = FVSBN(5)
    model.linear.bias.data[2] = float("nan")
    return model


@pytest.mark.parametrize(("x", "message"), BAD_X)
@pytest.mark.parametrize(
    "f",
    [
        newton,
        lbfgs,
        curvature,
        natural_gradient,
        lambda model, x: newton_direction(model, x, torch.zeros(6)),
    ],
)
def test_bad_data_are_named(f, x, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        f(FVSBN(3), x)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: newton(MADE(5, 3), x), r"(?s)parameter model=.*FVSBN"),
        (lambda x: newton(FVSBN(5), x, ridge=-1), "ridge must be a finite number of at least 0"),
        (lambda x: newton(FVSBN(5), x, ridge=True), "ridge must be a finite number"),
        (lambda x: newton(FVSBN(5), x, ridge=float("nan")), "ridge must be a finite number"),
        (
            lambda x: newton_direction(FVSBN(5), x, torch.zeros(3)),
            r"gradient must be .* \(15,\), got \(3",
        ),
        (
            lambda x: newton_direction(FVSBN(5), x[:1], torch.ones(15)),
            "ridge must be larger: .* singular",
        ),
        (lambda x: newton_direction(NADE(5, 2), x, torch.ones(3)), r"(?s)parameter model=.*FVSBN"),
        (lambda x: newton_direction(FVSBN(5), x, [0.0] * 15), "parameter gradient=.*Tensor"),
        (lambda x: newton_direction(FVSBN(5), x, torch.ones(15), -1.0), "ridge must be a finite"),
        (lambda x: newton(FVSBN(5), x, ridge=float("inf")), "ridge must be a finite number"),
        (lambda x: newton(FVSBN(5), x, ridge="1"), "ridge must be a finite number"),
        (lambda x: newton(FVSBN(5), x, ridge=10**400), "ridge must be a finite number"),
        (lambda x: newton(with_nan(), x), "model must have finite parameters, got nan"),
        (lambda x: newton_direction(with_nan(), x, torch.ones(15)), "model must have finite"),
        (lambda x: newton(FVSBN(5), x[:, [0] * 5], ridge=1e-30), "ridge must be larger"),
        (lambda x: lbfgs(FVSBN(5).requires_grad_(False), x), "model must have a parameter that is"),
        (lambda x: natural_gradient(FVSBN(5), x, damping=-0.1), "damping must be a finite number"),
        (lambda x: exact_fisher(FVSBN(13)), "n must be at most 12 .* got 13"),
        (lambda x: lbfgs(FVSBN(5), x, max_steps=0), "max_steps must be a whole number of at least"),
        (lambda x: lbfgs(FVSBN(5), x, history=0), "history must be a whole number of at least 1"),
    ],
)
def test_bad_arguments_are_named(call, message) -> None:
    with pytest.raises(ValueError, match=message):
        call(binary(20, 5))
