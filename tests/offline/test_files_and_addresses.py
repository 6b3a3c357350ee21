"""What "open", "go to" and "visit" mean: a file, a page of the home, or an address of the web."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.desktop.base import Box, Launcher, Node, Tree, Window
from agent.models.offline.opening import is_file_name
from agent.models.offline.sentences import parse
from agent.models.offline.steps import Act, Fail, Moment, Step
from agent.models.offline.turns import HANDLERS
from agent.models.offline.view import View
from agent.testing.fake_desktop import FakeDesktop

SHOWING = frozenset({"showing", "visible", "enabled"})
LAUNCHERS = (
    Launcher("org.xfce.mousepad", "Mousepad", "Text Editor", (), ("mousepad",)),
    Launcher("thunar", "Thunar File Manager", "File Manager", (), ("thunar",)),
    Launcher("chromium", "Chromium", "Web Browser", (), ("chromium",)),
)
PANEL = Node("panel", None, "xfce4-panel", "frame", "", Box(0, 767, 1280, 33), SHOWING)
BUTTONS = tuple(
    Node(name, "panel", "xfce4-panel", "push button", name, Box(40 * n, 767, 33, 33), SHOWING)
    for n, name in enumerate(("Applications", "Text Editor", "File Manager", "Web Browser"))
)


@pytest.fixture
def desktop(tmp_path: Path) -> FakeDesktop:
    """One whose home holds a sheet, a page, a note and a folder."""
    (tmp_path / "spending.ods").write_bytes(b"PK\x03\x04\0\xff")
    (tmp_path / "notes.md").write_text("one")
    (tmp_path / "order.html").write_text("<p>Order")
    (tmp_path / "Documents").mkdir()
    return FakeDesktop(home=tmp_path)


async def begun(desktop: FakeDesktop, said: str, *titles: str) -> Step:
    """The first step of an instruction, with windows of these titles."""
    [command] = parse(said).commands
    windows = tuple(
        Window(n, title, "Soffice", 10, Box(0, 0, 700, 500)) for n, title in enumerate(titles, 1)
    )
    view = View(Tree((PANEL, *BUTTONS)), windows, LAUNCHERS, (1280, 800))
    return await HANDLERS[command.intent](Moment(desktop, view, command))


def says(step: Step) -> str:
    assert not isinstance(step, Act) or step.calls
    return step.say


@pytest.mark.parametrize("verb", ["open", "go to", "switch to", "visit", "navigate to"])
@pytest.mark.parametrize("name", ["spending.ods", "spending dot ods", "Spending.ods"])
async def test_a_file_of_the_home_is_a_file(desktop: FakeDesktop, verb: str, name: str) -> None:
    """No text, so by way of the file manager and not of the browser."""
    assert says(await begun(desktop, f"{verb} {name}")) == "Opening the file manager."


@pytest.mark.parametrize("verb", ["open", "go to", "visit"])
@pytest.mark.parametrize("name", ["receipt.pdf", "old.docx", "2025 budget.xlsx"])
async def test_a_documents_ending_is_no_address(desktop: FakeDesktop, verb: str, name: str) -> None:
    """It is said that there is no such file; nothing is asked of the web."""
    step = await begun(desktop, f"{verb} {name}")
    assert step == Fail(f"I see no file called {name} in your home folder.")


@pytest.mark.parametrize("verb", ["open", "go to", "visit", "browse to"])
@pytest.mark.parametrize(
    "name",
    ["example.org", "https://example.org/receipt.pdf", "notes.io", "http://localhost:8080/order"],
)
async def test_an_address_is_gone_to(desktop: FakeDesktop, verb: str, name: str) -> None:
    assert says(await begun(desktop, f"{verb} {name}")) == "Opening the web browser."


@pytest.mark.parametrize("verb", ["open", "go to", "visit"])
async def test_a_file_with_an_ending_that_is_also_a_countrys(
    desktop: FakeDesktop, verb: str
) -> None:
    """Where it exists, under exactly that name, it is a file."""
    assert says(await begun(desktop, f"{verb} notes.md")) == "Opening the text editor."
    assert says(await begun(desktop, f"{verb} note.md")) == "Opening the web browser."


async def test_a_page_of_the_home_is_visited_in_the_browser(desktop: FakeDesktop) -> None:
    assert says(await begun(desktop, "visit order.html")) == "Opening the web browser."
    assert says(await begun(desktop, "open order.html")) == "Opening the text editor."


async def test_a_window_that_shows_it_is_gone_to(desktop: FakeDesktop) -> None:
    step = await begun(desktop, "go to spending.ods", "spending.ods - LibreOffice Calc")
    assert "Opening" not in says(step)
    step = await begun(desktop, "go to example.org", "example.com - Chromium")
    assert says(step) == "Opening the web browser."


@pytest.mark.parametrize(
    ("said", "is_one"),
    [
        ("a.pdf", True),
        ("Documents/a.pdf", True),
        ("a dot pdf", True),
        ("example.org/a.pdf", False),
        ("https://example.org/a.pdf", False),
        ("pdf", False),
        ("notes", False),
        ("a.com", False),
    ],
)
def test_what_can_only_be_a_files_name(said: str, *, is_one: bool) -> None:
    assert is_file_name(said) == is_one
