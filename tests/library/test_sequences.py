"""Sequences: the models and data of which each sample has a length of its own."""

import copy
import itertools
import math
from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest
import torch
from scipy.stats import chisquare
from torch import Tensor, nn
from torch.nn import functional as F

from mle_lib import variance_reduction as vr
from mle_lib.data import LETTERS, KnownLanguage, decoded, encoded, load_names
from mle_lib.data.strings import character_names
from mle_lib.gradient import full_gradient, per_sample_gradients, per_variable_gradients
from mle_lib.likelihood import log_likelihood
from mle_lib.minibatch import estimator_variance, gradient_moments, minibatch_gradient
from mle_lib.models import MADE, Mixture, NGram, SequenceModel, Transformer, before
from mle_lib.second_order import exact_fisher
from mle_lib.training import fit, train_step
from tests.cases import randomised, seeded
from tests.library.enumeration import SIZES, over_batches

K, N = 3, 5  # symbols, the end included; the longest sequence, its end included


def all_strings(n: int = N, alphabet: int = K) -> Tensor:
    """Every sequence of at most ``n`` symbols, the end included, ``(·, n)``."""
    letters = range(1, alphabet)
    rows = [s for k in range(n) for s in itertools.product(letters, repeat=k)]
    return torch.tensor([[*row, *[0] * (n - len(row))] for row in rows])


class Convolutional(SequenceModel):
    """Each place sees the two symbols before it."""

    def __init__(self, alphabet: int, longest: int) -> None:
        super().__init__(alphabet, longest)
        self.embedding = nn.Embedding(alphabet, 4)
        self.near = nn.Conv1d(4, 6, kernel_size=2)
        self.out = nn.Linear(6, alphabet)

    def logits(self, x: Tensor) -> Tensor:
        h = self.embedding(before(x)).mT  # (b, 4, t)
        return self.out(torch.tanh(self.near(F.pad(h, (1, 0)))).mT)


def transformer(dropout: float = 0.0) -> Transformer:
    return randomised(Transformer(K, N, 8, 2, 2, dropout, seeded()), 0, 0.7)


def tied() -> Transformer:
    """The vectors of the symbols also say which comes next, and both blocks are one."""
    model = transformer()
    model.output = model.symbols
    model.blocks[1] = model.blocks[0]
    return model


MODELS: dict[str, Callable[[], SequenceModel]] = {
    "Transformer": transformer,
    "tied": tied,
    "Convolutional": lambda: randomised(Convolutional(K, N), 0),
}
X = torch.tensor([[1, 2, 0, 0, 0], [2, 0, 0, 0, 0], [1, 1, 2, 2, 0], [0, 0, 0, 0, 0]])


# tried in other types, shapes and modes, and beyond all bounds (test_every_argument.py)
BITS = torch.tensor([[1, 1, 0], [1, 0, 0], [0, 0, 0], [1, 1, 0]]).double()  # and so any dtype
ARGUMENTS = {
    KnownLanguage: {"alphabet": 3, "seed": 1},
    KnownLanguage(3, 1).log_prob: {"x": BITS},
    KnownLanguage(3, 1).sample: {"m": 4, "generator": seeded},
    NGram: {"x": BITS, "alphabet": 3, "order": 2, "smoothing": 0.5},
    NGram(X, 3, 2, 0.5).log_prob: {"x": BITS},
    Transformer: {
        "alphabet": 3, "longest": 5, "width": 4, "layers": 1, "heads": 2, "dropout": 0.5,
        "generator": seeded,
    },
    transformer().log_prob: {"x": BITS},
    transformer().sample: {"k": 4, "generator": seeded},
}  # fmt: skip


@pytest.fixture(params=list(MODELS))
def model(request: pytest.FixtureRequest) -> SequenceModel:
    return MODELS[request.param]()


# ---- probabilities


def test_the_probabilities_of_all_sequences_sum_to_one(model, deviation) -> None:
    deviation((model.log_prob(all_strings()).exp().sum() - 1).abs(), 1e-12)


