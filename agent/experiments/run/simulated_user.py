"""A scripted person: speaks on cues, answers questions, and decides approvals.

It uses the same control as the page (`Session.say`, `stop`, `hold`, `approve` …) and only
reads the log, so that a trial with interruptions needs neither sound nor a browser. A subclass
may speak in another way, as by sound (`SimulatedUser.speak`).
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Literal

from agent.disk import at_hand
from agent.errors import SaysoError
from agent.experiments.metrics_interrupted import Spoken, interrupted
from agent.experiments.metrics_spoken import Metrics
from agent.experiments.plan.spec import Arm
from agent.experiments.plan.task import Cue, Effect, Task, Utterance
from agent.experiments.run.state import State
from agent.record import events as ev
from agent.session.session import Session

_WORKING_ON = "I am working on it."


class SimulatedUser:
    """Reacts to one session's log. ``busy`` while something is still to be said."""

    def __init__(self, session: Session, task: Task, arm: Arm) -> None:
        self._session = session
        self._task = task
        self._decides = "script" if task.approvals == "script" else arm.approvals
        self._answers = list(task.answers)
        self._seen: Counter[tuple[int, int]] = Counter()
        self._cued: set[int] = set()
        self._actions = _Actions()
        self._at_limit = False
        self._said = 0
        self._pending: set[asyncio.Handle] = set()
        self._quiet = asyncio.Event()
        self._quiet.set()
        self.faults: list[str] = []
        """What the session refused to take."""

        self.spoken: list[Spoken] = []
        """What was said of the script, in order."""

        self._unsubscribe = session.log.subscribe(self._react)

    @property
    def busy(self) -> bool:
        return bool(self._pending)

    async def quiet(self) -> None:
        """Return when nothing is left to be said for now."""
        await self._quiet.wait()

    def _react(self, event: ev.Event) -> None:
        self._actions.see(event)
        for index, utterance in enumerate(self._task.script):
            self._follow(index, utterance, event)
        match event:
            case ev.LimitReached() if event.share >= 1:
                self._at_limit = True
            case ev.ApprovalAsked() if self._decides != "script":
                self._later(0, lambda: self._decide(event.approval_id, self._decides == "allow"))
            case ev.QuestionAsked():
                answer = self._answer()
                self._later(0, lambda: self._session.answer(event.question_id, answer))
            case ev.TaskFinished() if "?" in event.summary and self._answers:
                self._later(0, lambda: self._session.say(self._answers.pop(0), source="voice"))

    def _follow(self, index: int, utterance: Utterance, event: ev.Event) -> None:
        """Say an utterance, once, if one of its cues has come."""
        for cue in filter(None, (utterance.when, utterance.otherwise)):
            if index in self._cued or not self._actions.fit(cue, event):
                continue
            self._seen[index, id(cue)] += 1
            if self._seen[index, id(cue)] == cue.nth:
                self._cued.add(index)
                begin = partial(self._begin, utterance, in_moment=cue is utterance.when)
                self._later(cue.after, begin)

    def _begin(self, utterance: Utterance, *, in_moment: bool) -> None:
        now = time.time()
        words = Spoken(
            utterance.text or utterance.do, now, now, in_moment=in_moment, effects=self._effects()
        )
        self.spoken.append(words)
        self.speak(utterance, words)

    def _effects(self) -> tuple[bool, ...]:
        """Of what the words want undone, what is there now."""
        asked = self._task.interruption
        if asked is None or not asked.undo:
            return ()
        home = self._session.desktop.home
        return at_hand(lambda: tuple(_is_there(home, effect) for effect in asked.undo))

    def _answer(self) -> str:
        if self._at_limit:
            self._at_limit = False
            return "no"
        return self._answers.pop(0) if self._answers else ""

    def _decide(self, approval_id: str, allow: bool) -> None:
        self._session.approve(approval_id, "allow" if allow else "deny", channel="api")

    def speak(self, utterance: Utterance, words: Spoken) -> None:
        """Say it, as if it were understood without fail; ``words.ended`` says until when."""
        session, text = self._session, utterance.text
        match utterance.do:
            case "say":
                self._say(text, "redirect")
            case "queue":
                self._say(text, "join")
            case "stop":
                self._understood(text or "stop", "stop")
                session.stop(text or "stop", source="voice")
            case "hold":
                self._understood(text or "wait", "hold")
                session.hold(text or "wait")
            case "release":
                self._understood(text or "go on", "resume")
                session.release(text)
            case "backchannel":
                self._understood(text or "mm-hm", "backchannel")
            case "aside":
                self._understood(text or "what are you doing", "aside")
                session.reply(_WORKING_ON, to=f"script_{self._said}")
            case "overhear":
                self._understood(text or "pass me the salt", "noise")
            case "approve" | "deny":
                self._understood(text or utterance.do, "approval")
                self._decide_open(utterance.do == "approve")

    def _say(self, text: str, how: Literal["redirect", "join"]) -> None:
        utterance_id = self._hear(text)
        running = self._session.status.task_id is not None
        self._session.say(text, source="voice", utterance_id=utterance_id, how=how)
        meaning = how if running else "task"
        self._session.log.append(ev.Understood(utterance_id=utterance_id, meaning=meaning))

    def _decide_open(self, allow: bool) -> None:
        pending = self._session.status.pending_approval
        if pending is not None:
            decision = "allow" if allow else "deny"
            self._session.approve(pending.approval_id, decision, channel="voice")  # type: ignore[arg-type]

    def _hear(self, text: str) -> str:
        self._said += 1
        utterance_id = f"script_{self._said}"
        self._session.log.append(ev.Heard(utterance_id=utterance_id, text=text))
        return utterance_id

    def _understood(self, text: str, meaning: str) -> None:
        utterance_id = self._hear(text)
        self._session.log.append(ev.Understood(utterance_id=utterance_id, meaning=meaning))

    def _later(self, seconds: float, work: Callable[[], object]) -> None:
        """Speak after the log's listeners are done, or later."""
        self._quiet.clear()
        handle: asyncio.Handle | None = None

        def now() -> None:
            try:
                work()
            except SaysoError as error:
                self.faults.append(str(error))
            finally:
                self._pending.discard(handle)
                if not self._pending:
                    self._quiet.set()

        handle = asyncio.get_running_loop().call_later(seconds, now)
        self._pending.add(handle)

    def measured(self, state: State) -> Metrics:
        """Numbers of what was spoken into the work, against how that ended."""
        asked = self._task.interruption
        if asked is None or not self.spoken:
            return {}
        left = [_is_there(state.home, effect) for effect in asked.undo]
        return interrupted(state.events, self.spoken[0], asked.intent, left)

    async def leave(self) -> None:
        """Say nothing more."""
        self._unsubscribe()
        for handle in self._pending:
            handle.cancel()
        self._pending.clear()
        self._quiet.set()


