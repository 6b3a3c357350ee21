"""Pixels to files: WebP for the model, PNG and JPEG where others want those.

Every picture goes up again with each request, so its size counts more than the
milliseconds it costs. Measured at 1280x800 on one core (docs/benchmarks-loop.md): lossless
WebP writes a screen of few colours (editor, terminal, file manager, dialogue) at a quarter of its
PNG in 10 to 55 ms, but takes 250 ms for a photograph. So the colours are counted first (4 ms),
and what has many is written with loss: half as large as JPEG of quality 80, no worse to read.
Text in many colours (a full terminal) lies between: both are tried, the smaller is taken.
"""

from __future__ import annotations

import io
import struct

import numpy as np
import simplejpeg
from isal import isal_zlib
from numpy.typing import NDArray
from PIL import Image

from agent.desktop.base import EncodedImage, Frame

QUALITY = 80
"""Of JPEG."""

_LOSSY = 85
"""Of WebP: no further from the original than JPEG of quality 80 (4:4:4) where there is text."""

_FEW, _SOME = 1500, 8000
"""Colours up to which thorough lossless WebP takes some 30 ms (above, libwebp may search for
150 and more), and up to which the hasty one may still win (17 to 40 ms)."""

Pixels = NDArray[np.uint8]
"""height x width x 4: blue, green, red, unused."""


def scaled(pixels: Pixels, size: tuple[int, int]) -> Pixels:
    """The picture at another size; the same array if it fits already."""
    height, width = pixels.shape[:2]
    if (width, height) == size:
        return pixels
    image = Image.frombuffer("RGBX", (width, height), pixels.tobytes(), "raw", "RGBX", 0, 1)
    return np.asarray(image.resize(size, Image.Resampling.BOX))


def enlarged(pixels: Pixels, size: tuple[int, int]) -> Pixels:
    """As large as fits into ``size`` in the same shape; never smaller than it is."""
    height, width = pixels.shape[:2]
    factor = min(size[0] / width, size[1] / height)
    if factor <= 1:
        return pixels
    larger = (max(1, round(width * factor)), max(1, round(height * factor)))
    image = Image.frombuffer("RGBX", (width, height), pixels.tobytes(), "raw", "RGBX", 0, 1)
    return np.asarray(image.resize(larger, Image.Resampling.BICUBIC))


def for_model(pixels: Pixels) -> EncodedImage:
    """The picture for the model: nothing is lost if it has few colours, else hardly anything."""
    colours = _colours(pixels)
    if colours <= _FEW:
        return _webp(pixels, lossless=True, quality=75, method=1)
    lossy = _webp(pixels, quality=_LOSSY, method=2)
    if colours > _SOME:
        return lossy
    hasty = _webp(pixels, lossless=True, quality=100, method=0)
    return hasty if len(hasty.data) <= len(lossy.data) else lossy


def lossless(pixels: Pixels) -> EncodedImage:
    """Every pixel as it is: WebP, or PNG where that takes too long."""
    if _colours(pixels) <= _FEW:
        return _webp(pixels, lossless=True, quality=75, method=1)
    return png(frame(pixels))


def closer(pixels: Pixels, size: tuple[int, int]) -> EncodedImage:
    """A part of the screen enlarged to fit into ``size``; lossless where it fills that already."""
    larger = enlarged(pixels, size)
    return lossless(pixels) if larger is pixels else for_model(larger)


def _webp(pixels: Pixels, **options: int) -> EncodedImage:
    height, width = pixels.shape[:2]
    image = Image.frombuffer("RGB", (width, height), pixels.tobytes(), "raw", "BGRX", 0, 1)
    written = io.BytesIO()
    image.save(written, "WEBP", **options)
    return EncodedImage(written.getvalue(), "image/webp", width, height)


def _colours(pixels: Pixels) -> int:
    """About how many colours there are: each falls into one of 65 536 bins."""
    packed = np.ascontiguousarray(pixels).view("<u4") & np.uint32(0xFFFFFF)
    bins = (packed * np.uint32(2654435761)) >> np.uint32(16)
    return int(np.count_nonzero(np.bincount(bins.ravel(), minlength=1)))


def jpeg(pixels: Pixels) -> EncodedImage:
    """JPEG of quality 80."""
    height, width = pixels.shape[:2]
    data = simplejpeg.encode_jpeg(pixels, quality=QUALITY, colorspace="BGRX")
    return EncodedImage(data, "image/jpeg", width, height)


def frame(pixels: Pixels) -> Frame:
    """The pixels in the order red, green, blue."""
    height, width = pixels.shape[:2]
    image = Image.frombuffer("RGB", (width, height), pixels.tobytes(), "raw", "BGRX", 0, 1)
    return Frame(width, height, image.tobytes())


def _chunk(kind: bytes, data: bytes) -> bytes:
    crc = isal_zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc)


def png(picture: Frame) -> EncodedImage:
    """Lossless, unfiltered PNG at the fastest level."""
    rows = np.zeros((picture.height, picture.width * 3 + 1), np.uint8)
    flat = np.frombuffer(picture.rgb, np.uint8)
    rows[:, 1:] = flat.reshape(picture.height, picture.width * 3)
    header = struct.pack(">IIBBBBB", picture.width, picture.height, 8, 2, 0, 0, 0)
    data = b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            _chunk(b"IHDR", header),
            _chunk(b"IDAT", isal_zlib.compress(rows.tobytes(), 1)),
            _chunk(b"IEND", b""),
        )
    )
    return EncodedImage(data, "image/png", picture.width, picture.height)
