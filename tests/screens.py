"""What tests of a running desktop share: waiting, windows, texts."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest

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
