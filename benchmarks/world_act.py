"""Acts by name on pages, programs and a sheet: what each did, and what it reached.

Each step looks at the outline, finds an object by role and name in its words, and acts by its
reference. What was done is told by the page's own events, by GTK's signals, and by the file that
the spreadsheet has saved.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

from agent.tools.by_name import ScreenTool
from benchmarks.world_hand import Hand
from benchmarks.world_report import Report, share
from benchmarks.world_screens import Screen, screens, shortened, shown, words_of
from benchmarks.world_stage import Log, Stage, installed, until
from benchmarks.world_truth import Declared, Told, plain

_TEXTS = ("Ada Lovelace", "42 Main Street", "Zürich", "hello, world", "x = 1")
_PRESSED = frozenset(
    {"button", "link", "checkbox", "radio", "switch", "tab", "menuitem", "option", "treeitem"}
    | {"gridcell", "columnheader", "summary", "slider"}
)
_FIELDS = frozenset({"textbox", "password", "spinbutton"})
_PAGE_MOST = 16
"""Acts on one page or program."""

_CELLS = 24
_MENUS = (("File", "New", "new"), ("Edit", "Paste", "paste"), ("Help", "About", "about"))
"""Menus of the program ``editor``: menu, entry, and the entry's id."""


@dataclass(slots=True)
class Tally:
    """How steps went."""

    right: int = 0
    not_done: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    """Steps that reached another element."""

    @property
    def whole(self) -> int:
        return self.right + len(self.not_done) + len(self.wrong)

    def note(self, step: str, done: Sequence[str], expected: str, told: str) -> None:
        """One step, by which places were touched."""
        others = [place for place in done if place and place != expected]
        if others:
            self.wrong.append(step)
            print(f"wrong: {step}: {others}, not {expected}: {told}", file=sys.stderr)
        elif expected in done:
            self.right += 1
        else:
            self.not_done.append(step)
            print(f"not done: {step}: {told}", file=sys.stderr)


async def measure(stage: Stage, report: Report, quick: bool) -> None:
    """Act on every screen of one browser and of GTK, then in the spreadsheet."""
    tally = Tally()
    first = installed()[0]
    for program, truth in screens(quick):
        if program not in ("gtk", first) or not stage.wants(truth.name):
            continue
        async with shown(stage, program, truth) as screen:
            await Acts(stage, screen, tally).all(4 if quick else _PAGE_MOST)
    if stage.wants("sheet"):
        await sheet(stage, tally, 6 if quick else _CELLS)
    good = tally.right >= 0.98 * tally.whole
    report.row(
        "acts by name that did what they were to", *share(tally.right, tally.whole), ">= 98", good
    )
    report.row("acts that reached another element", len(tally.wrong), "", "0", not tally.wrong)


class Ambiguous(Exception):
    """Something else on the screen has the same role and name, as a window's own button may."""


