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


# ---- Adam, from corrected means


def adam_by_coordinates(theta, mu_hat, nu_hat, t, g, alpha, beta1, beta2, eps):
    found = []
    for place, m, n, slope in zip(theta, mu_hat, nu_hat, g, strict=True):
        m = beta1 * (1 - beta1**t) * m + (1 - beta1) * slope
        n = beta2 * (1 - beta2**t) * n + (1 - beta2) * slope * slope
        m, n = m / (1 - beta1 ** (t + 1)), n / (1 - beta2 ** (t + 1))
        found.append((place + alpha * m / (math.sqrt(n) + eps), m, n))
    return [list(part) for part in zip(*found, strict=True)]


def adam_in_float32(theta, mu_hat, nu_hat, t, g, alpha, beta1, beta2, eps):
    theta, mu_hat, nu_hat, g = (torch.as_tensor(p).float() for p in (theta, mu_hat, nu_hat, g))
    weights = [(1 - beta) / (1 - beta ** (t + 1)) for beta in (beta1, beta2)]
    mu_hat, nu_hat = mu_hat.lerp(g, weights[0]), nu_hat.lerp(g.square(), weights[1])
    return theta + alpha * mu_hat / (nu_hat.sqrt() + eps), mu_hat, nu_hat


def adam_of_torch(theta, mu_hat, nu_hat, t, g, alpha, beta1, beta2, eps):
    """What came in made uncorrected, one step, and what torch remembers then corrected."""
    place = torch.tensor(theta, requires_grad=True)
    optimizer = torch.optim.Adam([place], lr=alpha, betas=(beta1, beta2), eps=eps)
    mu, nu = -torch.tensor(mu_hat) * (1 - beta1**t), torch.tensor(nu_hat) * (1 - beta2**t)
    remembered = {"exp_avg": mu, "exp_avg_sq": nu}
    optimizer.state[place] = {"step": torch.tensor(float(t)), **remembered}
    place.grad = -torch.tensor(g)
    optimizer.step()
    return place, -mu / (1 - beta1 ** (t + 1)), nu / (1 - beta2 ** (t + 1))


def moved_by_the_difference(theta, mu_hat, nu_hat, t, g, alpha, beta1, beta2, eps):
    mu_hat = mu_hat + (g - mu_hat) * (1 - beta1) / (1 - beta1 ** (t + 1))
    nu_hat = nu_hat + (g * g - nu_hat) * (1 - beta2) / (1 - beta2 ** (t + 1))
    return theta + alpha * mu_hat / (nu_hat**0.5 + eps), mu_hat, nu_hat


def weights_by_recursion(theta, mu_hat, nu_hat, t, g, alpha, beta1, beta2, eps):
    """With the sums 1 + beta + ... + beta^t, added one by one."""
    shares = []
    for beta in (beta1, beta2):
        total = 0.0
        for _ in range(t + 1):
            total = beta * total + 1
        shares.append(1 / total)
    mu_hat = g * shares[0] + mu_hat * (1 - shares[0])
    nu_hat = g**2 * shares[1] + nu_hat * (1 - shares[1])
    return theta + alpha * mu_hat / (np.sqrt(nu_hat) + eps), mu_hat, nu_hat


def means(mu, nu, g, beta1, beta2):
    mu, nu = torch.as_tensor(mu), torch.as_tensor(nu)
    g = torch.as_tensor(g)
    return beta1 * mu + (1 - beta1) * g, beta2 * nu + (1 - beta2) * g * g


def copied_from_the_text(theta, mu, nu, t, g, alpha, beta1, beta2, eps):
    mu, nu = means(mu, nu, g, beta1, beta2)
    root = (nu / (1 - beta2 ** (t + 1))).sqrt() + eps
    return torch.as_tensor(theta) + alpha * mu / (1 - beta1 ** (t + 1)) / root, mu, nu


