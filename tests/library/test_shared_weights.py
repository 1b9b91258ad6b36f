"""NADE and the recurrent model: fast forms against their formulas, and what each of them costs."""

from collections.abc import Callable

import pytest
import torch
from torch.func import functional_call
from torch.utils._python_dispatch import TorchDispatchMode

from mle_lib.data import all_states
from mle_lib.gradient import full_gradient
from mle_lib.likelihood import log_likelihood
from mle_lib.models import MADE, NADE, RecurrentModel
from tests.cases import binary, randomised
from tests.library.test_minibatch import LargestTensor


def naive_nade_log_prob(model: NADE, x: torch.Tensor) -> torch.Tensor:
    """log p(x), every hidden layer computed from scratch: O(n²·hidden), variable by variable."""
    total = torch.zeros(len(x), dtype=x.dtype)
    for i in range(model.n):
        h = torch.sigmoid(x[:, :i] @ model.W[:i] + model.d)
        z = h @ model.V[i] + model.c[i]
        p = 1 / (1 + torch.exp(-z))
        total = total + torch.log(torch.where(x[:, i] == 1, p, 1 - p))
    return total


def naive_recurrent_log_prob(model: RecurrentModel, x: torch.Tensor) -> torch.Tensor:
    """log p(x) entry by entry, without a single matrix product."""
    W, hidden, result = model.W, len(model.d), []
    for row in x:
        h, total = [torch.tanh(model.d[k]) for k in range(hidden)], 0
        for i in range(model.n):
            if i > 0:
                inside = [
                    sum(W[k, q] * h[q] for q in range(hidden)) + model.u[k] * row[i - 1]
                    for k in range(hidden)
                ]
                h = [torch.tanh(inside[k] + model.d[k]) for k in range(hidden)]
            p = 1 / (1 + torch.exp(-sum(model.v[k] * h[k] for k in range(hidden)) - model.c))
            total = total + torch.log(p if row[i] == 1 else 1 - p)
        result.append(total)
    return torch.stack(result)


def gradient_of(total: torch.Tensor, model: torch.nn.Module) -> torch.Tensor:
    return torch.cat([g.flatten() for g in torch.autograd.grad(total, list(model.parameters()))])


@pytest.mark.parametrize(
    ("n", "hidden"), [(1, 3), (2, 1), (6, 4), (8, 3), (9, 5), (10, 7), (17, 2), (64, 20)]
)
def test_nade_equals_its_naive_form(n, hidden, deviation) -> None:
    model, x = randomised(NADE(n, hidden), n, scale=0.7), binary(9, n)
    naive = naive_nade_log_prob(model, x)
    deviation((model.log_prob(x) - naive).abs().max(), 1e-12)
    if n > 1:  # with one variable there is no W to differentiate by
        exact = gradient_of(naive.sum(), model)
        scale = max(1.0, exact.abs().max().item())
        deviation((full_gradient(model, x) - exact).abs().max() / scale, 1e-12)


@pytest.mark.parametrize("n", [2, 8, 9, 19])
def test_nade_has_first_and_second_derivatives(n) -> None:
    """By central differences, in blocks that are full, of one variable, and between."""
    model, x = randomised(NADE(n, 3), n), binary(2, n)
    names = [name for name, _ in model.named_parameters()]

    def log_prob(*theta: torch.Tensor) -> torch.Tensor:
        return functional_call(model, dict(zip(names, theta, strict=True)), (x,))

    theta = tuple(q.detach().requires_grad_() for q in model.parameters())
    assert torch.autograd.gradcheck(log_prob, theta)
    assert torch.autograd.gradgradcheck(log_prob, theta)


def test_nade_keeps_its_hidden_layers_for_the_gradient_and_nothing_else_of_their_size() -> None:
    model, x = NADE(100, 200), binary(30, 100).float()
    kept: dict[int, int] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        kept[storage.data_ptr()] = storage.nbytes()
        held.append(tensor)  # else its place could be given away
        return tensor

    held: list[torch.Tensor] = []
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        total = model.log_prob(x).sum()
    assert 30 * 100 * 200 * 4 <= sum(kept.values()) < 1.25 * 30 * 100 * 200 * 4
    assert total.requires_grad
    with LargestTensor() as seen:
        log_likelihood(model, x)
    assert seen.entries <= 30 * 8 * 200


@pytest.mark.parametrize(("n", "hidden"), [(2, 1), (6, 4), (12, 3)])
def test_recurrent_model_equals_its_naive_form(n, hidden, deviation) -> None:
    model, x = randomised(RecurrentModel(n, hidden), n), binary(5, n)
    naive = naive_recurrent_log_prob(model, x)
    deviation((model.log_prob(x) - naive).abs().max(), 1e-12)
    exact = gradient_of(naive.sum(), model)
    deviation((full_gradient(model, x) - exact).abs().max(), 1e-12)


MAKE = {"NADE": NADE, "Recurrent": RecurrentModel}


@pytest.mark.parametrize("make", MAKE.values(), ids=MAKE)
def test_a_model_of_one_variable_is_a_coin(make) -> None:
    model = randomised(make(1, 4), 0)
    assert model.log_prob(all_states(1)).exp().sum().item() == pytest.approx(1, abs=1e-14)
    assert torch.isfinite(full_gradient(model, all_states(1))).all()


def test_logits_in_turn_are_the_logits(make_model, deviation) -> None:
    model, x = randomised(make_model(7), 0), binary(6, 7)
    in_turn = torch.stack(list(model.logits_in_turn(x)), dim=1)
    deviation((in_turn - model.logits(x)[:, list(model.ordering)]).abs().max(), 1e-12)


