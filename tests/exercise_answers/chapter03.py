"""Answers to the exercises of chapter 3."""

import numpy as np
import torch

from exercise_answers import Answers


def loops(gradients, indices):
    total = [0.0] * gradients.shape[1]
    for j in indices:
        for k in range(gradients.shape[1]):
            total[k] += gradients[j, k]
    return [len(gradients) * t / len(indices) for t in total]


def in_torch(gradients, indices):
    g = torch.as_tensor(gradients)
    return g[torch.as_tensor(indices)].mean(0) * g.shape[0]


def no_factor(gradients, indices):
    total = np.zeros(gradients.shape[1])
    for j in indices:
        total = total + gradients[j]
    return total


def mean_of_batch(gradients, indices):
    return sum(gradients[j] for j in indices) / len(indices)


def divided_twice(gradients, indices):
    b = len(indices)
    return len(gradients) * gradients[indices].sum(axis=0) / b**2


def as_a_set(gradients, indices):
    batch = set(indices.tolist())
    return len(gradients) / len(batch) * sum(gradients[j] for j in batch)


def one_number(gradients, indices):
    return len(gradients) / len(indices) * np.sum(gradients[indices])


ANSWERS = {
    "minibatch-gradient": Answers(
        right=(loops, in_torch),
        slips={
            "batch_sum": (no_factor,),
            "batch_mean": (mean_of_batch,),
            "factor_twice": (divided_twice,),
            "distinct_rows": (as_a_set,),
            "everything_added": (one_number,),
        },
        wrong=(lambda gradients, indices: gradients.sum(axis=0),),
    ),
}
