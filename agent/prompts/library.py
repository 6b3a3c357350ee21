"""A person's prompts in a folder: every version kept, with its time and a note.

::

    LIBRARY/
        terse/                  one folder a prompt
            versions.jsonl      one line a version, the oldest first
            3f2a90c1d4e5.md     the text, by the beginning of its SHA-256

A text's file is a plain prompt: its path stands in an experiment's arm or in ``SAYSO_PROMPT``.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import os
import re
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agent.errors import BadInput, ConfigurationError
from agent.kinds import ALL_TOOLS, ToolName, in_order
from agent.prompts.check import faults
from agent.prompts.shipped import list_prompts, load_prompt, shipped_path
from agent.prompts.template import Prompt

Style = Literal["announce-then-act", "act-while-speaking", "report-after"]
"""When the agent speaks: before it acts, while it acts, or only when the work is done."""

USUAL_STYLE: Style = "act-while-speaking"
"""Of the prompts that come with Sayso, and of a version that names none."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _.-]{0,39}")
_SHOWN = 12


class Version(BaseModel):
    """One version of a prompt: text, narration style and tools, which belong together."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    template: str
    narration: Style = USUAL_STYLE
    tools: tuple[ToolName, ...] = Field(default=ALL_TOOLS, min_length=1)
    at: float = 0.0
    """Unix seconds; 0 for what comes with Sayso."""

    note: str = ""
    shipped: bool = False

    @property
    def prompt(self) -> Prompt:
        """The text alone; its hash is the one in a session's log."""
        return Prompt(self.name, self.template)

    @property
    def hash(self) -> str:
        """SHA-256 of text, narration style and tools."""
        content = [self.template, self.narration, sorted(self.tools)]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class PromptLibrary:
    """Prompts below ``root``, and those that come with Sayso beneath them."""

    root: Path

    def names(self) -> list[str]:
        """Own prompts and shipped ones, by name."""
        own = {path.parent.name for path in self.root.glob("*/versions.jsonl")}
        return sorted(own | set(list_prompts()), key=str.lower)

    def versions(self, name: str) -> tuple[Version, ...]:
        """All versions, the newest first; a shipped text is the oldest.

        Raises:
            ConfigurationError: there is no prompt of that name.
        """
        own = [] if not _NAME.fullmatch(name) else self._read(name)
        if name in list_prompts():
            text = load_prompt(name).template
            own.insert(0, Version(name=name, template=text, note="Comes with Sayso", shipped=True))
        if not own:
            raise ConfigurationError(f"There is no prompt “{name}”: {', '.join(self.names())}.")
        return tuple(reversed(own))

    def get(self, name: str, version: str = "") -> Version:
        """The newest version, or the one whose `Version.hash` begins with ``version``.

        Raises:
            ConfigurationError: there is none.
        """
        for kept in self.versions(name):
            if kept.hash.startswith(version):
                return kept
        raise ConfigurationError(f"“{name}” has no version {version}.")

    def save(
        self,
        name: str,
        template: str,
        *,
        narration: Style = USUAL_STYLE,
        tools: tuple[ToolName, ...] = ALL_TOOLS,
        note: str = "",
    ) -> Version:
        """Keep a version; one that equals the newest is not kept again.

        Raises:
            BadInput: the name or the text is wrong; the text says where.
            ConfigurationError: the folder cannot be written.
        """
        version = _checked(name, template, narration, tools, note)
        if name in self.names():
            newest = self.versions(name)[0]
            if newest.hash == version.hash:
                return newest
        try:
            self._write(version)
        except OSError as error:
            raise ConfigurationError(
                f"The prompt cannot be kept in {self.root} ({error.strerror})."
            ) from error
        return version

    def path(self, version: Version) -> Path:
        """The version's text as a file, for an experiment's arm or ``SAYSO_PROMPT``."""
        if version.shipped:
            return shipped_path(version.name)
        return self.root / version.name / f"{version.prompt.hash[:_SHOWN]}.md"

    def delete(self, name: str) -> None:
        """Remove a prompt's own versions; a shipped text remains.

        Raises:
            ConfigurationError: there is none, or it cannot be removed.
        """
        if not _NAME.fullmatch(name) or not (self.root / name / "versions.jsonl").exists():
            raise ConfigurationError(f"There is no prompt “{name}” of your own.")
        try:
            shutil.rmtree(self.root / name)
        except OSError as error:
            raise ConfigurationError(f"“{name}” cannot be removed ({error.strerror}).") from error

    def _read(self, name: str) -> list[Version]:
        """What is whole; a line that was cut off by a crash is passed over."""
        folder = self.root / name
        try:
            lines = (folder / "versions.jsonl").read_text("utf-8").splitlines()
        except (OSError, UnicodeDecodeError):
            return []
        return [version for line in lines if (version := _version(folder, line)) is not None]

    def _write(self, version: Version) -> None:
        path = self.path(version)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        beside = path.with_suffix(".new")
        with os.fdopen(os.open(beside, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb") as file:
            file.write(version.template.encode())
        beside.replace(path)
        record = version.model_dump(mode="json", exclude={"template", "shipped"})
        line = json.dumps(record | {"text": path.name}) + "\n"
        flags = os.O_CREAT | os.O_WRONLY | os.O_APPEND
        with os.fdopen(os.open(path.with_name("versions.jsonl"), flags, 0o600), "wb") as file:
            file.write(line.encode())


def changed_lines(old: str, new: str) -> list[tuple[Literal[" ", "-", "+"], str]]:
    """Line by line: kept, removed, added."""
    marks: dict[str, Literal[" ", "-", "+"]] = {"  ": " ", "- ": "-", "+ ": "+"}
    lines = difflib.ndiff(old.splitlines(), new.splitlines())
    return [(marks[line[:2]], line[2:]) for line in lines if line[:2] in marks]


def _version(folder: Path, line: str) -> Version | None:
    try:
        record = json.loads(line)
        text = (folder / Path(record.pop("text")).name).read_bytes().decode()
        return Version.model_validate(record | {"template": text})
    except (ValueError, OSError, AttributeError, KeyError, TypeError, RecursionError):
        return None


def _checked(
    name: str, template: str, narration: Style, tools: tuple[ToolName, ...], note: str
) -> Version:
    if not _NAME.fullmatch(name):
        raise BadInput(
            "A prompt's name has at most 40 letters, digits, spaces, dots, dashes or underscores, "
            "and begins with a letter or digit."
        )
    if found := faults(template):
        raise BadInput(f"Line {found[0].line}: {found[0].message}")
    try:
        return Version(
            name=name,
            template=template,
            narration=narration,
            tools=in_order(tools) or tools,
            at=time.time(),
            note=note.strip()[:200],
        )
    except ValidationError as error:
        where = error.errors()[0]["loc"][0]
        what = "Leave at least one tool on." if where == "tools" else error.errors()[0]["msg"]
        raise BadInput(what) from error
