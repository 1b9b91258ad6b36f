"""A run that is stopped and goes on from what was saved, to be mended."""

import copy
from typing import Any

import numpy as np

from mle_lib.exercises.code import CodeExercise, Function, Slip, Verdict
from mle_lib.exercises.results import Result
from mle_lib.exercises.trials import Arguments, Draw


def go_on(saved, steps, gradient, m, b, alpha, mu):
    theta, velocity = saved["theta"], saved.get("velocity", 0.0)
    rng, rest = np.random.default_rng(), saved.get("rest", [])
    rng.bit_generator.state = saved["rng"]
    for _ in range(steps):
        if len(rest) == 0:
            rest = rng.permutation(m)
        batch, rest = rest[:b], rest[b:]
        velocity = mu * velocity + gradient(theta, batch)
        theta = theta + alpha * velocity
    state = rng.bit_generator.state
    return {"theta": theta, "velocity": velocity, "rest": rest, "rng": state}


def without(*forgotten: str) -> Function:
    """The solution, but what is forgotten is not saved."""

    def go_on_without(*arguments: Any) -> dict[str, Any]:
        saved = go_on(*arguments)
        return {name: value for name, value in saved.items() if name not in forgotten}

    return go_on_without


def velocity_forgotten(saved, steps, gradient, m, b, alpha, mu):
    return without("velocity")(saved, steps, gradient, m, b, alpha, mu)


def rest_forgotten(saved, steps, gradient, m, b, alpha, mu):
    return without("rest")(saved, steps, gradient, m, b, alpha, mu)


def both_forgotten(saved, steps, gradient, m, b, alpha, mu):
    return without("velocity", "rest")(saved, steps, gradient, m, b, alpha, mu)


def old_generator(saved, steps, gradient, m, b, alpha, mu):
    return go_on(saved, steps, gradient, m, b, alpha, mu) | {"rng": saved["rng"]}


def refused(message: str) -> Verdict:
    return Verdict(Result("mend-a-resume", "incorrect", message))


def stopped_after(answer: Function) -> Function:
    """Theta at each stop of a run whose every part knows only what the one before it has saved.

    Before the last part is made once more, another run is made: an answer that keeps something
    elsewhere than in what it returns goes on from what that has left.
    """

    def run(
        theta: np.ndarray,
        x: np.ndarray,
        b: int,
        alpha_times_m: float,
        mu: float,
        steps_of_each_call: Any,
        seed: int,
    ) -> Any:
        m, at_stops = len(x), []
        begun = {"theta": 1.0 * theta, "rng": np.random.default_rng(seed).bit_generator.state}
        saved: Any = begun

        def gradient(theta: Any, batch: Any) -> np.ndarray:
            rows = x[np.asarray(batch, int)]
            return m / len(rows) * (rows - np.asarray(theta)).sum(axis=0)

        def part(saved: Any, count: int) -> Any:
            try:
                read = copy.deepcopy(saved)  # as if from a file
            except TypeError as error:
                raise refused(f"What you return cannot be saved: {error}.") from error
            return answer(read, int(count), gradient, m, b, alpha_times_m / m, mu)

        for count in steps_of_each_call:
            before, saved = saved, part(saved, count)
            if saved is None or saved is ...:
                return saved
            if not isinstance(saved, dict) or "theta" not in saved:
                raise refused('Return a dictionary with `"theta"` in it, as the program does.')
            at_stops.append(1.0 * np.asarray(saved["theta"]))
        part(begun, 1)
        again = np.asarray(part(before, steps_of_each_call[-1])["theta"])
        if not np.array_equal(again, at_stops[-1], equal_nan=True):
            raise refused(
                "From the same `saved`, your function went on in two ways. Is there chance in it, "
                "or something that it remembers from call to call? After a stop that is gone."
            )
        return tuple(at_stops)

    return run


SEED = 11  # two samples come again where the first pass begins anew


