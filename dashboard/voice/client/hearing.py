"""What the person says, from the first sound of it to what it means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agent.record.events import Heard, Source, Understood
from dashboard.voice.client import records
from dashboard.voice.client.readings import Reader, Reading
from dashboard.voice.client.timers import Timers
from dashboard.voice.client.unfinished import Unfinished
from dashboard.voice.client.voice_settings import VoiceSettings
from dashboard.voice.intents import FREE, Moment

if TYPE_CHECKING:
    from agent.clock import Clock
    from agent.record.log import EventLog
    from dashboard.voice.client.dispatcher import Dispatcher
    from dashboard.voice.client.lanes import Lanes
    from dashboard.voice.client.narrator import Narrator

SETTLED = 0.5
"""Seconds without another word after which words that stop, and may begin a sentence, do stop."""
_UNNOTICED = 2.0
"""Seconds before a transcript at which its sound may have begun, if the page told no onset."""


class Hearing:
    """Follows each utterance: holds at its onset, stops at a stop word, acts on the whole.

    Args:
        waits: whether a voice command that lacks its end waits for it.
    """

    def __init__(
        self,
        log: EventLog,
        dispatcher: Dispatcher,
        narrator: Narrator,
        lanes: Lanes,
        clock: Clock,
        reader: Reader,
        *,
        waits: bool = False,
    ) -> None:
        self.voice_settings = VoiceSettings()
        self._log = log
        self._dispatcher = dispatcher
        self._narrator = narrator
        self._lanes = lanes
        self._clock = clock
        self._reader = reader
        self._spoken: Reading | None = None
        """The last transcript of the utterance that goes on."""
        self._onset: float | None = None
        self._sounding = False
        self._unfinished = Unfinished(clock, dispatcher.pass_on) if waits else None
        self._timers = Timers()

    def close(self) -> None:
        """Forget what waits for its rest."""
        self._timers.cancel_all()
        if self._unfinished is not None:
            self._unfinished.forget()

    def lost(self) -> None:
        """The line is down: what was begun will not be finished."""
        self._spoken = None
        self._timers.cancel_all()

    def typed(self, text: str) -> None:
        """A typed sentence is equal to a spoken one, but needs no front desk."""
        self._final({"content": text}, "typed", {})

    def speech(self, event: dict[str, Any]) -> None:
        """The page hears a voice begin or end."""
        self._sounding = bool(event.get("on"))
        if self._unfinished is not None:
            self._unfinished.sound(on=self._sounding)
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
        if self._spoken is not None and self._spoken.harmless:
            self._dispatcher.hold.let_go("it was nothing to wait for")
        else:
            self._dispatcher.hold.sound_ended(words=self._spoken is not None)
        if self._spoken is None:
            self._narrator.person_speaks(False)

    def duck(self, event: dict[str, Any]) -> None:
        """The page lowered the loudspeaker."""
        if event.get("on"):
            self._lanes.ducked(event.get("t"))

    @property
    def has_words(self) -> bool:
        """Whether the utterance that goes on, or has just fallen silent, has words so far."""
        return self._spoken is not None

    def moment(self, source: Source = "voice") -> Moment:
        """What the conversation looks like now, for reading the utterance that goes on.

        It may have begun a little earlier than now if the page did not notice its onset.
        """
        began = self._clock.now() - _UNNOTICED if self._onset is None else self._onset
        return self._dispatcher.moment(source, began, noticed=self._onset is not None)

    def message(self, event: dict[str, Any]) -> None:
        """A transcript came, of an utterance that goes on or that is over."""
        message = event.get("message") or {}
        if event.get("interim"):
            self._interim(str(message.get("content") or ""))
        else:
            self._final(message, "typed" if event.get("from_text") else "voice", event)

    def _interim(self, text: str) -> None:
        utterance = self._spoken.utterance if self._spoken is not None else self._new_name()
        self._log.append(Heard(utterance_id=utterance, text=text, interim=True))
        moment = self.moment()
        self._spoken = reading = self._reader.read(text, moment, utterance, interim=True)
        self._timers.cancel_all()
        if reading.stops:
            self._stop(utterance)
        elif reading.meaning == "stop":
            self._timers.after("settled", SETTLED, lambda: self._stop(utterance))
            self._dispatcher.hold.words_came()
        elif reading.overheard or (not self._sounding and reading.harmless):
            self._dispatcher.hold.let_go("it was not said to the agent")
        else:
            self._dispatcher.hold.words_came()

    def _stop(self, utterance: str) -> None:
        self.close()
        self._dispatcher.stop_once(utterance, "voice", "stop word")

    def _final(self, message: dict[str, Any], source: Source, event: dict[str, Any]) -> None:
        heard = str(message.get("content") or "")
        whole = self._whole(heard) if source == "voice" else ""
        reading = self._read(heard, source, event, whole)
        if source == "voice":
            self._timers.cancel_all()
            self._lanes.transcript(reading.utterance)
        self._lanes.utterance(reading.utterance)
        keep = self.voice_settings.keep_expressions or self.voice_settings.tell_expressions
        self._log.append(records.heard(reading, event, keep=keep))
        self._log.append(records.understood(reading))
        self._narrator.person_speaks(False)
        kept = self._unfinished is not None and self._unfinished.keeps(reading)
        if kept and reading.meaning in FREE:
            self._dispatcher.keep_back()
        elif whole:
            self._dispatcher.pass_on(reading)
        else:
            self._dispatcher.act(reading)

    def _whole(self, heard: str) -> str:
        """A command that waited, with its rest; nothing if none did, or the rest is none."""
        return self._unfinished.whole(heard) if self._unfinished is not None else ""

    def _read(self, heard: str, source: Source, event: dict[str, Any], whole: str = "") -> Reading:
        alternatives = [str(other) for other in event.get("alternatives") or ()]
        moment = self.moment(source)
        text = heard if moment.dictating else self._reader.likeliest(heard, alternatives)
        text = whole or text
        name, sounds = self._name_final(source), self._sounds(event)
        return self._reader.read(heard, moment, name, text=text, sounds=sounds)

    def meant(self, utterance: str) -> None:
        """Words that were passed over were for the agent: act on them now, as on typed ones."""
        heard = [e for e in self._log.of(Heard) if e.utterance_id == utterance and not e.interim]
        understood = [e for e in self._log.of(Understood) if e.utterance_id == utterance]
        if not heard or not understood or understood[-1].meaning != "noise":
            return
        reading = self._reader.read(heard[-1].text, self.moment("typed"), utterance)
        self._log.append(records.understood(reading, detail="the person said that it was"))
        self._dispatcher.act(reading)

    def _name_final(self, source: Source) -> str:
        """The id of a final utterance: a typed one leaves what is being spoken alone."""
        if source != "voice" or self._spoken is None:
            name = self._new_name()
        else:
            name = self._spoken.utterance
        if source == "voice":
            self._spoken = self._onset = None
        return name

    def _new_name(self) -> str:
        """Unique in the session: who names an utterance writes it into the log next."""
        return f"u{len(self._log)}"

    def _sounds(self, event: dict[str, Any]) -> str:
        """How the person sounded, in words for the agent, if that is wanted."""
        names = records.strongest(event) if self.voice_settings.tell_expressions else {}
        return f"The person's voice: {', '.join(names).lower()}." if names else ""
