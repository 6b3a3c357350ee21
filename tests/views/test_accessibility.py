"""Every view in both themes: no serious fault, by keyboard, on a phone, and nothing jumps."""

from __future__ import annotations

import pytest
from axe import faults
from pilot_page import say
from playwright.async_api import Page, expect

from dashboard.view_registry import OUR_VIEWS

pytestmark = pytest.mark.browser

_GROUND = {"light": "rgb(243, 245, 248)", "dark": "rgb(18, 22, 29)"}
KEYS = [view.name for view in OUR_VIEWS]


async def in_theme(page: Page, theme: str) -> None:
    """Show the page in a theme, as if it had been chosen before."""
    await page.evaluate("theme => localStorage.setItem('sayso-theme', theme)", theme)
    await page.reload()
    await expect(page.get_by_role("button", name="Take the mouse")).to_be_enabled()
    await expect(page.locator("#frame")).to_have_count(0)
    ground = await page.evaluate("() => getComputedStyle(document.body).backgroundColor")
    assert ground == _GROUND[theme]


async def go(page: Page, key: str) -> None:
    """Visit a view and wait until it is there."""
    await page.locator(f".rail .item[data-key={key}]").click()
    await expect(page.locator(f".rail .item[data-key={key}]")).to_have_attribute(
        "aria-current", "page"
    )
    if key != "talk":
        await expect(page.locator(".room-slot h5, .room-slot h1").first).to_be_visible()
    await page.wait_for_load_state("networkidle")


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_every_view_passes_the_checker(page: Page, theme: str) -> None:
    """After some work, so that there is something in each."""
    await say(page, "Open the text editor")
    await expect(page.locator(".outcome")).to_be_visible()
    await in_theme(page, theme)
    found = []
    for key in KEYS:
        await go(page, key)
        found += [f"{key}: {fault}" for fault in await faults(page)]
    assert not found, "\n".join(found)


