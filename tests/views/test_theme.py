"""One theme on the whole page: chosen once, there from the first picture, and it stays."""

from __future__ import annotations

import re

import pytest
from pilot_page import arrive, say
from playwright.async_api import BrowserContext, Page, expect
from proxy import Proxy
from served import Served

from dashboard.view_registry import OUR_VIEWS

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

_GROUND = {"light": "rgb(243, 245, 248)", "dark": "rgb(18, 22, 29)"}
_RELOADS = 4

_WATCH = """
() => {
  window.wrong = []
  const deep = root => [...root.querySelectorAll("*")].flatMap(node =>
    node.shadowRoot ? [node, ...deep(node.shadowRoot)] : [node])
  const look = () => {
    const {theme, frame} = document.documentElement.dataset
    const ground = document.body && frame === undefined && getComputedStyle(document.body)
    const [red] = (ground && ground.backgroundColor.match(/\\d+/g)) || []
    if (red && (red > 128) !== (theme === "light")) window.wrong.push(`ground ${red} in ${theme}`)
    requestAnimationFrame(look)
  }
  window.others = theme => deep(document).filter(node =>
    node.matches(theme === "dark" ? ".mui-light" : ".mui-dark")).map(node => node.className)
  window.unread = theme => deep(document).filter(node => {
    const own = [...node.childNodes].some(({nodeType, data}) => nodeType === 3 && data.trim())
    if (!own || !node.checkVisibility({visibilityProperty: true})) return false
    const [r, g, b] = getComputedStyle(node).color.match(/[\\d.]+/g).map(Number)
    const behind = at => {
      for (; at; at = at.parentElement || at.getRootNode().host) {
        const found = getComputedStyle(at).backgroundColor.match(/[\\d.]+/g)?.map(Number)
        if (found && (found.length < 4 || found[3] > .5)) return found
      }
      return [255, 255, 255]
    }
    const light = ([r, g, b]) => .299 * r + .587 * g + .114 * b
    return Math.abs(light([r, g, b]) - light(behind(node))) < 40
  }).map(node => `${node.tagName}.${node.className} ${node.textContent.slice(0, 40)}`)
  requestAnimationFrame(look)
}
"""


async def watched(context: BrowserContext, url: str) -> Page:
    """A page that notes each picture of it whose ground is not the theme's."""
    page = await context.new_page()
    await page.add_init_script(f"({_WATCH})()")
    return await arrive(page, url)


async def is_all(page: Page, theme: str) -> None:
    """Ground, components and words are the theme's."""
    await expect(page.locator("html")).to_have_attribute("data-theme", theme)
    await expect(page.locator("body")).to_have_css("background-color", _GROUND[theme])
    assert await page.evaluate("theme => window.others(theme)", theme) == []
    assert await page.evaluate("theme => window.unread(theme)", theme) == []


async def every_view_is(page: Page, theme: str) -> None:
    for key in ("talk", *(view.name for view in OUR_VIEWS)):
        await page.locator(f".rail .item[data-key={key}]").click()
        if key != "talk":
            await expect(page.locator(".room-slot h5, .room-slot h1").first).to_be_visible()
        await page.wait_for_load_state("networkidle")
        await is_all(page, theme)


async def test_a_chosen_theme_is_there_after_each_reload(
    context: BrowserContext, pilot: Served
) -> None:
    """The button's choice, against the system's: in every view, never another first."""
    page = await watched(context, pilot.url)
    await say(page, "Open the text editor")
    await expect(page.locator(".outcome")).to_be_visible()
    button = page.get_by_role("button", name="Dark theme")
    await expect(button).to_have_attribute("aria-pressed", "false")
    await button.click()
    await expect(button).to_have_attribute("aria-pressed", "true")
    await every_view_is(page, "dark")
    await page.locator(".rail .item[data-key=talk]").click()
    for _ in range(_RELOADS):
        await page.reload()
        await expect(page.locator("#frame")).to_have_count(0)
        await is_all(page, "dark")
        assert await page.evaluate("() => window.wrong") == []
    await every_view_is(page, "dark")


async def test_without_a_choice_the_system_decides_and_is_followed(
    context: BrowserContext, pilot: Served
) -> None:
    """At once when it changes; a choice ends that, here and on the browser's other pages."""
    page = await context.new_page()
    await page.emulate_media(color_scheme="dark")
    await page.add_init_script(f"({_WATCH})()")
    await arrive(page, pilot.url)
    await is_all(page, "dark")
    await page.emulate_media(color_scheme="light")
    await is_all(page, "light")
    other = await watched(context, page.url)
    await is_all(other, "light")
    await page.get_by_role("button", name="Dark theme").click()
    await is_all(page, "dark")
    await is_all(other, "dark")
    await other.emulate_media(color_scheme="light")
    await is_all(other, "dark")
    await other.goto(re.sub(r"\?.*", "?view=sessions", page.url))
    await expect(other.get_by_role("heading", level=1)).to_be_visible()
    await is_all(other, "dark")
    await other.get_by_role("button", name="Dark theme").click()
    await is_all(other, "light")
    await is_all(page, "light")


async def test_the_link_brings_no_other_theme(context: BrowserContext, pilot: Served) -> None:
    """Changed while there was no connection: the document pulled afterwards changes nothing."""
    async with Proxy(pilot.port) as proxy:
        page = await watched(context, proxy.url(pilot.url))
        await page.get_by_role("button", name="Dark theme").click()
        await page.locator(".rail .item[data-key=tools]").click()
        await expect(page.locator(".room-slot h5").first).to_be_visible()
        for theme in ("light", "dark"):
            await proxy.cut()
            await expect(
                page.get_by_text(re.compile("No connection to the server")).first
            ).to_be_visible()
            await page.get_by_role("button", name="Dark theme").click()
            await is_all(page, theme)
            await page.evaluate("() => { window.wrong = [] }")
            await proxy.heal()
            await expect(page.get_by_text(re.compile("No connection|answers again"))).to_have_count(
                0
            )
            await every_view_is(page, theme)
            assert await page.evaluate("() => window.wrong") == []
            await page.locator(".rail .item[data-key=tools]").click()
