"""What lies outside the screen counts as not showing, without a desktop."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from agent.desktop.base import Box, Node
from agent.desktop.see.atspi import ROLES, STATES
from agent.desktop.see.snapshot import Snapshot
from agent.desktop.see.wire import Call

SCREEN, NAME = (1280, 800), ":1.5"
APP, FRAME, BUTTON = ("/org/a11y/atspi/accessible/root", "/frame", "/button")
_SHOWING = 1 << STATES.index("showing")
_ICONIFIED = 1 << STATES.index("iconified")


class OneProgram:
    """A message bus with one program: a window, and a button at some place in it."""

    def __init__(self, place: tuple[int, int, int, int], *, states: int = _SHOWING) -> None:
        self._extents = {APP: (0, 0, 1, 1), FRAME: (0, 0, *SCREEN), BUTTON: place}
        self._states = {APP: 0, FRAME: states, BUTTON: _SHOWING}

    def call(self, message: Call, timeout: float = 1.0) -> tuple[Any, ...] | None:
        return self.call_all([message], timeout)[0]

    def call_all(
        self, messages: Sequence[Call], timeout: float = 1.0
    ) -> list[tuple[Any, ...] | None]:
        return [self._answer(message) for message in messages]

    def _answer(self, asked: Call) -> tuple[Any, ...] | None:
        match asked.member:
            case "GetChildren":
                return ([(NAME, APP)],)
            case "GetItems":
                roles = {APP: "application", FRAME: "frame", BUTTON: "push button"}
                parents = {APP: "/org/a11y/atspi/null", FRAME: APP, BUTTON: FRAME}
                return ([self._row(path, parents[path], role) for path, role in roles.items()],)
            case "GetExtents":
                return (self._extents[asked.path],)
            case _:
                return None

    def _row(self, path: str, parent: str, role: str) -> tuple[Any, ...]:
        states = [self._states[path], 0]
        own, above = (NAME, path), (NAME, parent)
        return (own, (NAME, APP), above, 0, 0, [], path, ROLES.index(role), "", states)


def button(place: tuple[int, int, int, int], **more: int) -> Node:
    tree = Snapshot(OneProgram(place, **more), lambda: SCREEN).tree()  # type: ignore[arg-type]
    [found] = [node for node in tree.nodes if node.role == "push button"]
    assert tree.showing("push button") == ((found,) if found.showing else ())
    return found


@pytest.mark.parametrize(
    ("place", "shows"),
    [
        ((100, 100, 40, 20), True),
        ((0, 0, 40, 20), True),
        ((-39, 100, 40, 20), True),  # its last column
        ((-40, 100, 40, 20), False),
        ((100, -19, 40, 20), True),
        ((100, -20, 40, 20), False),
        ((1279, 100, 40, 20), True),  # its first column
        ((1280, 100, 40, 20), False),
        ((100, 799, 40, 20), True),
        ((100, 800, 40, 20), False),
        ((-40, -20, 40, 20), False),
        ((1280, 800, 40, 20), False),
        ((-5000, -5000, 40, 20), False),  # where hidden panels are parked
        ((-100, -100, 5000, 5000), True),  # larger than the screen
        ((100, 100, 0, 20), False),
        ((100, 100, 40, 0), False),
        ((100, 100, 1, 1), True),
        ((-2147483648, -2147483648, 40, 20), False),  # what toolkits say of what has no place
        ((-10_001, 100, 20_000, 20), False),
        ((-10_000, 100, 20_000, 20), True),
    ],
)
def test_only_what_meets_the_screen_shows(place: tuple[int, int, int, int], *, shows: bool) -> None:
    found = button(place)
    assert found.box == (Box(*place) if shows else None)
    assert found.showing is shows
    assert ("showing" in found.states) is shows


def test_nothing_shows_in_a_window_that_is_minimised() -> None:
    assert button((100, 100, 40, 20)).showing
    assert not button((100, 100, 40, 20), states=_SHOWING | _ICONIFIED).showing
