"""The page in another language: as the browser asks or is told, and with Stop at work."""

from __future__ import annotations

import re

import httpx
import pytest
from playwright.async_api import BrowserContext, Page, expect
from served import Served, entrance

GERMAN = {"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"}
browser = pytest.mark.browser


def _client(pilot: Served, name: str = "anna") -> httpx.Client:
    headers = pilot.person(name)
    return httpx.Client(base_url=pilot.root, trust_env=False, timeout=30, headers=headers)


def _language(page: str) -> str:
    found = re.search(r'<html lang="([^"]+)"', page)
    assert found
    return found[1]


def test_the_frame_is_in_the_language_that_the_browser_asks_for(pilot: Served) -> None:
    """Rail, text box and Stop, with the catalogue for what follows; English brings none."""
    with _client(pilot) as client:
        german = client.get("/dashboard", headers=GERMAN).text
        english = client.get("/dashboard", headers={"Accept-Language": "fr"}).text
    assert (_language(german), _language(english)) == ("de", "en")
    assert all(
        text in german for text in (">STOPP</button>", ">Einstellungen</a>", ">Pause</button>")
    )
    assert ">STOP</button>" in english
    assert '<script type="application/json" id="sayso-words">' in german
    assert "sayso-words" not in english.replace('"sayso-words"', "", 1)


def test_an_address_tells_the_browser_and_auto_forgets_it(pilot: Served) -> None:
    """Chosen once, it holds for every page of the browser; nonsense changes nothing."""
    with _client(pilot) as client:
        signed_in = client.headers["Cookie"]
        answer = client.get("/dashboard", params={"language": "de"})
        assert _language(answer.text) == "de"
        kept = answer.headers["Set-Cookie"]
        assert kept.startswith("sayso_language=de;")
        assert "HttpOnly" in kept
        client.headers["Cookie"] = f"{signed_in}; sayso_language=de"
        assert _language(client.get("/dashboard").text) == "de"
        for nonsense in ("xx", "../de", '"><script>', "en\r\nSet-Cookie: a=b"):
            page = client.get("/dashboard", params={"language": nonsense})
            assert _language(page.text) == "de"
            assert "Set-Cookie" not in page.headers
        answer = client.get("/dashboard", params={"language": "auto"})
        assert _language(answer.text) == "en"
        assert answer.headers["Set-Cookie"].startswith('sayso_language="";')
        client.headers["Cookie"] = f"{signed_in}; sayso_language=../de"
        assert _language(client.get("/dashboard").text) == "en"


async def german(context: BrowserContext, pilot: Served) -> Page:
    """A page whose browser asks for German, with its desktop ready."""
    await context.set_extra_http_headers(GERMAN)
    page = await context.new_page()
    page.set_default_timeout(60_000)
    await page.goto(entrance(pilot.url))
    mouse = page.get_by_role("button", name="Maus übernehmen").and_(page.locator(":enabled"))
    await mouse.wait_for()
    return page


@browser
async def test_stop_works_on_a_page_in_german(context: BrowserContext, pilot: Served) -> None:
    """Words are sent, the work shows, STOPP ends it, and the page says so; all in German."""
    page = await german(context, pilot)
    await page.get_by_label("Auftrag eingeben").fill("work forever")
    await page.keyboard.press("Enter")
    badge = page.locator(".badge .word")
    await expect(badge).to_have_text(re.compile("Handelt|Denkt nach"))
    await page.locator(".talk").get_by_role("button", name="STOPP").click()
    await expect(badge).to_have_text("Gestoppt")
    await expect(page.locator(".conversation")).to_contain_text("Sie haben getippt")
    assert await page.locator("html").get_attribute("lang") == "de"


@browser
async def test_an_approval_is_answered_on_a_page_in_german(
    context: BrowserContext, pilot: Served
) -> None:
    page = await german(context, pilot)
    await page.get_by_label("Auftrag eingeben").fill("list the files")
    await page.keyboard.press("Enter")
    card = page.locator(".dock .approval")
    await expect(card).to_contain_text("Darf ich?")
    await card.get_by_role("button", name="Ablehnen").click()
    await expect(page.locator(".conversation .verdict")).to_have_text("Abgelehnt")
