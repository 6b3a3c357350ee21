"""The tabs of a browser: which there are, which shows, what opens, asks and is downloaded."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from agent.desktop.server.devtools import Connection
from agent.errors import BrowserError, ToolError
from agent.permit import check_permit

MOST_TABS = 100
"""Tabs that are told of: the service takes no more."""

BLANK = "about:blank"
_LOOK = 1.0
"""Seconds in which a tab says whether it shows."""

_CALM = 5.0
"""Seconds that are waited, once, for a page that loads before it is looked at."""

_OPENS = 10.0
_MOST_NEWS = 50
_CRASHED = "This tab has crashed. Load it again with navigate and “reload”, or open another."
_HANGS = (
    "The page does not answer: it is busy, or hangs. Wait and try once more, go elsewhere with "
    "navigate, or close the tab."
)


@dataclass(frozen=True, slots=True)
class News:
    """Something that happened in the browser: a tab opened, a dialog, a download.

    ``id``: of the tab or download; ``text``: a dialog's message, or why a download failed.
    """

    kind: Literal["opened", "dialog", "started", "completed", "failed"]
    id: str
    text: str = ""
    url: str = ""
    path: str = ""
    size: int | None = None


@dataclass(slots=True)
class Frame:
    """A frame of a page that lives in a process of its own."""

    session: str
    id: str
    parent: str
    """The session of the page or frame that it stands in."""


@dataclass(slots=True)
class Tab:
    """One tab. ``id`` is what the model calls it; ``session`` is empty until it is attached."""

    id: str
    target: str
    title: str = ""
    url: str = ""
    session: str = ""
    loading: bool = False
    late: bool = False
    """Whether its page, which still loads, was waited for in vain."""

    crashed: bool = False
    dialog: tuple[str, str] | None = None
    """Kind and words of the dialog that is open, if one is."""

    frames: dict[str, Frame] = field(default_factory=dict)
    """By session: those in processes of their own."""

    def forget_frame(self, session: str) -> None:
        """A frame is gone, with those that stood in it, of which nothing is told."""
        self.frames.pop(session, None)
        for inner in [each for each in self.frames.values() if each.parent == session]:
            self.forget_frame(inner.session)


class Browser:
    """One running browser. Make it, then `begin`."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.tabs: dict[str, Tab] = {}
        """By target, in the order in which they opened."""

        self.news: deque[News] = deque(maxlen=_MOST_NEWS)
        self._numbers = itertools.count(1)
        self._active = ""
        self._working = 0
        self._downloads: dict[str, str] = {}
        self._moved = asyncio.Event()
        self._handlers: dict[str, Callable[[dict[str, Any], str], None]] = {
            "Target.targetCreated": self._created,
            "Target.targetInfoChanged": self._created,
            "Target.targetDestroyed": self._destroyed,
            "Target.targetCrashed": self._crashed,
            "Inspector.targetCrashed": self._crashed,
            "Target.attachedToTarget": self._frame_came,
            "Target.detachedFromTarget": self._frame_went,
            "Page.frameStartedLoading": self._began,
            "Page.frameStoppedLoading": self._stopped,
            "Page.javascriptDialogOpening": self._asked,
            "Page.javascriptDialogClosed": self._answered,
            "Browser.downloadWillBegin": self._download,
            "Browser.downloadProgress": self._downloaded,
        }
        connection.listeners.append(self._see)

    @property
    def alive(self) -> bool:
        return not self.connection.closed

    async def begin(self) -> None:
        """Learn of the tabs that are there, and of all that come.

        Raises:
            BrowserError: it does not answer.
        """
        await self.connection.call("Target.setDiscoverTargets", {"discover": True})
        await self.connection.call(
            "Browser.setDownloadBehavior", {"behavior": "default", "eventsEnabled": True}
        )
        await self.look()
        await self.until(lambda: bool(self.tabs), _OPENS)
        self.news.clear()

    def end(self) -> None:
        """Listen no longer."""
        with contextlib.suppress(ValueError):
            self.connection.listeners.remove(self._see)

    async def call(
        self, tab: Tab, method: str, given: dict[str, Any] | None = None, **options: Any
    ) -> dict[str, Any]:
        """Ask a tab's page for something, as long as the caller may act.

        Raises:
            BrowserError: the page hangs or refuses, or is gone.
            InputHalted: the work that asks was cut.
        """
        check_permit()
        session = options.pop("session", "") or tab.session
        if tab.crashed:
            raise BrowserError(_CRASHED, gone=True)
        try:
            return await self.connection.call(method, given, session=session, **options)
        except BrowserError as error:
            if tab.crashed:
                raise BrowserError(_CRASHED, gone=True) from error
            if error.hangs:
                raise BrowserError(_HANGS, hangs=True) from error
            raise

    async def until(self, holds: Callable[[], bool], seconds: float) -> bool:
        """Wait until something holds; whether it does, within so many seconds."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not holds():
                    self._moved.clear()
                    await self._moved.wait()
        return holds()

    # Which tab -----------------------------------------------------------------------

    async def tab(self, tab_id: str | None) -> Tab:
        """The tab of that name, or the one that shows; attached, without a dialog.

        Raises:
            ToolError: there is none, or it does not answer.
        """
        found = await self.active() if not tab_id else self.named(tab_id)
        if found is None:
            raise ToolError("No tab is open. Open one with new_tab.")
        await self.attach(found)
        if found.dialog:
            self._dismiss(found)
            await self.until(lambda: not found.dialog, _LOOK)
        return found

    def named(self, tab_id: str) -> Tab:
        """The tab that the model calls so.

        Raises:
            ToolError: there is none.
        """
        for tab in self.tabs.values():
            if tab.id == tab_id:
                return tab
        raise ToolError(f"There is no tab {tab_id[:40]!r}. list_tabs tells which are open.")

    async def active(self) -> Tab | None:
        """The tab that shows; the person may have chosen another meanwhile."""
        last = self.tabs.get(self._active)
        if last is not None and await self._shows(last):
            return last
        others = [tab for tab in reversed(self.tabs.values()) if tab is not last]
        found = await self._first_shown(others) or last or next(iter(others), None)
        self._active = found.target if found else ""
        return found

    async def _first_shown(self, tabs: Sequence[Tab]) -> Tab | None:
        for at in range(0, len(tabs), MOST_TABS):
            some = tabs[at : at + MOST_TABS]
            shown = await asyncio.gather(*(self._shows(tab) for tab in some))
            if any(shown):
                return some[shown.index(True)]
        return None

    async def look(self) -> None:
        """Learn what the tabs are called now: that a title has changed is not told."""
        for info in (await self.connection.call("Target.getTargets"))["targetInfos"]:
            self._created({"targetInfo": info}, "")

    async def show(self, tab: Tab) -> None:
        """Bring a tab to the front, where the person sees what is done in it."""
        if self._active != tab.target or not await self._shows(tab):
            await self.connection.call("Target.activateTarget", {"targetId": tab.target})
            self._active = tab.target

    async def open(self) -> Tab:
        """Open an empty tab and show it."""
        check_permit()
        made = await self.connection.call("Target.createTarget", {"url": BLANK})
        target = str(made["targetId"])
        if not await self.until(lambda: target in self.tabs, _OPENS):
            raise BrowserError("The browser did not open the tab.", hangs=True)
        self._active = target
        tab = self.tabs[target]
        await self.attach(tab)
        return tab

    async def close(self, tab: Tab) -> None:
        """Close a tab; with the last one, the browser closes.

        Raises:
            BrowserError: it stays, as where its page asks whether to leave.
        """
        check_permit()
        with contextlib.suppress(BrowserError):
            await self.connection.call("Target.closeTarget", {"targetId": tab.target})
        if not await self.until(lambda: tab.target not in self.tabs or not self.alive, _OPENS):
            raise BrowserError("The tab stays open: its page may ask whether to leave it.")
        if not self.tabs:
            await self.until(lambda: not self.alive, _OPENS)

    async def calm(self, tab: Tab) -> bool:
        """Wait a while for a page that loads, once for each load; whether it has."""
        if not tab.late:
            tab.late = not await self.until(lambda: not tab.loading, _CALM)
        return not tab.loading

    @contextlib.contextmanager
    def working(self) -> Iterator[None]:
        """Dialogs that open meanwhile are answered with no: nobody could go on beside them."""
        self._working += 1
        try:
            yield
        finally:
            self._working -= 1

    async def attach(self, tab: Tab) -> None:
        """Be told of what goes on in a tab."""
        if tab.session:
            return
        connection = self.connection
        made = await connection.call(
            "Target.attachToTarget", {"targetId": tab.target, "flatten": True}
        )
        tab.session = str(made["sessionId"])
        for method, given in _FIRST:
            connection.send(method, given, tab.session)

    async def _shows(self, tab: Tab) -> bool:
        with contextlib.suppress(BrowserError):
            await self.attach(tab)
            if tab.dialog or tab.crashed:
                return tab.target == self._active
            said = await self.connection.call(
                "Runtime.evaluate",
                {"expression": "document.visibilityState", "returnByValue": True},
                session=tab.session,
                seconds=_LOOK,
            )
            return bool(said.get("result", {}).get("value") == "visible")
        return tab.target == self._active  # it hangs

    # What happens --------------------------------------------------------------------

    def _see(self, name: str, given: dict[str, Any], session: str) -> None:
        """Take in an event."""
        handler = self._handlers.get(name)
        if handler is not None:
            handler(given, session)
        self._moved.set()

    def _of(self, session: str) -> Tab | None:
        return next(
            (t for t in self.tabs.values() if session and session in (t.session, *t.frames)), None
        )

    def _created(self, given: dict[str, Any], session: str) -> None:
        info = given["targetInfo"]
        known = self.tabs.get(info["targetId"])
        if known is not None:
            known.title, known.url = str(info.get("title", "")), str(info.get("url", ""))
        elif info.get("type") == "page" and not str(info.get("url", "")).startswith("devtools:"):
            tab = Tab(f"t{next(self._numbers)}", info["targetId"], info["title"], info["url"])
            self.tabs[tab.target] = tab
            self.news.append(News("opened", tab.id))

    def _destroyed(self, given: dict[str, Any], session: str) -> None:
        self.tabs.pop(str(given["targetId"]), None)

    def _crashed(self, given: dict[str, Any], session: str) -> None:
        tab = self.tabs.get(str(given.get("targetId"))) or self._of(session)
        if tab is not None and session not in tab.frames:
            tab.crashed, tab.loading, tab.late = True, False, False

    def _frame_came(self, given: dict[str, Any], session: str) -> None:
        tab, info = self._of(session), given["targetInfo"]
        if tab is None or info.get("type") != "iframe":
            return
        inner = str(given["sessionId"])
        tab.frames[inner] = Frame(inner, info["targetId"], session)
        for method, params in _FIRST:
            self.connection.send(method, params, inner)

    def _frame_went(self, given: dict[str, Any], session: str) -> None:
        gone = str(given.get("sessionId"))
        for tab in self.tabs.values():
            tab.forget_frame(gone)
            if tab.session == gone:
                tab.session = ""

    def _began(self, given: dict[str, Any], session: str) -> None:
        tab = self._of(session)
        if tab is not None and given.get("frameId") == tab.target:
            tab.loading, tab.late, tab.crashed = True, False, False

    def _stopped(self, given: dict[str, Any], session: str) -> None:
        tab = self._of(session)
        if tab is not None and given.get("frameId") == tab.target:
            tab.loading = tab.late = False

    def _asked(self, given: dict[str, Any], session: str) -> None:
        tab = self._of(session)
        if tab is None:
            return
        tab.dialog = str(given.get("type", "dialog")), str(given.get("message", ""))[:1000]
        if self._working:
            self._dismiss(tab)

    def _answered(self, given: dict[str, Any], session: str) -> None:
        tab = self._of(session)
        if tab is not None:
            tab.dialog = None

    def _dismiss(self, tab: Tab) -> None:
        if tab.dialog is not None:
            self.news.append(News("dialog", *tab.dialog))
        self.connection.send("Page.handleJavaScriptDialog", {"accept": False}, tab.session)

    def _download(self, given: dict[str, Any], session: str) -> None:
        guid, url = str(given["guid"]), str(given.get("url", ""))
        self._downloads[guid] = url
        self.news.append(News("started", guid, url=url))

    def _downloaded(self, given: dict[str, Any], session: str) -> None:
        guid, state = str(given["guid"]), given.get("state")
        if state not in ("completed", "canceled") or guid not in self._downloads:
            return
        url = self._downloads.pop(guid)
        if state == "canceled":
            self.news.append(News("failed", guid, "It was stopped, or failed.", url))
            return
        size, path = given.get("receivedBytes"), str(given.get("filePath") or "")
        self.news.append(
            News(
                "completed", guid, url=url, path=path, size=int(size) if size is not None else None
            )
        )


_FIRST: tuple[tuple[str, dict[str, Any]], ...] = (
    ("Page.enable", {}),
    ("DOM.enable", {}),
    ("Inspector.enable", {}),
    (
        "Target.setAutoAttach",
        {"autoAttach": True, "waitForDebuggerOnStart": False, "flatten": True},
    ),
)
"""What a page or frame is asked for as soon as it is attached."""
