"""Work that waits for a disk: on threads that nobody else needs.

Most has a thread to itself (`in_thread`). A `Writer` is a thread for one folder's work, which is
waited for, but not for ever.

What waits for a disk that hangs cannot be cut: a thread in the kernel's hands stays there. So the
work is done here, and whoever needs it done waits: the order stays as if they had done it
themselves. After `PATIENCE` they are told that it is not done. Work that returns later all
the same is taken back (``undo``), and until then everything else is refused at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import functools
import itertools
import logging
import threading
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, wait
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, ClassVar, Generic, ParamSpec, TypeVar

from agent.threads import step_in

_log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

PATIENCE = 2.5
"""Seconds that work may take."""

LESS = 0.5
"""The same while other work on the same disk hangs."""

DISK = "disk"
"""Name of the threads that have no other; they are the process's, whoever gave them work."""

_KEPT = 10.0
"""Seconds that such a thread waits for more work."""


async def in_thread(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """`asyncio.to_thread` for work that a disk can delay: on a thread of its own.

    Of the few threads that are there for everybody, a handful of such waits would leave none.
    Whoever is cancelled waits no more; the work goes on, and nobody hears of its end.
    """
    job = functools.partial(work, *args, **kwargs)
    return await asyncio.get_running_loop().run_in_executor(_EACH, job)


def in_time(work: Callable[[], T], seconds: float) -> T:
    """Have ``work`` done on another thread, and wait so long for what it returns or raises.

    Raises:
        DiskHangs: it is not done; it goes on, and nobody hears of its end.
    """
    job = on_thread(work)
    if not wait((job,), seconds).done:
        raise DiskHangs
    return job.result()


def on_thread(work: Callable[[], T]) -> Future[T]:
    """Have ``work`` done on a thread that has nothing else to do, and keeps no process alive."""
    job: Future[T] = Future()
    job.set_running_or_notify_cancel()
    _EACH.do(functools.partial(_do, job, contextvars.copy_context(), work))
    return job


def _do(job: Future[T], context: contextvars.Context, work: Callable[[], T]) -> None:
    try:
        job.set_result(context.run(work))
    except BaseException as error:  # noqa: BLE001 - raised where it is waited for, if it still is
        _log.debug("Work on a disk failed", exc_info=True)
        job.set_exception(error)


class _Threads(Executor):
    """A thread for each piece of work; those that are done wait a while for more.

    A loop that begins a thread is blocked until that has got a processor.
    """

    def __init__(self) -> None:
        self._work: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._lock = threading.Lock()
        self._free = 0
        """Threads that wait, less the pieces of work which are on their way to them."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        return on_thread(functools.partial(fn, *args, **kwargs))

    def do(self, work: Callable[[], None]) -> None:
        """Have ``work`` begun now; it raises nothing."""
        with self._lock:
            waits = self._free > 0
            self._free -= waits
        if not waits:
            threading.Thread(target=self._serve, name=DISK, daemon=True).start()
        self._work.put(work)

    def _serve(self) -> None:
        while True:
            try:
                work = self._work.get(timeout=_KEPT)
            except Empty:
                with self._lock:
                    if self._free:
                        self._free -= 1
                        return
                continue
            work()
            del work
            with self._lock:
                self._free += 1


_EACH = _Threads()


def put_aside(path: Path) -> None:
    """Move a file that was not understood to a name beside it, before another is written there.

    It is called ``NAME.damaged``, or ``NAME.damaged.2`` and so on if that is taken.

    Raises:
        OSError: the disk refuses; nothing was moved.
    """
    names = (f"{path.name}.damaged{f'.{n}' if n > 1 else ''}" for n in itertools.count(1))
    free = next(path.with_name(name) for name in names if not path.with_name(name).exists())
    with contextlib.suppress(FileNotFoundError):
        path.rename(free)


class DiskHangs(OSError):
    """Work was not done in time, or waits behind such."""


class _Job(Generic[T]):
    """Work that is waited for; in the end either done or given up, never both."""

    def __init__(self, work: Callable[[], T], undo: Callable[[T], object] | None) -> None:
        self._work, self._undo = work, undo
        self._fate = threading.Lock()
        self._returned = threading.Lock()
        self._returned.acquire()
        self._over = self.given_up = False
        self._error: BaseException | None = None
        self._result: T

    def run(self) -> None:
        """On the thread."""
        try:
            self._result = self._work()
        except BaseException as error:  # noqa: BLE001 - raised where it is waited for
            self._error = error
            _log.debug("Work on a disk failed", exc_info=True)
        with self._fate:
            self._over = True
        self._returned.release()
        if self.given_up:
            self._after_all()

    def _after_all(self) -> None:
        """What nobody waits for any more has come back."""
        if self._error is not None:
            _log.error("What was given up failed in the end", exc_info=self._error)
        elif self._undo is not None:
            try:
                self._undo(self._result)
            except Exception:  # noqa: BLE001 - it is taken back before the next work instead
                _log.exception("What was given up could not be taken back yet")

    def wait(self, seconds: float) -> T:
        """What the work returned or raised.

        Raises:
            DiskHangs: it is given up.
        """
        if not self._returned.acquire(timeout=seconds):
            with self._fate:
                self.given_up = not self._over
            if self.given_up:
                raise DiskHangs
        if self._error is not None:
            raise self._error
        return self._result


class Writer:
    """See the module's text.

    Args:
        name: The thread's.
        disk: What hangs together, for instance a device's number.
    """

    _late: ClassVar[set[tuple[int, int]]] = set()
    """Disks on which something hangs, each with the number of its writer."""

    _numbers: ClassVar[Iterator[int]] = itertools.count()

    def __init__(self, name: str, disk: int = 0) -> None:
        self._jobs: SimpleQueue[_Job[Any] | None] = SimpleQueue()
        self._name, self.disk, self._number = name, disk, next(self._numbers)
        self._thread: threading.Thread | None = None
        weakref.finalize(self, self._jobs.put, None)

    @property
    def hangs(self) -> bool:
        """Whether work that was given up has not returned."""
        return (self.disk, self._number) in self._late

    def do(
        self, work: Callable[[], T], undo: Callable[[T], object] | None = None, *, longer: float = 1
    ) -> T:
        """Have ``work`` done, and return its result.

        Args:
            work: What to do.
            undo: Takes work back that was given up, given its result; called on the thread.
            longer: How many times as long as usual it may take.

        Raises:
            DiskHangs: it is not done.
        """
        if self.hangs:
            raise DiskHangs
        if self._thread is None:
            self._thread = threading.Thread(
                target=_begin, args=(self._jobs,), name=self._name, daemon=True
            )
            self._thread.start()
        job = _Job(work, undo)
        self._jobs.put(job)
        together = any(disk == self.disk for disk, _ in tuple(self._late))
        try:
            return job.wait(LESS if together else PATIENCE * longer)
        except DiskHangs:
            self._late.add(mark := (self.disk, self._number))
            self._jobs.put(_Job(lambda: self._late.discard(mark), None))
            raise

    def last(self, work: Callable[[], object]) -> bool:
        """Have the last work done, after which the thread ends; false if that hangs."""
        job = _Job(work, None)
        self._jobs.put(job)
        self._jobs.put(None)
        if self._thread is None:
            _run(self._jobs)
        try:
            job.wait(0.0 if self.hangs else PATIENCE)
        except DiskHangs:
            return False
        return True


def at_hand(work: Callable[[], T]) -> T:
    """Have a small file of the data folder read or written: a card, settings, a picture.

    It is done on a thread of this process for all such files, so that a loop, or one of the few
    threads that are there for everybody, waits for a disk that hangs once, and then no more.

    Raises:
        DiskHangs: the disk does not answer.
        OSError: as ``work``.
    """
    return _small.do(work)


def _begin(jobs: SimpleQueue[_Job[Any] | None]) -> None:
    step_in()
    _run(jobs)


def _run(jobs: SimpleQueue[_Job[Any] | None]) -> None:
    """It holds nothing of whoever gives the work, who may be forgotten."""
    while (job := jobs.get()) is not None:
        job.run()
        del job


_small = Writer("small files")
