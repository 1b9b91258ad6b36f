"""Every function that takes a model, tried on models that were changed after they were made, and on
models with train and eval modes: it must ask the model itself, and leave it as it was."""

import copy
import importlib
import inspect
import warnings
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.utils import parametrize, prune

from mle_lib import minibatch, second_order, variance_reduction
from mle_lib.data import all_states
from mle_lib.gradient import full_gradient, per_sample_gradients, per_variable_gradients
from mle_lib.likelihood import log_likelihood
from mle_lib.minibatch import gradient_moments
from mle_lib.models import FVSBN, MADE, NADE, AutoregressiveModel, MaskedLinear, Mixture
from tests.cases import beside_their_tests, binary, randomised

N, X = 4, binary(7, 4, seed=5)
ALL = torch.arange(len(X))
ROOMS = ["gradient", "likelihood", "minibatch", "second_order", "variance_reduction"]


def takes_a_model() -> set[str]:
    """Every public function with an argument ``model``, and class that is called with one."""
    found = set()
    for room in ROOMS:
        module = importlib.import_module(f"mle_lib.{room}")
        for name in getattr(module, "__all__", [k for k in vars(module) if k[0] != "_"]):
            thing = getattr(module, name)
            rooms = [module.__name__] if not hasattr(module, "__all__") else ["mle_lib"]
            if not callable(thing) or not thing.__module__.startswith(tuple(rooms)):
                continue
            asked = thing.__call__ if inspect.isclass(thing) else thing
            if "model" in inspect.signature(asked).parameters:
                found.add(name)
    return found


# what each of them is asked for on all of X, where it must be what is said beside it
V = variance_reduction
CALLS: dict[str, tuple[Callable, str]] = {
    "log_likelihood": (lambda m: log_likelihood(m, X, 3), "height"),
    "full_gradient": (lambda m: full_gradient(m, X, 3), "gradient"),
    "per_sample_gradients": (lambda m: per_sample_gradients(m, X), "rows"),
    "per_variable_gradients": (lambda m: per_variable_gradients(m, X).sum(1), "rows"),
    "minibatch_gradient": (lambda m: minibatch.minibatch_gradient(m, X, ALL), "gradient"),
    "gradient_moments": (
        lambda m: [(g := minibatch.gradient_moments(m, X, 3)).mean, g.variance],
        "moments",
    ),
    "curvature": (lambda m: second_order.curvature(m, X), "curvature"),
    "exact_fisher": (second_order.exact_fisher, "fisher"),
    "natural_gradient": (lambda m: second_order.natural_gradient(m, X, 0.5), "natural"),
    "allocated_gradient": (
        lambda m: V.allocated_gradient(m, X, ALL, torch.full((N,), len(X))),
        "gradient",
    ),
    "doubly_stochastic_gradient": (
        lambda m: V.doubly_stochastic_gradient(m, X, ALL, torch.arange(N)),
        "gradient",
    ),
    "ControlVariate": (
        lambda m: V.ControlVariate(
            lambda rows: rows.sum(1, keepdim=True).expand(-1, size(m)), X, chunk_size=3
        )(m, X, ALL),
        "gradient",
    ),
    "SVRG": (lambda m: V.SVRG(m, X, 3)(m, X, ALL), "gradient"),
    "SAG": (lambda m: V.SAG(m, X, chunk_size=3)(m, X, ALL), "gradient"),
    "SAGA": (lambda m: V.SAGA(m, X, filled=False)(m, X, ALL), "gradient"),
}
CALLS |= {
    name: (lambda m, call=call: call(m, X), what)
    for name, (call, what) in beside_their_tests("ON_ALL").items()
}
# these move the model, need a mixture or an FVSBN, and have tests of their own below
OTHERS = {"newton", "newton_direction", "lbfgs", "log_mean_gradient"}


def test_every_function_that_takes_a_model_is_called() -> None:
    missing = takes_a_model() ^ (set(CALLS) | OTHERS)
    assert not missing, f"say ON_ALL beside the tests of {missing}: see test_importance.py"


