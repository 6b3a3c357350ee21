"""Every fault of the service, through the real SDK and the loop: mended, and nothing done twice."""

from __future__ import annotations

from typing import Any

import pytest
from served_session import SETTINGS, Rig

from agent.models.claude.dialects import ContextPolicy, Dialect, ToolsetDialect
from agent.models.claude.hosted import HostedDialect
from agent.models.claude.portable import PortableDialect
from agent.prompts import Prompt
from agent.record import events as ev
from agent.session.compaction import recap
from agent.session.history import ANEW
from agent.testing.messages_script import Pace, Reply, call, fails, says, thinking
from agent.testing.scripted import FakeDesktop, FakeTool
from agent.tools import build_tools

CLICK = call("left_click", coordinate=[1, 2])


async def played(script: list[Reply], say: str = "Click.", **parts: Any) -> Rig:
    """A whole task; afterwards only what happened can be read."""
    async with Rig(script, **parts) as rig:
        rig.session.say(say)
        await rig.session.wait_idle(30)
        assert rig.refused() == []
    return rig


def ended(rig: Rig) -> tuple[str, str]:
    finished = rig.session.log.of(ev.TaskFinished)[-1]
    return finished.outcome, finished.summary


def told(rig: Rig, number: int) -> list[str]:
    """The words of a request's messages."""
    blocks = [b for m in rig.server.requests[number].body["messages"] for b in m["content"]]
    return [block["text"] for block in blocks if block["type"] == "text"]


@pytest.mark.parametrize("end", ["error", "cut", "no_stop"])
async def test_an_answer_that_breaks_off_before_it_acts_is_asked_for_again(end: Any):
    """The very same request, after a wait in sight."""
    rig = await played([says("I look at it now.", end=end, end_after=4), says(CLICK), says("Ok.")])
    first, second = (served.body for served in rig.server.requests[:2])
    assert first == second
    assert len(rig.session.log.of(ev.RetryWaiting)) == 1
    assert [c.name for c in rig.tool.ran] == ["left_click"]
    assert ended(rig) == ("done", "Ok.")


@pytest.mark.parametrize("end", ["error", "cut", "no_stop"])
async def test_an_answer_that_breaks_off_after_it_acted_goes_on_from_there(end: Any):
    """What ran is answered with its result; what had not come is not made up."""
    answer = says(thinking("Hm."), CLICK, "Then I do the rest of it.", end=end, end_after=9)
    rig = await played([answer, says("Ok.")])
    assert len(rig.tool.ran) == 1
    kept, answered = rig.server.requests[1].body["messages"][-2:]
    assert [block["type"] for block in kept["content"]][:2] == ["thinking", "tool_use"]
    assert answered["content"][0]["content"][0]["text"] == "ok"
    assert ended(rig) == ("done", "Ok.")


async def test_empty_answers_are_asked_about_then_given_up():
    rig = await played([Reply(), says("It is done.")])
    assert ended(rig) == ("done", "It is done.")
    rig = await played([Reply()] * 9)
    assert ended(rig)[0] == "failed"
    assert "only empty answers" in ended(rig)[1]
    assert len(rig.server.requests) == 3


async def test_a_call_cut_by_its_length_does_not_run_and_the_model_is_told():
    cut = says(call("type", text="a long text"), stop_reason="max_tokens")
    rig = await played([cut, says(CLICK), says("Ok.")])
    assert "a call that was cut off was not executed" in told(rig, 1)[-1]
    assert [c.name for c in rig.tool.ran] == ["left_click"]
    rig = await played([cut] * 9)
    assert ended(rig)[0] == "failed"
    assert len(rig.server.requests) == 3


