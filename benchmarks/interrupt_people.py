"""People who speak into Sayso's work: by their words alone, or by sound.

Both speak to the conversation that a page has (`dashboard.conductor`). Words come as transcripts
without a fault, and what the agent says takes the time that saying it takes. Sound is synthesised,
streamed at the speed of time, recognised by the offline voice, and answered by it aloud.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT / part) for part in (".", "tests", "tests/dialogues")]

import voices  # noqa: E402 - needs the path above
from wire import Wire  # noqa: E402

from agent.experiments.metrics_interrupted import Spoken  # noqa: E402
from agent.experiments.plan.spec import Arm  # noqa: E402
from agent.experiments.plan.task import Task, Utterance  # noqa: E402
from agent.experiments.run.foreign import (  # noqa: E402
    ForeignEnvironment,
    ForeignModel,
    Listened,
    foreign_of,
)
from agent.experiments.run.narration import SilentVoice  # noqa: E402
from agent.experiments.run.simulated_user import SimulatedUser  # noqa: E402
from agent.record import events as ev  # noqa: E402
from agent.session.session import Session  # noqa: E402
from dashboard.conductor import Conductor  # noqa: E402
from dashboard.voice.addressee_detection import AddresseeDetector  # noqa: E402
from dashboard.voice.barge_in import Utterance as Voiced  # noqa: E402
from dashboard.voice.barge_in import decide as takes_the_floor  # noqa: E402
from dashboard.voice.hume import OfflineVoice  # noqa: E402
from dashboard.voice.hume.tools import tool_definitions  # noqa: E402
from dashboard.voice.server.frontdesk import acknowledgement, decide, situation  # noqa: E402
from dashboard.voice.server.messages import Context  # noqa: E402
from dashboard.voice.server.service import OfflineEvi  # noqa: E402
from dashboard.voice.speech.audio import RATE, pcm16  # noqa: E402
from dashboard.voice.standalone.__main__ import serve  # noqa: E402

Channel = Literal["sound", "text"]

WORDS_PER_SECOND = 2.8
"""How fast the silent loudspeaker says lines."""

_UNDERSTANDING = 8.0
"""Seconds after the end of an utterance within which it must be understood, or was not heard."""

_VOICED = 0.02
_FRAME = 640
_TICK = 0.05
_TOOLS = frozenset(str(tool["name"]) for tool in tool_definitions())


class SilentLine:
    """A page's voice without sound: an ear that mishears nothing, a loudspeaker that only waits."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.conductor = Conductor(session, OfflineVoice(lambda: "none"))
        self._addressee = AddresseeDetector(answers=session.model.name != "offline")
        self._numbers = itertools.count(1)
        self._context: Context | None = None
        self._began = time.monotonic()
        self._clip: tuple[str, str, float] | None = None
        """What sounds: its name, its words, and since when."""
        self._waiting: list[tuple[str, str, bool]] = []
        self._timers: set[asyncio.Handle] = set()

    async def start(self) -> None:
        """Be there, as a page whose voice is on."""
        self.conductor.attach(self)
        self._tell("local.state", state="ready")
        self._tell("chat_metadata", chat_id="c", chat_group_id="g")

    async def close(self) -> None:
        """Be gone."""
        for timer in self._timers:
            timer.cancel()
        self.conductor.detach(self)

    def hear(self, text: str) -> None:
        """A whole utterance, as its last transcript and the front desk's answer to it."""
        self._tell("local.speech", on=True, late=0)
        moment = self.conductor.dispatcher.moment("voice")
        verdict = takes_the_floor(Voiced(text, 1_500, over=True), moment, self._addressee)
        if self._clip is not None and verdict in ("yield", "stop"):
            self._cut()
            self._tell("user_interruption", time=0)
        message = {"role": "user", "content": text}
        given: dict[str, Any] = {"interim": False, "from_text": False, "models": {}}
        self._tell("user_message", message=message, time={"begin": 0, "end": 1}, **given)
        self._tell("local.speech", on=False, late=0)
        now = situation(self._context, started=self.session.status.task_id is not None)
        if (call := decide(text, now, _TOOLS, self._clip[1] if self._clip else "")) is not None:
            name, parameters = f"call{next(self._numbers)}", json.dumps(call.arguments)
            self._tell("tool_call", tool_call_id=name, name=call.name, parameters=parameters)

    def post(self, message: dict[str, Any]) -> None:
        """What the conductor sends to the page."""
        if message["type"] == "command" and message["name"] == "flush":
            self._cut()
        elif message["type"] == "evi":
            self._evi(message["message"])

    def _evi(self, message: dict[str, Any]) -> None:
        match message["type"]:
            case "assistant_input":
                self._later(0, lambda: self._play(message["text"], from_text=True))
            case "session_settings" if "context" in message:
                self._context = Context(**message["context"])
            case "tool_response":
                if said := acknowledgement(str(message["content"])):
                    self._later(0, lambda: self._play(said, from_text=False))
            case _:
                pass

    def _play(self, text: str, *, from_text: bool) -> None:
        """Say a line, when those before it are over."""
        self._waiting.append((f"line{next(self._numbers)}", text, from_text))
        self._next()

    def _next(self) -> None:
        if self._clip is not None or not self._waiting:
            return
        name, text, from_text = self._waiting.pop(0)
        said = {"id": name, "message": {"content": text}, "from_text": from_text}
        self._tell("assistant_message", **said)
        self._tell("assistant_end")
        self._clip = (name, text, time.monotonic())
        self._played("started")
        self._later(len(text.split()) / WORDS_PER_SECOND, lambda: self._over(name))

    def _over(self, name: str) -> None:
        if self._clip is not None and self._clip[0] == name:
            self._played("finished")
            self._clip = None
            self._next()

    def _cut(self) -> None:
        self._waiting.clear()
        if self._clip is not None:
            self._played("cut")
            self._clip = None

    def _played(self, state: str) -> None:
        assert self._clip is not None
        name, text, began = self._clip
        total = len(text.split()) / WORDS_PER_SECOND
        played = total if state == "finished" else min(total, time.monotonic() - began)
        self._tell("local.play", id=name, state=state, samples=played, rate=1, duration=total)

    def _tell(self, kind: str, **fields: Any) -> None:
        at = (time.monotonic() - self._began) * 1000
        event = {"n": next(self._numbers), "t": at, "type": kind, **fields}
        self.conductor.handle([event], self)

    def _later(self, seconds: float, work: Callable[[], None]) -> None:
        timer: asyncio.Handle

        def now() -> None:
            self._timers.discard(timer)
            work()

        timer = asyncio.get_running_loop().call_later(seconds, now)
        self._timers.add(timer)


