"""A schedule with warm-up and decay, to be mended."""

import numpy as np

from mle_lib.exercises.code import CodeExercise, Function, Slip
from mle_lib.exercises.trials import Arguments, Draw


def steps_taken(alpha, gamma, warm_up, passes, batches):
    taken = []
    decay = 1.0
    for k in range(passes):
        for j in range(batches):
            t = k * batches + j
            taken.append(alpha * decay * min(1, (t + 1) / warm_up))
        decay = decay * gamma
    return np.array(taken)


def decayed_by(power, alpha, warm_up, batches, passes, first):
    """The step sizes where step t is multiplied by a power of gamma, and t counts from first."""
    t = np.arange(passes * batches)
    return alpha * power(t) * np.minimum(1, (t + first) / warm_up)


def decay_at_every_batch(alpha, gamma, warm_up, passes, batches):
    return decayed_by(lambda t: gamma**t, alpha, warm_up, batches, passes, 1)


def first_step_of_zero(alpha, gamma, warm_up, passes, batches):
    return decayed_by(lambda t: gamma ** (t // batches), alpha, warm_up, batches, passes, 0)


def both_faults(alpha, gamma, warm_up, passes, batches):
    return decayed_by(lambda t: gamma**t, alpha, warm_up, batches, passes, 0)


def decay_of_the_decayed(alpha, gamma, warm_up, passes, batches):
    k = np.arange(passes * batches) // batches
    return decayed_by(lambda t: gamma ** (k * (k + 1) / 2), alpha, warm_up, batches, passes, 1)


def decay_a_pass_too_early(alpha, gamma, warm_up, passes, batches):
    return gamma * steps_taken(alpha, gamma, warm_up, passes, batches)


def draw(d: Draw) -> Arguments:
    passes, batches = d.size("passes", 1, 6, far=103), d.size("batches", 1, 12, far=107)
    alpha, gamma = d.number("alpha", 1e-3, 100), d.number("gamma", 0.05, 1)
    return alpha, gamma, d.size("warm_up", 1, 40, far=997), passes, batches


def what_it_takes(steps: Function) -> str:
    """The steps of three passes of four batches, and their two sums."""
    case = 1.0, 0.5, 4, 3, 4
    sizes, asked = np.asarray([*steps(*case)], dtype=float).ravel(), steps_taken(*case)
    listed = ", ".join(f"{size:.3g}" for size in sizes)
    return (
        "With `alpha` = 1, `gamma` = 0.5, a warm-up of 4 steps and 3 passes of 4 batches its step "
        f"sizes are {listed}. They add up to {sizes.sum():.3g}, their squares to "
        f"{(sizes**2).sum():.3g}; those asked for to {asked.sum():.3g} and "
        f"{(asked**2).sum():.3g}."
    )


EXERCISE = CodeExercise(
    id="mend-a-schedule",
    title="Warm-up and decay",
    answer=steps_taken,
    draw=draw,
    slips=(
        Slip(
            decay_at_every_batch,
            "The warm-up is right. But the step size is multiplied by `gamma` after every *batch*: "
            "a pass of $K$ batches decays it by `gamma` to the power $K$, and the run is all but "
            "over after a few passes.",
        ),
        Slip(
            first_step_of_zero,
            "The decay is right. But step 0 has the size 0: its batch is computed for nothing, and "
            "the warm-up ends a step late.",
        ),
        Slip(
            both_faults,
            "The first step has the size 0, and after every *batch* the step size is multiplied by "
            "`gamma`, which belongs to a pass.",
        ),
        Slip(
            decay_of_the_decayed,
            "Pass $k$ (the first is 0) is multiplied by `gamma` to the power $k(k+1)/2$: what was "
            "already decayed is multiplied by `gamma` to the power $k$ again.",
        ),
        Slip(
            decay_a_pass_too_early,
            "All steps are `gamma` times as long as they should be: the first pass is already "
            "decayed.",
        ),
    ),
    hints=(
        "Write down the first steps for `alpha` = 1, `gamma` = 0.5, `warm_up` = 2 and passes of 2 "
        "batches, by the task and by the program.",
        "How often is `decay` multiplied in a pass? The indentation of its line says it.",
        "What is $t$ at the first step, and what should be there in its place?",
    ),
    why="The sum of the step sizes limits how far a run can walk: one that decays too fast stops "
    "before the top.",
    note="In PyTorch the first fault is `scheduler.step()` in the inner loop, with a scheduler "
    "whose numbers count passes. No error is raised: the run just stops early, and looks "
    "converged.",
    estimates=what_it_takes,
    stage="mend",
    given="both_faults",
)
