"""The first process of a desktop's sandbox: starts, reaps and ends all the others.

A program of its own (standard library only, ``python -I -S guardian.py FD LIMITS
GRACE``), because the interpreter inside knows nothing of this package. It speaks JSON datagrams
over the inherited socket FD: requests ``spawn`` and ``kill`` from the server, ``hello``,
``spawned``, ``failed`` and ``exit`` to it. When the server's end closes, for whatever
reason, the guardian ends everything it started and then itself.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import resource
import selectors
import signal
import socket
import sys
import time
from typing import Any

_MAX_MESSAGE = 1 << 20
_PR_SET_CHILD_SUBREAPER = 36


def _apply(limits: dict[str, int]) -> None:
    for name, value in limits.items():
        if name == "oom":
            with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
                file.write(str(value))
            continue
        kind = getattr(resource, f"RLIMIT_{name.upper()}")
        _, hard = resource.getrlimit(kind)
        allowed = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (allowed, allowed))


def _children() -> dict[int, tuple[int, int]]:
    """Process id → (parent, session) of every process that can be seen."""
    found = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError, ValueError, IndexError):
                with open(f"/proc/{name}/stat") as file:
                    fields = file.read().rpartition(")")[2].split()
                found[int(name)] = (int(fields[1]), int(fields[3]))
    return found


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


def _child(argv: list[str], env: dict[str, str], cwd: str, fds: list[int], report: int) -> None:
    """Become ``argv``; on failure write why to ``report`` and exit."""
    try:
        os.setsid()
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


class Guardian:
    """Serves one socket until it closes."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._own: set[int] = set()
        self._wake_out, wake_in = os.pipe()
        os.set_blocking(wake_in, False)
        os.set_blocking(self._wake_out, False)
        signal.set_wakeup_fd(wake_in, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def run(self) -> None:
        self._tell({"event": "hello"})
        selector = selectors.DefaultSelector()
        selector.register(self._channel, selectors.EVENT_READ)
        selector.register(self._wake_out, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fileobj is self._channel:
                    if not self._serve():
                        return
                else:
                    with contextlib.suppress(BlockingIOError):
                        os.read(self._wake_out, 4096)
                    self._reap()

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
        else:
            self._spawn(request, fds)
        for fd in fds:
            os.close(fd)
        return True

    def _spawn(self, request: dict[str, Any], fds: list[int]) -> None:
        read, write = os.pipe()
        try:
            pid = os.fork()
        except OSError as error:
            os.close(read)
            os.close(write)
            self._tell({"event": "failed", "id": request["id"], "why": f"fork: {error.strerror}"})
            return
        if pid == 0:
            _child(request["argv"], request["env"], request["cwd"], fds, write)
        os.close(write)
        why = os.read(read, 4096).decode(errors="replace")
        os.close(read)
        if why:
            self._tell({"event": "failed", "id": request["id"], "why": why})
            return
        self._own.add(pid)
        self._tell({"event": "spawned", "id": request["id"], "pid": pid})

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
    _apply(json.loads(sys.argv[2]))
    os.umask(0o077)
    guardian = Guardian(channel)
    guardian.run()
    guardian.end_all(float(sys.argv[3]))


if __name__ == "__main__":
    main()
