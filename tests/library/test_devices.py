"""Nothing is made on the default device, or drawn from a generator of another one.

While a function runs on CPU tensors, torch's default device is ``meta``, whose tensors have no
numbers: what is made without the device of a model or of data has none either, and ends in an error
or in other numbers. So it would on a GPU, whose models meet a default of CPU. What this does not
see is a tensor made with ``device="cpu"`` in so many words, or what NumPy is given."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext

import pytest
import torch
from torch import nn

from mle_lib import optimizers, training
from mle_lib.models import NGram, RecurrentModel, Transformer
from tests.cases import binary, seeded
from tests.library.test_every_argument import EACH, model, name_of, vector
from tests.library.test_modes import made

# these make what is on the default device: parameters, or a distribution or indices of their own
MAKERS = {
    call.__qualname__ for call in EACH if isinstance(call, type) and issubclass(call, nn.Module)
}


@contextmanager
def elsewhere() -> Iterator[None]:
    """A place in which the default device is another than that of models and data."""
    torch.set_default_device("meta")
    try:
        yield
    finally:
        torch.set_default_device(None)


CALLS = [call for call in EACH if name_of(call) not in MAKERS | {"all_states"}]


@pytest.mark.parametrize("call", CALLS, ids=name_of)
def test_a_result_does_not_depend_on_the_default_device(call: Callable) -> None:
    expected, values = vector(call(**made(EACH[call]))), made(EACH[call])
    with elsewhere():
        found = call(**values)
    torch.testing.assert_close(vector(found), expected, rtol=0, atol=0, equal_nan=True)


def trained(
    kind: Callable[[], nn.Module], x: torch.Tensor, there: bool, **options: object
) -> torch.Tensor:
    made = kind()
    moving = optimizers.Adam(made.parameters(), 0.01)
    with elsewhere() if there else nullcontext():
        training.fit(made, moving, x, x, batch_size=3, progress=False, max_norm=1.0, **options)
        training.train_step(made, moving, x[:2], len(x))
    return torch.cat([q.detach().flatten() for q in made.parameters()])


SYMBOLS = torch.tensor([[1, 2, 3, 0], [2, 0, 0, 0], [3, 3, 0, 0], [1, 1, 2, 0], [0, 0, 0, 0]])
KINDS: dict[str, tuple[Callable[[], nn.Module], torch.Tensor]] = {
    "MADE": (model, binary(7, 3)),
    "Recurrent": (lambda: RecurrentModel(3, 4, seeded()).double(), binary(7, 3)),
    "Transformer": (lambda: Transformer(4, 4, 4, 1, 2, 0.0, seeded()).double(), SYMBOLS),
    "with dropout": (lambda: Transformer(4, 4, 4, 1, 2, 0.3, seeded()).double(), SYMBOLS),
}


@pytest.mark.parametrize("kind", KINDS)
def test_training_does_not_depend_on_the_default_device(kind: str, tmp_path) -> None:
    ends = []
    for there in (False, True):
        torch.manual_seed(0)
        path = tmp_path / f"{there}.pt"
        for epochs in (1, 2):  # saved, and gone on from
            ends.append(trained(*KINDS[kind], there, checkpoint=path, epochs=epochs))
    assert torch.equal(ends[0], ends[2])
    assert torch.equal(ends[1], ends[3])


@pytest.mark.parametrize("rule", ["SGD", "Momentum", "Nesterov", "RMSprop", "Adam", "AdamW"])
def test_an_optimiser_keeps_its_state_with_its_parameters(rule: str) -> None:
    ends = []
    for there in (False, True):
        q = nn.Parameter(torch.ones(3, dtype=torch.float64, device="cpu"))
        with elsewhere() if there else nullcontext():
            moving = getattr(optimizers, rule)([q], lr=0.1)
            for _ in range(3):
                q.grad = q.detach() ** 2
                optimizers.clip_by_norm([q], 0.5)
                optimizers.clip_by_value([q], 0.4)
                moving.step()
            moving.load_state_dict(moving.state_dict())
            moving.step()
        ends.append(q.detach().clone())
    assert torch.equal(*ends)


def test_sequences_are_sampled_where_the_model_is() -> None:
    sampled = []
    for there in (False, True):
        made, generator = Transformer(4, 5, 4, 1, 2, 0.0, seeded()), seeded()
        counts = NGram(SYMBOLS, 4, 2)
        with elsewhere() if there else nullcontext():
            sampled.append([made.sample(6, generator), counts.log_prob(SYMBOLS)])
    assert all(torch.equal(a, b) for a, b in zip(*sampled, strict=True))
