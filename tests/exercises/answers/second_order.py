"""Answers to the exercises of a chapter."""

from itertools import count
from math import exp

import numpy as np
import torch

from tests.exercises.answers import Answers


def sigmoid(z):
    return np.where(z >= 0, 1 / (1 + np.exp(-abs(z))), np.exp(-abs(z)) / (1 + np.exp(-abs(z))))


def errors_and_weights(theta, X, y):
    p = sigmoid(X @ theta)
    return y - p, p * (1 - p)


# ---- newton-step


def newton_by_elimination(theta, X, y):
    m, d = len(X), len(theta)
    rows = [[0.0] * (d + 1) for _ in range(d)]  # H, and the slope as a last column
    for j in range(m):
        p = 1 / (1 + exp(-sum(X[j][k] * theta[k] for k in range(d))))
        for k in range(d):
            for q in range(d):
                rows[k][q] += p * (1 - p) * X[j][k] * X[j][q] / m
            rows[k][d] += (y[j] - p) * X[j][k] / m
    for k in range(d):
        for r in range(d):
            if r != k:
                factor = rows[r][k] / rows[k][k]
                rows[r] = [a - factor * b for a, b in zip(rows[r], rows[k], strict=True)]
    return [theta[k] + rows[k][d] / rows[k][k] for k in range(d)]


def newton_by_autograd(theta, X, y):
    theta, X, y = map(torch.as_tensor, (theta, X, y))

    def loss(theta):
        return torch.nn.functional.binary_cross_entropy_with_logits(X @ theta, y)

    slope = torch.autograd.functional.jacobian(loss, theta)
    return theta - torch.linalg.inv(torch.autograd.functional.hessian(loss, theta)) @ slope


def newton_in_float32(theta, X, y):
    theta, X, y = (torch.as_tensor(a, dtype=torch.float32) for a in (theta, X, y))
    p = torch.sigmoid(X @ theta)
    H = torch.einsum("j,jk,jl->kl", p * (1 - p), X, X) / len(X)
    return theta + torch.linalg.solve(H, ((y - p)[:, None] * X).mean(0))


def reweighted_least_squares(theta, X, y):
    error, w = errors_and_weights(theta, X, y)
    root = np.sqrt(w)
    return np.linalg.lstsq(root[:, None] * X, root * (X @ theta + error / w), rcond=None)[0]


def newton_from_sums(theta, X, y):
    error, w = errors_and_weights(theta, X, y)
    return theta + np.linalg.inv(X.T @ np.diag(w) @ X) @ (X.T @ error)


def minimised_and_added(theta, X, y):
    error, w = errors_and_weights(theta, X, y)
    return theta + np.linalg.inv(X.T @ np.diag(w) @ X) @ (X.T @ -error)


def second_derivative(theta, X, y):
    error, w = errors_and_weights(theta, X, y)
    return theta + np.linalg.solve(-X.T @ np.diag(w) @ X, X.T @ error)


def newton_with_a_bare_sum_in_H(theta, X, y):
    g, H = np.zeros(len(theta)), np.zeros((len(theta), len(theta)))
    for x, error, weight in zip(X, *errors_and_weights(theta, X, y), strict=True):
        g += error * x / len(y)
        H += weight * np.outer(x, x)
    return theta + np.linalg.solve(H, g)


def newton_with_a_bare_sum_in_g(theta, X, y):
    error, w = errors_and_weights(theta, X, y)
    H = np.mean([weight * np.outer(x, x) for weight, x in zip(w, X, strict=True)], axis=0)
    return theta + np.linalg.inv(H) @ np.sum(error[:, None] * X, axis=0)


def inverse_forgotten(theta, X, y):
    error, w = errors_and_weights(theta, X, y)
    g = np.mean(error[:, None] * X, axis=0)
    return theta + np.einsum("j,jk,jl,l->k", w, X, X, g) / len(y)


def least_squares_without_theta(theta, X, y):
    error, w = errors_and_weights(theta, X, y)
    root = np.sqrt(w)
    return np.linalg.lstsq(root[:, None] * X, error / root, rcond=None)[0]


def bound_for_the_curvature(theta, X, y):
    return theta + np.linalg.solve(X.T @ X / 4, X.T @ (y - sigmoid(X @ theta)))


def weights_forgotten(theta, X, y):
    return theta + np.linalg.solve(X.T @ X, X.T @ (y - sigmoid(X @ theta)))


