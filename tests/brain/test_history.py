"""From events to messages: what is kept of a cut turn, and how it is told."""

from __future__ import annotations

from typing import Any

from conversations import build_messages

from agent.record import events as ev
from agent.session.history import BROKEN_OFF, CUT, HALTED, INTERRUPTED, History
from agent.testing.rules import violations

PICTURE = ev.Image(sha256="a" * 64, media_type="image/jpeg", width=1, height=1)


def messages(*events: Any) -> list[dict[str, Any]]:
    return build_messages(events, lambda sha256: f"data of {sha256[0]}")


def said(text: str = "Click.") -> ev.UserMessage:
    return ev.UserMessage(text=text)


def turn() -> ev.TurnStarted:
    return ev.TurnStarted(turn_id="t", model="m")


def text(words: str) -> ev.TextStreamed:
    return ev.TextStreamed(turn_id="t", text=words)


def block(**fields: Any) -> ev.BlockFinished:
    return ev.BlockFinished(turn_id="t", index=0, block=fields)


def tool(name: str = "left_click", call: str = "c1", **more: Any) -> ev.BlockFinished:
    return block(type="tool_use", id=call, name=name, input={}, **more)


def end(reason: str) -> ev.TurnFinished:
    return ev.TurnFinished(turn_id="t", stop_reason=reason)


def finished(call: str = "c1", **more: Any) -> ev.ActionFinished:
    return ev.ActionFinished(action_id=call, **more)


def test_unfinished_text_is_kept_trimmed_and_the_interruption_told():
    found = messages(said(), turn(), text("I will "), text("now "), end("interrupted"), said("No."))
    assert found[1] == {"role": "assistant", "content": [{"type": "text", "text": "I will now"}]}
    assert [b["text"] for b in found[2]["content"]] == ["The user interrupted you here.", "No."]


def test_an_interruption_is_told_where_it_happened_even_before_the_first_answer():
    """What was stopped before the model had read it must not be carried out later."""
    began = ev.TaskStarted(task_id="a", text="")
    for outcome, told in (("stopped", True), ("limit", True), ("done", False), ("failed", False)):
        ended = ev.TaskFinished(task_id="a", outcome=outcome)
        events = [began, said("Delete it."), ended, began, said("Hello."), turn()]
        found = [block["text"] for block in messages(*events)[0]["content"]]
        mark = ["The user interrupted you here."] if told else []
        if outcome == "failed":
            mark = ["The task before ended here, because something failed."]
        assert found == ["Delete it.", *mark, "Hello."]


def test_words_that_cut_in_follow_the_interruption_and_what_was_queued_stands_before_it():
    cut = ev.UserMessage(text="No.", cuts=True)
    found = messages(said(), turn(), text("x"), said("And then?"), cut, end("interrupted"))
    told = [block["text"] for block in found[2]["content"]]
    assert told == ["And then?", "The user interrupted you here.", "No."]


def test_taking_the_mouse_interrupts_only_work():
    taken = ev.ControlTaken()
    assert "interrupted" not in str(messages(said(), turn(), text("x"), end("end_turn"), taken))
    began = ev.TaskStarted(task_id="a", text="")
    assert "interrupted" in str(messages(began, said(), turn(), text("x"), end("end_turn"), taken))


def test_an_unfinished_thought_or_call_is_dropped_and_the_turn_with_it():
    thought = ev.TextStreamed(turn_id="t", text="Hm", role="thinking")
    found = messages(said(), turn(), thought, end("interrupted"), said("No."))
    assert [m["role"] for m in found] == ["user"]
    assert len(found[0]["content"]) == 2


def test_finished_thinking_is_replayed_byte_for_byte():
    thinking = {"type": "thinking", "thinking": "", "signature": "s", "extra": [1]}
    found = messages(
        said(), turn(), block(**thinking), tool(), end("tool_use"), finished(text="ok")
    )
    assert found[1]["content"][0] == thinking


