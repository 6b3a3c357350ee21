"""What somebody left switched on or changed on the desktop does not mislead hands and eyes."""

from __future__ import annotations

import shutil

import pytest
from screens import open_window, text_of, until
from Xlib import X

from agent.desktop import VirtualDesktop
from agent.desktop.act.locks import Locks, LockState
from agent.desktop.server.connection import open_display
from agent.errors import BadInput
from agent.tools import ComputerTool, ToolCall

pytestmark = [pytest.mark.desktop, pytest.mark.asyncio(loop_scope="module")]


async def reads(desktop: VirtualDesktop, text: str) -> None:
    async def there() -> bool:
        return await text_of(desktop, "text") == text

    await until(there)


async def layout(desktop: VirtualDesktop, name: str) -> None:
    assert await (await desktop.spawn(["setxkbmap", name])).wait() == 0


@pytest.mark.skipif(not shutil.which("setxkbmap"), reason="setxkbmap is not installed")
async def test_locks_and_layouts_change_no_character(empty: VirtualDesktop) -> None:
    """CapsLock, NumLock and a second layout are off while keys are pressed, and on again after."""
    await open_window(empty, "mousepad", title="Mousepad")
    display = open_display(empty.env)
    locks = Locks(display)
    try:
        for name, locked in (
            ("us", LockState(mods=2)),
            ("us", LockState(mods=0x12)),
            ("us,ru", LockState(group=1)),
            ("us,ru", LockState(mods=2, group=1)),
            ("ru", LockState()),
        ):
            await layout(empty, name)
            locks.set(locked)
            for text in ("Hello wORLD 12", "a line that is pasted: ÄÖ, привет"):
                await empty.input.key("ctrl+a Delete")
                await empty.input.type(text)
                await reads(empty, text)
            assert locks.state() == locked, name
        await layout(empty, "us")
        await empty.input.key("Caps_Lock")
        assert locks.state() == LockState(mods=2)
        await empty.input.key("caps_lock")
        assert locks.state() == LockState()
    finally:
        locks.set(LockState())
        display.close()
        await layout(empty, "us")


def set_screen(desktop: VirtualDesktop, size: tuple[int, int]) -> None:
    """Ask the server for a screen of this size, as xrandr does it."""
    display = open_display(desktop.env)
    try:
        info = display.screen().root.xrandr_get_screen_info()
        sizes = [(each.width_in_pixels, each.height_in_pixels) for each in info.sizes]
        display.screen().root.xrandr_set_screen_config(
            sizes.index(size), 1, info.config_timestamp, 0, X.CurrentTime
        )
    finally:
        display.close()


async def test_pictures_and_coordinates_follow_the_screen(empty: VirtualDesktop) -> None:
    """A program on the desktop makes the screen smaller, and larger than the model's picture."""
    desktop, tool = empty, ComputerTool(empty)
    await tool.closing_screenshot()
    try:
        for native, size in (((1024, 768), (1024, 768)), ((1600, 1200), (1067, 800))):
            set_screen(desktop, native)

            async def followed(size: tuple[int, int] = size) -> bool:
                return desktop.size == size

            await until(followed)
            picture = await tool.closing_screenshot()
            assert picture is not None
            assert (picture.width, picture.height) == size
            assert tool.closing_note.startswith(f"The screen is now {size[0]} x {size[1]}.")
            frame = await desktop.grab()
            assert (frame.width, frame.height) == size
            corner = [size[0] - 1, size[1] - 1]
            moved = await tool.run(ToolCall("a", "mouse_move", {"coordinate": corner}), print)
            assert not moved.is_error, moved.text
            assert await desktop.input.position() == tuple(corner)
            with pytest.raises(BadInput, match=f"0 to {size[0] - 1}"):
                await desktop.input.move(size[0], 0)
            part = await desktop.zoom((0, 0, *size))
            assert part.width >= size[0]
            window = await open_window(desktop, "mousepad", title="Mousepad")
            shown = [n.box for n in (await desktop.tree()).showing("frame") if n.app == "mousepad"]
            assert window.box in shown
            menus = (await desktop.tree()).showing("menu")
            [file] = [n for n in menus if n.app == "mousepad" and n.name == "File"]
            assert file.box is not None
            there = {"coordinate": list(file.box.center)}
            clicked = await tool.run(ToolCall("b", "left_click", there), print)
            assert not clicked.is_error, clicked.text

            async def opened() -> bool:
                items = (await desktop.tree()).showing("menu item")
                return any(item.name == "Save" for item in items)

            await until(opened)
            await desktop.input.key("Escape")
            await desktop.input.key("ctrl+q")

            async def gone() -> bool:
                return not await desktop.windows()

            await until(gone)
    finally:
        set_screen(desktop, (1280, 800))
    await until(lambda: _is(desktop, (1280, 800)))


async def _is(desktop: VirtualDesktop, size: tuple[int, int]) -> bool:
    return desktop.size == size
