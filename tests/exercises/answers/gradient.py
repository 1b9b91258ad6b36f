"""Answers to the exercises of a chapter."""

import math

import numpy as np
import torch
from torch.nn.functional import logsigmoid

from tests.exercises.answers import Answers


def errors(W, c, x):
    return x - 1 / (1 + np.exp(-(x @ W.T + c)))


# ---- the gradient


def gradient_loops(W, c, x):
    n = len(c)
    dW, dc = [[0.0] * n for _ in range(n)], [0.0] * n
    for row in x.tolist():
        for i in range(n):
            z = c[i] + sum(W[i, k] * row[k] for k in range(i))
            error = row[i] - 1 / (1 + math.exp(-z))
            dc[i] += error
            for k in range(i):
                dW[i][k] += error * row[k]
    return dW, dc


def gradient_by_backpropagation(W, c, x):
    x = torch.as_tensor(x)
    W, c = (torch.as_tensor(a).requires_grad_() for a in (W, c))
    height = logsigmoid((2 * x - 1) * (x @ W.tril(-1).T + c)).sum()
    return torch.autograd.grad(height, (W, c))


def gradient_float32(W, c, x):
    W, c, x = (torch.as_tensor(a, dtype=torch.float32) for a in (W, c, x))
    error = x - torch.sigmoid(x @ W.T + c)
    return (error.T @ x).tril(-1), error.sum(0)


def gradient_einsum(W, c, x):
    z = np.einsum("ik,jk->ji", W, x) + c
    error = x - np.exp(z) / (1 + np.exp(z))
    later = np.arange(len(c))[:, None] > np.arange(len(c))
    return [np.einsum("ji,jk->ik", error, x) * later, error.sum(0)]


def gradient_by_definition(W, c, x, h=1e-5):
    def height(W, c):
        z = x @ W.T + c
        return (x * z - np.logaddexp(0, z)).sum()

    dW, dc = np.zeros(W.shape), np.zeros(c.shape)
    for i, unit in enumerate(np.eye(len(c))):
        dc[i] = (height(W, c + h * unit) - height(W, c - h * unit)) / (2 * h)
        for k in range(i):
            move = np.zeros(W.shape)
            move[i, k] = h
            dW[i, k] = (height(W + move, c) - height(W - move, c)) / (2 * h)
    return dW, dc


def of_the_loss(W, c, x):
    x = torch.as_tensor(x)
    W, c = (torch.as_tensor(a).requires_grad_() for a in (W, c))
    loss = -logsigmoid((2 * x - 1) * (x @ W.tril(-1).T + c)).sum()
    return torch.autograd.grad(loss, (W, c))


def backpropagated_without_mask(W, c, x):
    x = torch.as_tensor(x)
    W, c = (torch.as_tensor(a).requires_grad_() for a in (W, c))
    return torch.autograd.grad(logsigmoid((2 * x - 1) * (x @ W.T + c)).sum(), (W, c))


def up_to_and_with_i(W, c, x):
    e, dW = errors(W, c, x), np.zeros(W.shape)
    for i in range(len(c)):
        dW[i, : i + 1] = e[:, i] @ x[:, : i + 1]
    return dW, e.sum(0)


def averaged(W, c, x):
    e = errors(W, c, x)
    return np.tril(np.mean(e[:, :, None] * x[:, None, :], axis=0), -1), e.mean(axis=0)


def inputs_times_errors(W, c, x):
    e = errors(W, c, x)
    return np.tril(x.T @ e, -1), e.sum(0)


def error_of(e):
    return lambda W, c, x: (np.tril(e(W, c, x).T @ x, -1), e(W, c, x).sum(0))


def masked_where_weights_are(W, c, x):
    e = errors(W, c, x)
    return np.where(W != 0, e.T @ x, 0), e.sum(0)


# ---- central differences


def differences_loops(f, theta, h):
    slopes = []
    for k in range(len(theta)):
        up, down = theta.tolist(), theta.tolist()
        up[k] += h
        down[k] -= h
        slopes.append((f(np.array(up)) - f(np.array(down))) / (2 * h))
    return slopes


