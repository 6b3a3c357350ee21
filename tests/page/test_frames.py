"""Pictures of a screen that has no live connection: the first, and each change, once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from agent.desktop.base import EncodedImage, Settled
from agent.errors import DesktopDied
from agent.testing.fake_desktop import FakeDesktop
from dashboard.desktop import frames
from dashboard.desktop.frames import Frames


class Film(FakeDesktop):
    """Shows a grey level after another, each for as long as one picture; then it dies."""

    def __init__(self, *shades: int) -> None:
        super().__init__()
        self._shades = list(shades)
        self.taken = 0

    async def screenshot(self) -> EncodedImage:
        if not self._shades:
            raise DesktopDied("It is over.")
        self.taken += 1
        self.shade = self._shades.pop(0)
        return await super().screenshot()

    async def settle(
        self, *, first: float = 0.15, quiet: float = 0.07, cap: float = 2.0, picture: bool = False
    ) -> Settled:
        assert 0 < quiet < first
        return await super().settle()


async def shown(*shades: int) -> list[int]:
    """Which of the screens were shown, as their places in the row."""
    film, pictures = Film(*shades), list[tuple[int, bytes]]()
    follower = Frames(film, lambda data: pictures.append((film.taken - 1, data)))
    follower.run(True)
    follower.run(True)
    await ended(lambda: follower._task is None)
    assert film.taken == len(shades)
    assert all(data for _, data in pictures)
    return [place for place, _ in pictures]


async def ended(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not true():
            await asyncio.sleep(0)


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "BETWEEN", 0)


@pytest.mark.parametrize(
    ("shades", "places"),
    [
        ((7,), [0]),  # the first is shown though nothing was seen to change
        ((0,), [0]),
        ((7, 7), [0]),
        ((7, 8), [0, 1]),  # the first change
        ((7, 8, 8, 9), [0, 1, 3]),
        ((7, 8, 7), [0, 1, 2]),  # back to what was shown before the last
        ((7, 7, 7, 8), [0, 3]),
    ],
)
async def test_the_first_picture_and_each_change_are_shown_once(
    shades: tuple[int, ...], places: list[int]
) -> None:
    assert await shown(*shades) == places


async def test_it_begins_again_after_a_desktop_that_died_and_ends_when_nobody_looks() -> None:
    film, pictures = Film(1), list[bytes]()
    follower = Frames(film, pictures.append)
    follower.run(True)
    await ended(lambda: follower._task is None)
    film._shades = [2] * 10_000
    follower.run(True)
    await ended(lambda: len(pictures) == 2)
    follower.run(False)
    follower.run(False)
    await asyncio.sleep(0)
    taken = film.taken
    for _ in range(20):
        await asyncio.sleep(0)
    assert film.taken == taken
