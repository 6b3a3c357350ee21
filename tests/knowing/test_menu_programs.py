"""Every entry of the menu opens: a window, names in the tree, a click, and text that arrives.

Each run opens the browser and a spreadsheet; ``script/check apps`` opens all of them.
"""

from __future__ import annotations

import pytest
from cases import THOROUGH
from desks import Desk, until

from agent.desktop.base import Launcher, Node
from agent.desktop.server.launchers import read_launchers
from agent.models.offline.view import EDITABLE

pytestmark = [pytest.mark.desktop, pytest.mark.asyncio(loop_scope="module")]

ALWAYS = ("chromium", "libreoffice-calc")
FURNITURE = ("xfce4-panel", "xfdesktop", "wrapper-2.0", "xfce4-notifyd")
NO_TREE = ("display-im6.q16", "mpv", "vlc")
"""Programs that draw by themselves, and publish nothing."""

NO_TEXT = ("libreoffice-calc",)
"""Programs whose text is in cells: these are called by their addresses, not by what they hold."""

WORDS = "sayso 42"
PRESSED = ("push button", "toggle button", "menu", "check box", "page tab", "combo box", "link")


def entries() -> list[Launcher]:
    return [entry for entry in read_launchers() if THOROUGH or entry.id in ALWAYS]


async def named(desk: Desk, entry: Launcher) -> list[Node]:
    """Start a program from its entry, and wait for named objects in the window in front."""
    await desk.desktop.launch(entry)

    async def look() -> list[Node] | None:
        window = await desk.desktop.active_window()
        tree = await desk.desktop.tree()
        found = [n for n in tree.showing() if n.name and n.app not in FURNITURE and n.box]
        inside = [n for n in found if window and n.box and window.box.contains(*n.box.center)]
        return inside if len(inside) >= 4 else None

    return await until(look, f"names in a window of {entry.name}", 90)


async def written(desk: Desk, entry: Launcher) -> bool:
    """Type where the program takes text, if it has such a place, and look whether it is there."""
    fields = [n for n in (await desk.desktop.tree()).showing(*EDITABLE) if n.app not in FURNITURE]
    if entry.id in NO_TEXT or not fields:
        return entry.id != "chromium"
    await desk.click(max(fields, key=lambda n: n.box.width * n.box.height if n.box else 0))
    await desk.input.type(WORDS)

    async def there() -> bool:
        nodes = (await desk.desktop.tree()).showing()
        return any(WORDS in (n.text or "") or WORDS in n.name for n in nodes)

    return await until(there, f"text in {entry.name}", 30)


@pytest.mark.parametrize("entry", entries(), ids=lambda entry: entry.id)
async def test_an_entry_of_the_menu_opens_and_takes_text(desk: Desk, entry: Launcher) -> None:
    """Its window shows, what is in it has names and can be clicked, and text arrives."""
    if entry.id in NO_TREE:
        await desk.desktop.launch(entry)
        await until(desk.desktop.active_window, f"a window of {entry.name}", 60)
        return
    names = await named(desk, entry)
    assert any(node.role in PRESSED for node in names) or any(n.text for n in names)
    assert await written(desk, entry)
    pressed = [n for n in names if n.role in ("menu", "toggle button", "combo box", "page tab")]
    if pressed:
        await desk.click(pressed[0])
        target = await desk.desktop.under(*pressed[0].box.center) if pressed[0].box else None
        assert target is not None
        await desk.input.key("Escape")
