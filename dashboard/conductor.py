"""Voice and session brought together: utterances to control, the log to narration.

One conductor per session. It outlives pages: a page's voice widget is a *line* that is
attached while the page lives; the newest line speaks and listens, an older one is asked
to close. The only room that knows both the voice and the agent.
"""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Protocol

from agent.clock import Clock, MonotonicClock
from agent.errors import SaysoError
from agent.events import (
    ApprovalAsked,
    ApprovalDecided,
    Event,
    Failed,
    Heard,
    QuestionAnswered,
    QuestionAsked,
    Source,
    TaskFinished,
    TaskStarted,
    Understood,
    VoiceChanged,
)
from dashboard.voice.desk import Desk
from dashboard.voice.intents import Meaning, classify, is_stop
from dashboard.voice.lanes import Lanes
from dashboard.voice.narration import Narration
from dashboard.voice.narrator import Narrator
from dashboard.voice.timers import Timers
from dashboard.voice.toolcalls import ToolCalls

if TYPE_CHECKING:
    from agent.session import Session

    from dashboard.voice.evi import Voice


class Line(Protocol):
    """A page's voice widget."""

    def post(self, message: dict[str, Any]) -> None:
        """Send one message of the widget's protocol."""
        ...


_CONTEXT_CHANGES = (
    TaskStarted,
    TaskFinished,
    ApprovalAsked,
    ApprovalDecided,
    QuestionAsked,
    QuestionAnswered,
)
"""Events after which EVI's model must be told anew what runs and what waits."""

_LOGGED: dict[Meaning, str] = {
    "scratch": "stop",
    "start_over": "redirect",
    "allow": "approval",
    "deny": "approval",
    "unclear_approval": "approval",
    "answer": "approval",
}
"""Meanings that the log knows by a wider name."""


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
        self._utterance = ""
        self._timers = Timers()
        self._tasks: set[asyncio.Task[None]] = set()
        self.narrator = Narrator(self._speak, session.log.append, clock=clock)
        self.desk = Desk(session, self.narrator)
        self._narration = Narration(self.narrator)
        self._lanes = Lanes(session.log.append, clock)
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
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def set_relay(self, relay: bool) -> None:
        """Relay mode: EVI is paused and every final utterance goes straight to the agent."""
        self.desk.relay = relay
        kind = "pause_assistant_message" if relay else "resume_assistant_message"
        self._evi({"type": kind})

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
        if event.get("state") in ("ready", "muted"):
            self._ready = True
        else:
            self._lost("the voice line is down")

    def _lost(self, why: str) -> None:
        self._ready = False
        self._utterance = ""
        self.narrator.voice_lost()
        self.narrator.person_speaks(False)
        self.desk.hold.let_go(why)

    def _on_metadata(self, event: dict[str, Any], line: Line) -> None:
        self._ready = True
        if self.desk.relay:
            self._evi({"type": "pause_assistant_message"})
        self._send_context()
        self._arrange_tick()

    def _on_error(self, event: dict[str, Any], line: Line) -> None:
        words = f"The voice service says: {event.get('slug')}: {event.get('message')}"
        self._log.append(Failed(where="voice", error=words))

    # The person speaks -------------------------------------------------------------------

    def _on_speech(self, event: dict[str, Any], line: Line) -> None:
        if not event.get("on"):
            self.desk.hold.sound_ended(words=bool(self._utterance))
            if not self._utterance:
                self.narrator.person_speaks(False)
                self._arrange_tick()
            return
        self._lanes.onset()
        self.narrator.person_speaks(True)
        if self.desk.hold.begin():
            self._lanes.reached("onset_to_hold")

    def _on_user_message(self, event: dict[str, Any], line: Line) -> None:
        message = event.get("message") or {}
        if event.get("interim"):
            self._interim(str(message.get("content") or ""))
        else:
            self._final(message, "typed" if event.get("from_text") else "voice", event)

    def _interim(self, text: str) -> None:
        if not self._utterance:
            self._utterance = f"u{next(self._utterances)}"
        self._log.append(Heard(utterance_id=self._utterance, text=text, interim=True))
        if is_stop(text):
            self.desk.stop_once(self._utterance, "voice", "stop word")
        else:
            self.desk.hold.words_came()

    def _final(self, message: dict[str, Any], source: Source, event: dict[str, Any]) -> None:
        text = str(message.get("content") or "")
        utterance = self._utterance or f"u{next(self._utterances)}"
        self._utterance = ""
        self._lanes.utterance(utterance)
        meaning = classify(text, self.desk.moment(source))
        time = event.get("time") or {}
        scores = ((event.get("models") or {}).get("prosody") or {}).get("scores") or {}
        self._log.append(
            Heard(
                utterance_id=utterance,
                text=text,
                source=source,
                begin_ms=time.get("begin"),
                end_ms=time.get("end"),
                expressions=scores,
            )
        )
        verdict = {"utterance_id": utterance, "meaning": _LOGGED.get(meaning, meaning)}
        self._log.append(Understood.model_validate(verdict))
        self.narrator.person_speaks(False)
        self.desk.act(meaning, text, utterance, source)
        self._arrange_tick()

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
        if isinstance(event, ApprovalAsked | QuestionAsked):
            self._post({"type": "command", "name": "chime", "sound": "question"})
        if isinstance(event, _CONTEXT_CHANGES):
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
        context: dict[str, Any] = {"task": self.desk.task or None}
        if self.desk.approval is not None:
            asked = self.desk.approval
            context["question"] = {
                "id": asked.approval_id,
                "text": asked.question,
                "phrase": asked.phrase,
            }
        elif self.desk.question is not None:
            asked_for = self.desk.question
            context["question"] = {"id": asked_for.question_id, "text": asked_for.text}
        text = json.dumps(context)
        self._evi({"type": "session_settings", "context": {"text": text, "type": "persistent"}})

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