@pytest.mark.parametrize(
    "fault",
    [
        fails(413, message="Request exceeds the maximum size"),
        fails(400, message="prompt is too long: 210000 tokens > 200000 maximum"),
        fails(400, message="Input is too long for requested model."),
        fails(500, message="the request exceeds the available context size"),
        fails(400, message="x", error_code="image_dimensions_too_large"),
        fails(400, message="image exceeds 10 MB maximum"),
        fails(400, message="Could not process image"),
        fails(400, message="messages: more than 600 images"),
    ],
)
async def test_a_conversation_that_is_too_long_begins_anew_and_the_task_goes_on(fault: Reply):
    """With what was said and done in words, and the screen; what is done is not done again."""
    script = [says("I click.", CLICK), fault, says("It is clicked.")]
    async with Rig(script) as rig:
        rig.session.say("Click the button.")
        await rig.session.wait_idle(30)
        assert ended(rig) == ("done", "It is clicked.")
        assert [c.name for c in rig.tool.ran] == ["left_click"]
        (message,) = rig.server.requests[2].body["messages"]
        recap = message["content"][0]["text"]
        assert recap.startswith(ANEW)
        assert "The person: Click the button.\nYou: I click.\nDone: Click (1, 2)" in recap
        assert "do not do it again" in recap
        assert [block["type"] for block in message["content"]] == ["text", "text", "image"]
        assert "in words" in rig.session.log.of(ev.Compacted)[0].reason
        assert len(rig.server.requests) == 3


async def test_what_the_service_summarises_by_itself_goes_on_as_it_is():
    """Its summary is sent back where it stood, with everything before it, and all is accepted."""
    policy = ContextPolicy(clear_above=40_000, clear_at_least=100, keep=1, compact_above=50_000)
    long = ("and so on " * 10_000, Pace(chunk=200_000))
    script = [
        says(thinking("Hm."), long[0], call("left_click", coordinate=[n, 1]), pace=long[1])
        for n in range(5)
    ]
    dialect = ToolsetDialect(context=policy)
    async with Rig([*script, says("Ok.")], dialect=dialect) as rig:
        rig.session.say("Click five times.")
        await rig.session.wait_idle(60)
        assert rig.refused() == []
        assert ended(rig) == ("done", "Ok.")
        assert len(rig.tool.ran) == 5
        assert not rig.session.log.of(ev.Compacted)
        kept = [b["type"] for m in rig.server.requests[-1].body["messages"] for b in m["content"]]
        assert "compaction" in kept
        assert kept.count("tool_use") == 5


def test_a_recap_is_short_but_has_the_whole_wish():
    """Of a long session the newest lines are told, and the words of its task to the last one."""
    wish = "Fill in all of the forms. " * 40
    said = [ev.TaskStarted(task_id="t", text=wish), ev.UserMessage(text=wish)]
    done: list[ev.Event] = []
    for n in range(400):
        block = {"type": "text", "text": f"{n} " * 400}
        done.append(ev.BlockFinished(turn_id="t", index=0, block=block))
    text = recap([*said, *done])
    assert text.endswith(wish)
    assert "earlier lines are left out" in text
    assert len(text) < 15_000


def test_a_recap_tells_what_ran_what_did_not_and_what_was_heard():
    """In the order in which it happened."""
    deeds = [("a", True, False), ("b", True, True), ("c", False, True)]
    log: list[ev.Event] = [ev.UserMessage(text="Press.")]
    for key, ran, failed in deeds:
        log += [
            ev.ActionProposed(
                action_id=key,
                turn_id="t",
                tool="computer",
                name="key",
                input={"text": key},
                action_hash="h",
            ),
            ev.ActionFinished(action_id=key, text="secret", ran=ran, is_error=failed),
        ]
    log += [
        ev.Narrated(narration_id="n", text="I press a.", state="cut", cut_at=1),
        ev.Stopped(reason="button"),
        ev.UserMessage(text="Now this.", origin="session"),
    ]
    assert recap(log).splitlines()[1:-2] == [
        "The person: Press.",
        "Done: Press a",
        "Failed or cut: Press b",
        "Not executed: Press c",
        "The person heard only a part of: I press a.",
        "The person stopped you.",
    ]
    assert "secret" not in recap(log)


async def test_what_is_too_long_even_in_words_is_a_sentence_and_the_session_stands():
    rig = await played([fails(413), fails(413)])
    outcome, summary = ended(rig)
    assert outcome == "failed"
    assert "Choose a model with a larger window" in summary
    assert len(rig.server.requests) == 2


