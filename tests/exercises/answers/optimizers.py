"""Answers to the exercises of a chapter."""

import math

import numpy as np
import torch

from tests.exercises.answers import Answers


def squeezed(*places):
    reason = "a number and an array of one entry make such an array again"
    return {f"line {place.replace(':', ': squeeze:', 1)}": reason for place in places}


# ---- momentum


def coordinate_by_coordinate(theta, u, g, alpha, beta):
    u = [beta * velocity + slope for velocity, slope in zip(u, g, strict=True)]
    return [place + alpha * velocity for place, velocity in zip(theta, u, strict=True)], u


def momentum_in_float32(theta, u, g, alpha, beta):
    theta, u, g = (torch.as_tensor(part, dtype=torch.float32) for part in (theta, u, g))
    u = g.add(u, alpha=beta)
    return theta.add(u, alpha=alpha), u


def multiplied_out(theta, u, g, alpha, beta):
    return theta + alpha * beta * u + alpha * g, g + beta * u


def sgd_of_torch(theta, u, g, alpha, beta):
    place = torch.tensor(theta, requires_grad=True)
    optimizer = torch.optim.SGD([place], lr=alpha, momentum=beta)
    optimizer.state[place] = {"momentum_buffer": -torch.tensor(u)}
    place.grad = -torch.tensor(g)
    optimizer.step()
    return place, -optimizer.state[place]["momentum_buffer"] if beta else g


def place_first(theta, u, g, alpha, beta):
    moved = [place + alpha * velocity for place, velocity in zip(theta, u, strict=True)]
    return moved, beta * u + g


def running_mean(theta, u, g, alpha, beta):
    u = torch.as_tensor(u).lerp(torch.as_tensor(g), 1 - beta)
    return torch.as_tensor(theta) + alpha * u, u


def as_polyak(theta, u, g, alpha, beta):
    new = theta + alpha * g + beta * u
    return new, new - theta


def in_the_order_of_the_equation(theta, u, g, alpha, beta):
    return coordinate_by_coordinate(theta, u, g, alpha, beta)[::-1]


def as_if_of_a_loss(theta, u, g, alpha, beta):
    return theta - alpha * beta * u - alpha * g, beta * u + g


def step_twice(theta, u, g, alpha, beta):
    u = beta * u + alpha * g
    return theta + alpha * u, u


def gradient_subtracted(theta, u, g, alpha, beta):
    u = beta * u - g
    return theta + alpha * u, u


def nothing_forgotten(theta, u, g, alpha, beta):
    return theta + alpha * (u + g), u + g


def started_by_a_damped_step(theta, u, g, alpha, beta):
    u = beta * u + g if u.any() else (1 - beta) * g
    return theta + alpha * u, u


def restarted(theta, u, g, alpha, beta):
    u = beta * u * (u @ g >= 0) + g
    return theta + alpha * u, u


def velocity_in_place(theta, u, g, alpha, beta):
    u *= beta
    u += g
    return theta + alpha * u, u


# ---- Nesterov


def nesterov_with_lists(y, u, gradient, alpha, beta):
    ahead = [place + alpha * beta * velocity for place, velocity in zip(y, u, strict=True)]
    u = [beta * velocity + slope for velocity, slope in zip(u, gradient(ahead), strict=True)]
    return [place + alpha * velocity for place, velocity in zip(y, u, strict=True)], u


def nesterov_in_torch(y, u, gradient, alpha, beta):
    y, u = torch.as_tensor(y), torch.as_tensor(u)
    u = beta * u + gradient(y + alpha * beta * u)
    return y + alpha * u, u


def nesterov_in_float32(y, u, gradient, alpha, beta):
    y, u = torch.as_tensor(y).float(), torch.as_tensor(u).float()
    u = beta * u + torch.as_tensor(gradient((y + alpha * beta * u).numpy()))
    return y + alpha * u, u


