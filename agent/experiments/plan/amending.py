"""How a study grows: what may change without making a trial another one.

A trial stands as long as its arm, its task's start, its repeat and the seed do. Whatever else
changes in the definition is an amendment, dated and shown in the report. What was tried once
stays in the study: a file that leaves out an arm or a task runs less, and hides nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from agent.experiments.plan.spec import Experiment, Record

_FIELDS = ("hypothesis", "primary", "budget", "retries")


class Amendment(Record):
    """One change of a study's definition."""

    at: float
    """Unix seconds."""

    changes: tuple[str, ...]
    """In words."""

    trials: int
    """How many trials said something of their arm by then."""

    definition: str
    """Hash of the definition that it led to."""


def extends(study: Experiment, wanted: Experiment) -> bool:
    """Whether trials of a study are trials of what is wanted, too.

    They must share a name, a seed, an arm and a task; what is called the same must be the same.
    """
    if (study.name, study.seed) != (wanted.name, wanted.seed):
        return False
    if study.sequential != wanted.sequential:
        return False
    if study.sequential and study.repeats != wanted.repeats:  # each task is judged once
        return False
    starts = {task.id: task.start_hash for task in study.tasks}
    arms = [(study.arms[n], arm) for n, arm in wanted.arms.items() if n in study.arms]
    tasks = [(starts[t.id], t.start_hash) for t in wanted.tasks if t.id in starts]
    same = all(a.identity == b.identity for a, b in arms) and all(a == b for a, b in tasks)
    return bool(arms) and bool(tasks) and same


def amended(study: Experiment, wanted: Experiment) -> Experiment:
    """The study with what is wanted added to it; nothing that was tried is taken out."""
    asked = {task.id: task for task in wanted.tasks}
    tasks = {task.id: asked.get(task.id, task) for task in study.tasks} | asked
    return wanted.model_copy(
        update={
            "arms": {n: wanted.arms.get(n, arm) for n, arm in study.arms.items()} | wanted.arms,
            "tasks": tuple(tasks.values()),
            "repeats": max(study.repeats, wanted.repeats),
            "baseline": wanted.baseline or _reference(study, wanted),
        }
    )


def changes(before: Experiment, after: Experiment) -> tuple[str, ...]:
    """What an amendment changed, a phrase each."""
    return tuple(_changes(before, after))


def left_out(study: Experiment, wanted: Experiment) -> tuple[str, ...]:
    """Arms and tasks of a study that are not run again, since the file does not name them."""
    asked = {task.id for task in wanted.tasks}
    arms = [f"arm {name}" for name in study.arms if name not in wanted.arms]
    return (*arms, *(f"task {task.id}" for task in study.tasks if task.id not in asked))


def _reference(study: Experiment, wanted: Experiment) -> str:
    """An empty baseline means the first arm: it stays empty while that is the same one."""
    same = wanted.reference == next(iter(study.arms))
    return "" if same and not study.baseline else wanted.reference


def _changes(before: Experiment, after: Experiment) -> Iterator[str]:
    for name in _FIELDS:
        old, new = getattr(before, name), getattr(after, name)
        if old != new:
            yield f"{name}: {_shown(old)} → {_shown(new)}"
    if before.repeats != after.repeats:
        yield f"repeats: {before.repeats} → {after.repeats}"
    if before.reference != after.reference:
        yield f"baseline: {before.reference} → {after.reference}"
    yield from _arms(before, after)
    yield from _tasks(before, after)


def _arms(before: Experiment, after: Experiment) -> Iterator[str]:
    for name, arm in after.arms.items():
        if name not in before.arms:
            yield f"arm {name} added"
        elif arm != before.arms[name]:
            yield f"note or prompt's name of the arm {name}"


def _tasks(before: Experiment, after: Experiment) -> Iterator[str]:
    known = {task.id: task for task in before.tasks}
    added = [task.id for task in after.tasks if task.id not in known]
    if added:
        yield f"tasks added: {', '.join(added)}"
    for task in after.tasks:
        old = known.get(task.id, task)
        if old.checks_hash != task.checks_hash:
            yield f"checks of the task {task.id}"
        elif old.hash != task.hash:
            yield f"tags, programs or proofs of the task {task.id}"


def _shown(value: object) -> str:
    return f"“{value}”" if isinstance(value, str) else f"{value:g}" if value else "0"
