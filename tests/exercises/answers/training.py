"""Answers to the exercises of a chapter."""

import numpy as np
import torch

from tests.exercises.answers import Answers

# ---- one update, four scales


def in_front_of_the_sum(alpha, old, new, m, b, n):
    """By what stands in front of the sum over all entries of the batch."""
    factor = {"estimate": m / b, "sum": 1, "mean over b": 1 / b, "mean over b n": 1 / (b * n)}
    return alpha * factor[old] / factor[new]


def by_way_of_the_estimate(alpha, old, new, m, b, n):
    if old == "sum":
        alpha = alpha * b / m
    elif old == "mean over b":
        alpha = alpha / m
    elif old == "mean over b n":
        alpha = alpha / (m * n)
    if new == "sum":
        return alpha * m / b
    if new == "mean over b":
        return alpha * m
    return alpha * m * n if new == "mean over b n" else alpha


def logarithms(alpha, old, new, m, b, n):
    names = ["estimate", "sum", "mean over b", "mean over b n"]
    sizes = torch.tensor([1, m / b, m, m * n], dtype=torch.float32).log()
    return alpha * torch.exp(sizes[names.index(new)] - sizes[names.index(old)])


def measured(alpha, old, new, m, b, n):
    """By the derivatives of the four losses at entries that are all s."""

    def slope(scale):
        s = torch.tensor(1.0, dtype=torch.float64, requires_grad=True)
        entries = s.expand(b, n)
        losses = {
            "estimate": m / b * entries.sum(),
            "sum": entries.sum(),
            "mean over b": entries.sum(1).mean(),
            "mean over b n": entries.mean(),
        }
        return torch.autograd.grad(losses[scale], s)[0]

    return alpha * slope(old) / slope(new)


def by_table(table):
    """From the step sizes of a table, that of the estimate being 1."""

    def step_size(alpha, old, new, m, b, n):
        sizes = dict(
            zip(["estimate", "sum", "mean over b", "mean over b n"], table(m, b, n), strict=True)
        )
        return alpha / sizes[old] * sizes[new]

    return step_size


def factors_for_step_sizes(alpha, old, new, m, b, n):
    factor = {"estimate": m / b, "sum": 1, "mean over b": 1 / b, "mean over b n": 1 / (b * n)}
    return alpha * factor[new] / factor[old]


def new_column_only(alpha, old, new, m, b, n):
    if new == "estimate":
        return alpha
    return alpha * {"sum": m / b, "mean over b": m, "mean over b n": m * n}[new]


def old_column_only(alpha, old, new, m, b, n):
    return (
        alpha * {"estimate": 1, "sum": b / m, "mean over b": 1 / m, "mean over b n": 1 / m / n}[old]
    )


def other_names(alpha, old, new, m, b, n):
    sizes = {"estimate": 1, "sum": m / b, "mean": m, "mean over n": m * n}
    return alpha * sizes[new] / sizes[old]


# ---- the training step


def row_by_row(model, optimizer, batch, m):
    model.zero_grad()
    total = 0.0
    for row in batch:
        loss = -m / batch.shape[0] * model.log_prob(row[None]).sum()
        loss.backward()
        total += loss.item()
    optimizer.step()
    return total


def gradients_put_in(model, optimizer, batch, m):
    model.zero_grad()
    loss = -m * model.log_prob(batch).mean()
    loss.backward()
    for parameter in model.parameters():
        parameter.grad = 1.0 * parameter.grad
    optimizer.step()
    return loss


def by_a_closure(model, optimizer, batch, m):
    def closure():
        optimizer.zero_grad()
        loss = -(m / len(batch)) * model(batch).sum()
        loss.backward()
        return loss

    return float(optimizer.step(closure))


def mean_scaled_afterwards(model, optimizer, batch, m):
    for parameter in model.parameters():
        parameter.grad = None
    loss = -model.log_prob(batch.float()).mean()
    loss.backward()
    for parameter in model.parameters():
        parameter.grad *= m
    optimizer.step()
    return m * loss.item()


def by_hand(model, optimizer, batch, m):
    optimizer.zero_grad(set_to_none=False)
    height = m * model.log_prob(batch).mean()
    height.backward()
    for parameter in model.parameters():
        parameter.data += optimizer.param_groups[0]["lr"] * parameter.grad
    return -height.item()


def step_with(loss_of, calls="zero backward step"):
    """A step with another loss, or with its calls left out or in another order."""

    def step(model, optimizer, batch, m):
        loss = loss_of(model.log_prob(batch), m)
        for call in calls.split():
            {"zero": model.zero_grad, "backward": loss.backward, "step": optimizer.step}[call]()
        return loss.item()

    return step


def right_loss(log_p, m):
    return -m * log_p.mean()


def only_the_loss(model, optimizer, batch, m):
    return right_loss(model.log_prob(batch), m).item()


def loss_after_the_step(model, optimizer, batch, m):
    row_by_row(model, optimizer, batch, m)
    return only_the_loss(model, optimizer, batch, m)


