"""Files on the page when names, other pages or the disk are not as one would wish."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from pilot_files import begin_upload
from pilot_page import PILOT, arrive, say
from playwright.async_api import BrowserContext, Page, expect
from proxy import Proxy
from served import Served, serve

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def pilot(pilot_data: Path) -> Iterator[Served]:
    """The pilot with homes of 40 MB."""
    with serve(PILOT, pilot_data, env={"SAYSO_HOME_BYTES": "40000000"}, people=True) as served:
        yield served


def home_of(page: Page, data: Path) -> Path:
    """The home of the page's session."""
    return data / "sessions" / page.url.split("session=")[1].split("&")[0] / "home"


async def show(page: Page) -> None:
    await page.get_by_role("button", name="Files", exact=True).click()
    await expect(page.get_by_role("region", name="Files of this session")).to_be_visible()


async def holds(home: Path, *names: str) -> None:
    """The home has these and nothing half, once the server has noticed what broke off."""
    async with asyncio.timeout(60):
        while sorted(path.name for path in home.iterdir()) != sorted(names):
            await asyncio.sleep(0.05)


async def put(page: Page, name: str, content: bytes) -> None:
    panel = page.get_by_role("region", name="Files of this session")
    file = [{"name": name, "mimeType": "x/y", "buffer": content}]
    await panel.locator("input[type=file]").set_input_files(file)


async def test_hostile_names_are_seen_and_come_down_whole(page: Page, pilot_data: Path) -> None:
    """Latin-1, a newline, a leading dash, and as many letters as a disk holds."""
    home = home_of(page, pilot_data)
    names = {
        b"caf\xe9.txt": r"caf\xe9.txt",
        b"two\nlines.txt": r"two\nlines.txt",
        b"-rf": "-rf",
        b"n" * 251 + b".txt": "n" * 251,
    }
    for number, name in enumerate(names):
        (home / name.decode("utf-8", "surrogateescape")).write_bytes(b"%d" % number)
    await show(page)
    button = page.get_by_role("button", name="Download")
    for number, seen in enumerate(names.values()):
        row = page.get_by_role("treeitem").filter(has_text=seen)
        await row.click()
        async with page.expect_download() as waiting:
            await button.click()
        assert (await (await waiting.value).path()).read_bytes() == b"%d" % number
        await row.click()
    box = await page.get_by_role("treeitem").filter(has_text="n" * 251).bounding_box()
    assert box is not None
    assert box["x"] + box["width"] <= 1280


async def test_two_tabs_bring_a_file_of_one_name_and_both_are_kept(
    page: Page, context: BrowserContext, pilot_data: Path
) -> None:
    home = home_of(page, pilot_data)
    other = await arrive(await context.new_page(), page.url)
    await asyncio.gather(show(page), show(other))
    await asyncio.gather(put(page, "same.txt", b"one"), put(other, "same.txt", b"other"))
    for each in (page, other):
        await expect(each.get_by_role("treeitem")).to_have_count(2)
        await expect(each.get_by_role("treeitem", name="same (2).txt")).to_be_visible()
    assert {path.read_bytes() for path in home.glob("same*.txt")} == {b"one", b"other"}


async def test_of_two_pages_that_put_back_at_once_one_does_and_the_other_is_told(
    page: Page, context: BrowserContext, pilot_data: Path
) -> None:
    home = home_of(page, pilot_data)
    (home / "notes.txt").write_text("mine")
    await say(page, "save notes.txt report.txt")
    await expect(page.locator(".outcome")).to_contain_text("Done")
    other = await arrive(await context.new_page(), page.url)
    for each in (page, other):
        await each.get_by_role("button", name="Put the files back…").click()
        await expect(each.get_by_role("button", name="Put 2 items back")).to_be_enabled()
    await asyncio.gather(
        *(each.get_by_role("button", name="Put 2 items back").click() for each in (page, other))
    )
    dialogs = [each.locator(".put-back-dialog") for each in (page, other)]
    for each in (page, other):
        await expect(each.locator(".item.back")).to_have_count(1)
    told = 0
    for dialog in dialogs:
        if await dialog.is_visible():
            told += 1
            await expect(dialog.get_by_role("alert")).not_to_be_empty()
    assert told == 1
    assert (home / "notes.txt").read_text() == "mine"
    assert not (home / "report.txt").exists()


async def test_an_upload_that_breaks_off_or_finds_the_home_full_leaves_nothing_half(
    page: Page, pilot: Served, pilot_data: Path, tmp_path: Path
) -> None:
    """The line is cut, then silent; then something else fills the home. What was there stays.

    What stood still in the silence is sent again by itself, and comes in once.
    """
    home = home_of(page, pilot_data)
    large = tmp_path / "large.bin"
    large.write_bytes(bytes(30_000_000))
    small = tmp_path / "small.bin"
    small.write_bytes(bytes(8_000_000))
    (home / "mine.txt").write_text("mine")
    panel = page.get_by_role("region", name="Files of this session")
    upload, failed = panel.locator("input[type=file]"), page.locator(".chip.failed .note")
    async with Proxy(pilot.port) as proxy:
        await arrive(page, proxy.url(page.url))
        await show(page)
        await begin_upload(proxy, upload, large, home)
        await proxy.cut()
        await expect(failed).to_contain_text("The connection was lost; nothing was kept.")
        await proxy.heal()
        await page.get_by_role("button", name="Close the message about large.bin").click()
        await holds(home, "mine.txt")
        await begin_upload(proxy, upload, small, home)
        proxy.silence()
        proxy.delay = 0.0
        await expect(page.locator(".chip .note")).to_contain_text("Nothing is getting through")
        await expect(page.get_by_role("button", name="Send small.bin again")).to_be_visible()
        await proxy.heal()
        await expect(page.get_by_role("treeitem", name="small.bin")).to_be_visible()
        await expect(page.locator(".chip")).to_have_count(0)
        await holds(home, "mine.txt", "small.bin")
        assert (home / "small.bin").stat().st_size == 8_000_000
        await begin_upload(proxy, upload, large, home)
        (home / "other.bin").write_bytes(bytes(30_000_000))
        await expect(failed).to_contain_text("The home may hold 40 MB, of which 0 bytes are left")
        await holds(home, "mine.txt", "other.bin", "small.bin")


async def test_a_home_that_is_deleted_from_outside_is_told_wherever_it_is_needed(
    page: Page, pilot_data: Path
) -> None:
    """Tree, upload and put back say so; nothing is made in its place."""
    home = home_of(page, pilot_data)
    await say(page, "save report.txt")
    await expect(page.locator(".outcome")).to_contain_text("Done")
    await show(page)
    await expect(page.get_by_role("treeitem", name="report.txt")).to_be_visible()
    shutil.rmtree(home)
    panel = page.get_by_role("region", name="Files of this session")
    await expect(panel.get_by_role("alert").first).to_contain_text("home")
    await put(page, "more.txt", b"more")
    await expect(page.locator(".chip.failed .note")).to_contain_text("home")
    await page.get_by_role("button", name="Close the files").click()
    await page.get_by_role("button", name="Put the files back…").click()
    dialog = page.get_by_role("dialog", name="Put the files back")
    await expect(dialog.get_by_role("alert")).to_contain_text("home")
    assert not home.exists()
