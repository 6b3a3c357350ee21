"""What a file holds, told from its bytes and never from its name; and pictures, made to fit.

Files that come with a person's words and files that the editor views are read alike. All of
this blocks: call it in a thread.
"""

from __future__ import annotations

import codecs
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
from PIL import Image as Pillow
from PIL import UnidentifiedImageError

from agent.desktop.base import EncodedImage
from agent.desktop.see.pictures import for_model
from agent.errors import FilesError

MOST_PIXELS = 64_000_000
"""Of one picture as it comes: a decoded pixel takes four bytes of memory."""

BEGINNING = 64 << 10
"""Bytes from which the kind of a file is read."""

ENCODING_NAMES = {"utf-16": "UTF-16", "utf-32": "UTF-32", "cp1252": "Windows-1252 (Latin-1)"}
"""What people call the encodings that are not UTF-8."""

_ORIENTATION = 0x0112
_TURNS = {
    2: Pillow.Transpose.FLIP_LEFT_RIGHT,
    3: Pillow.Transpose.ROTATE_180,
    4: Pillow.Transpose.FLIP_TOP_BOTTOM,
    5: Pillow.Transpose.TRANSPOSE,
    6: Pillow.Transpose.ROTATE_270,
    7: Pillow.Transpose.TRANSVERSE,
    8: Pillow.Transpose.ROTATE_90,
}
"""How a camera was held, as EXIF has it."""

_HUGE = (Pillow.DecompressionBombError, Pillow.DecompressionBombWarning)
_ON_THEIR_SIDE = frozenset({_TURNS[number] for number in (5, 6, 7, 8)})
_FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_STARTS = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a")
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\r\v\f\a\b\x1b")) + b"\x7f"


def encoding_of(beginning: bytes, *, whole: bool) -> str | None:
    """How a text is written, from its first bytes or all of them; None if it is no text."""
    for mark, name in _BOMS:
        if beginning.startswith(mark):
            return name
    if beginning.translate(None, _CONTROLS) != beginning:
        return None
    try:
        codecs.getincrementaldecoder("utf-8")().decode(beginning, whole)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def looks_like_picture(file: BinaryIO) -> bool:
    """Whether a file begins like a picture, be it whole or not; it is left at its beginning."""
    begins = file.read(8).startswith(_STARTS)
    file.seek(0)
    try:
        Pillow.open(file, formats=_FORMATS)  # closing it would close the file
    except UnidentifiedImageError:
        return begins
    except (OSError, ValueError, SyntaxError, *_HUGE):
        return True
    else:
        return True
    finally:
        file.seek(0)


@dataclass(frozen=True, slots=True)
class Fitted:
    """A picture as a model sees it; ``notes`` say what was done to it."""

    image: EncodedImage
    before: tuple[int, int]
    """Pixels as it came, upright."""

    notes: tuple[str, ...]


def fitted(file: BinaryIO, size_of: Callable[[int, int], tuple[int, int]]) -> Fitted:
    """The first frame of a picture, upright, on white, in the size that ``size_of`` says.

    Raises:
        FilesError: it cannot be opened, or is not to be unpacked.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # damaged metadata; the pixels decide
            return _fitted(file, size_of)
    except FilesError:
        raise
    except _HUGE:
        raise FilesError("It has more pixels than can be opened.") from None
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError):
        raise FilesError("It cannot be opened as a picture; it may be damaged.") from None


def _fitted(file: BinaryIO, size_of: Callable[[int, int], tuple[int, int]]) -> Fitted:
    with Pillow.open(file, formats=_FORMATS) as opened:
        before, mode = opened.size, opened.mode
        if before[0] * before[1] > MOST_PIXELS:
            raise FilesError(
                f"It has {before[0]} by {before[1]} pixels, which is too many to open."
            )
        notes = ["Only its first frame is shown."] if getattr(opened, "n_frames", 1) > 1 else []
        turn = _TURNS.get(opened.getexif().get(_ORIENTATION, 1))
        size = size_of(*before)
        opened.draft("RGB", size)  # a JPEG is unpacked no larger than needed
        whole = opened if mode in ("RGB", "RGBA", "L") else opened.convert("RGBA")
        small = whole.resize(size, Pillow.Resampling.LANCZOS, reducing_gap=3.0)
    upright = _upright(before, turn)
    if size != before:
        now = _upright(size, turn)
        notes.append(f"It was scaled from {_by(upright)} to {_by(now)} pixels.")
    flat = _on_white(small if turn is None else small.transpose(turn))
    pixels = np.asarray(flat.convert("RGBX"), dtype=np.uint8)[:, :, [2, 1, 0, 3]]
    return Fitted(for_model(np.ascontiguousarray(pixels)), upright, tuple(notes))


def _upright(size: tuple[int, int], turn: Pillow.Transpose | None) -> tuple[int, int]:
    return size[::-1] if turn in _ON_THEIR_SIDE else size


def _by(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"


def _on_white(picture: Pillow.Image) -> Pillow.Image:
    """Without transparency, as a person sees it in a document."""
    if picture.mode != "RGBA":
        return picture.convert("RGB")
    white = Pillow.new("RGBA", picture.size, "white")
    return Pillow.alpha_composite(white, picture).convert("RGB")
