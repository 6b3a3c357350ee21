"""The first process of a desktop's sandbox: starts, reaps and ends all the others.

A program of its own (standard library only, ``python -I -S guardian.py FD LIMITS
GRACE [report] [network]``), because the interpreter inside knows nothing of this package. It
speaks JSON datagrams over the inherited socket FD: ``spawn``, ``kill``, ``ping`` from the server,
``hello``, ``spawned``, ``failed``, ``exit`` and ``pong`` to it. ``watch`` has it keep a folder
below a limit, ``measure`` tell what is in it; ``home`` says what came of that. With ``report``,
every start of a program below it waits for an answer at a descriptor that comes with ``hello``;
where the kernel refuses that, ``hello`` says why. With ``network``, a socket that listens on this
namespace's loopback comes with ``hello``, too: whoever accepts there is what programs take for
their proxy. When the server's end closes, for whatever reason, the guardian ends everything it
started and then itself.

In a sandbox it is the first process, to which the kernel passes no signal from within, and no
other can look into it or hold it up by a debugger.
"""

from __future__ import annotations

import collections
import contextlib
import ctypes
import errno
import json
import os
import selectors
import signal
import socket
import struct
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

if sys.platform != "win32":
    import resource

_MAX_MESSAGE = 1 << 20
_PR_SET_CHILD_SUBREAPER = 36
_PR_SET_NO_NEW_PRIVS = 38
_PR_SET_DUMPABLE = 4

_STARTS = {
    "x86_64": (
        (0xC000003E, (59, 322, 0x40000208, 0x40000221)),  # itself, and x32 by high numbers
        (0x40000003, (11, 358)),  # i386
    ),
    "aarch64": ((0xC00000B7, (221, 281)), (0x40000028, (11, 387))),  # itself, 32-bit ARM
}
"""Machine → (architecture as seccomp names it, its numbers of execve and execveat)."""

_SECCOMP = {"x86_64": 317, "aarch64": 277}
_SET_MODE_FILTER = 1
_NEW_LISTENER = 1 << 3
_WAIT_KILLABLE = 1 << 5
"""A start that is being looked at is broken off by no signal but a deadly one (Linux 5.19)."""

_SCORE = 500
"""How likely what is started here ends when memory runs out; the guardian itself stays."""

_CROWD = 64
"""Processes of one kind that are ended when there is no room for another one."""

_CROWDS = 4
"""How many crowds are ended for one program to start."""

_GOING = 5.0
"""Seconds that those that were killed have to be gone."""

PROXY = ("127.0.0.1", 3128)
"""Where programs find their proxy."""

_ALLOW, _NOTIFY, _ENOSYS = 0x7FFF0000, 0x7FC00000, 0x00050000 | 38


def starts_filter(machine: str) -> bytes:
    """Classic BPF that reports starts of programs and allows every other system call.

    Raises:
        KeyError: the machine is none whose numbers are known.
    """
    load, equal, answer = 0x20, 0x15, 0x06
    steps = [(load, 0, 0, 4)]
    for architecture, numbers in _STARTS[machine]:
        count = len(numbers)
        steps.append((equal, 0, count + 3, architecture))
        steps.append((load, 0, 0, 0))
        steps += [(equal, count - i, 0, number) for i, number in enumerate(numbers)]
        steps += [(answer, 0, 0, _ALLOW), (answer, 0, 0, _NOTIFY)]
    steps.append((answer, 0, 0, _ENOSYS))  # an architecture that this machine does not run
    return b"".join(struct.pack("=HBBI", *step) for step in steps)


def report_starts() -> int:
    """Have every start of a program below this process reported; returns the descriptor.

    Raises:
        OSError: the kernel does not allow it, or does not know how.
    """
    machine = os.uname().machine
    if machine not in _STARTS:
        raise OSError(38, f"unknown machine {machine}")
    code = starts_filter(machine)
    buffer = ctypes.create_string_buffer(code, len(code))
    program = struct.pack("@HP", len(code) // 8, ctypes.addressof(buffer))
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    for flags in (_NEW_LISTENER | _WAIT_KILLABLE, _NEW_LISTENER):
        found = int(libc.syscall(_SECCOMP[machine], _SET_MODE_FILTER, flags, program))
        if found >= 0:
            return found
    raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def _apply(limits: dict[str, int]) -> None:
    for name, value in limits.items():
        if name == "umask":
            os.umask(value)
            continue
        kind = getattr(resource, f"RLIMIT_{name.upper()}")
        _, hard = resource.getrlimit(kind)
        allowed = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (allowed, allowed))


