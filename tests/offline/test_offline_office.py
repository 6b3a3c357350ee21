"""The planner with files that are no text: opened by the desktop's own program, and filled in."""

from __future__ import annotations

from pathlib import Path

import pytest
from planner_driver import Driver
from screens import until

from agent.experiments.plan.task import builtin_tasks
from agent.experiments.run.office import cells
from agent.experiments.run.trial_environment import write_files
from agent.models.offline.opening import is_text

SPENDING = builtin_tasks()["receipt-to-sheet"].files


@pytest.mark.parametrize(
    ("name", "data", "text"),
    [
        ("notes.txt", b"one\ntwo\n", True),
        ("empty", b"", True),
        ("cut.md", "é".encode() * 4096 + b"x", True),
        ("half.md", b"x" + "é".encode() * 4096, True),
        ("spending.ods", SPENDING["spending.ods"], False),
        ("invoice.pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj", False),
        ("zeros", b"a\0b", False),
        ("drawing.svg", b"<svg/>", False),
    ],
)
def test_a_text_is_known_by_what_it_holds(
    tmp_path: Path, name: str, data: bytes, text: bool
) -> None:
    """Whatever its name ends in, but for drawings, which are texts to be looked at."""
    (tmp_path / name).write_bytes(data)
    assert is_text(tmp_path / name) == text
    assert not is_text(tmp_path)


@pytest.mark.desktop
@pytest.mark.asyncio(loop_scope="module")
async def test_a_figure_is_put_into_a_spreadsheet_by_voice(talk: Driver) -> None:
    """Opened by its name, filled in at a cell, saved, and looked up in the file."""
    write_files(talk.desktop.home, SPENDING)
    said = await talk.say("open spending.ods")
    assert said.startswith("spending.ods is open in"), said
    assert await talk.say("click B3") == "Clicked B3."
    said = await talk.say("type 9.10")
    assert said.startswith("I typed it into the cell"), said
    await talk.say("press enter")
    assert await talk.say("save") == "It is saved in spending.ods."

    async def kept() -> bool:
        data = (talk.desktop.home / "spending.ods").read_bytes()
        cell = cells(data).get("B3")
        return cell is not None and cell.value == "9.1"

    await until(kept, 60)


@pytest.mark.desktop
@pytest.mark.asyncio(loop_scope="module")
async def test_a_new_spreadsheet_is_saved_under_a_name_of_its_kind(talk: Driver) -> None:
    """No ending was said, and the dialog proposes none."""
    write_files(talk.desktop.home, SPENDING)
    await talk.say("open spending.ods")
    said = await talk.say("save it as budget")
    assert said == "It is saved as budget.ods in your home folder.", said
    assert cells((talk.desktop.home / "budget.ods").read_bytes())


@pytest.mark.desktop
@pytest.mark.asyncio(loop_scope="module")
async def test_a_file_that_no_program_opens_is_not_said_to_be_open(talk: Driver) -> None:
    (talk.desktop.home / "odd.zzz").write_bytes(b"a\0b\xff")
    assert (await talk.say("open the file odd.zzz")).startswith("odd.zzz has not opened.")
