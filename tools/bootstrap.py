"""Find a Python that is new enough and let it run install.py.

Any Python since 2.7 must be able to read this file, so that an old one can say that it is too old.
"""

from __future__ import print_function

import os
import subprocess
import sys

OLDEST = (3, 11)
OTHER_NAMES = ("python3.13", "python3.12", "python3.11", "python3.14")


def is_new_enough(version):
    return tuple(version[:2]) >= OLDEST


def starts_new_enough(command):
    """Whether `command` exists and is a Python that is new enough."""
    code = "import sys; sys.exit(tuple(sys.version_info[:2]) < %r)" % (OLDEST,)
    with open(os.devnull, "w") as devnull:
        try:
            return subprocess.call([command, "-c", code], stdout=devnull, stderr=devnull) == 0
        except OSError:
            return False


def find_python(version, executable, works=starts_new_enough):
    """This Python if it will do, else the first other one that does, else None."""
    if is_new_enough(version):
        return executable
    for name in OTHER_NAMES:
        if works(name):
            return name
    return None


def main():
    python = find_python(sys.version_info, sys.executable)
    if python is None:
        print(
            "Python %d.%d is too old: this book needs Python %d.%d or newer. Install one from "
            "https://www.python.org/downloads/ and run make again."
            % (tuple(sys.version_info[:2]) + OLDEST),
            file=sys.stderr,
        )
        return 1
    here = os.path.dirname(os.path.abspath(__file__))
    try:
        # -I: nothing of the user's own Python settings reaches the book's environment
        return subprocess.call([python, "-I", os.path.join(here, "install.py")])
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