def probability_for_weight(theta, X, y):
    p = sigmoid(X @ theta)
    return theta + np.linalg.solve((X.T * p) @ X, X.T @ (y - p))


def one_mean_weight(theta, X, y):
    error, w = errors_and_weights(theta, X, y)
    return theta + np.linalg.solve(w.mean() * X.T @ X, X.T @ error)


def empirical_fisher(theta, X, y):
    g = (y - sigmoid(X @ theta))[:, None] * X
    return theta + np.linalg.solve(g.T @ g / len(y), g.mean(axis=0))


def diagonal(theta, X, y):
    error, w = errors_and_weights(theta, X, y)
    return theta + X.T @ error / (w @ X**2)


def gradient_step(theta, X, y):
    return theta + X.T @ (y - sigmoid(X @ theta)) / len(y)


def data_for_error(theta, X, y):
    _, w = errors_and_weights(theta, X, y)
    return theta + np.linalg.solve((X.T * w) @ X, X.T @ y)


def with_a_ridge(theta, X, y):
    error, w = errors_and_weights(theta, X, y)
    H = (X.T * w) @ X / len(y) + 1e-3 * np.eye(len(theta))
    return theta + np.linalg.solve(H, X.T @ error / len(y))


def to_the_top(theta, X, y):
    for _ in range(20):
        theta = newton_from_sums(theta, X, y)
    return theta


def half_a_step(theta, X, y):
    return (theta + newton_from_sums(theta, X, y)) / 2


def clipped_probabilities(theta, X, y):
    p = np.clip(sigmoid(X @ theta), 1e-3, 1 - 1e-3)
    return theta + np.linalg.solve((X.T * (p * (1 - p))) @ X, X.T @ (y - p))


def least_weight(theta, X, y):
    error, w = errors_and_weights(theta, X, y)
    return theta + np.linalg.solve((X.T * np.maximum(w, 1e-3)) @ X, X.T @ error)


def step_limited(theta, X, y):
    step = newton_from_sums(theta, X, y) - theta
    return theta + step * min(1, 100 / max(1, np.linalg.norm(step)))


def one_row_fewer(theta, X, y):
    error, w = errors_and_weights(theta, X, y)
    m, d = X.shape
    g, H = X.T @ error / m, (X.T * w) @ X / max(1, m - d)
    return theta + np.linalg.solve(H, g)


def a_column(theta, X, y):
    return newton_from_sums(theta, X, y)[:, None]


# ---- damped-step-length


def length_with_lists(height, theta, gradient, step):
    promise = sum(g * d for g, d in zip(gradient, step, strict=True))
    start, a = height(theta), 1
    while True:
        if height([t + a * d for t, d in zip(theta, step, strict=True)]) >= (
            start + a * promise / 10_000
        ):
            return a
        a /= 2


def length_in_torch(height, theta, gradient, step):
    theta, gradient, step = map(torch.as_tensor, (theta, gradient, step))
    a = torch.tensor(1.0)
    while height(theta + a * step) < height(theta) + 1e-4 * a * torch.dot(gradient, step):
        a = a / 2
    return a


def length_in_float32(height, theta, gradient, step):
    theta, gradient, step = (torch.as_tensor(v).float() for v in (theta, gradient, step))
    a = 1.0
    while height((theta + a * step).numpy()) < height(theta.numpy()) + 1e-4 * a * gradient @ step:
        a /= 2
    return a


def length_by_recursion(height, theta, gradient, step, a=1.0):
    if height(theta + a * step) - height(theta) >= 1e-4 * a * gradient @ step:
        return a
    return length_by_recursion(height, theta, gradient, step, a / 2)


def first_of_all_powers(height, theta, gradient, step):
    for a in (2.0**-k for k in count()):
        if (height(theta + a * step) - height(theta)) / a > 1e-4 * np.inner(gradient, step):
            return a


def all_powers_at_once(height, theta, gradient, step):
    lengths = 0.5 ** np.arange(120)
    heights = np.array([height(theta + a * step) for a in lengths])
    return lengths[heights >= height(theta) + 1e-4 * lengths * np.dot(gradient, step)][0]


def whatever_is_higher(height, theta, gradient, step):
    a = 1.0
    while not height(theta + a * step) > height(theta):
        a *= 0.5
    return a


