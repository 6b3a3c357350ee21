"""An experiment's folder: definition, trials as truth, and tables derived from them.

::

    NAME-HASH/
        experiment.json    the definition, as run
        about.json         commit, lock file's hash, versions, when
        trials/ID/         one folder a trial (see `agent.experiments.plan.trial`)
        attempts/          errors that were tried again, and half-written trials
        attempts.jsonl     one line for every attempt, with its cost
        looks.jsonl        one line for every time that results were looked at
        trials.parquet     derived; removed and made again at will
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterable
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from typing import Any

import pydantic

from agent.errors import ConfigurationError
from agent.experiments.extras import extra
from agent.experiments.plan.spec import Experiment
from agent.experiments.plan.trial import Trial, TrialResult, read_result, write_json
from agent.experiments.run.pack import unpack
from agent.face import Faced

_TABLE = "trials.parquet"
_TEXTS = ("id", "arm", "task", "status", "reason", "error_class", "error", "advice", "task_hash")


class Store(Faced):
    """One experiment's folder. Everything in it can be read while a runner writes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock: int | None = None

    # Definition ------------------------------------------------------------------------

    @classmethod
    def create(cls, root: Path, experiment: Experiment) -> Store:
        """The folder of an experiment below ``root``, made if need be.

        Raises:
            ConfigurationError: it cannot be written.
        """
        store = cls(root / experiment.folder_name)
        try:
            for name in ("trials", "attempts", ".incoming"):
                (store.folder / name).mkdir(parents=True, exist_ok=True)
            if not (store.folder / "experiment.json").exists():
                write_json(store.folder / "experiment.json", experiment)
                about = json.dumps(_about(), indent=1) + "\n"
                (store.folder / "about.json").write_text(about, "utf-8")
        except OSError as error:
            raise ConfigurationError(
                f"The results' folder {store.folder} cannot be written ({error.strerror}); "
                "choose another with --results."
            ) from error
        return store

    @property
    def experiment(self) -> Experiment:
        """The definition.

        Raises:
            ConfigurationError: this is no experiment's folder.
        """
        try:
            data = (self.folder / "experiment.json").read_bytes()
            return Experiment.model_validate_json(data)
        except (OSError, pydantic.ValidationError) as error:
            raise ConfigurationError(f"{self.folder} is not an experiment: {error}.") from error

    @property
    def about(self) -> dict[str, Any]:
        """When, from which commit, and with which versions it was begun."""
        with suppress(OSError, ValueError):
            about: dict[str, Any] = json.loads((self.folder / "about.json").read_bytes())
            return about
        return {}

    def lock(self) -> None:
        """Let nobody else run this experiment.

        Raises:
            ConfigurationError: somebody does.
        """
        self._lock = os.open(self.folder / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.unlock()
            raise ConfigurationError(
                f"The experiment in {self.folder} is being run by another process."
            ) from None

    def unlock(self) -> None:
        """Let others run it."""
        if self._lock is not None:
            fcntl.flock(self._lock, fcntl.LOCK_UN)  # a child just forked may have it open, too
            os.close(self._lock)
            self._lock = None

    # Trials ----------------------------------------------------------------------------

    def trial(self, name: str) -> Trial:
        """One trial by its id."""
        return Trial(self.folder / "trials" / name)

    def trials(self) -> list[Trial]:
        """All trials that have a folder, half-written ones included."""
        folder = self.folder / "trials"
        return [Trial(folder / name) for name in sorted(os.listdir(folder))]

    def results(self) -> list[TrialResult]:
        """Ends of all whole trials."""
        found = []
        for trial in self.trials():
            with suppress(ConfigurationError):
                found.append(trial.result)
        return found

    def half_written(self) -> list[str]:
        """Trials whose folder cannot be read."""
        broken = []
        for trial in self.trials():
            try:
                read_result(trial.folder)
            except ConfigurationError:
                broken.append(trial.folder.name)
        return broken

    def install(self, result: TrialResult, folder: bytes) -> bool:
        """Make a trial part of the truth, at once and once; false if it was there already."""
        incoming = self.folder / ".incoming" / f"{result.id}.{result.attempt}.{time.time_ns()}"
        if folder:
            unpack(folder, incoming)
        else:
            incoming.mkdir(parents=True)
        try:
            write_json(incoming / "result.json", result)
        except OSError:
            shutil.rmtree(incoming, ignore_errors=True)
            raise
        target = self.folder / "trials" / result.id
        if target.exists():
            self._keep(incoming, f"{result.id}.duplicate")
            return False
        incoming.rename(target)
        (self.folder / _TABLE).unlink(missing_ok=True)
        return True

    def set_aside(self, name: str) -> None:
        """Move a trial out of the truth, so that it is run again."""
        self._keep(self.folder / "trials" / name, name)
        (self.folder / _TABLE).unlink(missing_ok=True)

    def keep_attempt(self, result: TrialResult, folder: bytes) -> None:
        """Keep an error that is tried again, as evidence."""
        kept = self.folder / "attempts" / f"{result.id}.{result.attempt}.{time.time_ns()}"
        if folder:
            unpack(folder, kept)

    def note_attempt(self, result: TrialResult) -> None:
        """Write down that an attempt was made and what it cost."""
        dollars = result.metrics.get("dollars", 0.0)
        line = {"id": result.id, "attempt": result.attempt, "status": result.status}
        self._append("attempts.jsonl", line | {"dollars": dollars, "at": result.ended})

    @property
    def spent(self) -> float:
        """US$ of all attempts so far."""
        return sum(float(line.get("dollars", 0.0)) for line in self._lines("attempts.jsonl"))

    def look(self, what: str) -> int:
        """Write down that results were looked at; returns how often before all were there."""
        done, planned = len(self.results()), len(self.experiment.cells())
        self._append("looks.jsonl", {"at": time.time(), "what": what, "trials": done})
        return sum(line["trials"] < planned for line in self._lines("looks.jsonl"))

    def _keep(self, folder: Path, name: str) -> None:
        folder.rename(self.folder / "attempts" / f"{name}.{time.time_ns()}")

    def _append(self, name: str, line: dict[str, Any]) -> None:
        with (self.folder / name).open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    def _lines(self, name: str) -> Iterable[dict[str, Any]]:
        with suppress(FileNotFoundError), (self.folder / name).open(encoding="utf-8") as file:
            for line in file:
                with suppress(ValueError, RecursionError):
                    yield json.loads(line)

    # Tables ----------------------------------------------------------------------------

    @property
    def table(self) -> Path:
        """The Parquet table of all whole trials, brought up to date.

        Raises:
            ConfigurationError: pyarrow is not installed.
        """
        path = self.folder / _TABLE
        if not path.exists():
            write_table(self.results(), path)
        return path

    def query(self, sql: str) -> list[dict[str, Any]]:
        """Rows of a DuckDB query over the table ``trials``.

        Raises:
            ConfigurationError: DuckDB is not installed, or the query is wrong.
        """
        return query(self.table, sql)


def write_table(results: Iterable[TrialResult], path: Path) -> None:
    """One row a trial; metrics become columns ``m_NAME``."""
    arrow, parquet = extra("pyarrow"), extra("pyarrow.parquet")
    rows = list(results)
    names = sorted({name for row in rows for name in row.metrics})
    columns: dict[str, Any] = {
        name: arrow.array([getattr(row, name) for row in rows], arrow.string()) for name in _TEXTS
    }
    columns["repeat"] = arrow.array([row.repeat for row in rows], arrow.int32())
    for name in ("score", "started", "ended", "queue_seconds"):
        columns[name] = arrow.array([getattr(row, name) for row in rows], arrow.float64())
    for name in names:
        values = [row.metrics.get(name) for row in rows]
        columns[f"m_{name}"] = arrow.array(values, arrow.float64())
    hosts = [row.environment.get("host") for row in rows]
    columns["host"] = arrow.array(hosts, arrow.string())
    beside = path.with_name(f".{path.name}.new")
    parquet.write_table(arrow.table(columns), beside)
    beside.replace(path)


def query(table: Path, sql: str) -> list[dict[str, Any]]:
    """Rows of a DuckDB query; the Parquet file is the table ``trials``.

    Raises:
        ConfigurationError: DuckDB is not installed, or the query is wrong.
    """
    duckdb = extra("duckdb")
    with duckdb.connect() as connection:
        try:
            connection.read_parquet(str(table)).create_view("trials")
            found = connection.execute(sql)
            names = [column[0] for column in found.description]
            return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
        except duckdb.Error as error:
            raise ConfigurationError(f"The query is wrong: {error}") from error


def list_stores(root: Path) -> list[Store]:
    """All experiments below ``root``, the newest first."""
    found = [path.parent for path in root.glob("*/experiment.json")]
    return [Store(f) for f in sorted(found, key=lambda f: -f.stat().st_mtime)]


def _about() -> dict[str, Any]:
    root = Path(__file__).parents[3]
    lock = root / "requirements.lock"
    digest = hashlib.sha256(lock.read_bytes()).hexdigest() if lock.exists() else ""
    return {"created": time.time(), "commit": _commit(root), "lock": digest, "sayso": _version()}


def _commit(root: Path) -> str:
    if not (root / ".git").exists():
        return ""
    command = ["git", "-C", str(root), "rev-parse", "HEAD"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip()


def _version() -> str:
    with suppress(metadata.PackageNotFoundError):
        return metadata.version("sayso")
    return ""