class _Actions:
    """What a cue may ask of an action that begins: its name, input, and place in its answer.

    A question in an agent's own words is one that asks for approval, too.
    """

    def __init__(self) -> None:
        self._proposed: dict[str, ev.ActionProposed] = {}
        self._begun: Counter[str] = Counter()

    def see(self, event: ev.Event) -> None:
        """Follow the log."""
        if isinstance(event, ev.ActionProposed):
            self._proposed[event.action_id] = event
        elif isinstance(event, ev.ActionStarted) and event.action_id in self._proposed:
            self._begun[self._proposed[event.action_id].turn_id] += 1

    def fit(self, cue: Cue, event: ev.Event) -> bool:
        """Whether a cue has come with an event, which was seen before."""
        asks = isinstance(event, ev.QuestionAsked) and cue.event == "approval_asked"
        if event.kind != cue.event and not asks:
            return False
        return all(
            re.search(pattern, self._field(event, field), re.IGNORECASE)
            for field, pattern in cue.where.items()
        )

    def _field(self, event: ev.Event, field: str) -> str:
        if isinstance(event, ev.ActionStarted) and event.action_id in self._proposed:
            action = self._proposed[event.action_id]
            match field:
                case "name":
                    return action.name
                case "input":
                    return json.dumps(action.input, ensure_ascii=False)
                case "place":
                    return str(self._begun[action.turn_id])
        if isinstance(event, ev.QuestionAsked) and field == "question":
            return event.text
        return str(getattr(event, field, ""))


def _is_there(home: Path, effect: Effect) -> bool:
    path = home / effect.path
    if not effect.matches or not path.is_file():
        return path.exists() and not effect.matches
    return re.search(effect.matches, path.read_text("utf-8", "replace")) is not None
