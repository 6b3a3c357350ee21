"""The statistics of experiments against truths that are known, because they are simulated.

``python -m benchmarks.lab_statistics`` prints the tables of ``docs/statistics.md``; `lab` takes
the worst of each as a number with its goal.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from agent.experiments.batch import compare_many
from agent.experiments.plan.power import power
from agent.experiments.sequential import compare_always
from agent.experiments.statistics import compare_success, sign_flip, success_rate

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]
Row = tuple[str, str, str]

TASKS, REPEATS, BASES = (10, 20, 50, 100), (1, 3), (0.6, 0.9)
EFFECTS = ("none", "even", "rare, balanced", "rare, gain")
"""No effect; all tasks gain; a tenth is fixed and the rest a little worse, to a mean of nothing,
or of a gain."""

_MANY = 400_000
_DIFFICULTY, _VARIES, _EVEN, _FIXED, _RARE = 1.6, 0.5, 1.5, 5.0, 0.1


@dataclass(frozen=True, slots=True)
class Cell:
    """One size of experiment with one truth."""

    tasks: int
    repeats: int
    base: float
    effect: str

    def __str__(self) -> str:
        return f"{self.tasks} x {self.repeats}, {100 * self.base:.0f} %, {self.effect}"

    def rates(self, runs: int, rng: np.random.Generator, tasks: int = 0) -> tuple[Floats, Floats]:
        """Chances of both arms: experiments by tasks."""
        size = (runs, tasks or self.tasks)
        logit = _middle(self.base) + _DIFFICULTY * rng.standard_normal(size)
        moved = logit
        if self.effect == "even":
            moved = logit + _EVEN + _VARIES * rng.standard_normal(size)
        elif self.effect != "none":
            worse = _worse(self.base) / (1 if self.effect == "rare, balanced" else 3)
            moved = np.where(rng.random(size) < _RARE, logit + _FIXED, logit - worse)
        return _rate(logit), _rate(moved)

    @property
    def truth(self) -> float:
        """Mean difference over all tasks that there could be."""
        if self.effect in ("none", "rare, balanced"):
            return 0.0
        a, b = self.rates(1, np.random.default_rng(0), _MANY)
        return float((b - a).mean())


@dataclass(frozen=True, slots=True)
class Seen:
    """What came of a cell's experiments; shares of them, and widths in points."""

    cell: Cell
    truth: float
    covered: float
    found: float
    width: float
    student: float
    """Width of Student's t interval on the same data."""


def cells() -> Iterator[Cell]:
    """All sixty-four."""
    for tasks in TASKS:
        for repeats in REPEATS:
            for base in BASES:
                yield from (Cell(tasks, repeats, base, effect) for effect in EFFECTS)


def look(cell: Cell, runs: int) -> Seen:
    """Simulate a cell's experiments and analyse each."""
    rng = np.random.default_rng(cell.tasks * 10 + cell.repeats)
    a, b = (rng.binomial(cell.repeats, rate) for rate in cell.rates(runs, rng))
    many, truth = compare_many(a, b, cell.repeats), cell.truth
    spread = ((b - a) / cell.repeats).std(axis=1, ddof=1) / math.sqrt(cell.tasks)
    return Seen(
        cell,
        truth,
        float(((many.low <= truth) & (truth <= many.high)).mean()),
        float(many.found().mean()),
        100 * float((many.high - many.low).mean()),
        200 * _t(cell.tasks) * float(spread.mean()),
    )


