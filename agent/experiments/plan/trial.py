"""One trial: one arm tries one task once, on a fresh desktop. Its folder is the truth.

::

    ARM--TASK--REPEAT/
        trial.json     what was to be done: arm, task with all its files, words
        session/       events.jsonl, prompt.md, images/ (opens as an exported session)
        score.json     the checker's verdict
        state/         what the checker saw besides: windows, objects, texts, clipboard, list of
                       files, and programs' own files (see `agent.experiments.run.kept_state`)
        home/          the person's files as they were when it was checked; what of them is not
                       kept is named in result.json
        result.json    status, metrics, environment; written last: without it, half-written
"""

from __future__ import annotations

import locale
import os
import platform
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import Any

import pydantic
from pydantic import ConfigDict, Field

from agent.errors import ConfigurationError
from agent.experiments.plan.spec import Arm, Record, Status, start_of, trial_id
from agent.experiments.plan.task import Task
from agent.face import Faced
from agent.record import events as ev
from agent.record.journal import SUFFIX
from agent.record.rows import read_lines

FORMAT = 1
_PACKAGES = ("mousepad", "thunar", "xfce4-terminal", "xfce4-panel", "xfwm4")


class Job(Record):
    """All that a worker needs to carry out one trial."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", ser_json_bytes="base64", val_json_bytes="base64"
    )

    experiment: str
    """Hash of the experiment."""

    arm_name: str
    arm: Arm
    task: Task
    repeat: int
    seed: int = 0
    attempt: int = 0
    submitted: float = 0.0
    """Unix seconds."""

    @property
    def id(self) -> str:
        return trial_id(self.arm_name, self.task.id, self.repeat)


class TrialResult(Record):
    """One trial's end. Times are Unix seconds."""

    id: str
    experiment: str
    arm: str
    task: str
    task_hash: str
    arm_hash: str = ""
    """`Arm.identity`; empty in trials from before there was one."""

    start_hash: str = ""
    """`start_of` the arm and the task."""

    checks_hash: str = ""
    """`Task.checks_hash` of the checks that gave the score."""

    repeat: int
    seed: int = 0
    status: Status
    score: float = 0.0
    reason: str = ""
    """The checker's words, or why there is no score."""

    error_class: str = ""
    error: str = ""
    advice: str = ""
    """What a person can fix, and where."""

    left_out: tuple[str, ...] = ()
    """Of the person's files, what is not kept beside the score, and why, a line each."""

    retryable: bool = False
    attempt: int = 0
    started: float = 0.0
    ended: float = 0.0
    queue_seconds: float = 0.0
    metrics: dict[str, float] = Field(default_factory=dict)
    environment: dict[str, str] = Field(default_factory=dict)

    @property
    def passed(self) -> bool:
        return self.status == "passed"

    @property
    def completed(self) -> bool:
        """Whether it says something of the arm.

        The one definition: only such a trial enters success, intervals, tests and verdicts.
        """
        return self.status in ("passed", "failed", "limit")

    def fits(self, arm: Arm, task: Task, seed: int) -> bool:
        """Whether it is a trial of this arm on this task, as they are now."""
        if not self.arm_hash:
            return True
        mine = (self.arm_hash, self.start_hash, self.seed)
        return mine == (arm.identity, start_of(arm, task), seed)


class Trial(Faced):
    """A trial read from its folder, alone."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def result(self) -> TrialResult:
        """Its end.

        Raises:
            ConfigurationError: the folder is half-written or damaged.
        """
        return read_result(self.folder)

    @property
    def job(self) -> Job:
        """What was to be done.

        Raises:
            ConfigurationError: the folder is half-written or damaged.
        """
        try:
            return Job.model_validate_json((self.folder / "trial.json").read_bytes())
        except (OSError, pydantic.ValidationError) as error:
            raise _damaged(self.folder, error) from error

    def events(self) -> list[ev.Event]:
        """The session's events; none if the session never began."""
        path = self.folder / "session" / "events.jsonl"
        if not path.exists():
            return []
        return list(read_lines(path.read_bytes().splitlines()).events)

    def image(self, image: ev.Image) -> Path:
        """The file of a picture of the log."""
        return self.folder / "session" / "images" / f"{image.sha256}.{SUFFIX[image.media_type]}"

    def pictures(self) -> Iterator[tuple[float, Path]]:
        """Seconds since the task's start, and the picture that was seen then."""
        start = None
        for event in self.events():
            start = event.at if start is None and isinstance(event, ev.TaskStarted) else start
            for image in ev.images_of(event):
                yield event.at - (start if start is not None else event.at), self.image(image)


def read_result(folder: Path) -> TrialResult:
    """The end of the trial in ``folder``.

    Raises:
        ConfigurationError: it is half-written or damaged.
    """
    try:
        return TrialResult.model_validate_json((folder / "result.json").read_bytes())
    except (OSError, ValueError) as error:
        raise _damaged(folder, error) from error


def write_json(path: Path, record: pydantic.BaseModel) -> None:
    """Write beside, then rename: never half a file."""
    beside = path.with_name(f".{path.name}.new")
    beside.write_text(record.model_dump_json(indent=1) + "\n", "utf-8")
    beside.replace(path)


def result_of(job: Job, status: Status, **fields: Any) -> TrialResult:
    """A result with the job's names in it."""
    return TrialResult(
        id=job.id,
        experiment=job.experiment,
        arm=job.arm_name,
        task=job.task.id,
        task_hash=job.task.hash,
        arm_hash=job.arm.identity,
        start_hash=start_of(job.arm, job.task),
        checks_hash=job.task.checks_hash,
        repeat=job.repeat,
        seed=job.seed,
        attempt=job.attempt,
        status=status,
        **fields,
    )


def environment() -> dict[str, str]:
    """Where a trial ran."""
    return {
        "host": platform.node(),
        "process": str(os.getpid()),
        "sayso": version(),
        "python": platform.python_version(),
        "system": platform.platform(),
        "cpus": str(os.cpu_count()),
        "locale": ".".join(part or "" for part in locale.getlocale()),
        "time_zone": time.tzname[0],
        **_packages(),
    }


@lru_cache(maxsize=1)
def version() -> str:
    """Sayso's version and, of a checkout, its commit; one with local changes is marked."""
    named = ""
    with suppress(metadata.PackageNotFoundError):
        named = metadata.version("sayso")
    return " ".join(part for part in (named, _commit()) if part)


def _commit() -> str:
    root = Path(__file__).parents[3]
    if not (root / ".git").exists():
        return ""
    command = ["git", "-C", str(root), "describe", "--always", "--dirty", "--exclude", "*"]
    return _said(command).strip()


@lru_cache(maxsize=1)
def _packages() -> dict[str, str]:
    """Versions of the desktop's Debian packages, where dpkg knows them."""
    query = ["dpkg-query", "-W", "-f", "${Package} ${Version}\n", *_PACKAGES]
    pairs = (line.split(" ", 1) for line in _said(query).splitlines() if " " in line)
    return {f"package {name}": version for name, version in pairs}


def _said(command: list[str]) -> str:
    """What a program prints; nothing if there is no such program."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout


def _damaged(folder: Path, error: Exception) -> ConfigurationError:
    return ConfigurationError(
        f"The trial in {folder} is half-written or damaged ({error}); run the experiment again "
        "to have it repeated."
    )
