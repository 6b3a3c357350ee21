"""Talking to a running session: stop, hold, redirect, aside, approval, narration."""

import asyncio

import pytest

from agent.errors import BadInput, ConfigurationError, VoiceError
from agent.record.events import (
    ActionFinished,
    ActionStarted,
    ApprovalAsked,
    ApprovalDecided,
    Failed,
    Heard,
    HoldBegan,
    HoldEnded,
    Measured,
    Narrated,
    SettingChanged,
    Stopped,
    TaskFinished,
    TaskStarted,
    Understood,
    UserMessage,
)
from agent.testing.scripted import FakeTool, call, done, hang, says
from dashboard.conductor import Conductor


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
    [command] = [m for m in talk.posted if m["type"] == "command"]
    assert (command["name"], command["reason"]) == ("close", "taken_over")
    await talk.conductor.close()


@pytest.mark.parametrize("error", [VoiceError("Not reached."), ConfigurationError("Wrong key.")])
async def test_a_ticket_that_cannot_be_had_is_told_once(talk, error):
    """The page is told whether trying again may help; the log has one entry, not one per try."""

    class NoTicket:
        provider = "hume"

        async def ticket(self, *, fresh=False, relay=False):
            raise error

    talk = await talk([])
    conductor = Conductor(talk.session, NoTicket())
    for _ in range(3):
        conductor.handle([{"type": "local.need_ticket", "reason": "reconnect"}], talk)
    async with asyncio.timeout(20):
        while [m["type"] for m in talk.posted].count("ticket_refused") < 3:
            await asyncio.sleep(0.01)
    told = [m["passing"] for m in talk.posted if m["type"] == "ticket_refused"]
    assert told == [isinstance(error, VoiceError)] * 3
    assert [failed.error for failed in talk.log.of(Failed)] == [str(error)]
    await conductor.close()


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
    talk.ask("stop_computer")
    assert len(talk.log.of(Stopped)) == 1


async def test_relay_mode_is_switched_while_talking_and_told_to_each_new_chat(talk):
    """In relay mode EVI is paused and the words go to the agent; back again, it answers."""
    talk = await talk([[*says("Hello."), *done()], [*says("Again."), *done()]])
    talk.conductor.change("mode", "relay")
    assert talk.log.of(SettingChanged)[0].value == "relay"
    assert [m["type"] for m in talk.evi("pause_assistant_message")] == ["pause_assistant_message"]
    assert [m for m in talk.evi("session_settings") if m.get("tools") == []]
    talk.final("Say hello.")
    await talk.until(_is(TaskFinished))
    talk.connect()
    assert len(talk.evi("pause_assistant_message")) == 2
    talk.conductor.change("mode", "tool")
    assert len(talk.evi("resume_assistant_message")) == 1
    assert len(next(m for m in talk.evi("session_settings") if m.get("tools"))["tools"]) == 5
    talk.ask("use_computer", task="Say hello.")
    assert len(talk.log.of(TaskStarted)) == 1
    talk.spoken_task("Say it again.")
    assert len(talk.log.of(TaskStarted)) == 2


async def test_a_switch_that_does_not_exist_changes_nothing(talk):
    """Bad names and positions are told in words."""
    talk = await talk([])
    with pytest.raises(BadInput, match="no switch"):
        talk.conductor.change("volume", 11)
    with pytest.raises(BadInput, match="narration"):
        talk.conductor.change("narration", "sing")
    assert talk.log.of(SettingChanged) == []


async def test_announce_then_act_waits_until_the_announcement_was_heard(talk):
    """The action begins when the line's sound has ended, not before."""
    talk = await talk(
        [[*says("I click it."), *call(), *done("tool_use")], [*says("Done."), *done()]]
    )
    talk.conductor.change("narration", "announce-then-act")
    talk.spoken_task("click it")
    await talk.until(lambda e: isinstance(e, HoldBegan) and "announcing" in e.reason)
    talk.event("assistant_message", id="m1", from_text=True, message={"content": "I click it."})
    talk.event("local.play", id="m1", state="started", samples=0, rate=48000, duration=1.0)
    assert talk.log.of(ActionStarted) == []
    talk.event("assistant_end")
    talk.event("local.play", id="m1", state="finished", samples=48000, rate=48000, duration=1.0)
    await talk.until(_is(ActionStarted))


