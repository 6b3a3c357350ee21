"""Rows of measured figures with their goals, as a table or as JSON."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass, field


@dataclass(frozen=True, slots=True)
class Row:
    """One figure."""

    what: str
    value: float
    unit: str
    goal: str = ""
    met: bool | None = None
    note: str = ""

    @property
    def cells(self) -> tuple[str, ...]:
        shown = f"{self.value:,.0f}" if self.value >= 1000 else f"{self.value:.3g}"
        met = {True: "yes", False: "**no**", None: ""}[self.met]
        return (self.what, f"{shown} {self.unit}{self.note}".strip(), self.goal, met)


@dataclass(slots=True)
class Report:
    """All that was measured in one run."""

    rows: list[Row] = field(default_factory=list)

    def row(
        self,
        what: str,
        value: float,
        unit: str,
        goal: str = "",
        met: bool | None = None,
        note: str = "",
    ) -> None:
        """Keep a figure, and tell it on the way."""
        made = Row(what, value, unit, goal, met, note)
        self.rows.append(made)
        print("  ".join(made.cells), file=sys.stderr)

    @property
    def missed(self) -> list[str]:
        """Figures that do not reach their goals."""
        return [row.what for row in self.rows if row.met is False]

    def table(self) -> str:
        """As the documentation has it."""
        lines = ["| what | measured | goal | met |", "|---|---|---|---|"]
        return "\n".join([*lines, *(f"| {' | '.join(row.cells)} |" for row in self.rows)])

    def json(self) -> str:
        """The raw figures."""
        return json.dumps([asdict(row) for row in self.rows], ensure_ascii=False, indent=2)


def share(part: int, whole: int) -> tuple[float, str]:
    """So many of so many, in per cent, with both numbers in the unit."""
    return (100 * part / whole if whole else 0.0), f"% ({part} of {whole})"


def p95(values: list[float]) -> float:
    """The value that 95 of 100 do not exceed."""
    return sorted(values)[min(len(values) - 1, int(len(values) * 0.95))] if values else 0.0
