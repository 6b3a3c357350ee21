"""Pictures show what is there, and waiting ends when the screen is quiet."""

from __future__ import annotations

import io
import time

import numpy as np
import pytest
from PIL import Image
from screens import close_windows, open_window, until

from agent.desktop import VirtualDesktop
from agent.desktop.base import EncodedImage, Frame, Launcher
from agent.errors import BadInput, ToolError
from agent.testing.slow_window import SlowWindow

pytestmark = [pytest.mark.desktop, pytest.mark.asyncio(loop_scope="module")]


def decoded(image: EncodedImage) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(image.data)).convert("RGB"), np.int16)


async def colour(desktop: VirtualDesktop, point: tuple[int, int]) -> tuple[int, ...]:
    frame = await desktop.grab()
    offset = (point[1] * frame.width + point[0]) * 3
    return tuple(frame.rgb[offset : offset + 3])


async def test_every_kind_of_picture_shows_the_same(empty: VirtualDesktop) -> None:
    """The model's and the PNG exactly, the JPEG nearly."""
    window = SlowWindow(empty.env, ())
    try:

        async def pictures() -> tuple[Frame, list[EncodedImage]] | None:
            frame = await empty.grab()
            found = [await empty.screenshot(), await empty.png(), await empty.jpeg()]
            return (frame, found) if frame == await empty.grab() else None

        frame, (shot, png, jpeg) = await until(pictures)
        raw = np.frombuffer(frame.rgb, np.uint8).reshape(frame.height, frame.width, 3)
        assert (shot.media_type, shot.width, shot.height) == ("image/webp", 1280, 800)
        assert (jpeg.media_type, jpeg.width, jpeg.height) == ("image/jpeg", 1280, 800)
        assert (decoded(shot) == raw).all()
        assert (decoded(png) == raw).all()
        assert np.abs(decoded(jpeg) - raw).mean() < 4
        assert await colour(empty, window.center) == (0x22, 0x22, 0xCC)
    finally:
        window.close()


async def test_frames_of_an_unchanged_screen_are_equal(empty: VirtualDesktop) -> None:
    await open_window(empty, "mousepad", title="Mousepad")
    await empty.settle(first=0.5, quiet=0.3)
    first = await empty.grab()
    await empty.settle(first=1.2)  # a caret or animation would show by then
    assert (await empty.grab()).digest == first.digest


async def test_zoom_is_the_region_lossless_where_it_is_not_enlarged(
    empty: VirtualDesktop,
) -> None:
    async def both() -> tuple[Frame, EncodedImage] | None:  # of a screen that rested
        frame = await empty.grab()
        zoomed = await empty.zoom((0, 760, 1280, 800))
        return (frame, zoomed) if frame == await empty.grab() else None

    frame, zoomed = await until(both)
    raw = np.frombuffer(frame.rgb, np.uint8).reshape(frame.height, frame.width, 3)
    assert (zoomed.media_type, zoomed.width, zoomed.height) == ("image/webp", 1280, 40)
    assert (decoded(zoomed) == raw[760:800]).all()
    larger = await empty.zoom((100, 760, 400, 800))
    assert (larger.width, larger.height) == (1280, 171)


@pytest.mark.parametrize(
    "region", [(0, 0, 0, 5), (5, 5, 1, 9), (0, 0, 1281, 5), (-1, 0, 5, 5), (0, 0, 5), ("a",) * 4]
)
async def test_a_region_that_is_none_is_refused_in_words(
    desktop: VirtualDesktop, region: tuple[int, ...]
) -> None:
    with pytest.raises(BadInput, match="region"):
        await desktop.zoom(region)  # type: ignore[arg-type]


async def test_a_larger_screen_is_scaled_by_one_factor() -> None:
    desktop = VirtualDesktop(width=640, height=480, screen=(1280, 800))
    await desktop.start()
    try:
        assert desktop.size == (640, 400)
        shot = await desktop.screenshot()
        assert (shot.width, shot.height) == (640, 400)
        assert (await desktop.zoom((0, 0, 320, 200))).width == 640
        window = SlowWindow(desktop.env, (0.0,), box=(600, 300, 200, 200))
        try:
            await desktop.input.click(350, 200)

            async def hit() -> bool:
                return bool(window.presses)

            await until(hit)
        finally:
            window.close()
        await open_window(desktop, "mousepad", title="Mousepad")
        active = await desktop.active_window()
        assert active
        assert active.box.width <= 400
        target = await desktop.under(*active.box.center)
        assert target.role == "text"
        await close_windows(desktop)
    finally:
        await desktop.stop()


@pytest.mark.parametrize("delay", [0.0, 0.05, 0.12])
async def test_the_frame_after_settling_is_the_one_that_stays(
    empty: VirtualDesktop, delay: float
) -> None:
    window = SlowWindow(empty.env, (delay, delay + 0.06))
    try:
        await empty.settle(first=0.3)
        await empty.input.click(*window.center)
        settled = await empty.settle(first=2.0, quiet=0.4, cap=10.0)
        assert settled.changed
        assert settled.quiet
        assert await colour(empty, window.center) == (0xCC, 0x22, 0x22)
    finally:
        window.close()