def test_a_term_is_the_log_softmax_of_its_symbol_and_there_is_one_up_to_the_end(model) -> None:
    terms = model.log_prob_per_variable(X)
    log_p = model.logits(X).log_softmax(-1)
    for j, row in enumerate(X.tolist()):
        end = row.index(0)
        for i in range(N):
            expected = log_p[j, i, row[i]] if i <= end and i < N - 1 else torch.zeros(())
            torch.testing.assert_close(terms[j, i], expected.double(), rtol=0, atol=1e-14)


def test_no_symbol_changes_an_earlier_term(model) -> None:
    x = all_strings()[-4:]  # the longest
    for k in range(N - 1):
        other = x.clone()
        other[:, k] = 3 - x[:, k]
        same = model.log_prob_per_variable(x) == model.log_prob_per_variable(other)
        assert same[:, :k].all()
        assert not same[:, k:-1].all()


def test_no_derivative_reaches_back(deviation) -> None:
    """Of what place i says by what a later place is given, in each layer."""
    model, given = transformer(), []
    for block in model.blocks:
        block.register_forward_pre_hook(lambda _, args: given.append(args[0]))
    z = model.logits(X[2:3])
    for i in range(N):
        for h in given:
            (slope,) = torch.autograd.grad(z[0, i].sum(), h, retain_graph=True)
            assert not slope[0, i + 1 :].any()
            assert slope[0, : i + 1].any()


def test_padding_is_never_read(model, deviation) -> None:
    expected = model.log_prob(X)
    wide = F.pad(X, (0, 7))
    spoilt = torch.where((X == 0).cumsum(1) > 1, 99, X)
    for other in (wide, spoilt, torch.where((wide == 0).cumsum(1) > 1, -3, wide)):
        deviation((model.log_prob(other) - expected).abs().max(), 1e-12)
        deviation((log_likelihood(model, other) - expected.sum()).abs(), 1e-12)
        gap = full_gradient(model, other) - full_gradient(model, X)
        deviation(gap.abs().max(), 1e-12)
    for row, value in zip(X, expected, strict=True):  # cut to its own length
        deviation((model.log_prob(row[None]) - value).abs(), 1e-12)


def test_symbols_of_any_type_are_taken(model) -> None:
    kinds = [torch.uint8, torch.int8, torch.int32, torch.uint16, torch.uint64, torch.float16]
    for kind in [*kinds, torch.bfloat16, torch.float64]:
        assert torch.equal(model.log_prob(X.to(kind)), model.log_prob(X))


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (torch.tensor([[1, 2, 1, 1, 1]]), r"x must have an end \(0\) in each row within 5 places"),
        (torch.tensor([[1, 1, 1, 1, 1, 0]]), "within 5 places, row 0 has none"),
        (torch.tensor([[1, 0], [1, 2]]), "row 1 has none"),
        (torch.tensor([[3, 0]]), "x must hold whole numbers from 0 to 2 up to the end, got 3"),
        (torch.tensor([[-1, 0]]), "got -1"),
        (torch.tensor([[0.5, 0]]), "got 0.5"),
        (torch.tensor([[float("nan"), 0]]), "got nan"),
        (torch.zeros(0, 3), "x must not be empty"),
        (torch.zeros(3), "x must have shape"),
    ],
)
def test_what_is_no_sequence_is_named(model, x, message) -> None:
    for call in (model.log_prob, lambda x: full_gradient(model, x)):
        with pytest.raises(ValueError, match=message):
            call(x)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"alphabet": 1}, "alphabet must be a whole number of at least 2"),
        ({"longest": 0}, "longest must be a whole number of at least 1"),
        ({"width": 6, "heads": 4}, "width must be a multiple of heads = 4, got 6"),
        ({"layers": 0}, "layers must be"),
        ({"dropout": 1.0}, "dropout must be a number from 0 to below 1"),
    ],
)
def test_bad_arguments_are_named(arguments, message) -> None:
    with pytest.raises(ValueError, match=message):
        Transformer(**{"alphabet": 3, "longest": 4, **arguments})


