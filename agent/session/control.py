"""The one channel into a running session: say, hold, release, stop, approve, answer.

Every method is synchronous and returns at once, whatever hangs: the desktop's input driver
is halted first, then the journal is written, then the work is cancelled. Nobody waits for
the cancelled work: its *lease* is revoked, so nothing that it still does can reach the log,
nor the desktop (`agent.permit`).
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from agent.clock import Clock
from agent.desktop.base import InputDriver
from agent.errors import BadInput, JournalError
from agent.permit import act_under
from agent.record import events as ev
from agent.record.log import E, EventLog
from agent.session.arrivals import attach_to_words
from agent.session.fate import Fate, How, fate_named, fate_of
from agent.session.history import BY_CLOSING, BY_USER, OVERTIME, OVERTIME_IN, SHOWN, UNKNOWN, Cause
from agent.session.status import Status, StatusTracker

_USED = "I used the mouse and keyboard myself."
_USED_BY_PERSON = "The person used the mouse and keyboard. What is on the screen may be otherwise."
GRACE = 1.0
"""Seconds that new work waits for cancelled work to clear its desk."""

ApprovalChannel = ev.Source | Literal["rule", "timer", "interruption"]


def new_id(prefix: str) -> str:
    """An identifier that is unique within a session."""
    return f"{prefix}_{secrets.token_hex(6)}"


class Lease:
    """The right of one piece of work to write and to act; revoked by any interruption."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self.valid = True

    def emit(self, event: E) -> E:
        """Append an event.

        Raises:
            asyncio.CancelledError: the lease was revoked; the work must end.
            JournalError: the journal cannot be written.
        """
        if not self.valid:
            raise asyncio.CancelledError
        return self._log.append(event)


Change = Literal["redirect", "join", "after", "cancel"]
"""What else can become of words that wait or were not done."""


def change_named(name: str) -> Change | None:
    """The change of that name, if there is one."""
    return next((change for change in get_args(Change) if change == name), None)


Work = Callable[[str, Lease], Awaitable[None]]
"""What carries out a task: given its id and a lease. It never raises but for cancellation."""


@dataclass
class _Waiting:
    """Questions that are open, by id."""

    approvals: dict[str, asyncio.Future[str]] = field(default_factory=dict)
    answers: dict[str, asyncio.Future[str]] = field(default_factory=dict)

    def clear(self) -> None:
        for future in (*self.approvals.values(), *self.answers.values()):
            future.cancel()
        self.approvals.clear()
        self.answers.clear()


