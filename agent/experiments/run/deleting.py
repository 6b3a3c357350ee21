"""Deleting a study. What it tried stays known: a deleted draw is still a draw.

::

    deleted.jsonl    below the folder of all experiments, a line a deleted study
"""

from __future__ import annotations

import json
import shutil
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pydantic
from pydantic import BaseModel

from agent.errors import ConfigurationError
from agent.experiments.run.store import Store

_FILE = "deleted.jsonl"
_GOING = ".deleted"


class Tried(BaseModel):
    """Trials of one arm on one task in a deleted study."""

    arm: str
    """`Arm.identity`."""

    task: str
    """`Task.start_hash`."""

    trials: int


class Deleted(BaseModel):
    """What is kept of a deleted study."""

    folder: str
    at: float
    """Unix seconds."""

    seed: int
    tried: tuple[Tried, ...]


def delete(store: Store) -> None:
    """Remove a study's folder for good.

    Raises:
        ConfigurationError: another process runs it, or it cannot be removed.
    """
    root, name = store.folder.parent, store.folder.name
    store.lock()
    try:
        _append(root / _FILE, Deleted(folder=name, at=time.time(), **_content(store)))
        going = root / _GOING / f"{name}.{time.time_ns()}"
        going.parent.mkdir(exist_ok=True)
        store.folder.rename(going)
    except OSError as error:
        raise ConfigurationError(
            f"The study {name} cannot be deleted ({error.strerror or error})."
        ) from error
    finally:
        store.unlock()
    shutil.rmtree(going, ignore_errors=True)


def deleted(root: Path) -> Iterator[Deleted]:
    """What was deleted below ``root``, the oldest first."""
    with suppress(FileNotFoundError), (root / _FILE).open(encoding="utf-8") as file:
        for line in file:
            with suppress(pydantic.ValidationError):
                yield Deleted.model_validate_json(line)


def _content(store: Store) -> dict[str, object]:
    """Seed and trials of a study; nothing of one that cannot be read."""
    try:
        experiment = store.experiment
    except ConfigurationError:
        return {"seed": 0, "tried": ()}
    arms = {name: arm.identity for name, arm in experiment.arms.items()}
    tasks = {task.id: task.start_hash for task in experiment.tasks}
    counts = Counter(
        (arms[r.arm], tasks[r.task])
        for r in store.results()
        if r.completed and r.arm in arms and r.task in tasks
    )
    tried = [Tried(arm=arm, task=task, trials=n) for (arm, task), n in counts.items()]
    return {"seed": experiment.seed, "tried": tuple(tried)}


def _append(path: Path, line: Deleted) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line.model_dump()) + "\n")
