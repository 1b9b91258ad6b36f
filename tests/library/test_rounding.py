"""Rounding by chance: between the right neighbours, on average exact, its variance foretold."""

import math

import pytest
import torch
from torch import Tensor

from mle_lib.optimizers import rounding_variance, stochastic_round
from tests.cases import seeded

FEW = [torch.float16, torch.bfloat16]
KINDS = [*FEW, torch.float32, torch.float64]

# tried in other types, shapes and modes, and beyond all bounds (test_every_argument.py)
ARGUMENTS = {
    stochastic_round: {
        "values": torch.tensor([0.5, -3.0]),
        "dtype": lambda: torch.bfloat16,
        "generator": seeded,
    },
    rounding_variance: {"values": torch.tensor([0.5, -3.1]), "dtype": lambda: torch.bfloat16},
}


def values(dtype: torch.dtype) -> Tensor:
    """Numbers of both signs and every magnitude that ``dtype`` has, and below its smallest."""
    kind = torch.finfo(dtype)
    low = max(math.log2(kind.tiny) - 12, -1060)
    powers = torch.linspace(low, math.log2(kind.max) - 0.01, 400, dtype=torch.float64)
    x = torch.cat([2.0**powers, 2.0 ** powers.floor()])
    return torch.cat([x, -x])


