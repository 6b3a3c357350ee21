"""Programs that begin on a session's desktop: logged, and asked about where a rule says so.

The watch's thread (`agent.desktop.server.watching`) tells of starts; here they are written down,
and those that wait are put to the rules and to the person, one question at a time. Meanwhile no
further action of the agent begins.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from agent.clock import ended
from agent.desktop.base import Desktop
from agent.desktop.server.starts import Hands, Start
from agent.desktop.server.watching import Asked, WatchesPrograms
from agent.errors import JournalError
from agent.record import events as ev
from agent.record.log import EventLog
from agent.session.approval import PROGRAM, Approvals, Verdict
from agent.session.control import Control, new_id
from agent.tools.base import Intent

_log = logging.getLogger(__name__)

_MOST = 200
"""Programs in one event."""

_GATHER = 0.1
"""Seconds in which starts are gathered into one event."""

_TAKEN = 0.3
"""Seconds that a shell gets to begin with an allowed line before it is typed into again."""

_WHY_NOT = {
    "deny": "the person did not allow it",
    "timeout": "nobody answered in time",
    "deny by rule": "the person's rules do not allow it",
}


@dataclass(eq=False)
class _Question:
    """A start that waits, and the question about it once there is one."""

    asked: Asked
    approval_id: str = ""


class Programs:
    """What starts on a session's desktop. To be used on the session's loop.

    Implements ``agent.desktop.server.watching.Listener`` for the watch's thread.
    """

    def __init__(
        self,
        log: EventLog,
        control: Control,
        approvals: Approvals,
        desktop: Desktop,
        timeout: Callable[[], float],
        distrust: Callable[[JournalError], None],
    ) -> None:
        self._log = log
        self._control = control
        self._approvals = approvals
        self._desktop = desktop if isinstance(desktop, WatchesPrograms) else None
        self._timeout = timeout
        self._distrust = distrust
        self._loop: asyncio.AbstractEventLoop | None = None
        self._begun: deque[Start] = deque()
        self._waiting: deque[_Question] = deque()
        self._closed = False
        self._current: _Question | None = None
        self._asking: asyncio.Task[None] | None = None
        self._flushing: asyncio.TimerHandle | None = None
        self._idle = asyncio.Event()
        self._idle.set()
        self._hands = Hands()
        self._line_at = 0.0
        approvals.on_begin = self._acts
        log.guard(self._see)

    def open(self) -> None:
        """Be told of starts from now on, on the running loop."""
        self._loop = asyncio.get_running_loop()
        if self._desktop is not None:
            self._desktop.listen(self)

    async def close(self) -> None:
        """Refuse what waits, and write down what has begun."""
        self._closed = True
        self._refuse_all()
        if self._asking is not None:
            self._asking.cancel()
            await ended("A question about a program", self._asking)
        self._write_down()
        self._loop = None

    @property
    def waiting(self) -> bool:
        """Whether a start waits for the person or a rule."""
        return not self._idle.is_set()

    async def settled(self) -> None:
        """Return when no start waits."""
        await self._idle.wait()

    async def line_taken(self, intent: Intent) -> None:
        """Return when an allowed line had its time to begin, if a terminal may be reached now."""
        watch = self._desktop.watch if self._desktop is not None else None
        if watch is None or not self._hands.allowed or not self._approvals.may_reach(intent):
            return
        now, until = asyncio.get_running_loop().time, self._line_at + _TAKEN
        while watch.bound != self._hands.line and now() < until:  # noqa: ASYNC110
            await asyncio.sleep(0.01)  # another thread sees it, and tells nobody

    # For the watch's thread --------------------------------------------------------------

    def started(self, start: Start) -> None:
        """A program begins that nobody had to be asked about."""
        if self._closed:
            return
        self._begun.append(start)
        if len(self._begun) == 1:
            self._soon(self._gather)

    def asked(self, asked: Asked) -> None:
        """Starts wait for an answer."""
        if self._closed:  # a desktop that outlives its session, or has not stopped yet
            asked.answer(allowed=False)
        else:
            self._soon(self._take, asked)

    def _soon(self, function: Callable[..., object], *given: object) -> None:
        loop = self._loop
        if loop is not None:
            with contextlib.suppress(RuntimeError):  # it is closed: the desktop goes, too
                loop.call_soon_threadsafe(function, *given)

    # The log -----------------------------------------------------------------------------

    def _gather(self) -> None:
        if self._flushing is None and self._loop is not None:
            self._flushing = self._loop.call_later(_GATHER, self._write_down)

    def _write_down(self) -> None:
        flushing, self._flushing = self._flushing, None
        if flushing is not None:
            flushing.cancel()
        while self._begun:
            count = min(_MOST, len(self._begun))
            starts = [self._begun.popleft() for _ in range(count)]
            self._append(starts)

    def _append(self, starts: Sequence[Start], approval_id: str = "") -> bool:
        """Whether it could be written down."""
        if self._control.status.closed:
            return False
        programs = tuple(
            ev.StartedProgram(
                program=start.program, line=start.line, folder=start.cwd, by=start.by, how=start.how
            )
            for start in starts
        )
        try:
            self._log.append(ev.ProgramStarted(programs=programs, approval_id=approval_id))
        except JournalError as error:
            self._distrust(error)
            return False
        return True

    def _see(self, event: ev.Event) -> None:
        match event:
            case ev.Stopped():
                self._refuse_all()
            case ev.ControlTaken():
                self._set_hands(replace(self._hands, person=True))
            case ev.ControlReturned():
                act = self._hands.act + 1
                self._set_hands(Hands(act=act, line=act))
            case ev.DesktopChanged(state="ready"):
                self._set_hands(self._hands)
            case _:
                pass

    # What the hands do -------------------------------------------------------------------

    def _acts(self, intent: Intent, reaches_terminal: bool, line: bool) -> None:
        act = self._hands.act + 1
        if reaches_terminal:
            self._line_at = asyncio.get_running_loop().time()
            self._set_hands(replace(self._hands, act=act, line=act, allowed=line))
        else:
            self._set_hands(replace(self._hands, act=act))

    def _set_hands(self, hands: Hands) -> None:
        self._hands = hands
        if self._desktop is not None and self._desktop.watch is not None:
            self._desktop.watch.hands = hands

    # Questions ---------------------------------------------------------------------------

    def _take(self, asked: Asked) -> None:
        if self._closed:
            asked.answer(allowed=False)
            return
        self._write_down()  # what came before it
        question = _Question(asked)
        asked.on_gone = lambda: self._soon(self._withdraw, question)
        self._waiting.append(question)
        self._idle.clear()
        if self._asking is None or self._asking.done():
            self._asking = asyncio.get_running_loop().create_task(
                self._ask_all(), name="questions about programs"
            )

    def _withdraw(self, question: _Question) -> None:
        """Nothing waits for the answer any more: what would start was ended."""
        if question.approval_id:
            self._control.withdraw(question.approval_id)

    def _refuse_all(self) -> None:
        for question in (self._current, *self._waiting):
            if question is not None:
                question.asked.answer(allowed=False)
        self._waiting.clear()

    async def _ask_all(self) -> None:
        """The border of the questions: whatever happens, what waits is answered."""
        try:
            while self._waiting:
                self._current = self._waiting.popleft()
                await self._answer(self._current)
                self._current = None
        except JournalError as error:
            self._distrust(error)
        except Exception:  # noqa: BLE001 - the border of a task; logged just below
            _log.exception("A question about a program failed")
        finally:
            self._refuse_all()
            self._current = None
            self._idle.set()

    async def _answer(self, question: _Question) -> None:
        asked = question.asked
        if asked.gone.is_set():
            return
        verdict = self._approvals.judge_start(intent_of(asked.start))
        decision, approval_id = await self._decide(question, verdict)
        allowed = decision == "allow" and self._append([asked.start], approval_id)
        asked.answer(allowed=allowed)
        if not allowed:
            self._tell(asked.start, decision)

    async def _decide(self, question: _Question, verdict: Verdict) -> tuple[str, str]:
        if verdict.decision == "ask":
            await self._others_answered()
            if question.asked.gone.is_set():
                return "void", ""
            wanted = self._asked_event(verdict)
            for waits in (question, *self._waiting):
                waits.asked.wait_for(wanted.timeout)
            question.approval_id = wanted.approval_id
            return await self._control.ask_between_actions(wanted), wanted.approval_id
        return ("allow" if verdict.decision == "allow" else "deny by rule"), ""

    def _asked_event(self, verdict: Verdict) -> ev.ApprovalAsked:
        return ev.ApprovalAsked(
            approval_id=new_id("approval"),
            action_id="",
            action_hash="",
            question=verdict.question,
            phrase=verdict.phrase,
            rule=verdict.rule,
            grant=verdict.grant,
            timeout=self._timeout(),
        )

    async def _others_answered(self) -> None:
        while (s := self._control.status).pending_approval is not None or s.question is not None:
            await self._log.wait_for(
                lambda e: e.kind in ("approval_decided", "question_answered"),
                since=len(self._log),
            )

    def _tell(self, start: Start, decision: str) -> None:
        """The model learns why a program did not start; a stop tells it anyway."""
        why = _WHY_NOT.get(decision)
        if why is not None and self._control.status.task_id is not None:
            text = f"“{start.line}” was not started: {why}."
            self._log.append(ev.UserMessage(text=text, origin="session"))


def intent_of(start: Start) -> Intent:
    """A start in terms of rules. ``exact`` is equal for the very same start only."""
    exact = hashlib.sha256(start.exact.encode(errors="surrogatepass")).hexdigest()
    target = {
        "line": start.line,
        "program": start.program,
        "by": start.by[0] if start.by else "",
        "how": start.how,
        "exact": exact if start.exact else "",
    }
    return Intent(PROGRAM, "start", target)
