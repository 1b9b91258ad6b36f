from itertools import combinations, product

import pytest
import torch

from mle_lib.data import all_states
from mle_lib.gradient import full_gradient
from mle_lib.models import FVSBN, MADE, Mixture
from mle_lib.variance_reduction import log_mean_gradient, sample_variables
from tests.cases import SHUFFLED, binary, randomised
from tests.library.enumeration import SIZES, N, X, batches

R = 3


def mixture(seed: int = 0) -> Mixture:
    return randomised(Mixture([FVSBN(N), FVSBN(N), MADE(N, 4)]), seed)


def choices(K: int) -> list[torch.Tensor]:
    """Every choice of K components."""
    return [torch.tensor(S) for S in combinations(range(R), K)]


def expected_log_mean(model: Mixture, K: int) -> torch.Tensor:
    """E log (1/K) Σ_{r∈S} p_r(x^(j)) for every sample, over all S; differentiable."""
    return torch.stack([model.log_mean(X, S) for S in choices(K)]).mean(0)


@pytest.mark.parametrize("ordering", [range(6), [i for i in SHUFFLED if i < 6]])
def test_a_mixture_is_the_average_of_its_components(ordering, deviation) -> None:
    parts = [MADE(6, 5, ordering=list(ordering)) for _ in range(4)]
    model, x = randomised(Mixture(parts), 0), all_states(6).double()
    average = torch.stack([part.log_prob(x).exp() for part in parts]).mean(0)
    deviation((model.log_prob(x).exp() - average).abs().max(), 1e-14)
    each = model.component_log_probs(x)
    deviation((each.exp().mean(1) - average).abs().max(), 1e-14)
    assert each.shape == (64, 4)


def test_a_conditional_is_blind_to_the_variables_that_follow() -> None:
    """To the last bit, in the mixture's own ordering: nothing leaks in by rounding."""
    order = [i for i in SHUFFLED if i < 6]
    model = randomised(Mixture([MADE(6, 8, ordering=order) for _ in range(3)]), 0)
    x = all_states(6).double()
    assert model.ordering == tuple(order)
    for t, i in enumerate(order):
        for k in order[t:]:
            other = x.clone()
            other[:, k] = 1 - other[:, k]
            assert torch.equal(model.logits(other)[:, i], model.logits(x)[:, i])


def test_the_bound_rises_with_k_and_ends_at_log_p(deviation) -> None:
    """Exactly, over all choices: E log_mean_1 < E log_mean_2 < log p, for every sample."""
    model = mixture()
    bounds = [expected_log_mean(model, K) for K in (1, 2, 3)]
    assert (bounds[0] < bounds[1]).all()
    assert (bounds[1] < bounds[2]).all()
    deviation((bounds[2] - model.log_prob(X)).abs().max(), 1e-13)
    deviation((bounds[0] - model.component_log_probs(X).mean(1)).abs().max(), 1e-13)


@pytest.mark.parametrize(("b", "replacement"), [s for s in SIZES if s[0] < 3])
@pytest.mark.parametrize("K", [1, 2, 3])
def test_its_bias_does_not_depend_on_the_batch(b, replacement, K, deviation) -> None:
    """Over every batch and every choice of components for each sample: the mean is the gradient of
    the expected bound, whatever b; only at K = R is that ∇ℓ."""
    model = mixture()
    estimates = [
        log_mean_gradient(model, X, B, torch.stack(S))
        for B in batches(b, replacement)
        for S in product(choices(K), repeat=b)
    ]
    mean = torch.stack(estimates).mean(0)
    bound = expected_log_mean(model, K).sum()
    gradient = torch.cat([g.flatten() for g in torch.autograd.grad(bound, model.parameters())])
    deviation((mean - gradient).abs().max(), 1e-12)
    bias = (mean - full_gradient(model, X)).norm()
    assert bias < 1e-12 if K == R else bias > 1e-2


