"""Talk as somebody lives in it: what is in sight, what the keys do, what is remembered."""

from __future__ import annotations

import pytest
from pilot_page import arrive, say
from playwright.async_api import BrowserContext, Page, expect
from served import Served

pytestmark = pytest.mark.browser

_RIGHT = "node => node.getBoundingClientRect().right"

_FOCUS = """() => {
  let node = document.activeElement
  while (node?.shadowRoot?.activeElement) node = node.shadowRoot.activeElement
  return node?.getAttribute("aria-label") ?? node?.localName ?? ""
}"""
_NOTICES = """
window.told = []
let granted = "default"
window.Notification = class {
  static get permission() { return granted }
  static async requestPermission() { window.asked = true; return granted = "granted" }
  constructor(title, options) { window.told.push([title, options.body]) }
  close() {}
}
"""
_ELSEWHERE = """
const seen = () => window.away ? "hidden" : "visible"
Object.defineProperty(document, "visibilityState", {get: seen, configurable: true})
Document.prototype.hasFocus = () => !window.away
"""


async def _done(page: Page, many: int = 1) -> None:
    await expect(page.locator(".outcome")).to_have_count(many)


async def test_what_i_send_and_what_it_asks_come_into_sight(page: Page) -> None:
    """Also when an action was opened before, which is where the end left the window."""
    for _ in range(3):
        many = await page.locator(".outcome").count()
        await say(page, "Open the text editor")
        await _done(page, many + 1)
    opened = page.locator(".action summary").first
    await opened.click()
    await expect(page.get_by_role("button", name="Latest")).to_be_visible()
    await say(page, "list my files")
    await expect(page.locator(".heard", has_text="list my files")).to_be_in_viewport()
    card = page.locator(".approval.open")
    await expect(card).to_be_in_viewport(ratio=1)
    await expect(page.get_by_role("button", name="Latest")).to_be_hidden()
    await card.get_by_role("button", name="Allow", exact=True).click()
    await _done(page, 4)
    await expect(page.locator(".outcome").last).to_be_in_viewport()


async def test_an_approval_is_whole_and_over_nothing_and_counts_down(page: Page) -> None:
    """While it waits, reading on above neither hides it nor lies under it."""
    for many in (1, 2):
        await say(page, "Open the text editor")
        await _done(page, many)
    await say(page, "list my files")
    card = page.locator(".approval.open")
    await expect(page.get_by_role("button", name="Files", exact=True)).to_be_disabled()
    countdown = card.get_by_role("timer")
    first = await countdown.inner_text()
    await page.locator(".conversation .list").hover()
    await page.mouse.wheel(0, -4000)
    newest = page.get_by_role("button", name="Latest")
    await expect(newest).to_be_visible()
    await expect(card).to_be_in_viewport(ratio=1)
    over, under = await newest.bounding_box(), await card.bounding_box()
    assert over is not None
    assert under is not None
    assert over["y"] + over["height"] <= under["y"]
    await expect(countdown).not_to_have_text(first)
    assert await countdown.inner_text() < first


async def test_a_program_that_wants_to_start_is_asked_about_and_shown_where_it_belongs(
    page: Page,
) -> None:
    """The card; its rule for the session in Settings; what began in the Inspector."""
    await say(page, "start touch a b")
    card = page.locator(".approval.open")
    await expect(card).to_contain_text("In a terminal, bash wants to start “touch a b”. Allow it?")
    await expect(page.locator(".badge.who-waiting")).to_contain_text(
        "In a terminal, bash wants to start"
    )
    await card.get_by_role("button", name="Allow for this session").click()
    await _done(page)
    await say(page, "start touch a b")
    await _done(page, 2)
    await expect(page.locator(".approval")).to_have_count(1)
    await page.get_by_role("button", name="Inspector", exact=True).click()
    await expect(page.get_by_text("touch a b (line, by bash)").last).to_be_visible()
    await page.get_by_role("button", name="Settings", exact=True).click()
    fact = page.locator('.row[data-name="sandbox"]')
    await expect(fact).to_contain_text("Programs that start are watched.")
    await page.get_by_role("button", name="Ask again about starting “touch a b”").click()
    await expect(page.locator(".grants li")).to_have_count(0)
    await page.get_by_role("button", name="Talk", exact=True).click()
    await say(page, "start touch a b")
    await card.get_by_role("button", name="Deny").click()
    await _done(page, 3)
    await expect(page.locator(".approval .verdict").last).to_have_text("Denied")
    await page.set_viewport_size({"width": 390, "height": 844})
    await say(page, f"start make {'word ' * 60}")
    for answer in ("Allow", "Deny"):
        button = card.get_by_role("button", name=answer, exact=True)
        await expect(button).to_be_in_viewport(ratio=1)