async def test_wait_outlasts_an_announcement_that_is_cut(talk, slow_tool):
    """A hold that the person asked for does not end with the voice's own reason."""
    talk = await talk([[*says("I click it."), *call(), hang]], slow_tool)
    talk.conductor.change("narration", "announce-then-act")
    talk.spoken_task("click it")
    await talk.until(_is(HoldBegan))
    talk.event("assistant_message", id="m1", from_text=True, message={"content": "I click it."})
    talk.event("local.play", id="m1", state="started", samples=0, rate=48000, duration=1.0)
    talk.event("local.speech", on=True)
    talk.event("user_interruption", time=1)
    talk.event("local.play", id="m1", state="cut", samples=24000, rate=48000, duration=1.0)
    talk.final("Wait.")
    assert talk.session.status.who == "held"
    assert talk.log.of(ActionStarted) == []


async def test_report_after_says_nothing_before_the_end(talk):
    """Only the result is spoken."""
    talk = await talk(
        [[*says("I click it."), *call(), *done("tool_use")], [*says("All done."), *done()]]
    )
    talk.conductor.change("narration", "report-after")
    talk.spoken_task("click it")
    await talk.until(_is(TaskFinished))
    assert talk.said == ["All done."]


async def test_what_was_heard_of_a_cut_sentence_reaches_the_model(talk, slow_tool):
    """The model must not believe that the person knows what was never heard."""
    talk = await talk(
        [[*says("I open the file menu now."), *call(), hang], [*says("Fine."), *done()]], slow_tool
    )
    talk.spoken_task("open the menu")
    await talk.until(lambda e: isinstance(e, Narrated) and e.state == "sent")
    said = "I open the file menu now."
    talk.event("assistant_message", id="m1", from_text=True, message={"content": said})
    talk.event("local.play", id="m1", state="started", samples=0, rate=48000, duration=2.0)
    talk.event("user_interruption", time=1)
    talk.event("local.play", id="m1", state="cut", samples=48000, rate=48000, duration=2.0)
    talk.spoken_task("No, the edit menu.")
    await talk.until(_is(TaskFinished))
    told = str(talk.session.model.requests[-1])
    assert "The person heard only: “I open the”" in told


async def test_expressions_are_kept_and_told_only_if_allowed(talk):
    """Off by default; three at most; the prompt gets names, no numbers."""
    talk = await talk([[*says("Yes."), *done()], [*says("Yes."), *done()]])
    scores = {"Joy": 0.1, "Anger": 0.7, "Doubt": 0.4, "Pride": 0.3}

    def angry(text):
        models = {"prosody": {"scores": scores}}
        talk.event("user_message", interim=False, message={"content": text}, models=models)
        talk.ask("use_computer", task=text)

    angry("Open it.")
    await talk.until(_is(TaskFinished))
    assert talk.log.of(Heard)[0].expressions == {}
    assert talk.log.of(UserMessage)[0].text == "Open it."
    since = len(talk.log)
    talk.conductor.change("tell_expressions", True)
    angry("Close it.")
    await talk.until(_is(TaskFinished), since)
    assert list(talk.log.of(Heard)[1].expressions) == ["Anger", "Doubt", "Pride"]
    assert "anger, doubt, pride" in str(talk.session.model.requests[-1])


