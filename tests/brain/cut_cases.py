"""Not a test: sessions that are cut anywhere and killed, and what must be true of them after."""

from __future__ import annotations

import asyncio
import hashlib
import os
import time
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from agent.desktop.base import EncodedImage, Frame
from agent.desktop.server.homes import furnish, make_home
from agent.files import list_files
from agent.models.base import Message, Model, ModelPart, ModelRequest, prepare_model
from agent.record import events as ev
from agent.session.history import ANEW
from agent.session.session import Session
from agent.session.status import Status
from agent.settings import Settings
from agent.testing.memory import MemorySessionJournal
from agent.testing.rules import prefix_violations, violations
from agent.testing.scripted import FakeDesktop, HastyClock
from agent.tools.base import Tool, ToolCall

T = TypeVar("T")
SETTINGS = Settings(
    _env_file=None, data_dir=Path("/nonexistent"), max_turns=9, width=640, height=480
)
CONTROLS = (
    "redirect",
    "queue",
    "after",
    "plain words",
    "at once",
    "in the task",
    "drop",
    "do it",
    "after all",
    "hold",
    "release",
    "stop",
    "allow",
    "deny",
    "answer yes",
    "answer no",
    "take",
    "return",
    "narration cut",
    "kill",
)
CALM = ("return", "release", "allow", "answer no")
"""What a patient person does to see a session through."""


class TickingLoop(asyncio.SelectorEventLoop):
    """An event loop whose time is its steps, ten milliseconds each: nobody waits in vain.

    Where nothing is left to do but wait, it is the time of the next timer at once.
    """

    _now = 0.0

    def time(self) -> float:
        return self._now

    def _run_once(self) -> None:
        self._now += 0.01
        if not self._ready and self._scheduled:
            self._now = max(self._now, self._scheduled[0].when())
        super()._run_once()

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> Any:
        """At once: a thread's time would be an eternity here."""
        done = self.create_future()
        try:
            done.set_result(func(*args))
        except BaseException as error:  # noqa: BLE001 - it is handed on
            done.set_exception(error)
        return done


def played(case: Coroutine[Any, Any, T]) -> T:
    """Run to the end, without any real time."""
    with asyncio.Runner(loop_factory=TickingLoop) as runner:
        return runner.run(case)


class Judged:
    """Judges every request by the API's rules before the model may read it.

    ``sent`` is the last request's messages: the next must be those and more, also when
    the process was killed in between.
    """

    def __init__(self, model: Model, sent: list[Message], faults: list[str]) -> None:
        self._model = model
        self._sent = sent
        self._faults = faults

    @property
    def name(self) -> str:
        return self._model.name

    async def prepare(self) -> None:
        await asyncio.sleep(0)
        await prepare_model(self._model)

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelPart, None]:
        found = violations(request.messages)
        if not _is_anew(request.messages):
            found += prefix_violations(self._sent, request.messages)
        self._faults += found
        self._sent[:] = request.messages
        assert not found
        async with aclosing(self._model.stream(request)) as parts:
            async for part in parts:
                await asyncio.sleep(0)
                yield part

    async def close(self) -> None:
        await self._model.close()


def _is_anew(messages: Sequence[Message]) -> bool:
    """Whether the conversation had to be condensed; then another history grows."""
    return str(messages[0]["content"][0].get("text", "")).startswith(ANEW)


@dataclass
class Began:
    """Wraps a tool: remembers what was begun, whichever process it was in."""

    tool: Any
    began: list[ToolCall]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.tool, name)

    async def run(self, call: ToolCall, output: Callable[[str], None]) -> Any:
        self.began.append(call)
        return await self.tool.run(call, output)


@dataclass
class SlowRecords:
    """The files of each task's beginning are recorded in some steps."""

    session: Session
    known: set[str | None] = field(default_factory=set)

    @property
    def recording(self) -> bool:
        return self.session.status.task_id not in self.known

    async def recorded(self) -> None:
        await steps(3)
        self.known.add(self.session.status.task_id)


class LivelyDesktop(FakeDesktop):
    """Looks different after every deed, so that nobody waits in vain for an effect."""

    async def grab(self) -> Frame:
        self.shade = 20 * len(self.input.deeds) % 256
        return await super().grab()

    async def screenshot(self) -> EncodedImage:
        self.shade = 20 * len(self.input.deeds) % 256
        return await super().screenshot()


class HomedDesktop(LivelyDesktop):
    """Has a home on the disk, made and furnished as a private desktop does it."""

    async def start(self) -> None:
        make_home(self.home, os.geteuid(), os.getegid())
        furnish(self.home, ("Documents",), {".config/a.conf": "a"}, os.geteuid(), os.getegid())
        await super().start()


