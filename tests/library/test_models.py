import itertools

import pytest
import torch
from torch.func import jacrev

from mle_lib.data import all_states, load_digits_binary
from mle_lib.models import FVSBN, MADE, AutoregressiveModel, Mixture, bernoulli_log_prob
from tests.cases import SHUFFLED, binary, randomised


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_probabilities_sum_to_one(make_model, seed, device, deviation) -> None:
    model = randomised(make_model(10), seed, scale=2.0).to(device)
    total = model.log_prob(all_states(10).to(device)).exp().sum()
    deviation(abs(total - 1), 1e-12)


def test_each_conditional_sums_to_one(make_model) -> None:
    """p(x_i = 0 | x_<i) + p(x_i = 1 | x_<i) = 1 with x_<i held fixed, which Σ_x p(x) = 1 alone does
    not say."""
    model, x = randomised(make_model(6), 4), binary(9, 6)
    log_p = model.log_prob_per_variable(x)
    for i in range(6):
        flipped = x.clone()
        flipped[:, i] = 1 - flipped[:, i]
        total = log_p[:, i].exp() + model.log_prob_per_variable(flipped)[:, i].exp()
        assert torch.allclose(total, torch.ones(9, dtype=torch.float64), atol=1e-14)


def test_logit_i_is_blind_to_variable_i_and_all_later_ones(make_model) -> None:
    model = randomised(make_model(8), 0)
    place = torch.empty(8, dtype=torch.int64)
    place[list(model.ordering)] = torch.arange(8)
    influence = torch.zeros(8, 8, dtype=torch.float64)
    for row in binary(12, 8):
        influence += jacrev(lambda v: model.logits(v[None])[0])(row).detach().abs()
    allowed = place[:, None] > place  # [i, k]: variable k comes before variable i
    assert influence[~allowed].max() == 0
    if not isinstance(model, MADE) or model.hidden.weight.shape[0] >= 8:
        assert (influence[allowed] > 0).all()  # blind to nothing earlier


