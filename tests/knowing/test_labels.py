"""What GTK's objects are called by: the label beside them, or a tip, as people call them."""

from __future__ import annotations

import pytest
from desks import Desk

from agent.desktop.base import Node
from benchmarks.world_truth import PROGRAMS

pytestmark = [pytest.mark.desktop, pytest.mark.asyncio(loop_scope="module")]


async def shown(desk: Desk, name: str) -> None:
    """Open a window of the bench's."""
    for path in (PROGRAMS / "show.py", PROGRAMS / f"{name}.ui"):
        copy = desk.desktop.home / path.name
        copy.write_text(path.read_text("utf-8"), "utf-8")
        copy.chmod(0o644)
    home = desk.desktop.inside(desk.desktop.home)
    await desk.open("/usr/bin/python3", f"{home}/show.py", f"{home}/{name}.ui", "/dev/null")


def named(nodes: tuple[Node, ...], role: str) -> set[str]:
    return {node.name for node in nodes if node.role == role and node.app == "python3"}


async def test_a_field_is_called_by_its_label_and_not_by_its_placeholder(desk: Desk) -> None:
    await shown(desk, "address")
    await desk.node("text", "Phone")
    nodes = (await desk.desktop.tree()).showing()
    assert named(nodes, "text") == {"Name", "Street", "Town", "Phone"}
    assert named(nodes, "password text") == {"PIN"}
    [country] = [node for node in nodes if node.role == "combo box" and node.app == "python3"]
    assert (country.name, country.text) == ("Country", "Austria")


async def test_a_button_with_a_picture_alone_is_called_by_its_tip(desk: Desk) -> None:
    await shown(desk, "people")
    await desk.node("push button", "Delete Ada")
    nodes = (await desk.desktop.tree()).showing()
    assert {"Write to Ada", "Delete Dora", "New person"} <= named(nodes, "push button")
