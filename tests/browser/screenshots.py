"""Pictures of the served page for README and docs: ``script/screenshots``."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
from pathlib import Path

from chromium import alaunch
from onlooker import Onlooker
from person import Person, new_person
from playwright.async_api import async_playwright, expect
from served import ROOT, serve

from agent.record.events import ApprovalAsked, TaskFinished
from dashboard.view_registry import OUR_VIEWS

IMAGES = ROOT / "docs" / "images"
_DRAWN = 2.0
"""Seconds for a view's charts to be drawn; nothing in the page says that they are."""

_LIVE = ".sayso-voice .bubble { visibility: hidden !important }"
"""The microphone is a file that ends: the voice's advice about a silent one is left out."""

_INSIDE = {"replay": ".replay .picture img", "lab": ".lab .experiment .verdict"}
"""What shows that a view is there, where that is not its heading."""


async def main() -> None:
    """Serve, work, take pictures."""
    with tempfile.TemporaryDirectory(prefix="say") as folder:
        places = Path(folder)
        places.chmod(0o755)
        for name in ("data", "tmp"):
            (places / name).mkdir(mode=0o755)
        environment = {"TMPDIR": str(places / "tmp")}
        await asyncio.to_thread(_experiment, places / "data")
        with serve(ROOT / "dashboard", places / "data", env=environment) as served:
            await _session(served.url, places)


async def _session(url: str, places: Path) -> None:
    microphone = places / "microphone.wav"
    async with async_playwright() as playwright, alaunch(playwright, wav=microphone) as context:
        person = await new_person(context, microphone, Onlooker(places / "data", places / "tmp"))
        await person.arrive(url)
        await _desktop(person)
        await _picture(person, "empty")
        await person.page.get_by_role("button", name="Got it").click()
        await person.start_voice()
        since = person.look.count()
        await person.say("Open the text editor and type hello world.")
        await person.look.event(TaskFinished, since=since)
        await person.listens_to_the_end()
        await _desktop(person)
        await _picture(person, "talk")
        since = await person.type("Open the terminal and list the files in my home folder.")
        await person.look.event(ApprovalAsked, since=since)
        await person.sees("Run the command")
        await _picture(person, "approval")
        await person.page.get_by_role("button", name="Allow", exact=True).click()
        await person.look.event(TaskFinished, since=since)
        await _views(person, "")
        await person.page.get_by_role("button", name="theme").click()
        await _desktop(person)
        await _picture(person, "talk-dark")
        await _views(person, "-dark")


def _experiment(data: Path) -> None:
    """A small experiment, so that the Lab has something to show."""
    results = ["--results", str(data / "experiments")]
    command = [sys.executable, "-m", "agent.experiments", *results, "run", "wording"]
    subprocess.run([*command, "--slots", "2"], cwd=ROOT, check=True)


async def _views(person: Person, suffix: str) -> None:
    rail = person.page.get_by_role("navigation", name="Views")
    for view in OUR_VIEWS:
        await rail.get_by_role("button", name=view.label).click()
        shown = person.page.get_by_role("heading", name=view.label, exact=True)
        if inside := _INSIDE.get(view.name):
            shown = person.page.locator(inside)
        await shown.first.wait_for()
        await asyncio.sleep(_DRAWN)
        await _picture(person, f"{view.name}{suffix}")
    await rail.get_by_role("button", name="Talk").click()


async def _desktop(person: Person) -> None:
    """Until the desktop's own picture stands in Talk, and not the last one before it."""
    desktop = person.page.locator(".sayso-desktop[data-state=live]")
    await desktop.locator(".screen canvas").first.wait_for()
    await expect(desktop.locator("canvas.last")).to_have_count(0)


async def _picture(person: Person, name: str) -> None:
    await person.page.screenshot(path=IMAGES / f"{name}.png", animations="disabled", style=_LIVE)


if __name__ == "__main__":
    asyncio.run(main())
