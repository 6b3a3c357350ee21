"""For code without ``await``: the event loop in a thread of its own, and calls that block.

>>> from agent import Session, Settings
>>> from agent.blocking import Blocking
>>> with Blocking(Session.create(Settings(model="offline"))) as session:  # doctest: +SKIP
...     session.say("Open the editor and write hello.")
...     session.wait_idle()

Works inside and outside a running loop, so in scripts and in notebooks alike.
"""

from __future__ import annotations

import asyncio
import atexit
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from functools import cache, partial
from threading import Thread
from types import TracebackType
from typing import Any, Self, TypeVar

import anyio
from anyio.from_thread import BlockingPortal

from agent.face import Bundle

T = TypeVar("T")
_PATIENCE = 5.0
"""Seconds that what is left when Python ends has to tidy up."""

_LIVE = frozenset({"desktop", "files", "input"})
"""Parts whose methods belong on the loop as well."""


@cache
def _portal() -> BlockingPortal:
    """The background loop. What is left on it when Python ends is cancelled.

    Its thread keeps no process alive: anyio's own would be waited for without end.
    """
    opened: Future[BlockingPortal] = Future()
    thread = Thread(target=anyio.run, args=(_serve, opened), name="sayso loop", daemon=True)
    thread.start()
    portal = opened.result()
    atexit.register(_end, portal, thread)
    return portal


async def _serve(opened: Future[BlockingPortal]) -> None:
    async with BlockingPortal() as portal:
        opened.set_result(portal)
        await portal.sleep_until_stopped()


def _end(portal: BlockingPortal, thread: Thread) -> None:
    """Cancel what is left, and give it a while to tidy up."""
    portal.start_task_soon(portal.stop, True)
    thread.join(_PATIENCE)


def run(awaitable: Awaitable[T]) -> T:
    """Carry ``awaitable`` out on the background loop and block until it is done.

    An interrupt (Ctrl-C, or Jupyter's stop button) cancels it.

    Raises:
        RuntimeError: called on the background loop itself.
    """
    # The portal's own way to cancel does so again at every await: what tidies up could not wait.
    interrupted: Future[None] = Future()
    try:
        return _portal().call(_carry_out, awaitable, interrupted)
    except BaseException:
        interrupted.cancel()
        raise


async def _carry_out(awaitable: Awaitable[T], interrupted: Future[None]) -> T:
    loop, task = asyncio.get_running_loop(), asyncio.ensure_future(awaitable)
    interrupted.add_done_callback(lambda _: loop.call_soon_threadsafe(task.cancel))
    return await task


class Blocking:
    """A session or a desktop whose methods are called on the background loop, and block.

    In a ``with`` block it is opened (started) first and closed (stopped) last.
    """

    def __init__(self, wrapped: Any) -> None:
        self.wrapped = wrapped

    def __enter__(self) -> Self:
        _call(getattr(self.wrapped, "open", None) or self.wrapped.start)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        _call(getattr(self.wrapped, "close", None) or self.wrapped.stop)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.wrapped, name)
        if name in _LIVE:
            return Blocking(found)
        return partial(_call, found) if callable(found) else found

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *dir(self.wrapped)})

    def __repr__(self) -> str:
        return f"Blocking({self.wrapped!r})"

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> Bundle:
        shown: Callable[[], Bundle] | None = getattr(self.wrapped, "_repr_mimebundle_", None)
        return shown() if shown is not None else {"text/plain": repr(self)}

    def __panel__(self) -> object:
        """Panel's objects are made where Panel asks for them, not on the background loop."""
        shown: Callable[[], object] | None = getattr(self.wrapped, "__panel__", None)
        return shown() if shown is not None else f"`{self!r}`"


def _call(function: Callable[..., Any], *given: Any, **named: Any) -> Any:
    """``function`` on the loop; what it returns is awaited there."""

    async def called() -> Any:
        result = function(*given, **named)
        return await result if isinstance(result, Awaitable) else result

    return run(called())
