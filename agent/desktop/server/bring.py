"""Brings the current folder to a path and becomes another program: ``bring.py PATH ARGV…``.

A program of its own (standard library only), run by the desktop's user. A kept home lies
below folders that only root may enter; who stands in it already may bind it elsewhere, in a
namespace of its own, which the sandbox that is started then inherits.
"""

from __future__ import annotations

import ctypes
import os
import sys

_NEW_USER, _NEW_MOUNTS, _BIND = 0x10000000, 0x20000, 4096


def _called(done: int, what: str) -> None:
    if done != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def main() -> None:
    """Bind, then exec; says on the error output why it cannot."""
    target, *argv = sys.argv[1:]
    uid, gid = os.geteuid(), os.getegid()
    system = ctypes.CDLL(None, use_errno=True)
    try:
        _called(system.unshare(_NEW_USER | _NEW_MOUNTS), "a namespace for the home")
        for name, text in (
            ("setgroups", "deny"),
            ("uid_map", f"{uid} {uid} 1"),
            ("gid_map", f"{gid} {gid} 1"),
        ):
            with open(f"/proc/self/{name}", "w") as file:
                file.write(text)
        _called(system.mount(b".", os.fsencode(target), None, _BIND, None), "binding the home")
        os.chdir("/")
        os.execvp(argv[0], argv)  # noqa: S606 - no shell is what we want
    except OSError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
