"""Every argument of every public function of the rooms of models and estimators, by its annotation:
a value equal to what is wanted is accepted whatever its type, anything else is named."""

import copy
import dataclasses
import importlib
import inspect
import pickle
import pkgutil
from collections.abc import Callable
from contextlib import suppress
from fractions import Fraction

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import mle_lib
from mle_lib import data, distributed, likelihood, minibatch, models, paradigms, second_order
from mle_lib import gradient as g
from mle_lib import variance_reduction as vr
from mle_lib.audit import record
from mle_lib.models.many_fvsbn import ManyFVSBN
from mle_lib.second_order import irls
from tests.cases import beside_their_tests, binary, seeded

X, J = binary(6, 3, seed=1), torch.tensor([0, 2])
ROWS, TERMS = torch.rand(6, 4).double() + 0.1, torch.rand(6, 3, 4).double()
Q = torch.full((6,), 1 / 6).double()
MANY, THETA = ManyFVSBN(X), torch.linspace(-1, 1, 12).double().view(2, 6)
MOMENTS = minibatch.GradientMoments(torch.ones(2).double(), torch.ones(2).double(), 6, False)
ROOMS = [data, distributed, g, irls, likelihood, minibatch, models, paradigms, second_order, vr]


def model(kind: type = models.MADE) -> models.AutoregressiveModel:
    sizes = {models.MADE: (3, 4), models.FVSBN: (3,)}[kind]
    made = kind(*sizes, *([None, seeded()] if kind is models.MADE else [])).double()
    return made


def vae() -> paradigms.VAE:
    return paradigms.VAE(3, 4, 1, seeded()).double()


def gan() -> paradigms.GAN:
    return paradigms.GAN(3, 4, 2, 0.5, seeded()).double()


def mixture() -> models.Mixture:
    return models.Mixture([model(), model()])


