"""Where the planner stands follows from the messages alone, however they were cut."""

from __future__ import annotations

from typing import Any

import pytest
from conversations import build_messages

from agent.desktop.server.homes import HomeNews
from agent.files.changes import Change
from agent.files.telling import told_model
from agent.models.base import Message
from agent.models.offline.conversation import plan_for
from agent.models.offline.progress import NOT_RUN, Mark, Progress, Result, read
from agent.record import events as ev
from agent.session import history
from agent.session.files import CUT_OFF_MODEL
from agent.session.history import HEADLESS
from agent.session.home import changed
from agent.session.world import renewed


def said(*texts: str) -> Message:
    return {"role": "user", "content": [{"type": "text", "text": text} for text in texts]}


def called(mark: Mark, serial: int = 0) -> Message:
    block = {"type": "tool_use", "id": mark.id(serial), "name": "key", "input": {}}
    return {"role": "assistant", "content": [{"type": "text", "text": "…"}, block]}


def answered(text: str, *more: str, error: bool = False) -> Message:
    result: dict[str, Any] = {"type": "tool_result", "tool_use_id": "x", "is_error": error}
    result["content"] = [{"type": "text", "text": text}]
    return {"role": "user", "content": [result, *said(*more)["content"]]}


def spoken(text: str) -> Message:
    return {"role": "assistant", "content": [{"type": "text", "text": text}]}


MARK = Mark(0, 1, 2, 1, "abc")


def test_a_mark_survives_its_id() -> None:
    assert Mark.of({"id": MARK.id(7)}) == MARK
    assert len(MARK.id(123)) <= 64
    assert Mark.of({"id": "toolu_01A"}) is None


def test_a_first_instruction_is_fresh() -> None:
    progress = read([said("open the terminal")])
    assert (progress.fresh, progress.mark) == (0, None)


def test_a_plan_goes_on_with_its_results() -> None:
    progress = read([said("type a"), called(MARK), answered("Done.")])
    assert (progress.fresh, progress.mark) == (None, MARK)
    assert progress.results == (Result("Done."),)
    assert progress.serial == 1


def test_an_instruction_that_was_queued_waits() -> None:
    progress = read([said("type a"), called(MARK), answered("Done.", "press enter")])
    assert progress.mark == MARK
    assert progress.instructions == ("type a", "press enter")


def test_an_instruction_after_an_interruption_replaces_the_plan() -> None:
    progress = read([said("type a"), called(MARK), answered(NOT_RUN, "press enter", error=True)])
    assert (progress.fresh, progress.mark, progress.cut) == (1, None, MARK)


def test_an_instruction_that_was_stopped_before_any_answer_is_not_carried_out_later() -> None:
    stopped = said("type a", "The user interrupted you here.", "hello")
    assert read([stopped]).fresh == 1
    queued = said("type a", "press enter", "The user interrupted you here.", "hello")
    assert read([queued]).fresh == 2


def test_an_instruction_goes_on_when_the_mouse_is_given_back_before_any_answer() -> None:
    back = said("type a", "The user interrupted you here.", "I used the mouse and keyboard myself.")
    assert read([back]).fresh == 0


def test_what_was_cut_can_be_taken_up_after_other_talk() -> None:
    messages = [
        said("type a"),
        called(MARK),
        answered(NOT_RUN, "hello", error=True),
        spoken("Hello."),
        said("go on"),
    ]
    progress = read(messages)
    assert (progress.fresh, progress.cut) == (2, MARK)


def test_a_finished_plan_cannot_be_taken_up() -> None:
    messages = [
        said("type a"),
        called(MARK),
        answered("Done."),
        spoken("It is there."),
        said("go on"),
    ]
    assert read(messages).cut is None


def test_calls_of_another_model_are_not_taken_for_ours() -> None:
    block = {"type": "tool_use", "id": "toolu_01", "name": "key", "input": {}}
    messages: list[Message] = [
        said("type a"),
        {"role": "assistant", "content": [block]},
        answered("Done.", "press enter"),
    ]
    assert read(messages).fresh == 1


def test_words_of_the_session_are_no_instructions() -> None:
    notes = [
        "The user interrupted you here.",
        "Today is Sunday, 22 November 2026. The screen now:",
        "The screen now:",
        "The person heard only: “Opening the”",
        "The person did not hear: “Opening”",
        "I used the mouse and keyboard myself.",
        "I did this myself meanwhile: left_click {}: Clicked.",
        told_model("Press the button", (), (), (), ()),
        told_model("", (Change("a.txt", "created", "file"),), (), (), ()),
        CUT_OFF_MODEL,
        HEADLESS,
        changed(HomeNews("full", 0, disk=True), ev.HomeChanged(state="open")).text,
        changed(HomeNews("full", 10), ev.HomeChanged(state="open", limit=9)).text,
        changed(HomeNews("gone", 0), ev.HomeChanged(state="open")).text,
        renewed("resumed", "kept", ()).text,
    ]
    progress = read([said("open the terminal", *notes)])
    assert progress.instructions == ("open the terminal",)


def test_a_log_that_was_cut_is_read_as_cut() -> None:
    """The history's own words for an interruption are recognised."""
    call = {"type": "tool_use", "id": MARK.id(0), "name": "type", "input": {"text": "a"}}
    events: list[ev.Event] = [
        ev.UserMessage(text="type a"),
        ev.TurnStarted(turn_id="1", model="offline"),
        ev.BlockFinished(turn_id="1", index=0, block={**call, "toolset_name": "computer"}),
        ev.ActionStarted(action_id=call["id"]),
        ev.TurnFinished(turn_id="1", stop_reason="interrupted"),
        ev.UserMessage(text="press enter"),
    ]
    progress = read(build_messages(events, lambda _: None))
    assert progress.instructions == ("type a", "press enter")
    assert (progress.fresh, progress.cut) == (1, MARK)
    assert history.INTERRUPTED == NOT_RUN


@pytest.mark.parametrize(
    ("before", "choice", "slots"),
    [
        ("click OK", "the second one", {"label": "OK", "button": "", "place": "2"}),
        ("open the file menu and click OK", "number three", {"place": "3"}),
        ("open the ditor", "yes", {"app": "ditor", "sure": "yes"}),
    ],
)
def test_a_choice_stands_for_the_command_before(
    before: str, choice: str, slots: dict[str, str]
) -> None:
    (command,) = plan_for(Progress((before, choice)), 1).commands
    assert {name: command.slot(name) for name in slots} == slots