@pytest.mark.parametrize(
    "text",
    [
        "Heavy rain is expected over the northern counties tonight.",
        "And now a word from our sponsors.",
        "He walked into the room and looked at her for a long time.",
        "You never told me that you had a brother.",
    ],
)
async def test_words_of_the_room_begin_no_task(talk, text):
    """Nothing runs and the television speaks: it is noise, whatever the front desk calls."""
    talk = await talk([])
    assert talk.final(text).meaning == "noise"
    talk.ask("use_computer", task=text)
    assert not talk.log.of(TaskStarted)


async def test_who_was_not_believed_says_so_with_one_press_or_by_name(talk):
    """Nothing is said back; the words are acted upon when the person says whom they were for."""
    talk = await talk([[*says("I will."), *done()], [*says("I will."), *done()]])
    talk.final("The weather in Paris.")
    talk.final("Heavy rain is expected tonight.")
    assert talk.said == []
    talk.conductor.meant(talk.log.of(Understood)[0].utterance_id)
    begun = await talk.until(_is(TaskStarted))
    assert begun.text == "The weather in Paris."
    await talk.until(_is(TaskFinished))
    since = len(talk.log)
    talk.spoken_task("Computer, the weather in Paris.")
    await talk.until(_is(TaskStarted), since)


@pytest.mark.parametrize(
    "text",
    [
        "Open the text editor.",
        "Write a poem about the sea.",
        "Could you please compare these two offers?",
        "What is the weather like in Paris?",
        "I'd like a table of the results.",
        "Computer, my letter.",
        "Click Save.",
    ],
)
async def test_requests_of_any_kind_begin_a_task(talk, text):
    """Not only the planner's commands: another model can do more."""
    talk = await talk([[*says("I will."), *done()]])
    assert talk.final(text).meaning == "task"


async def test_an_answer_to_the_agents_last_question_is_meant_for_it(talk):
    """After "Which city?" any words count."""
    talk = await talk([[*says("Which city do you mean?"), *done()]])
    talk.spoken_task("Look up the weather.")
    await talk.until(_is(TaskFinished))
    assert talk.final("Rome, or Paris.").meaning == "task"


async def test_words_of_the_room_do_not_redirect_and_release_the_hold(talk, slow_tool):
    """Offline, a sentence that asks for nothing is not for the agent; it is held no longer."""
    talk = await talk([[*says("I click."), *call(), hang]], slow_tool)
    talk.spoken_task("click it")
    await talk.until(_is(ActionStarted))
    talk.event("local.speech", on=True)
    talk.interim("Heavy rain")
    assert talk.session.status.who == "held"
    talk.interim("Heavy rain is expected over the northern counties")
    assert talk.session.status.who != "held"
    said = "Heavy rain is expected over the northern counties tonight."
    assert talk.final(said).meaning == "noise"
    talk.ask("steer_computer", instruction=said)
    assert [m.text for m in talk.log.of(UserMessage) if m.source == "voice"] == ["click it"]


async def test_sound_without_words_holds_for_a_moment_only(talk, slow_tool):
    """Music that goes on does not keep the agent waiting."""
    talk = await talk([[*says("I click."), *call(), hang]], slow_tool)
    talk.spoken_task("click it")
    await talk.until(_is(ActionStarted))
    talk.event("local.speech", on=True)
    ended = await talk.until(_is(HoldEnded))
    assert ended.reason == "no words came"


async def test_the_recogniser_is_told_what_can_be_said(talk):
    """Each chat learns the names on the screen."""
    talk = await talk([])
    async with asyncio.timeout(20):
        while not (found := [m for m in _metadata(talk) if "vocabulary" in m]):
            await asyncio.sleep(0.01)
    assert "Untitled - Mousepad" in found[0]["vocabulary"]
    assert "what can I say" not in found[0]["vocabulary"]


def _metadata(talk):
    return [m["metadata"] for m in talk.evi("session_settings") if "metadata" in m]


