"""The chat's state machine: messages, sound and time in; effects out."""

from __future__ import annotations

import base64
import itertools
import json
from typing import Any

import pytest

from dashboard.voice.client.troubles import trouble
from dashboard.voice.server.chat import Chat, ChatOptions
from dashboard.voice.server.config import ChatConfig
from dashboard.voice.server.effects import (
    Close,
    Configure,
    Effects,
    FinishHearing,
    Hear,
    Hush,
    Mirror,
    Say,
    Send,
)
from dashboard.voice.server.frontdesk import UNABLE
from dashboard.voice.server.store import Chats
from dashboard.voice.speech.audio import pcm16
from dashboard.voice.speech.listener import Heard
from dashboard.voice.speech.process import EngineReplaced, Sound, SpeechLost, Spoken

SECOND = bytes(48_000 * 2)
TOOL = {"type": "function", "name": "use_computer", "parameters": "{}", "fallback_content": "Hm."}
TOOLS = [TOOL, TOOL | {"name": "stop_computer"}, TOOL | {"name": "steer_computer"}]


class Talk:
    """A chat and what it has said, with a clock that a test turns."""

    def __init__(self, config: dict[str, Any] | None = None, **options: Any) -> None:
        made = ChatConfig.of(config or {})
        self.now = 100.0
        ids = (f"id{n}" for n in itertools.count())
        self.record = Chats().begin(made, None)
        options = {"verbose": True} | options
        self.chat = Chat(self.record, made, ChatOptions(**options), self.now, lambda: next(ids))
        self.effects: Effects = self.chat.open(self.now)

    def send(self, **message: Any) -> Effects:
        return self.keep(self.chat.received(json.dumps(message), self.now))

    def keep(self, effects: Effects) -> Effects:
        self.effects += effects
        return effects

    def hear(self, kind: str, text: str = "", utterance: int = 1, silence: int = 0) -> Effects:
        event = Heard(kind, utterance, 10, 910, text, silence=silence)
        return self.keep(self.chat.heard(event, self.now))

    def say(self, text: str, *, seconds: int = 1) -> str:
        """An assistant_input whose sound is made at once; the line's id."""
        (line, *_) = [
            e.line for e in self.send(type="assistant_input", text=text) if isinstance(e, Say)
        ]
        self.voice(line, seconds)
        return line

    def voice(self, line: str, seconds: int = 1) -> None:
        for _ in range(seconds):
            self.keep(self.chat.heard(Sound(line, SECOND), self.now))
        self.keep(self.chat.heard(Spoken(line), self.now))

    def tick(self, seconds: float) -> Effects:
        self.now += seconds
        return self.keep(self.chat.tick(self.now))

    def tools(self) -> None:
        self.send(type="session_settings", tools=TOOLS)

    @property
    def sent(self) -> list[dict[str, Any]]:
        return [e.message for e in self.effects if isinstance(e, Send)]

    def types(self) -> list[str]:
        return [message["type"] for message in self.sent]

    def last(self, kind: str) -> dict[str, Any]:
        return [message for message in self.sent if message["type"] == kind][-1]

    def call(self) -> str:
        return str(self.last("tool_call")["tool_call_id"])


def test_metadata_comes_first() -> None:
    """Only after it is a chat ready."""
    talk = Talk()
    assert talk.types() == ["chat_metadata"]
    assert talk.sent[0]["chat_id"] == talk.record.id


def test_a_greeting_is_spoken_if_configured_and_not_on_resume() -> None:
    """``event_messages.on_new_chat``."""
    config = {"event_messages": {"on_new_chat": {"enabled": True, "text": "Hello."}}}
    assert [e.text for e in Talk(config).effects if isinstance(e, Say)] == ["Hello."]
    assert not [e for e in Talk(config, greet=False).effects if isinstance(e, Say)]


def test_what_is_to_be_said_comes_as_text_sound_prosody_and_end() -> None:
    """One id for text and chunks, indices from 0, WAVs, then assistant_end."""
    talk = Talk()
    line = talk.say("Done.", seconds=2)
    assert talk.types()[1:] == [
        "assistant_message",
        "audio_output",
        "audio_output",
        "assistant_prosody",
        "assistant_end",
    ]
    assert {m["id"] for m in talk.sent[1:5]} == {line}
    assert [m["index"] for m in talk.sent[2:4]] == [0, 1]
    assert base64.b64decode(talk.sent[2]["data"])[:4] == b"RIFF"
    assert talk.sent[1]["from_text"] is True


