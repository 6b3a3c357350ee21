"""What is said aloud, when, and what became of it.

A queue with priorities between the session's log and the loudspeaker. It knows nothing of
sockets: ``send`` speaks a line, and the widget's ``local.play`` notices come back in.
Every line's fate is reported as a ``Narrated`` event.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from agent.clock import Clock, MonotonicClock
from agent.record.events import Narrated
from dashboard.voice.client.speakable import speakable
from dashboard.voice.words import words_of

Priority = Literal["question", "result", "error", "progress", "answer"]
State = Literal["queued", "sent", "speaking", "heard", "cut", "dropped"]

_RANK: dict[Priority, int] = {"question": 0, "answer": 1, "result": 2, "error": 2, "progress": 3}
PROGRESS_EVERY = 6.0
"""Seconds between two progress lines: more often is chatter."""
LOST_AFTER = 20.0
"""Seconds after which a sent line without any sound is given up (voice line broken)."""
ECHO_DELAY = 0.4
"""Seconds from the loudspeaker to what the microphone reports of it."""
WORDS_PER_SECOND = 3.5
"""Faster than speech is, so that a word that may have sounded counts as said."""
SLOW_WORDS_PER_SECOND = 2.2
"""Slower than speech is, so that what counts as heard has been."""
CONTENT = 0.8
"""Share of a question's words after which it is known what it is about."""
TRUNCATED = 0.9
"""Share of the time that words take, below which their sound was broken off."""
CLAUSE = 4
"""Words that are said once more at most, so that the rest of a line begins where a clause does."""
_WORD = re.compile(r"\w+(?:['\u2019]\w+)*")
_CLAUSE_ENDS = ".,;:!?…—"


@dataclass(slots=True)
class Line:
    """One thing to say."""

    id: str
    text: str
    priority: Priority
    at: float
    """When it was queued, sent, or began to sound."""
    state: State = "queued"
    parts: dict[str, str] = field(default_factory=dict)
    """What each of EVI's messages says of it, by the message's id."""
    open_ids: set[str] = field(default_factory=set)
    ended: bool = False
    broken: bool = False
    """EVI makes no more sound for it, though it may not be complete."""
    words_heard: int = 0
    silent_at: float | None = None
    """When its sound ended."""

    def counted(self) -> int:
        """Its words."""
        return len(_WORD.findall(self.text))

    def rest(self) -> str:
        """What of it was not heard; of a question all, for half of one cannot be answered."""
        if self.priority == "question":
            return self.text
        starts = [found.start() for found in _WORD.finditer(self.text)]
        if self.words_heard >= len(starts):
            return ""
        for back in range(min(CLAUSE, self.words_heard) + 1):
            at = starts[self.words_heard - back]
            if at == 0 or self.text[:at].rstrip()[-1:] in _CLAUSE_ENDS:
                return self.text[at:]
        return self.text[starts[self.words_heard] :]

    def part_heard(self, message_id: str, share: float, seconds: float | None) -> int:
        """Words heard of it, when so much of one of its parts has sounded."""
        words = len(_WORD.findall(self.parts.get(message_id, self.text)))
        heard = round(share * words)
        if seconds is not None:
            heard = min(heard, round(seconds * WORDS_PER_SECOND))
        return min(self.counted(), self.words_heard + heard)

    def said(self, now: float) -> str:
        """The words that may have sounded until ``now``."""
        if self.state not in ("speaking", "heard", "cut"):
            return ""
        words = words_of(self.text)
        if self.state == "heard":
            return " ".join(words)
        until = now if self.silent_at is None else self.silent_at
        return " ".join(words[: round((until - self.at) * WORDS_PER_SECOND) + 1])


