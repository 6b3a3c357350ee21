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
from contextlib import ExitStack
from functools import cache, partial
from types import TracebackType
from typing import Any, Self, TypeVar

from anyio.from_thread import BlockingPortal, start_blocking_portal

from agent.face import Bundle

T = TypeVar("T")
_LIVE = frozenset({"desktop", "files", "input"})
"""Parts whose methods belong on the loop as well."""


@cache
def _portal() -> BlockingPortal:
    """The background loop. What is left on it when Python ends is cancelled."""
    opened = ExitStack()
    portal = opened.enter_context(start_blocking_portal(name="sayso loop"))
    opened.callback(portal.call, portal.stop, True)
    atexit.register(opened.close)
    return portal


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


def _call(function: Callable[..., Any], *given: Any, **named: Any) -> Any:
    """``function`` on the loop; what it returns is awaited there."""

    async def called() -> Any:
        result = function(*given, **named)
        return await result if isinstance(result, Awaitable) else result

    return run(called())