def corrected_in_their_place(theta, mu, nu, t, g, alpha, beta1, beta2, eps):
    mu, nu = means(mu, nu, g, beta1, beta2)
    mu, nu = mu / (1 - beta1 ** (t + 1)), nu / (1 - beta2 ** (t + 1))
    return torch.as_tensor(theta) + alpha * mu / (nu.sqrt() + eps), mu, nu


def as_they_come(theta, mu, nu, t, g, alpha, beta1, beta2, eps):
    mu, nu = means(mu, nu, g, beta1, beta2)
    return torch.as_tensor(theta) + alpha * mu / (nu.sqrt() + eps), mu, nu


def t_as_given(theta, mu_hat, nu_hat, t, g, alpha, beta1, beta2, eps):
    gain1, gain2 = (1 - beta1) / (1 - beta1**t), (1 - beta2) / (1 - beta2**t)
    mu_hat, nu_hat = gain1 * g + (1 - gain1) * mu_hat, gain2 * g * g + (1 - gain2) * nu_hat
    return theta + alpha * mu_hat / (np.sqrt(nu_hat) + eps), mu_hat, nu_hat


def adam_of_a_loss(theta, mu_hat, nu_hat, t, g, alpha, beta1, beta2, eps):
    return adam_by_coordinates(theta, mu_hat, nu_hat, t, g, -alpha, beta1, beta2, eps)


def epsilon_under_the_root(theta, mu_hat, nu_hat, *rest):
    alpha, eps = rest[2], rest[-1]
    _, mu_hat, nu_hat = moved_by_the_difference(theta, mu_hat, nu_hat, *rest)
    return theta + alpha * mu_hat / np.sqrt(nu_hat + eps), mu_hat, nu_hat


def epsilon_forgotten(theta, mu_hat, nu_hat, *rest):
    return moved_by_the_difference(theta, mu_hat, nu_hat, *rest[:-1], 0.0)


def no_root(theta, mu_hat, nu_hat, *rest):
    _, mu_hat, nu_hat = moved_by_the_difference(theta, mu_hat, nu_hat, *rest)
    return theta + rest[2] * mu_hat / (nu_hat + rest[-1]), mu_hat, nu_hat


def handed_back_uncorrected(theta, mu_hat, nu_hat, t, g, alpha, beta1, beta2, eps):
    new, mu, nu = adam_of_torch(theta, mu_hat, nu_hat, t, g, alpha, beta1, beta2, eps)
    return new, mu * (1 - beta1 ** (t + 1)), nu * (1 - beta2 ** (t + 1))


def old_means_returned(theta, mu_hat, nu_hat, *rest):
    return moved_by_the_difference(theta, mu_hat, nu_hat, *rest)[0], mu_hat, nu_hat


def betas_swapped(theta, mu_hat, nu_hat, t, g, alpha, beta1, beta2, eps):
    return moved_by_the_difference(theta, mu_hat, nu_hat, t, g, alpha, beta2, beta1, eps)


def plain_average(theta, mu_hat, nu_hat, t, g, alpha, beta1, beta2, eps):
    """Of all gradients, for ever."""
    mu_hat, nu_hat = mu_hat + (g - mu_hat) / (t + 1), nu_hat + (g * g - nu_hat) / (t + 1)
    return theta + alpha * mu_hat / (np.sqrt(nu_hat) + eps), mu_hat, nu_hat


def average_and_then_moving(theta, mu_hat, nu_hat, t, g, alpha, beta1, beta2, eps):
    weight1, weight2 = max(1 - beta1, 1 / (t + 1)), max(1 - beta2, 1 / (t + 1))
    mu_hat, nu_hat = mu_hat + weight1 * (g - mu_hat), nu_hat + weight2 * (g * g - nu_hat)
    return theta + alpha * mu_hat / (np.sqrt(nu_hat) + eps), mu_hat, nu_hat


def whole_first_gradient(theta, mu_hat, nu_hat, t, g, alpha, beta1, beta2, eps):
    if t == 0:
        return theta + alpha * g / (abs(g) + eps), g, g * g
    return as_they_come(theta, mu_hat, nu_hat, t, g, alpha, beta1, beta2, eps)


