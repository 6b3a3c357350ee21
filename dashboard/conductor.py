"""Voice and session brought together: utterances to control, the log to narration.

One conductor per session. It outlives pages: a page's voice widget is a *line* that is
attached while the page lives; the newest line speaks and listens, an older one is asked
to close. The only room that knows both the voice and the agent.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from agent.clock import Clock, MonotonicClock
from agent.errors import SaysoError
from agent.events import (
    ApprovalAsked,
    Event,
    Failed,
    Heard,
    QuestionAsked,
    SettingChanged,
    Source,
    VoiceChanged,
)
from dashboard.voice import records
from dashboard.voice.addressing import Addressing, likeliest
from dashboard.voice.biasing import Biasing
from dashboard.voice.desk import CONTEXT_CHANGES, Desk
from dashboard.voice.evi.tools import tool_definitions
from dashboard.voice.intents import Moment, classify, is_stop
from dashboard.voice.lanes import Lanes
from dashboard.voice.manner import Manner, changed, manner_of
from dashboard.voice.narration import Narration
from dashboard.voice.narrator import Narrator
from dashboard.voice.timers import Timers
from dashboard.voice.toolcalls import ToolCalls
from dashboard.voice.troubles import trouble

if TYPE_CHECKING:
    from agent.session import Session
    from dashboard.voice.evi import Voice


class Line(Protocol):
    """A page's voice widget."""

    def post(self, message: dict[str, Any]) -> None:
        """Send one message of the widget's protocol."""
        ...


_UNNOTICED = 2.0
"""Seconds before a transcript at which its sound may have begun, if the page told no onset."""
_LINE_UP = ("ready", "muted", "asleep")
"""States of the page's voice in which what is said to the person sounds."""