def loss_of_one_sample(model, optimizer, batch, m):
    return row_by_row(model, optimizer, batch, m) / m


def log_likelihood(model, optimizer, batch, m):
    return -row_by_row(model, optimizer, batch, m)


def a_step_for_each_row(model, optimizer, batch, m):
    return sum(row_by_row(model, optimizer, row[None], m) for row in batch) / len(batch)


def first_row_only(model, optimizer, batch, m):
    return row_by_row(model, optimizer, batch[:1], m)


def uphill_with_the_right_loss(model, optimizer, batch, m):
    height = step_with(lambda log_p, m: -right_loss(log_p, m))
    return -height(model, optimizer, batch, m)


def over_variables_too(model, optimizer, batch, m):
    return step_with(lambda log_p, m: right_loss(log_p, m) / batch.shape[1])(
        model, optimizer, batch, m
    )


def step_size_multiplied(model, optimizer, batch, m):
    optimizer.param_groups[0]["lr"] *= m  # and so it stays, for the next batch
    return m * step_with(lambda log_p, m: -log_p.mean())(model, optimizer, batch, m)


def step_size_guessed(model, optimizer, batch, m):
    optimizer.zero_grad()
    loss = right_loss(model.log_prob(batch), m)
    loss.backward()
    for parameter in model.parameters():
        parameter.data -= 0.02 * parameter.grad
    return loss.item()


def another_optimiser(model, optimizer, batch, m):
    """The first step of Adam."""
    optimizer.zero_grad()
    loss = right_loss(model.log_prob(batch), m)
    loss.backward()
    for parameter in model.parameters():
        parameter.data -= optimizer.param_groups[0]["lr"] * np.sign(parameter.grad)
    return loss.item()


def one_parameter_only(model, optimizer, batch, m):
    loss = right_loss(model.log_prob(batch), m)
    model.zero_grad()
    loss.backward()
    (parameter,) = model.parameters()
    parameter.grad[1:] = 0
    optimizer.step()
    return loss.item()


def batch_erased(model, optimizer, batch, m):
    loss = row_by_row(model, optimizer, batch, m)
    batch.data[...] = 0
    return loss


def every_samples_loss(model, optimizer, batch, m):
    row_by_row(model, optimizer, batch, m)
    return -m * model.log_prob(batch)


def nudged(model, optimizer, batch, m):
    loss = row_by_row(model, optimizer, batch, m)
    next(model.parameters()).data += 1e-2 * np.random.default_rng().normal()
    return loss


# ---- micro-batches


def cut(batch, size):
    return [batch[start : start + size] for start in range(0, len(batch), size)]


def lists(gradient, batch, size):
    total = None
    for part in cut(batch, size):
        added = [len(part) * float(entry) for entry in gradient(part)]
        total = added if total is None else [a + c for a, c in zip(total, added, strict=True)]
    return [entry / len(batch) for entry in total]


def split_in_torch(gradient, batch, size):
    total = 0
    for part in torch.as_tensor(batch, dtype=torch.float32).split(size):
        total = total + len(part) * torch.as_tensor(gradient(part))
    return total / len(batch)


def one_row_at_a_time(gradient, batch, size):
    return np.mean([gradient(row[None]) for row in batch], axis=0)


def weighted_average(gradient, batch, size):
    parts = np.split(batch, range(size, len(batch), size))
    return np.average([gradient(part) for part in parts], axis=0, weights=[*map(len, parts)])


