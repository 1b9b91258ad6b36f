from collections.abc import Callable
from itertools import combinations, permutations, product

import pytest
import torch

from mle_lib.gradient import (
    full_gradient,
    per_sample_gradients,
    per_variable_gradients,
    summed_gradient,
)
from mle_lib.minibatch import minibatch_gradient
from mle_lib.models import FVSBN, NADE
from mle_lib.variance_reduction import (
    allocated_gradient,
    allocated_variance,
    doubly_stochastic_gradient,
    doubly_stochastic_variance,
    neyman_sizes,
    sample_variables,
)
from tests.cases import binary, randomised
from tests.library.enumeration import M, N, X, batches


def variable_choices(b: int, k: int, shared: bool) -> list[torch.Tensor]:
    """Every K, ``(k,)``, or every (K_1 … K_b), ``(b, k)``."""
    subsets = list(combinations(range(N), k))
    return [torch.tensor(K) for K in (subsets if shared else product(subsets, repeat=b))]


def all_estimates(model, b: int, k: int, shared: bool, replacement: bool) -> torch.Tensor:
    """The estimator for every batch and every choice of variables, ``(batches, choices, p)``."""
    rows = [
        [doubly_stochastic_gradient(model, X, batch, K) for K in variable_choices(b, k, shared)]
        for batch in batches(b, replacement)
    ]
    return torch.stack([torch.stack(row) for row in rows])


CASES = [
    (b, k, shared, replacement)
    for b in (1, 2, 4)
    for k in (1, 2, 3)
    for shared in (False, True)
    for replacement in (False, True)
    if not (b == 4 and (replacement or not (shared or k == 3)))  # 256 batches, 3⁴ choices
]


@pytest.mark.parametrize(("b", "k", "shared", "replacement"), CASES)
def test_doubly_stochastic_is_unbiased_and_has_the_predicted_variance(
    make_model: Callable, b, k, shared, replacement, deviation
) -> None:
    """Over every batch and every choice of variables: the mean, and both parts of the variance."""
    model = randomised(make_model(N), 0)
    estimates = all_estimates(model, b, k, shared, replacement)
    deviation((estimates.mean((0, 1)) - full_gradient(model, X)).abs().max(), 1e-12)
    if shared:  # first K, then the batch
        from_samples = estimates.var(0, correction=0).mean(0)
        from_variables = estimates.mean(0).var(0, correction=0)
    else:  # first the batch, then its K_j
        from_samples = estimates.mean(1).var(0, correction=0)
        from_variables = estimates.var(1, correction=0).mean(0)
    parts = doubly_stochastic_variance(per_variable_gradients(model, X), b, k, shared, replacement)
    deviation((from_samples - parts[0]).abs().max(), 1e-11)
    deviation((from_variables - parts[1]).abs().max(), 1e-11)


def test_the_shared_part_does_not_fall_with_b() -> None:
    terms = per_variable_gradients(randomised(NADE(N, 4), 0), X)
    shared = [doubly_stochastic_variance(terms, b, 1, True, True)[1] for b in (1, 10, 1000)]
    own = [doubly_stochastic_variance(terms, b, 1, False, True)[1] for b in (1, 10, 1000)]
    assert torch.equal(shared[0], shared[2])
    assert shared[0].sum() > 0
    assert torch.allclose(own[0], 1000 * own[2], rtol=1e-12, atol=0)


def test_all_variables_are_the_mini_batch_estimator(make_model, device, deviation) -> None:
    model, x = randomised(make_model(6), 0).to(device), binary(9, 6).to(device)
    indices, everything = torch.tensor([4, 0, 4]), torch.arange(6)
    expected = minibatch_gradient(model, x, indices)
    for variables in (everything, everything.flip(0), everything.expand(3, -1)):
        found = doubly_stochastic_gradient(model, x, indices, variables)
        deviation((found - expected).abs().max(), 1e-12)
    found = allocated_gradient(model, x, indices, torch.full((6,), 3))
    deviation((found - expected).abs().max(), 1e-12)


def test_each_sample_has_its_own_variables(deviation) -> None:
    """Against the terms themselves; a variable drawn twice counts twice."""
    model, x = randomised(NADE(5, 3), 0), binary(9, 5)
    terms = per_variable_gradients(model, x)
    indices, K = torch.tensor([7, 2, 2]), torch.tensor([[0, 4], [3, 3], [1, 0]])
    expected = sum(terms[j, i] for j, row in zip(indices, K, strict=True) for i in row)
    found = doubly_stochastic_gradient(model, x, indices, K)
    deviation((found - 9 / 3 * 5 / 2 * expected).abs().max(), 1e-12)


