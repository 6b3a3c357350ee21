"""``python -m sayso``: the same as ``sayso``."""

import sys

from sayso.command import main

if __name__ == "__main__":
    sys.exit(main())