async def test_allowed_for_the_session_means_this_command_and_can_be_taken_back(
    page: Page,
) -> None:
    """The card says what exactly; Settings lists it; taken back, it asks again."""
    await say(page, "list my files")
    card = page.locator(".approval.open")
    await expect(card.locator(".grant")).to_contain_text("ls ~")
    await card.get_by_role("button", name="Allow for this session").click()
    await _done(page)
    await say(page, "list my files")
    await _done(page, 2)
    await expect(page.locator(".approval")).to_have_count(1)
    await page.locator(".action summary").last.click()
    await expect(page.locator(".action .where").last).to_contain_text("You allowed this")
    await page.get_by_role("button", name="Settings", exact=True).click()
    await page.get_by_role("button", name="Ask again about the command “ls ~”").click()
    await expect(page.locator(".grants li")).to_have_count(0)
    await page.get_by_role("button", name="Talk", exact=True).click()
    await say(page, "list my files")
    await expect(page.locator(".approval.open")).to_be_visible()


async def test_the_text_box_has_lines_and_the_focus_and_remembers(page: Page) -> None:
    """Shift+Enter begins a line, Enter sends all of them; arrows lead back from the edges."""
    assert await page.evaluate(_FOCUS) == "Type what to do"
    box = page.get_by_label("Type what to do")
    low = await box.bounding_box()
    stop = await page.get_by_role("button", name="STOP").bounding_box()
    await page.keyboard.type("repeat one")
    await page.keyboard.press("Shift+Enter")
    await page.keyboard.type("two")
    high = await box.bounding_box()
    assert low is not None
    assert high is not None
    assert high["height"] > low["height"]
    assert await page.get_by_role("button", name="STOP").bounding_box() == stop
    await page.keyboard.press("Enter")
    await expect(page.locator(".heard .text")).to_have_text("repeat one\ntwo")
    assert await box.input_value() == ""
    await page.keyboard.press("ArrowUp")
    assert await box.input_value() == "repeat one\ntwo"
    await page.keyboard.press("ArrowUp")  # within the text: the caret moves
    assert await box.input_value() == "repeat one\ntwo"
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("ArrowDown")
    assert await box.input_value() == ""


def _stops(page: Page) -> list[str]:
    """Fills with each Stop that the page sends."""
    sent: list[str] = []
    page.on("request", lambda one: sent.append(one.url) if one.url.endswith("/stop") else None)
    return sent


async def test_escape_closes_what_is_open_and_stops_only_what_runs(page: Page) -> None:
    """A popover with the focus elsewhere, a menu, the search, the files: the task goes on."""
    sent = _stops(page)
    await page.keyboard.press("Escape")
    await say(page, "work forever")
    await expect(page.locator(".said")).to_contain_text("I work and work.")
    await page.get_by_role("button", name="Voice settings").click()
    panel = page.get_by_role("dialog", name="Voice settings")
    await expect(panel).to_be_visible()
    await page.get_by_label("Type what to do").focus()
    await page.keyboard.press("Escape")
    await expect(panel).to_be_hidden()
    await page.get_by_text("offline voice").click()
    await expect(page.locator("details.menu[open]")).to_have_count(1)
    await page.get_by_label("Type what to do").focus()
    await page.keyboard.press("Escape")
    await expect(page.locator("details.menu[open]")).to_have_count(0)
    await page.get_by_role("button", name="Keys and help").click()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog", name="Keys and help")).to_be_hidden()
    await page.keyboard.press("Control+Shift+f")
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("search")).to_be_hidden()
    await page.get_by_role("button", name="Files", exact=True).click()
    files = page.get_by_role("region", name="Files of this session")
    await files.get_by_role("button", name="Close the files").press("Escape")
    await expect(files).to_be_hidden()
    assert sent == []
    await page.keyboard.press("Escape")
    await expect(page.locator(".outcome-stopped")).to_have_count(1)
    assert sent  # once, or again until it was answered