def hashes(home: Path) -> dict[str, str]:
    """The person's files in a home, by their contents and modes; nothing of a missing one."""
    listed = list_files(home).entries if home.is_dir() else ()
    files = (home / entry.path for entry in listed if entry.kind == "file")
    return {
        str(path.relative_to(home)): f"{path.stat().st_mode:o} "
        + hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }


@dataclass
class Case:
    """One session; survives kills by its journal.

    ``model`` and ``tools`` are made anew for each process, on its desktop.
    """

    model: Callable[[FakeDesktop], Model]
    tools: Callable[[FakeDesktop], Sequence[Tool]]
    settings: Settings = SETTINGS
    task: str = "Press the button."
    redirection: str = "No, the other one."
    wish: str = "Press the second button."
    last_word: str = "Are you well?"
    before_last: Callable[[], object] = lambda: None
    now: Callable[[], float] = time.time
    desktop: Callable[[], FakeDesktop] = FakeDesktop
    calm: Sequence[str] = CALM
    rounds: int = 200
    """How long the person is patient, in dozens of steps."""

    records: bool = False
    """Whether files are recorded before each task, which takes its steps."""

    journal: MemorySessionJournal = field(default_factory=MemorySessionJournal)
    sent: list[Message] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    began: list[ToolCall] = field(default_factory=list)

    async def open(self) -> None:
        desktop = self.desktop()
        self.session = Session(
            self.settings,
            "case",
            self.journal,
            desktop=desktop,
            model=Judged(self.model(desktop), self.sent, self.faults),
            tools=[_watched(tool, self.began) for tool in self.tools(desktop)],
            clock=HastyClock(),
            now=self.now,
        )
        if self.records:
            self.session._agent.records = SlowRecords(self.session)
        await self.session.open()

    async def control(self, what: str) -> None:
        session, status = self.session, self.session.status
        asked, question = status.pending_approval, status.question
        match what:
            case "redirect" | "queue" | "after":
                session.say(self.redirection, how=what)
            case "plain words":
                session.say(self.wish)
            case "at once" | "in the task" | "drop" if status.queue:
                to = {"at once": "redirect", "in the task": "join", "drop": "cancel"}[what]
                possible = to == "cancel" or status.task_id is not None
                assert session.change_fate(status.queue[-1].utterance_id, to) is possible
            case "do it" if status.kept:
                assert session.change_fate(status.kept[0].utterance_id, "after")
            case "after all":
                self._after_all()
            case "hold":
                session.hold("speech")
            case "release":
                session.release("noise")
            case "stop":
                session.stop("button")
            case "allow" | "deny" if asked is not None:
                session.approve(asked.approval_id, what, channel="button")
            case "answer yes" | "answer no" if question is not None:
                session.answer(question.question_id, what.removeprefix("answer "))
            case "take":
                session.take_control()
            case "return":
                session.return_control("I moved a window.")
            case "narration cut":
                session.log.append(
                    ev.Narrated(narration_id="n", text="I look at it", state="cut", cut_at=2)
                )
            case "kill":
                await self.kill()
            case _:
                pass

    def _after_all(self) -> None:
        """Have done what was replaced last, if anything was."""
        cuts = [e for e in self.session.log.of(ev.UserMessage) if e.replaces]
        if cuts:
            self.session.change_fate(cuts[-1].replaces[0], "after")

    async def kill(self) -> None:
        """The process ends: nothing more is written; another one opens the journal."""
        dead, self.journal = self.session, self.journal.copy()
        dead.control.abandon()
        await dead.control.finished()
        await self.open()

    async def finish(self) -> None:
        """A patient person sees the session through and says a last word."""
        if not await self._seen_through():
            self.session.stop("it hangs")
        self.before_last()
        for what in ("return", "release"):
            await self.control(what)
        if not await self._seen_through():  # what waited for the mouse
            self.session.stop("it hangs")
        self.session.say(self.last_word)
        await self._seen_through()
        await self.session.wait_idle(30)
        while self.session.status.pending_approval:  # about a host, which outlives its task
            await self.control("allow")
            await steps(4)

    async def _seen_through(self) -> bool:
        """Whether the task came to its end while the person was patient."""
        for _ in range(self.rounds):
            if self.session.status.task_id is None:
                return True
            for what in self.calm:
                await self.control(what)
            await steps(12)
        return False


def _watched(tool: Any, began: list[ToolCall]) -> Tool:
    """With an eye for the closing picture if the tool has one."""
    kind = Sighted if hasattr(tool, "closing_screenshot") else Began
    watched: Tool = kind(tool, began)
    return watched


