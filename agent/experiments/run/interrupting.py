"""What DesktopInterrupt is played on: whatever needs no question is allowed beforehand.

The person's words come as if they were understood without fail; `script/bench interrupt` brings
people who are heard, by sound or by their words.
"""

from __future__ import annotations

from pathlib import Path

from agent.experiments.plan.spec import Arm
from agent.experiments.plan.task import Task
from agent.experiments.run.trial_environment import TrialEnvironment
from agent.session.approval import DEFAULT_RULES
from agent.session.parts import Parts
from agent.settings import Settings

ASKING_SECONDS = 15.0
"""How long a question stays open: long enough to be read aloud and answered."""


class InterruptEnvironment(TrialEnvironment):
    """Desktops, models and people for tasks that somebody speaks into."""

    def settings(self, arm: Arm, task: Task, folder: Path) -> Settings:
        given = super().settings(arm, task, folder)
        return given.model_copy(update={"approval_timeout": ASKING_SECONDS})

    def parts(self, arm: Arm, task: Task) -> Parts:
        """Questions would be read aloud and be interrupted; only an approval's are to be."""
        if task.approvals == "script" or arm.approvals != "allow":
            return {}
        return {"allowed": frozenset(rule.name for rule in DEFAULT_RULES)}
