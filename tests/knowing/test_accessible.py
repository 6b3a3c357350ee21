"""What applications publish: trees, texts, boxes of lines, and what is under a point."""

from __future__ import annotations

from pathlib import Path

import pytest
from desks import Desk, until

from agent.desktop.base import Target, Tree
from agent.desktop.see.accessibility import Accessibility
from agent.desktop.server.environment import DisplayEnv
from agent.errors import DesktopError

pytestmark = [pytest.mark.desktop, pytest.mark.asyncio(loop_scope="module")]


def names(tree: Tree, role: str) -> list[str]:
    return [node.name for node in tree.showing(role)]


async def test_several_applications_are_in_one_tree(desk: Desk) -> None:
    """Menus, buttons, cells, terminal and panel, with boxes on the screen."""
    for program in ("mousepad", "xfce4-terminal", "thunar"):
        await desk.open(program)
    await desk.node("menu", "Document", "mousepad")
    await desk.node("terminal")
    await desk.node("table cell", "Documents", "thunar")
    tree = await desk.accessibility.tree()
    assert {"mousepad", "xfce4-terminal", "thunar", "xfce4-panel"} <= {n.app for n in tree.nodes}
    assert {"File", "Edit", "Search", "View", "Document", "Terminal"} <= set(names(tree, "menu"))
    assert "Applications" in names(tree, "toggle button")
    ids = {node.id for node in tree.nodes}
    assert len(ids) == len(tree.nodes)
    assert all(node.parent is None or node.parent in ids for node in tree.nodes)
    assert all(node.box for node in tree.showing())


async def test_an_open_menu_is_seen_and_its_items_are_known(desk: Desk) -> None:
    """Its entries get boxes; what is under the pointer is the entry, not the window behind."""
    await desk.open("mousepad")
    tree = await desk.accessibility.tree()
    assert "Save As..." not in names(tree, "menu item")
    await desk.click(await desk.node("menu", "File", "mousepad"))
    item = await desk.node("menu item", "Save As...", "mousepad")
    assert item.box is not None
    target = await desk.desktop.under(*item.box.center)
    assert (target.role, target.name) == ("menu item", "Save As...")
    assert target.wm_class == "Mousepad"
    await desk.click(item)
    label = await desk.node("label", "Name:", "mousepad")
    assert label.box is not None
    target = await desk.desktop.under(*label.box.center)
    assert (target.role, target.name, target.title) == ("label", "Name:", "Save As")


async def test_text_of_an_editor_is_read_whole(desk: Desk) -> None:
    """Far more than fits on the screen, in any script."""
    text = "".join(f"line {n}: zażółć 日本 😀\n" for n in range(2000))
    path = desk.desktop.home / "long.txt"
    path.write_text(text)
    path.chmod(0o644)
    await desk.open("mousepad", str(path))
    node = await desk.node("text", app="mousepad")

    async def whole() -> bool:
        return await desk.accessibility.text_of(node) == text

    await until(whole, "the whole text")
    read = await desk.node("text", app="mousepad")
    assert read.text is not None
    assert text.startswith(read.text)


async def test_a_line_can_be_found_and_selected_by_its_words(desk: Desk) -> None:
    """The box of a line is where a triple click selects just that line."""
    path = desk.desktop.home / "poem.txt"
    path.write_text("\n\nfirst\n\tsecond 😀 line\nthird\n")
    path.chmod(0o644)
    await desk.open("mousepad", str(path))
    node = await desk.node("text", app="mousepad")

    async def selected() -> bool:
        """Clicked on once more if the window was still being moved to its place."""
        lines = await desk.accessibility.lines_of(node)
        if [line for line, _ in lines] != ["first", "\tsecond 😀 line", "third"]:
            return False
        box = next(box for line, box in lines if "second" in line)
        await desk.input.click(*box.center, count=3)
        await desk.desktop.settle(first=1.0)
        return (await desk.accessibility.selection_of(node)).strip() == "second 😀 line"

    await until(selected, "the line is selected")