def test_each_sentence_has_an_id_of_its_own_and_the_end_comes_once() -> None:
    """So that a client can cut between them."""
    talk = Talk()
    says = [e for e in talk.send(type="assistant_input", text="One. Two.") if isinstance(e, Say)]
    for say in says:
        talk.voice(say.line)
    assert [e.text for e in says] == ["One.", "Two."]
    assert len({m["id"] for m in talk.sent if m["type"] == "assistant_message"}) == 2
    assert talk.types().count("assistant_end") == 1


def test_sound_is_sent_ahead_but_not_far_ahead() -> None:
    """Faster than real time, yet an interruption finds little on its way."""
    talk = Talk()
    talk.say("A long story.", seconds=10)
    assert talk.types().count("audio_output") == 3
    talk.tick(2.0)
    assert talk.types().count("audio_output") == 5
    for _ in range(10):
        talk.tick(1.0)
    assert talk.types()[-1] == "assistant_end"


def test_speech_over_the_assistant_interrupts_it() -> None:
    """The rest is dropped, the recogniser goes on, one user_interruption is sent."""
    talk = Talk()
    line = talk.say("A long story.", seconds=10)
    talk.hear("onset")
    talk.hear("lasting")
    assert "user_interruption" not in talk.types()  # no words yet
    assert Hush() in talk.hear("interim", "no, open")
    talk.hear("interim", "no, open the editor")
    assert talk.types().count("user_interruption") == 1
    before = talk.types().count("audio_output")
    talk.voice(line, 5)
    talk.tick(20.0)
    assert talk.types().count("audio_output") == before
    assert "assistant_end" not in talk.types()
    assert "USER_INTERRUPTION" in [event["type"] for event in talk.record.events]


def test_the_tail_that_still_plays_can_be_interrupted_too() -> None:
    """All was sent, but the person still hears it."""
    talk = Talk()
    talk.say("Two seconds.", seconds=2)
    assert talk.types()[-1] == "assistant_end"
    talk.now += 1.5
    talk.hear("lasting")
    talk.hear("interim", "stop")
    assert talk.types()[-1] == "user_interruption"


def test_speech_in_silence_interrupts_nothing() -> None:
    """Nothing is playing: no user_interruption."""
    talk = Talk()
    talk.say("One second.")
    talk.now += 2.0
    talk.hear("lasting")
    talk.hear("interim", "stop")
    talk.hear("final", "Stop.")
    assert "user_interruption" not in talk.types()


@pytest.mark.parametrize(
    "text", ["Okay.", "Mm-hm.", "um", "Can you pass me the salt, please?", "He was late again."]
)
def test_what_is_no_interruption_leaves_every_sentence_to_be_heard(text: str) -> None:
    """Sound goes on while it is spoken and afterwards, the next sentence too."""
    talk = Talk()
    talk.tools()
    talk.send(type="session_settings", metadata={"attention": "addressed"})
    says = [e for e in talk.send(type="assistant_input", text="One. Two.") if isinstance(e, Say)]
    talk.voice(says[0].line, seconds=4)
    talk.hear("onset")
    talk.hear("lasting")
    talk.hear("interim", text)
    sent = talk.types().count("audio_output")
    talk.tick(1.0)
    assert talk.types().count("audio_output") > sent
    talk.voice(says[1].line, seconds=1)
    talk.tick(3.0)
    assert [m["message"]["content"] for m in talk.sent if m["type"] == "assistant_message"] == [
        "One.",
        "Two.",
    ]
    talk.hear("final", text)
    talk.tick(10.0)
    assert talk.types().count("assistant_end") == 1
    assert not {"user_interruption", "tool_call"} & set(talk.types())


def test_another_message_does_not_begin_while_the_person_speaks_over_one() -> None:
    talk = Talk()
    talk.say("One.", seconds=1)
    talk.hear("onset")
    talk.hear("lasting")
    talk.say("Another.", seconds=1)
    talk.tick(3.0)
    assert [m["message"]["content"] for m in talk.sent if m["type"] == "assistant_message"] == [
        "One."
    ]
    talk.hear("final", "Okay.")
    assert talk.last("assistant_message")["message"]["content"] == "Another."