async def test_escape_in_other_views_closes_what_is_open_there_first(page: Page) -> None:
    """A menu wherever the focus is, and a form that is being filled in: the task goes on."""
    sent = _stops(page)
    await say(page, "work forever")
    await page.get_by_role("button", name="Inspector", exact=True).click()
    await page.get_by_text("All kinds").click()
    await expect(page.locator("details.kinds[open]")).to_have_count(1)
    await page.get_by_role("searchbox", name="Search").press("Escape")
    await expect(page.locator("details.kinds[open]")).to_have_count(0)
    await page.get_by_role("button", name="Replay", exact=True).click()
    entry = page.locator(".replay .shelf li").first
    await entry.locator("summary").click()
    find = page.locator(".replay").get_by_role("searchbox", name="Find a session")
    await find.evaluate("each => each.dispatchEvent(new Event('input'))")  # the list is drawn anew
    await entry.get_by_role("button", name="Rename").click()
    name = page.locator(".replay").get_by_role("textbox", name="New name")
    await name.press("Escape")
    await expect(name).to_have_count(0)
    await page.locator(".sessions .name").first.click()
    more = page.get_by_role("button", name="More for").first
    await more.click()
    await more.press("Escape")
    await expect(more).to_have_attribute("aria-expanded", "false")
    await more.press("Escape")
    await expect(more).to_be_hidden()
    assert sent == []
    await page.keyboard.press("Escape")
    await expect(page.locator(".badge .word")).to_have_text("Stopped")
    assert sent  # once, or again until it was answered


async def test_a_long_answer_changes_nothing_of_what_stands_above_it(page: Page) -> None:
    """What is shown already is not drawn again for what comes after it."""
    await say(page, "Open the text editor")
    await _done(page)
    await page.evaluate("""() => {
      window.drawn = 0
      const shadows = root => [...root.querySelectorAll("*")].flatMap(
        node => node.shadowRoot ? [node.shadowRoot, ...shadows(node.shadowRoot)] : [])
      const flow = shadows(document).map(root => root.querySelector(".flow")).find(Boolean)
      const observer = new MutationObserver(changes => { window.drawn += changes.length })
      const all = {subtree: true, childList: true, characterData: true, attributes: true}
      for (const node of flow.children) observer.observe(node, all)
    }""")
    long = "many words " * 300
    await say(page, f"repeat {long}")
    await _done(page, 2)
    await expect(page.locator(".said .text").last).to_have_text(long.strip())
    assert await page.evaluate("window.drawn") == 0


async def test_hold_and_go_on_are_a_button(page: Page) -> None:
    """It cannot be pressed while nothing runs."""
    hold = page.get_by_role("button", name="Hold", exact=True)
    await expect(hold).to_be_disabled()
    await say(page, "work forever")
    await hold.click()
    await expect(page.locator(".badge .word")).to_have_text("Holding")
    await page.get_by_role("button", name="Go on").click()
    await expect(page.locator(".badge .word")).to_have_text("Thinking")
    await page.get_by_role("button", name="STOP").click()
    await expect(hold).to_be_disabled()


async def test_the_conversation_is_searched_and_copied_from(
    page: Page, context: BrowserContext
) -> None:
    """Also in what is closed: outputs, and texts that are folded."""
    await context.grant_permissions(["clipboard-read", "clipboard-write"])
    long = " ".join(f"word{n}" for n in range(400))
    await say(page, f"repeat {long}")
    await _done(page)
    said = page.locator(".said")
    await expect(said.locator(".text")).to_have_class("text folded")
    await said.get_by_role("button", name="Show all").click()
    await expect(said.locator(".text")).to_have_class("text")
    await said.get_by_role("button", name="Show less").click()
    await said.hover()
    await said.get_by_role("button", name="Copy the message").click()
    await expect(said.get_by_role("button", name="Copied")).to_be_visible()
    assert await page.evaluate("navigator.clipboard.readText()") == long
    await page.get_by_role("button", name="Search the conversation").click()
    await page.keyboard.type("WORD399")
    await expect(page.get_by_role("search").get_by_role("status")).to_have_text("2 of 2")
    await expect(said.locator(".text")).to_have_class("text")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("search").get_by_role("status")).to_have_text("1 of 2")
    await page.keyboard.type("x")
    await expect(page.get_by_role("search").get_by_role("status")).to_have_text("Not found")


