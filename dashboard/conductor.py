"""Voice and session brought together: utterances to control, the log to narration.

One conductor per session. It outlives pages: a page's voice widget is a *line* that is
attached while the page lives; the newest line speaks and listens, an older one is asked
to close. The only room that knows both the voice and the agent.
"""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Callable
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
from dashboard.voice.describe import picture_of
from dashboard.voice.intents import Meaning, Moment, classify, is_stop
from dashboard.voice.lanes import Lanes
from dashboard.voice.narration import Narration
from dashboard.voice.narrator import Narrator
from dashboard.voice.toolcalls import ToolCalls

if TYPE_CHECKING:
    from agent.session import Session

    from dashboard.voice.evi import Voice

FALSE_HOLD = 0.5
"""Seconds after the end of a sound without any words that prove it was no speech."""
WORDLESS_HOLD = 4.0
"""Seconds to wait for what follows words: a final transcript, then the front desk's call."""


class Line(Protocol):
    """A page's voice widget."""

    def post(self, message: dict[str, Any]) -> None:
        """Send one message of the widget's protocol."""
        ...


_LOGGED_MEANING: dict[Meaning, str] = {
    "scratch": "stop",
    "start_over": "redirect",
    "allow": "approval",
    "deny": "approval",
    "unclear_approval": "approval",
    "answer": "approval",
}


