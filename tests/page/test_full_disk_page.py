"""A full disk on the page: it says what is wrong and what to do, and goes on when there is room."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from pilot_files import begin_upload
from pilot_page import arrive, say
from playwright.async_api import Page, expect
from proxy import Proxy
from served import Served

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk"),
]


@pytest.fixture(scope="module")
def pilot_data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The pilot's data folder, on a disk of 140 MB, of which 64 must stay free."""
    place = tmp_path_factory.mktemp("disk")
    mount = ["mount", "-t", "tmpfs", "-o", "size=140m,mode=700", "none", str(place)]
    if subprocess.run(mount, check=False).returncode:
        pytest.skip("nothing can be mounted here")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def fill(path: Path) -> None:
    """Take what room there is."""
    with path.open("wb", buffering=0) as filler, contextlib.suppress(OSError):
        while True:
            filler.write(bytes(1 << 20))


async def test_words_that_cannot_be_written_down_are_answered(page: Page, pilot_data: Path) -> None:
    fill(pilot_data / "filler")
    trouble = page.locator(".talk .trouble")
    for _ in range(40):  # SQLite's own file has room for a few events
        await say(page, "press F5")
        with contextlib.suppress(AssertionError):
            await expect(trouble).to_be_visible(timeout=1000)
            break
    await expect(trouble).to_contain_text("free some disk space")
    (pilot_data / "filler").unlink()
    await say(page, "press F5")
    await expect(trouble).to_be_hidden()


async def test_a_file_that_does_not_fit_and_one_cut_off_by_a_full_disk_are_told(
    page: Page, pilot: Served, pilot_data: Path, tmp_path: Path
) -> None:
    """Nothing half stays, and with room again the same file comes in."""
    session_id = page.url.split("session=")[1].split("&")[0]
    home = pilot_data / "sessions" / session_id / "home"
    large, slow = sparse(tmp_path / "large.bin", 100_000_000), sparse(tmp_path / "slow.bin", MIB_24)
    await page.get_by_role("button", name="Files", exact=True).click()
    panel = page.get_by_role("region", name="Files of this session")
    upload = panel.locator("input[type=file]")
    failed = page.locator(".chip.failed .note")
    await upload.set_input_files(large)
    await expect(failed).to_contain_text("The disk is full")
    await page.get_by_role("button", name="Close the message about large.bin").click()
    async with Proxy(pilot.port) as proxy:
        await arrive(page, proxy.url(page.url))
        await page.get_by_role("button", name="Files", exact=True).click()
        await begin_upload(proxy, upload, slow, home)
        fill(pilot_data / "filler")
        await expect(failed).to_contain_text("disk is full")
        assert [path.name for path in home.rglob("*") if path.is_file()] == []
        (pilot_data / "filler").unlink()
        proxy.delay = 0
        await page.get_by_role("button", name="Close the message about slow.bin").click()
        await upload.set_input_files(slow)
        await expect(panel.get_by_role("treeitem", name="slow.bin")).to_be_visible()
    assert (home / "slow.bin").stat().st_size == MIB_24


MIB_24 = 24 << 20


def sparse(path: Path, size: int) -> Path:
    """A file of zeros that takes no room."""
    with path.open("wb") as file:
        file.truncate(size)
    return path
