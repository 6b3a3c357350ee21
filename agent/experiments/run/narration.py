"""When a trial's agent speaks: what its model is told of it, and a voice without sound.

The voice says lines at a person's pace and keeps the page's rules: a turn's text is said when
an action follows it, the last one as the result; words that cut in end a line. So a trial whose
person is scripted has something to be interrupted in, and its log tells what was heard.
"""

from __future__ import annotations

import asyncio
import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from agent.prompts.library import Style
from agent.record import events as ev
from agent.session.session import Session

WORDS_PER_SECOND = 2.8
"""How fast is spoken."""

PROGRESS_EVERY = 6.0
"""Seconds between the beginnings of two progress lines, as on the page."""

ANNOUNCE_SECONDS = 8.0
"""Seconds that an action waits for its announcement at most, as on the page."""

Priority = Literal["question", "result", "progress"]

_TOLD: dict[Style, str] = {
    "announce-then-act": (
        "Before each group of actions, say in one short sentence what you are about to do. The "
        "actions begin once the person has heard it."
    ),
    "act-while-speaking": (
        "With each group of actions, say in one short sentence what you are doing. The actions "
        "do not wait for your words."
    ),
    "report-after": (
        "Write nothing before or between actions. Speak only if you must ask something, and at "
        "the end, when you say what is true now."
    ),
}
_SENTENCE = re.compile(r"(?<=[.!?…])\s+")
_SENTENCES = {"progress": 1, "question": 3, "result": 3}


def with_style(template: str, style: Style | None) -> str:
    """The prompt's template as an arm of this style has it; unchanged without one."""
    if style is None:
        return template
    told = f"- {_TOLD[style]} This goes before what is said above of when to speak."
    return f"{template.rstrip()}\n\n# When you speak\n\n{told}\n"


@dataclass(slots=True)
class _Line:
    id: str
    text: str
    priority: Priority

    @property
    def words(self) -> int:
        return len(self.text.split())


class SilentVoice:
    """Speaks a session's lines without sound, one at a time. ``busy`` while any is left."""

    def __init__(self, session: Session, style: Style) -> None:
        self._session = session
        self._style = style
        self._loop = asyncio.get_running_loop()
        self._numbers = itertools.count(1)
        self._waiting: list[_Line] = []
        self._line: _Line | None = None
        self._began = 0.0
        self._last_progress = float("-inf")
        self._text = ""
        self._announcing = ""
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._silent = asyncio.Event()
        self._silent.set()
        self._leave = session.log.subscribe(self._see)

    @property
    def busy(self) -> bool:
        return not self._silent.is_set()

    async def silence(self) -> None:
        """Return when nothing is left to be said for now."""
        await self._silent.wait()

    def close(self) -> None:
        """Say nothing more."""
        self._leave()
        for timer in self._timers.values():
            timer.cancel()
        self._silent.set()

    # What is said ------------------------------------------------------------------------

    def _see(self, event: ev.Event) -> None:
        match event:
            case ev.TurnStarted():
                self._text = ""
            case ev.TextStreamed(role="text" | "progress"):
                self._text += event.text
            case ev.ActionProposed():
                self._progress()
            case ev.ApprovalAsked():
                self._offer(event.question, "question")
            case ev.QuestionAsked():
                self._offer(event.text, "question")
            case ev.TaskFinished() if event.outcome != "stopped":
                self._offer(event.summary, "result")
            case _:
                self._cut_by(event)

    def _cut_by(self, event: ev.Event) -> None:
        """The person's words end a line; a back-channel does not."""
        match event:
            case ev.Stopped() | ev.UserMessage(cuts=True) | ev.Understood(meaning="hold"):
                self._announcing = ""  # what the person wants now decides over the hold, too
                self._drop(lambda _: True)
                self._finish("cut")
            case ev.ApprovalDecided() | ev.QuestionAnswered():
                self._drop(lambda line: line.priority == "question")
                if self._line is not None and self._line.priority == "question":
                    self._finish("cut" if self._heard(self._line) else "dropped")
            case _:
                pass

    def _progress(self) -> None:
        text, self._text = self._text, ""
        if self._style == "report-after" or not text.strip():
            return
        self._drop(lambda line: line.priority == "progress")
        line = self._offer(text, "progress")
        if self._style == "announce-then-act" and line is not None and self._line is line:
            self._announcing = line.id
            self._session.hold(ev.ANNOUNCING)
            self._later("announcing", ANNOUNCE_SECONDS, lambda: self._announced(line.id))

    def _announced(self, line_id: str) -> None:
        if line_id == self._announcing:
            self._announcing = ""
            self._cancel("announcing")
            self._session.release("announced")

    def _offer(self, text: str, priority: Priority) -> _Line | None:
        said = " ".join(" ".join(_SENTENCE.split(text.strip())[: _SENTENCES[priority]]).split())
        if not said:
            return None
        if priority == "result":
            self._drop(lambda line: line.priority == "progress")
        line = _Line(f"n{next(self._numbers)}", said, priority)
        self._waiting.append(line)
        self._waiting.sort(key=lambda each: each.priority != "question")
        self._silent.clear()
        self._tell(line, "queued")
        self._next()
        return line

    # How it is said ----------------------------------------------------------------------

    def _next(self) -> None:
        """Begin the next line if its time has come."""
        if self._line is not None or not self._waiting:
            if self._line is None:
                self._silent.set()
            return
        now, line = self._loop.time(), self._waiting[0]
        wait = self._last_progress + PROGRESS_EVERY - now if line.priority == "progress" else 0.0
        if wait > 0:
            self._later("next", wait, self._next)
            return
        if line.priority == "progress":
            self._last_progress = now
        self._line, self._began = self._waiting.pop(0), now
        self._tell(line, "speaking")
        self._later("line", line.words / WORDS_PER_SECOND, lambda: self._finish("heard"))

    def _heard(self, line: _Line) -> int:
        """How many words of it have sounded."""
        return min(line.words, int((self._loop.time() - self._began) * WORDS_PER_SECOND))

    def _finish(self, state: Literal["heard", "cut", "dropped"]) -> None:
        line, self._line = self._line, None
        if line is not None:
            self._cancel("line")
            self._tell(line, state, self._heard(line) if state == "cut" else None)
            self._announced(line.id)
        self._next()

    def _drop(self, fits: Callable[[_Line], bool]) -> None:
        for line in [each for each in self._waiting if fits(each)]:
            self._waiting.remove(line)
            self._tell(line, "dropped")

    def _tell(
        self,
        line: _Line,
        state: Literal["queued", "speaking", "heard", "cut", "dropped"],
        cut_at: int | None = None,
    ) -> None:
        self._session.log.append(
            ev.Narrated(
                narration_id=line.id,
                text=line.text,
                state=state,
                priority=line.priority,
                cut_at=cut_at,
            )
        )

    def _later(self, name: str, seconds: float, work: Callable[[], None]) -> None:
        self._cancel(name)
        self._timers[name] = self._loop.call_later(seconds, work)

    def _cancel(self, name: str) -> None:
        if timer := self._timers.pop(name, None):
            timer.cancel()
