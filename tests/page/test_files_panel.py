"""Files on the page: seen as they come, downloaded, put in by button, drop and paste."""

from __future__ import annotations

import asyncio
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from axe import faults
from pdfs import pdf
from pilot_files import bring, picture
from pilot_page import say
from playwright.async_api import Download, Locator, Page, Route, expect
from served import Served

from agent.record.events import FilesArrived, UserMessage
from agent.replay import load_recording

pytestmark = pytest.mark.browser


async def show(page: Page) -> Locator:
    """Open the panel; returns it."""
    await page.get_by_role("button", name="Files", exact=True).click()
    panel = page.get_by_role("region", name="Files of this session")
    await expect(panel).to_be_visible()
    return panel


def row(page: Page, name: str) -> Locator:
    return page.get_by_role("treeitem", name=name)


@pytest.fixture
def session(page: Page, pilot: Served) -> Path:
    """The folder of the page's session."""
    command = pilot.process.args
    assert isinstance(command, list)
    session_id = page.url.split("session=")[-1].split("&")[0] if "session=" in page.url else ""
    folder = Path(_data(pilot)) / "sessions"
    found = [folder / session_id] if session_id else sorted(folder.iterdir(), key=_made)[-1:]
    return found[0]


async def late(route: Route) -> None:
    await asyncio.sleep(0.4)
    await route.continue_()


def _made(path: Path) -> float:
    return path.stat().st_ctime


def _data(pilot: Served) -> str:
    environment = Path(f"/proc/{pilot.process.pid}/environ").read_bytes().split(b"\0")
    return next(e.split(b"=", 1)[1].decode() for e in environment if e.startswith(b"SAYSO_DATA"))


async def saved(page: Page, act: Callable[[], object]) -> tuple[Download, bytes]:
    """What the browser saved."""
    async with page.expect_download() as waiting:
        await act()  # type: ignore[misc]
    download = await waiting.value
    return download, (await download.path()).read_bytes()


async def test_files_are_seen_as_they_come_and_what_is_new_is_marked(page: Page, session: Path):
    """Without a reload, and while nothing else tells the page."""
    home = session / "home"
    (home / "old.txt").write_text("before")
    panel = await show(page)
    await expect(row(page, "old.txt")).to_be_visible()
    await expect(panel.locator(".new")).to_have_count(0)
    await say(page, "Open the text editor")
    await expect(page.locator(".outcome")).to_be_visible()
    (home / "made" / "deep").mkdir(parents=True)
    (home / "made" / "deep" / "<b>report.csv").write_bytes(b"1,2\n" * 500)
    folder = row(page, "made")
    await expect(folder).to_contain_text("new")
    await expect(folder).to_contain_text("2.0 kB")
    await folder.focus()
    await page.route("**/files/list?*", late)  # a slow line: the keys are pressed before it answers
    for key in ("ArrowRight", "ArrowDown", "ArrowRight", "ArrowDown"):
        await page.keyboard.press(key)
    deep = row(page, "<b>report.csv")
    await expect(deep).to_be_focused()
    await expect(deep).to_have_attribute("aria-level", "3")
    await page.unroute_all(behavior="wait")
    await expect(row(page, "old.txt").locator(".new")).to_have_count(0)
    assert await faults(page) == []
    _, content = await saved(page, lambda: page.keyboard.press("Enter"))
    assert content == b"1,2\n" * 500
    (home / "silent").mkdir()
    await expect(row(page, "silent")).to_be_visible()
    await row(page, "silent").focus()
    await page.route("**/files/list?*", lambda route: None)  # a line that swallows everything
    for key in ("ArrowRight", "ArrowDown", "Space"):
        await page.keyboard.press(key)
    await expect(row(page, "silent")).to_have_attribute("aria-expanded", "true")
    last = page.locator("[role=treeitem]").last
    while not await last.evaluate("each => each.matches(':focus')"):  # keys go on being taken
        await page.keyboard.press("End")
        await page.wait_for_timeout(100)
    await expect(last).to_have_attribute("aria-selected", "false")  # what waited is not done late


