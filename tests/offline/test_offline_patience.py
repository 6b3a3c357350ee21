"""The planner looks again when the screen changes, not at fixed times."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field

import pytest

from agent.desktop.base import Tree
from agent.models.offline.grammar import Command
from agent.models.offline.steps import Moment
from agent.models.offline.view import View, look
from agent.testing.fake_desktop import FakeDesktop


@dataclass
class Screen(FakeDesktop):
    """Changes as it is told, and remembers what was waited for; no time passes in a wait."""

    tells: list[bool] = field(default_factory=list)
    """Whether each wait ends with a change; after these, none does."""

    def __post_init__(self) -> None:
        super().__init__()
        self.looks: list[float] = []
        self.waits: list[tuple[float, float]] = []

    async def tree(self) -> Tree:
        self.looks.append(time.monotonic())
        return await super().tree()

    async def changed(self, since: float, seconds: float) -> bool:
        self.waits.append((since, seconds))
        if len(self.waits) > 60:
            raise AssertionError("The planner waits without end.")
        return self.tells.pop(0) if self.tells else False


async def moment(desktop: FakeDesktop) -> Moment:
    return Moment(desktop, await look(desktop), Command("scroll", {}))


def pauses(screen: Screen) -> list[float]:
    return [round(seconds, 2) for _, seconds in screen.waits]


async def test_pauses_grow_while_nothing_changes_and_start_anew_after_a_change() -> None:
    screen = Screen(tells=[False, True])
    at = await moment(screen)
    assert await at.until(lambda _: len(screen.waits) >= 9, 60)
    assert pauses(screen) == [0.06, 0.09, 0.06, 0.09, 0.14, 0.2, 0.3, 0.46, 0.5]
    assert len(screen.looks) == 10


async def test_changes_count_from_the_beginning_of_the_last_look() -> None:
    screen = Screen(tells=[True, True])
    at = await moment(screen)
    taken = at.view.taken
    assert 0 < taken <= screen.looks[0]
    assert await at.until(lambda _: len(screen.waits) == 2, 60)
    (first, _), (second, _) = screen.waits
    assert first == taken
    assert screen.looks[0] < second <= screen.looks[1]


@pytest.mark.parametrize("seconds", [0.0, -1.0])
async def test_without_time_it_only_asks(seconds: float) -> None:
    screen = Screen()
    at = await moment(screen)
    assert not await at.until(lambda _: False, seconds)
    assert not await at.come(_never, seconds)
    assert await at.until(lambda _: True, seconds)
    assert screen.waits == []


async def test_the_last_look_is_after_the_time_and_no_wait_is_longer_than_is_left() -> None:
    desktop = FakeDesktop()
    at = await moment(desktop)
    began, seen = time.monotonic(), list[View]()
    assert not await at.until(seen.append, 0.1)
    assert seen[-1].taken >= began + 0.1
    assert len(seen) <= 3  # at the beginning, after the first pause, at the end


async def test_what_is_asked_is_asked_again_after_each_change() -> None:
    screen = Screen(tells=[True, True, True])
    at = await moment(screen)
    asked: list[float] = []

    async def ask() -> bool:
        asked.append(time.monotonic())
        return len(asked) == 4

    assert await at.come(ask, 60)
    assert len(screen.waits) == 3
    assert all(
        before <= when for before, when in zip([s for s, _ in screen.waits], asked, strict=False)
    )
    assert pauses(screen) == [0.06, 0.06, 0.06]


async def test_a_fake_desktop_tells_of_its_changes() -> None:
    desktop = FakeDesktop()
    assert not await desktop.changed(0.0, 0.02)
    asyncio.get_running_loop().call_later(0.02, setattr, desktop.input, "text", "hello")
    assert await desktop.changed(0.0, 60)


async def _never() -> bool:
    return False
