"""When the screen counts as settled: the rules at their edges, in a time that only waits pass."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from agent.desktop.base import Box, Settled
from agent.desktop.see.settle import Stillness, _inside, _Lulls

BOX, OTHER = Box(10, 10, 20, 20), Box(100, 100, 5, 5)


class Hurry(selectors.SelectSelector):
    """Lets the loop's time jump to whatever is due next."""

    def __init__(self) -> None:
        super().__init__()
        self.time = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        ready = super().select(0)
        if not ready and timeout:
            self.time += timeout
        return ready


class HurriedLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self.hurry = Hurry()
        super().__init__(self.hurry)

    def time(self) -> float:
        return self.hurry.time


def play(scene: Callable[[Stillness, HurriedLoop], Coroutine[Any, Any, Any]]) -> Any:
    """What a scene returns, in hurried time."""
    loop = HurriedLoop()
    try:
        return loop.run_until_complete(scene(Stillness(loop.time), loop))
    finally:
        loop.close()


def at(loop: HurriedLoop, seconds: float, still: Stillness, box: Box = BOX) -> None:
    """The screen changes at that moment of the scene."""

    def change() -> None:
        still.changed(box)
        for tell in tuple(still._listeners):
            tell()

    loop.call_at(seconds, change)


def waited(*changes: float, first: float = 0.2, quiet: float = 0.1, cap: float = 2.0) -> Settled:
    """The end of a wait from 0 on, with changes at these seconds."""

    async def scene(still: Stillness, loop: HurriedLoop) -> Settled:
        for seconds in changes:
            at(loop, seconds, still)
        return await still.wait(first=first, quiet=quiet, cap=cap)

    return play(scene)


@pytest.mark.parametrize(
    ("changes", "ends", "changed", "settled"),
    [
        ((), 0.2, False, True),  # nothing: `first`
        ((0.05,), 0.15, True, True),  # one: `quiet` after it, before `first`
        ((0.19,), 0.29, True, True),
        ((0.05, 0.14), 0.24, True, True),  # the second within `quiet`
        ((0.05, 0.16), 0.15, True, True),  # the second too late to count
        (tuple(n * 0.09 for n in range(1, 40)), 2.0, True, False),  # never quiet: `cap`
    ],
)
def test_the_wait_ends_after_quiet_or_first_or_cap(
    changes: tuple[float, ...], ends: float, *, changed: bool, settled: bool
) -> None:
    found = waited(*changes)
    assert found.seconds == pytest.approx(ends, abs=0.002)
    assert (found.changed, found.quiet) == (changed, settled)


def test_a_change_before_the_action_does_not_count_and_one_before_the_wait_does() -> None:
    async def scene(still: Stillness, loop: HurriedLoop) -> tuple[Settled, Settled]:
        await asyncio.sleep(1)
        still.changed(BOX)
        still.mark()
        nothing = await still.wait(first=0.2, quiet=0.1, cap=2)
        still.mark()
        await asyncio.sleep(0.05)
        still.changed(BOX)
        await asyncio.sleep(0.5)  # quiet for longer than asked: over at once
        return nothing, await still.wait(first=0.2, quiet=0.1, cap=2)

    nothing, past = play(scene)
    assert (nothing.changed, nothing.seconds) == (False, pytest.approx(0.2))
    assert (past.changed, past.seconds) == (True, 0)


@pytest.mark.parametrize(
    ("begin", "step", "times", "learned"),
    [
        (2.0, 0.3, 3, True),  # three times over 0.6 s
        (2.0, 0.6, 2, False),  # only twice
        (2.0, 0.25, 3, True),  # over 0.5 s exactly
        (2.0, 0.24, 3, False),  # a burst of 0.48 s
        (0.1, 0.3, 3, False),  # the aftermath of the action before: 0.8 s
        (0.8, 0.3, 3, True),  # right after it
        (0.79, 0.3, 3, False),
        (0.3, 0.3, 4, False),  # only two of them later than that
        (0.45, 0.3, 4, False),
    ],
)
def test_what_counts_as_flicker(begin: float, step: float, times: int, *, learned: bool) -> None:
    """A place that changes often, for long, and not as the effect of the action before."""

    async def scene(still: Stillness, loop: HurriedLoop) -> Settled:
        still.mark()
        for number in range(times):
            at(loop, begin + number * step, still)
        await asyncio.sleep(3.2)
        still.mark()
        at(loop, loop.time() + 0.05, still)
        return await still.wait(first=0.2, quiet=0.1, cap=2)

    assert play(scene).changed is not learned


@pytest.mark.parametrize(("begin", "learned"), [(2.45, False), (2.5, True)])
def test_what_flickered_more_than_two_and_a_half_seconds_ago_is_not_learned(
    begin: float, *, learned: bool
) -> None:
    async def scene(still: Stillness, loop: HurriedLoop) -> bool:
        for number in range(3):
            at(loop, begin + number * 0.3, still)
        await asyncio.sleep(5)
        still.mark()
        return bool(still._flicker)

    assert play(scene) is learned


