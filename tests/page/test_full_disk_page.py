"""A full disk on the page: it says what is wrong and what to do, and goes on when there is room."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from pilot_page import PILOT, arrive, say
from playwright.async_api import Page, expect
from served import serve

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk"),
]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=40m,mode=700", "none", str(place)]
    if subprocess.run(mount, check=False).returncode:
        pytest.skip("nothing can be mounted here")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


async def test_words_that_cannot_be_written_down_are_answered(page: Page, disk: Path) -> None:
    with serve(PILOT, disk) as served:
        await arrive(page, served.url)
        with (disk / "filler").open("wb", buffering=0) as filler, contextlib.suppress(OSError):
            while True:
                filler.write(bytes(4096))
        trouble = page.locator(".talk .trouble")
        for _ in range(40):  # SQLite's own file has room for a few events
            await say(page, "press F5")
            with contextlib.suppress(AssertionError):
                await expect(trouble).to_be_visible(timeout=1000)
                break
        await expect(trouble).to_contain_text("free some disk space")
        await page.screenshot(path=os.environ.get("SHOT") or disk.parent / "full.png")
        (disk / "filler").unlink()
        await say(page, "press F5")
        await expect(trouble).to_be_hidden()
