import copy
from collections.abc import Callable

import pytest
import torch

from mle_lib.gradient import full_gradient, per_sample_gradients
from mle_lib.minibatch import estimator_variance, gradient_moments, minibatch_gradient
from mle_lib.models import FVSBN, MADE
from mle_lib.variance_reduction import (
    SAG,
    SAGA,
    SVRG,
    ControlVariate,
    best_coefficient,
    control_variate_variance,
)
from tests.cases import binary, randomised
from tests.library.enumeration import SIZES, M, N, X, batches, over_batches

TABLES = [SAG, SAGA]
SIZE, MODEL = {"b": 2, "replacement": True}, {"make_model": "NADE"}


def control(rows: torch.Tensor, p: int) -> torch.Tensor:
    """Some function of a sample with p entries, one of which never varies."""
    weights = torch.randn(N, p, generator=torch.Generator().manual_seed(5)).double()
    weights[:, -1] = 0
    weights[0, -1] = 0.1  # not a number whose mean is exact
    return (
        torch.cat(
            [(rows.double() @ weights)[:, :-1].sin(), rows.new_ones(len(rows), 1).double()], 1
        )
        + weights[0]
    )


def moved(model: torch.nn.Module, seed: int, scale: float = 0.3) -> torch.nn.Module:
    """The same model, some way on."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += scale * torch.randn(parameter.shape, generator=generator).double()
    return model


def used_table(kind: type[SAG], model: torch.nn.Module, filled: bool = True) -> SAG:
    """A table some of whose rows were written at other θ than the rest, or not at all; the model
    is left at a third."""
    table = kind(model, X, filled)
    table(moved(model, 1), X, torch.tensor([2, 0]))
    moved(model, 2)
    return table


@pytest.mark.crossed(SIZE, MODEL, {"coefficient": "best"})
@pytest.mark.parametrize(("b", "replacement"), SIZES)
@pytest.mark.parametrize("coefficient", ["one", "half", "best"])
def test_a_control_variate_is_unbiased_and_has_the_predicted_variance(
    make_model: Callable, b, replacement, coefficient, deviation
) -> None:
    model = randomised(make_model(N), 0)
    g = per_sample_gradients(model, X)
    h = control(X, g.shape[1])
    c = {"one": 1.0, "half": 0.5, "best": best_coefficient(g, h)}[coefficient]
    estimator = ControlVariate(lambda rows: control(rows, g.shape[1]), X, c)
    mean, variance = over_batches(lambda B: estimator(model, X, B), b, replacement)
    deviation((mean - full_gradient(model, X)).abs().max(), 1e-12)
    predicted = control_variate_variance(g - c * h, b, replacement)
    deviation((variance - predicted).abs().max(), 1e-11)


def test_the_best_coefficient_is_the_least_variance(make_model: Callable, deviation) -> None:
    """A parabola in c, coordinate by coordinate: its vertex from three points."""
    g = per_sample_gradients(randomised(make_model(N), 0), X)
    h, best = control(X, g.shape[1]), best_coefficient(g, control(X, g.shape[1]))
    low, middle, high = (control_variate_variance(g - c * h, 2, True) for c in (-1.0, 0.0, 1.0))
    varies = h.var(0) > 0
    vertex = (low - high)[varies] / (2 * (low + high - 2 * middle)[varies])
    deviation((vertex - best[varies]).abs().max(), 1e-11)
    assert (best[~varies] == 0).all()
    assert (~varies).any()
    least = control_variate_variance(g - best * h, 2, True)
    assert (least <= torch.stack([low, middle, high]) + 1e-12).all()


def test_a_coefficient_from_the_batch_is_biased_and_less_so_in_larger_batches(deviation) -> None:
    """Exactly: against the regression estimator written out, over all batches. The bias falls
    from b = 2 to b = 3 and is 0 at b = m."""
    model = randomised(FVSBN(N), 0)
    g = per_sample_gradients(model, X)
    h = control(X, g.shape[1])
    estimator = ControlVariate(lambda rows: control(rows, g.shape[1]), X, None)

    def naive(B: torch.Tensor) -> torch.Tensor:
        result = []
        for k in range(g.shape[1]):
            u, v = h[B, k] - h[B, k].mean(), g[B, k]
            slope = (u @ v) / (u @ u) if u @ u > 0 else 0.0
            result.append(M * (v.mean() - slope * (h[B, k].mean() - h[:, k].mean())))
        return torch.stack(result)

    bias = {}
    for b in (1, 2, 3, 4):
        mean, _ = over_batches(lambda B: estimator(model, X, B), b, False)
        expected, _ = over_batches(naive, b, False)
        deviation((mean - expected).abs().max(), 1e-11)
        bias[b] = float((mean - full_gradient(model, X)).norm())
    assert bias[1] < 1e-12  # one sample has no slope: the plain estimator
    assert bias[2] > bias[3] > 1e-3
    assert bias[4] < 1e-12


@pytest.mark.crossed(SIZE, MODEL)
@pytest.mark.parametrize(("b", "replacement"), SIZES)
def test_svrg_is_unbiased_and_has_the_predicted_variance(
    make_model: Callable, b, replacement, deviation
) -> None:
    model = randomised(make_model(N), 0)
    old = per_sample_gradients(model, X)
    estimator = SVRG(model, X)
    moved(model, 1)
    mean, variance = over_batches(lambda B: estimator(model, X, B), b, replacement)
    deviation((mean - full_gradient(model, X)).abs().max(), 1e-12)
    predicted = control_variate_variance(per_sample_gradients(model, X) - old, b, replacement)
    deviation((variance - predicted).abs().max(), 1e-11)


def test_svrg_is_a_control_variate_and_exact_at_its_snapshot(deviation) -> None:
    model, x = randomised(MADE(5, 7), 0), binary(30, 5)
    estimator, B = SVRG(model, x), torch.tensor([3, 3, 17])
    deviation((estimator(model, x, B) - full_gradient(model, x)).abs().max(), 1e-12)
    old = copy.deepcopy(model)
    same = ControlVariate(lambda rows: per_sample_gradients(old, rows), x)
    moved(model, 1)
    deviation((estimator(model, x, B) - same(model, x, B)).abs().max(), 1e-11)
    estimator.take_snapshot(model, x)
    deviation((estimator(model, x, B) - full_gradient(model, x)).abs().max(), 1e-12)


@pytest.mark.crossed({"b": 2}, MODEL)
@pytest.mark.parametrize("b", [1, 2, 3, 4])
def test_sag_has_the_predicted_bias_and_variance(make_model: Callable, b, deviation) -> None:
    model = randomised(make_model(N), 0)
    estimator = used_table(SAG, model)
    g, exact = per_sample_gradients(model, X), full_gradient(model, X)
    mean, variance = over_batches(lambda B: estimator.estimate(model, X, B), b, False)
    bias = -(1 - b / M) * (exact - estimator.table.sum(0))
    assert b == M or bias.norm() > 1e-2
    deviation((mean - exact - bias).abs().max(), 1e-12)
    predicted = (b / M) ** 2 * control_variate_variance(g - estimator.table, b, False)
    deviation((variance - predicted).abs().max(), 1e-11)


@pytest.mark.parametrize("b", [1, 2, 3, 4])
def test_sag_with_rows_not_yet_seen_is_divided_by_the_share_seen(b, deviation) -> None:
    """Over all batches, against the mean written out: with k of the M rows seen before or now."""
    model = randomised(FVSBN(N), 0)
    estimator = used_table(SAG, model, filled=False)
    g, y = per_sample_gradients(model, X), estimator.table
    assert estimator.seen.tolist() == [True, False, True, False]
    assert (y[~estimator.seen] == 0).all()
    expected = []
    for B in batches(b, False):
        after = torch.stack([g[j] if j in B.tolist() else y[j] for j in range(M)])
        k = len({0, 2} | set(B.tolist()))
        expected.append(M / k * after.sum(0))
    mean, _ = over_batches(lambda B: estimator.estimate(model, X, B), b, False)
    deviation((mean - torch.stack(expected).mean(0)).abs().max(), 1e-12)


@pytest.mark.crossed({"filled": False}, SIZE, MODEL)
@pytest.mark.parametrize("filled", [True, False])
@pytest.mark.parametrize(("b", "replacement"), SIZES)
def test_saga_is_unbiased_and_has_the_predicted_variance(
    make_model: Callable, b, replacement, filled, deviation
) -> None:
    model = randomised(make_model(N), 0)
    estimator = used_table(SAGA, model, filled)
    g = per_sample_gradients(model, X)
    mean, variance = over_batches(lambda B: estimator.estimate(model, X, B), b, replacement)
    deviation((mean - full_gradient(model, X)).abs().max(), 1e-12)
    predicted = control_variate_variance(g - estimator.table, b, replacement)
    deviation((variance - predicted).abs().max(), 1e-11)


@pytest.mark.crossed({"filled": False}, {"kind": SAGA}, MODEL)
@pytest.mark.parametrize("filled", [True, False])
@pytest.mark.parametrize("kind", TABLES)
def test_a_run_equals_the_table_written_out(make_model: Callable, kind, filled, deviation) -> None:
    """Eight steps of both, against lists and loops; batches with repeated samples among them."""
    model, x = randomised(make_model(5), 0, 0.5), binary(9, 5)
    generator = torch.Generator().manual_seed(3)
    estimator, seen = kind(model, x, filled), set(range(9) if filled else ())
    table = [filled * full_gradient(model, x[[j]]) for j in range(9)]
    for step in range(8):
        moved(model, step, 0.1)
        B = torch.randint(9, (4,), generator=generator)
        fresh = {j: full_gradient(model, x[[j]]) for j in B.tolist()}
        if kind is SAG:
            new = [fresh.get(j, table[j]) for j in range(9)]
            expected = 9 / len(seen | set(fresh)) * sum(new)
        else:
            expected = sum(table) + 9 / 4 * sum(fresh[j] - table[j] for j in B.tolist())
        untouched = estimator.estimate(model, x, B)
        estimate = estimator(model, x, B)
        table = [fresh.get(j, table[j]) for j in range(9)]
        seen |= set(fresh)
        deviation((estimate - expected).abs().max(), 1e-11)
        assert torch.equal(untouched, estimate)
        deviation((estimator.table - torch.stack(table)).abs().max(), 1e-12)
        deviation((estimator.total - sum(table)).abs().max(), 1e-11)


@pytest.mark.parametrize("kind", TABLES)
def test_the_whole_data_set_is_the_exact_gradient(kind, deviation) -> None:
    model, x = randomised(FVSBN(5), 0), binary(9, 5)
    estimator = kind(model, x)
    moved(model, 1)
    estimate = estimator(model, x, torch.randperm(9, generator=torch.Generator().manual_seed(0)))
    deviation((estimate - full_gradient(model, x)).abs().max(), 1e-12)


def test_without_a_control_it_is_the_mini_batch_estimator(deviation) -> None:
    model, x = randomised(FVSBN(5), 0), binary(9, 5)
    moments = gradient_moments(model, x)
    g = per_sample_gradients(model, x)
    for b, replacement in ((1, True), (4, False)):
        plain = estimator_variance(moments, 9, b, replacement)
        deviation((control_variate_variance(g, b, replacement) - plain).abs().max(), 1e-11)
    nothing, B = ControlVariate(lambda rows: rows.new_zeros(len(rows), 15), x), torch.tensor([7, 1])
    deviation((nothing(model, x, B) - minibatch_gradient(model, x, B)).abs().max(), 0.0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_estimates_have_the_dtype_and_device_of_the_model(dtype, device) -> None:
    model, x = FVSBN(5).to(device, dtype), binary(9, 5).to(device)
    p, B = 15, torch.tensor([4, 4, 0])
    coefficient = torch.ones(p, device=device, requires_grad=True)
    h = ControlVariate(lambda rows: rows.new_ones(len(rows), p).double(), x, coefficient)
    for estimator in (h, SVRG(model, x), SAG(model, x), SAGA(model, x)):
        estimate = estimator(model, x, B)
        assert (estimate.dtype, estimate.device.type, estimate.shape) == (dtype, device, (p,))
        assert not estimate.requires_grad


@pytest.mark.parametrize("kind", TABLES)
def test_the_sum_of_a_float32_table_does_not_drift(kind) -> None:
    model, x = FVSBN(5), binary(9, 5).float()
    estimator, generator = kind(model, x), torch.Generator().manual_seed(0)
    for _ in range(200):
        with torch.no_grad():
            for parameter in model.parameters():
                parameter += 0.1 * torch.randn(parameter.shape, generator=generator)
        estimator(model, x, torch.randint(9, (4,), generator=generator))
    assert estimator.total.dtype == torch.float64
    assert (estimator.total - estimator.table.double().sum(0)).abs().max() < 1e-10


def test_float32_controls_are_added_in_float64() -> None:
    x, model = torch.ones(2**13, 1), FVSBN(1).double()
    estimator = ControlVariate(lambda rows: rows.new_full((len(rows), 1), 1 / 3), x)
    assert abs(estimator.total.item() - 2**13 * torch.tensor(1 / 3).item()) < 1e-9
    B = torch.arange(1000)
    assert (estimator(model, x, B) - minibatch_gradient(model, x, B)).abs() < 1e-8


def test_more_rows_than_are_computed_at_once(deviation) -> None:
    model, x = randomised(FVSBN(3), 0), binary(600, 3)
    total = full_gradient(model, x)
    table = SAG(model, x)
    assert table.table.shape == (600, 6)
    deviation((table.total - total).abs().max(), 1e-10)
    known = ControlVariate(lambda rows: per_sample_gradients(model, rows), x).total
    deviation((known - total).abs().max(), 1e-10)


def test_a_control_may_be_of_whole_numbers_or_differentiable(deviation) -> None:
    model, x, B = randomised(FVSBN(3), 0), binary(6, 3), torch.tensor([0, 1, 2, 3])
    weights = torch.ones(1, requires_grad=True)

    def twice(rows: torch.Tensor) -> torch.Tensor:
        return torch.cat([rows, rows], 1)

    expected = ControlVariate(twice, x, None)(model, x, B)
    whole = ControlVariate(lambda rows: twice(rows).long(), x, None)
    deviation((whole(model, x, B) - expected).abs().max(), 1e-12)
    live = ControlVariate(lambda rows: twice(rows) * weights, x, None)
    assert not live.total.requires_grad
    assert not live(model, x, B).requires_grad
    deviation((live(model, x, B) - expected).abs().max(), 1e-12)


def test_predictions_are_float64() -> None:
    ones = torch.ones(3, 2)
    assert control_variate_variance(ones, 1, True).dtype == torch.float64
    assert best_coefficient(ones, ones).dtype == torch.float64
    assert (
        best_coefficient(ones, torch.tensor([[0.0], [1.0], [float("nan")]]).expand(3, 2))
        .isnan()
        .all()
    )


def test_a_snapshot_that_fails_changes_nothing() -> None:
    model, x = randomised(FVSBN(3), 0), binary(6, 3)
    svrg = SVRG(model, x)
    full, snapshot = svrg.full, svrg.snapshot
    moved(model, 1)
    with pytest.raises(ValueError, match="x must hold only 0 and 1"):
        svrg.take_snapshot(model, x + 1)
    assert svrg.full is full
    assert svrg.snapshot is snapshot


def test_bad_input_is_named_and_changes_nothing() -> None:
    model, x = randomised(FVSBN(3), 0), binary(6, 3)
    sag, svrg = SAG(model, x), SVRG(model, x)
    before = sag.table.clone(), sag.total.clone()
    moved(model, 1)
    for estimator in (sag, svrg, ControlVariate(lambda rows: rows.new_ones(len(rows), 6), x)):
        with pytest.raises(ValueError, match="x must be the data set of 6 samples"):
            estimator(model, x[:5], torch.tensor([0]))
        with pytest.raises(ValueError, match=r"indices must lie in 0 … 5"):
            estimator(model, x, torch.tensor([6]))
        with pytest.raises(ValueError, match="x must have n = 3 columns, got 2"):
            estimator(model, x[:, :2], torch.tensor([0]))
        with pytest.raises(ValueError, match="x must hold only 0 and 1"):
            estimator(model, x + 0.5, torch.tensor([0]))
    assert torch.equal(before[0], sag.table)
    assert torch.equal(before[1], sag.total)
    full = svrg.full
    with pytest.raises(ValueError, match="x must hold only 0 and 1"):
        svrg.take_snapshot(model, x + 0.5)
    assert svrg.full is full
    with pytest.raises(ValueError, match=r"control must give a \(1, 6\) tensor, got \(1, 5\)"):
        ControlVariate(lambda rows: rows.new_ones(len(rows), 5), x)(model, x, torch.tensor([0]))
    with pytest.raises(ValueError, match="control must give a row for each of 6 x, got 1"):
        ControlVariate(lambda rows: rows.new_ones(1, 6), x)
    for bad in (lambda rows: [1], lambda rows: rows[:, 0], lambda rows: None):
        with pytest.raises(ValueError, match="what control gives must"):
            ControlVariate(bad, x)
    with pytest.raises(ValueError, match="coefficient must be a finite number, a tensor or None"):
        ControlVariate(lambda rows: rows.new_ones(len(rows), 6), x, "best")
    wide = ControlVariate(lambda rows: rows.new_ones(len(rows), 6), x, torch.ones(6, 1))
    with pytest.raises(ValueError, match=r"coefficient must be .* of shape \(6,\), got \(6, 1\)"):
        wide(model, x, torch.tensor([0]))
    for kind in TABLES:
        with pytest.raises(ValueError, match="x must not be empty"):
            kind(model, x[:0])
    for gradients in (torch.ones(3), torch.ones(3, 1)):
        with pytest.raises(ValueError, match="must have shape"):
            best_coefficient(gradients, torch.ones(3))
    with pytest.raises(ValueError, match="controls must have shape"):
        best_coefficient(torch.ones(3, 2), torch.ones(3, 1))
    with pytest.raises(ValueError, match="b must be at most m = 3 without replacement, got 4"):
        control_variate_variance(torch.ones(3, 2), 4, False)


def test_a_model_of_other_parameters_or_buffers_than_the_snapshot_is_named() -> None:
    x, B = binary(6, 3), torch.tensor([0, 2])
    for change, message in [
        (lambda m: m.register_buffer("more", torch.zeros(2)), "got a change of more"),
        (lambda m: m.float(), "parameters in torch.float64 it was made for, got .* torch.float32"),
    ]:
        model = randomised(FVSBN(3), 0)
        svrg, sag = SVRG(model, x), SAG(model, x)
        change(model)
        with pytest.raises(ValueError, match=message):
            svrg(model, x, B)
        if "float" in message:
            table = sag.table.clone()
            with pytest.raises(ValueError, match=message):
                sag(model, x, B)
            assert torch.equal(sag.table, table)


@pytest.mark.parametrize("size", [1e-307, 1e-200, 1e-3, 1.0, 7e5, 1e200, 1e300, 4e307])
def test_a_control_of_any_size_has_its_coefficient(size: float) -> None:
    h = torch.tensor([[1.0], [2.0], [4.0]]).double()
    assert float(best_coefficient(3 * h, size * h)) == pytest.approx(3 / size, rel=1e-14)
    assert float(best_coefficient(size * h, size * h)) == pytest.approx(1, rel=1e-14)
    assert float(best_coefficient(size * h, 2 * h)) == pytest.approx(size / 2, rel=1e-14)