def test_it_is_the_gradient_of_log_mean(deviation) -> None:
    model, x = mixture(), binary(20, N)
    B = torch.tensor([3, 19, 3, 0])
    for chosen in (
        torch.tensor([2, 0]),
        torch.tensor([2, 0, 2]),  # counts twice
        sample_variables(R, 2, 4, torch.Generator().manual_seed(0)),
    ):
        value = 20 / 4 * model.log_mean(x[B], chosen).sum()
        by_autograd = torch.autograd.grad(value, list(model.parameters()))
        expected = torch.cat([g.flatten() for g in by_autograd])
        deviation((log_mean_gradient(model, x, B, chosen) - expected).abs().max(), 1e-12)


def test_far_components_do_not_overflow() -> None:
    """log p_r of −10⁴ nats and less: the larger one alone is left."""
    model = Mixture([FVSBN(3), FVSBN(3)]).double()
    with torch.no_grad():
        for part, size in zip(model.parts(), (1e4, 2e4), strict=True):
            part.linear.bias.fill_(size)
    x = torch.zeros(1, 3, dtype=torch.float64)
    expected = -3e4 - torch.tensor(2.0).double().log()
    assert torch.allclose(model.log_prob(x), expected, rtol=1e-12)
    assert torch.allclose(model.log_mean(x, torch.tensor([1])), torch.tensor(-6e4).double())


@pytest.mark.parametrize("size", [1.0, 1e30, 1e37, 8e37, 1.2e38, 3.4e38])
def test_logits_of_any_size_weigh_the_components(size: float) -> None:
    """In float32 as in float64, whose sums of them are far from its end."""
    model = Mixture([FVSBN(5) for _ in range(3)])
    generator = torch.Generator().manual_seed(0)
    for part in model.parts():
        part.linear.bias.data = size * (2 * torch.rand(5, generator=generator) - 1)
    found = model.logits(all_states(5).float())
    exact = model.double().logits(all_states(5))
    torch.testing.assert_close(found.double(), exact, rtol=2e-5, atol=2e-5)


def test_bad_input_is_named() -> None:
    model, B = mixture(), torch.tensor([0, 1])
    bad = {
        r"parameter components=\[0\].*Tensor": [0],
        r"components must be int64 .* got shape \(3, 1\)": torch.zeros(3, 1).long(),
        r"components must be int64 .* got shape \(0,\)": torch.zeros(0).long(),
        r"components must be int64 .* got shape \(\)": torch.tensor(0),
        "components must hold whole numbers, got torch.float32": torch.tensor([0.0]),
        r"components must be int64 .* got shape \(1, 1\)": torch.tensor([[0]]),
        r"components must lie in 0 … 2 \(R = 3\), got 0 … 3": torch.tensor([0, 3]),
        r"components must lie in 0 … 2 \(R = 3\), got -1 … 0": torch.tensor([-1, 0]),
    }
    for message, components in bad.items():
        with pytest.raises(ValueError, match=message):
            log_mean_gradient(model, X, B, components)
        with pytest.raises(ValueError, match=message):
            model.log_mean(X[B], components)
    with pytest.raises(ValueError, match="components must hold at least one model, got none"):
        Mixture([])
    shared = FVSBN(3)
    with pytest.raises(ValueError, match="components must not share parameters"):
        Mixture([shared, FVSBN(3), shared])
    with pytest.raises(ValueError, match="components must be AutoregressiveModels, got Linear"):
        Mixture([torch.nn.Linear(3, 3)])
    with pytest.raises(ValueError, match="components must agree in n, ordering, dtype and device"):
        Mixture([FVSBN(3), FVSBN(4)])
    with pytest.raises(ValueError, match="components must agree"):
        Mixture([FVSBN(3), FVSBN(3).double()])
    with pytest.raises(ValueError, match="components must agree"):
        Mixture([FVSBN(3), MADE(3, 4, ordering=[2, 1, 0])])
