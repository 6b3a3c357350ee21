"""Replay: a session over its timeline, two side by side, exports, and the list of sessions."""

from __future__ import annotations

import re
import shutil
import zipfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from axe import faults
from chromium import alaunch, off_site
from pilot_page import arrive, say
from playwright.async_api import BrowserContext, Page, async_playwright, expect
from recorded import record
from replay_shop import Shop, open_shop
from served import mark

from agent.replay.bundle import export_recording
from dashboard.web.ownership import Card, Ownership

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with open_shop(tmp_path_factory.mktemp("data")) as shop:
        yield shop


@pytest.fixture
async def context(shop: Shop) -> AsyncIterator[BrowserContext]:
    """Anna's browser, which must never ask for anything off the server."""
    async with async_playwright() as playwright, alaunch(playwright) as context:
        strangers = off_site(context)
        context.set_default_timeout(20_000)
        await shop.sign(context)
        yield context
        assert strangers == []


async def opened(context: BrowserContext, shop: Shop, name: str = "list") -> Page:
    page = await context.new_page()
    await page.goto(shop.address(name))
    await expect(page.locator(".replay h1")).to_have_text(re.compile(f"The {name}"))
    await page.locator(".beside .row").first.wait_for()
    return page


async def test_a_step_shows_all_that_lies_behind_it(context: BrowserContext, shop: Shop) -> None:
    """Pictures before and after, call, result, request, answer, usage and latency.

    What could not be had is said, and can be had by another try.
    """
    page = await opened(context, shop)
    details = page.locator(".details")
    await page.route("**/steps/*", lambda route: route.abort())
    await page.get_by_role("option").filter(has_text="Click (300, 200)").first.click()
    await expect(details.get_by_role("alert")).to_contain_text("The server did not answer.")
    await page.unroute("**/steps/*")
    await details.get_by_role("button", name="Try again").click()
    await expect(details.locator("h2")).to_have_text("Click (300, 200)")
    headings = details.locator("h3")
    await expect(headings).to_have_text(
        ["Call", "Result: done", "Request", "Answer: tool use", "Usage", "Latency"]
    )
    shown = await details.inner_text()
    for part in ("[300, 200]", "write the list", "1 message, 1 picture", "$0.0100", "first output"):
        assert part in shown
    shots = details.locator(".shots img")
    await expect(shots).to_have_count(2)
    for n in range(2):
        assert await shots.nth(n).evaluate("i => i.decode().then(() => i.naturalWidth)") == 640
    await details.get_by_text("System prompt", exact=True).click()
    await expect(details.locator("pre.wrap")).to_contain_text("You")
    await expect(page.locator(".picture .mark")).to_be_visible()


async def test_keys_slider_and_play_move_through_the_session(
    context: BrowserContext, shop: Shop
) -> None:
    """→ and ← go from step to step, the slider anywhere, and playing reaches the end."""
    page = await opened(context, shop)
    chosen = page.locator(".beside .row[aria-selected=true]")
    slider = page.get_by_label("Time", exact=True)
    await slider.focus()
    await page.keyboard.press("ArrowRight")
    await expect(chosen).to_contain_text("write the list")
    await page.keyboard.press("ArrowRight")
    await expect(chosen).to_contain_text("Turn 1")
    await page.keyboard.press("ArrowLeft")
    await expect(chosen).to_contain_text("write the list")
    await expect(page.locator(".picture .caption").first).to_have_text("You: write the list")
    before = await page.locator(".fit img").get_attribute("src")
    await slider.evaluate("s => { s.value = s.max; s.dispatchEvent(new Event('input')) }")
    await expect(page.locator(".picture .caption").first).to_have_text("Sayso: It is done.")
    assert await page.locator(".fit img").get_attribute("src") != before
    await page.get_by_label("Speed").select_option("16")
    await slider.focus()
    await page.keyboard.press("Space")
    await expect(page.get_by_role("button", name="Pause", exact=True)).to_be_visible()
    await expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    assert await slider.evaluate("s => s.max - s.value < 0.01")


