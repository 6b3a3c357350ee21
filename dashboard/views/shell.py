"""The rail of views and what stands beside it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import panel as pn
import param
from panel.viewable import Child

from dashboard.js.component import Act, Message, View
from dashboard.view_registry import OUR_VIEWS, TALK, ViewContext, ViewKind, views
from dashboard.view_registry import View as PlaceView
from dashboard.views.cues import cue_of, moment_of, words_of
from dashboard.views.layout import sheet
from dashboard.words import t

if TYPE_CHECKING:
    from agent.record.events import Event
    from dashboard.state import PageState

_HERE = Path(__file__).parent
_log = logging.getLogger(__name__)


class Shell(View):
    """Talk, which stays alive as long as the page, and one other view at a time in its place.

    The address's ``view`` follows, so that a reload comes back to the same view.
    """

    talk = Child()
    room = Child()
    place = param.String(TALK.name)
    places = param.List([], doc="The rail: key, title and icon.")
    running = param.Boolean(False)
    pending = param.Boolean(False, doc="Whether something waits for the person in Talk.")
    cue = param.Dict({}, doc="What was last worth telling: name, sound, text, and a number.")

    _esm = _HERE / "shell.bundle.js"
    _stylesheets = [_HERE / "shell.css"]  # noqa: RUF012 - as Panel declares it

    def __init__(self, act: Act, **params: Any) -> None:
        self._room = pn.Column(sizing_mode="stretch_both", margin=0)
        super().__init__(act, room=self._room, **params)
        self._views: dict[str, PlaceView] = {}
        self._unsubscribe: Callable[[], None] | None = None

    def follow(self, state: PageState) -> None:
        """Keep up with the page's state."""
        self.mirror(state.status, "running")
        state.status.param.watch(
            lambda change: self.param.update(pending=bool(change.new)), "pending"
        )

    def serve(self, context: ViewContext) -> None:
        """Offer the views, made from ``context`` when first visited."""
        self._context = context
        self._unsubscribe = context.entry.session.log.subscribe(self._sound)
        self._kinds = views()
        self.places = [kind.shown() for kind in (TALK, *self._kinds.values())]

    def go(self, key: str, **wanted: str) -> None:
        """Lead to a view; an unknown one is Talk."""
        self._leave()
        self.place = key if key in self._kinds else TALK.name
        if self.place == TALK.name:
            self._room.clear()
        else:
            view = self._view(self.place)
            self._room[:] = [view.root]
            view.arrive(wanted)

    def close(self) -> None:
        """Free every view that was made."""
        if self._unsubscribe is not None:
            self._unsubscribe()
        for view in self._views.values():
            view.close()
        self._views.clear()

    def _sound(self, event: Event) -> None:
        status = self._context.entry.session.status
        name = moment_of(event, status)
        if name is not None:
            cue = {"name": name, "sound": cue_of(event, status) or "", "text": words_of(event)}
            with self._context.within():
                self.cue = {"n": event.seq, **cue}

    def _leave(self) -> None:
        if (view := self._views.get(self.place)) is not None:
            view.leave()

    def _view(self, key: str) -> PlaceView:
        if key not in self._views:
            self._views[key] = _made(self._kinds[key], self._context)
        return self._views[key]

    def take(self, message: Message) -> None:
        """Leads to a view that is asked for; the rest is the page's business."""
        if message["type"] == "go":
            wanted: Mapping[str, Any] = message.get("wanted") or {}
            self.go(str(message.get("place")), **{str(k): str(v) for k, v in wanted.items()})
        else:
            super().take(message)


class _Failed:
    """Stands for a view that somebody else brought and that cannot be made."""

    def __init__(self, kind: ViewKind, error: Exception) -> None:
        lead = t(
            "This view cannot be shown: {error}. The server's log has the details.",
            error=repr(error),
        )
        self.root = sheet(t(kind.label), lead)

    def arrive(self, wanted: Mapping[str, str]) -> None:
        """There is nothing to show."""

    def leave(self) -> None:
        """Nothing goes on."""

    def close(self) -> None:
        """Nothing is held."""


def _made(kind: ViewKind, context: ViewContext) -> PlaceView:
    """A view; of those that others brought, a fault costs no more than the view."""
    if kind in OUR_VIEWS:
        return kind.make(context)
    try:
        return kind.make(context)
    except Exception as error:  # noqa: BLE001 - somebody else's code may raise anything
        _log.exception("The view “%s” cannot be made", kind.name)
        return _Failed(kind, error)