def _stats() -> dict[int, list[str]]:
    """Process id → fields of ``/proc/PID/stat`` from the state on, of all that can be seen."""
    found = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError), open(f"/proc/{name}/stat") as file:
                found[int(name)] = file.read().rpartition(")")[2].split()
    return found


def _children() -> dict[int, tuple[int, int]]:
    """Process id → (parent, session) of every process that can be seen."""
    return {pid: (int(fields[1]), int(fields[3])) for pid, fields in _stats().items()}


def _system_time() -> dict[int, int]:
    """Session → ticks that its processes, and those they waited for, spent in the kernel."""
    spent: dict[int, int] = {}
    for fields in _stats().values():
        session = int(fields[3])
        spent[session] = spent.get(session, 0) + int(fields[12]) + int(fields[14])
    return spent


def _descendants(root: int) -> list[int]:
    table = _children()
    members, grown = {root}, True
    while grown:
        new = {pid for pid, (parent, _) in table.items() if parent in members} - members
        members |= new
        grown = bool(new)
    return sorted(members - {root})


def _signal(pids: list[int], number: int) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


def kill_session(leader: int, number: int) -> None:
    """Signal a process, its descendants and all that share its session."""
    same = [pid for pid, (_, session) in _children().items() if session == leader]
    _signal(sorted({leader, *same, *_descendants(leader)}), number)


def _open_to_others(allowed: bool) -> None:
    """Whether others of the same user may look into this process, and debug it."""
    ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, int(allowed), 0, 0, 0)


def _go_first(score: int) -> None:
    """When memory runs out, have this process end before those with a smaller score."""
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
        file.write(str(score))


