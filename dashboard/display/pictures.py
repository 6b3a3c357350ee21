"""Pictures made small enough to be kept in a document."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence

from PIL import Image

from agent.record.journal import SessionJournal

WIDE = 640
"""Pixels of a picture that is to be read; of a thumbnail, a third."""
_BESIDE = 480
"""Pixels of a picture in a conversation; the journal's are larger."""


def shrunk(picture: bytes, width: int = WIDE) -> Image.Image:
    """A JPEG or PNG, no wider than ``width``."""
    opened = Image.open(io.BytesIO(picture))
    opened.draft("RGB", (width, width))  # a JPEG is decoded at a fraction of its size
    image = opened.convert("RGB")
    if image.width <= width:
        return image
    size = (width, round(image.height * width / image.width))
    return image.resize(size, Image.Resampling.BOX)


def jpeg(image: Image.Image) -> bytes:
    """As JPEG, for the screen."""
    out = io.BytesIO()
    image.save(out, "JPEG", quality=72, optimize=True)
    return out.getvalue()


def png(image: Image.Image) -> bytes:
    """As PNG of 64 colours: a desktop needs no more to be recognised."""
    out = io.BytesIO()
    image.quantize(64, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
    return out.getvalue()


def text(data: bytes) -> str:
    """Base64, as MIME bundles want it."""
    return base64.b64encode(data).decode()


def data_url(image: Image.Image) -> str:
    """As the source of an ``img``."""
    return f"data:image/jpeg;base64,{text(jpeg(image))}"


def recorded_url(journal: SessionJournal, sha256: str) -> str:
    """A picture of a session's record, for its conversation; empty if it is not there."""
    encoded = journal.image_base64(sha256)
    return "" if encoded is None else data_url(shrunk(base64.b64decode(encoded), _BESIDE))


def strip(pictures: Sequence[bytes], *, columns: int = 4, width: int = 230) -> Image.Image:
    """Pictures side by side, row by row."""
    small = [shrunk(picture, width) for picture in pictures]
    high, columns = max(image.height for image in small), min(columns, len(small))
    rows = -(-len(small) // columns)
    gap = 4
    sheet = Image.new("RGB", (columns * (width + gap) - gap, rows * (high + gap) - gap), "white")
    for n, image in enumerate(small):
        sheet.paste(image, (n % columns * (width + gap), n // columns * (high + gap)))
    return sheet
