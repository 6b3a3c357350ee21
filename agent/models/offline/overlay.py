"""Numbers and a grid over the screen, for what has no name or a name that is hard to say.

What is drawn is told by events; what each number stands for is remembered here. It ends with the
next act of the hands, because nothing then is surely where it was.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from agent.desktop.base import Box, Node
from agent.models.offline.targets import called
from agent.models.offline.view import View
from agent.models.offline.words import number
from agent.record.events import ScreenLabel

SIDE = 3
"""Squares along each side of the grid."""

_NAME = 120
"""Characters of a name that are told with its number."""


@dataclass
class Overlay:
    """What is drawn over the screen now, and the place that was marked for a drag."""

    nodes: tuple[Node, ...] = ()
    grid: Box | None = None
    wider: tuple[Box, ...] = ()
    """The grids that were looked closer at, the first one first."""

    marked: tuple[int, int] | None = None

    @property
    def shown(self) -> bool:
        return bool(self.nodes) or self.grid is not None

    def labels(self) -> tuple[ScreenLabel, ...]:
        """What there is to draw, in pixels of the picture."""
        if self.grid is not None:
            return tuple(_label(n, box) for n, box in enumerate(squares(self.grid), 1))
        boxes = [(node.box, called(node)) for node in self.nodes if node.box]
        return tuple(_label(n, box, name) for n, (box, name) in enumerate(boxes, 1))

    def clear(self) -> None:
        """Take everything away, the marked place as well."""
        self.draw()
        self.marked = None

    def draw(
        self,
        nodes: tuple[Node, ...] = (),
        grid: Box | None = None,
        wider: tuple[Box, ...] = (),
    ) -> None:
        """Have other numbers in the place of those that are shown; a marked place stays."""
        self.nodes, self.grid, self.wider = nodes, grid, wider

    def at(self, view: View, label: str) -> Node | str | None:
        """What a number stands for, or why it stands for nothing, in words for the person.

        None where nothing is shown, or the label is no number.
        """
        wanted = number(label.lower().removeprefix("number ").removeprefix("square "))
        if not self.shown or wanted is None:
            return None
        if self.grid is not None:
            boxes = squares(self.grid)
            if not 1 <= wanted <= len(boxes):
                return f"There is no square {wanted}: they go from 1 to {len(boxes)}."
            return Node("", None, "", "", f"square {wanted}", boxes[wanted - 1])
        if not 1 <= wanted <= len(self.nodes):
            return f"There is no number {wanted}: they go from 1 to {len(self.nodes)}."
        was = self.nodes[wanted - 1]
        now = next((n for n in view.tree.nodes if n.id == was.id and n.showing), None)
        if now is None or (now.role, now.name) != (was.role, was.name):
            return f"What had the number {wanted} is not there any more. Say: show numbers."
        return now if now.name else replace(now, name=f"number {wanted}")


def _label(n: int, box: Box, name: str = "") -> ScreenLabel:
    told = name if len(name) <= _NAME else f"{name[: _NAME - 1]}…"
    return ScreenLabel(text=str(n), box=(box.x, box.y, box.width, box.height), name=told)


def squares(box: Box) -> list[Box]:
    """The nine squares of a box, in the order of a telephone's keys."""
    across = [box.x + box.width * n // SIDE for n in range(SIDE + 1)]
    down = [box.y + box.height * n // SIDE for n in range(SIDE + 1)]
    return [
        Box(across[x], down[y], across[x + 1] - across[x], down[y + 1] - down[y])
        for y in range(SIDE)
        for x in range(SIDE)
    ]


def squares_of(said: str) -> list[int] | None:
    """Squares one in the other, as they are said: "five three one", "531"; None for others."""
    words = said.replace(",", " ").split()
    if len(words) == 1 and words[0].isdigit():
        words = list(words[0])
    found = [number(word) for word in words]
    return [n for n in found if n] if all(n and n <= SIDE * SIDE for n in found) else None