class Sighted(Began):
    """A tool that can show what its actions led to."""

    @property
    def closing_note(self) -> str:
        note: str = self.tool.closing_note
        return note

    def closing_screenshot(self) -> Awaitable[Any]:
        found: Awaitable[Any] = self.tool.closing_screenshot()
        return found


async def steps(number: int) -> None:
    """Let the event loop take so many steps."""
    for _ in range(number):
        await asyncio.sleep(0)


async def cut(case: Case, controls: Sequence[tuple[int, str]]) -> Case:
    """Play a case: after so many steps each, do something to it; then see it through."""
    await case.open()
    case.session.say(case.task)
    for number, what in controls:
        await steps(number)
        await case.control(what)
    await case.finish()
    return case


def check(case: Case) -> None:
    """The service accepts all that was sent, and nothing was done twice or unasked."""
    events = list(case.session.log)
    assert case.faults == []
    said = case.session._agent.history.messages()
    assert violations(said[:-1] if said[-1]["role"] == "assistant" else said) == []
    assert max(Counter(c.id for c in case.began).values(), default=1) == 1
    assert case.session.status.outcome == "done"
    every_end_is_closed(events)
    what_waited_came_to_one_end(events, case.session.status)
    nothing_began_while_barred(events)
    asked_before_done(events)


def every_end_is_closed(events: list[ev.Event]) -> None:
    ids = {
        kind: [getattr(e, name) for e in events if e.kind == kind]
        for kind, name in {
            "task_started": "task_id",
            "task_finished": "task_id",
            "turn_started": "turn_id",
            "turn_finished": "turn_id",
            "action_proposed": "action_id",
            "action_finished": "action_id",
            "approval_asked": "approval_id",
            "approval_decided": "approval_id",
            "question_asked": "question_id",
            "question_answered": "question_id",
        }.items()
    }
    for begin, end in (
        ("task_started", "task_finished"),
        ("turn_started", "turn_finished"),
        ("action_proposed", "action_finished"),
        ("approval_asked", "approval_decided"),
        ("question_asked", "question_answered"),
    ):
        assert sorted(ids[begin]) == sorted(ids[end]), (begin, ids[begin], ids[end])


def what_waited_came_to_one_end(events: list[ev.Event], status: Status) -> None:
    """It began, was read, was taken back or is kept; nothing is lost, and nothing done twice."""
    waited = {e.task_id: e.utterance_id for e in events if isinstance(e, ev.TaskQueued)}
    began = Counter(e.task_id for e in events if isinstance(e, ev.TaskStarted))
    read = {e.utterance_id for e in events if isinstance(e, ev.UserMessage)}
    dropped = {e.task_id for e in events if isinstance(e, ev.TaskUnqueued)}
    kept = {e.task_id for e in status.kept}
    assert max(began.values()) == 1
    assert status.queue == ()
    for task_id, utterance_id in waited.items():
        assert task_id in began or utterance_id in read or task_id in dropped | kept


def nothing_began_while_barred(events: list[ev.Event]) -> None:
    barred: set[str] = set()
    for event in events:
        match event.kind:
            case "hold_began" | "control_taken":
                barred.add(event.kind)
            case "hold_ended":
                barred.discard("hold_began")
            case "control_returned":
                barred.discard("control_taken")
            case "stopped":
                barred = (barred - {"hold_began"}) | {"stopped"}
            case "task_started":
                barred.discard("stopped")
            case "action_started":
                assert not barred, event
            case "turn_started":
                assert barred <= {"hold_began"}, event
            case _:
                pass


def asked_before_done(events: list[ev.Event]) -> None:
    """What a rule asks about began only after its own approval, and no other, was allowed."""
    asked = {e.approval_id: e.action_id for e in events if isinstance(e, ev.ApprovalAsked)}
    allowed: set[str] = set()
    risky = {
        e.action_id
        for e in events
        if isinstance(e, ev.ActionProposed)
        and (e.name == "bash" or "terminal" in e.input.get("wm_class", "").lower())
    }
    for event in events:
        if isinstance(event, ev.ApprovalDecided) and event.decision == "allow":
            allowed.add(asked[event.approval_id])
        if _interrupts(event):
            allowed.clear()
        if isinstance(event, ev.ActionStarted) and event.action_id in risky:
            assert event.action_id in allowed
            allowed.discard(event.action_id)


def _interrupts(event: ev.Event) -> bool:
    cuts = isinstance(event, ev.UserMessage) and event.cuts
    return cuts or isinstance(event, ev.Stopped | ev.ControlTaken | ev.SessionOpened)
