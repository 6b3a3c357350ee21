"""Pictures are written once, early, and are never old."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image
from screens import until

from agent.desktop import VirtualDesktop
from agent.desktop.base import EncodedImage
from agent.desktop.see.pictures import Pixels
from agent.desktop.see.screenshot_encoder import ScreenshotEncoder
from agent.desktop.see.settle import watch
from agent.testing.slow_window import SlowWindow


def screen(shade: int) -> Pixels:
    return np.full((4, 6, 4), shade, np.uint8)


class Writer:
    """Writes the shade down; fails as often as told."""

    def __init__(self, faults: int = 0) -> None:
        self.written: list[int] = []
        self._faults = faults

    def __call__(self, pixels: Pixels) -> EncodedImage:
        self.written.append(int(pixels[0, 0, 0]))
        if len(self.written) <= self._faults:
            raise OSError("no memory")
        return EncodedImage(bytes([self.written[-1]]), "image/webp", 6, 4)


async def test_equal_pixels_are_written_once() -> None:
    """However often they are asked for, and while they are being written."""
    writer = Writer()
    room = ScreenshotEncoder(writer)
    asked = [room.begin(room.known(screen(7))) for _ in range(3)]
    pictures = [await each for each in asked]
    assert writer.written == [7]
    assert pictures[0] is pictures[1] is pictures[2]


async def test_one_pixel_more_is_another_picture() -> None:
    writer = Writer()
    room = ScreenshotEncoder(writer)
    await room.begin(room.known(screen(7)))
    changed = screen(7)
    changed[3, 5, 2] = 8
    await room.begin(room.known(changed))
    assert len(writer.written) == 2


async def test_a_picture_that_failed_is_written_anew() -> None:
    """The fault reaches whoever asked, not the next one."""
    room = ScreenshotEncoder(Writer(faults=1))
    with pytest.raises(OSError, match="no memory"):
        await room.begin(room.known(screen(7)))
    assert (await room.begin(room.known(screen(7)))).data == b"\x07"


async def test_it_is_idle_once_the_picture_is_there() -> None:
    room = ScreenshotEncoder(Writer())
    await room.idle()
    picture = room.begin(screen(7))
    await room.idle()
    assert picture.done()


@pytest.mark.desktop
@pytest.mark.asyncio(loop_scope="module")
async def test_a_rest_is_told_of_before_the_wait_ends(empty: VirtualDesktop) -> None:
    """Once for each: the picture is begun while the wait goes on."""
    window, damage = SlowWindow(empty.env, (0.1, 0.3)), watch(empty.env)
    assert damage is not None
    try:
        await empty.settle(first=0.5)
        damage.mark()
        rests: list[float] = []
        await empty.input.click(*window.center)
        settled = await damage.wait(first=1.0, quiet=0.4, cap=5.0, lull=lambda: rests.append(1.0))
        assert settled.changed
        assert 2 <= len(rests) <= 4
    finally:
        damage.close()
        window.close()


@pytest.mark.desktop
@pytest.mark.asyncio(loop_scope="module")
async def test_the_picture_after_settling_is_the_screen_s(empty: VirtualDesktop) -> None:
    """What was written at a first rest is not given out when another change followed."""
    window = SlowWindow(empty.env, (0.05, 0.16))
    try:
        await empty.settle(first=0.3, picture=True)
        before = await empty.screenshot()
        await empty.input.click(*window.center)
        await empty.settle(first=0.5, quiet=0.3, picture=True)

        async def same() -> EncodedImage | None:
            frame, shot = await empty.grab(), await empty.screenshot()
            pixels = np.asarray(Image.open(io.BytesIO(shot.data)).convert("RGB"))
            return shot if pixels.tobytes() == frame.rgb else None

        shot = await until(same)
        assert shot.data != before.data
        assert await empty.screenshot() is shot
    finally:
        window.close()