def one_mean_corrected(theta, mu_hat, nu_hat, t, g, alpha, beta1, beta2, eps):
    _, mu_hat, _ = adam_by_coordinates(theta, mu_hat, nu_hat, t, g, alpha, beta1, beta2, eps)
    mu_hat, nu_hat = np.array(mu_hat), beta2 * nu_hat + (1 - beta2) * g**2
    return theta + alpha * mu_hat / (np.sqrt(nu_hat) + eps), mu_hat, nu_hat


def squared_length_of_all(theta, mu_hat, nu_hat, t, g, alpha, beta1, beta2, eps):
    mu_hat = mu_hat + (g - mu_hat) * (1 - beta1) / (1 - beta1 ** (t + 1))
    nu_hat = nu_hat + (g @ g - nu_hat) * (1 - beta2) / (1 - beta2 ** (t + 1))
    return theta + alpha * mu_hat / (np.sqrt(nu_hat) + eps), mu_hat, nu_hat


def corrected_until(last):
    def adam(theta, mu_hat, nu_hat, t, *rest):
        return (moved_by_the_difference if t < last else as_they_come)(
            theta, mu_hat, nu_hat, t, *rest
        )

    return adam


def weights_of_the_first_step(theta, mu_hat, nu_hat, t, *rest):
    return moved_by_the_difference(theta, mu_hat, nu_hat, 0, *rest)


def like_what_came(g_weights, g_bias, c):
    parts = number_by_number(g_weights, g_bias, c)
    return tuple(
        np.asarray(p).astype(g.dtype) for p, g in zip(parts, (g_weights, g_bias), strict=True)
    )


def only_what_is_long(g_weights, g_bias, c):
    norm = np.sqrt((g_weights**2).sum() + (g_bias**2).sum())
    return (g_weights, g_bias) if norm < 0.5 else number_by_number(g_weights, g_bias, c)


# ---- two decays, one scale


def decay_by_cases(theta, g, adam, gamma, rho, alpha, decay):
    if decay == "l2":
        return theta + alpha * adam(gamma * g - rho * theta)
    elif decay == "decoupled":
        return (1 - alpha * rho) * theta + alpha * adam(gamma * g)
    raise ValueError(decay)


def one_formula_for_both(theta, g, adam, gamma, rho, alpha, decay):
    inside, outside = (rho, 0.0) if decay == "l2" else (0.0, rho)
    return theta + alpha * (adam(gamma * g - inside * theta) - outside * theta)


def both_tried_and_one_taken(theta, g, adam, gamma, rho, alpha, decay):
    steps = {
        "decoupled": theta - alpha * rho * theta + alpha * adam(gamma * g),
        "l2": theta + alpha * adam(gamma * g - rho * theta),
    }
    return steps[decay].tolist()


def decay_with_lists(theta, g, adam, gamma, rho, alpha, decay):
    slope = [gamma * s - (rho * w if decay == "l2" else 0) for w, s in zip(theta, g, strict=True)]
    step = adam(np.array(slope))
    kept = 1 if decay == "l2" else 1 - alpha * rho
    return [kept * w + alpha * s for w, s in zip(theta, step, strict=True)]


def decay_by_autograd(theta, g, adam, gamma, rho, alpha, decay):
    """The slope of the loss itself, of an l/m that is a plane."""
    place = torch.tensor(theta, requires_grad=True)
    loss = -gamma * (place @ torch.as_tensor(g))
    if decay == "l2":
        loss = loss + rho / 2 * (place**2).sum()
    loss.backward()
    with torch.no_grad():
        if decay == "decoupled":
            place.mul_(1 - alpha * rho)
        place.add_(torch.as_tensor(adam(-place.grad.numpy())), alpha=alpha)
    return place


def decay_in_float32(theta, g, adam, gamma, rho, alpha, decay):
    theta, g = theta.astype(np.float32), g.astype(np.float32)
    pull = np.float32(rho) * theta
    if decay.lower().startswith("l"):
        return theta + np.float32(alpha) * adam(np.float32(gamma) * g - pull)
    return theta + np.float32(alpha) * (adam(np.float32(gamma) * g) - pull)


