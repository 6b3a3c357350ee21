"""Whether typed text stands where it was typed, as far as accessibility tells."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Literal

from agent.desktop.base import Desktop, Node, Window
from agent.desktop.see.snapshot import is_editor
from agent.errors import DesktopError
from agent.tools.focus import Focus

_LONGEST = 100_000
"""Characters of a text beyond which it is not read back."""

_PATIENCE = 0.5
"""Seconds that one look at a text may take."""

_WAITS = ((0.1, 0.03, 0.4), (0.4, 0.1, 1.5))
"""For each look: seconds for a change to begin, of quiet after it, and at most."""

_TAIL = 4000
_EXCERPT = 60

Verdict = Literal["as typed", "shown", "other", "unchanged", "unknown"]
"""``shown``: a terminal shows the line; ``other``: the text changed, but to something else."""


@dataclass(frozen=True, slots=True)
class Field:
    """A text that something is about to be typed into, as it was before."""

    node: Node
    before: str
    caret: int
    selected: str

    def expected(self, text: str) -> set[str]:
        """What it may read once ``text`` stands in it; empty if the caret is not known."""
        before, chosen = self.before, len(self.selected)
        starts = (self.caret - chosen, self.caret) if self.caret >= 0 else ()
        return {
            before[:start] + text + before[start + chosen :]
            for start in starts
            if start >= 0 and before[start : start + chosen] == self.selected
        }


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read after typing, and an excerpt where it is not what was typed."""

    verdict: Verdict
    excerpt: str = ""


async def field_of(desktop: Desktop, focus: Focus, window: Window) -> Field | None:
    """The text that has the keyboard; None if it cannot be read back."""
    node = focus.node
    if node is None or not is_editor(node.role) or not focus.is_in(window):
        return None
    try:
        async with asyncio.timeout(_PATIENCE):
            before = await desktop.text_of(node)
            caret, selected = await desktop.caret_of(node), await desktop.selection_of(node)
    except (DesktopError, TimeoutError):
        return None
    return Field(node, before, caret, selected) if len(before) <= _LONGEST else None


async def read_back(desktop: Desktop, field: Field, text: str) -> Reading:
    """Look once when the screen is quiet, and once more if that was too early."""
    reading = Reading("unknown")
    for first, quiet, cap in _WAITS:
        await desktop.settle(first=first, quiet=quiet, cap=cap)
        try:
            async with asyncio.timeout(_PATIENCE):
                now = await desktop.text_of(field.node)
        except (DesktopError, TimeoutError):
            return Reading("unknown")
        reading = judged(field, text, now)
        if reading.verdict in ("as typed", "shown"):
            break
        if field.node.role == "terminal" and now != field.before:
            break  # a prompt that does not echo, or output that has scrolled away
    return reading


def judged(field: Field, text: str, now: str) -> Reading:
    """What a text says of what was typed into it."""
    if field.node.role == "terminal":
        return Reading("shown" if _echoed(field.before, text, now) else "unknown")
    expected = field.expected(text)
    if now in expected or _bare(now) in {_bare(each) for each in expected if _bare(text)}:
        return Reading("as typed")
    if now.count(text) > field.before.count(text):
        return Reading("as typed")
    if now == field.before:
        return Reading("unchanged" if field.caret >= 0 else "unknown")
    if not now or len(set(now)) == 1 < len(text):
        return Reading("unknown")  # gone, or a password's dots
    return Reading("other", _around(field.before, now))


def _echoed(before: str, text: str, now: str) -> bool:
    """Whether a terminal shows the last line of what was typed, wherever it is wrapped."""
    lines = [line for line in map(_bare, text.split("\n")) if line]
    return bool(lines) and now != before and lines[-1][-200:] in _bare(now[-_TAIL:])


def _bare(text: str) -> str:
    return "".join(text.split())


def _around(before: str, now: str) -> str:
    """The part of a text that is not as before, on one line."""
    same = next(
        (n for n, (a, b) in enumerate(zip(before, now, strict=False)) if a != b), len(before)
    )
    start = 0 if len(now) <= _EXCERPT else max(0, min(same, len(now) - _EXCERPT) - 10)
    part = " ".join(now[start : start + _EXCERPT].split())
    return f"{'…' if start else ''}{part}{'…' if start + _EXCERPT < len(now) else ''}"
