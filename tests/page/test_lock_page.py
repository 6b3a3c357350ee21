"""The lock as a person meets it in a browser: the link, a second browser, other servers."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from axe import faults
from chromium import acontext, off_site
from pilot_page import PILOT, arrive, say
from playwright.async_api import Browser, Page, expect
from served import Served, serve

pytestmark = pytest.mark.browser


class Neighbour:
    """Another program's server on this machine: a link to us, and a note of what it was sent."""

    def __init__(self, leads_to: str) -> None:
        self.leads_to = leads_to
        self.cookies: list[str] = []
        self.port = 0


@contextmanager
def neighbour(leads_to: str) -> Iterator[Neighbour]:
    there = Neighbour(leads_to)

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            there.cookies.append(self.headers.get("Cookie") or "")
            body = f'<!DOCTYPE html><a href="{there.leads_to}">Sayso</a>'.encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        there.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield there
        server.shutdown()


async def locked(page: Page) -> None:
    await expect(page.get_by_role("heading", name="Sayso is locked")).to_be_visible()


async def ready(page: Page) -> None:
    """The page of a session stands, and its address holds no secret."""
    mouse = page.get_by_role("button", name="Take the mouse")
    await expect(mouse).to_be_enabled()
    assert "token" not in page.url
    assert "#" not in page.url


async def test_a_person_comes_in_by_the_link_from_any_browser(
    pilot_browser: Browser, tmp_path: Path
) -> None:
    """Without it there is a page that says how; what is theirs is there in each of them."""
    with serve(PILOT, tmp_path) as served, neighbour(served.url) as other:
        first = await acontext(pilot_browser, person=None)
        strangers = off_site(first)
        page = await first.new_page()
        await page.goto(served.url)
        await locked(page)
        assert await faults(page) == []
        await page.get_by_label("Or paste the link here").fill(served.link)
        await page.get_by_role("button", name="Open").click()
        await ready(page)
        await say(page, "repeat this is mine")
        await expect(page.locator(".outcome")).to_be_visible()
        mine = page.url

        second = await acontext(pilot_browser, person=None)
        elsewhere = await arrive(await second.new_page(), served.url)
        await expect(elsewhere.get_by_text("this is mine", exact=True).first).to_be_visible()
        await second.close()

        await first.clear_cookies()
        await page.reload()
        await locked(page)
        await page.goto(served.link)
        await ready(page)
        assert page.url == mine

        # Another site's links bring no cookie at first: neither to the page, nor after the link.
        for context, leads_to in (
            (first, served.url),
            (await acontext(pilot_browser, person=None), served.link),
        ):
            other.leads_to = leads_to
            shown = await context.new_page()
            await shown.goto(f"http://127.0.0.1:{other.port}/")
            await shown.get_by_role("link", name="Sayso").click()
            await ready(shown)
        assert set(other.cookies) == {""}
        await context.close()

        await _sends_the_cookie_on(page, served, other)
        await page.goto(served.url)
        await ready(page)
        await page.evaluate("localStorage.clear()")
        await page.reload()
        await locked(page)
        await expect(page.get_by_role("alert")).to_contain_text("key to this address is missing")
        assert strangers == []
        await first.close()


async def _sends_the_cookie_on(page: Page, served: Served, other: Neighbour) -> None:
    """A neighbour under our own host name is sent the cookie; it cannot do anything with it."""
    other.cookies.clear()
    await page.goto(f"http://localhost:{other.port}/")
    (stolen,) = {cookie for cookie in other.cookies if cookie}
    assert f"sayso_{served.port}=" in stolen
    headers = {"Cookie": stolen, "Origin": served.root}
    for path in ("/stop", "/link", "/goodbye", "/recordings/import", "/sessions/x/say"):
        answer = httpx.post(served.root + path, headers=headers, trust_env=False)
        assert answer.status_code == 403, path