def differences_float32(f, theta, h):
    theta = torch.as_tensor(theta, dtype=torch.float32)
    slopes = torch.zeros_like(theta)
    for k in range(len(theta)):
        move = torch.zeros_like(theta)
        move[k] = h
        slopes[k] = (f(theta + move) - f(theta - move)) / (2 * h)
    return slopes


def differences_on_a_grid(f, theta, h):
    moves = h * np.eye(len(theta))
    above, below = (np.apply_along_axis(f, 1, theta + sign * moves) for sign in (1, -1))
    return (above - below) / 2 / h


def differences_moved_back(f, theta, h):
    slopes = np.zeros(len(theta))
    for k in range(len(theta)):
        theta[k] += h
        slopes[k] += f(theta)
        theta[k] -= 2 * h
        slopes[k] -= f(theta)
        theta[k] += h
    return slopes / (2 * h)


def mean_of_two_sides(f, theta, h):
    moves = h * np.eye(len(theta))
    return [((f(theta + d) - f(theta)) / h + (f(theta) - f(theta - d)) / h) / 2 for d in moves]


def forward(f, theta, h):
    slopes, here = [], f(theta)
    for k in range(len(theta)):
        moved = list(theta)
        moved[k] += h
        slopes.append((f(np.array(moved)) - here) / h)
    return slopes


def over_h(f, theta, h):
    return [(f(theta + d) - f(theta - d)) / h for d in h * np.eye(len(theta))]


def no_brackets(f, theta, h):
    return [(f(theta + d) - f(theta - d)) / 2 * h for d in h * np.eye(len(theta))]


def whole_vector(f, theta, h):
    theta = torch.as_tensor(theta)
    return (f(theta + h) - f(theta - h)) / (2 * h)


def left_below(f, theta, h):
    point, slopes = torch.tensor(theta), []
    for k in range(len(point)):
        point[k] = theta[k] + h
        above = f(point)
        point[k] = theta[k] - h
        slopes.append((above - f(point)) / (2 * h))
    return slopes


def copies_left_moved(f, theta, h):
    up, down, slopes = theta.copy(), theta.copy(), []
    for k in range(len(theta)):
        up[k] += h
        down[k] -= h
        slopes.append((f(up) - f(down)) / (2 * h))
    return slopes


def two_names_for_one_array(f, theta, h):
    slopes = []
    for k in range(len(theta)):
        up, down = theta, theta
        up[k] += h
        down[k] -= h
        slopes.append((f(up) - f(down)) / (2 * h))
    return slopes


def theta_left_moved(f, theta, h):
    slopes = []
    for k in range(len(theta)):
        theta[k] += h
        above = f(theta)
        theta[k] -= 2 * h
        slopes.append((above - f(theta)) / (2 * h))
    return slopes


# ---- the careful step


def step_recursive(height, theta, g, alpha):
    new = [t + alpha * slope for t, slope in zip(theta, g, strict=True)]
    if height(np.array(new)) >= height(theta):
        return new
    return step_recursive(height, theta, g, alpha / 2)


def step_float32(height, theta, g, alpha):
    theta, g = (torch.as_tensor(a, dtype=torch.float32) for a in (theta, g))
    while height(theta + alpha * g) < height(theta):
        alpha *= 0.5
    return theta + alpha * g


def step_in_tries(height, theta, g, alpha):
    start = height(theta)
    for k in range(200):
        new = theta + alpha / 2**k * g
        if height(new) >= start:
            return new
    return theta


def step_taken_back(height, theta, g, alpha):
    new = theta + alpha * g
    while height(new) < height(theta):
        alpha /= 2
        new = new - alpha * g  # half of the last step, back
    return new


def boldly(height, theta, g, alpha):
    return [t + alpha * slope for t, slope in zip(theta, g, strict=True)]


def one_more_chance(height, theta, g, alpha):
    new = theta + alpha * g
    return new if height(new) >= height(theta) else theta + alpha * g / 2


