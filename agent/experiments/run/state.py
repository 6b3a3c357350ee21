"""What a checker sees: copies of the home's files, windows, clipboard, site, and the events.

Files are copied out of the desktop without following links, bounded in number and size, and
nobody else can write to the copies. A checker never touches the desktop.
"""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from agent.desktop.base import Desktop, Node, Window
from agent.errors import DesktopError
from agent.experiments.run.site import Request
from agent.files import is_state, shown
from agent.files.kinds import is_state_name
from agent.files.telling import amount
from agent.record import events as ev
from agent.sanitize import valid_text

MOST_FILES = 3000
MOST_BYTES = 8 << 20
"""Of one file; larger ones are listed but not copied."""

MOST_TOTAL = 64 << 20
_DEPTH = 12
_LEFT_OUT = frozenset({".cache"})


@dataclass(frozen=True)
class State:
    """The end (or start) of a trial, for checkers.

    ``home`` is a folder of copies; ``entries`` lists what was there, folders with a slash.
    """

    home: Path
    fixtures: dict[str, bytes] = field(default_factory=dict, repr=False)
    expected: dict[str, bytes] = field(default_factory=dict, repr=False)
    """The task's files that only checks see."""

    entries: tuple[str, ...] = ()
    windows: tuple[Window, ...] = ()
    clipboard: str = ""
    texts: tuple[tuple[str, str], ...] = ()
    """(application, text) of editors and terminals on the screen."""

    objects: tuple[Node, ...] = field(default=(), repr=False)
    """The accessible objects, in document order."""

    requests: tuple[Request, ...] = ()
    """What was asked of the task's web site, in order."""

    events: tuple[ev.Event, ...] = field(default=(), repr=False)
    notes: tuple[str, ...] = ()
    """What could not be read, and why."""

    left_out: dict[str, str] = field(default_factory=dict)
    """Of the person's files, those without a copy, by path: why. Of a folder: the rest of it."""

    def text(self, path: str) -> str | None:
        """A file's text; None if there is no such plain file."""
        data = self.data(path)
        return None if data is None else data.decode("utf-8", "replace")

    def data(self, path: str) -> bytes | None:
        """A file's bytes; None if there is no such plain file among the copies."""
        inside = (self.home / path).resolve()
        if not inside.is_relative_to(self.home.resolve()) or not inside.is_file():
            return None
        return inside.read_bytes()

    def lacks(self, path: str) -> str:
        """Why there is no copy of a file, in words."""
        if path in self.left_out:
            return f"{path} is there, but was not copied to be checked: {self.left_out[path]}"
        for above in PurePosixPath(path).parents:
            if (why := self.left_out.get("" if str(above) == "." else f"{above}/")) is not None:
                unseen = f"not all of {_folder(above)} was looked at: {why}"
                return f"no file {path} was found, but {unseen}"
        return f"there is no file {path}"

    @property
    def said(self) -> str:
        """The agent's last word on the task; empty if it has none."""
        ends = [e for e in self.events if isinstance(e, ev.TaskFinished)]
        return ends[-1].summary if ends else ""


async def take_state(
    desktop: Desktop,
    folder: Path,
    *,
    fixtures: dict[str, bytes] | None = None,
    expected: dict[str, bytes] | None = None,
    requests: Sequence[Request] = (),
    events: Sequence[ev.Event] = (),
) -> State:
    """Copy what checkers may look at into ``folder``.

    Parts that cannot be read are left empty and told in ``notes``.
    """
    notes: list[str] = []
    copied = await asyncio.to_thread(copy_home, desktop.home, folder)
    windows: Sequence[Window] = ()
    objects: tuple[Node, ...] = ()
    try:
        windows = await desktop.windows()
        objects = (await desktop.tree()).nodes
    except DesktopError as error:
        notes.append(str(error))
    return State(
        home=folder,
        fixtures=fixtures or {},
        expected=expected or {},
        entries=copied.entries,
        windows=tuple(windows),
        clipboard=await asyncio.to_thread(read_clipboard, desktop, notes),
        texts=tuple((node.app, node.text) for node in objects if node.text is not None),
        objects=objects,
        requests=tuple(requests),
        events=tuple(events),
        notes=(*copied.notes, *map(valid_text, notes)),
        left_out=copied.left_out,
    )