def promise_kept_in_a_name(height, theta, gradient, step):
    wanted = height(theta) + 1e-4 * np.dot(gradient, step)
    a = 1.0
    while height(theta + a * step) < wanted:
        a *= 0.5
    return a


def begun_at_a_half(height, theta, gradient, step):
    a = 1 / 2
    while height(theta + a * step) < height(theta) + 1e-4 * a * gradient @ step:
        a /= 2
    return a


def halved_before_the_test(height, theta, gradient, step):
    a = 1.0
    while True:
        a /= 2
        if height(theta + a * step) >= height(theta) + 1e-4 * a * gradient @ step:
            return a


def from_a_book_that_goes_downhill(f, x, gradient, p):
    a, now, slope = 1, f(x), sum(gradient * p)
    while f(x + a * p) > now + 1e-4 * a * slope:
        a *= 0.5
    return a


def where_it_ends(height, theta, gradient, step):
    new, a = theta + step, 1.0
    while height(new) < height(theta) + 1e-4 * a * gradient @ step:
        a /= 2
        new = theta + a * step
    return new


def endless(height, theta, gradient, step):
    a = 1.0
    while height(theta + step) < height(theta) + 1e-4 * a * gradient @ step:
        a /= 2
    return a


def halved_while_it_holds_or_is_equal(height, theta, gradient, step):
    a = 1.0
    while height(theta + a * step) >= height(theta) + 1e-4 * a * gradient @ step:
        a /= 2
    return a


def a_loss_allowed(height, theta, gradient, step):
    a = 1.0
    while height(theta + a * step) < height(theta) - 1e-4 * a * gradient @ step:
        a /= 2
    return a


def part_asked_for(part):
    def length(height, theta, gradient, step):
        a = 1.0
        while height(theta + a * step) < height(theta) + part * a * gradient @ step and a > 1e-12:
            a /= 2
        return a

    return length


def gradient_squared(height, theta, gradient, step):
    a = 1.0
    while height(theta + a * step) < height(theta) + 1e-4 * a * gradient @ gradient:
        a /= 2
    return a


def step_squared(height, theta, gradient, step):
    a = 1.0
    while height(theta + a * step) < height(theta) + 1e-4 * a * step @ step and a > 1e-12:
        a /= 2
    return a


def promise_without_slope(height, theta, gradient, step):
    a = 1.0
    while height(theta + a * step) < height(theta) + 1e-4 and a > 1e-12:
        a /= 2
    return a


def a_square_in_the_promise(height, theta, gradient, step):
    a = 1.0
    while height(theta + a * step) < height(theta) + 1e-4 * a**2 * gradient @ step:
        a /= 2
    return a


def tenths(height, theta, gradient, step):
    a = 1.0
    while height(theta + a * step) < height(theta) + 1e-4 * a * gradient @ step:
        a /= 10
    return a


def begun_beyond(height, theta, gradient, step):
    a = 2.0
    while height(theta + a * step) < height(theta) + 1e-4 * a * (gradient @ step):
        a = a / 2
    return a


def ten_tries(height, theta, gradient, step):
    a = 1.0
    for _ in range(10):
        if height(theta + a * step) >= height(theta) + 1e-4 * a * gradient @ step:
            break
        a /= 2
    return a


def sixty_tries(height, theta, gradient, step):
    lengths = 0.5 ** np.arange(60)
    promised = height(theta) + 1e-4 * lengths * (gradient @ step)
    return next(
        (a for a, h in zip(lengths, promised, strict=True) if height(theta + a * step) >= h), 0
    )


def top_of_a_parabola(height, theta, gradient, step):
    """Right on quadratic heights, with one look ahead."""
    slope = gradient @ step
    bend = height(theta) + slope - height(theta + step)
    reach = (1 - 1e-4) * slope / bend if bend > 0 else 1
    return 0.5 ** max(0, np.ceil(-np.log2(min(reach, 1))))


def halved_once_more(height, theta, gradient, step):
    return length_by_recursion(height, theta, gradient, step) / 2


def step_halved_too(height, theta, gradient, step):
    a = 1.0
    while height(theta + a * step) < height(theta) + 1e-4 * a * gradient @ step:
        a, step = a / 2, step / 2
    return a


def from_the_last_point(height, theta, gradient, step):
    a, start = 1.0, height(theta)
    for _ in range(60):
        theta = theta + a * step
        if height(theta) >= start + 1e-4 * a * gradient @ step:
            break
        a /= 2
    return a