def beside(x: Tensor, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """The neighbours of each entry, lo ≤ x < hi, found on the way from the nearest one."""
    near = x.to(dtype)
    down, up = (
        torch.nextafter(near, torch.full_like(near, end)) for end in (-torch.inf, torch.inf)
    )
    return torch.where(near.double() <= x, near, down), torch.where(near.double() <= x, up, near)


class Given:
    """In place of ``torch.rand``: the same number for every entry."""

    def __init__(self, value: float) -> None:
        self.value = value

    def __call__(self, shape: torch.Size, **_: object) -> Tensor:
        return torch.full(shape, self.value, dtype=torch.float64)


def with_number(monkeypatch: pytest.MonkeyPatch, value: float, x: Tensor, kind: torch.dtype):
    monkeypatch.setattr(torch, "rand", Given(value))
    return stochastic_round(x, kind)


@pytest.mark.parametrize("dtype", KINDS[:3])
def test_both_outcomes_are_the_neighbours(dtype, monkeypatch) -> None:
    x = values(dtype)
    low, high = beside(x, dtype)
    toward_zero = with_number(monkeypatch, 1 - 2.0**-53, x, dtype)
    away = with_number(monkeypatch, 0.0, x, dtype)
    exact = x.to(dtype).double() == x
    assert 0 < exact.sum() < len(x)
    assert torch.equal(toward_zero, torch.where((x > 0) | exact, low, high))
    assert torch.equal(away, torch.where(exact, low, torch.where(x > 0, high, low)))
    assert toward_zero.dtype == away.dtype == dtype


@pytest.mark.parametrize("dtype", KINDS[:3])
def test_rounding_is_unbiased_and_has_the_predicted_variance(dtype, monkeypatch, deviation) -> None:
    """Over both outcomes: the share of numbers drawn that lead up is found by halving."""
    x = values(dtype)
    near, far = (with_number(monkeypatch, u, x, dtype).double() for u in (1 - 2.0**-53, 0.0))
    below, above = torch.zeros_like(x), torch.ones_like(x)  # the least number that leads to `near`
    for _ in range(54):
        middle = (below + above) / 2
        monkeypatch.setattr(torch, "rand", lambda *_, middle=middle, **__: middle)
        leads_far = (stochastic_round(x, dtype).double() == far) & (near != far)
        below, above = (
            torch.where(leads_far, middle, below),
            torch.where(leads_far, above, middle),
        )
    mean = near + above * (far - near)
    variance = above * (1 - above) * (far - near) ** 2
    width = (far - near).abs().clamp_min(torch.finfo(torch.float64).tiny)
    deviation(((mean - x) / width).abs().max(), 1e-14)
    deviation(((variance - rounding_variance(x, dtype)) / width**2).nan_to_num().max(), 1e-14)


@pytest.mark.parametrize("dtype", KINDS)
def test_what_the_dtype_has_is_not_changed(dtype) -> None:
    kind = torch.finfo(dtype)
    x = torch.tensor([0, 1, 1.5, 3, kind.tiny, kind.max, kind.eps], dtype=torch.float64).to(dtype)
    x = torch.cat([x, -x])
    smallest = torch.nextafter(torch.zeros(1, dtype=dtype), torch.ones(1, dtype=dtype))
    x = torch.cat([x, smallest, -smallest])
    for wide in (x, x.double()):
        for seed in range(5):
            found = stochastic_round(wide, dtype, torch.Generator().manual_seed(seed))
            assert torch.equal(found, x)
            assert torch.equal(found.signbit(), x.signbit())
        assert not rounding_variance(wide, dtype).any()


def test_as_often_up_as_the_share_says() -> None:
    """100,000 of one number, a quarter of the way up: 4 standard errors, the seed fixed."""
    x = torch.full((100_000,), 1 + 2.0**-9)  # between 1 and 1 + 2⁻⁷
    found = stochastic_round(x, torch.bfloat16, torch.Generator().manual_seed(0))
    up = (found == 1 + 2.0**-7).double().mean()
    assert ((found == 1) | (found == 1 + 2.0**-7)).all()
    assert abs(up - 0.25) < 4 * (0.25 * 0.75 / 100_000) ** 0.5


@pytest.mark.parametrize("dtype", KINDS)
def test_what_is_not_finite_stays_and_what_is_too_large_is_as_always(dtype) -> None:
    x = torch.tensor([torch.nan, torch.inf, -torch.inf], dtype=torch.float64)
    found = stochastic_round(x, dtype)
    assert found[0].isnan()
    assert torch.equal(found[1:].double(), x[1:])
    assert rounding_variance(x, dtype).isnan().all()


@pytest.mark.parametrize("dtype", KINDS[:3])
def test_beyond_the_largest_number_it_is_the_nearest(dtype) -> None:
    largest = torch.tensor(torch.finfo(dtype).max, dtype=torch.float64)
    unit = largest - largest * (1 - torch.finfo(dtype).eps / 2)  # half of the last distance
    x = torch.stack([largest + 0.5 * unit, -largest - 0.5 * unit, 4 * largest, -4 * largest])
    for _ in range(5):
        assert torch.equal(stochastic_round(x, dtype), x.to(dtype))
    assert x.to(dtype).tolist() == [largest, -largest, torch.inf, -torch.inf]
    variance = rounding_variance(x, dtype)
    assert not variance[:2].any()
    assert variance[2:].isnan().all()


@pytest.mark.parametrize("wide", KINDS)
@pytest.mark.parametrize("dtype", KINDS)
def test_dtype_device_and_shape(wide, dtype, device) -> None:
    for shape in ((), (0,), (2, 3), (4, 1, 2)):
        x = torch.rand(shape, generator=torch.Generator().manual_seed(0)).to(device, wide)
        x = (x - 0.5).transpose(0, -1) if x.ndim > 1 else x
        found, variance = stochastic_round(x, dtype), rounding_variance(x, dtype)
        assert (found.shape, found.dtype, found.device.type) == (x.shape, dtype, device)
        assert (variance.shape, variance.dtype) == (x.shape, torch.float64)
    assert not stochastic_round(torch.ones(2, requires_grad=True), dtype).requires_grad


def test_the_same_generator_draws_the_same() -> None:
    x = torch.linspace(-1, 1, 999)
    one, two, other = (
        stochastic_round(x, torch.bfloat16, torch.Generator().manual_seed(k)) for k in (0, 0, 1)
    )
    assert torch.equal(one, two)
    assert not torch.equal(one, other)


@pytest.mark.parametrize(
    ("x", "dtype", "message"),
    [
        (
            torch.ones(2, dtype=torch.int64),
            torch.bfloat16,
            "values must hold floats, got torch.int64",
        ),
        (torch.ones(2, dtype=torch.complex64), torch.bfloat16, "values must hold floats"),
        (torch.ones(2).to_sparse(), torch.bfloat16, "values must be dense"),
        ([1.0], torch.bfloat16, r"parameter values=\[1.0\]"),
        (torch.ones(2), torch.int16, r"dtype must be one of torch.float16, .*got torch.int16"),
        (torch.ones(2), torch.float8_e4m3fn, "dtype must be one of"),
        (torch.ones(2), "bfloat16", "dtype"),
    ],
)
def test_bad_input_is_named(x, dtype, message) -> None:
    for function in (stochastic_round, rounding_variance):
        with pytest.raises(ValueError, match=message):
            function(x, dtype)
