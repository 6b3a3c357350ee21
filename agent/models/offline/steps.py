"""What a handler of one command may answer, and what it may look at."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from agent.desktop.base import Desktop
from agent.kinds import COMPUTER, EDITOR, SHELL
from agent.models.offline.grammar import Command
from agent.models.offline.overlay import Overlay
from agent.models.offline.progress import Result
from agent.models.offline.view import View, look
from agent.session.refused import reason

_FIRST_PAUSE, _LONGEST_PAUSE = 0.06, 0.5
"""Seconds after which to look again though the screen did not change; half as much again each time.

A program may tell of what it has painted a little later than it painted it.
"""


_AT_ONCE = 0.3
"""Seconds in which the screen tells of what is there already."""


@dataclass(frozen=True, slots=True)
class Call:
    """One action to ask for: a member of the computer's toolset, or another tool."""

    name: str
    input: dict[str, Any]
    toolset: str | None = COMPUTER.called


@dataclass(frozen=True, slots=True)
class Act:
    """Act, then come back in ``phase`` with the results and with ``memo``."""

    say: str
    calls: tuple[Call, ...]
    phase: int = 1
    memo: str = ""


@dataclass(frozen=True, slots=True)
class Done:
    """The command's effect was seen; ``say`` is what is true now."""

    say: str
    dictating: bool | None = None
    """Whether dictation is on from now on; None if that stays as it is."""


@dataclass(frozen=True, slots=True)
class Fail:
    """The command was not carried out; ``say`` is why, and what the person can do."""

    say: str


Step = Act | Done | Fail


class _Patience:
    """Waits for the screen to change, for some seconds in all."""

    def __init__(self, desktop: Desktop, seconds: float) -> None:
        self._desktop = desktop
        self._now = asyncio.get_running_loop().time
        self._end = self._now() + seconds
        self._pause = _FIRST_PAUSE

    async def change(self, since: float) -> bool:
        """Return when it is worth a look; False if the time is over."""
        left = self._end - self._now()
        if left <= 0:
            return False
        changed = await self._desktop.changed(since, min(left, self._pause))
        self._pause = _FIRST_PAUSE if changed else min(1.5 * self._pause, _LONGEST_PAUSE)
        return True


@dataclass
class Moment:
    """One command at one point of its course, and the desktop as it is now."""

    desktop: Desktop
    view: View
    command: Command
    phase: int = 0
    memo: str = ""
    results: tuple[Result, ...] = ()
    resuming: bool = False
    overlay: Overlay = field(default_factory=Overlay)
    following: bool = False
    """Whether a command of the same sentence came before, whose effect may still be coming."""

    def slot(self, name: str) -> str:
        return self.command.slot(name)

    async def until(self, seen: Callable[[View], object], seconds: float = 3.0) -> bool:
        """Look again until something is seen or the time is over; ``view`` is the last look."""
        patience = _Patience(self.desktop, seconds)
        while not seen(self.view):
            if not await patience.change(self.view.taken):
                return False
            self.view = await look(self.desktop)
        return True

    async def appears(self, seen: Callable[[View], object], seconds: float) -> bool:
        """As `until`, for what must be there to begin with: long only behind another command."""
        return await self.until(seen, seconds if self.following else _AT_ONCE)

    async def come(self, ask: Callable[[], Awaitable[object]], seconds: float = 1.0) -> bool:
        """Ask again until the answer is true or the time is over."""
        patience = _Patience(self.desktop, seconds)
        asked = time.monotonic()
        while not await ask():
            if not await patience.change(asked):
                return False
            asked = time.monotonic()
        return True

    def having(self, **slots: str) -> Moment:
        """The same moment of the command with other words in it."""
        return replace(self, command=self.command.having(**slots))

    @property
    def failure(self) -> str:
        """Why the first action of the last turn that failed did so, for a person; or nothing."""
        return next((reason(r.text) for r in self.results if r.is_error), "")

    @property
    def output(self) -> str:
        return "\n".join(r.text for r in self.results).strip()


Handler = Callable[[Moment], Awaitable[Step]]


def click(x: int, y: int, name: str = "left_click", held: str = "") -> Call:
    """A click of some kind at a point, perhaps with keys held: ``ctrl+shift``."""
    given: dict[str, Any] = {"coordinate": [x, y]}
    return Call(name, {**given, "text": held} if held else given)


def key(combo: str, repeat: int = 1) -> Call:
    """A key combination, perhaps several times."""
    given: dict[str, Any] = {"text": combo}
    return Call("key", {**given, "repeat": repeat} if repeat > 1 else given)


def type_text(text: str) -> Call:
    """Text for what has the keyboard."""
    return Call("type", {"text": text})


def shell(command: str) -> Call:
    """A command for the shell tool."""
    return Call(SHELL.called, {"command": command}, None)


def editor(**given: str) -> Call:
    """A request to the file editor."""
    return Call(EDITOR.called, dict(given), None)


def listing(names: Sequence[str], joint: str = "and") -> str:
    """Names in a row, as in: a, b and c."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} {joint} {names[-1]}"


def shortened(text: str, limit: int = 160) -> str:
    """On one line, and cut at a word's end when it is long."""
    text = " ".join(text.split())
    return text if len(text) <= limit else f"{text[:limit].rsplit(' ', 1)[0]} …"


def capital(text: str) -> str:
    """With a capital at its beginning."""
    return text[:1].upper() + text[1:]