def the_highest(height, theta, gradient, step):
    return max(0.5 ** np.arange(40), key=lambda a: height(theta + a * step))


# ---- fisher-or-empirical


def matrices_in_loops(theta, X, y, inputs, share):
    d = len(theta)
    F = [[0.0] * d for _ in range(d)]
    E = [[0.0] * d for _ in range(d)]
    for row, probability in zip(inputs, share, strict=True):
        s = 1 / (1 + exp(-sum(row[k] * theta[k] for k in range(d))))
        for k in range(d):
            for q in range(d):
                F[k][q] += probability * s * (1 - s) * row[k] * row[q]
    for j in range(len(X)):
        s = 1 / (1 + exp(-sum(X[j][k] * theta[k] for k in range(d))))
        for k in range(d):
            for q in range(d):
                E[k][q] += (y[j] - s) ** 2 * X[j][k] * X[j][q] / len(X)
    return F, E


def matrices_by_einsum(theta, X, y, inputs, share):
    s, error = sigmoid(inputs @ theta), y - sigmoid(X @ theta)
    F = np.einsum("i,ia,ib->ab", share * s * (1 - s), inputs, inputs)
    return F, np.einsum("j,ja,jb->ab", error**2, X, X) / len(y)


def matrices_by_autograd(theta, X, y, inputs, share):
    """F from its second form: the model's mean log-likelihood, differentiated twice."""
    theta, X, y, inputs, share = map(torch.as_tensor, (theta, X, y, inputs, share))
    y, wrong = y.double(), torch.nn.functional.binary_cross_entropy_with_logits
    s = torch.sigmoid(inputs @ theta)
    F = torch.autograd.functional.hessian(
        lambda t: wrong(inputs @ t, s, share, reduction="sum"), theta
    )
    rows = torch.autograd.functional.jacobian(lambda t: wrong(X @ t, y, reduction="none"), theta)
    return F, rows.T @ rows / len(rows)


def both_labels_weighted(theta, X, y, inputs, share):
    """F from its first form: a gradient for each input and each of the model's two labels."""
    F = 0
    for label in (0, 1):
        s = sigmoid(inputs @ theta)
        g = (label - s)[:, None] * inputs
        F = F + (g * (share * (s if label else 1 - s))[:, None]).T @ g
    g = (y - sigmoid(X @ theta))[:, None] * X
    return F, np.cov(g.T, ddof=0) + np.outer(g.mean(0), g.mean(0))


def averaged_outer_products(theta, X, y, inputs, share):
    weight = 1 / (4 * np.cosh(inputs @ theta / 2) ** 2)
    outer = inputs[:, :, None] * inputs[:, None, :]
    F = np.average(weight[:, None, None] * outer, axis=0, weights=share)
    g = (y - 0.5 - np.tanh(X @ theta / 2) / 2)[:, None] * X
    return np.stack([F, (g[:, :, None] * g[:, None, :]).mean(axis=0)])


def matrices_in_float32(theta, X, y, inputs, share):
    theta, X, y, inputs, share = (torch.as_tensor(a).float() for a in (theta, X, y, inputs, share))
    s = torch.sigmoid(inputs @ theta)
    half = torch.sqrt(share * s * (1 - s))[:, None] * inputs
    g = (y - torch.sigmoid(X @ theta)).unsqueeze(1) * X
    return [half.T @ half, (g.T @ g) / X.shape[0]]


def diagonal_matrices_between(theta, X, y, inputs, share):
    s = sigmoid(inputs @ theta)
    error = np.where(y == 1, sigmoid(-X @ theta), sigmoid(X @ theta))
    return inputs.T @ np.diag(s * (1 - s) * share) @ inputs, X.T @ np.diag(error**2) @ X / len(X)


def two_matrices(fisher=None, empirical=None):
    """F and E, of which one may be another; `None`: the right one."""

    def right_fisher(theta, X, y, inputs, share):
        s = sigmoid(inputs @ theta)
        return (inputs.T * (share * s * (1 - s))) @ inputs

    def right_empirical(theta, X, y, inputs, share):
        g = (y - sigmoid(X @ theta))[:, None] * X
        return g.T @ g / len(g)

    return lambda *arguments: (
        (fisher or right_fisher)(*arguments),
        (empirical or right_empirical)(*arguments),
    )


