import pytest
import torch

from mle_lib.data import load_digits_binary
from mle_lib.likelihood import log_likelihood
from mle_lib.models import FVSBN, MADE
from tests.cases import binary, randomised
from tests.library.test_models import BAD_X


def test_log_likelihood_is_the_double_sum(make_model, device) -> None:
    model, x = randomised(make_model(6), 0).to(device), binary(11, 6).to(device)
    total = 0.0
    for j in range(11):
        for i in range(6):
            total += model.log_prob_per_variable(x[j : j + 1])[0, i].item()
    assert log_likelihood(model, x).item() == pytest.approx(total, rel=1e-13)


@pytest.mark.parametrize("chunk_size", [1, 3, 4, 10, 11, 100])
def test_chunks_change_nothing(make_model, chunk_size) -> None:
    model, x = randomised(make_model(6), 0), binary(11, 6)
    assert log_likelihood(model, x, chunk_size).item() == pytest.approx(
        log_likelihood(model, x).item(), rel=1e-14
    )


def test_the_terms_of_a_float32_model_are_added_in_float64() -> None:
    """At θ = 0 every term is −log 2 as float32 has it; 300,000 of them must add up without losing
    digits."""
    x = torch.zeros(300_000, 1)
    term = FVSBN(1).log_prob(x[:1]).double().item()
    result = log_likelihood(FVSBN(1), x, chunk_size=1000)
    assert result.dtype == torch.float64
    assert result.shape == ()
    assert result.item() == pytest.approx(300_000 * term, rel=1e-13)


def test_it_holds_no_graph_and_changes_nothing() -> None:
    model, x = MADE(64, 20), load_digits_binary("valid")
    before, grads = (
        [q.detach().clone() for q in model.parameters()],
        [q.requires_grad for q in model.parameters()],
    )
    copy, rng = x.clone(), torch.random.get_rng_state()
    assert not log_likelihood(model, x, 100).requires_grad
    assert torch.equal(x, copy)
    assert torch.equal(torch.random.get_rng_state(), rng)
    assert [q.requires_grad for q in model.parameters()] == grads
    assert all(torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True))


@pytest.mark.parametrize(("x", "message"), BAD_X)
@pytest.mark.parametrize("chunk_size", [None, 1])
def test_bad_x_is_named(x, message: str, chunk_size) -> None:
    with pytest.raises(ValueError, match=message):
        log_likelihood(FVSBN(3), x, chunk_size)


@pytest.mark.parametrize("chunk_size", [0, -1, 2.5])
def test_bad_chunk_size_is_named(chunk_size) -> None:
    with pytest.raises(ValueError, match="chunk_size must be a whole number of at least 1"):
        log_likelihood(FVSBN(3), binary(2, 3), chunk_size)
