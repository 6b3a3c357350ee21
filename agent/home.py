"""A session's home on disk: where it lies, what is in it, and which folders may be one."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Literal

from agent import events as ev
from agent.desktop.homes import real_home, used_bytes
from agent.errors import ConfigurationError
from agent.files import count_files
from agent.journal import session_folder
from agent.log import EventLog

_SYSTEM = tuple(
    Path("/", name)
    for name in ("bin", "boot", "dev", "etc", "lib", "lib64", "proc", "run", "sbin", "sys", "usr")
)


def home_folder(data_dir: Path, session_id: str) -> Path:
    """Where a session's own home lies; it is there once the session's desktop has started.

    Raises:
        ConfigurationError: the id could not be a folder's name.
    """
    return home_in(session_folder(data_dir, session_id))


def home_in(folder: Path) -> Path:
    """The home of the session in ``folder``."""
    return real_home(folder / "home")


def kept_files(data_dir: Path, session_id: str) -> tuple[int, int]:
    """How many files of the person's go when a session is deleted, and their bytes together.

    Raises:
        ConfigurationError: the id could not be a folder's name.
    """
    return count_files(home_folder(data_dir, session_id))


class SessionHome:
    """The home of one session: its own, or a folder of the person's.

    Args:
        session: the session's folder.
        wanted: a folder of the person's; None for the one that the log names, if any.
        log: the session's events so far.

    Raises:
        ConfigurationError: the folder cannot be worked in; the text says why.
    """

    def __init__(self, session: Path, wanted: Path | None, log: EventLog) -> None:
        opened = [event for event in log.of(ev.HomeChanged) if event.state == "open"]
        before = opened[-1].folder if opened else ""
        self._was_opened = bool(opened)
        self.kept = session / "home"
        self.folder = checked_folder(wanted or Path(before), session) if wanted or before else None

    @property
    def files(self) -> Path:
        """Where the person's files lie."""
        return self.folder or real_home(self.kept)

    def where(self) -> str:
        """Where the person's files are, in a sentence; empty if there are none."""
        count, _ = count_files(self.files)
        if not count:
            return ""
        return f"{count} {'file' if count == 1 else 'files'} in {self.files}"

    def files_left(self) -> Literal["kept", "gone", "none"]:
        """Whether the files of an earlier run are still there."""
        if self.files.is_dir():
            return "kept"
        return "gone" if self._was_opened else "none"

    def opened(self) -> ev.HomeChanged:
        """The event that says where the home is, and how much is in it."""
        folder = str(self.folder) if self.folder is not None else ""
        return ev.HomeChanged(state="open", folder=folder, used=used_bytes(self.files))


def checked_folder(folder: Path, session: Path) -> Path:
    """A folder of the person's as the desktop may have it: absolute, without links.

    Raises:
        ConfigurationError: it cannot be worked in; the text says why.
    """
    try:
        real = folder.expanduser().resolve(strict=True)
    except (OSError, RuntimeError) as error:
        raise ConfigurationError(f"There is no folder {folder}; make it first.") from error
    if not real.is_dir():
        raise ConfigurationError(f"{folder} is no folder.")
    if reason := _unfit(real, session.resolve()):
        raise ConfigurationError(f"{folder} cannot be worked in: {reason}. Give a folder in it.")
    if not os.access(real, os.R_OK | os.W_OK | os.X_OK):
        raise ConfigurationError(f"{folder} cannot be written to by you; check its owner.")
    return real


def _unfit(folder: Path, session: Path) -> str:
    """Why a folder may not be handed to a desktop; empty if it may."""
    data_dir = session.parent.parent
    if folder == Path("/"):
        return "it is the whole file system"
    if Path.home().resolve().is_relative_to(folder):
        return "your own home folder is or lies in it"
    if data_dir.is_relative_to(folder) or folder.is_relative_to(data_dir):
        return "it has to do with Sayso's own data"
    if Path(tempfile.gettempdir()).resolve().is_relative_to(folder):
        return "everybody's temporary files are in it"
    if any(folder.is_relative_to(system) for system in _SYSTEM):
        return "it belongs to the system"
    return ""