def data_rows(theta, X, y, inputs, share):
    s = sigmoid(X @ theta)
    return X.T @ (X * (s * (1 - s))[:, None]) / len(X)


def data_rows_one_by_one(theta, X, y, inputs, share):
    return sum(np.outer(x, x) * sigmoid(x @ theta) * (1 - sigmoid(x @ theta)) / len(X) for x in X)


def mean_square_of_inputs(theta, X, y, inputs, share):
    return inputs.T @ np.diag(share) @ inputs


def mean_square_in_a_loop(theta, X, y, inputs, share):
    return sum(p * np.outer(row, row) for p, row in zip(share, inputs, strict=True))


def covariance_of_gradients(theta, X, y, inputs, share):
    return np.cov((y - sigmoid(X @ theta)) * X.T, ddof=0)


def gradients_less_their_mean(theta, X, y, inputs, share):
    g = (y - sigmoid(X @ theta))[:, None] * X
    g = g - g.mean(axis=0)
    return g.T @ g / len(g)


def sum_over_samples(theta, X, y, inputs, share):
    return (X.T * (y - sigmoid(X @ theta)) ** 2) @ X


def sum_in_a_loop(theta, X, y, inputs, share):
    E = np.zeros((len(theta), len(theta)))
    for x, label in zip(X, y, strict=True):
        g = (label - sigmoid(x @ theta)) * x
        E += np.outer(g, g)
    return E


def weighted_inputs(weight):
    """Inputs times their transpose, by a weight of their share and their sigma."""

    def matrix(theta, X, y, inputs, share):
        return (inputs.T * weight(share, sigmoid(inputs @ theta))) @ inputs

    return matrix


def weighted_data(weight):
    """The data times their transpose, by a weight of y and sigma, as a mean."""

    def matrix(theta, X, y, inputs, share):
        return (X.T * weight(y, sigmoid(X @ theta))) @ X / len(X)

    return matrix


def mean_outer_mean(theta, X, y, inputs, share):
    g = ((y - sigmoid(X @ theta))[:, None] * X).mean(axis=0)
    return np.outer(g, g)


def rows_for_samples(theta, X, y, inputs, share):
    return sum_over_samples(theta, X, y, inputs, share) / X.shape[1]


def one_sample_less(theta, X, y, inputs, share):
    return sum_over_samples(theta, X, y, inputs, share) / (len(X) - 1)


def without_the_ones(theta, X, y, inputs, share):
    F, E = matrices_by_einsum(theta, X, y, inputs, share)
    return F[1:, 1:], E[1:, 1:]


def diagonals_alone(theta, X, y, inputs, share):
    return tuple(np.diag(np.diag(A)) for A in matrices_by_einsum(theta, X, y, inputs, share))


def models_rows_among_the_data(theta, X, y, inputs, share):
    """Only inputs that the data hold."""
    seen = (inputs[:, None] == X[None]).all(axis=2).any(axis=1)
    return weighted_inputs(lambda p, s: p * seen * s * (1 - s))(theta, X, y, inputs, share)


def all_bits_in_order(theta, X, y, inputs, share):
    """The inputs built anew: not in the order of their shares."""
    bits = np.arange(len(share))[:, None] >> np.arange(len(theta) - 1)[::-1] & 1
    own = np.hstack([np.ones((len(share), 1)), bits])
    s = sigmoid(own @ theta)
    return (own.T * (share * s * (1 - s))) @ own


def drawn_from_the_model(theta, X, y, inputs, share):
    rows = np.random.default_rng(0).choice(len(share), size=1000, p=share / share.sum())
    return data_rows(theta, inputs[rows], y, inputs, share)


def shares_divided_in_place(theta, X, y, inputs, share):
    s = sigmoid(inputs @ theta)
    share *= s * (1 - s)
    return inputs.T @ (share[:, None] * inputs), weighted_data(lambda y, s: (y - s) ** 2)(
        theta, X, y, inputs, share
    )


