"""What lies in the experiments' folders, read once and kept until it changes."""

from __future__ import annotations

import os
import re
import threading
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from agent.errors import ConfigurationError
from agent.experiments.plan.spec import Experiment
from agent.experiments.plan.trial import TrialResult, read_result
from agent.experiments.run.store import Store, list_stores
from agent.portable import CLOEXEC, lock_file
from dashboard.words import t

_KEPT = 16
"""Experiments whose trials stay in memory."""

_NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,199}")
_Key = tuple[str, int, int]
"""Name, inode and time of change of a trial's folder."""

_Ends = dict[_Key, TrialResult | None]


class Records:
    """All experiments below ``root``. Every method reads the disk: call it in a thread.

    A trial's folder changes only when it is judged again, which its time of change tells; a
    definition when the study is amended.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._lock = threading.Lock()
        self._ends: OrderedDict[str, _Ends] = OrderedDict()
        self._definitions: OrderedDict[str, tuple[int, Experiment]] = OrderedDict()
        self._made: OrderedDict[tuple[str, str], tuple[int, Any]] = OrderedDict()

    def folders(self) -> list[str]:
        """Names of the experiments' folders, the latest first."""
        return [store.folder.name for store in list_stores(self.root)]

    def store(self, folder: str) -> Store:
        """One experiment's folder.

        Raises:
            ConfigurationError: there is none of this name.
        """
        if not _NAME.fullmatch(folder) or not (self.root / folder / "experiment.json").is_file():
            raise ConfigurationError(
                t("There is no experiment “{name}”; it may have been deleted.", name=folder)
            )
        return Store(self.root / folder)

    def experiment(self, folder: str) -> Experiment:
        """Its definition.

        Raises:
            ConfigurationError: there is none, or it is of another version.
        """
        store = self.store(folder)
        written = _written(store)
        with self._lock:
            known = self._definitions.get(folder)
            if known is None or known[0] != written:
                known = self._definitions[folder] = (written, store.experiment)
                _trim(self._definitions, 4 * _KEPT)
            return known[1]

    def results(self, folder: str) -> list[TrialResult]:
        """Ends of all whole trials; only those that are new are read."""
        trials = self.store(folder).folder / "trials"
        with self._lock:
            before, now = self._ends.get(folder, {}), _names(trials)
            kept = {key: before[key] if key in before else _end(trials / key[0]) for key in now}
            self._ends[folder] = kept
            self._ends.move_to_end(folder)
            _trim(self._ends, _KEPT)
        return [end for end in kept.values() if end is not None]

    def half_written(self, folder: str) -> int:
        """How many trials cannot be read."""
        self.results(folder)
        with self._lock:
            return sum(end is None for end in self._ends.get(folder, {}).values())

    def derived(self, folder: str, what: str, make: Callable[[], Any]) -> Any:
        """What ``make`` gives, made again only when trials or definition have changed since."""
        mark = self._mark(folder)
        with self._lock:
            known = self._made.get((folder, what))
        if known is not None and known[0] == mark:
            return known[1]
        value = make()
        with self._lock:
            self._made[folder, what] = (mark, value)
            _trim(self._made, 8 * _KEPT)
        return value

    def is_derived(self, folder: str, what: str) -> bool:
        """Whether `derived` would answer at once."""
        mark = self._mark(folder)
        with self._lock:
            return self._made.get((folder, what), (None, None))[0] == mark

    def _mark(self, folder: str) -> int:
        store = self.store(folder)
        return hash((_written(store), frozenset(_names(store.folder / "trials"))))

    def elsewhere(self, folder: str) -> bool:
        """Whether a runner holds this experiment; ask only of one that is not run here."""
        try:
            handle = os.open(self.store(folder).folder / "lock", os.O_RDONLY | CLOEXEC)
        except OSError:
            return False
        try:
            lock_file(handle, shared=True)
        except BlockingIOError:
            return True
        finally:
            os.close(handle)
        return False


def _written(store: Store) -> int:
    """When the definition was written, in nanoseconds."""
    return (store.folder / "experiment.json").stat().st_mtime_ns


def _names(trials: Path) -> list[_Key]:
    """The key of every trial, in order of names."""
    with os.scandir(trials) as found:
        return sorted((entry.name, entry.inode(), entry.stat().st_mtime_ns) for entry in found)


def _end(trial: Path) -> TrialResult | None:
    try:
        return read_result(trial)
    except ConfigurationError:
        return None


def _trim(kept: OrderedDict[Any, Any], most: int) -> None:
    while len(kept) > most:
        kept.popitem(last=False)