class Conductor:
    """Lets one session be talked to."""

    def __init__(self, session: Session, voice: Voice, *, clock: Clock | None = None) -> None:
        clock = clock or MonotonicClock()
        self._log = session.log
        self._voice = voice
        self._line: Line | None = None
        self._ready = False
        self._numbers = itertools.count(1)
        self._utterances = itertools.count(len(session.log.of(Heard)) + 1)
        self._utterance = self._words = ""
        self._onset: float | None = None
        self._sounding = False
        self._clock = clock
        self._timers = Timers()
        self._tasks: set[asyncio.Task[None]] = set()
        offline = voice.provider == "offline"
        self._addressing = Addressing() if offline else None
        self._biasing = Biasing(session.desktop, self._bias) if offline else None
        self.narrator = Narrator(self._speak, session.log.append, clock=clock)
        self.desk = Desk(session, self.narrator, self._addressing)
        self._narration = Narration(self.narrator, self.desk.holds)
        self._lanes = Lanes(session.log.append, clock)
        self.manner = Manner()
        self._behave(manner_of(session.log))
        self._tools = ToolCalls(self.desk)
        self._unsubscribe = session.log.subscribe(self._see)

    # Pages -----------------------------------------------------------------------------

    def attach(self, line: Line) -> None:
        """A page's widget is there; it becomes the line at the latest when it is started."""
        if self._line is None:
            self._line = line

    def detach(self, line: Line) -> None:
        """A page is gone; the work goes on without a voice."""
        if self._line is line:
            self._line = None
            self._lost("the page is gone")

    async def close(self) -> None:
        """End, with timers and tasks."""
        self._unsubscribe()
        self._timers.cancel_all()
        self.desk.hold.close()
        self._narration.close()
        if self._biasing is not None:
            await self._biasing.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def change(self, name: str, value: Any) -> None:
        """Set one of the voice's switches (`Manner`), also while somebody talks.

        Raises:
            BadInput: there is no such switch, or no such position.
        """
        position = getattr(changed(self.manner, name, value), name)
        self._log.append(SettingChanged(name=f"voice.{name}", value=position))

    def set_relay(self, relay: bool) -> None:
        """Relay mode: EVI is paused and every final utterance goes straight to the agent."""
        self.change("mode", "relay" if relay else "tool")

    def typed(self, text: str) -> None:
        """A typed sentence is equal to a spoken one, but needs no front desk."""
        if text.strip():
            self._final({"content": text.strip()}, "typed", {})

    def handle(self, events: list[dict[str, Any]], line: Line) -> None:
        """A batch of the widget's events, in order; unknown types are ignored."""
        for event in events:
            handler = self._handlers.get(str(event.get("type")))
            if handler is not None:
                handler(self, event, line)

    # The voice line ----------------------------------------------------------------------

    def _on_need_ticket(self, event: dict[str, Any], line: Line) -> None:
        if self._line is not None and self._line is not line:
            self._post({"type": "command", "name": "close", "reason": "another page took over"})
        self._line = line
        self._start(self._give_ticket(line, fresh=event.get("reason") not in (None, "start")))

    async def _give_ticket(self, line: Line, *, fresh: bool) -> None:
        try:
            ticket = await self._voice.ticket(fresh=fresh, relay=self.desk.relay)
        except SaysoError as error:
            self._log.append(Failed(where="voice", error=str(error)))
            line.post(self._numbered({"type": "ticket_refused", "message": str(error)}))
            return
        line.post(self._numbered(ticket.message()))

    def _on_state(self, event: dict[str, Any], line: Line) -> None:
        if line is not self._line:
            return
        error = event.get("error") or {}
        self._log.append(
            VoiceChanged.model_validate(
                {
                    "state": event.get("state", "off"),
                    "provider": self._voice.provider,
                    "chat_id": str(event.get("chat_id") or ""),
                    "detail": " ".join(filter(None, [error.get("message"), error.get("advice")])),
                }
            )
        )
        if event.get("state") in _LINE_UP:
            self._ready = True
            self.narrator.voice_back()
        else:
            comes_back = event.get("state") == "reconnecting"
            self._lost("the voice line is down", comes_back=comes_back)

    def _lost(self, why: str, *, comes_back: bool = False) -> None:
        self._ready = False
        self._utterance = ""
        self.narrator.voice_lost(comes_back=comes_back)
        self.narrator.person_speaks(False)
        self.desk.hold.let_go(why)

    def _on_metadata(self, event: dict[str, Any], line: Line) -> None:
        self._ready = True
        if self.desk.relay:
            self._evi({"type": "pause_assistant_message"})
        self._send_context()
        if self._biasing is not None:
            self._biasing.refresh(forget=True)
        self._arrange_tick()

    def _on_error(self, event: dict[str, Any], line: Line) -> None:
        self._log.append(trouble(event))

    # The person speaks -------------------------------------------------------------------

    def _on_speech(self, event: dict[str, Any], line: Line) -> None:
        self._sounding = bool(event.get("on"))
        if not event.get("on"):
            self._fell_silent(float(event.get("late") or 0))
            return
        late = float(event.get("late") or 0)
        self._onset = self._clock.now() - late / 1000
        self._lanes.onset(late, event.get("t"))
        self.narrator.person_speaks(True)
        if self.desk.hold.begin():
            self._lanes.reached("onset_to_hold")

    def _fell_silent(self, late_ms: float) -> None:
        self._lanes.silence(late_ms)
        if self._utterance and self.desk.harmless(self._words, self._began):
            self.desk.hold.let_go("it was nothing to wait for")
        else:
            self.desk.hold.sound_ended(words=bool(self._utterance))
        if not self._utterance:
            self.narrator.person_speaks(False)
            self._arrange_tick()

    def _on_duck(self, event: dict[str, Any], line: Line) -> None:
        if event.get("on"):
            self._lanes.ducked(event.get("t"))

    @property
    def _began(self) -> float:
        """When the utterance began, or may have, if the page did not notice its onset."""
        return self._clock.now() - _UNNOTICED if self._onset is None else self._onset

    def _on_user_message(self, event: dict[str, Any], line: Line) -> None:
        message = event.get("message") or {}
        if event.get("interim"):
            self._interim(str(message.get("content") or ""))
        else:
            self._final(message, "typed" if event.get("from_text") else "voice", event)

    def _interim(self, text: str) -> None:
        if not self._utterance:
            self._utterance = f"u{next(self._utterances)}"
        self._words = text
        self._log.append(Heard(utterance_id=self._utterance, text=text, interim=True))
        if is_stop(text):
            self.desk.stop_once(self._utterance, "voice", "stop word")
        elif self.desk.overhears(text, self._began) or self._was_harmless(text):
            self.desk.hold.let_go("it was not said to the agent")
        else:
            self.desk.hold.words_came()

    def _was_harmless(self, text: str) -> bool:
        """Whether the sound is over, and the words that come late are no reason to hold."""
        return not self._sounding and self.desk.harmless(text, self._began)

    def _final(self, message: dict[str, Any], source: Source, event: dict[str, Any]) -> None:
        text = self._read(str(message.get("content") or ""), event)
        moment = self.desk.moment(source, self._began)
        utterance = self._name_final(source)
        self._lanes.transcript(utterance)
        self._lanes.utterance(utterance)
        meaning = classify(text, moment)
        keep = self.manner.keep_expressions or self.manner.tell_expressions
        self._log.append(records.heard(utterance, text, source, event, keep=keep))
        self._log.append(records.understood(utterance, meaning))
        self.desk.sounds = self._sounds(event)
        self.narrator.person_speaks(False)
        self.desk.act(meaning, text, utterance, source)
        self._arrange_tick()

    def _name_final(self, source: Source) -> str:
        """The id of a final utterance: a typed one leaves what is being spoken alone."""
        spoken = self._utterance if source == "voice" else ""
        if source == "voice":
            self._utterance, self._onset = "", None
        return spoken or f"u{next(self._utterances)}"

    def _read(self, text: str, event: dict[str, Any]) -> str:
        """The transcript, or what the offline recogniser may have heard as well, if that is apt."""
        if self._addressing is None or classify(text, Moment()) != "task":
            return text
        better = likeliest(text, [str(reading) for reading in event.get("alternatives") or ()])
        self.desk.readings = {text: better}
        return better

    def _sounds(self, event: dict[str, Any]) -> str:
        """How the person sounded, in words for the agent, if that is wanted."""
        names = records.strongest(event) if self.manner.tell_expressions else {}
        return f"The person's voice: {', '.join(names).lower()}." if names else ""

    # EVI speaks ----------------------------------------------------------------------------

    def _on_tool_call(self, event: dict[str, Any], line: Line) -> None:
        self._evi(self._tools.handle(event))

    def _on_assistant_message(self, event: dict[str, Any], line: Line) -> None:
        text = str((event.get("message") or {}).get("content") or "")
        from_text = bool(event.get("from_text"))
        self.narrator.assistant_message(str(event.get("id") or ""), text, from_text=from_text)

    def _on_assistant_end(self, event: dict[str, Any], line: Line) -> None:
        self.narrator.assistant_end()
        self._arrange_tick()

    def _on_interruption(self, event: dict[str, Any], line: Line) -> None:
        self._lanes.reached("onset_to_interruption")
        self.narrator.interrupted()
        self._arrange_tick()

    def _on_play(self, event: dict[str, Any], line: Line) -> None:
        state = str(event.get("state"))
        if state == "started":
            self._lanes.reached("utterance_to_sound")
        total = float(event.get("duration") or 0) * float(event.get("rate") or 0)
        share = min(1.0, float(event.get("samples") or 0) / total) if total else 0.0
        self.narrator.played(str(event.get("id")), state, share)
        self._arrange_tick()

    _handlers: dict[str, Callable[[Conductor, dict[str, Any], Line], None]] = {  # noqa: RUF012
        "local.need_ticket": _on_need_ticket,
        "local.state": _on_state,
        "local.speech": _on_speech,
        "local.duck": _on_duck,
        "local.play": _on_play,
        "chat_metadata": _on_metadata,
        "user_message": _on_user_message,
        "assistant_message": _on_assistant_message,
        "assistant_end": _on_assistant_end,
        "user_interruption": _on_interruption,
        "tool_call": _on_tool_call,
        "error": _on_error,
    }

    # The log grows ---------------------------------------------------------------------------

    def _see(self, event: Event) -> None:
        self.desk.see(event)
        self._narration.see(event)
        self._lanes.see(event)
        if self._biasing is not None and self._ready:
            self._biasing.see(event)
        if isinstance(event, SettingChanged):
            self._behave(manner_of([event], self.manner))
        if isinstance(event, ApprovalAsked | QuestionAsked):
            self._post({"type": "command", "name": "chime", "sound": "question"})
        if isinstance(event, CONTEXT_CHANGES):
            self._send_context()
        self._arrange_tick()

    # Sending -----------------------------------------------------------------------------------

    def _speak(self, text: str) -> bool:
        if self._line is None or not self._ready:
            return False
        self._evi({"type": "assistant_input", "text": text})
        return True

    def _send_context(self) -> None:
        """Tell EVI's model what runs and what waits, so that it need not invent it."""
        context = {"text": self.desk.context(), "type": "persistent"}
        self._evi({"type": "session_settings", "context": context})

    def _bias(self, phrases: Sequence[str]) -> None:
        """Tell the offline recogniser what can be said, and ourselves what can be named."""
        if self._addressing is not None:
            self._addressing.learn(phrases)
        self._evi({"type": "session_settings", "metadata": {"vocabulary": list(phrases)}})

    def _behave(self, manner: Manner) -> None:
        """Follow the switches; EVI is told where it is concerned."""
        before, self.manner = self.manner, manner
        self.desk.relay = manner.mode == "relay"
        self._narration.follow(manner.narration)
        if before.mode != manner.mode:
            tools = [] if self.desk.relay else tool_definitions()
            self._evi({"type": "session_settings", "tools": tools})
            kind = "pause_assistant_message" if self.desk.relay else "resume_assistant_message"
            self._evi({"type": kind})

    def _evi(self, message: dict[str, Any]) -> None:
        if self._ready:
            self._post({"type": "evi", "message": message})

    def _post(self, message: dict[str, Any]) -> None:
        if self._line is not None:
            self._line.post(self._numbered(message))

    def _numbered(self, message: dict[str, Any]) -> dict[str, Any]:
        return {"id": next(self._numbers), **message}

    # Time ----------------------------------------------------------------------------------------

    def _arrange_tick(self) -> None:
        due = self.narrator.due_in
        if due is None:
            self._timers.cancel("tick")
        else:
            self._timers.after("tick", due, self._tick)

    def _tick(self) -> None:
        self.narrator.tick()
        self._arrange_tick()

    def _start(self, coroutine: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
