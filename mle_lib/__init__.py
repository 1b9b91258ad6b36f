"""Maximum likelihood, one mini-batch at a time: the library behind the book.

Import the module you need, for example ``from mle_lib import minibatch``. Importing ``mle_lib``
itself loads nothing heavy (no torch), seeds nothing and changes no setting.
"""

__version__ = "0.1.0"
