import pytest
import torch

from mle_lib.data import load_digits_binary
from mle_lib.gradient import full_gradient, per_sample_gradients
from mle_lib.likelihood import log_likelihood
from mle_lib.models import FVSBN, MADE
from tests.cases import binary, randomised
from tests.library.test_models import BAD_X


def by_autograd(model, x) -> torch.Tensor:
    """An independent ∇ℓ: ``.backward()`` on a sum written out variable by variable."""
    model.zero_grad()
    terms = model.log_prob_per_variable(x)
    sum(terms[j, i] for j in range(len(x)) for i in range(model.n)).backward()
    return torch.cat([q.grad.flatten() for q in model.parameters()])


def by_central_differences(model, x, h: float = 1e-5) -> torch.Tensor:
    result = []
    for parameter in model.parameters():
        flat = parameter.data.view(-1)
        for k in range(len(flat)):
            value = flat[k].item()
            flat[k] = value + h
            above = log_likelihood(model, x)
            flat[k] = value - h
            below = log_likelihood(model, x)
            flat[k] = value
            result.append((above - below) / (2 * h))
    return torch.stack(result)


def fvsbn_closed_form(model: FVSBN, x: torch.Tensor) -> torch.Tensor:
    """∂ℓ/∂c_i = Σ_j e_ji and ∂ℓ/∂W_ik = Σ_j e_ji x_jk for k < i, with the error e = x − σ(z)."""
    error = x - torch.sigmoid(model.logits(x).detach())
    W = [(error[:, i] * x[:, k]).sum() for i in range(model.n) for k in range(i)]
    return torch.cat([error.sum(0), torch.stack(W)])


def test_full_gradient_equals_autograd(make_model, device, deviation) -> None:
    model, x = randomised(make_model(6), 0).to(device), binary(9, 6).to(device)
    deviation((full_gradient(model, x) - by_autograd(model, x)).abs().max(), 1e-12)


def test_full_gradient_equals_central_differences(make_model, deviation) -> None:
    """Central differences in float64 with h = 1e-5 err by about h² and 1e-16·|ℓ|/h: both below 1e-8
    here."""
    model, x = randomised(make_model(6), 0), binary(9, 6)
    deviation((full_gradient(model, x) - by_central_differences(model, x)).abs().max(), 1e-7)


def test_full_gradient_equals_the_closed_form_of_the_fvsbn(device, deviation) -> None:
    model, x = randomised(FVSBN(8), 0).to(device), binary(20, 8).to(device)
    deviation((full_gradient(model, x) - fvsbn_closed_form(model, x)).abs().max(), 1e-12)


@pytest.mark.parametrize("chunk_size", [1, 3, 4, 10, 11, 100])
def test_chunks_change_nothing(make_model, chunk_size, deviation) -> None:
    model, x = randomised(make_model(6), 0), binary(11, 6)
    deviation((full_gradient(model, x, chunk_size) - full_gradient(model, x)).abs().max(), 1e-12)


def test_block_i_of_the_fvsbn_depends_on_conditional_i_alone() -> None:
    """Changing every other conditional's parameters leaves θ_i's block of ∇ℓ as it was, to the last
    bit."""
    n, i, x = 8, 5, binary(20, 8)
    model = randomised(FVSBN(n), 0)
    before = full_gradient(model, x)
    flat = torch.nn.utils.parameters_to_vector(model.parameters()).detach()
    others = torch.ones(len(flat), dtype=torch.bool)
    others[model.block(i)] = False
    torch.nn.utils.vector_to_parameters(torch.where(others, flat + 1, flat), model.parameters())
    after = full_gradient(model, x)
    assert torch.equal(after[model.block(i)], before[model.block(i)])
    assert (after[others] != before[others]).any()


def test_block_i_of_the_fvsbn_is_the_gradient_of_conditional_i() -> None:
    n, x = 6, binary(10, 6)
    model = randomised(FVSBN(n), 1)
    whole = full_gradient(model, x)
    for i in range(n):
        model.zero_grad()
        model.log_prob_per_variable(x)[:, i].sum().backward()
        alone = torch.cat([q.grad.flatten() for q in model.parameters()])
        assert torch.allclose(alone[model.block(i)], whole[model.block(i)], atol=1e-13)
        assert alone.abs().sum().item() == pytest.approx(
            alone[model.block(i)].abs().sum().item(), rel=1e-14
        )


def test_per_sample_gradients_are_the_gradients_of_single_samples(
    make_model, device, deviation
) -> None:
    model, x = randomised(make_model(6), 0).to(device), binary(7, 6).to(device)
    rows = per_sample_gradients(model, x)
    assert rows.shape == (7, sum(q.numel() for q in model.parameters()))
    for j in range(7):
        deviation((rows[j] - by_autograd(model, x[j : j + 1])).abs().max(), 1e-12)


def test_float32_agrees_with_float64_on_digits(make_model) -> None:
    x = load_digits_binary("train")
    model = randomised(make_model(64), 0, scale=0.1)
    exact = full_gradient(model, x)
    single = full_gradient(model.float(), x, chunk_size=100)
    assert single.dtype == torch.float32
    assert (single - exact).norm() <= 1e-5 * exact.norm()


def test_chunks_of_a_float32_model_are_added_in_float64() -> None:
    """3,000 residuals x − σ(z) of a coin, one a chunk, cancel to a small part of their sum."""
    x = torch.zeros(3_000, 1)
    x[::2] = 1
    model = FVSBN(1)
    with torch.no_grad():
        model.linear.bias.fill_(0.01)
    one, zero = (full_gradient(model, row[None]).double().item() for row in x[:2])
    expected = 1_500 * (one + zero)
    assert full_gradient(model, x, chunk_size=1).item() == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("function", [full_gradient, per_sample_gradients])
def test_it_changes_nothing_and_needs_no_requires_grad(make_model, function) -> None:
    model, x = randomised(make_model(6), 0), binary(5, 6)
    expected = function(model, x)
    assert not expected.requires_grad
    for q in model.parameters():
        q.grad = torch.ones_like(q)
    next(model.parameters()).requires_grad_(False)
    copy, rng, theta = (
        x.clone(),
        torch.random.get_rng_state(),
        [q.detach().clone() for q in model.parameters()],
    )
    with torch.no_grad():
        result = function(model, x)
    assert torch.equal(result, expected)
    assert not result.requires_grad
    assert torch.equal(x, copy)
    assert torch.equal(torch.random.get_rng_state(), rng)
    assert [q.requires_grad for q in model.parameters()] == [False] + [True] * (len(theta) - 1)
    for q, value in zip(model.parameters(), theta, strict=True):
        assert torch.equal(q, value)
        assert torch.equal(q.grad, torch.ones_like(q))


@pytest.mark.parametrize(("x", "message"), BAD_X)
@pytest.mark.parametrize("function", [full_gradient, per_sample_gradients])
def test_bad_x_is_named(x, message: str, function) -> None:
    with pytest.raises(ValueError, match=message):
        function(MADE(3, 4), x)


def test_bad_chunk_size_is_named() -> None:
    with pytest.raises(ValueError, match="chunk_size must be a whole number of at least 1, got 0"):
        full_gradient(FVSBN(3), binary(2, 3), 0)
