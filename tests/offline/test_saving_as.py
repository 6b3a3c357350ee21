"""Under which name something is saved: with the ending that its program takes, and no other's."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from agent.desktop.base import Box, Node, Tree, Window
from agent.models.offline import writing
from agent.models.offline.sentences import parse
from agent.models.offline.steps import Act, Done, Fail, Moment, Step
from agent.models.offline.turns import HANDLERS
from agent.models.offline.view import look
from agent.testing.fake_desktop import FakeDesktop

SHOWING = frozenset({"showing", "sensitive"})
CALC = ("Untitled 1 — LibreOffice Calc", "libreoffice-calc")


class Program(FakeDesktop):
    """One with a document, and a dialog to save it that proposes a name."""

    def __init__(self, home: Path, title: str, wm_class: str) -> None:
        super().__init__(home=home)
        self.shown = (replace(self.shown[0], title=title, wm_class=wm_class),)
        self.proposed: str | None = None

    def ask(self, proposed: str) -> None:
        self.proposed = proposed
        document = replace(self.shown[0], active=False)
        box = Box(10, 10, 60, 40)
        wm_class = "Soffice" if "LibreOffice" in document.title else document.wm_class
        dialog = Window(2, "Save", wm_class, None, box, active=True, kind="dialog")
        dialog = replace(dialog, blocks=document.id)
        self.shown = (document, dialog)

    def answer(self) -> None:
        self.proposed, self.shown = None, (replace(self.shown[0], active=True),)

    async def tree(self) -> Tree:
        if self.proposed is None:
            return await super().tree()
        box = self.shown[-1].box
        dialog = Node("d", None, "soffice", "file chooser", "Save As", box, SHOWING)
        states = SHOWING | {"focused", "editable"}
        return Tree((dialog, Node("f", "d", "soffice", "text", "Name", box, states, self.proposed)))


@pytest.fixture(autouse=True)
def no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """What has not happened when it is looked for never will."""

    async def never(*_: object) -> bool:
        return False

    monkeypatch.setattr("agent.models.offline.steps._Patience.change", never)


async def step(program: Program, said: str, before: Step | None = None) -> Step:
    [command] = parse(said).commands
    phase, memo = (before.phase, before.memo) if isinstance(before, Act) else (0, "")
    return await HANDLERS[command.intent](
        Moment(program, await look(program), command, phase, memo)
    )


@pytest.mark.parametrize(
    ("window", "proposed", "said", "name"),
    [
        (CALC, "Untitled 1.ods", "save it as budget", "budget.ods"),
        (CALC, "Untitled 1", "save it as budget", "budget.ods"),
        (CALC, "list.csv", "save it as budget", "budget.csv"),
        (CALC, "Untitled 1.ods", "save it as budget dot csv", "budget.csv"),
        (("Untitled 1 — LibreOffice Writer", "Soffice"), "Untitled 1", "save it as a", "a.odt"),
        (("*[Untitled]-1.0 - GIMP", "Gimp"), "Untitled.xcf", "save it as sky", "sky.xcf"),
        (("Untitled 1 - Mousepad", "Mousepad"), "Untitled 1", "save it as budget", "budget.txt"),
        (("math - Mousepad", "Mousepad"), "math", "save it as libreoffice", "libreoffice.txt"),
        (("notes.md - Mousepad", "Mousepad"), "notes.md", "save it as budget", "budget.md"),
    ],
)
async def test_a_name_ends_as_the_dialog_or_the_program_has_it(
    tmp_path: Path, window: tuple[str, str], proposed: str, said: str, name: str
) -> None:
    """What was said with it goes before; the file is looked for under that very name."""
    program = Program(tmp_path, *window)
    opened = await step(program, said)
    assert isinstance(opened, Act)
    program.ask(proposed)
    named = await step(program, said, opened)
    assert isinstance(named, Act)
    assert named.calls[-1].input == {"text": str(tmp_path / name)}
    assert named.memo.isalnum()
    program.proposed = str(tmp_path / name)
    confirmed = await step(program, said, named)
    assert isinstance(confirmed, Act)
    program.answer()
    (tmp_path / name).write_bytes(b"kept")
    assert await step(program, said, confirmed) == Done(
        f"It is saved as {name} in your home folder."
    )


async def test_a_file_that_is_there_is_not_replaced(tmp_path: Path) -> None:
    """Also where only the dialog tells what the name ends in: it is closed again."""
    (tmp_path / "budget.ods").write_bytes(b"old")
    (tmp_path / "budget.csv").write_bytes(b"old")
    program = Program(tmp_path, *CALC)
    refused = Fail("There is a file called budget.ods already. Say another name.")
    assert await step(program, "save it as budget.ods") == refused
    (tmp_path / "budget.ods").unlink()
    opened = await step(program, "save it as budget")
    program.ask("list.csv")
    closing = await step(program, "save it as budget", opened)
    assert isinstance(closing, Act)
    assert [call.input for call in closing.calls] == [{"text": "Escape"}]
    program.answer()
    told = await step(program, "save it as budget", closing)
    assert told == Fail("There is a file called budget.csv already. Say another name.")


async def test_a_question_about_the_format_is_told(tmp_path: Path) -> None:
    program = Program(tmp_path, *CALC)
    program.ask("Untitled 1.ods")
    said = "save it as budget.csv"
    named = await step(program, said)
    confirmed = await step(program, said, named)
    assert isinstance(confirmed, Act)
    asked = Act("", (), writing._CONFIRMED + 1, confirmed.memo)
    step_ = await step(program, said, asked)
    assert isinstance(step_, Fail)
    assert "not saved yet" in step_.say
