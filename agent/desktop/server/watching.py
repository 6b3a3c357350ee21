"""A thread that answers every start of a program on one desktop.

What needs no question is answered at once, whatever the event loop does. What needs one waits
for `Asked.answer`, and is refused when none comes in time. When the thread ends, for whatever
reason, nothing more starts on that desktop: the kernel refuses.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from agent.desktop.server.installed import Installed
from agent.desktop.server.notifications import SeccompKernel, can_read
from agent.desktop.server.starts import Hands, Judge, Kernel, Notice, Ruling, Start

_log = logging.getLogger(__name__)

DEADLINE = 120.0
"""Seconds after which a start is refused that nobody has begun to ask about, or answered in the
time of its question and so many more."""

_LOOK = 0.25
"""Seconds between two looks whether starts that are asked about still wait."""


class Listener(Protocol):
    """Who is told. Called by the watch's thread: return at once."""

    def started(self, start: Start) -> None:
        """A program begins that nobody had to be asked about."""
        ...

    def asked(self, asked: Asked) -> None:
        """Starts wait for an answer."""
        ...


@dataclass(eq=False)
class Asked:
    """One question: the starts that wait for its answer, the first of which it names."""

    start: Start
    _answer: Callable[[Asked, bool], None]
    until: float
    notices: list[tuple[Notice, Ruling]] = field(default_factory=list)
    gone: threading.Event = field(default_factory=threading.Event)
    """Set when nothing waits for the answer any more."""

    on_gone: Callable[[], None] = lambda: None

    def wait_for(self, seconds: float) -> None:
        """Let it wait for so long from now on, because somebody is being asked."""
        self.until = time.monotonic() + seconds + DEADLINE

    def answer(self, *, allowed: bool) -> None:
        """Let it start, or refuse. From any thread; only the first answer counts."""
        self._answer(self, allowed)


@runtime_checkable
class WatchesPrograms(Protocol):
    """A desktop whose programs' starts can be watched."""

    @property
    def watch(self) -> ProgramWatch | None:
        """The watch of the desktop that runs; another after a new start of it."""
        ...

    def listen(self, listener: Listener | None) -> None:
        """Tell somebody of programs that start, also after a new start of the desktop."""
        ...