class Conversing(SimulatedUser, ABC):
    """A person in a conversation: words are understood, or not, as a page's would be."""

    def __init__(self, session: Session, task: Task, arm: Arm) -> None:
        super().__init__(session, task, arm)
        self._open_until = 0.0

    @property
    @abstractmethod
    def line(self) -> SilentLine | Wire: ...

    @property
    def busy(self) -> bool:
        """While words are to be said, are on their way, or the agent speaks."""
        return super().busy or self._unanswered or not self._silent

    async def quiet(self) -> None:
        await super().quiet()
        while self._unanswered or not self._silent:
            await asyncio.sleep(_TICK)

    async def leave(self) -> None:
        await super().leave()
        await self.line.close()
        await self.line.conductor.close()

    def waits(self, words: Spoken) -> None:
        """Some words are on their way, and will be understood or lost."""
        self._open_until = words.ended + _UNDERSTANDING

    @property
    def _unanswered(self) -> bool:
        if not self.spoken or time.time() >= self._open_until:
            return False
        since = self.spoken[-1].began
        return not any(e.at >= since for e in self._session.log.of(ev.Understood))

    @property
    def _silent(self) -> bool:
        fates = {e.narration_id: e.state for e in self._session.log.of(ev.Narrated)}
        return all(state in ("heard", "cut", "dropped") for state in fates.values())


class Writer(Conversing):
    """Whose words come as they were said."""

    def __init__(self, session: Session, task: Task, arm: Arm) -> None:
        super().__init__(session, task, arm)
        self._line = SilentLine(session)

    @property
    def line(self) -> SilentLine:
        return self._line

    def speak(self, utterance: Utterance, words: Spoken) -> None:
        self.waits(words)
        self._line.hear(utterance.text)


