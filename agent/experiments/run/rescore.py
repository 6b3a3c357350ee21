"""New verdicts from corrected checks, on the ends of trials that were kept: nothing is run."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from agent.errors import ConfigurationError
from agent.experiments.plan.task import Task, builtin_tasks
from agent.experiments.plan.trial import Trial, TrialResult, write_json
from agent.experiments.run.kept_state import has_state, read_state
from agent.experiments.run.scoring import CheckerBroken, Score, judged, score, status_of
from agent.experiments.run.store import Store


@dataclass(frozen=True, slots=True)
class Change:
    """A verdict that became another."""

    trial: str
    before: str
    after: str
    reason: str


@dataclass(frozen=True, slots=True)
class Rescored:
    """What came of rescoring a study."""

    changed: tuple[Change, ...]
    same: int
    """Trials that were judged again, with the same end."""

    unjudged: tuple[str, ...]
    """Trials whose end was not kept, or on which the checks broke, and why: they stay as is."""


def current_tasks(store: Store, own: Mapping[str, Task] | None = None) -> dict[str, Task]:
    """The study's tasks; of Sayso's and of a person's ``own``, their present checks.

    Raises:
        ConfigurationError: the study cannot be read.
    """
    known = {**(own or {}), **builtin_tasks()}
    return {
        task.id: known[task.id]
        if task.id in known and known[task.id].start_hash == task.start_hash
        else task
        for task in store.experiment.tasks
    }


def rescore(
    store: Store, *, every: bool = False, tell: Callable[[str], None] = lambda _: None
) -> Rescored:
    """Judge again what was judged by other checks than the definition has now.

    Args:
        store: the study; corrected checks are amended into it first (`Store.amend`).
        every: judge all trials, those of the same checks too.
        tell: called with each trial's name before it is judged.

    Raises:
        ConfigurationError: the study cannot be read, or another process runs it.
    """
    tasks = {task.id: task for task in store.experiment.tasks}
    changed: list[Change] = []
    unjudged: list[str] = []
    same = 0
    store.lock()
    try:
        for trial, result in _concerned(store, store.results(), tasks, every):
            tell(result.id)
            try:
                after = _again(trial, result, tasks[result.task])
            except (ConfigurationError, CheckerBroken) as error:
                unjudged.append(f"{result.id}: {error}")
                continue
            store.replace(after)
            if (after.status, after.score) == (result.status, result.score):
                same += 1
            else:
                changed.append(Change(result.id, result.status, after.status, after.reason))
    finally:
        store.unlock()
    return Rescored(tuple(changed), same, tuple(unjudged))


def mend(store: Store, own: Mapping[str, Task] | None = None) -> None:
    """Make the present checks of Sayso's tasks, and of a person's own, part of the definition.

    Raises:
        ConfigurationError: the study cannot be read, or another process runs it.
    """
    tasks = tuple(current_tasks(store, own).values())
    store.amend(store.experiment.model_copy(update={"tasks": tasks}))


def outdated(
    store: Store,
    tasks: Mapping[str, Task] | None = None,
    results: Iterable[TrialResult] | None = None,
) -> list[str]:
    """Trials whose verdict, or whose error, is of other checks than the definition has now.

    Args:
        store: the study.
        tasks: whose checks are the present ones; the definition's if None.
        results: the study's, where they have been read already.
    """
    tasks = tasks or {task.id: task for task in store.experiment.tasks}
    read = store.results() if results is None else results
    hashes = {name: task.checks_hash for name, task in tasks.items()}
    concerned = (result for _, result in _concerned(store, read, tasks, every=False))
    return [r.id for r in concerned if r.checks_hash not in ("", hashes[r.task])]


def _concerned(
    store: Store, results: Iterable[TrialResult], tasks: Mapping[str, Task], every: bool
) -> list[tuple[Trial, TrialResult]]:
    """Trials that ended, and whose checks are not the present ones; or broke."""
    hashes = {name: task.checks_hash for name, task in tasks.items()}
    found = []
    for result in results:
        broke = result.error_class == CheckerBroken.__name__
        if result.task not in tasks or not (result.completed or broke):
            continue
        # Trials from before checks had a hash were judged by those of their own time.
        if every or broke or result.checks_hash not in ("", hashes[result.task]):
            found.append((store.trial(result.id), result))
    return found


def _again(trial: Trial, result: TrialResult, task: Task) -> TrialResult:
    """A trial's end by a task's present checks.

    Raises:
        ConfigurationError: its end was not kept.
        CheckerBroken: the checks break on it.
    """
    if not has_state(trial.folder):
        raise ConfigurationError("its end was not kept; only running it again would tell")
    events = trial.events()
    with tempfile.TemporaryDirectory(prefix="sayso-rescore-") as folder:
        state = read_state(
            trial.folder,
            Path(folder),
            fixtures=task.files,
            expected=task.expected,
            events=events,
        )
        verdict: Score = asyncio.run(score(task, state))
    write_json(trial.folder / "score.json", verdict)
    return result.model_copy(
        update={
            "status": status_of(verdict, events),
            "score": verdict.value,
            "reason": verdict.reason,
            "error_class": "",
            "error": "",
            "advice": "",
            "retryable": False,
            "checks_hash": task.checks_hash,
            "metrics": result.metrics | judged(verdict, task, events),
        }
    )
