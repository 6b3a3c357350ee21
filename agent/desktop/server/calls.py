"""System calls that no program of a desktop needs, refused by the kernel (seccomp).

What is left out widens what a fault of the kernel can be reached by: modules, tracing of the
whole system, keyrings, ``io_uring``, clocks, swap. ``TIOCSTI`` would type into a terminal what
nobody was asked about. Namespaces, ``ptrace`` and ``mount`` stay: browsers build their own
sandbox of them.
"""

from __future__ import annotations

import ctypes
import functools
import os
from typing import Any

from agent.errors import DesktopUnavailable

REFUSED = (
    *("acct", "add_key", "keyctl", "request_key", "bpf", "perf_event_open", "userfaultfd"),
    *("init_module", "finit_module", "delete_module", "create_module", "query_module"),
    *("get_kernel_syms", "kexec_load", "kexec_file_load", "reboot", "syslog", "sysfs", "ustat"),
    *("io_uring_setup", "io_uring_enter", "io_uring_register", "fanotify_init"),
    *("clock_settime", "clock_settime64", "settimeofday", "stime", "swapon", "swapoff"),
    *("adjtimex", "clock_adjtime", "clock_adjtime64", "sethostname", "setdomainname"),
    *("ioperm", "iopl", "vm86", "vm86old", "vhangup", "lookup_dcookie", "nfsservctl", "uselib"),
    *("open_by_handle_at", "quotactl", "quotactl_fd", "_sysctl"),
)
"""By the kernel's names; a name that a machine does not know is passed over. They get EPERM."""

TERMINAL_INPUT = (0x5412, 0x541C)
"""``TIOCSTI`` and ``TIOCLINUX``: they put characters before whoever reads a terminal."""

_ALLOW, _EPERM, _ENOSYS = 0x7FFF0000, 0x00050001, 0x00050000 | 38
_ON_OTHER_MACHINES, _OPTIMISE = 2, 8
_MASKED = 7
_OTHERS = {"x86_64": b"x86", "aarch64": b"arm"}
"""Machine → what else its kernel may run; calls of any other kind (x32) are unknown calls."""


class _Argument(ctypes.Structure):
    _fields_ = (
        ("number", ctypes.c_uint),
        ("comparison", ctypes.c_int),
        ("mask", ctypes.c_uint64),
        ("value", ctypes.c_uint64),
    )


def filter_file() -> int:
    """The filter as an open file, as ``bwrap --seccomp`` takes it; the caller closes it.

    Raises:
        DesktopUnavailable: libseccomp is missing, or does not know this machine.
    """
    number = os.memfd_create("calls")
    with os.fdopen(os.dup(number), "wb") as file:
        file.write(_compiled())
    os.lseek(number, 0, os.SEEK_SET)
    return number


@functools.cache
def _compiled() -> bytes:
    try:
        library = ctypes.CDLL("libseccomp.so.2")
    except OSError as error:
        raise DesktopUnavailable(f"{error}. Run script/bootstrap.") from error
    library.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(library.seccomp_init(ctypes.c_uint32(_ALLOW)))
    try:
        return _built(library, context)
    finally:
        library.seccomp_release(context)


def _built(library: Any, context: ctypes.c_void_p) -> bytes:
    """Ask libseccomp (seccomp_rule_add(3), seccomp_export_bpf(3)) for the program."""

    def done(result: int, what: str) -> None:
        if result < 0:
            raise DesktopUnavailable(f"libseccomp: {what}: {os.strerror(-result)}.")

    done(library.seccomp_attr_set(context, _ON_OTHER_MACHINES, _ENOSYS), "other machines")
    library.seccomp_attr_set(context, _OPTIMISE, 2)  # a tree; unknown before 2.5, and no loss
    if other := _OTHERS.get(os.uname().machine):
        token = library.seccomp_arch_resolve_name(other)
        done(library.seccomp_arch_add(context, ctypes.c_uint32(token)), "a second machine")
    for name in REFUSED:
        call = library.seccomp_syscall_resolve_name(name.encode())
        if call != -1:
            done(library.seccomp_rule_add_array(context, _EPERM, call, 0, None), name)
    ioctl = library.seccomp_syscall_resolve_name(b"ioctl")
    for request in TERMINAL_INPUT:
        asked = _Argument(1, _MASKED, 0xFFFFFFFF, request)  # the kernel reads 32 bits of it
        done(
            library.seccomp_rule_add_array(context, _EPERM, ioctl, 1, ctypes.byref(asked)), "ioctl"
        )
    with os.fdopen(os.memfd_create("filter"), "r+b") as file:
        done(library.seccomp_export_bpf(context, file.fileno()), "the filter")
        file.seek(0)
        return file.read()