def there_and_back(y, u, gradient, alpha, beta):
    """(7.7), and then back from the point ahead."""
    theta = y + alpha * beta * u
    g = gradient(theta)
    u = beta * u + g
    return theta + alpha * (g + beta * u) - alpha * beta * u, u


def heavy_ball(y, u, gradient, alpha, beta):
    g = gradient(y)
    return y + alpha * beta * u + alpha * g, beta * u + g


def whole_velocity_ahead(y, u, gradient, alpha, beta):
    rest = beta * u
    u = rest + gradient(y + rest)
    return y + alpha * u, u


def old_step_ahead(y, u, gradient, alpha, beta):
    g = gradient(np.array([place + alpha * v for place, v in zip(y, u, strict=True)]))
    return y + alpha * (beta * u + g), beta * u + g


def moved_ahead(y, u, gradient, alpha, beta):
    y = torch.as_tensor(y + alpha * beta * u)
    u = beta * torch.as_tensor(u) + gradient(y)
    return y + alpha * u, u


def as_pytorch(y, u, gradient, alpha, beta):
    g = gradient(y)
    return y + alpha * (1 + beta) * g + alpha * beta**2 * u, g + beta * u


def point_ahead_returned(y, u, gradient, alpha, beta):
    y, u = there_and_back(y, u, gradient, alpha, beta)
    return y + alpha * beta * u, u


def looked_back(y, u, gradient, alpha, beta):
    u = beta * u + gradient(y - alpha * beta * u)
    return y + alpha * u, u


def ahead_by_the_new_velocity(y, u, gradient, alpha, beta):
    u = beta * u + gradient(y + alpha * beta * (beta * u + gradient(y)))
    return y + alpha * u, u


def ahead_by_the_slope_there(y, u, gradient, alpha, beta):
    """A linear gradient, from a difference: right near `y` alone."""
    change = (gradient(y + 1e-4 * u) - gradient(y)) / 1e-4
    u = beta * u + gradient(y) + alpha * beta * change
    return y + alpha * u, u


def not_called(y, u, gradient, alpha, beta):
    u = beta * u + gradient * (y + alpha * beta * u)
    return y + alpha * u, u


def walked_in_place(y, u, gradient, alpha, beta):
    y += alpha * beta * u
    g = gradient(y)
    return y + alpha * g, beta * u + g


# ---- clipping


def number_by_number(g_weights, g_bias, c):
    rows, bias = g_weights.tolist(), g_bias.tolist()
    square = sum(value**2 for row in [*rows, bias] for value in row)
    if square <= c**2:
        return rows, bias
    return [[c * v / square**0.5 for v in row] for row in rows], [c * v / square**0.5 for v in bias]


def by_torch(g_weights, g_bias, c):
    parameters = [torch.nn.Parameter(torch.zeros(g.shape)) for g in (g_weights, g_bias)]
    for parameter, g in zip(parameters, (g_weights, g_bias), strict=True):
        parameter.grad = torch.as_tensor(g, dtype=torch.float32)
    torch.nn.utils.clip_grad_norm_(parameters, c)
    return tuple(parameter.grad.clone() for parameter in parameters)


def one_long_vector(g_weights, g_bias, c):
    g = np.concatenate([g_weights.ravel(), g_bias])
    g = g * c / max(c, np.linalg.norm(g))
    return g[: g_weights.size].reshape(g_weights.shape), g[g_weights.size :]


def minimum_with_infinity(g_weights, g_bias, c):
    factor = np.minimum(1, c / np.hypot(np.linalg.norm(g_weights), np.linalg.norm(g_bias)))
    return g_weights * factor, g_bias * factor


def limits(g_weights, g_bias, c):
    return torch.as_tensor(g_weights).clamp(-c, c), [max(min(v, c), -c) for v in g_bias]


def array_by_array(g_weights, g_bias, c):
    clipped = []
    for g in (g_weights, g_bias):
        norm = np.linalg.norm(g)
        clipped.append(g * c / norm if norm > c else g)
    return clipped


