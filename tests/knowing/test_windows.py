"""Windows of real applications, as the window manager has them."""

from __future__ import annotations

import asyncio

import pytest
from desks import Desk, until

from agent.desktop import VirtualDesktop
from agent.desktop.base import Window
from agent.desktop.see.windows import WindowList
from agent.errors import ToolError

pytestmark = [pytest.mark.desktop, pytest.mark.asyncio(loop_scope="module")]


async def find(desk: Desk, window: Window) -> Window:
    return next(w for w in await desk.windows.windows() if w.id == window.id)


async def test_windows_are_listed_bottom_to_top(desk: Desk) -> None:
    """Applications only: neither the panel nor the background."""
    editor = await desk.open("mousepad")
    terminal = await desk.open("xfce4-terminal")
    listed = await desk.windows.windows()
    assert [w.id for w in listed] == [editor.id, terminal.id]
    assert [w.wm_class for w in listed] == ["Mousepad", "Xfce4-terminal"]
    assert [w.active for w in listed] == [False, True]
    assert "Mousepad" in editor.title
    active = await desk.windows.active()
    assert active is not None
    assert active.id == terminal.id


async def test_a_title_may_be_in_any_script(desk: Desk) -> None:
    path = desk.desktop.home / "żółw 日本 😀.txt"
    path.write_text("x")
    path.chmod(0o644)
    window = await desk.open("mousepad", str(path))
    assert "żółw 日本 😀.txt" in window.title


async def test_a_window_is_raised_over_another(desk: Desk) -> None:
    """What is under a point follows the stacking."""
    editor = await desk.open("mousepad")
    terminal = await desk.open("xfce4-terminal")
    both = await desk.windows.windows()
    await desk.windows.activate(editor)
    active = await desk.windows.active()
    assert active is not None
    assert active.id == editor.id
    boxes = [(await find(desk, w)).box for w in both]
    x = max(box.x for box in boxes) + 20
    y = max(box.y for box in boxes) + 20
    assert all(box.contains(x, y) for box in boxes)
    for window in (editor, terminal, editor):
        await desk.windows.activate(window)
        under = await desk.windows.under_point(x, y)
        assert under is not None
        assert under.id == window.id


async def test_a_window_is_minimised_restored_and_maximised(desk: Desk) -> None:
    window = await desk.open("mousepad")
    await desk.windows.minimise(window)
    assert (await find(desk, window)).minimised
    await desk.windows.activate(window)
    assert not (await find(desk, window)).minimised
    await desk.windows.maximise(window)

    async def wide() -> bool:
        return (await find(desk, window)).box.width == desk.desktop.size[0]

    await until(wide, "a maximised window")


async def test_a_closed_window_is_gone_and_said_to_be(desk: Desk) -> None:
    """Asking something of a window that is gone is answered in words."""
    window = await desk.open("mousepad")
    await desk.input.key("alt+F4")

    async def none() -> bool:
        return not await desk.windows.windows()

    await until(none, "a closed window")
    for ask in (desk.windows.activate, desk.windows.minimise):
        with pytest.raises(ToolError, match="window is gone"):
            await ask(window)


async def test_panel_and_background_are_known_under_the_pointer(desk: Desk) -> None:
    width, height = desk.desktop.size
    panel = await desk.windows.under_point(10, height - 5)
    behind = await desk.windows.under_point(width // 2, height // 2)
    assert panel is not None
    assert panel.wm_class == "Xfce4-panel"
    assert behind is not None
    assert behind.wm_class == "Xfdesktop"


async def test_desktops_side_by_side_do_not_mix(desk: Desk) -> None:
    """Each sees its own windows, though one process asks both."""
    await desk.open("mousepad")
    other = VirtualDesktop(width=800, height=600)
    await other.start()
    try:
        windows = WindowList(other.env)
        mine, theirs = await asyncio.gather(desk.windows.windows(), windows.windows())
        assert [w.wm_class for w in mine] == ["Mousepad"]
        assert theirs == ()
        await windows.close_connection()
    finally:
        await other.stop()
