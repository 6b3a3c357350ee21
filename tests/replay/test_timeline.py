"""A session's events become lanes, pictures and times."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from recorded import long_session, record

from agent.errors import JournalError
from agent.record import events as ev
from agent.record.export import export_session
from agent.replay import build_timeline, load_recording, step_detail
from agent.replay.svg import timeline_svg
from agent.replay.timeline import Step, as_json


def at(seconds: float, event: ev.Event) -> ev.Event:
    return event.model_copy(update={"at": 1000.0 + seconds})


def numbered(*events: ev.Event) -> list[ev.Event]:
    return [event.model_copy(update={"seq": n}) for n, event in enumerate(events)]


def lane(steps: tuple[Step, ...], name: str) -> list[str]:
    return [step.label for step in steps if step.lane == name]


async def test_a_played_session_fills_its_lanes(tmp_path: Path) -> None:
    """What was heard, said, asked of the model, done and paid; each action with its pictures."""
    session_id = await record(tmp_path, "write hello")
    timeline = build_timeline(load_recording(tmp_path / "sessions" / session_id).events)
    assert lane(timeline.steps, "heard") == ["write hello"]
    assert lane(timeline.steps, "said") == ["I do it: write hello.", "It is done."]
    assert lane(timeline.steps, "model") == ["Turn 1: tool use", "Turn 2: end turn"]
    assert lane(timeline.steps, "actions") == ["Click (300, 200)", "Type “write hello”"]
    assert timeline.dollars == pytest.approx(0.012)
    click = next(step for step in timeline.steps if step.kind == "action")
    assert click.point == (300, 200)
    assert (click.before, click.frame) == (0, 1)
    assert timeline.frames[click.frame].sha256


def test_pauses_are_shortened_and_work_is_not() -> None:
    """An hour in which nobody does anything takes a second; a long thought takes its time."""
    events = numbered(
        at(0, ev.SessionOpened(session_id="s", model="m", prompt_hash="h")),
        at(3600, ev.TaskStarted(task_id="t", text="go")),
        at(3600, ev.TurnStarted(turn_id="1", model="m")),
        at(3640, ev.TurnFinished(turn_id="1", stop_reason="end_turn")),
        at(3640, ev.TaskFinished(task_id="t", outcome="done", summary="well")),
    )
    timeline = build_timeline(events)
    turn = next(step for step in timeline.steps if step.kind == "turn")
    assert turn.end - turn.begin == pytest.approx(40)
    assert turn.begin == pytest.approx(1)
    assert timeline.seconds == pytest.approx(41)
    assert timeline.true_seconds == pytest.approx(3640)
    assert timeline.pauses == ((pytest.approx(1), pytest.approx(3599)),)


def test_a_wait_for_the_person_is_a_pause() -> None:
    events = numbered(
        at(0, ev.SessionOpened(session_id="s", model="m", prompt_hash="h")),
        at(1, ev.QuestionAsked(question_id="q", text="Which file?")),
        at(601, ev.QuestionAnswered(question_id="q", text="The first.")),
    )
    timeline = build_timeline(events)
    assert timeline.seconds < 5
    question = next(step for step in timeline.steps if step.kind == "question")
    assert question.seconds == pytest.approx(600)


def test_what_was_cut_says_so() -> None:
    """An action under way when the process was killed, and an answer that was interrupted."""
    call = ev.ActionProposed(
        action_id="a",
        turn_id="1",
        tool="bash",
        name="bash",
        input={"command": "ls"},
        action_hash="",
    )
    events = numbered(
        at(0, ev.SessionOpened(session_id="s", model="m", prompt_hash="h")),
        at(1, ev.TurnStarted(turn_id="1", model="m")),
        at(2, ev.TextStreamed(turn_id="1", text="I look at ")),
        at(2, ev.TextStreamed(turn_id="1", text="the files")),
        at(2, call),
        at(2, ev.ActionStarted(action_id="a")),
        at(3, ev.TurnFinished(turn_id="1", stop_reason="interrupted")),
        at(9000, ev.SessionOpened(session_id="s", model="m", prompt_hash="h", resumed=True)),
    )
    timeline = build_timeline(events)
    state = {step.kind: step.state for step in timeline.steps}
    assert state["turn"] == state["said"] == state["action"] == "cut"
    assert lane(timeline.steps, "said") == ["I look at the files"]
    assert timeline.seconds < 10


def test_denials_failures_and_calls_that_never_ran_differ() -> None:
    def call(n: int) -> ev.ActionProposed:
        return ev.ActionProposed(
            action_id=f"a{n}", turn_id="1", tool="bash", name="bash", input={}, action_hash=""
        )

    asked = ev.ApprovalAsked(
        approval_id="p", action_id="a1", action_hash="", question="May I?", phrase="yes"
    )
    events = numbered(
        at(0, call(1)),
        at(1, asked),
        at(2, ev.ApprovalDecided(approval_id="p", decision="deny")),
        at(2, ev.ActionFinished(action_id="a1", text="No.", is_error=True, ran=False)),
        at(3, call(2)),
        at(3, ev.ActionStarted(action_id="a2")),
        at(4, ev.ActionFinished(action_id="a2", text="no such file", is_error=True)),
    )
    states = [(s.kind, s.state) for s in build_timeline(events).steps]
    assert states == [("action", "skipped"), ("approval", "denied"), ("action", "failed")]


def test_a_long_session_costs_a_page_no_more_than_its_length() -> None:
    """Ten times the events take about ten times as long, and little enough data at once."""

    def lay_out(count: int) -> tuple[str, float]:
        events = long_session(count)
        began = time.process_time()
        return json.dumps(as_json(build_timeline(events))), time.process_time() - began

    took = [min(lay_out(count)[1] for _ in range(3)) for count in (500, 5000)]
    assert took[1] < 40 * took[0]
    assert len(lay_out(5000)[0]) < 1_000_000


def test_the_last_turn_of_a_long_session_shows_only_what_was_new(tmp_path: Path) -> None:
    """Its request is rebuilt from everything before it; only what was new is shown in full."""
    from agent.replay import Recording

    events = long_session(5000)
    turn = next(e for e in reversed(events) if isinstance(e, ev.TurnStarted))
    detail = step_detail(Recording("long", tmp_path, tuple(events), "Be good."), turn.seq)
    request = detail["turn"]["request"]
    assert request["count"] > 700
    assert len(request["messages"]) <= 31
    assert [message["new"] for message in request["messages"][-2:]] == [True, True]
    assert request["prompt_characters"] == len("Be good.")
    assert len(json.dumps(detail)) < 200_000


async def test_a_step_shows_request_answer_cost_and_time(tmp_path: Path) -> None:
    """An action's detail has its call and result, and the turn that it came in."""
    session_id = await record(tmp_path, "write hello")
    recording = load_recording(tmp_path / "sessions" / session_id)
    click = next(e for e in recording.events if isinstance(e, ev.ActionProposed))
    detail = step_detail(recording, click.seq)
    assert detail["action"]["input"] == {"coordinate": [300, 200]}
    assert detail["action"]["text"] == "done"
    turn = detail["turn"]
    words = [block.get("text") for m in turn["request"]["messages"] for block in m["blocks"]]
    assert "write hello" in words
    assert [block["type"] for block in turn["response"]] == ["text", "tool_use", "tool_use"]
    assert turn["usage"]["dollars"] == 0.01
    assert turn["latency"]["total"] >= turn["latency"]["first_output"] >= 0
    assert turn["request"]["prompt_hash"]
    with pytest.raises(IndexError, match="There is no event 999"):
        step_detail(recording, 999)