@pytest.mark.parametrize("sizes", [(1, 1, 1), (4, 4, 4), (1, 2, 4), (3, 1, 2), (2, 4, 4)])
def test_allocation_is_unbiased_and_has_the_predicted_variance(
    make_model, sizes, deviation
) -> None:
    """Over every order of the samples."""
    model, sizes = randomised(make_model(N), 0), torch.tensor(sizes)
    estimates = torch.stack(
        [allocated_gradient(model, X, torch.tensor(o), sizes) for o in permutations(range(M))]
    )
    deviation((estimates.mean(0) - full_gradient(model, X)).abs().max(), 1e-12)
    predicted = allocated_variance(per_variable_gradients(model, X), sizes)
    deviation((estimates.var(0, correction=0) - predicted).abs().max(), 1e-11)


def test_more_variables_than_there_are_count_again(deviation) -> None:
    model, terms = randomised(FVSBN(N), 0), per_variable_gradients(randomised(FVSBN(N), 0), X)
    found = doubly_stochastic_gradient(model, X, torch.tensor([2]), torch.tensor([0, 1, 2, 0]))
    expected = 4 * 3 / 4 * (terms[2].sum(0) + terms[2, 0])
    deviation((found - expected).abs().max(), 1e-12)


def test_one_sample_has_no_variance() -> None:
    assert allocated_variance(torch.ones(1, 2, 3), torch.tensor([1, 1])).tolist() == [0, 0, 0]


def test_weights_must_be_one_for_each_term() -> None:
    with pytest.raises(ValueError, match=r"weights must have shape \(4, 3\), got \(3,\)"):
        summed_gradient(randomised(FVSBN(N), 0), X, torch.ones(3))


def test_terms_of_bad_data_are_refused() -> None:
    with pytest.raises(ValueError, match="x must hold only 0 and 1"):
        per_variable_gradients(FVSBN(N), X + 0.5)
    terms = per_variable_gradients(FVSBN(N), X.bool())
    assert torch.equal(terms, per_variable_gradients(FVSBN(N), X.float()))
    assert allocated_variance(terms, torch.ones(3).long()).dtype == torch.float64


def test_allocation_reads_no_more_rows_than_it_needs() -> None:
    x = X.clone()
    x[3] = 7.0  # never looked at
    model = randomised(FVSBN(N), 0)
    order = torch.tensor([0, 1, 2, 3])
    allocated_gradient(model, x, order, torch.tensor([1, 2, 3]))
    with pytest.raises(ValueError, match="x must hold only 0 and 1"):
        allocated_gradient(model, x, order, torch.tensor([1, 2, 4]))


def test_per_variable_gradients_are_the_terms_of_the_sum(make_model, device, deviation) -> None:
    """[j, i] by backpropagation of one log-probability; over i, they are the rows g_j."""
    model, x = randomised(make_model(5), 0).to(device), binary(7, 5).to(device)
    terms, parameters = per_variable_gradients(model, x), list(model.parameters())
    for j, i in product(range(7), range(5)):
        one = torch.autograd.grad(model(x[j : j + 1])[0, i], parameters, materialize_grads=True)
        deviation((terms[j, i] - torch.cat([q.flatten() for q in one])).abs().max(), 1e-13)
    deviation((terms.sum(1) - per_sample_gradients(model, x)).abs().max(), 1e-12)


# --- drawing variables ---------------------------------------------------------------------------


def test_variables_are_drawn_without_replacement_for_each_sample() -> None:
    drawn = sample_variables(6, 4, b=100, generator=torch.Generator().manual_seed(0))
    assert drawn.shape == (100, 4)
    assert drawn.dtype == torch.int64
    assert all(len(set(row)) == 4 for row in drawn.tolist())
    assert len({tuple(sorted(row)) for row in drawn.tolist()}) > 5  # of 15 subsets
    assert sample_variables(6, 6, generator=torch.Generator()).sort().values.tolist() == list(
        range(6)
    )
    assert sample_variables(6, 2).shape == (2,)


def test_every_subset_is_equally_likely() -> None:
    """Chi-square over the 10 subsets, false-alarm rate 1e-4, seed fixed."""
    from scipy.stats import chisquare

    drawn = sample_variables(5, 2, b=20_000, generator=torch.Generator().manual_seed(0))
    subsets = drawn.sort(1).values @ torch.tensor([5, 1])
    counts = subsets.unique(return_counts=True)[1]
    assert len(counts) == 10
    assert chisquare(counts.numpy()).pvalue > 1e-4


def test_variables_come_from_the_given_generator() -> None:
    before = torch.random.get_rng_state()
    first, again = (sample_variables(9, 3, 4, torch.Generator().manual_seed(1)) for _ in range(2))
    assert torch.equal(first, again)
    assert torch.equal(torch.random.get_rng_state(), before)


