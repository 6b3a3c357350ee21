"""A real desktop with real applications, for tests of what is on it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

import pytest_asyncio

from agent.desktop import VirtualDesktop
from agent.desktop.base import Node, Process, Window
from agent.desktop.see.accessibility import Accessibility
from agent.desktop.see.windows import WindowList

T = TypeVar("T")


async def until(look: Callable[[], Awaitable[T | None]], what: str, patience: float = 90.0) -> T:
    """Ask again and again until the answer is true."""
    async with asyncio.timeout(patience):
        while True:
            if answer := await look():
                return answer
            await asyncio.sleep(0.02)
    raise AssertionError(what)


async def signalled(desktop: VirtualDesktop, name: str, victim: str) -> None:
    """Send a signal to the processes whose command line matches a shell pattern's beginning."""
    pattern = victim.replace(" ", "\\ ")
    script = (
        'for p in /proc/[0-9]*; do c=$(tr "\\0" " " <$p/cmdline 2>/dev/null); case "$c" in '
        f'sh\\ *) ;; {pattern}*) kill -{name} "${{p#/proc/}}"; echo hit;; esac; done'
    )
    process = await desktop.spawn(["sh", "-c", script])
    hits = b"".join([piece async for piece in await process.read()])
    await process.wait()
    assert hits, f"No process of the desktop is called {victim}."


class Desk:
    """A started desktop with direct access to its windows and accessible objects."""

    def __init__(self, desktop: VirtualDesktop) -> None:
        self.desktop = desktop
        self.input = desktop.input
        self.windows = WindowList(desktop.env)
        self.accessibility = Accessibility(desktop.env)
        self._started: list[Process] = []

    async def start(self, *argv: str) -> None:
        """Start a program without waiting for anything."""
        self._started.append(await self.desktop.spawn(argv))

    async def open(self, *argv: str) -> Window:
        """Start a program and wait for its new, active window."""
        before = {window.id for window in await self.windows.windows()}
        await self.start(*argv)

        async def new() -> Window | None:
            found = [w for w in await self.windows.windows() if w.id not in before]
            return found[0] if found and found[0].active else None

        return await until(new, f"a window of {argv[0]}")

    async def node(self, role: str, name: str | None = None, app: str = "") -> Node:
        """Wait for a visible object and return it."""

        async def look() -> Node | None:
            for node in (await self.accessibility.tree()).showing(role):
                if name in (None, node.name) and app in ("", node.app):
                    return node
            return None

        return await until(look, f"{role} {name!r}")

    async def click(self, node: Node, count: int = 1) -> None:
        assert node.box is not None
        await self.input.click(*node.box.center, count=count)
        await self.desktop.settle()

    async def clear(self) -> None:
        """Close every window by ending its program."""
        await self.input.key("Escape")
        for window in await self.windows.windows():
            await self.start("kill", "-KILL", str(window.pid))

        async def none() -> bool:
            return not await self.windows.windows()

        await until(none, "no windows")

    async def close(self) -> None:
        """Stop the desktop, and read what its programs printed to the end."""
        await self.windows.close_connection()
        await self.accessibility.close()
        await self.desktop.stop()
        for process in self._started:
            async for _ in await process.read():
                pass


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_desk() -> AsyncIterator[Desk]:
    """One desktop for a module."""
    desktop = VirtualDesktop()
    await desktop.start()
    desk = Desk(desktop)
    await desk.accessibility.start()
    yield desk
    await desk.close()


@pytest_asyncio.fixture(loop_scope="module")
async def desk(shared_desk: Desk) -> AsyncIterator[Desk]:
    """The module's desktop, without windows at first and at last."""
    yield shared_desk
    await shared_desk.clear()