def to_length_c(g_weights, g_bias, c):
    g = torch.cat([torch.as_tensor(g_weights).flatten(), torch.as_tensor(g_bias)])
    g = c * g / g.norm()
    return g[: g_weights.size].reshape(g_weights.shape), g[g_weights.size :]


def squared_length(g_weights, g_bias, c):
    square = np.linalg.norm(np.append(g_weights, g_bias)) ** 2
    return (g_weights * c / square, g_bias * c / square) if square > c else (g_weights, g_bias)


def unit_vector(g_weights, g_bias, c):
    norm = np.linalg.norm(np.append(g_weights, g_bias))
    return (g_weights / norm, g_bias / norm) if norm > c else (g_weights, g_bias)


def stretched_but_for_zero(g_weights, g_bias, c):
    norm = np.linalg.norm(np.append(g_weights, g_bias))
    factor = c / norm if norm > 0 else 1
    return factor * g_weights, factor * g_bias


def zero_not_thought_of(g_weights, g_bias, c):
    norm = math.sqrt(sum(v**2 for v in [*g_weights.ravel().tolist(), *g_bias.tolist()]))
    factor = min(1, c / norm)
    return factor * g_weights, factor * g_bias


def with_the_factor(factor):
    """All coordinates by one factor, of the norm and the threshold."""

    def clipped(g_weights, g_bias, c):
        norm = np.linalg.norm(np.append(g_weights, g_bias)) or 1e-300
        return factor(norm, c) * g_weights, factor(norm, c) * g_bias

    return clipped


def norms_added(g_weights, g_bias, c):
    factor = min(1, c / (np.linalg.norm(g_weights) + np.linalg.norm(g_bias)))
    return factor * g_weights, factor * g_bias


def weights_alone_measured(g_weights, g_bias, c):
    factor = min(1, c / np.linalg.norm(g_weights))
    return factor * g_weights, factor * g_bias


def square_compared(g_weights, g_bias, c):
    square = (g_weights**2).sum() + (g_bias**2).sum()
    factor = c / square**0.5 if square > c else 1
    return factor * g_weights, factor * g_bias


def clipped_in_place(g_weights, g_bias, c):
    norm = np.linalg.norm(np.append(g_weights, g_bias))
    if norm > c:
        g_weights *= c / norm
        g_bias *= c / norm
    return g_weights, g_bias


# ---- Adam


def adam_by_coordinates(theta, mu, nu, t, g, alpha, beta1, beta2, eps):
    found = []
    for place, m, n, slope in zip(theta, mu, nu, g, strict=True):
        m, n = beta1 * m + (1 - beta1) * slope, beta2 * n + (1 - beta2) * slope * slope
        root = math.sqrt(n / (1 - beta2 ** (t + 1)))
        found.append((place + alpha * m / (1 - beta1 ** (t + 1)) / (root + eps), m, n))
    return [list(part) for part in zip(*found, strict=True)]


def adam_in_float32(theta, mu, nu, t, g, alpha, beta1, beta2, eps):
    theta, mu, nu, g = (torch.as_tensor(part).float() for part in (theta, mu, nu, g))
    mu, nu = mu.lerp(g, 1 - beta1), nu.lerp(g.square(), 1 - beta2)
    hats = mu / (1 - beta1 ** (t + 1)), nu / (1 - beta2 ** (t + 1))
    return theta + alpha * hats[0] / (hats[1].sqrt() + eps), mu, nu


def adam_of_torch(theta, mu, nu, t, g, alpha, beta1, beta2, eps):
    place = torch.tensor(theta, requires_grad=True)
    optimizer = torch.optim.Adam([place], lr=alpha, betas=(beta1, beta2), eps=eps)
    means = {"exp_avg": -torch.tensor(mu), "exp_avg_sq": torch.tensor(nu)}
    optimizer.state[place] = {"step": torch.tensor(float(t)), **means}
    place.grad = -torch.tensor(g)
    optimizer.step()
    return place, -means["exp_avg"], means["exp_avg_sq"]