class Work(TorchDispatchMode):
    """Counts numbers written by every operation; a matrix product also its multiplications."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        if isinstance(result, torch.Tensor):
            inner = args[0].shape[-1] if function.__name__.split(".")[0] in MATRIX_PRODUCTS else 1
            self.count += result.numel() * inner
        return result


MATRIX_PRODUCTS = ("mm", "bmm", "mv", "addmm")


def work(compute: Callable[[torch.Tensor], torch.Tensor], model, x) -> int:
    with Work() as counted:
        torch.autograd.grad(compute(x).sum(), list(model.parameters()))
    return counted.count


def growth(compute, make, sizes=(32, 64, 128)) -> float:
    """How many times more work the second doubling of n adds than the first: 2 if linear, 4 if
    quadratic."""
    done = []
    for n in sizes:
        model, x = randomised(make(n), 0), binary(4, n)
        done.append(work(compute(model), model, x))
    return (done[2] - done[1]) / (done[1] - done[0])


def test_work_of_nade_forward_and_backward_is_linear_in_n() -> None:
    """The naive form, measured by the same count, is quadratic: the count can tell."""
    make = lambda n: NADE(n, hidden=50)  # noqa: E731
    assert growth(lambda model: model.log_prob, make) == pytest.approx(2, abs=0.05)
    naive = growth(lambda model: lambda x: naive_nade_log_prob(model, x), make)
    assert naive == pytest.approx(4, abs=0.6)


def test_work_of_nade_is_linear_in_hidden() -> None:
    x, done = binary(4, 16), []
    for hidden in (50, 100, 200):
        model = randomised(NADE(16, hidden), 0)
        done.append(work(model.log_prob, model, x))
    assert (done[2] - done[1]) / (done[1] - done[0]) == pytest.approx(2, abs=0.05)


def test_sampling_from_nade_is_linear_in_n() -> None:
    """One pass over the variables, where a model without memory runs n passes."""

    def sampling(make) -> float:
        done = []
        for n in (32, 64, 128):
            model = make(n)
            with Work() as counted:
                model.sample(4, torch.Generator().manual_seed(0))
            done.append(counted.count)
        return (done[2] - done[1]) / (done[1] - done[0])

    assert sampling(lambda n: NADE(n, 50)) == pytest.approx(2, abs=0.05)
    assert sampling(lambda n: RecurrentModel(n, 20)) == pytest.approx(2, abs=0.05)
    assert sampling(lambda n: MADE(n, 50)) > 3.5


def test_the_number_of_parameters_is_as_stated() -> None:
    count = lambda model: sum(q.numel() for q in model.parameters())  # noqa: E731
    assert count(NADE(10, 7)) == 9 * 7 + 7 + 10 * 7 + 10
    assert count(RecurrentModel(10, 7)) == count(RecurrentModel(99, 7)) == 7 * 7 + 3 * 7 + 1


def test_no_parameter_of_nade_is_idle() -> None:
    model, x = randomised(NADE(6, 4), 0), binary(30, 6)
    assert (full_gradient(model, x) != 0).all()


@pytest.mark.parametrize("make", MAKE.values(), ids=MAKE)
def test_theta_0_comes_from_the_given_generator(make) -> None:
    before = torch.random.get_rng_state()
    first, again = (make(5, 7, generator=torch.Generator().manual_seed(1)) for _ in range(2))
    assert torch.equal(torch.random.get_rng_state(), before)
    pairs = list(zip(first.parameters(), again.parameters(), strict=True))
    assert all(torch.equal(a, b) for a, b in pairs)
    assert not torch.equal(first.W, make(5, 7, generator=torch.Generator().manual_seed(2)).W)


@pytest.mark.parametrize("make", MAKE.values(), ids=MAKE)
def test_theta_0_fills_the_range_that_is_stated(make) -> None:
    """Uniform in ±bound: 200 or more numbers all miss the outer tenth on one side once in 10^4."""
    n, hidden = 300, 225
    inside = n**-0.5 if make is NADE else hidden**-0.5
    model = make(n, hidden, torch.Generator().manual_seed(0))
    bounds = {"W": inside, "d": inside}
    for name, parameter in model.named_parameters():
        bound = bounds.get(name, hidden**-0.5)
        assert parameter.abs().max() <= bound
        if parameter.numel() >= 200:
            assert parameter.min() < -0.9 * bound < 0.9 * bound < parameter.max()


def test_gradients_of_a_recurrent_model_grow_like_a_power() -> None:
    """W = 2·1, v = 1, everything else 0: then h = 0 for ever, each Jacobian is 2·1, and ∂z_i/∂h_1 =
    2^(i−1)."""
    model = RecurrentModel(9, 3).double()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
        model.W.copy_(2 * torch.eye(3))
        model.v.fill_(1.0)
    x = torch.zeros(1, 9, dtype=torch.float64)
    for i in range(9):
        gradient = torch.autograd.grad(model.logits(x)[0, i], model.d)[0]
        # Σ_{t≤i} 2^t = 2^(i+1) − 1: d enters at every step, and its effect doubles at each.
        assert gradient.tolist() == [2.0 ** (i + 1) - 1] * 3


@pytest.mark.parametrize("make", MAKE.values(), ids=MAKE)
@pytest.mark.parametrize(
    ("n", "hidden", "named"), [(0, 3, "n"), (3, 0, "hidden"), (3, 1.5, "hidden")]
)
def test_bad_sizes_are_named(make, n, hidden, named) -> None:
    with pytest.raises(ValueError, match=f"^{named} must be a whole number of at least 1"):
        make(n, hidden)