async def test_five_thousand_events_are_shown_at_once(context: BrowserContext, shop: Shop) -> None:
    """Only the rows in sight exist; the last step is as near as the first."""
    page = await opened(context, shop, "long")
    await expect(page.locator(".finder")).to_contain_text("steps")
    assert await page.locator(".beside .row").count() < 60
    await page.locator(".beside .rows").focus()
    await page.keyboard.press("End")
    last = page.locator(".beside .row[aria-selected=true]")
    await expect(last).to_be_visible()
    total = int(await last.get_attribute("aria-setsize") or 0)
    assert total > 1000
    assert await last.get_attribute("aria-posinset") == str(total)
    await expect(page.locator(".details h2")).not_to_be_empty()
    await page.get_by_label("Find a step").fill("do the part 200")
    await expect(page.locator(".beside .row")).to_have_count(1)


async def test_the_lanes_are_pointed_at_and_zoomed(context: BrowserContext, shop: Shop) -> None:
    """A press on a bar chooses its step; the wheel widens a stretch, a double click ends that."""
    page = await opened(context, shop)
    lanes = page.locator(".lanes")
    box = await lanes.bounding_box()
    assert box
    model = box["y"] + 2.5 * 21
    chosen = page.locator(".beside .row[aria-selected=true]")
    for x in range(80, int(box["width"]), 6):
        await page.mouse.click(box["x"] + x, model)
        if "Turn 1" in await chosen.inner_text() and await page.locator(".details h2").count():
            break
    await expect(page.locator(".details h2")).to_contain_text("Turn 1")
    await page.mouse.wheel(0, -900)
    await expect(lanes).to_have_attribute("title", "Double click shows the whole session")
    await lanes.dblclick()
    await expect(lanes).to_have_attribute("title", "")


async def test_two_sessions_part_where_they_first_differ(
    context: BrowserContext, shop: Shop
) -> None:
    page = await opened(context, shop)
    await page.get_by_label("Compare with").select_option(f"session/{shop.ids['other']}")
    await expect(page.locator(".verdict")).to_have_text(
        "Step 2 differs. A: Click (300, 200). B: Click (40, 40)."
    )
    first = page.locator(".pair.first")
    await expect(first).to_have_attribute("aria-selected", "true")
    await expect(first).to_contain_text("Click (40, 40)")
    assert await page.locator(".pair.same").count() >= 3
    for letter in "AB":
        picture = page.locator(f".side-{letter} img")
        assert await picture.evaluate("i => i.decode().then(() => i.naturalWidth)") == 640
    await page.locator(".compare .rows").focus()
    await page.keyboard.press("ArrowDown")
    await expect(page.locator(".side-A .caption")).to_contain_text("Type “write the list”")
    await page.get_by_role("button", name="Back to one").click()
    await expect(page.locator(".transport")).to_be_visible()


async def test_a_running_session_is_followed_when_asked(
    context: BrowserContext, shop: Shop
) -> None:
    """What came after it was opened is offered, and shown on demand."""
    talk = await arrive(await context.new_page(), f"{shop.served.url}?session=new")
    page = await context.new_page()
    await page.goto(f"{talk.url}&view=replay")
    await expect(page.locator(".beside .row")).to_have_count(1)
    await say(talk, "Open the text editor")
    await page.get_by_role("button", name="newer events").click()
    await expect(page.locator(".beside .row", has_text="Type “hello world”")).to_be_visible()
    await expect(page.locator(".replay h1")).to_have_text("Open the text editor")


async def test_one_comes_back_to_what_was_shown(context: BrowserContext, shop: Shop) -> None:
    """After a look at Talk, the same session is there again."""
    page = await opened(context, shop, "other")
    await page.locator(".rail .item[data-key=talk]").click()
    await expect(page.locator(".replay")).to_have_count(0)
    await page.locator(".rail .item[data-key=replay]").click()
    await expect(page.locator(".replay h1")).to_have_text("The other")


async def test_a_trial_of_an_experiment_is_replayed(context: BrowserContext, shop: Shop) -> None:
    """By its folder's name and its own, as the Lab leads to it."""
    trial = shop.experiments / "words-0123456789" / "trials" / "b--write-list--000"
    shutil.copytree(shop.data / "sessions" / shop.ids["list"], trial / "session")
    page = await context.new_page()
    address = f"{shop.served.url}?view=replay&replay=trial/words-0123456789/b--write-list--000"
    await page.goto(address)
    await expect(page.locator(".replay h1")).to_have_text("b · write-list · 000")
    await page.get_by_role("option").filter(has_text="Click").first.click()
    await expect(page.locator(".details h3").last).to_have_text("Latency")
    picture = page.locator(".fit img")
    assert await picture.evaluate("i => i.decode().then(() => i.naturalWidth)") == 640


