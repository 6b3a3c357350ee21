"""A study's folder: definition, trials as truth, and tables derived from them.

A study has the definition's hash of its beginning in its name and keeps it: what an amendment
changes (see `agent.experiments.plan.amending`) goes on in the same folder.

::

    NAME-HASH/
        experiment.json    the definition, with all amendments
        amendments.jsonl   when and how it was changed since it was begun
        about.json         commit, lock file's hash, versions, when
        trials/ID/         one folder a trial (see `agent.experiments.plan.trial`)
        attempts/          errors that were tried again, and half-written trials
        attempts.jsonl     one line for every attempt, with its cost
        looks.jsonl        one line for every time that results were looked at
        rescored.jsonl     one line for every verdict that corrected checks changed
        trials.parquet     derived; removed and made again at will
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import wait
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import pydantic

from agent.disk import on_thread
from agent.errors import ConfigurationError, JournalError
from agent.experiments.extras import extra
from agent.experiments.plan.amending import Amendment, amended, changes, extends
from agent.experiments.plan.spec import Experiment
from agent.experiments.plan.trial import Trial, TrialResult, read_result, version, write_json
from agent.experiments.run.pack import unpack
from agent.face import Faced
from agent.portable import CLOEXEC, lock_file, unlock_file

T = TypeVar("T")

PATIENCE = 120.0
"""Seconds that a piece of work in a study's folder may take."""

_TABLE = "trials.parquet"
_TEXTS = ("id", "arm", "task", "status", "reason", "error_class", "error", "advice", "task_hash")


class Store(Faced):
    """One experiment's folder. Everything in it can be read while a runner writes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock: int | None = None
        self._hangs = False

    def in_time(self, work: Callable[[], T], *, longer: float = 1) -> T:
        """Have something done in the folder, but not wait for its disk for ever.

        Args:
            work: What to do.
            longer: How many times as long as usual it may take.

        Raises:
            JournalError: the disk does not answer. Nobody else may run the study before the work
                has returned.
        """
        job = on_thread(work)
        if wait((job,), PATIENCE * longer).done:
            return job.result()
        self._hangs = True
        job.add_done_callback(lambda _: self._answers())
        raise JournalError(
            f"The disk with {self.folder} does not answer, so the run was given up. Trials that "
            "are there stay; run it again when the disk answers, and the others are made."
        )

    def _answers(self) -> None:
        self._hangs = False
        self.unlock()

    # Definition ------------------------------------------------------------------------

    @classmethod
    def create(cls, root: Path, experiment: Experiment) -> Store:
        """The folder of an experiment below ``root``: made, or amended, if need be.

        Raises:
            ConfigurationError: it cannot be written, or another process runs what would be
                amended.
        """
        store = cls.of(root, experiment)
        try:
            for name in ("trials", "attempts", ".incoming"):
                (store.folder / name).mkdir(parents=True, exist_ok=True)
            if store.begun:
                store.amend(experiment)
            else:
                write_json(store.folder / "experiment.json", experiment)
                about = json.dumps(_about(), indent=1) + "\n"
                (store.folder / "about.json").write_text(about, "utf-8")
        except OSError as error:
            raise ConfigurationError(
                f"The results' folder {store.folder} cannot be written ({error.strerror}); "
                "choose another with --results."
            ) from error
        return store

    @classmethod
    def of(cls, root: Path, experiment: Experiment) -> Store:
        """The study below ``root`` that an experiment goes on with, or would begin.

        It is the one of the same definition, else the latest that it extends.
        """
        own = cls(root / experiment.folder_name)
        if own.begun:
            return own
        for store in list_stores(root, f"{experiment.name}-"):
            with suppress(ConfigurationError):  # damaged, or of another version
                if extends(store.experiment, experiment):
                    return store
        return own

    @property
    def begun(self) -> bool:
        """Whether it is there."""
        return (self.folder / "experiment.json").exists()

    @property
    def amendments(self) -> list[Amendment]:
        """Every change of the definition since the study was begun, the oldest first."""
        return [Amendment.model_validate(line) for line in self._lines("amendments.jsonl")]

    def amend(self, experiment: Experiment) -> None:
        """Make what is wanted part of the definition, and write down what that changes.

        Raises:
            ConfigurationError: another process runs the study.
        """
        before = self.experiment
        after = amended(before, experiment)
        if after.hash == before.hash:
            return
        self.lock()
        try:
            amendment = Amendment(
                at=time.time(),
                changes=changes(before, after),
                trials=sum(r.completed for r in self.results()),
                definition=after.hash,
            )
            write_json(self.folder / "experiment.json", after)
            self._append("amendments.jsonl", amendment.model_dump())
        finally:
            self.unlock()

    @property
    def experiment(self) -> Experiment:
        """The definition, with all amendments.

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
        self._lock = os.open(self.folder / "lock", os.O_CREAT | os.O_RDWR | CLOEXEC, 0o600)
        try:
            lock_file(self._lock)
        except BlockingIOError:
            self.unlock()
            raise ConfigurationError(
                f"The experiment in {self.folder} is being run by another process."
            ) from None

    def unlock(self) -> None:
        """Let others run it, once nothing hangs that was begun here."""
        if self._lock is not None and not self._hangs:
            unlock_file(self._lock)
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

    def replace(self, result: TrialResult) -> None:
        """Give a trial another end, and write down which it had."""
        folder = self.trial(result.id).folder
        before = read_result(folder)
        line = {
            "id": result.id,
            "at": time.time(),
            "before": [before.status, before.score, before.reason, before.checks_hash],
            "after": [result.status, result.score, result.reason, result.checks_hash],
        }
        self._append("rescored.jsonl", line)
        write_json(folder / "result.json", result)
        (self.folder / _TABLE).unlink(missing_ok=True)

    @property
    def rescored(self) -> int:
        """How many verdicts corrected checks have changed, in all."""
        return sum(
            line["before"][:2] != line["after"][:2] for line in self._lines("rescored.jsonl")
        )

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
        results, planned = self.results(), len(self.experiment.cells())
        done = sum(r.completed for r in results)
        left = planned - done - sum(r.status == "error" for r in results)
        line = {"at": time.time(), "what": what, "trials": done, "left": left}
        self._append("looks.jsonl", line)
        return self.looks(results)

    def looks(self, results: Sequence[TrialResult]) -> int:
        """How often results were looked at before all were there.

        A look is early if trials were to come then, or if some came later all the same: the
        study was extended, or errors were tried again.
        """
        done, planned = sum(r.completed for r in results), len(self.experiment.cells())
        return sum(
            line.get("left", planned - line["trials"]) > 0 or line["trials"] < done
            for line in self._lines("looks.jsonl")
        )

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


def list_stores(root: Path, beginning: str = "") -> list[Store]:
    """All studies below ``root`` whose folder's name begins so, the newest first."""
    found = [
        p.parent for p in root.glob("*/experiment.json") if p.parent.name.startswith(beginning)
    ]
    return [Store(f) for f in sorted(found, key=lambda f: -f.stat().st_mtime)]


def _about() -> dict[str, Any]:
    root = Path(__file__).parents[3]
    lock = root / "requirements.lock"
    digest = hashlib.sha256(lock.read_bytes()).hexdigest() if lock.exists() else ""
    return {"created": time.time(), "lock": digest, "sayso": version()}