def size(model: nn.Module) -> int:
    return sum(q.numel() for q in model.parameters())


def slow_rows(model: AutoregressiveModel, x: Tensor) -> Tensor:
    """Row by row, through the parameters themselves, in eval mode: nothing else is asked."""
    parameters, rows = list(model.requires_grad_(True).parameters()), []
    for row in x.to(parameters[0].dtype):
        value = model(row[None]).sum() + 0 * sum(q.sum() for q in parameters)
        grads = torch.autograd.grad(value, parameters, materialize_grads=True)
        rows.append(torch.cat([g.flatten() for g in grads]))
    return torch.stack(rows)


def slow_curvature(model: AutoregressiveModel) -> Tensor:
    parameters = list(model.parameters())
    with sdpa_kernel(SDPBackend.MATH):
        height = model(X).sum() / len(X) + 0 * sum(q.sum() for q in parameters)
    slopes = torch.autograd.grad(height, parameters, create_graph=True, materialize_grads=True)
    lines = [
        torch.autograd.grad(slope, parameters, retain_graph=True, materialize_grads=True)
        if s.requires_grad
        else [torch.zeros_like(q) for q in parameters]
        for s in slopes
        for slope in s.flatten()
    ]
    return -torch.stack([torch.cat([g.flatten() for g in line]) for line in lines])


def oracle(model: AutoregressiveModel, what: str) -> Tensor | list[Tensor]:
    from mle_lib.data import all_states

    rows = slow_rows(model, X)
    if what == "height":
        return model(X).sum().detach()
    if what == "moments":
        return [rows.mean(0), rows.var(0, correction=0)]
    if what == "curvature":
        return slow_curvature(model)
    if what in ("fisher", "natural"):
        states = all_states(N)
        p, g = model(states).sum(1).exp().detach(), slow_rows(model, states)
        F = (g.T * p) @ g
        return (
            F if what == "fisher" else torch.linalg.solve(F + 0.5 * torch.eye(len(F)), rows.mean(0))
        )
    return rows.sum(0) if what == "gradient" else rows


# --- kind 1: changed after it was made ---


def made() -> MADE:
    """With hidden units that are on: where all are off, nothing could be told apart."""
    model = randomised(MADE(N, N), 1, 0.7)
    with torch.no_grad():
        model.hidden.bias.abs_().add_(0.5)
    return model


def fvsbn() -> FVSBN:
    return randomised(FVSBN(N), 1, 0.7)


CHANGES: dict[str, Callable[[], AutoregressiveModel]] = {}


def change(f: Callable) -> Callable:
    CHANGES[f.__name__] = f
    return f


@change
def nothing() -> MADE:
    return made()


@change
def a_shared_bias() -> MADE:
    model = made()
    model.output.bias = model.hidden.bias
    return model


@change
def a_shared_weight() -> MADE:
    model = made()
    model.output.weight = model.hidden.weight
    return model


@change
def a_layer_used_twice() -> MADE:
    model = made()
    model.output = model.hidden
    return model


@change
def a_bias_of_one_number() -> MADE:
    model = MADE(N, N)
    model.output.bias = nn.Parameter(torch.zeros(1))  # broadcast
    return randomised(model, 2)


@change
def another_layer() -> MADE:
    model = made()
    model.hidden = nn.Linear(N, N).double()
    model.logits = lambda x: model.output(torch.relu(model.hidden(0 * x)))
    return model


@change
def a_layer_as_another_would_be() -> MADE:
    model = made()
    model.output = MaskedLinear(model.output.mask.clone()).double()
    return model


@change
def a_mask_of_halves() -> MADE:
    model = made()
    model.hidden.mask = model.hidden.mask / 2
    return model


@change
def own_logits() -> FVSBN:
    model = fvsbn()
    model.logits = lambda x: 2 * model.linear(x) * model.linear.bias
    return model


@change
def own_forward() -> FVSBN:
    model, w = fvsbn(), nn.Parameter(torch.tensor(1.5).double())
    forward = model.linear.forward
    model.linear.w = w
    model.linear.forward = lambda x: w * forward(x)  # w by itself, not by its name
    return model


