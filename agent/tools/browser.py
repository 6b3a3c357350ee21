"""The browser tool: the API's browser toolset on the session's own Chromium.

What the model asks for goes through the SDK's class for that toolset (`browser_toolset`), whose
policies are Sayso's own: addresses are judged by the gate of the network, files by the home, and
what an act would touch by the rules for approvals. This module is what the loop knows of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from agent.browser.outline import Line
from agent.desktop.base import Desktop, EncodedImage
from agent.errors import BrowserError, DesktopError, ToolError
from agent.models.base import ToolSpec
from agent.models.capabilities import BROWSER_TOOLSET
from agent.tools.base import Intent, ToolCall, ToolResult
from agent.tools.browser_driver import MEMBERS, SEEN, WM_CLASS, Driver
from agent.tools.screen import Watch
from agent.tools.vault import Vault

if TYPE_CHECKING:
    from agent.tools.browser_toolset import Toolset

FAMILY = "browser"
_MOST_NEWS = 4_000
"""Characters of what changed that are told unasked."""


class BrowserTool:
    """The browser of one desktop.

    Args:
        desktop: where it runs.
        vault: what may be typed by placeholder.
        watch: what the model has seen of the screen, shared with the tools beside it.
    """

    def __init__(
        self, desktop: Desktop, vault: Vault | None = None, watch: Watch | None = None
    ) -> None:
        self.driver = Driver(desktop, vault or Vault())
        self._desktop = desktop
        self._watch = watch
        self._toolset: Toolset | None = None
        self._just_told = False
        self._note = ""

    @property
    def spec(self) -> ToolSpec:
        return ToolSpec(
            name=FAMILY,
            description="Work in the desktop's own browser, by reference or by point.",
            members={name: member.schema for name, member in MEMBERS.items()},
            hosted=BROWSER_TOOLSET,
            toolset=FAMILY,
        )

    def prepare(self) -> None:
        """Have browsers that start from now on be driven, though none is used yet."""
        self.driver.prepare()

    async def intent(self, call: ToolCall) -> Intent:
        """What would be touched, and what typed into it.

        Raises:
            ToolError: that cannot be told, so it will not be done.
        """
        member = MEMBERS.get(call.name)
        if member is None or not member.acts:
            return Intent(FAMILY, call.name, harmless=True)
        self.driver.judged = call.hash, None
        given = self.toolset.parsed(call.name, call.input)
        if call.name in ("navigate", "new_tab", "switch_tab", "close_tab"):
            where = {"name": given.url} if call.name == "navigate" else {}
            return Intent(FAMILY, call.name, {"wm_class": WM_CLASS, **where})
        tab = await self.driver.tab(given.tab_id)
        with (await self.driver.browser()).working():
            action, target, aim = await self.driver.target(call.name, given, tab)
        self.driver.judged = call.hash, aim
        target = {"wm_class": WM_CLASS, "title": tab.title, **target}
        return Intent(FAMILY, action, target, window=f"tab {tab.id}")

    async def run(self, call: ToolCall, output: Callable[[str], None]) -> ToolResult:
        """Look or act, through the SDK's class. Never raises but for cancellation."""
        driver = self.driver
        driver.call, driver.picture, driver.fault = call.hash, None, None
        member = MEMBERS.get(call.name)
        result = await self.toolset.answer(call.name, call.input)
        if isinstance(driver.fault, DesktopError):
            raise driver.fault
        self._just_told = call.name in ("read_page", "find")
        if self._watch is not None and member is not None and member.acts:
            self._watch.acted()
        return result

    @property
    def toolset(self) -> Toolset:
        """The SDK's class, loaded when the first call comes: it takes a while."""
        if self._toolset is None:
            from agent.tools.browser_toolset import Toolset

            self._toolset = Toolset(self.driver)
        return self._toolset

    async def closing_screenshot(self) -> EncodedImage | None:
        """No picture: `closing_note` says what changed on the page."""
        try:
            self._note = await self._changes()
        except BrowserError as error:
            self._note, self.driver.told = str(error), None
        except ToolError as error:
            self._note, self.driver.told = (
                str(error) if self.driver.told or not self._note else "",
                None,
            )
        self._just_told = False
        return None

    @property
    def closing_note(self) -> str:
        return self.driver.vault.scrub(self._note)

    def forget(self) -> None:
        """The model does not know any more what it was told."""
        self.driver.told, self._note = None, ""

    def stop(self) -> None:
        """Let a button go that an act has left pressed."""
        if self._toolset is not None:
            self._toolset.let_go()

    async def close(self) -> None:
        """The browser stays open: it is the person's."""
        self.driver.end()

    # Inside --------------------------------------------------------------------------

    async def _changes(self) -> str:
        """What is otherwise on the page than the model knows."""
        browser = await self.driver.browser()
        tab = await browser.active()
        if tab is None:
            return "No tab is open."
        loaded = await browser.calm(tab)
        await self._desktop.settle()
        lines = (await self.driver.outline(tab)).lines("visible")
        before, self.driver.told = self.driver.told, (tab.id, tab.url, lines)
        still = "" if loaded else " It is still loading."
        if before is not None and before[:2] == self.driver.told[:2]:
            told = _differences(before[2], lines)
            if told or not self._just_told:
                return f"{told or 'Nothing has changed on the page.'}{still}"
            return still.strip()
        if self._just_told:
            return still.strip()
        text = "\n".join(f"{' ' * line.depth}{line.text}" for line in lines)
        more = "\n… (read_page tells the rest)" if len(text) > _MOST_NEWS else ""
        shown = text[: text.rfind("\n", 0, _MOST_NEWS)] if more else text
        return f"The page of tab {tab.id} now.{still} {SEEN}\n{shown}{more}"


def _differences(before: list[Line], now: list[Line]) -> str:
    known = {line.text for line in before}
    there = {line.ref for line in now if line.ref}
    added = [line.text for line in now if line.text not in known]
    gone = [line.ref for line in before if line.ref and line.ref not in there]
    told = "\n".join(f"now {text}" for text in added)
    if len(told) > _MOST_NEWS:
        told = f"{told[: told.rfind(chr(10), 0, _MOST_NEWS)]}\n… (read_page tells the rest)"
    lost = f"gone: {', '.join(gone[:20])}" if gone else ""
    return "\n".join(filter(None, (told, lost)))