@pytest.mark.parametrize(
    ("text", "silence", "cut"),
    [
        ("Can you say that?", 192, True),
        ("Can you say that?", 160, False),
        ("Can you say that about the", 192, False),
    ],
)
def test_words_before_a_silence_are_believed_sooner(text: str, silence: int, cut: bool) -> None:
    """Unless they dangle: then the silence is a pause inside them."""
    talk = Talk()
    talk.say("A long story.", seconds=9)
    talk.hear("onset")
    talk.hear("lasting")
    talk.hear("interim", text, silence=silence)
    assert ("user_interruption" in talk.types()) is cut


@pytest.mark.parametrize(
    ("text", "kind", "cut"),
    [
        ("Stop.", "interim", True),
        ("Stop.", "final", True),
        ("Never mind", "interim", False),  # it may go on
        ("Never mind", "final", True),
        ("Open the terminal.", "interim", False),
        ("Wait.", "final", False),
    ],
)
def test_a_sound_too_short_to_have_lasted_cuts_by_a_stop_word_only(
    text: str, kind: str, *, cut: bool
) -> None:
    talk = Talk()
    talk.say("A long story.", seconds=10)
    talk.hear("onset")
    talk.hear(kind, text)
    assert ("user_interruption" in talk.types()) is cut


def test_an_old_utterance_does_not_interrupt_by_its_late_words() -> None:
    talk = Talk()
    talk.say("A long story.", seconds=10)
    talk.hear("lasting", utterance=1)
    talk.hear("lasting", utterance=2)
    talk.hear("interim", "no, open", utterance=1)
    assert "user_interruption" not in talk.types()
    talk.hear("interim", "no, open", utterance=2)
    assert "user_interruption" in talk.types()


@pytest.mark.parametrize(("played", "cut"), [(0.0, False), (0.7, False), (0.9, True)])
def test_assent_answers_a_question_when_little_of_it_is_left(played: float, cut: bool) -> None:
    """Two seconds of sound: the last 1.2 s no longer tell what it is about."""
    talk = Talk()
    question = {"task": "it", "question": {"id": "q1", "text": "Shall I?"}}
    talk.send(type="session_settings", context={"text": json.dumps(question)})
    talk.say("Shall I?", seconds=2)
    talk.now += played
    talk.hear("lasting")
    talk.hear("interim", "yeah")
    assert ("user_interruption" in talk.types()) is cut


@pytest.mark.parametrize(
    ("attention", "text", "cut"),
    [
        ("addressed", "open the editor", True),
        ("named", "open the editor", False),
        ("named", "computer, open", True),
        ("everything", "", True),
        ("nonsense", "", False),
    ],
)
def test_a_client_sets_the_attention(attention: str, text: str, cut: bool) -> None:
    talk = Talk()
    talk.send(type="session_settings", metadata={"attention": attention})
    talk.say("A long story.", seconds=10)
    talk.hear("lasting")
    talk.hear("interim", text)
    assert ("user_interruption" in talk.types()) is cut


@pytest.mark.parametrize(
    ("attention", "text", "called"),
    [
        ("addressed", "Open the editor.", True),
        ("addressed", "Mum, open the window.", False),
        ("addressed", "Pass me the salt.", False),
        ("named", "Open the editor.", False),
        ("named", "Computer, open the editor.", True),
        ("named", "Stop.", True),
        ("addressed", "He came in at nine.", False),
        (None, "He came in at nine.", True),
        (None, "Mum, open the window.", False),
    ],
)
def test_words_for_somebody_else_call_no_tool(
    attention: str | None, text: str, called: bool
) -> None:
    """A client that says nothing of attention has a model that decides: it is asked in doubt."""
    talk = Talk()
    talk.tools()
    talk.send(type="session_settings", metadata={"attention": attention})
    talk.hear("final", text)
    assert ("tool_call" in talk.types()) is called


def test_late_chunks_leak_only_when_asked_for() -> None:
    """The fault by which a client's dropping of late chunks is tested."""
    talk = Talk(late_chunks=2)
    line = talk.say("A long story.", seconds=10)
    talk.hear("lasting")
    talk.hear("interim", "wait")
    tail = talk.sent[talk.types().index("user_interruption") + 1 :]
    assert [m["id"] for m in tail] == [line, line]


def test_nothing_begins_while_the_person_speaks() -> None:
    """A line that comes meanwhile waits for the end of the turn."""
    talk = Talk()
    talk.hear("onset")
    talk.hear("lasting")
    talk.say("Progress.")
    assert "assistant_message" not in talk.types()
    talk.hear("nothing")
    assert "assistant_message" in talk.types()