async def test_lists_in_which_nothing_is_found_pass_the_checker(page: Page) -> None:
    """A list of choices without a choice is none to a screen reader."""
    await say(page, "Open the text editor")
    await expect(page.locator(".outcome")).to_be_visible()
    await page.get_by_role("button", name="Inspector").click()
    await expect(page.locator(".records .row").first).to_be_visible()
    await page.get_by_label("Search", exact=True).fill("no record says this")
    await expect(page.get_by_text("No records match the filter.").first).to_be_visible()
    found = [f"inspector: {fault}" for fault in await faults(page)]
    await go(page, "replay")
    await page.locator(".replay .choose").first.click()
    await expect(page.get_by_role("listbox", name="Steps")).to_be_visible()
    await page.get_by_label("Find a step").fill("no step says this")
    await expect(page.get_by_role("listbox", name="Steps")).to_have_count(0)
    found += [f"replay: {fault}" for fault in await faults(page)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_talk_passes_the_checker_in_every_state(page: Page, theme: str) -> None:
    """Idle, after work, while working, with a question open, and after a failure."""
    await in_theme(page, theme)
    found = [f"idle: {fault}" for fault in await faults(page)]
    await say(page, "Open the text editor")
    await expect(page.locator(".outcome")).to_be_visible()
    await page.locator(".action summary").first.click()
    found += [f"done: {fault}" for fault in await faults(page)]
    await say(page, "work forever")
    await expect(page.locator(".said").last).to_contain_text("I work and work.")
    found += [f"running: {fault}" for fault in await faults(page)]
    await page.keyboard.press("Escape")
    await say(page, "list my files")
    await expect(page.locator(".approval.open")).to_be_visible()
    found += [f"asked: {fault}" for fault in await faults(page)]
    await page.keyboard.press("Escape")
    await say(page, "break down")
    await expect(page.locator(".error")).to_be_visible()
    found += [f"failed: {fault}" for fault in await faults(page)]
    await page.get_by_role("button", name="Take the mouse").click()
    await expect(page.locator(".badge .word")).to_have_text("You have the mouse")
    found += [f"yours: {fault}" for fault in await faults(page)]
    assert not found, "\n".join(found)


async def focused(page: Page) -> str:
    """What has the keyboard: its name as a person would call it."""
    name: str = await page.evaluate("""() => {
      let node = document.activeElement
      while (node?.shadowRoot?.activeElement) node = node.shadowRoot.activeElement
      if (!node) return ""
      return node.getAttribute("aria-label") || node.placeholder || node.textContent || node.tagName
    }""")
    return " ".join(name.split())


async def tab_until(page: Page, name: str, most: int = 60) -> list[str]:
    """Press Tab until the named thing has the focus; what was passed on the way."""
    passed: list[str] = []
    while len(passed) < most:
        await page.keyboard.press("Tab")
        passed.append(await focused(page))
        if passed[-1].startswith(name):
            return passed
    raise AssertionError(f"Tab never came to {name!r}, but to {passed}")


async def test_talk_works_by_keyboard_alone(page: Page) -> None:
    """Tab reaches everything: work is begun, stopped, decided; the mouse changes hands."""
    await expect(page.get_by_label("Type what to do")).to_be_focused()
    passed = await tab_until(page, "Type what to do")
    reached = ("Talk", "Tools", "Start voice", "Voice settings", "Send", "Take the mouse", "STOP")
    for name in (*reached, "Attach"):
        assert any(one.startswith(name) for one in passed), (name, passed)
    await page.get_by_label("Type what to do").focus()
    await page.keyboard.type("work forever")
    await page.keyboard.press("Enter")
    await expect(page.locator(".said")).to_contain_text("I work and work.")
    await page.keyboard.press("Escape")
    await expect(page.locator(".badge .word")).to_have_text("Stopped")
    await page.keyboard.type("list my files")
    await page.keyboard.press("Enter")
    await expect(page.locator(".approval.open")).to_be_visible()
    await page.get_by_role("log", name="Conversation").focus()
    await tab_until(page, "Deny")
    await page.keyboard.press("Enter")
    await expect(page.locator(".approval .verdict")).to_have_text("Denied")
    await tab_until(page, "Take the mouse")
    await page.keyboard.press("Enter")
    await expect(page.locator(".badge .word")).to_have_text("You have the mouse")
    await page.keyboard.press("Enter")
    await expect(page.locator(".badge .word")).not_to_have_text("You have the mouse")


async def test_views_are_changed_by_keyboard_alone(page: Page) -> None:
    """Tab to a view's name and press Enter; what has the focus shows an outline."""
    for title in [view.label for view in OUR_VIEWS]:
        await page.locator(".rail .item[data-key=talk]").focus()
        await tab_until(page, title, most=len(OUR_VIEWS) + 1)
        outline = await page.locator(".rail .item:focus-visible").evaluate(
            "node => getComputedStyle(node).outlineStyle"
        )
        assert outline == "solid"
        await page.keyboard.press("Enter")
        await expect(page.locator(".rail .item[aria-current=page]")).to_have_text(title)


@pytest.mark.parametrize("size", [(390, 844), (1280, 720)])
async def test_no_view_is_wider_than_the_window(page: Page, size: tuple[int, int]) -> None:
    """On a phone, and on a small laptop, nothing has to be scrolled sideways."""
    await say(page, "Open the text editor")
    await expect(page.locator(".outcome")).to_be_visible()
    await page.set_viewport_size({"width": size[0], "height": size[1]})
    for key in ("talk", *KEYS):
        await go(page, key)
        wide = await page.evaluate(_WIDE)
        assert wide == [], key


_WIDE = """
() => {
  const scrolls = node => /auto|scroll|hidden/.test(getComputedStyle(node).overflowX)
  const within = node => {
    for (let at = node; at; at = at.parentElement || at.getRootNode().host) {
      if (at !== node && scrolls(at) && !at.matches?.(".frame, .room-slot, .talk-slot")) return true
    }
    return false
  }
  const below = node => [node, ...(node.shadowRoot ? walk(node.shadowRoot) : [])]
  const walk = root => [...root.querySelectorAll("*")].flatMap(below)
  const edge = document.documentElement.clientWidth + 1
  const found = walk(document).filter(node => {
    const box = node.getBoundingClientRect()
    const seen = node.checkVisibility({visibilityProperty: true, opacityProperty: true})
    const out = box.width > 0 && box.height > 0 && box.right > edge
    return seen && out && !node.closest("svg") && !within(node)
  }).map(node => `${node.tagName}.${node.className} ${node.getBoundingClientRect().right}`)
  const page = document.documentElement.scrollWidth > edge ? ["the page itself"] : []
  return [...page, ...found].slice(0, 8)
}
"""


async def test_nothing_jumps_while_text_streams(page: Page) -> None:
    """The browser itself reports no shift, and the fixed things keep their places."""
    await page.evaluate("""() => {
      window.shifts = []
      window.since = 0
      new PerformanceObserver(list => {
        for (const one of list.getEntries()) {
          if (one.hadRecentInput || one.startTime < window.since) continue
          const places = one.sources.map(({previousRect, currentRect}) =>
            JSON.stringify([previousRect, currentRect]))
          window.shifts.push([one.value, ...places].join(" "))
        }
      }).observe({type: "layout-shift", buffered: false})
    }""")
    names = (".stop >> nth=-1", ".say textarea", ".screen >> nth=0", ".badge .dot", ".rail")
    before = [await page.locator(name).bounding_box() for name in names]
    await say(page, "Open the text editor")
    await expect(page.locator(".outcome")).to_be_visible()
    words = f"repeat {'many words and more of them ' * 40}"
    box = page.get_by_label("Type what to do")
    await box.fill(words)
    await box.evaluate(_GROWN)  # with what a person writes into it: nothing streams yet
    await page.keyboard.press("Enter")
    await expect(page.locator(".outcome")).to_have_count(2)
    assert [await page.locator(name).bounding_box() for name in names] == before
    shifts = await page.evaluate("() => window.shifts")
    assert [shift for shift in shifts if float(shift.split()[0]) > 0.02] == []


_GROWN = """
async box => {
  const frame = () => new Promise(requestAnimationFrame)
  while (box.offsetHeight < 100) await frame()
  await frame()
  await frame()
  window.since = performance.now()
  window.shifts = []
}
"""
