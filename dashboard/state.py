"""What the page shows, one class per concern, all of it derived from the session's log.

One `Feed` per page subscribes to the log and hands changes on at most once per frame, so a
burst of events costs one update; the first after a pause is shown at once. It lets go of the
log when the page dies.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import param

from agent.errors import BadInput
from agent.record.events import (
    ActionFinished,
    ActionProposed,
    ActionStarted,
    DesktopChanged,
    LimitExtended,
    LimitReached,
    Narrated,
    ScreenLabelled,
    SessionImported,
    SessionOpened,
    SettingChanged,
    Stopped,
    TaskFinished,
    TaskStarted,
    VoiceChanged,
)
from agent.session.changes import checked
from agent.session.describe import describe_limit
from agent.session.status import Status, reduce_status
from dashboard.describe import describe, mark_of
from dashboard.transcript import Operation, Transcript
from dashboard.words import marked, t

if TYPE_CHECKING:
    from agent.record.events import Event
    from agent.record.log import EventLog
    from agent.settings import Settings

FRAME = 1 / 30
"""Seconds between two updates of a page."""

_MODELS = {"offline": marked("Offline commands")}
_ALLOWED = {"max_dollars": "dollars", "max_tokens": "tokens"}


class StatusState(param.Parameterized):
    """Who has the mouse, and what is going on."""

    who = param.String("idle")
    detail = param.String("")
    pending = param.String("", doc="An approval or question that waits for the person.")
    running = param.Boolean(False, doc="Whether the agent works on a task.")
    task = param.String("", doc="The id of the task that it works on.")
    title = param.String("", doc="The session's first task.")
    held = param.Boolean(False, doc="Whether no further action begins until the person says so.")
    model = param.String("", doc="What decides, as a person calls it.")
    dictating = param.Boolean(False, doc="Whether what is said is typed as it is said.")


class DesktopState(param.Parameterized):
    """Whether the desktop can be seen and used."""

    state = param.String("starting")
    confined = param.Boolean(True)
    unwatched = param.String("", doc="Why programs that start are not watched, if they are not.")
    unbounded = param.String("", doc="Why nothing bounds all programs together, if nothing does.")
    detail = param.String("")
    marks = param.Dict({}, doc="What the agent does now, as `DesktopView` draws it.")
    labels = param.List([], doc="Numbers over the screen, as `DesktopView` draws them.")
    caption = param.String("", doc="The line that the loudspeaker is at.")


class LimitsState(param.Parameterized):
    """What was used, against what is allowed."""

    tokens = param.Integer(0)
    dollars = param.Number(0.0)
    since = param.Number(0.0, doc="Unix time at which the running task began; 0 without one.")
    warning = param.String("")
    allowed = param.Dict({}, doc="Dollars and tokens that the session may use.")


class VoiceState(param.Parameterized):
    """The voice line as the page reported it."""

    state = param.String("off")
    provider = param.String("offline")


class ConversationState(param.Parameterized):
    """Changes of the conversation, to be appended by the view; not the whole of it."""

    operations = param.List([], doc="Put and append operations of the last frame.")


class PageState:
    """All concerns of one page, fed one event at a time."""

    def __init__(self, image_url: Callable[[str], str], settings: Settings) -> None:
        self.status = StatusState()
        self.desktop = DesktopState()
        self.limits = LimitsState()
        self.voice = VoiceState()
        self.conversation = ConversationState()
        self.transcript = Transcript(image_url)
        self.trouble = ""
        """Why nothing can be written down; the log cannot tell of it, nor of what it broke off."""

        self._own = {"dollars": settings.max_dollars, "tokens": settings.max_tokens}
        self._base = dict(self._own)
        self.limits.allowed = dict(self._base)
        self._status = Status()
        self._titles: dict[str, str] = {}
        self._since = 0.0
        self._title = ""
        self._late: dict[str, Any] = {}
        self._desktop: dict[str, Any] = {}
        self._marks: dict[str, dict[str, Any]] = {}

    def take(self, event: Event) -> None:
        """Fold an event in; nothing is shown before `show`."""
        self._status = reduce_status(self._status, event)
        self.transcript.feed(event)
        if isinstance(event, ActionProposed):
            self._titles[event.action_id] = describe(event)
        elif isinstance(event, TaskStarted):
            self._since, self._late["warning"] = event.at, ""
            self._title = self._title or event.text
        elif isinstance(event, LimitReached):
            self._late["warning"] = describe_limit(event)
        elif isinstance(event, LimitExtended):
            self._late["warning"] = ""
            self._allow(event.limit, event.allowed)
        elif isinstance(event, SessionImported):
            self._base = dict(self._own)
            self._late["allowed"] = dict(self._own)
        elif isinstance(event, SettingChanged) and event.name in _ALLOWED:
            with suppress(BadInput):  # stored by another version, or by whoever made an archive
                self._rebase(_ALLOWED[event.name], checked(event.name, event.value))
        elif isinstance(event, VoiceChanged):
            self.voice.provider = event.provider
        elif isinstance(event, DesktopChanged):
            self._desktop["detail"] = event.detail
        self._mark(event)

    @property
    def _allowed(self) -> dict[str, float]:
        return self._late.get("allowed", self.limits.allowed)

    def _allow(self, limit: str, allowed: float | None) -> None:
        if limit in self._allowed and allowed is not None:
            self._late["allowed"] = self._allowed | {limit: allowed}

    def _rebase(self, limit: str, value: float) -> None:
        """Another limit from now on; what was allowed on top of the old one stays."""
        more = value - self._base[limit]
        self._base[limit] = value
        self._allow(limit, self._allowed[limit] + more)

    def _mark(self, event: Event) -> None:
        if isinstance(event, ActionProposed):
            self._marks[event.action_id] = mark = mark_of(event)
            if mark:
                self._desktop["marks"] = {**mark, "next": True}
        elif isinstance(event, ActionStarted) and self._marks.get(event.action_id):
            self._desktop["marks"] = self._marks.pop(event.action_id)
        elif isinstance(event, ActionFinished) and self._marks.pop(event.action_id, None):
            self._desktop["marks"] = {}  # it was about to be done, and was not
        elif isinstance(event, TaskFinished | Stopped):
            self._desktop["marks"] = {}
            self._marks.clear()
        elif isinstance(event, ScreenLabelled):
            self._desktop["labels"] = [
                {"text": label.text, "box": list(label.box), "square": event.grid}
                for label in event.labels
            ]
        elif isinstance(event, SessionOpened):
            self._desktop["labels"] = []  # whoever numbered the screen is gone
        elif isinstance(event, Narrated):
            self._desktop["caption"] = event.text if event.state == "speaking" else ""

    def show(self) -> None:
        """Hand on what changed; params that stay equal tell nobody."""
        s = self._status
        detail = self._titles.get(s.running or "", s.detail) if s.who == "acting" else s.detail
        asked = s.pending_approval.question if s.pending_approval else ""
        pending = asked or (s.question.text if s.question else "")
        running = s.task_id is not None and not self.trouble
        self.status.param.update(
            who="stopped" if self.trouble else s.who,
            detail=self.trouble or detail,
            pending=pending,
            running=running,
            task=s.task_id or "",
            title=self._title,
            held=s.held,
            model=t(_MODELS.get(s.model, s.model)),
            dictating=s.dictating,
        )
        self.desktop.param.update(
            state=s.desktop,
            confined=s.confined,
            unwatched=s.unwatched,
            unbounded=s.unbounded,
            **self._desktop,
        )
        self._desktop.clear()
        self.voice.state = s.voice
        self._show_usage(running)
        self.conversation.operations = self.transcript.drain()

    def _show_usage(self, running: bool) -> None:
        usage = self._status.usage
        since = self._since if running else 0.0
        self.limits.param.update(
            tokens=usage.fresh, dollars=usage.dollars, since=since, **self._late
        )
        self._late.clear()

    def items(self) -> list[Operation]:
        """The whole conversation, for a view that starts or comes back."""
        return [{"put": item} for item in self.transcript.snapshot()]


class Feed:
    """Follows a log for one page: every event is taken, every frame shown."""

    def __init__(self, log: EventLog, state: PageState, within: Callable[[], Any]) -> None:
        self._state = state
        self._within = within
        self._due: asyncio.TimerHandle | None = None
        self._shown = -FRAME
        for event in log:
            state.take(event)
        state.transcript.drain()
        state.show()
        self._unsubscribe = log.subscribe(self._on_event)

    def close(self) -> None:
        """Let go of the log."""
        self._unsubscribe()
        if self._due is not None:
            self._due.cancel()
            self._due = None

    def _on_event(self, event: Event) -> None:
        with self._within():  # its words are in the page's language
            self._state.take(event)
        if self._due is None:
            loop = asyncio.get_running_loop()
            self._due = loop.call_at(max(loop.time(), self._shown + FRAME), self._show)

    def _show(self) -> None:
        self._due = None
        self._shown = asyncio.get_running_loop().time()
        with self._within():
            self._state.show()
