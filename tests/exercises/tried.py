"""Which exercises are as they were when all answers were last tried on them: `tried.json`.

    python -m tests.exercises.tried

tries all answers of the others, and writes the digests of those that pass. A digest is of all that
the outcome comes from: the exercise, its answers, the checker, NumPy. A push tries what has another
digest than is written; `make soak` tries all.
"""

import json
import subprocess
import sys
from functools import cache
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

import mle_lib.exercises
from mle_lib.exercises.code import CodeExercise
from mle_lib.exercises.registry import by_id
from tests.exercises.mutants import digest

WRITTEN = Path(__file__).with_name("tried.json")
TESTS = Path(__file__).with_name("test_exercises.py")
CHECKER = sorted(Path(mle_lib.exercises.__file__).parent.glob("*.py"))


@cache
def of_all() -> str:
    """What is the same for every exercise: the checker, what is asked of answers, NumPy."""
    parts = [path.read_bytes() for path in (*CHECKER, TESTS, Path(__file__))]
    return sha256(b"".join([*parts, np.__version__.encode()])).hexdigest()


def now(exercise: CodeExercise) -> str:
    own = Path(str(sys.modules[exercise.answer.__module__].__file__))
    answers = TESTS.with_name("answers") / f"{own.parent.name}.py"
    parts = [of_all().encode(), digest(exercise).encode(), own.read_bytes(), answers.read_bytes()]
    return sha256(b"".join(parts)).hexdigest()[:16]


@cache
def written() -> dict[str, str]:
    return json.loads(WRITTEN.read_text("utf-8")) if WRITTEN.exists() else {}


def own_checks() -> list[CodeExercise]:
    """Each exercise with a check of its own: stages of one function share one."""
    return [e for _, e in by_id().values() if isinstance(e, CodeExercise) and not e.of]


def is_new(exercise: CodeExercise) -> bool:
    return written().get(exercise.id) != now(exercise)


def main() -> int:
    """0 if all answers were judged as they should be, which is written then."""
    new = [e.id for e in own_checks() if is_new(e)]
    if not new:
        return 0
    command = ["-m", "pytest", "-q", str(TESTS), "-m", "soak or not soak", "-k", " or ".join(new)]
    if code := subprocess.call([sys.executable, *command]):
        return code
    WRITTEN.write_text(json.dumps({e.id: now(e) for e in own_checks()}, indent=1) + "\n", "utf-8")
    return 0


# for tests: at a push each exercise that has changed
every_changed_exercise = pytest.mark.parametrize(
    "exercise",
    [pytest.param(e, id=e.id, marks=[pytest.mark.soak] * (not is_new(e))) for e in own_checks()],
)

if __name__ == "__main__":
    sys.exit(main())