# ---- the transformer


def test_attention_is_torchs(deviation) -> None:
    attention = transformer().blocks[0].attention
    h = torch.randn(3, 7, 8, generator=seeded(), dtype=torch.float64)
    q, k, v = (
        F.linear(h, weight, bias).view(3, 7, 2, 4).transpose(1, 2)
        for weight, bias in [
            (attention.query, attention.query_bias),
            (attention.key, None),
            (attention.value, attention.value_bias),
        ]
    )
    y = F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).reshape(3, 7, 8)
    expected = F.linear(y, attention.output, attention.output_bias)
    deviation((attention(h)[0] - expected).abs().max(), 1e-12)


def test_a_constant_in_the_keys_would_change_nothing(deviation) -> None:
    attention = transformer().blocks[0].attention
    h = torch.randn(2, 5, 8, generator=seeded(), dtype=torch.float64)
    h[..., 0] = 1.0  # so that a column of the key's weights is a constant
    expected = attention(h)[0]
    with torch.no_grad():
        attention.key[:, 0] += 3.0
    deviation((attention(h)[0] - expected).abs().max(), 1e-12)


def test_the_loss_at_the_start_is_near_log_k() -> None:
    model = Transformer(39, 84, generator=seeded())
    x = load_names("valid")[:50]
    symbols = (x != 0).sum() + len(x)
    assert abs(-log_likelihood(model, x) / symbols - math.log(39)) < 0.05


def test_kept_keys_and_values_give_the_same_logits(deviation) -> None:
    model, x = transformer(), all_strings()
    for i, z in enumerate(model.logits_in_turn(x)):
        deviation((z - model.logits(x)[:, i]).abs().max(), 1e-12)


def test_samples_are_the_same_with_and_without_what_is_kept() -> None:
    model = transformer()
    changed = transformer()
    changed.register_forward_hook(lambda part, args, out: out)  # so the model itself is asked
    assert torch.equal(model.sample(200, seeded()), changed.sample(200, seeded()))


def test_samples_follow_the_model(model) -> None:
    """False alarm 1e-4 for each model."""
    strings, k = all_strings(), 20_000
    drawn = model.sample(k, seeded())
    assert drawn.shape == (k, N)
    assert drawn.dtype == torch.int64
    counts = Counter(map(tuple, drawn.tolist()))
    p = model.log_prob(strings).exp().detach()
    common = p * k >= 5
    seen = torch.tensor([counts[tuple(row)] for row in strings.tolist()])
    observed = [*seen[common].tolist(), k - int(seen[common].sum())]
    expected = [*(k * p[common]).tolist(), float(k - k * p[common].sum())]
    if expected[-1] < 1e-6:
        observed, expected = observed[:-1], expected[:-1]
    scale = sum(observed) / sum(expected)
    assert chisquare(observed, [scale * e for e in expected]).pvalue > 1e-4


# ---- gradients and the estimator


def test_the_gradient_is_that_of_central_differences(model, deviation) -> None:
    g, at, h = full_gradient(model, X), 0, 1e-5
    for q in model.parameters():
        for k in range(0, q.numel(), 7):
            with torch.no_grad():
                flat = q.view(-1)
                heights = []
                for step in (h, -2 * h):
                    flat[k] += step
                    heights.append(log_likelihood(model, X))
                flat[k] += h
            deviation(((heights[0] - heights[1]) / (2 * h) - g[at + k]).abs(), 1e-7)
        at += q.numel()


def test_rows_and_terms_add_up(model, deviation) -> None:
    rows = per_sample_gradients(model, X)
    for row, x in zip(rows, X, strict=True):
        deviation((row - full_gradient(model, x[None])).abs().max(), 1e-12)
    deviation((per_variable_gradients(model, X).sum(1) - rows).abs().max(), 1e-12)
    deviation((rows.sum(0) - full_gradient(model, X, 3)).abs().max(), 1e-12)


