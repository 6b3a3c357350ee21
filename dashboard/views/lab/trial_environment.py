"""What the page's trials are played on: with the keys that were entered on this server."""

from __future__ import annotations

from pathlib import Path

from agent.experiments.plan.spec import Arm
from agent.experiments.plan.task import Task
from agent.experiments.run.trial_environment import TrialEnvironment
from agent.keys import KeyStore
from agent.settings import Settings


class KeyedEnvironment(TrialEnvironment):
    """Workers look keys up themselves: none travels with a trial.

    Args:
        data_dir: where the keys are kept of whoever starts the experiment.
    """

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir

    def settings(self, arm: Arm, task: Task, folder: Path) -> Settings:
        keys = KeyStore(Settings(data_dir=self._data_dir))
        return keys.fill(super().settings(arm, task, folder))