async def test_one_several_a_folder_and_all_are_downloaded_byte_for_byte(page: Page, session: Path):
    home = session / "home"
    (home / "docs" / "empty").mkdir(parents=True)
    contents = {"a.bin": bytes(range(256)) * 5000, "docs/b.txt": b"b", "docs/page.html": b"<i>"}
    for name, content in contents.items():
        (home / name).write_bytes(content)
    (home / "docs" / "link").symlink_to("/etc/passwd")
    panel = await show(page)
    await expect(panel).to_contain_text("3 files, 1.3 MB")
    button = panel.get_by_role("button", name="Download")
    _, everything = await saved(page, button.click)
    packed = zipfile.ZipFile(io.BytesIO(everything))
    assert {name: packed.read(name) for name in contents} == contents
    await row(page, "a.bin").click()
    one, content = await saved(page, button.click)
    assert (one.suggested_filename, content) == ("a.bin", contents["a.bin"])
    await row(page, "docs").press("Space")
    await expect(button).to_have_text("Download 2")
    several, content = await saved(page, button.click)
    assert several.suggested_filename == "files.zip"
    packed = zipfile.ZipFile(io.BytesIO(content))
    assert packed.namelist()[-1] == "Not included.txt"
    told = panel.get_by_role("alert")
    await expect(told).to_contain_text("Not in the archive: docs/link: a link")
    assert packed.read("docs/page.html") == b"<i>"
    await row(page, "a.bin").click()
    folder, _ = await saved(page, button.click)
    assert folder.suggested_filename == "docs.zip"
    await row(page, "docs").press("Space")
    await row(page, "a.bin").click()
    await saved(page, button.click)
    await expect(told).to_have_count(0)
    await row(page, "a.bin").click()
    (home / "a.bin").unlink()
    await expect(row(page, "a.bin")).to_have_count(0)


async def test_what_is_gone_meanwhile_is_told(page: Page, session: Path):
    (session / "home" / "gone.txt").write_text("x")
    panel = await show(page)
    await row(page, "gone.txt").click()
    await page.route("**/files/list?*", lambda route: route.abort())
    (session / "home" / "gone.txt").unlink()
    await panel.get_by_role("button", name="Download 1").click()
    await expect(panel.get_by_role("alert")).to_contain_text("There is no gone.txt any more.")
    await page.unroute_all(behavior="wait")
    await panel.get_by_role("button", name="Close this message").click()
    await expect(panel.get_by_role("alert")).to_have_count(0)


async def test_files_come_in_by_button_drop_and_paste(page: Page, session: Path):
    """Each lands whole, is told to the agent, and those with words go to the model as content."""
    home = session / "home"
    (home / "Documents").mkdir()
    big = bytes(range(256)) * 20_000
    panel = await show(page)
    await panel.locator("input[type=file]").set_input_files(
        [{"name": "big.bin", "mimeType": "x/y", "buffer": big}]
    )
    await expect(row(page, "big.bin")).to_be_visible()
    assert (home / "big.bin").read_bytes() == big
    await row(page, "Documents").click()
    await bring(page, ".files .panel", ("chosen.txt", "text/plain", b"in the chosen folder"))
    where = page.locator(".conversation .files", has_text="chosen.txt")
    await expect(where).to_contain_text("/Documents")
    assert (home / "Documents" / "chosen.txt").read_bytes() == b"in the chosen folder"
    async with page.expect_file_chooser() as waiting:
        await panel.get_by_role("button", name="Upload here").click()
    button = {"name": "button.txt", "mimeType": "text/plain", "buffer": b"here, too"}
    await (await waiting.value).set_files([button])  # type: ignore[list-item]
    await expect(page.locator(".conversation .files", has_text="button.txt")).to_be_visible()
    assert (home / "Documents" / "button.txt").read_bytes() == b"here, too"
    await page.get_by_role("button", name="Clear the choice").click()
    await page.keyboard.press("Escape")
    await expect(panel).to_have_count(0)
    await bring(page, ".screen", ("dropped.csv", "text/csv", b"1,2"))
    tray = page.get_by_role("region", name="Attachments and uploads")
    await expect(page.locator(".conversation .files", has_text="dropped.csv")).to_be_visible()
    assert (home / "Downloads" / "dropped.csv").read_bytes() == b"1,2"
    await expect(tray).to_have_count(0)
    await bring(page, "textarea", ("image.png", "image/png", picture()))
    await bring(page, ".conversation", ("report.pdf", "application/pdf", pdf(2)))
    await expect(tray.locator(".chip")).to_have_count(2)
    await expect(tray.locator("img")).to_be_visible()
    await bring(page, ".conversation", ("wrong.txt", "text/plain", b"not this one"))
    await tray.get_by_role("button", name="Do not attach wrong.txt").click()
    await expect(tray.locator(".chip")).to_have_count(2)
    await say(page, "Open the text editor")
    await expect(page.locator(".outcome")).to_be_visible()
    await expect(tray).to_have_count(0)
    events = load_recording(session).events
    kinds = [a.kind for e in events if isinstance(e, UserMessage) for a in e.attachments]
    assert sorted(kinds) == ["pdf", "picture"]
    arrived = [path for e in events if isinstance(e, FilesArrived) for path in e.paths]
    names = [path.rpartition("/")[2] for path in arrived]
    brought = [
        "big.bin",
        "button.txt",
        "chosen.txt",
        "dropped.csv",
        "image.png",
        "report.pdf",
        "wrong.txt",
    ]
    assert sorted(names) == brought
    messages = [e for e in events if isinstance(e, UserMessage)]
    order = [message.text or len(message.attachments) for message in messages]
    assert order.index(2) < order.index("Open the text editor")
    await expect(page.locator(".conversation .files img")).to_be_visible()


