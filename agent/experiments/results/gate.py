"""A study as a test for CI: is no arm worse than the baseline by more than may be?

An arm passes if even the lower end of its 95 % interval is no less than the smallest difference
that is allowed. An interval that reaches below it decides nothing, and does not pass.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from xml.etree import ElementTree

from agent.errors import ConfigurationError
from agent.experiments.plan.spec import Experiment
from agent.experiments.plan.trial import TrialResult
from agent.experiments.results.compare import Analysis, ArmComparison, analyse
from agent.experiments.results.words import early, points

Outcome = Literal["passed", "failed", "undecided"]


@dataclass(frozen=True, slots=True)
class Gate:
    """One arm held against the baseline."""

    arm: str
    outcome: Outcome
    words: str


def gate(
    experiment: Experiment,
    results: Sequence[TrialResult],
    min_difference: float,
    *,
    arms: Sequence[str] = (),
    looks: int = 0,
) -> tuple[Gate, ...]:
    """Every other arm, or those named, against the baseline.

    Args:
        experiment: the definition.
        results: of all arms.
        min_difference: in success, in points: -5 allows five points less, 0 asks for no less.
        arms: which; all but the baseline if empty.
        looks: how often results were looked at before the end.

    Raises:
        ConfigurationError: there is no such arm, or nothing to compare.
    """
    analysis = analyse(experiment, results)
    wanted = list(arms) or list(analysis.comparisons)
    if not wanted:
        raise ConfigurationError("There is one arm only: a gate compares at least two.")
    for name in wanted:
        if name not in analysis.comparisons:
            known = ", ".join(analysis.comparisons)
            raise ConfigurationError(f"There is no arm “{name}” to hold against it; {known}.")
    least = min_difference / 100
    return tuple(_gate(analysis, analysis.comparisons[name], least, looks) for name in wanted)


def junit(experiment: Experiment, gates: Sequence[Gate], path: Path) -> None:
    """Write the gates as a JUnit file.

    Raises:
        ConfigurationError: it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(junit_text(experiment, gates))
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be written ({error.strerror}).") from error


def junit_text(experiment: Experiment, gates: Sequence[Gate]) -> bytes:
    """The gates as JUnit's XML: a case an arm; what is undecided fails, too."""
    failures = sum(one.outcome != "passed" for one in gates)
    counts = {"tests": str(len(gates)), "failures": str(failures), "errors": "0"}
    top = ElementTree.Element("testsuites", counts)
    suite = ElementTree.SubElement(top, "testsuite", {"name": experiment.name, **counts})
    for one in gates:
        case = ElementTree.SubElement(
            suite, "testcase", {"classname": experiment.name, "name": one.arm}
        )
        if one.outcome != "passed":
            told = {"type": one.outcome, "message": one.words}
            ElementTree.SubElement(case, "failure", told).text = one.words
        else:
            ElementTree.SubElement(case, "system-out").text = one.words
    text: bytes = ElementTree.tostring(top, encoding="utf-8", xml_declaration=True)
    return text


def _gate(analysis: Analysis, c: ArmComparison, least: float, looks: int) -> Gate:
    e = c.success.estimate
    asked = f"at least {100 * least:+g} points"
    if math.isnan(e.value):
        return Gate(c.arm, "undecided", f"{c.arm}: nothing was measured to compare; {asked} asked.")
    told = "" if c.sequential else early(looks)
    shown = f"{c.arm} against {c.baseline}: {points(e)}, {asked} asked{told}"
    if analysis.missing and not c.sequential:
        return Gate(
            c.arm, "undecided", f"{shown}; {analysis.missing} of {analysis.planned} trials missing."
        )
    if e.low >= least:
        return Gate(c.arm, "passed", f"{shown}.")
    if e.high < least:
        return Gate(c.arm, "failed", f"{shown}: it is worse.")
    return Gate(c.arm, "undecided", f"{shown}: the interval reaches below it.")
