"""Text goes both ways between the browser's clipboard and a real desktop's."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio
from chromium import acontext, off_site
from pilot_page import arrive, say
from playwright.async_api import Browser, Page, expect
from served import ROOT, serve

pytestmark = [pytest.mark.browser, pytest.mark.desktop, pytest.mark.timeout(240)]

_ALLOWED = ["clipboard-read", "clipboard-write", "microphone"]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(
    pilot_browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Page]:
    """The page over a real desktop on which an editor is open; the person has the mouse."""
    data = tmp_path_factory.mktemp("data")
    context = await acontext(pilot_browser)
    strangers = off_site(context)
    await context.grant_permissions(_ALLOWED)
    with serve(ROOT / "dashboard", data, env={"SAYSO_MODEL": "offline"}) as served:
        page = await arrive(await context.new_page(), served.url)
        await expect(page.locator(".sayso-desktop[data-state=live]")).to_be_visible(timeout=60_000)
        await say(page, "Open the text editor")
        await expect(page.locator(".outcome")).to_be_visible(timeout=60_000)
        await page.get_by_role("button", name="Take the mouse").click()
        await expect(page.locator(".sayso-desktop.control")).to_be_visible()
        yield page
        await context.close()
    assert strangers == []


@pytest_asyncio.fixture(loop_scope="module")
async def workbench(shared: Page) -> Page:
    """The shared page, which may use the clipboard; the editor is empty and has the keyboard."""
    await shared.context.grant_permissions(_ALLOWED)
    await shared.locator(".sayso-desktop canvas").last.focus()
    for key in ("Control+a", "Delete"):
        await shared.keyboard.press(key)
    return shared


async def copied(page: Page, wanted: Callable[[str], bool], again: bool = False) -> str:
    """Wait until the browser's clipboard holds a wanted text; returns it.

    ``again`` copies all of the editor's text now and then: an earlier copy may have been refused.
    """
    seen = ""
    for patience in range(200):
        if again and patience % 20 == 0:
            await page.keyboard.press("Control+a")
            await page.keyboard.press("Control+c")
        seen = await page.evaluate("navigator.clipboard.readText()")
        if wanted(seen):
            return seen.strip()
        await page.wait_for_timeout(50)
    raise AssertionError(f"The clipboard held only {seen!r}.")


async def test_text_is_copied_out_and_pasted_in(workbench: Page) -> None:
    """Ctrl+C there is in the browser's clipboard; what was copied elsewhere is pasted there."""
    page = workbench
    await page.keyboard.type("milk and eggs")
    await page.keyboard.press("Control+a")
    await page.keyboard.press("Control+c")
    await copied(page, lambda seen: seen.strip() == "milk and eggs")
    await pasted(page, "bread")


@pytest.mark.parametrize("keys", ["Control+v", "Shift+Insert"])
async def test_keys_paste_what_was_copied_a_moment_ago_without_any_permission(
    workbench: Page, keys: str
) -> None:
    """The pointer never left, and the page may not read the clipboard, as after alt-tab.

    What is typed right after the paste stands behind it, and so does a second paste.
    """
    page = workbench
    for text in ("olives", "figs", "Käse für 3 € 日本語"):
        await elsewhere(page, text)
        for pressed in ("Control+a", keys, "!", keys, "?"):
            await page.keyboard.press(pressed)
        await page.context.grant_permissions(_ALLOWED)
        wanted = f"{text}!{text}?"
        await copied(page, lambda seen, wanted=wanted: seen.strip() == wanted, again=True)


_AS_FIREFOX = """() => {
    const unknown = () => Promise.reject(new TypeError("clipboard-read is no PermissionName"))
    Object.defineProperty(navigator.permissions, 'query', {value: unknown, configurable: true})
    for (const name of ['read', 'readText'])
        Object.defineProperty(navigator.clipboard, name, {value: undefined, configurable: true})
}"""
"""Firefox knows no such permission, and before its version 125 no reading of the clipboard."""

_AS_ITSELF = """() => {
    delete navigator.permissions.query
    for (const name of ['read', 'readText']) delete navigator.clipboard[name]
}"""


async def test_a_browser_that_neither_asks_nor_reads_pastes_by_keys_and_by_the_box(
    workbench: Page,
) -> None:
    """As Firefox: the keys of a paste bring the text; the button leads to the box at once."""
    page = workbench
    await elsewhere(page, "quinces")
    await page.evaluate(_AS_FIREFOX)
    for pressed in ("Control+a", "Control+v", "!"):
        await page.keyboard.press(pressed)
    await page.get_by_role("button", name="Paste", exact=True).click()
    box = page.get_by_role("dialog", name="Paste into the desktop")
    await expect(box.get_by_label("Text for the desktop")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(box).to_be_hidden()
    await page.evaluate(_AS_ITSELF)
    await page.context.grant_permissions(_ALLOWED)
    await page.locator(".sayso-desktop canvas").last.focus()
    await copied(page, lambda seen: seen.strip() == "quinces!", again=True)


async def test_where_the_browser_refuses_there_is_a_box_to_paste_into(workbench: Page) -> None:
    """A refusal is not the end: the text goes by way of a box, and says where it is."""
    page = workbench
    await elsewhere(page, "something else")
    refuse = "navigator.clipboard.readText = () => Promise.reject(new Error('no'))"
    await page.evaluate(f"() => {{ {refuse} }}")
    await page.get_by_role("button", name="Paste", exact=True).click()
    box = page.get_by_role("dialog", name="Paste into the desktop")
    await box.get_by_label("Text for the desktop").fill("dates")
    await box.get_by_role("button", name="To the desktop").click()
    await expect(page.locator(".sayso-desktop .hint")).to_contain_text("desktop's clipboard")
    await expect(box).to_be_hidden()
    await page.evaluate("() => { delete navigator.clipboard.readText }")
    await page.context.grant_permissions(_ALLOWED)
    seen = []
    for patience in range(300, 6000, 300):
        await page.keyboard.press("Shift+F10")  # the editor's own menu: no key of the browser's
        await page.wait_for_timeout(patience)  # it takes keys once it is drawn
        for key in ("p", "Escape", "Control+a", "Control+c"):
            await page.keyboard.press(key)
        await page.wait_for_timeout(patience)  # a menu drawn late swallowed the keys after it
        seen.append(await page.evaluate("navigator.clipboard.readText()"))
        if "dates" in seen[-1]:
            return
    raise AssertionError(f"The text never came out of the desktop's clipboard: {seen}")


async def elsewhere(page: Page, text: str) -> None:
    """Copied by another program: it is on the clipboard, and the page may not read it."""
    await page.context.grant_permissions(_ALLOWED)
    await page.evaluate("text => navigator.clipboard.writeText(text)", text)
    await page.context.clear_permissions()


async def pasted(page: Page, text: str) -> None:
    """Copy elsewhere, come in with the pointer, paste; the clipboard is offered meanwhile."""
    for patience in range(0, 4000, 200):
        await page.evaluate("text => navigator.clipboard.writeText(text)", text)
        await page.mouse.move(5, 5)
        box = await page.locator(".sayso-desktop").bounding_box()
        assert box is not None
        await page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] - 80)
        await page.wait_for_timeout(patience)
        for keys in ("Control+a", "Control+v", "!", "Control+a", "Control+c"):
            await page.keyboard.press(keys)
        if await copied(page, lambda seen: seen.strip() != text) == f"{text}!":
            return
    raise AssertionError(f"{text!r} was never pasted.")
