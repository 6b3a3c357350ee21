"""The panel on a machine that does nothing else, however busy this one is.

The same chat, listener and engines as the server's, in one thread. Time is counted: in frames of
sound, and for recognition in seconds of this thread's processor. What a server adds, hops between
processes and a loop that is late, is missing. The result's sound is silence of the usual length,
and an answer in silence is counted from its tool call.
"""

from __future__ import annotations

import heapq
import itertools
import json
import sys
import time
from typing import Any, Final

from benchmarks.floor import (
    _TOOLS,
    ANSWERS_WITHIN,
    RESULT,
    SPOKEN_OVER,
    YIELDS_WITHIN,
    Attention,
    Event,
    Outcome,
)
from dashboard.voice.server.chat import Chat, ChatOptions
from dashboard.voice.server.config import ChatConfig
from dashboard.voice.server.effects import (
    Configure,
    Effects,
    FinishHearing,
    Hear,
    Say,
    Send,
)
from dashboard.voice.server.messages import Message
from dashboard.voice.server.store import Store
from dashboard.voice.speech.audio import OUT_RATE, RATE, Samples, floats, pcm16
from dashboard.voice.speech.engines import (
    MoonshineRecognizer,
    PatientTurns,
    Recognizer,
    SileroActivity,
)
from dashboard.voice.speech.listener import Decode, Heard, Listener, Output
from dashboard.voice.speech.process import Sound, Spoken

_FRAME: Final = 640
_STEP: Final = _FRAME / 2 / RATE
_LEAD: Final = 2.0
"""Seconds of the result before somebody speaks."""
_SECONDS_A_WORD: Final = 0.33
_FINAL, _AGAIN, _INTERIM = range(3)