def test_moments_are_those_of_the_rows(model, deviation) -> None:
    """Tied and repeated weights too."""
    rows, moments = per_sample_gradients(model, X), gradient_moments(model, X, 3)
    deviation((moments.mean - rows.mean(0)).abs().max(), 1e-12)
    deviation((moments.variance - rows.var(0, correction=0)).abs().max(), 1e-12)


@pytest.mark.parametrize(("b", "replacement"), SIZES)
def test_the_estimator_is_unbiased_and_has_the_variance_of_the_law(
    model, b: int, replacement: bool, deviation
) -> None:
    """Over all batches of four sequences of unequal length."""
    mean, variance = over_batches(lambda B: minibatch_gradient(model, X, B), b, replacement)
    deviation((mean - full_gradient(model, X)).abs().max(), 1e-11)
    predicted = estimator_variance(gradient_moments(model, X), len(X), b, replacement)
    deviation((variance - predicted).abs().max(), 1e-10)


def test_every_estimator_takes_sequences_of_any_width(model, deviation) -> None:
    """On all samples each is the gradient, whatever the longest of the batch or of the data."""
    everything, m = torch.arange(len(X)), len(X)
    for x in (
        X,
        X[[0, 1, 3], :4],
        F.pad(X, (0, 3)),
        torch.tensor([[1, 2, 0], [2, 0, 0], [0, 0, 0]]),
    ):
        everything, g = torch.arange(m := len(x)), full_gradient(model, x)
        q = torch.full((m,), 1 / m).double()
        found = [
            vr.importance_gradient(model, x, everything, q),
            vr.allocated_gradient(model, x, everything, torch.full((N,), m)),
            vr.doubly_stochastic_gradient(model, x, everything, torch.arange(N)),
            vr.SVRG(model, x)(model, x, everything),
            vr.SAG(model, x)(model, x, everything),
            vr.SAGA(model, x)(model, x, everything),
        ]
        for gradient in found:
            deviation((gradient - g).abs().max(), 1e-11)
        assert per_variable_gradients(model, x).shape[:2] == (m, N)
        for j in range(m):  # a batch of one: its own row alone
            one = vr.importance_gradient(model, x, torch.tensor([j]), q)
            deviation((one - m * full_gradient(model, x[j : j + 1])).abs().max(), 1e-11)


class ByWidth(Convolutional):
    def logits(self, x: Tensor) -> Tensor:
        return super().logits(x) * x.shape[1]


class Short(Convolutional):
    def logits(self, x: Tensor) -> Tensor:
        return super().logits(x)[..., :-1]


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (ByWidth, "a value of its own"),
        (Short, "logits must have shape"),
    ],
)
def test_what_is_no_model_of_sequences_is_named(kind, message) -> None:
    model = randomised(kind(K, N), 0)
    for call in (log_likelihood, full_gradient, per_sample_gradients):
        with pytest.raises(ValueError, match=message):
            call(model, X[:2, :4])


def test_what_is_of_binary_variables_says_so(model) -> None:
    for call in (lambda: exact_fisher(model), lambda: Mixture([model])):
        with pytest.raises(ValueError, match="of binary variables, got one of sequences"):
            call()


# ---- training


def test_dropout_is_of_train_mode_alone() -> None:
    model = transformer(dropout=0.5)
    model.train()
    assert not torch.equal(model.log_prob(X), model.log_prob(X))
    assert torch.equal(full_gradient(model, X), full_gradient(transformer(), X))


