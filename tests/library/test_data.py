import numpy as np
import pytest
import torch

from mle_lib.data import TinyWorld, all_states, load_digits_binary


def test_digits_are_the_binarised_images_of_scikit_learn_each_once() -> None:
    from sklearn.datasets import load_digits

    splits = {name: load_digits_binary(name) for name in ("train", "valid", "test")}
    assert [tuple(x.shape) for x in splits.values()] == [(1200, 64), (297, 64), (300, 64)]
    ours = torch.cat(list(splits.values()))
    theirs = (load_digits().data >= 8).astype(np.float32)
    assert ours.dtype == torch.float32
    assert np.array_equal(np.sort(ours.numpy(), axis=0), np.sort(theirs, axis=0))
    assert sorted(map(bytes, ours.numpy().astype(np.uint8))) == sorted(
        map(bytes, theirs.astype(np.uint8))
    )


def test_digits_split_is_fixed() -> None:
    # Sums of row numbers weighted by ink: any other permutation or threshold changes them.
    sums = [
        int((x.sum(1) * torch.arange(len(x))).sum())
        for x in map(load_digits_binary, ("train", "valid", "test"))
    ]
    assert sums == [14953746, 905295, 925428]


def test_a_caller_cannot_spoil_the_digits_of_the_next() -> None:
    load_digits_binary("test").zero_()
    assert load_digits_binary("test").sum() > 0


def test_all_states_lists_each_state_once_in_counting_order() -> None:
    assert all_states(2).tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]
    assert len(torch.unique(all_states(7), dim=0)) == 2**7


@pytest.mark.parametrize("n", [1, 3, 12])
def test_tiny_world_is_a_distribution(n: int) -> None:
    world = TinyWorld(n, seed=1)
    log_p = world.log_prob(all_states(n))
    assert abs(log_p.exp().sum().item() - 1) < 1e-12
    assert world.entropy() == pytest.approx(-(log_p.exp() * log_p).sum().item(), abs=1e-12)


def test_tiny_world_follows_its_formula() -> None:
    n, generator = 4, torch.Generator().manual_seed(5)
    a, J, noise = (
        torch.randn(s, generator=generator, dtype=torch.float64) for s in [(n,), (n, n), (2**n,)]
    )
    score = []
    for state, eps in zip(all_states(n), noise, strict=True):
        signs = [2 * int(v) - 1 for v in state]
        pairs = sum(0.4 * J[i, k] * signs[i] * signs[k] for i in range(n) for k in range(i + 1, n))
        score.append(sum(0.3 * a[i] * signs[i] for i in range(n)) + pairs + 0.5 * eps)
    expected = torch.stack(score).log_softmax(0)
    assert torch.allclose(TinyWorld(n, 5).log_prob(all_states(n)), expected, atol=1e-12)


def test_tiny_world_samples_follow_log_prob() -> None:
    """Chi-square over all 2^5 states: false-alarm rate 1e-4, seed fixed."""
    from scipy.stats import chisquare

    world, m = TinyWorld(5, seed=2), 20_000
    x = world.sample(m, torch.Generator().manual_seed(3))
    counts = torch.bincount((x.long() * 2 ** torch.arange(4, -1, -1)).sum(1), minlength=2**5)
    expected = m * world.log_prob(all_states(5)).exp()
    assert expected.min() > 5
    assert chisquare(counts.numpy(), expected.numpy()).pvalue > 1e-4


def test_tiny_world_samples_from_the_given_generator() -> None:
    world, before = TinyWorld(4, seed=0), torch.random.get_rng_state()
    first, again = (world.sample(50, torch.Generator().manual_seed(1)) for _ in range(2))
    assert torch.equal(first, again)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_tiny_world_lives_on_the_device_of_x(device) -> None:
    world, x = TinyWorld(4, seed=0), all_states(4)
    assert torch.equal(world.log_prob(x.to(device)).cpu(), world.log_prob(x))


def test_tiny_world_depends_on_its_seed_alone() -> None:
    before = torch.random.get_rng_state()
    first, other = TinyWorld(3, seed=0), TinyWorld(3, seed=1)
    assert torch.equal(torch.random.get_rng_state(), before)
    torch.manual_seed(99)
    assert torch.equal(TinyWorld(3, seed=0).log_prob(all_states(3)), first.log_prob(all_states(3)))
    assert not torch.equal(other.log_prob(all_states(3)), first.log_prob(all_states(3)))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: load_digits_binary(["train"]), "split must be one of train, valid, test"),
        (lambda: load_digits_binary("dev"), "split must be one of train, valid, test, got 'dev'"),
        (lambda: TinyWorld(13, 0), "n must be at most 12"),
        (lambda: TinyWorld(0, 0), "n must be a whole number of at least 1, got 0"),
        (lambda: TinyWorld(3, 0).sample(0), "m must be a whole number of at least 1, got 0"),
        (lambda: TinyWorld(3, 0).log_prob(torch.zeros(2, 4)), "x must have n = 3 columns, got 4"),
        (lambda: all_states(21), "n must be at most 20"),
        (lambda: all_states(2.5), "n must be a whole number"),
    ],
)
def test_bad_input_is_named(call, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