async def test_a_link_leads_to_the_moment(context: BrowserContext, shop: Shop) -> None:
    """Copied at a step and opened elsewhere: the same session, time and step, nothing else."""
    await context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = await opened(context, shop)
    await page.get_by_role("option").filter(has_text="Click (300, 200)").first.click()
    slider = page.get_by_label("Time", exact=True)
    time = float(await slider.input_value())
    assert time > 0
    await page.get_by_role("button", name="Copy link").click()
    await expect(page.get_by_role("button", name="Copied")).to_be_visible()
    link = await page.evaluate("navigator.clipboard.readText()")
    assert set(parse_qs(urlsplit(link).query)) == {"view", "replay", "at"}
    await expect(page).to_have_url(re.compile(r"[?&]at=[\d.]+"))
    other = await context.new_page()
    await other.goto(link)
    await expect(other.locator(".details h2")).to_have_text("Click (300, 200)")
    assert abs(float(await other.get_by_label("Time", exact=True).input_value()) - time) < 0.01
    await other.reload()
    await expect(other.locator(".details h2")).to_have_text("Click (300, 200)")


@pytest.mark.parametrize(
    ("moment", "end"), [("NaN", False), ("-5", False), ("soon", False), ("1e400", True)]
)
async def test_a_moment_outside_the_session_is_its_edge(
    context: BrowserContext, shop: Shop, moment: str, end: bool
) -> None:
    """A link that was typed by hand, or is of a session that was longer once."""
    page = await context.new_page()
    await page.goto(f"{shop.address('list')}&at={moment}")
    await page.locator(".beside .row").first.wait_for()
    slider = page.get_by_label("Time", exact=True)
    share = await slider.evaluate("s => s.value / s.max")
    assert share == pytest.approx(1 if end else 0)


async def test_a_link_is_shown_where_it_cannot_be_copied(
    context: BrowserContext, shop: Shop
) -> None:
    """A browser that refuses the clipboard: nothing is said to be copied."""
    page = await context.new_page()
    await page.add_init_script(
        "navigator.clipboard.writeText = () => Promise.reject(new Error('no'))"
    )
    await page.goto(shop.address("list"))
    await page.locator(".beside .row").first.wait_for()
    await page.get_by_role("button", name="Copy link").click()
    link = page.get_by_role("alert").get_by_role("link")
    await expect(link).to_have_attribute("href", re.compile("view=replay"))


async def test_exports_gather_in_one_place(context: BrowserContext, shop: Shop) -> None:
    """The player stays where it is; a page loaded anew still has them, until they are removed."""
    home = shop.data / "sessions" / shop.ids["list"] / "home"
    home.mkdir(exist_ok=True)
    (home / "link").symlink_to("/etc/passwd")
    page = await opened(context, shop)
    before = await page.locator(".picture").bounding_box()
    for label in ("Folder (.zip)", "GIF"):
        await page.locator("summary", has_text="Export").click()
        async with page.expect_download():
            await page.get_by_role("button", name=label).click()
    gathered = page.locator("summary", has_text="Downloads (")
    assert await page.locator(".picture").bounding_box() == before
    note = page.locator(".job .note")
    await expect(note).to_contain_text("Not in it: link: a link")
    await page.reload()
    await gathered.click()
    await expect(note).to_be_visible()
    await expect(page.locator(".job a")).to_contain_text(["The-list.gif", "The-list.zip"])
    await page.set_viewport_size({"width": 390, "height": 844})
    jobs = await page.locator(".jobs").bounding_box()
    assert jobs is not None
    assert jobs["x"] >= 0, "nothing of it is out of sight on a phone"
    assert jobs["x"] + jobs["width"] <= 390
    link = await page.locator(".job a").first.get_attribute("href")
    count = await page.locator(".job").count()
    await page.get_by_role("button", name="Remove The-list.gif").first.click()
    await expect(page.locator(".job")).to_have_count(count - 1)
    root = shop.served.url.rsplit("/", 1)[0]
    answer = await context.request.get(f"{root}/{link}")
    assert answer.status == 404