def test_training_gets_better_and_goes_on_as_if_it_had_never_stopped(tmp_path) -> None:
    x = KnownLanguage(K, 0).sample(60, seeded())
    x = x[(x != 0).sum(1) < N][:40]

    def run(epochs: int, path) -> Tensor:
        model = Transformer(K, N, 8, 2, 2, 0.2, seeded())
        optimizer = torch.optim.AdamW(model.parameters(), 1e-2)
        torch.manual_seed(0)
        setting = {"batch_size": 8, "seed": 1, "max_norm": 1.0, "progress": False}
        history = fit(model, optimizer, x, x[:9], epochs=epochs, checkpoint=path, **setting)
        assert max(history.train) > history.train[0]
        return nn.utils.parameters_to_vector(model.parameters())

    whole = run(6, None)
    run(3, tmp_path / "run.pt")
    assert torch.equal(run(6, tmp_path / "run.pt"), whole)
    model = transformer()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with pytest.raises(ValueError, match="train must have an end"):
        fit(model, optimizer, x + 1, batch_size=2, epochs=1)


def test_another_transformer_does_not_go_on(tmp_path) -> None:
    """Heads and dropout stand in no parameter."""

    def run(heads: int, dropout: float, x: Tensor = X) -> None:
        model = Transformer(K, N, 8, 1, heads, dropout, seeded())
        optimizer = torch.optim.SGD(model.parameters(), 0.1)
        path = tmp_path / "run.pt"
        fit(model, optimizer, x, batch_size=2, epochs=1, checkpoint=path, progress=False)

    run(2, 0.1)
    run(2, 0.1, F.pad(X, (0, 4)))  # the same sequences
    for other in ((4, 0.1), (2, 0.2)):
        with pytest.raises(ValueError, match="must be"):
            run(*other)


def test_a_step_is_along_the_estimate(model, deviation) -> None:
    """Of a batch whose micro-batches are of unequal length, too."""
    B, before_it = torch.tensor([0, 1, 3]), nn.utils.parameters_to_vector(model.parameters())
    estimate, height = minibatch_gradient(model, X, B), log_likelihood(model, X[B])
    for parts in (X[B], [X[:1], X[[1, 3]]]):
        copied = copy.deepcopy(model)
        loss = train_step(copied, torch.optim.SGD(copied.parameters(), 0.1), parts, len(X))
        moved = nn.utils.parameters_to_vector(copied.parameters()) - before_it
        deviation((moved - 0.1 * estimate).abs().max(), 1e-12)
        deviation(abs(loss + float(height) * 4 / 3), 1e-12)


# ---- deep MADE


def test_one_hidden_layer_is_what_it_was() -> None:
    for hidden in (7, [7], (7,), np.array([7])):
        made = MADE(4, hidden, None, seeded())
        assert [name for name, _ in made.named_parameters()] == [
            "hidden.weight", "hidden.bias", "output.weight", "output.bias",
        ]  # fmt: skip
        assert all(map(torch.equal, made.parameters(), MADE(4, 7, None, seeded()).parameters()))


@pytest.mark.parametrize("hidden", [[], [3, 0], "ab", [2.5]])
def test_bad_layers_are_named(hidden) -> None:
    with pytest.raises(ValueError, match="hidden must"):
        MADE(4, hidden)


# ---- data


def test_the_names_are_those_of_unicode() -> None:
    names = character_names()
    assert len(names) == 12_886
    assert (min(map(len, names)), max(map(len, names)), len(LETTERS)) == (3, 83, 38)
    assert decoded(encoded(names[:50])) == list(names[:50])


@pytest.mark.parametrize("by", ["name", "block"])
def test_the_splits_are_the_names_cut_in_three(by: str) -> None:
    parts = [load_names(split, by) for split in ("train", "valid", "test")]
    assert sorted(name for part in parts for name in decoded(part)) == sorted(character_names())
    assert [x.shape[1] for x in parts] == [84] * 3