@change
def a_list_of_parameters() -> FVSBN:
    model = fvsbn()
    model.kept = [model.linear.bias]
    model.logits = lambda x: model.linear(x) + model.kept[0] ** 2
    return model


@change
def a_forward_hook() -> MADE:
    model = made()
    model.hidden.register_forward_hook(lambda layer, args, out: 2 * out + layer.bias)
    return model


@change
def a_pre_hook() -> FVSBN:
    model = fvsbn()
    model.linear.register_forward_pre_hook(lambda layer, args: (3 * args[0],))
    return model


@change
def a_hook_on_the_model() -> NADE:
    model = randomised(NADE(N, 3), 1)
    model.register_forward_hook(lambda m, args, out: nn.functional.logsigmoid(out))
    return model


@change
def a_hook_on_a_parameter() -> MADE:
    model = made()
    model.hidden.bias.register_hook(lambda g: 2 * g)
    return model


@change
def a_parametrization() -> MADE:
    class Squared(nn.Module):
        def forward(self, w: Tensor) -> Tensor:
            return w**2

    model = made()
    parametrize.register_parametrization(model.hidden, "weight", Squared())
    return model


@change
def a_parameter_more() -> FVSBN:
    model = fvsbn()
    model.scale = nn.Parameter(torch.tensor(0.7).double())
    model.logits = lambda x: model.scale * model.linear(x)
    return model


@change
def a_parameter_more_that_nothing_uses() -> MADE:
    model = made()
    model.scale = nn.Parameter(torch.ones(2).double())
    return model


@change
def parameters_in_another_order() -> FVSBN:
    model = fvsbn()
    bias = model.linear.bias
    del model.linear.bias
    model.linear.bias = bias
    return model


@change
def frozen() -> MADE:
    model = made()
    model.hidden.weight.requires_grad_(False)
    return model


@change
def a_recurrent_layer() -> AutoregressiveModel:
    class Own(AutoregressiveModel):
        def __init__(self) -> None:
            super().__init__(N)
            self.cell = nn.GRU(1, 3, batch_first=True)
            self.out = nn.Linear(3, 1)

        def logits(self, x: Tensor) -> Tensor:
            before = nn.functional.pad(x[:, :-1, None], (0, 0, 1, 0))
            return self.out(self.cell(before)[0])[..., 0]

    return randomised(Own(), 1)


@change
def an_attention() -> AutoregressiveModel:
    """In a kernel of its own, which torch differentiates once, and not many θ at a time."""

    class Own(AutoregressiveModel):
        def __init__(self) -> None:
            super().__init__(N)
            self.start = nn.Linear(1 + N, 2)
            self.layer = nn.TransformerEncoderLayer(2, 1, 3, dropout=0.0, batch_first=True)
            self.out = nn.Linear(2, 1)

        def logits(self, x: Tensor) -> Tensor:
            before = nn.functional.pad(x[:, :-1, None], (0, 0, 1, 0))
            places = torch.eye(N).to(x).expand(len(x), N, N)
            mask = nn.Transformer.generate_square_subsequent_mask(N, dtype=x.dtype)
            return self.out(self.layer(self.start(torch.cat([before, places], 2)), mask))[..., 0]

    return randomised(Own(), 1)


@change
def a_choice_by_value() -> FVSBN:
    class Own(FVSBN):
        def logits(self, x: Tensor) -> Tensor:
            z = self.linear(x)
            return torch.stack([2 * row if row[0].item() > 0 else row for row in z])

    return randomised(Own(N), 1)


@change
def a_parameter_that_is_broadcast() -> NADE:
    model = NADE(N, 3)
    model.d = nn.Parameter(torch.zeros(N, 3))  # one for each variable
    return randomised(model, 1, 2.0)


@change
def a_log_p_without_parameters() -> FVSBN:
    model = fvsbn()
    model.logits = lambda x: torch.zeros_like(x)
    return model