class Narrator:
    """Speaks one line at a time; the newest progress line replaces a stale one."""

    def __init__(
        self,
        send: Callable[[str], bool],
        report: Callable[[Narrated], object],
        *,
        clock: Clock | None = None,
    ) -> None:
        self._send = send
        self._report = report
        self._clock: Clock = clock or MonotonicClock()
        self._numbers = itertools.count()
        self._queue: list[Line] = []
        self._current: Line | None = None
        self._quiet = False
        self._last_progress = float("-inf")
        self._last: Line | None = None
        self._own: dict[str, Line] = {}
        """Lines that EVI says by itself, by message id, until they are heard or cut."""
        self._down = False
        self._unheard: list[Line] = []
        """Lines that were cut, until it is clear whether what cut them was meant."""
        self._cause: Literal["open", "meant", "nothing"] = "open"
        """What the words were that cut them."""
        self.progress_wanted = True

    def sounded(self, since: float | None = None) -> str:
        """Words that sounded at ``since`` (now, if None) or later: what an echo can be made of."""
        now = self._clock.now()
        since = now if since is None else since
        last = self._last
        recent = last is not None and (last.silent_at or 0.0) + ECHO_DELAY >= since
        lines = [last if recent else None, self._current, *self._own.values()]
        return " ".join(filter(None, [line.said(now) for line in lines if line is not None]))

    @property
    def sounding(self) -> bool:
        """Whether something that is said to the person sounds."""
        lines = [self._current, *self._own.values()]
        return any(line is not None and line.state == "speaking" for line in lines)

    def is_saying(self, line_id: str) -> bool:
        """Whether the line has been sent and its fate is open."""
        return self._current is not None and self._current.id == line_id

    @property
    def due_in(self) -> float | None:
        """Seconds until ``tick`` has something to do; None when nothing waits."""
        if self._current is not None:
            return max(0.0, self._current.at + LOST_AFTER - self._clock.now())
        if not self._queue or self._quiet or self._down:
            return None
        if self._queue[0].priority == "progress":
            return max(0.0, self._last_progress + PROGRESS_EVERY - self._clock.now())
        return 0.0

    def offer(self, text: str, priority: Priority = "progress") -> str:
        """Queue ``text`` for speech; returns its narration id, empty if unspeakable."""
        said = speakable(text, sentences=1 if priority == "progress" else 3)
        if not said or (priority == "progress" and not self.progress_wanted):
            return ""
        same = (line.id for line in self._queue if (line.text, line.priority) == (said, priority))
        if waiting := next(same, ""):
            return waiting
        if priority == "progress":
            self._drop(lambda line: line.priority == "progress")
        else:
            self._drop(lambda line: line.priority == "progress" and priority == "result")
        line = Line(f"n{next(self._numbers)}", said, priority, self._clock.now())
        self._queue.append(line)
        self._queue.sort(key=lambda entry: _RANK[entry.priority])
        self._tell(line, "queued")
        self.tick()
        return line.id

    def content_heard(self, since: float | None = None) -> bool:
        """Whether words that began at ``since`` (now, if None) can answer what is asked aloud.

        Not if it was asked after that, nor if little of it had sounded by then.
        """
        since = self._clock.now() if since is None else since
        asked = [line for line in (self._current, *self._queue) if line is not None]
        line = next((line for line in asked if line.priority == "question"), None)
        if line is None:
            return True
        if line.state != "speaking":
            return line.at <= since
        return (since - line.at) * SLOW_WORDS_PER_SECOND >= CONTENT * line.counted()

    @property
    def has_rest(self) -> bool:
        """Whether a line was cut whose rest may still be said."""
        return any(line.rest() for line in self._unheard)

    def say_rest(self) -> None:
        """Say what was not heard of the lines that were cut last: what cut them was nothing."""
        self._cause = "nothing"
        unheard, self._unheard = self._unheard, []
        for line in unheard:
            self.offer(line.rest(), line.priority)

    def forget_rest(self) -> None:
        """What cut the last lines was meant: their rest is not said."""
        self._cause = "meant"
        self._unheard = []

    def broken_off(self) -> None:
        """EVI stopped making the current line's sound, wrongly: what there is of it still plays."""
        line = self._current
        if line is not None:
            line.broken = True
            self._maybe_heard()
            self.say_rest()

    def person_speaks(self, speaking: bool) -> None:
        """Nothing new is said while the person speaks."""
        self._quiet = speaking
        if speaking:
            self._cause = "open"
        self.tick()

    def clear(self) -> None:
        """Drop whatever waits: the person stopped or changed the subject."""
        self.forget_rest()
        self._drop(lambda _: True)

    def interrupted(self) -> None:
        """The person spoke over the current line: what waits as progress is stale."""
        self._cause = "open"
        self._drop(lambda line: line.priority == "progress")
        if self._current is not None and not self._current.open_ids:
            self._finish("cut")

    def voice_lost(self, *, comes_back: bool = False) -> None:
        """The line is down: what was sent cannot be known to be heard.

        In an outage that passes, results, questions and errors wait and are said afterwards.
        """
        self._down = comes_back
        for message_id in tuple(self._own):
            self._played_own(message_id, "cut", 0.0)
        again = self._current
        if again is not None:
            self._finish("cut")
            self.forget_rest()
            if comes_back and again.priority != "progress":
                self.offer(again.text, again.priority)

    def voice_back(self) -> None:
        """The line is up."""
        self._down = False
        self.tick()

    def tick(self) -> None:
        """Send the next line if its time has come."""
        if self._current is not None and self._clock.now() - self._current.at >= LOST_AFTER:
            self._finish("cut" if self._current.state == "speaking" else "dropped")
            self.forget_rest()
        if self._current is not None or self.due_in != 0.0:
            return
        line = self._queue.pop(0)
        if line.priority == "progress":
            self._last_progress = self._clock.now()
        if not self._send(line.text):
            self._tell(line, "dropped")
            self.tick()
            return
        line.at = self._clock.now()
        self._current = line
        self._tell(line, "sent")

    # What comes back from the voice line ------------------------------------------

    def assistant_message(self, message_id: str, text: str, *, from_text: bool) -> None:
        """EVI speaks ``text``; if it is ours, its sound will carry ``message_id``."""
        line = self._current
        if not from_text:
            name, now = f"e{next(self._numbers)}", self._clock.now()
            own = self._own[message_id] = Line(name, text, "answer", now)
            self._tell(own, "sent")
        elif line is not None and _belongs(text, line.text):
            line.parts[message_id] = text
            line.open_ids.add(message_id)

    def assistant_end(self) -> None:
        """No more sound will be generated for what was sent."""
        if self._current is not None and self._current.parts:
            self._current.ended = True
            self._maybe_heard()

    def played(
        self, message_id: str, state: str, share: float, seconds: float | None = None
    ) -> None:
        """The player started, finished or cut ``message_id``.

        ``share`` of what came of its sound was played, ``seconds`` long if that is known: more
        may have been on its way.
        """
        if message_id in self._own:
            self._played_own(message_id, state, share)
            return
        line = self._current
        if line is None or message_id not in line.parts:
            return
        if state == "started" and line.state == "sent":
            line.at = self._clock.now()
            self._tell(line, "speaking")
        elif state == "finished":
            line.open_ids.discard(message_id)
            line.words_heard = line.part_heard(message_id, *_whole(line, message_id, seconds))
            self._maybe_heard()
        elif state == "cut":
            line.words_heard = line.part_heard(message_id, share, seconds)
            self._finish("cut")

    def _played_own(self, message_id: str, state: str, share: float) -> None:
        """A line that EVI said by itself: its fate is told as any other's."""
        line = self._own[message_id]
        if state == "started":
            line.at = self._clock.now()
            self._tell(line, "speaking")
            return
        cut = state == "cut"
        line.silent_at = self._clock.now()
        self._last = self._own.pop(message_id)
        line.words_heard = round(share * line.counted())
        self._tell(line, "cut" if cut else "heard", line.words_heard if cut else None)
        if cut:
            self._was_cut(line)

    def _maybe_heard(self) -> None:
        line = self._current
        if line is None or line.open_ids:
            return
        if line.broken and line.words_heard < line.counted():
            self._finish("cut")
            self.say_rest()
        elif line.ended or line.broken:
            self._finish("heard")

    def _finish(self, state: State) -> None:
        line, self._current = self._current, None
        if line is None:
            return
        line.silent_at = self._clock.now()
        self._last = line
        self._tell(line, state, line.words_heard if state == "cut" else None)
        if state == "cut":
            self._was_cut(line)
        self.tick()

    def _was_cut(self, line: Line) -> None:
        """Its rest waits until it is known what cut it, which may be known already."""
        if line.priority == "progress" or self._cause == "meant":
            return
        self._unheard.append(line)
        if self._cause == "nothing":
            self.say_rest()

    def _drop(self, matches: Callable[[Line], bool]) -> None:
        for line in [entry for entry in self._queue if matches(entry)]:
            self._queue.remove(line)
            self._tell(line, "dropped")

    def _tell(self, line: Line, state: State, cut_at: int | None = None) -> None:
        line.state = state
        self._report(
            Narrated(
                narration_id=line.id,
                text=line.text,
                state=state,
                priority=line.priority,
                cut_at=cut_at,
            )
        )


def _whole(line: Line, message_id: str, seconds: float | None) -> tuple[float, float | None]:
    """Share and seconds of a part that was played to its end, which may have come too soon."""
    words = len(_WORD.findall(line.parts[message_id]))
    needed = words / WORDS_PER_SECOND
    truncated = line.broken and seconds is not None and seconds < TRUNCATED * needed
    return (1.0, seconds if truncated else None)


def _belongs(part: str, whole: str) -> bool:
    """Whether EVI's sentence is a part of the line that we asked it to say."""
    said, asked = words_of(part), words_of(whole)
    return bool(said) and " ".join(said) in " ".join(asked)
