"""Random numbers in a model of 16 bits: drawn and compared in float32 at least."""

import inspect
import math
from collections.abc import Callable, Iterator

import pytest
import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from mle_lib import models, paradigms
from mle_lib.data import all_states
from mle_lib.models.draws import normal
from tests.cases import seeded
from tests.library.test_every_argument import EACH

HALVES = (torch.float16, torch.bfloat16)
# names of what torch draws with, and of what a draw is compared by
RANDOM = ("rand", "bernoulli", "multinomial", "normal", "uniform", "exponential")
DRAWN = 2**20


class NoHalfDraws(TorchDispatchMode):
    """A place in which torch draws nothing in 16 bits and compares no draw in 16 bits."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        name = func.overloadpacket.__name__
        touched = [t for t in (*args, result) if isinstance(t, Tensor) and not t.is_meta]
        if name.startswith(RANDOM) or name in ("lt", "le", "gt"):
            assert not any(t.dtype in HALVES for t in touched), f"{name} in 16 bits"
        return result


@pytest.fixture(params=HALVES, ids=str)
def half(request) -> Iterator[torch.dtype]:
    torch.set_default_dtype(request.param)
    yield request.param
    torch.set_default_dtype(torch.float32)


CALLS = [call for call, values in EACH.items() if "generator" in values]


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.__qualname__)
def test_nothing_is_drawn_in_16_bits(call: Callable, half: torch.dtype) -> None:
    owner = getattr(call, "__self__", None)
    with NoHalfDraws():
        for generator in (seeded(), None):
            values = EACH[call] | {"generator": generator}
            made = {k: v() if inspect.isfunction(v) else v for k, v in values.items()}
            if isinstance(owner, nn.Module):
                getattr(owner.to(half), call.__name__)(**made)
            else:
                call(**made)
    if isinstance(owner, nn.Module):
        owner.double()


def counted_ones(model: nn.Module) -> int:
    x = model.sample(DRAWN, seeded())
    assert x.dtype == next(model.parameters()).dtype
    return int((x == 1).sum())


def fvsbn(z: float) -> nn.Module:
    made = models.FVSBN(1)
    with torch.no_grad():
        made.linear.bias.fill_(z)
    return made


class Asked(models.FVSBN):
    """Of a subclass, so that ``sample`` asks ``forward``."""


def asked(z: float) -> nn.Module:
    made = Asked(1)
    made.load_state_dict(fvsbn(z).state_dict())
    return made


def vae(z: float) -> nn.Module:
    made = paradigms.VAE(1, 2, 1, seeded())
    with torch.no_grad():
        made.decoder[2].weight.zero_()
        made.decoder[2].bias.fill_(z)
    return made


@pytest.mark.parametrize("dtype", HALVES, ids=str)
@pytest.mark.parametrize("kind", [fvsbn, asked, vae])
@pytest.mark.parametrize("rare", [2**-12, 1 - 2**-12])
def test_rare_ones_and_rare_zeros_are_as_rare_as_the_model_says(
    kind: Callable, rare: float, dtype: torch.dtype
) -> None:
    """Each case raises a false alarm with probability < 1e-5 (5.5 standard deviations of about
    Poisson(256); 1e-6 by the Chernoff bound for each tail)."""
    z = torch.tensor(math.log(rare / (1 - rare))).to(dtype)
    p = float(torch.sigmoid(z.double()))
    spread = math.sqrt(DRAWN * p * (1 - p))
    assert abs(counted_ones(kind(float(z)).to(dtype)) - DRAWN * p) < 5.5 * spread


@pytest.mark.parametrize("dtype", HALVES, ids=str)
def test_the_tails_of_normal_noise_are_there(dtype: torch.dtype) -> None:
    """P(|ε| > 3.53125) = 4.13e-4, which is 433 of 2²⁰; rounding to 16 bits moves a bound between
    two neighbours by half their distance. False alarm < 1e-6."""
    drawn = normal(DRAWN, like=torch.zeros(1, dtype=dtype), generator=seeded()).double().abs()
    after = torch.nextafter(torch.tensor(3.5, dtype=dtype), torch.tensor(9.0, dtype=dtype))
    bound = (3.5 + float(after)) / 2
    expected = DRAWN * math.erfc(bound / math.sqrt(2))
    assert abs(int((drawn > bound).sum()) - expected) < 5.5 * math.sqrt(expected)


def test_parameters_start_in_the_middle_on_average(half: torch.dtype) -> None:
    """The mean of N uniform numbers in ±1/√h is 0 up to 5.5 · 1/√(3 h N): false alarm < 1e-7."""
    for made, h in [(models.NADE(2, 2**18, seeded()).W, 2), (vae_weights(), 2)]:
        assert made.dtype == half
        error = made.double().mean().abs()
        assert error < 5.5 / math.sqrt(3 * h * made.numel())


def vae_weights() -> Tensor:
    return paradigms.VAE(2, 2**18, 1, seeded()).encoder[0].weight


@pytest.mark.parametrize("dtype", HALVES, ids=str)
def test_the_grid_of_a_vae_is_not_rounded(dtype: torch.dtype) -> None:
    """log p is that of the same numbers in float64, but for the roundings of the decoder."""
    made = paradigms.VAE(3, 4, 1, seeded()).to(dtype)
    log_p = made.log_prob(all_states(3), 1001).detach().double()
    exact = made.double().log_prob(all_states(3)).detach()
    torch.testing.assert_close(log_p, exact, rtol=torch.finfo(dtype).eps, atol=0)