class Counted:
    """One chat, one listener and one recogniser with a time of their own."""

    def __init__(self, recognizer: Recognizer, attention: Attention) -> None:
        self.now = 0.0
        self.sent: list[tuple[float, Message]] = []
        self.finals: list[float] = []
        self._recognizer = recognizer
        self._order = itertools.count()
        self._jobs: list[tuple[int, int, Decode, str]] = []
        self._due: list[tuple[float, int, Any]] = []
        self._busy = False
        config = ChatConfig()
        record = Store().chats.begin(config, None)
        self._chat = Chat(record, config, ChatOptions(verbose=True), 0.0)
        self._listener = Listener(SileroActivity(), PatientTurns(), config.listening)
        self._carry_out(self._chat.open(0.0))
        sound = {"encoding": "linear16", "sample_rate": RATE, "channels": 1}
        told = {"audio": sound, "tools": _TOOLS, "metadata": {"attention": attention}}
        self.send(type="session_settings", **told)

    def send(self, **message: Any) -> None:
        """A message of the protocol."""
        self._carry_out(self._chat.received(json.dumps(message), self.now))

    def run(self, seconds: float, samples: Samples | None = None) -> None:
        """Let time pass while ``samples``, then silence, are at the microphone."""
        data = b"" if samples is None else pcm16(samples)
        for number in range(round(seconds / _STEP)):
            frame = data[number * _FRAME : (number + 1) * _FRAME].ljust(_FRAME, b"\0")
            self._until(self.now + _STEP)
            self._carry_out(self._chat.received(frame, self.now))
            if self._chat.deadline() <= self.now:
                self._carry_out(self._chat.tick(self.now))

    def _until(self, end: float) -> None:
        while self._due and self._due[0][0] <= end:
            self.now, _, what = heapq.heappop(self._due)
            what()
        self.now = end

    def _at(self, when: float, what: Any) -> None:
        heapq.heappush(self._due, (when, next(self._order), what))

    def _carry_out(self, effects: Effects) -> None:
        for effect in effects:
            match effect:
                case Send():
                    self.sent.append((self.now, effect.message))
                case Say():
                    self._say(effect)
                case Hear():
                    self._heard(self._listener.feed(effect.pcm))
                case FinishHearing():
                    self._heard(self._listener.finish())
                case Configure():
                    self._listener.configure(effect.settings)

    def _say(self, line: Say) -> None:
        pieces = round(len(line.text.split()) * _SECONDS_A_WORD * 4)
        for event in [*[Sound(line.line, bytes(OUT_RATE // 2))] * pieces, Spoken(line.line)]:
            self._at(self.now + 0.15, lambda event=event: self._tell(event))

    def _tell(self, event: Heard | Sound | Spoken) -> None:
        self._carry_out(self._chat.heard(event, self.now))

    def _heard(self, found: Output) -> None:
        for item in found:
            if isinstance(item, Heard):
                if item.kind == "final":
                    self.finals.append(self.now)
                self._tell(item)
            else:
                self._ask(item)

    def _ask(self, job: Decode) -> None:
        dropped = [old for urgency, _, old, _ in self._jobs if urgency != _FINAL]
        self._jobs = [item for item in self._jobs if item[0] == _FINAL]
        self._push(_FINAL if job.final else _INTERIM, job)
        for old in dropped:
            self._heard(self._listener.decoded(old, None))

    def _push(self, urgency: int, job: Decode, plain: str = "") -> None:
        heapq.heappush(self._jobs, (urgency, next(self._order), job, plain))
        self._next()

    def _next(self) -> None:
        if self._busy or not self._jobs:
            return
        urgency, _, job, plain = heapq.heappop(self._jobs)
        began, samples = time.thread_time(), floats(job.pcm)
        if urgency == _AGAIN:
            words = self._recognizer.readings(samples, plain, job.names)
        else:
            words = [self._recognizer.transcribe(samples)]
        self._busy = True
        cost = time.thread_time() - began
        self._at(self.now + cost, lambda: self._decoded(urgency, job, words))

    def _decoded(self, urgency: int, job: Decode, words: list[str]) -> None:
        self._busy = False
        self._heard(self._listener.decoded(job, words))
        if job.final and words[0] and urgency == _FINAL:
            self._push(_AGAIN, job, words[0])
        self._next()

    def first(self, kind: str) -> float | None:
        """When the first message of a kind was sent."""
        return next((at for at, message in self.sent if message["type"] == kind), None)


def _over(recognizer: Recognizer, event: Event, attention: Attention) -> Outcome:
    sound, first, _ = event.sound()
    there = Counted(recognizer, attention)
    there.send(type="assistant_input", text=RESULT)
    there.run(_LEAD)
    began = there.now + first
    there.run(max(YIELDS_WITHIN + 0.3, len(sound) / RATE + 2.0), sound)
    cut = there.first("user_interruption")
    return Outcome(event, None if cut is None else cut - began)


def _silent(recognizer: Recognizer, event: Event, attention: Attention) -> tuple[Outcome, float]:
    sound, _, last = event.sound()
    there = Counted(recognizer, attention)
    there.run(len(sound) / RATE + ANSWERS_WITHIN, sound)
    called = there.first("tool_call")
    responded = None if called is None else called - last
    outcome = Outcome(event, None, answered=called is not None, responded=responded)
    return outcome, (there.finals[-1] if there.finals else float("nan")) - last


def measure_counted(
    which: list[Event], attention: Attention
) -> tuple[list[Outcome], list[Outcome], list[float]]:
    """Each event over a result and in silence, and how long requests' ends took to be known."""
    recognizer = MoonshineRecognizer()
    over: list[Outcome] = []
    for event in which:
        over.append(_over(recognizer, event, attention))
        print(f"  {len(over)} of {len(which)}", end="\r", file=sys.stderr, flush=True)
    quiet = [_silent(recognizer, e, attention) for e in which if e.kind not in SPOKEN_OVER]
    ends = [end for outcome, end in quiet if outcome.event.kind == "real" and end == end]
    return over, [outcome for outcome, _ in quiet], ends
