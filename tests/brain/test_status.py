"""Who has the mouse: exactly one word, derived from the log."""

from __future__ import annotations

import pytest

from agent.record import events as ev
from agent.session.status import Status, reduce_status

TASK = ev.TaskStarted(task_id="t", text="Write.")
ASKED = ev.ApprovalAsked(
    approval_id="a", action_id="c", action_hash="h", question="Run it?", phrase="yes, run it"
)
PROPOSED = ev.ActionProposed(
    action_id="c", turn_id="u", tool="computer", name="type", input={}, action_hash="h"
)
STARTED = ev.ActionStarted(action_id="c")
SPEAKING = ev.Narrated(narration_id="n", text="I write.", state="speaking")
READY = ev.DesktopChanged(state="ready", confined=True)


def status(*events: ev.Event) -> Status:
    found = Status()
    for event in events:
        found = reduce_status(found, event)
    return found


@pytest.mark.parametrize(
    ("events", "who", "detail"),
    [
        ([], "idle", ""),
        ([READY], "idle", ""),
        ([ev.Heard(utterance_id="u", text="open", interim=True)], "listening", ""),
        ([ev.Heard(utterance_id="u", text="open", interim=False)], "idle", ""),
        ([TASK], "thinking", "Write."),
        ([TASK, ev.RetryWaiting(turn_id="u", seconds=1, reason="Busy.")], "thinking", "Busy."),
        ([TASK, PROPOSED], "thinking", "Write."),
        ([TASK, PROPOSED, STARTED], "acting", "type"),
        ([TASK, PROPOSED, STARTED, ev.ActionFinished(action_id="c")], "thinking", "Write."),
        ([TASK, SPEAKING], "speaking", ""),
        ([TASK, SPEAKING, SPEAKING.model_copy(update={"state": "heard"})], "thinking", "Write."),
        ([TASK, PROPOSED, STARTED, SPEAKING], "acting", "type"),
        ([TASK, PROPOSED, ASKED], "waiting", "Run it?"),
        (
            [TASK, PROPOSED, ASKED, ev.ApprovalDecided(approval_id="a", decision="deny")],
            "thinking",
            "Write.",
        ),
        ([TASK, ev.QuestionAsked(question_id="q", text="Which?")], "waiting", "Which?"),
        ([TASK, ev.HoldBegan(reason="You spoke.")], "held", "You spoke."),
        ([TASK, ev.HoldBegan(reason="x"), ev.HoldEnded()], "thinking", "Write."),
        ([TASK, ev.Stopped(reason="You said stop.")], "stopped", "You said stop."),
        ([TASK, ev.Stopped(reason="x"), TASK], "thinking", "Write."),
        ([TASK, ev.ControlTaken()], "yours", "You have the mouse."),
        ([ev.Stopped(reason="x"), ev.ControlTaken()], "yours", "You have the mouse."),
        ([ev.Stopped(reason="x"), ev.ControlTaken(), ev.ControlReturned()], "idle", ""),
        ([TASK, ev.ControlTaken(), ev.ControlReturned()], "thinking", "Write."),
        ([TASK, ev.HoldBegan(reason="x"), ev.Stopped(reason="y")], "stopped", "y"),
        ([TASK, ev.DesktopChanged(state="died")], "disconnected", "The desktop is not running."),
        ([ev.SessionClosed()], "disconnected", "The session is closed."),
        ([TASK, ev.TaskFinished(task_id="t", outcome="done")], "idle", ""),
    ],
)
def test_one_word_for_each_state(events: list[ev.Event], who: str, detail: str):
    found = status(*events)
    assert (found.who, found.detail) == (who, detail)


def test_usage_adds_up():
    usage = ev.Usage(input_tokens=5, output_tokens=2, cache_read_input_tokens=1, dollars=0.25)
    turn = ev.TurnFinished(turn_id="u", stop_reason="end_turn", usage=usage)
    found = status(turn, turn)
    assert found.usage == ev.Usage(
        input_tokens=10, output_tokens=4, cache_read_input_tokens=2, dollars=0.5
    )


def test_what_fast_answers_cost_is_added_up_like_any_other() -> None:
    usage = ev.Usage(input_tokens=10, hour_input_tokens=4, dollars=0.5, fast=True)
    answered = ev.TurnFinished(turn_id="t", stop_reason="end_turn", usage=usage)
    spent = status(answered, answered, answered).usage
    assert (spent.input_tokens, spent.hour_input_tokens, spent.dollars) == (30, 12, 1.5)
    assert spent.fast
