"""A task: a folder with a start, an instruction, a check of the end, and its two proofs.

::

    my-task/
        task.yaml    everything below
        files/       copied into the desktop's home before the task (optional)
        site/        web pages that are served on the desktop (optional); see ``site_server``
        expected/    what only the checks see, to compare an end with (optional)
        checker.py   ``def check(state): return score, reason`` (optional, beside checks)

``oracle`` and ``near_miss`` are lists of steps, as data: the oracle reaches the goal, the near
miss comes close and must fail. A task travels as bytes, so that other machines need no copy.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

import pydantic
import yaml
from pydantic import BaseModel, ConfigDict, Field

from agent.errors import ConfigurationError
from agent.network.policy import read_place

TASKS = Path(__file__).parents[1] / "tasks"
SITES = Path(__file__).parents[1] / "sites"
"""Web sites that come with Sayso; a task's ``site`` names one of them."""

_MOST_BYTES = 16 << 20
_MOST_FILES = 500

_STARTS = (
    "instruction", "phrasings", "gui_only", "start", "limits", "script", "answers", "approvals",
    "interruption", "setup", "closing", "network", "reach",
)  # fmt: skip
_JUDGES = ("checks", "guards", "checker", "feasible", "steps")

_COMMANDS = frozenset({"shell", "write"})
_WAITS = frozenset({"wait", "pause", "rest", "tell", "say"})
"""Steps of an oracle that look at no screen; those that only wait or speak."""

GOAL = "goal"
"""The wording that every task has: its instruction."""

Step = dict[str, Any]
"""One step of an oracle: a single key from `agent.experiments.run.oracle`."""


class _Part(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", ser_json_bytes="base64", val_json_bytes="base64"
    )


class Start(_Part):
    """A program that runs before the task; ``window`` (a pattern) is waited for."""

    argv: tuple[str, ...] = Field(min_length=1)
    window: str = ""


class TaskLimits(_Part):
    """Per trial; reaching one ends it with status ``limit``."""

    turns: int = Field(default=40, ge=1)
    seconds: float = Field(default=120.0, gt=0)


class Cue(_Part):
    """When a scripted person speaks: at the ``nth`` event of a kind that fits ``where``."""

    event: str = "action_started"
    where: dict[str, str] = {}
    """Field → pattern that must be found in it. Of an action that began also ``name``, ``input``
    and ``place``: the how-manieth of its answer it is, from 1."""

    nth: int = Field(default=1, ge=1)
    after: float = Field(default=0.0, ge=0, le=60)
    """Seconds from the event."""


class Utterance(_Part):
    """Something that the scripted person does, once."""

    when: Cue = Cue()
    do: Literal[
        "say", "queue", "stop", "hold", "release", "backchannel", "aside", "overhear", "approve",
        "deny",
    ] = "say"  # fmt: skip
    text: str = ""
    otherwise: Cue | None = Field(default=None, exclude_if=lambda cue: cue is None)
    """When it is said if the first cue has not come by then."""


Intent = Literal[
    "addition", "revision", "retraction", "stop", "aside", "approval", "overheard"
]  # fmt: skip
"""What the person wants who speaks into the work."""

Moment = Literal["thinking", "batch", "typing", "speaking", "done"]
"""What the agent is at when they begin to speak."""


class Effect(_Part):
    """What work may have brought about: a file or folder, whose text fits a pattern."""

    path: str
    matches: str = ""


class Interruption(_Part):
    """What a task's scripted person wants by speaking into the work, and when they do."""

    intent: Intent
    moment: Moment
    undo: tuple[Effect, ...] = ()
    """What the words want undone where it was done before them."""


