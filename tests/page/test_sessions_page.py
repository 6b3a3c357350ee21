"""Sessions on the page: the list, an ended one, none at the address, too many, whose they are."""

from __future__ import annotations

import contextlib
import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from axe import faults
from chromium import acontext
from pilot_page import PILOT, arrive, say
from playwright.async_api import Browser, BrowserContext, Error, Page, expect
from served import Served, serve

from agent.record.journal import session_folder

pytestmark = pytest.mark.browser


def id_of(page: Page) -> str:
    """The session that the page's address names."""
    found = re.search(r"session=([\w.-]+)", page.url)
    assert found, page.url
    return found[1]


async def missing(page: Page) -> None:
    """The page says that there is no such session."""
    heading = page.get_by_role("heading", name="There is no session of yours at this address")
    await expect(heading).to_be_visible()


async def done(page: Page, text: str) -> str:
    """Have a task done in the page's session; returns the session's id."""
    await say(page, text)
    await expect(page.locator(".outcome")).to_be_visible()
    return id_of(page)


async def test_an_ended_session_shows_what_it_was_and_offers_what_can_be_done(
    page: Page, pilot: Served, context: BrowserContext, pilot_data: Path
) -> None:
    """Every page of it goes there; Export, Replay, Resume and Delete do what they say."""
    session_id = await done(page, "repeat remember me")
    second = await arrive(await context.new_page(), page.url)
    await page.locator(".sessions summary").click()
    await page.get_by_role("button", name="End session repeat remember me").click()
    for one in (page, second):
        await expect(one.get_by_role("heading", name="repeat remember me")).to_be_visible()
        await expect(one.get_by_text("You ended it.")).to_be_visible()
        assert id_of(one) == session_id
    await second.close()
    await expect(page.get_by_text(re.compile(r"\d kB on disk"))).to_be_visible()
    await expect(page.locator(".tasks .asked")).to_have_text("repeat remember me")
    assert await faults(page) == []
    home = pilot_data / "sessions" / session_id / "home"
    home.mkdir(exist_ok=True)
    (home / "link").symlink_to("/etc/passwd")
    await page.get_by_role("button", name="Export…").click()
    await page.get_by_role("button", name="Folder (zip)").click()
    await expect(page.get_by_text("Not in it: link: a link")).to_be_visible()
    async with page.expect_download() as download:
        await page.get_by_role("link", name=re.compile("Save .*zip")).click()
    assert (await (await download.value).path()).read_bytes()[:2] == b"PK"
    await page.get_by_role("button", name="Replay", exact=True).click()
    await expect(page.locator(".room").get_by_text("remember me", exact=True).first).to_be_visible()
    await expect(page.get_by_text("Choose a session")).to_be_hidden()
    await page.get_by_role("button", name="Replay", exact=True).click()
    await page.get_by_role("button", name="Resume", exact=True).click()
    await expect(page.locator(".said").first).to_have_text("remember me")
    await expect(page.locator(".badge .word")).to_have_text("Ready")
    assert id_of(page) == session_id
    await page.locator(".sessions summary").click()
    await page.get_by_role("button", name="More for repeat remember me").click()
    await page.get_by_role("button", name="Delete…").click()
    await expect(page.get_by_text("It holds no files of yours")).to_be_visible()
    await expect(page.get_by_text("It is running and will be ended first.")).to_be_visible()
    await page.get_by_role("button", name="Keep", exact=True).click()
    await page.get_by_role("button", name="More for repeat remember me").click()
    await page.get_by_role("button", name="Delete…").click()
    await page.get_by_role("button", name="Delete", exact=True).click()
    await expect(page.get_by_role("heading", name="Your sessions")).to_be_visible()
    await page.goto(f"{pilot.url}?session={session_id}")
    await missing(page)


async def test_a_link_to_no_session_and_to_anothers_read_alike_and_open_nothing(
    page: Page, pilot: Served, pilot_browser: Browser
) -> None:
    """Not even whether there is one can be told."""
    session_id = await done(page, "repeat this is mine")
    other = await acontext(pilot_browser)
    try:
        stranger = await other.new_page()
        told = []
        for wanted in (session_id, "20260101-000000-none", "..%2F..%2Fetc"):
            await stranger.goto(f"{pilot.url}?session={wanted}")
            await expect(
                stranger.get_by_role("heading", name="There is no session")
            ).to_be_visible()
            await expect(stranger.get_by_text("There are no sessions yet.")).to_be_visible()
            told.append(await stranger.locator("main.lobby").inner_text())
            assert "mine" not in await stranger.content()
        assert len(set(told)) == 1
        assert await faults(stranger) == []
    finally:
        await other.close()


