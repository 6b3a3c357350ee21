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

from agent.clock import Clock, MonotonicClock, ended
from agent.errors import SaysoError, VoiceError
from agent.record.events import (
    ApprovalAsked,
    Event,
    Failed,
    QuestionAsked,
    SettingChanged,
    Stopped,
    VoiceChanged,
)
from agent.session.imported import own
from dashboard.voice.addressee_detection import AddresseeDetector
from dashboard.voice.client.biasing import Biasing
from dashboard.voice.client.dispatcher import CONTEXT_CHANGES, Dispatcher
from dashboard.voice.client.hearing import Hearing
from dashboard.voice.client.interruptions import Command, Interruptions
from dashboard.voice.client.lanes import Lanes
from dashboard.voice.client.narration import Narration
from dashboard.voice.client.narrator import Narrator
from dashboard.voice.client.readings import Reader
from dashboard.voice.client.timers import Timers
from dashboard.voice.client.toolcalls import ToolCalls
from dashboard.voice.client.troubles import hears_english, trouble
from dashboard.voice.client.voice_settings import VoiceSettings, changed, voice_settings_of
from dashboard.voice.client.wire import Wire
from dashboard.voice.hume.tools import tool_definitions
from dashboard.voice.phrases import ENGLISH

if TYPE_CHECKING:
    from agent.session.session import Session
    from dashboard.voice.hume import Voice


class Line(Protocol):
    """A page's voice widget."""

    def post(self, message: dict[str, Any]) -> None:
        """Send one message of the widget's protocol."""
        ...


_LINE_UP = ("ready", "muted", "asleep")
"""States of the page's voice in which what is said to the person sounds."""


