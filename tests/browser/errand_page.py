"""Somebody at the page, before a desktop with the form and the spreadsheet of the errand on it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from chromium import alaunch
from onlooker import Onlooker, until
from person import Person, new_person
from playwright.async_api import async_playwright
from served import serve

from agent.record.events import TaskFinished

APP = Path(__file__).parent / "errand" / "dashboard"
PATIENCE = 240
"""Seconds for one sentence, and for the programs to be there."""


@asynccontextmanager
async def at_the_page(places: Path, settings: Mapping[str, str]) -> AsyncIterator[Person]:
    """Somebody who types.

    Args:
        places: a folder with a short path; ``data`` and ``tmp`` are in it.
        settings: of the server, by their variables.
    """
    data, look = places / "data", Onlooker(places / "data", places / "tmp")
    environment = {"TMPDIR": str(places / "tmp"), **settings}
    with contextlib.ExitStack() as stack:
        served = await asyncio.to_thread(stack.enter_context, serve(APP, data, env=environment))
        async with async_playwright() as playwright, alaunch(playwright) as context:
            somebody = await new_person(context, places / "no-microphone.wav", look)
            await somebody.arrive(served.url)
            await _both_windows(look)
            yield somebody


async def _both_windows(look: Onlooker) -> None:
    async with asyncio.timeout(PATIENCE):
        while True:
            titles = " ".join(window.title for window in await look.windows())
            if "Order paper" in titles and "spending" in titles:
                return
            await asyncio.sleep(0.2)


async def tell(person: Person, words: str) -> str:
    """Type a sentence, allow on the page what is asked there; the answer, once it is seen there."""
    since = await person.type(words)
    allowing = asyncio.create_task(_allow(person))
    try:
        finished = await until(
            lambda: next(iter(person.look.of(TaskFinished, since)), None), f"“{words}”", PATIENCE
        )
    finally:
        allowing.cancel()
        await asyncio.wait((allowing,))
    await person.sees(finished.summary.splitlines()[0][:60])
    return finished.summary


async def _allow(person: Person) -> None:
    """Press Allow whenever it is there."""
    button = person.page.get_by_role("button", name="Allow", exact=True).first
    while True:
        await button.click(timeout=PATIENCE * 1000)
        await button.wait_for(state="hidden")