async def test_journal_export_and_running_session_read_alike(tmp_path: Path) -> None:
    """Also while somebody has the journal open."""
    from agent.record.journal import SqliteJournal

    session_id = await record(tmp_path, "write hello")
    kept = tmp_path / "sessions" / session_id
    exported = export_session(tmp_path, session_id, tmp_path / "out")
    assert load_recording(exported).events == load_recording(kept).events
    journal = SqliteJournal(kept)
    try:
        journal.write(ev.SessionClosed(seq=len(load_recording(exported).events), reason="late"))
        assert load_recording(kept).events[-1].kind == "session_closed"
        assert len(load_recording(kept).events) == len(load_recording(exported).events) + 1
    finally:
        journal.close()


def test_what_is_no_recording_is_refused(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="no recorded session"):
        load_recording(tmp_path)
    (tmp_path / "events.jsonl").write_text('{"kind": "unheard_of"}\n')
    with pytest.raises(JournalError, match="Event 0"):
        load_recording(tmp_path)


async def test_words_are_escaped_in_the_drawing(tmp_path: Path) -> None:
    session_id = await record(tmp_path, "<script>alert(1)</script>")
    recording = load_recording(tmp_path / "sessions" / session_id)
    drawing = timeline_svg(build_timeline(recording.events))
    assert "<script>" not in drawing
    assert "&lt;script&gt;" in drawing