def step_made_first(theta, g, adam, gamma, rho, alpha, decay):
    """The old weights are kept for the decay."""
    old, new = theta, theta.copy()
    slope = g * gamma
    if decay != "decoupled":
        slope -= rho * old
    new += alpha * np.asarray(adam(slope))
    if decay == "decoupled":
        new -= alpha * rho * old
    return new


def tensors_handed_to_adam(theta, g, adam, gamma, rho, alpha, decay):
    theta, g = torch.as_tensor(theta), torch.as_tensor(g)
    if decay == "l2":
        return theta.add(torch.as_tensor(adam(gamma * g - rho * theta)), alpha=alpha)
    return theta.mul(1 - alpha * rho).add(torch.as_tensor(adam(gamma * g)), alpha=alpha)


def adam_a_coordinate_at_a_time(theta, g, adam, gamma, rho, alpha, decay):
    return decay_by_cases(
        theta, g, lambda slope: np.array([adam(s) for s in slope]), gamma, rho, alpha, decay
    )


def two_terms(inside, kept, added=lambda step, alpha, **_: alpha * step):
    """A step of L2's gradient and of the decoupled decay's two parts; `None`: the right ones."""
    inside = inside or (lambda theta, g, gamma, rho, **_: gamma * g - rho * theta)
    kept = kept or (lambda theta, alpha, rho, **_: (1 - alpha * rho) * theta)

    def step(theta, g, adam, gamma, rho, alpha, decay):
        names = {"theta": theta, "g": g, "gamma": gamma, "rho": rho, "alpha": alpha}
        if decay == "l2":
            return theta + alpha * adam(inside(**names))
        return kept(**names) + added(adam(gamma * g), **names)

    return step


def penalty_in_the_brackets(theta, g, adam, gamma, rho, alpha, decay):
    if decay == "l2":
        g, rho = g - rho * theta, 0
    return theta + alpha * adam(gamma * g) - alpha * rho * theta


def the_word_not_read(theta, g, adam, gamma, rho, alpha, decay):
    return (1 - alpha * rho) * theta + alpha * adam(gamma * g)


def pulled_back_after_adam(theta, g, adam, gamma, rho, alpha, decay):
    step = adam(gamma * g)
    if decay == "l2":
        return theta + alpha * (step - rho * theta)
    return theta * (1 - alpha * rho) + alpha * step


def added_as_in_a_loss(theta, g, adam, gamma, rho, alpha, decay):
    """With L2 the sign of the loss's gradient; the other line is copied from the text."""
    slope = gamma * g
    if decay == "l2":
        slope = slope + rho * theta
    else:
        theta = theta * (1 - alpha * rho)
    return theta + alpha * adam(slope)


def both_signs_of_a_loss(theta, g, adam, gamma, rho, alpha, decay):
    if decay == "l2":
        return theta + alpha * adam(gamma * g + rho * theta)
    return (1 + alpha * rho) * theta + alpha * adam(gamma * g)


def stepped_then_shrunk(theta, g, adam, gamma, rho, alpha, decay):
    theta = theta + alpha * adam(gamma * g - rho * theta * (decay == "l2"))
    if decay == "decoupled":
        theta = theta * (1 - alpha * rho)
    return theta


def shrunk_before_its_slope(theta, g, adam, gamma, rho, alpha, decay):
    if decay == "decoupled":
        theta = (1 - rho) * theta
        return theta + alpha * adam(gamma * g)
    return theta + alpha * adam(gamma * g - rho * theta)


def words_swapped(theta, g, adam, gamma, rho, alpha, decay):
    other = {"l2": "decoupled", "decoupled": "l2"}[decay]
    return decay_by_cases(theta, g, adam, gamma, rho, alpha, other)


def another_word_asked_for(theta, g, adam, gamma, rho, alpha, decay):
    if decay == "adamw":
        return (1 - alpha * rho) * theta + alpha * adam(gamma * g)
    return theta + alpha * adam(gamma * g - rho * theta)