async def test_the_service_is_told_to_what_attention_is_paid(talk):
    """To each chat, and when it is changed while somebody talks."""
    talk = await talk([])
    told = [m["attention"] for m in _metadata(talk) if "attention" in m]
    assert told == ["addressed"]
    talk.conductor.change("attention", "named")
    assert [m["attention"] for m in _metadata(talk) if "attention" in m] == ["addressed", "named"]
    assert talk.final("Open the text editor.").meaning == "noise"
    assert talk.final("Computer, open the text editor.").meaning == "task"
    talk.conductor.change("attention", "everything")
    assert talk.final("Heavy rain is expected tonight.").meaning == "task"


async def test_a_full_quota_is_told_with_a_way_out(talk):
    """E0300 says what to do."""
    talk = await talk([])
    talk.event("error", code="E0300", slug="quota_exceeded", message="No credits.")
    failed = talk.log.of(Failed)[0]
    assert "used up" in failed.error
    assert "HUME_API_KEY" in failed.advice


async def test_a_result_that_an_outage_cut_is_said_when_the_voice_is_back(talk):
    """The agent works on without a voice and reports afterwards."""
    talk = await talk([[*says("All is done."), *done()]])
    talk.spoken_task("do it")
    talk.event("local.state", state="reconnecting")
    await talk.until(_is(TaskFinished))
    assert talk.said == []
    talk.connect()
    assert talk.said == ["All is done."]


async def test_latencies_of_an_exchange_are_in_the_log(talk, slow_tool):
    """Onset to duck, hold and stop; the end of words to transcript, text and action."""
    talk = await talk([[*says("I click."), *call(), hang]], slow_tool)
    talk.event("local.speech", on=True, t=1030.0, late=30)
    talk.event("local.duck", on=True, t=1031.0)
    talk.event("local.speech", on=False, t=1900.0)
    talk.spoken_task("click it")
    await talk.until(_is(ActionStarted))
    talk.event("local.speech", on=True, t=2000.0)
    talk.interim("stop")
    lanes = {m.lane: m.milliseconds for m in talk.log.of(Measured)}
    assert lanes["onset_to_duck"] == 31.0
    wanted = {"onset_to_hold", "onset_to_stop", "end_to_transcript"}
    assert wanted | {"utterance_to_text", "utterance_to_action"} <= lanes.keys()


async def test_after_a_stop_while_held_the_next_task_is_held_by_speech_again(talk, slow_tool):
    """A stop ends every hold; nothing of it is left behind."""
    talk = await talk(
        [[*says("I click."), *call(), hang], [*says("I click."), *call(), hang]], slow_tool
    )
    for number in (1, 2):
        since = len(talk.log)
        talk.spoken_task("click it")
        await talk.until(_is(ActionStarted), since)
        talk.event("local.speech", on=True)
        assert talk.session.status.who == "held"
        talk.interim("Stop")
        talk.final("Stop.")
        talk.event("local.speech", on=False)
        assert len(talk.log.of(HoldBegan)) == number


async def test_another_reading_of_the_sound_counts_if_only_that_is_a_command(talk):
    """The recogniser's second choice is taken when the first asks for nothing."""
    talk = await talk([[*says("Done."), *done()]])
    heard = {"interim": False, "models": {}, "message": {"content": "Hoping the taxi later."}}
    talk.event("user_message", **heard, alternatives=["Open the text editor."])
    talk.ask("use_computer", task="Hoping the taxi later.")
    assert talk.log.of(TaskStarted)[0].text == "Open the text editor."


async def test_assent_that_is_transcribed_late_does_not_hold_again(talk, slow_tool):
    """Words that come after the sound's end hold only if they may ask for something."""
    talk = await talk([[*says("I click."), *call(), hang]], slow_tool)
    talk.spoken_task("click it")
    await talk.until(_is(ActionStarted))
    talk.event("local.speech", on=True)
    talk.event("local.speech", on=False)
    await talk.until(_is(HoldEnded))
    talk.interim("Okay.")
    assert talk.session.status.who != "held"
    talk.interim("No, the other")
    assert talk.session.status.who == "held"
