"""What is said and typed during a task: its place in the queue, and answers in the conversation."""

from __future__ import annotations

from typing import Any

import pytest

from agent.record import events as ev
from agent.testing.scripted import FakeTool, call, done, hang, says
from dashboard.typed import Typed
from dashboard.voice.intents import Moment, classify, says_more

WORKING = [[*says("I click."), *call(), hang]] + [[*says("Done."), *done()]] * 4


def _is(*kinds: type[ev.BaseEvent]):
    return lambda event: isinstance(event, kinds)


async def working(talk, slow_tool, text: str = "click it"):
    talk = await talk(list(WORKING), slow_tool)
    talk.spoken_task(text)
    await talk.until(_is(ev.ActionStarted))
    return talk


def tasks(talk) -> list[str]:
    return [task.text for task in talk.log.of(ev.TaskStarted)]


def replies(talk) -> list[str]:
    return [reply.text for reply in talk.log.of(ev.Replied)]


@pytest.mark.parametrize("tool", ["use_computer", "steer_computer"])
async def test_a_wish_that_is_spoken_waits_and_is_told_to_wait(talk, slow_tool, tool):
    """The person's own words decide, whichever tool EVI's model calls and what it makes of them."""
    talk = await working(talk, slow_tool)
    talk.event("local.speech", on=True)
    talk.interim("Open the text")
    assert talk.session.status.held
    talk.event("local.speech", on=False)
    assert talk.final("Open the text editor.").meaning == "after"
    name = "task" if tool == "use_computer" else "instruction"
    assert "I will do that next." not in talk.said
    talk.ask(tool, **{name: "Actually, open the text editor instead"})
    assert [wish.text for wish in talk.session.status.queue] == [
        "Actually, open the text editor instead"
    ]
    lines = [line.text for line in talk.log.of(ev.Narrated)]
    assert "I will do that next." in lines
    queued = talk.log.of(ev.TaskQueued)[0]
    assert queued.utterance_id == talk.log.of(ev.Heard)[-1].utterance_id
    assert queued.seq < next(
        e.seq for e in talk.log.of(ev.Narrated) if e.text == "I will do that next."
    )
    assert not talk.session.status.held
    assert talk.log.of(ev.TaskFinished) == []
    contexts = [m["context"]["text"] for m in talk.evi("session_settings") if "context" in m]
    assert '"waiting": ["Actually, open' in contexts[-1]


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("Open the text editor.", "after"),
        ("No, open the text editor instead.", "redirect"),
        ("And also save it.", "join"),
    ],
)
async def test_typed_words_have_the_same_fate_as_spoken_ones(talk, slow_tool, text, meaning):
    talk = await working(talk, slow_tool)
    talk.conductor.typed(text)
    understood = [
        e for e in talk.log.of(ev.Understood) if e.meaning in ("after", "redirect", "join")
    ]
    assert [e.meaning for e in understood] == [meaning]
    [said] = [
        e for e in (*talk.log.of(ev.TaskQueued), *talk.log.of(ev.UserMessage)) if e.text == text
    ]
    assert said.utterance_id == understood[0].utterance_id
    assert isinstance(said, ev.TaskQueued) == (meaning == "after")
    assert getattr(said, "cuts", False) == (meaning == "redirect")
    assert "I will do that next." not in talk.said


async def test_a_hold_that_was_asked_for_outlasts_words_that_can_wait(talk, slow_tool):
    talk = await working(talk, slow_tool)
    talk.final("Wait.")
    talk.spoken_task("Open the text editor.")
    assert talk.session.status.held
    assert len(talk.session.status.queue) == 1


async def test_scratch_that_takes_back_what_only_waits(talk, slow_tool):
    """Said again, it drops what runs."""
    talk = await working(talk, slow_tool)
    talk.spoken_task("Open the text editor.")
    talk.final("Scratch that.")
    assert talk.session.status.queue == ()
    assert talk.log.of(ev.Stopped) == []
    assert replies(talk) == ["I will not do this: Open the text editor."]
    talk.final("Scratch that.")
    assert len(talk.log.of(ev.Stopped)) == 1


async def test_start_over_leaves_what_comes_after(talk, slow_tool):
    talk = await working(talk, slow_tool)
    talk.spoken_task("Open the text editor.")
    talk.final("Start over.")
    await talk.until(lambda e: isinstance(e, ev.TaskFinished) and tasks(talk)[2:] != [])
    assert tasks(talk) == ["click it", "click it", "Open the text editor."]


async def test_words_said_while_the_person_has_the_mouse_wait_for_it(talk, slow_tool):
    talk = await talk([[*says("Done."), *done()]] * 3)
    talk.session.take_control()
    talk.conductor.typed("Open the text editor")
    talk.spoken_task("Open the terminal.")
    assert [wish.waits_for for wish in talk.session.status.queue] == ["mouse", "mouse"]
    assert "I will do that when you give the mouse back." in [
        line.text for line in talk.log.of(ev.Narrated)
    ]
    talk.session.return_control()
    await talk.session.wait_idle(20)
    assert tasks(talk) == ["Open the text editor", "Open the terminal."]