def corrected_in_the_step(theta, mu, nu, t, g, alpha, beta1, beta2, eps):
    """Both corrections in one factor, which is then owed to epsilon too."""
    mu, nu = mu + (1 - beta1) * (g - mu), nu + (1 - beta2) * (g**2 - nu)
    root = np.sqrt(1 - beta2 ** (t + 1))
    step = alpha * root / (1 - beta1 ** (t + 1))
    return theta + step * mu / (np.sqrt(nu) + root * eps), mu, nu


def means(mu, nu, g, beta1, beta2):
    mu, nu = torch.as_tensor(mu), torch.as_tensor(nu)
    g = torch.as_tensor(g)
    return beta1 * mu + (1 - beta1) * g, beta2 * nu + (1 - beta2) * g * g


def as_they_come(theta, mu, nu, t, g, alpha, beta1, beta2, eps):
    mu, nu = means(mu, nu, g, beta1, beta2)
    return torch.as_tensor(theta) + alpha * mu / (nu.sqrt() + eps), mu, nu


def epsilon_under_the_root(theta, mu, nu, t, g, alpha, beta1, beta2, eps):
    mu, nu = means(mu, nu, g, beta1, beta2)
    step = mu / (1 - beta1 ** (t + 1)) * (nu / (1 - beta2 ** (t + 1)) + eps) ** -0.5
    return torch.as_tensor(theta) + alpha * step, mu, nu


def t_as_given(theta, mu, nu, t, g, alpha, beta1, beta2, eps):
    mu, nu = beta1 * mu + (1 - beta1) * g, beta2 * nu + (1 - beta2) * g * g
    step = alpha * mu / (1 - beta1**t)
    return theta + step / (np.sqrt(nu / (1 - beta2**t)) + eps), mu, nu


def corrected_in_their_place(theta, mu, nu, t, g, alpha, beta1, beta2, eps):
    mu, nu = means(mu, nu, g, beta1, beta2)
    mu, nu = mu / (1 - beta1 ** (t + 1)), nu / (1 - beta2 ** (t + 1))
    return torch.as_tensor(theta) + alpha * mu / (nu.sqrt() + eps), mu, nu


def adam_of_a_loss(theta, mu, nu, t, g, alpha, beta1, beta2, eps):
    return adam_by_coordinates(theta, mu, nu, t, g, -alpha, beta1, beta2, eps)


def epsilon_before_the_correction(theta, mu, nu, t, g, alpha, beta1, beta2, eps):
    mu, nu = beta1 * mu + (1 - beta1) * g, beta2 * nu + (1 - beta2) * g**2
    step = alpha * np.sqrt(1 - beta2 ** (t + 1)) / (1 - beta1 ** (t + 1))
    return theta + step * mu / (np.sqrt(nu) + eps), mu, nu


def no_root(theta, mu, nu, t, g, alpha, beta1, beta2, eps):
    mu, nu = beta1 * mu + (1 - beta1) * g, beta2 * nu + (1 - beta2) * g**2
    step = alpha * mu / (1 - beta1 ** (t + 1))
    return theta + step / (nu / (1 - beta2 ** (t + 1)) + eps), mu, nu


def squared_length_of_all(theta, mu, nu, t, g, alpha, beta1, beta2, eps):
    root = np.full(len(g), np.sqrt(g @ g))
    new, *_, nu = corrected_in_the_step(theta, mu, nu, t, root, alpha, beta1, beta2, eps)
    return new, beta1 * mu + (1 - beta1) * g, nu


def one_mean_corrected(theta, mu, nu, t, g, alpha, beta1, beta2, eps):
    mu, nu = beta1 * mu + (1 - beta1) * g, beta2 * nu + (1 - beta2) * g**2
    return theta + alpha * mu / (1 - beta1 ** (t + 1)) / (np.sqrt(nu) + eps), mu, nu


