"""A lane ends with what its own exchange brought about, or not at all."""

from __future__ import annotations

import pytest

from agent.record import events as ev
from agent.session.manual import BY_HAND
from agent.testing.scripted import FakeClock
from dashboard.voice.client.lanes import SPOKEN_AFTER, Lanes


class Bench:
    """Lanes with a clock that the test moves."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.told: list[ev.Measured] = []
        self.lanes = Lanes(self.told.append, self.clock)

    def see(self, *events: ev.Event) -> None:
        for event in events:
            self.lanes.see(event)

    def act(self, action: str, turn: str = "turn-1") -> None:
        proposed = ev.ActionProposed(
            action_id=action, turn_id=turn, tool="bash", name="bash", input={}, action_hash="x"
        )
        self.see(proposed, ev.ActionStarted(action_id=action))

    def begin(self, task: str) -> None:
        self.see(ev.TaskStarted(task_id=task, text="do it"))

    def end(self, task: str) -> None:
        self.see(ev.TaskFinished(task_id=task, outcome="done"))

    @property
    def measured(self) -> dict[str, float]:
        return {each.lane: each.milliseconds for each in self.told}


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_a_task_is_measured_to_its_first_action(bench: Bench) -> None:
    """The usual way; a second action is none of the exchange's first."""
    bench.lanes.utterance("u1")
    bench.begin("t1")
    bench.clock.advance(0.4)
    bench.act("a1")
    bench.clock.advance(5)
    bench.act("a2")
    assert bench.measured == {"utterance_to_action": pytest.approx(400)}
    assert bench.told[0].subject == "u1"


def test_what_is_done_by_hand_answers_nobody(bench: Bench) -> None:
    """A question without an action; minutes later the person runs a tool."""
    bench.lanes.utterance("u1")
    bench.begin("t1")
    bench.see(ev.TextStreamed(turn_id="turn-1", text="It is noon."))
    bench.end("t1")
    bench.clock.advance(450)
    bench.act("by-hand", BY_HAND)
    bench.lanes.reached("utterance_to_sound")
    assert set(bench.measured) == {"utterance_to_text"}


def test_a_tool_run_by_hand_during_a_task_does_not_end_its_lane(bench: Bench) -> None:
    """The agent's own first action still does."""
    bench.lanes.utterance("u1")
    bench.begin("t1")
    bench.act("by-hand", BY_HAND)
    assert bench.told == []
    bench.clock.advance(1)
    bench.act("a1")
    assert bench.measured == {"utterance_to_action": pytest.approx(1000)}


@pytest.mark.parametrize("meaning", ["aside", "noise", "backchannel", "hold", "stop"])
def test_words_that_ask_for_no_work_wait_for_none(bench: Bench, meaning: str) -> None:
    """A question answered from the log, then another program's task: not this exchange's action."""
    bench.lanes.utterance("u1")
    bench.see(ev.Understood.model_validate({"utterance_id": "u1", "meaning": meaning}))
    bench.clock.advance(300)
    bench.begin("t9")
    bench.act("a1")
    assert bench.told == []


def test_an_answer_to_a_question_is_measured_to_its_sound(bench: Bench) -> None:
    """No work is asked for, but something is said."""
    bench.lanes.utterance("u1")
    bench.see(ev.Understood(utterance_id="u1", meaning="aside"))
    bench.clock.advance(0.9)
    bench.lanes.reached("utterance_to_sound")
    assert bench.measured == {"utterance_to_sound": pytest.approx(900)}


@pytest.mark.parametrize(("later", "counted"), [(SPOKEN_AFTER, True), (SPOKEN_AFTER + 0.1, False)])
def test_the_last_words_of_a_task_may_sound_a_little_after_it(
    bench: Bench, later: float, counted: bool
) -> None:
    """What is said much later is said about something else."""
    bench.lanes.utterance("u1")
    bench.begin("t1")
    bench.end("t1")
    bench.clock.advance(later)
    bench.lanes.reached("utterance_to_sound")
    assert bool(bench.told) is counted


def test_a_stop_ends_the_wait_for_an_action(bench: Bench) -> None:
    """What a notebook begins afterwards is not the answer to what was stopped."""
    bench.lanes.utterance("u1")
    bench.begin("t1")
    bench.see(ev.Stopped(reason="You pressed Stop."))
    bench.end("t1")
    bench.begin("t2")
    bench.act("a1")
    assert bench.told == []


def test_a_correction_is_measured_within_the_running_task(bench: Bench) -> None:
    """The task goes on with new words: the wait begins with them."""
    bench.lanes.utterance("u1")
    bench.begin("t1")
    bench.act("a1")
    bench.clock.advance(60)
    bench.lanes.utterance("u2")
    bench.see(ev.Understood(utterance_id="u2", meaning="redirect"))
    bench.clock.advance(0.3)
    bench.act("a2")
    assert bench.told[-1].subject == "u2"
    assert bench.told[-1].milliseconds == pytest.approx(300)
