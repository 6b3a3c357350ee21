"""Failures of the model's service: waited for, tried again, told; nothing done twice."""

from __future__ import annotations

from agent.errors import ContextTooLong, ModelRefused, ModelUnavailable, StreamBroken
from agent.models.base import Counted, Waiting
from agent.record import events as ev
from agent.session.history import BROKEN_OFF
from agent.session.loop import GIVEN_UP
from agent.session.session import Session
from agent.testing.scripted import (
    FakeDesktop,
    FakeTool,
    HastyClock,
    ScriptedModel,
    call,
    done,
    hang,
    says,
)

CUT = StreamBroken("The connection was cut.")


class PatientClock(HastyClock):
    """Short waits are over at once; for an answer it waits for ever."""

    async def sleep(self, seconds: float) -> None:
        if seconds >= 10:
            await hang()
        await super().sleep(seconds)


async def played(settings, scripts, *tools, say: str = "Click.") -> Session:
    session = Session.create(
        settings,
        desktop=FakeDesktop(),
        model=ScriptedModel(scripts),
        tools=tools or (FakeTool(),),
        clock=HastyClock(),
    )
    await session.open()
    session.say(say)
    await session.wait_idle(20)
    await session.close()
    return session


def outcome(session: Session) -> tuple[str, str]:
    finished = session.log.of(ev.TaskFinished)[-1]
    return finished.outcome, finished.summary


async def test_a_turn_that_broke_off_before_acting_is_asked_for_again(settings):
    session = await played(settings, [[*says("I cl"), CUT], [*says("Done."), *done()]])
    first, second = session.model.requests
    assert first == second
    assert outcome(session) == ("done", "Done.")
    (waited,) = session.log.of(ev.RetryWaiting)
    assert "connection was cut" in waited.reason


async def test_a_turn_that_broke_off_after_acting_is_continued_not_repeated(settings):
    tool = FakeTool()

    async def acted() -> None:
        while not tool.ran:
            await HastyClock().sleep(0)

    session = await played(settings, [[*call(), acted, CUT], [*says("Done."), *done()]], tool)
    assert len(tool.ran) == 1
    answered = session.model.requests[1][-1]["content"][0]
    assert answered["content"][0]["text"] == "ok"
    assert outcome(session) == ("done", "Done.")


async def test_a_call_that_waits_for_approval_when_the_answer_breaks_off_never_runs(settings):
    tool = FakeTool(harmless=False, target={"role": "push button", "name": "Delete"})

    async def is_asked() -> None:
        while not session.status.pending_approval:
            await HastyClock().sleep(0)

    session = Session.create(
        settings,
        desktop=FakeDesktop(),
        model=ScriptedModel([[*call(), is_asked, CUT], [*says("Done."), *done()]]),
        tools=(tool,),
        clock=PatientClock(),
    )
    await session.open()
    session.say("Delete.")
    await session.wait_idle(20)
    assert not tool.began
    assert session.log.of(ev.ApprovalDecided)[0].decision == "void"
    assert session.log.of(ev.ActionFinished)[0].text == BROKEN_OFF
    assert session.model.requests[0] == session.model.requests[1]
    await session.close()


async def test_an_answer_without_an_end_counts_as_broken(settings):
    session = await played(settings, [[*says("I")], [*says("Done."), *done()]])
    assert session.log.of(ev.TurnFinished)[0].stop_reason == "broken"
    assert outcome(session)[0] == "done"


async def test_it_gives_up_after_some_tries_and_says_why(settings):
    session = await played(settings, [[CUT]] * 9)
    assert outcome(session) == ("failed", f"The connection was cut. {GIVEN_UP}")
    assert len(session.model.requests) == 4
    assert [round(w.seconds, 1) for w in session.log.of(ev.RetryWaiting)] == [0.5, 1.0, 2.0]
    assert session.log.of(ev.Failed)[0].where == "model"


async def test_what_cannot_be_mended_ends_the_task_and_not_the_session(settings):
    for error, expected in (
        (ModelUnavailable("The key is wrong: set ANTHROPIC_API_KEY."), "failed"),
        (ContextTooLong("The conversation is too long: begin a new session."), "failed"),
        (ModelRefused("The model declined."), "refused"),
        (RuntimeError("a bug"), "failed"),
    ):
        session = await played(settings, [[error], [error]])
        assert outcome(session)[0] == expected
        assert str(error) in outcome(session)[1]
        assert session.log.of(ev.Failed)


async def test_a_refusal_as_stop_reason_ends_the_task(settings):
    session = await played(settings, [[*says("I can"), *done("refusal")]])
    assert outcome(session)[0] == "refused"


async def test_an_empty_answer_is_asked_about_then_given_up(settings):
    session = await played(settings, [[*done()], [*says("It is done."), *done()]])
    assert outcome(session) == ("done", "It is done.")
    session = await played(settings, [[*done()], [*says("  "), *done()], [*done()]])
    assert outcome(session)[0] == "failed"


async def test_an_answer_cut_by_its_length_goes_on(settings):
    session = await played(
        settings, [[*says("So, I"), *done("max_tokens")], [*says("Done."), *done()]]
    )
    assert session.model.requests[1][-1]["content"][0]["text"].endswith("Go on from there.")
    session = await played(settings, [[*call(), *done("max_tokens")], [*says("Done."), *done()]])
    assert session.model.requests[1][-1]["content"][0]["type"] == "tool_result"


async def test_a_wait_of_the_service_is_an_event(settings):
    wait = Waiting(20.0, "The service is busy.")
    session = await played(settings, [[wait, *says("Done."), *done()]])
    (event,) = session.log.of(ev.RetryWaiting)
    assert (event.seconds, event.reason) == (20.0, "The service is busy.")


async def test_a_turn_that_is_cut_is_paid_for(settings):
    counted = Counted(ev.Usage(input_tokens=700, dollars=0.1))
    session = await played(
        settings, [[counted, *says("I"), CUT], [*says("Done."), *done(input_tokens=9)]]
    )
    assert session.status.usage.input_tokens == 709
    assert session.status.usage.dollars == 0.1


async def test_an_unknown_tool_is_an_error_result(settings):
    session = await played(
        settings, [[*call("fly", toolset=None), *done("tool_use")], [*says("Oh."), *done()]]
    )
    result = session.model.requests[1][-1]["content"][0]
    assert result["is_error"]
    assert "no tool “fly”" in result["content"][0]["text"]


async def test_a_tool_that_fails_unforeseen_tells_the_model(settings):
    async def bug(call: object) -> object:
        raise RuntimeError("a bug in the tool")

    turns = [[*call(), *done("tool_use")], [*says("It is broken."), *done()]]
    session = await played(settings, turns, FakeTool(bug))
    result = session.model.requests[1][-1]["content"][0]
    assert result["is_error"]
    assert "a bug in the tool" in result["content"][0]["text"]
    assert outcome(session)[0] == "ended"


async def test_a_server_that_repeats_ids_does_not_confuse_anything(settings):
    tool = FakeTool()
    again = call()
    session = await played(
        settings,
        [[*again, *again, *done("tool_use")], [*again, *done()], [*says("Done."), *done()]],
        tool,
    )
    assert len({c.id for c in tool.ran}) == 3
    assert session.model.faults == []
    assert outcome(session)[0] == "done"
