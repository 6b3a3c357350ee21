"""An experiment before it runs: what differs, which effect shows, and what it costs."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from agent.experiments.plan.power import Forecast, forecast
from agent.experiments.plan.spec import Arm, Experiment, counted
from agent.experiments.plan.trial import TrialResult
from agent.experiments.statistics import FEW_TASKS, tasks_needed
from agent.files import bounded
from agent.prompts import Prompt

_PIECES = re.compile(r"\s+|\w+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of words of a prompt, and what became of it."""

    change: Literal["same", "removed", "added"]
    text: str


@dataclass(frozen=True, slots=True)
class DesignSummary:
    """Everything that a person should see before running."""

    name: str
    hash: str
    hypothesis: str
    primary: str
    baseline: str
    arms: tuple[str, ...]
    tasks: tuple[str, ...]
    repeats: int
    trials: int
    budget: float
    """US$, for all trials together."""

    differing: dict[str, dict[str, str]]
    """Field → arm → value in words, of the fields that differ only."""

    prompt_changes: dict[str, tuple[Piece, ...]]
    """Arm → word-level change of its prompt from the baseline's; arms with equal ones are out."""

    forecast: Forecast
    warnings: tuple[str, ...]
    """What makes the design weak, in sentences."""


def summarise_design(
    experiment: Experiment, *, slots: int = 2, earlier: Sequence[TrialResult] = ()
) -> DesignSummary:
    """What an experiment would try and could find; nothing is run or written.

    Args:
        experiment: the definition.
        slots: desktops at a time, for the duration.
        earlier: trials of the same arms, for price and duration.

    Raises:
        ConfigurationError: scipy is not installed.
    """
    guess = forecast(experiment, slots=slots, earlier=earlier)
    base = experiment.arms[experiment.reference]
    changes = {
        name: diff_words(base.prompt_text, arm.prompt_text)
        for name, arm in experiment.arms.items()
        if arm.prompt_text != base.prompt_text
    }
    return DesignSummary(
        name=experiment.name,
        hash=experiment.hash,
        hypothesis=experiment.hypothesis,
        primary=experiment.primary,
        baseline=experiment.reference,
        arms=tuple(experiment.arms),
        tasks=tuple(task.id for task in experiment.tasks),
        repeats=experiment.repeats,
        trials=guess.trials,
        budget=experiment.budget,
        differing=differing_fields(experiment),
        prompt_changes=changes,
        forecast=guess,
        warnings=tuple(_warnings(experiment, guess)),
    )


def differing_fields(experiment: Experiment) -> dict[str, dict[str, str]]:
    """Field → arm → value in words, of the fields that differ only.

    A prompt is shown by its name and the beginning of its hash.
    """
    shown = {name: fields_in_words(arm) for name, arm in experiment.arms.items()}
    first = next(iter(shown.values()))
    names = [f for f in first if any(values[f] != first[f] for values in shown.values())]
    return {f: {arm: values[f] for arm, values in shown.items()} for f in names}


def diff_words(old: str, new: str) -> tuple[Piece, ...]:
    """Word-level change from one text to another; joined, it gives either text back."""
    before, after = _PIECES.findall(old), _PIECES.findall(new)
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    found: list[Piece] = []
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag == "equal":
            found.append(Piece("same", "".join(before[a:b])))
            continue
        if b > a:
            found.append(Piece("removed", "".join(before[a:b])))
        if d > c:
            found.append(Piece("added", "".join(after[c:d])))
    return tuple(found)


def fields_in_words(arm: Arm) -> dict[str, str]:
    """Field → value in words; a prompt by its name and the beginning of its hash."""
    values = {name: value for name, value in arm.fields.items() if name != "prompt_text"}
    values["prompt"] = f"{arm.prompt} ({Prompt(arm.prompt, arm.prompt_text).hash[:8]})"
    return {name: _in_words(value) for name, value in values.items()}