class Task(_Part):
    """One task, with all its files."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9_.-]{0,59}$")
    version: int = Field(default=1, ge=1)
    instruction: str = Field(min_length=1)
    phrasings: dict[str, str] = {}
    """Other wordings of the same, by name."""

    apps: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    """Programs that the desktop's machine must have."""

    gui_only: bool = False
    """Whether the goal can be reached only by the screen; the arm's shell is then shut."""

    feasible: bool = True
    start: tuple[Start, ...] = ()
    setup: tuple[Step, ...] = Field(default=(), exclude_if=lambda steps: not steps)
    """Steps, as an oracle's, that are done before the agent begins; see `stagehand`."""

    closing: tuple[Step, ...] = Field(default=(), exclude_if=lambda steps: not steps)
    """Steps between the agent's work and the checks: a document is saved."""

    teardown: tuple[Step, ...] = Field(default=(), exclude_if=lambda steps: not steps)
    """Steps after the checks, however the trial ended: what was left elsewhere is taken back."""

    network: Literal["off", "listed", "open"] = Field(
        default="off", exclude_if=lambda mode: mode == "off"
    )
    """What programs on the desktop reach while the agent works, as in the settings."""

    reach: tuple[str, ...] = Field(default=(), exclude_if=lambda places: not places)
    """Places, as HOST:PORT, that they reach besides."""

    limits: TaskLimits = TaskLimits()
    script: tuple[Utterance, ...] = ()
    answers: tuple[str, ...] = ()
    """What the person says when the agent asks something, one after another."""

    approvals: Literal["arm", "script"] = "arm"
    """Who answers approvals: as the arm says, or nobody but the script."""

    interruption: Interruption | None = Field(default=None, exclude_if=lambda one: one is None)
    """What the script is for, where it is measured by itself."""

    checks: tuple[dict[str, Any], ...] = ()
    guards: tuple[dict[str, Any], ...] = ()
    """Checks that hold at the start and must still hold: what the agent may not touch. A
    broken one fails the task and is counted as a side effect."""

    oracle: tuple[Step | tuple[Step, ...], ...] = ()
    near_miss: tuple[Step | tuple[Step, ...], ...] = ()
    steps: int | None = None
    """Actions that the oracle needs, for the ratio; counted from it if not given."""

    files: Annotated[dict[str, bytes], Field(repr=False)] = {}
    """Path below ``files/`` → content."""

    site: Annotated[dict[str, bytes], Field(repr=False, exclude_if=lambda site: not site)] = {}
    """Path → content of the web site that its desktop serves. What was defined before there
    were sites has the hash that it had."""

    expected: Annotated[
        dict[str, bytes], Field(repr=False, exclude_if=lambda files: not files)
    ] = {}
    """Path below ``expected/`` → content: what only the checks see, to compare an end with."""

    checker: Annotated[str, Field(repr=False)] = ""
    """Source of ``checker.py``."""

    @pydantic.field_validator("reach")
    @classmethod
    def _places(cls, places: tuple[str, ...]) -> tuple[str, ...]:
        for place in places:
            try:
                read_place(place)
            except ConfigurationError as error:
                raise ValueError(str(error)) from error
        return places

    @property
    def blind(self) -> bool:
        """Whether its own solution is of commands and files alone, and nothing forbids that."""
        parts = [part if isinstance(part, tuple) else (part,) for part in self.oracle]
        names = {next(iter(step), "") for part in parts for step in part}
        return not self.gui_only and bool(names & _COMMANDS) and names <= _COMMANDS | _WAITS

    @property
    def online(self) -> bool:
        """Whether it reaches beyond its desktop."""
        return self.network != "off" or bool(self.reach)

    @property
    def hash(self) -> str:
        """SHA-256 of everything in it."""
        rest = self.model_dump_json(exclude={"files", "site", "expected"})
        digest = hashlib.sha256(rest.encode())
        digest.update(self._contents)
        digest.update(_lines(self.expected))
        return digest.hexdigest()

    @property
    def _contents(self) -> bytes:
        """A line for each file and each page of the site, with its hash."""
        pages = {f"site:{name}": data for name, data in self.site.items()}
        return _lines(self.files) + _lines(pages)

    @property
    def start_hash(self) -> str:
        """SHA-256 of all that reaches agent and desktop; with the arm's it names a trial."""
        digest = hashlib.sha256(self.model_dump_json(include=set(_STARTS)).encode())
        digest.update(self._contents)
        return digest.hexdigest()

    @property
    def checks_hash(self) -> str:
        """SHA-256 of what judges the end; changed, it asks for rescoring, not for new trials."""
        digest = hashlib.sha256(self.model_dump_json(include=set(_JUDGES)).encode())
        digest.update(_lines(self.expected))
        return digest.hexdigest()

    @property
    def steps_hash(self) -> str:
        """SHA-256 of oracle and near miss, which only the arms of those names are given."""
        steps = self.model_dump_json(include={"oracle", "near_miss"})
        return hashlib.sha256(steps.encode()).hexdigest()

    @property
    def voice(self) -> bool:
        """Whether a scripted person takes part."""
        return bool(self.script)

    @property
    def missing(self) -> list[str]:
        """Programs that it requires and this machine lacks."""
        needed = [*self.requires, *(["python3"] if self.site else [])]
        return [name for name in needed if shutil.which(name) is None]

    def words(self, phrasing: str) -> str:
        """The instruction in one wording; the goal's where it lacks that."""
        return self.phrasings.get(phrasing, self.instruction)

    def has_wording(self, phrasing: str) -> bool:
        """Whether it can be told in this wording."""
        return phrasing == GOAL or phrasing in self.phrasings