class Control:
    """One session's control. To be called on the session's event loop."""

    def __init__(
        self,
        log: EventLog,
        tracker: StatusTracker,
        driver: Callable[[], InputDriver],
        work: Work,
        clock: Clock,
    ) -> None:
        self._log = log
        self._tracker = tracker
        self._driver = driver
        self._work = work
        self._clock = clock
        self._waiting = _Waiting()
        self._lease: Lease | None = None
        self._task: asyncio.Task[None] | None = None
        self._old: set[asyncio.Task[None]] = set()
        self._free = asyncio.Event()
        self._closing = False
        self._unsubscribe = log.guard(lambda _: self._set_gate())
        self._set_gate()

    @property
    def status(self) -> Status:
        return self._tracker.status

    # What the person does ---------------------------------------------------------

    def say(
        self,
        text: str,
        *,
        source: ev.Source = "typed",
        how: How | None = None,
        utterance_id: str = "",
        attachments: tuple[ev.Attachment, ...] = (),
    ) -> str:
        """Give the agent words; returns the id of the task that they belong to.

        When idle they begin a task. While one runs, the words themselves decide (`fate_of`)
        if ``how`` does not: they are done after it as a task of their own (``after``), cut in
        at once (``redirect``), or are read by the model after the current results (``join``).
        While dictation is on, all is typed in the order in which it was said.
        While the person has the mouse, new tasks wait for it. The model reads ``attachments``
        right before the words, whenever that is.

        Raises:
            BadInput: the text is blank.
            JournalError: it could not be written down; the running work goes on.
        """
        text = text.encode(errors="replace").decode().strip()  # a terminal may send half signs
        if not text:
            raise BadInput("Nothing was said: give the agent a sentence.")
        wish = ev.TaskQueued(
            task_id=new_id("task"),
            text=text,
            source=source,
            utterance_id=utterance_id or new_id("said"),
            attachments=attachments,
        )
        if self.status.dictating:
            how = "after"
        return self._place(wish, fate_named(how) if how else fate_of(text))

    def change_fate(self, utterance_id: str, to: Change) -> bool:
        """Decide otherwise about words; false when that is not possible (any more).

        Words that wait, or were kept when they were not done, can be done at once instead
        (``redirect``), ``join`` the task, come ``after`` it, or be dropped (``cancel``). Those
        that were replaced or dropped can be done ``after`` all.
        """
        status = self.status
        waiting = {wish.utterance_id: wish for wish in (*status.kept, *status.queue)}
        wish = waiting.get(utterance_id)
        if wish is None:
            return to == "after" and self._after_all(utterance_id)
        if to == "cancel":
            self._log.append(ev.TaskUnqueued(task_id=wish.task_id, fate="cancelled"))
        elif wish in status.queue and (to == "after" or status.task_id is None):
            return False  # it has its place, and nothing runs that it could join or cut
        else:
            self._place(wish, to)
        return True

    def go_on(self) -> None:
        """Begin what waits, if the task before it ended by itself; else keep it for later."""
        status = self.status
        if status.task_id is not None or not status.queue:
            return
        if status.outcome in ("done", "ended"):
            self._open(status.queue[0])
            self._begin(status.queue[0].task_id)
        else:
            keep_waiting(self._log.append, status)

    def hold(self, reason: str) -> None:
        """Let no further action begin. Does nothing when held already."""
        if not self.status.held:
            self._log.append(ev.HoldBegan(reason=reason))

    def release(self, reason: str = "") -> None:
        """End a hold. Does nothing when there is none."""
        if self.status.held:
            self._log.append(ev.HoldEnded(reason=reason))

    def stop(self, reason: str, *, source: ev.Source = "button") -> tuple[str, ...]:
        """Stop everything now; returns the names of the keys and buttons released.

        Works with model, tool, approval or journal hung or failing.
        """
        released = self._driver().halt()
        self._revoke()
        self._log.append(ev.Stopped(reason=reason, source=source, released=released))
        close_open_ends(self._log.append, self.status, summary="Stopped.")
        return released

    def approve(
        self,
        approval_id: str,
        decision: Literal["allow", "deny"],
        *,
        channel: ApprovalChannel,
        note: str = "",
        for_session: bool = False,
        for_good: bool = False,
    ) -> bool:
        """Answer an approval; false when it is not the one that is open now.

        ``for_session`` allows what its ``grant`` says, where there is one, from now on;
        ``for_good`` in later sessions as well, where the question is one of ``lasting``.
        """
        future = self._waiting.approvals.get(approval_id)
        if future is None or future.done():
            return False
        self._log.append(
            ev.ApprovalDecided(
                approval_id=approval_id,
                decision=decision,
                channel=channel,
                note=note,
                for_session=for_session and self._grantable(approval_id, decision),
                for_good=for_good and self._lasting(approval_id, decision),
            )
        )
        future.set_result(decision)
        return True

    def _grantable(self, approval_id: str, decision: str) -> bool:
        asked = self.status.pending_approval
        known = asked is not None and asked.approval_id == approval_id and asked.grant is not None
        return decision == "allow" and known

    def _lasting(self, approval_id: str, decision: str) -> bool:
        asked = self.status.pending_approval
        known = asked is not None and asked.approval_id == approval_id and asked.lasting
        return decision == "allow" and known

    def answer(self, question_id: str, text: str) -> bool:
        """Answer the agent's question; false when it is not open."""
        future = self._waiting.answers.get(question_id)
        if future is None or future.done():
            return False
        self._log.append(ev.QuestionAnswered(question_id=question_id, text=text))
        future.set_result(text)
        return True

    def take_control(self) -> None:
        """Give the person the mouse: the agent's work is cut and waits."""
        if self.status.yours:
            return
        self._driver().halt()
        self._log.append(ev.ControlTaken())
        self._restart()

    def return_control(self, note: str = "") -> None:
        """Give the mouse back; the agent is told, looks at the screen and goes on."""
        if not self.status.yours:
            return
        self._log.append(ev.ControlReturned(note=note))
        if self.status.task_id is None and self.status.queue:
            wish = self.status.queue[0]
            self._open(wish)
            self._begin(wish.task_id)
        if self.status.task_id is not None:
            self._log.append(
                ev.UserMessage(text=_USED, origin="session", as_system=_USED_BY_PERSON)
            )
            if note.strip():
                self._log.append(ev.UserMessage(text=note.strip(), origin="session"))
        else:
            self._driver().resume()

    # What the loop asks -------------------------------------------------------------

    @property
    def barred(self) -> bool:
        """Whether no action may begin: held, or in the person's hands."""
        return not self._free.is_set()

    async def gate(self) -> None:
        """Return when actions may begin: neither held nor in the person's hands."""
        await self._free.wait()

    async def ask_approval(self, lease: Lease, asked: ev.ApprovalAsked) -> str:
        """Ask, and wait for ``allow`` or ``deny``; ``timeout`` when nobody answers."""
        future = asyncio.get_running_loop().create_future()
        self._waiting.approvals[asked.approval_id] = future
        try:
            lease.emit(asked)
            if await self._in_time(future, asked.timeout):
                return str(future.result())
            lease.emit(
                ev.ApprovalDecided(
                    approval_id=asked.approval_id, decision="timeout", channel="timer"
                )
            )
            return "timeout"
        finally:
            self._waiting.approvals.pop(asked.approval_id, None)

    async def ask_between_actions(self, asked: ev.ApprovalAsked) -> str:
        """Ask about what is no task's own action, and wait for the answer.

        Returns:
            ``allow`` or ``deny``; ``timeout`` when nobody answers; ``void`` when an
            interruption came instead, or the question was withdrawn.
        """
        future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._waiting.approvals[asked.approval_id] = future
        decision: Literal["void", "timeout"] = "timeout"
        try:
            self._log.append(asked)
            if await self._in_time(future, asked.timeout):
                if not future.cancelled():
                    return future.result()
                decision = "void"
        finally:
            self._waiting.approvals.pop(asked.approval_id, None)
        pending = self.status.pending_approval
        if pending is not None and pending.approval_id == asked.approval_id:
            self._log.append(
                ev.ApprovalDecided(
                    approval_id=asked.approval_id,
                    decision=decision,
                    channel="timer" if decision == "timeout" else "interruption",
                )
            )
        return decision

    def withdraw(self, approval_id: str) -> None:
        """Take a question back whose answer nothing waits for any more."""
        future = self._waiting.approvals.get(approval_id)
        if future is not None:
            future.cancel()

    async def ask(self, lease: Lease, text: str, question_id: str) -> str:
        """Ask the person something and wait for the answer, however long it takes."""
        future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._waiting.answers[question_id] = future
        try:
            lease.emit(ev.QuestionAsked(question_id=question_id, text=text))
            return await future
        finally:
            self._waiting.answers.pop(question_id, None)

    async def ask_between(self, text: str) -> str:
        """Ask the person, while no task runs, something that a yes or a no answers.

        Returns:
            Their words; nothing when a stop, a task's beginning or the end came instead.
        """
        question_id = new_id("question")
        future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._waiting.answers[question_id] = future
        try:
            self._log.append(ev.QuestionAsked(question_id=question_id, text=text, yes_or_no=True))
            await asyncio.wait({future})
            return "" if future.cancelled() else future.result()
        finally:
            self._waiting.answers.pop(question_id, None)

    # Inside -------------------------------------------------------------------------

    def _place(self, wish: ev.TaskQueued, fate: Fate) -> str:
        """Give words their place; returns the id of the task that they belong to."""
        task_id = self.status.task_id
        if self._closing:
            self._log.append(wish)  # kept when the session is closed
            return wish.task_id
        if fate == "after" and not self._at_work:
            fate = "redirect"  # the task's work broke off, and only words bring it back
        if task_id is None and not self.status.yours:
            self._open(wish)
            self.release("new words")
            self._begin(wish.task_id)
        elif task_id is None or fate == "after":
            waits_for = "mouse" if task_id is None else "task"
            self._log.append(wish.model_copy(update={"waits_for": waits_for}))
        else:
            self._tell(task_id, wish, cuts=fate == "redirect")
            return task_id
        return wish.task_id

    @property
    def _at_work(self) -> bool:
        return self._task is not None and not self._task.done()

    def _open(self, wish: ev.TaskQueued) -> None:
        """The beginning of a task, written down."""
        if (asked := self.status.question) is not None:
            self.answer(asked.question_id, "")
        task_id, text, source, said = wish.task_id, wish.text, wish.source, wish.utterance_id
        attach_to_words(self._log.append, wish.attachments, said)
        self._log.append(
            ev.TaskStarted(task_id=task_id, text=text, source=source, utterance_id=said)
        )
        dictated = self.status.dictating
        self._log.append(
            ev.UserMessage(text=text, source=source, utterance_id=said, dictated=dictated)
        )

    def _tell(self, task_id: str, wish: ev.TaskQueued, *, cuts: bool) -> None:
        """Words for the task that runs."""
        replaced = tuple(m.utterance_id for m in self.status.task_words if m.utterance_id)
        attach_to_words(self._log.append, wish.attachments, wish.utterance_id)
        self._log.append(
            ev.UserMessage(
                text=wish.text,
                source=wish.source,
                cuts=cuts,
                utterance_id=wish.utterance_id,
                replaces=replaced if cuts else (),
                dictated=self.status.dictating,
            )
        )
        if cuts:
            self.interrupt()
            self.release("new words")
        if cuts or not self._at_work:
            self._begin(task_id)

    def _after_all(self, utterance_id: str) -> bool:
        """Do words that were replaced or dropped; false for what is being done, or unknown."""
        said = [e for e in self._log if isinstance(e, ev.UserMessage | ev.TaskQueued)]
        found = next((e for e in reversed(said) if e.utterance_id == utterance_id), None)
        if found is None or any(m.utterance_id == utterance_id for m in self.status.task_words):
            return False
        never_read = found.attachments if isinstance(found, ev.TaskQueued) else ()
        self.say(
            found.text,
            source=found.source,
            how="after",
            utterance_id=utterance_id,
            attachments=never_read,
        )
        return True

    def interrupt(self, cause: Cause = BY_USER) -> None:
        """Cut the running work, close what it left open, keep the task."""
        self._driver().halt()
        self._revoke()
        close_open_ends(self._log.append, self.status, cause=cause)

    def cut_overtime(self) -> None:
        """Cut the running work because its time is over; it begins again by asking about that."""
        self._driver().halt()
        self._revoke()
        close_open_ends(
            self._log.append,
            self.status,
            stop_reason="broken",
            unexecuted=OVERTIME,
            cut=OVERTIME_IN,
        )
        if self.status.task_id is not None:
            self._begin(self.status.task_id)

    def break_off(self) -> None:
        """Cut the running work without a word in the log, which takes none at present."""
        self._driver().halt()
        self._revoke()

    def abandon(self) -> None:
        """Stop writing and waiting, for a session that closes: nothing begins any more."""
        self._closing = True
        with contextlib.suppress(JournalError):
            self.interrupt(BY_CLOSING)
        self._unsubscribe()

    async def finished(self) -> None:
        """Return when no work runs any more, or when it does not end in time."""
        running = {task for task in (self._task, *self._old) if task is not None}
        if running:
            await asyncio.wait(running, timeout=GRACE)

    async def idle(self) -> None:
        """Return when no work is under way."""
        while (task := self._task) is not None and not task.done():
            await asyncio.wait({task})

    def _restart(self) -> None:
        self.interrupt()
        if self.status.task_id is not None:
            self._begin(self.status.task_id)

    def _begin(self, task_id: str) -> None:
        self._lease = lease = Lease(self._log)
        self._task = asyncio.create_task(self._guarded(task_id, lease), name=f"work {task_id}")

    async def _guarded(self, task_id: str, lease: Lease) -> None:
        act_under(lease)
        if self._old:
            await asyncio.wait(tuple(self._old), timeout=GRACE)
        await self.gate()
        self._driver().resume()
        await self._work(task_id, lease)

    def _revoke(self) -> None:
        self._waiting.clear()
        if self._lease is not None:
            self._lease.valid = False
            self._lease = None
        if self._task is not None and not self._task.done():
            self._task.cancel()
            self._old.add(self._task)
            self._task.add_done_callback(self._old.discard)
        self._task = None

    def _set_gate(self) -> None:
        if self.status.held or self.status.yours:
            self._free.clear()
        else:
            self._free.set()

    async def _in_time(self, future: asyncio.Future[str], seconds: float) -> bool:
        timer = asyncio.ensure_future(self._clock.sleep(seconds))
        both: set[asyncio.Future[Any]] = {future, timer}
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            timer.cancel()
        return future.done()