@change
def a_parameter_known_by_its_identity() -> FVSBN:
    model = fvsbn()
    scales = {id(model.linear.bias): 2.0}
    model.logits = lambda x: scales[id(model.linear.bias)] * model.linear(x)
    return model


@change
def an_assertion() -> FVSBN:
    class Own(FVSBN):
        def logits(self, x: Tensor) -> Tensor:
            assert isinstance(self.linear.bias, nn.Parameter)
            return self.linear(x)

    return randomised(Own(N), 1)


class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx, a: Tensor) -> Tensor:
        ctx.save_for_backward(a)
        return a * a

    @staticmethod
    def backward(ctx, slope: Tensor) -> Tensor:
        slope.sum().detach().item()  # no batch of gradients at once
        return 2 * ctx.saved_tensors[0] * slope


@change
def a_backward_pass_of_its_own() -> FVSBN:
    model = fvsbn()
    model.logits = lambda x: Square.apply(model.linear(x))
    return model


@change
def pruned() -> MADE:
    model = made()
    prune.l1_unstructured(model.hidden, "weight", amount=0.3)
    return model


@change
def last_logits_kept() -> FVSBN:
    class Own(FVSBN):
        def logits(self, x: Tensor) -> Tensor:
            self.last = self.linear(x)
            return self.last

    return randomised(Own(N), 1)


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("changed", CHANGES)
def test_the_model_itself_is_asked(changed: str, name: str) -> None:
    model, (call, what) = CHANGES[changed](), CALLS[name]
    if what == "curvature" and changed in ("a_recurrent_layer", "a_hook_on_a_parameter"):
        pytest.skip("not a matrix of second derivatives, or none that torch gives")
    wanted = [q.requires_grad for q in model.parameters()]
    found = call(model)
    assert [q.requires_grad for q in model.parameters()] == wanted
    expected = oracle(model, what)
    for ours, theirs in zip(
        *([v] if isinstance(v, Tensor) else v for v in (found, expected)), strict=True
    ):
        torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("changed", CHANGES)
def test_samples_are_of_the_model_itself(changed: str) -> None:
    """The same uniform numbers, turned into 0s and 1s by its own p(x_i = 1 | x_<i)."""
    model = CHANGES[changed]()
    draws = model.sample(300, torch.Generator().manual_seed(0))
    generator, x = torch.Generator().manual_seed(0), torch.zeros(300, N).double()
    for i in range(N):
        one = x.clone()
        one[:, i] = 1
        p = model(one)[:, i].exp().detach()
        x[:, i] = (torch.rand(300, generator=generator, dtype=x.dtype) < p).double()
    assert torch.equal(draws, x)


@pytest.mark.parametrize("changed", CHANGES)
def test_newton_is_right_or_refuses(changed: str) -> None:
    model = CHANGES[changed]()
    before = copy.deepcopy(model.state_dict())
    try:
        second_order.newton(model, X, 0.1)
    except ValueError as error:
        assert "FVSBN" in str(error)  # noqa: PT017
        assert all(torch.equal(before[k], v) for k, v in model.state_dict().items())
        with pytest.raises(ValueError, match=r"model.*FVSBN"):
            second_order.newton_direction(model, X, torch.ones(size(model)))
        assert changed != "parameters_in_another_order"
    else:
        theta = torch.cat([q.detach().flatten() for q in model.parameters()])
        assert (slow_rows(model, X).sum(0) - 0.1 * theta).abs().max() < 1e-7


def test_a_block_is_where_its_parameters_are() -> None:
    model = FVSBN(N).double()
    model.linear.first = nn.Parameter(torch.zeros(5).double())
    bias = model.linear.bias
    del model.linear.bias
    model.linear.bias = bias
    terms = per_variable_gradients(model, X)
    for i in range(N):
        block = model.block(i)
        outside = torch.ones(size(model)).bool()
        outside[block] = False
        assert (terms[:, i, outside] == 0).all()
        assert torch.equal(terms[:, i, block[0]], X[:, i] - 0.5)


