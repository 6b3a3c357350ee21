"""Carries out an experiment: every cell once, errors again, within the budget, resumable.

A cell that the study has a trial for is not run again, however the definition was amended since.

Only this process writes to the experiment's folder, so no trial is counted twice, however
often a lost worker's job was begun.
"""

from __future__ import annotations

import queue
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pydantic

from agent.errors import ConfigurationError, JournalError
from agent.experiments.plan.amending import left_out
from agent.experiments.plan.spec import Experiment, trial_id
from agent.experiments.plan.trial import Job, TrialResult, result_of
from agent.experiments.run.breaker import Breaker
from agent.experiments.run.pack import NoRoomError
from agent.experiments.run.placement import Outcome, Placement
from agent.experiments.run.play import Progress, allowed
from agent.experiments.run.store import Store
from agent.experiments.run.trial_environment import TrialEnvironment

NO_WORKER_SECONDS = 30.0
"""How long to wait for a worker with a desktop before its trials are called errors."""

AROUND = 600.0
"""Seconds that a trial may take for what is before and after its task."""

_TICK = 0.2
Tell = Callable[["RunState"], None]


@dataclass
class RunState:
    """How far a run is; the same object is told again and again."""

    planned: int
    statuses: Counter[str] = field(default_factory=Counter)
    """Of the cells that are done, those of earlier runs included."""

    cells: dict[tuple[str, str], Counter[str]] = field(default_factory=dict)
    """The same by arm and task."""

    running: dict[str, Progress] = field(default_factory=dict)
    """Latest word, and at times picture, of each trial under way."""

    spent: float = 0.0
    budget: float = 0.0
    notes: list[str] = field(default_factory=list)
    """What a person should know, once each."""

    latest: TrialResult | None = None

    @property
    def done(self) -> int:
        return sum(self.statuses.values())

    def count(self, arm: str, task: str, status: str) -> None:
        """One more trial has ended."""
        self.statuses[status] += 1
        self.cells.setdefault((arm, task), Counter())[status] += 1


LOST = "WorkerLost"
"""Class of the error of a trial whose worker did not come back."""