async def test_a_command_and_its_output_are_copied(page: Page, context: BrowserContext) -> None:
    """Each from its own button."""
    await context.grant_permissions(["clipboard-read", "clipboard-write"])
    await say(page, "list my files")
    await page.get_by_role("button", name="Allow", exact=True).click()
    await _done(page)
    action = page.locator(".action").last
    await action.locator("summary").click()
    output = await action.locator("pre").inner_text()
    assert output
    for name, text in (("Copy the command", "ls ~"), ("Copy the output", output)):
        await action.get_by_role("button", name=name).click()
        await expect(action.get_by_role("button", name="Copied")).to_be_visible()
        assert await page.evaluate("navigator.clipboard.readText()") == text
        await expect(action.get_by_role("button", name="Copied")).to_be_hidden()


async def test_who_looks_elsewhere_is_told_once_they_want_it(
    context: BrowserContext, pilot: Served
) -> None:
    """Offered after something was missed; the browser is asked when it is wanted, not before."""
    page = await context.new_page()
    await page.add_init_script(_NOTICES + _ELSEWHERE)
    await arrive(page, pilot.url)
    await page.evaluate("window.away = true")
    await say(page, "list my files")
    await expect(page.locator(".approval.open")).to_be_visible()
    assert await page.evaluate("[window.told.length, window.asked ?? false]") == [0, False]
    await page.get_by_role("button", name="Notify me").click()
    assert await page.evaluate("window.asked")
    await page.get_by_role("button", name="Deny").click()
    await _done(page)
    [[title, text]] = await page.evaluate("window.told")
    assert title == "Sayso: not done"
    assert "text editor" in text
    await say(page, "list my files")
    await expect(page.locator(".approval.open")).to_be_visible()
    told = await page.evaluate("window.told.at(-1)")
    assert told[0] == "Sayso waits for you"
    assert "ls ~" in told[1]
    await page.evaluate("window.away = false")
    await page.get_by_role("button", name="Deny").click()
    await _done(page, 2)
    assert await page.evaluate("window.told.length") == 2, "nobody is told what they see"
    await page.get_by_role("button", name="Notifications while you look elsewhere: on").click()
    await page.evaluate("window.away = true")
    await say(page, "repeat something")
    await _done(page, 3)
    assert await page.evaluate("window.told.length") == 2


async def test_the_first_help_is_put_away_for_good_and_the_keys_are_listed(page: Page) -> None:
    """The list is there again for whoever asks."""
    await page.get_by_role("button", name="Got it").click()
    await expect(page.get_by_role("region", name="How it works")).to_be_hidden()
    await page.reload()
    await expect(page.locator(".empty")).to_be_visible()
    await expect(page.get_by_role("region", name="How it works")).to_be_hidden()
    await page.get_by_label("Type what to do").fill("?")
    await expect(page.get_by_role("dialog", name="Keys and help")).to_be_hidden()
    await page.locator(".conversation .list").focus()
    await page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keys and help")
    await expect(keys).to_contain_text("Shift + Enter")
    await page.keyboard.press("?")
    tools = page.get_by_role("button", name="Tools", exact=True)
    await tools.click()
    await expect(tools).to_have_attribute("aria-current", "page")
    await page.keyboard.press("?")
    assert await page.locator(".keys:popover-open").count() == 0, "nothing opens out of sight"


