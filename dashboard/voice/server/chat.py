"""One chat as a state machine: messages, sound and time in, effects out.

It knows the protocol and nothing of sockets, processes or clocks. Every method takes the
time (monotonic seconds) and returns what is to be done now; `deadline` says when `tick`
wants to be called if nothing else happens.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from uuid import uuid4

from dashboard.voice.addressee_detection import AddresseeDetector
from dashboard.voice.barge_in import Utterance, decide
from dashboard.voice.intents import Moment, is_free
from dashboard.voice.server import messages
from dashboard.voice.server.answering import Answering
from dashboard.voice.server.applied import Applied
from dashboard.voice.server.config import ChatConfig
from dashboard.voice.server.deadlines import Deadlines
from dashboard.voice.server.effects import (
    Close,
    Configure,
    Effect,
    Effects,
    FinishHearing,
    Hear,
    Mirror,
    Send,
)
from dashboard.voice.server.floor import Floor
from dashboard.voice.server.frontdesk import situation
from dashboard.voice.server.messages import ClientError, ClientMessage, Message
from dashboard.voice.server.store import ChatRecord
from dashboard.voice.speech.audio import Decoder, Format, UndecodableAudio
from dashboard.voice.speech.hypotheses import choose, choose_dictated
from dashboard.voice.speech.listener import Heard, ListenSettings
from dashboard.voice.speech.process import EngineReplaced, Sound, SpeechEvent, SpeechLost, Spoken
from dashboard.voice.speech.text import dangles
from dashboard.voice.speech.vocabulary import correct

_COMPLAINT_EVERY = 5.0
"""Seconds between two errors about sound that cannot be decoded."""
_PAUSE_MS = 190
"""Milliseconds of silence after which the words over the assistant's voice may be all."""
_GAP = 0.35
"""Seconds without any sound, over the turn's silence, after which a turn is over."""


@dataclass(frozen=True, slots=True)
class ChatOptions:
    """What the chat's address and the server decide."""

    verbose: bool = False
    """Send interim ``user_message``s."""
    greet: bool = True
    """Whether ``on_new_chat`` applies; not on resume."""
    time_scale: float = 1.0
    """Multiplies EVI's timeouts; for tests."""
    late_chunks: int = 0
    """Fault: chunks that slip out after an interruption."""