GAME = gan().draw_noise(2, seeded())
NOISE = vae().draw_noise(2, 6, seeded())
EACH: dict[Callable, dict[str, object]] = {
    data.TinyWorld: {"n": 3, "seed": 1},
    data.TinyWorld(3, 1).log_prob: {"x": X},
    data.TinyWorld(3, 1).sample: {"m": 4, "generator": seeded},
    data.all_states: {"n": 3},
    g.full_gradient: {"model": model, "x": X, "chunk_size": 2},
    g.per_sample_gradients: {"model": model, "x": X},
    g.per_variable_gradients: {"model": model, "x": X},
    likelihood.log_likelihood: {"model": model, "x": X, "chunk_size": 2},
    irls.newton: {"model": lambda: model(models.FVSBN), "x": X, "ridge": 0.5},
    irls.newton_direction: {
        "model": lambda: model(models.FVSBN), "x": X, "gradient": torch.ones(6), "ridge": 0.5
    },
    minibatch.sample_indices: {"m": 6, "b": 2, "replacement": True, "generator": seeded},
    minibatch.minibatch_gradient: {"model": model, "x": X, "indices": J},
    minibatch.gradient_moments: {"model": model, "x": X, "chunk_size": 2, "subsample": True},
    minibatch.estimator_variance: {"moments": MOMENTS, "m": 6, "b": 2, "replacement": False},
    minibatch.GradientMoments: {
        "mean": Q, "variance": Q, "count": 6, "subsample": True
    },
    models.FVSBN: {"n": 3},
    models.FVSBN(3).block: {"i": 1},
    models.MADE: {"n": 3, "hidden": lambda: 4, "ordering": [2, 0, 1], "generator": seeded},
    models.NADE: {"n": 3, "hidden": 4, "generator": seeded},
    models.RecurrentModel: {"n": 3, "hidden": 4, "generator": seeded},
    model().log_prob: {"x": X},
    model().log_prob_per_variable: {"x": X},
    model().sample: {"k": 4, "generator": seeded},
    mixture().log_mean: {"x": X[:2], "components": J[:1]},
    mixture().component_log_probs: {"x": X},
    ManyFVSBN: {"x": X},
    MANY.height: {"theta": THETA},
    MANY.gradient: {"theta": THETA, "shares": torch.stack([MANY.share] * 2)},
    MANY.state_gradients: {"theta": THETA[0]},
    MANY.curvature: {"theta": THETA[0]},
    MANY.covariance: {"theta": THETA[0]},
    paradigms.VAE: {"n": 3, "hidden": 4, "latent": 1, "generator": seeded},
    paradigms.GAN: {"n": 3, "hidden": 4, "latent": 2, "blur": 0.5, "generator": seeded},
    vae().elbo: {"x": X, "noise": NOISE, "analytic": True},
    vae().iwae: {"x": X, "noise": NOISE},
    vae().log_prob: {"x": X, "points": 9, "chunk_size": 2},
    vae().sample: {"k": 4, "generator": seeded},
    vae().draw_noise: {"k": 2, "b": 3, "generator": seeded},
    gan().discriminator_value: {"x": X[:2], "noise": GAME},
    gan().generator_value: {"noise": GAME, "saturating": True},
    gan().sample: {"k": 4, "generator": seeded},
    gan().draw_noise: {"b": 3, "generator": seeded},
    paradigms.bound_gradients: {"model": vae, "x": X, "noise": NOISE},
    paradigms.fooling_gradients: {"model": gan, "noise": GAME, "saturating": True},
    paradigms.fooling_value: {"fake": Q, "saturating": True},
    paradigms.game_value: {"real": Q, "fake": Q},
    second_order.curvature: {"model": model, "x": X},
    second_order.natural_gradient: {"model": model, "x": X, "damping": 0.5, "chunk_size": 2},
    second_order.lbfgs: {
        "model": model, "x": X, "max_steps": 2, "history": 3, "chunk_size": 2
    },
    vr.SAG: {"model": model, "x": X, "filled": True, "chunk_size": 2},
    vr.SVRG: {"model": model, "x": X, "chunk_size": 2},
    vr.ControlVariate: {
        "control": lambda: lambda rows: rows, "x": X, "coefficient": 0.5, "chunk_size": 2
    },
    vr.allocated_gradient: {
        "model": model, "x": X, "indices": J, "sizes": torch.tensor([1, 2, 2])
    },
    vr.allocated_variance: {"terms": TERMS, "sizes": torch.tensor([1, 2, 2])},
    vr.best_coefficient: {"gradients": ROWS, "controls": ROWS},
    vr.control_variate_variance: {"differences": ROWS, "b": 2, "replacement": True},
    vr.doubly_stochastic_gradient: {"model": model, "x": X, "indices": J, "variables": J},
    vr.doubly_stochastic_variance: {
        "terms": TERMS, "b": 2, "k": 2, "shared": True, "replacement": True
    },
    vr.log_mean_gradient: {"model": mixture, "x": X, "indices": J, "components": J[:1]},
    vr.neyman_sizes: {"spread": Q, "cost": Q, "budget": 3.0, "m": 6},
    vr.sample_variables: {"n": 3, "k": 2, "b": 2, "generator": seeded},
}  # fmt: skip
EACH |= beside_their_tests("ARGUMENTS")
# no number, flag, generator or tensor of data among its arguments, or a place where none is checked
EXEMPT = {
    "AutoregressiveModel", "LowerLinear", "MaskedLinear", "Mixture", "bernoulli_log_prob",
    "GameNoise", "load_density_set", "load_digits_binary", "gradient_noise_scale", "exact_fisher",
    "SAGA", "SequenceModel", "LETTERS", "before", "encoded", "decoded", "load_names",
    "LostWorkerError", "Workers",
}  # fmt: skip


def name_of(call: Callable) -> str:
    return call.__qualname__


def test_every_public_name_is_tried() -> None:
    public = {name for room in ROOMS for name in getattr(room, "__all__", ["log_likelihood"])}
    tried = {name_of(call).split(".")[0] for call in EACH}
    missing = public - {"newton", "newton_direction"} - tried - EXEMPT
    assert not missing, f"give ARGUMENTS beside the tests of {missing}: see test_importance.py"


def run(call: Callable, values: dict[str, object]) -> Tensor:
    """What a call returns, as one vector; functions are called to make fresh arguments."""
    made = {k: v() if inspect.isfunction(v) else v for k, v in values.items()}
    return vector(call(**made))


