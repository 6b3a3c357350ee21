"""The page when it shows no running session: one that has ended, none, too many, or the list."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import panel as pn
import param
from panel.io.state import set_curdoc
from panel.viewable import Child

from agent.errors import SaysoError
from agent.session.ending import Ending
from dashboard.blank import make_page
from dashboard.js.component import Message, View
from dashboard.transcript import FAILED, OUTCOMES
from dashboard.view_registry import RecordingContext
from dashboard.views.files.panel import FilesPanel
from dashboard.views.link import LinkGuard
from dashboard.views.replay import ReplayView
from dashboard.views.sessions.commands import SessionCommands
from dashboard.web.disk import from_disk
from dashboard.web.goodbye import goodbyes
from dashboard.words import marked, t

if TYPE_CHECKING:
    from agent.replay import Recording
    from dashboard.web.ownership import Card
    from dashboard.web.workbench import Workbench

_log = logging.getLogger(__name__)
_HERE = Path(__file__).parent / "views" / "sessions"
Kind = Literal["list", "ended", "missing", "full", "failed"]
_ROOMS = {"files": marked("Files"), "replay": marked("Replay")}
"""What can be shown of a session that does not run."""

_HEADINGS: dict[Kind, str] = {
    "list": marked("Your sessions"),
    "missing": marked("There is no session of yours at this address"),
    "full": marked("No more sessions can run now"),
    "failed": marked("Sayso cannot open the session"),
}


@dataclass(frozen=True, slots=True)
class Occasion:
    """Why there is no running session to show.

    Attributes:
        kind: What the page is for.
        text: What happened and what to do.
        session_id: The session it is about, if it is the person's.
        card: That session's card.
    """

    kind: Kind
    text: str = ""
    session_id: str = ""
    card: Card | None = None


class LobbyView(View):
    """The page's content in the browser."""

    kind = param.String("list")
    heading = param.String("")
    text = param.String("")
    trouble = param.String("", doc="What of the session's record cannot be read.")
    session = param.Dict({}, doc="The session that it is about: id, name, what it was, resumable.")
    person = param.String("", doc="The name that signed in.")
    rooms = param.List([], doc="What can be shown of the session: key and label.")
    room = Child()
    room_shown = param.Boolean(False)

    _esm = _HERE / "lobby.bundle.js"
    _stylesheets = [_HERE / "sessions.css", _HERE / "lobby.css"]  # noqa: RUF012 - as Panel has it


class Lobby:
    """A page without a session of its own. Closing it loses nothing."""

    def __init__(self, bench: Workbench, owner: str, occasion: Occasion, person: str) -> None:
        self._bench, self._owner, self._occasion = bench, owner, occasion
        self._document = pn.state.curdoc
        self._goodbye = goodbyes.expect(self._document.session_context)
        self._commands = SessionCommands(bench, owner, self._tell)
        self._task: asyncio.Task[None] | None = None
        self._rooms: dict[str, ReplayView | FilesPanel] = {}
        self._room = pn.Column(sizing_mode="stretch_both", margin=0)
        card = occasion.card
        name = card.shown if card is not None else ""
        self._view = LobbyView(
            self._take,
            kind=occasion.kind,
            heading=t(_HEADINGS[occasion.kind]) if occasion.kind in _HEADINGS else name,
            text=occasion.text,
            session={"id": occasion.session_id, "name": name} if occasion.session_id else {},
            person=person,
            room=self._room,
            rooms=[[key, t(label)] for key, label in _ROOMS.items()] if occasion.session_id else [],
            sizing_mode="stretch_both",
        )
        self._link = LinkGuard(session=occasion.session_id, mark=self._goodbye)
        self.root = make_page(header=[self._link], main=[self._view])
        pn.state.onload(self._arrived)

    def close(self) -> None:
        """The page is gone."""
        goodbyes.forget(self._goodbye)
        self._commands.close()
        for view in self._rooms.values():
            if isinstance(view, ReplayView):
                view.close()
        if self._task is not None:
            self._task.cancel()

    def report(self, error: BaseException) -> None:
        """Show an error of one of the page's callbacks."""
        self._tell({"type": "told", "text": f"{type(error).__name__}: {error}"})

    def _take(self, message: Message) -> None:
        if message["type"] == "room":
            self._show(str(message.get("name")))
        else:
            self._commands.take(message)

    def _show(self, name: str) -> None:
        """Show one of the rooms of the session, or none."""
        if name in _ROOMS and name not in self._rooms:
            act, within = self._take, partial(set_curdoc, self._document)
            about = self._occasion.session_id
            context = RecordingContext(self._bench, self._owner, about, act, within)
            self._rooms[name] = _made(name, context)
        view = self._rooms.get(name)
        if isinstance(view, ReplayView):
            view.arrive({"session": self._occasion.session_id})
        root = view.root if isinstance(view, ReplayView) else view
        self._room[:] = [root] if root is not None else []
        self._view.room_shown = root is not None

    def _tell(self, message: Message) -> None:
        with set_curdoc(self._document):
            self._view.post(message)

    def _arrived(self) -> None:
        if self._occasion.session_id:
            self._task = asyncio.get_running_loop().create_task(self._look())

    async def _look(self) -> None:
        """Tell what the ended session was: how long, how much, and what cannot be read of it."""
        session_id = self._occasion.session_id
        try:
            about, trouble = await from_disk(lambda: self._known(session_id), "your sessions")
        except SaysoError as error:
            about, trouble = {}, str(error)
        except Exception as error:  # noqa: BLE001 - a task's border: told where it would be shown
            _log.exception("What %s was could not be read", session_id)
            about, trouble = {}, _unreadable(error)
        with set_curdoc(self._document):
            self._view.param.update(trouble=trouble, session=self._view.session | about)

    def _known(self, session_id: str) -> tuple[dict[str, Any], str]:
        folder = self._bench.sessions.folder(session_id, self._owner)
        return _about(folder) if folder is not None else ({}, "")


def _unreadable(error: Exception) -> str:
    return t("What it was cannot be read ({error}).", error=f"{type(error).__name__}: {error}")


def _made(name: str, context: RecordingContext) -> ReplayView | FilesPanel:
    if name == "replay":
        return ReplayView(context)
    return FilesPanel(
        context.act,
        session_id=context.session_id,
        running=False,
        sizing_mode="stretch_both",
    )


def _about(folder: Path) -> tuple[dict[str, Any], str]:
    from agent.record.events import TaskFinished, TaskStarted, TurnFinished
    from agent.replay import load_recording

    recording: Recording = load_recording(folder)
    events, ending = recording.events, Ending()
    tasks: dict[str, dict[str, Any]] = {}
    for event in events:
        ending.add(event)
        if isinstance(event, TaskStarted):
            tasks[event.task_id] = {"text": event.text, "at": event.at, "end": "", "said": ""}
        elif isinstance(event, TaskFinished) and (task := tasks.get(event.task_id)):
            label = t(OUTCOMES.get(ending.word(event), FAILED))
            task.update(end=label, said=event.summary)
    dollars = sum(event.usage.dollars for event in events if isinstance(event, TurnFinished))
    times = [event.at for event in events]
    about = {"tasks": list(tasks.values())[-50:], "count": len(tasks), "dollars": dollars}
    span = {"began": times[0], "last": times[-1]} if times else {}
    return about | span, str(recording.damage)
