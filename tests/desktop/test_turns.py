"""Desktops start a few at a time, in order; who waits is told how many come first."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from agent.desktop.base import DesktopStatus
from agent.desktop.server.supervise import Supervisor
from agent.desktop.server.turns import AT_ONCE, Turns, turns
from agent.errors import DesktopUnavailable


async def settled(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0)


class Starting:
    """Somebody who waits for a turn, has it until ``done`` is set, and notes what was told."""

    def __init__(self, all_turns: Turns) -> None:
        self.told: list[int] = []
        self.going = asyncio.Event()
        self.done = asyncio.Event()
        self.task = asyncio.create_task(self._go(all_turns))

    async def _go(self, all_turns: Turns) -> None:
        async with all_turns.turn(self.told.append):
            self.going.set()
            await self.done.wait()


async def test_so_many_go_at_once_and_the_others_follow_in_order() -> None:
    all_turns = Turns(2)
    five = [Starting(all_turns) for _ in range(5)]
    await settled(lambda: five[4].told == [3])
    assert [each.going.is_set() for each in five] == [True, True, False, False, False]
    five[1].done.set()
    await five[2].going.wait()
    assert [each.told for each in five] == [[], [], [1], [2, 1], [3, 2]]
    for each in five:
        each.done.set()
    await asyncio.gather(*(each.task for each in five))
    last = Starting(all_turns)
    await last.going.wait()
    assert last.told == []
    last.done.set()
    await last.task


async def test_who_goes_away_holds_nobody_up() -> None:
    """While it waits, at the very moment of its turn, and when it fails."""
    all_turns = Turns(1)
    first, second, third, fourth = (Starting(all_turns) for _ in range(4))
    await settled(lambda: fourth.told == [3])
    second.task.cancel()
    await settled(lambda: fourth.told == [3, 2])
    first.done.set()
    await settled(first.task.done)
    third.task.cancel()  # its turn has come, and it has not noticed yet
    await fourth.going.wait()
    assert not third.going.is_set()
    fourth.task.cancel()
    await settled(fourth.task.done)
    fifth = Starting(all_turns)
    await fifth.going.wait()
    fifth.done.set()
    await fifth.task


class Slow:
    """A desktop that starts when it is let."""

    def __init__(self) -> None:
        self.let = asyncio.Event()
        self.started = False

    async def bring_up(self) -> str:
        self.started = True
        await self.let.wait()
        return ""

    async def take_down(self, *, keep_files: bool) -> None:
        """Nothing to let go of."""

    async def heartbeat(self) -> None:
        """It lives."""

    def halted(self) -> str:
        return ""

    def describe(self) -> DesktopStatus:
        return DesktopStatus("stopped", confined=True, network=False, server="none")


async def test_a_desktop_waits_its_turn_and_says_so() -> None:
    """One that is stopped meanwhile does not start after all."""
    said: list[list[tuple[str, str]]] = []
    lives, supervisors = [], []
    for number in range(AT_ONCE + 2):
        said.append([])
        lives.append(Slow())
        tell = said[number].append
        supervisors.append(
            Supervisor(lives[-1], lambda s, tell=tell: tell((s.state, s.detail)), 5.0)
        )
    starts: list[Awaitable[None]] = [asyncio.create_task(each.start()) for each in supervisors]
    await settled(lambda: ("starting", "2 desktops start first.") in said[-1])
    assert [life.started for life in lives] == [True] * AT_ONCE + [False] * 2
    await supervisors[-2].stop()
    lives[0].let.set()
    with pytest.raises(DesktopUnavailable):
        await starts[-2]
    for life in lives:
        life.let.set()
    await starts[-1]
    assert said[-1][-1] == ("ready", "")
    assert ("starting", "Another desktop starts first.") in said[-1]
    assert not lives[-2].started
    await asyncio.gather(*(start for n, start in enumerate(starts) if n != len(starts) - 2))
    for each in supervisors:
        await each.stop()
    assert turns() is turns()