async def test_flicker_from_before_the_action_is_ignored(empty: VirtualDesktop) -> None:
    window = SlowWindow(empty.env, (0.05,), flicker=0.05)
    try:
        await empty.settle(first=2.0, quiet=1.9, cap=2.0)
        await empty.input.move(900, 600)
        await empty.settle(first=1.5, quiet=1.4, cap=1.5)
        await empty.input.click(*window.center)
        settled = await empty.settle()
        assert settled.changed
        assert settled.quiet
    finally:
        window.close()


async def test_without_a_change_it_returns_after_first(empty: VirtualDesktop) -> None:
    await empty.settle(first=0.5, quiet=0.3)
    await empty.input.move(900, 600)
    began = time.monotonic()
    settled = await empty.settle(first=0.2)
    assert not settled.changed
    assert time.monotonic() - began > 0.19


async def test_a_restless_screen_ends_at_the_cap(empty: VirtualDesktop) -> None:
    window = SlowWindow(empty.env, tuple(n * 0.04 for n in range(150)))
    try:
        await empty.settle(first=0.3)
        await empty.input.click(*window.center)
        settled = await empty.settle(first=1.5, quiet=0.5, cap=1.6)
        assert settled.changed
        assert not settled.quiet
    finally:
        window.close()


@pytest.mark.parametrize("x", [129, 162, 195])
async def test_a_program_started_from_the_panel_is_there_when_settled(
    empty: VirtualDesktop, x: int
) -> None:
    await empty.input.click(x, 783)
    await empty.settle(first=5.0, cap=60.0)
    (window,) = await empty.windows()
    assert window.active


async def test_a_launched_program_is_there_when_settled(empty: VirtualDesktop) -> None:
    launchers = {launcher.id: launcher for launcher in await empty.launchers()}
    await empty.launch(next(v for k, v in launchers.items() if "mousepad" in k))
    await empty.settle(cap=60.0)
    assert [window.wm_class for window in await empty.windows()] == ["Mousepad"]


async def test_a_tooltip_shows_when_hovered_for_and_is_hidden_when_not(
    empty: VirtualDesktop,
) -> None:
    """It would come half a second after the picture, and cover what the next click is for."""
    launcher, above = (84, 784), (84, 740)

    async def shown() -> bool:
        return (await empty.under(*above)).wm_class == "Xfce4-panel"

    await empty.input.move(640, 300)
    await empty.settle()
    await empty.input.move(*launcher)
    await until(shown)
    await empty.input.move(640, 300)
    await empty.settle(first=0.5)
    await empty.input.scroll("up", 1, *launcher)
    await empty.settle(first=1.5, quiet=1.5, cap=3.0)
    assert not await shown()


async def test_file_dialogs_fit_the_screen(empty: VirtualDesktop) -> None:
    await open_window(empty, "mousepad", title="Mousepad")
    await empty.input.key("ctrl+shift+s")
    await empty.settle(first=1.0, quiet=0.3)
    (button,) = [n for n in (await empty.tree()).showing("push button") if n.name == "Save"]
    assert button.box
    assert button.box.y + button.box.height < 760


async def test_windows_and_lines_are_handled_in_the_picture_s_pixels() -> None:
    """A screen larger than the picture: boxes are scaled, windows do as asked."""
    desktop = VirtualDesktop(width=800, height=500, screen=(1280, 800))
    await desktop.start()
    try:
        await open_window(desktop, "mousepad", title="Mousepad")
        await desktop.input.type("first line\nsecond line")
        await desktop.settle()
        (window,) = await desktop.windows()
        await desktop.maximise(window)
        await desktop.settle()
        (window,) = await desktop.windows()
        assert 760 < window.box.width <= 800
        (editor,) = [n for n in (await desktop.tree()).showing("text") if n.text]
        lines = await desktop.lines_of(editor)
        assert [line for line, _ in lines] == ["first line", "second line"]
        assert window.box.contains(*lines[1][1].center)
        await desktop.input.key("ctrl+a")

        async def selected() -> bool:
            return await desktop.selection_of(editor) == "first line\nsecond line"

        await until(selected)
        await desktop.minimise(window)
        assert (await desktop.windows())[0].minimised
        await desktop.activate(window)
        await desktop.input.key("ctrl+a Delete ctrl+z")
        await desktop.input.key("alt+F4")

        async def answered() -> bool:
            return [w.id for w in await desktop.windows()] != [window.id]

        await until(answered)  # it asks whether to save
    finally:
        await desktop.stop()


async def test_a_program_that_cannot_start_says_why(empty: VirtualDesktop) -> None:
    """With its exit code and the last of what it printed."""
    script = "echo first; echo 'no display driver' >&2; exit 3"
    broken = Launcher("broken", "Broken", "", (), ("sh", "-c", script))
    with pytest.raises(ToolError, match=r"Broken did not start.*code 3.*no display driver"):
        await empty.launch(broken)
