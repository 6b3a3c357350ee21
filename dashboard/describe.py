"""An action in a person's words, and as a mark on the screen."""

from __future__ import annotations

from typing import Any

from agent.record.events import ActionProposed
from agent.session.describe import describe, point_of

__all__ = ["describe", "mark_of"]


def mark_of(event: ActionProposed) -> dict[str, Any]:
    """Where on the screen an action takes place, as ``DesktopView`` draws it; empty if nowhere."""
    point = point_of(event.input.get("coordinate"))
    if point is None:
        return {}
    mark: dict[str, Any] = {"kind": event.name, "x": point[0], "y": point[1]}
    start = point_of(event.input.get("start_coordinate"))
    if start is not None:
        mark |= {"x": start[0], "y": start[1], "to": list(point)}
    box = [int(part) for part in event.target.get("box", "").split(",") if part]
    if len(box) == 4:
        mark["box"] = box
    return mark | {"label": describe(event)}
