"""Pieces of work that can be told, done, done again, undone and checked, each from a line of data.

Where the oracle of a task is to finish work that was cut anywhere, each piece is a command that may
be given twice.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from agent.errors import ConfigurationError
from agent.experiments.plan.task import Effect, Step

NOTE = "note.txt"
"""The file that the open editor shows; lines are typed into it."""

Check = dict[str, Any]


class Deed(Protocol):
    """One piece of work on the files of a home."""

    @property
    def words(self) -> str:
        """What it is, as it is asked for."""
        ...

    @property
    def command(self) -> str:
        """A shell command that does it, also where it is done already; empty if it is typed."""
        ...

    @property
    def undoing(self) -> str:
        """A shell command that takes it back, also where it was not done; empty if it is typed."""
        ...

    @property
    def done(self) -> tuple[Check, ...]:
        """Hold when it is done."""
        ...

    @property
    def undone(self) -> tuple[Check, ...]:
        """Hold when it is not done, or was taken back."""
        ...

    @property
    def effect(self) -> Effect:
        """What is there once it is done."""
        ...


@dataclass(frozen=True, slots=True)
class Folder:
    """Makes a folder."""

    path: str

    @property
    def words(self) -> str:
        return f"make a folder called {self.path}"

    @property
    def command(self) -> str:
        return f"mkdir -p {_in_home(self.path)}"

    @property
    def undoing(self) -> str:
        return f"rm -rf {_in_home(self.path)}"

    @property
    def done(self) -> tuple[Check, ...]:
        return ({"folder_exists": {"path": self.path}},)

    @property
    def undone(self) -> tuple[Check, ...]:
        return ({"absent": {"path": self.path}},)

    @property
    def effect(self) -> Effect:
        return Effect(path=self.path)


@dataclass(frozen=True, slots=True)
class Copy:
    """Copies a file that the task brings into a folder."""

    path: str
    into: str

    @property
    def _target(self) -> str:
        return f"{self.into}/{self.path}"

    @property
    def words(self) -> str:
        return f"copy {self.path} into the folder {self.into}"

    @property
    def command(self) -> str:
        there = _in_home(self.into)
        return f"mkdir -p {there}; cp {_in_home(self.path)} {there}/"

    @property
    def undoing(self) -> str:
        return f"rm -f {_in_home(self._target)}"

    @property
    def done(self) -> tuple[Check, ...]:
        copied = {"path": self._target, "as_fixture": self.path}
        return ({"unchanged": copied}, {"unchanged": {"path": self.path}})

    @property
    def undone(self) -> tuple[Check, ...]:
        return ({"absent": {"path": self._target}}, {"unchanged": {"path": self.path}})

    @property
    def effect(self) -> Effect:
        return Effect(path=self._target)


@dataclass(frozen=True, slots=True)
class Move:
    """Moves or renames a file that the task brings."""

    path: str
    target: str
    words: str

    @property
    def command(self) -> str:
        return _moved(self.path, self.target)

    @property
    def undoing(self) -> str:
        return _moved(self.target, self.path)

    @property
    def done(self) -> tuple[Check, ...]:
        moved = {"path": self.target, "as_fixture": self.path}
        return ({"unchanged": moved}, {"absent": {"path": self.path}})

    @property
    def undone(self) -> tuple[Check, ...]:
        return ({"absent": {"path": self.target}}, {"unchanged": {"path": self.path}})

    @property
    def effect(self) -> Effect:
        return Effect(path=self.target)


@dataclass(frozen=True, slots=True)
class Write:
    """Puts words into a new file."""

    path: str
    text: str

    @property
    def words(self) -> str:
        return f"write “{self.text}” into a new file called {self.path}"

    @property
    def command(self) -> str:
        return f"printf '%s\\n' {shlex.quote(self.text)} > {_in_home(self.path)}"

    @property
    def undoing(self) -> str:
        return f"rm -f {_in_home(self.path)}"

    @property
    def done(self) -> tuple[Check, ...]:
        return ({"file_text": {"path": self.path, "matches": _whole(self.text)}},)

    @property
    def undone(self) -> tuple[Check, ...]:
        return ({"absent": {"path": self.path}},)

    @property
    def effect(self) -> Effect:
        return Effect(path=self.path)


@dataclass(frozen=True, slots=True)
class Line:
    """Types a line below what stands in the open note."""

    text: str

    @property
    def words(self) -> str:
        return self.text

    @property
    def command(self) -> str:
        return ""

    @property
    def undoing(self) -> str:
        return ""

    @property
    def done(self) -> tuple[Check, ...]:
        return ({"file_text": {"path": NOTE, "matches": self._pattern}},)

    @property
    def undone(self) -> tuple[Check, ...]:
        return ({"file_text": {"path": NOTE, "excludes": self.text}},)

    @property
    def effect(self) -> Effect:
        return Effect(path=NOTE, matches=self._pattern)

    @property
    def _pattern(self) -> str:
        return rf"(?m)^\W*{re.escape(self.text)}\W*$"


def deed_of(given: Mapping[str, str]) -> Deed:
    """The step that a mapping describes.

    Raises:
        ConfigurationError: there is no such step.
    """
    match dict(given):
        case {"folder": path}:
            return Folder(path)
        case {"copy": path, "into": folder}:
            return Copy(path, folder)
        case {"move": path, "into": folder}:
            return Move(path, f"{folder}/{path}", f"move {path} into the folder {folder}")
        case {"rename": path, "to": name}:
            return Move(path, name, f"rename {path} to {name}")
        case {"write": path, "text": text}:
            return Write(path, text)
        case {"line": text}:
            return Line(text)
        case other:
            raise ConfigurationError(f"There is no step {other}.")


def order_of(deed: Deed) -> str:
    """The step as voice commands, for a model that takes nothing else."""
    match deed:
        case Line():
            return f'type "{deed.text}". Press enter'
        case Write():  # what follows a text, or a command, would be taken for more of it
            return f"create a file called {deed.path} with the text {deed.text}. Press escape"
        case Move() if "/" not in deed.target:
            return f"run the command mv {deed.path} {deed.target}. Press escape"
        case _:
            return deed.words


def step_of(deed: Deed) -> Step:
    """The step of an oracle that does it once."""
    if isinstance(deed, Line):
        return {"type": f"{deed.text}\n"}
    if isinstance(deed, Write):
        return {"write": {"path": deed.path, "text": f"{deed.text}\n"}}
    return {"shell": deed.command}


def _in_home(path: str) -> str:
    return f"~/{shlex.quote(path)}"


def _moved(source: str, target: str) -> str:
    folder = target.rpartition("/")[0]
    make = f"mkdir -p {_in_home(folder)}; " if folder else ""
    here, there = _in_home(source), _in_home(target)
    return f"{make}if [ -e {here} ]; then mv {here} {there}; fi"


def _whole(text: str) -> str:
    return rf"\A\W*{re.escape(text)}\W*\Z"
