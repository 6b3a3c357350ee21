"""Whatever is pressed while there is no connection: done after it, or refused with a sentence."""

from __future__ import annotations

from typing import Any

import pytest
from pilot_page import say
from playwright.async_api import BrowserContext, Page, expect
from proxy import Proxy
from served import Served
from test_files_panel import show
from test_link import _back, _lost, _through

from dashboard.js.component import Message, View

pytestmark = pytest.mark.browser

_ASKED_AGAIN = {"ready", "rows", "check", "compare", "list", "put_back_look", "opened"}
"""What views ask of themselves, and ask again after a gap."""

PRESS = "node => node.click()"
"""At once: before the gap is noticed, without a wait until a busy machine holds the page still."""

_WATCH = """
    asked => {
        window.sent = []
        const note = what => window.sent.push(what)
        const manager = Bokeh.documents[0].event_manager
        const send = manager.send_event
        manager.send_event = function (event) {
            const message = event.data ?? {}
            const own = message.events || asked.includes(message.type) || !event.data
            if (!own) note(`message ${message.type}`)
            return send.call(this, event)
        }
        const get = window.fetch
        window.fetch = (what, how) => {
            const url = String(what.url ?? what)
            if (!/stop|goodbye|files.(ticket|list)/.test(url)) note(`request ${url}`)
            return get(what, how)
        }
        navigation.addEventListener('navigate', event => {
            if (!event.hashChange && !event.destination.sameDocument && !event.downloadRequest) {
                note(`leaves for ${event.destination.url}`)
                event.preventDefault()
            }
        })
    }
"""

_PRESS = """
    async within => {
        const CONTROLS = 'button, summary, select, a[href], input[type=checkbox], '
            + 'input[type=radio], [role=tab], [role=treeitem], [role=option]'
        const OPENING = 'summary, [aria-expanded], [popovertarget], [role=tab], '
            + '[aria-label=Files]'
        const pause = () => new Promise(done => setTimeout(done, 15))
        const done = new Map()
        const out = {lost: [], told: [], pressed: 0}
        const tell = () => window.saysoLink.presses.told
        function* below(root) {
            for (const node of root.querySelectorAll('*')) {
                yield node
                if (node.shadowRoot) yield* below(node.shadowRoot)
            }
        }
        const name = node => (node.getAttribute('aria-label') || node.labels?.[0]?.textContent
            || node.textContent || node.title || '').trim().replace(/\\s+/g, ' ').slice(0, 60)
        const row = node => node.closest('[data-name]')?.dataset.name
            ?? node.closest('li')?.querySelector('.title, .name')?.textContent ?? ''
        const key = node => `${node.localName} ${name(node)} ${row(node)}`
        const rests = node => node.disabled || node.closest('[inert], .rail .list')
            || /^STOP|Stopping/.test(node.textContent.trim())
            || !node.checkVisibility({visibilityProperty: true})
        const opens = node => node.matches(OPENING)
        const place = node => !node ? null
            : node.matches?.(within) ? node : place(node.parentNode ?? node.host)
        /** What was not pressed yet; then what opens something: it may lead to more than one. */
        function next() {
            const there = [...below(document)].filter(
                node => node.matches(CONTROLS) && !rests(node) && place(node))
            const times = node => done.get(key(node)) ?? 0
            const ways = there.filter(node => opens(node) && times(node) < 4)
            return there.find(node => !opens(node) && !times(node))
                ?? ways.sort((a, b) => times(a) - times(b))[0]
        }
        for (let node = next(); node && out.pressed < 400; node = next()) {
            done.set(key(node), (done.get(key(node)) ?? 0) + 1)
            out.pressed += 1
            const called = name(node)
            window.sent.length = 0
            window.saysoLink.presses.told = ''
            if (node.localName === 'select') {
                const others = [...node.options].filter(one => !one.selected && !one.disabled)
                if (!others.length) continue // there is nothing else to choose
                node.value = others[0].value
                node.dispatchEvent(new Event('input', {bubbles: true, composed: true}))
                node.dispatchEvent(new Event('change', {bubbles: true}))
            } else node.click()
            await pause()
            if (tell()) out.told.push(called)
            else if (window.sent.length) out.lost.push(`${called}: ${window.sent.join(', ')}`)
        }
        return out
    }
"""


