"""Sessions as the settings say, on desktops that begin as the task *receipt-to-sheet* does."""

from __future__ import annotations

from collections.abc import Callable

from agent.experiments.plan.task import builtin_tasks
from agent.experiments.run.trial_environment import TrialEnvironment
from agent.session.session import Session
from agent.settings import Settings

TASK = builtin_tasks()["receipt-to-sheet"]


class ErrandSession(Session):
    """The shop's form is open in the browser, served on the desktop, and the spreadsheet too."""

    async def open(self) -> None:
        await super().open()
        trial = TrialEnvironment()
        await trial.serve(TASK, self.desktop)
        await trial.prepare(TASK, self.desktop)


def factory(settings: Settings) -> Callable[[str | None], Session]:
    """Makes such sessions."""

    def make(session_id: str | None) -> Session:
        assert session_id is None, "an errand is begun once"
        return ErrandSession.create(settings)

    return make