ANSWERS = {
    "newton-step": Answers(
        right=(
            newton_by_elimination,
            newton_by_autograd,
            newton_in_float32,
            reweighted_least_squares,
            newton_from_sums,
        ),
        slips={
            "downhill": (minimised_and_added, second_derivative),
            "curvature_summed": (newton_with_a_bare_sum_in_H,),
            "gradient_summed": (newton_with_a_bare_sum_in_g,),
            "times_the_curvature": (inverse_forgotten,),
            "step_alone": (least_squares_without_theta,),
        },
        wrong=(
            bound_for_the_curvature,
            weights_forgotten,
            probability_for_weight,
            one_mean_weight,
            empirical_fisher,
            diagonal,
            gradient_step,
            data_for_error,
            with_a_ridge,
            to_the_top,
            half_a_step,
            clipped_probabilities,
            least_weight,
            step_limited,
            one_row_fewer,
            a_column,
        ),
        equivalent={
            **dict.fromkeys(
                (
                    "line 2: squeeze: `1 / (1 + np.exp(-X @ theta))`",
                    "line 2: squeeze: `1 + np.exp(-X @ theta)`",
                    "line 5: squeeze: `theta`",
                    "line 5: squeeze: `np.linalg.solve(H, g)`",
                    "line 2: squeeze: `np.exp(-X @ theta)`",
                    "line 2: squeeze: `-X @ theta`",
                    "line 3: squeeze: `y`",
                    "line 3: squeeze: `p`",
                    "line 4: squeeze: `p * (1 - p)`",
                    "line 4: squeeze: `p`",
                    "line 4: squeeze: `1 - p`",
                    "line 4: squeeze: `p` #2",
                ),
                "broadcasting puts an axis of one back",
            ),
        },
    ),
    "damped-step-length": Answers(
        right=(
            length_with_lists,
            length_in_torch,
            length_in_float32,
            length_by_recursion,
            first_of_all_powers,
            all_powers_at_once,
        ),
        slips={
            "any_gain": (whatever_is_higher,),
            "promise_of_the_full_step": (promise_kept_in_a_name,),
            "never_the_full_step": (begun_at_a_half, halved_before_the_test),
            "halved_while_it_holds": (from_a_book_that_goes_downhill,),
            "new_point": (where_it_ends,),
        },
        wrong=(
            begun_beyond,
            endless,
            halved_while_it_holds_or_is_equal,
            a_loss_allowed,
            part_asked_for(1.0),
            part_asked_for(0.5),
            part_asked_for(1e-3),
            gradient_squared,
            step_squared,
            promise_without_slope,
            a_square_in_the_promise,
            tenths,
            ten_tries,
            sixty_tries,
            top_of_a_parabola,
            halved_once_more,
            step_halved_too,
            from_the_last_point,
            the_highest,
        ),
        equivalent={
            **dict.fromkeys(
                (
                    "line 3: `height(theta + a * step) < height(theta) + 0.0001 * a * slope`"
                    " → `height(theta + a * step) <= height(theta) + 0.0001 * a * slope`",
                ),
                "no trial meets (8.2) exactly",
            ),
            **dict.fromkeys(
                (
                    *(f"what it gave for another {name}" for name in ("height", "theta")),
                    "what it gave for another gradient",
                    *(f"what it gave for the same {what}" for what in ("sums", "first entries")),
                ),
                "a step is made for its hill and its place: none is another alone",
            ),
            "line 2: `gradient @ step` → `step @ gradient`": "the same product",
            **dict.fromkeys(
                (
                    "line 3: squeeze: `theta + a * step`",
                    "line 3: squeeze: `theta`",
                    "line 3: squeeze: `a * step`",
                    "line 3: squeeze: `theta` #2",
                    "line 3: squeeze: `step`",
                ),
                "broadcasting puts an axis of one back",
            ),
            **dict.fromkeys(
                (
                    "line 3: clip 4: `0.0001 * a * slope`",
                    "line 3: clip 30: `0.0001 * a * slope`",
                    "line 3: clip 500: `0.0001 * a * slope`",
                ),
                "the promise is never so large",
            ),
        },
    ),
    "fisher-or-empirical": Answers(
        right=(
            matrices_in_loops,
            matrices_by_einsum,
            matrices_by_autograd,
            both_labels_weighted,
            averaged_outer_products,
            matrices_in_float32,
            diagonal_matrices_between,
        ),
        slips={
            "curvature_for_fisher": (two_matrices(data_rows), two_matrices(data_rows_one_by_one)),
            "uncertainty_forgotten": (
                two_matrices(mean_square_of_inputs),
                two_matrices(mean_square_in_a_loop),
            ),
            "labels_of_the_model": (
                two_matrices(None, data_rows),
                two_matrices(None, weighted_data(lambda y, s: s - s**2)),
            ),
            "centred": (
                two_matrices(None, covariance_of_gradients),
                two_matrices(None, gradients_less_their_mean),
            ),
            "summed": (two_matrices(None, sum_over_samples), two_matrices(None, sum_in_a_loop)),
        },
        wrong=(
            without_the_ones,
            diagonals_alone,
            shares_divided_in_place,
            two_matrices(data_rows, data_rows),
            two_matrices(data_rows, sum_over_samples),
            two_matrices(models_rows_among_the_data),
            two_matrices(drawn_from_the_model),
            two_matrices(all_bits_in_order),
            two_matrices(weighted_inputs(lambda share, s: s * (1 - s) / len(s))),
            two_matrices(weighted_inputs(lambda share, s: s * (1 - s))),
            two_matrices(weighted_inputs(lambda share, s: share * s * (1 - s) / len(s))),
            two_matrices(weighted_inputs(lambda share, s: share * s * (1 - s) ** 2)),
            two_matrices(weighted_inputs(lambda share, s: share * s)),
            two_matrices(weighted_inputs(lambda share, s: share**2 * s * (1 - s))),
            two_matrices(weighted_inputs(lambda share, s: share * (s * (1 - s)) ** 2)),
            two_matrices(weighted_inputs(lambda share, s: -share * s * (1 - s))),
            two_matrices(weighted_inputs(lambda share, s: share * (share - s) ** 2)),
            two_matrices(weighted_inputs(lambda share, s: share * s * (1 - s) + 1e-3)),
            two_matrices(weighted_inputs(lambda share, s: share * np.maximum(s * (1 - s), 0.01))),
            two_matrices(None, weighted_data(lambda y, s: y - s)),
            two_matrices(None, weighted_data(lambda y, s: abs(y - s))),
            two_matrices(None, weighted_data(lambda y, s: (y - s.round()) ** 2)),
            two_matrices(None, weighted_data(lambda y, s: (1 - y - s) ** 2)),
            two_matrices(None, weighted_data(lambda y, s: (2 * y - 1 - s) ** 2)),
            two_matrices(None, weighted_data(lambda y, s: y**2 - s**2)),
            two_matrices(None, weighted_data(lambda y, s: y * (1 - s) ** 2)),
            two_matrices(None, mean_outer_mean),
            two_matrices(None, rows_for_samples),
            two_matrices(None, one_sample_less),
            lambda *arguments: two_matrices()(*arguments)[::-1],
            lambda *arguments: two_matrices()(*arguments)[0],
            lambda theta, *rest: two_matrices()(-theta, *rest),
            lambda *arguments: [np.linalg.inv(A) for A in two_matrices()(*arguments)],
        ),
        equivalent={
            **dict.fromkeys(
                (
                    "line 2: `-inputs` → `inputs`",
                    "line 2: abs: `-inputs @ theta`",
                    "line 2: minus: `-inputs @ theta`",
                    "line 2: minus: `inputs`",
                    "line 2: minus: `theta`",
                ),
                "p (1 - p) is the same with p and 1 - p exchanged",
            ),
            "line 2: not below 1e-3: `-inputs @ theta`": "p (1 - p) is flat at 0",
            **dict.fromkeys(
                (
                    "line 4: `y - 1 / (1 + np.exp(-X @ theta))`"
                    " → `1 / (1 + np.exp(-X @ theta)) - y`",
                    "line 4: abs: `y - 1 / (1 + np.exp(-X @ theta))`",
                    "line 4: minus: `y - 1 / (1 + np.exp(-X @ theta))`",
                    "line 5: abs: `error`",
                    "line 5: minus: `error`",
                ),
                "the error is squared",
            ),
            **dict.fromkeys(
                (
                    "line 4: squeeze: `y - 1 / (1 + np.exp(-X @ theta))`",
                    "line 4: squeeze: `y`",
                    "line 4: squeeze: `1 / (1 + np.exp(-X @ theta))`",
                    "line 4: squeeze: `1 + np.exp(-X @ theta)`",
                    "line 4: squeeze: `np.exp(-X @ theta)`",
                    "line 4: squeeze: `-X @ theta`",
                    "line 4: squeeze: `X`",
                    "line 5: squeeze: `error ** 2`",
                    "line 5: squeeze: `error`",
                ),
                "broadcasting puts an axis of one back",
            ),
            "what it gave for another inputs": "no two trials differ in their inputs alone",
        },
    ),
}