VIEWS = {
    "talk": {"Take the mouse", "Save", "End session", "Delete…", "New session", "Download all"},
    "replay": {"Delete…", "GIF", "End", "Open in Talk"},
    "prompts": {"Try on this session", "Save version"},
    "lab": {"Try the keyless example", "Design"},
    "tools": {"Run"},
    "inspector": {"Task"},
}
"""Some of those that are refused aloud: that there are any is not left to chance."""

_DRAWN = {
    "replay": "Copy link",
    "prompts": "Try on this session",
    "lab": "Try the keyless example",
    "tools": "Left click",
    "inspector": "task started",
}
"""By which it is seen that a view has what it asks for."""


async def _pages(context: BrowserContext, proxy: Proxy, served: Served) -> dict[str, Page]:
    """A page in each view, each with something to press; the session has a file."""
    talk = await _through(context, proxy, served)
    await say(talk, "save kept.txt")
    await expect(talk.get_by_role("button", name="Put the files back…")).to_be_visible()
    await show(talk)
    menu = talk.locator(".sessions summary")
    await menu.click()
    await expect(talk.get_by_role("button", name="More for")).to_be_visible()
    await menu.click()
    pages = {"talk": talk}
    for view, text in _DRAWN.items():
        page = pages[view] = await _through(context, proxy, served, f"{talk.url}&view={view}")
        drawn = page.locator(".room-slot").get_by_text(text).filter(visible=True)
        await expect(drawn.first).to_be_visible()
    return pages


@pytest.mark.timeout(300)
async def test_no_control_of_any_view_is_lost_without_a_word(
    context: BrowserContext, pilot: Served
) -> None:
    """All controls that a view shows in a gap are pressed; none sends without a sentence."""
    async with Proxy(pilot.port) as proxy:
        pages = await _pages(context, proxy, pilot)
        for page in pages.values():
            await page.evaluate(_WATCH, sorted(_ASKED_AGAIN))
        await proxy.cut()
        for view, page in pages.items():
            await _lost(page)
            found = await page.evaluate(_PRESS, "body" if view == "talk" else ".room-slot")
            assert found["lost"] == [], view
            assert found["pressed"] < 400, "every control was reached"
            told = found["told"]
            missing = {one for one in VIEWS[view] if not any(t.startswith(one) for t in told)}
            assert not missing, (view, found)


async def test_what_was_pressed_before_the_gap_was_noticed_is_done_once_after_it(
    context: BrowserContext, pilot: Served
) -> None:
    """Said meanwhile and afterwards; what is pressed in the known gap is refused, not kept."""
    async with Proxy(pilot.port) as proxy:
        page = await _through(context, proxy, pilot)
        mouse = page.get_by_role("button", name="Take the mouse")
        press = page.locator(".link .press")
        proxy.silence()
        await mouse.evaluate(PRESS)
        await _lost(page)
        await expect(press).to_contain_text("“Take the mouse” has not reached the server")
        await proxy.heal()
        await expect(page.get_by_role("button", name="Give it back")).to_be_visible()
        await expect(press).to_contain_text("“Take the mouse” was sent now")
        await proxy.cut()
        await _lost(page)
        give = page.get_by_role("button", name="Give it back")
        await expect(give).to_have_attribute("aria-disabled", "true")
        await give.click(force=True)
        await expect(press).to_contain_text("No connection: “Give it back” was not done")
        await proxy.heal()
        await _back(page)
        await expect(give).to_have_attribute("aria-disabled", "false")
        await give.click()
        await expect(mouse).to_be_visible()


class _Desk(View):
    """What comes, and what goes back."""

    def __init__(self) -> None:
        self.back: list[Message] = []
        self.came: list[Message] = []
        super().__init__(self.came.append)

    def _send_msg(self, message: Any) -> None:
        self.back.append(message)


def test_a_press_is_carried_out_once_however_often_it_comes() -> None:
    desk = _Desk()
    for press in ("a", "b", "a"):
        desk._handle_msg({"type": "end", "press": press})
    desk._handle_msg({"type": "end"})
    assert desk.came == [{"type": "end"}] * 3
    assert [one["press"] for one in desk.back] == ["a", "b", "a"], "each is acknowledged"
