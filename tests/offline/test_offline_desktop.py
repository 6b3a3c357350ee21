"""Sentences move a real desktop, and what the planner says of it is true."""

from __future__ import annotations

import asyncio

import pytest
from planner_driver import Driver
from screens import text_of, until

from agent.models.offline import vocabulary
from agent.models.offline.progress import NOT_RUN
from agent.session.refused import DECLINED
from agent.tools.base import ToolCall

pytestmark = [pytest.mark.desktop, pytest.mark.asyncio(loop_scope="module")]


async def test_opens_the_editor_and_types(talk: Driver) -> None:
    last = await talk.say("Open the text editor and type hello world.")
    assert last == "The text editor now says: hello world."
    assert await text_of(talk.desktop, "text") == "hello world"
    assert [call.name for call in talk.calls] == ["left_click", "type"]


async def test_lists_the_home_folder_in_words(talk: Driver) -> None:
    last = await talk.say("Open the terminal and list the files in my home folder.")
    assert any("Terminal" in title for title in await talk.titles())
    assert ("bash", {"command": "ls ~"}) in [(call.name, call.input) for call in talk.calls]
    assert last.startswith("Your home folder holds ")
    assert "Documents" in last


async def test_creates_a_file_and_does_not_overwrite_it(talk: Driver) -> None:
    path = talk.desktop.home / "shopping list.txt"
    sentence = "Create a file called shopping list with the text milk, eggs and bread."
    assert "is in your home folder" in await talk.say(sentence)
    assert path.read_text().strip() == "milk, eggs and bread"
    again = await talk.say("Create a file called shopping list with the text nothing.")
    assert "already" in again
    assert talk.calls == []
    assert path.read_text().strip() == "milk, eggs and bread"
    replaced = await talk.say("replace the file shopping list with the text tea")
    assert "It says: tea." in replaced
    assert path.read_text().strip() == "tea"


async def test_menus_by_name(talk: Driver) -> None:
    last = await talk.say("In the text editor, open the File menu and click Save As.")
    assert last == "Clicked Save As. A dialog is open, Save As."
    assert "Save As" in await talk.titles()


async def test_goes_back_to_a_window(talk: Driver) -> None:
    await talk.say("open the text editor")
    await talk.say("open the terminal")
    last = await talk.say("Open the file manager, then go back to the text editor.")
    assert last.endswith("The text editor is in front.")
    active = await talk.desktop.active_window()
    assert active is not None
    assert active.wm_class == "Mousepad"


async def test_finds_windows_that_are_covered_or_minimised(talk: Driver) -> None:
    await talk.say("open the terminal")
    await talk.say("open the text editor and maximise it")
    assert await talk.say("switch to the terminal") == "The terminal is in front."
    assert await talk.say("minimise the terminal") == "The terminal is minimised."
    assert await talk.say("go back to the terminal") == "The terminal is in front."
    assert await talk.say("close the terminal") == "The terminal is closed."
    assert not any("Terminal" in title for title in await talk.titles())


async def test_starts_a_program_that_is_only_in_the_menu(talk: Driver) -> None:
    assert await talk.say("open the image viewer") == "The image viewer is open."


@pytest.mark.parametrize(
    "nonsense", ["Make me a sandwich.", "open the sandwich", "order a pizza and open the terminal"]
)
async def test_what_is_not_understood_changes_nothing(talk: Driver, nonsense: str) -> None:
    windows, files = await talk.titles(), sorted(talk.desktop.home.rglob("*.txt"))
    last = await talk.say(nonsense)
    assert talk.calls == []
    assert await talk.titles() == windows
    assert sorted(talk.desktop.home.rglob("*.txt")) == files
    assert "did not understand" in last or "do not know a program" in last


async def test_says_what_it_sees_when_a_name_is_unknown(talk: Driver) -> None:
    await talk.say("open the text editor")
    last = await talk.say("open the Fils menu and click Banana")
    assert last.startswith("I could not see a menu named Fils. I see: File, Edit")
    assert last.endswith("I did not go on with the rest.")
    assert "could not see Banana" in await talk.say("open the File menu and click Banana")


