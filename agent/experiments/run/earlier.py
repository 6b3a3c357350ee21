"""Other studies that tried the same arms on the same tasks: a second draw is no secret."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from agent.errors import ConfigurationError
from agent.experiments.plan.spec import Experiment, counted
from agent.experiments.run.deleting import Deleted, deleted
from agent.experiments.run.store import Store, list_stores


@dataclass(frozen=True, slots=True)
class EarlierRun:
    """A study that has trials of the same arms on the same tasks."""

    folder: str
    arms: tuple[str, ...]
    """As this experiment calls them."""

    trials: int
    """Those of them that say something of their arm."""

    seed: int
    gone: bool = False
    """Whether the study was deleted since."""

    @property
    def words(self) -> str:
        """In a sentence."""
        named = ", ".join(self.arms)
        where = f"were in {self.folder}, deleted since," if self.gone else f"are in {self.folder},"
        return (
            f"{counted(self.trials, 'trial')} of the same arms ({named}) on the same tasks {where} "
            f"with the seed {self.seed}, and are not in this study."
        )


def earlier_runs(root: Path, experiment: Experiment, *, but: Path) -> list[EarlierRun]:
    """Other studies below ``root`` with trials of the same arms on the same tasks, newest first,
    and those that were deleted.

    Args:
        root: folder of all experiments' folders.
        experiment: whose arms and tasks are looked for, whatever they are called there.
        but: its own folder.
    """
    mine = {name: arm.identity for name, arm in experiment.arms.items()}
    starts = {task.start_hash for task in experiment.tasks}
    found = []
    for store in list_stores(root):
        if store.folder == but:
            continue
        with suppress(ConfigurationError):  # damaged, or of another version
            run = _shared(store, mine, starts)
            found += [run] if run.trials else []
    gone = (_shared_then(one, mine, starts) for one in deleted(root))
    return [*found, *(run for run in gone if run.trials)]


def _shared_then(one: Deleted, mine: dict[str, str], starts: set[str]) -> EarlierRun:
    """What a deleted study had of the same."""
    names = {key: name for name, key in mine.items()}
    same = [tried for tried in one.tried if tried.arm in names and tried.task in starts]
    tried = {names[each.arm] for each in same}
    arms = tuple(name for name in mine if name in tried)
    return EarlierRun(one.folder, arms, sum(each.trials for each in same), one.seed, gone=True)


def _shared(store: Store, mine: dict[str, str], starts: set[str]) -> EarlierRun:
    """What a study has of the same; results are read only if its definition shares something."""
    other = store.experiment
    known = {arm.identity: name for name, arm in other.arms.items()}
    names = {known[key]: name for name, key in mine.items() if key in known}
    tasks = {task.id for task in other.tasks if task.start_hash in starts}
    results = store.results() if names and tasks else []
    shared = [r for r in results if r.completed and r.arm in names and r.task in tasks]
    tried = {names[r.arm] for r in shared}
    arms = tuple(name for name in mine if name in tried)
    return EarlierRun(store.folder.name, arms, len(shared), other.seed)
