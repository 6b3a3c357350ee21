"""A kernel in memory: processes that fork, start programs and wait for the answer."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from agent.desktop.server.installed import Installed
from agent.desktop.server.starts import Judge, Notice, Process, Program
from agent.desktop.server.watching import Listener, ProgramWatch
from agent.testing.fake_desktop import FakeDesktop

GUARDIAN = 2
"""The process that everything descends from."""

_CODE = b"python3\0guardian.py"


@dataclass
class _Image:
    process: Process
    code: bytes
    stdin_terminal: bool = False


class FakeKernel:
    """Implements `agent.desktop.server.starts.Kernel`; a test forks, starts and reads the answers.

    A program is there unless its path is in ``missing``; its file is its path.
    """

    def __init__(self) -> None:
        self.answers: dict[int, str] = {}
        """``allowed`` or ``refused``, by notice."""

        self.missing: set[str] = set()
        self.unreadable = False
        self.broken = False
        """Whether the next look for a notice fails, as when the kernel's end is gone."""

        self.closed = threading.Event()
        self._programs: dict[int, Program] = {}
        self._images = {GUARDIAN: _Image(Process(GUARDIAN, 1, GUARDIAN, False, 1), _CODE)}
        self._notices: deque[Notice] = deque()
        self._given_up: set[int] = set()
        self._changed = threading.Condition()
        self._next_pid = 10
        self._woken = False

    # For tests ------------------------------------------------------------------------

    def fork(
        self,
        parent: int = GUARDIAN,
        *,
        session: int = 0,
        terminal: bool = False,
        code: bytes = b"",
    ) -> int:
        """A child that is still what its parent is, or else ``code``; ``session`` -1: a leader."""
        pid, above = self._next_pid, self._images[parent]
        self._next_pid += 1
        own = pid if session == -1 else session or above.process.session
        on_terminal = terminal or (above.process.terminal and session != -1)
        process = Process(pid, parent, own, on_terminal, pid * 100)
        self._images[pid] = _Image(process, code or above.code, above.stdin_terminal or terminal)
        return pid

    def orphan(self, pid: int) -> None:
        """Its parents end: it is the guardian's now."""
        image = self._images[pid]
        old = image.process
        image.process = Process(pid, GUARDIAN, old.session, old.terminal, old.born)

    def reuse(self, pid: int, parent: int) -> None:
        """A process has ended, and a child of ``parent`` has its number."""
        image, old = self._images[self.fork(parent)], self._images[pid].process
        born = replace(image.process, pid=pid, born=old.born + 1)
        self._images[pid] = _Image(born, image.code, image.stdin_terminal)

    def starts(self, pid: int, *argv: str, path: str = "", cwd: str = "/home/user") -> Notice:
        """A process wants to become a program; returns what waits."""
        named = path or (argv[0] if "/" in argv[0] else f"/usr/bin/{argv[0]}")
        with self._changed:
            notice = Notice(len(self._programs) + 1, pid)
            exists = named not in self.missing
            self._programs[notice.id] = Program(named, named, tuple(argv), cwd, exists)
            self._notices.append(notice)
            self._changed.notify_all()
        return notice

    def end(self, notice: Notice) -> None:
        """What waits is killed."""
        with self._changed:
            self._given_up.add(notice.id)
            self._changed.notify_all()

    def answer(self, notice: Notice, patience: float = 20.0) -> str:
        """What became of a start, once that is decided."""
        with self._changed:
            assert self._changed.wait_for(lambda: notice.id in self.answers, patience)  # noqa: S101
            return self.answers[notice.id]

    # For the watch --------------------------------------------------------------------

    def next(self, seconds: float | None) -> Notice | None:
        with self._changed:
            self._changed.wait_for(lambda: self._notices or self._woken or self.broken, seconds)
            if self.broken:
                raise OSError("the kernel went away")
            self._woken = False
            return self._notices.popleft() if self._notices else None

    def wake(self) -> None:
        with self._changed:
            self._woken = True
            self._changed.notify_all()

    def fail(self) -> None:
        """From now on there are no notices."""
        with self._changed:
            self.broken = True
            self._changed.notify_all()

    def program(self, notice: Notice) -> Program:
        if self.unreadable:
            raise OSError("it cannot be read")
        return self._programs[notice.id]

    def process(self, pid: int) -> Process | None:
        image = self._images.get(pid)
        return image.process if image else None

    def leader(self, thread: int) -> int:
        return thread

    def command_line(self, pid: int) -> bytes:
        return self._images[pid].code

    def reads_terminal(self, pid: int) -> bool:
        return self._images[pid].stdin_terminal

    def waiting(self, notice: Notice) -> bool:
        return notice.id not in self._given_up and notice.id not in self.answers

    def allow(self, notice: Notice) -> None:
        program = self._programs[notice.id]
        self._images[notice.thread].code = b"\0".join(word.encode() for word in program.argv)
        self._settle(notice, "allowed")

    def refuse(self, notice: Notice) -> None:
        self._settle(notice, "refused")

    def _settle(self, notice: Notice, answer: str) -> None:
        with self._changed:
            self.answers[notice.id] = answer
            self._changed.notify_all()

    def close(self) -> None:
        self.closed.set()


class WatchedDesktop(FakeDesktop):
    """A desktop in memory whose programs are watched: by the real watch, over `kernel`."""

    def __init__(self, installed: Iterable[str] = (), **given: Any) -> None:
        super().__init__(**given)
        self.kernel = FakeKernel()
        self.lost: list[str] = []
        judge = Judge(self.kernel, GUARDIAN, Installed(installed))
        self.watch = ProgramWatch(self.kernel, judge, self.lost.append)
        self.watch.start()

    def listen(self, listener: Listener | None) -> None:
        self.watch.listener = listener

    async def stop(self) -> None:
        self.watch.close()
        await super().stop()

    def shell(self) -> int:
        """A bash in a terminal window, as a person would open it; returns its number."""
        terminal = self.kernel.fork()
        self.kernel.answer(self.kernel.starts(terminal, "xfce4-terminal"))
        shell = self.kernel.fork(terminal, session=-1, terminal=True)
        self.kernel.answer(self.kernel.starts(shell, "bash"))
        return shell