def estimates(answer: Function) -> str:
    x, b = np.array([1.0, 2.0, 4.0, 8.0, 16.0, 32.0])[:, None], 2
    visited: list[int] = []

    def gradient(theta: Any, batch: Any) -> np.ndarray:
        visited.extend(int(j) for j in batch)
        rows = x[np.asarray(batch, int)]
        return len(x) / len(rows) * (rows - np.asarray(theta)).sum(axis=0)

    def run(*steps: int) -> float:
        visited.clear()
        rng = np.random.default_rng(SEED)
        saved: dict[str, Any] = {"theta": np.zeros(1), "rng": rng.bit_generator.state}
        for count in steps:
            saved = answer(copy.deepcopy(saved), count, gradient, len(x), b, 0.02, 0.9)
        return float(np.asarray(saved["theta"]).sum())

    whole = run(6)
    stopped = run(1, 5)
    counts = np.bincount(visited[: len(x)], minlength=len(x))
    named = {"more than once": _listed(counts > 1), "never": _listed(counts == 0)}
    visits = " and ".join(f"{which} {often}" for often, which in named.items() if which)
    off = abs(stopped - whole) / (abs(whole) or 1.0)
    much = f"{100 * off:.0f} %" if off >= 0.005 else "less than 1 %"
    ends = "where it ends without the stop" if off < 1e-12 else f"{much} off"
    return (
        f"Of samples 0 to 5 in batches of 2, with a stop after the first of 6 steps, your first "
        f"pass visits {visits or 'each once'}, and $\\theta$ ends {ends}."
    )


def _listed(which: np.ndarray) -> str:
    return " and ".join(map(str, np.flatnonzero(which)))


def draw(d: Draw) -> Arguments:
    m, p = d.size("m", 1, 12, far=307), d.size("p", 1, 4, far=31)
    steps = np.array([d.size("first", 0, 9), d.size("then", 1, 14, far=103), 2])
    seed = d.size("seed", 0, 99)
    b = 1 + (d.size("b", 1, 10, far=101) - 1) % m
    x, theta = d.reals("x", m, p, upto=300), d.reals("theta", p, upto=300)
    rate, mu = d.number("rate", 1e-2, 0.5), d.number("mu", 0.1, 0.95)
    return theta, x, b, rate, mu, steps, seed


EXERCISE = CodeExercise(
    id="mend-a-resume",
    title="As if never stopped",
    answer=go_on,
    draw=draw,
    # far from the origin, and near it
    cases=lambda rng: [
        (start, x, 2, 0.3, 0.9, np.array([1, 4, 2]), 0)
        for start, x in (
            (np.zeros(2), 1000 * rng.normal(size=(5, 2))),
            (np.array([7000.0, -5000.0]), 2000 + 1000 * rng.normal(size=(5, 2))),
            (np.array([3e-4]), 1e-4 * rng.normal(size=(5, 1))),
        )
    ],
    adapt=stopped_after,
    stage="mend",
    given="both_forgotten",
    estimates=estimates,
    slips=(
        Slip(
            both_forgotten,
            "After a stop your run starts a new pass, so some samples come twice before others "
            "come once; and its velocity starts from 0, so its first steps are short.",
        ),
        Slip(
            velocity_forgotten,
            "The samples now come in the right order. But after a stop the velocity starts from 0: "
            "with $\\mu = 0.9$, the first step is then one gradient long, where without the stop "
            "it may be ten.",
        ),
        Slip(
            rest_forgotten,
            "The velocity now survives. But after a stop a new pass starts: what was left of the "
            "old one is not visited, and some samples come twice before others come once.",
        ),
        Slip(
            old_generator,
            "You return the generator's state as it was given to you: after a stop it draws "
            "permutations that it drew before.",
        ),
    ),
    hints=(
        "Which names does a step use that an earlier step has set?",
        "Two of these are set anew at each call: `velocity` and `rest`.",
        'Return them as well, and begin with `saved.get("velocity", 0.0)`, and with '
        '`saved.get("rest", [])`: before the first call nothing was saved.',
    ),
    why="What is saved is all that the next step depends on: then a stop changes nothing.",
    note="`fit` saves the same four things: parameters, the optimiser's state, the place in the "
    "pass and the generator's state.",
)