@pytest.mark.parametrize("changed", CHANGES)
def test_the_snapshot_of_svrg_is_of_the_parameters_themselves(changed: str) -> None:
    model, B = CHANGES[changed](), torch.tensor([0, 3, 3])
    then, svrg = slow_rows(model, X), V.SVRG(model, X)
    generator = torch.Generator().manual_seed(9)
    with torch.no_grad():
        for q in model.parameters():
            q.add_(torch.randn(q.shape, generator=generator, dtype=q.dtype))
    moved = [q.detach().clone() for q in model.parameters()]
    estimate, now = svrg(model, X, B), slow_rows(model, X)
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), moved, strict=True))
    expected = 7 / 3 * (now - then)[B].sum(0) + then.sum(0)
    torch.testing.assert_close(estimate, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("components", [[0], [0, 1], [[1, 0]] * 3])
def test_the_gradient_of_a_log_mean_is_by_the_parameters_themselves(components) -> None:
    model = randomised(Mixture([FVSBN(N), FVSBN(N)]), 0)
    model.components[1].linear.bias = model.components[0].linear.bias
    model.more = nn.Parameter(torch.ones(2).double())
    B, S = torch.tensor([0, 3, 3]), torch.tensor(components)
    value = 7 / 3 * model.log_mean(X[B], S).sum()
    parts = torch.autograd.grad(value, list(model.parameters()), materialize_grads=True)
    ours = V.log_mean_gradient(model, X, B, S)
    torch.testing.assert_close(ours, torch.cat([g.flatten() for g in parts]))


# --- kind 2: modes and what is hidden ---


class Moody(MADE):
    """Dropout on the hidden units, and BatchNorm with its statistics kept or not."""

    def __init__(self, kept: bool = True) -> None:
        super().__init__(N, 6)
        self.norm, self.drop = nn.BatchNorm1d(6, track_running_stats=kept), nn.Dropout(0.5)

    def logits(self, x: Tensor) -> Tensor:
        return self.output(self.drop(torch.relu(self.norm(self.hidden(x)))))


class Restless(FVSBN):
    def logits(self, x: Tensor) -> Tensor:
        return self.linear(x) + torch.randn(()).to(x)


class Sociable(FVSBN):
    def logits(self, x: Tensor) -> Tensor:
        return self.linear(x) * (1 + x.mean())


def moody() -> Moody:
    model = randomised(Moody(), 3, 0.5)
    model(X)
    model.train()
    model.drop.eval()  # each part has its own mode
    model.output.eval()
    return model


MODES = {name: call for name, (call, _) in CALLS.items()} | {
    "lbfgs": lambda m: second_order.lbfgs(copy.deepcopy(m), X, 3),
    "sample": lambda m: m.sample(50, torch.Generator().manual_seed(0)),
}


def flattened(value: object) -> Tensor:
    parts = value if isinstance(value, list) else [value]
    return torch.cat([torch.as_tensor(part).double().flatten() for part in parts])


@pytest.mark.parametrize("name", MODES)
def test_it_evaluates_and_leaves_the_model_as_it_was(name: str) -> None:
    model = moody()
    state, rng = copy.deepcopy(model.state_dict()), torch.random.get_rng_state()
    flags = [part.training for part in model.modules()]
    first, again = flattened(MODES[name](model)), flattened(MODES[name](model))
    assert torch.equal(first, again)
    assert torch.equal(first, flattened(MODES[name](copy.deepcopy(model).eval())))
    assert all(torch.equal(state[key], value) for key, value in model.state_dict().items())
    assert [part.training for part in model.modules()] == flags
    assert torch.equal(torch.random.get_rng_state(), rng)
    assert all(q.requires_grad and q.grad is None for q in model.parameters())


@pytest.mark.parametrize("name", MODES)
@pytest.mark.parametrize(
    "kind", [lambda: Moody(kept=False), lambda: Restless(N), lambda: Sociable(N)]
)
def test_what_no_estimator_can_serve_is_named(name: str, kind: Callable) -> None:
    model = randomised(kind(), 3)
    flags, rng = [part.training for part in model.modules()], torch.random.get_rng_state()
    with pytest.raises(ValueError, match="model must give each row of x a value of its own"):
        MODES[name](model)
    assert [part.training for part in model.modules()] == flags
    assert torch.equal(torch.random.get_rng_state(), rng)


def test_log_prob_is_left_to_the_mode_that_the_model_is_in() -> None:
    model = moody().train()
    assert not torch.equal(model.log_prob(X), model.log_prob(X))


def test_other_paradigms_evaluate_in_eval_mode_too() -> None:
    from mle_lib.paradigms import GAN, VAE, bound_gradients, fooling_gradients

    seeded = torch.Generator().manual_seed(0)
    vae, gan = VAE(N, 5, 1, seeded), GAN(N, 5, 2, generator=seeded)
    vae.decoder.insert(1, nn.Dropout(0.5))
    vae.encoder.insert(1, nn.BatchNorm1d(5))
    gan.generator.insert(1, nn.Dropout(0.5))
    noise, game = vae.draw_noise(3, len(X)), gan.draw_noise(5)
    state = copy.deepcopy(vae.state_dict())
    for call in (
        lambda: vae.log_prob(X, 21),
        lambda: vae.sample(9, torch.Generator().manual_seed(0)),
        lambda: gan.sample(9, torch.Generator().manual_seed(0)),
        lambda: bound_gradients(vae, X, noise),
        lambda: bound_gradients(vae, X, noise, "iwae"),
        lambda: fooling_gradients(gan, game),
    ):
        assert torch.equal(call(), call())
    assert all(part.training for model in (vae, gan) for part in model.modules())
    assert all(torch.equal(state[key], value) for key, value in vae.state_dict().items())
    gan.generator[0].weight = gan.generator[3].weight = nn.Parameter(torch.rand(5, 5))
    vae.encoder[1].track_running_stats = False
    vae.encoder[1].running_mean = vae.encoder[1].running_var = None
    with pytest.raises(ValueError, match="of its own"):
        bound_gradients(vae, X, noise)


def test_the_estimate_of_the_signal_without_replacement() -> None:
    """Over all subsets of k rows the mean estimate of ‖ḡ‖² is ‖ḡ‖² − tr Σ/(m − 1); over all tuples
    it is ‖ḡ‖²."""
    from itertools import combinations, product

    model, m = made(), 5
    rows = slow_rows(model, X[:m])
    signal, noise = rows.mean(0).square().sum(), rows.var(0, correction=0).sum()

    def mean_estimate(batches: list) -> Tensor:
        parts = [minibatch.gradient_moments(model, X[list(B)], subsample=True) for B in batches]
        return torch.stack([p.mean.square().sum() - p.trace / p.count for p in parts]).mean()

    for k in (2, 3):
        without = mean_estimate(list(combinations(range(m), k)))
        assert float(without) == pytest.approx(float(signal - noise / (m - 1)), rel=1e-10)
        with_it = mean_estimate(list(product(range(m), repeat=k)))
        assert float(with_it) == pytest.approx(float(signal), rel=1e-10)


def test_rows_of_an_attention_are_taken_at_once() -> None:
    """torch warns where vmap has no rule and goes one by one."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        per_sample_gradients(CHANGES["an_attention"](), X)
    assert not said


class ByAList(FVSBN):
    """Reaches its weights through a list, which ``torch.func`` does not see."""

    def __init__(self, n: int) -> None:
        super().__init__(n)
        self.kept = [self.linear.weight]

    def logits(self, x: Tensor) -> Tensor:
        places = (self.linear.rows, self.linear.columns)
        dense = x.new_zeros(self.n, self.n).index_put(places, self.kept[0])
        return x @ dense.T + self.linear.bias


def test_rows_are_right_where_their_sum_is_zero() -> None:
    """At θ = 0, with every state once, ∇ℓ is 0: rows of zeros would have the right sum."""
    model, plain, x = ByAList(3).double(), FVSBN(3).double(), all_states(3)
    assert full_gradient(model, x).abs().max() < 1e-12
    assert torch.equal(per_sample_gradients(model, x), per_sample_gradients(plain, x))
    assert torch.equal(gradient_moments(model, x).variance, gradient_moments(plain, x).variance)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_a_gradient_that_a_hook_removes_is_removed_from_every_row(dtype: torch.dtype) -> None:
    """However small it is beside the other gradients, and however coarse the dtype."""
    models = [fvsbn().to(dtype), made().to(dtype)]
    hooked = [models[0].linear.weight, models[1].hidden.weight]
    with torch.no_grad():
        models[1].output.weight.mul_(1e-6)
    for model, weight in zip(models, hooked, strict=True):
        weight.register_hook(torch.zeros_like)
        names = torch.cat([torch.full((q.numel(),), q is weight) for q in model.parameters()])
        for name in ("per_sample_gradients", "per_variable_gradients", "SAGA", "SVRG"):
            found = CALLS[name][0](model)
            assert found[..., names].abs().max() == 0, name
            assert found[..., ~names].abs().max() > 0, name


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_nor_does_it_come_back_in_other_paradigms(dtype: torch.dtype) -> None:
    from mle_lib.paradigms import GAN, VAE, bound_gradients, fooling_gradients

    generator = torch.Generator().manual_seed(0)
    vae, gan = VAE(N, 5, 2, generator).to(dtype), GAN(N, 5, 3, 0.5, generator).to(dtype)
    for first in (vae.encoder[0], gan.generator[0]):
        first.weight.register_hook(torch.zeros_like)
    assert bound_gradients(vae, X, vae.draw_noise(2, len(X)))[:, : 5 * N].abs().max() == 0
    assert fooling_gradients(gan, gan.draw_noise(4))[:, :15].abs().max() == 0


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_in_16_bits_a_parameter_is_found_that_its_name_does_not_lead_to(dtype) -> None:
    model, plain = ByAList(N).to(dtype), FVSBN(N).to(dtype)
    assert torch.equal(per_sample_gradients(model, X), per_sample_gradients(plain, X))


def test_sparse_gradients_are_made_dense() -> None:
    """A table of logits: its gradient is x − ½ at the states seen, and 0 elsewhere."""

    class Table(AutoregressiveModel):
        def __init__(self, sparse: bool) -> None:
            super().__init__(N)
            self.table = nn.Embedding(2**N, N, sparse=sparse)

        def logits(self, x: Tensor) -> Tensor:
            bits = x.long() * 2 ** torch.arange(N)
            states = nn.functional.pad(bits.cumsum(1)[:, :-1], (1, 0))
            return torch.stack([self.table(states[:, i])[:, i] for i in range(N)], 1)

    sparse, dense = (randomised(Table(flag), 0) for flag in (True, False))
    for name in set(CALLS) - {"natural_gradient"}:
        for ours, theirs in zip(
            *(flattened(CALLS[name][0](model)) for model in (sparse, dense)), strict=True
        ):
            torch.testing.assert_close(ours, theirs)


def test_a_mixture_is_of_what_the_logits_of_its_components_say() -> None:
    model = Mixture([fvsbn(), made()])
    model.components[0].register_forward_hook(lambda part, args, out: 0.5 * out)
    model.components[1].forward = lambda x: 2 * x
    both = model.log_mean(X, torch.arange(2))
    torch.testing.assert_close(both, model.log_prob(X))


class TimeFirst(AutoregressiveModel):
    """A GRU without ``batch_first``: it takes the rows for its time."""

    def __init__(self, n: int) -> None:
        super().__init__(n)
        self.cell, self.out = nn.GRU(1, 3), nn.Linear(3, 1)

    def logits(self, x: Tensor) -> Tensor:
        past = nn.functional.pad(x[:, :-1], (1, 0))[..., None]
        return self.out(self.cell(past)[0])[..., 0]


def test_a_row_that_depends_on_those_before_it_is_named() -> None:
    with pytest.raises(ValueError, match="each row of x a value of its own"):
        log_likelihood(TimeFirst(3).double(), all_states(3))