def vector(value: object) -> Tensor:
    if isinstance(value, nn.Module):
        value = list(value.state_dict().values())
    elif hasattr(value, "__dict__") and not isinstance(value, Tensor):
        value = [v for v in vars(value).values() if isinstance(v, (Tensor, int, float, bool))]
    if isinstance(value, (list, tuple)):
        return torch.cat([vector(v) for v in value]) if value else torch.zeros(0).double()
    return torch.as_tensor(value).detach().double().flatten()


def twins(value: object, name: str) -> list[object]:
    """The same value in other types."""
    if isinstance(value, bool):
        return [np.bool_(value), torch.tensor(value), np.array(value)]
    if isinstance(value, int):
        signed = [np.int64(value), np.int8(value), np.array(value), torch.tensor(value)]
        return [*signed, np.uint16(value), torch.tensor(value, dtype=torch.uint8)]
    if isinstance(value, float):
        return [np.float32(value), np.float64(value), torch.tensor(value), np.float16(value)]
    if isinstance(value, list):
        return [np.array(value), tuple(value), torch.tensor(value), map(int, value)]
    if isinstance(value, Tensor) and name == "x":
        kinds = (torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64)
        more = (torch.uint16, torch.uint32, torch.uint64, torch.float16, torch.bfloat16)
        other = [value.clone().requires_grad_(), value.T.contiguous().T, value.float()]
        return [value.to(kind) for kind in (*kinds, *more)] + other
    if isinstance(value, Tensor) and not value.is_floating_point():
        kinds = (torch.uint8, torch.int8, torch.int32, torch.uint16, torch.uint64)
        return [value.to(kind) for kind in kinds]
    return []


HUGE = [10**400, 10**5000, 2**64, 10**30, float("nan"), float("inf"), float("-inf")]

BEYOND_FLOATS = [value for value in HUGE if not isinstance(value, int) or value > 10**30]


def wrong(value: object, name: str) -> list[object]:
    if isinstance(value, bool):
        return [2, 1, 0, None, "yes", 1.0, np.int64(1), torch.tensor(1), [True]]
    if isinstance(value, int):
        return [True, np.True_, torch.tensor(True), 2.5, "2", -1, torch.tensor([2]), [2], *HUGE]
    if isinstance(value, float) and name not in ("coefficient", "budget"):
        return [True, "1", -1.0, np.float32("nan"), 1j, [0.5], X, *BEYOND_FLOATS]
    if isinstance(value, float):
        return [True, "1", [0.5], 1j, np.True_, *BEYOND_FLOATS]
    if isinstance(value, list):
        return [
            3,
            [10**5000, 0, 1],
            "abc",
            [0, 1],
            [0.0, 1.0, 2.0],
            np.zeros((3, 3), int),
            torch.eye(3),
        ]
    if value is seeded:
        return [0, np.random.default_rng(0), "cpu"]
    if isinstance(value, Tensor):
        arrays = [] if name in ("spread", "cost") else [value.numpy(), value.tolist()]
        sparse = [value.to_sparse()] + ([value.to_sparse_csr()] if value.ndim == 2 else [])
        none = [] if name == "shares" else [None]
        return [*arrays, *sparse, *none, "x", value.to(torch.complex64), value.to("meta")]
    return []


PLACES = [(call, name) for call, values in EACH.items() for name in values]


def ids(value: object) -> str:
    return value if isinstance(value, str) else name_of(value)


@pytest.mark.filterwarnings("ignore:Sparse")
@pytest.mark.parametrize(("call", "name"), PLACES, ids=ids)
def test_the_same_value_of_another_type_is_accepted(call: Callable, name: str) -> None:
    values = EACH[call]
    if isinstance(values[name], list):  # a fresh iterator each time
        expected = run(call, values)
        for twin in twins(values[name], name):
            assert torch.equal(run(call, values | {name: twin}), expected)
        return
    expected = run(call, values)
    for twin in twins(values[name], name):
        found = run(call, values | {name: twin})
        torch.testing.assert_close(found, expected, msg=lambda m, t=twin: f"{t!r}: {m}")