class Chat:
    """The conversation on one socket."""

    def __init__(
        self,
        record: ChatRecord,
        config: ChatConfig,
        options: ChatOptions,
        now: float,
        new_id: Callable[[], str] = lambda: str(uuid4()),
    ) -> None:
        self.record, self._config, self._options = record, config, options
        self._new_id, self._started = new_id, now
        self.settings = Applied(config.tools)
        self._decoder = Decoder()
        self._floor = Floor(new_id)
        self._answering = Answering(self.settings, new_id)
        self._timers = Deadlines(config, now, options.time_scale)
        self._utterance = 0
        """Number of the utterance that is going on, or 0."""
        self._contesting = 0
        """Number of the utterance of which it is open whether it interrupts the assistant, or 0."""
        self._addressee = AddresseeDetector()
        self.by_sound = False
        """Fault: any voice interrupts, whatever it says."""
        self._sound_at = now
        self._complained_at = float("-inf")

    def open(self, now: float) -> Effects:
        """The chat begins."""
        record = self.record
        out: Effects = [
            Send(messages.chat_metadata(record.id, record.group_id, self._new_id())),
        ]
        record.add("CHAT_START_MESSAGE", "SYSTEM")
        greeting = self._config.event_messages.on_new_chat
        if greeting.enabled and greeting.text and self._options.greet:
            out += self._floor.say(greeting.text, from_text=False)
        return out

    def received(self, data: str | bytes, now: float) -> Effects:
        """A frame from the client: text is JSON, bytes are sound."""
        try:
            if isinstance(data, bytes):
                return self._sound(data, now)
            return self.take(messages.parse(data), now)
        except ClientError as error:
            return [self._error(error.code, error.slug, str(error))]

    def take(self, message: ClientMessage, now: float) -> Effects:
        """A parsed message, from the client or from the control plane."""
        handled = self._dispatch(message, now)
        return self._after(handled, now)

    def heard(self, event: SpeechEvent, now: float) -> Effects:
        """News from the speech process."""
        out: Effects = []
        match event:
            case Heard():
                out = self._on_heard(event, now)
            case Sound():
                self._floor.sound(event.line, event.pcm)
            case Spoken():
                self._floor.made(event.line)
            case SpeechLost():
                out = self._on_lost(event)
            case EngineReplaced():
                out = [self._error("I0101", "engine_replaced", event.text)]
        return self._after(out, now)

    def tick(self, now: float) -> Effects:
        """Time has passed."""
        out: Effects = self._on_timer(now)
        if self._utterance and now >= self._sound_at + self._gap:
            self._sound_at = now
            out.append(FinishHearing())
        out += self._spoken_answers(self._answering.overdue(now))
        return self._after(out, now)

    def deadline(self) -> float:
        """When `tick` is due."""
        times = [self._timers.deadline(), self._floor.deadline(), self._answering.deadline()]
        if self._utterance:
            times.append(self._sound_at + self._gap)
        return min(t for t in times if t is not None)

    @property
    def _gap(self) -> float:
        return self._config.turn_detection.end_of_turn_silence_ms / 1000 + _GAP

    def _after(self, out: Effects, now: float) -> Effects:
        """``out`` and whatever it allows the assistant to say."""
        out = out + self._floor.step(now)
        for effect in out:
            if isinstance(effect, Send):
                self._keep(effect.message)
        return out

    def _keep(self, message: Message) -> None:
        if message["type"] == "assistant_message":
            self.record.add("AGENT_MESSAGE", "AGENT", message["message"]["content"])
        elif message["type"] == "tool_call":
            self.record.add("FUNCTION_CALL", "AGENT", metadata=message)

    def _dispatch(self, message: ClientMessage, now: float) -> Effects:
        match message:
            case messages.AudioInput():
                return self._encoded_sound(message.data, now)
            case messages.SessionSettings():
                return self._apply(message)
            case messages.UserInput():
                return self._typed(message.text, now)
            case messages.AssistantInput():
                return self._floor.say(message.text, from_text=True)
            case messages.ToolResponse() | messages.ToolError():
                return self._tool_answered(message)
            case messages.Pause():
                self.record.add("PAUSE_ONSET", "SYSTEM")
                self._answering.pause()
                return self._floor.drop_unspoken()
            case messages.Resume():
                self.record.add("RESUME_ONSET", "SYSTEM")
                return self._spoken_answers(self._answering.resume(now))

    def _apply(self, message: messages.SessionSettings) -> Effects:
        if message.audio is not None:
            try:
                self._decoder.declare(Format(message.audio.sample_rate, message.audio.channels))
            except UndecodableAudio as error:
                raise ClientError("E0101", "invalid_request", str(error)) from error
        known = self._listening
        echo = self.settings.apply(message)
        self.record.add("SESSION_SETTINGS", "SYSTEM", metadata=echo)
        self._addressee.attention = self.settings.attention or "addressed"
        self._addressee.answers = self.settings.answers
        self._addressee.learn(self.settings.vocabulary)
        listening = self._listening
        return [Send(echo)] if listening == known else [Send(echo), Configure(listening)]

    @property
    def _listening(self) -> ListenSettings:
        """What the speech process is to know of the conversation."""
        return replace(
            self._config.listening,
            names=self.settings.vocabulary,
            dictating=situation(self.settings.context, started=False).dictating,
        )

    def _typed(self, text: str, now: float) -> Effects:
        self._timers.user_active(now)
        at = int((now - self._started) * 1000)
        self.record.add("USER_MESSAGE", "USER", text)
        said = messages.user_message(text, interim=False, begin=at, end=at, from_text=True)
        return [Send(said), *self._spoken_answers(self._answering.asked(text, now))]

    def _tool_answered(self, message: messages.ToolResponse | messages.ToolError) -> Effects:
        answered = self._answering.answered(message)
        if answered is None:
            text = f"No tool call {message.tool_call_id} is waiting for an answer."
            raise ClientError("E0101", "unknown_tool_call", text)
        shown = message.model_dump(exclude_none=True)
        self.record.add("FUNCTION_CALL_RESPONSE", "TOOL", metadata=shown)
        return [Mirror(shown), *self._spoken_answers(answered)]

    def _spoken_answers(self, answers: list[Message | str]) -> Effects:
        """Tool calls to send, and texts to say."""
        out: Effects = []
        for answer in answers:
            if isinstance(answer, str):
                out += self._floor.say(answer, from_text=False)
            else:
                out.append(Send(answer))
        return out

    def _encoded_sound(self, data: str, now: float) -> Effects:
        try:
            sound = base64.b64decode(data, validate=True)
        except ValueError as error:  # also what is not even ASCII
            raise ClientError("E0101", "invalid_request", f"data: {error}") from error
        return self._sound(sound, now)

    def _sound(self, data: bytes, now: float) -> Effects:
        try:
            pcm = self._decoder.feed(data)
        except UndecodableAudio as error:
            if now < self._complained_at + _COMPLAINT_EVERY:
                return []
            self._complained_at = now
            return [self._error("I0116", "transcription_failure", str(error))]
        self._sound_at = now
        return [Hear(pcm)]

    def _on_heard(self, event: Heard, now: float) -> Effects:
        if event.kind == "onset":
            self._utterance = event.utterance
            self._timers.user_active(now)
            return []
        if event.kind == "lasting":
            self._floor.listening = True
            self._contesting = event.utterance
            return self._contest(event, now)
        if event.kind == "interim":
            shown = [self._user(event, interim=True)] if self._options.verbose else []
            return [*shown, *self._contest(event, now)]
        out = self._contest(event, now, over=True)
        if event.utterance == self._utterance:
            self._utterance, self._floor.listening = 0, False
        return [*out, *(self._said(event, now) if event.kind == "final" else [])]

    def _contest(self, event: Heard, now: float, *, over: bool = False) -> Effects:
        """Ask whether the utterance interrupts, while that is open and something sounds.

        Of one that has not lasted only a stop word does: "stop" may be shorter than that.
        """
        lasted = event.utterance == self._contesting
        if not lasted and event.utterance != self._utterance:
            return []
        words = self._words(event)
        paused = event.silence >= _PAUSE_MS and not dangles(words)
        said = Utterance(words, event.end - event.begin, over=over, paused=paused)
        audible = self._floor.audible(now)
        yields = audible and self._yields(said, now, lasted=lasted)
        if lasted and (over or yields):
            self._contesting = 0
        return self._interrupted(now) if yields else []

    def _yields(self, said: Utterance, now: float, *, lasted: bool) -> bool:
        if self.by_sound:
            return lasted
        verdict = decide(said, self._moment(now), self._addressee)
        return verdict == "stop" or (lasted and verdict == "yield")

    def _moment(self, now: float) -> Moment:
        """What the conversation looks like, as far as the client has told."""
        known = situation(self.settings.context, started=False)
        return Moment(
            running=known.running,
            approval_phrase=known.phrase,
            question=bool(known.pending) and not known.phrase,
            content_heard=self._floor.content_heard(now),
            playing=self._floor.recent(now),
        )

    def _interrupted(self, now: float) -> Effects:
        self.record.add("USER_INTERRUPTION", "USER")
        cut, *late = self._floor.interrupt(now, self._options.late_chunks)
        return [cut, Send(messages.user_interruption(int(time.time() * 1000))), *late]

    def _said(self, event: Heard, now: float) -> Effects:
        message = self._user(event, interim=False)
        text = message.message["message"]["content"]
        self.record.add("USER_MESSAGE", "USER", text)
        playing = self._floor.recent(now)
        answers = self._answering.asked(text, now, playing) if self._is_meant(text, playing) else []
        return [message, *self._spoken_answers(answers)]

    def _is_meant(self, text: str, playing: str) -> bool:
        """Whether the assistant may answer: words for somebody else get no answer at all."""
        known = situation(self.settings.context, started=False)
        if known.pending or known.dictating or not is_free(text):
            return True
        who = self._addressee.of(text, playing)
        if self.settings.attention is None:
            return not who.elsewhere
        meant = who.at_work if known.running else who.idle
        return meant or (known.asked and not who.elsewhere)

    def _words(self, event: Heard) -> str:
        """The likeliest words of what was heard."""
        now = situation(self.settings.context, started=False)
        if now.dictating:
            return choose_dictated(event.text, event.readings)
        chosen = choose(event.text, event.readings, awaited=bool(now.pending))
        return correct(chosen, self.settings.vocabulary)

    def _user(self, event: Heard, *, interim: bool) -> Send:
        text = self._words(event)
        return Send(
            messages.user_message(
                text,
                interim=interim,
                begin=event.begin,
                end=event.end,
                from_text=False,
                raw=event.text,
                alternatives=tuple(r for r in dict.fromkeys(event.readings) if r != text),
            )
        )

    def _on_lost(self, event: SpeechLost) -> Effects:
        self._utterance, self._floor.listening = 0, False
        self._floor.lost(mute=event.final)
        slug = "speech_unavailable" if event.final else "speech_restarting"
        return [self._error("I0100", slug, f"Hearing and speaking broke off: {event.reason}.")]

    def _on_timer(self, now: float) -> Effects:
        due = self._timers.due(now)
        if due is None:
            return []
        if due == "closing":
            return [Close(1000, f"{self._timers.reason}_timeout")]
        events = self._config.event_messages
        warning = (
            events.on_inactivity_timeout if due == "inactivity" else events.on_max_duration_timeout
        )
        if not (warning.enabled and warning.text):
            return [Close(1000, f"{due}_timeout")]
        self._timers.warn(now)
        return self._floor.say(warning.text, from_text=False)

    @staticmethod
    def _error(code: str, slug: str, text: str) -> Effect:
        return Send(messages.error(code, slug, text))
