"""A session in a notebook: live desktop, running conversation, and everything to act with."""

from __future__ import annotations

import asyncio
from base64 import b64decode
from collections.abc import Callable, Coroutine
from contextlib import nullcontext
from typing import Any, ClassVar, Literal

import ipywidgets

from agent.errors import DesktopError, JournalError, SaysoError
from agent.record.events import ControlReturned, ControlTaken, Event, SessionClosed, Stopped
from agent.session.control import change_named
from agent.session.session import Session
from dashboard.notebook.desktop import DesktopWidget
from dashboard.notebook.panes import BarWidget, ConversationWidget
from dashboard.notebook.pictures import data_url, shrunk
from dashboard.putback import PutBackDesk
from dashboard.state import Feed, PageState
from dashboard.transcript import MEANT
from dashboard.typed import Typed

Message = dict[str, Any]
_THUMB = 480
"""Pixels; the conversation's pictures are made of the journal's, which are larger."""


class SessionFace:
    """The widgets of one display of a session. It holds nothing that matters."""

    def __init__(self, session: Session, *, height: int = 430) -> None:
        self._session = session
        self._tasks: set[asyncio.Task[None]] = set()
        self._say: Callable[[str], object] | None = None
        self._meant: Callable[[str], object] = lambda utterance: None
        later = session.call_soon
        self._desktop = DesktopWidget(session.desktop, later, self._yours, self._give)
        self._state = PageState(self._image_url, session.settings)
        self._conversation = ConversationWidget(later, self._state.items, self._act)
        self._put_back = PutBackDesk(session.files, self._conversation.send)
        self._bar = BarWidget(later, self._act, able=False)
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

    def talked_to(
        self, say: Callable[[str], object], meant: Callable[[str], object] = lambda utterance: None
    ) -> None:
        """What is typed goes through ``say`` instead: where a voice is, it decides.

        ``meant`` takes the id of an utterance that was passed over and was for the agent.
        """
        self._say, self._meant = say, meant

    def _follow(self) -> None:
        """On the session's loop: show its state from now on."""
        state = self._state
        self._bar.able = self._has_rfb()
        state.status.param.watch(self._show_status, ["who", "detail", "running", "dictating"])
        state.limits.param.watch(self._show_usage, ["tokens", "dollars"])
        state.desktop.param.watch(self._show_desktop, ["marks", "labels", "caption", "state"])
        state.conversation.param.watch(
            lambda change: self._conversation.follow(change.new), "operations", onlychanged=False
        )
        self._feed = Feed(self._session.log, state, nullcontext)
        self._unsubscribe = self._session.log.subscribe(self._see)
        self._session.on_trouble.append(self._troubled)
        self._typed_here = Typed(self._session)
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
            self._typed_here.close()
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
        live = desktop.state == "ready" and self._has_rfb()
        if live and not self._bar.able:
            self._desktop.post({"type": "reconnect"})
        self._bar.able = live

    def _has_rfb(self) -> bool:
        try:
            return self._session.desktop.rfb_socket is not None
        except DesktopError:
            return False

    def _image_url(self, sha256: str) -> str:
        encoded = self._session.journal.image_base64(sha256)
        return "" if encoded is None else data_url(shrunk(b64decode(encoded), _THUMB))

    # What the person does, on the session's loop ----------------------------------------------

    def _yours(self) -> bool:
        return self._session.status.who == "yours"

    def _act(self, message: Message) -> None:
        handler = self._actions.get(str(message.get("type")))
        if handler is None:
            return
        try:
            handler(self, message)
        except JournalError as error:
            self._session.trouble = str(error)
        except SaysoError as error:
            self._bar.detail = str(error)

    def _typed(self, message: Message) -> None:
        text = str(message.get("text", "")).strip()[:4000]
        if not text:
            return
        try:
            (self._say or self._typed_here.say)(text)
        except SaysoError:
            self._bar.send({"refused": text})
            raise

    def _stop(self, message: Message) -> None:
        self._session.stop("You pressed Stop.", source="button")

    def _take(self, message: Message) -> None:
        self._session.take_control()

    def _give(self, message: Message | None = None) -> None:
        if self._yours():
            self._session.return_control()

    def _approve(self, message: Message) -> None:
        decision: Literal["allow", "deny"]
        decision = "allow" if message.get("decision") == "allow" else "deny"
        self._session.approve(str(message.get("id")), decision, channel="button")

    def _fate(self, message: Message) -> None:
        if message.get("to") == MEANT[0]:
            self._meant(str(message.get("id")))
        elif change := change_named(str(message.get("to"))):
            self._session.change_fate(str(message.get("id")), change)

    def _answer(self, message: Message) -> None:
        self._session.answer(str(message.get("id")), str(message.get("text", ""))[:4000])

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    _actions: ClassVar[dict[str, Callable[[SessionFace, Message], None]]] = {
        "put_back_look": lambda self, message: self._later(self._put_back.look(message)),
        "put_back": lambda self, message: self._later(self._put_back.put_back(message)),
        "say": _typed,
        "stop": _stop,
        "take": _take,
        "give": _give,
        "approve": _approve,
        "answer": _answer,
        "fate": _fate,
    }