def parts_of_nearly_one_size(gradient, batch, size):
    parts = np.array_split(batch, -(-len(batch) // size))
    return sum(len(part) / len(batch) * gradient(part) for part in parts)


def running_mean(gradient, batch, size):
    mean, seen = 0, 0
    for part in cut(batch, size):
        seen += len(part)
        mean = mean + len(part) / seen * (gradient(part) - mean)
    return mean


def averaged_over_parts(gradient, batch, size):
    parts = cut(batch, size)
    return sum(gradient(part) / len(parts) for part in parts)


def added_up(gradient, batch, size):
    total = 0
    for part in cut(batch, size):
        total = total + gradient(part)
    return total


def size_for_every_part(gradient, batch, size):
    return sum(size * gradient(part) for part in cut(batch, size)) / len(batch)


def overwritten(gradient, batch, size):
    weighted = [len(part) * gradient(part) for part in cut(batch, size)]
    return weighted[-1] / len(batch)


def full_parts_over_b(gradient, batch, size):
    total = 0
    for k in range(len(batch) // size):
        total = total + size * gradient(batch[k * size : (k + 1) * size])
    return total / len(batch)


def full_parts_averaged(gradient, batch, size):
    full = [part for part in cut(batch, size) if len(part) == size]
    return np.mean([gradient(part) for part in full], axis=0)


def never_divided(gradient, batch, size):
    return sum(len(part) * gradient(part) for part in cut(batch, size))


def divided_only(gradient, batch, size):
    return sum(gradient(part) for part in cut(batch, size)) / len(batch)


def divided_by_what_would_fit(gradient, batch, size):
    parts = cut(batch, size)
    return sum(len(part) * gradient(part) for part in parts) / (len(parts) * size)


def all_at_once(gradient, batch, size):
    return gradient(batch)


def size_parts(gradient, batch, size):
    parts = np.array_split(batch, size)
    return sum(len(part) * gradient(part) for part in parts) / len(batch)


def an_empty_part(gradient, batch, size):
    parts = [batch[k * size : (k + 1) * size] for k in range(len(batch) // size + 1)]
    return sum(len(part) * gradient(part) for part in parts) / len(batch)


def rows_without_their_axis(gradient, batch, size):
    return np.mean([gradient(row) for row in batch], axis=0)


def loss_and_size(model, optimizer, batch, m):
    return row_by_row(model, optimizer, batch, m), m


ANSWERS = {
    "same-update": Answers(
        right=(in_front_of_the_sum, by_way_of_the_estimate, logarithms, measured),
        slips={
            "upside_down": (factors_for_step_sizes,),
            "old_scale_ignored": (new_column_only,),
            "sum_as_estimate": (by_table(lambda m, b, n: (1, 1, m, m * n)),),
            "variables_forgotten": (by_table(lambda m, b, n: (1, m / b, m, m)),),
            "batch_for_data": (by_table(lambda m, b, n: (1, m / b, b, b * n)),),
        },
        wrong=(
            old_column_only,
            other_names,
            by_table(lambda m, b, n: (1, b / m, m, m * n)),
            by_table(lambda m, b, n: (1, b, m, m * n)),
            by_table(lambda m, b, n: (1, m / b, m, b * n)),
            by_table(lambda m, b, n: (1, m / b, m, n)),
            by_table(lambda m, b, n: (m / b, 1, b, b * n)),
            by_table(lambda m, b, n: (1, m / min(b, 2000), m, m * n)),
            by_table(lambda m, b, n: (1, m / b, m, m * min(n, 784))),
            lambda alpha, old, new, m, b, n: alpha,
        ),
        equivalent={"what it gave for the same shapes and numbers": "nothing else is given"},
    ),
    "train-step": Answers(
        right=(row_by_row, gradients_put_in, by_a_closure, mean_scaled_afterwards, by_hand),
        slips={
            "gradient_kept": (
                step_with(right_loss, "backward step"),
                step_with(right_loss, "backward step zero"),
            ),
            "downhill": (step_with(lambda log_p, m: m * log_p.mean()),),
            "mean_of_the_batch": (step_with(lambda log_p, m: -log_p.mean()),),
            "sum_of_the_batch": (step_with(lambda log_p, m: -log_p.sum()),),
            "step_before_backward": (
                step_with(right_loss, "zero step backward"),
                step_with(right_loss, "zero backward"),
                step_with(right_loss, "zero step"),
                step_with(right_loss, "backward zero step"),
                only_the_loss,
            ),
        },
        wrong=(
            loss_and_size,
            loss_after_the_step,
            loss_of_one_sample,
            log_likelihood,
            a_step_for_each_row,
            first_row_only,
            uphill_with_the_right_loss,
            over_variables_too,
            step_with(lambda log_p, m: -m / len(log_p) * log_p.mean()),
            step_with(lambda log_p, m: -m * log_p.sum()),
            step_with(lambda log_p, m: -m * log_p),
            step_with(right_loss, "zero backward step step"),
            step_with(right_loss, "step zero backward"),
            step_size_multiplied,
            step_size_guessed,
            another_optimiser,
            one_parameter_only,
            batch_erased,
            every_samples_loss,
            nudged,
            lambda model, optimizer, batch, m: 0.0,
            lambda model, optimizer, batch, m: 1 / 0,
            lambda batch, m: 0.0,
        ),
        equivalent={
            "line 6: `loss.item()` → `loss`": "a tensor of one number is a number",
            "line 2: `optimizer` → `model`": "both clear the same gradients",
            "line 4: plus 1e-3: `loss`": "a constant has no gradient",
            "what it gave for another earlier": "what an earlier batch left is cleared",
        },
    ),
    "unequal-micro-batches": Answers(
        right=(
            lists,
            split_in_torch,
            one_row_at_a_time,
            weighted_average,
            parts_of_nearly_one_size,
            running_mean,
        ),
        slips={
            "mean_of_means": (averaged_over_parts,),
            "sum_of_means": (added_up,),
            "nominal_size": (size_for_every_part,),
            "last_part_alone": (overwritten,),
            "short_part_lost": (full_parts_over_b,),
        },
        wrong=(
            full_parts_averaged,
            never_divided,
            divided_only,
            divided_by_what_would_fit,
            all_at_once,
            size_parts,
            an_empty_part,
            rows_without_their_axis,
        ),
        equivalent={"line 5: squeeze: `total`": "one number is added as an array of one is"},
    ),
}
