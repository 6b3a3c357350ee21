"""An experiment that runs in the background, watched and stopped from elsewhere."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from agent.errors import SaysoError
from agent.experiments.plan.spec import Experiment, trial_id
from agent.experiments.results.report import write_reports
from agent.experiments.run.placement import DaskPlacement, Placement
from agent.experiments.run.preflight import check_first
from agent.experiments.run.runner import Runner, RunState
from agent.experiments.run.store import Store
from agent.experiments.run.trial_environment import TrialEnvironment
from agent.face import Faced

_log = logging.getLogger(__name__)

_AFTER = 5
"""How many times as long as other work in its folder a study's report may take."""

Phase = Literal["preparing", "running", "stopping", "finished", "failed"]


@dataclass(frozen=True, slots=True)
class RunningTrial:
    """A trial under way."""

    id: str
    arm: str
    task: str
    state: str
    """What its agent does, in a word: ``thinking``, ``acting`` …"""

    detail: str
    dollars: float
    seconds: float
    """Since its first word."""

    picture: str = ""
    """Latest small picture of its desktop: JPEG in base64; empty before the first one."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One arm on one task: how many repeats have ended how."""

    arm: str
    task: str
    planned: int
    done: int
    passed: int
    running: int
    statuses: dict[str, int]


@dataclass(frozen=True, slots=True)
class RunProgress:
    """How far a run is, at one moment. Unchanging, so that any thread may read it."""

    experiment: str
    folder: str
    phase: Phase
    planned: int
    done: int
    statuses: dict[str, int]
    cells: tuple[Cell, ...] = ()
    """In the experiment's order: tasks, and arms within a task."""

    running: tuple[RunningTrial, ...] = ()
    spent: float = 0.0
    budget: float = 0.0
    seconds: float = 0.0
    notes: tuple[str, ...] = ()
    error: str = ""
    """Why the run as a whole failed; what a person can do is in it."""


