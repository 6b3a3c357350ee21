"""The kernel's side of a watch: seccomp's notices of starts, and ``/proc``.

See seccomp_unotify(2). What is read of a waiting process may be changed by another thread of
it before the start goes on: this guards against accident, not against a race.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import re
import select
import struct
import sys

from agent.desktop.server.starts import Notice, Process, Program

if sys.platform != "win32":
    import fcntl

_RECEIVE, _SEND, _VALID, _SET_FLAGS = 0xC0502100, 0xC0182101, 0x40082102, 0x40082104
_SYNC_WAKE_UP = 1
_NOTICE = struct.Struct("=QIIiIQ6Q")
_ANSWER = struct.Struct("=QqiI")
_CONTINUE = 1
_HERE = -100
_AT_EMPTY_PATH = 0x1000

_EXECVEAT = {
    (0xC000003E, 322),
    (0xC000003E, 0x40000221),
    (0x40000003, 358),
    (0xC00000B7, 281),
    (0x40000028, 387),
}
_SHORT = {0x40000003, 0x40000028}
_X32 = 0x40000000

_OWN = re.compile(r"^(?:/proc/(?:self|thread-self)/(exe$|fd)|/dev/fd)((?:(?<!exe)/\d+)?)$")
_OPENAT2 = 437
_RESOLVE_IN_ROOT = 0x10
_WORDS = 512
UNSEEN = "a program that hides what it starts"
_BYTES = 1 << 16
_PIECE = 256


class SeccompKernel:
    """Notices from a descriptor of seccomp's; implements ``agent.desktop.server.starts.Kernel``."""

    def __init__(self, reports: int) -> None:
        self._reports = reports
        self._wake = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._poll = select.poll()
        self._poll.register(reports, select.POLLIN)
        self._poll.register(self._wake, select.POLLIN)
        self._libc = ctypes.CDLL(None, use_errno=True)
        with contextlib.suppress(OSError):  # since Linux 6.6; half the time of an answer
            fcntl.ioctl(reports, _SET_FLAGS, _SYNC_WAKE_UP)

    def next(self, seconds: float | None) -> Notice | None:
        """The next notice; None after so many seconds, or when woken.

        Raises:
            OSError: nothing is left that could start a program.
        """
        for descriptor, event in self._poll.poll(None if seconds is None else seconds * 1000):
            if descriptor == self._wake:
                with contextlib.suppress(BlockingIOError):
                    os.eventfd_read(self._wake)
            elif event & select.POLLIN:
                return self._receive()
            else:
                raise OSError(errno.EPIPE, "every process of the desktop has ended")
        return None

    def _receive(self) -> Notice | None:
        buffer = bytearray(_NOTICE.size)
        try:
            fcntl.ioctl(self._reports, _RECEIVE, buffer)
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.EINTR):  # it was killed meanwhile
                return None
            raise
        number, thread, _, call, architecture, _, *given = _NOTICE.unpack(buffer)
        word = 4 if architecture in _SHORT or call & _X32 else 8
        if (architecture, call) in _EXECVEAT:
            folder = ctypes.c_int(given[0] & 0xFFFFFFFF).value
            return Notice(number, thread, given[1], given[2], folder, word)
        return Notice(number, thread, given[0], given[1], _HERE, word)

    def wake(self) -> None:
        with contextlib.suppress(OSError):
            os.eventfd_write(self._wake, 1)

    def program(self, notice: Notice) -> Program:
        """What is about to start.

        Raises:
            OSError: its memory cannot be read, or it does not wait any more.
        """
        try:
            memory = os.open(f"/proc/{notice.thread}/mem", os.O_RDONLY | os.O_CLOEXEC)
        except PermissionError:  # it hides itself from others of its user
            return Program("", "", (UNSEEN,))
        try:
            if not self.waiting(notice):
                raise ProcessLookupError(errno.ESRCH, "it does not wait any more")
            named = _text(memory, notice.path)
            argv = _words(memory, notice.argv, notice.word)
        finally:
            os.close(memory)
        cwd = _link(f"/proc/{notice.thread}/cwd")
        own = _OWN.match(named or f"/proc/self/fd/{notice.folder}")
        if own is not None:  # its own image, or a file that it has open
            path = _link(f"/proc/{notice.thread}/{own[1] or 'fd'}{own[2] or ''}")
            return Program(path or named, path, argv, cwd)
        path, exists = self._resolve(notice, named, cwd)
        return Program(named, path, argv, cwd, exists)

    def _resolve(self, notice: Notice, named: str, cwd: str) -> tuple[str, bool]:
        """The file of a path as the process sees it, and whether there is one."""
        base = cwd
        if notice.folder != _HERE and not named.startswith("/"):
            base = _link(f"/proc/{notice.thread}/fd/{notice.folder}")
        whole = named if named.startswith("/") else os.path.join(base or "/", named)
        try:
            root = os.open(f"/proc/{notice.thread}/root", os.O_PATH | os.O_CLOEXEC)
        except OSError:
            return "", True
        try:
            found = self._open_in(root, whole)
        except OSError as error:
            gone = error.errno in (errno.ENOENT, errno.ENOTDIR) and self._missing(root, whole)
            return "", not gone
        finally:
            os.close(root)
        try:
            return _link(f"/proc/self/fd/{found}"), True
        finally:
            os.close(found)

    def _missing(self, root: int, path: str) -> bool:
        """Whether a path leads nowhere for its process, too: ``/proc/self`` is another to it."""
        parent, prefix = "/", ""
        for part in path.strip("/").split("/"):
            prefix = f"{prefix}/{part}"
            try:
                found = self._open_in(root, prefix)
            except OSError:
                return not parent.startswith("/proc") and not self._is_there(root, prefix)
            parent = _link(f"/proc/self/fd/{found}")
            os.close(found)
        return False

    def _is_there(self, root: int, path: str) -> bool:
        """Whether a name exists, be it a link that leads nowhere from here."""
        try:
            os.close(self._open_in(root, path, os.O_NOFOLLOW))
        except OSError:
            return False
        return True

    def _open_in(self, root: int, path: str, flags: int = 0) -> int:
        how = struct.pack("=QQQ", os.O_PATH | os.O_CLOEXEC | flags, 0, _RESOLVE_IN_ROOT)
        name = os.fsencode(path)
        found = int(self._libc.syscall(_OPENAT2, root, name, how, len(how)))
        if found < 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        return found

    def process(self, pid: int) -> Process | None:
        fields = _read(f"/proc/{pid}/stat", 1024).rpartition(b")")[2].split()
        if not fields:
            return None
        return Process(pid, int(fields[1]), int(fields[3]), fields[4] != b"0", int(fields[19]))

    def leader(self, thread: int) -> int:
        """The process that a thread belongs to; itself if it cannot be told."""
        found = _read(f"/proc/{thread}/status", 512).partition(b"\nTgid:")[2]
        return int(found.split(None, 1)[0]) if found else thread

    def command_line(self, pid: int) -> bytes:
        return _read(f"/proc/{pid}/cmdline", 4096)

    def reads_terminal(self, pid: int) -> bool:
        return _link(f"/proc/{pid}/fd/0").startswith(("/dev/pts/", "/dev/tty"))

    def waiting(self, notice: Notice) -> bool:
        try:
            fcntl.ioctl(self._reports, _VALID, struct.pack("=Q", notice.id))
        except OSError:
            return False
        return True

    def allow(self, notice: Notice) -> None:
        self._send(notice, 0, _CONTINUE)

    def refuse(self, notice: Notice) -> None:
        self._send(notice, -errno.EACCES, 0)

    def _send(self, notice: Notice, error: int, flags: int) -> None:
        with contextlib.suppress(FileNotFoundError):  # it was killed meanwhile
            fcntl.ioctl(self._reports, _SEND, bytearray(_ANSWER.pack(notice.id, 0, error, flags)))

    def close(self) -> None:
        """Let go: whatever waits, and all later starts, fail with ENOSYS."""
        os.close(self._reports)
        os.close(self._wake)


