"""Every entry of the menu opens: a window, names in the tree, a click, and text that arrives.

Each run opens the browser and a spreadsheet; ``script/check apps`` opens all of them. What an
entry cannot have is named here, with the reason.
"""

from __future__ import annotations

import pytest
from cases import THOROUGH
from desks import Desk, until

from agent.desktop.base import Launcher, Node, Window
from agent.desktop.server.launchers import read_launchers
from agent.models.offline.view import is_written_in

pytestmark = [pytest.mark.desktop, pytest.mark.asyncio(loop_scope="module")]

ALWAYS = ("chromium", "libreoffice-calc")
FURNITURE = ("xfce4-panel", "xfdesktop", "wrapper-2.0", "xfce4-notifyd")
NO_TREE = {
    "display-im6.q16": "draws by itself, and publishes nothing",
    "mpv": "draws by itself, and publishes nothing",
}
NO_FIELD = {
    "atril": "a viewer: its fields are greyed out until a document is open",
    "gimp": "a picture must be open first",
    "libreoffice-draw": "a box for text must be drawn first",
    "libreoffice-impress": "no field of its first window is usable",
    "libreoffice-startcenter": "a document must be chosen first",
    "org.xfce.ristretto": "a viewer",
    "thunar": "a file manager: a path is chosen by buttons",
}
"""Programs that take no text at their start; where one has a field all the same, it must."""

CELLS = ("libreoffice-calc",)
"""Programs whose text is in cells: these are called by their addresses, not by what they hold."""

FIRST_KEY = {"vim": "i"}
"""What must be pressed before text is taken as text."""

WORDS = "Sayso 42"
"""With a capital, which office programs make of a first letter."""

PRESSED = ("push button", "toggle button", "menu", "check box", "page tab", "combo box", "link")


def entries() -> list[Launcher]:
    return [entry for entry in read_launchers() if THOROUGH or entry.id in ALWAYS]


def is_own(node: Node, window: Window) -> bool:
    """Whether an object is in a window, and not of the panel or background beside it."""
    furniture = node.app in FURNITURE and node.app != window.wm_class.lower()
    return bool(node.box and window.box.contains(*node.box.center) and not furniture)


async def named(desk: Desk, entry: Launcher) -> list[Node]:
    """Start a program from its entry, and wait for named objects in the window in front."""
    await desk.desktop.launch(entry)

    async def look() -> list[Node] | None:
        window = await desk.desktop.active_window()
        found = [n for n in (await desk.desktop.tree()).showing() if n.name]
        inside = [n for n in found if window and is_own(n, window)]
        return inside if len(inside) >= 4 else None

    return await until(look, f"names in a window of {entry.name}", 90)


async def field(desk: Desk) -> Node | None:
    """The largest text that can be written into and that nothing covers."""
    window = await desk.desktop.active_window()
    found = [n for n in (await desk.desktop.tree()).showing() if is_written_in(n) and n.box]
    found = [n for n in found if window and is_own(n, window)]
    found.sort(key=lambda n: n.box.width * n.box.height if n.box else 0, reverse=True)
    for node in found:
        usable = node.role == "terminal" or {"sensitive", "enabled"} & node.states
        if usable and node.box and (await desk.desktop.under(*node.box.center)).box == node.box:
            return node
    return None


async def written(desk: Desk, entry: Launcher) -> bool:
    """Type where the program takes text, and look whether it is there."""
    if entry.id in CELLS:
        return True
    may_lack = entry.id in NO_FIELD or "settings" in entry.id or "preferences" in entry.id
    place = await field(desk)
    if place is None and may_lack:
        return True
    place = place or await until(lambda: field(desk), f"a field in {entry.name}", 60)
    await desk.click(place)
    if entry.id in FIRST_KEY:
        await desk.input.key(FIRST_KEY[entry.id])
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
    assert await written(desk, entry), f"{entry.id} has no field, and is not known to have none"
    pressed = [n for n in names if n.role in ("menu", "toggle button", "combo box", "page tab")]
    if pressed:
        await desk.click(pressed[0])
        target = await desk.desktop.under(*pressed[0].box.center) if pressed[0].box else None
        assert target is not None
        await desk.input.key("Escape")
