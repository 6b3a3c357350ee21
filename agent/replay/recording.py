"""A recorded session, read without opening it: nothing is locked, nothing is written.

A recording is any of: a journaled session's folder (also while the session runs), an
exported session's folder, or the folder of an experiment's trial.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from agent.errors import JournalError
from agent.record import events as ev
from agent.record.journal import SUFFIX, image_file, kept_file, read_journal, read_prompt
from agent.record.rows import Damage, Rows, file_lines, read_lines

MEDIA_TYPES = {f".{suffix}": media_type for media_type, suffix in SUFFIX.items()}
"""Media types of picture files by their endings."""


@dataclass(frozen=True)
class Recording:
    """What a session left behind.

    Attributes:
        name: The session's id, or what its folder is called.
        folder: Where ``images/`` lies.
        events: All events in order; each stands at its number.
        prompt: The system prompt as the model had it; empty if it was not kept.
        rows: What is stored; made from the events if it was not read.
        lost_prompt: Whether there is a prompt that cannot be read.
    """

    name: str
    folder: Path
    events: tuple[ev.Event, ...]
    prompt: str = ""
    rows: Rows | None = None
    lost_prompt: bool = False

    def image_path(self, sha256: str) -> Path | None:
        """The file of a picture, or None when it is not here."""
        return image_file(self.folder, sha256)

    def kept_path(self, sha256: str) -> Path | None:
        """The file of a picture or an attachment, or None when it is not here."""
        return kept_file(self.folder, sha256)

    @property
    def stored(self) -> Rows:
        """What is stored, rows that cannot be read included."""
        return self.rows if self.rows is not None else Rows(self.events)

    @cached_property
    def damage(self) -> Damage:
        """What could not be read. It looks at every picture, once."""
        named = {image.sha256 for event in self.events for image in ev.images_of(event)}
        lost = sum(not _whole(self.image_path(sha256), sha256) for sha256 in named)
        return replace(self.stored.damage, pictures=lost, prompt=self.lost_prompt)


def load_recording(folder: Path) -> Recording:
    """Read a recording.

    Raises:
        JournalError: there is none, or nothing of it can be read.
    """
    place = recording_folder(folder)
    journal = place / "events.db"
    rows = read_journal(journal) if journal.exists() else _exported(place / "events.jsonl")
    prompt = read_prompt(place)
    if rows.events and all(isinstance(event, ev.Unreadable) for event in rows.events):
        raise JournalError(
            f"Event 0 in {place} cannot be read, nor can any other: it is damaged, or was "
            "written by a newer version; open it with that."
        )
    opened = (event.session_id for event in rows.events if isinstance(event, ev.SessionOpened))
    name = next(opened, folder.name)
    return Recording(name, place, rows.events, prompt or "", rows, lost_prompt=prompt is None)


def recording_folder(folder: Path) -> Path:
    """Where the events lie: the folder itself, or ``session/`` in a trial's folder.

    Raises:
        JournalError: there is no recording.
    """
    for place in (folder, folder / "session"):
        if any((place / name).is_file() for name in ("events.db", "events.jsonl")):
            return place
    raise JournalError(
        f"There is no recorded session in {folder}. Choose the folder of a session, of an "
        "exported session, or of an experiment's trial."
    )


def recording_stamp(folder: Path) -> tuple[int, ...]:
    """Changes whenever events are added; sizes and times of the files that hold them."""
    names = ("events.db", "events.db-wal", "events.jsonl")
    places = (folder, folder / "session")
    found = (place / name for place in places for name in names)
    stats = [path.stat() for path in found if path.exists()]
    return tuple(number for s in stats for number in (s.st_size, s.st_mtime_ns))


def _whole(path: Path | None, sha256: str) -> bool:
    try:
        return path is not None and hashlib.sha256(path.read_bytes()).hexdigest() == sha256
    except OSError:
        return False


def _exported(path: Path) -> Rows:
    try:
        return read_lines(file_lines(path))
    except OSError as error:
        raise JournalError(f"{path} cannot be read ({error.strerror}).") from error