def test_each_call_has_its_own_answer_with_its_toolset():
    found = messages(
        said(),
        turn(),
        tool(call="c1", toolset_name="computer"),
        tool(call="c2", toolset_name="computer"),
        tool("bash", call="c3"),
        ev.ActionStarted(action_id="c1"),
        finished("c1", text="Clicked.", image=PICTURE),
        ev.ActionStarted(action_id="c2"),
        end("interrupted"),
    )
    first, second, third, _ = found[2]["content"]
    assert first["toolset_name"] == second["toolset_name"] == "computer"
    assert "toolset_name" not in third
    assert [part["type"] for part in first["content"]] == ["text", "image"]
    assert (second["content"][0]["text"], second["is_error"]) == (CUT, True)
    assert (third["content"][0]["text"], third["is_error"]) == (INTERRUPTED, True)


def test_words_spoken_during_a_turn_come_after_its_results():
    found = messages(said(), turn(), tool(), said("Faster."), end("tool_use"), finished(text="ok"))
    assert [b["type"] for b in found[2]["content"]] == ["tool_result", "text"]


def test_the_closing_picture_goes_into_the_last_result_unless_that_is_an_error():
    seen = ev.ScreenSeen(action_id="c1", image=PICTURE)
    good = messages(said(), turn(), tool(), end("tool_use"), finished(text="ok"), seen)
    assert [p["type"] for p in good[2]["content"][0]["content"]] == ["text", "image"]
    bad = finished(text="Missed.", is_error=True, image=PICTURE)
    found = messages(said(), turn(), tool(), end("tool_use"), bad, seen)
    assert [b["type"] for b in found[2]["content"]] == ["tool_result", "text", "image"]
    assert [p["type"] for p in found[2]["content"][0]["content"]] == ["text"]


def test_a_picture_that_is_gone_is_said_to_be():
    gone = build_messages([ev.UserMessage(text="", images=(PICTURE,))], lambda sha256: None)
    assert "no longer available" in gone[0]["content"][0]["text"]


def test_what_was_heard_of_a_narration_is_told_once():
    cut = ev.Narrated(narration_id="n", text="Opening the old editor", state="cut", cut_at=2)
    found = messages(said(), turn(), text("x"), end("interrupted"), cut, said("No."), turn())
    told = [b["text"] for b in found[2]["content"]]
    assert told == ["The user interrupted you here.", "The person heard only: “Opening the”", "No."]
    silent = messages(said(), cut.model_copy(update={"cut_at": 0}), turn())
    assert silent[0]["content"][1]["text"] == "The person did not hear: “Opening the old editor”"


def test_what_waited_to_be_said_when_it_was_interrupted_was_not_heard():
    """A line that a newer one replaced in the ordinary course of work is no news."""
    waited = ev.Narrated(narration_id="n", text="The file is saved.", state="dropped")
    found = messages(said(), turn(), text("x"), waited, end("interrupted"), said("No."))
    assert [b["text"] for b in found[2]["content"]] == [
        "The user interrupted you here.",
        "The person did not hear: “The file is saved.”",
        "No.",
    ]
    assert "did not hear" not in str(messages(said(), turn(), text("x"), waited, end("end_turn")))


def test_an_answer_that_broke_off_before_acting_is_as_if_it_never_was():
    broken = messages(said(), turn(), text("I"), tool(), end("broken"), finished(ran=False))
    assert broken == messages(said())


def test_an_answer_that_broke_off_after_acting_keeps_what_was_whole():
    found = messages(
        said(),
        turn(),
        tool(call="c1"),
        tool(call="c2"),
        text("Then"),
        ev.ActionStarted(action_id="c1"),
        finished("c1", text="Clicked."),
        finished("c2", text=BROKEN_OFF, ran=False, is_error=True),
        end("broken"),
    )
    assert [b["type"] for b in found[1]["content"]] == ["tool_use", "tool_use", "text"]
    assert [b["content"][0]["text"] for b in found[2]["content"]] == ["Clicked.", BROKEN_OFF]
    assert violations(found) == []


def test_the_words_of_the_service_for_a_halted_batch_are_exact():
    assert HALTED == "Not executed: an earlier computer action in this turn failed."
    assert INTERRUPTED == "Not executed: the user interrupted."


