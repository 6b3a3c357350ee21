"""A full disk on the page: it says what is wrong and what to do, and goes on when there is room."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from pilot_page import say
from playwright.async_api import Page, expect

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk"),
]


@pytest.fixture(scope="module")
def pilot_data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The pilot's data folder, on a disk of 40 MB."""
    place = tmp_path_factory.mktemp("disk")
    mount = ["mount", "-t", "tmpfs", "-o", "size=40m,mode=700", "none", str(place)]
    if subprocess.run(mount, check=False).returncode:
        pytest.skip("nothing can be mounted here")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


async def test_words_that_cannot_be_written_down_are_answered(page: Page, pilot_data: Path) -> None:
    with (pilot_data / "filler").open("wb", buffering=0) as filler, contextlib.suppress(OSError):
        while True:
            filler.write(bytes(4096))
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
    page: Page, pilot_data: Path
) -> None:
    """Nothing half stays, and with room again the same file comes in."""
    session_id = page.url.split("session=")[1].split("&")[0]
    home, filler = pilot_data / "sessions" / session_id / "home", pilot_data / "filler"
    await page.get_by_role("button", name="Files", exact=True).click()
    panel = page.get_by_role("region", name="Files of this session")
    upload = panel.locator("input[type=file]")
    await upload.set_input_files(
        [{"name": "large.bin", "mimeType": "x/y", "buffer": bytes(49_000_000)}]
    )
    await expect(page.locator(".chip.failed .note")).to_contain_text("room")
    await page.get_by_role("button", name="Close the message on large.bin").click()
    client = await page.context.new_cdp_session(page)
    slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 2_000_000}
    await client.send("Network.emulateNetworkConditions", slow)
    file = [{"name": "slow.bin", "mimeType": "x/y", "buffer": bytes(12_000_000)}]
    await upload.set_input_files(file)
    await page.wait_for_function(_UNDER_WAY)
    with filler.open("wb", buffering=0) as full, contextlib.suppress(OSError):
        while True:
            full.write(bytes(4096))
    await expect(page.locator(".chip.failed .note")).to_contain_text("space")
    assert [path.name for path in home.rglob("*") if path.is_file()] == []
    filler.unlink()
    await client.send("Network.emulateNetworkConditions", {**slow, "uploadThroughput": -1})
    await page.get_by_role("button", name="Close the message on slow.bin").click()
    await upload.set_input_files(file)
    await expect(panel.get_by_role("treeitem", name="slow.bin")).to_be_visible()
    assert (home / "slow.bin").stat().st_size == 12_000_000


_UNDER_WAY = """() => {
  const all = root => [...root.querySelectorAll("*")].flatMap(
    each => [each, ...(each.shadowRoot ? all(each.shadowRoot) : [])])
  const bar = all(document).find(each => each.localName === "progress")
  return bar && bar.value > 0.1 && bar.value < 0.9
}"""
