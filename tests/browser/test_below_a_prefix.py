"""Below a prefix, as behind a proxy that serves other programs too, nothing asks elsewhere."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from chromium import alaunch
from onlooker import Onlooker
from person import new_person
from playwright.async_api import Response, async_playwright, expect
from served import ROOT, serve

from agent.record.events import TaskFinished
from dashboard.view_registry import OUR_VIEWS

pytestmark = [pytest.mark.browser, pytest.mark.speech, pytest.mark.timeout(300)]
PREFIX = "/tools/sayso"


async def test_every_request_and_socket_is_below_the_prefix(places: Path) -> None:
    """The page, its pictures, its files and its three sockets: link, desktop and voice."""
    asked: list[str] = []
    failed: list[str] = []

    def note(answer: Response) -> None:
        early = answer.status == 409 and answer.url.endswith("/files/ticket")  # no desktop yet
        if answer.status >= 400 and "favicon" not in answer.url and not early:
            failed.append(f"{answer.status} {answer.url}")

    microphone = places / "other-microphone.wav"
    data = places / "prefixed"
    data.mkdir()
    environment = {"TMPDIR": str(places / "tmp")}
    with serve(ROOT / "dashboard", data, "--prefix", PREFIX, env=environment) as served:
        async with async_playwright() as playwright, alaunch(playwright, wav=microphone) as context:
            person = await new_person(context, microphone, Onlooker(data, places / "tmp"))
            page = person.page
            page.on("request", lambda request: asked.append(request.url))
            page.on("websocket", lambda socket: asked.append(socket.url))
            page.on("response", note)
            await person.arrive(served.url)
            await person.start_voice()
            since = await person.type("Open the text editor and type hello.")
            await person.look.event(TaskFinished, since=since)
            desktop = page.locator(".sayso-desktop[data-state=live]")
            await expect(desktop.locator(".screen canvas").first).to_be_visible()
            await page.get_by_role("button", name="Files", exact=True).click()
            for view in OUR_VIEWS:
                await page.get_by_role("button", name=view.label, exact=True).click()
                await page.wait_for_url(f"**view={view.name}*")
            await page.get_by_role("button", name="Talk", exact=True).click()
    paths = {urlsplit(url).path for url in asked if not url.startswith(("data:", "blob:"))}
    assert {path for path in paths if not path.startswith(f"{PREFIX}/")} == set()
    sockets = {f"{PREFIX}/{name}" for name in ("link", "desktop/rfb", "voice/v0/evi/chat")}
    assert sockets <= paths
    assert failed == []
