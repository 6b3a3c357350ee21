"""``python -m agent.desktop`` for a person at a terminal."""

from __future__ import annotations

import asyncio
import signal
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest
from PIL import Image

pytestmark = pytest.mark.desktop


async def desktop(*words: str) -> tuple[int | None, str]:
    """Exit code and all that was printed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "agent.desktop", *words, stdout=PIPE, stderr=PIPE
    )
    out, err = await process.communicate()
    return process.returncode, (out + err).decode()


async def test_a_private_desktop_is_photographed(tmp_path: Path) -> None:
    code, text = await desktop("--size", "1024x768", "shot", str(tmp_path / "out.png"))
    assert code == 0, text
    with Image.open(tmp_path / "out.png") as picture:
        assert picture.size == (1024, 768)


async def test_commands_work_on_a_desktop_that_stays(tmp_path: Path) -> None:
    """Start it in one terminal; list, look and click from another."""
    demo = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "agent.desktop", "demo", stdout=PIPE
    )
    assert demo.stdout is not None
    try:
        line = (await demo.stdout.readline()).decode()
        display = line.removeprefix("display: ").strip()
        code, text = await desktop("--display", display, "tree")
        assert "toggle button 'Applications'" in text, text
        code, text = await desktop("--display", display, "click", "20", "790")
        assert (code, "'Applications' in Xfce4-panel" in text) == (0, True), text
        code, text = await desktop("--display", display, "key", "Escape")
        assert code == 0, text
        code, text = await desktop("--display", display, "click", "5000", "1")
        assert (code, "outside the screen" in text) == (1, True), text
        assert (await desktop("--display", display, "windows")) == (0, "")
    finally:
        demo.send_signal(signal.SIGINT)
        assert await demo.wait() == 0
    folder = Path(display.removeprefix("unix:")).parent.parent
    assert not folder.exists()


async def test_no_such_display_is_said_in_words() -> None:
    code, text = await desktop("--display", ":54321", "windows")
    assert code == 1
    assert "no display ':54321'" in text