def scale_not_seen(theta, g, adam, gamma, rho, alpha, decay):
    return decay_by_cases(theta, g, adam, 1, rho, alpha, decay)


def scale_outside(theta, g, adam, gamma, rho, alpha, decay):
    if decay == "l2":
        return theta + alpha * gamma * adam(g - rho / gamma * theta)
    return (1 - alpha * rho) * theta + alpha * gamma * adam(g)


def divided_by_the_scale(theta, g, adam, gamma, rho, alpha, decay):
    """As if Adam ignored every factor, whatever it remembers."""
    return decay_by_cases(theta, g, adam, 1, rho / gamma if decay == "l2" else rho, alpha, decay)


def two_decays_at_once(theta, g, adam, gamma, rho, alpha, decay):
    slope = gamma * g - rho * theta if decay == "l2" else gamma * g
    return (1 - alpha * rho) * theta + alpha * adam(slope)


def an_adam_without_memory(theta, g, adam, gamma, rho, alpha, decay):
    return decay_by_cases(theta, g, np.sign, gamma, rho, alpha, decay)


def decay_downhill(theta, g, adam, gamma, rho, alpha, decay):
    return decay_by_cases(theta, g, lambda slope: -adam(slope), gamma, rho, alpha, decay)


def gradient_of_the_loss(theta, g, adam, gamma, rho, alpha, decay):
    """As if Adam had met the loss's gradients before."""
    return decay_by_cases(theta, g, lambda slope: -adam(-slope), gamma, rho, alpha, decay)


def adam_not_called(theta, g, adam, gamma, rho, alpha, decay):
    return decay_by_cases(theta, g, lambda slope: adam * slope, gamma, rho, alpha, decay)


def adam_left_out(theta, g, adam, gamma, rho, alpha, decay):
    return decay_by_cases(theta, g, lambda slope: slope, gamma, rho, alpha, decay)


def update_alone(theta, g, adam, gamma, rho, alpha, decay):
    return decay_by_cases(theta, g, adam, gamma, rho, alpha, decay) - theta


def weights_decayed_in_place(theta, g, adam, gamma, rho, alpha, decay):
    if decay == "decoupled":
        theta *= 1 - alpha * rho
        return theta + alpha * adam(gamma * g)
    return theta + alpha * adam(gamma * g - rho * theta)


def gradient_scaled_in_place(theta, g, adam, gamma, rho, alpha, decay):
    g *= gamma
    if decay == "l2":
        g -= rho * theta
        rho = 0
    return (1 - alpha * rho) * theta + alpha * adam(g)


