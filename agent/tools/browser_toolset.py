"""The SDK's class for the browser toolset, over one `Driver`.

The SDK reads a call's input, asks the policies and `confirm`, puts what came of it into words
and adds the state of the tabs; the members here do what is asked for.
"""

from __future__ import annotations

import asyncio
import base64
import functools
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar, cast, runtime_checkable
from urllib.parse import unquote, urlsplit

import pydantic
from anthropic.tools import ToolError as SdkError
from anthropic.tools.browser import (
    BetaAsyncAbstractBrowserToolset20260801,
    BetaBrowserNavigateResult,
    BetaBrowserState,
    BetaConfirmContext,
    BetaDialogDismissed,
    BetaScreenshotResult,
    BetaToolsetCallContext,
    BetaURLContext,
)
from anthropic.types import beta

from agent.browser.keys import modifiers_of, sequence
from agent.browser.outline import DEPTH
from agent.browser.page import Button, Page
from agent.browser.tabs import MOST_TABS, Browser, News, Tab
from agent.desktop.base import Desktop, EncodedImage, inside
from agent.errors import BadInput, SaysoError, ToolError
from agent.network.addresses import read_host
from agent.network.gate import Gate
from agent.tools.base import ToolResult
from agent.tools.browser_driver import WM_CLASS, Driver, heed
from agent.tools.vault import Secret

T = TypeVar("T")

