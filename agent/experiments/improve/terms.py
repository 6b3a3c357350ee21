"""What a search may do, which tasks it may see, and how many trials that takes at most."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from agent.errors import ConfigurationError
from agent.experiments.measures import measures
from agent.experiments.plan.spec import counted
from agent.experiments.plan.task import Task
from agent.experiments.plan.trial import TrialResult
from agent.experiments.statistics import SIGNIFICANT, tasks_needed

SUCCESS, SCORE = "success", "score"


@dataclass(frozen=True, slots=True)
class Terms:
    """Fixed before the first trial; all of it stands in the ledger."""

    rounds: int = 8
    """Rounds of proposals at most."""

    variants: int = 4
    """Proposals of a round at most."""

    repeats: int = 3
    """Tries of each task."""

    looks: int = 1
    """How often the held-out tasks may be looked at; each look is judged at 5 % ÷ looks."""

    held_out: float = 0.4
    """Share of the tasks that the search never sees."""

    objective: str = SUCCESS
    """``success``, ``score``, or a measure of trials that should go one way."""

    patience: int = 4
    """Rounds without a better variant after which the search ends."""

    @property
    def level(self) -> float:
        """P below which a look claims a gain."""
        return SIGNIFICANT / self.looks

    def check(self) -> None:
        """Refuse what cannot be searched for.

        Raises:
            ConfigurationError: says which term is wrong, and what it may be.
        """
        for name in ("rounds", "variants", "repeats", "looks", "patience"):
            if getattr(self, name) < 1:
                raise ConfigurationError(f"{name} must be 1 or more.")
        if not 0 < self.held_out < 1:
            raise ConfigurationError("The share of held-out tasks must lie between 0 and 1.")
        if self.objective not in (SUCCESS, SCORE, *_objectives()):
            known = ", ".join((SUCCESS, SCORE, *_objectives()))
            raise ConfigurationError(f"There is no objective “{self.objective}”: {known}.")


@dataclass(frozen=True, slots=True)
class Split:
    """The tasks, divided once and for all."""

    search: tuple[Task, ...]
    held_out: tuple[Task, ...]


def split(tasks: Sequence[Task], terms: Terms, seed: int = 0) -> Split:
    """Divide the tasks, those of the same tags evenly, else by the hash of their names.

    The same tasks are divided in the same way, in whatever order they are given.

    Raises:
        ConfigurationError: there are too few for a claim on held-out tasks.
    """
    terms.check()

    def place(task: Task) -> tuple[tuple[str, ...], bytes]:
        return tuple(sorted(task.tags)), hashlib.sha256(f"{seed} {task.id}".encode()).digest()

    order = sorted(tasks, key=place)
    steps = [int(n * terms.held_out) for n in range(len(order) + 1)]
    apart = [after > before for before, after in pairwise(steps)]
    kept = sum(apart)
    fewest = tasks_needed(terms.looks)
    if kept < fewest or len(order) - kept < fewest:
        least = math.ceil(fewest / min(terms.held_out, 1 - terms.held_out))
        raise ConfigurationError(
            f"A gain cannot be shown with {counted(len(order), 'task')}: at least {fewest} must be "
            f"held out, and {fewest} be there to search on, with "
            f"{counted(terms.looks, 'look')}. Give {least} tasks or more."
        )
    chosen = list(zip(order, apart, strict=True))
    return Split(
        tuple(task for task, held in chosen if not held), tuple(t for t, held in chosen if held)
    )


def most_trials(parts: Split, terms: Terms) -> int:
    """Trials that the search and all looks take at most."""
    tried = 1 + terms.rounds * (terms.variants + 1)
    claimed = 1 + terms.looks
    tasks = tried * len(parts.search) + claimed * len(parts.held_out)
    return terms.repeats * tasks


def value_of(result: TrialResult, objective: str) -> float | None:
    """What a trial counts for, more being better; None if the objective does not apply to it."""
    if objective == SUCCESS:
        return float(result.passed)
    if objective == SCORE:
        return result.score
    measured = result.metrics.get(objective)
    if measured is None:
        return None
    return -measured if measures()[objective].better == "less" else measured


def _objectives() -> list[str]:
    return [name for name, kind in measures().items() if kind.better != "neither"]
