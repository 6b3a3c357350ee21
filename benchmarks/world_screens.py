"""Twelve pages and eight programs: what is found of them, how soon, and in how few words."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from agent.desktop.base import Box
from agent.tools.by_name import ScreenTool
from agent.tools.outline import ROLES as WORDS
from agent.tools.took import quoted
from benchmarks.world_hand import Hand
from benchmarks.world_looks import Looks, large
from benchmarks.world_report import Report, p95, share
from benchmarks.world_stage import Stage, installed
from benchmarks.world_truth import (
    PAGES,
    PROGRAMS,
    Declared,
    Score,
    Told,
    Truth,
    found_of,
    plain,
    truths,
)

_LOOKS = 5
"""How often a tree is timed on each screen."""

_NAME = 60
"""Letters of a name that an outline tells."""

_SETTLED = 4.0
"""Seconds that a page has, once it shows, to publish what is on it."""


@dataclass(frozen=True, slots=True)
class Screen:
    """What stands before the bench now."""

    program: str
    """A browser's name, or ``gtk``."""

    truth: Truth
    boxes: dict[str, Box]
    """Where each declared element is, by its place."""

    page: Box | None = None
    """What shows of a page."""

    @property
    def name(self) -> str:
        return f"{self.truth.name} in {self.program}"

    def visible(self) -> list[Declared]:
        """What is declared and in sight."""
        found = []
        for each in self.truth.declared:
            box = self.boxes.get(each.place)
            if box and (self.page is None or self.page.contains(*box.center)):
                found.append(each)
        return found


@asynccontextmanager
async def shown(stage: Stage, program: str, truth: Truth) -> AsyncIterator[Screen]:
    """Show a page or program; what it shows is ended afterwards."""
    try:
        if program == "gtk":
            await stage.program(truth)
            yield Screen(program, truth, stage.log_of(truth).boxes())
        else:
            page = await stage.page(program, truth)
            boxes = stage.log.boxes(f"/{truth.path.name}")
            on_screen = {
                place: Box(box.x + page.x, box.y + page.y, box.width, box.height)
                for place, box in boxes.items()
            }
            yield Screen(program, truth, on_screen, page)
    finally:
        await stage.clear()


@dataclass(slots=True)
class Found:
    """What the tree has of the screens, and what looks at them cost."""

    scores: dict[str, Score] = field(default_factory=dict)
    """By program: ``chromium``, ``gtk``."""

    looks: Looks = field(default_factory=Looks)

    async def look(self, stage: Stage, screen: Screen) -> None:
        """Look for all that is declared, until all is there or it has had its time."""
        deadline = time.monotonic() + _SETTLED
        declared, boxes = screen.truth.declared, screen.boxes
        while True:
            score = found_of(declared, boxes, (await stage.desktop.tree()).nodes)
            if not score.missed or time.monotonic() > deadline:
                break
            await stage.desktop.settle(first=0.2)
        for each, near in score.missed:
            print(f"missed on {screen.name}: {each.role} {each.name!r}: {near}", file=sys.stderr)
        self.scores.setdefault(screen.program, Score())
        self.scores[screen.program] += score
        for _ in range(_LOOKS):
            await self.looks.look(stage)


@dataclass(slots=True)
class Words:
    """What outlines tell of the screens, and how long they are."""

    told: int = 0
    visible: int = 0
    outlines: list[int] = field(default_factory=list)
    """Characters of each."""

    changes: list[int] = field(default_factory=list)
    """Characters of what is told after an act."""

    async def look(self, stage: Stage, screen: Screen) -> None:
        """Read the screen as a model does, opening what is folded; then act once, and read on."""
        tool = ScreenTool(stage.desktop)
        hand = Hand(tool)
        text = await hand.text("outline")
        self.outlines.append(len(text))
        told = await hand.told(text)
        visible = screen.visible()
        missing = untold(visible, told)
        for each in missing:
            print(f"untold on {screen.name}: {each.role} {each.name!r}", file=sys.stderr)
        self.visible += len(visible)
        self.told += len(visible) - len(missing)
        await self._change(stage, hand, told)

    async def _change(self, stage: Stage, hand: Hand, told: Sequence[Told]) -> None:
        """Type into the first field, or press the first button or box."""
        await hand.tool.closing_screenshot()
        field_ = next((t for t in told if t.role in ("field", "text") and t.name), None)
        other = next((t for t in told if t.role in ("check box", "toggle", "button")), None)
        if field_:
            await hand.run("type_into", ref=field_.ref, text="A few words of text")
        elif other:
            await hand.run("click_on", ref=other.ref)
        await stage.desktop.settle()
        await hand.tool.closing_screenshot()
        self.changes.append(len(hand.tool.closing_note))


