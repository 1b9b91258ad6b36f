"""Write what is made from the rest of the sources (`make generated`), after a change to them.

The order of the exercises, their formulas as MathML, the core of each benchmark with its result,
where each work is cited, the small notebooks at old paths, and the list of what readers may keep:
with the pages and anchors of the site, where it is built.
"""

import sys

from mle_lib.exercises.registry import by_id
from tools import chapters, cores, maths, moved, references
from tools.build_book import HTML
from tools.environment import say
from tools.exercise_order import FILE, guesses


def main() -> int:
    chapters.exercises()
    say(f"{FILE}: the order of the exercises, and their numbers")
    say(f"{cores.write_cores()} results have another core")
    code = maths.main() or references.main()
    moved.keep([*by_id(), *guesses()], HTML)
    say(f"{moved.KEPT}: what readers may have kept")
    say(f"{moved.write_stubs()} notebooks lead from old paths to new ones")
    return code


if __name__ == "__main__":
    sys.exit(main())
