"""Numbers and comparisons in words, as reports, pages and the command line say them."""

from __future__ import annotations

import math
import time

from agent.experiments.measures import compared
from agent.experiments.plan.spec import counted
from agent.experiments.results.compare import Analysis, ArmComparison
from agent.experiments.statistics import SIGNIFICANT, Estimate, smallest_p, tasks_needed

NONE = "\N{EN DASH}"

_MORE_LESS = {
    "success": ("passes more often than", "passes less often than"),
    "score": ("scores higher than", "scores lower than"),
}


NOTHING = "Nothing was measured: no trial says anything of an arm."


def verdicts(analysis: Analysis, looks: int = 0) -> list[str]:
    """What came of a study, a sentence a comparison.

    Args:
        analysis: of its results.
        looks: how often they were looked at before the end.
    """
    if not analysis.done:
        return [NOTHING]
    return [verdict(comparison, looks) for comparison in analysis.comparisons.values()]


def verdict(c: ArmComparison, looks: int = 0) -> str:
    """The comparison of the primary measure in a sentence."""
    e, p = c.main.estimate, c.main.p_holm
    if math.isnan(e.value):
        return f"{c.arm} and {c.baseline} have no task in common yet."
    shown = {"success": points, "score": difference}.get(c.primary, ratio)(e)
    nothing = 0.0 if c.primary in ("success", "score") else 1.0
    told = "; it holds however often one looks" if c.sequential else early(looks)
    rest = f"{chance(p, name=True)}, {counted(e.tasks, 'task')}{told}"
    if not c.sequential and smallest_p(e.tasks, c.comparisons) >= SIGNIFICANT:
        return (
            f"No clear difference in {c.primary} between {c.arm} and {c.baseline}: with "
            f"{counted(e.tasks, 'task')} it cannot be significant, it takes "
            f"{tasks_needed(c.comparisons)} ({shown}; {rest})."
        )
    if p >= SIGNIFICANT or e.value == nothing:
        return (
            f"No clear difference in {c.primary} between {c.arm} and {c.baseline} "
            f"({shown}; {rest})."
        )
    more_less = _MORE_LESS.get(c.primary) or compared()[c.primary].words
    words = more_less[e.value < nothing]
    return f"{c.arm} {words} {c.baseline}: {shown}, {rest}."


def early(looks: int) -> str:
    """That a test was not made once only; empty if it was."""
    if not looks:
        return ""
    times = "once" if looks == 1 else f"{looks} times"
    return f"; looked at {times} before the end, so p is too small"


def when(seconds: float) -> str:
    """``2026-11-30 08:15 UTC``."""
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(seconds))


def percent(e: Estimate) -> str:
    """``62 % [45, 77]``."""
    if math.isnan(e.value):
        return NONE
    low, high = (("?" if math.isnan(x) else f"{100 * x:.0f}") for x in (e.low, e.high))
    return f"{100 * e.value:.0f} % [{low}, {high}]"


def points(e: Estimate) -> str:
    """``+12 points [-3, +27]``."""
    if math.isnan(e.value):
        return NONE
    return f"{100 * e.value:+.0f} points [{100 * e.low:+.0f}, {100 * e.high:+.0f}]"


def number(e: Estimate) -> str:
    """``3.20 [2.10, 4.30]``."""
    if math.isnan(e.value):
        return NONE
    if math.isnan(e.low):
        return f"{e.value:.2f}"
    return f"{e.value:.2f} [{e.low:.2f}, {e.high:.2f}]"


def difference(e: Estimate) -> str:
    """``+0.12 [-0.03, +0.27]``."""
    if math.isnan(e.value):
        return NONE
    if math.isnan(e.low):
        return f"{e.value:+.2f}"
    return f"{e.value:+.2f} [{e.low:+.2f}, {e.high:+.2f}]"


def ratio(e: Estimate) -> str:
    """``2.10 times [1.60, 2.61]``."""
    whole, _, rest = number(e).partition(" ")
    return whole if whole == NONE else f"{whole} times {rest}".strip()


def chance(p: float, *, name: bool = False) -> str:
    """``0.013`` or ``< 0.001``; with its name ``p = 0.013``."""
    if math.isnan(p):
        return NONE
    if p < 0.001:
        return "p < 0.001" if name else "< 0.001"
    return f"p = {p:.3f}" if name else f"{p:.3f}"