_LONGEST_WAIT = 30.0
_MOST_NOTCHES, _NOTCHES = 10, 3
_MOST_REPEATS = 100
_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:(?!\d+(?:[/?#]|$))")
"""A colon before digits is a port's."""

_OWN = frozenset({"localhost", "127.0.0.1", "::1"})
"""The sandbox's own loopback: nothing of the machine listens there."""

_STEPS = frozenset({"back", "forward", "reload"})
_NOT_LOADED = {
    "net::ERR_CERT_": "its certificate is wrong, so that it may be somebody else who answers. Tell "
    "the person; whether to go there all the same is theirs to say",
    "net::ERR_PROXY_CONNECTION_FAILED": "the desktop's way to the network is down",
    "net::ERR_TUNNEL_CONNECTION_FAILED": "the network's gate refused it, or reached nobody there",
}
"""What beginnings of the browser's words mean."""


@runtime_checkable
class HasGate(Protocol):
    """A desktop whose way to the network is judged."""

    @property
    def gate(self) -> Gate | None: ...


def _told(work: Callable[..., Awaitable[T]]) -> Callable[..., Any]:
    """Put what is wrong into the SDK's error, whose words the model reads as they are."""

    @functools.wraps(work)
    async def told(self: Toolset, *given: Any) -> T:
        try:
            return await work(self, *given)
        except SaysoError as error:
            self.driver.fault = error
            raise SdkError(str(error)) from error

    return told


class Toolset(BetaAsyncAbstractBrowserToolset20260801):
    """The members that are served, with Sayso's policies."""

    def __init__(self, driver: Driver) -> None:
        super().__init__(
            configs={"file_upload": {"enabled": True}},
            confirm=self._confirm,
            url_policy=self._may_go,
            file_policy=HomeFiles(driver.desktop),
        )
        self.driver = driver
        self._held: Page | None = None
        """Where the left button was pressed and not let go."""

    def parsed(self, name: str, given: Mapping[str, object]) -> Any:
        """The input of a call as the SDK's type for it.

        Raises:
            BadInput: it does not fit.
        """
        kind = getattr(beta, f"BetaBrowser{name.title().replace('_', '')}Input")
        try:
            return kind.model_validate(dict(given))
        except pydantic.ValidationError as error:
            found = error.errors()[0]
            where = ".".join(map(str, found["loc"]))
            raise BadInput(f"{name}: {where}: {found['msg']}.") from None

    async def answer(self, name: str, given: Mapping[str, object]) -> ToolResult:
        """One call, as the loop takes it."""
        try:
            content = await self.call(BetaToolsetCallContext(tool_use=None), name, given)
        except SdkError as error:
            shown = getattr(self.driver.fault, "shown", None)
            return ToolResult(self._scrubbed(error.content), is_error=True, shown=shown)
        blocks = cast("Sequence[Mapping[str, Any]]", content)
        state = next((dict(b) for b in blocks if b["type"] == "browser_state"), None)
        return ToolResult(self._scrubbed(blocks), self.driver.picture, state=state)

    def let_go(self) -> None:
        """Let a button go that was left pressed."""
        held, self._held = self._held, None
        if held is not None:
            held.let_go()

    # Policies ------------------------------------------------------------------------

    async def _confirm(self, context: BetaConfirmContext) -> bool:
        try:
            return await self.driver.confirm(context.member, context.input)
        except SaysoError as error:
            self.driver.fault = error
            raise SdkError(str(error)) from error

    async def _may_go(self, context: BetaURLContext, url: str) -> None:
        """The gate's answer, before anything is asked for; the gate judges again what then is."""
        try:
            await may_go(self.driver.desktop, url)
        except SaysoError as error:
            self.driver.fault = error
            raise SdkError(str(error)) from error

    async def _browser_state(self, context: BetaToolsetCallContext) -> BetaBrowserState:
        try:
            browser = await self.driver.browser()
            shown = await browser.active()
            await browser.look()
        except SaysoError:
            return BetaBrowserState(tabs=[])
        tabs = _some_tabs(browser, shown)
        changes = [self._change(news) for news in browser.news if _counts(news, tabs)]
        browser.news.clear()
        entries = [_entry(tab, active=tab is shown) for tab in tabs]
        vault = self.driver.vault
        for entry in entries:
            entry["title"], entry["url"] = vault.scrub(entry["title"]), vault.scrub(entry["url"])
        return BetaBrowserState(tabs=entries, state_changes=cast("Any", changes))

    def _change(self, news: News) -> Any:
        match news.kind:
            case "opened":
                return {"type": "tab_opened", "tab_id": news.id}
            case "dialog":
                return BetaDialogDismissed(kind=news.id, message=news.text)
            case "failed":
                error = {"error": news.text}
                return {"type": "download_failed", "download_id": news.id, "url": news.url, **error}
            case _:
                more: dict[str, Any] = {"path": news.path} if news.path else {}
                more |= {"size_bytes": news.size} if news.size is not None else {}
                kind = f"download_{news.kind}"
                return {"type": kind, "download_id": news.id, "url": news.url, **more}

    # Going about ---------------------------------------------------------------------

    @_told
    async def navigate(self, context: Any, input: Any) -> BetaBrowserNavigateResult:  # noqa: A002
        browser = await self.driver.browser(opens=input.url not in _STEPS)
        tab = await browser.tab(input.tab_id)
        await browser.show(tab)
        page = Page(browser, tab)
        with browser.working():
            status = await self._go(page, input.url)
            await browser.calm(tab)
        await browser.look()
        return BetaBrowserNavigateResult(
            url=tab.url, status=status, title=self.driver.vault.scrub(tab.title)
        )

    async def _go(self, page: Page, url: str) -> int | None:
        if url == "reload":
            await page.reload()
        elif url in _STEPS:
            if not await page.step(url == "back"):
                raise ToolError(f"There is no page to go {url} to.")
        else:
            address = whole(url)
            status, wrong = await page.go(address)
            loads = any(news.kind in ("started", "completed") for news in page.browser.news)
            if wrong and not (wrong == "net::ERR_ABORTED" and loads):
                page.stop()
                raise ToolError(f"{address[:200]} could not be loaded: {_why_not(wrong)}.")
            return status
        return None

    @_told
    async def list_tabs(self, context: Any, input: Any) -> list[Any]:  # noqa: A002
        browser = await self.driver.browser()
        shown = await browser.active()
        return [_entry(tab, active=tab is shown) for tab in _some_tabs(browser, shown)]

    @_told
    async def new_tab(self, context: Any, input: Any) -> Any:  # noqa: A002
        opened = self.driver.is_open
        browser = await self.driver.browser(opens=True)
        first = None if opened else await browser.active()
        tab = first or await browser.open()
        await browser.show(tab)
        return _entry(tab, active=True)

    @_told
    async def switch_tab(self, context: Any, input: Any) -> Any:  # noqa: A002
        browser = await self.driver.browser()
        tab = browser.named(input.tab_id)
        await browser.show(tab)
        return _entry(tab, active=True)

    @_told
    async def close_tab(self, context: Any, input: Any) -> None:  # noqa: A002
        browser = await self.driver.browser()
        with browser.working():
            await browser.close(browser.named(input.tab_id))

    @_told
    async def wait(self, context: Any, input: Any) -> None:  # noqa: A002
        await asyncio.sleep(min(_LONGEST_WAIT, max(0.0, input.duration)))

    # Reading -------------------------------------------------------------------------

    @_told
    async def read_page(self, context: Any, input: Any) -> str:  # noqa: A002
        page = await self.driver.page(input.tab_id, shown=False)
        outline = await self.driver.outline(page.tab)
        within = await self.driver.element(page, input.ref) if input.ref else None
        depth = max(1, input.depth or DEPTH)
        if within is None:
            self.driver.knows(page.tab, outline.lines("visible"))
        return self._heed(outline.text(input.filter or "visible", depth, within))

    @_told
    async def get_page_text(self, context: Any, input: Any) -> str:  # noqa: A002
        page = await self.driver.page(input.tab_id, shown=False)
        return self._heed(await page.text())

    @_told
    async def find(self, context: Any, input: Any) -> str:  # noqa: A002
        page = await self.driver.page(input.tab_id, shown=False)
        found = (await self.driver.outline(page.tab)).matches(input.query)
        lines = [item.line + ("" if item.in_view else ", out of sight") for item in found]
        return self._heed("\n".join(lines)) if lines else "Nothing like that is on the page."

    @_told
    async def screenshot(self, context: Any, input: Any) -> BetaScreenshotResult:  # noqa: A002
        return await self._picture(input.tab_id, None)

    @_told
    async def zoom(self, context: Any, input: Any) -> BetaScreenshotResult:  # noqa: A002
        if len(input.region) != 4:
            raise BadInput("zoom: region must be [x0, y0, x1, y1].")
        return await self._picture(input.tab_id, input.region)

    async def _picture(
        self, tab_id: str | None, region: Sequence[int] | None
    ) -> BetaScreenshotResult:
        page = await self.driver.page(tab_id)
        vault = self.driver.vault
        if len(vault) and any(map(vault.hides, (await self.driver.outline(page.tab)).all_text)):
            raise ToolError(
                "One of the person's secrets shows on this page, so no picture of it is given. "
                "Use read_page, which leaves it out."
            )
        self.driver.picture = await page.picture(region)
        return _sent(self.driver.picture)

    # Acting --------------------------------------------------------------------------

    @_told
    async def left_click(self, context: Any, input: Any) -> str:  # noqa: A002
        return await self._click(input, "left", 1)

    @_told
    async def right_click(self, context: Any, input: Any) -> str:  # noqa: A002
        return await self._click(input, "right", 1)

    @_told
    async def middle_click(self, context: Any, input: Any) -> str:  # noqa: A002
        return await self._click(input, "middle", 1)

    @_told
    async def double_click(self, context: Any, input: Any) -> str:  # noqa: A002
        return await self._click(input, "left", 2)

    @_told
    async def triple_click(self, context: Any, input: Any) -> str:  # noqa: A002
        return await self._click(input, "left", 3)

    async def _click(self, given: Any, button: Button, count: int) -> str:
        modifiers = modifiers_of(given.modifiers)
        page = await self.driver.page(given.tab_id)
        with page.browser.working():
            spot = await self.driver.spot(page, given.target)
            if spot.pressed is not None and "disabled" in spot.pressed.states:
                raise ToolError(f"{spot.pressed.words} is greyed out and takes no clicks.")
            await page.click(spot.x, spot.y, button, count, modifiers)
        return self._scrubbed_text(f"On {spot.pressed.words}." if spot.pressed else "On the page.")

    @_told
    async def hover(self, context: Any, input: Any) -> None:  # noqa: A002
        page = await self.driver.page(input.tab_id)
        spot = await self.driver.spot(page, input.target)
        await page.move(spot.x, spot.y)

    @_told
    async def mouse_move(self, context: Any, input: Any) -> None:  # noqa: A002
        page = await self.driver.page(input.tab_id)
        await page.move(input.target.x, input.target.y, held=self._held is not None)

    @_told
    async def left_click_drag(self, context: Any, input: Any) -> None:  # noqa: A002
        page = await self.driver.page(input.tab_id)
        with page.browser.working():
            start, end = input.from_, input.target
            await page.drag((start.x, start.y), (end.x, end.y))

    @_told
    async def left_mouse_down(self, context: Any, input: Any) -> None:  # noqa: A002
        page = await self.driver.page(input.tab_id)
        self._held = page
        with page.browser.working():
            await page.press(input.target.x, input.target.y, down=True)

    @_told
    async def left_mouse_up(self, context: Any, input: Any) -> None:  # noqa: A002
        page = await self.driver.page(input.tab_id)
        with page.browser.working():
            await page.press(input.target.x, input.target.y, down=False)
        self._held = None

    @_told
    async def scroll(self, context: Any, input: Any) -> None:  # noqa: A002
        page = await self.driver.page(input.tab_id)
        notches = max(1, min(_MOST_NOTCHES, input.scroll_amount or _NOTCHES))
        await page.scroll(input.target.x, input.target.y, input.scroll_direction, notches)

    @_told
    async def scroll_to(self, context: Any, input: Any) -> None:  # noqa: A002
        page = await self.driver.page(input.tab_id)
        await page.reveal(*await self.driver.element(page, input.target.ref))

    @_told
    async def type(self, context: Any, input: Any) -> str:  # noqa: A002
        page = await self.driver.page(input.tab_id)
        secret = self.driver.vault.asked(input.text)
        with page.browser.working():
            field = await page.focus()
            if field.item is None:
                raise ToolError("Nothing on the page has the keyboard. Click into a field first.")
            text = input.text
            if secret is not None:
                text = self._secret(secret, page.tab, hidden=field.secret)
            await page.type(text)
        return self._scrubbed_text(f"Into {field.item.words}.")

    @_told
    async def key(self, context: Any, input: Any) -> str:  # noqa: A002
        page = await self.driver.page(input.tab_id)
        times = max(1, min(_MOST_REPEATS, input.repeat or 1))
        with page.browser.working():
            for _ in range(times):
                await page.keys(sequence(input.text))
        return f"{times} times." if times > 1 else ""

    @_told
    async def hold_key(self, context: Any, input: Any) -> None:  # noqa: A002
        page = await self.driver.page(input.tab_id)
        with page.browser.working():
            await page.keys(sequence(input.text), min(_LONGEST_WAIT, max(0.0, input.duration)))

    @_told
    async def form_input(self, context: Any, input: Any) -> str:  # noqa: A002
        page = await self.driver.page(input.tab_id)
        session, backend = await self.driver.element(page, input.target.ref)
        value = input.value
        secret = self.driver.vault.asked(value) if isinstance(value, str) else None
        with page.browser.working():
            if secret is not None:
                about = await page.about(session, backend)
                value = self._secret(secret, page.tab, hidden=about["secret"])
            await page.reveal(session, backend)
            now = await page.fill(session, backend, value)
        return self._scrubbed_text(f"It now has “{now[:200]}”.")

    @_told
    async def file_upload(self, context: Any, input: Any) -> str:  # noqa: A002
        page = await self.driver.page(input.tab_id)
        session, backend = await self.driver.element(page, input.target.ref)
        if not input.paths:
            raise BadInput("file_upload: name the files in paths.")
        if (await page.about(session, backend))["kind"] != "file":
            raise ToolError("That is no file field. find “file” tells where one is.")
        with page.browser.working():
            await page.give_files(session, backend, input.paths)
        return f"{len(input.paths)} chosen."

    # Helpers -------------------------------------------------------------------------

    def _secret(self, secret: Secret, tab: Tab, *, hidden: bool) -> str:
        """The text of a secret, where it may be typed.

        Raises:
            ToolError: it is for another place, or the field shows what is typed.
        """
        if not secret.is_for(WM_CLASS, tab.title):
            raise ToolError(f"The secret “{secret.name}” is for {secret.place}. Nothing was typed.")
        if not hidden:
            raise ToolError("A secret goes only into a password field. Nothing was typed.")
        return str(secret.value.get_secret_value())

    def _heed(self, text: str) -> str:
        return self._scrubbed_text(heed(text))

    def _scrubbed_text(self, text: str) -> str:
        return self.driver.vault.scrub(text)

    def _scrubbed(self, content: object) -> str:
        if isinstance(content, str):
            return self._scrubbed_text(content)
        blocks = cast("Sequence[Mapping[str, Any]]", content)
        text = "\n".join(str(block["text"]) for block in blocks if block["type"] == "text")
        return self._scrubbed_text(text)


class HomeFiles:
    """The file policy: uploads come from the session's home, and downloads in it are told of."""

    def __init__(self, desktop: Desktop) -> None:
        self._desktop = desktop

    def resolve_upload_paths(self, context: BetaURLContext, paths: Sequence[str]) -> list[str]:
        """Paths as the browser calls them.

        Raises:
            anthropic.tools.ToolError: one is not a file of the home.
        """
        return [inside(self._desktop, self._real(path)) for path in paths]

    def resolve_upload_documents(self, context: BetaURLContext, ids: Sequence[str]) -> list[str]:
        """None: what the service keeps is not on this desktop."""
        if ids:
            raise SdkError("Documents of the service are not here. Name files of the home.")
        return []

    def is_path_visible(self, path: str) -> bool:
        """Whether the model may be told where a download lies."""
        try:
            self._real(path)
        except SdkError:
            return False
        return True

    def _real(self, path: str) -> Path:
        found = in_home(self._desktop, path)
        if found is None or not found.is_file():
            raise SdkError(f"{path[:200]} is no file of the home, so it cannot be given to a page.")
        return found


def in_home(desktop: Desktop, path: str) -> Path | None:
    """Where a path of a desktop's program lies out here, links followed; None outside the home."""
    home = desktop.home
    called = inside(desktop, home)
    within = path.removeprefix(f"{called}/") if path.startswith(f"{called}/") else path
    if "\0" in within:
        return None
    real = (home / within).resolve()
    return real if real.is_relative_to(home.resolve()) else None


def whole(url: str) -> str:
    """An address with its scheme; what has none is https, or http on the desktop itself."""
    text = url.strip()
    if _SCHEME.match(text):
        return text
    host = urlsplit(f"//{text}").hostname or ""
    return f"{'http' if host in _OWN else 'https'}://{text}"


async def may_go(desktop: Desktop, url: str) -> None:
    """Ask the gate about an address; the person may be asked meanwhile.

    Raises:
        ToolError: it is not to be gone to.
    """
    try:
        parts = urlsplit(whole(url))
        port = parts.port
    except ValueError:
        raise BadInput(f"{url[:200]} is not an address.") from None
    if parts.scheme == "about":
        return
    if parts.scheme == "file":
        if parts.netloc not in ("", "localhost") or in_home(desktop, unquote(parts.path)) is None:
            raise ToolError("Only files of the home are opened in the browser.")
        return
    if parts.scheme not in ("http", "https"):
        raise ToolError(f"Addresses with {parts.scheme}: are not opened; use http or https.")
    if parts.hostname in _OWN:
        return
    host = read_host(
        f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
    )
    if not host:
        raise BadInput(f"{url[:200]} has no host that can be told for sure.")
    gate = desktop.gate if isinstance(desktop, HasGate) else None
    if gate is None:
        raise ToolError("This desktop has no network of its own, so no address is opened here.")
    answer = await gate.guard.judge(host, port or (443 if parts.scheme == "https" else 80))
    if not answer.allow:
        raise ToolError(f"{answer.why}. {answer.more}".strip())


def _some_tabs(browser: Browser, shown: Tab | None) -> list[Tab]:
    """As many tabs as are told of, the one that shows among them."""
    tabs = list(browser.tabs.values())
    if len(tabs) <= MOST_TABS:
        return tabs
    newest = [tab for tab in tabs if tab is not shown][-(MOST_TABS - 1) :]
    return [tab for tab in tabs if tab is shown or tab in newest]


def _why_not(wrong: str) -> str:
    """What the browser says went wrong, in words where there is something to know about it."""
    words = next((words for start, words in _NOT_LOADED.items() if wrong.startswith(start)), "")
    return f"{words} ({wrong})" if words else wrong


def _entry(tab: Tab, *, active: bool) -> dict[str, Any]:
    entry: dict[str, Any] = {"tab_id": tab.id, "title": tab.title, "url": tab.url}
    return {**entry, "active": True} if active else entry


def _counts(news: News, tabs: Sequence[Tab]) -> bool:
    return news.kind != "opened" or any(tab.id == news.id for tab in tabs)


def _sent(picture: EncodedImage) -> BetaScreenshotResult:
    data = base64.b64encode(picture.data).decode()
    return BetaScreenshotResult(data=data, media_type=picture.media_type)