async def test_a_terminal_is_read_and_only_visible_lines_have_boxes(desk: Desk) -> None:
    await desk.open("xfce4-terminal")
    await desk.input.type("seq 1 500\n")

    async def counted() -> bool:
        node = await desk.node("terminal")
        return bool(node.text and "\n499\n500\n" in node.text)

    await until(counted, "the numbers")
    node = await desk.node("terminal")
    assert node.box is not None
    lines = await desk.accessibility.lines_of(node)
    assert "500" in [line.strip() for line, _ in lines]
    assert all(node.box.contains(*box.center) for _, box in lines)


async def test_files_in_a_large_folder_are_listed_as_far_as_they_show(desk: Desk) -> None:
    """Cells that no cache lists, out of thousands, before and after scrolling."""
    folder = desk.desktop.home / "many"
    folder.mkdir(exist_ok=True)
    folder.chmod(0o755)
    for number in range(3000):
        (folder / f"file {number:04}.txt").touch()
    await desk.open("thunar", str(folder))
    cell = await desk.node("table cell", "file 0000.txt", "thunar")
    shown = names(await desk.accessibility.tree(), "table cell")
    assert 5 < len([name for name in shown if name.startswith("file ")]) < 100
    assert "file 2999.txt" not in shown
    await desk.click(cell)
    await desk.input.key("ctrl+End")
    await desk.input.key("End")
    last = await desk.node("table cell", "file 2999.txt", "thunar")
    assert last.box is not None
    target = await desk.desktop.under(*last.box.center)
    assert (target.wm_class, target.role, target.name) == ("Thunar", "table cell", last.name)


async def test_a_minimised_window_shows_nothing(desk: Desk) -> None:
    window = await desk.open("mousepad")
    await desk.node("menu", "File", "mousepad")
    await desk.windows.minimise(window)

    async def gone() -> bool:
        tree = await desk.accessibility.tree()
        return not [node for node in tree.showing() if node.app == "mousepad"]

    await until(gone, "a hidden window")
    await desk.windows.activate(window)
    await desk.node("menu", "File", "mousepad")


async def test_a_hanging_application_does_not_hang_the_tree(desk: Desk) -> None:
    """It is left out, and comes back when it answers again."""
    editor = await desk.open("mousepad")
    await desk.open("xfce4-terminal")
    await desk.node("terminal")
    await desk.node("menu", "File", "mousepad")
    await desk.start("kill", "-STOP", str(editor.pid))

    async def left_out() -> Tree | None:
        tree = await desk.accessibility.tree()
        return tree if "mousepad" not in {node.app for node in tree.nodes} else None

    tree = await until(left_out, "a tree without the editor")
    assert "xfce4-terminal" in {node.app for node in tree.nodes}
    await desk.start("kill", "-CONT", str(editor.pid))
    await desk.node("menu", "File", "mousepad")


async def test_what_is_on_top_counts_not_what_is_published(desk: Desk) -> None:
    """Accessible boxes ignore occlusion; the answer does not."""
    await desk.open("mousepad")
    menu = await desk.node("menu", "Search", "mousepad")
    terminal = await desk.open("xfce4-terminal")
    await desk.windows.maximise(terminal)
    assert menu.box is not None

    async def covered() -> Target | None:
        target = await desk.desktop.under(*menu.box.center) if menu.box else Target()
        return target if target.wm_class == "Xfce4-terminal" else None

    target = await until(covered, "the terminal on top")
    assert target.name != "Search"


async def test_the_panel_is_known_where_no_window_is(desk: Desk) -> None:
    button = await desk.node("toggle button", "Applications")
    assert button.box is not None
    target = await desk.desktop.under(*button.box.center)
    assert target == Target("Xfce4-panel", "xfce4-panel", "toggle button", "Applications")


async def test_no_bus_is_said_in_words(tmp_path: Path) -> None:
    env = DisplayEnv(
        display=":0",
        inside_display=":0",
        xauthority=tmp_path,
        session_bus=f"unix:path={tmp_path}/bus",
        a11y_bus="",
        home=tmp_path,
        runtime_dir=tmp_path,
        geometry=(1, 1),
    )
    accessibility = Accessibility(env)
    with pytest.raises(DesktopError, match="accessibility bus cannot be reached"):
        await accessibility.tree()
    await accessibility.close()