@pytest.mark.filterwarnings("ignore:Sparse")
@pytest.mark.parametrize(("call", "name"), PLACES, ids=ids)
def test_anything_else_is_named(call: Callable, name: str) -> None:
    values = EACH[call]
    for bad in wrong(values[name], name):
        with pytest.raises(ValueError, match=name):
            run(call, values | {name: bad})


def test_every_argument_of_these_is_in_the_table() -> None:
    """All but those that are models, functions, choices of a word or groups of processes."""
    for call, values in EACH.items():
        missing = set(inspect.signature(call).parameters) - set(values)
        assert missing <= {"bound", "dtype", "group"}, name_of(call)


@pytest.mark.parametrize("kind", [model, lambda: model(models.FVSBN), mixture, vae, gan])
def test_sampling_from_nan_is_an_error(kind: Callable) -> None:
    made = kind()
    with torch.no_grad():
        for q in made.parameters():
            q.fill_(float("nan"))
    with pytest.raises(ValueError, match=r"model must give .* NaN"):
        made.sample(3)


def test_x_of_a_small_type_is_not_wrapped_around() -> None:
    z = torch.tensor([-1.0, 2.0])
    for kind in (torch.uint8, torch.int8, torch.bool):
        expected = models.bernoulli_log_prob(z, torch.tensor([0.0, 1.0]))
        assert torch.equal(models.bernoulli_log_prob(z, torch.tensor([0, 1]).to(kind)), expected)


def test_numbers_that_a_float_does_not_hold_exactly_are_right() -> None:
    """Of m and b far beyond 2³¹; the variance is m²σ²/b to rounding."""
    part = minibatch.GradientMoments(Q, Q, 6, True)
    for m, b in [(2**62, 3), (2**63 - 1, 2**62), (2**40 + 1, 7)]:
        found = minibatch.estimator_variance(part, m, b, True)
        torch.testing.assert_close(found, Q * float(Fraction(m**2, b)), rtol=1e-15, atol=0)
        found = minibatch.estimator_variance(part, m, b, False)
        exact = float(Fraction(m**2, b) * Fraction(m - b, m - 1))
        torch.testing.assert_close(found, Q * exact, rtol=1e-15, atol=0)
    sizes = vr.neyman_sizes([1.0, 1.0], [1.0, 1.0], 1e300, 2**53)
    assert sizes.tolist() == [2**53, 2**53]


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_noise_and_coefficients_are_finite(bad: float) -> None:
    noise = NOISE.clone()
    noise[1, 2, 0] = bad
    for bound in (vae().elbo, vae().iwae):
        with pytest.raises(ValueError, match=r"noise must be finite, got (nan|inf) \(1 such"):
            bound(X, noise)
    for place in range(3):
        parts = [part.clone() for part in GAME]
        parts[place][0, 0] = bad
        with pytest.raises(ValueError, match=r"noise\.\w+ must be finite"):
            gan().generator_value(paradigms.GameNoise(*parts))
    with pytest.raises(ValueError, match="coefficient must be finite"):
        vr.ControlVariate(lambda rows: rows, X, torch.tensor([0.0, bad, 1.0]))


SHAPES: dict[str, Callable[[tuple[int, ...]], bool]] = {  # which an argument may have in the table
    "x": lambda s: len(s) == 2 and s[1] == 3,
    "indices": lambda s: len(s) == 1,
    "variables": lambda s: s[:-1] in ((), (2,)),  # k of them, shared or for each of b = 2
    "components": lambda s: s[:-1] in ((), (2,)),
    "noise": lambda s: s[1:] == (6, 1),
    "theta": lambda s: s[-1:] == (6,),  # runs before it
    "shares": lambda s: s[-1:] == (4,),
    "terms": lambda s: len(s) == 3,
    "differences": lambda s: len(s) == 2,
    "gradients": lambda s: len(s) == 2,
    "real": lambda s: True,
    "fake": lambda s: True,
    "values": lambda s: True,
}
# whose n is that of x, which take rows of any width, or look at other arguments first
ANY_COLUMNS = {
    "importance_gradient",
    "ManyFVSBN",
    "ControlVariate",
    "NGram",
    "KnownLanguage",
    "Transformer",
}


