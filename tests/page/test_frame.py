"""The page's frame comes first, can be used at once, and hands over to the page."""

from __future__ import annotations

import asyncio
import re
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from pilot_page import arrive, say, words
from playwright.async_api import BrowserContext, CDPSession, Page, Route, expect
from served import Served

from dashboard.view_registry import OUR_VIEWS
from dashboard.web.frame import needed
from dashboard.web.say import Heard, Words

BUDGET = 1_300_000
"""Bytes over the wire until words can be typed: the whole page's, so that the frame's fit too."""

FRAME = 10_000
"""Bytes of the frame, compressed: what a new connection brings in its first round trip."""

browser = pytest.mark.browser


def _client(pilot: Served, name: str = "anna") -> httpx.Client:
    headers = pilot.person(name)
    return httpx.Client(base_url=pilot.root, trust_env=False, timeout=30, headers=headers)


def _session_of(page: str) -> str:
    found = re.search(r'saysoFrame\.waits\("([^"]+)"\)', page)
    assert found
    return found[1]


def test_the_frame_stands_before_any_script(pilot: Served) -> None:
    """A plain request: rail, text box and Stop, in few bytes, and nothing that is not so."""
    with _client(pilot) as client:
        page = client.get("/dashboard").text
    frame = page[: page.index("<script", page.index('id="frame"'))]
    assert all(f">{view.label}</a>" in frame for view in OUR_VIEWS)
    assert '<textarea rows="1" maxlength="4000"' in frame
    assert ">STOP</button>" in frame
    assert "Loading…" in frame
    assert "Ready" not in frame
    assert '<script type="text/javascript" src' not in frame
    assert len(zlib.compress(page[: page.index("</noscript>")].encode(), 6)) <= FRAME


def test_the_frame_is_sent_before_the_page_is_made(pilot: Served) -> None:
    """The first piece of the answer has the text box, and no session yet."""
    with _client(pilot) as client, client.stream("GET", "/dashboard") as answer:
        pieces = answer.iter_text()
        head = next(pieces)
        assert "<textarea" in head
        assert "saysoFrame.waits(" not in head.split("</script>")[-1]
        assert "Bokeh" in "".join(pieces)


def test_what_no_view_needs_is_not_loaded(pilot: Served) -> None:
    """No module loader where browsers load modules, no WebGL; the rest of Bokeh is there."""
    with _client(pilot) as client:
        page = client.get("/dashboard").text
    sources = re.findall(r'<script[^>]* src="([^"?]+)', page)
    assert [source for source in sources if "shims" in source or "bokeh-gl" in source] == []
    assert {"bokeh.min.js", "panel.min.js"} <= {source.rsplit("/", 1)[-1] for source in sources}
    assert needed('<script src="a.js"></script><script src="bokeh-gl.min.js"></script>') == (
        '<script src="a.js"></script>'
    )


@pytest.mark.parametrize(
    "session", ['"><script>alert(1)</script>', "a" * 300, "../x", "%00", "a&view=lab"]
)
def test_an_address_puts_nothing_into_the_frame(pilot: Served, session: str) -> None:
    """Links keep a session's name only if it is one."""
    with _client(pilot) as client:
        page = client.get("/dashboard", params={"session": session, "view": session}).text
    frame = page[: page.index("<script", page.index('id="frame"'))]
    assert session not in frame
    assert 'href="?view=lab"' in frame
    assert 'aria-current="page"' in frame


def test_the_frames_links_keep_the_session(pilot: Served) -> None:
    """Another view before the page is there: the same session, and Talk is without a view."""
    with _client(pilot) as client:
        page = client.get("/dashboard", params={"session": "20260101-x.1", "view": "lab"}).text
    assert 'href="?session=20260101-x.1&amp;view=lab" aria-current="page"' in page
    assert 'href="?session=20260101-x.1">' in page
    assert '<div id="frame" class="away">' in page


