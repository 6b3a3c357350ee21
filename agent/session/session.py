"""One conversation: a desktop, an agent and an event log, under an id, beyond any page."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Literal, Self, Unpack

from agent.clock import MonotonicClock, in_time, steady_time
from agent.desktop.base import Covers, Desktop, DesktopStatus
from agent.desktop.server.homes import HomeNews, remove_tree
from agent.disk import DiskHangs, at_hand, in_thread
from agent.errors import DesktopError, JournalError, SaysoError
from agent.face import Faced
from agent.kinds import ALL_TOOLS, ToolName
from agent.models.base import takes_system_messages
from agent.prompts import Prompt, load_prompt
from agent.record import events as ev
from agent.record.journal import SessionJournal, SqliteJournal, remove_session, session_folder
from agent.record.log import EventLog
from agent.session.approval import DEFAULT_RULES, Approvals
from agent.session.arrivals import attach_to_words
from agent.session.changes import Changes, change_of, filled, trial_of, tried_of
from agent.session.control import (
    ApprovalChannel,
    Change,
    Control,
    Lease,
    close_open_ends,
    keep_waiting,
    new_id,
)
from agent.session.fate import How
from agent.session.files import SessionFiles
from agent.session.history import BY_CLOSING, BY_RESTART, FAILED, FAILED_IN, History
from agent.session.home import SessionHome, changed
from agent.session.imported import own, take_in
from agent.session.limits import Limits
from agent.session.loop import Loop
from agent.session.manual import Manual
from agent.session.network import Network
from agent.session.parts import Parts, model_for, tools_for, versions
from agent.session.permissions import Agent, Ended
from agent.session.program_actions import ProgramActions
from agent.session.programs import Programs
from agent.session.status import Status, StatusTracker
from agent.session.warming import warm
from agent.session.world import Files, World, last_seen, renewed
from agent.settings import Settings
from agent.tools.base import Connects, Stoppable, Tool
from agent.tools.vault import Secret, Vault, tell

_log = logging.getLogger(__name__)
_REST = "Everything else is here, and the session goes on."
_EMPTY = (
    "This session's record is empty. If it was worked in before, what was said and done in it is "
    "lost."
)
_EMPTY_REST = "It starts over. Look in Files for what was made in it."
_WITHOUT = "The session goes on without its tools."
_BROKE = "It could not be written down any more, so the work was stopped."
_UNWRITTEN = "For a while nothing could be written down."
_WRITTEN = "It can be again. Say what to do next."
_AGAIN = (1.0, 5.0)
"""Seconds until it is tried whether something can be written down again: at first, and at most."""

_TICK = 0.5
"""Seconds between two looks at the limit on time."""

_OVERTIME = 1.0
"""Seconds beyond it in which an action that is due may ask about it before the work is cut."""
_LITTLE = 1 << 20
"""Bytes by which a home may differ from what the log says of it."""

_FILLS = (ev.TaskFinished, ev.FilesArrived, ev.PutBackFinished)
_LAST_LOOK = 2.0
"""Seconds that the last look at the windows may take."""

_FAREWELL = 30.0
"""Seconds that each part has to end when the session closes."""


class Session(Faced):
    """A conversation with one desktop. Make it with `create` or `resume`, then `open` it.

    All methods are to be called on the event loop that `open` ran on.
    """

    def __init__(
        self,
        settings: Settings,
        session_id: str,
        journal: SessionJournal,
        **parts: Unpack[Parts],
    ) -> None:
        self.id = session_id
        self.settings = settings
        self.journal = journal
        self._trouble = ""
        self._recovery: asyncio.Task[None] | None = None
        self.on_trouble: list[Callable[[str], None]] = []
        """Called with `trouble` when it changes: the log cannot tell of this."""

        self.before_words: list[Callable[[], Iterable[ev.Attachment]]] = []
        """Called before the person's next words are taken, however they came; returns the files
        that go with them.
        """

        self.vault = Vault(parts.get("secrets", ()))
        self.log = self._new_log(parts)
        self._tracker = StatusTracker(self.log)
        self._resumed = len(self.log) > 0
        self.created = True
        """Whether it is a new one; not one that was found, though its log be empty."""

        self._system, self._prompt_hash = self._system_prompt()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._started = asyncio.Event()
        self._start_detail = ""
        self._home: SessionHome | None = None
        self.desktop: Desktop = parts.get("desktop") or self._virtual_desktop()
        self.model = parts.get("model") or model_for(settings, self.desktop)
        self.tools = self._tools_of(parts)
        if isinstance(self.desktop, Covers):
            self.desktop.cover(self.vault)
        self._clock = parts.get("clock") or MonotonicClock()
        self.control = Control(
            self.log, self._tracker, lambda: self.desktop.input, self._work, self._clock
        )
        self.files = self._new_files()
        self._agent = self._assemble(parts)
        self.log.subscribe(self._follow_home)
        self.world = World(self.log, self.desktop)
        self._following: asyncio.Task[None] | None = None
        self._warming = False
        self.manual = Manual(self._agent)
        self.program_actions = ProgramActions(self._agent)

    def _new_log(self, parts: Parts) -> EventLog:
        return EventLog(
            self.journal,
            now=parts.get("now", time.time),
            on_guard_failed=self._distrust,
            clean=self.vault.scrubbed,
        )

    def _tools_of(self, parts: Parts) -> tuple[Tool, ...]:
        if "tools" in parts:
            return tuple(parts["tools"])
        return tuple(tools_for(self.desktop, self.model, self.settings, self.vault))

    def _new_files(self) -> SessionFiles:
        return SessionFiles(
            self.log,
            home=lambda: self.desktop.home,
            status=lambda: self.status,
            folder=self._record_folder(),
            most=self.settings.record_bytes,
        )

    @classmethod
    def create(
        cls, settings: Settings, *, session_id: str | None = None, **parts: Unpack[Parts]
    ) -> Self:
        """A new session, journaled under ``settings.data_dir``.

        Raises:
            JournalError: it cannot be written there, or the id is taken.
            ConfigurationError: prompt, model or id is wrong.
        """
        session_id = session_id or time.strftime("%Y%m%d-%H%M%S-") + new_id("s")[2:8]
        folder = session_folder(settings.data_dir, session_id)
        if _is_there(folder / "events.db"):
            raise JournalError(f"There is a session {session_id} already; resume it instead.")
        fresh = not _is_there(folder)
        try:
            return cls._on_disk(settings, session_id, parts)
        except BaseException:
            if fresh:  # a session that never was is not to be listed
                with contextlib.suppress(DiskHangs):
                    at_hand(lambda: remove_tree(folder))
            raise

    @classmethod
    def resume(cls, settings: Settings, session_id: str, **parts: Unpack[Parts]) -> Self:
        """A session from its journal, wherever it was cut.

        Raises:
            JournalError: there is none of that id, it is damaged, or open elsewhere.
        """
        folder = session_folder(settings.data_dir, session_id)
        if not _is_there(folder / "events.db"):
            raise JournalError(
                f"There is no session {session_id} in {settings.data_dir}; check its id."
            )
        session = cls._on_disk(settings, session_id, parts)
        session.created = False
        return session

    @classmethod
    def _on_disk(cls, settings: Settings, session_id: str, parts: Parts) -> Self:
        journal = SqliteJournal(session_folder(settings.data_dir, session_id))
        try:
            take_in(journal, parts.get("now", time.time))
            return cls(settings, session_id, journal, **parts)
        except BaseException:
            journal.close()
            raise

    @property
    def trouble(self) -> str:
        """Why nothing can be written down at present; empty when all is well."""
        return self._trouble

    @trouble.setter
    def trouble(self, text: str) -> None:
        if text and self._loop is not None:
            self._break_off(self._loop)
        if text != self._trouble:
            self._trouble = text
            for tell in tuple(self.on_trouble):
                tell(text)

    @property
    def status(self) -> Status:
        """Who has the mouse, and more; derived from the log only."""
        return self._tracker.status

    @property
    def opened(self) -> bool:
        """Whether `open` has begun. What a resumed session is told earlier counts as cut off."""
        return self._loop is not None

    async def open(self) -> None:
        """Journal the beginning, start the desktop, and take instructions from now on.

        A desktop that cannot start is an event, not an exception: the session stands.
        """
        self._loop = asyncio.get_running_loop()
        if self._resumed:
            self._mend()
        self.log.append(
            ev.SessionOpened(
                session_id=self.id,
                model=self.model.name,
                prompt_hash=self._prompt_hash,
                resumed=self._resumed,
                versions=versions(),
            )
        )
        if self._resumed:
            await self._tell_damage()
        elif not self.created:
            self.log.append(ev.Failed(where="journal", error=_EMPTY, advice=_EMPTY_REST))
        tell(self.log.append, self.vault, self.log)
        self._agent.programs.open()
        self._agent.network.open()
        await asyncio.gather(self._start_desktop(), self._connect_tools())
        self._started.set()
        self._following = self._loop.create_task(self.world.follow(), name="windows")

    async def discard(self) -> None:
        """Let go of a session that was not opened; of one that is new, nothing is left.

        Raises:
            JournalError: its folder cannot be removed.
        """
        await self.model.close()
        self.journal.close()
        if self.created and isinstance(self.journal, SqliteJournal):
            folder = self.journal.folder
            await in_thread(remove_session, folder.parent.parent, folder.name)

    async def close(self, reason: str = "") -> None:
        """End the work, the desktop and the journal. The session can be resumed later."""
        if self._recovery is not None:
            self._recovery.cancel()
        self.control.abandon()
        agent = self._agent
        for part in (
            self.control.finished,
            self.manual.close,
            self.program_actions.close,
            agent.programs.close,
            agent.network.close,
        ):
            await self._let_go(part)
        await self._let_go(self._stop_following)
        await self._let_go(self.files.close)
        try:
            for tool in self.tools:
                await self._let_go(tool.close)
            await self._let_go(self.model.close)
            await self.desktop.stop()
        except SaysoError as error:
            reason = f"{reason} {error}".strip()
        finally:
            self._end(reason)

    def spend_within(
        self, refusal: Callable[[], str], notice: Callable[[], str] = lambda: ""
    ) -> None:
        """Ask before each turn that costs something.

        A sentence of ``refusal`` ends the task with it, one of ``notice`` is told.
        """
        self._agent.refusal, self._agent.notice = refusal, notice

    async def _let_go(self, close: Callable[[], Awaitable[None]]) -> None:
        """What hangs must keep neither the desktop nor the journal open."""
        what = getattr(close, "__qualname__", "a part")
        await in_time(close(), _FAREWELL, f"{what} of session {self.id}")

    # Control: synchronous, journaled first -------------------------------------------

    def say(
        self,
        text: str,
        *,
        source: ev.Source = "typed",
        utterance_id: str = "",
        how: How | None = None,
    ) -> str:
        """Give the agent words; returns the task's id. See `Control.say`.

        Where they cannot be written down, nothing may be done any more; `trouble` says why.
        """
        try:
            self._own_up()
            attached = self._prepare_words() if text.strip() else ()
            task_id = self.control.say(
                text, source=source, how=how, utterance_id=utterance_id, attachments=attached
            )
        except JournalError as error:
            self._distrust(error)
            raise
        self.trouble = ""
        return task_id

    def change_fate(self, utterance_id: str, to: Change) -> bool:
        """Decide otherwise about words that wait or were not done. See `Control.change_fate`.

        ``session.status.queue`` and ``kept`` have them, with their ids.
        """
        return self.control.change_fate(utterance_id, to)

    def reply(
        self, text: str, *, to: str = "", priority: Literal["question", "answer"] = "answer"
    ) -> None:
        """Answer the person in the conversation, without a model; ``to`` is their utterance."""
        self.log.append(ev.Replied(text=text, utterance_id=to, priority=priority))

    def hold(self, reason: str) -> None:
        self.control.hold(reason)

    def release(self, reason: str = "") -> None:
        self.control.release(reason)

    def stop(self, reason: str, *, source: ev.Source = "button") -> tuple[str, ...]:
        """Stop everything now; returns what keys and buttons were released.

        A journal that cannot be written does not hinder it; `trouble` then says so.
        """
        try:
            return self.control.stop(reason, source=source)
        except JournalError as error:
            self.trouble = str(error)
            return ()
        finally:
            self._stop_tools()

    def _stop_tools(self) -> None:
        for tool in self.tools:
            if isinstance(tool, Stoppable):
                tool.stop()

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
        return self.control.approve(
            approval_id,
            decision,
            channel=channel,
            note=note,
            for_session=for_session,
            for_good=for_good,
        )

    @property
    def grants(self) -> Mapping[str, ev.Grant]:
        """What the person has allowed for this session, by the approval that allowed it."""
        return self._agent.approvals.grants.given

    @property
    def network(self) -> Network:
        """What the desktop may reach."""
        return self._agent.network

    def withdraw(self, approval_id: str) -> bool:
        """Ask again about what was allowed for the session; false when it is not allowed."""
        if approval_id not in self.grants:
            return False
        self.log.append(ev.GrantWithdrawn(approval_id=approval_id))
        return True

    def answer(self, question_id: str, text: str) -> bool:
        """Answer the agent's question. See `Control.answer`."""
        asked = self.status.question
        if asked is not None and asked.question_id == question_id:
            attach_to_words(self.log.append, self._prepare_words())
        return self.control.answer(question_id, text)

    async def ask(self, text: str) -> str:
        """Ask the person a yes-or-no question while no task runs. See `Control.ask_between`."""
        return await self.control.ask_between(text)

    def take_control(self) -> None:
        self.control.take_control()

    def return_control(self, note: str = "") -> None:
        self.control.return_control(note)

    def change(self, name: str, value: Any) -> None:
        """Set a limit, the effort or what is allowed beforehand, also while it works.

        Raises:
            BadInput: that is only read when a session begins, or cannot be so.
        """
        self.log.append(change_of(name, value))

    def keep_secret(self, secret: Secret) -> None:
        """Let the agent type a secret by its placeholder; in memory only, until the session ends.

        Raises:
            BadInput: there are too many.
            JournalError: the model cannot be told of it.
        """
        self.vault.put(secret)
        self._tell_secrets()

    def forget_secret(self, name: str) -> None:
        """Let the agent type it no more."""
        self.vault.remove(name)
        self._tell_secrets()

    def _tell_secrets(self) -> None:
        if self.opened and not self.status.closed:
            tell(self.log.append, self.vault, self.log)

    def use_prompt(self, prompt: Prompt, tools: tuple[ToolName, ...] = ALL_TOOLS) -> None:
        """Use another system prompt and these tools from the next task on; the log has it.

        Raises:
            ConfigurationError: it cannot be filled in; nothing was changed.
        """
        filled(prompt, self.settings)
        self.log.append(trial_of(prompt, tools))

    def uses(self, prompt: Prompt) -> bool:
        """Whether this is the system prompt of its next task."""
        changed = [e for e in own(self.log) if isinstance(e, ev.SettingChanged)]
        tried = [found.hash for e in changed if (found := tried_of(e)) is not None]
        return prompt.hash == (tried[-1] if tried else self._prompt_hash)

    @property
    def effective(self) -> Settings:
        """The settings with what was changed since the session began."""
        return self._agent.settings

    def where_files_are(self) -> str:
        """Where the files of the person's lie, in words; empty if there are none. Blocks."""
        return self._home.where() if self._home is not None else ""

    async def wait_idle(self, timeout: float | None = None) -> None:
        """Return when no task is under way.

        Raises:
            TimeoutError: one still is after ``timeout`` seconds.
        """
        async with asyncio.timeout(timeout):
            await self.control.idle()

    async def warm(self) -> None:
        """Let the model's service read prompt and tools ahead: the first answer comes sooner.

        It costs a little, so nothing is done where it is switched off, a limit is reached, a task
        runs, or the service has read them not long ago. Never fails.
        """
        if self._warming or not self.opened:
            return
        self._warming = True
        try:
            with contextlib.suppress(JournalError):  # whoever writes next will see it
                await warm(self._agent)
        finally:
            self._warming = False

    def call_soon(self, function: Callable[..., object], *given: object) -> None:
        """Have ``function`` called on the session's loop; from any thread."""
        loop = self._loop
        if loop is None or loop.is_closed():
            function(*given)
        else:
            loop.call_soon_threadsafe(function, *given)

    def _prepare_words(self) -> tuple[ev.Attachment, ...]:
        return tuple(each for prepare in tuple(self.before_words) for each in prepare())

    # Inside ----------------------------------------------------------------------------

    def _end(self, reason: str) -> None:
        try:
            if not self.status.closed:
                close_open_ends(
                    self.log.append,
                    self.status,
                    cause=BY_CLOSING,
                    summary="The session was closed.",
                )
                self.log.append(ev.SessionClosed(reason=reason))
        except JournalError as error:
            self._loop = None  # there is nothing left to be broken off, or to recover
            self.trouble = str(error)
        finally:
            self._loop = None
            self.journal.close()

    def _record_folder(self) -> Path | None:
        """Where the files' records go; None where none are kept: a screen of the person's own."""
        if isinstance(self.journal, SqliteJournal) and not self.settings.display:
            return self.journal.folder / "files"
        return None

    def _mend(self) -> None:
        """Write the ends of whatever was open when the process was killed."""
        close_open_ends(
            self.log.append, self.status, cause=BY_RESTART, summary="Cut off by a restart."
        )
        if self.status.held:
            self.log.append(ev.HoldEnded(reason="restart"))
        if self.status.yours:
            self.log.append(ev.ControlReturned(note="The session was restarted."))

    async def _tell_damage(self) -> None:
        """Say what of the session could not be read; once, until it is something else."""
        images = [image for event in self.log for image in ev.images_of(event)]
        told = str(await in_thread(self.journal.damage, images))
        if told and all(failed.error != told for failed in self.log.of(ev.Failed)):
            self.log.append(ev.Failed(where="journal", error=told, advice=_REST))

    def _system_prompt(self) -> tuple[str, str]:
        """The system prompt and its template's hash: rendered once, then kept for good."""
        ours = own(self.log)
        opened = [event for event in ours if isinstance(event, ev.SessionOpened)]
        came = bool(ours) and isinstance(ours[0], ev.SessionImported)
        kept = self.journal.prompt
        if kept is not None and self._resumed and (opened or not came):
            return kept, opened[0].prompt_hash if opened else ""
        prompt = load_prompt(self.settings.prompt)
        text = filled(prompt, self.settings)
        self.journal.prompt = text
        return text, prompt.hash

    def _assemble(self, parts: Parts) -> Agent:
        rules = parts.get("rules", DEFAULT_RULES)
        allowed = parts.get("allowed", frozenset(self.settings.allow))
        approvals = Approvals(rules, allowed=allowed)
        agent = Agent(
            settings=self.settings,
            log=self.log,
            journal=self.journal,
            desktop=self.desktop,
            model=self.model,
            tools=self.tools,
            system=self._system,
            control=self.control,
            history=History(self.journal.image_base64, system=takes_system_messages(self.model)),
            limits=Limits(self.settings),
            approvals=approvals,
            clock=self._clock,
            now=parts.get("now", time.time),
            records=self.files,
            programs=Programs(
                self.log,
                self.control,
                approvals,
                self.desktop,
                lambda: self.effective.approval_timeout,
                self._distrust,
            ),
            network=Network(
                self.log,
                self.control,
                self.desktop,
                lambda: self.effective,
                approvals.grants,
                parts.get("kept_hosts"),
                self._distrust,
            ),
            steady=parts["now"] if "now" in parts else steady_time(self._clock, time.time),
        )
        self._guard(agent)
        return agent

    def _guard(self, agent: Agent) -> None:
        """Fold what was, and from now on each event before any listener hears of it."""
        ours = own(self.log)
        for event in ours:
            agent.limits.add(event)
        changes = Changes(agent)
        for add, events in (
            (agent.history.add, tuple(self.log)),
            (agent.approvals.add, ours),
            (changes.add, ours),
        ):
            for event in events:
                add(event)

        def fold(event: ev.Event) -> None:
            agent.history.add(event)
            agent.approvals.add(event)
            changes.add(event)
            agent.limits.add(event, agent.steady())

        self.log.guard(fold)

    async def _work(self, task_id: str, lease: Lease) -> None:
        """Carry out one task; the border where every failure becomes an event."""
        ended = Ended("failed", "")
        timekeeper = asyncio.create_task(self._keep_time(lease), name="time limit")
        try:
            await self._started.wait()
            ended = await Loop(self._agent, lease).run()
        except JournalError as error:
            self._distrust(error)
            return
        except SaysoError as error:
            ended = Ended("failed", self._close_failed(lease, str(error)))
        except Exception as error:  # noqa: BLE001 - the border of a task; recorded just below
            _log.exception("A task ended by a fault")
            ended = Ended("failed", self._close_failed(lease, f"Internal error: {error!r}"))
        finally:
            timekeeper.cancel()
        try:
            lease.emit(
                ev.TaskFinished(
                    task_id=task_id,
                    outcome=ended.outcome,
                    summary=ended.summary,
                    understood=ended.understood,
                )
            )
            self.control.go_on()
        except JournalError as error:
            self._distrust(error)

    async def _keep_time(self, lease: Lease) -> None:
        """Cut the work when its time is over and nothing in it comes to asking about that."""
        limits, steady = self._agent.limits, self._agent.steady
        if limits.overtime(steady()) is not None:  # it begins by asking
            await self.log.wait_for(lambda e: e.kind == "question_asked", since=len(self.log))
        while lease.valid:
            left = limits.time_left(steady())
            if left is None or left > -_OVERTIME:
                await asyncio.sleep(_TICK)
                continue
            try:
                self.control.cut_overtime()
            except JournalError as error:
                self._distrust(error)
                return

    def _close_failed(self, lease: Lease, summary: str) -> str:
        """Close what a fault left open, so that the next instruction starts clean."""
        try:
            close_open_ends(
                lease.emit, self.status, stop_reason="broken", unexecuted=FAILED, cut=FAILED_IN
            )
            lease.emit(ev.Failed(where="session", error=summary))
        except JournalError as trouble:
            self._distrust(trouble)
        return summary

    def _distrust(self, error: JournalError) -> None:
        """Nothing may happen that cannot be written down."""
        self.trouble = str(error)

    def _break_off(self, loop: asyncio.AbstractEventLoop) -> None:
        self.control.break_off()
        self._stop_tools()
        if self._recovery is None and not self.log.failed:
            self._recovery = loop.create_task(self._recover(), name="recovery")

    async def _recover(self) -> None:
        """Write what broke off as soon as that is possible: then it is no trouble any more."""
        wait, most = _AGAIN
        while self._trouble and not self.log.failed:
            await asyncio.sleep(wait)
            wait = min(2 * wait, most)
            with contextlib.suppress(JournalError):
                self._own_up()
                self.trouble = ""
        self._recovery = None

    def _own_up(self) -> None:
        """Write down that nothing could be written down, and the end of what that broke off."""
        if not self._trouble:
            return
        close_open_ends(
            self.log.append, self.status, stop_reason="broken", unexecuted=FAILED, cut=FAILED_IN
        )
        keep_waiting(self.log.append, self.status)
        self.log.append(ev.Failed(where="journal", error=_UNWRITTEN, advice=_WRITTEN))
        task_id = self.status.task_id
        if task_id is not None:
            self.log.append(ev.TaskFinished(task_id=task_id, outcome="failed", summary=_BROKE))

    def _virtual_desktop(self) -> Desktop:
        from agent.desktop import VirtualDesktop

        if isinstance(self.journal, SqliteJournal) and not self.settings.display:
            self._home = SessionHome(self.journal.folder, self.settings.home, self.log)
        return VirtualDesktop(
            width=self.settings.width,
            height=self.settings.height,
            sandbox=self.settings.sandbox,
            display=self.settings.display,
            home=self._home.kept if self._home else None,
            folder=self._home.folder if self._home else None,
            home_limit=self.settings.home_bytes,
            on_home=self._home_said,
            on_change=self._desktop_changed,
        )

    async def _stop_following(self) -> None:
        """Write down what is open a last time, unless the desktop hangs."""
        following, self._following = self._following, None
        if following is None:
            return
        following.cancel()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.world.look(), _LAST_LOOK)

    def _files_after(self) -> Files:
        """What is left of the home after the desktop broke down."""
        if self._home is None:
            return "unknown"
        return "gone" if getattr(self.desktop, "home_made", False) else "kept"

    async def _open_home(self, home: SessionHome) -> None:
        limit = self.effective.home_bytes
        if limit != self.settings.home_bytes:
            self._limit_home(limit)
        self.log.append(await in_thread(home.opened, limit))

    def _limit_home(self, limit: int) -> None:
        limit_home = getattr(self.desktop, "limit_home", None)
        if limit_home is not None and self._home is not None and self._home.folder is None:
            limit_home(limit)

    def _home_said(self, news: HomeNews) -> None:
        """Called by the desktop, on the loop that it runs on."""
        before = self.status.home
        if before is None or self._loop is None:
            return
        little = abs(news.used - before.used) < _LITTLE and before.state == "measured"
        if news.state == "measured" and (little or before.state in ("full", "gone")):
            return
        try:
            self.log.append(changed(news, before))
        except JournalError as error:
            self._distrust(error)

    def _follow_home(self, event: ev.Event) -> None:
        """The limit may be changed; the home is measured after whatever may have filled it."""
        if isinstance(event, ev.SettingChanged) and event.name == "home_bytes":
            self._limit_home(event.value)
            self.call_soon(self._tell_limit, event.value)
        elif isinstance(event, _FILLS) and self._home is not None:
            measure = getattr(self.desktop, "measure_home", None)
            if measure is not None and self._home.folder is None:
                measure()

    def _tell_limit(self, limit: int) -> None:
        home = self.status.home
        if home is not None and not home.folder and not self.status.closed:
            told = {"seq": -1, "state": "measured", "limit": limit, "text": ""}
            self.log.append(home.model_copy(update=told))

    async def _files_before(self) -> Files | None:
        """What is left of the home of an earlier run; None if there was no earlier desktop."""
        ran = any(event.state == "ready" for event in self.log.of(ev.DesktopChanged))
        if not self._resumed or not ran or self.settings.display:
            return None
        if self._home is None:
            return "unknown"
        return await in_thread(self._home.files_left)

    async def _start_desktop(self) -> None:
        files = await self._files_before()
        self._show_desktop("starting")
        try:
            await self.desktop.start()
        except DesktopError as error:
            self._show_desktop("unavailable", detail=str(error))
            self.log.append(ev.Failed(where="desktop", error=str(error)))
        else:
            status = self.desktop.status
            self._show_desktop(
                "ready",
                confined=status.confined,
                detail=status.detail,
                unwatched=status.unwatched,
                unbounded=status.unbounded,
            )
            if files is not None:
                self.log.append(renewed("resumed", files, last_seen(self.log)))
            if self._home is not None:
                await self._open_home(self._home)
        self.files.opened()

    async def _connect_tools(self) -> None:
        """Let tools learn what they can do; the session goes on without those that cannot."""
        connecting = [tool.connect() for tool in self.tools if isinstance(tool, Connects)]
        for refused in filter(None, await asyncio.gather(*connecting)):
            self.log.append(ev.Failed(where="tools", error=refused, advice=_WITHOUT))

    def _desktop_changed(self, status: DesktopStatus) -> None:
        """Called by the desktop, from whichever thread."""
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._follow_desktop, status)

    def _follow_desktop(self, status: DesktopStatus) -> None:
        if self._loop is None:
            return
        crashed = self.status.desktop in ("died", "restarting") and status.state == "ready"
        try:
            self._show_desktop(
                status.state,
                confined=status.confined,
                detail=status.detail,
                unwatched=status.unwatched,
                unbounded=status.unbounded,
            )
            if crashed:
                self.log.append(renewed("crashed", self._files_after(), self.world.seen))
                self.world.seen = None
        except JournalError as error:
            self._distrust(error)

    def _show_desktop(
        self,
        state: Literal["stopped", "starting", "ready", "died", "restarting", "unavailable"],
        *,
        confined: bool = False,
        detail: str = "",
        unwatched: str = "",
        unbounded: str = "",
    ) -> None:
        seen = self.status
        same = (seen.desktop, seen.confined) == (state, confined)
        queued = state == "starting" and detail != self._start_detail
        self._start_detail = detail if state == "starting" else ""
        if not seen.closed and (queued or not same):
            self.log.append(
                ev.DesktopChanged(
                    state=state,
                    confined=confined,
                    detail=detail,
                    unwatched=unwatched,
                    unbounded=unbounded,
                )
            )


def _is_there(path: Path) -> bool:
    try:
        return at_hand(path.exists)
    except DiskHangs as error:
        raise JournalError(
            f"The disk does not answer: no session can be opened in {path.parent}. Try again when "
            "it does."
        ) from error