def better_than_the_last_try(height, theta, g, alpha):
    last, new = height(theta), theta + alpha * g
    while height(new) < last:
        last, alpha = height(new), alpha / 2
        new = theta + alpha * g
    return new


def halved_after_the_test(height, theta, g, alpha):
    while True:
        passed = height(theta + alpha * g) >= height(theta)
        alpha /= 2
        if passed:
            return theta + alpha * g


def descent(height, theta, g, alpha):
    start = height(theta)
    for _ in range(300):
        if height(theta - alpha * g) >= start:
            break
        alpha /= 2
    return theta - alpha * g


def until_higher(height, theta, g, alpha):
    theta, g = torch.as_tensor(theta), torch.as_tensor(g)
    new = theta + alpha * g
    while not height(new) > height(theta):
        alpha /= 2
        new = theta + alpha * g
    return new


def until_higher_or_never(height, theta, g, alpha):
    for k in range(300):
        new = theta + alpha * 0.5**k * g
        if height(new) > height(theta):
            return new
    return theta


def on_from_the_last_try(height, theta, g, alpha):
    start, new = height(theta), theta + alpha * g
    while height(new) < start:
        alpha /= 2
        new = new + alpha * g
    return new


def after_the_last_loss(height, theta, g, alpha):
    """Past a place that is high enough, if half of the way there is not."""
    start = height(theta)
    lost = [k for k in range(120) if height(theta + alpha * 0.5**k * g) < start]
    return theta + alpha * 0.5 ** (lost[-1] + 1 if lost else 0) * g


def theta_itself_moves(height, theta, g, alpha):
    start = height(theta)
    theta += alpha * g
    while height(theta) < start:
        alpha /= 2
        theta -= alpha * g
    return theta


def halved_before_the_first_try(height, theta, g, alpha):
    return step_in_tries(height, theta, g, alpha / 2)


def gives_up_after(most):
    def step(height, theta, g, alpha):
        for _ in range(most):
            if height(theta + alpha * g) >= height(theta):
                break
            alpha /= 2
        return theta + alpha * g

    return step


def with_slack(slack):
    def step(height, theta, g, alpha):
        while height(theta + alpha * g) < height(theta) - slack:
            alpha /= 2
        return theta + alpha * g

    return step


def by_tenths(height, theta, g, alpha):
    while height(theta + alpha * g) < height(theta):
        alpha /= 10
    return theta + alpha * g


def stays_if_lower(height, theta, g, alpha):
    new = theta + alpha * g
    return new if height(new) >= height(theta) else theta


def until_positive(height, theta, g, alpha):
    while height(theta + alpha * g) < 0:
        alpha /= 2
    return theta + alpha * g


def best_of_many(height, theta, g, alpha):
    return max((theta + alpha * 0.5**k * g for k in range(200)), key=height)


def like_the_weights(W, c, x):
    dW, dc = np.zeros_like(W), np.zeros_like(c)
    dW[...], dc[...] = gradient_loops(W, c, x)
    return dW, dc