class ProgramWatch:
    """Watches starts until `close`.

    Args:
        kernel: where notices come from; closed at the end.
        judge: what is made of them.
        on_lost: told why when the thread ended by a fault; from that thread.
    """

    def __init__(self, kernel: Kernel, judge: Judge, on_lost: Callable[[str], None]) -> None:
        self.listener: Listener | None = None
        """Without one, everything may start."""

        self._kernel = kernel
        self._judge = judge
        self._on_lost = on_lost
        self._asked: dict[tuple[int, ...], Asked] = {}
        self._answers: deque[tuple[Asked, bool]] = deque()
        self._ending = False
        self._thread = threading.Thread(target=self._run, name="program watch", daemon=True)

    def start(self) -> None:
        self._thread.start()

    @property
    def hands(self) -> Hands:
        """What the agent's hands do; set by whoever knows."""
        return self._judge.hands

    @hands.setter
    def hands(self, hands: Hands) -> None:
        self._judge.hands = hands

    @property
    def bound(self) -> int:
        """Number of the last allowed line that has started something."""
        return self._judge.bound

    def expect(self, argv: tuple[str, ...], covers: bool) -> None:
        """Announce a program that is started from outside; ``covers``: with all below it."""
        self._judge.expect(argv, covers)

    def close(self) -> None:
        """Refuse what waits, and end."""
        self._ending = True
        self._kernel.wake()
        if self._thread.is_alive():
            self._thread.join(5.0)

    # The thread -----------------------------------------------------------------------

    def _run(self) -> None:
        why = ""
        try:
            while not self._ending:
                self._turn()
        except OSError as error:
            why = "" if self._ending else str(error)
        except Exception as error:  # noqa: BLE001 - the thread's border: told below
            _log.exception("The watch over programs failed")
            why = repr(error)
        finally:
            self._let_go()
        if not self._ending:
            self._on_lost(f"The watch over its programs ended ({why}).")

    def _turn(self) -> None:
        notice = self._kernel.next(_LOOK if self._asked else None)
        while self._answers:
            self._carry_out(*self._answers.popleft())
        if notice is not None:
            self._take(notice)
        self._forget_gone()

    def _take(self, notice: Notice) -> None:
        """Answer one notice, or let it wait. A fault about one start is its refusal alone."""
        try:
            ruling = self._judge.judge(notice)
        except OSError as error:
            _log.info("A start could not be looked at: %s", error)
            ruling = Ruling("pass" if self.listener is None else "refuse", _UNKNOWN)
        except Exception:  # noqa: BLE001 - the border of one start: the others go on
            _log.exception("A start could not be judged")
            ruling = Ruling("refuse", _UNKNOWN)
        listener = self.listener
        if ruling.verdict == "ask" and listener is not None:
            self._ask(listener, notice, ruling)
        elif ruling.verdict == "refuse" and listener is not None:
            self._kernel.refuse(notice)
        else:
            self._kernel.allow(notice)
            if ruling.verdict != "pass" and listener is not None:
                listener.started(ruling.start)

    def _ask(self, listener: Listener, notice: Notice, ruling: Ruling) -> None:
        asked = self._asked.get(ruling.key)
        if asked is not None:
            asked.notices.append((notice, ruling))
            return
        asked = Asked(ruling.start, self._answered, time.monotonic() + DEADLINE)
        asked.notices.append((notice, ruling))
        self._asked[ruling.key] = asked
        listener.asked(asked)

    def _answered(self, asked: Asked, allowed: bool) -> None:
        self._answers.append((asked, allowed))
        self._kernel.wake()

    def _carry_out(self, asked: Asked, allowed: bool) -> None:
        if self._asked.get(asked.notices[0][1].key) is not asked:
            return
        del self._asked[asked.notices[0][1].key]
        listener = self.listener
        for notice, ruling in asked.notices:
            if not self._kernel.waiting(notice):
                continue
            self._note(notice, ruling, allowed)
            if not allowed:
                self._kernel.refuse(notice)
                continue
            self._kernel.allow(notice)
            if listener is not None and ruling is not asked.notices[0][1]:
                listener.started(ruling.start)
        asked.gone.set()

    def _note(self, notice: Notice, ruling: Ruling, allowed: bool) -> None:
        try:
            self._judge.decided(notice, ruling, allowed=allowed)
        except OSError as error:
            _log.info("A start that was answered about is gone: %s", error)

    def _forget_gone(self) -> None:
        """Withdraw questions that nothing waits for, and refuse what waited too long."""
        now = time.monotonic()
        for key, asked in list(self._asked.items()):
            if now > asked.until:
                self._carry_out(asked, False)
                asked.on_gone()
            elif not any(self._kernel.waiting(notice) for notice, _ in asked.notices):
                del self._asked[key]
                asked.gone.set()
                asked.on_gone()

    def _let_go(self) -> None:
        try:
            for asked in self._asked.values():
                for notice, _ in asked.notices:
                    with contextlib.suppress(OSError):  # the kernel refuses it as well
                        self._kernel.refuse(notice)
                asked.gone.set()
                asked.on_gone()
            self._asked.clear()
        finally:
            self._kernel.close()


_UNKNOWN = Start(program="", line="a program that cannot be looked at", cwd="", by=(), how="file")


def watch_programs(
    reports: int, guardian: int, on_lost: Callable[[str], None]
) -> tuple[ProgramWatch, str]:
    """Watch what starts below a guardian; and why that cannot be done, if it cannot. Blocks.

    Where programs cannot be looked into, they start unwatched.
    """
    kernel = SeccompKernel(reports)
    watch = ProgramWatch(kernel, Judge(kernel, guardian, Installed.read()), on_lost)
    watch.start()
    return watch, "" if can_read(guardian) else "this system does not let Sayso look into them"