def test_flicker_is_learned_from_the_last_seconds_only_and_forgotten_when_it_ends() -> None:
    async def scene(still: Stillness, loop: HurriedLoop) -> list[bool]:
        for number in range(4):
            at(loop, 1 + number * 0.3, still)
        await asyncio.sleep(5)  # the last change is 3.1 s ago
        still.mark()
        found = [bool(still._flicker)]
        for number in range(4):
            at(loop, 7 + number * 0.3, still)
        await asyncio.sleep(4)
        still.mark()
        found.append(bool(still._flicker))
        await asyncio.sleep(0.8 + 0.4)  # too short a time to learn anything else: it stays
        still.mark()
        found.append(bool(still._flicker))
        await asyncio.sleep(0.8 + 0.5)  # long enough, and it did not flicker
        still.mark()
        return [*found, bool(still._flicker)]

    assert play(scene) == [False, True, True, False]


def test_a_change_beside_the_flicker_counts_as_does_one_that_is_larger() -> None:
    async def scene(still: Stillness, loop: HurriedLoop) -> list[bool]:
        still._flicker = (BOX,)
        found = []
        for box in (BOX, Box(12, 12, 18, 18), OTHER, Box(10, 10, 21, 20), Box(10, 10, 20, 21)):
            still._since = loop.time()
            await asyncio.sleep(0.01)
            still.changed(box)
            found.append(still.last_change(still._since) is not None)
        return found

    assert play(scene) == [False, False, True, True, True]


def test_what_was_hidden_is_no_change_until_the_next_action() -> None:
    async def scene(still: Stillness, loop: HurriedLoop) -> list[float | None]:
        still._hidden = (BOX,)
        await asyncio.sleep(1)
        still.changed(BOX)
        found = [still.last_change(0.0)]
        still.mark()
        assert still._hidden == ()
        await asyncio.sleep(1)
        still.changed(OTHER)
        still.changed(BOX)
        return [*found, still.last_change(1.0), still.last_change(2.0)]

    assert play(scene) == [None, 2.0, None]


@pytest.mark.parametrize(
    ("box", "inside"),
    [
        (BOX, True),
        (Box(9, 10, 20, 20), False),
        (Box(10, 9, 20, 20), False),
        (Box(11, 10, 20, 20), False),
        (Box(10, 11, 20, 20), False),
        (Box(29, 29, 1, 1), True),
        (Box(30, 29, 1, 1), False),
        (Box(29, 30, 1, 1), False),
    ],
)
def test_the_edges_of_a_place(box: Box, *, inside: bool) -> None:
    assert _inside(box, BOX) is inside


def started(*pieces: tuple[bytes, bool]) -> Callable[[Stillness], None]:
    def tell(still: Stillness) -> None:
        for piece, begins in pieces:
            still.started(1, piece, begins=begins)

    return tell


NEW = (b"new: ID=a1 NAME=x\0", True)


@pytest.mark.parametrize(
    ("told", "busy"),
    [
        (started(NEW), True),
        (started((b"new: ID=a1", True)), False),  # not whole yet
        (started((b"new: I", True), (b'D="a1"\0\0\0', False)), True),
        (started((b"remove: ID=zz\0", True)), False),
        (started(NEW, (b"remove: ID=a1\0", True)), False),
        (started(NEW, (b"remove: ID=b2\0", True)), True),
        (started(NEW, (b"change: ID=a1\0", True)), True),
        (started((b"new: ID=a", True), (b"new: ID=b\0", True), (b"remove: ID=b\0", True)), False),
        (started((b"new: NAME=x\0", True)), False),
        (lambda still: still.expect_window(), True),
        (lambda still: still.mark(), False),
        (lambda still: (still.expect_window(), still.mark()), False),
        (lambda still: (started(NEW)(still), still.mark()), False),
    ],
)
def test_while_a_program_starts_the_screen_is_not_settled(
    told: Callable[[Stillness], object], *, busy: bool
) -> None:
    async def scene(still: Stillness, loop: HurriedLoop) -> Settled:
        told(still)
        return await still.wait(first=0.2, quiet=0.1, cap=2)

    found = play(scene)
    assert found.quiet is not busy
    assert (found.seconds >= 2) is busy


def test_the_end_of_a_start_is_a_change() -> None:
    async def scene(still: Stillness, loop: HurriedLoop) -> Settled:
        started(NEW)(still)

        def ends() -> None:
            started((b"remove: ID=a1\0", True))(still)
            for tell in tuple(still._listeners):
                tell()

        loop.call_at(1.0, ends)
        found = await still.wait(first=0.2, quiet=0.1, cap=2)
        assert still._listeners == []
        return found

    found = play(scene)
    assert (found.seconds, found.changed, found.quiet) == (pytest.approx(1.1), True, True)


