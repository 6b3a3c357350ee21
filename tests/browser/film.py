"""The moving picture of the README, of a real run: ``script/screenshots``."""

from __future__ import annotations

import asyncio
import io
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from chromium import alaunch
from onlooker import Onlooker
from person import Person, new_person
from PIL import Image
from playwright.async_api import Page, async_playwright
from served import ROOT, serve

from agent.record.events import ActionProposed, TaskFinished

FILM = ROOT / "docs" / "images" / "interruption.webp"
_LIVE = ".sayso-voice .bubble { visibility: hidden !important }"
"""The microphone is a file that ends: the voice's advice about a silent one is left out."""
_BETWEEN = 0.2
"""Seconds between two pictures, at least."""
_LONGEST = 1.5
"""Seconds for which nothing that moves is shown at most: the rest of a pause is cut."""
_SIZE = (960, 600)
_TASK = "Open the text editor, wait ten seconds, and type good morning."
_CHANGE = "No, open the file manager instead."


@dataclass
class Camera:
    """Takes pictures of a page until it is told to end."""

    page: Page
    pictures: list[tuple[float, bytes]] = field(default_factory=list)

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            at = loop.time()
            self.pictures.append((at, await self.page.screenshot(style=_LIVE)))
            await asyncio.sleep(max(0.0, at + _BETWEEN - loop.time()))

    def write(self, path: Path) -> None:
        """All pictures that differ, each for as long as it was to be seen."""
        shown: list[Image.Image] = []
        times: list[float] = []
        last = b""
        for (at, picture), (until, _) in zip(self.pictures, self.pictures[1:], strict=False):
            if picture == last:
                times[-1] += until - at
                continue
            last = picture
            shown.append(Image.open(io.BytesIO(picture)).convert("RGB").resize(_SIZE))
            times.append(until - at)
        durations = [round(1000 * min(_LONGEST, seconds)) for seconds in times]
        first, *rest = shown
        first.save(
            path,
            save_all=True,
            append_images=rest,
            duration=durations,
            loop=0,
            quality=55,
            method=6,
            minimize_size=True,
        )


@asynccontextmanager
async def filmed(page: Page) -> AsyncIterator[Camera]:
    """A camera that runs meanwhile."""
    camera = Camera(page)
    running = asyncio.create_task(camera.run())
    try:
        yield camera
    finally:
        running.cancel()


async def _interrupt(person: Person) -> None:
    """A spoken task, and another wish in the middle of it."""
    since = await person.begin_saying(_TASK)
    await person.look.event(ActionProposed, lambda action: action.name == "wait", since)
    since = await person.begin_saying(_CHANGE)
    await person.look.event(TaskFinished, lambda task: task.outcome == "done", since)
    titles = [window.title for window in await person.look.windows()]
    if not any("File Manager" in title or "Thunar" in title for title in titles):
        raise RuntimeError(f"The file manager is not open: {titles}.")
    await person.listens_to_the_end()


async def main() -> None:
    """Serve, speak, interrupt, and keep the pictures."""
    with tempfile.TemporaryDirectory(prefix="say") as folder:
        places = Path(folder)
        places.chmod(0o755)
        for name in ("data", "tmp"):
            (places / name).mkdir(mode=0o755)
        microphone = places / "microphone.wav"
        environment = {"TMPDIR": str(places / "tmp")}
        with serve(ROOT / "dashboard", places / "data", env=environment) as served:
            async with (
                async_playwright() as playwright,
                alaunch(playwright, wav=microphone) as context,
            ):
                look = Onlooker(places / "data", places / "tmp")
                person = await new_person(context, microphone, look)
                await person.arrive(served.url)
                await person.page.get_by_role("button", name="Got it").click()
                await person.start_voice()
                async with filmed(person.page) as camera:
                    await _interrupt(person)
                    await asyncio.sleep(_LONGEST)
                camera.write(FILM)


if __name__ == "__main__":
    asyncio.run(main())
