"""The lanes of a timeline as an SVG drawing, for notebooks and reports."""

from __future__ import annotations

from collections.abc import Iterator
from xml.sax.saxutils import escape

from agent.replay.fold import LANES, Lane
from agent.replay.timeline import Step, Timeline

COLOURS: dict[Lane, str] = {
    "heard": "#1c5d99",
    "said": "#6a3fb5",
    "model": "#566070",
    "actions": "#1b6b3a",
    "approvals": "#8a5200",
    "cost": "#4c7f8c",
}
_BAD = "#b3261e"
_LEFT, _HIGH = 80, 24


def timeline_svg(timeline: Timeline, width: int = 960) -> str:
    """The drawing; each step's words are its title."""
    high = _HIGH * len(LANES)
    body = "".join((*_rows(width), *_pauses(timeline, width), *_marks(timeline, width)))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {high}" width="{width}" '
        f'role="img" aria-label="Timeline" font-family="sans-serif" font-size="12">{body}</svg>'
    )


def _rows(width: int) -> Iterator[str]:
    for row, lane in enumerate(LANES):
        y = row * _HIGH
        yield f'<text x="0" y="{y + 16}" fill="currentColor">{lane}</text>'
        yield f'<path d="M{_LEFT} {y + _HIGH}H{width}" stroke="#8888" stroke-width=".5"/>'


def _pauses(timeline: Timeline, width: int) -> Iterator[str]:
    for time, left_out in timeline.pauses:
        x = _x(timeline, time, width)
        yield (
            f'<path d="M{x:.1f} 0V{_HIGH * len(LANES)}" stroke="#8888" stroke-dasharray="2 3">'
            f"<title>{left_out:.0f} s without anything</title></path>"
        )


def _marks(timeline: Timeline, width: int) -> Iterator[str]:
    for step in timeline.steps:
        x, end = (_x(timeline, time, width) for time in (step.begin, step.end))
        y = LANES.index(step.lane) * _HIGH + 6
        yield (
            f'<rect x="{x:.1f}" y="{y}" width="{max(end - x, 3):.1f}" height="12" rx="2" '
            f'fill="{_colour(step)}"><title>{escape(_title(step))}</title></rect>'
        )


def _x(timeline: Timeline, time: float, width: int) -> float:
    return _LEFT + (width - _LEFT - 8) * time / max(timeline.seconds, 1e-9)


def _colour(step: Step) -> str:
    return _BAD if step.state in ("failed", "denied", "cut") else COLOURS[step.lane]


def _title(step: Step) -> str:
    return f"{step.at:.1f} s: {step.label}"