async def test_a_file_goes_with_its_session_only_after_its_number_was_read(
    page: Page, pilot: Served, pilot_data: Path
) -> None:
    session_id = await done(page, "repeat keep my files")
    home = session_folder(pilot_data, session_id) / "home"
    (home / "letters").mkdir(parents=True)
    (home / "letters" / "one.txt").write_text("x" * 2000)
    (home / "two.txt").write_text("y" * 1000)
    await page.goto(f"{pilot.url}?view=sessions")
    row = page.locator(".row").filter(has_text="repeat keep my files")
    await expect(row.locator(".takes")).to_contain_text("2 files")
    await row.get_by_role("button", name="More for").click()
    await row.get_by_role("button", name="Delete…").click()
    await expect(row.get_by_text("with 2 files of yours (3.0 kB)")).to_be_visible()
    await expect(row.get_by_role("button", name="Keep", exact=True)).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(row.get_by_text("2 files of yours")).to_have_count(0)
    assert (home / "two.txt").exists()
    await row.get_by_role("button", name="End session").click()
    await expect(row.locator(".state")).to_have_text("Ended")
    await row.get_by_role("link").click()
    delete = page.get_by_role("button", name="Delete…")
    await delete.click()
    await expect(page.get_by_text("with 2 files of yours (3.0 kB)")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_text("2 files of yours")).to_have_count(0)
    await expect(delete).to_be_focused()
    await page.get_by_role("button", name="Files", exact=True).click()
    await expect(page.locator(".room").get_by_text("two.txt").first).to_be_visible()
    for name in ("Upload", "Upload folder"):
        button = page.get_by_role("button", name=name, exact=True)
        await expect(button).to_be_disabled()
        await expect(button).to_have_attribute("title", re.compile("^Resume the session"))
    await page.get_by_role("button", name="Resume", exact=True).click()
    await expect(page.locator(".conversation")).to_contain_text("The desktop was restarted.")
    assert (home / "two.txt").read_text() == "y" * 1000


async def test_many_sessions_are_searched_and_sorted(page: Page, pilot: Served) -> None:
    """The list is a page of its own; Rename is done from the keyboard."""
    await done(page, "repeat alpha")
    for name in [f"number {n}" for n in range(8)]:
        await arrive(page, f"{pilot.url}?session=new")
        await done(page, f"repeat {name}")
    await page.goto(f"{pilot.url}?view=sessions")
    rows = page.locator(".row")
    await expect(rows.filter(has_text="alpha")).to_be_visible()
    used = rows.filter(has_text="alpha").locator("time")
    await expect(used).to_have_attribute("datetime", re.compile(r"^20\d\d-\d\d-\d\dT"))
    await page.get_by_label("Search the sessions").fill("ALPHA")
    await expect(rows).to_have_count(1)
    await rows.get_by_role("button", name="More for").press("Enter")
    await page.get_by_role("button", name="Rename").press("Enter")
    await page.get_by_label("New name").fill("never")
    await page.get_by_role("button", name="Cancel", exact=True).click()
    await expect(page.get_by_label("New name")).to_have_count(0)
    await expect(rows.locator(".title")).to_have_text("repeat alpha")
    await rows.get_by_role("button", name="More for").press("Enter")
    await page.get_by_role("button", name="Rename").press("Enter")
    await page.get_by_label("New name").fill("aardvark alpha")
    await page.keyboard.press("Enter")
    await expect(rows.locator(".title")).to_have_text("aardvark alpha")
    await page.get_by_label("Search the sessions").fill("")
    await page.get_by_label("Sort by").select_option("name")
    await expect(rows.first.locator(".title")).to_have_text("aardvark alpha")
    assert await faults(page) == []


async def test_a_damaged_session_says_what_is_lost_and_a_newer_one_is_only_read(
    page: Page, pilot: Served, pilot_data: Path
) -> None:
    session_id = await done(page, "repeat the rest")
    await page.locator(".sessions summary").click()
    await page.get_by_role("button", name="End session repeat the rest").click()
    await expect(page.get_by_text("You ended it.")).to_be_visible()
    path = session_folder(pilot_data, session_id) / "events.db"
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE events SET event = 'rubbish' WHERE seq = 2")
    await page.reload()
    await expect(page.locator(".trouble")).to_contain_text("could not be read: row 2.")
    await page.get_by_role("button", name="Resume", exact=True).click()
    await expect(page.locator(".conversation")).to_contain_text("could not be read: row 2.")
    await page.locator(".sessions summary").click()
    await page.get_by_role("button", name="End session repeat the rest").click()
    await expect(page.get_by_text("You ended it.")).to_be_visible()
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("PRAGMA user_version = 99")
    await page.get_by_role("button", name="Resume", exact=True).click()
    await expect(page.get_by_role("heading", name="cannot open the session")).to_be_visible()
    await expect(page.get_by_text("written by a newer version")).to_be_visible()
    await expect(page.get_by_role("button", name="Export…")).to_be_visible()


