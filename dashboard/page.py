"""One page: views on one side, the agent's session on the other, small messages between."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import panel as pn
import param
from panel.io.state import set_curdoc

from agent.errors import JournalError
from agent.record.events import Failed, SessionClosed
from agent.session.control import change_named
from dashboard.blank import make_page
from dashboard.desktop.bridge import PURPOSE
from dashboard.desktop.channel import has_rfb
from dashboard.desktop.frames import Frames
from dashboard.desktop.view import DesktopView
from dashboard.notices import notices
from dashboard.putback import PutBackDesk
from dashboard.state import Feed, PageState
from dashboard.transcript import MEANT
from dashboard.view_registry import TALK, ViewContext
from dashboard.views.conversation import ConversationView
from dashboard.views.files.panel import FilesPanel
from dashboard.views.link import LinkGuard
from dashboard.views.sessions.commands import SessionCommands
from dashboard.views.settings.voice_settings import VoiceSettingsControl
from dashboard.views.shell import Shell
from dashboard.views.statusbar import StatusBar
from dashboard.views.talk import TalkView
from dashboard.voice.client.posts import WidgetLine
from dashboard.voice.client.widget import VoiceWidget
from dashboard.web.goodbye import goodbyes
from dashboard.web.say import heard, say_once

if TYPE_CHECKING:
    from agent.record.events import Event
    from dashboard.web.registry import Entry
    from dashboard.web.workbench import Workbench

Message = dict[str, Any]
_RECEIPTS = 200
"""Messages of the page that are known to have come, so that none is carried out twice."""
_BROKEN = 5
"""Failures in the browser that one page reports into the session at most."""


class Page:
    """A page over a session. It holds nothing that matters: closing it loses nothing."""

    def __init__(self, entry: Entry, bench: Workbench) -> None:
        self._entry, self._bench = entry, bench
        self._session, self._conductor = entry.session, entry.conductor
        self._document = pn.state.curdoc
        self._broken = 0
        self._taken: deque[str] = deque(maxlen=_RECEIPTS)
        self._goodbye = goodbyes.expect(self._document.session_context)
        self._state = PageState(self._image_url, entry.session.settings)
        self._voice = VoiceWidget(on_event=self._on_voice)
        self._line = WidgetLine(self._voice)
        self._desktop = self._live_desktop()
        self._frames = Frames(self._session.desktop, self._show_frame)
        self._conversation = ConversationView(
            self._state.items, self.act, sizing_mode="stretch_both"
        )
        self._conversation.follow(self._state.conversation)
        self._put_back = PutBackDesk(self._session.files, self._told_here)
        self._voice_settings = VoiceSettingsControl(
            entry, bench.people.of(entry.owner), self.act, partial(set_curdoc, self._document)
        )
        self._files = FilesPanel(self.act, session_id=entry.session.id)
        self._files.mirror(self._state.status, "pending")
        self._unfollow = self._files.follow(entry.session.log, partial(set_curdoc, self._document))
        self._talk = self._frame()
        self._bar = self._status_bar()
        self._sessions = SessionCommands(bench, entry.owner, self._tell_sessions)
        self._shell = self._views()
        self._link = LinkGuard(self.act, session=entry.id, mark=self._goodbye)
        self._link.mirror(self._state.status, "task")
        self.root = make_page(header=[self._bar, self._link], main=[self._shell])
        self._feed = Feed(self._session.log, self._state, lambda: set_curdoc(self._document))
        self._unsubscribe = self._session.log.subscribe(self._ended)
        self._conductor.attach(self._line)
        self._entry.pages.add(self._line)
        self._session.on_trouble.append(self._troubled)
        self._troubled(self._session.trouble)
        pn.state.onload(self._arrived)

    def _troubled(self, text: str) -> None:
        self._state.trouble = text
        with set_curdoc(self._document):
            self._talk.trouble = text
            self._state.show()

    @property
    def session_id(self) -> str:
        """The id of the session that the page shows."""
        return self._session.id

    def close(self) -> None:
        """Let go of everything that outlives the page."""
        goodbyes.forget(self._goodbye)
        self._feed.close()
        self._unsubscribe()
        self._session.on_trouble.remove(self._troubled)
        self._sessions.close()
        self._voice_settings.close()
        self._unfollow()
        self._shell.close()
        self._frames.run(False)
        self._conductor.detach(self._line)
        self._bench.sessions.leave(self._entry, self._line)

    def report(self, error: BaseException) -> None:
        """Show an error of one of the page's callbacks where people look: in the conversation."""
        if isinstance(error, JournalError):
            self._session.trouble = str(error)
            return
        text = f"{type(error).__name__}: {error}"
        advice = "The session continues. If it happens again, the server's log has the details."
        self._session.log.append(Failed(where="page", error=text, advice=advice))

    def act(self, message: Message) -> None:
        """Carry out what a view asks for; unknown messages are ignored.

        What comes with a receipt is carried out once, and its receipt given back. Words wait
        until the session is open.
        """
        if message.get("type") == "say" and self._entry.starting:
            pn.state.execute(partial(self._act_later, message))
            return
        receipt = message.get("receipt")
        if not isinstance(receipt, str):
            self._carry_out(message)
            return
        if message.get("type") != "taken?" and not self._has_taken(receipt):
            self._carry_out(message)
            self._taken.append(receipt)
        if self._has_taken(receipt):
            self._link.post({"type": "taken", "receipt": receipt})

    async def _act_later(self, message: Message) -> None:
        await self._entry.until_open()
        self.act(message)

    def _has_taken(self, receipt: str) -> bool:
        return receipt in self._taken or heard.knows(self._entry.id, receipt)

    def _carry_out(self, message: Message) -> None:
        handler = self._actions.get(str(message.get("type")))
        if handler is not None:
            handler(self, message)
        else:
            self._sessions.take(message)

    def _say(self, message: Message) -> None:
        text, receipt = str(message.get("text", ""))[:4000], message.get("receipt")
        if isinstance(receipt, str):
            say_once(self._entry, receipt, text)
        else:
            self._conductor.typed(text)

    def _stop(self, message: Message) -> None:
        self._session.stop("You pressed Stop.", source="button")

    def _go(self, message: Message) -> None:
        self._shell.go(str(message.get("view")), place=str(message.get("place", "")))

    def _take(self, message: Message) -> None:
        self._session.take_control()

    def _give(self, message: Message) -> None:
        self._session.return_control()

    def _hold(self, message: Message) -> None:
        # A hold that is asked for outlasts the voice's own.
        self._conductor.dispatcher.holds.forget()
        self._session.hold("You asked to wait.")

    def _release(self, message: Message) -> None:
        self._session.release("You said go on.")

    def _approve(self, message: Message) -> None:
        decision: Literal["allow", "deny"]
        decision = "allow" if message.get("decision") == "allow" else "deny"
        remember = message.get("remember") is True
        self._session.approve(
            str(message.get("id")),
            decision,
            channel="button",
            for_session=remember,
            for_good=message.get("always") is True,
        )

    def _fate(self, message: Message) -> None:
        if message.get("to") == MEANT[0]:
            self._conductor.meant(str(message.get("id")))
        elif change := change_named(str(message.get("to"))):
            self._session.change_fate(str(message.get("id")), change)

    def _answer(self, message: Message) -> None:
        self._session.answer(str(message.get("id")), str(message.get("text", ""))[:4000])

    def _broke(self, message: Message) -> None:
        """A part of the page failed in the browser: said where people look, a few times at most."""
        self._broken += 1
        if self._broken <= _BROKEN:
            where, text = (str(message.get(field, ""))[:500] for field in ("where", "text"))
            advice = "Reload the page if something is missing. The session goes on."
            error = f"A part of the page ({where}) failed in the browser: {text}"
            self._session.log.append(Failed(where="page", error=error, advice=advice))

    def _replay(self, message: Message) -> None:
        self._shell.go("replay", session=str(message.get("id")))

    _actions: ClassVar[dict[str, Callable[[Page, Message], None]]] = {
        "say": _say,
        "stop": _stop,
        "go": _go,
        "take": _take,
        "give": _give,
        "hold": _hold,
        "release": _release,
        "approve": _approve,
        "answer": _answer,
        "fate": _fate,
        "broke": _broke,
        "replay": _replay,
        "put_back_look": lambda self, m: pn.state.execute(partial(self._put_back.look, m)),
        "put_back": lambda self, m: pn.state.execute(partial(self._put_back.put_back, m)),
    }

    def _told_here(self, message: Message) -> None:
        with set_curdoc(self._document):
            self._conversation.post(message)

    def _views(self) -> Shell:
        shell = Shell(self.act, talk=self._talk, sizing_mode="stretch_both")
        shell.follow(self._state)
        within = partial(set_curdoc, self._document)
        shell.serve(ViewContext(self._bench, self._entry, self._state, self.act, shell.go, within))
        shell.param.watch(
            lambda change: self._desktop.param.update(paused=change.new != TALK.name), "place"
        )
        wanted = pn.state.session_args.get("view", [TALK.name.encode()])[0]
        shell.go(wanted.decode(errors="replace"))
        return shell

    def _arrived(self) -> None:
        """The browser shows the page: only now may the session cost anything."""
        self._bench.sessions.open(self._entry)
        self._bench.sessions.warm(self._entry)
        if not self._session.settings.speaks_hume:
            self._bench.voices.warm()

    def _on_voice(self, event: Message) -> None:
        self._conductor.handle([event], self._line)

    def _image_url(self, sha256: str) -> str:
        return f"sessions/{self._session.id}/images/{sha256}"

    def _on_desktop(self, event: Message) -> None:
        kind = event.get("type")
        if kind == "local.need_ticket" and self._has_rfb():
            ticket = self._bench.tickets.issue(self._session.id, PURPOSE)
            self._desktop.give_ticket({"ticket": ticket})
        elif kind == "local.state":
            shown = event.get("state") in ("frames", "connecting")
            self._frames.run(shown and self._state.desktop.state == "ready")
        elif kind == "local.release" and self._session.status.who == "yours":
            self._session.return_control()

    def _show_frame(self, picture: bytes) -> None:
        with set_curdoc(self._document):
            self._desktop.frame = picture

    def _live_desktop(self) -> DesktopView:
        view, state = DesktopView(on_event=self._on_desktop), self._state
        state.status.param.watch(
            lambda change: view.param.update(control=change.new == "yours"), "who"
        )
        state.desktop.param.watch(
            lambda *_: view.param.update(
                marks=state.desktop.marks,
                labels=state.desktop.labels,
                caption=state.desktop.caption,
            ),
            ["marks", "labels", "caption"],
        )
        state.desktop.param.watch(self._desktop_changed, "state")
        return view

    def _desktop_changed(self, change: param.parameterized.Event) -> None:
        live = self._has_rfb()
        if live:
            self._desktop.reconnect()
        self._frames.run(change.new == "ready" and not live)

    def _has_rfb(self) -> bool:
        return self._state.desktop.state == "ready" and has_rfb(self._session.desktop)

    def _frame(self) -> TalkView:
        frame = TalkView(
            self.act,
            desktop=self._desktop,
            conversation=self._conversation,
            files=self._files,
            voice=self._voice,
            voice_settings=self._voice_settings.menu,
            sizing_mode="stretch_both",
        )
        frame.follow(self._state)
        return frame

    def _status_bar(self) -> StatusBar:
        bar = StatusBar.of(
            self._state,
            self.act,
            session=self._entry.name,
            session_id=self._entry.id,
            person=self._entry.person,
        )
        self._state.desktop.param.watch(
            lambda *_: self._notice(bar), ["state", "confined", "unwatched", "unbounded"]
        )
        self._state.status.param.watch(
            lambda *_: bar.param.update(session=self._entry.name), "title"
        )
        self._notice(bar)
        return bar

    def _tell_sessions(self, message: Message) -> None:
        with set_curdoc(self._document):
            if message["type"] == "sessions":
                self._bar.session = self._entry.name
            self._bar.post(message)

    def _ended(self, event: Event) -> None:
        """The session was ended, here or on another page: nothing of it is to look alive."""
        if isinstance(event, SessionClosed) and self._entry.ended:
            with set_curdoc(self._document):
                self._bar.gone = "?view=sessions" if self._entry.deleted else self._address

    @property
    def _address(self) -> str:
        return f"?session={self._entry.id}"

    def _notice(self, bar: StatusBar) -> None:
        desktop = self._state.desktop
        bar.notices = notices(
            self._session.settings,
            model=self._session.status.model,
            confined=desktop.confined,
            desktop=desktop.state,
            unwatched=desktop.unwatched,
            unbounded=desktop.unbounded,
        )
