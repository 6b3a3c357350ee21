"""What is on a web page: found by name in real browsers, with values, states and places."""

from __future__ import annotations

import shutil
import time

import pytest
from desks import Desk, until

from agent.desktop.base import Node, Tree

pytestmark = [pytest.mark.desktop, pytest.mark.asyncio(loop_scope="module")]

BROWSERS = [
    pytest.param("chromium"),
    pytest.param(
        "firefox-esr",
        marks=pytest.mark.skipif(not shutil.which("firefox-esr"), reason="not installed"),
    ),
]

SHOP = """<!doctype html><title>Shop</title><h1>Order</h1>
<a href="#terms">Terms</a> <button>Pay <b>€20</b></button>
<label>Name <input value="Ada"></label>
<label><input type=checkbox checked> Gift</label>
<label>Size <select><option>Small<option selected>Large</select></label>
<button aria-expanded=true>Details</button>
<input aria-label="E-mail" aria-invalid=true value="nobody">
<table><tr><th>Item<th>Price<tr><td>Pen<td>2.50</table>
<iframe title="Frame" srcdoc="<button>Inner</button>" height=60></iframe>
<div id=host></div>
<div style="height: 3000px"></div><button>Delete account</button>
<script>document.getElementById("host").attachShadow({mode: "open"}).innerHTML =
"<button>Shadow</button>"</script>"""

LONG = "<!doctype html><title>Long</title>" + "".join(
    f"<p><a href='#{n}'>Link {n}</a> <button>Button {n}</button>" for n in range(1700)
)


async def shown(desk: Desk, browser: str, name: str, html: str) -> None:
    """Open a page in a browser."""
    page = desk.desktop.home / f"{name}.html"
    page.write_text(html, "utf-8")
    page.chmod(0o644)
    await desk.open(browser, f"file:///home/user/{name}.html")


async def named(desk: Desk, name: str) -> Node:
    """Wait for an object of a page that has a name, in sight or not."""

    async def look() -> Node | None:
        nodes = (await desk.desktop.tree()).nodes
        return next((n for n in nodes if n.name == name and (n.box or n.beyond)), None)

    return await until(look, name, 60)


def one(tree: Tree, role: str, name: str) -> Node:
    [node] = [n for n in tree.showing(role) if n.name == name]
    return node


@pytest.mark.parametrize("browser", BROWSERS)
async def test_what_is_on_a_page_is_in_the_tree(desk: Desk, browser: str) -> None:
    """Roles, names, values, states; frames and shadow roots; what must be scrolled to."""
    await shown(desk, browser, "shop", SHOP)
    below = await named(desk, "Delete account")
    await named(desk, "Inner")
    tree = await desk.desktop.tree()
    assert one(tree, "heading", "Order").box
    assert one(tree, "link", "Terms").box
    assert one(tree, "push button", "Pay €20").box
    assert one(tree, "push button", "Inner").box
    assert one(tree, "push button", "Shadow").box
    assert one(tree, "entry", "Name").text == "Ada"
    assert one(tree, "combo box", "Size").text == "Large"
    assert not [n for n in tree.showing() if n.name == "Small"]
    assert "checked" in one(tree, "check box", "Gift").states
    assert "expanded" in one(tree, "push button", "Details").states
    assert "invalid entry" in one(tree, "entry", "E-mail").states
    assert one(tree, "table cell", "2.50").box
    assert one(tree, "column header", "Price").box
    page = one(tree, "document web", "Shop")
    assert page.box is not None
    assert below.beyond is not None
    assert not below.showing
    assert below.beyond.y > page.box.y + page.box.height


async def test_a_button_is_known_by_its_whole_name_where_it_is_hit(desk: Desk) -> None:
    """The figure that lies under the pointer is part of the button, and speaks for nothing."""
    await shown(desk, "chromium", "shop", SHOP)
    button = await named(desk, "Pay €20")
    assert button.box is not None
    box = button.box
    for x in (box.x + 4, box.center[0], box.x + box.width - 12):
        target = await desk.desktop.under(x, box.center[1])
        assert (target.role, target.name) == ("push button", "Pay €20")


async def test_a_page_of_thousands_is_looked_at_by_what_shows(desk: Desk) -> None:
    """What shows is complete, what does not is bounded, and no look takes long."""
    await shown(desk, "chromium", "long", LONG)
    await named(desk, "Button 1")
    await named(desk, "Button 40")
    took = []
    for _ in range(5):
        began = time.monotonic()
        tree = await desk.desktop.tree()
        took.append(time.monotonic() - began)
    links = [n.name for n in tree.showing("link") if n.app == "Chromium"]
    assert links[:10] == [f"Link {n}" for n in range(10)]
    assert len(tree.nodes) < 1500
    assert 0 < sum(n.beyond is not None for n in tree.nodes) <= 150
    assert min(took) < 2


async def test_the_browser_keeps_its_own_sandbox(desk: Desk) -> None:
    """Its pages are drawn by processes with a filter and a namespace of their own."""
    await shown(desk, "chromium", "shop", SHOP)
    await named(desk, "Terms")
    script = (
        'for p in /proc/[0-9]*; do c=$(tr "\\0" " " <$p/cmdline); case "$c" in '
        '*--no-sand[b]ox*) echo "unsafe $c";; *type=render[e]r*) '
        'echo "$(readlink $p/ns/pid) $(readlink /proc/1/ns/pid)"; '
        "grep Seccomp_filters $p/status; grep Seccomp_filters /proc/self/status;; esac; done"
    )
    process = await desk.desktop.spawn(["sh", "-c", script])
    said = b"".join([piece async for piece in await process.read()]).decode()
    assert "unsafe" not in said
    filters = [int(line.split()[1]) for line in said.splitlines() if "Seccomp" in line]
    assert filters, said
    assert all(own > around for own, around in zip(filters[::2], filters[1::2], strict=True))