def _lines(files: dict[str, bytes]) -> bytes:
    """A line a file, with its hash."""
    lines = (f"\n{name} {hashlib.sha256(files[name]).hexdigest()}" for name in sorted(files))
    return "".join(lines).encode()


def load_task(folder: Path) -> Task:
    """The task in ``folder``, whose name is its id.

    Raises:
        ConfigurationError: it is not a whole task; the text names file and field.
    """
    path = folder / "task.yaml"
    try:
        given = yaml.safe_load(path.read_text("utf-8"))
        checker = folder / "checker.py"
        source = checker.read_text("utf-8") if checker.exists() else ""
        files = _read_files(folder / "files")
        site = _read_files(folder / "site")
        expected = _read_files(folder / "expected")
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigurationError(f"The task {folder} cannot be read: {error}.") from error
    if not isinstance(given, dict):
        raise ConfigurationError(f"{path} is not a task: it must be a mapping.")
    if "site" in given:
        site = _shipped_site(str(given["site"]), path)
    read = {"files": files, "site": site, "expected": expected, "checker": source}
    try:
        task = Task(**{"id": folder.name} | given | read)
    except (pydantic.ValidationError, TypeError) as error:
        raise ConfigurationError(f"{path} is wrong: {_faults(error)}.") from error
    if not task.checks and not task.checker:
        raise ConfigurationError(f"{path} has neither checks nor a checker.py beside it.")
    return task


@lru_cache(maxsize=1)
def builtin_tasks() -> dict[str, Task]:
    """The tasks that come with Sayso, by id."""
    folders = sorted(path.parent for path in TASKS.glob("*/task.yaml"))
    return {folder.name: load_task(folder) for folder in folders}


def tasks_folder(experiments: Path) -> Path:
    """Where a person's own tasks lie: beside the folder of their experiments."""
    return experiments.parent / "tasks"


def tasks_in(folder: Path) -> tuple[dict[str, Task], tuple[str, ...]]:
    """The tasks of a person's own folder, by id; and why others there cannot be used, in words."""
    found: dict[str, Task] = {}
    faults: list[str] = []
    for path in sorted(folder.glob("*/task.yaml")):
        try:
            task = load_task(path.parent)
        except ConfigurationError as error:
            faults.append(str(error))
            continue
        if task.id in found or task.id in builtin_tasks():
            faults.append(f"The task {path.parent} needs another id: {task.id} is taken.")
        else:
            found[task.id] = task
    return found, tuple(faults)


def _shipped_site(name: str, path: Path) -> dict[str, bytes]:
    known = sorted(folder.name for folder in SITES.iterdir() if folder.is_dir())
    if name not in known:
        raise ConfigurationError(
            f"{path} is wrong: there is no site “{name}”; there are {', '.join(known)}. Pages of "
            "its own lie in a folder site beside it."
        )
    return _read_files(SITES / name)


def _faults(error: Exception) -> str:
    if isinstance(error, pydantic.ValidationError):
        return "; ".join(f"{'.'.join(map(str, f['loc']))}: {f['msg']}" for f in error.errors())
    return str(error)


def _read_files(folder: Path) -> dict[str, bytes]:
    """Every plain file below ``folder``; links are refused, sizes bounded."""
    found: dict[str, bytes] = {}
    total = 0
    for top, _, names in os.walk(folder):
        for name in sorted(names):
            path = Path(top) / name
            if path.is_symlink():
                raise ConfigurationError(f"{path} is a link; a task holds plain files only.")
            total += path.stat().st_size
            if total > _MOST_BYTES or len(found) >= _MOST_FILES:
                raise ConfigurationError(f"{folder} is too large: 16 MB and 500 files at most.")
            found[path.relative_to(folder).as_posix()] = path.read_bytes()
    return dict(sorted(found.items()))