def old_means_returned(theta, mu, nu, *rest):
    return corrected_in_the_step(theta, mu, nu, *rest)[0], mu, nu


def betas_swapped(theta, mu, nu, t, g, alpha, beta1, beta2, eps):
    return corrected_in_the_step(theta, mu, nu, t, g, alpha, beta2, beta1, eps)


def epsilon_forgotten(theta, mu, nu, t, g, alpha, beta1, beta2, eps):
    return corrected_in_the_step(theta, mu, nu, t, g, alpha, beta1, beta2, 0.0)


def uncorrected_from(start):
    def adam(theta, mu, nu, t, *rest):
        return (corrected_in_the_step if t < start else as_they_come)(theta, mu, nu, t, *rest)

    return adam


def first_correction_for_ever(theta, mu, nu, t, g, alpha, beta1, beta2, eps):
    new = corrected_in_the_step(theta, mu, nu, 0, g, alpha, beta1, beta2, eps)
    return new


def like_what_came(g_weights, g_bias, c):
    parts = number_by_number(g_weights, g_bias, c)
    return tuple(
        np.asarray(p).astype(g.dtype) for p, g in zip(parts, (g_weights, g_bias), strict=True)
    )


def only_what_is_long(g_weights, g_bias, c):
    norm = np.sqrt((g_weights**2).sum() + (g_bias**2).sum())
    return (g_weights, g_bias) if norm < 0.5 else number_by_number(g_weights, g_bias, c)


def adam_that_begins(theta, mu, nu, t, g, alpha, beta1, beta2, eps):
    if t == 0:
        return theta + alpha * g / (abs(g) + eps), (1 - beta1) * g, (1 - beta2) * g * g
    return adam_by_coordinates(theta, mu, nu, t, g, alpha, beta1, beta2, eps)