def test_interims_are_sent_only_if_wanted_and_complete() -> None:
    """``verbose_transcription``; every required field is there."""
    talk, quiet = Talk(), Talk(verbose=False)
    for each in (talk, quiet):
        each.hear("onset")
        each.hear("interim", "open")
        each.hear("final", "Open it.")
    finals = [m["interim"] for m in quiet.sent if m["type"] == "user_message"]
    both = [m["interim"] for m in talk.sent if m["type"] == "user_message"]
    assert (finals, both) == ([False], [True, False])
    assert set(talk.last("user_message")) >= {"message", "models", "time", "from_text", "interim"}


def test_names_of_the_vocabulary_win_and_the_raw_words_are_kept() -> None:
    """``metadata.vocabulary`` or the variable ``vocabulary``."""
    for settings in (
        {"metadata": {"vocabulary": ["Mousepad"]}},
        {"variables": {"vocabulary": "Thunar; Mousepad"}},
    ):
        talk = Talk()
        talk.send(type="session_settings", **settings)
        talk.hear("final", "Open mouse pad.")
        said = talk.last("user_message")
        assert said["message"]["content"] == "Open Mousepad."
        assert said["raw_transcript"] == "Open mouse pad."


DICTATING = {"text": json.dumps({"task": "", "dictating": True}), "type": "persistent"}


def test_the_speech_process_is_told_when_words_are_to_be_typed() -> None:
    """Once when dictation begins, and once when it ends."""
    talk = Talk()
    for context in (DICTATING, DICTATING, None, None):
        talk.send(type="session_settings", context=context)
    told = [e.settings.dictating for e in talk.effects if isinstance(e, Configure)]
    assert told == [True, False]


@pytest.mark.parametrize(
    ("heard", "reading", "counts"),
    [
        ("Dear Anna Comet thank you.", "dear Anna comma thank you", True),
        ("Stop dick tation.", "stop dictation", True),
        ("Stop dictation.", "stock dictation", False),
        ("Stop.", "shop", False),
        ("The shop", "stop", False),
    ],
)
def test_another_reading_of_dictated_words_is_taken(
    heard: str, reading: str, *, counts: bool
) -> None:
    """Unless one of both is a command to stop, or ends the dictation as it was heard."""
    talk = Talk()
    talk.send(type="session_settings", context=DICTATING)
    talk.keep(talk.chat.heard(Heard("final", 1, 10, 910, heard, (reading, heard)), talk.now))
    assert talk.last("user_message")["message"]["content"] == (reading if counts else heard)


def test_a_spoken_wish_calls_a_tool_and_its_answer_is_spoken() -> None:
    """final → tool_call → tool_response → assistant_message."""
    talk = Talk()
    talk.tools()
    talk.hear("final", "Open the editor.")
    call = talk.last("tool_call")
    assert (call["name"], json.loads(call["parameters"])) == (
        "use_computer",
        {"task": "Open the editor."},
    )
    assert call["response_required"] is True
    out = talk.send(
        type="tool_response", tool_call_id=talk.call(), content='{"say": "Right away."}'
    )
    assert [e.text for e in out if isinstance(e, Say)] == ["Right away."]
    assert [e for e in out if isinstance(e, Mirror)]


def test_words_during_a_tool_call_wait_but_stop_does_not() -> None:
    """One call at a time; *stop* goes out at once."""
    talk = Talk()
    talk.tools()
    talk.hear("final", "Open the editor.")
    first = talk.call()
    talk.hear("final", "And make it bold.", 2)
    assert talk.types().count("tool_call") == 1
    talk.hear("final", "Stop!", 3)
    assert talk.last("tool_call")["name"] == "stop_computer"
    talk.send(type="tool_response", tool_call_id=talk.call(), content="{}")
    talk.send(type="tool_response", tool_call_id=first, content="{}")
    assert talk.types().count("tool_call") == 3


def test_an_answer_to_nobodys_question_is_an_error_and_nothing_else() -> None:
    """Unknown ids, and ids answered twice."""
    talk = Talk()
    talk.tools()
    talk.hear("final", "Open the editor.")
    key = talk.call()
    for _ in range(2):
        talk.send(type="tool_response", tool_call_id=key, content="ok")
    assert talk.last("error")["code"] == "E0101"
    assert talk.types().count("error") == 1


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"error": "x", "content": "The computer is away."}, "The computer is away."),
        ({"error": "x"}, "Hm."),
    ],
)
def test_a_tool_error_is_said_in_its_words_or_the_fallback(
    answer: dict[str, str], said: str
) -> None:
    """``error`` itself is never spoken."""
    talk = Talk()
    talk.tools()
    talk.hear("final", "Open the editor.")
    out = talk.send(type="tool_error", tool_call_id=talk.call(), **answer)
    assert [e.text for e in out if isinstance(e, Say)] == [said]