async def test_a_full_server_lists_what_is_mine_to_end(
    pilot_browser: Browser, tmp_path: Path
) -> None:
    """From that very page; an idle session that nobody looks at makes room by itself."""
    with serve(PILOT, tmp_path, env={"SAYSO_MAX_SESSIONS": "2"}, people=True) as served:
        mine, other = await acontext(pilot_browser), await acontext(pilot_browser)
        first = await arrive(await mine.new_page(), served.url)
        await done(first, "repeat the first")
        second = await arrive(await other.new_page(), served.url)
        third = await mine.new_page()
        await third.goto(f"{served.url}?session=new")
        await expect(third.get_by_role("heading", name="No more sessions")).to_be_visible()
        await expect(third.locator(".row")).to_have_count(1)
        assert await faults(third) == []
        await third.get_by_role("button", name="End session repeat the first").click()
        await expect(first.get_by_text("You ended it.")).to_be_visible()
        await third.get_by_role("link", name="Try again").click()
        await arrive(third, third.url)
        await done(third, "repeat the third")
        kept = third.url
        await third.goto(f"{served.url}?view=sessions")
        await expect(third.get_by_role("heading", name="Your sessions")).to_be_visible()
        fourth = await other.new_page()
        await fourth.goto(f"{served.url}?session=new")
        again = fourth.get_by_role("link", name="Try again")
        usable = fourth.get_by_role("button", name="Take the mouse").and_(
            fourth.locator(":enabled")
        )
        await expect(usable.or_(again)).to_be_visible(timeout=60_000)
        while await again.is_visible():  # the server has not noticed yet that the page was left
            await again.click()
            await expect(usable.or_(again)).to_be_visible(timeout=60_000)
        await third.goto(kept)
        await expect(third.get_by_text("It made room for another session")).to_be_visible()
        await second.close()
        await mine.close()
        await other.close()


async def sign_in(page: Page, url: str, name: str) -> None:
    """Fill in the login's form."""
    await page.goto(url)
    await page.locator("input[name=username]").fill(name)
    await page.locator("input[name=password]").fill("secret")
    await page.locator("input[name=password]").press("Enter")


async def test_with_a_login_sessions_belong_to_the_person(
    pilot_browser: Browser, tmp_path: Path
) -> None:
    """In a second browser and without cookies they are there; another name does not see them."""
    users = tmp_path / "users.json"
    users.write_text(json.dumps({"anna": "secret", "ben": "secret"}))
    more = ("--basic-auth", str(users), "--cookie-secret", "a test's secret")
    with serve(PILOT, tmp_path / "data") as served:  # before there was a login
        early = await acontext(pilot_browser, person=None)
        page = await arrive(await early.new_page(), served.url)
        before = await done(page, "repeat before the login")
    with serve(PILOT, tmp_path / "data", *more) as served:
        page = await early.new_page()
        await sign_in(page, served.url, "anna")
        await arrive(page, served.url)
        mine = await done(page, "repeat I am Anna")
        await page.goto(f"{served.url}?session={before}")
        await missing(page)
        for name, sees in (("anna", True), ("ben", False)):
            context = await acontext(pilot_browser, person=None)
            page = await context.new_page()
            await sign_in(page, served.url, name)
            await page.goto(f"{served.url}?session={mine}")
            if sees:
                await expect(page.locator(".said").first).to_have_text("I am Anna")
                await page.goto(f"{served.url}?view=sessions")
                await expect(page.get_by_text("Signed in as anna")).to_be_visible()
                await expect(page.locator(".row .owner")).to_have_text("anna")
            else:
                await expect(
                    page.get_by_role("heading", name="There is no session")
                ).to_be_visible()
            await context.close()
        await signs_out(page_of=early, url=served.url)
        await early.close()


async def signs_out(page_of: BrowserContext, url: str) -> None:
    """From the menu; then no page of that browser is let in before somebody signs in again."""
    page, other = await page_of.new_page(), await page_of.new_page()
    for each in (page, other):
        await arrive(each, url)
    await page.locator(".sessions summary").click()
    await page.get_by_role("link", name="Sign out").click()
    await expect(page.get_by_text("logged out")).to_be_visible()
    with contextlib.suppress(Error):  # it may be on its way there by itself
        await other.reload()
    await expect(other.locator("input[name=password]")).to_be_visible()