def untold(visible: Sequence[Declared], told: Sequence[Told]) -> list[Declared]:
    """What is in sight and not told with its role and name; each that is told counts once."""
    left, missing = list(told), []
    for each in visible:
        words = words_of(each)
        name = shortened(each.name)
        file = each.role == "file"
        match = next(
            (
                t
                for t in left
                if t.role in words
                and (plain(t.name).startswith(name) if file else plain(t.name) == name)
            ),
            None,
        )
        if match:
            left.remove(match)
        else:
            missing.append(each)
    return missing


def words_of(declared: Declared) -> frozenset[str]:
    """What an outline may call something."""
    return frozenset(WORDS.get(role, role) for role in declared.roles)


def shortened(name: str) -> str:
    """A name as an outline tells it."""
    return plain(quoted(plain(name), _NAME).strip("“”"))


def screens(quick: bool) -> list[tuple[str, Truth]]:
    """Which screens there are: pages in each browser, then programs."""
    pages, programs = truths(PAGES, ".html"), truths(PROGRAMS, ".ui")
    if quick:
        pages, programs = pages[:3], programs[:2]
    found = [(browser, page) for browser in installed() for page in pages]
    return [*found, *(("gtk", program) for program in programs)]


async def measure(stage: Stage, report: Report, parts: Sequence[str], quick: bool) -> None:
    """Go through the screens for those of the parts that are wanted."""
    found, words = Found(), Words()
    for program, truth in screens(quick):
        if not stage.wants(truth.name):
            continue
        async with shown(stage, program, truth) as screen:
            if {"names", "tree"} & set(parts):
                await found.look(stage, screen)
            if "outline" in parts and program in ("gtk", installed()[0]):
                await words.look(stage, screen)
    if "names" in parts:
        _tell_names(report, found)
    if "tree" in parts:
        if stage.wants("large"):
            await large(stage, report, 10 if quick else 40)
        if found.looks.took:
            found.looks.tell(report, "elsewhere", 100)
    if "outline" in parts:
        _tell_words(report, words, stage.desktop.size)


def _tell_names(report: Report, found: Found) -> None:
    whole = Score()
    for program, score in found.scores.items():
        whole += score
        what = f"names: role, name and box right, {program}"
        report.row(what, *share(len(score.right), score.whole), ">= 95", good(score, 0.95))
    what = "names: all of them"
    report.row(what, *share(len(whole.right), whole.whole), ">= 95", good(whole, 0.95))


def good(score: Score, goal: float) -> bool:
    """Whether so large a share was found."""
    return len(score.right) >= goal * score.whole


def _tell_words(report: Report, words: Words, size: tuple[int, int]) -> None:
    picture = picture_tokens(*size)
    outlines = [characters / 3 / picture for characters in words.outlines]
    changes = [characters / 3 / picture for characters in words.changes]
    report.row(f"tokens of a picture of {size[0]} x {size[1]}", picture, "tokens")
    what = f"outline: visible elements told, {len(outlines)} screens"
    told = words.told >= 0.95 * words.visible
    report.row(what, *share(words.told, words.visible), ">= 95", told)
    for name, value, goal in (
        ("outline, median", statistics.median(outlines), 0.5),
        ("outline, p95", p95(outlines), 1.0),
        ("changes since the last look, median", statistics.median(changes), 0.125),
        ("changes since the last look, most", max(changes), 0.125),
    ):
        report.row(f"{name}", value, "of a picture", f"<= {goal:g}", value <= goal)


def picture_tokens(width: int, height: int) -> int:
    """What the service counts for a picture: one for each patch of 28 x 28 pixels."""
    return -(-width // 28) * -(-height // 28)
