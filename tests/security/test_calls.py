"""The filter of system calls, asked call by call."""

from __future__ import annotations

import os
import platform

import pytest
from bpf import answer_of

from agent.desktop.server.calls import filter_file

_ALLOW, _EPERM, _ENOSYS = 0x7FFF0000, 0x50001, 0x50026
_X86_64, _I386 = 0xC000003E, 0x40000003
_HIGH = 1 << 32

pytestmark = pytest.mark.skipif(platform.machine() != "x86_64", reason="numbers of x86_64")


def _code() -> bytes:
    with os.fdopen(filter_file(), "rb") as file:
        return file.read()


@pytest.mark.parametrize(
    ("architecture", "number", "arguments", "answer"),
    [
        (_X86_64, 0, (), _ALLOW),  # read
        (_X86_64, 59, (), _ALLOW),  # execve: the watch decides
        (_X86_64, 272, (), _ALLOW),  # unshare: a browser's sandbox
        (_X86_64, 101, (), _ALLOW),  # ptrace: a crash handler, a debugger
        (_X86_64, 248, (), _EPERM),  # add_key
        (_X86_64, 425, (), _EPERM),  # io_uring_setup
        (_X86_64, 16, (3, 0x5401), _ALLOW),  # ioctl: TCGETS
        (_X86_64, 16, (3, 0x5412), _EPERM),  # TIOCSTI
        (_X86_64, 16, (3, _HIGH | 0x5412), _EPERM),  # the kernel reads the low half
        (_X86_64, 16, (3, 0x541C), _EPERM),  # TIOCLINUX
        (_X86_64, 0x40000000, (), _ENOSYS),  # x32
        (_X86_64, 0x40000208, (), _ENOSYS),  # its execve
        (_X86_64, 0x4000003B, (), _ENOSYS),  # execve by a number of both
        (_I386, 11, (), _ALLOW),
        (_I386, 286, (), _EPERM),  # add_key
        (_I386, 54, (3, 0x5412), _EPERM),
        (0xC00000B7, 221, (), _ENOSYS),  # another machine's
    ],
)
def test_each_call_has_its_answer(architecture: int, number: int, arguments, answer: int) -> None:
    assert answer_of(_code(), architecture, number, *arguments) == answer
