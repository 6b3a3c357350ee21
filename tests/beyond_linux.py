"""Not a test: lets our own code find no more of Python's library than Windows has.

Libraries keep what they use: they have versions of their own for other systems, which are not
installed here.
"""

from __future__ import annotations

import builtins
import os
import sys
from importlib import import_module
from types import ModuleType
from typing import Any

OURS = ("agent", "dashboard", "sayso")

LACKING = ("crypt", "curses", "fcntl", "grp", "nis", "posix", "pty", "pwd", "readline", "resource")
LACKING += ("spwd", "syslog", "termios", "tty")
"""Modules that Windows lacks."""

NAMES = {
    "os": "O_CLOEXEC O_NOFOLLOW O_DIRECTORY O_NONBLOCK O_NOCTTY O_PATH O_ACCMODE WNOHANG "
    "EFD_CLOEXEC EFD_NONBLOCK MFD_CLOEXEC PRIO_PROCESS chown eventfd eventfd_read eventfd_write "
    "fchmod fchown fork getegid geteuid getgid getpgid getpriority getsid getuid getxattr killpg "
    "listxattr major memfd_create minor pidfd_open pipe2 pread pwrite removexattr "
    "sched_getaffinity sched_setaffinity set_blocking setpriority setsid setxattr statvfs sysconf "
    "uname",
    "signal": "SIGCHLD SIGCONT SIGHUP SIGKILL SIGPIPE SIGSTOP SIGURG SIGUSR1 SIGUSR2 "
    "pthread_kill pthread_sigmask",
    "socket": "AF_UNIX CMSG_SPACE MSG_CMSG_CLOEXEC SCM_CREDENTIALS SCM_RIGHTS SO_PASSCRED "
    "SO_PEERCRED recv_fds send_fds",
    "select": "POLLIN epoll poll",
    "sys": "",
    "time": "CLOCK_BOOTTIME clock_gettime",
}
"""Names of other modules that it lacks, as far as any of our code uses them."""


class _Part(ModuleType):
    """A module as Windows has it."""

    def __init__(self, whole: ModuleType) -> None:
        super().__init__(whole.__name__, whole.__doc__)
        lacking = set(NAMES[whole.__name__].split())
        self.__dict__.update((k, v) for k, v in vars(whole).items() if k not in lacking)
        if whole is os:
            self.__dict__.update(open=_open, scandir=_scandir)
        if whole is sys:
            self.platform = "win32"


def _open(path: Any, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
    """Neither folders nor files beside an open folder can be opened there."""
    if dir_fd is not None:
        raise NotImplementedError("dir_fd unavailable on this platform")
    if os.path.isdir(path):
        raise PermissionError(13, "Permission denied", path)
    return os.open(path, flags, mode)


def _scandir(path: Any = ".") -> Any:
    if isinstance(path, int):
        raise TypeError("scandir: path should be string, bytes, os.PathLike or None, not int")
    return os.scandir(path)


def lack() -> None:
    """Take it away from code that is imported from now on."""
    usual, parts = builtins.__import__, {name: _Part(import_module(name)) for name in NAMES}

    def find(name: str, scope: Any = None, *rest: Any, **more: Any) -> ModuleType:
        if str((scope or {}).get("__name__")).split(".")[0] not in OURS:
            return usual(name, scope, *rest, **more)
        if name in LACKING:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return parts.get(name) or usual(name, scope, *rest, **more)

    builtins.__import__ = find  # type: ignore[assignment]
