"""Looks at a served session from outside: its journal, its desktop's windows and files."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from agent.desktop.base import Node, Window
from agent.desktop.see.accessibility import Accessibility
from agent.desktop.see.windows import WindowList
from agent.desktop.server.connection import open_display
from agent.desktop.server.environment import DisplayEnv
from agent.record.events import BaseEvent, Event, load_event
from agent.session.home import home_folder

PATIENCE = 60.0
"""Seconds to wait for what must happen: generous, for slow machines."""

E = TypeVar("E", bound=BaseEvent)
T = TypeVar("T")


async def until(look: Callable[[], T], what: str, patience: float = PATIENCE) -> T:
    """Look again and again until the answer is true."""
    try:
        async with asyncio.timeout(patience):
            while not (answer := look()):
                await asyncio.sleep(0.05)
            return answer
    except TimeoutError:
        raise AssertionError(f"waited {patience:.0f} s for {what}") from None


_OF_THE_EAR = ("heard", "understood", "voice_changed", "hold_began", "stopped", "failed")


def _story(events: list[Event]) -> str:
    """What was heard, and the latest events; a line each."""
    told = [event for event in events[:-25] if event.kind in _OF_THE_EAR]
    return "\n".join(
        f"{event.kind} {event.model_dump(exclude_defaults=True, exclude={'kind', 'seq'})}"[:300]
        for event in [*told[-50:], *events[-25:]]
    )


class Onlooker:
    """Reads what one served session leaves where the server keeps it."""

    def __init__(self, data: Path, desktops: Path) -> None:
        self._data = data
        self._desktops = desktops
        self._seen: dict[Path, tuple[int, list[Event]]] = {}
        """Of each journal, the number of its last event that was read, and its events."""

    # The journal ------------------------------------------------------------------

    def events(self) -> list[Event]:
        """All events of the newest session, as journaled so far."""
        journals = self._journals()
        if not journals:
            return []
        path = journals[-1]
        last, events = self._seen.get(path, (-1, []))
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            later = "select seq, event from events where seq > ? order by seq"
            rows = database.execute(later, (last,)).fetchall()
        if rows:
            events = [*events, *(load_event(event) for _seq, event in rows)]
            self._seen[path] = rows[-1][0], events
        return events

    def _journals(self) -> list[Path]:
        """The sessions' journals, the newest last."""
        return sorted((self._data / "sessions").glob("*/events.db"), key=_age)

    def of(self, kind: type[E] | tuple[type[E], ...], since: int = 0) -> list[E]:
        """Events of some classes, numbered ``since`` or later."""
        return [event for event in self.events()[since:] if isinstance(event, kind)]

    def story(self, since: int) -> str:
        """What was heard and the latest events, numbered ``since`` or later; a line each."""
        return _story(self.events()[since:])

    def count(self) -> int:
        """How many events there are, to look only at later ones."""
        return len(self.events())

    async def event(
        self,
        kind: type[E] | tuple[type[E], ...],
        matches: Callable[[E], bool] = lambda _: True,
        since: int = 0,
    ) -> E:
        """Wait for an event numbered ``since`` or later."""

        def look() -> E | None:
            return next((event for event in self.of(kind, since) if matches(event)), None)

        try:
            return await until(look, str(kind))  # type: ignore[return-value]
        except AssertionError as error:
            raise AssertionError(f"{error}; instead:\n{self.story(since)}") from None

    # The desktop --------------------------------------------------------------------

    @property
    def folder(self) -> Path:
        """The one running desktop's folder."""
        [lock] = self._desktops.glob("sayso-*/*/lock")
        return lock.parent

    @property
    def home(self) -> Path:
        """The newest session's home folder."""
        return home_folder(self._data, self._journals()[-1].parent.name)

    async def windows(self) -> list[Window]:
        """The desktop's windows, bottom to top."""
        listed = WindowList(self._env())
        try:
            return list(await listed.windows())
        finally:
            await listed.close_connection()

    async def nodes(self, *roles: str) -> list[Node]:
        """Visible accessible objects of the given roles."""
        accessibility = Accessibility(self._env())
        await accessibility.start()
        try:
            return list((await accessibility.tree()).showing(*roles))
        finally:
            await accessibility.close()

    async def pressed(self) -> list[int]:
        """Key codes that the desktop's X server holds for pressed."""

        def look() -> list[int]:
            display = open_display(self._env())
            try:
                bits = display.query_keymap()
                return [n for n in range(256) if bits[n // 8] & (1 << (n % 8))]
            finally:
                display.close()

        return await asyncio.to_thread(look)

    async def text(self, app: str) -> str:
        """What the text field of an application holds."""
        return "".join(n.text or "" for n in await self.nodes("text") if app in n.app.lower())

    def _env(self) -> DisplayEnv:
        folder = self.folder
        [socket] = (folder / "x11").glob("X*")
        return DisplayEnv(
            display=f"unix:{socket}",
            inside_display=f":{socket.name[1:]}",
            xauthority=folder / "run" / "Xauthority",
            session_bus=f"unix:path={folder}/run/bus",
            a11y_bus=f"unix:path={folder}/run/at-spi/bus_0",
            home=self.home,
            runtime_dir=folder / "run",
            geometry=(1280, 800),
        )


def _age(path: Path) -> float:
    return path.parent.stat().st_ctime
