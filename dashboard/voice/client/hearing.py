"""What the person says, from the first sound of it to what it means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agent.record.events import Heard, Source
from dashboard.voice.client import records
from dashboard.voice.client.addressee_detection import AddresseeDetector, likeliest
from dashboard.voice.client.voice_settings import VoiceSettings
from dashboard.voice.intents import Moment, classify, is_echo, is_stop, words_of

if TYPE_CHECKING:
    from agent.clock import Clock
    from agent.record.log import EventLog
    from dashboard.voice.client.dispatcher import Dispatcher
    from dashboard.voice.client.lanes import Lanes
    from dashboard.voice.client.narrator import Narrator

_UNNOTICED = 2.0
"""Seconds before a transcript at which its sound may have begun, if the page told no onset."""


_WONDERS = 120.0
"""Seconds between two questions whether words were meant for the agent."""


class Hearing:
    """Follows each utterance: holds at its onset, stops at a stop word, acts on the whole.

    Args:
        addressee: What can be named, where our own recogniser listens; None with Hume's.
    """

    def __init__(
        self,
        log: EventLog,
        dispatcher: Dispatcher,
        narrator: Narrator,
        lanes: Lanes,
        clock: Clock,
        addressee: AddresseeDetector | None,
    ) -> None:
        self.voice_settings = VoiceSettings()
        self._log = log
        self._dispatcher = dispatcher
        self._narrator = narrator
        self._lanes = lanes
        self._clock = clock
        self._addressee = addressee
        self._utterance = self._words = ""
        self._onset: float | None = None
        self._sounding = False
        self._wondered = float("-inf")

    def lost(self) -> None:
        """The line is down: what was begun will not be finished."""
        self._utterance = ""

    def typed(self, text: str) -> None:
        """A typed sentence is equal to a spoken one, but needs no front desk."""
        self._final({"content": text}, "typed", {})

    def speech(self, event: dict[str, Any]) -> None:
        """The page hears a voice begin or end."""
        self._sounding = bool(event.get("on"))
        if not event.get("on"):
            self._fell_silent(float(event.get("late") or 0))
            return
        late = float(event.get("late") or 0)
        self._onset = self._clock.now() - late / 1000
        self._lanes.onset(late, event.get("t"))
        self._narrator.person_speaks(True)
        if self._dispatcher.hold.begin():
            self._lanes.reached("onset_to_hold")

    def _fell_silent(self, late_ms: float) -> None:
        self._lanes.silence(late_ms)
        if self._utterance and self._dispatcher.harmless(self._words, self._began):
            self._dispatcher.hold.let_go("it was nothing to wait for")
        else:
            self._dispatcher.hold.sound_ended(words=bool(self._utterance))
        if not self._utterance:
            self._narrator.person_speaks(False)

    def duck(self, event: dict[str, Any]) -> None:
        """The page lowered the loudspeaker."""
        if event.get("on"):
            self._lanes.ducked(event.get("t"))

    @property
    def _began(self) -> float:
        """When the utterance began, or may have, if the page did not notice its onset."""
        return self._clock.now() - _UNNOTICED if self._onset is None else self._onset

    def message(self, event: dict[str, Any]) -> None:
        """A transcript came, of an utterance that goes on or that is over."""
        message = event.get("message") or {}
        if event.get("interim"):
            self._interim(str(message.get("content") or ""))
        else:
            self._final(message, "typed" if event.get("from_text") else "voice", event)

    def _interim(self, text: str) -> None:
        if not self._utterance:
            self._utterance = self._new_name()
        self._words = text
        self._log.append(Heard(utterance_id=self._utterance, text=text, interim=True))
        if is_stop(text):
            self._dispatcher.stop_once(self._utterance, "voice", "stop word")
        elif self._dispatcher.overhears(text, self._began) or self._was_harmless(text):
            self._dispatcher.hold.let_go("it was not said to the agent")
        else:
            self._dispatcher.hold.words_came()

    def _was_harmless(self, text: str) -> bool:
        """Whether the sound is over, and the words that come late are no reason to hold."""
        return not self._sounding and self._dispatcher.harmless(text, self._began)

    def _final(self, message: dict[str, Any], source: Source, event: dict[str, Any]) -> None:
        text = self._read(str(message.get("content") or ""), event)
        moment = self._dispatcher.moment(source, self._began)
        utterance = self._name_final(source)
        if source == "voice":
            self._lanes.transcript(utterance)
        self._lanes.utterance(utterance)
        meaning = classify(text, moment)
        keep = self.voice_settings.keep_expressions or self.voice_settings.tell_expressions
        self._log.append(records.heard(utterance, text, source, event, keep=keep))
        self._log.append(records.understood(utterance, meaning))
        self._dispatcher.sounds = self._sounds(event)
        self._narrator.person_speaks(False)
        self._dispatcher.act(meaning, text, utterance, source)
        if (
            meaning == "noise"
            and not self._dispatcher.running
            and not is_echo(text, moment.playing)
        ):
            self._wonder(text)

    def _wonder(self, text: str) -> None:
        """Say once in a while that words were heard which asked for nothing.

        A person who meant the agent learns how to say so; a television is not answered
        sentence by sentence.
        """
        now = self._clock.now()
        if len(words_of(text)) < 2 or now < self._wondered + _WONDERS:
            return
        self._wondered = now
        said = " ".join(words_of(text)[:8])
        self._narrator.offer(f"I heard: {said}. If you meant me, begin with: computer.", "answer")

    def _name_final(self, source: Source) -> str:
        """The id of a final utterance: a typed one leaves what is being spoken alone."""
        spoken = self._utterance if source == "voice" else ""
        if source == "voice":
            self._utterance, self._onset = "", None
        return spoken or self._new_name()

    def _new_name(self) -> str:
        """Unique in the session: who names an utterance writes it into the log next."""
        return f"u{len(self._log)}"

    def _read(self, text: str, event: dict[str, Any]) -> str:
        """The transcript, or what the offline recogniser may have heard as well, if that is apt."""
        if self._addressee is None or classify(text, Moment()) != "task":
            return text
        better = likeliest(text, [str(reading) for reading in event.get("alternatives") or ()])
        self._dispatcher.readings = {text: better}
        return better

    def _sounds(self, event: dict[str, Any]) -> str:
        """How the person sounded, in words for the agent, if that is wanted."""
        names = records.strongest(event) if self.voice_settings.tell_expressions else {}
        return f"The person's voice: {', '.join(names).lower()}." if names else ""
