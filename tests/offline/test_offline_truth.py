"""What the planner says it did is what can be seen afterwards, also when nothing came of it."""

from __future__ import annotations

import pytest
from planner_driver import Driver
from screens import until

pytestmark = [pytest.mark.desktop, pytest.mark.asyncio(loop_scope="module")]


async def test_a_selection_is_looked_up(talk: Driver) -> None:
    """The words that are selected are said; an empty editor has none."""
    await talk.say("open the text editor")
    assert "nothing is selected" in await talk.say("select all")
    await talk.say("type one new line two new line three")
    assert await talk.say("select all") == "Selected everything: one two three."
    assert await talk.say("select the first line") == "Selected: one."
    assert await talk.say("select the last line") == "Selected: three."
    assert await talk.say("read the selection") == "Selected is: three."


async def test_a_copy_is_found_on_the_clipboard(talk: Driver) -> None:
    """With nothing selected and nothing just dictated no key is pressed, and that is said."""
    await talk.say("open the text editor and type apples")
    assert await talk.say("copy that") == "Copied: apples."
    await talk.say("press home")
    assert "nothing to copy" in await talk.say("copy that")
    assert talk.calls == []
    assert await talk.say("select all and copy it") == "Copied: apples."
    assert await talk.desktop.input.clipboard() == "apples"
    await talk.say("press end")
    assert "apples" in await talk.say("paste it twice")
    await talk.editor_says("applesapplesapples")
    assert "now says: apples" in await talk.say("undo that twice")


async def test_scrolling_is_told_only_when_something_moved(talk: Driver) -> None:
    """Short texts do not scroll."""
    await talk.say("open the text editor and type short")
    assert (await talk.say("scroll down")).startswith("Nothing moved")
    assert await talk.say("move the cursor to the beginning") == "This is the top."
    await talk.say(f"type {'long new line ' * 80}")
    assert await talk.say("scroll up") == "Scrolled up."
    assert await talk.say("scroll to the bottom") == "This is the bottom."
    assert (await talk.say("scroll down")).startswith("Nothing moved")


async def test_the_pointer_is_looked_up(talk: Driver) -> None:
    await talk.say("open the text editor")
    assert await talk.say("move the mouse to the File menu") == "The pointer is on File."


async def test_the_desktop_is_clicked_beside_the_windows(talk: Driver) -> None:
    """Its menu opens; where windows cover it all, that is said."""
    await talk.say("open the text editor")
    assert await talk.say("right click on the desktop") == "Right-clicked the desktop."
    assert await talk.say("close the menu") == "The menu is closed."
    await talk.say("maximise the text editor")
    assert "Say: show the desktop" in await talk.say("right click on the desktop")


async def test_only_what_is_open_is_closed(talk: Driver) -> None:
    """A menu and a dialog are seen to go; without one nothing is pressed."""
    await talk.say("open the text editor")
    assert await talk.say("close the menu") == "I see no open menu and no dialog."
    assert talk.calls == []
    await talk.say("open the File menu")
    assert await talk.say("close the menu") == "The menu is closed."
    await talk.say("press control shift s")
    assert await talk.say("close the dialog") == "The dialog is closed."


async def test_folders_and_files_open_by_name(talk: Driver) -> None:
    """A name that is no program is looked for in the home folder."""
    assert await talk.say("open the Documents folder") == "Documents is open in the file manager."
    (talk.desktop.home / "recipe.txt").write_text("flour")
    assert await talk.say("open the recipe") == "recipe.txt is open in the text editor."
    await talk.editor_says("flour")
    assert await talk.say("what's in the recipe") == "recipe.txt says: flour."
    assert await talk.say("go to the downloads folder") == "Downloads is open in the file manager."


async def test_several_programs_at_once(talk: Driver) -> None:
    await talk.say("open the terminal and the text editor")
    assert len(await talk.desktop.windows()) == 2
    assert await talk.say("close everything") == "All windows are closed."

    async def none() -> bool:
        return not await talk.desktop.windows()

    await until(none)


async def test_closing_everything_stops_where_something_is_asked(talk: Driver) -> None:
    await talk.say("open the text editor and type draft")
    await talk.say("open the terminal")
    last = await talk.say("close all windows")
    assert last.startswith("Not all are closed yet: it asks something.")
    await talk.say("click Cancel")
    await talk.editor_says("draft")