def test_fvsbn_is_its_formula() -> None:
    n = 5
    model, x = randomised(FVSBN(n), 3), binary(7, n)
    for j, i in itertools.product(range(7), range(n)):
        c, *W = model.linear.bias[i], *model.linear.weight[i * (i - 1) // 2 : i * (i + 1) // 2]
        z = c + sum(w * x[j, k] for k, w in enumerate(W))
        p = torch.sigmoid(z) if x[j, i] == 1 else 1 - torch.sigmoid(z)
        assert model.log_prob_per_variable(x)[j, i].item() == pytest.approx(
            p.log().item(), abs=1e-12
        )


def test_made_is_a_plain_network_with_masked_weights() -> None:
    n, model = 10, randomised(MADE(10, 20, SHUFFLED), 1)
    place = {variable: t + 1 for t, variable in enumerate(SHUFFLED)}
    degree = [1 + k % 9 for k in range(20)]
    W1, W2 = model.hidden.weight.detach().clone(), model.output.weight.detach().clone()
    for k, d in itertools.product(range(20), range(n)):
        if not degree[k] >= place[d]:
            W1[k, d] = 0
        if not place[d] > degree[k]:
            W2[d, k] = 0
    x = binary(6, n)
    expected = torch.relu(x @ W1.T + model.hidden.bias) @ W2.T + model.output.bias
    assert torch.allclose(model.logits(x), expected, atol=1e-13)


def test_a_mask_never_changes_the_weight() -> None:
    model = MADE(6, 8)
    before = model.hidden.weight.detach().clone()
    model.log_prob(binary(3, 6).float())
    assert torch.equal(model.hidden.weight, before)
    assert (before != 0).all()


def test_sample_follows_log_prob(make_model, device) -> None:
    """Chi-square over all 2^8 states, those rarer than 5 expected pooled: false-alarm rate 1e-4 a
    model, seed fixed."""
    from scipy.stats import chisquare

    model, k = randomised(make_model(8), 0, scale=0.6).to(device), 50_000
    x = model.sample(k, torch.Generator(device).manual_seed(1)).cpu()
    counts = torch.bincount(
        (x.long() * 2 ** torch.arange(7, -1, -1)).sum(1), minlength=2**8
    ).double()
    expected = k * model.log_prob(all_states(8).to(device)).detach().exp().cpu()
    common = expected >= 5
    assert common.sum() > 50
    bins = torch.where(common, common.cumsum(0), 0)  # 0: the rare ones, if there are any
    observed, expected = (
        torch.zeros(257).double().index_add(0, bins, c) for c in (counts, expected)
    )
    some = expected > 0
    assert chisquare(observed[some].numpy(), expected[some].numpy()).pvalue > 1e-4


def test_sample_is_reproducible_and_binary(make_model) -> None:
    model = make_model(6)
    first, again = (model.sample(5, torch.Generator().manual_seed(7)) for _ in range(2))
    assert torch.equal(first, again)
    assert first.shape == (5, 6)
    assert set(first.unique().tolist()) <= {0.0, 1.0}


def test_log_prob_is_finite_and_right_at_extreme_logits() -> None:
    z = torch.tensor([1000.0, -1000.0, 40.0, -40.0, 0.0], dtype=torch.float64)
    ones, zeros = torch.ones_like(z), torch.zeros_like(z)
    # log σ(40) = −log(1 + e^−40) = −e^−40 to double precision; the rest is exact.
    small = -torch.exp(torch.tensor(-40.0, dtype=torch.float64)).item()
    half = torch.tensor(0.5, dtype=torch.float64).log().item()
    assert bernoulli_log_prob(z, ones).tolist() == pytest.approx(
        [0, -1000, small, -40, half], rel=1e-12
    )
    assert bernoulli_log_prob(z, zeros).tolist() == pytest.approx(
        [-1000, 0, -40, small, half], rel=1e-12
    )
    assert torch.equal(
        bernoulli_log_prob(z.float(), ones.float()), bernoulli_log_prob(-z.float(), zeros.float())
    )


def test_model_log_prob_and_gradient_are_finite_at_logits_of_1000() -> None:
    model = FVSBN(3)
    with torch.no_grad():
        model.linear.bias.copy_(torch.tensor([1000.0, -1000.0, 1000.0]))
    x = torch.tensor([[0.0, 1.0, 1.0]], requires_grad=False)
    assert model.log_prob_per_variable(x).tolist() == [[-1000.0, -1000.0, 0.0]]
    model.log_prob(x).sum().backward()
    assert model.linear.bias.grad.tolist() == [-1.0, 1.0, 0.0]


def test_float32_agrees_with_float64_on_digits(make_model) -> None:
    x = load_digits_binary("train")
    model = randomised(make_model(64), 0, scale=0.1)
    exact = model.log_prob(x)
    assert torch.allclose(model.float().log_prob(x).double(), exact, rtol=1e-5, atol=0)


@pytest.mark.parametrize(
    "dtype", [torch.bool, torch.uint8, torch.int64, torch.float32, torch.float64]
)
def test_data_of_any_dtype_gives_the_same_log_prob(dtype) -> None:
    model, x = randomised(FVSBN(5), 0), binary(4, 5)
    assert torch.equal(model.log_prob(x.to(dtype)), model.log_prob(x))


def test_a_model_of_one_variable_is_a_coin() -> None:
    for model in (FVSBN(1), MADE(1, 4)):
        log_p = randomised(model, 0).log_prob(all_states(1))
        assert log_p.exp().sum().item() == pytest.approx(1, abs=1e-14)


def test_fvsbn_has_as_many_parameters_as_it_uses_and_starts_uniform() -> None:
    model = FVSBN(10)
    assert sum(q.numel() for q in model.parameters()) == 10 * 11 // 2
    assert model.log_prob(binary(3, 10)).tolist() == pytest.approx(
        [-10 * 0.6931471805599453] * 3, rel=1e-6
    )
    assert sorted(torch.cat([model.block(i) for i in range(10)]).tolist()) == list(range(55))


def test_made_starts_within_the_bounds_of_a_linear_layer() -> None:
    """The smallest parameter has 16 entries; all of them below 0.8 of the bound: once in 35."""
    model = MADE(16, 400, generator=torch.Generator().manual_seed(0))
    for layer, bound in ((model.hidden, 16**-0.5), (model.output, 400**-0.5)):
        for parameter in layer.parameters():
            assert 0.8 * bound < parameter.abs().max() <= bound


def test_only_parameters_are_saved(make_model) -> None:
    model = make_model(5)
    assert set(model.state_dict()) == {name for name, _ in model.named_parameters()}


def test_made_starts_from_the_given_generator_and_leaves_the_global_one() -> None:
    before = torch.random.get_rng_state()
    first, again = (MADE(5, 7, generator=torch.Generator().manual_seed(1)) for _ in range(2))
    assert torch.equal(torch.random.get_rng_state(), before)
    assert all(
        torch.equal(a, b) for a, b in zip(first.parameters(), again.parameters(), strict=True)
    )


def test_state_dict_round_trip(make_model) -> None:
    model, other = randomised(make_model(6), 1), make_model(6).double()
    other.load_state_dict(model.state_dict())
    assert torch.equal(model.log_prob(binary(3, 6)), other.log_prob(binary(3, 6)))


NAN, INFINITY = float("nan"), float("inf")
BAD_X = [
    (torch.zeros(3), "x must have shape \\(rows, n\\), got \\(3,\\)"),
    (torch.zeros(2, 4), "x must have n = 3 columns, got 4"),
    (torch.zeros(0, 3), "x must not be empty, got shape \\(0, 3\\)"),
    (torch.tensor([[0.0, 1.0, 0.5]]), "x must hold only 0 and 1, got 0.5"),
    (torch.tensor([[0.0, NAN, 1.0]]), "x must hold only 0 and 1, got nan"),
    (torch.tensor([[0.0, -1.0, 1.0]]), "x must hold only 0 and 1, got -1"),
    (torch.tensor([[0.0, INFINITY, 1.0]]), "x must hold only 0 and 1, got inf"),
    (
        torch.tensor([[0.0, 1e-30, 1.0]]),
        "x must hold only 0 and 1, got 1e-30|1.0000000031710769e-30",
    ),
    (torch.tensor([[0, 1, 255]], dtype=torch.uint8), "x must hold only 0 and 1, got 255"),
    (torch.tensor([[0, 1, 16]], dtype=torch.uint8), "x must hold only 0 and 1, got 16"),
    (torch.tensor([[0, 1, -128]], dtype=torch.int8), "x must hold only 0 and 1, got -128"),
    (torch.tensor([[0, 1, -(2**63)]]), "x must hold only 0 and 1, got -9223372036854775808"),
    (
        torch.zeros(2, 3, dtype=torch.complex64),
        "x must hold real numbers or bools, got torch.complex64",
    ),
    (torch.zeros(3, 0), "x must (have n = 3 columns, got 0|not be empty)"),
    ([[0, 1, 1]], "parameter x=.*Tensor"),
]


@pytest.mark.parametrize(("x", "message"), BAD_X)
@pytest.mark.parametrize("model", [FVSBN(3), MADE(3, 4)], ids=["FVSBN", "MADE"])
def test_bad_x_is_named(model: AutoregressiveModel, x, message: str) -> None:
    for call in (model.log_prob, model.log_prob_per_variable):
        with pytest.raises(ValueError, match=message):
            call(x)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: FVSBN(0), "n must be a whole number of at least 1, got 0"),
        (lambda: FVSBN(True), "n must be a whole number of at least 1, got True"),
        (lambda: MADE(3, 0), "hidden must be a whole number of at least 1, got 0"),
        (
            lambda: MADE(3, 4, [0, 1, 1]),
            "ordering must be a permutation of 0 … 2, got \\(0, 1, 1\\)",
        ),
        (lambda: MADE(3, 4, [0, 1]), "ordering must be a permutation of 0 … 2"),
        (lambda: MADE(3, 4, [0, 1, 2, 2]), "ordering must be a permutation of 0 … 2"),
        (lambda: MADE(3, 4, [0.0, 1.0, 2.0]), "ordering must be a permutation of 0 … 2"),
        (lambda: MADE(2, 4, [True, False]), "ordering must be a permutation of 0 … 1"),
        (lambda: MADE(3, 4, [0.9, 1.2, 2.7]), "ordering must be a permutation of 0 … 2"),
        (lambda: MADE(3, 4, "abc"), "ordering must be a permutation of 0 … 2"),
        (lambda: FVSBN(3).sample(0), "k must be a whole number of at least 1, got 0"),
        (lambda: FVSBN(3).block(3), "i must be below n = 3, got 3"),
        (
            lambda: FVSBN(2).log_prob(torch.zeros(1, 2, device="meta")),
            "x must be dense, got one on meta",
        ),
    ],
)
def test_bad_arguments_are_named(call, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_a_mixture_of_one_is_that_one_in_16_bits_too(dtype: torch.dtype) -> None:
    x, part = binary(20, 40), randomised(FVSBN(40), 0).to(dtype)
    assert torch.equal(Mixture([part])(x.to(dtype)), part(x.to(dtype)))


def test_a_mixture_of_components_that_all_err_beyond_numbers_gives_none() -> None:
    model = Mixture([FVSBN(3), FVSBN(3)])
    with torch.no_grad():
        for part in model.components:
            part.linear.bias.fill_(3e38)
    x = torch.zeros(1, 3)
    assert model.log_prob(x) == model.log_mean(x, torch.arange(2)) == -float("inf")


def test_the_ordering_stays_what_the_model_was_made_for(make_model) -> None:
    """Masks were made from it, and what reads it later would be of another model."""
    model = make_model(4)
    for part in (model, *getattr(model, "components", ())):
        before = part.ordering
        with pytest.raises(ValueError, match="ordering must stay"):
            part.ordering = before[::-1]
        assert part.ordering == before


def test_logits_may_be_whole_numbers() -> None:
    whole, x = torch.tensor([-2, 0, 3]), torch.tensor([1, 0, 1])
    assert torch.equal(bernoulli_log_prob(whole, x), bernoulli_log_prob(whole.float(), x))