async def test_a_mishearing_opens_the_right_program(talk: Driver) -> None:
    assert await talk.say("open the tax editor") == "The text editor is open."


async def test_closing_with_unsaved_text_is_told_as_it_is(talk: Driver) -> None:
    await talk.say("open the text editor and type draft")
    last = await talk.say("close the text editor")
    assert last.startswith("It is not closed yet")
    assert await talk.say("click Cancel") == "Clicked Cancel."
    await talk.editor_says("draft")


async def test_saves_under_a_name(talk: Driver) -> None:
    await talk.say("open the text editor and type some notes")
    assert "saved as minutes.txt" in await talk.say("save it as minutes")
    assert (talk.desktop.home / "minutes.txt").read_text().strip() == "some notes"
    assert "minutes.txt says: some notes" in await talk.say("read the file minutes")


async def test_edits_text(talk: Driver) -> None:
    await talk.say("open the text editor and type one")
    assert (await talk.say("undo that")).startswith("Undone.")
    await talk.say("type two")
    await talk.say("select all, copy, then press the right arrow and paste it")
    await talk.editor_says("twotwo")


async def test_reads_and_describes_the_screen(talk: Driver) -> None:
    await talk.say("open the text editor and type knock knock")
    assert await talk.say("read the window") == "The text editor says: knock knock."
    assert (await talk.say("what's on the screen")).startswith("The text editor is in front.")
    assert talk.calls == []


async def test_a_command_that_fails_is_not_called_a_success(talk: Driver) -> None:
    assert "It says: 42" in await talk.say("run the command echo 42")
    assert await talk.say("run the command false") == "The command ended with code 1."


async def test_a_denied_action_is_told(talk: Driver) -> None:
    talk.user([{"type": "text", "text": "run the command date"}])
    blocks, _ = await talk.turn()
    call = ToolCall.from_block(blocks[-1])
    talk.user([talk.result(call, DECLINED, error=True)])
    blocks, reason = await talk.turn()
    assert reason == "end_turn"
    assert "did not succeed: you said no." in blocks[0]["text"]
    assert "Ask what" not in blocks[0]["text"], "that is for the model"


async def test_new_words_replace_an_interrupted_plan_and_go_on_takes_it_up(talk: Driver) -> None:
    await talk.say("open the text editor")
    talk.user([{"type": "text", "text": "type one two three and press enter"}])
    blocks, _ = await talk.turn()
    call = ToolCall.from_block(blocks[-1])
    await talk.desktop.input.type("one tw")
    await talk.editor_says("one tw")
    talk.user([talk.result(call, NOT_RUN, error=True)])
    assert await talk.say("what window is this")
    assert talk.calls == []
    await talk.say("go on")
    assert [c.input for c in talk.calls] == [{"text": "o three"}, {"text": "Return"}]
    await talk.editor_says("one two three\n")


async def test_words_that_were_queued_follow(talk: Driver) -> None:
    talk.user([{"type": "text", "text": "open the text editor"}])
    blocks, _ = await talk.turn()
    result = await talk.act(ToolCall.from_block(blocks[-1]))
    talk.user([result])
    last = await talk.say("type queued")
    assert last.endswith("The text editor now says: queued.")


async def test_vocabulary_holds_what_shows(talk: Driver) -> None:
    await talk.say("open the text editor")
    wanted = {"File", "text editor", "terminal", "undo that"}

    async def known() -> bool:
        return wanted <= set(await vocabulary(talk.desktop))

    await until(known)


async def test_a_cancelled_turn_leaves_nothing_behind(talk: Driver) -> None:
    talk.user([{"type": "text", "text": "click Banana"}])
    task = asyncio.create_task(talk.turn())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert "could not see Banana" in await talk.say("click Banana")