@pytest.mark.parametrize("line_up", [True, False])
async def test_a_typed_question_is_answered_in_the_conversation(talk, slow_tool, line_up):
    """With a voice and without; the work goes on."""
    talk = await talk(list(WORKING), slow_tool, line_up=line_up)
    talk.conductor.typed("click the green button")
    await talk.until(_is(ev.ActionStarted))
    talk.conductor.typed("What are you doing?")
    [reply] = talk.log.of(ev.Replied)
    assert "clicking" in reply.text
    assert "click the green button" in reply.text
    assert reply.utterance_id == talk.log.of(ev.Heard)[-1].utterance_id
    assert talk.log.of(ev.TaskFinished) == []


async def test_what_evi_is_told_of_the_work_stands_in_the_conversation_once(talk, slow_tool):
    talk = await working(talk, slow_tool)
    talk.final("What are you doing?")
    told = talk.ask("computer_status")
    assert len(replies(talk)) == 1
    assert replies(talk)[0] in told["content"]


async def asking(talk):
    tool = FakeTool(harmless=False, name="bash", members=("bash",), toolset=None)
    ask = [*call("bash", toolset=None, command="ls"), *done("tool_use")]
    talk = await talk(
        [ask, [*says("Well."), *done()], [*says("Done."), *done()]], tool, line_up=False
    )
    talk.conductor.typed("list my files")
    return talk, tool, await talk.until(_is(ev.ApprovalAsked))


async def test_a_typed_yes_is_told_what_allows_and_allows_nothing(talk):
    talk, tool, asked = await asking(talk)
    talk.conductor.typed("yes")
    assert talk.log.of(ev.ApprovalDecided) == []
    assert asked.phrase in replies(talk)[0]
    talk.conductor.typed("what are you doing?")
    assert replies(talk)[1].startswith("I am waiting for you")
    talk.conductor.typed(asked.phrase)
    await talk.session.wait_idle(20)
    assert len(tool.ran) == 1


async def test_other_words_at_an_approval_are_not_lost(talk):
    """A new wish waits its turn; what is said with a refusal is read together with it."""
    talk, tool, _ = await asking(talk)
    talk.conductor.typed("Open the text editor")
    assert [wish.text for wish in talk.session.status.queue] == ["Open the text editor"]
    assert talk.log.of(ev.ApprovalDecided) == []
    talk.conductor.typed("No, show me the date instead")
    assert [d.decision for d in talk.log.of(ev.ApprovalDecided)] == ["deny"]
    await talk.session.wait_idle(20)
    assert not tool.ran
    assert "show me the date" in str(talk.session.model.requests[1])
    assert tasks(talk) == ["list my files", "Open the text editor"]


@pytest.mark.parametrize(
    ("text", "more"),
    [
        ("No.", False),
        ("no, do not run it", False),
        ("No thanks", False),
        ("No, the other file", True),
        ("don't, list the folder", True),
    ],
)
def test_what_a_refusal_says_besides(text, more):
    assert classify(text, Moment(running=True, approval_phrase="yes, run it")) == "deny"
    assert says_more(text) == more


async def test_a_yes_answers_the_agents_last_question_and_nothing_else(talk):
    talk = await talk([[*says("Shall I close it?"), *done()], [*says("Closed."), *done()]])
    talk.conductor.typed("yes")
    assert replies(talk) == ["Nothing waits for your answer."]
    talk.conductor.typed("close the window")
    await talk.session.wait_idle(20)
    talk.conductor.typed("yes")
    await talk.session.wait_idle(20)
    assert tasks(talk) == ["close the window", "yes"]


async def test_without_a_voice_a_notebook_reads_and_answers_what_is_typed(talk, slow_tool):
    talk = await talk(list(WORKING), slow_tool)
    typed = Typed(talk.session)
    typed.say("click it")
    await talk.until(_is(ev.ActionStarted))
    typed.say("what are you doing")
    typed.say("open the editor")
    typed.say("  ")
    assert len(replies(talk)) == 1
    assert len(talk.session.status.queue) == 1
    typed.say("stop")
    assert len(talk.log.of(ev.Stopped)) == 1
    names = [e.utterance_id for e in talk.log.of(ev.Heard)]
    assert len(set(names)) == len(names)
    typed.close()


async def test_asides_and_wishes_at_a_question_of_the_agent(talk):
    """A question about the work is no answer; anything else is."""
    moment = Moment(running=True, question=True, typed=True)
    read: dict[str, Any] = {
        text: classify(text, moment) for text in ("What are you doing?", "yes", "open the editor")
    }
    assert read == {
        "What are you doing?": "aside",
        "yes": "answer",
        "open the editor": "answer",
    }