def _child(argv: list[str], env: dict[str, str], cwd: str, fds: list[int], report: int) -> None:
    """Become ``argv``; on failure write why to ``report`` and exit."""
    try:
        _open_to_others(True)  # whoever judges what starts reads its memory
        os.setsid()
        _go_first(_SCORE)
        for target, source in enumerate(fds):
            os.dup2(source, target)
        os.chdir(cwd)
        for number in (signal.SIGCHLD, signal.SIGPIPE, signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        os.execvpe(argv[0], argv, env)  # noqa: S606 - no shell is what we want
    except OSError as error:
        os.write(report, f"{argv[0]}: {error.strerror}".encode())
    finally:
        os._exit(127)


ENTRY = 1024
"""Bytes that a name counts for beside its content: a file system has only so many of them."""


_FOLDER = os.O_RDONLY
for _flag in ("O_DIRECTORY", "O_NOFOLLOW", "O_CLOEXEC"):  # its walk reads recordings elsewhere
    _FOLDER |= getattr(os, _flag, 0)


def walk_folders(
    top: int,
    leave: Callable[[int, str], object] = lambda _, __: None,
    enters: Callable[[str, bool], bool] = lambda _, __: True,
) -> Iterator[int]:
    """Descriptors of an open folder and of all folders below it, each before those in it.

    However deep they lie, and however long their paths are: few descriptors are open at a time, and
    each is good until the next. No link is followed. What cannot be entered is left out.

    Args:
        top: A descriptor, which stays open.
        leave: Called with the descriptor and name of a folder in it whose own are all done.
        enters: Whether a folder of that name is walked through; and whether it lies in ``top``.

    Raises:
        OSError: what is walked through was moved meanwhile.
    """
    current = os.dup(top)
    way: list[tuple[tuple[int, int], list[str], str]] = []
    try:
        yield current
        names = [name for name in _folders(current) if enters(name, True)]
        while names or way:
            if not names:
                known, names, name = way.pop()
                above = os.open("..", _FOLDER, dir_fd=current)
                os.close(current)
                current = above
                if _identity(current) != known:
                    raise OSError(errno.ESTALE, os.strerror(errno.ESTALE))
                leave(current, name)
                continue
            name = names.pop()
            try:
                inner = os.open(name, _FOLDER, dir_fd=current)
            except OSError:
                continue
            try:
                yield inner
                if not _leads_back(inner):
                    leave(current, name)
                    continue
                way.append((_identity(current), names, name))
                names = [name for name in _folders(inner) if enters(name, False)]
                current, inner = inner, current
            finally:
                os.close(inner)
    finally:
        os.close(current)


def _leads_back(folder: int) -> bool:
    """Whether one may go on from a folder; one that can be listed only holds nothing to enter."""
    try:
        os.close(os.open("..", _FOLDER, dir_fd=folder))
    except OSError:
        return False
    return True


def _identity(folder: int) -> tuple[int, int]:
    info = os.fstat(folder)
    return info.st_dev, info.st_ino


def _folders(folder: int) -> list[str]:
    """Names of the folders in an open one; none where it cannot be read."""
    try:
        with os.scandir(folder) as found:
            return [entry.name for entry in found if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return []


def used_bytes(folder: str, places: tuple[str, ...] = ()) -> int:
    """Bytes of disk that a folder takes with all that is in it; what cannot be read is left out.

    ``places`` are names of the folder, each with a slash at its end: with them, files count
    that were deleted but are still open.
    """
    seen: set[tuple[int, int]] = set()
    total = _deleted(places, seen) if places else 0
    with contextlib.suppress(OSError):
        top = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            for each in walk_folders(top):
                total += _used_in(each, seen)
        finally:
            os.close(top)
    return total


def _used_in(folder: int, seen: set[tuple[int, int]]) -> int:
    """Bytes of disk of what lies in an open folder itself; of several names of a file, one."""
    total = 0
    with contextlib.suppress(OSError), os.scandir(folder) as found:
        for entry in found:
            with contextlib.suppress(OSError):
                info = entry.stat(follow_symlinks=False)
                if info.st_nlink > 1 and not entry.is_dir(follow_symlinks=False):
                    if (info.st_dev, info.st_ino) in seen:
                        continue
                    seen.add((info.st_dev, info.st_ino))
                total += info.st_blocks * 512 + ENTRY
    return total


def _deleted(places: tuple[str, ...], seen: set[tuple[int, int]]) -> int:
    """Bytes of files that are open, though they have no name any more."""
    total = 0
    for pid, fd, target in _open_files():
        if target.startswith(places) and target.endswith(" (deleted)"):
            with contextlib.suppress(OSError):
                info = os.stat(f"/proc/{pid}/fd/{fd}")
                if info.st_nlink == 0 and (info.st_dev, info.st_ino) not in seen:
                    seen.add((info.st_dev, info.st_ino))
                    total += info.st_blocks * 512
    return total


def _open_files() -> Iterator[tuple[str, str, str]]:
    """Process, descriptor and target of all that others have open."""
    for pid in os.listdir("/proc"):
        if pid.isdigit() and int(pid) != os.getpid():
            with contextlib.suppress(OSError):
                for fd in os.listdir(f"/proc/{pid}/fd"):
                    with contextlib.suppress(OSError):
                        yield pid, fd, os.readlink(f"/proc/{pid}/fd/{fd}")


class Watch:
    """Keeps a folder below a limit, and its disk from running full.

    The free space of the disk, which costs nothing to ask for, bounds what can have been
    written since the folder was last measured. When that bound passes the limit, whoever has a
    file in the folder open for writing is stopped and the folder measured. If it is full
    indeed, commands are ended, and other programs wait until there is room. Many small files
    may come from programs that have none of them open at that moment: when the folder grows on
    although it is full, whoever is busiest in the kernel meanwhile is taken for the writer.
    """

    SLACK = 16 << 20
    RESERVE = 64 << 20
    NAMES = 20_000
    """Names that the disk must have room for."""

    SMALL = 1 << 20
    FASTEST = 4e9
    SPARED = frozenset({"dbus-daemon", "xfconfd", "at-spi-bus-laun", "at-spi2-registr"})

    def __init__(self) -> None:
        self.folders: list[str] = []
        self.limit = 0
        self.used = 0
        self.full = False
        self._free = 0
        self._names = 0
        self._spent: dict[int, int] = {}
        self._measured = 0.0
        self._paused: dict[int, str] = {}

    def begin(self, folders: list[str], limit: int) -> None:
        """Watch a folder by all its names; ``limit`` in bytes, 0 for the disk alone."""
        self.folders, self.limit = folders, limit
        self._measure()

    def wait(self) -> float | None:
        """Seconds until the next look; None for never."""
        if not self.folders:
            return None
        if self.full:
            return 0.02
        room = self._space() - self.RESERVE
        if self.limit:
            room = min(room, self.limit - self._bound())
        return min(1.0, max(0.01, room / self.FASTEST))

    def look(self, commands: set[int], core: set[int]) -> dict[str, Any] | None:
        """What happened to the folder; None for nothing. Both are leaders of sessions."""
        if self.full:
            return self._while_full(commands, core)
        late = time.monotonic() - self._measured > 0.5
        over = self.limit and self._bound() >= self.limit + (0 if late else self.SLACK)
        if over or self._disk_full():
            return self._check(commands, core)
        return None

    def measured(self) -> dict[str, Any]:
        """What is in the folder now."""
        self._measure()
        return self._said("measured")

    def _while_full(self, commands: set[int], core: set[int]) -> dict[str, Any] | None:
        if self._bound() > self.used + self.SMALL:
            return self._check(commands, core, self._busiest(core))
        if time.monotonic() - self._measured < 0.25:
            return None
        self._measure()
        margin = min(self.SLACK, self.limit // 50)
        if (self.limit and self.used >= self.limit - margin) or self._disk_full(2):
            return None
        self.full = False
        names = [self._paused[pid] for pid in self._paused]
        _signal(list(self._paused), signal.SIGCONT)
        self._paused.clear()
        return self._said("eased", paused=names)

    def _check(
        self, commands: set[int], core: set[int], busiest: int | None = None
    ) -> dict[str, Any] | None:
        writers = self._halt_writers(core, busiest)
        self._measure()
        if not (self.limit and self.used >= self.limit) and not self._disk_full():
            _signal([pid for pid in writers if pid not in self._paused], signal.SIGCONT)
            return None
        writers |= self._halt_writers(core, busiest)
        table = _children()
        ended = [pid for pid in writers if pid in table and table[pid][1] in commands]
        _signal(ended, signal.SIGKILL)
        halted = {p: n for p, n in writers.items() if p not in ended and p not in self._paused}
        self._paused.update(halted)
        told, self.full = self.full, True
        if not told:
            self._spent = _system_time()
        if told and not ended and not halted:
            return None
        return self._said("full", [writers[pid] for pid in ended], list(halted.values()))

    def _halt_writers(self, core: set[int], busiest: int | None) -> dict[int, str]:
        """Stop who writes to the folder, or is of the busiest session; their names."""
        found = self._writers()
        table = _children()
        names = {pid: _name_of(pid) for pid in table if table[pid][1] == busiest}
        busy = {pid: name for pid, name in names.items() if name not in self.SPARED}
        writers = {p: n for p, n in found.items() if p in table and p not in core} | busy
        _signal(list(writers), signal.SIGSTOP)
        return writers

    def _busiest(self, core: set[int]) -> int | None:
        """The session that was busiest in the kernel since this was asked last; None at rest."""
        before, self._spent = self._spent, _system_time()
        own = os.getsid(0)
        grown = {
            session: ticks - before.get(session, 0)
            for session, ticks in self._spent.items()
            if session not in core and session != own
        }
        busiest = max(grown, key=grown.__getitem__, default=None)
        return busiest if busiest is not None and grown[busiest] > 0 else None

    def _said(
        self, state: str, ended: list[str] | None = None, paused: list[str] | None = None
    ) -> dict[str, Any]:
        return {
            "event": "home",
            "state": state,
            "used": self.used,
            "disk": self._disk_full(2),
            "ended": ended or [],
            "paused": paused or [],
        }

    def _writers(self) -> dict[int, str]:
        """Processes that have a file in the folder open for writing, with their names."""
        found: dict[int, str] = {}
        for pid, fd, target in _open_files():
            if int(pid) not in found and target.startswith(self._places()) and _writes(pid, fd):
                program = _name_of(int(pid))
                if program and program not in self.SPARED:
                    found[int(pid)] = program
        return found

    def _places(self) -> tuple[str, ...]:
        return tuple(f"{folder}/" for folder in self.folders)

    def _measure(self) -> None:
        self._free, self._names = self._space(), self._room_for_names()
        self.used = used_bytes(self.folders[0], self._places()) if self.limit else 0
        self._measured = time.monotonic()

    def _bound(self) -> int:
        names = max(0, self._names - self._room_for_names())
        return self.used + max(0, self._free - self._space()) + names * ENTRY

    def _space(self) -> int:
        try:
            info = os.statvfs(self.folders[0])
        except OSError:
            return 1 << 62
        return info.f_bavail * info.f_frsize

    def _room_for_names(self) -> int:
        """Names that the disk has room for; a great many where that is not limited."""
        try:
            info = os.statvfs(self.folders[0])
        except OSError:
            return 1 << 62
        return info.f_favail if info.f_files else 1 << 62

    def _disk_full(self, times: int = 1) -> bool:
        return self._space() < self.RESERVE * times or self._room_for_names() < self.NAMES * times


def _writes(pid: str, fd: str) -> bool:
    with contextlib.suppress(OSError, StopIteration, ValueError):
        with open(f"/proc/{pid}/fdinfo/{fd}") as file:
            flags = next(line for line in file if line.startswith("flags:"))
        return int(flags.split()[1], 8) & os.O_ACCMODE != os.O_RDONLY
    return False


def _name_of(pid: int) -> str:
    with contextlib.suppress(OSError), open(f"/proc/{pid}/comm") as file:
        return file.read().strip()
    return ""


_CROWDED = "anything more: as many programs run as the desktop may have. End some of them first"


def _crowd(core: set[int]) -> set[int]:
    """The largest set of processes of one session, or of one name, and whoever starts them.

    Empty if that is no crowd. ``core`` are the leaders of sessions that are the desktop itself.
    """
    if not core:
        return set()
    own, table = os.getsid(0), _children()
    free = {p for p, (_, session) in table.items() if session not in {own, *core}}
    groups: dict[object, set[int]] = {}
    for pid in free:
        groups.setdefault(table[pid][1], set()).add(pid)
        groups.setdefault(_name_of(pid), set()).add(pid)
    largest = max(groups.values(), key=len, default=set())
    if len(largest) < _CROWD:
        return set()
    starters = collections.Counter(table[pid][0] for pid in largest).most_common(1)
    return largest | {pid for pid, count in starters if pid in free and count > len(largest) // 2}


class Guardian:
    """Serves one socket until it closes."""

    def __init__(self, channel: socket.socket, *, report: bool, network: bool) -> None:
        self._channel = channel
        self._report = report
        self._network = network
        self._own: set[int] = set()
        self._commands: set[int] = set()
        """Those whose output is read: nobody has unsaved work in them."""
        self._core: set[int] = set()
        """Those that were started before anything was watched: the desktop itself."""
        self._watch = Watch()
        self._wake_out, wake_in = os.pipe()
        os.set_blocking(wake_in, False)
        os.set_blocking(self._wake_out, False)
        signal.set_wakeup_fd(wake_in, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def run(self) -> None:
        self._greet()
        selector = selectors.DefaultSelector()
        selector.register(self._channel, selectors.EVENT_READ)
        selector.register(self._wake_out, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select(self._watch.wait()):
                if key.fileobj is self._channel:
                    if not self._serve():
                        return
                else:
                    with contextlib.suppress(BlockingIOError):
                        os.read(self._wake_out, 4096)
                    self._reap()
            if self._watch.folders and (said := self._watch.look(self._commands, self._core)):
                self._tell(said)

    def _greet(self) -> None:
        hello: dict[str, Any] = {"event": "hello"}
        passed: dict[str, int] = {}
        if self._network:
            passed["network"] = socket.create_server(PROXY, backlog=128).detach()
        if self._report:
            try:
                passed["reports"] = report_starts()
            except OSError as error:
                hello["unreported"] = error.strerror
        hello["passed"] = list(passed)
        socket.send_fds(self._channel, [json.dumps(hello).encode()], list(passed.values()))
        for descriptor in passed.values():  # whoever reads the other end answers alone
            os.close(descriptor)

    def _tell(self, message: dict[str, Any]) -> None:
        with contextlib.suppress(OSError):
            self._channel.send(json.dumps(message).encode())

    def _serve(self) -> bool:
        try:
            data, fds, _, _ = socket.recv_fds(self._channel, _MAX_MESSAGE, 3)
        except OSError:
            return False
        if not data:
            return False
        request = json.loads(data)
        if request["op"] == "kill":
            kill_session(request["pid"], request["signal"])
        elif request["op"] == "watch":
            self._core = self._core or set(self._own)
            self._watch.begin(request["folders"], request["limit"])
        elif request["op"] == "ping":
            self._tell({"event": "pong", "id": request["id"]})
        elif request["op"] == "measure":
            self._tell(self._watch.measured())
        else:
            self._spawn(request, fds)
        for fd in fds:
            os.close(fd)
        return True

    def _spawn(self, request: dict[str, Any], fds: list[int]) -> None:
        _open_to_others(False)  # not before anybody else is here: the server has looked into it
        read, write = os.pipe()
        try:
            pid = self._fork()
        except OSError:
            os.close(read)
            os.close(write)
            self._tell({"event": "failed", "id": request["id"], "why": _CROWDED})
            return
        if pid == 0:
            self._channel.close()
            if self._watch.full and request.get("command"):
                _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
                resource.setrlimit(resource.RLIMIT_FSIZE, (Watch.SMALL, hard))
            _child(request["argv"], request["env"], request["cwd"], fds, write)
        os.close(write)
        why = os.read(read, 4096).decode(errors="replace")
        os.close(read)
        if why:
            self._tell({"event": "failed", "id": request["id"], "why": why})
            return
        self._own.add(pid)
        if request.get("command"):
            self._commands.add(pid)
        self._tell({"event": "spawned", "id": request["id"], "pid": pid})

    def _fork(self) -> int:
        """Fork; where too many run already, end the largest crowd of them first.

        Raises:
            OSError: there is no room, and no crowd that could be ended.
        """
        for _ in range(_CROWDS):
            try:
                return os.fork()
            except OSError:
                if not self._end_crowd():
                    raise
        return os.fork()

    def _end_crowd(self) -> bool:
        """End the most processes that share a session or a name; whether there were many."""
        halted: set[int] = set()
        while crowd := _crowd(self._core) - halted:  # what goes on forking is halted first
            _signal(sorted(crowd), signal.SIGSTOP)
            halted |= crowd
        _signal(sorted(halted), signal.SIGKILL)
        deadline = time.monotonic() + _GOING
        while halted & set(_stats()) and time.monotonic() < deadline:
            self._reap()
            time.sleep(0.01)
        return bool(halted)

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid in self._own:
                self._own.discard(pid)
                code = os.waitstatus_to_exitcode(status)
                self._tell({"event": "exit", "pid": pid, "code": code})

    def end_all(self, grace: float) -> None:
        """Terminate, then kill, every descendant, also those that left their session."""
        if grace:
            _signal(_descendants(os.getpid()), signal.SIGTERM)
        deadline = time.monotonic() + grace
        while self._some_left() and time.monotonic() < deadline:
            time.sleep(0.01)
        while self._some_left():
            _signal(_descendants(os.getpid()), signal.SIGKILL)
            time.sleep(0.005)

    @staticmethod
    def _some_left() -> bool:
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
            return True
        return False


def main() -> None:
    """Serve the socket named on the command line, then end everything."""
    channel = socket.socket(fileno=int(sys.argv[1]))
    channel.set_inheritable(False)
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    os.umask(0o077)
    _apply(json.loads(sys.argv[2]))
    words = sys.argv[4:]
    guardian = Guardian(channel, report="report" in words, network="network" in words)
    guardian.run()
    guardian.end_all(float(sys.argv[3]))


if __name__ == "__main__":
    main()
