"""A session in a Panel page: its desktop, its conversation, and everything to act with."""

from __future__ import annotations

import asyncio
import logging
from functools import partial

import panel as pn

from agent.errors import SaysoError
from agent.record.events import ControlReturned, ControlTaken, Event, SessionClosed, Stopped
from agent.session.session import Session
from dashboard.desktop.channel import has_rfb
from dashboard.desktop.tunnelled import TunnelledView
from dashboard.display.actions import SessionActions
from dashboard.display.pictures import recorded_url
from dashboard.embed.bar import BarView
from dashboard.embed.within import page_context
from dashboard.js.component import Message
from dashboard.state import Feed, PageState
from dashboard.views.conversation import ConversationView
from dashboard.web import dispatch

_log = logging.getLogger(__name__)
_closing: set[asyncio.Task[None]] = set()
"""Sessions of pages that have gone."""


class SessionParts(pn.viewable.Viewer):
    """The parts of one page that shows a session: put them where you like, or show all of it.

    Make one for each page, in the function or file that builds the page. It holds nothing that
    matters: closing it, which happens by itself when the page goes, loses nothing.

    Args:
        session: Opened or not; it may live on another loop, as those of `agent.blocking` do.
        owned: Whether the session is this page's: opened when the page is shown, closed when it
            goes. Else that is left to whoever made it.
        height: Pixels of desktop and conversation where all is shown.

    Attributes:
        state: What the session is doing, as params that follow it: ``state.status``,
            ``state.desktop``, ``state.limits``, ``state.voice``.
        desktop: The live desktop.
        conversation: What was said and done, and the agent's questions.
        bar: Who has the mouse, a line to type in, and Stop.
    """

    def __init__(self, session: Session, *, owned: bool = False, height: int = 430) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        dispatch.install()
        self._session, self._height = session, height
        self._within = page_context()
        self._closed = False
        self._actions = SessionActions(
            session, post=self._post, refused=self._give_back, told=self._tell
        )
        self.state = PageState(partial(recorded_url, session.journal), session.settings)
        self.desktop = TunnelledView(
            session.desktop,
            session.call_soon,
            lambda: self._actions.yours,
            self._actions.give,
            self._within,
        )
        self.conversation = ConversationView(self.state.items, self.act, sizing_mode="stretch_both")
        self.bar = BarView(self.act, sizing_mode="stretch_width")
        session.call_soon(self._follow)
        if (document := pn.state.curdoc) is not None and document.session_context is not None:
            document.on_session_destroyed(lambda _: session.call_soon(self._left, owned))
        if owned:
            pn.state.onload(self._open)

    def __panel__(self) -> pn.viewable.Viewable:
        """All parts, laid out: desktop and conversation side by side, the bar below."""
        row = pn.Row(
            pn.Column(self.desktop, sizing_mode="stretch_both", styles={"flex": "1.8 1 0"}),
            pn.Column(self.conversation, sizing_mode="stretch_both", styles={"flex": "1 1 0"}),
            height=self._height,
            sizing_mode="stretch_width",
        )
        return pn.Column(row, self.bar, sizing_mode="stretch_width")

    def act(self, message: Message) -> None:
        """Carry out what a part asks for, such as ``{"type": "say", "text": "…"}`` or
        ``{"type": "stop"}``; from any thread.
        """
        self._session.call_soon(self._actions.act, message)

    def close(self) -> None:
        """Let go of the session. On its loop."""
        if self._closed:
            return
        self._closed = True
        self._feed.close()
        self._actions.close()
        self._unsubscribe()
        self._session.on_trouble.remove(self._troubled)
        self.desktop.stop()

    async def _open(self) -> None:
        try:
            await self._session.open()
        except SaysoError as error:
            _log.warning("The session could not be opened: %s", error)
            self._tell(str(error))

    # On the session's loop ---------------------------------------------------------------------

    def _left(self, owned: bool) -> None:
        """The page is gone."""
        self.close()
        if owned:
            task = asyncio.get_running_loop().create_task(self._session.close())
            _closing.add(task)
            task.add_done_callback(_closing.discard)

    def _follow(self) -> None:
        """Show its state from now on."""
        session, state = self._session, self.state
        state.status.param.watch(self._show_status, ["who", "detail", "running", "dictating"])
        state.limits.param.watch(self._show_usage, ["tokens", "dollars"])
        state.desktop.param.watch(self._show_desktop, ["marks", "labels", "caption", "state"])
        with self._within():
            self.conversation.follow(state.conversation)
            self._feed = Feed(session.log, state, self._within)
            self._actions.open()
            self._show_status()
            self._show_usage()
            self._show_desktop()
        self._unsubscribe = session.log.subscribe(self._see)
        session.on_trouble.append(self._troubled)
        self._troubled(session.trouble)

    def _see(self, event: Event) -> None:
        if isinstance(event, ControlTaken | ControlReturned | Stopped):
            self.desktop.release()
        elif isinstance(event, SessionClosed):
            self.close()
            with self._within():
                self.bar.param.update(
                    who="disconnected", detail="The session is closed.", able=False
                )

    def _troubled(self, text: str) -> None:
        self.state.trouble = text
        with self._within():
            self.state.show()

    def _show_status(self, *_: object) -> None:
        status = self.state.status
        shown = ("who", "detail", "running", "dictating")
        self.bar.param.update(**{name: getattr(status, name) for name in shown})
        self.desktop.control = status.who == "yours"

    def _show_usage(self, *_: object) -> None:
        limits = self.state.limits
        if limits.tokens:
            self.bar.usage = f"{limits.tokens:,} tokens · ${limits.dollars:.4f}"

    def _show_desktop(self, *_: object) -> None:
        desktop = self.state.desktop
        self.desktop.param.update(
            marks=desktop.marks, labels=desktop.labels, caption=desktop.caption
        )
        live = desktop.state == "ready" and has_rfb(self._session.desktop)
        if live and not self.bar.able:
            self.desktop.reconnect()
        self.bar.able = live

    def _post(self, message: Message) -> None:
        with self._within():
            self.conversation.post(message)

    def _give_back(self, text: str) -> None:
        with self._within():
            self.bar.post({"refused": text})

    def _tell(self, text: str) -> None:
        with self._within():
            self.bar.detail = text