def can_read(pid: int) -> bool:
    """Whether this process may look into another, as a watch must."""
    try:
        os.close(os.open(f"/proc/{pid}/mem", os.O_RDONLY | os.O_CLOEXEC))
    except OSError:
        return False
    return True


def _read(path: str, size: int) -> bytes:
    """The beginning of a file of ``/proc``; nothing if the process is gone."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        return os.read(descriptor, size)
    except OSError:
        return b""
    finally:
        os.close(descriptor)


def _link(path: str) -> str:
    try:
        return os.readlink(path).removesuffix(" (deleted)")
    except OSError:
        return ""


def _text(memory: int, address: int) -> str:
    return os.fsdecode(_bytes(memory, address, 4096))


def _bytes(memory: int, address: int, most: int) -> bytes:
    """Bytes up to the first NUL."""
    found = b""
    while len(found) < most:
        size = min(_PIECE, 4096 - (address + len(found)) % 4096)  # no further than its page
        piece = os.pread(memory, size, address + len(found))
        found += piece
        if not piece or b"\0" in piece:
            break
    return found.partition(b"\0")[0]


def _words(memory: int, address: int, word: int) -> tuple[str, ...]:
    if address == 0:
        return ()
    found: list[str] = []
    left = _BYTES
    for place in _addresses(memory, address, word):
        text = _bytes(memory, place, min(left, _BYTES))
        found.append(os.fsdecode(text))
        left -= len(text) + 1
        if left <= 0:
            break
    return tuple(found)


def _addresses(memory: int, address: int, word: int) -> list[int]:
    found: list[int] = []
    while len(found) < _WORDS:
        size = min(32 * word, 4096 - address % 4096) // word * word or word
        piece = os.pread(memory, size, address)
        for place in range(0, len(piece) // word * word, word):
            value = int.from_bytes(piece[place : place + word], "little")
            if value == 0 or len(found) == _WORDS:
                return found
            found.append(value)
        if len(piece) < size:
            return found
        address += len(piece)
    return found
