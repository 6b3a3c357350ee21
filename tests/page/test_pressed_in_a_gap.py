"""Whatever is pressed while there is no connection: done after it, or refused with a sentence."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import BrowserContext, Page, expect
from proxy import Proxy
from served import Served
from test_link import _back, _lost, _through, _works

from dashboard.js.component import Message, View

pytestmark = pytest.mark.browser

_ASKED_AGAIN = {"ready", "rows", "check", "compare", "list", "put_back_look", "opened"}
"""What views ask of themselves, and ask again after a gap."""

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
    async () => {
        const CONTROLS = 'button, summary, select, a[href], input[type=checkbox], input[type=radio], '
            + '[role=tab], [role=treeitem], [role=option]'
        const pause = () => new Promise(done => setTimeout(done, 15))
        const done = new Set()
        const out = {lost: [], told: [], pressed: 0}
        const tell = () => window.saysoLink.presses.told
        function* below(root) {
            for (const node of root.querySelectorAll('*')) {
                yield node
                if (node.shadowRoot) yield* below(node.shadowRoot)
            }
        }
        const name = node => (node.getAttribute('aria-label') || node.labels?.[0]?.textContent
            || node.textContent || node.title || node.name || '').trim().replace(/\\s+/g, ' ').slice(0, 60)
        const key = node => `${node.localName} ${name(node)} ${node.closest('[data-name], [data-id], li')?.textContent ?? ''}`
        function next() {
            for (const node of below(document)) {
                if (!node.matches(CONTROLS) || done.has(key(node))) continue
                if (!node.checkVisibility({visibilityProperty: true}) || node.closest('[inert]')) continue
                if (node.disabled || /^STOP|Stopping/.test(node.textContent.trim())) continue
                if (node.closest('.rail .list')) continue
                return node
            }
        }
        for (let node = next(); node && out.pressed < 400; node = next()) {
            done.add(key(node))
            out.pressed += 1
            const called = name(node)
            window.sent.length = 0
            window.saysoLink.presses.told = ''
            if (node.localName === 'select') {
                const others = [...node.options].filter(one => !one.selected && !one.disabled)
                if (!others.length) continue
                node.value = others[0].value
                node.dispatchEvent(new Event('change', {bubbles: true}))
            } else node.click()
            await pause()
            if (tell()) out.told.push(called)
            else if (window.sent.length) out.lost.push(`${called}: ${window.sent.join(', ')}`)
        }
        return out
    }
"""


async def _press_everything(page: Page) -> dict[str, Any]:
    """Every control in sight, and whatever comes into sight by that."""
    await page.evaluate(_WATCH, sorted(_ASKED_AGAIN))
    found: dict[str, Any] = await page.evaluate(_PRESS)
    return found


VIEWS = {
    "talk": {"Take the mouse", "Files", "Rename", "End", "Delete…", "New session"},
    "replay": {"Rename", "Delete…", "GIF", "End", "Open in Talk"},
    "prompts": {"Use for new sessions", "Try on this session"},
    "lab": {"Try the keyless example", "Design"},
    "tools": {"Run"},
    "inspector": set[str](),
    "settings": {"Provider", "Network", "Save"},
}
"""Some of those that are refused aloud: that there are any is not left to chance."""


@pytest.mark.parametrize("view", VIEWS)
async def test_no_control_of_a_view_is_lost_without_a_word(
    context: BrowserContext, pilot: Served, view: str
) -> None:
    """All controls that a view shows in a gap are pressed; none sends without a sentence."""
    async with Proxy(pilot.port) as proxy:
        page = await _through(context, proxy, pilot)
        await _works(page, "something to look at")
        if view != "talk":
            await page.locator(f'.rail [data-key="{view}"]').click()
            await expect(page.locator(f'.rail [data-key="{view}"]')).to_have_attribute(
                "aria-current", "page"
            )
            await _settled(page)
        await proxy.cut()
        await _lost(page)
        found = await _press_everything(page)
        assert found["lost"] == []
        print(view, found)
        missing = {
            one for one in VIEWS[view] if not any(told.startswith(one) for told in found["told"])
        }
        assert not missing, found


async def _settled(page: Page) -> None:
    """The view that was led to has been drawn, with what it asks for."""
    await expect(page.locator(".room-slot button, .room-slot [role=tab]").first).to_be_visible()
    await page.wait_for_function(
        "() => !document.querySelector('[aria-busy=true]')", polling=200
    )


async def test_what_was_pressed_before_the_gap_was_noticed_is_done_once_after_it(
    context: BrowserContext, pilot: Served
) -> None:
    """Said meanwhile and afterwards; what is pressed in the known gap is refused, not kept."""
    async with Proxy(pilot.port) as proxy:
        page = await _through(context, proxy, pilot)
        mouse = page.get_by_role("button", name="Take the mouse")
        press = page.locator(".link .press")
        proxy.silence()
        await mouse.click()
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
        await page.get_by_role("button", name="Settings", exact=True).click()
        money = page.locator('.row[data-name="max_dollars"] input')
        network = page.locator('.row[data-name="narration"] select')
        await expect(money).to_be_visible()
        proxy.silence()
        await money.fill("0.37")
        await money.press("Tab")
        await _lost(page)
        kept = await network.input_value()
        await network.select_option(index=2)
        await expect(network).to_have_value(kept)
        await proxy.heal()
        await _back(page)
        await page.reload()
        await expect(money).to_have_value("0.37")
        await expect(network).to_have_value(kept)


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