async def test_the_desktop_alone_keeps_stop_and_brings_back_what_waits(page: Page) -> None:
    """And the model's name stands over the conversation; the whole page has its button, too."""
    await expect(page.locator(".model")).to_have_text("scripted")
    whole = page.get_by_role("button", name="Page in full screen")
    for filled in ("true", "false"):
        await whole.click()
        await expect(whole).to_have_attribute("aria-pressed", filled)
    await expect(page.locator(".conversation")).to_be_visible()
    await page.get_by_role("button", name="Desktop in full screen").click()
    await expect(page.locator(".conversation")).to_be_hidden()
    await expect(page.get_by_role("button", name="STOP")).to_be_in_viewport(ratio=1)
    await say(page, "list my files")
    await expect(page.locator(".approval.open")).to_be_in_viewport(ratio=1)
    await page.get_by_role("button", name="Deny").click()
    await expect(page.locator(".conversation")).to_be_hidden()
    await page.get_by_role("button", name="Back to the conversation").click()
    await expect(page.locator(".conversation")).to_be_visible()


async def test_a_phone_without_full_screen_leads_back_to_the_conversation(page: Page) -> None:
    """Nothing but the page's own button ends it there."""
    await page.evaluate("() => { Element.prototype.requestFullscreen = undefined }")
    await page.set_viewport_size({"width": 390, "height": 844})
    await page.get_by_role("button", name="Desktop in full screen").click()
    await expect(page.locator(".conversation")).to_be_hidden()
    back = page.get_by_role("button", name="Back to the conversation")
    mouse = page.get_by_role("button", name="Take the mouse")
    for button in (back, mouse, page.get_by_role("button", name="STOP")):
        await expect(button).to_be_in_viewport(ratio=1)
        assert await button.evaluate("node => node.scrollWidth <= node.clientWidth"), "cut off"
    await back.click()
    await expect(page.locator(".conversation")).to_be_visible()
    await page.get_by_role("button", name="Replay", exact=True).click()
    for view in ("Talk", "Inspector", "Settings"):
        way = page.get_by_role("button", name=view, exact=True)
        await expect(way).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize(
    ("width", "height"), [(640, 360), (390, 844), (844, 390), (360, 640)], ids=str
)
async def test_stop_an_approval_and_the_conversation_are_usable_at_every_size(
    page: Page, width: int, height: int
) -> None:
    """1280x720 at 200 % (WCAG 1.4.4), phones upright and on their side; Stop in every view."""
    await page.set_viewport_size({"width": width, "height": height})
    await say(page, "Open the text editor")
    await _done(page)
    conversation = await page.locator(".conversation .list").bounding_box()
    assert conversation is not None
    assert conversation["height"] >= 120
    assert conversation["width"] >= 240
    await say(page, "list my files")
    for name in ("Allow", "Deny", "STOP", "Send"):
        button = page.get_by_role("button", name=name, exact=name != "STOP")
        await expect(button).to_be_in_viewport(ratio=1)
        await button.click(trial=True)
    beside = await page.locator(".conversation .list").bounding_box()
    assert beside is not None
    assert beside["height"] >= 60, "what led to the question stays in sight"
    word, about = page.locator(".badge .word"), page.locator(".notices")
    assert await word.evaluate(_RIGHT) <= await about.evaluate(
        "node => node.getBoundingClientRect().x"
    )
    await page.get_by_role("button", name="Deny").click()
    for view in ("Replay", "Settings"):
        await page.get_by_role("button", name=view, exact=True).click()
        await expect(page.get_by_role("button", name="STOP")).to_be_in_viewport(ratio=1)
    wide = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0


async def test_a_pasted_picture_goes_with_the_next_words(page: Page) -> None:
    """It is taken as a file, and nothing of it becomes text."""
    await page.get_by_label("Type what to do").focus()
    await page.evaluate("""() => {
      let node = document.activeElement
      while (node.shadowRoot?.activeElement) node = node.shadowRoot.activeElement
      const clipboardData = new DataTransfer()
      clipboardData.items.add(new File(["x"], "picture.png", {type: "image/png"}))
      const how = {clipboardData, bubbles: true, cancelable: true}
      node.dispatchEvent(new ClipboardEvent("paste", how))
    }""")
    attached = page.get_by_role("region", name="Attachments and uploads")
    await expect(attached).to_contain_text("picture.png")
    assert await page.get_by_label("Type what to do").input_value() == ""
