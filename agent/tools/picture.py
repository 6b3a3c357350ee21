"""Picture files as the model may see them: known formats, bounded, re-encoded."""

from __future__ import annotations

import io
import warnings

from PIL import Image

from agent.desktop.base import EncodedImage
from agent.errors import ToolError

_FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "BMP")
_STARTS = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"BM")
_LONGEST = 1280
"""Pixels of the longer side; larger ones are scaled down."""
_PIXELS = 50_000_000


def is_image(data: bytes) -> bool:
    """Whether the first bytes are those of a picture format that is known here."""
    return data.startswith(_STARTS) or (data[:4] == b"RIFF" and data[8:12] == b"WEBP")


def read_image(data: bytes, path: str) -> EncodedImage:
    """A picture's first frame as PNG.

    Raises:
        ToolError: it is damaged, or has too many pixels.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # damaged metadata; the pixels decide
            with Image.open(io.BytesIO(data), formats=_FORMATS) as opened:
                if opened.width * opened.height > _PIXELS:
                    raise ToolError(
                        f"{path} has {opened.width} x {opened.height} pixels: too many."
                    )
                picture = opened.convert("RGBA" if "A" in opened.getbands() else "RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise ToolError(f"{path} is a damaged picture: {error}.") from error
    picture.thumbnail((_LONGEST, _LONGEST))
    written = io.BytesIO()
    picture.save(written, "PNG", compress_level=1)
    return EncodedImage(written.getvalue(), "image/png", picture.width, picture.height)