def test_words_by_a_plain_request_are_said_once(pilot: Served) -> None:
    """However often they are sent; another person, another origin and nonsense say nothing."""
    with _client(pilot) as client, _client(pilot, "ben") as stranger:
        session = _session_of(client.get("/dashboard").text)
        stranger.get("/dashboard")
        url, message = (
            f"/sessions/{session}/say",
            {"id": "12345678", "text": "Open the text editor"},
        )
        assert [client.post(url, json=message).status_code for _ in range(2)] == [202, 202]
        refused = stranger.post(url, json=message)
        assert (refused.status_code, refused.json()["state"]) == (404, "refused")
        foreign = client.post(url, json=message, headers={"Origin": "http://elsewhere.test"})
        assert foreign.status_code == 403
        for body in (b"", b"[]", b"{", b'{"id": "12345678", "text": "  "}', b"[" * 5000):
            assert client.post(url, content=body).status_code == 400
        told = client.post(url, json={"id": "abcdefgh", "text": "x" * 4001})
        assert "4,000" in told.json()["text"]


def test_words_are_known_by_their_session_and_id() -> None:
    """The same id in another session is new; at the edge of what fits, words are taken."""
    heard, words = Heard(), Words(id="x" * 8, text="y" * 4000)
    assert [heard.first_time(s, words.id) for s in ("a", "a", "b")] == [True, False, True]
    assert Words.of(b'{"id": "xxxxxxxx", "text": "' + b"\\ud83d\\ude00" * 4000 + b'"}') is not None
    assert Words.of(b'{"id": "xxxxxxx", "text": "hello"}') is None


class Wire:
    """What a page loads: bytes over the wire, and addresses."""

    def __init__(self, devtools: CDPSession) -> None:
        self.bytes = 0
        self.urls: list[str] = []
        self.packed: list[bool] = []
        devtools.on("Network.dataReceived", self._on_data)
        devtools.on("Network.webSocketFrameReceived", self._on_frame)
        devtools.on("Network.webSocketHandshakeResponseReceived", self._on_handshake)
        devtools.on("Network.requestWillBeSent", lambda e: self.urls.append(e["request"]["url"]))

    @classmethod
    async def of(cls, page: Page) -> Wire:
        devtools = await page.context.new_cdp_session(page)
        await devtools.send("Network.enable")
        return cls(devtools)

    def _on_data(self, event: dict[str, Any]) -> None:
        self.bytes += event["encodedDataLength"]

    def _on_frame(self, event: dict[str, Any]) -> None:
        # The browser tells what it unpacked; that the wire has less is looked at by itself.
        self.bytes += len(zlib.compress(event["response"]["payloadData"].encode(), 4))

    def _on_handshake(self, event: dict[str, Any]) -> None:
        headers = {name.lower(): text for name, text in event["response"]["headers"].items()}
        self.packed.append("permessage-deflate" in headers.get("sec-websocket-extensions", ""))

    def asked(self, name: str) -> bool:
        return any(name in url for url in self.urls)


@asynccontextmanager
async def held_back(page: Page) -> AsyncIterator[None]:
    """A page whose scripts come only when the block ends, as on a slow line."""
    go = asyncio.Event()

    async def wait(route: Route) -> None:
        await go.wait()
        await route.continue_()

    await page.route("**/bokeh.min.js*", wait)
    try:
        yield
    finally:
        go.set()


async def _places(page: Page, box: str, frame: str) -> list[list[float]]:
    """Where text box, Stop and the rail's last item stand: x, y, width and height in pixels."""
    parts = [
        page.get_by_label(box),
        page.locator(frame).get_by_role("button", name="STOP"),
        page.locator(frame).get_by_text("Settings", exact=True),
    ]
    found = [await part.bounding_box() for part in parts]
    return [[place[side] for side in ("x", "y", "width", "height")] for place in found if place]