def test_whether_it_only_hovers_is_known_until_the_next_action() -> None:
    async def scene(still: Stillness, loop: HurriedLoop) -> list[bool]:
        found = [still._hover]
        still.mark()
        found.append(still._hover)
        still.mark(hover=True)
        return [*found, still._hover]

    assert play(scene) == [True, False, True]


@pytest.mark.parametrize(
    ("changes", "within", "ends", "changed"),
    [
        ((), 0.5, 0.5, False),  # nothing: the time is over
        ((0.1,), 0.5, 0.12, True),  # it rests
        ((0.1, 0.11), 0.5, 0.13, True),
        ((0.1, 0.13), 0.5, 0.12, True),  # a rest is enough
        (tuple(n * 0.01 for n in range(10, 90)), 0.5, 0.16, True),  # never rests
        ((0.49, 0.505), 0.5, 0.5, True),  # it may rest no longer than there is time
        ((0.6,), 0.5, 0.5, False),
    ],
)
def test_a_change_is_awaited_and_the_rest_after_it(
    changes: tuple[float, ...], within: float, ends: float, *, changed: bool
) -> None:
    async def scene(still: Stillness, loop: HurriedLoop) -> tuple[bool, float]:
        for seconds in changes:
            at(loop, seconds, still)
        found = await still.change(0.0, within), loop.time()
        assert still._listeners == []
        return found

    assert play(scene) == (changed, pytest.approx(ends, abs=0.002))


def test_a_change_after_the_moment_that_is_past_is_told_at_once() -> None:
    async def scene(still: Stillness, loop: HurriedLoop) -> list[float]:
        await asyncio.sleep(1)
        still.changed(BOX)
        await asyncio.sleep(1)
        ends = []
        for since in (0.99, 1.0):  # the second has seen it
            began = loop.time()
            await still.change(since, 0.3)
            ends.append(loop.time() - began)
        return ends

    assert play(scene) == [0.0, pytest.approx(0.3)]


def test_windows_that_are_arranged_anew_are_a_change_to_wait_for_but_not_to_settle_after() -> None:
    async def scene(still: Stillness, loop: HurriedLoop) -> tuple[Settled, bool, float, bool]:
        await asyncio.sleep(1)
        still.mark()

        def arrange() -> None:
            still.rearranged()
            for tell in tuple(still._listeners):
                tell()

        loop.call_later(0.1, arrange)
        settled = await still.wait(first=0.2, quiet=0.3, cap=2)
        seen = await still.change(1.05, 1.0)
        loop.call_later(0.1, arrange)
        began = loop.time()
        again = await still.change(began, 1.0)
        return settled, seen, loop.time() - began, again

    settled, seen, took, again = play(scene)
    assert (settled.changed, settled.seconds) == (False, pytest.approx(0.2))
    assert seen
    assert again
    assert took == pytest.approx(0.12)


def test_windows_that_are_arranged_anew_at_the_very_beginning_are_no_later_change() -> None:
    async def scene(still: Stillness, loop: HurriedLoop) -> tuple[bool, float]:
        def arrange() -> None:
            still.rearranged()
            for tell in tuple(still._listeners):
                tell()

        loop.call_at(0.1, arrange)
        return await still.change(0.0, 1.0), loop.time()

    assert play(scene) == (True, pytest.approx(0.12))


def test_flicker_is_no_change_to_wait_for() -> None:
    async def scene(still: Stillness, loop: HurriedLoop) -> bool:
        still._flicker = (BOX,)
        at(loop, 0.1, still)
        return await still.change(0.0, 0.3)

    assert play(scene) is False


def test_each_rest_is_told_once() -> None:
    heard: list[int] = []
    lulls = _Lulls(10.0, lambda: heard.append(1))
    assert lulls.tell(10.0, None) == pytest.approx(0.02)
    assert lulls.tell(10.02, None) == float("inf")
    assert lulls.tell(11.0, None) == float("inf")
    assert len(heard) == 1
    assert lulls.tell(11.0, 10.99) == pytest.approx(0.01)
    assert lulls.tell(11.02, 10.99) == float("inf")
    assert len(heard) == 2
    assert _Lulls(10.0, None).tell(11.0, None) == float("inf")


def test_a_lull_is_told_in_the_wait() -> None:
    async def scene(still: Stillness, loop: HurriedLoop) -> list[float]:
        heard: list[float] = []
        at(loop, 0.1, still)
        await still.wait(first=0.5, quiet=0.3, cap=2, lull=lambda: heard.append(loop.time()))
        return heard

    assert play(scene) == [pytest.approx(0.02), pytest.approx(0.12)]
