"""Fixtures that several rooms share.

A module that uses `desktop` runs its tests on one loop:
``pytestmark = [pytest.mark.desktop, pytest.mark.asyncio(loop_scope="module")]``.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

import pytest
import pytest_asyncio

from agent.desktop import VirtualDesktop
from agent.desktop.base import Node, Window

T = TypeVar("T")


async def until(probe: Callable[[], Awaitable[T]], timeout: float = 20.0) -> T:
    """Await ``probe`` again and again until it gives something true."""
    deadline = time.monotonic() + timeout
    while not (found := await probe()):
        if time.monotonic() > deadline:
            pytest.fail(f"It did not come true within {timeout:g} s; last seen: {found!r}")
        await asyncio.sleep(0.02)
    return found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desktop() -> AsyncIterator[VirtualDesktop]:
    """A started desktop, shared by the tests of a module."""
    running = VirtualDesktop()
    await running.start()
    yield running
    await running.stop()


@pytest_asyncio.fixture(loop_scope="module")
async def empty(desktop: VirtualDesktop) -> AsyncIterator[VirtualDesktop]:
    """The module's desktop, whose windows are closed and whose input is free afterwards."""
    yield desktop
    desktop.input.resume()
    await close_windows(desktop)


async def close_windows(desktop: VirtualDesktop) -> None:
    """End every program that has a window."""
    pids = {str(window.pid) for window in await desktop.windows() if window.pid}
    if pids:
        await (await desktop.spawn(["kill", "-9", *pids])).wait()

    async def none_left() -> bool:
        return not await desktop.windows()

    await until(none_left)


async def open_window(desktop: VirtualDesktop, *argv: str, title: str) -> Window:
    """Start a program and await its active window."""
    await desktop.spawn(argv)

    async def shown() -> Window | None:
        window = await desktop.active_window()
        return window if window and title in window.title else None

    window = await until(shown)
    await desktop.settle(first=0.3, quiet=0.15)
    return window


async def text_of(desktop: VirtualDesktop, role: str) -> str:
    """The text of the first visible node of a role; empty while there is none."""

    def of_role(nodes: tuple[Node, ...]) -> Node | None:
        return max(nodes, key=lambda n: n.box.width * n.box.height if n.box else 0, default=None)

    node = of_role((await desktop.tree()).showing(role))
    return await desktop.text_of(node) if node else ""