def test_what_is_no_split_is_named() -> None:
    for arguments in (("all",), ("train", "line")):
        with pytest.raises(ValueError, match="must be"):
            load_names(*arguments)
    with pytest.raises(ValueError, match="strings must hold"):
        encoded(["a"])
    with pytest.raises(ValueError, match="strings must hold at least one"):
        encoded([])


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_known_language_is_known(seed: int, deviation) -> None:
    """Its probabilities sum to 1 with those of longer strings; its entropy is that of the sum."""
    language, n = KnownLanguage(K, seed), 10
    strings = all_strings(n + 1)
    log_p = language.log_prob(strings)
    P = torch.from_numpy(language.transitions)
    open_after = P[0, 1:] @ torch.linalg.matrix_power(P[1:, 1:], n)  # more than n letters
    deviation((log_p.exp().sum() + open_after.sum() - 1).abs(), 1e-12)
    for row, value in zip(strings[:200].tolist(), log_p, strict=False):
        letters = row[: row.index(0)]
        assert not letters or abs(language.log_p(letters) - value) < 1e-12
    lengths = (strings != 0).sum(1) + 1
    left = 40 * float(open_after.sum())  # nats and letters of what is longer, generously
    assert abs(language.entropy() + float((log_p.exp() * log_p).nan_to_num().sum())) < left
    assert abs(language.mean_length() - float(log_p.exp() @ lengths.double())) < left


def test_samples_of_a_language_follow_it() -> None:
    """False alarm 1e-4."""
    language, m = KnownLanguage(K, 0), 20_000
    counts = Counter(tuple(s for s in row if s) for row in language.sample(m, seeded()).tolist())
    strings = all_strings()
    p = language.log_prob(strings).exp()
    kept = p * m >= 5
    seen = [counts[tuple(s for s in row if s)] for row in strings[kept].tolist()]
    observed, expected = [*seen, m - sum(seen)], [*(m * p[kept]), m - m * p[kept].sum()]
    assert chisquare(observed, [float(e) for e in expected]).pvalue > 1e-4


@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize("smoothing", [0.0, 0.5])
def test_an_ngram_counts(order: int, smoothing: float, deviation) -> None:
    x = KnownLanguage(K, 3).sample(50, seeded())
    counts: Counter[tuple[int, ...]] = Counter()
    for row in x.tolist():
        symbols = [0] * (order - 1) + row[: row.index(0) + 1]
        counts.update(tuple(symbols[i : i + order]) for i in range(len(symbols) - order + 1))
    ngram = NGram(x, K, order, smoothing)
    for row, terms in zip(x.tolist(), ngram.log_prob_per_variable(x), strict=True):
        symbols = [0] * (order - 1) + row[: row.index(0) + 1]
        for i in range(row.index(0) + 1):
            *context, symbol = symbols[i : i + order]
            seen = sum(counts[(*context, s)] for s in range(K)) + K * smoothing
            expected = math.log((counts[(*context, symbol)] + smoothing) / seen)
            deviation((terms[i] - expected).abs(), 1e-12)
        assert not terms[row.index(0) + 1 :].any()


def test_the_probabilities_of_an_ngram_sum_to_one(deviation) -> None:
    """Those of all strings up to nine letters, and of the first nine letters of longer ones."""
    ngram, n = NGram(KnownLanguage(K, 3).sample(50, seeded()), K, 2, 0.5), 9
    strings = all_strings(n + 1)
    longest = strings[(strings != 0).all(1) | (strings[:, n - 1] != 0)]
    open_mass = ngram.log_prob_per_variable(longest)[:, :n].sum(1).exp().sum()
    shorter = strings[strings[:, n - 1] == 0]
    deviation((ngram.log_prob(shorter).exp().sum() + open_mass - 1).abs(), 1e-12)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"order": 0}, "order must be"),
        ({"order": 40}, "order must be at most 39 for a table"),
        ({"smoothing": -1.0}, "smoothing must be"),
        ({"x": torch.ones(2, 2)}, r"x must have an end \(0\) in each row"),
    ],
)
def test_bad_arguments_of_an_ngram_are_named(arguments, message) -> None:
    with pytest.raises(ValueError, match=message):
        NGram(**{"x": X, "alphabet": K, "order": 2, **arguments})