def numbers(runs: int) -> list[Row]:
    """The worst of all cells, each with its goal."""
    seen = [look(cell, runs) for cell in cells()]
    least = min(seen, key=lambda one: one.covered)
    null = [one for one in seen if one.truth == 0]
    false = max(null, key=lambda one: one.found)
    wider = [one.width / one.student for one in seen if one.cell.repeats > 1]
    apart, experiments = disagreements(runs)
    off, where = forecast_error(10 * runs)
    return [
        (
            f"least coverage of {len(seen)} cells, {runs} experiments each",
            f"{100 * least.covered:.1f} %: {least.cell}",
            ">= 93 %",
        ),
        ("most false positives", f"{100 * false.found:.1f} %: {false.cell}", "<= 6 %"),
        ("width ÷ Student's, 3 repeats", f"{min(wider):.2f} to {max(wider):.2f}", ""),
        ("p and interval disagree", f"{apart} of {experiments}", "0"),
        ("forecast beside the analysis", f"{100 * off:.1f} points off: {where}", "<= 5 points"),
    ]


def disagreements(runs: int) -> tuple[int, int]:
    """How often p and interval say different things of "no difference"."""
    rng, apart = np.random.default_rng(5), 0
    for _ in range(runs):
        cell = Cell(
            int(rng.integers(4, 60)),
            int(rng.integers(1, 4)),
            float(rng.choice(BASES)),
            str(rng.choice(EFFECTS)),
        )
        found = compare_success(*_one(cell, rng))
        apart += (found.estimate.low <= 0 <= found.estimate.high) != (found.p >= 0.05)
    return apart, runs


def forecast_error(runs: int) -> tuple[float, str]:
    """The largest difference between a forecast and how often the analysis finds it, and where.

    The truth is simulated by the forecast's assumption, with another shift and other draws.
    """
    worst, where = 0.0, ""
    for tasks, repeats, share, effect in (
        (10, 3, 1.0, 0.3), (20, 1, 1.0, 0.3), (20, 3, 1.0, 0.2), (50, 1, 1.0, 0.2),
        (50, 3, 1.0, 0.1), (50, 3, 0.25, 0.08), (100, 1, 0.25, 0.08),
    ):  # fmt: skip
        rng, size = np.random.default_rng([tasks, repeats]), (runs, tasks)
        logit = _middle(0.6) + _DIFFICULTY * rng.standard_normal(size)
        vary = _shift_of(effect / share) + _VARIES * rng.standard_normal(size)
        moved = logit + (rng.random(size) < share) * vary
        a, b = (rng.binomial(repeats, _rate(x)) for x in (logit, moved))
        truth = float(compare_many(a, b, repeats).found().mean())
        off = abs(power(tasks, repeats, effect, share=share) - truth)
        if off >= worst:
            worst, where = off, f"{tasks} x {repeats}, {100 * effect:.0f} points"
            where += "" if share == 1 else " in a quarter"
    return worst, where


# Tables ----------------------------------------------------------------------------------


def coverage(runs: int) -> None:
    """Every cell of the grid."""
    print(f"\n{runs} experiments a row (standard error about {100 * (0.05 / runs) ** 0.5:.1f})\n")
    print("| tasks x repeats | base | effect | true difference | covered | p < 0.05 | width |")
    print("|---|---|---|---|---|---|---|")
    for cell in cells():
        one = look(cell, runs)
        print(
            f"| {cell.tasks} x {cell.repeats} | {100 * cell.base:.0f} % | {cell.effect} "
            f"| {100 * one.truth:+.0f} | {100 * one.covered:.1f} % | {100 * one.found:.1f} % "
            f"| {one.width:.0f} ({one.student:.0f}) |",
            flush=True,
        )


