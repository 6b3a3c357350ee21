"""Becomes a program whose descriptors 3 and 4 are one socket: ``attach.py SOCKET ARGV…``.

A program of its own (standard library only), run inside the sandbox by Chromium's start script:
with ``--remote-debugging-pipe`` Chromium reads DevTools messages from 3 and writes to 4. Where
nobody listens it becomes the program all the same, and says so in the environment.
"""

from __future__ import annotations

import os
import socket
import sys

if sys.platform != "win32":
    import fcntl

_PATIENCE = 2.0
_HIGH = 10
"""A descriptor above those that are given new meanings."""


def _connect(path: str) -> bool:
    try:
        with socket.socket(socket.AF_UNIX) as found:
            found.settimeout(_PATIENCE)
            found.connect(path)
            found.setblocking(True)
            copy = fcntl.fcntl(found, fcntl.F_DUPFD_CLOEXEC, _HIGH)
    except OSError:
        return False
    for number in (3, 4):
        os.dup2(copy, number)
    return True


def main() -> None:
    """Connect, then exec."""
    path, *argv = sys.argv[1:]
    os.environ["DEVTOOLS_ATTACHED"] = "yes" if _connect(path) else "no"
    os.execvp(argv[0], argv)  # noqa: S606 - no shell is what we want


if __name__ == "__main__":
    main()
