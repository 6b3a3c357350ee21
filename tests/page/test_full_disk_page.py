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
