"""Experiments that this server runs for people: they outlive the pages that started them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent.errors import ConfigurationError
from agent.experiments.live import LiveRun, RunProgress
from agent.experiments.run.prove import FOLDER, proof_of
from agent.experiments.run.rescore import rescore
from dashboard.views.lab.records import Records
from dashboard.views.lab.trial_environment import KeyedEnvironment
from dashboard.web.disk import from_disk

if TYPE_CHECKING:
    from agent.experiments.plan.spec import Experiment
    from dashboard.web.workbench import Workbench

EVERY = 0.25
"""Seconds between two updates of pages, at least."""

_FAREWELL = 12.0
"""Seconds for running trials to stop when the server ends."""

Watcher = Callable[[], None]


class Runs:
    """One experiment at a time, in a thread and worker processes of its own.

    Everything is called on the server's event loop; watchers are, too.

    Args:
        root: Folder of the experiments' folders.
        pay: Takes what trials have cost.
        refusal: Why nothing more may be spent today, in a sentence; empty if it may.
        live: Makes a run.
    """

    def __init__(
        self,
        root: Path,
        pay: Callable[[float], None] = lambda dollars: None,
        refusal: Callable[[], str] = str,
        live: Callable[..., LiveRun] = LiveRun,
    ) -> None:
        self.root = root
        self._live = live
        self._pay, self._refusal = pay, refusal
        self._paid: float | None = None
        """What of the run's cost is taken in; None before its first word of it."""

        self.records = Records(root)
        self._run: LiveRun | None = None
        self._proves = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._watchers: set[Watcher] = set()
        self._due = False

    @property
    def running(self) -> str:
        """Name of the folder of the experiment that runs now; empty if none does."""
        return self._folder if self.busy and not self._proves else ""

    @property
    def busy(self) -> RunProgress | None:
        """The progress of the experiment or the proof that runs now."""
        progress = self._run.progress if self._run is not None else None
        return progress if progress and progress.phase not in ("finished", "failed") else None

    @property
    def proof(self) -> RunProgress | None:
        """The progress of the proof that runs, or was the last to run."""
        return self._run.progress if self._run is not None and self._proves else None

    async def prove(self, experiment: Experiment, slots: int) -> None:
        """Play its tasks three ways, which costs nothing; see `agent.experiments.run.prove`.

        Raises:
            ConfigurationError: something is running.
            JournalError: the disk does not answer.
        """
        self._refuse_another()
        proof = proof_of(experiment)
        await self._begin(proof, self.root / FOLDER, slots, proves=True, after=rescore)

    async def start(self, experiment: Experiment, slots: int) -> None:
        """Run it, or go on with it.

        Raises:
            ConfigurationError: another one is running, or it would cost what may not be spent.
            JournalError: the disk does not answer.
        """
        self._refuse_another()
        paid = any(not arm.unpaid for arm in experiment.arms.values())
        if paid and (why := self._refusal()):
            raise ConfigurationError(why)
        await self._begin(experiment, self.root, slots)

    def _refuse_another(self) -> None:
        if (busy := self.busy) is not None:
            what = "proof of" if self._proves else "experiment"
            raise ConfigurationError(
                f"The {what} {busy.experiment} is running. "
                "Wait for its end, or stop it, then start this one."
            )

    async def _begin(
        self, experiment: Experiment, root: Path, slots: int, *, proves: bool = False, **more: Any
    ) -> None:
        run = await from_disk(
            lambda: self._live(
                experiment,
                root,
                slots=slots,
                environment=KeyedEnvironment(self.root.parent),
                on_change=self._heard,
                **more,
            ),
            "your experiments",
        )
        self._refuse_another()
        self._loop, self._paid = asyncio.get_running_loop(), None
        self._proves, self._run = proves, run.start()
        self._changed()

    def progress(self, folder: str) -> RunProgress | None:
        """The latest progress of what runs, or ran last; None for another experiment."""
        return self._run.progress if self._run is not None and folder == self._folder else None

    def cancel(self, folder: str) -> None:
        """Stop it, if it is what runs."""
        if self._run is not None and folder == self._folder:
            self._aside(self._run.cancel)

    def stop_trial(self, folder: str, trial: str) -> None:
        """Stop one of its trials."""
        if self._run is not None and folder == self._folder:
            self._aside(self._run.stop_trial, trial)

    def watch(self, watcher: Watcher) -> Callable[[], None]:
        """Call ``watcher`` when something changed; returns what ends that."""
        self._watchers.add(watcher)
        return lambda: self._watchers.discard(watcher)

    def _aside(self, wish: Callable[..., None], *given: str) -> None:
        """Workers are told over sockets: not on the server's loop."""
        if self._loop is not None:
            self._loop.run_in_executor(None, wish, *given)

    async def close(self) -> None:
        """Stop what runs and wait for it; it can be gone on with."""
        if self._run is not None and self.busy:
            reason = "The server was stopped; run it again to go on."
            await asyncio.to_thread(self._run.cancel, reason)
            await asyncio.to_thread(self._run.wait, _FAREWELL)

    @property
    def _folder(self) -> str:
        return self._run.store.folder.name if self._run is not None else ""

    def _heard(self, progress: RunProgress) -> None:
        """From the run's thread. What earlier runs of it cost was paid then."""
        if self._paid is None and progress.phase == "running":
            self._paid = progress.spent
        self._changed()

    def _changed(self) -> None:
        """From the run's thread: pages learn of it on their loop, a few times a second."""
        if not self._due and self._loop is not None:
            self._due = True
            with suppress(RuntimeError):  # the loop has been closed: the server has ended
                self._loop.call_soon_threadsafe(self._tell_later)

    def _tell_later(self) -> None:
        if self._loop is not None:
            self._loop.call_later(EVERY, self._tell)

    def _tell(self) -> None:
        self._due = False
        self._count()
        for watcher in list(self._watchers):
            watcher()

    def _count(self) -> None:
        """Take in what trials have cost since; end the run if no more may be spent today."""
        run = self._run
        if run is None or self._paid is None or run.progress.spent <= self._paid:
            return
        cost, self._paid = run.progress.spent - self._paid, run.progress.spent
        self._pay(cost)
        if (why := self._refusal()) and self.running:
            self._aside(run.cancel, why)


_runs: dict[Path, Runs] = {}


def runs_of(bench: Workbench, owner: str) -> Runs:
    """An owner's runs, made on first use and ended with the server."""
    root = bench.experiments_of(owner)
    if root not in _runs:
        spending, payer = bench.sessions.spending, bench.sessions.payer
        _runs[root] = Runs(
            root,
            lambda dollars: spending.pay(dollars, payer(owner)),
            lambda: spending.refusal(payer(owner)),
        )
        bench.farewells.append(_runs[root].close)
    return _runs[root]