_UNREAD = "How this ended is not known: a part of the record could not be read."


def close_open_ends(
    emit: Callable[[ev.Event], object],
    status: Status,
    *,
    cause: Cause = BY_USER,
    stop_reason: Literal["broken", "refusal"] | None = None,
    unexecuted: str | None = None,
    cut: str | None = None,
    summary: str | None = None,
) -> None:
    """Write the ends of all that was cut: approval, question, actions, turn.

    With a ``summary`` the task ends as well, as stopped, and what waits is kept for the
    person, so that nothing is done unasked after a stop. Also used when a journal is
    resumed, so that a session killed at any event reads like one that was cut there.
    """
    if status.pending_approval is not None:
        approval_id = status.pending_approval.approval_id
        emit(ev.ApprovalDecided(approval_id=approval_id, decision="void", channel="interruption"))
    if status.question is not None:
        emit(ev.QuestionAnswered(question_id=status.question.question_id, text=""))
    for action_id in status.open_actions:
        ran = action_id == status.running or status.gap
        text = (cut or cause.cut) if ran else (unexecuted or cause.unexecuted)
        text = UNKNOWN if status.gap else text
        shown = SHOWN.get(text)
        emit(ev.ActionFinished(action_id=action_id, text=text, is_error=True, ran=ran, shown=shown))
    if status.turn_id is not None:
        emit(
            ev.TurnFinished(
                turn_id=status.turn_id,
                stop_reason=stop_reason or cause.stop_reason,
                usage=status.turn_usage,
            )
        )
    if summary is not None:
        keep_waiting(emit, status)
    if summary is not None and status.task_id is not None:
        summary = _UNREAD if status.gap else summary
        cut_by = "" if cause is BY_USER else cause.stop_reason
        emit(
            ev.TaskFinished(
                task_id=status.task_id, outcome="stopped", summary=summary, cut_by=cut_by
            )
        )


def keep_waiting(emit: Callable[[ev.Event], object], status: Status) -> None:
    """Let nothing begin by itself of what waits; the person can still have it done."""
    for wish in status.queue:
        emit(ev.TaskUnqueued(task_id=wish.task_id, fate="kept"))