def sequential(runs: int) -> None:
    """What a look after every task costs and finds, by the sequential test and by the usual one."""
    print("\n| tasks | repeats | true difference | always covered | found | width | usual test |")
    print("|---|---|---|---|---|---|---|")
    for tasks, repeats in ((20, 1), (40, 3)):
        for effect in ("none", "even"):
            cell = Cell(tasks, repeats, 0.6, effect)
            real, rng = cell.truth, np.random.default_rng(tasks * 10 + repeats)
            held = found = usual = 0
            width = 0.0
            for _ in range(runs):
                a, b = _one(cell, rng)
                diffs = [(y[0] - x[0]) / repeats for x, y in zip(a, b, strict=True)]
                at_end = compare_always(diffs)  # holds only what was held at every look
                held += at_end.estimate.low <= real <= at_end.estimate.high
                found += at_end.p < 0.05
                width += at_end.estimate.high - at_end.estimate.low
                moved = [y[0] - x[0] for x, y in zip(a, b, strict=True)]
                usual += any(sign_flip(moved[:n])[0] < 0.05 for n in range(6, tasks + 1, 2))
            print(
                f"| {tasks} | {repeats} | {100 * real:+.0f} points | {100 * held / runs:.0f} % | "
                f"{100 * found / runs:.0f} % | {100 * width / runs:.0f} points | "
                f"{100 * usual / runs:.0f} % |",
                flush=True,
            )


def one_arm(runs: int) -> None:
    """How often an arm's interval holds its true rate; light tasks among them."""
    print("\n| tasks | repeats | true rate | covered |\n|---|---|---|---|")
    for tasks, repeats in ((10, 1), (10, 3), (20, 3), (50, 3)):
        for middle in (0.6, 4.0):
            wide = np.random.default_rng(0).standard_normal(_MANY)
            real = float(_rate(middle + _DIFFICULTY * wide).mean())
            rng, held = np.random.default_rng(tasks + repeats), 0
            for _ in range(runs):
                rate = _rate(middle + _DIFFICULTY * rng.standard_normal(tasks))
                e = success_rate([(int(c), repeats) for c in rng.binomial(repeats, rate)])
                held += e.low <= real <= e.high
            print(f"| {tasks} | {repeats} | {100 * real:.0f} % | {100 * held / runs:.0f} % |")


# Inside ----------------------------------------------------------------------------------


def _one(cell: Cell, rng: np.random.Generator) -> list[list[tuple[int, int]]]:
    """Both arms' (passed, tries) of one experiment."""
    return [
        [(int(c), cell.repeats) for c in rng.binomial(cell.repeats, rate[0])]
        for rate in cell.rates(1, rng)
    ]


def _rate(logit: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-logit)))


def _middle(base: float) -> float:
    """The mean logit of difficulties under which mean success is about ``base``."""
    return math.log(base / (1 - base)) * math.sqrt(1 + (_DIFFICULTY / 1.7) ** 2)


@lru_cache(maxsize=8)
def _worse(base: float) -> float:
    """How much worse the rest gets, in logits, so that a tenth of fixed tasks changes nothing."""
    rng = np.random.default_rng(0)
    logit = _middle(base) + _DIFFICULTY * rng.standard_normal(_MANY)
    start = _rate(logit).mean()
    tried = np.linspace(0.0, 2.0, 201)
    gain = _RARE * (_rate(logit + _FIXED).mean() - start)
    lost = [(1 - _RARE) * (start - _rate(logit - one).mean()) for one in tried]
    return float(np.interp(gain, lost, tried))


@lru_cache(maxsize=16)
def _shift_of(gain: float) -> float:
    """The shift in logits that raises a mean success of 60 % by ``gain``."""
    rng = np.random.default_rng(3)
    logit = _middle(0.6) + _DIFFICULTY * rng.standard_normal(_MANY // 8)
    vary = _VARIES * rng.standard_normal(len(logit))
    tried = np.linspace(0.0, 8.0, 201)
    gains = [(_rate(logit + one + vary) - _rate(logit)).mean() for one in tried]
    return float(np.interp(gain, gains, tried))


@lru_cache(maxsize=16)
def _t(tasks: int) -> float:
    from scipy.stats import t

    return float(t.ppf(0.975, tasks - 1))


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=2000, help="simulated experiments a row")
    given = parser.parse_args()
    coverage(given.runs)
    one_arm(min(given.runs, 600))
    sequential(min(given.runs, 400))
    print("\n| what | value | goal |\n|---|---|---|")
    for row in numbers(given.runs):
        print(f"| {' | '.join(row)} |")


if __name__ == "__main__":
    main()
