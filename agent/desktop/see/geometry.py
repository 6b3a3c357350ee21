"""One fixed factor between the screen and the picture that the model sees."""

from __future__ import annotations

from dataclasses import dataclass, replace

from agent.desktop.base import Box, Node, Tree, Window
from agent.errors import BadInput


@dataclass(frozen=True, slots=True)
class Geometry:
    """Maps coordinates of the picture to the screen's, and back."""

    native: tuple[int, int]
    picture: tuple[int, int]

    @classmethod
    def fitting(cls, native: tuple[int, int], largest: tuple[int, int]) -> Geometry:
        """The picture of a screen, no larger than ``largest`` and of the same shape."""
        factor = min(1.0, largest[0] / native[0], largest[1] / native[1])
        return cls(native, (max(1, round(native[0] * factor)), max(1, round(native[1] * factor))))

    @property
    def same(self) -> bool:
        return self.native == self.picture

    def to_native(self, x: int, y: int) -> tuple[int, int]:
        """The middle of a picture's pixel on the screen.

        Raises:
            BadInput: no whole number, or outside the picture.
        """
        width, height = self.picture
        for value in (x, y):
            if isinstance(value, bool) or not isinstance(value, int):
                raise BadInput(f"Coordinates are whole numbers of pixels, not {value!r}.")
        if not (0 <= x < width and 0 <= y < height):
            raise BadInput(
                f"({x}, {y}) is outside the screen. x goes from 0 to {width - 1}, "
                f"y from 0 to {height - 1}."
            )
        if self.same:
            return x, y
        return (
            int((x + 0.5) * self.native[0] / width),
            int((y + 0.5) * self.native[1] / height),
        )

    def to_picture(self, x: int, y: int) -> tuple[int, int]:
        """The picture's pixel that shows a point of the screen."""
        if self.same:
            return x, y
        return (
            x * self.picture[0] // self.native[0],
            y * self.picture[1] // self.native[1],
        )

    def native_region(self, region: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
        """``(x, y, width, height)`` on the screen of ``(x0, y0, x1, y1)`` in the picture.

        Raises:
            BadInput: not four whole numbers, outside, or empty.
        """
        width, height = self.picture
        whole = len(region) == 4 and all(type(v) is int for v in region)
        if not whole:
            raise BadInput("A region is four whole numbers: x0, y0, x1, y1.")
        x0, y0, x1, y1 = region
        if not (0 <= x0 < x1 <= width and 0 <= y0 < y1 <= height):
            raise BadInput(
                f"The region {list(region)} is empty or outside the screen: x0 < x1 <= {width} "
                f"and y0 < y1 <= {height} must hold."
            )
        left, top = x0 * self.native[0] // width, y0 * self.native[1] // height
        right = -(-x1 * self.native[0] // width)
        bottom = -(-y1 * self.native[1] // height)
        return left, top, right - left, bottom - top

    def box(self, box: Box) -> Box:
        """A box of the screen in the picture's pixels."""
        if self.same:
            return box
        x, y = self.to_picture(box.x, box.y)
        right, bottom = self.to_picture(box.x + box.width, box.y + box.height)
        return Box(x, y, right - x, bottom - y)

    def window(self, window: Window) -> Window:
        return window if self.same else replace(window, box=self.box(window.box))

    def tree(self, tree: Tree) -> Tree:
        if self.same:
            return tree
        return Tree(tuple(self._node(node) for node in tree.nodes))

    def _node(self, node: Node) -> Node:
        box, beyond = (self.box(b) if b else None for b in (node.box, node.beyond))
        return replace(node, box=box, beyond=beyond) if box or beyond else node

    def native_node(self, node: Node) -> Node:
        """A node of the picture with its box on the screen."""
        if self.same or node.box is None:
            return node
        box, (across, down) = node.box, self.native
        width, height = self.picture
        left, top = box.x * across // width, box.y * down // height
        right = -(-(box.x + box.width) * across // width)
        bottom = -(-(box.y + box.height) * down // height)
        return replace(node, box=Box(left, top, right - left, bottom - top))