class Acts:
    """Acts on one screen."""

    def __init__(self, stage: Stage, screen: Screen, tally: Tally) -> None:
        self._stage = stage
        self._screen = screen
        self._tally = tally
        self._hand = Hand(ScreenTool(stage.desktop))
        gtk = screen.program == "gtk"
        self._log: Log = stage.log_of(screen.truth) if gtk else stage.log
        self._texts = 0

    async def all(self, most: int) -> None:
        """As many of the screen's own elements as are wanted, evenly from first to last."""
        declared = self._screen.truth.declared
        names = [(each.role, plain(each.name)) for each in declared]
        fit = [
            each
            for each in declared
            if each.flag in ("", "within")
            and each.role in _PRESSED | _FIELDS | {"combobox"}
            and names.count((each.role, plain(each.name))) == 1
            and (self._screen.program != "gtk" or _is_told_of(each))
        ]
        step = max(1, -(-len(fit) // most))
        # these put others out of sight
        last = sorted(fit[::step], key=lambda each: each.role in ("summary", "tab"))
        for each in last:
            with contextlib.suppress(Ambiguous):
                await self._act(each)
        if self._screen.truth.name == "editor":
            for menu, entry, place in _MENUS:
                await self._choose(menu, entry, place)

    async def _act(self, each: Declared) -> None:
        told = await self._find(each)
        if told is None:
            self._note(each, len(self._log.done()), "it is not told")
            return
        since = len(self._log.done())
        if each.role in _FIELDS:
            await self._write(each, told, since)
        elif each.role == "combobox":
            await self._pick(each, told, since)
        else:
            said = await self._click(told.ref)
            self._note(each, since, said, await self._done(each, since))

    async def _click(self, ref: str) -> str:
        """A click; what turns out to be out of sight is scrolled to first."""
        result = await self._hand.run("click_on", ref=ref)
        if result.is_error and "out of sight" in result.text:
            await self._hand.run("show", ref=ref)
            result = await self._hand.run("click_on", ref=ref)
        return result.text

    async def _write(self, each: Declared, told: Told, since: int) -> None:
        text = "7" if each.role == "spinbutton" else _TEXTS[self._texts % len(_TEXTS)]
        self._texts += 1
        given = {"ref": told.ref, "text": text, "replace": True}
        result = await self._hand.run("type_into", **given)
        if result.is_error and "out of sight" in result.text:
            await self._hand.run("show", ref=told.ref)
            result = await self._hand.run("type_into", **given)
        said = result.text
        if each.role == "spinbutton":
            await self._stage.desktop.input.key("Tab")

        def arrived() -> bool:
            values = [d["value"] for d in self._log.done()[since:] if d["id"] == each.place]
            return plain(text) in map(plain, values)

        self._note(each, since, said, await _within(arrived))

    async def _pick(self, each: Declared, told: Told, since: int) -> None:
        """Open a list and choose its last entry."""
        await self._hand.run("click_on", ref=told.ref)
        before = told.ref
        entry, said = None, "no entries are told"
        for _ in range(10):
            text = await self._hand.text("outline")
            entries = [t for t in await self._hand.told(text) if t.role in ("entry", "menu item")]
            if entries:
                entry = entries[-1]
                break
            await self._stage.desktop.settle(first=0.3)
        if entry is not None and entry.ref != before:
            said = await self._hand.text("click_on", ref=entry.ref)

        def chosen() -> bool:
            values = [d["value"] for d in self._log.done()[since:] if d["id"] == each.place]
            return entry is not None and entry.name in values

        self._note(each, since, said, await _within(chosen))

    async def _choose(self, menu: str, entry: str, place: str) -> None:
        """An entry of a menu."""
        since = len(self._log.done())
        opener = await self._find(Declared("menu", menu, ""))
        if opener:
            await self._hand.run("click_on", ref=opener.ref)
        item = await self._find(Declared("menuitem", entry, ""))
        said = await self._hand.text("click_on", ref=item.ref) if item else "it is not told"
        target = Declared("menuitem", entry, place)
        self._note(target, since, said, await self._done(target, since))

    async def _find(self, each: Declared) -> Told | None:
        """An object by the words of the outline."""
        words, name = words_of(each), shortened(each.name)
        for _ in range(8):
            text = await self._hand.text("outline")
            fit = [
                told
                for told in await self._hand.told(text)
                if told.role in words and plain(told.name) == name
            ]
            if len(fit) > 1:
                raise Ambiguous
            if fit:
                return fit[0]
            await self._stage.desktop.settle(first=0.3)
        return None

    async def _done(self, each: Declared, since: int) -> bool:
        return await _within(lambda: each.place in self._places(each, since))

    def _places(self, each: Declared, since: int) -> list[str]:
        """What was touched, in the words of what is declared."""
        places = []
        gtk = self._screen.program == "gtk"
        for done in self._log.done()[since:]:
            place, kind = done["id"], done["did"]
            if kind == "cursor-changed":
                place = f"{place}/{done['value']}"
            places.append(self._meant(each, place) if gtk else place)
        return places

    def _note(self, each: Declared, since: int, said: str, done: bool = False) -> None:
        expected, places = each.place, self._places(each, since)
        if not done:
            places = [place for place in places if place != expected]
        step = f"{each.role} {each.name!r} on {self._screen.name}"
        self._tally.note(step, places, expected, said)

    def _meant(self, each: Declared, place: str) -> str:
        """The same where GTK tells of it by another part: rows of tables, pages, other radios."""
        if each.role == "gridcell" and each.place.startswith(f"{place}/"):
            return each.place
        radios = [d.place for d in self._screen.truth.declared if d.role == "radio"]
        if each.role == "radio" and place in radios:
            return each.place if place == each.place else ""
        menus = [d.place for d in self._screen.truth.declared if d.role == "menu"]
        opened = each.role == "menuitem" and place in menus
        if each.role == "tab" and place == "book":
            return each.place
        return "" if opened else place


_UNTOLD = ("tab1", "home", "text")
"""A tab and a choice that are chosen already, and a text without a signal of its own."""


def _is_told_of(each: Declared) -> bool:
    """Whether GTK tells of an act: of rows and tabs, it tells that another one was chosen."""
    if each.role == "gridcell":
        return each.place.endswith("/0")
    return each.role != "columnheader" and each.place not in _UNTOLD


async def sheet(stage: Stage, tally: Tally, count: int) -> None:
    """Cells of a spreadsheet, by their addresses; what arrived is read from the saved file."""
    path = stage.folder / "figures.fods"
    stage.put("figures.fods", _EMPTY)
    path.chmod(0o666)
    await stage.window("libreoffice", "--calc", "--norestore", stage.desktop.inside(path))
    hand = Hand(ScreenTool(stage.desktop))
    wanted = {f"{'BCDE'[n % 4]}{2 + n // 4}": f"{n * 7 + 3}" for n in range(count)}

    async def told() -> list[Told] | None:
        found = await hand.told(await hand.text("outline"))
        return found if any(t.role == "cell" and t.name == "B2" for t in found) else None

    try:
        found = await until(told, "cells of a sheet")
        cells = {told.name: told.ref for told in found if told.role == "cell"}
        said = {}
        for address, figure in wanted.items():
            if address in cells:
                done = await hand.run("type_into", ref=cells[address], text=f"{figure}\n")
                said[address] = done.text
        await stage.desktop.input.key("ctrl+s")
        values: dict[str, str] = {}

        def saved() -> bool:
            values.update(cells_of(path))
            return len(values) >= len(said)

        await _within(saved)
    finally:
        await stage.clear()
    for address, figure in wanted.items():
        right = values.pop(address, None) == figure
        step = f"cell {address} of a sheet"
        tally.note(step, [address] if right else [], address, said.get(address, "it is not told"))
    for address in values:
        tally.note("a cell of a sheet", [address], "", "nothing was to be there")


_OFFICE = "urn:oasis:names:tc:opendocument:xmlns:office:1.0"
_TABLE = "urn:oasis:names:tc:opendocument:xmlns:table:1.0"
_EMPTY = f"""<?xml version="1.0" encoding="UTF-8"?>
<office:document xmlns:office="{_OFFICE}" xmlns:table="{_TABLE}" office:version="1.3"
 office:mimetype="application/vnd.oasis.opendocument.spreadsheet"><office:body><office:spreadsheet>
<table:table table:name="Figures"><table:table-row><table:table-cell/></table:table-row>
</table:table>
</office:spreadsheet></office:body></office:document>
"""


def cells_of(path: Path) -> dict[str, str]:
    """What stands in the cells of a flat OpenDocument sheet; empty while it cannot be read."""
    try:
        root = ElementTree.parse(path).getroot()
    except (ElementTree.ParseError, OSError):
        return {}
    found, row_number = {}, 0
    for row in root.iter(f"{{{_TABLE}}}table-row"):
        column = 0
        for cell in row:
            repeated = int(cell.get(f"{{{_TABLE}}}number-columns-repeated", "1"))
            text = "".join(cell.itertext()).strip()
            if text:
                found[f"{chr(ord('A') + column)}{row_number + 1}"] = text
            column += repeated
        row_number += int(row.get(f"{{{_TABLE}}}number-rows-repeated", "1"))
    return found


async def _within(look: Callable[[], bool]) -> bool:
    """Whether it comes true within a few seconds."""
    for _ in range(60):
        if look():
            return True
        await asyncio.sleep(0.05)
    return False