@browser
async def test_what_is_typed_before_the_page_is_there_is_kept(
    context: BrowserContext, pilot: Served
) -> None:
    """Sent words reach the session at once, typed ones the page's own text box, with the cursor."""
    page = await context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    async with held_back(page):
        await page.goto(f"{pilot.url}?session=new", wait_until="commit")
        box = page.get_by_label("Message")
        await expect(box).to_be_focused()
        await expect(page.locator("#frame [role=status]")).to_have_text("Loading…")
        await page.keyboard.type("Open the text editor")
        await page.keyboard.press("Enter")
        await expect(page.locator("#frame .sent li")).to_contain_text("Sent")
        await expect(box).to_have_value("")
        await page.keyboard.type("then rest")
        await page.locator("#frame").get_by_role("link", name="Talk").click()
        await expect(box).to_have_value("then rest")  # another view was asked for meanwhile
        await box.focus()
        for _ in range(4):
            await page.keyboard.press("ArrowLeft")
    await expect(page.locator("#frame")).to_have_count(0)
    await page.keyboard.type("a ")
    await expect(page.get_by_label("Type what to do")).to_have_value("then a rest")
    await expect(page.locator(".conversation .item").first).to_contain_text("Open the text editor")
    said = await words(page)
    assert sum("Open the text editor" in text for text in said) == 1
    assert errors == []


@browser
async def test_words_that_are_not_taken_come_back(context: BrowserContext, pilot: Served) -> None:
    """No answer is said and tried again; a refusal gives the words back, and why.

    What a Stop has come to is said as it is, too.
    """
    page = await context.new_page()
    async with held_back(page):
        answers = [503, 404]

        async def answer(route: Route) -> None:
            status = answers.pop(0)
            await route.fulfill(status=status, json={"text": "It is not here."})

        await page.route("**/say", answer)
        await page.goto(f"{pilot.url}?session=new", wait_until="commit")
        box = page.get_by_label("Message")
        await box.fill("Open the text editor")
        await page.get_by_role("button", name="Send").click()
        await expect(page.locator("#frame .sent")).to_contain_text("Trying again")
        await expect(page.locator("#frame [role=status]")).to_have_text("It is not here.")
        await expect(box).to_have_value("Open the text editor")
        await page.route("**/stop", lambda route: route.fulfill(json={"state": "later"}))
        await page.locator("#frame").get_by_role("button", name="STOP").click()
        goes_on = "The one begun after it continues."
        await expect(page.locator("#frame [role=status]")).to_contain_text(goes_on)
    await expect(page.get_by_label("Type what to do")).to_have_value("Open the text editor")


@browser
async def test_the_page_is_light(context: BrowserContext, pilot: Served) -> None:
    """Within its bytes, from an empty cache; a view's code comes when the view is visited."""
    page = await context.new_page()
    wire = await Wire.of(page)
    await arrive(page, pilot.url)
    assert wire.bytes <= BUDGET, wire.bytes
    assert any(wire.packed)
    heavy = [f"{name}.bundle.js" for name in ("lab", "replay", "editor", "form", "bench", "lanes")]
    assert [name for name in heavy if wire.asked(name)] == []
    assert wire.asked("talk.bundle.js?v=")
    for view, name in (("Lab", "lab"), ("Replay", "replay"), ("Inspector", "lanes")):
        await page.get_by_role("button", name=view, exact=True).click()
        async with asyncio.timeout(30):
            while not wire.asked(f"{name}.bundle.js?v="):
                await asyncio.sleep(0.05)


@browser
async def test_what_was_loaded_is_not_loaded_again(context: BrowserContext, pilot: Served) -> None:
    """A second visit takes the scripts from the browser's own store."""
    page = await arrive(await context.new_page(), pilot.url)
    wire = await Wire.of(page)
    await arrive(page, page.url)
    assert wire.bytes < BUDGET / 4, wire.bytes


@browser
async def test_the_frame_has_the_pages_theme(context: BrowserContext, pilot: Served) -> None:
    """The person's choice, else the system's; and it does not flash on the way to the page."""
    page = await context.new_page()
    await page.emulate_media(color_scheme="dark")
    async with held_back(page):
        await page.goto(pilot.url, wait_until="commit")
        await expect(page.locator("#frame")).to_have_css("background-color", "rgb(18, 22, 29)")
    await expect(page.locator("#frame")).to_have_count(0)
    back = await page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert back == "rgb(18, 22, 29)"
    await page.evaluate("localStorage.setItem('sayso-theme', 'light')")
    async with held_back(page):
        await page.goto(pilot.url, wait_until="commit")
        await expect(page.locator("#frame")).to_have_css("background-color", "rgb(243, 245, 248)")