def read_clipboard(desktop: Desktop, notes: list[str]) -> str:
    """The clipboard's text; why it could not be read is added to ``notes``. Blocks."""
    from agent.desktop import VirtualDesktop

    if not isinstance(desktop, VirtualDesktop):
        return ""
    from agent.desktop.act.clipboard import Clipboard

    try:
        clipboard = Clipboard(desktop.env)
    except (DesktopError, OSError) as error:
        notes.append(f"The clipboard could not be read: {error}")
        return ""
    try:
        return clipboard.read()
    finally:
        clipboard.close()


@dataclass(frozen=True)
class Copied:
    """What came of copying a home for checkers."""

    entries: tuple[str, ...]
    """What was there; folders with a slash."""

    left_out: dict[str, str]
    """Of the person's files, those without a copy: see `State.left_out`."""

    notes: tuple[str, ...]
    """The same for people, with programs' own files."""


@dataclass
class _Copier:
    """A walk over descriptors: a link swapped in meanwhile is refused by the kernel.

    In each folder the person's files come first, so that programs' own take no room from them.
    """

    target: Path
    notes: list[str] = field(default_factory=list)
    entries: list[str] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    total: int = 0

    def folder(self, handle: int, inside: str, depth: int) -> None:
        with os.scandir(handle) as found:
            names = sorted(
                (is_state_name(os.fsencode(e.name), top=not depth), e.name) for e in found
            )
        for state, name in names:
            if len(self.entries) >= MOST_FILES or depth > _DEPTH:
                self.leave(inside, "there are too many, or they lie too deep", state=state)
                return
            if depth == 0 and name in _LEFT_OUT:
                continue
            try:
                self.entry(handle, name, f"{inside}{name}", depth)
            except OSError as error:
                self.leave(f"{inside}{name}", error.strerror or str(error))

    def entry(self, parent: int, name: str, inside: str, depth: int) -> None:
        kind = os.stat(name, dir_fd=parent, follow_symlinks=False)
        if stat.S_ISDIR(kind.st_mode):
            self.entries.append(f"{inside}/")
            (self.target / inside).mkdir(parents=True, exist_ok=True)
            with _opened(name, parent, os.O_DIRECTORY) as handle:
                self.folder(handle, f"{inside}/", depth + 1)
            return
        self.entries.append(inside)
        if not stat.S_ISREG(kind.st_mode):
            self.leave(inside, "it is not a plain file")
        elif kind.st_size > MOST_BYTES:
            self.leave(inside, f"it is larger than {amount(MOST_BYTES)}")
        elif self.total + kind.st_size > MOST_TOTAL:
            self.leave(inside, f"the files together are larger than {amount(MOST_TOTAL)}")
        else:
            with _opened(name, parent) as handle:
                self.keep(handle, inside)

    def leave(self, path: str, why: str, *, state: bool = False) -> None:
        """Note what has no copy; ``state``: what is left out of a folder is all programs' own."""
        self.notes.append(f"{shown(path) or 'home'}: {why}")
        if not state and not is_state(os.fsencode(path)):
            self.left_out[path] = why

    def keep(self, handle: int, inside: str) -> None:
        with os.fdopen(os.dup(handle), "rb") as source:
            data = source.read(MOST_BYTES + 1)[:MOST_BYTES]
        self.total += len(data)
        (self.target / inside).write_bytes(data)


class _opened:  # noqa: N801 - reads like a function
    """A descriptor that follows no link and never blocks on a pipe."""

    def __init__(self, name: str, parent: int | None, flags: int = 0) -> None:
        wanted = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | flags
        self._handle = os.open(name, wanted, dir_fd=parent)

    def __enter__(self) -> int:
        return self._handle

    def __exit__(self, *_: object) -> None:
        os.close(self._handle)


def copy_home(home: Path, target: Path) -> Copied:
    """Copy the plain files and the folders of ``home``."""
    target.mkdir(parents=True, exist_ok=True, mode=0o700)
    copier = _Copier(target)
    try:
        with _opened(str(home), None, os.O_DIRECTORY) as handle:
            copier.folder(handle, "", 0)
    except OSError as error:
        copier.leave("", f"the home folder could not be read ({error.strerror})")
    return Copied(tuple(copier.entries), copier.left_out, tuple(copier.notes))


def _folder(path: PurePosixPath) -> str:
    return "the home folder" if str(path) == "." else str(path)


def visible(entries: Iterable[str]) -> list[str]:
    """Entries without hidden ones and without what lies in hidden folders."""
    return [e for e in entries if not any(part.startswith(".") for part in e.split("/"))]
