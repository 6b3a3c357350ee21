"""Pixels to JPEG for the model and PNG where nothing may be lost."""

from __future__ import annotations

import struct

import numpy as np
import simplejpeg
from isal import isal_zlib
from numpy.typing import NDArray
from PIL import Image

from agent.desktop.base import EncodedImage, Frame

QUALITY = 80
Pixels = NDArray[np.uint8]
"""height x width x 4: blue, green, red, unused."""


def scaled(pixels: Pixels, size: tuple[int, int]) -> Pixels:
    """The picture at another size; the same array if it fits already."""
    height, width = pixels.shape[:2]
    if (width, height) == size:
        return pixels
    image = Image.frombuffer("RGBX", (width, height), pixels.tobytes(), "raw", "RGBX", 0, 1)
    return np.asarray(image.resize(size, Image.Resampling.BOX))


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