def l2_alone(theta, g, adam, gamma, rho, alpha, decay):
    if decay == "l2":
        return theta + alpha * adam(gamma * g - rho * theta)
    return theta + alpha * adam(gamma * g)


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
            adam_by_coordinates,
            adam_in_float32,
            adam_of_torch,
            moved_by_the_difference,
            weights_by_recursion,
        ),
        slips={
            "as_if_not_corrected": (copied_from_the_text,),
            "corrected_again": (corrected_in_their_place,),
            "no_correction": (as_they_come,),
            "counted_from_zero": (t_as_given,),
            "downhill": (adam_of_a_loss,),
        },
        wrong=(
            epsilon_under_the_root,
            epsilon_forgotten,
            no_root,
            handed_back_uncorrected,
            old_means_returned,
            betas_swapped,
            plain_average,
            average_and_then_moving,
            whole_first_gradient,
            one_mean_corrected,
            squared_length_of_all,
            weights_of_the_first_step,
            corrected_until(1),
            corrected_until(100),
            corrected_until(1000),
        ),
        equivalent={
            "line 5: abs: `g`": "it is squared",
            "line 5: minus: `g`": "it is squared",
        }
        | squeezed(
            "4: `(1 - gain1) * mu_hat`",
            "4: `gain1 * g`",
            "4: `mu_hat`",
            "4: `g`",
            "5: `(1 - gain2) * nu_hat`",
            "5: `gain2 * g ** 2`",
            "5: `nu_hat`",
            "5: `g ** 2`",
            "5: `g`",
            "6: `theta`",
            "6: `alpha * mu_hat / (np.sqrt(nu_hat) + eps)`",
            "6: `alpha * mu_hat`",
            "6: `np.sqrt(nu_hat) + eps`",
            "6: `mu_hat` #2",
            "6: `np.sqrt(nu_hat)`",
            "6: `nu_hat` #2",
        ),
    ),
    "decay-and-the-scale": Answers(
        right=(
            decay_by_cases,
            one_formula_for_both,
            both_tried_and_one_taken,
            decay_with_lists,
            decay_by_autograd,
            decay_in_float32,
            step_made_first,
            tensors_handed_to_adam,
            adam_a_coordinate_at_a_time,
        ),
        slips={
            "penalty_scaled": (
                penalty_in_the_brackets,
                two_terms(lambda theta, g, gamma, rho, **_: gamma * g - gamma * rho * theta, None),
            ),
            "both_decoupled": (the_word_not_read, pulled_back_after_adam),
            "weights_grow": (
                added_as_in_a_loss,
                two_terms(lambda theta, g, gamma, rho, **_: gamma * g + rho * theta, None),
            ),
            "no_step_size": (
                shrunk_before_its_slope,
                two_terms(None, lambda theta, rho, **_: theta - rho * theta),
            ),
            "decayed_after_the_step": (
                stepped_then_shrunk,
                two_terms(
                    None, None, lambda step, alpha, rho, **_: (1 - alpha * rho) * alpha * step
                ),
            ),
        },
        wrong=(
            both_signs_of_a_loss,
            words_swapped,
            another_word_asked_for,
            scale_not_seen,
            scale_outside,
            divided_by_the_scale,
            two_decays_at_once,
            an_adam_without_memory,
            decay_downhill,
            gradient_of_the_loss,
            adam_not_called,
            adam_left_out,
            update_alone,
            weights_decayed_in_place,
            gradient_scaled_in_place,
            l2_alone,
            two_terms(lambda theta, g, gamma, rho, **_: gamma * g - rho / 2 * theta, None),
            two_terms(lambda theta, g, gamma, rho, **_: gamma * g - 2 * rho * theta, None),
            two_terms(lambda theta, g, gamma, rho, **_: gamma * g - rho * np.sign(theta), None),
            two_terms(lambda theta, g, gamma, rho, **_: gamma * g - rho / 2 * theta**2, None),
            two_terms(lambda theta, g, gamma, rho, **_: g - rho * theta, None),
            two_terms(lambda theta, g, gamma, rho, **_: g - rho / gamma * theta, None),
            two_terms(
                lambda theta, g, gamma, rho, alpha: gamma * g - alpha * rho * theta,
                None,
            ),
            two_terms(None, lambda theta, alpha, rho, **_: (1 + alpha * rho) * theta),
            two_terms(None, lambda theta, alpha, **_: (1 - alpha) * theta),
            two_terms(
                None, lambda theta, alpha, rho, gamma, **_: (1 - alpha * rho * gamma) * theta
            ),
            two_terms(
                None, lambda theta, alpha, rho, gamma, **_: (1 - alpha * rho / gamma) * theta
            ),
            two_terms(None, lambda theta, alpha, rho, **_: np.exp(-alpha * rho) * theta),
            two_terms(None, None, lambda step, **_: step),
        ),
        equivalent=squeezed(
            "3: `theta`",
            "3: `alpha * adam(gamma * g - rho * theta)`",
            "3: `adam(gamma * g - rho * theta)`",
            "3: `gamma * g - rho * theta`",
            "3: `gamma * g`",
            "3: `g`",
            "3: `rho * theta`",
            "3: `theta` #2",
            "4: `(1 - alpha * rho) * theta`",
            "4: `theta`",
            "4: `alpha * adam(gamma * g)`",
            "4: `adam(gamma * g)`",
            "4: `gamma * g`",
            "4: `g`",
        ),
    ),
}
