"""Reading words off pixels, for what publishes no accessible objects. Optional.

RapidOCR (``pip install sayso[ocr]``) reads best; Tesseract, if it is on the PATH, is
faster and reads about four labels in five. Read one window at a time: a whole screen
takes seconds. Results are cached by the picture's digest.
"""

from __future__ import annotations

import asyncio
import csv
import importlib.util
import io
import os
import shutil
from collections import OrderedDict
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from PIL import Image, ImageFilter, ImageOps

from agent.desktop.base import Box, Frame
from agent.errors import DesktopUnavailable
from agent.threads import step_far_back

Engine = Literal["rapidocr", "tesseract"]

MISSING = (
    "Reading text from pixels needs an engine: install the extra with pip install 'sayso[ocr]', "
    "or put tesseract on the PATH."
)
_CACHED = 32
_TIME_LIMIT = 30.0
_SURE = 0.5
"""Least confidence, 0 to 1, of a line that is reported."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text with its box on the screen and the engine's confidence, 0 to 1."""

    text: str
    box: Box
    confidence: float


def available() -> Engine | None:
    """The engine that would be used, or None."""
    if importlib.util.find_spec("rapidocr") is not None:
        return "rapidocr"
    return "tesseract" if shutil.which("tesseract") else None


class Reader:
    """Reads lines of text; the engine is loaded at the first use, in a thread of its own.

    Raises:
        DesktopUnavailable: by `read`, if no engine is installed; the text says what to do.
    """

    def __init__(self, engine: Engine | None = None) -> None:
        self._engine = engine
        self._loaded: Any = None
        self._thread = ThreadPoolExecutor(1, "ocr", step_far_back)
        self._cache: OrderedDict[tuple[str, Box], tuple[Line, ...]] = OrderedDict()

    async def read(self, frame: Frame, region: Box | None = None) -> tuple[Line, ...]:
        """Lines in a region of a frame, top to bottom; boxes are in the frame's pixels."""
        engine = self._engine or available()
        if engine is None:
            raise DesktopUnavailable(MISSING)
        loop = asyncio.get_running_loop()
        pixels = await loop.run_in_executor(self._thread, _cut, frame, region)
        origin = Box(region.x, region.y, 0, 0) if region else Box(0, 0, 0, 0)
        key = (Frame(pixels.shape[1], pixels.shape[0], pixels.tobytes()).digest, origin)
        if key in self._cache:
            self._cache.move_to_end(key)
            return self._cache[key]
        if engine == "rapidocr":
            found = await loop.run_in_executor(self._thread, self._rapid, pixels)
        else:
            found = await _tesseract(pixels)
        lines = tuple(_moved(line, origin) for line in found if line.confidence >= _SURE)
        self._cache[key] = lines
        if len(self._cache) > _CACHED:
            self._cache.popitem(last=False)
        return lines

    def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _rapid(self, pixels: np.ndarray[Any, Any]) -> list[Line]:
        if self._loaded is None:
            from rapidocr import RapidOCR

            quiet = {
                "EngineConfig.onnxruntime.intra_op_num_threads": 1,
                "Global.log_level": "error",
            }
            self._loaded = RapidOCR(params=quiet)
        answer = self._loaded(pixels[:, :, ::-1], use_cls=False)
        if answer.boxes is None:
            return []
        rows = zip(answer.txts, answer.boxes, answer.scores, strict=True)
        return [
            Line(str(text).strip(), _around(corners), float(score)) for text, corners, score in rows
        ]


def _cut(frame: Frame, region: Box | None) -> np.ndarray[Any, Any]:
    pixels = np.frombuffer(frame.rgb, np.uint8).reshape(frame.height, frame.width, 3)
    if region is None:
        return pixels
    left, top = max(0, region.x), max(0, region.y)
    return pixels[top : region.y + region.height, left : region.x + region.width]


def _around(corners: Iterable[Iterable[float]]) -> Box:
    xs, ys = zip(*[tuple(corner) for corner in corners], strict=True)
    left, top = int(min(xs)), int(min(ys))
    return Box(left, top, int(max(xs)) - left, int(max(ys)) - top)


def _moved(line: Line, origin: Box) -> Line:
    box = line.box
    x, y = max(0, origin.x), max(0, origin.y)
    return Line(line.text, Box(box.x + x, box.y + y, box.width, box.height), line.confidence)


async def _tesseract(pixels: np.ndarray[Any, Any]) -> list[Line]:
    """Lines by the ``tesseract`` program, after a local-contrast pass at double size."""
    picture = await asyncio.to_thread(_sharpened, pixels)
    process = await asyncio.create_subprocess_exec(
        *("tesseract", "stdin", "stdout", "--psm", "11", "tsv"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={**os.environ, "OMP_THREAD_LIMIT": "1"},  # without it, many times slower
    )
    try:
        output, _ = await asyncio.wait_for(process.communicate(picture), _TIME_LIMIT)
    except BaseException:
        process.kill()
        await process.wait()
        raise
    return _lines_of_tsv(output.decode("utf-8", "replace"))


def _sharpened(pixels: np.ndarray[Any, Any]) -> bytes:
    """Dark text on white at double size, whatever the colours were, as PNG."""
    grey = Image.fromarray(np.ascontiguousarray(pixels)).convert("L")
    grey = grey.resize((grey.width * 2, grey.height * 2), Image.Resampling.BICUBIC)
    around = np.asarray(grey.filter(ImageFilter.BoxBlur(24)), np.int16)
    away = np.abs(np.asarray(grey, np.int16) - around).clip(0, 255).astype(np.uint8)
    written = io.BytesIO()
    ImageOps.autocontrast(ImageOps.invert(Image.fromarray(away)), cutoff=1).save(written, "PNG")
    return written.getvalue()


def _lines_of_tsv(table: str) -> list[Line]:
    """Words of Tesseract's table, joined to lines; boxes back at single size."""
    rows: dict[tuple[str, ...], list[dict[str, str]]] = {}
    for row in csv.DictReader(io.StringIO(table), delimiter="\t", quoting=csv.QUOTE_NONE):
        if row["level"] == "5" and row["text"].strip():
            key = (row["block_num"], row["par_num"], row["line_num"])
            rows.setdefault(key, []).append(row)
    return [_joined(words) for words in rows.values()]


def _joined(words: list[dict[str, str]]) -> Line:
    lefts = [int(word["left"]) for word in words]
    tops = [int(word["top"]) for word in words]
    rights = [int(w["left"]) + int(w["width"]) for w in words]
    bottoms = [int(w["top"]) + int(w["height"]) for w in words]
    left, top = min(lefts) // 2, min(tops) // 2
    box = Box(left, top, max(rights) // 2 - left, max(bottoms) // 2 - top)
    confidence = sum(float(word["conf"]) for word in words) / len(words) / 100
    return Line(" ".join(word["text"] for word in words), box, confidence)
