"""A desktop with the pages and programs of the bench on it, and what they tell of themselves.

Pages come from a server on the desktop's own loopback. It adds a script of the bench to each, which
marks the corner of the page with a colour, and tells where each declared element is and what is
done to it: the page's own geometry and events, told past accessibility. Programs are shown by
``world_programs/show.py``, which tells the same of GTK's parts.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from agent.desktop import VirtualDesktop
from agent.desktop.base import Box, Window
from agent.desktop.see.accessibility import Accessibility
from benchmarks.world_truth import PAGES, PROGRAMS, Truth, truths

T = TypeVar("T")

PATIENCE = 60.0
"""Seconds for a program or page to be there."""

PORT = 8091
MARK = (254, 1, 167)
"""The colour that marks the upper left corner of a page."""

BROWSERS = ("chromium", "firefox-esr", "firefox")


class Log:
    """What pages and programs tell, line by line."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.lines: list[dict[str, Any]] = []
        self._read = 0

    def look(self) -> list[dict[str, Any]]:
        """All that has been told so far."""
        if self._path.exists():
            data = self._path.read_bytes()
            whole = data[: data.rfind(b"\n") + 1]
            new, self._read = whole[self._read :], len(whole)
            self.lines += [json.loads(line) for line in new.splitlines()]
        return self.lines

    def boxes(self, page: str = "") -> dict[str, Box]:
        """Where everything is by the latest word of a page or program."""
        for line in reversed(self.look()):
            if "boxes" in line and line.get("page", "") == page:
                return {place: Box(*box) for place, box in line["boxes"].items()}
        return {}

    def size(self, page: str) -> tuple[int, int]:
        """Width and height of what shows of a page."""
        sizes = [
            line["size"] for line in self.look() if line.get("page") == page and "size" in line
        ]
        return (sizes[-1][0], sizes[-1][1]) if sizes else (0, 0)

    def done(self) -> list[dict[str, Any]]:
        """What was done to elements."""
        return [line for line in self.look() if "did" in line]


class Stage:
    """A running desktop, and what the bench shows on it."""

    def __init__(self, desktop: VirtualDesktop, on: Collection[str] = ()) -> None:
        self.desktop = desktop
        self.on = on
        """Names of the pages and programs that are wanted; all of them if there are none."""

        self.eyes = Accessibility(desktop.env)
        """Looks at objects over a connection of the bench's own, whose cost is known."""

        self.folder = desktop.home / "world"
        self.log = Log(self.folder / "log")

    def wants(self, name: str) -> bool:
        """Whether a page or program is among those that are wanted."""
        return not self.on or name in self.on

    async def furnish(self) -> None:
        """Put pages and programs there, and serve the pages."""
        self.folder.mkdir()
        self.folder.chmod(0o777)
        probe, probes = (PAGES / "probe.js").read_text("utf-8"), {}
        for truth in truths(PAGES, ".html"):
            places = json.dumps([each.place for each in truth.declared])
            given = f'const places = {places}, colour = "rgb{MARK}";'
            probes[truth.path.name] = f"{given}\n{probe}"
        self.put("probes.json", json.dumps(probes))
        shows = [*PROGRAMS.glob("*.ui"), PROGRAMS / "show.py"]
        for path in [*PAGES.glob("*.html"), PAGES / "serve.py", *shows]:
            self.put(path.name, path.read_text("utf-8"))
        here = self.desktop.inside(self.folder)
        serve = ["/usr/bin/python3", f"{here}/serve.py", here, f"{here}/log", str(PORT)]
        await self.desktop.spawn(serve)
        reached = 'until curl -so /dev/null "$0"; do sleep 0.1; done'
        asked = await self.desktop.spawn(["sh", "-c", reached, url("form.html")])
        async with asyncio.timeout(PATIENCE):
            await asked.wait()

    def put(self, name: str, text: str) -> None:
        """A file that programs on the desktop may read."""
        path = self.folder / name
        path.write_text(text, "utf-8")
        path.chmod(0o644)

    async def page(self, browser: str, truth: Truth) -> Box:
        """Show a page, and return where it is on the screen once it has told so."""
        since = len(self.log.look())
        await self.window(browser, url(truth.path.name))
        path = f"/{truth.path.name}"

        def told() -> bool:
            return any(line.get("page") == path for line in self.log.look()[since:])

        await until(told, f"a word of {truth.name}")
        return await until(lambda: self.corner(path), f"the corner of {truth.name}")

    async def corner(self, path: str) -> Box | None:
        """Where a page is on the screen, by the colour of its corner."""
        frame = await self.desktop.grab()
        pixels = np.frombuffer(frame.rgb, np.uint8).reshape(frame.height, frame.width, 3)
        rows, columns = np.nonzero((pixels == MARK).all(axis=2))
        if not len(rows):
            return None
        return Box(int(columns.min()), int(rows.min()), *self.log.size(path))

    async def program(self, truth: Truth) -> None:
        """Show a window of GTK, and wait until it has told where its parts are."""
        here = self.desktop.inside(self.folder)
        log = f"{here}/log-{truth.name}"
        await self.window("/usr/bin/python3", f"{here}/show.py", f"{here}/{truth.path.name}", log)
        await until(lambda: self.log_of(truth).boxes(), f"a word of {truth.name}")

    def log_of(self, truth: Truth) -> Log:
        """What a program has told."""
        return Log(self.folder / f"log-{truth.name}")

    async def window(self, *argv: str) -> Window:
        """Start a program and wait for its window to be in front."""
        before = {window.id for window in await self.desktop.windows()}
        await self.desktop.spawn(argv)

        async def new() -> Window | None:
            found = await self.desktop.active_window()
            return found if found and found.id not in before else None

        return await until(new, f"a window of {argv[0]}")

    async def clear(self) -> None:
        """End every program that has a window."""
        pids = {str(window.pid) for window in await self.desktop.windows() if window.pid}
        if pids:
            await (await self.desktop.spawn(["kill", "-KILL", *pids])).wait()

        async def none() -> bool:
            return not await self.desktop.windows()

        await until(none, "no windows")
        for log in self.folder.glob("log-*"):
            log.unlink()


def url(name: str) -> str:
    """Where a page is, for a browser on the desktop."""
    return f"http://127.0.0.1:{PORT}/{name}"


def installed() -> list[str]:
    """The browsers of this machine."""
    found = [name for name in BROWSERS if shutil.which(name)]
    return [name for name in found if name != "firefox" or "firefox-esr" not in found]


async def until(look: Callable[[], Awaitable[T | None] | T | None], what: str) -> T:
    """Ask again and again until there is something.

    Raises:
        TimeoutError: it did not come; ``what`` is in the text.
    """
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        answer = look()
        found = await answer if isinstance(answer, Awaitable) else answer
        if found:
            return found
        await asyncio.sleep(0.05)
    raise TimeoutError(f"There was no {what} within {PATIENCE:g} s.")


@asynccontextmanager
async def stage(on: Collection[str] = ()) -> AsyncIterator[Stage]:
    """A desktop that is furnished, and ended afterwards; ``on``: see `Stage.on`."""
    desktop = VirtualDesktop()
    await desktop.start()
    try:
        made = Stage(desktop, on)
        await made.furnish()
        await made.eyes.start()  # else the first look would be charged with the connection
        yield made
        await made.eyes.close()
    finally:
        await desktop.stop()