@browser
async def test_a_page_whose_scripts_do_not_come_says_so(
    context: BrowserContext, pilot: Served
) -> None:
    """It is not left at Loading for ever."""
    page = await context.new_page()
    await page.route("**/bokeh.min.js*", lambda route: route.abort())
    await page.goto(pilot.url, wait_until="commit")
    await expect(page.locator("#frame [role=status]")).to_contain_text("could not be loaded")
    await expect(page.get_by_role("link", name="Load it again")).to_be_visible()


@browser
async def test_a_page_that_breaks_off_says_so(context: BrowserContext, pilot: Served) -> None:
    """The frame came and the rest did not: no blank page, and what was sent comes back."""
    page = await context.new_page()

    async def cut(route: Route) -> None:
        answer = await route.fetch()
        text = await answer.text()
        await route.fulfill(response=answer, body=text[: text.rindex("saysoFrame.waits")])

    await page.route("**/dashboard*", cut)
    await page.goto(pilot.url, wait_until="commit")
    await expect(page.locator("#frame [role=status]")).to_contain_text("did not load completely")
    await page.get_by_label("Message").fill("Open the text editor")
    await page.keyboard.press("Enter")
    await expect(page.get_by_label("Message")).to_have_value("Open the text editor")
    await page.unroute("**/dashboard*")
    await page.get_by_role("link", name="Load it again").click()
    await expect(page.get_by_label("Type what to do")).to_be_visible()


@browser
async def test_a_page_that_only_says_something_needs_no_frame(
    context: BrowserContext, pilot: Served
) -> None:
    """A session that cannot be had: the page says why, uncovered."""
    page = await context.new_page()

    async def without_session(route: Route) -> None:
        answer = await route.fetch()
        text = re.sub(r"<script>saysoFrame.waits\(.*?</script>", "", await answer.text())
        await route.fulfill(response=answer, body=text)

    await page.route("**/dashboard*", without_session)
    await page.goto(pilot.url)
    await expect(page.locator("#frame")).to_have_count(0)


@browser
@pytest.mark.parametrize("size", [(1280, 720), (390, 844), (640, 360)])
async def test_nothing_jumps_when_the_page_takes_over(
    context: BrowserContext, pilot: Served, size: tuple[int, int]
) -> None:
    """Text box, Stop and rail stand where they stood in the frame, on a phone and at 200 %, too."""
    page = await context.new_page()
    await page.set_viewport_size({"width": size[0], "height": size[1]})
    async with held_back(page):
        await page.goto(pilot.url, wait_until="commit")
        before = await _places(page, "Message", "#frame")
    await expect(page.locator("#frame")).to_have_count(0)
    after = await _places(page, "Type what to do", "body")
    assert len(before) == len(after) == 3
    for old, new in zip(before[:2], after[:2], strict=True):
        assert all(abs(a - b) <= 8 for a, b in zip(old, new, strict=True)), (old, new)
    assert all(abs(a - b) <= 60 for a, b in zip(before[2][:2], after[2][:2], strict=True))


@browser
async def test_stop_works_before_the_page_is_there(context: BrowserContext, pilot: Served) -> None:
    """Loaded anew in the middle of a task, on a slow line: one press, one stop."""
    page = await arrive(await context.new_page(), f"{pilot.url}?session=new")
    await say(page, "work forever")
    await expect(page.locator(".said").last).to_contain_text("I work and work.")
    async with held_back(page):
        await page.reload(wait_until="commit")
        await page.locator("#frame").get_by_role("button", name="STOP").click()
        await expect(page.locator("#frame [role=status]")).to_contain_text("Stopped.")
    await expect(page.locator(".badge .word")).to_have_text("Stopped")
