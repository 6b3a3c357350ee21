"""Text is selected, moved in and changed by the words that stand in it, and nothing else is."""

from __future__ import annotations

import pytest
from planner_driver import Driver

pytestmark = [pytest.mark.desktop, pytest.mark.asyncio(loop_scope="module")]

FOX = "The quick brown fox jumps over the lazy dog"


async def test_words_are_selected_copied_and_let_go(talk: Driver) -> None:
    await talk.say(f"open the text editor and type {FOX}")
    assert await talk.say("select quick through fox") == "Selected: quick brown fox."
    assert await talk.say("copy that") == "Copied: quick brown fox."
    assert await talk.say("unselect that") == "Nothing is selected now."
    assert await talk.say("select the last two words") == "Selected: brown fox."
    assert await talk.say("copy jumps over") == "Copied: jumps over."
    assert await talk.desktop.input.clipboard() == "jumps over"


async def test_words_that_are_not_there_change_nothing(talk: Driver) -> None:
    await talk.say(f"open the text editor and type {FOX}")
    assert "no “purple”" in await talk.say("delete purple")
    assert talk.calls == []
    assert "I could not see purple" in await talk.say("select purple")
    assert "no “quick” up to “cat”" in await talk.say("delete from quick to cat")
    await talk.editor_says(FOX)


async def test_that_is_what_is_selected_or_was_dictated_last_or_nothing(talk: Driver) -> None:
    await talk.say("open the text editor and type one")
    await talk.say("press home")
    assert "Nothing is selected" in await talk.say("delete that")
    assert talk.calls == []
    await talk.say("press end")
    await talk.say("type two words")
    await talk.editor_says("one two words")
    assert (await talk.say("scratch that")).startswith("Deleted.")
    await talk.editor_says("one")
    await talk.say("select all")
    assert await talk.say("delete that") == "Deleted. The text editor is empty now."


async def test_words_are_changed_where_they_stand(talk: Driver) -> None:
    await talk.say("open the text editor and type one two one")
    await talk.say("change two to three")
    await talk.editor_says("one three one")
    await talk.say("replace all one with six")
    await talk.editor_says("six three six")
    await talk.say("insert very before three")
    await talk.editor_says("six very three six")
    await talk.say("capitalize three")
    await talk.editor_says("six very Three six")
    await talk.say("go to the end of the line")
    await talk.say("delete the last word")
    assert (await talk.say("read the window")).endswith("says: six very Three.")


async def test_a_line_far_away_is_reached_and_deleted_whole(talk: Driver) -> None:
    await talk.say("open the text editor")
    await talk.say("type " + " new line ".join(f"line {n} of many" for n in range(12)))
    assert (await talk.say("go to the start of line 3 of many")).startswith("The cursor is before")
    assert (await talk.say("delete the last line")).startswith("Deleted.")
    said = await talk.say("select the last line")
    assert said == "Selected: line 10 of many."


async def test_the_terminal_has_no_text_to_change(talk: Driver) -> None:
    """What stands there is what programs wrote."""
    await talk.say("open the terminal")
    assert "in the terminal" in await talk.say("delete the last word")
    assert talk.calls == []