def test_a_tool_that_never_answers_does_not_hold_the_chat() -> None:
    """After its time the fallback is spoken and the next words get their turn."""
    talk = Talk()
    talk.tools()
    talk.hear("final", "Open the editor.")
    talk.hear("final", "And close it.", 2)
    out = talk.tick(31.0)
    assert [e.text for e in out if isinstance(e, Say)] == ["Hm."]
    assert talk.types().count("tool_call") == 2


def test_pause_is_relay_mode_and_resume_answers_the_last_words() -> None:
    """Paused: transcripts and assistant_input go on, tools and own words do not."""
    talk = Talk()
    talk.tools()
    talk.send(type="pause_assistant_message")
    talk.hear("final", "Open the editor.")
    assert "tool_call" not in talk.types()
    assert talk.last("user_message")["message"]["content"] == "Open the editor."
    talk.say("I am on it.")
    assert talk.last("assistant_message")["message"]["content"] == "I am on it."
    talk.send(type="resume_assistant_message")
    assert talk.last("tool_call")["name"] == "use_computer"


def test_settings_are_echoed_without_keys_and_contexts_are_kept_or_spent() -> None:
    """Persistent stays, temporary serves one answer, null clears."""
    talk = Talk()
    talk.send(
        type="session_settings",
        context={"text": "hello", "type": "persistent"},
        language_model_api_key="hush",
        variables={"name": "Ann", "n": 3},
    )
    echo = talk.last("session_settings")
    assert echo["context"] == {"text": "hello", "type": "persistent"}
    assert "hush" not in json.dumps(talk.sent) + json.dumps(talk.record.events)
    assert talk.chat.settings.variables == {"name": "Ann", "n": 3}
    talk.send(type="session_settings", context=None)
    assert talk.chat.settings.context is None
    assert talk.last("session_settings")["context"] is None


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("{", "E0100"),
        ("[" * 5000, "E0100"),
        ('{"a":' * 5000 + "0" + "}" * 5000, "E0100"),
        ('{"type": "session_settings", "audio": {"sample_rate": NaN, "channels": 1e400}}', "E0101"),
        ("[]", "E0101"),
        ('{"type": "dance"}', "E0101"),
        ('{"type": "user_input"}', "E0101"),
        ('{"type": "audio_input", "data": "%%%"}', "E0101"),
        ('{"type": "session_settings", "audio": {"sample_rate": 1, "channels": 1}}', "E0101"),
        ('{"type": "session_settings", "audio": {"encoding": "opus"}}', "E0101"),
    ],
)
def test_what_is_wrong_is_answered_by_an_error_and_the_chat_goes_on(frame: str, code: str) -> None:
    """JSON, structure, base64, formats."""
    talk = Talk()
    talk.keep(talk.chat.received(frame, talk.now))
    assert talk.last("error")["code"] == code
    talk.send(type="user_input", text="hello")
    assert talk.last("user_message")["from_text"] is True


def test_undeclared_sound_is_complained_of_now_and_then() -> None:
    """I0116, not once for each of fifty frames a second."""
    talk = Talk()
    for _ in range(500):
        talk.keep(talk.chat.received(bytes(640), talk.now))
        talk.now += 0.02
    assert talk.last("error")["code"] == "I0116"
    assert talk.types().count("error") == 2


def test_declared_sound_goes_to_the_recogniser_from_both_kinds_of_frame() -> None:
    """Binary, and base64 in audio_input."""
    talk = Talk()
    talk.send(
        type="session_settings",
        audio={"encoding": "linear16", "sample_rate": 16_000, "channels": 1},
    )
    import numpy as np

    pcm = pcm16(np.linspace(-1, 1, 320, dtype=np.float32))
    direct = talk.chat.received(pcm, talk.now)
    packed = talk.send(type="audio_input", data=base64.b64encode(pcm).decode())
    assert [len(e.pcm) for e in (*direct, *packed) if isinstance(e, Hear)] == [640, 640]


