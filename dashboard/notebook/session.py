"""A session in a notebook: live desktop, running conversation, and everything to act with."""

from __future__ import annotations

from contextlib import nullcontext
from functools import partial
from typing import Any

import ipywidgets

from agent.record.events import ControlReturned, ControlTaken, Event, SessionClosed, Stopped
from agent.session.session import Session
from dashboard.desktop.channel import has_rfb
from dashboard.display.actions import SessionActions
from dashboard.display.pictures import recorded_url
from dashboard.notebook.desktop import DesktopWidget
from dashboard.notebook.panes import BarWidget, ConversationWidget
from dashboard.state import Feed, PageState

Message = dict[str, Any]


class SessionFace:
    """The widgets of one display of a session. It holds nothing that matters."""

    def __init__(self, session: Session, *, height: int = 430) -> None:
        self._session = session
        self.actions = SessionActions(
            session,
            post=self._post,
            refused=lambda text: self._bar.send({"refused": text}),
            told=lambda text: self._bar.set_trait("detail", text),
        )
        later, act = session.call_soon, self.actions.act
        self._desktop = DesktopWidget(
            session.desktop, later, lambda: self.actions.yours, self.actions.give
        )
        self._state = PageState(partial(recorded_url, session.journal), session.settings)
        self._conversation = ConversationWidget(later, self._state.items, act)
        self._bar = BarWidget(later, act, able=False)
        grid = ipywidgets.GridBox(
            [self._desktop, self._conversation],
            layout={
                "grid_template_columns": "minmax(0, 1.8fr) minmax(240px, 1fr)",
                "grid_gap": "8px",
                "height": f"{height}px",
                "grid_template_rows": "100%",
            },
        )
        self.root = ipywidgets.VBox([grid, self._bar])
        later(self._follow)

    def _post(self, message: Message) -> None:
        self._conversation.send(message)

    def _follow(self) -> None:
        """On the session's loop: show its state from now on."""
        state = self._state
        self._bar.able = has_rfb(self._session.desktop)
        state.status.param.watch(self._show_status, ["who", "detail", "running", "dictating"])
        state.limits.param.watch(self._show_usage, ["tokens", "dollars"])
        state.desktop.param.watch(self._show_desktop, ["marks", "labels", "caption", "state"])
        state.conversation.param.watch(
            lambda change: self._conversation.follow(change.new), "operations", onlychanged=False
        )
        self._feed = Feed(self._session.log, state, nullcontext)
        self._unsubscribe = self._session.log.subscribe(self._see)
        self._session.on_trouble.append(self._troubled)
        self.actions.open()
        self._show_status()
        self._show_usage()
        self._show_desktop()
        self._troubled(self._session.trouble)

    def _troubled(self, text: str) -> None:
        self._state.trouble = text
        self._state.show()

    def _see(self, event: Event) -> None:
        if isinstance(event, ControlTaken | ControlReturned | Stopped):
            self._desktop.release()
        elif isinstance(event, SessionClosed):
            self._feed.close()
            self.actions.close()
            self._unsubscribe()
            self._session.on_trouble.remove(self._troubled)
            self._desktop.stop()
            self._bar.set_trait("who", "disconnected")
            self._bar.set_trait("detail", "The session is closed.")

    def _show_status(self, *_: object) -> None:
        status = self._state.status
        with self._bar.hold_sync():
            self._bar.who, self._bar.detail = status.who, status.detail
            self._bar.running, self._bar.dictating = status.running, status.dictating
        self._desktop.control = status.who == "yours"

    def _show_usage(self, *_: object) -> None:
        limits = self._state.limits
        if limits.tokens:
            self._bar.usage = f"{limits.tokens:,} tokens · ${limits.dollars:.4f}"

    def _show_desktop(self, *_: object) -> None:
        desktop = self._state.desktop
        self._desktop.marks, self._desktop.caption = desktop.marks, desktop.caption
        self._desktop.labels = desktop.labels
        live = desktop.state == "ready" and has_rfb(self._session.desktop)
        if live and not self._bar.able:
            self._desktop.post({"type": "reconnect"})
        self._bar.able = live