def other_shapes(t: Tensor) -> list[Tensor]:
    longer = torch.cat([t, t[:1]])
    rows = [t[None], t[:1], t[:0], t[:-1], longer, t[..., None], t[0], t.flatten()[0]]
    columns = [t[..., :1], t[..., :-1], t.mT, t[:, None]] if t.ndim > 1 else []
    return [other for other in rows + columns if other.shape != t.shape]


TENSORS = [(call, name) for call, name in PLACES if isinstance(EACH[call][name], Tensor)]


@pytest.mark.parametrize(("call", "name"), TENSORS, ids=ids)
def test_no_shape_is_broadcast_in_silence(call: Callable, name: str) -> None:
    for other in other_shapes(EACH[call][name]):
        owner = getattr(call, "__self__", call)
        owner = owner if isinstance(owner, type) or owner is call else type(owner)
        free = owner.__name__ in ANY_COLUMNS and name == "x" and other.ndim == 2
        if free or SHAPES.get(name, lambda s: False)(tuple(other.shape)):
            with suppress(ValueError):  # one that fits no other argument
                run(call, EACH[call] | {name: other})
        else:
            with pytest.raises(ValueError, match=name):
                run(call, EACH[call] | {name: other})


def holders_of_tensors() -> list[type]:
    """Every class of the library with named fields, of which one is a tensor."""
    found = set()
    for module in pkgutil.walk_packages(mle_lib.__path__, "mle_lib."):
        for kind in vars(importlib.import_module(module.name)).values():
            named = dataclasses.is_dataclass(kind) or hasattr(kind, "_fields")
            if named and isinstance(kind, type) and kind.__module__.startswith("mle_lib"):
                fields = [str(t) for t in vars(kind).get("__annotations__", {}).values()]
                found |= {kind} if any("Tensor" in field for field in fields) else set()
    return sorted(found, key=lambda kind: kind.__name__)


def test_what_holds_tensors_is_compared_by_identity() -> None:
    one = torch.ones(1).double()
    heard = record.Backward(torch.tensor([0]), one, one, one, beside=0.0, decay=0.0)
    made = {
        "GradientMoments": MOMENTS,
        "GameNoise": GAME,
        "Backward": heard,
        "Heard": record.Heard(torch.tensor([0]), None, one, one),
        "Step": record.Step([heard], one, 0.0, 0.0, True, [True]),
    }
    assert {kind.__name__ for kind in holders_of_tensors()} == set(made)
    for value in made.values():
        for copier in (copy.copy, copy.deepcopy, lambda v: pickle.loads(pickle.dumps(v))):
            other = copier(value)
            assert torch.equal(vector(other), vector(value))
            assert value != other
            assert not (value == other)  # noqa: SIM201
            assert value in [other, value]
            assert len({value, other, value}) == 2


@pytest.mark.filterwarnings("ignore:The PyTorch API of nested")
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: minibatch.gradient_noise_scale([1, 2]), "moments must hold GradientMoments"),
        (lambda: minibatch.gradient_noise_scale("ab"), "moments must hold GradientMoments"),
        (lambda: minibatch.GradientMoments(Q, Q[:2], 3, False), "mean and variance must have one"),
        (lambda: data.load_density_set("nltcs", "train", "~nosuchuser/x"), "root .* a path"),
        (lambda: data.all_states(3, torch.quint8), "dtype must be bool"),
        (
            lambda: likelihood.log_likelihood(model(), torch.nested.nested_tensor([X[0], X[1]])),
            "x must be dense, got a nested",
        ),
    ],
)
def test_what_stands_in_no_table_is_named_too(call: Callable, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def test_a_parameter_of_whole_numbers_is_named() -> None:
    made = model(models.FVSBN)
    made.places = nn.Parameter(torch.arange(3), requires_grad=False)
    for call in (g.full_gradient, g.per_sample_gradients, vr.SVRG, second_order.lbfgs):
        with pytest.raises(ValueError, match="model must have parameters of real numbers"):
            call(made, X)
