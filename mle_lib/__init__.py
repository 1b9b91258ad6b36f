"""Maximum likelihood, one mini-batch at a time: the library behind the book.

Import the module you need, for example ``from mle_lib import minibatch``. Importing ``mle_lib``
itself loads nothing heavy (no torch), seeds nothing and changes no setting.

The annotations of the library are checked where a function is called: an argument of another type
is a ``ValueError`` that names it. Numbers and flags are left to ``mle_lib.checks``, because one of
NumPy or torch is as good as Python's own.
"""

from beartype import BeartypeConf, BeartypeViolationVerbosity, FrozenDict
from beartype.claw import beartype_this_package

__version__ = "0.1.0"

beartype_this_package(
    conf=BeartypeConf(
        violation_type=ValueError,
        violation_verbosity=BeartypeViolationVerbosity.MINIMAL,
        is_color=False,
        claw_skip_package_names=("mle_lib.exercises",),  # it runs in the browser, with NumPy alone
        hint_overrides=FrozenDict({int: object, float: object, bool: object}),
    )
)
