"""What files are opened and locked with, also where the system has no such thing.

Desktops need Linux. What was recorded can be read, compared, reported and imported anywhere that
Python runs, so whatever is imported on that way takes these from here.
"""

from __future__ import annotations

import os
import sys

if sys.platform != "win32":
    import fcntl

CLOEXEC: int = getattr(os, "O_CLOEXEC", 0)
NOFOLLOW: int = getattr(os, "O_NOFOLLOW", 0)
NONBLOCK: int = getattr(os, "O_NONBLOCK", 0)
FOLDER: int = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | NOFOLLOW | CLOEXEC
"""How a folder is opened of which nobody has made a link meanwhile."""


def lock_file(descriptor: int, *, shared: bool = False, wait: bool = False) -> None:
    """Take the lock of an open file, which ends with the process or `unlock_file`.

    Where the system has no such locks it does nothing: no session and no experiment runs there.

    Args:
        descriptor: Of the file.
        shared: Let others have it too who ask for it so.
        wait: Until it is free.

    Raises:
        BlockingIOError: another process has it.
    """
    if sys.platform != "win32":
        kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        fcntl.flock(descriptor, kind if wait else kind | fcntl.LOCK_NB)


def unlock_file(descriptor: int) -> None:
    """Let the lock go, also one that a child just forked has inherited."""
    if sys.platform != "win32":
        fcntl.flock(descriptor, fcntl.LOCK_UN)
