"""A scripted person: speaks on cues, answers questions, and decides approvals.

It uses the same control as the page (`Session.say`, `stop`, `hold`, `approve` …) and only
reads the log, so that a trial with interruptions needs neither sound nor a browser.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Literal

from agent.errors import SaysoError
from agent.experiments.plan.spec import Arm
from agent.experiments.plan.task import Cue, Task, Utterance
from agent.record import events as ev
from agent.session.session import Session


class SimulatedUser:
    """Reacts to one session's log. ``busy`` while something is still to be said."""

    def __init__(self, session: Session, task: Task, arm: Arm) -> None:
        self._session = session
        self._task = task
        self._decides = "script" if task.approvals == "script" else arm.approvals
        self._answers = list(task.answers)
        self._seen = [0] * len(task.script)
        self._at_limit = False
        self._said = 0
        self._pending: set[asyncio.Handle] = set()
        self._quiet = asyncio.Event()
        self._quiet.set()
        self.faults: list[str] = []
        """What the session refused to take."""

        self.leave = session.log.subscribe(self._react)

    @property
    def busy(self) -> bool:
        return bool(self._pending)

    async def quiet(self) -> None:
        """Return when nothing is left to be said for now."""
        await self._quiet.wait()

    def _react(self, event: ev.Event) -> None:
        for index, utterance in enumerate(self._task.script):
            if _fits(utterance.when, event):
                self._seen[index] += 1
                if self._seen[index] == utterance.when.nth:
                    self._later(utterance.when.after, lambda u=utterance: self._do(u))  # type: ignore[misc]
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

    def _answer(self) -> str:
        if self._at_limit:
            self._at_limit = False
            return "no"
        return self._answers.pop(0) if self._answers else ""

    def _decide(self, approval_id: str, allow: bool) -> None:
        self._session.approve(approval_id, "allow" if allow else "deny", channel="api")

    def _do(self, utterance: Utterance) -> None:
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

    def close(self) -> None:
        """Say nothing more."""
        self.leave()
        for handle in self._pending:
            handle.cancel()
        self._pending.clear()
        self._quiet.set()


def _fits(cue: Cue, event: ev.Event) -> bool:
    if event.kind != cue.event:
        return False
    return all(
        re.search(pattern, str(getattr(event, field, "")), re.IGNORECASE)
        for field, pattern in cue.where.items()
    )
