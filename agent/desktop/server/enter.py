"""Joins control groups and becomes another program: ``enter.py FILE… -- ARGV…``.

A program of its own (standard library only): whatever it becomes, and all that comes of that, is
in the groups from its first moment on.
"""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Join, then exec; says on the error output why it cannot."""
    at = sys.argv.index("--")
    files, argv = sys.argv[1:at], sys.argv[at + 1 :]
    try:
        for name in files:
            with open(name, "w") as file:
                file.write("0")  # whoever writes it
        os.execvp(argv[0], argv)  # noqa: S606 - no shell is what we want
    except OSError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
