"""From the session's log to lines for the narrator: speech is a projection of the log."""

from __future__ import annotations

from agent.record.events import (
    ANNOUNCING,
    ActionProposed,
    ApprovalAsked,
    DictationChanged,
    Event,
    Failed,
    GateChanged,
    LimitReached,
    Narrated,
    QuestionAsked,
    RetryWaiting,
    Stopped,
    TaskFinished,
    TaskQueued,
    TextStreamed,
    TurnStarted,
    UserMessage,
)
from agent.session.describe import describe_limit
from dashboard.voice.client.holds import Holds
from dashboard.voice.client.narrator import Narrator
from dashboard.voice.client.speakable import read_back
from dashboard.voice.client.timers import Timers
from dashboard.voice.client.voice_settings import Policy

_LONG_WAIT = 3.0
"""Seconds of a retry wait from which a person should hear why nothing happens."""
ANNOUNCE_SECONDS = 8.0
"""Seconds that an action waits for its announcement at most, whatever became of it."""
_HOLD = "announcement"


class Narration:
    """Feeds a narrator from events.

    A turn's text is progress when an action follows it; the last turn's text is the
    task's result and is spoken once, as the task's summary.
    """

    def __init__(self, narrator: Narrator, holds: Holds) -> None:
        self._narrator = narrator
        self._holds = holds
        self._timers = Timers()
        self._announcing = ""
        self._announces = False
        self._text = ""
        self._dictating = False
        self._typed = False
        """Whether the last words were dictated: what they do is seen, and not said."""

    def follow(self, policy: Policy) -> None:
        """Speak before, during or only after the work from now on."""
        self._announces = policy == "announce-then-act"
        self._narrator.progress_wanted = policy != "report-after"

    def close(self) -> None:
        """Forget the timers."""
        self._timers.cancel_all()

    def see(self, event: Event) -> None:
        """Offer what ``event`` gives to say, if anything."""
        match event:
            case TurnStarted():
                self._text = ""
            case TextStreamed(role="text" | "progress"):
                self._text += event.text
            case ActionProposed():
                self._progress()
            case UserMessage(origin="person"):
                self._typed = event.dictated
            case DictationChanged():
                self._dictating = event.on
            case TaskQueued(source="voice") if not self._dictating:
                when = "next" if event.waits_for == "task" else "when you give the mouse back"
                self._narrator.offer(f"I will do that {when}.", "answer")
            case TaskFinished():
                self._finished(event)
            case Narrated(state="heard" | "cut" | "dropped"):
                self._announced(event.narration_id)
            case Stopped():
                self._text, self._dictating = "", False
                self._narrator.clear()
            case _:
                self._question_or_trouble(event)

    def _progress(self) -> None:
        text, self._text = self._text, ""
        if text.strip() and not self._typed:
            self._announce(self._narrator.offer(text, "progress"))

    def _announce(self, line_id: str) -> None:
        """The action waits for the line, if that is wanted and the line is being said."""
        if not self._announces or not self._narrator.is_saying(line_id):
            return
        self._announcing = line_id
        self._holds.begin(_HOLD, ANNOUNCING)
        self._timers.after(_HOLD, ANNOUNCE_SECONDS, lambda: self._announced(line_id))

    def _announced(self, line_id: str) -> None:
        if line_id and line_id == self._announcing:
            self._announcing = ""
            self._timers.cancel(_HOLD)
            self._holds.end(_HOLD, "announced")

    def _finished(self, event: TaskFinished) -> None:
        self._text = ""
        if event.outcome == "stopped":
            self._narrator.offer("Stopped.", "answer")
        elif not (self._typed and self._dictating and event.outcome == "done"):
            self._narrator.offer(event.summary, "result")

    def _question_or_trouble(self, event: Event) -> None:
        match event:
            case ApprovalAsked():
                self._narrator.offer(read_back(event.question, event.phrase), "question")
            case QuestionAsked():
                self._narrator.offer(event.text, "question")
            case LimitReached() if event.share < 1:  # one that is reached is asked about
                self._narrator.offer(f"Take note: {describe_limit(event)}.", "error")
            case RetryWaiting() if event.seconds >= _LONG_WAIT:
                wait = f"The model's service asks me to wait {event.seconds:.0f} seconds."
                self._narrator.offer(wait, "error")
            case Failed():
                self._narrator.offer(f"{event.error} {event.advice}", "error")
            case GateChanged(state="down"):
                self._narrator.offer(event.text, "error")
            case _:
                pass