async def test_exports_are_fetched_by_who_asked_and_nobody_else(
    context: BrowserContext, shop: Shop
) -> None:
    """A zip with everything and a GIF come down; another browser finds nothing there."""
    page = await opened(context, shop)
    await page.locator("summary", has_text="Export").click()
    async with page.expect_download() as coming:
        await page.get_by_role("button", name="Folder (.zip)").click()
    download = await coming.value
    assert download.suggested_filename == "The-list.zip"
    with zipfile.ZipFile(await download.path()) as packed:
        names = {Path(name).name for name in packed.namelist()}
    assert {"session.json", "events.jsonl", "prompt.md"} <= names
    link = await page.locator(".job a").first.get_attribute("href")
    assert link
    root = shop.served.url.rsplit("/", 1)[0]
    assert (await context.request.get(f"{root}/{link}")).status == 200
    await context.clear_cookies()
    assert (await context.request.get(f"{root}/{link}")).status == 403
    await shop.sign(context, "ben")
    assert (await context.request.get(f"{root}/{link}")).status == 404


@pytest.mark.parametrize(
    ("button", "begins"), [("GIF", b"GIF89a"), ("MP4", b"\0\0\0"), ("Notebook", b"PK")]
)
async def test_films_and_notebooks_come_down(
    context: BrowserContext, shop: Shop, button: str, begins: bytes
) -> None:
    page = await opened(context, shop)
    await page.locator("summary", has_text="Export").click()
    async with page.expect_download() as coming:
        await page.get_by_role("button", name=button).click()
    path = await (await coming.value).path()
    assert Path(path).read_bytes().startswith(begins)


async def test_an_export_that_cannot_be_made_says_what_to_do(
    context: BrowserContext, shop: Shop
) -> None:
    page = await opened(context, shop, "long")
    await page.locator("summary", has_text="Export").click()
    await page.get_by_role("button", name="GIF").click()
    await expect(page.locator(".job.failed")).to_contain_text("Export it as MP4")
    await page.get_by_role("button", name="Dismiss").click()
    await expect(page.locator(".job.failed")).to_have_count(0)


async def test_sessions_are_renamed_and_deleted_in_the_list(
    context: BrowserContext, shop: Shop
) -> None:
    """The new name stays after a reload; what is deleted, after a question, is gone for good.

    The question says how many of the person's files go with it.
    """
    page = await opened(context, shop)
    row = page.locator(".shelf li", has_text="The spare")
    await row.locator("summary").click()
    await row.get_by_role("button", name="Rename").click()
    await page.get_by_label("New name of The spare").fill("Old things")
    await page.keyboard.press("Enter")
    row = page.locator(".shelf li", has_text="Old things")
    await expect(row).to_be_visible()
    await page.reload()
    await expect(row).to_be_visible()
    folder = shop.data / "sessions" / shop.ids["spare"]
    (folder / "home").mkdir(exist_ok=True)
    (folder / "home" / "letter.txt").write_text("x" * 2000)
    for answer, left in (("Keep", True), ("Delete", False)):
        await row.locator("summary").click()
        await row.get_by_role("button", name="Delete…").click()
        ask = page.get_by_role("alertdialog")
        await expect(ask).to_contain_text("Delete “Old things” for good, with")
        await expect(ask).to_contain_text("with 1 file of yours (2.0 kB)")
        await ask.get_by_role("button", name=answer).click()
        await expect(row).to_have_count(int(left))
        assert folder.exists() == left


async def test_the_headers_menu_renames_and_deletes_too(
    context: BrowserContext, shop: Shop
) -> None:
    """Also the session that the page shows, which then leads to another one."""
    page = await context.new_page()
    await page.goto(f"{shop.served.url}?session=new")
    mouse = page.get_by_role("button", name="Take the mouse")
    await mouse.and_(page.locator(":enabled")).wait_for()
    here = re.search(r"session=([\w-]+)", page.url)
    assert here
    await page.locator(".bar .sessions > summary").click()
    await page.get_by_role("button", name="More for New session").first.click()
    await page.get_by_role("button", name="Rename").click()
    await page.get_by_label("New name").fill("Trial run")
    await page.keyboard.press("Enter")
    await expect(page.locator(".bar .sessions .name")).to_have_text("Trial run")
    await page.get_by_role("button", name="More for Trial run").click()
    await page.get_by_role("button", name="Delete…").click()
    await expect(page.locator(".bar .below")).to_contain_text("ended first")
    await page.get_by_role("button", name="Delete", exact=True).click()
    await page.wait_for_url(lambda url: here[1] not in url)
    assert not (shop.data / "sessions" / here[1]).exists()