async def test_a_window_that_is_full_in_the_middle_of_an_answer_is_no_end():
    """The action of that answer ran, and runs once."""
    full = says(CLICK, stop_reason="model_context_window_exceeded")
    rig = await played([full, says("It is clicked.")])
    assert len(rig.tool.ran) == 1
    assert "Done: Click (1, 2)" in told(rig, 1)[0]
    assert ended(rig) == ("done", "It is clicked.")


async def test_a_small_window_is_worked_within_for_as_long_as_it_takes():
    """Nothing is scripted to fail: the server counts, and refuses what does not fit."""
    long = "and so on " * 200
    script = [says(f"{n} {long}", call("left_click", coordinate=[n, 1])) for n in range(30)]
    async with Rig([*script, says("Ok.")], window=12_000) as rig:
        rig.session.say("Click thirty times.")
        await rig.session.wait_idle(60)
        assert ended(rig) == ("done", "Ok.")
        assert [c.input["coordinate"][0] for c in rig.tool.ran] == list(range(30))
        condensed = rig.session.log.of(ev.Compacted)
        assert len(condensed) > 1
        assert all(event.text.endswith("\nClick thirty times.") for event in condensed)
        assert len(rig.session.log.of(ev.TaskFinished)) == 1


async def test_other_instructions_and_tools_begin_the_conversation_anew():
    """Thinking is bound to system prompt and tools: the service refuses it with others."""
    shell = FakeTool(name="bash", members=("bash",), toolset=None)
    script = [says(thinking("Hm."), CLICK), says("Ok."), says(thinking("Hm."), "And now?")]
    computer = FakeTool()
    async with Rig(script, tools=(computer, shell)) as rig:
        rig.session.say("Click.")
        await rig.session.wait_idle(30)
        rig.session.use_prompt(Prompt("terse", "Be terse."), ("shell",))
        rig.session.say("What did you do?")
        await rig.session.wait_idle(30)
        assert rig.refused() == []
        assert ended(rig) == ("done", "And now?")
        assert rig.server.requests[2].body["system"][0]["text"] == "Be terse."
        assert "Done: Click (1, 2)" in told(rig, 2)[0]
        assert told(rig, 2)[0].endswith("wants now:\nWhat did you do?")
        rig.session.say("And again?")
        await rig.session.wait_idle(30)
        assert len(rig.session.log.of(ev.Compacted)) == 1


async def test_voice_commands_go_on_with_other_instructions():
    """They read none; what was said before is still known to them."""
    desktop = FakeDesktop()
    async with Rig([], desktop=desktop, offline=True, tools=build_tools(desktop)) as rig:
        for words in ("Press Escape", "Press F5"):
            rig.session.say(words)
            await rig.session.wait_idle(30)
            assert ended(rig)[0] == "done"
            rig.session.use_prompt(Prompt("terse", "Be terse."), ("computer",))
        assert not rig.session.log.of(ev.Compacted)


@pytest.mark.parametrize(
    ("model", "efforts", "anew"),
    [
        ("claude-sonnet-5-5", [None, None, "low", "low"], 1),
        ("claude-opus-5-5", [None, "low", "low", "low"], 0),
    ],
)
async def test_the_default_model_has_one_effort_for_a_conversation(
    model: str, efforts: list[str | None], anew: int
):
    """Sonnet 5.5 takes another one with the next task, in a new conversation; others at once."""
    async with Rig([says(CLICK), says("Ok."), says(CLICK), says("Ok.")], model=model) as rig:
        session = rig.session

        def lower(event: ev.Event) -> None:
            if event.kind == "action_started" and session.effective.effort is None:
                session.change("effort", "low")

        session.log.subscribe(lower)
        for words in ("Click.", "Again."):
            session.say(words)
            await session.wait_idle(30)
        assert rig.refused() == []
        asked = [s.body.get("output_config", {}).get("effort") for s in rig.server.requests]
        assert asked == efforts
        assert len(session.log.of(ev.Compacted)) == anew