class Conductor:
    """Lets one session be talked to.

    Args:
        voice_settings: The voice's switches before the log changes them; as the environment
            says, if None.
    """

    def __init__(
        self,
        session: Session,
        voice: Voice,
        *,
        clock: Clock | None = None,
        voice_settings: VoiceSettings | None = None,
    ) -> None:
        clock = clock or MonotonicClock()
        self._log = session.log
        self._voice = voice
        self._line: Line | None = None
        self.wire = Wire()
        self._ready = False
        self._refused = ""
        self._told_what_is_heard = False
        self._numbers = itertools.count(1)
        self._timers = Timers()
        self._tasks: set[asyncio.Task[None]] = set()
        offline = voice.provider == "offline"
        answers = session.model.name != "offline"
        self._offline = offline
        self._addressee = AddresseeDetector(answers=answers)
        self._biasing = Biasing(session.desktop, self._bias) if offline else None
        self.narrator = Narrator(self._speak, session.log.append, clock=clock)
        self.dispatcher = Dispatcher(session, self.narrator)
        self._narration = Narration(self.narrator, self.dispatcher.holds)
        self._lanes = Lanes(session.log.append, clock)
        reader = Reader(self._addressee, evi=not offline)
        self._hearing = Hearing(
            session.log,
            self.dispatcher,
            self.narrator,
            self._lanes,
            clock,
            reader,
            waits=session.model.name == "offline",
        )
        self._interruptions = Interruptions(
            self.narrator, self._addressee, self._press, clock, final=offline
        )
        self.voice_settings = VoiceSettings()
        self._behave(voice_settings_of(own(session.log), voice_settings))
        self._tools = ToolCalls(self.dispatcher)
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
        self._hearing.close()
        self.dispatcher.hold.close()
        self._interruptions.close()
        self._narration.close()
        if self._biasing is not None:
            await self._biasing.close()
        for task in tuple(self._tasks):
            task.cancel()
        await ended("A task of the conversation", *self._tasks)

    def change(self, name: str, value: Any) -> None:
        """Set one of the voice's switches (`VoiceSettings`), also while somebody talks.

        Raises:
            BadInput: there is no such switch, or no such position.
        """
        position = getattr(changed(self.voice_settings, name, value), name)
        self._log.append(SettingChanged(name=f"voice.{name}", value=position))

    def typed(self, text: str) -> None:
        """A typed sentence is equal to a spoken one, but needs no front desk."""
        if text.strip():
            self._hearing.typed(text.strip())
            self._arrange_tick()

    def handle(self, events: list[dict[str, Any]], line: Line) -> None:
        """A batch of the widget's events, in order; unknown types are ignored."""
        for event in events:
            self.wire.note("in", event)
            handler = self._handlers.get(str(event.get("type")))
            if handler is not None:
                handler(self, event, line)
                self._arrange_tick()

    # The voice line ----------------------------------------------------------------------

    def _on_need_ticket(self, event: dict[str, Any], line: Line) -> None:
        if self._line is not None and self._line is not line:
            self._post({"type": "command", "name": "close", "reason": "taken_over"})
        self._line = line
        self._start(self._give_ticket(line, fresh=event.get("reason") not in (None, "start")))

    async def _give_ticket(self, line: Line, *, fresh: bool) -> None:
        try:
            ticket = await self._voice.ticket(fresh=fresh, relay=self.dispatcher.relay)
        except SaysoError as error:
            if not fresh or str(error) != self._refused:
                self._log.append(Failed(where="voice", error=str(error)))
            self._refused = str(error)
            refusal = {"message": str(error), "passing": isinstance(error, VoiceError)}
            line.post(self._numbered({"type": "ticket_refused", **refusal}))
            return
        self._refused = ""
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
        self._hearing.lost()
        self.narrator.voice_lost(comes_back=comes_back)
        self.narrator.person_speaks(False)
        self.dispatcher.hold.let_go(why)

    def _on_metadata(self, event: dict[str, Any], line: Line) -> None:
        self._ready = True
        if self.dispatcher.relay:
            self._evi({"type": "pause_assistant_message"})
        self._send_context()
        self._send_attention()
        self._tell_what_is_heard()
        if self._biasing is not None:
            self._biasing.refresh(forget=True)

    def _tell_what_is_heard(self) -> None:
        """Once: that the recognisers of this machine do not hear what was chosen."""
        if self._offline and not self._told_what_is_heard and self.dispatcher.hears != (ENGLISH,):
            self._told_what_is_heard = True
            self._log.append(hears_english())

    def _on_error(self, event: dict[str, Any], line: Line) -> None:
        self._log.append(trouble(event))

    # The person speaks ---------------------------------------------------------------------

    def meant(self, utterance_id: str) -> None:
        """Words that were passed over as said to somebody else were for the agent."""
        self._hearing.meant(utterance_id)
        self._arrange_tick()

    def _on_speech(self, event: dict[str, Any], line: Line) -> None:
        self._hearing.speech(event)
        if event.get("on"):
            self._interruptions.sound()
        else:
            self._interruptions.silence(words=self._hearing.has_words)

    def _on_user_message(self, event: dict[str, Any], line: Line) -> None:
        if not event.get("from_text"):
            text = str((event.get("message") or {}).get("content") or "")
            self._interruptions.transcript(
                text, self._hearing.moment(), over=not event.get("interim")
            )
        self._hearing.message(event)

    # EVI speaks ----------------------------------------------------------------------------

    def _on_tool_call(self, event: dict[str, Any], line: Line) -> None:
        self._evi(self._tools.handle(event))

    def _on_assistant_message(self, event: dict[str, Any], line: Line) -> None:
        text = str((event.get("message") or {}).get("content") or "")
        from_text = bool(event.get("from_text"))
        self.narrator.assistant_message(str(event.get("id") or ""), text, from_text=from_text)

    def _on_assistant_end(self, event: dict[str, Any], line: Line) -> None:
        self.narrator.assistant_end()

    def _on_interruption(self, event: dict[str, Any], line: Line) -> None:
        self._lanes.reached("onset_to_interruption")
        self._interruptions.interrupted()

    def _on_play(self, event: dict[str, Any], line: Line) -> None:
        state = str(event.get("state"))
        if state == "started":
            self._lanes.reached("utterance_to_sound")
        samples, rate = float(event.get("samples") or 0), float(event.get("rate") or 0)
        total = float(event.get("duration") or 0) * rate
        share = min(1.0, samples / total) if total else 0.0
        seconds = samples / rate if rate else None
        self.narrator.played(str(event.get("id")), state, share, seconds)

    _handlers: dict[str, Callable[[Conductor, dict[str, Any], Line], None]] = {  # noqa: RUF012
        "local.need_ticket": _on_need_ticket,
        "local.state": _on_state,
        "local.speech": _on_speech,
        "local.duck": lambda self, event, line: self._hearing.duck(event),
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
        self.dispatcher.see(event)
        self._narration.see(event)
        self._lanes.see(event)
        if self._biasing is not None and self._ready:
            self._biasing.see(event)
        if isinstance(event, SettingChanged):
            self._behave(voice_settings_of([event], self.voice_settings))
        if isinstance(event, Stopped):
            self._post({"type": "command", "name": "flush"})
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
        context = {"text": self.dispatcher.context(), "type": "persistent"}
        self._evi({"type": "session_settings", "context": context})

    def _send_attention(self) -> None:
        """Tell the offline service to what of all that it hears attention is paid."""
        if self._offline:
            metadata = {
                "attention": self.voice_settings.attention,
                "answers": self._addressee.answers,
            }
            self._evi({"type": "session_settings", "metadata": metadata})

    def _press(self, name: Command) -> None:
        self._post({"type": "command", "name": name})

    def _bias(self, phrases: Sequence[str]) -> None:
        """Tell the offline recogniser what can be said, and ourselves what can be named."""
        self._addressee.learn(phrases)
        self._evi({"type": "session_settings", "metadata": {"vocabulary": list(phrases)}})

    def _behave(self, voice_settings: VoiceSettings) -> None:
        """Follow the switches; EVI is told where it is concerned."""
        before, self.voice_settings = self.voice_settings, voice_settings
        self._hearing.voice_settings = voice_settings
        self.dispatcher.relay = voice_settings.mode == "relay"
        self._narration.follow(voice_settings.narration)
        self._addressee.attention = voice_settings.attention
        self.dispatcher.languages = chosen = tuple(voice_settings.languages)
        if self._offline:
            self.dispatcher.hears = (ENGLISH, *(each for each in chosen if each != ENGLISH))
        if self._ready and tuple(before.languages) != chosen:
            self._tell_what_is_heard()
        if before.attention != voice_settings.attention:
            self._send_attention()
        if before.mode != voice_settings.mode:
            tools = [] if self.dispatcher.relay else tool_definitions()
            self._evi({"type": "session_settings", "tools": tools})
            kind = (
                "pause_assistant_message" if self.dispatcher.relay else "resume_assistant_message"
            )
            self._evi({"type": kind})

    def _evi(self, message: dict[str, Any]) -> None:
        if self._ready:
            self._post({"type": "evi", "message": message})

    def _post(self, message: dict[str, Any]) -> None:
        if self._line is not None:
            self.wire.note("out", message)
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
