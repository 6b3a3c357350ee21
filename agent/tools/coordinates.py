"""Coordinates as models give them, and the pixels of the picture that they mean.

Models are trained on different conventions: pixels of the screenshot, or shares of the
screen from 0 to 1 or from 0 to 1000. The scale is a setting; what does not fit it is refused,
because a share taken for a pixel would be a click into the corner.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from typing import Any

from pydantic_core import PydanticCustomError

from agent.errors import BadInput
from agent.models.capabilities import Scale

Number = int | float

_TOP = 1_000_000
_LONGEST = 120
"""Characters of a string that may hold coordinates."""

_FULL: dict[Scale, int] = {"0-1000": 1000, "0-1": 1}
_NUMBER = re.compile(r"(?:[a-z]\w{0,3}[=:])?([+-]?(?:\d{1,12}(?:\.\d{0,20})?|\.\d{1,20}))(?:px)?")
_MARKS = re.compile(r"<\|?/?\w+\|?>")
"""Tags around a point, such as ``<point>`` and ``<|box_start|>``."""


def as_number(value: Any) -> Any:
    """The number that a text holds; anything else as it is."""
    if not isinstance(value, str) or len(value) > _LONGEST:
        return value
    found = _NUMBER.fullmatch(value.strip().lower())
    return _read(found[1]) if found else value


def number(value: Any) -> Number:
    """A finite number, also one that is written as text."""
    value = as_number(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise PydanticCustomError("whole", "it must be a whole number")
    if not finite(value):
        raise PydanticCustomError("whole", "it must be a finite whole number")
    if abs(value) > _TOP:
        raise PydanticCustomError("whole", "it is far out of range")
    return value


def finite(value: Number) -> bool:
    """Whether it is no NaN and no infinity; a whole number of any length is neither."""
    return isinstance(value, int) or math.isfinite(value)


def whole(value: Any) -> int:
    """A whole number; others are rounded."""
    return rounded(number(value))


def rounded(value: Number) -> int:
    """The nearest whole number; a half goes up."""
    return math.floor(value + 0.5)


def numbers(value: Any, count: int) -> list[Number]:
    """So many numbers: a list, or text such as ``[512, 300]`` or ``512,300``."""
    listed = _listed(value)
    if listed is None or len(listed) != count:
        raise PydanticCustomError("too_short", "it must be a list of the right length")
    return [number(part) for part in listed]


def parts(value: Any) -> Any:
    """The parts of a list, also one that is written as text; anything else as it is."""
    listed = _listed(value)
    return value if listed is None else listed


def _listed(value: Any) -> Sequence[Any] | None:
    if isinstance(value, str):
        value = _from_text(value)
    if isinstance(value, dict) and value.keys() == {"x", "y"}:
        value = [value["x"], value["y"]]
    if isinstance(value, list | tuple) and len(value) == 1 and isinstance(value[0], list | tuple):
        value = value[0]
    return value if isinstance(value, list | tuple) else None


def _from_text(text: str) -> Any:
    """The parts of a list that was written as text."""
    if len(text) > _LONGEST:
        return None
    text = _MARKS.sub(" ", text).strip()
    if text.startswith(("{", "[[")):
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            return None
    if text[:1] + text[-1:] in ("[]", "()"):
        text = text[1:-1].strip()
    return [part for part in re.split(r"\s*[,;]\s*|\s+", text) if part]


def _read(text: str) -> Number:
    return float(text) if "." in text else int(text)


def point(given: Sequence[Number], size: tuple[int, int], scale: Scale) -> tuple[int, int]:
    """The pixel that a pair of coordinates means.

    Raises:
        BadInput: it lies outside the screen, or is of another scale.
    """
    x, y = (_pixel(value, length, scale) for value, length in zip(given, size, strict=True))
    width, height = size
    if _of_other_scale(given, scale) or not (0 <= x < width and 0 <= y < height):
        raise _refused(given, size, scale)
    return x, y


def region(
    given: Sequence[Number], size: tuple[int, int], scale: Scale
) -> tuple[int, int, int, int]:
    """The part of the screen that four numbers mean: left, top, and the edges beyond it.

    Raises:
        BadInput: it is empty, does not lie on the screen, or is of another scale.
    """
    full = _FULL.get(scale)
    x0, y0, x1, y1 = (
        rounded(value if full is None else value * length / full)
        for value, length in zip(given, (*size, *size), strict=True)
    )
    width, height = size
    if _of_other_scale(given, scale):
        raise _refused(given, size, scale)
    if not (0 <= x0 < x1 <= width and 0 <= y0 < y1 <= height):
        raise BadInput(
            f"zoom: the region {_shown(given)} does not lie on the screen. {_takes(size, scale)} "
            "Give [x0, y0, x1, y1] with x0 < x1 and y0 < y1.",
            shown="Not done: the part to enlarge does not lie on the screen.",
        )
    return x0, y0, x1, y1


def named(x: int, y: int, size: tuple[int, int], scale: Scale) -> tuple[Number, Number]:
    """A pixel as the model would give it."""
    full = _FULL.get(scale)
    if full is None:
        return x, y
    digits = 0 if full == 1000 else 4
    across, down = ((v + 0.5) * full / length for v, length in zip((x, y), size, strict=True))
    return (int(across), int(down)) if not digits else (round(across, 4), round(down, 4))


def described(scale: Scale, size: tuple[int, int]) -> str:
    """For the model: what coordinates are."""
    width, height = size
    if scale == "pixels":
        return (
            "Coordinates are pixels of the screenshot, origin top left. "
            f"The screen is {width} x {height}."
        )
    return (
        f"Coordinates are shares of the screen, from {scale.replace('-', ' to ')}: [0, 0] is the "
        f"top left corner, [{_FULL[scale]}, {_FULL[scale]}] the bottom right one."
    )


def rescaled(schema: dict[str, Any], scale: Scale) -> dict[str, Any]:
    """A member's schema, with its coordinates in this scale."""
    if scale == "pixels":
        return schema
    unit = f"from {scale.replace('-', ' to ')} of the screen"
    items = {"type": "integer" if scale == "0-1000" else "number"}
    fields: dict[str, dict[str, Any]] = schema["properties"]
    changed = {
        name: {
            **field,
            "items": items,
            "description": field["description"].replace("in screenshot pixels", unit),
        }
        for name, field in fields.items()
        if field.get("type") == "array"
    }
    return {**schema, "properties": {**fields, **changed}}


