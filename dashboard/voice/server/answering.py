"""Between a person's words and the tools: who is asked, who is waited for.

While a tool call waits for its answer, further words wait behind it, except those that call
*stop*: that never waits.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from dashboard.voice.server import frontdesk, messages
from dashboard.voice.server.applied import Applied
from dashboard.voice.server.messages import Message, ToolError, ToolResponse

_PATIENCE: Final = 30.0
"""Seconds until a tool call counts as never answered."""
_FAILED: Final = "Sorry, that did not work."

Answers = list[Message | str]


@dataclass(frozen=True, slots=True)
class _Open:
    call: frontdesk.Call
    until: float


class Answering:
    """The offline front desk's turns."""

    def __init__(self, settings: Applied, new_id: Callable[[], str]) -> None:
        self._settings, self._new_id = settings, new_id
        self._open: dict[str, _Open] = {}
        self._waiting: deque[str] = deque()
        self._paused = False
        self._unanswered = ""
        self._started = False
        self._now = 0.0

    def asked(self, text: str, now: float, playing: str = "") -> Answers:
        """The person said ``text``, while or just after ``playing`` was to be heard."""
        self._now = now
        if self._paused:
            self._unanswered = text
            return []
        call = self._decide(text, playing)
        if call is None:
            return self._words(frontdesk.UNABLE) if self._is_helpless(text, playing) else []
        if self._open and call.name != "stop_computer":
            self._waiting.append(text)
            return []
        return [self._call(call)]

    def answered(self, message: ToolResponse | ToolError) -> Answers | None:
        """The client answered a call; None if nobody asked."""
        found = self._open.pop(message.tool_call_id, None)
        if found is None:
            return None
        if isinstance(message, ToolError):
            said = message.content or self._fallback(found.call.name) or _FAILED
        else:
            self._note(found.call.name, message.content)
            said = frontdesk.acknowledgement(message.content)
        self._settings.used_context()
        return [*self._words(said), *self._next()]

    def overdue(self, now: float) -> Answers:
        """Calls that nobody answers any more."""
        self._now = now
        late = [key for key, item in self._open.items() if now >= item.until]
        out: Answers = []
        for key in late:
            out += self._words(self._fallback(self._open.pop(key).call.name) or _FAILED)
        return [*out, *self._next()] if late else []

    def deadline(self) -> float | None:
        """When `overdue` has something to say."""
        return min((item.until for item in self._open.values()), default=None)

    def pause(self) -> None:
        """Relay mode: transcribe, call nothing, say nothing of our own."""
        self._paused = True
        self._waiting.clear()

    def resume(self, now: float) -> Answers:
        """Answer again, the last words first that were left unanswered."""
        self._paused = False
        text, self._unanswered = self._unanswered, ""
        return self.asked(text, now) if text else []

    def _decide(self, text: str, playing: str = "") -> frontdesk.Call | None:
        now = frontdesk.situation(self._settings.context, started=self._started)
        return frontdesk.decide(text, now, frozenset(self._settings.tools), playing)

    def _is_helpless(self, text: str, playing: str) -> bool:
        """Whether something is asked for, and the client offers no tool of the front desk's."""
        if self._settings.tools.keys() & frontdesk.TOOLS:
            return False
        now = frontdesk.situation(self._settings.context, started=False)
        return frontdesk.wanted(text, now, playing) is not None

    def _call(self, call: frontdesk.Call) -> Message:
        key = f"call_{self._new_id()}"
        self._open[key] = _Open(call, self._now + _PATIENCE)
        return messages.tool_call(key, call.name, call.arguments)

    def _next(self) -> Answers:
        while self._waiting and not self._open:
            call = self._decide(self._waiting.popleft())
            if call is not None:
                return [self._call(call)]
        return []

    def _words(self, said: str) -> Answers:
        return [said] if said.strip() and not self._paused else []

    def _note(self, name: str, content: str) -> None:
        began = frontdesk.began(name, content)
        self._started = self._started if began is None else began

    def _fallback(self, name: str) -> str:
        tool = self._settings.tools.get(name)
        return (tool.fallback_content if tool else None) or ""