async def test_a_folder_comes_in_by_button_with_all_that_is_in_it(
    page: Page, session: Path, tmp_path: Path
):
    """Below the folder that is chosen in the tree."""
    (tmp_path / "trip" / "day one").mkdir(parents=True)
    (tmp_path / "trip" / "plan.txt").write_text("plan")
    (tmp_path / "trip" / "day one" / "-rf.txt").write_text("walk")
    (session / "home" / "kept").mkdir()
    panel = await show(page)
    await row(page, "kept").click()
    async with page.expect_file_chooser() as waiting:
        await panel.get_by_role("button", name="Upload folder").click()
    await (await waiting.value).set_files(tmp_path / "trip")
    await expect(page.locator(".conversation .item.files")).not_to_have_count(0)
    come = session / "home" / "kept" / "trip"
    await expect(page.get_by_role("region", name="Attachments and uploads")).to_have_count(0)
    assert (come / "plan.txt").read_text() == "plan"
    assert (come / "day one" / "_-rf.txt").read_text() == "walk", "a name that is no option"


async def test_a_large_upload_shows_how_far_it_is_and_can_be_given_up(page: Page, session: Path):
    """On a slow line: nothing of it is kept."""
    client = await page.context.new_cdp_session(page)
    slow = {"offline": False, "latency": 20, "downloadThroughput": -1, "uploadThroughput": 400_000}
    await client.send("Network.emulateNetworkConditions", slow)
    panel = await show(page)
    await panel.locator("input[type=file]").set_input_files(
        [{"name": "slow.bin", "mimeType": "x/y", "buffer": b"x" * 8_000_000}]
    )
    bar = page.get_by_role("progressbar", name="Uploading slow.bin")
    await expect(bar).to_be_visible()
    await page.wait_for_function(
        """() => {
          const all = root => [...root.querySelectorAll("*")].flatMap(
            each => [each, ...(each.shadowRoot ? all(each.shadowRoot) : [])])
          const bar = all(document).find(each => each.localName === "progress")
          return bar && bar.value > 0 && bar.value < 1
        }"""
    )
    await page.get_by_role("button", name="Cancel slow.bin").click()
    await expect(bar).to_have_count(0)
    await client.send("Network.emulateNetworkConditions", {**slow, "uploadThroughput": -1})
    await panel.locator("input[type=file]").set_input_files(
        [{"name": "after.bin", "mimeType": "x/y", "buffer": b"x"}]
    )
    await expect(row(page, "after.bin")).to_be_visible()
    names = [path.name for path in (session / "home").iterdir()]
    assert names == ["after.bin"]


async def test_a_refusal_is_a_sentence_beside_the_file(page: Page, session: Path):
    """The home went away under the page."""
    await page.route("**/files/put?*", lambda route: route.abort())
    panel = await show(page)
    chip = page.locator(".chip.failed")
    for name in ("x.bin", "y.bin"):
        await panel.locator("input[type=file]").set_input_files(
            [{"name": name, "mimeType": "x/y", "buffer": b"x"}]
        )
    await expect(chip).to_have_count(2)
    await expect(chip.first).to_contain_text("The connection was lost; nothing was kept.")
    await page.get_by_role("button", name="Close the message about x.bin").click()
    await expect(chip).to_have_count(1)
    await page.unroute_all(behavior="wait")
    await page.get_by_role("button", name="Send y.bin again").click()
    await expect(row(page, "y.bin")).to_be_visible()
    await expect(chip).to_have_count(0)
    assert [path.name for path in (session / "home").iterdir()] == ["y.bin"]


@pytest.mark.parametrize("size", [(390, 844), (640, 360)], ids=["phone", "at 200 %"])
async def test_it_can_be_used_on_a_small_screen(page: Page, session: Path, size: tuple[int, int]):
    for number in range(30):
        (session / "home" / f"file {number} with quite a long name of its own.txt").touch()
    await page.set_viewport_size({"width": size[0], "height": size[1]})
    panel = await show(page)
    last = row(page, "file 9 with")
    await last.scroll_into_view_if_needed()
    await last.click()
    button = panel.get_by_role("button", name="Download 1")
    await expect(button).to_be_in_viewport()
    box = await panel.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= size[0]
    assert await faults(page) == []


async def test_what_waits_for_the_person_is_never_covered(page: Page, session: Path):
    """The tree gives way to an approval, and comes back without taking the keyboard."""
    panel = await show(page)
    await say(page, "list the files")
    await expect(page.locator(".approval")).to_be_visible()
    await expect(panel).to_have_count(0)
    await page.locator(".approval").get_by_role("button", name="Allow", exact=True).click()
    await expect(panel).to_be_visible()
    await page.get_by_label("Type what to do").focus()
    (session / "home" / "another.txt").touch()
    await expect(row(page, "another.txt")).to_be_visible()
    await expect(page.get_by_label("Type what to do")).to_be_focused()