# --- allocation ----------------------------------------------------------------------------------


def objective(s: torch.Tensor, sizes: torch.Tensor) -> torch.Tensor:
    return (s.double() ** 2 / sizes).sum()


def test_neyman_sizes_are_the_best_of_all() -> None:
    """Rounded down, they may waste less than one sample a variable: no other sizes within the
    budget are better than theirs would be with one more each."""
    s, c, m = torch.tensor([3.0, 1.0, 0.2]), torch.tensor([1.0, 2.0, 5.0]), 30
    for budget in (9, 20, 60, 100):
        found = neyman_sizes(s, c, budget, m)
        assert found @ c.long() <= budget
        best = min(
            objective(s, torch.tensor(sizes))
            for sizes in product(range(1, m + 1), repeat=3)
            if torch.tensor(sizes) @ c.long() <= budget
        )
        assert objective(s, (found + 1).clamp(max=m)) <= best <= objective(s, found)


def test_with_a_large_budget_the_bound_of_cauchy_and_schwarz_is_reached(deviation) -> None:
    """Σ s²/b ≥ (Σ s √c)²/C for every allocation of cost C; within 1 % at thousands of samples."""
    generator = torch.Generator().manual_seed(0)
    s, c = (torch.rand(20, generator=generator) + 0.1 for _ in range(2))
    sizes = neyman_sizes(s, c, 50_000, 10**9)
    bound = (s * c.sqrt()).sum() ** 2 / 50_000
    deviation(objective(s, sizes) / bound - 1, 0.01)
    ratio = sizes * c.sqrt() / s
    deviation(ratio.max() / ratio.min() - 1, 0.01)


def test_sizes_stay_between_one_and_m() -> None:
    s = torch.tensor([0.0, 1e-9, 1.0, 1e9])
    assert neyman_sizes(s, torch.ones(4), 10.0, 5).tolist() == [1, 1, 3, 5]
    assert neyman_sizes(s, torch.ones(4), 1000.0, 5).tolist() == [1, 5, 5, 5]
    assert neyman_sizes(s, torch.ones(4), 4.0, 5).tolist() == [1, 1, 1, 1]
    assert neyman_sizes(torch.zeros(4), torch.ones(4), 99.0, 5).tolist() == [1, 1, 1, 1]
    assert neyman_sizes(torch.ones(3), torch.ones(3), 9, 3).tolist() == [3, 3, 3]
    tiny = torch.tensor([0.0, 5e-324], dtype=torch.float64)
    assert neyman_sizes(tiny, torch.ones(2), 9, 5).tolist() == [1, 5]


def test_the_budget_is_used_up() -> None:
    """What is left does not pay for one more row of the cheapest variables, over all scales."""
    s, c = torch.tensor([1e-4, 1.0, 7.0]), torch.tensor([1e-3, 1.0, 30.0])
    for budget in (40.0, 1e3, 1e8):
        left = budget - neyman_sizes(s, c, budget, 10**9).double() @ c.double()
        assert 0 <= left < c.sum()


# --- bad input -----------------------------------------------------------------------------------