def _pixel(value: Number, length: int, scale: Scale) -> int:
    full = _FULL.get(scale)
    if full is None:
        nearest = rounded(value)
        return length - 1 if nearest == length and value < length else nearest
    if not 0 <= value <= full:
        return -1
    return min(math.floor(value * length / full), length - 1)


def _of_other_scale(given: Sequence[Number], scale: Scale) -> bool:
    """Whether numbers are shares from 0 to 1 where these are not meant."""
    small = all(0 <= value <= 1 for value in given)
    return scale != "0-1" and small and any(isinstance(value, float) for value in given)


def _refused(given: Sequence[Number], size: tuple[int, int], scale: Scale) -> BadInput:
    what = (
        "looks like shares of the screen from 0 to 1"
        if _of_other_scale(given, scale)
        else "lies outside the screen"
    )
    return BadInput(
        f"{_shown(given)} {what}. {_takes(size, scale)} Take a screenshot and read the "
        "coordinates from it.",
        shown=f"Not done: {_shown(given)} {what}.",
    )


def _takes(size: tuple[int, int], scale: Scale) -> str:
    width, height = size
    if scale == "pixels":
        return (
            f"Coordinates are pixels of the screenshot, which is {width} x {height}: x goes from "
            f"0 to {width - 1}, y from 0 to {height - 1}."
        )
    return f"Coordinates are shares of the screen, from {scale.replace('-', ' to ')}."


def _shown(given: Sequence[Number]) -> str:
    return f"({', '.join(f'{value:.10g}' for value in given)})"
