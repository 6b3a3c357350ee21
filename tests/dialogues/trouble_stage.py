"""A page whose voice service is ours: tokens die, allowances end and time passes at will."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from page_stage import PageStage, paged
from person import new_person
from playwright.async_api import expect

from dashboard.voice.server.service import OfflineEvi
from dashboard.voice.standalone.__main__ import serve
from dashboard.voice.standalone.faults import Faults

_PUT_OFF = """
window.putOff = [];
const setLater = window.setTimeout;
window.setTimeout = (act, ms, ...given) => {
  if (ms > 600000) window.putOff.push(act);
  return setLater(act, ms, ...given);
};
"""
"""Remembers what the page puts off for more than ten minutes."""
_LATER = "for (const act of window.putOff.splice(0)) act()"


class TroubleStage(PageStage):
    """A person in one of several tabs; the voice service has faults on demand."""

    def __init__(self, page: PageStage, evi: OfflineEvi, faults: Faults) -> None:
        super().__init__(page.person, page.microphone)
        self._evi, self._faults = evi, faults
        self._tabs = [page.person]

    async def fault(self, faults: dict[str, Any]) -> None:
        """From now on just this goes wrong."""
        for name, value in Faults(**faults):
            setattr(self._faults, name, value)

    async def expire(self) -> None:
        """Every token dies, and the chats with it."""
        self._evi.expire()

    async def later(self) -> None:
        """The 28 minutes after which a chat is handed over have passed."""
        await self.person.page.evaluate(_LATER)

    async def tab(self, number: int) -> None:
        """Go to a tab; a new one shows the same session."""
        if number > len(self._tabs):
            first = self._tabs[0]
            somebody = await new_person(first.page.context, self.microphone, first.look)
            await somebody.arrive(first.page.url)
            self._tabs.append(somebody)
        self.person = self._tabs[number - 1]
        await self.person.page.bring_to_front()

    async def press(self, button: str) -> None:
        self.hush()
        await self.person.page.get_by_role("button", name=button, exact=True).click()

    async def sees(self, pattern: str, within: float) -> None:
        text = self.person.page.get_by_text(re.compile(pattern)).filter(visible=True)
        await expect(text.first).to_be_visible(timeout=within * 1000)


@asynccontextmanager
async def troubled(folder: Path) -> AsyncIterator[TroubleStage]:
    """The served app, for which our offline server is Hume."""
    faults = Faults()
    evi = OfflineEvi(conditions=faults)
    server, port = await serve(evi, 0, "key", "secret")
    address = f"http://127.0.0.1:{port}"
    env = {"HUME_API_KEY": "key", "HUME_SECRET_KEY": "secret", "HUME_BASE_URL": address}
    try:
        await evi.warm()
        async with paged(folder, env=env, script=_PUT_OFF) as page:
            yield TroubleStage(page, evi, faults)
    finally:
        server.stop()
        await server.close_all_connections()
        await evi.close()