class Speaker(Conversing):
    """Whose words are sound."""

    def __init__(self, session: Session, task: Task, arm: Arm, sound: voices.Samples) -> None:
        super().__init__(session, task, arm)
        server = speech_server()
        conductor = Conductor(session, OfflineVoice(server.evi.tokens.issue))
        self._line = Wire(session, conductor, f"ws://127.0.0.1:{server.port}")
        self._sound = sound
        self._saying: asyncio.Task[None] | None = None

    @property
    def line(self) -> Wire:
        return self._line

    def speak(self, utterance: Utterance, words: Spoken) -> None:
        words.began, words.ended = _times(self._sound)
        self.waits(words)
        self._saying = asyncio.ensure_future(self._line.say(self._sound))


class SoundListened(Listened):
    """Who speaks to an agent of another make, by sound and by what is recognised of it."""

    def __init__(
        self, session: Session, task: Task, arm: Arm, model: ForeignModel, sound: voices.Samples
    ) -> None:
        super().__init__(session, task, arm, model)
        self._sound = sound
        self._saying: asyncio.Task[None] | None = None

    @property
    def busy(self) -> bool:
        return super().busy or (self._saying is not None and not self._saying.done())

    async def quiet(self) -> None:
        await super().quiet()
        if self._saying is not None:
            await self._saying

    def speak(self, utterance: Utterance, words: Spoken) -> None:
        words.began, words.ended = _times(self._sound)
        self._saying = asyncio.ensure_future(self._utter())

    async def _utter(self) -> None:
        data = pcm16(self._sound)
        due = time.monotonic()
        for at in range(0, len(data), _FRAME):
            self.model.ears.sound.put_nowait(data[at : at + _FRAME])
            due += 0.02
            await asyncio.sleep(max(0.0, due - time.monotonic()))
        text, _ = await asyncio.to_thread(voices.hear, self._sound)
        self.pass_on(text)


class PeopleEnvironment(ForeignEnvironment):
    """Trials with people who are heard by sound, or by their words."""

    def __init__(self, channel: Channel) -> None:
        self.channel: Channel = channel

    def voice(self, session: Session, task: Task, arm: Arm) -> SilentVoice | None:
        """Sayso's own conversation has a voice."""
        return super().voice(session, task, arm) if foreign_of(session) else None

    async def person(self, session: Session, task: Task, arm: Arm) -> SimulatedUser:
        model = foreign_of(session)
        if model is None:
            return await self.heard(session, task, arm)
        if self.channel == "text":
            return Listened(session, task, arm, model)
        return SoundListened(session, task, arm, model, await sound_of(task))

    async def heard(self, session: Session, task: Task, arm: Arm) -> SimulatedUser:
        person: Writer | Speaker
        if self.channel == "text":
            person = Writer(session, task, arm)
        else:
            person = Speaker(session, task, arm, await sound_of(task))
        await person.line.start()
        return person


class SpeechServer(threading.Thread):
    """The offline voice, for all trials of this process."""

    def __init__(self) -> None:
        super().__init__(name="speech server", daemon=True)
        self.evi = OfflineEvi()
        self.port = 0
        self._ready = threading.Event()
        self.start()
        self._ready.wait()

    def run(self) -> None:
        """Serve as long as the process lives."""
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        _, self.port = await serve(self.evi, 0, "bench", "bench")
        await self.evi.warm()
        self._ready.set()
        await asyncio.Event().wait()


@cache
def speech_server() -> SpeechServer:
    """This process's, begun when it is first asked for."""
    return SpeechServer()


def voice_of(task: Task) -> voices.Voice:
    """Two natural voices take turns; what is overheard is said by the other one."""
    turn = sum(map(ord, task.tags[-1])) % 2
    overheard = task.interruption is not None and task.interruption.intent == "overheard"
    return voices.NATURAL[(turn + overheard) % 2]


async def sound_of(task: Task) -> voices.Samples:
    """What is spoken into a task, made before it begins."""
    return await asyncio.to_thread(voices.speech, task.script[0].text, voice_of(task))


def _times(sound: voices.Samples) -> tuple[float, float]:
    """Unix times of the first and the last voiced sample of a sound that begins now."""
    voiced = np.flatnonzero(np.abs(sound) > _VOICED)
    now = time.time()
    return now + int(voiced[0]) / RATE, now + int(voiced[-1]) / RATE
