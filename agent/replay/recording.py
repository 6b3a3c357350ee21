"""A recorded session, read without opening it: nothing is locked, nothing is written.

A recording is any of: a journaled session's folder (also while the session runs), an
exported session's folder, or the folder of an experiment's trial.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pydantic

from agent import events as ev
from agent.errors import JournalError
from agent.journal import SUFFIX

_HASH = re.compile(r"[0-9a-f]{64}")
MEDIA_TYPES = {f".{suffix}": media_type for media_type, suffix in SUFFIX.items()}
"""Media types of picture files by their endings."""


@dataclass(frozen=True)
class Recording:
    """What a session left behind.

    Attributes:
        name: The session's id, or what its folder is called.
        folder: Where ``images/`` lies.
        events: All events in order.
        prompt: The system prompt as the model had it; empty if it was not kept.
    """

    name: str
    folder: Path
    events: tuple[ev.Event, ...]
    prompt: str = ""

    def image_path(self, sha256: str) -> Path | None:
        """The file of a picture, or None when it is not here."""
        return image_file(self.folder, sha256)


def load_recording(folder: Path) -> Recording:
    """Read a recording.

    Raises:
        JournalError: there is none, it is damaged, or it is from a newer version.
    """
    place = recording_folder(folder)
    journal = place / "events.db"
    lines = _journaled(journal) if journal.exists() else _exported(place / "events.jsonl")
    prompt = place / "prompt.md"
    text = prompt.read_text("utf-8") if prompt.exists() else ""
    events = tuple(_events(place, lines))
    opened = (event.session_id for event in events if isinstance(event, ev.SessionOpened))
    return Recording(next(opened, folder.name), place, events, text)


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


def image_file(folder: Path, sha256: str) -> Path | None:
    """The file of a picture below ``folder``, or None when it is not there."""
    if not _HASH.fullmatch(sha256):
        return None
    paths = (folder / "images" / f"{sha256}.{suffix}" for suffix in SUFFIX.values())
    return next((path for path in paths if path.is_file()), None)


def images_of(event: ev.Event) -> tuple[ev.Image, ...]:
    """Pictures that an event carries."""
    if isinstance(event, ev.UserMessage):
        return event.images
    image = event.image if isinstance(event, ev.ActionFinished | ev.ScreenSeen) else None
    return (image,) if image is not None else ()


def _journaled(path: Path) -> list[str | bytes]:
    query = "SELECT event FROM events ORDER BY seq"
    # Nobody has a journal without a write-ahead log open. Reading it as a file that does not
    # change leaves none behind, which would look as if the session had just been used.
    how = "mode=ro" if path.with_name(f"{path.name}-wal").exists() else "immutable=1"
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?{how}", uri=True)) as db:
            return [line for (line,) in db.execute(query)]
    except sqlite3.Error as error:
        raise JournalError(
            f"The journal {path} cannot be read ({error}). It was left as it is: move its "
            "folder aside to keep it."
        ) from error


def _exported(path: Path) -> list[str | bytes]:
    try:
        return list(path.read_bytes().splitlines())
    except OSError as error:
        raise JournalError(f"{path} cannot be read ({error.strerror}).") from error


def _events(place: Path, lines: Iterable[str | bytes]) -> Iterator[ev.Event]:
    for number, line in enumerate(lines):
        try:
            yield ev.load_event(line)
        except pydantic.ValidationError as error:
            raise JournalError(
                f"Event {number} in {place} cannot be read: it is damaged, or was written by a "
                "newer version; open it with that."
            ) from error