class LiveRun(Faced):
    """An experiment in a thread of its own.

    All methods may be called from any thread and return at once, but ``wait``. The report is
    written when it ends, cancelled or not; running the same experiment again goes on with it.

    Args:
        experiment: what to run.
        root: folder of all experiments' folders.
        slots: desktops at a time on this machine.
        scheduler: address of a Dask scheduler instead of this machine.
        placement: where trials run, instead of Dask; left open at the end.
        environment: what trials are played on.
        on_change: called with each new progress, from the run's thread.
        after: what is done with the study at its end; its report is written if None.
        verify: look first whether trials can end in anything but errors, and refuse if not.
    """

    def __init__(
        self,
        experiment: Experiment,
        root: Path,
        *,
        slots: int = 2,
        scheduler: str | None = None,
        placement: Placement | None = None,
        environment: TrialEnvironment | None = None,
        on_change: Callable[[RunProgress], None] | None = None,
        after: Callable[[Store], object] | None = None,
        verify: bool = True,
    ) -> None:
        self.experiment = experiment
        self._verify = verify
        self._folder = Store.of(root, experiment).folder
        self._root, self._slots, self._scheduler = root, slots, scheduler
        self._given, self._environment = placement, environment
        self._on_change = on_change or (lambda _: None)
        self._after = after or write_reports
        self._began = time.monotonic()
        self._first_heard: dict[str, float] = {}
        self._places = {
            trial_id(arm, task.id, repeat): (arm, task.id)
            for arm, task, repeat in experiment.cells()
        }
        self._runner: Runner | None = None
        self._cancelled = ""
        self._guard = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="experiment", daemon=True)
        planned = len(experiment.cells())
        self._progress = RunProgress(
            experiment.name,
            str(self._folder),
            "preparing",
            planned,
            0,
            {},
            budget=experiment.budget,
        )

    def start(self) -> LiveRun:
        """Begin; returns itself."""
        self._began = time.monotonic()
        self._thread.start()
        return self

    @property
    def progress(self) -> RunProgress:
        """The latest progress."""
        return self._progress

    @property
    def store(self) -> Store:
        """The study's folder."""
        return Store(self._folder)

    @property
    def running(self) -> bool:
        return self._thread.is_alive()

    def stop_trial(self, trial: str, reason: str = "Stopped by the person.") -> None:
        """Stop one trial that runs; the others go on."""
        if (runner := self._runner) is not None:
            runner.stop_trial(trial, reason)

    def cancel(self, reason: str = "Stopped by the person; run it again to go on.") -> None:
        """Begin no further trial, and stop those that run."""
        with self._guard:
            self._cancelled = reason
            runner = self._runner
        if runner is not None:
            runner.cancel(reason)

    def wait(self, timeout: float | None = None) -> RunProgress:
        """Block until it has ended, or for ``timeout`` seconds; the progress then."""
        self._thread.join(timeout)
        return self._progress

    async def finished(self) -> RunProgress:
        """The progress at the end, without blocking the event loop."""
        return await asyncio.to_thread(self.wait)

    # The run's own thread ----------------------------------------------------------------

    def _run(self) -> None:
        try:
            self._carry_out()
        except SaysoError as error:
            self._put("failed", error=str(error))
        except OSError as error:
            _log.exception("The experiment %s failed", self.experiment.name)
            what = f"Its folder cannot be used ({error.strerror}): {self._progress.folder}."
            self._put("failed", error=f"{what} Fix that, then run it again to continue.")
        except Exception as error:  # noqa: BLE001 - the border of a thread; told in the progress
            _log.exception("The experiment %s failed", self.experiment.name)
            self._put("failed", error=f"{type(error).__name__}: {error}")

    def _carry_out(self) -> None:
        if self._verify:
            environment = self._environment or TrialEnvironment()
            check_first(self.experiment, environment, elsewhere=self._scheduler is not None)
        place = self._given or DaskPlacement(self._scheduler, slots=self._slots)
        try:
            runner = self.store.in_time(lambda: self._make_runner(place))
            with self._guard:
                self._runner = runner
            if self._cancelled:
                runner.cancel(self._cancelled)
            runner.run()
            runner.store.in_time(lambda: self._after(runner.store), longer=_AFTER)
        finally:
            if self._given is None:
                place.close()
        self._put("finished", runner.state)

    def _make_runner(self, place: Placement) -> Runner:
        return Runner(
            self.experiment,
            self._root,
            place,
            environment=self._environment,
            tell=self._changed,
        )

    def _changed(self, state: RunState) -> None:
        self._put("stopping" if self._cancelled else "running", state)

    def _put(self, phase: Phase, state: RunState | None = None, error: str = "") -> None:
        last = self._progress
        self._progress = RunProgress(
            experiment=last.experiment,
            folder=last.folder,
            phase=phase,
            planned=last.planned,
            done=state.done if state else last.done,
            statuses=dict(state.statuses) if state else last.statuses,
            cells=self._cells(state) if state else last.cells,
            running=self._trials(state) if state else (),
            spent=state.spent if state else last.spent,
            budget=last.budget,
            seconds=time.monotonic() - self._began,
            notes=tuple(state.notes) if state else last.notes,
            error=error,
        )
        self._on_change(self._progress)

    def _cells(self, state: RunState) -> tuple[Cell, ...]:
        under_way = [self._places[name] for name in state.running]
        cells = []
        for task in self.experiment.tasks:
            for arm in self.experiment.arms:
                ended: Mapping[str, int] = state.cells.get((arm, task.id), {})
                done, passed = sum(ended.values()), ended.get("passed", 0)
                busy = under_way.count((arm, task.id))
                cells.append(
                    Cell(arm, task.id, self.experiment.repeats, done, passed, busy, dict(ended))
                )
        return tuple(cells)

    def _trials(self, state: RunState) -> tuple[RunningTrial, ...]:
        now, found = time.monotonic(), []
        for name, told in state.running.items():
            began = self._first_heard.setdefault(name, now)
            arm, task = self._places[name]
            found.append(
                RunningTrial(
                    id=name,
                    arm=arm,
                    task=task,
                    state=told.get("state", ""),
                    detail=told.get("detail", ""),
                    dollars=told.get("dollars", 0.0),
                    seconds=now - began,
                    picture=told.get("picture", ""),
                )
            )
        return tuple(found)