NAN, INF = float("nan"), float("inf")
F3, J, TERMS = FVSBN(3), torch.tensor([0, 1]), torch.zeros(4, 3, 6)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: sample_variables(3, 4), "k must be at most n = 3, got 4"),
        (lambda: sample_variables(3, 0), "k must be a whole number of at least 1, got 0"),
        (lambda: sample_variables(3, 1, b=0), "b must be a whole number of at least 1, got 0"),
        (
            lambda: doubly_stochastic_gradient(F3, X, J, torch.zeros(3, 2).long()),
            r"variables must be int64 of shape \(k,\) or \(b, k\) with b = 2, got .*\(3, 2\)",
        ),
        (lambda: doubly_stochastic_gradient(F3, X, J, torch.zeros(2)), "variables must hold whole"),
        (lambda: doubly_stochastic_gradient(F3, X, J, [0, 1]), "parameter variables=.*Tensor"),
        (lambda: doubly_stochastic_gradient(F3, X, J, J[:0]), "variables must be int64"),
        (lambda: doubly_stochastic_gradient(F3, X, J, J[0]), "variables must be int64"),
        (lambda: doubly_stochastic_gradient(F3, X, J, J + 2), r"variables must lie in 0 … 2 .* 3"),
        (lambda: doubly_stochastic_gradient(F3, X, J, J - 1), r"variables must lie in 0 … 2 .* -1"),
        (lambda: doubly_stochastic_gradient(F3, X, J - 1, J), "indices must lie in 0 … 3"),
        (lambda: doubly_stochastic_gradient(F3, X[:, :2], J, J), "x must have n = 3 columns"),
        (lambda: doubly_stochastic_variance(TERMS[0], 1, 1, True, True), "terms must be"),
        (lambda: doubly_stochastic_variance(TERMS, 5, 1, True, False), "b must be at most m = 4"),
        (lambda: doubly_stochastic_variance(TERMS, 1, 4, True, False), "k must be at most n = 3"),
        (lambda: allocated_gradient(F3, X, J, J), r"sizes must be an int64 tensor of shape \(3,\)"),
        (lambda: allocated_gradient(F3, X, J, torch.tensor([1, 2, 3])), "sizes must lie in 1 … 2"),
        (lambda: allocated_gradient(F3, X, J, torch.tensor([0, 2, 2])), "sizes must lie in 1 … 2"),
        (lambda: allocated_variance(TERMS, torch.tensor([1, 5, 1])), "sizes must lie in 1 … 4"),
        (lambda: allocated_variance(None, J), "parameter terms=.*Tensor"),
        (
            lambda: neyman_sizes(torch.ones(3), torch.ones(2), 9, 9),
            "cost must have the shape of spread",
        ),
        (lambda: allocated_variance(TERMS[:0], J), "terms must be a non-empty"),
        (lambda: allocated_gradient(F3, X, J, torch.ones(3)), "sizes must hold whole numbers"),
        (lambda: neyman_sizes(torch.ones(2, 2), torch.ones(2, 2), 9, 9), "spread must be a vector"),
        (lambda: neyman_sizes(torch.ones(0), torch.ones(0), 9, 9), "spread must be a vector"),
        (lambda: neyman_sizes(torch.tensor([1, NAN]), torch.ones(2), 9, 9), "spread must be fin"),
        (lambda: neyman_sizes(torch.ones(2), torch.tensor([1, INF]), 9, 9), "cost must be finite"),
        (lambda: neyman_sizes(-torch.ones(3), torch.ones(3), 9, 9), "spread must be finite"),
        (lambda: neyman_sizes(torch.ones(3), torch.zeros(3), 9, 9), "cost must be finite and abo"),
        (lambda: neyman_sizes(torch.ones(3), torch.ones(3), 2, 9), "budget must be at least 3.0"),
        (
            lambda: neyman_sizes(torch.ones(3), torch.ones(3), float("nan"), 9),
            "budget must be a fin",
        ),
        (lambda: neyman_sizes(torch.ones(3), torch.ones(3), 9, 0), "m must be a whole number"),
    ],
)
def test_bad_input_is_named(call, message) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def test_sizes_from_lists_are_those_from_float64() -> None:
    cases = ([1, 1], [0.1, 0.1], 1.0, 10), ([1.0, 1e-50], [1, 1], 1500, 1000)
    for spread, cost, budget, m in cases:
        exact = [torch.tensor(values, dtype=torch.float64) for values in (spread, cost)]
        assert neyman_sizes(spread, cost, budget, m).equal(neyman_sizes(*exact, budget, m))
    assert neyman_sizes([1, 1], [0.1, 0.1], 0.2, 10).tolist() == [1, 1]


@pytest.mark.parametrize(
    ("spread", "budget", "sizes"),
    [
        ([1.0, 1e-310], 150.0, [100, 50]),
        ([1e10, 1e-305], 150.0, [100, 50]),
        ([1.0, 0.0, 1e-320], 150.0, [100, 1, 49]),
        ([1.0, 0.0, 1e-320], 50.0, [48, 1, 1]),
        ([1e300, 1.0, 1e-300], 250.0, [100, 100, 50]),
    ],
)
def test_spreads_may_differ_by_any_factor(spread, budget, sizes) -> None:
    assert neyman_sizes(spread, [1.0] * len(spread), budget, 100).tolist() == sizes


@pytest.mark.parametrize("seed", range(5))
def test_no_variance_is_negative(seed: int) -> None:
    """Not even where all that varies is one variable, and the parts cancel."""
    generator = torch.Generator().manual_seed(seed)
    terms = torch.zeros(40, 8, 50).double()
    terms[:, 3] = 1e3 * torch.rand(1, 50, generator=generator).double()
    for shared in (True, False):
        for part in doubly_stochastic_variance(terms, 5, 3, shared, True):
            assert part.min() >= 0
    sizes = torch.randint(1, 41, (8,), generator=generator)
    g = torch.randn(40, 1, 50, generator=generator).double()
    spread = torch.randn(8, 1, generator=generator).double()
    assert allocated_variance(g * (spread - spread.mean(0)), sizes).min() >= 0
