"""Covers what a picture must not show: fields that hold a text which is to be hidden."""

from __future__ import annotations

from collections.abc import Iterable

from agent.desktop.base import Box, Hidden, Tree
from agent.desktop.see.pictures import Pixels

Region = tuple[int, int, int, int]
"""``(x0, y0, x1, y1)`` in the picture of the whole screen."""


def to_cover(tree: Tree, hidden: Hidden) -> list[Box]:
    """Boxes of the objects whose text or name holds what is to be hidden."""
    return [
        node.box
        for node in tree.nodes
        if node.box is not None and (hidden.hides(node.text or "") or hidden.hides(node.name))
    ]


def covered(pixels: Pixels, boxes: Iterable[Box], region: Region) -> Pixels:
    """The picture of a region with the boxes black; the same array if none lies in it."""
    x0, y0, x1, y1 = region
    height, width = pixels.shape[:2]
    across, down = width / (x1 - x0), height / (y1 - y0)
    result = pixels
    for box in boxes:
        left, right = max(box.x, x0), min(box.x + box.width, x1)
        top, bottom = max(box.y, y0), min(box.y + box.height, y1)
        if left >= right or top >= bottom:
            continue
        if result is pixels:
            result = pixels.copy()
        rows = slice(int((top - y0) * down), -int(-(bottom - y0) * down // 1))
        result[rows, int((left - x0) * across) : -int(-(right - x0) * across // 1)] = 0
    return result
