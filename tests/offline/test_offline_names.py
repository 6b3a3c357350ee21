"""Names as people say them find what is on the screen; what is unclear is not guessed."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.desktop.base import Box, Launcher, Node, Tree, Window
from agent.models.offline.files import file_name, find_file, folder_path
from agent.models.offline.hearing import rescore
from agent.models.offline.matching import likeness
from agent.models.offline.places import find_apps, find_windows
from agent.models.offline.raising import raise_call, task_buttons
from agent.models.offline.targets import find, seen, take_apart
from agent.models.offline.view import View

SHOWING = frozenset({"showing", "visible", "enabled"})


def node(name: str, role: str, box: Box, parent: str = "frame") -> Node:
    key = f"{role}:{name}:{box.x}:{box.y}"
    return Node(key, parent, "mousepad", role, name, box, SHOWING)


def launcher(key: str, name: str, generic: str = "", command: str = "") -> Launcher:
    return Launcher(key, name, generic, (), (command or key,))


TITLE = "Untitled 1 - Mousepad"
FRAME = Node("frame", None, "mousepad", "frame", TITLE, Box(0, 0, 700, 500), SHOWING)
DIALOG = Node("dialog", None, "mousepad", "dialog", "Save", Box(100, 100, 300, 200), SHOWING)
PANEL = Node("panel", None, "xfce4-panel", "frame", "", Box(0, 767, 1280, 33), SHOWING)
STRIP = Node("strip", "panel", "xfce4-panel", "filler", "", Box(218, 768, 400, 32), SHOWING)
LAUNCHERS = (
    launcher("org.xfce.mousepad", "Mousepad", "Text Editor", "mousepad"),
    launcher("org.xfce.mousepad-settings", "Text Editor Settings", "", "mousepad"),
    launcher("vim", "Vim", "Text Editor", "xfce4-terminal"),
    launcher("thunar", "Thunar File Manager", "File Manager"),
    launcher("thunar-settings", "File Manager Settings"),
    launcher("xfce4-terminal", "Xfce Terminal", "Terminal Emulator"),
)
EDITOR = Window(1, "Untitled 1 - Mousepad", "Mousepad", 10, Box(0, 0, 700, 500))
TERMINAL = Window(2, "Terminal - ~", "Xfce4-terminal", 11, Box(0, 0, 800, 520), active=True)


def view(*nodes: Node, windows: tuple[Window, ...] = (EDITOR, TERMINAL)) -> View:
    tree = Tree((FRAME, DIALOG, PANEL, STRIP, *nodes))
    return View(tree, windows, LAUNCHERS, (1280, 800))


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("text editor", "org.xfce.mousepad"),
        ("tax editor", "org.xfce.mousepad"),
        ("tech editor", "org.xfce.mousepad"),
        ("Mouse Pad", "org.xfce.mousepad"),
        ("notepad", "org.xfce.mousepad"),
        ("file manger", "thunar"),
        ("files", "thunar"),
        ("turminal", "xfce4-terminal"),
        ("terminals", "xfce4-terminal"),
        ("command line", "xfce4-terminal"),
        ("text editor settings", "org.xfce.mousepad-settings"),
        ("vim", "vim"),
    ],
)
def test_programs_by_what_people_call_them(said: str, found: str) -> None:
    assert [s.item.launcher.id for s in find_apps(view(), said)] == [found]


@pytest.mark.parametrize("said", ["sandwich", "calculator", "banana", "x"])
def test_unknown_programs_are_not_guessed(said: str) -> None:
    assert find_apps(view(), said) == []


def test_windows_by_program_and_by_title() -> None:
    assert [w.id for w in find_windows(view(), "text editor")] == [1]
    assert find_windows(view(), "calculator") == []
    assert [w.id for w in find_windows(view(), "Untitled 1")] == [1]


def test_a_name_in_a_dialog_is_found_there() -> None:
    buttons = [
        node("Save", "push button", Box(10, 10, 50, 20)),
        node("Save", "push button", Box(110, 110, 50, 20), "dialog"),
    ]
    (found,) = find(view(*buttons), "Save button in the dialog")
    assert found.box == Box(110, 110, 50, 20)


def test_equal_names_are_not_guessed_but_counted() -> None:
    boxes = [Box(10, 10 + 40 * i, 50, 20) for i in range(3)]
    here = view(*(node("OK", "push button", box) for box in boxes))
    assert len(find(here, "OK")) == 3
    assert [n.box for n in find(here, "the second OK button")] == [boxes[1]]
    assert [n.box for n in find(here, "last OK")] == [boxes[2]]
    assert find(here, "fourth OK") == []


def test_a_menu_item_goes_before_a_button_of_the_same_name() -> None:
    here = view(
        node("Save", "push button", Box(10, 10, 50, 20)),
        node("Save", "menu item", Box(10, 60, 90, 20)),
    )
    assert [n.role for n in find(here, "save")] == ["menu item"]


def test_mishearings_and_dots_are_forgiven() -> None:
    here = view(node("Save As...", "menu item", Box(10, 60, 90, 20)))
    for said in ("save as", "Save As", "save has", "safe as"):
        assert [n.name for n in find(here, said)] == ["Save As..."]
    assert find(here, "print") == []
    assert seen(here) == ["Save As"]


def test_a_label_of_a_button_is_the_button() -> None:
    here = view(
        node("Cancel", "push button", Box(10, 10, 90, 30)),
        node("Cancel", "label", Box(20, 15, 60, 20)),
    )
    assert [n.role for n in find(here, "cancel")] == ["push button"]


def test_a_label_is_taken_apart() -> None:
    wanted = take_apart("the second OK button in the dialog")
    assert (wanted.name, wanted.place, wanted.kind, wanted.where) == ("OK", 2, "button", "dialog")


def test_a_covered_window_is_raised_by_its_task_button() -> None:
    call = raise_call(view(), EDITOR)
    assert call is not None
    assert call.input["coordinate"] == [318, 784]
    assert task_buttons(view(), EDITOR) == [Box(218, 768, 200, 32)]


def test_a_free_title_bar_is_clicked() -> None:
    free = Window(1, EDITOR.title, "Mousepad", 10, Box(500, 0, 700, 500))
    call = raise_call(view(windows=(free, TERMINAL)), free)
    assert call is not None
    assert (call.name, call.input) == ("left_click", {"coordinate": [810, 10]})


def test_a_free_body_is_clicked_with_alt_so_that_the_program_does_not_notice() -> None:
    low = Window(1, EDITOR.title, "Mousepad", 10, Box(0, 100, 700, 600))
    call = raise_call(view(windows=(low, TERMINAL)), low)
    assert call is not None
    assert call.input["text"] == "alt"


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("shopping list", "shopping list.txt"),
        ("notes dot txt", "notes.txt"),
        ("todo.md", "todo.md"),
        ("../../etc/passwd", "etc-passwd.txt"),
        (".", "untitled.txt"),
    ],
)
def test_file_names(said: str, name: str) -> None:
    assert file_name(said).replace("--", "-") in (name, f"-{name}")


def test_folders_and_files_by_name(tmp_path: Path) -> None:
    (tmp_path / "Documents").mkdir()
    (tmp_path / "invoices").mkdir()
    (tmp_path / "shopping list.txt").write_text("milk")
    assert folder_path(tmp_path, "my home folder") == tmp_path
    assert folder_path(tmp_path, "documents") == tmp_path / "Documents"
    assert folder_path(tmp_path, "the invoices folder") == tmp_path / "invoices"
    assert folder_path(tmp_path, "nowhere") is None
    assert find_file(tmp_path, "shopping list") == tmp_path / "shopping list.txt"
    assert find_file(tmp_path, "taxes") is None


async def test_a_transcript_is_matched_against_the_screen() -> None:
    tree = view(node("Save As...", "menu item", Box(10, 60, 90, 20))).tree
    assert await rescore("Click save has", [], tree) == "Click Save As"
    assert await rescore("open the tax editor", [], tree) == "open the text editor"
    assert await rescore("close the sing", ["click save as"], tree) == "click save as"


async def test_dictation_is_not_touched() -> None:
    tree = view(node("Save As...", "menu item", Box(10, 60, 90, 20))).tree
    assert await rescore("type save has", ["click save as"], tree) == "type save has"


def test_likeness_knows_equal_near_and_far() -> None:
    assert likeness("Save As", "Save As...") == 100
    assert likeness("note pad", "notepad") == 99
    assert likeness("text", "edit") < 80
    assert likeness("undo", "redo") < 80
    assert likeness("cut", "copy") < 80


def test_a_dialog_of_the_panel_is_a_programs_and_the_panel_is_not() -> None:
    """Its settings are clicked in like any program's; the bar itself stays furniture."""
    box = Box(200, 100, 500, 400)
    dialog = Node("d", None, "xfce4-panel", "dialog", "Panel Preferences", box, SHOWING)
    size = Node("s", "d", "xfce4-panel", "check box", "Lock panel", Box(220, 140, 90, 20), SHOWING)
    menu = Node("m", "panel", "xfce4-panel", "toggle button", "Menu", Box(0, 768, 90, 30), SHOWING)
    front = Window(9, "Panel Preferences", "Xfce4-panel", 5, box, active=True, kind="dialog")
    bar = Window(8, "xfce4-panel", "Xfce4-panel", 5, Box(0, 767, 1280, 33), kind="panel")
    seen_ = view(dialog, size, menu, windows=(bar, front))
    assert seen_.active == front
    assert seen_.programs == (front,)
    assert [seen_.furniture(node) for node in (dialog, size, menu)] == [False, False, True]
    assert find(seen_, "lock panel") == [size]
    assert dialog in seen_.in_the_way