def _in_words(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return "default" if value is None else str(value)


def _warnings(experiment: Experiment, guess: Forecast) -> list[str]:
    found = []
    if not experiment.hypothesis:
        found.append("There is no hypothesis: write down what you expect before running.")
    if len(experiment.arms) == 1:
        found.append("There is one arm only: nothing is compared.")
    found += [*_too_few(experiment), *_wordings(experiment), *_primary(experiment)]
    found += [*_screen(experiment), *_network(experiment)]
    differing = differing_fields(experiment)
    if "narration" in differing and not any(task.voice for task in experiment.tasks):
        found.append(
            "Arms differ in narration, but in no task does a person listen: only what the model "
            "is told differs. Add tasks tagged voice."
        )
    base = experiment.reference
    for arm in experiment.arms:
        changed = [f for f, values in differing.items() if values[arm] != values[base]]
        if arm != base and not changed:
            found.append(f"The arm {arm} is the same as the baseline {base}.")
        if len(changed) > 1:
            found.append(
                f"The arm {arm} differs from {base} in {', '.join(changed)}: a difference in "
                "success cannot be put down to one of them."
            )
    if guess.worst_dollars > experiment.budget:
        found.append(
            f"At worst what is left costs {guess.worst_dollars:.2f} US$, more than the budget "
            f"of {experiment.budget:.2f}: some trials may not be run."
        )
    return found


def _too_few(experiment: Experiment) -> Iterator[str]:
    """What cannot be found with so few tasks, whatever the effect is."""
    comparisons = len(experiment.arms) - 1
    tasks, needed = len(experiment.tasks), tasks_needed(max(1, comparisons))
    if experiment.sequential:
        yield (
            "Declared sequential: one may look and stop at any time, at the price of wider "
            "intervals. The forecast is of the test at a fixed end, which finds more."
        )
    elif comparisons and tasks < needed:
        yield (
            f"With {counted(tasks, 'task')} a difference cannot be significant, however large it "
            f"is: it takes {needed} tasks. Repeats do not help."
        )
    elif tasks < FEW_TASKS:
        few = counted(tasks, "task")
        yield f"Only {few}: only large effects show. Add tasks rather than repeats."


def _wordings(experiment: Experiment) -> Iterator[str]:
    for name, arm in experiment.arms.items():
        lacking = [t.id for t in experiment.tasks if not t.has_wording(arm.phrasing)]
        if lacking:
            yield (
                f"The arm {name} is given the goal instead of the wording “{arm.phrasing}” in "
                f"{counted(len(lacking), 'task')} without one: {', '.join(bounded(lacking, 6))}."
            )


def _screen(experiment: Experiment) -> Iterator[str]:
    """Where most tasks say nothing of how the screen is used."""
    blind = [task.id for task in experiment.tasks if task.blind]
    if any(arm.shell_allowed for arm in experiment.arms.values()) and (
        2 * len(blind) > len(experiment.tasks)
    ):
        yield (
            f"{len(blind)} of {counted(len(experiment.tasks), 'task')} can be done by commands, "
            "without a look at the screen, and an able model may pass them all: "
            f"{', '.join(bounded(blind, 6))}. Add tasks that need the screen (tagged gui), or give "
            "no arm a shell."
        )


def _network(experiment: Experiment) -> Iterator[str]:
    online = [task.id for task in experiment.tasks if task.online]
    if online:
        yield (
            f"{counted(len(online), 'task')} may use the network ({', '.join(bounded(online, 6))}):"
            " what others serve may change from trial to trial."
        )


def _primary(experiment: Experiment) -> Iterator[str]:
    if experiment.primary != "success":
        yield (
            f"The chances of detection are those of success; the primary measure is "
            f"{experiment.primary}, for which nothing is forecast."
        )
    if experiment.primary == "seconds":
        yield (
            "Seconds depend on what else the machine does: run it with --slots 1, or desktops "
            "take time from each other."
        )
