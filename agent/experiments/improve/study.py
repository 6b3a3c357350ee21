"""Prompts tried by real trials: two studies, one of the search and one of the held-out tasks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from agent.errors import ConfigurationError
from agent.experiments.improve.ledger import FILE, Ledger
from agent.experiments.improve.search import Exhausted
from agent.experiments.improve.terms import Split, Terms, most_trials
from agent.experiments.plan.power import EFFECTS, WANTED, forecast, power
from agent.experiments.plan.spec import Arm, Experiment
from agent.experiments.plan.task import Task
from agent.experiments.plan.trial import Trial, TrialResult
from agent.experiments.run.placement import Placement
from agent.experiments.run.runner import Runner
from agent.experiments.run.store import Store
from agent.experiments.run.trial_environment import TrialEnvironment
from agent.record import events as ev

FIRST = "v0"
"""Name of the arm with the prompt to begin with."""

_SEARCH, _HELD_OUT = "search", "held-out"
_LONGEST = 60
"""Characters of a study's name."""

_MOST_LOG = 600
"""Characters of a trial's log that a proposer is shown."""


@dataclass(frozen=True, slots=True)
class Price:
    """What a search takes at most. Money in US$, time in seconds."""

    trials: int
    dollars: float
    worst_dollars: float
    seconds: float
    detectable: float | None
    """Smallest gain in success that a look finds with a chance of 80 %; None: none up to 0.35."""


def price(experiment: Experiment, parts: Split, terms: Terms, *, slots: int) -> Price:
    """The forecast of a search, before anything is tried."""
    arm = experiment.arms[experiment.reference]
    one = _study(experiment, _SEARCH, {FIRST: arm}, parts.search[:1], terms)
    guess = forecast(one, slots=slots)
    trials = most_trials(parts, terms)
    share = trials / guess.trials
    chances = {
        effect: power(len(parts.held_out), terms.repeats, effect, comparisons=terms.looks)
        for effect in EFFECTS
    }
    return Price(
        trials,
        guess.dollars * share,
        guess.worst_dollars * share,
        guess.seconds * share,
        min((effect for effect, chance in chances.items() if chance >= WANTED), default=None),
    )


class StudyTries:
    """Runs variants as arms of a study that grows: what was tried once is not tried again.

    Args:
        experiment: whose baseline arm, tasks and budget are used.
        parts: its tasks, divided.
        terms: of the search.
        root: folder of all experiments' folders.
        placement: where trials run.
        environment: what they are played on.
        around: holds while a runner runs, so that a person can stop it.
        elsewhere: US$ that were spent on the search besides, by a proposer.
    """

    def __init__(
        self,
        experiment: Experiment,
        parts: Split,
        terms: Terms,
        root: Path,
        placement: Placement,
        *,
        environment: TrialEnvironment | None = None,
        around: Callable[[Runner], AbstractContextManager[None]] = lambda _: nullcontext(),
        elsewhere: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self._experiment, self._terms, self._root = experiment, terms, root
        self._arm = experiment.arms[experiment.reference]
        self._place, self._environment = placement, environment
        self._around, self._elsewhere = around, elsewhere
        self._kept = (
            (1 + terms.looks) * len(parts.held_out) * terms.repeats / most_trials(parts, terms)
        )
        self._search = _study(experiment, _SEARCH, {FIRST: self._arm}, parts.search, terms)

    @property
    def store(self) -> Store:
        """The study of the search, where the ledger lies too."""
        return Store.of(self._root, self._search)

    def ledger(self) -> Ledger:
        """The search's ledger, begun or to begin, in the folder of its study.

        Raises:
            ConfigurationError: it cannot be read, or the folder cannot be written.
        """
        store = self.store if self.store.begun else Store.create(self._root, self._search)
        return Ledger(store.folder / FILE)

    def __call__(
        self, variants: Mapping[str, str], tasks: Sequence[Task], *, held_out: bool
    ) -> Sequence[TrialResult]:
        arms = {FIRST: self._arm} | {
            name: self._arm.model_copy(update={"prompt": name, "prompt_text": text})
            for name, text in variants.items()
            if name != FIRST
        }
        what = _HELD_OUT if held_out else _SEARCH
        study = _study(self._experiment, what, arms, tasks, self._terms)
        budget = self._budget(held_out)
        study = study.model_copy(update={"budget": budget})
        runner = Runner(study, self._root, self._place, environment=self._environment)
        with self._around(runner):
            state = runner.run()
        if runner.cancelled:
            raise Exhausted("Stopped. The same command goes on.", stopped=True)
        if state.statuses["cancelled"]:
            raise Exhausted(f"The budget of {self._experiment.budget:.2f} US$ is used up.")
        asked = {task.id for task in tasks}
        return [r for r in runner.store.results() if r.arm in variants and r.task in asked]

    def log(self, result: TrialResult) -> str:
        """The names of actions, and the last words."""
        events = Trial(self.store.folder / "trials" / result.id).events()
        names = [e.name for e in events if isinstance(e, ev.ActionProposed)]
        said = [
            str(e.block["text"])
            for e in events
            if isinstance(e, ev.BlockFinished) and e.block["type"] == "text"
        ]
        return f"{', '.join(names)}; said at the end: {said[-1] if said else 'nothing'}"[:_MOST_LOG]

    def _budget(self, held_out: bool) -> float:
        """What trials of a study may cost: the looks' share is kept for them."""
        whole = self._experiment.budget - self._elsewhere()
        if not held_out:
            return max(0.0, whole * (1 - self._kept))
        return max(0.0, whole - (self.store.spent if self.store.begun else 0.0))


def _study(
    experiment: Experiment,
    what: str,
    arms: Mapping[str, Arm],
    tasks: Sequence[Task],
    terms: Terms,
) -> Experiment:
    name = f"{experiment.name}-{what}"
    if len(name) > _LONGEST:
        raise ConfigurationError(f"The name {experiment.name} is too long for a search's studies.")
    return experiment.model_copy(
        update={
            "name": name,
            "arms": dict(arms),
            "baseline": FIRST,
            "tasks": tuple(tasks),
            "repeats": terms.repeats,
            "sequential": False,
        }
    )
