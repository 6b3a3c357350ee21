"""A model whose success follows planted rules: each sentence helps with one kind of task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle

import numpy as np
from lab_stage import hello_task

from agent.experiments.plan.task import Task
from agent.experiments.plan.trial import TrialResult

RULES = {
    "dialog": "Wait until the dialog has opened before you type.",
    "format": "Write dates in the format that the file has.",
    "folder": "Look which folder is shown before you save.",
    "clipboard": "Check the clipboard before you paste.",
    "header": "Leave the header of a table as it is.",
}
"""Kind of task → the sentence without which it mostly fails."""

DECOYS = (
    "Close each dialog with Escape first.",
    "Say the format aloud.",
    "Name the folder in your answer.",
    "Empty the clipboard at the end.",
    "Read the header twice.",
    "Be polite.",
    "Work quickly.",
)
FIRST = "You work on a desktop.\n"
KINDS = (*RULES, "easy")


def planted_tasks(count: int) -> list[Task]:
    """As many of each kind."""
    return [hello_task(f"{kind}-{n}", tags=[kind]) for n, kind in zip(range(count), cycle(KINDS))]


class Planted:
    """Tries without desktops: passes by chance, as the rules in the prompt say.

    Args:
        seed: of the chances.
        helps: whether rules help at all; without, no prompt is better than another.
        repeats: tries of each task.
    """

    def __init__(self, seed: int, *, helps: bool = True, repeats: int = 2) -> None:
        self._rng = np.random.default_rng(seed)
        self._helps = helps
        self._repeats = repeats
        self._known: dict[tuple[str, str], list[TrialResult]] = {}
        self.trials = 0
        self.held_out: set[str] = set()

    def __call__(
        self, variants: Mapping[str, str], tasks: Sequence[Task], *, held_out: bool
    ) -> Sequence[TrialResult]:
        if held_out:
            self.held_out |= {task.id for task in tasks}
        return [
            result
            for name, text in variants.items()
            for task in tasks
            for result in self._tried(name, text, task)
        ]

    def log(self, result: TrialResult) -> str:
        return ""

    def _tried(self, name: str, text: str, task: Task) -> list[TrialResult]:
        if (name, task.id) not in self._known:
            kind = task.id.partition("-")[0]
            chance = self._chance(kind, text)
            passed = self._rng.random(self._repeats) < chance
            self.trials += self._repeats
            self._known[name, task.id] = [
                TrialResult.model_construct(
                    id="", experiment="", arm=name, task=task.id, task_hash="", repeat=n,
                    status="passed" if right else "failed", score=float(right),
                    reason="" if right else f"The {kind} was not as it should be.",
                    metrics={"dollars": 0.1, "unheard_share": 1.0 - right},
                )
                for n, right in enumerate(passed)
            ]  # fmt: skip
        return self._known[name, task.id]

    def _chance(self, kind: str, text: str) -> float:
        if not self._helps:
            return 0.6
        return 0.9 if kind not in RULES or RULES[kind] in text else 0.1
