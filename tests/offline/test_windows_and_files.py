"""Windows are put where people say, documents closed by what is in front, files changed."""

from __future__ import annotations

import pytest
from planner_driver import Driver
from screens import until

pytestmark = [pytest.mark.desktop, pytest.mark.asyncio(loop_scope="module")]


async def _box(talk: Driver, program: str) -> tuple[int, int]:
    windows = [w for w in await talk.desktop.windows() if program in w.wm_class.lower()]
    return windows[-1].box.x, windows[-1].box.width


async def test_windows_are_put_side_by_side_and_moved(talk: Driver) -> None:
    width = talk.desktop.size[0]
    await talk.say("open the terminal")
    assert "is showing, so there is nothing beside it" in await talk.say(
        "put the two windows side by side"
    )
    await talk.say("open the text editor")
    said = await talk.say("put the two windows side by side")
    assert said == "The terminal and the text editor stand side by side."
    assert (await _box(talk, "terminal"))[0] < width // 4
    assert (await _box(talk, "mousepad"))[0] > width // 4
    said = await talk.say("snap the terminal to the top right")
    assert said == "The terminal fills the top right of the screen."
    before = (await _box(talk, "terminal"))[0]
    assert "further left" in await talk.say("move the window to the left")
    assert (await _box(talk, "terminal"))[0] < before


async def test_a_word_for_a_kind_of_thing_means_what_is_in_front(talk: Driver) -> None:
    await talk.say("open the terminal")
    await talk.say("open the text editor")
    assert "called line" in await talk.say("kill the line")
    assert talk.calls == []
    assert await talk.say("close window") == "The window is closed."
    titles = await talk.titles()
    assert any("Terminal" in title for title in titles)
    assert not any("Mousepad" in title for title in titles)


async def test_only_a_document_is_closed_saved_and_cleared(talk: Driver) -> None:
    """In the file manager the keys for it would select and delete files."""
    await talk.say("open the file manager")
    assert await talk.say("save my work") == "The file manager has nothing to save."
    assert "I see no text" in await talk.say("clear the text")
    assert "I see no document" in await talk.say("close the document")
    assert talk.calls == []


async def test_what_is_not_seen_is_not_said(talk: Driver) -> None:
    """A dialog in the way, a program without a text, a terminal: nothing is claimed of them."""
    await talk.say("open the text editor and type hello")
    await talk.say("press control shift s")
    assert (await talk.say("save")).startswith("Nothing is saved yet: the save dialog is open.")
    assert talk.calls == []
    await talk.say("close the dialog")
    await talk.say("open the file manager")
    await talk.say("insert the date")
    assert talk.calls == []
    assert "nothing is selected" not in await talk.say("select all")
    assert not (await talk.say("undo that")).startswith("Undone")
    await talk.say("open the terminal")
    await talk.say("type hello world")
    assert "from the command line" in await talk.say("scratch that")
    assert [call.input for call in talk.calls] == [{"text": "BackSpace", "repeat": 11}]


async def test_files_are_renamed_copied_found_and_thrown_away(talk: Driver) -> None:
    home = talk.desktop.home
    (home / "notes.txt").write_text("one")
    (home / "Documents" / "budget.txt").write_text("two")
    assert await talk.say("rename notes to ideas") == "It is called ideas.txt now."
    assert (home / "ideas.txt").read_text() == "one"
    assert "budget.txt is in the folder Documents" in await talk.say("find the file budget")
    assert "ideas.txt is in the folder Documents now" in await talk.say("copy ideas to Documents")
    assert "already" in await talk.say("copy ideas to Documents")
    assert "no folder called moon" in await talk.say("move the file ideas to moon")
    assert "2 files" in await talk.say("how many files are in Documents")
    assert "Did you mean ideas.txt?" in await talk.say("delete the file ideal")
    assert talk.calls == []
    said = await talk.say("delete the file ideas")
    assert "trash" in said or "gone" in said

    async def gone() -> bool:
        return not (home / "ideas.txt").exists()

    await until(gone)


async def test_text_is_zoomed_and_measured(talk: Driver) -> None:
    await talk.say("open the text editor and type hello")
    assert await talk.say("zoom in") == "The text is larger."
    assert await talk.say("zoom out") == "The text is smaller."
