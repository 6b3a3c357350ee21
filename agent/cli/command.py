"""One run of the command line: a session from its words to its end, whatever cuts it short."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import errno
import os
import signal
import stat
import threading
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, TextIO, TypeVar

from agent.cli.exit_codes import Exit, exit_of
from agent.cli.terminal import Person, Printer, tell
from agent.errors import ModelError
from agent.models.base import check_model
from agent.record import events as ev
from agent.session.ending import ending_of
from agent.session.session import Session

T = TypeVar("T")

_CLOSING = 10.0
"""Seconds that the desktop and the journal have to end once the command was cut."""

_FORCED = 3.0
"""Seconds after a second signal in which the process is gone, whatever hangs."""

_SIGNALS = {
    signal.SIGINT: (Exit.STOPPED, "Ctrl-C"),
    signal.SIGTERM: (Exit.TERMINATED, "SIGTERM"),
}
if hasattr(signal, "SIGHUP"):  # Windows, where sessions are only listed and imported, has none
    _SIGNALS[signal.SIGHUP] = (Exit.HUNG_UP, "the terminal was closed")


class Cut(Exception):
    """The command was cut; `Cutter` knows by what."""


class Cutter:
    """What ends the command early: a signal, ``--timeout``, an output that cannot be written.

    The first of them ends the work cleanly. A signal after it ends the process at once.
    """

    def __init__(self, timeout: float | None) -> None:
        self.exit: Exit | None = None
        self.reason = ""
        self._timeout = timeout
        self._happened = asyncio.Event()
        self._forced: threading.Timer | None = None

    def cut(self, exit_code: Exit, reason: str) -> None:
        """End the command; what comes after the first time changes nothing."""
        if self.exit is None:
            self.exit, self.reason = exit_code, reason
            self._happened.set()

    async def bound(self, work: Coroutine[Any, Any, T]) -> T:
        """What ``work`` comes to, which is cancelled when the command is cut.

        Raises:
            Cut: it was.
        """
        task = asyncio.ensure_future(work)
        await self._either(task)
        if self.exit is None:
            return task.result()
        task.cancel()
        await asyncio.wait({task}, timeout=_CLOSING)
        if task.done() and not task.cancelled():
            task.exception()  # it is seen, so that Python need not say that nobody did
        raise Cut

    async def bound_ending(self, work: Coroutine[Any, Any, object]) -> bool:
        """Whether ``work``, which ends things, came to its own end; once cut, it has to hurry."""
        task = asyncio.ensure_future(work)
        await self._either(task)
        if not task.done():
            await asyncio.wait({task}, timeout=_CLOSING)
        if task.done():
            task.result()
            return True
        task.cancel()
        return False

    async def _either(self, task: asyncio.Future[Any]) -> None:
        cut = asyncio.ensure_future(self._happened.wait())
        try:
            await asyncio.wait({task, cut}, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            task.cancel()
            raise
        finally:
            cut.cancel()

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """Heed signals and the time in the ``with`` block. Signals that are ignored stay so."""
        loop = asyncio.get_running_loop()
        heeded = [number for number in _SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
        before = {number: signal.getsignal(number) for number in heeded}
        for number in heeded:
            loop.add_signal_handler(number, self._signalled, number)
        timer = loop.call_later(self._timeout, self._over) if self._timeout is not None else None
        try:
            yield
        finally:
            if timer is not None:
                timer.cancel()
            for number in heeded:
                loop.remove_signal_handler(number)
                signal.signal(number, _handler(before[number]))

    def release(self) -> None:
        """The process need not be ended by force any more."""
        if self._forced is not None:
            self._forced.cancel()

    def _over(self) -> None:
        self.cut(Exit.TIMED_OUT, f"the {self._timeout:g} s of --timeout are over")

    def _signalled(self, number: signal.Signals) -> None:
        if self.exit is None:
            self.cut(*_SIGNALS[number])
        elif self._forced is None:
            self._forced = threading.Timer(_FORCED, os._exit, (int(self.exit),))
            self._forced.daemon = True
            self._forced.start()
            for task in asyncio.all_tasks():
                task.cancel()


def _handler(found: Any) -> Any:
    """What may be given back to `signal.signal`; None stands for one that Python did not set."""
    return signal.SIG_DFL if found is None else found


async def run_command(
    given: argparse.Namespace, session: Session, lines: TextIO | None, out: TextIO, cutter: Cutter
) -> Exit:
    """Carry out the task of a command line; returns the exit code.

    Raises:
        ConfigurationError: a setting is wrong.
        JournalError: it cannot be written or read.
    """
    with cutter.listening():
        try:
            await cutter.bound(check_model(session.model))
        except (Cut, ModelError) as why:
            await session.discard()
            return not_begun(cutter, why)
        return await _Run(given, session, lines, out, cutter).run()


def not_begun(cutter: Cutter, why: Cut | ModelError) -> Exit:
    """Say why nothing was begun; returns the exit code."""
    if cutter.exit is not None:
        tell(f"sayso: {cutter.reason}: nothing was begun.")
        return cutter.exit
    tell(f"sayso: {why}")
    return Exit.PROVIDER


class _Run:
    """A session whose model can be used, from its opening to its end."""

    def __init__(
        self,
        given: argparse.Namespace,
        session: Session,
        lines: TextIO | None,
        out: TextIO,
        cutter: Cutter,
    ) -> None:
        self._given = given
        self._session = session
        self._lines = lines
        self._out = out
        self._cutter = cutter
        self._unwritten = False
        self._printer = Printer(out, as_json=given.json, lost=self._unheard)
        session.log.subscribe(self._printer.show)

    async def run(self) -> Exit:
        try:
            with _reader_watched(self._out, self._printer.give_up):
                outcome = await self._work()
        finally:
            try:
                await self._close()
            finally:  # a second signal ends the closing, too
                self._say_where()
        return self._cutter.exit or outcome

    async def _work(self) -> Exit:
        """Open, do what is asked; returns what came of it, if nothing cut it."""
        session = self._session
        try:
            await self._cutter.bound(session.open())
            if session.status.who == "disconnected":
                return Exit.DESKTOP
            with Person(session, self._lines):
                session.say(self._given.task, source="terminal")
                session.on_trouble.append(self._troubled)
                await self._cutter.bound(session.wait_idle())
        except Cut:
            if session.status.task_id is not None:
                session.stop(self._cutter.reason, source="terminal")
            elif not self._printer.failed:
                tell(f"sayso: {self._cutter.reason}: nothing was done.")
        self._printer.end_line()
        return self._outcome()

    def _outcome(self) -> Exit:
        session = self._session
        if self._unwritten:
            return Exit.FAILED
        ended = session.log.of(ev.TaskFinished)
        last = ended[-1] if ended else None
        return exit_of(last, ending_of(session.log).word(last) if last else "")

    def _troubled(self, text: str) -> None:
        """Nothing can be written down; told at once, whatever else is under way."""
        if text:
            self._unwritten = True
            tell(f"sayso: {text}")

    async def _close(self) -> None:
        reason = self._cutter.reason or "The command ended."
        if not await self._cutter.bound_ending(self._session.close(reason)):
            tell("sayso: the desktop did not end in time; it was left to end by itself.")

    def _unheard(self, error: OSError) -> None:
        """Nobody sees what happens any more: it stops, and Python need not try at its end."""
        tell(f"sayso: the output cannot be written ({error.strerror}): stopped.")
        silence(self._out)
        gone = error.errno == errno.EPIPE
        self._cutter.cut(Exit.PIPE_CLOSED if gone else Exit.FAILED, "the output cannot be written")

    def _say_where(self) -> None:
        if self._given.json:
            return
        tell(f"Session {self._session.id}")
        if where := self._session.where_files_are():
            tell(where)


@contextlib.contextmanager
def _reader_watched(out: TextIO, gone: Callable[[OSError], object]) -> Iterator[None]:
    """In the ``with`` block, call ``gone`` when the reader of a pipe goes, written to or not."""
    number = _pipe_of(out)
    if number is None:
        yield
        return
    loop = asyncio.get_running_loop()

    def went() -> None:
        loop.remove_reader(number)
        gone(BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE)))

    loop.add_reader(number, went)  # a pipe's writing end has nothing to read but that
    try:
        yield
    finally:
        loop.remove_reader(number)


def _pipe_of(out: TextIO) -> int | None:
    with contextlib.suppress(OSError, ValueError):
        number = out.fileno()
        if stat.S_ISFIFO(os.fstat(number).st_mode):
            return number
    return None


def silence(out: TextIO) -> None:
    """Let what is still written to a broken output go nowhere."""
    with contextlib.suppress(OSError, ValueError), open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), out.fileno())
