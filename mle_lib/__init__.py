"""Maximum likelihood, one mini-batch at a time: the library behind the book.

Import the module you need, for example ``from mle_lib import minibatch``. Importing ``mle_lib``
itself loads nothing heavy (no torch), seeds nothing and changes no setting.

The annotations of the library are checked where a function is called: an argument of another type
is a ``ValueError`` that names it. Numbers and flags are left to ``mle_lib.checks``, because one of
NumPy or torch is as good as Python's own, and words to the functions, which know the choice.
"""

from collections.abc import Iterable
from typing import Any, get_origin

from beartype import BeartypeConf, BeartypeViolationVerbosity, FrozenDict
from beartype.claw import beartype_this_package

__version__ = "0.1.0"


class _Checked(FrozenDict):
    """What is checked in place of an annotation. Of a sequence, not what is in it: beartype would
    look at one entry, chosen by Python's own random numbers, which are not ours to draw."""

    def get(self, hint: Any, default: Any = None) -> Any:
        kind = get_origin(hint)
        if isinstance(kind, type) and issubclass(kind, Iterable):
            return kind
        return super().get(hint, default)


CHECKS = BeartypeConf(
    violation_type=ValueError,
    violation_verbosity=BeartypeViolationVerbosity.MINIMAL,
    is_color=False,
    claw_skip_package_names=("mle_lib.exercises",),  # it runs in the browser, with NumPy alone
    hint_overrides=_Checked({int: object, float: object, bool: object, str: object}),
)
beartype_this_package(conf=CHECKS)
