"""Reading off pixels: an error that says how to get it, and words where an engine is there."""

from __future__ import annotations

import pytest
from PIL import Image, ImageDraw, ImageFont

from agent.desktop.base import Box, Frame
from agent.desktop.see.ocr import Reader, available
from agent.errors import DesktopUnavailable


def picture() -> Frame:
    image = Image.new("RGB", (400, 120), "white")
    font = ImageFont.load_default(size=24)
    ImageDraw.Draw(image).text((120, 60), "Hello world", fill="black", font=font)
    return Frame(image.width, image.height, image.tobytes())


@pytest.mark.skipif(available() is not None, reason="an engine is installed")
async def test_without_an_engine_the_error_says_what_to_install() -> None:
    reader = Reader()
    with pytest.raises(DesktopUnavailable, match=r"sayso\[ocr\]"):
        await reader.read(picture())
    reader.close()


@pytest.mark.skipif(available() is None, reason="no engine is installed")
async def test_words_are_read_with_their_place_on_the_screen() -> None:
    """Boxes are those of the whole frame, also when a part was read."""
    reader = Reader()
    (line,) = await reader.read(picture(), Box(100, 40, 300, 80))
    assert line.text.replace(" ", "").lower() == "helloworld"
    assert line.box.contains(180, 75)
    reader.close()
