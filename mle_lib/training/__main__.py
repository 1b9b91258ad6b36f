"""``python -m mle_lib.training``, or ``torchrun --nproc-per-node 2 -m mle_lib.training``."""

import sys

from mle_lib.training.command import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