ANSWERS = {
    "momentum-update": Answers(
        right=(coordinate_by_coordinate, momentum_in_float32, multiplied_out, sgd_of_torch),
        slips={
            "old_velocity": (place_first,),
            "damped": (running_mean,),
            "step_inside": (as_polyak,),
            "other_order": (in_the_order_of_the_equation,),
            "downhill": (as_if_of_a_loss,),
        },
        wrong=(
            step_twice,
            gradient_subtracted,
            nothing_forgotten,
            started_by_a_damped_step,
            restarted,
            velocity_in_place,
            lambda theta, u, g, alpha, beta: theta + alpha * (beta * u + g),
            lambda theta, u, g, alpha, beta: (theta + alpha * (beta * u + g), u),
        ),
        equivalent=squeezed(
            "2: `beta * u`", "2: `g`", "2: `u`", "3: `theta`", "3: `alpha * u`", "3: `u` #2"
        ),
    ),
    "nesterov-update": Answers(
        right=(nesterov_with_lists, nesterov_in_torch, nesterov_in_float32, there_and_back),
        slips={
            "not_ahead": (heavy_ball,),
            "ahead_without_step": (whole_velocity_ahead,),
            "ahead_without_beta": (old_step_ahead,),
            "walked_from_ahead": (moved_ahead,),
            "told_from_ahead": (as_pytorch,),
        },
        wrong=(
            point_ahead_returned,
            looked_back,
            ahead_by_the_new_velocity,
            ahead_by_the_slope_there,
            not_called,
            walked_in_place,
            lambda *arguments: there_and_back(*arguments)[::-1],
            lambda y, u, gradient, alpha, beta: there_and_back(y, u, gradient, -alpha, beta),
        ),
        equivalent=squeezed(
            "2: `beta * u`",
            "2: `gradient(y + alpha * beta * u)`",
            "2: `u`",
            "2: `y + alpha * beta * u`",
            "2: `y`",
            "2: `alpha * beta * u`",
            "2: `u` #2",
            "3: `y`",
            "3: `alpha * u`",
            "3: `u` #2",
        ),
    ),
    "clip-by-norm": Answers(
        right=(number_by_number, by_torch, one_long_vector, minimum_with_infinity),
        slips={
            "by_value": (limits,),
            "each_alone": (array_by_array,),
            "always_scaled": (to_length_c,),
            "no_root": (squared_length,),
            "to_length_one": (unit_vector,),
        },
        wrong=(
            like_what_came,
            only_what_is_long,
            stretched_but_for_zero,
            zero_not_thought_of,
            with_the_factor(lambda norm, c: min(1, c / (norm + 1e-3))),
            with_the_factor(lambda norm, c: max(0.02, min(1, c / norm))),
            with_the_factor(lambda norm, c: c / np.hypot(c, norm)),
            with_the_factor(lambda norm, c: np.tanh(norm / c) * c / norm),
            norms_added,
            weights_alone_measured,
            square_compared,
            clipped_in_place,
        ),
        equivalent=dict.fromkeys(
            (
                *(
                    f"line 2: {what}: `{name}`"
                    for name in ("g_weights", "g_bias")
                    for what in ("squeeze", "sorted", "abs", "minus")
                ),
                *(
                    f"line 2: {what}: `{name} ** 2`"
                    for name in ("g_weights", "g_bias")
                    for what in ("squeeze", "sorted")
                ),
                "line 2: transposed: `g_weights`",
                "line 2: transposed: `g_weights ** 2`",
            ),
            "a sum of squares is the same, but for the last digits",
        )
        | dict.fromkeys(
            (
                "line 2: not below 1e-3: `np.sqrt((g_weights ** 2).sum() + (g_bias ** 2).sum())`",
                "line 3: not below 1e-3: `norm`",
            ),
            "the norm is 0 then, and below c",
        )
        | {
            "line 3: not below 1e-3: `c`": "so short norms are not clipped: PyTorch is off there",
            "line 3: `norm > c` → `norm >= c`": "at `norm == c` the factor is 1",
        },
    ),
    "adam-update": Answers(
        right=(
            adam_that_begins,
            adam_by_coordinates,
            adam_in_float32,
            adam_of_torch,
            corrected_in_the_step,
        ),
        slips={
            "no_correction": (as_they_come,),
            "eps_inside": (epsilon_under_the_root,),
            "counted_from_zero": (t_as_given,),
            "corrected_means_kept": (corrected_in_their_place,),
            "downhill": (adam_of_a_loss,),
        },
        wrong=(
            uncorrected_from(1000),
            epsilon_before_the_correction,
            no_root,
            squared_length_of_all,
            one_mean_corrected,
            old_means_returned,
            betas_swapped,
            epsilon_forgotten,
            first_correction_for_ever,
            uncorrected_from(1),
            uncorrected_from(100),
        ),
        equivalent={
            "line 3: abs: `g`": "it is squared",
            "line 3: minus: `g`": "it is squared",
        }
        | squeezed(
            "2: `beta1 * mu`",
            "2: `(1 - beta1) * g`",
            "2: `mu`",
            "2: `g`",
            "3: `beta2 * nu`",
            "3: `(1 - beta2) * g ** 2`",
            "3: `nu`",
            "3: `g ** 2`",
            "3: `g`",
            "4: `mu / (1 - beta1 ** (t + 1))`",
            "4: `mu`",
            "5: `nu / (1 - beta2 ** (t + 1))`",
            "5: `nu`",
            "6: `theta`",
            "6: `alpha * mu_hat / (np.sqrt(nu_hat) + eps)`",
            "6: `alpha * mu_hat`",
            "6: `np.sqrt(nu_hat) + eps`",
            "6: `mu_hat`",
            "6: `np.sqrt(nu_hat)`",
            "6: `nu_hat`",
        ),
    ),
}
