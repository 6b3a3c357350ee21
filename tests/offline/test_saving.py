"""That something is saved is said when it was seen: a file written, a mark gone, a dialog."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from agent.desktop.base import Box, Node, Tree
from agent.models.offline import documents, writing
from agent.models.offline.grammar import Command
from agent.models.offline.sentences import parse
from agent.models.offline.steps import Act, Done, Fail, Moment, Step
from agent.models.offline.turns import HANDLERS
from agent.models.offline.view import look
from agent.testing.fake_desktop import FakeDesktop

SHOWING = frozenset({"showing", "sensitive"})


class Office(FakeDesktop):
    """A program with a text that shows a file of the home."""

    def __init__(self, home: Path, title: str) -> None:
        super().__init__(home=home)
        self.nodes: tuple[Node, ...] = ()
        self.call_it(title)

    def call_it(self, title: str) -> None:
        self.shown = (replace(self.shown[0], title=title, wm_class="Soffice"),)

    def ask(self, *buttons: str, name: str = "") -> None:
        """Open a dialog."""
        box = Box(10, 10, 60, 40)
        dialog = Node("d", None, "soffice", "dialog", name, box, SHOWING)
        pressed = (Node(b, "d", "soffice", "push button", b, box, SHOWING) for b in buttons)
        self.nodes = (dialog, *pressed)

    async def tree(self) -> Tree:
        menu = Node("s", "0", "mousepad", "menu item", "Save", None)
        return Tree((*(await super().tree()).nodes, menu, *self.nodes))


class Silent(Office):
    """One that tells nothing of what is in it."""

    async def tree(self) -> Tree:
        return Tree(self.nodes)


@pytest.fixture(autouse=True)
def no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """What has not happened when it is looked for never will."""
    monkeypatch.setattr(writing, "_SAVE_LOOK", 0.0)


async def saved(desktop: FakeDesktop, program: Callable[[], object]) -> Step:
    """Say "save", and let the program do what it does."""
    command = Command("save", {})
    first = await writing.save(Moment(desktop, await look(desktop), command))
    assert isinstance(first, Act)
    assert first.memo.replace("x", "").isalnum()
    program()
    return await writing.save(Moment(desktop, await look(desktop), command, 1, first.memo))


def nothing() -> None:
    """The program does not react."""


async def test_a_file_that_was_written_is_saved(tmp_path: Path) -> None:
    (sheet := tmp_path / "Documents" / "spending.ods").parent.mkdir()
    sheet.write_bytes(b"one")
    desktop = Silent(tmp_path, "spending.ods - LibreOffice Calc")
    step = await saved(desktop, lambda: sheet.write_bytes(b"two words"))
    assert step == Done("It is saved in spending.ods.")


async def test_a_file_that_was_replaced_is_saved(tmp_path: Path) -> None:
    """As long as before, and with a time that was set back."""
    (sheet := tmp_path / "spending.ods").write_bytes(b"one")
    known = sheet.stat()

    def replaced() -> None:
        (tmp_path / ".new").write_bytes(b"two")
        (tmp_path / ".new").rename(sheet)

    step = await saved(Silent(tmp_path, "spending.ods - LibreOffice Calc"), replaced)
    assert step == Done("It is saved in spending.ods.")
    assert known.st_size == sheet.stat().st_size


async def test_a_title_without_a_mark_is_no_sign(tmp_path: Path) -> None:
    """Office programs have none, saved or not."""
    (tmp_path / "spending.ods").write_bytes(b"one")
    step = await saved(Silent(tmp_path, "spending.ods - LibreOffice Calc"), nothing)
    assert isinstance(step, Fail)
    assert "spending.ods was not written" in step.say


async def test_another_files_writing_is_no_sign(tmp_path: Path) -> None:
    for name in ("spending.ods", "old-spending.ods", "spending.ods.bak"):
        (tmp_path / name).write_bytes(b"one")
    desktop = Silent(tmp_path, "spending.ods - LibreOffice Calc")

    def others() -> None:
        (tmp_path / "old-spending.ods").write_bytes(b"two words")
        (tmp_path / "spending.ods.bak").write_bytes(b"two words")

    assert isinstance(await saved(desktop, others), Fail)


async def test_where_no_file_is_known_nothing_is_claimed(tmp_path: Path) -> None:
    step = await saved(Silent(tmp_path, "Drawing"), nothing)
    assert step == Fail("I pressed control s, but I cannot see that anything was saved.")


async def test_a_mark_that_goes_is_a_sign_and_one_that_stays_is_one_against_it(
    tmp_path: Path,
) -> None:
    desktop = Office(tmp_path, "*letter - Mousepad")
    assert isinstance(await saved(desktop, nothing), Fail)
    assert await saved(desktop, lambda: desktop.call_it("letter - Mousepad")) == Done(
        "It is saved."
    )


@pytest.mark.parametrize("said", ["save", "type 9.10"])
async def test_a_document_that_takes_no_changes_is_neither_written_in_nor_saved(
    tmp_path: Path, said: str
) -> None:
    desktop = Office(tmp_path, "list.csv (read-only) - LibreOffice Calc")
    [command] = parse(said).commands
    step = await HANDLERS[command.intent](Moment(desktop, await look(desktop), command))
    assert isinstance(step, Fail)
    assert "for reading only" in step.say


async def test_the_choice_of_a_format_is_told_with_its_answers(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("a,b")
    desktop = Silent(tmp_path, "list.csv - LibreOffice Calc")
    buttons = ("Keep Text CSV Format!", "Use ODF Format!")
    step = await saved(desktop, lambda: desktop.ask(*buttons, name="Keep Current Format?"))
    assert isinstance(step, Fail)
    assert "not saved yet" in step.say
    assert all(name in step.say for name in buttons)


async def test_a_text_that_its_file_holds_needs_no_saving(tmp_path: Path) -> None:
    """What shows is compared with what is there; another text of the same length is not it."""
    (note := tmp_path / "notes.txt").write_text("one")
    desktop = Office(tmp_path, "notes.txt - Mousepad")
    desktop.input.text = "one"
    assert await saved(desktop, nothing) == Done(
        "There is nothing to save: notes.txt holds this text."
    )
    note.write_text("two")
    assert isinstance(await saved(desktop, nothing), Fail)


@pytest.mark.parametrize(
    ("title", "names"),
    [
        ("a.txt - Mousepad", {"a.txt"}),
        ("*~/Documents/a.txt - Mousepad", {"a.txt"}),
        ("ba.txt - Mousepad", set()),
        ("a.txt~ - Mousepad", {"a.txt"}),
        ("a.txt.old - Mousepad", set()),
        ("A new text - Mousepad", set()),
    ],
)
def test_a_window_shows_the_files_whose_whole_names_its_title_has(
    tmp_path: Path, title: str, names: set[str]
) -> None:
    (tmp_path / "a.txt").write_text("one")
    (tmp_path / ".config").mkdir()
    (tmp_path / ".config" / "a.txt").write_text("hidden")
    found = documents.shown(tmp_path, title)
    assert {each.path.name for each in found} == names
    assert not any(".config" in each.path.parts for each in found)