async def test_the_header_leads_to_the_replay(context: BrowserContext, shop: Shop) -> None:
    page = await context.new_page()
    await page.goto(shop.served.url)
    await page.locator(".bar .sessions > summary").click()
    await page.get_by_role("button", name="More for The other").click()
    await page.get_by_role("button", name="Replay and export").click()
    await expect(page.locator(".replay h1")).to_have_text("The other")


async def test_an_exported_session_comes_in_again(
    context: BrowserContext, shop: Shop, tmp_path: Path
) -> None:
    """By its zip; what is no export is refused with a sentence."""
    page = await opened(context, shop)
    source = shop.data / "sessions" / shop.ids["list"]
    packed = export_recording(source, tmp_path / "a.zip", "folder")
    await page.locator(".tools input[type=file]").set_input_files(packed)
    await expect(page.locator(".replay h1")).to_have_text("Imported session")
    await page.locator(".beside .row").first.wait_for()
    (tmp_path / "b.zip").write_bytes(b"nothing")
    await page.locator(".tools input[type=file]").set_input_files(tmp_path / "b.zip")
    await expect(page.locator(".replay .told").last).to_contain_text("could not be imported")


async def test_a_strangers_page_does_not_show_it(shop: Shop) -> None:
    """With the address of Anna's replay, Ben sees that there is no such session."""
    async with async_playwright() as playwright, alaunch(playwright) as context:
        await shop.sign(context, "ben")
        page = await context.new_page()
        await page.goto(shop.address("list"))
        await expect(page.locator(".stage .empty h2").last).to_have_text(
            "This session cannot be shown"
        )
        await expect(page.locator(".stage .empty").last).to_contain_text("somebody else's")
        assert await page.locator(".shelf li", has_text="The list").count() == 0


async def test_hostile_words_are_words(context: BrowserContext, shop: Shop) -> None:
    """What was said and typed in a session is never markup, in no part of the view."""
    evil = "<img src=x onerror=\"document.title='pwned'\">"
    session_id = await record(shop.data, evil)
    Ownership(shop.data).put(session_id, Card(owner=mark("anna"), person="anna", name=evil[:40]))
    page = await context.new_page()
    await page.goto(f"{shop.served.url}?view=replay&replay=session/{session_id}")
    await page.get_by_role("option").filter(has_text="Type").click()
    await expect(page.locator(".details h2")).to_contain_text("<img src=x")
    await expect(page.locator(".details h3").last).to_have_text("Latency")
    assert await page.locator("img[src=x]").count() == 0
    assert "pwned" not in await page.title()


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_no_serious_fault_in_any_of_its_states(
    context: BrowserContext, shop: Shop, theme: str
) -> None:
    """One session with a step open, two side by side, menus, a question, and on a phone."""
    page = await opened(context, shop)
    await page.evaluate("theme => localStorage.setItem('sayso-theme', theme)", theme)
    await page.reload()
    await page.get_by_role("option").filter(has_text="Click (300, 200)").first.click()
    await expect(page.locator(".details h3").last).to_have_text("Latency")
    found = [f"one: {fault}" for fault in await faults(page)]
    await page.locator("summary", has_text="Export").click()
    found += [f"export: {fault}" for fault in await faults(page)]
    await page.keyboard.press("Escape")
    row = page.locator(".shelf li", has_text="The other")
    await row.locator("summary").click()
    await row.get_by_role("button", name="Delete…").click()
    found += [f"question: {fault}" for fault in await faults(page)]
    await page.get_by_role("button", name="Keep").click()
    await page.get_by_label("Compare with").select_option(f"session/{shop.ids['other']}")
    await expect(page.locator(".pair.first")).to_be_visible()
    found += [f"two: {fault}" for fault in await faults(page)]
    await page.get_by_role("button", name="Back to one").click()
    await page.set_viewport_size({"width": 390, "height": 844})
    found += [f"phone: {fault}" for fault in await faults(page)]
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
    assert not found, "\n".join(found)