class Runner:
    """One run of an experiment. ``run`` blocks; other methods may be called from any thread.

    Args:
        experiment: what to run.
        root: folder of all experiments' folders.
        placement: where trials run; closed by whoever made it.
        environment: what trials are played on.
        tell: called from the runner's thread when something changed.
    """

    def __init__(
        self,
        experiment: Experiment,
        root: Path,
        placement: Placement,
        *,
        environment: TrialEnvironment | None = None,
        tell: Tell | None = None,
        no_worker_seconds: float = NO_WORKER_SECONDS,
    ) -> None:
        self.experiment = experiment
        self.store = Store.create(root, experiment)
        self.state = RunState(len(experiment.cells()), budget=experiment.budget)
        self._place = placement
        self._environment = environment or TrialEnvironment()
        self._tell = tell or (lambda _: None)
        self._patience = no_worker_seconds
        self._inbox: queue.Queue[Outcome | Progress] = queue.Queue()
        self._todo: deque[tuple[Job, str]] = deque()
        self._flying: dict[str, Job] = {}
        self._begun: dict[str, float] = {}
        self._stuck: set[tuple[str, int]] = set()
        """Trials, by name and attempt, that were given up and never came back."""

        self._cancelled = threading.Event()
        self._cancel_reason = ""
        self._homeless: float | None = None
        self._breaker = Breaker()

    def cancel(self, reason: str = "The experiment was cancelled.") -> None:
        """Begin no further trial and stop those that run. They are run when it is resumed."""
        self._cancel_reason = reason
        self._cancelled.set()
        self._place.stop(None, reason)

    @property
    def cancelled(self) -> bool:
        """Whether somebody ended it before its time."""
        return self._cancelled.is_set()

    def stop_trial(self, trial: str, reason: str = "Stopped by the person.") -> None:
        """Stop one trial that runs; the others go on."""
        self._place.stop(trial, reason)

    def run(self) -> RunState:
        """Carry out what is not done yet; returns the final state.

        Raises:
            ConfigurationError: another process runs it, or the folder cannot be used.
            JournalError: the folder's disk does not answer.
        """
        store = self.store
        try:
            store.in_time(store.lock)
            store.in_time(self._plan)
            self._place.watch(self._inbox.put)
            self._tell(self.state)
            while self._todo or self._flying:
                self._launch()
                self._receive()
                self._check_trials()
                self._check_workers()
        except JournalError as error:
            self._place.stop(None, str(error))
            raise
        finally:
            store.unlock()
        return self.state

    @property
    def _slots(self) -> int:
        """Trials that may run at a time; what hangs holds its place."""
        return max(0, self._place.slots - len(self._stuck))

    # Planning --------------------------------------------------------------------------

    def _plan(self) -> None:
        """Cells that have no whole, final trial yet, in the experiment's order."""
        self.state.spent = self.store.spent
        for name in self.store.half_written():
            self.store.set_aside(name)
            self.state.notes.append(f"The trial {name} was half-written; it is run again.")
        if rest := left_out(self.store.experiment, self.experiment):
            self._note(f"Not run again, but kept in the study and its report: {', '.join(rest)}.")
        definition, seed = self.store.experiment.hash, self.experiment.seed
        done = {result.id: result for result in self.store.results()}
        for arm_name, task, repeat in self.experiment.cells():
            name, arm = trial_id(arm_name, task.id, repeat), self.experiment.arms[arm_name]
            known = done.get(name)
            if known is not None and known.completed and known.fits(arm, task, seed):
                self.state.count(arm_name, task.id, known.status)
                continue
            if known is not None:
                self.store.set_aside(name)
            job = Job(
                experiment=definition,
                arm_name=arm_name,
                arm=arm,
                task=task,
                repeat=repeat,
                seed=seed,
            )
            self._todo.append((job, ""))

    # Launching -------------------------------------------------------------------------

    def _launch(self) -> None:
        """Keep the place busy: as many as it has slots, and as many again waiting there."""
        if self._cancelled.is_set():
            self._cancel_rest(self._cancel_reason)
            self._place.stop(None, self._cancel_reason)  # those that only now began, too
            return
        room = max(1, 2 * self._slots) - len(self._flying)
        held: list[tuple[Job, str]] = []
        while self._todo and room > 0:
            job, avoid = self._todo.popleft()
            if not self._affordable(job):
                held.append((job, avoid))
                continue
            self._flying[job.id] = job
            job = job.model_copy(update={"submitted": time.time()})
            self._place.submit(job, self._environment, self._inbox.put, avoid=avoid)
            room -= 1
        self._todo.extendleft(reversed(held))
        if held and not self._flying:
            self._cancel_rest(
                f"The budget of {self.experiment.budget:.2f} dollars allows no further trial "
                f"({self.state.spent:.2f} are spent); raise “budget” and run again."
            )

    def _affordable(self, job: Job) -> bool:
        """Whether the worst cases of all that runs, and of this job, stay within the budget."""
        if job.arm.unpaid:
            return True
        reserved = sum(j.arm.max_dollars for j in self._flying.values() if not j.arm.unpaid)
        return self.state.spent + reserved + job.arm.max_dollars <= self.experiment.budget + 1e-9

    def _cancel_rest(self, reason: str, of: Callable[[Job], bool] = lambda _: True) -> None:
        """Let those that wait never run; ``of`` chooses among them."""
        waiting, self._todo = self._todo, deque(one for one in self._todo if not of(one[0]))
        for job, _ in waiting:
            if of(job):
                self._install(result_of(job, "cancelled", reason=reason), b"")
        self._note(reason)

    def _note(self, text: str) -> None:
        if text not in self.state.notes:
            self.state.notes.append(text)

    # Receiving -------------------------------------------------------------------------

    def _receive(self) -> None:
        """Take in what has come; wait a moment if nothing has."""
        if not self._flying:
            return
        with suppress(queue.Empty):
            item = self._inbox.get(timeout=_TICK)
            while True:
                self._take(item)
                item = self._inbox.get_nowait()

    def _take(self, item: Outcome | dict[str, Any]) -> None:
        if isinstance(item, dict):
            if item["trial"] in self._flying:
                self._begun.setdefault(item["trial"], time.monotonic())
                known = self.state.running.get(item["trial"], {})
                self.state.running[item["trial"]] = known | item
                self._tell(self.state)
            return
        attempt = (item.job.id, item.job.attempt)
        if attempt in self._stuck:
            self._stuck.discard(attempt)
            return
        job = self._flying.pop(item.job.id, None)
        self._begun.pop(item.job.id, None)
        told = self.state.running.pop(item.job.id, {})
        if job is not None:
            self._finish(item, float(told.get("dollars", 0.0)))

    def _check_trials(self) -> None:
        """Give up those that do not come back: their disk, their desktop or their worker hangs."""
        now = time.monotonic()
        for name, began in tuple(self._begun.items()):
            job = self._flying[name]
            longest = allowed(job.task) + AROUND
            if now - began > longest:
                self._place.stop(name, "It took too long.")
                self._take(Outcome(job, lost=f"nothing came back in {longest:.0f} seconds"))
                self._stuck.add((name, job.attempt))

    def _finish(self, outcome: Outcome, told: float) -> None:
        """Take in a job's end; one that was lost has cost at least the US$ that it ``told`` of."""
        result = _result(outcome)
        if result.error_class == LOST:
            result = result.model_copy(update={"metrics": {"dollars": told} if told else {}})
        store = self.store
        store.in_time(lambda: store.note_attempt(result))
        self.state.spent += result.metrics.get("dollars", 0.0)
        again = result.attempt < self.experiment.retries and not self._cancelled.is_set()
        if result.status == "error" and result.retryable and again:
            try:
                store.in_time(lambda: store.keep_attempt(result, outcome.folder))
            except ConfigurationError as error:
                self._note(str(error))
            job = outcome.job.model_copy(update={"attempt": result.attempt + 1})
            avoid = outcome.worker if result.error_class == "DesktopUnavailable" else ""
            self._todo.append((job, avoid))
            return
        self._install(result, outcome.folder)
        if (stop := self._breaker.take(result)) is not None:
            self._cancel_rest(stop.reason, stop.concerns)

    def _install(self, result: TrialResult, folder: bytes) -> None:
        store = self.store
        try:
            store.in_time(partial(store.install, result, folder))
        except ConfigurationError as error:
            self._note(str(error))
            kind = "NoRoom" if isinstance(error, NoRoomError) else "DamagedTrial"
            lost = {"status": "error", "error": str(error), "error_class": kind}
            result = result.model_copy(update=lost)
            store.in_time(partial(store.install, result, b""))
        if result.advice:
            words = f"{result.error} {result.advice}".strip()
            self._note(f"{result.arm} · {result.task}: {words}")
        self.state.count(result.arm, result.task, result.status)
        self.state.latest = result
        self._tell(self.state)

    def _check_workers(self) -> None:
        """When nobody offers a desktop for a while, say so instead of waiting for ever."""
        if self._slots or not (self._flying or self._todo):
            self._homeless = None
            return
        self._homeless = self._homeless or time.monotonic()
        if time.monotonic() - self._homeless < self._patience:
            time.sleep(_TICK)
            return
        advice = "Start workers with `dask worker ADDRESS --nthreads 1 --resources desktop=1`."
        waiting = [*self._flying.values(), *(job for job, _ in self._todo)]
        self._flying.clear()
        self._begun.clear()
        self._todo.clear()
        for job in waiting:
            self._install(
                result_of(
                    job,
                    "error",
                    error_class="NoWorker",
                    error="No worker answers." if self._stuck else "No worker offers a desktop.",
                    advice=advice,
                ),
                b"",
            )


def _result(outcome: Outcome) -> TrialResult:
    """The worker's word, or an error in its place if there is none."""
    reason = outcome.lost
    if not reason:
        try:
            return TrialResult.model_validate_json(outcome.result)
        except pydantic.ValidationError as error:
            reason = f"it answered with something else ({error.error_count()} faults)"
    return result_of(
        outcome.job,
        "error",
        error_class=LOST,
        error=f"The worker was lost: {reason}.",
        advice="Look at the worker's own output; its memory may have run out.",
        retryable=True,
        ended=time.time(),
    )
