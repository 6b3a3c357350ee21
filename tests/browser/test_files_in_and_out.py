"""Files in, changed by the agent on the real desktop, and out again: every byte compared."""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from chromium import alaunch
from onlooker import PATIENCE, Onlooker, until
from pdfs import pdf
from person import Person, new_person
from pilot_files import bring, picture
from playwright.async_api import Locator, async_playwright, expect
from served import ROOT, Served, serve

from agent.record.events import FilesArrived, TaskFinished, UserMessage

pytestmark = [
    pytest.mark.browser,
    pytest.mark.desktop,
    pytest.mark.slow,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(300),
]


@pytest.fixture(scope="module")
def served(places: Path) -> Iterator[Served]:
    with serve(ROOT / "dashboard", places / "data", env={"TMPDIR": str(places / "tmp")}) as server:
        yield server


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def person(served: Served, places: Path, look: Onlooker) -> AsyncIterator[Person]:
    """Somebody who types."""
    async with async_playwright() as playwright, alaunch(playwright) as context:
        somebody = await new_person(context, places / "no-microphone.wav", look)
        await somebody.arrive(served.url)
        yield somebody


def session_home(places: Path) -> Path:
    [home] = (places / "data" / "sessions").glob("*/home")
    return home


def bytes_of(home: Path) -> dict[str, str]:
    """Hashes of the person's files."""
    return {
        str(path.relative_to(home)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in home.rglob("*")
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(home).parts)
    }


async def download(panel: Locator, *names: str) -> tuple[str, bytes]:
    page = panel.page
    for name in names:
        await page.get_by_role("treeitem", name=name).click()
    async with page.expect_download() as waiting:
        await panel.get_by_role("button", name="Download").click()
    saved = await waiting.value
    for name in names:
        await page.get_by_role("treeitem", name=name).click()
    return saved.suggested_filename, (await saved.path()).read_bytes()


async def test_in_changed_and_out(person: Person, look: Onlooker, places: Path):
    """By button, drop and paste; one file, several and a folder; on the desktop's own disk."""
    page = person.page
    home = session_home(places)
    letter = b"Dear all,\nsee you at 5.\n" * 40_000
    await page.get_by_role("button", name="Files", exact=True).click()
    panel = page.get_by_role("region", name="Files of this session")
    await expect(panel.locator("footer")).to_contain_text("of 2.0 GB used")
    await expect(panel.locator("footer")).to_contain_text("watched by Sayso")
    await panel.locator("input[type=file]").set_input_files(
        [{"name": "letter.txt", "mimeType": "text/plain", "buffer": letter}]
    )
    await expect(page.get_by_role("treeitem", name="letter.txt")).to_be_visible()
    assert (home / "letter.txt").read_bytes() == letter
    assert (home / "letter.txt").stat().st_uid == home.stat().st_uid
    await page.get_by_role("button", name="Close the files").click()
    await bring(page, ".screen", ("data.csv", "text/csv", b"1,2\n"))
    await bring(page, "textarea", ("image.png", "image/png", picture()))
    await bring(page, ".conversation", ("report.pdf", "application/pdf", pdf(2)))
    tray = page.get_by_role("region", name="Attachments and uploads")
    await expect(tray.locator(".chip")).to_have_count(2)
    await expect(tray).to_contain_text("the offline planner does not read PDFs")
    before = bytes_of(home)
    assert set(before) == {
        "letter.txt",
        *(f"Downloads/{name}" for name in ("data.csv", "image.png", "report.pdf")),
    }
    since = await person.type("Create a file called answer with the text forty two.")
    finished = await look.event(TaskFinished, since=since)
    assert finished.outcome == "done", finished
    arrived = [path for event in look.of(FilesArrived) for path in event.paths]
    [attached] = [e for e in look.of(UserMessage) if e.attachments]
    assert [each.kind for each in attached.attachments] == ["file", "file"]
    assert all(each.path in arrived for each in attached.attachments)
    before = bytes_of(home)
    since = await person.type(
        "Run the command: rev letter.txt > letter.new; mv letter.new letter.txt"
    )
    await page.get_by_role("button", name=re.compile("^Allow|^Yes")).first.click()
    finished = await look.event(TaskFinished, since=since)
    after = bytes_of(home)
    assert after["letter.txt"] != before["letter.txt"], finished
    await page.get_by_role("button", name="Files", exact=True).click()
    await expect(page.get_by_role("treeitem", name="letter.txt")).to_contain_text("new")
    name, content = await download(panel, "letter.txt")
    assert (name, hashlib.sha256(content).hexdigest()) == ("letter.txt", after["letter.txt"])
    name, content = await download(panel, "letter.txt", "Downloads")
    packed = zipfile.ZipFile(io.BytesIO(content))
    hashes = {n: hashlib.sha256(packed.read(n)).hexdigest() for n in packed.namelist()}
    wanted = {n: h for n, h in after.items() if n == "letter.txt" or n.startswith("Downloads/")}
    assert {n: h for n, h in hashes.items() if not n.endswith("/")} == wanted
    assert packed.read("Downloads/report.pdf") == pdf(2)

    await page.get_by_role("button", name="Close the files").click()
    await page.get_by_role("button", name="Put the files back…").last.click()
    dialog = page.get_by_role("dialog", name="Put the files back")
    await expect(dialog).to_contain_text("letter.txt becomes what it was")
    assert bytes_of(home) == after, "only shown so far"
    await dialog.get_by_role("button", name="Put 1 item back").click()
    await expect(page.locator(".item.back")).to_contain_text("As before again: “letter.txt”.")
    assert bytes_of(home) == before
    await page.get_by_role("button", name="Files", exact=True).click()
    name, content = await download(panel, "letter.txt")
    assert content == letter
    await page.get_by_role("button", name="Close the files").click()


async def test_programs_find_what_came_in_where_the_model_was_told(
    person: Person, look: Onlooker, places: Path
):
    """The path in the log is one that a command on the desktop can read."""
    path = next(p for e in look.of(FilesArrived) for p in e.paths if p.endswith("data.csv"))
    since = await person.type(f"Run the command: cp {path} copied.csv")
    await person.page.get_by_role("button", name=re.compile("^Allow|^Yes")).first.click()
    await look.event(TaskFinished, since=since)
    copied = session_home(places) / "copied.csv"
    await until(copied.exists, "the copy", PATIENCE)
    assert copied.read_bytes() == b"1,2\n"
