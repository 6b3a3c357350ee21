"""Talking to a running session: stop, hold, redirect, aside, approval, narration."""

from agent.events import (
    ActionFinished,
    ActionStarted,
    ApprovalAsked,
    ApprovalDecided,
    Failed,
    Heard,
    HoldBegan,
    HoldEnded,
    Narrated,
    Stopped,
    TaskFinished,
    TaskStarted,
    UserMessage,
)
from agent.testing.scripted import FakeTool, call, done, hang, says


def _is(*kinds):
    return lambda event: isinstance(event, kinds)


async def test_a_spoken_task_goes_through_the_front_desk_once(talk):
    """The final transcript and EVI's tool call together start one task, not two."""
    talk = await talk([[*says("Hello to you."), *done()]])
    talk.final("Say hello.")
    assert talk.log.of(TaskStarted) == []
    talk.ask("use_computer", task="Say hello.")
    talk.ask("use_computer", task="Say hello.")
    finished = await talk.until(_is(TaskFinished))
    assert finished.summary == "Hello to you."
    assert [task.text for task in talk.log.of(TaskStarted)] == ["Say hello."]


async def test_a_typed_sentence_needs_no_front_desk(talk):
    """Typing is equal to speaking."""
    talk = await talk([[*says("Done."), *done()]], line_up=False)
    talk.conductor.typed("Do it")
    await talk.until(_is(TaskFinished))
    assert talk.log.of(Heard)[0].source == "typed"


async def test_stop_in_an_interim_transcript_stops_without_any_model(talk, slow_tool):
    """The word itself halts the input driver while the model's tool is hung."""
    talk = await talk([[*says("I click."), *call(), hang]], slow_tool)
    talk.spoken_task("click it")
    await talk.until(_is(ActionStarted))
    talk.interim("Stop")
    assert talk.session.desktop.input.halted
    assert talk.log.of(Stopped)[0].source == "voice"
    talk.interim("Stop it")
    talk.final("Stop it.")
    talk.ask("stop_computer")
    assert len(talk.log.of(Stopped)) == 1
    assert talk.log.of(TaskFinished)[0].outcome == "stopped"


async def test_speech_holds_the_agent_and_assent_lets_it_go_on(talk, slow_tool):
    """From the first sound no further action begins; mm-hm is no reason to wait."""
    talk = await talk([[*says("I click."), *call(), hang]], slow_tool)
    talk.spoken_task("click it")
    await talk.until(_is(ActionStarted))
    talk.event("local.speech", on=True)
    assert talk.session.status.who == "held"
    talk.interim("Mm-hm")
    talk.event("local.speech", on=False)
    assert talk.final("Mm-hm.").meaning == "backchannel"
    assert talk.session.status.who != "held"
    assert talk.log.of(TaskFinished) == []


async def test_a_cough_releases_the_hold_by_itself(talk, slow_tool):
    """A sound without words is not speech."""
    talk = await talk([[*says("I click."), *call(), hang]], slow_tool)
    talk.spoken_task("click it")
    await talk.until(_is(ActionStarted))
    talk.event("local.speech", on=True)
    talk.event("local.speech", on=False)
    ended = await talk.until(_is(HoldEnded))
    assert ended.reason == "no words came"


async def test_new_instructions_redirect_the_running_task(talk, slow_tool):
    """The new words reach the model first; the cut action is answered in history."""
    talk = await talk(
        [[*says("The left one."), *call(), hang], [*says("The right one then."), *done()]],
        slow_tool,
    )
    talk.spoken_task("click the left one")
    await talk.until(_is(ActionStarted))
    talk.event("local.speech", on=True)
    talk.interim("No, the other")
    talk.event("local.speech", on=False)
    assert talk.final("No, the other one.").meaning == "redirect"
    talk.ask("steer_computer", instruction="No, the other one.")
    finished = await talk.until(_is(TaskFinished))
    assert finished.summary == "The right one then."
    assert "No, the other one." in [m.text for m in talk.log.of(UserMessage)]
    assert talk.session.status.who != "held"


async def test_a_question_is_answered_while_the_work_goes_on(talk, slow_tool):
    """An aside is answered from the log; nothing is cut or held."""
    talk = await talk([[*says("I click."), *call(), hang]], slow_tool)
    talk.spoken_task("click the green button")
    await talk.until(_is(ActionStarted))
    talk.event("local.speech", on=True)
    talk.interim("what are you doing")
    assert talk.final("What are you doing?").meaning == "aside"
    told = talk.ask("computer_status")
    assert "clicking" in told["content"]
    assert "click the green button" in told["content"]
    assert talk.session.status.who != "held"
    assert talk.log.of(TaskFinished) == []


async def test_wait_holds_until_go_on(talk, slow_tool):
    """A hold that was asked for does not end by itself."""
    talk = await talk([[*says("I click."), *call(), hang]], slow_tool)
    talk.spoken_task("click it")
    await talk.until(_is(ActionStarted))
    talk.event("local.speech", on=True)
    talk.interim("wait")
    talk.event("local.speech", on=False)
    talk.final("Wait.")
    assert talk.session.status.who == "held"
    talk.event("local.speech", on=True)
    talk.event("local.speech", on=False)
    talk.final("Go on.")
    assert talk.session.status.who != "held"


async def _asking(talk):
    tool = FakeTool(harmless=False, name="bash", members=("bash",), toolset=None)
    talk = await talk(
        [[*says("I list."), *call("bash", toolset=None, command="ls"), *done("tool_use")],
         [*says("It is done."), *done()]],
        tool,
    )  # fmt: skip
    talk.spoken_task("list my files")
    asked = await talk.until(_is(ApprovalAsked))
    return talk, tool, asked