class Conductor:
    """Lets one session be talked to."""

    def __init__(self, session: Session, voice: Voice, *, clock: Clock | None = None) -> None:
        self._session = session
        self._voice = voice
        self._clock: Clock = clock or MonotonicClock()
        self._line: Line | None = None
        self._ready = False
        self.relay = False
        """Relay mode: EVI is paused and every final utterance goes straight to the agent."""
        self._numbers = itertools.count(1)
        self._utterances = itertools.count(1)
        self._utterance = ""
        self._interim = ""
        self._stopped_by = ""
        self._consumed = False
        self._speech_hold = False
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._picture = picture_of(session.log)
        self._approval: ApprovalAsked | None = None
        self._question: QuestionAsked | None = None
        self._last_task = ""
        self.narrator = Narrator(self._speak, session.log.append, clock=self._clock)
        self._narration = Narration(self.narrator)
        self._lanes = Lanes(session.log.append, self._clock)
        self._tools = ToolCalls(self)
        self._unsubscribe = session.log.subscribe(self._see)

    # Lines ------------------------------------------------------------------------

    def attach(self, line: Line) -> None:
        """A page's widget is there; it becomes the line once it is started."""
        if self._line is None:
            self._line = line

    def detach(self, line: Line) -> None:
        """A page is gone; the work goes on without a voice."""
        if self._line is not line:
            return
        self._line = None
        self._ready = False
        self.narrator.voice_lost()
        self._let_go("the page is gone")

    async def close(self) -> None:
        """End: timers and tasks too."""
        self._unsubscribe()
        for timer in self._timers.values():
            timer.cancel()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # What the page does -------------------------------------------------------------

    def typed(self, text: str) -> None:
        """A typed sentence is equal to a spoken one, but needs no front desk."""
        if text.strip():
            self._final(text.strip(), source="typed", begin=None, end=None, expressions={})

    def handle(self, events: list[dict[str, Any]], line: Line) -> None:
        """A batch of the widget's events, in order; unknown types are ignored."""
        for event in events:
            handler = self._handlers.get(str(event.get("type")))
            if handler is not None:
                handler(self, event, line)

    def _on_need_ticket(self, event: dict[str, Any], line: Line) -> None:
        if self._line is not line and self._line is not None:
            self._post({"type": "command", "name": "close", "reason": "another page took over"})
        self._line = line
        fresh = event.get("reason") not in (None, "start")
        self._start(self._give_ticket(line, fresh=fresh))

    async def _give_ticket(self, line: Line, *, fresh: bool) -> None:
        try:
            ticket = await self._voice.ticket(fresh=fresh, relay=self.relay)
        except SaysoError as error:
            self._session.log.append(Failed(where="voice", error=str(error)))
            line.post(self._numbered({"type": "ticket_refused", "message": str(error)}))
            return
        line.post(self._numbered(ticket.message()))

    def _on_state(self, event: dict[str, Any], line: Line) -> None:
        state = str(event.get("state", "off"))
        error = event.get("error") or {}
        detail = " ".join(filter(None, [error.get("message"), error.get("advice")]))
        self._session.log.append(
            VoiceChanged.model_validate(
                {
                    "state": state,
                    "provider": self._voice.provider,
                    "chat_id": str(event.get("chat_id") or ""),
                    "detail": detail,
                }
            )
        )
        self._ready = state in ("ready", "muted")
        if not self._ready:
            self.narrator.voice_lost()
            self._let_go("the voice line is down")

    def _on_metadata(self, event: dict[str, Any], line: Line) -> None:
        self._ready = True
        if self.relay:
            self._evi({"type": "pause_assistant_message"})
        self._send_context()
        self._arrange_tick()

    # What the person does -------------------------------------------------------------

    def _on_speech(self, event: dict[str, Any], line: Line) -> None:
        if event.get("on"):
            self._speech_began()
        else:
            wait = WORDLESS_HOLD if self._interim else FALSE_HOLD
            self._after("hold", wait, lambda: self._let_go("no words came"))
            if not self._interim:
                self.narrator.person_speaks(False)

    def _speech_began(self) -> None:
        self._cancel_timer("hold")
        self._lanes.onset()
        self.narrator.person_speaks(True)
        if self._running and not self._held and not self._speech_hold:
            self._speech_hold = True
            self._session.hold("the person is speaking")
            self._lanes.reached("onset_to_hold")

    def _on_user_message(self, event: dict[str, Any], line: Line) -> None:
        text = str((event.get("message") or {}).get("content") or "")
        if event.get("interim"):
            self._interim_words(text)
            return
        time = event.get("time") or {}
        scores = ((event.get("models") or {}).get("prosody") or {}).get("scores") or {}
        source: Source = "typed" if event.get("from_text") else "voice"
        self._final(
            text, source=source, begin=time.get("begin"), end=time.get("end"), expressions=scores
        )

    def _interim_words(self, text: str) -> None:
        self._interim = text
        self._cancel_timer("hold")
        if not self._utterance:
            self._utterance = f"u{next(self._utterances)}"
        self._session.log.append(Heard(utterance_id=self._utterance, text=text, interim=True))
        if is_stop(text) and self._stopped_by != self._utterance and self._busy:
            self._stopped_by = self._utterance
            self._session.stop("stop word", source="voice")

    def _final(
        self,
        text: str,
        *,
        source: Source,
        begin: int | None,
        end: int | None,
        expressions: dict[str, float],
    ) -> None:
        utterance = self._utterance or f"u{next(self._utterances)}"
        self._utterance, self._interim = "", ""
        self._lanes.utterance(utterance)
        meaning = classify(text, self._moment(source))
        self._session.log.append(
            Heard(
                utterance_id=utterance,
                text=text,
                source=source,
                begin_ms=begin,
                end_ms=end,
                expressions=expressions,
            )
        )
        self._session.log.append(
            Understood.model_validate(
                {"utterance_id": utterance, "meaning": _LOGGED_MEANING.get(meaning, meaning)}
            )
        )
        self.narrator.person_speaks(False)
        self._act(meaning, text, utterance, source)

    def _moment(self, source: Source) -> Moment:
        return Moment(
            running=self._running,
            held=self._held,
            approval_phrase=self._approval.phrase if self._approval else "",
            question=self._question is not None,
            playing=self.narrator.playing if source == "voice" else "",
        )

    def _act(self, meaning: Meaning, text: str, utterance: str, source: Source) -> None:
        desk_decides = meaning in ("task", "redirect") and source == "voice" and not self.relay
        self._consumed = not (desk_decides or (meaning == "aside" and source == "voice"))
        if desk_decides:
            self._after("hold", WORDLESS_HOLD, lambda: self._let_go("nothing to change"))
            return
        match meaning:
            case "stop" | "scratch":
                self._stop_once(utterance, source)
            case "task" | "redirect":
                self._say(text, source, utterance)
            case "hold":
                self._hold_on_request()
            case "resume":
                self._go_on(text, source, utterance)
            case "start_over":
                self._start_over(source)
            case "allow" | "deny":
                self._decide("allow" if meaning == "allow" else "deny", source)
            case "unclear_approval":
                self._ask_again()
            case "answer":
                self._give_answer(text)
            case "aside" if source != "voice" or self.relay:
                self.narrator.offer(self.describe(), "answer")
            case _:
                pass
        if meaning != "hold":
            self._let_go(f"it was {meaning.replace('_', ' ')}")

    # Carrying out ----------------------------------------------------------------------

    def _say(self, text: str, source: Source, utterance: str | None = None) -> None:
        self._speech_hold = False
        self._cancel_timer("hold")
        self.narrator.clear()
        self._session.say(text, source=source, utterance_id=utterance)

    def _stop_once(self, utterance: str, source: Source) -> None:
        if self._stopped_by != utterance and self._busy:
            self._session.stop("the person said so", source=source)
        self._stopped_by = ""
        self.narrator.clear()

    def _hold_on_request(self) -> None:
        self._cancel_timer("hold")
        self._speech_hold = False
        self._session.hold("the person asked to wait")

    def _go_on(self, text: str, source: Source, utterance: str) -> None:
        if self._running or self._held:
            self._speech_hold = False
            self._session.release("the person said go on")
        elif self._last_task:
            self._say(text, source, utterance)

    def _start_over(self, source: Source) -> None:
        if self._busy:
            self._session.stop("start over", source=source)
        if self._last_task:
            self._say(self._last_task, source)

    def _decide(self, decision: Any, channel: Source) -> None:
        if self._approval is not None:
            self._session.approve(self._approval.approval_id, decision, channel=channel)

    def _ask_again(self) -> None:
        if self._approval is not None:
            words = f"To allow it, say: {self._approval.phrase}. To refuse, say no."
            self.narrator.offer(words, "question")

    def _give_answer(self, text: str) -> None:
        if self._question is not None:
            self._session.answer(self._question.question_id, text)

    def _let_go(self, why: str) -> None:
        """End a hold that only speech began."""
        self._cancel_timer("hold")
        self.narrator.person_speaks(False)
        if self._speech_hold:
            self._speech_hold = False
            self._session.release(why)

    # The front desk's tools (Desk) ---------------------------------------------------------

    def new_task(self, text: str) -> str:
        """A task from EVI's model; nothing if the words were already dealt with."""
        if self._consumed:
            return ""
        self._consumed = True
        self._say(text, "voice")
        return ""

    def steer(self, text: str) -> str:
        """A correction from EVI's model."""
        return self.new_task(text)

    def describe(self) -> str:
        """What is going on, from the log."""
        self._let_go("it was a question")
        return self._picture.sentence()

    def stop_now(self) -> str:
        """Stop, unless the stop word has done so already."""
        if self._busy:
            self._session.stop("EVI's stop_computer", source="voice")
        return ""

    def answer(self, question_id: str, text: str) -> str:
        """An answer that EVI's model passes on; it must be the very phrase to allow anything."""
        if self._consumed:
            return ""
        meaning = classify(text, self._moment("typed"))
        self._act(meaning, text, "", "typed")
        return ""

    # What EVI does ---------------------------------------------------------------------------

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

    def _on_error(self, event: dict[str, Any], line: Line) -> None:
        words = f"The voice service says: {event.get('slug')}: {event.get('message')}"
        self._session.log.append(Failed(where="voice", error=words))

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

    # What the log says -------------------------------------------------------------------------

    def _see(self, event: Event) -> None:
        self._picture.see(event)
        match event:
            case TaskStarted():
                self._last_task = event.text
            case ApprovalAsked():
                self._approval = event
                self._chime("question")
            case ApprovalDecided():
                self._approval = None
            case QuestionAsked():
                self._question = event
                self._chime("question")
            case QuestionAnswered():
                self._question = None
            case _:
                pass
        self._narration.see(event)
        self._lanes.see(event)
        if isinstance(
            event,
            TaskStarted
            | TaskFinished
            | ApprovalAsked
            | ApprovalDecided
            | QuestionAsked
            | QuestionAnswered,
        ):
            self._send_context()
        self._arrange_tick()

    @property
    def _running(self) -> bool:
        return bool(self._picture.task) and self._picture.finished is None

    @property
    def _held(self) -> bool:
        return self._picture.held and not self._speech_hold

    @property
    def _busy(self) -> bool:
        return self._running or bool(self.narrator.playing)

    # Sending -------------------------------------------------------------------------------------

    def _speak(self, text: str) -> bool:
        if self._line is None or not self._ready:
            return False
        self._evi({"type": "assistant_input", "text": text})
        return True

    def _send_context(self) -> None:
        """Tell EVI's model what runs and what waits, so that it need not invent it."""
        context: dict[str, Any] = {"task": self._picture.task if self._running else None}
        if self._approval is not None:
            asked = self._approval
            context["question"] = {
                "id": asked.approval_id,
                "text": asked.question,
                "phrase": asked.phrase,
            }
        elif self._question is not None:
            context["question"] = {"id": self._question.question_id, "text": self._question.text}
        text = json.dumps(context)
        self._evi({"type": "session_settings", "context": {"text": text, "type": "persistent"}})

    def _chime(self, sound: str) -> None:
        self._post({"type": "command", "name": "chime", "sound": sound})

    def _evi(self, message: dict[str, Any]) -> None:
        if self._ready:
            self._post({"type": "evi", "message": message})

    def _post(self, message: dict[str, Any]) -> None:
        if self._line is not None:
            self._line.post(self._numbered(message))

    def _numbered(self, message: dict[str, Any]) -> dict[str, Any]:
        return {"id": next(self._numbers), **message}

    # Time ------------------------------------------------------------------------------

    def _arrange_tick(self) -> None:
        due = self.narrator.due_in
        if due is None:
            self._cancel_timer("tick")
        else:
            self._after("tick", due, self._tick)

    def _tick(self) -> None:
        self.narrator.tick()
        self._arrange_tick()

    def _after(self, name: str, seconds: float, action: Callable[[], None]) -> None:
        self._cancel_timer(name)
        self._timers[name] = asyncio.get_running_loop().call_later(seconds, action)

    def _cancel_timer(self, name: str) -> None:
        timer = self._timers.pop(name, None)
        if timer is not None:
            timer.cancel()

    def _start(self, coroutine: Any) -> None:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