def test_a_microphone_that_falls_silent_ends_the_turn() -> None:
    """Frames stop in mid-utterance: the recogniser is told."""
    talk = Talk()
    talk.hear("onset")
    assert talk.chat.deadline() < talk.now + 1.0
    assert FinishHearing() in talk.tick(1.0)


def test_another_engine_than_was_chosen_is_told() -> None:
    """In the conversation, with the reason; hearing goes on."""
    talk = Talk()
    talk.keep(talk.chat.heard(EngineReplaced("The recogniser is “b” instead of “a”: gone."), 0.0))
    error = talk.last("error")
    assert error["slug"] == "engine_replaced"
    told = trouble(error)
    assert "instead of “a”" in told.error
    assert "start the server again" in told.advice


def test_the_speech_process_may_die_and_the_chat_goes_on() -> None:
    """An error, the words without sound, then sound again."""
    talk = Talk()
    talk.send(type="assistant_input", text="Half said.")
    talk.keep(talk.chat.heard(SpeechLost("it was killed"), talk.now))
    assert talk.last("error")["slug"] == "speech_restarting"
    assert talk.last("assistant_message")["message"]["content"] == "Half said."
    talk.say("And again.")
    assert talk.types()[-3:] == ["audio_output", "assistant_prosody", "assistant_end"]


def test_without_a_voice_the_words_still_come() -> None:
    """No synthesiser any more: text only, at once."""
    talk = Talk()
    talk.keep(talk.chat.heard(SpeechLost("gone", final=True), talk.now))
    talk.send(type="assistant_input", text="Still here.")
    assert talk.types()[-3:] == ["assistant_message", "assistant_prosody", "assistant_end"]


def _silence(seconds: int, text: str | None) -> dict[str, Any]:
    spec: dict[str, Any] = {"timeouts": {"inactivity": {"enabled": True, "duration_secs": seconds}}}
    if text:
        spec["event_messages"] = {"on_inactivity_timeout": {"enabled": True, "text": text}}
    return spec


def test_a_silent_person_is_spoken_to_and_then_left() -> None:
    """The message, fifteen seconds of grace, then the end."""
    talk = Talk(_silence(60, "Are you there?"))
    assert [e.text for e in talk.tick(60.0) if isinstance(e, Say)] == ["Are you there?"]
    assert not [e for e in talk.tick(14.0) if isinstance(e, Close)]
    assert [e for e in talk.tick(1.5) if isinstance(e, Close)] == [
        Close(1000, "inactivity_timeout")
    ]


def test_a_word_within_the_grace_keeps_the_chat() -> None:
    """Speech or typing starts the silence anew."""
    talk = Talk(_silence(60, "Are you there?"))
    talk.tick(60.0)
    talk.hear("onset")
    talk.hear("final", "Yes.")
    assert not [e for e in talk.tick(50.0) if isinstance(e, Close)]


def test_without_a_message_the_end_comes_at_once() -> None:
    """As Hume does it."""
    assert Close(1000, "inactivity_timeout") in Talk(_silence(60, None)).tick(60.0)


def test_no_chat_is_longer_than_half_an_hour() -> None:
    """Disabling the maximum leaves the cap; activity does not move it."""
    config = {"timeouts": {"max_duration": {"enabled": False}, "inactivity": {"enabled": False}}}
    talk = Talk(config)
    talk.tick(1_000.0)
    talk.send(type="user_input", text="hello")
    assert not [e for e in talk.tick(799.0) if isinstance(e, Close)]
    assert Close(1000, "max_duration_timeout") in talk.tick(1.0)


def test_timers_can_be_scaled_for_tests() -> None:
    """A minute in 60 milliseconds."""
    talk = Talk(_silence(60, None), time_scale=0.001)
    assert Close(1000, "inactivity_timeout") in talk.tick(0.06)


@pytest.mark.parametrize(
    ("text", "answered"),
    [("Open the editor.", True), ("Mm-hm.", False), ("Pass me the salt, please.", False)],
)
def test_a_client_without_our_tools_gets_an_honest_answer(text: str, answered: bool) -> None:
    """Not to a nod, nor to words that are for somebody else."""
    said = Talk().hear("final", text)
    assert [e.text for e in said if isinstance(e, Say)] == ([UNABLE] if answered else [])


def test_a_client_with_one_of_our_tools_does_without_the_others() -> None:
    talk = Talk()
    talk.send(type="session_settings", tools=[TOOL | {"name": "stop_computer"}])
    assert not [e for e in talk.hear("final", "Open the editor.") if isinstance(e, Say)]