async def test_only_the_phrase_approves_by_voice(talk):
    """Yes to nothing in particular does not run a command; the phrase does, once."""
    talk, tool, asked = await _asking(talk)
    talk.final("Yes.")
    talk.ask("answer_agent", question_id=asked.approval_id, answer="yes")
    assert tool.ran == []
    assert talk.log.of(ApprovalDecided) == []
    talk.final(asked.phrase)
    await talk.until(_is(TaskFinished))
    assert [decided.decision for decided in talk.log.of(ApprovalDecided)] == ["allow"]
    assert talk.log.of(ApprovalDecided)[0].channel == "voice"
    assert len(tool.ran) == 1


async def test_no_denies_and_nothing_runs(talk):
    """A refusal is a refusal."""
    talk, tool, _ = await _asking(talk)
    talk.final("No, don't.")
    await talk.until(_is(TaskFinished))
    assert tool.ran == []
    assert talk.log.of(ApprovalDecided)[0].decision == "deny"


async def test_the_question_is_spoken_with_its_phrase_and_sounds(talk):
    """A pending approval is heard, also when the tab is hidden."""
    talk, _, asked = await _asking(talk)
    talk.event("assistant_message", id="m1", from_text=True, message={"content": "I list."})
    talk.event("local.play", id="m1", state="started", samples=0, rate=48000, duration=1.0)
    talk.event("assistant_end")
    talk.event("local.play", id="m1", state="finished", samples=48000, rate=48000, duration=1.0)
    assert asked.phrase in talk.said[-1]
    assert {"type": "command", "name": "chime", "sound": "question"}.items() <= next(
        m for m in talk.posted if m["type"] == "command"
    ).items()
    contexts = [m["context"]["text"] for m in talk.evi("session_settings") if "context" in m]
    assert asked.approval_id in contexts[-1]


async def test_the_result_is_spoken_and_its_fate_logged(talk):
    """What was said and whether it was heard stands in the log."""
    talk = await talk([[*says("All is done."), *done()]])
    talk.spoken_task("do it")
    await talk.until(_is(TaskFinished))
    await talk.until(lambda e: isinstance(e, Narrated) and e.state == "sent")
    assert talk.said == ["All is done."]
    talk.event("assistant_message", id="m1", from_text=True, message={"content": "All is done."})
    talk.event("local.play", id="m1", state="started", samples=0, rate=48000, duration=1.0)
    talk.event("assistant_end")
    talk.event("local.play", id="m1", state="finished", samples=48000, rate=48000, duration=1.0)
    assert [line.state for line in talk.log.of(Narrated)] == ["queued", "sent", "speaking", "heard"]


async def test_the_work_goes_on_when_the_voice_line_breaks(talk, slow_tool):
    """An outage holds nothing and loses nothing."""
    talk = await talk([[*says("I click."), *call(), hang]], slow_tool)
    talk.spoken_task("click it")
    await talk.until(_is(ActionStarted))
    talk.event("local.speech", on=True)
    talk.event("local.state", state="reconnecting")
    assert talk.session.status.who != "held"
    assert talk.log.of(TaskFinished) == []


async def test_a_second_page_that_starts_talking_takes_the_line(talk):
    """Two tabs on one microphone: the newest speaks, the older is asked to close."""

    class Other:
        def __init__(self):
            self.posted = []

        def post(self, message):
            self.posted.append(message)

    talk = await talk([])
    other = Other()
    talk.conductor.attach(other)
    talk.conductor.handle([{"type": "local.need_ticket", "reason": "start"}], other)
    assert [m["name"] for m in talk.posted if m["type"] == "command"] == ["close"]
    await talk.conductor.close()


async def test_scratch_that_stops_and_waits_for_other_words(talk, slow_tool):
    """What was begun is dropped."""
    talk = await talk([[*says("I click."), *call(), hang]], slow_tool)
    talk.spoken_task("click it")
    await talk.until(_is(ActionStarted))
    talk.final("Scratch that.")
    assert talk.log.of(TaskFinished)[0].outcome == "stopped"


async def test_start_over_begins_the_same_task_again(talk, slow_tool):
    """The last task is given anew after a stop."""
    talk = await talk([[*says("I click."), *call(), hang], [*says("Done."), *done()]], slow_tool)
    talk.spoken_task("click it")
    await talk.until(_is(ActionStarted))
    talk.final("Start over.")
    await talk.until(lambda e: isinstance(e, TaskFinished) and e.outcome == "done")
    assert [task.text for task in talk.log.of(TaskStarted)] == ["click it", "click it"]


async def test_an_error_of_the_voice_service_is_shown_not_fatal(talk):
    """EVI's error messages do not end the conversation."""
    talk = await talk([])
    talk.event("error", code="I0116", slug="transcription_failure", message="no")
    talk.event("something_new", foo=1)
    assert "transcription_failure" in talk.log.of(Failed)[0].error


async def test_holding_needs_a_running_task(talk):
    """Speech while idle holds nothing: there is nothing to hold."""
    talk = await talk([])
    talk.event("local.speech", on=True)
    assert talk.log.of(HoldBegan) == []
    assert talk.log.of(ActionFinished) == []


async def test_typing_between_a_spoken_stop_and_its_final_transcript(talk, slow_tool):
    """One spoken stop stops once, though something was typed before its final came."""
    talk = await talk(
        [[*says("I click."), *call(), hang], [*says("I look."), *call(), hang]], slow_tool
    )
    talk.spoken_task("click it")
    await talk.until(_is(ActionStarted))
    talk.interim("Stop")
    since = len(talk.log)
    talk.conductor.typed("look at it")
    await talk.until(_is(ActionStarted), since)
    talk.final("Stop.")
    assert len(talk.log.of(Stopped)) == 1