def test_a_stop_between_turns_is_told_though_it_cut_nothing():
    """Without it the model would go on with the plan that the person stopped."""
    stopped = ev.Stopped(reason="the person said so")
    begun = [said(), turn(), tool(), end("tool_use"), finished(), stopped]
    found = messages(*begun, said("What now?"))
    assert [b.get("text") for b in found[2]["content"][1:]] == [
        "The user interrupted you here.",
        "What now?",
    ]
    found = messages(*begun[:-1], ev.UserMessage(text="No, this.", cuts=True))
    assert found[2]["content"][1]["text"] == "The user interrupted you here."
    found = messages(*begun[:-1], said("And then that."))
    assert [b.get("text") for b in found[2]["content"][1:]] == ["And then that."]


def told_by_sayso(*events: Any) -> list[dict[str, Any]]:
    """The messages for a model that takes system messages."""
    history = History(lambda sha256: f"data of {sha256[0]}", system=True)
    for event in events:
        history.add(event)
    found = history.messages()
    assert violations(found) == []
    return found


def words(message: dict[str, Any]) -> list[str]:
    return [each["text"] for each in message["content"] if each["type"] == "text"]


def test_what_sayso_itself_tells_stands_in_a_system_message_after_the_users_words():
    narrated = ev.Narrated(narration_id="n", text="I open the mail now.", state="cut", cut_at=2)
    found = told_by_sayso(
        said(), turn(), text("I will "), end("interrupted"), narrated, said("No.")
    )
    assert [message["role"] for message in found] == ["user", "assistant", "user", "system"]
    assert words(found[2]) == ["No."]
    assert words(found[3]) == [
        "The person interrupted your last answer. What they said since then stands above.",
        "The person heard only: “I open”",
    ]


def test_the_mouse_that_was_used_is_told_by_sayso_and_the_persons_note_is_theirs():
    used = ev.UserMessage(text="I used it.", origin="session", as_system="The person used it.")
    note = ev.UserMessage(text="I closed the dialog.", origin="session")
    found = told_by_sayso(said(), turn(), block(type="text", text="x"), end("end_turn"), used, note)
    assert words(found[2]) == ["I closed the dialog."]
    assert words(found[3]) == ["The person used it."]
    folded = messages(said(), turn(), block(type="text", text="x"), end("end_turn"), used, note)
    assert words(folded[-1]) == ["I used it.", "I closed the dialog."]


def test_what_was_stopped_before_it_was_read_stays_parted_from_what_came_after():
    """In a message behind both, the interruption would not say which words it took back."""
    began = ev.TaskStarted(task_id="a", text="")
    stopped = ev.TaskFinished(task_id="a", outcome="stopped")
    found = told_by_sayso(began, said("Delete it."), stopped, began, said("Hello."))
    assert [message["role"] for message in found] == ["user"]
    assert words(found[0]) == ["Delete it.", "The user interrupted you here.", "Hello."]


def test_what_names_files_or_windows_is_never_told_as_sayso():
    renewed = ev.DesktopRenewed(
        reason="crashed", files="kept", text="It was restarted: “ignore all”."
    )
    found = told_by_sayso(
        said(), turn(), block(type="text", text="x"), end("end_turn"), renewed, said("Go on.")
    )
    assert [message["role"] for message in found] == ["user", "assistant", "user"]


def test_without_words_of_the_users_sayso_speaks_in_their_message():
    """The service has no place for a system message right after an answer."""
    used = ev.UserMessage(text="I used it.", origin="session", as_system="The person used it.")
    found = told_by_sayso(said(), turn(), block(type="text", text="x"), end("end_turn"), used)
    assert [message["role"] for message in found] == ["user", "assistant", "user"]
    assert words(found[2]) == ["The person used it."]


def test_what_stood_before_an_answer_stays_as_it_was():
    """Thinking is bound to it, system messages included."""
    used = ev.UserMessage(text="I used it.", origin="session", as_system="The person used it.")
    first = [said(), turn(), block(type="text", text="x"), end("end_turn"), used, said("Go on.")]
    before = told_by_sayso(*first)
    broken = [turn(), text("lost"), end("broken"), said("Well?")]
    again = told_by_sayso(*first, *broken)
    assert words(again[2]) == ["Go on.", "Well?"]
    assert again[:2] == before[:2]
    answered = told_by_sayso(
        *first, *broken, turn(), block(type="text", text="y"), end("end_turn"), said("Thanks.")
    )
    assert answered[: len(again)] == again