@pytest.mark.parametrize(
    ("answer", "ran", "outcome"),
    [("No.", 1, "limit"), ("Yes.", 2, "done"), ("Write something else.", 1, "done")],
)
async def test_the_time_is_asked_about_in_the_middle_of_a_turn(answer: str, ran: int, outcome: str):
    """A long batch does not outrun the limit on time; only a yes goes on with it."""
    limited = SETTINGS.model_copy(update={"max_seconds": 100.0})
    time = [1_000_000.0]
    script = [says(CLICK, call("type", text="hello")), says("Ok.")]

    def advance(event: ev.Event) -> None:
        time[0] = 1_000_110.0 if event.kind == "action_started" else time[0]

    async with Rig(script, settings=limited, now=lambda: time[0]) as rig:
        log = rig.session.log
        log.subscribe(advance)
        rig.session.say("Click and write.")
        question = await log.wait_for(lambda e: e.kind == "question_asked", timeout=30)
        assert isinstance(question, ev.QuestionAsked)
        assert "2 minutes" in question.text
        rig.session.answer(question.question_id, answer)
        await rig.session.wait_idle(30)
        assert ended(rig)[0] == outcome
        assert len(rig.tool.ran) == ran
        assert rig.session.status.turn_id is None
        assert not rig.session.status.open_actions
        rig.session.say("Are you well?")
        await rig.session.wait_idle(30)
        assert rig.refused() == []
        assert ended(rig)[0] == "done"


@pytest.mark.parametrize(
    ("dialect", "model"),
    [
        (ToolsetDialect(), "claude-haiku-5-5"),
        (HostedDialect(), "claude-sonnet-4-6"),
        (PortableDialect(), "qwen-vl"),
    ],
    ids=["toolset", "hosted", "portable"],
)
async def test_the_same_task_runs_in_every_dialect(dialect: Dialect, model: str):
    """A click, one that misses, a picture, new words in between: nothing is refused."""
    miss = call("left_click", coordinate=[9, 9])
    script = [says(CLICK), says("Hm.", miss), says(call("screenshot")), says("Ok."), says("Yes.")]
    async with Rig(script, dialect=dialect, model=model) as rig:
        rig.session.say("Click.")
        await rig.session.log.wait_for(lambda e: e.kind == "action_finished", timeout=30)
        rig.session.say("And look.", how="queue")
        await rig.session.wait_idle(30)
        rig.session.say("Is it done?")
        await rig.session.wait_idle(30)
        assert rig.refused() == []
        assert ended(rig)[0] == "done"
        assert [c.name for c in rig.tool.began] == ["left_click", "left_click", "screenshot"]
        assert all(c.toolset == "computer" for c in rig.tool.began)


async def test_each_request_reads_from_the_cache_all_that_the_last_one_put_there():
    """The history only grows, and its marks stand where the service looks for them."""
    script = [
        says(thinking("Hm."), *[call("left_click", coordinate=[n, m]) for m in range(12)])
        for n in range(4)
    ]
    rig = await played([*script, says("Ok.")])
    warm = 0
    for served in rig.server.requests:
        usage = served.usage
        assert usage["cache_read_input_tokens"] >= warm
        assert usage["input_tokens"] == 0
        warm = usage["cache_read_input_tokens"] + usage["cache_creation_input_tokens"]
    assert len(rig.server.requests) == 5


async def test_the_screen_is_shown_anew_though_it_did_not_change():
    """The new conversation has seen nothing of the old one's pictures."""

    class Unchanged(FakeTool):
        closing_note = "The screen is unchanged."

        async def closing_screenshot(self) -> None:
            return None

    rig = await played([says(CLICK), fails(413), says("Ok.")], tools=(Unchanged(),))
    (message,) = rig.server.requests[2].body["messages"]
    assert message["content"][-1]["type"] == "image"
    assert "unchanged" not in " ".join(told(rig, 2))


async def test_a_retry_that_helps_is_seen_only_once_per_wait():
    """Two overloads before the first byte: two waits, one answer, one action."""
    rig = await played([fails(529), fails(529), says(CLICK), says("Ok.")], desktop=FakeDesktop())
    assert len(rig.session.log.of(ev.RetryWaiting)) == 2
    assert len(rig.tool.ran) == 1
    assert len(rig.session.log.of(ev.TurnStarted)) == 2