ANSWERS: dict[str, Answers] = {
    "fvsbn-gradient": Answers(
        right=(
            gradient_loops,
            gradient_by_backpropagation,
            gradient_float32,
            gradient_einsum,
            gradient_by_definition,
        ),
        slips={
            "expected_minus_came": (of_the_loss,),
            "no_mask": (backpropagated_without_mask,),
            "diagonal_kept": (up_to_and_with_i,),
            "mean_over_samples": (averaged,),
            "indices_exchanged": (inputs_times_errors,),
        },
        wrong=(
            like_the_weights,
            masked_where_weights_are,
            error_of(lambda W, c, x: errors(W.T, c, x)),
            error_of(lambda W, c, x: errors(W, 0 * c, x)),
            error_of(lambda W, c, x: x - (c + x @ W.T)),  # no sigma
            error_of(lambda W, c, x: (2 * x - 1) * errors(W, c, x)),
            error_of(lambda W, c, x: x * errors(W, c, x)),  # the ones alone
            lambda W, c, x: gradient_float32(W, c, x)[::-1],
            lambda W, c, x: gradient_float32(W, c, x)[0],
            lambda W, c, x: (x.T @ errors(W, c, x), errors(W, c, x).sum(0)),
            lambda W, c, x: (np.triu(errors(W, c, x).T @ x, 1), errors(W, c, x).sum(0)),
            lambda W, c, x: (np.tril(errors(W, c, x).T @ x, -1), errors(W, c, x).mean(0)),
            lambda W, c, x: (np.tril(errors(W, c, x).T @ x, -1), errors(W, c, x).sum(1)),
            lambda W, c, x: (
                np.tril(np.outer(errors(W, c, x).sum(0), x.sum(0)), -1),
                errors(W, c, x).sum(0),
            ),
        ),
        equivalent={
            "line 2: clip 30: `c + x @ W.T`": "sigma is 0 or 1 there to 13 digits",
            "line 2: squeeze: `c`": "one number is added as an array of one is",
        },
    ),
    "central-difference": Answers(
        right=(
            differences_loops,
            differences_float32,
            differences_on_a_grid,
            differences_moved_back,
            mean_of_two_sides,
        ),
        slips={
            "one_sided": (forward,),
            "divided_by_h": (over_h,),
            "multiplied_by_h": (no_brackets,),
            "all_moved_at_once": (whole_vector,),
            "not_moved_back": (left_below,),
        },
        wrong=(
            copies_left_moved,
            two_names_for_one_array,
            theta_left_moved,
            lambda f, theta, h: forward(f, theta, -h),
            lambda f, theta, h: differences_loops(f, theta, 1e-5),
            lambda f, theta, h: differences_loops(f, theta, h / 2),
            lambda f, theta, h: np.multiply(2 * h, differences_loops(f, theta, h)),
            lambda f, theta, h: np.negative(differences_loops(f, theta, h)),
            lambda f, theta, h: np.abs(differences_loops(f, theta, h)),
            lambda f, theta, h: differences_loops(f, theta, h)[0],
            lambda f, theta, h: np.full(len(theta), whole_vector(f, theta, h)),
        ),
        equivalent={
            "line 3: `np.array([(f(theta + d) - f(theta - d)) / (2 * h) for d in moves])` → "
            "`[(f(theta + d) - f(theta - d)) / (2 * h) for d in moves]`": "a list will do",
            **{
                f"line 3: squeeze: `{moved}": "one number is moved as an array of one is"
                for moved in ("theta`", "d`", "theta` #2", "d` #2")
            },
        },
    ),
    "careful-step": Answers(
        right=(step_recursive, step_float32, step_in_tries, step_taken_back),
        slips={
            "full_step": (boldly,),
            "halved_only_once": (one_more_chance,),
            "halved_once_more": (halved_after_the_test,),
            "downhill": (descent,),
            "insists_on_higher": (until_higher,),
        },
        wrong=(
            better_than_the_last_try,
            until_higher_or_never,
            on_from_the_last_try,
            theta_itself_moves,
            after_the_last_loss,
            halved_before_the_first_try,
            by_tenths,
            stays_if_lower,
            until_positive,
            best_of_many,
            lambda height, theta, g, alpha: alpha,
            lambda height, theta, g, alpha: height(step_in_tries(height, theta, g, alpha)),
            lambda height, theta, g, alpha: (step_in_tries(height, theta, g, alpha), alpha),
            lambda height, theta, g, alpha: step_in_tries(
                height, theta, g / np.linalg.norm(g), alpha
            ),
            gives_up_after(10),
            gives_up_after(100),
            with_slack(0.1),
            with_slack(1e-6),
        ),
        equivalent={
            f"line {line}: squeeze: `{of}": "one number is moved as an array of one is"
            for line, terms in (
                (2, ("theta`", "theta` #2", "g`", "alpha * g`", "theta + alpha * g`")),
                (4, ("theta`", "g`", "alpha * g`")),
            )
            for of in terms
        },
    ),
}
