"""The system calls that a desktop's programs are refused, and that browsers keep their sandbox."""

from __future__ import annotations

import json

import pytest

from agent.desktop import VirtualDesktop
from agent.desktop.server.calls import REFUSED

pytestmark = [pytest.mark.desktop, pytest.mark.asyncio(loop_scope="module")]

_CALLS = """
import ctypes, json, sys
system, known = ctypes.CDLL(None, use_errno=True), ctypes.CDLL("libseccomp.so.2")
said = {}
for name in sys.argv[1:]:
    number = known.seccomp_syscall_resolve_name(name.encode())
    if number >= 0:
        ctypes.set_errno(0)
        system.syscall(number, 0, 0, 0, 0, 0, 0)
        said[name] = ctypes.get_errno()
print(json.dumps(said))
"""

_TYPE_AHEAD = """
import errno, fcntl, os, pty
ours, theirs = pty.openpty()
for request in (0x5412, 0x541C):
    try:
        fcntl.ioctl(theirs, request, b"x")
    except OSError as error:
        print(errno.errorcode[error.errno])
os.write(theirs, b"still a terminal")
print(os.read(ours, 100).decode())
"""


async def said(desktop: VirtualDesktop, *argv: str) -> str:
    process = await desktop.spawn(list(argv))
    output = b"".join([piece async for piece in await process.read()])
    assert await process.wait() == 0, output
    return output.decode()


async def test_calls_that_no_desktop_needs_are_refused(desktop: VirtualDesktop) -> None:
    """Most are refused to everybody without root; these are not."""
    answers = json.loads(await said(desktop, "python3", "-c", _CALLS, *REFUSED))
    assert {"add_key", "keyctl", "bpf", "io_uring_setup", "userfaultfd"} <= set(answers)
    assert set(answers.values()) == {1}  # EPERM


async def test_nothing_is_typed_into_a_terminal_from_beside_it(desktop: VirtualDesktop) -> None:
    answer = await said(desktop, "python3", "-c", _TYPE_AHEAD)
    assert answer == "EPERM\nEPERM\nstill a terminal\n"


async def test_a_browser_has_its_own_sandbox(desktop: VirtualDesktop) -> None:
    """Chromium ends with "No usable sandbox!" where it cannot build one."""
    page = "data:text/html,<p>from a page</p>"
    words = ["chromium", "--headless=new", "--disable-gpu", "--dump-dom", page]
    assert "<p>from a page</p>" in await said(desktop, *words)
