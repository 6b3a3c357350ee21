"""A session as a folder that opens alone, and back again.

::

    FOLDER/
        session.json    id, versions of format and software, count of events and files, and
                        what of the home is not in it, and why (``left_out``)
        events.jsonl    one event a line
        prompt.md       the system prompt as sent
        images/         pictures and attachments, named by the SHA-256 of their bytes
        home/           the person's files, and what of programs' state was asked for
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from agent.desktop.server.homes import remove_tree
from agent.errors import DISK_FULL, JournalError
from agent.files import is_state
from agent.record import events as ev
from agent.record.journal import (
    KEPT_SUFFIX,
    SqliteJournal,
    kept_file,
    read_journal,
    read_prompt,
    session_folder,
)
from agent.record.rows import Damage, Rows, file_lines, read_lines
from agent.room import bytes_below, has_room
from agent.session.home import carry, home_in
from agent.session.imported import mark_imported

FORMAT = 1
_STALE = 86_400.0
"""Seconds after which a file that comes in is given up."""

_LONGEST_PROMPT = 1_000_000
_LONGEST_ABOUT = 10_000_000
"""Bytes of the two files that are read whole."""

_HASH = re.compile(r"[0-9a-f]{64}")


def export_session(
    data_dir: Path,
    session_id: str,
    folder: Path,
    *,
    files: bool = True,
    programs: Sequence[str] = (),
) -> Path:
    """Write a session into ``folder``, which must not exist yet; it may go on meanwhile.

    Args:
        data_dir: where sessions lie.
        session_id: which one.
        folder: where it is written to.
        files: whether the person's files go with it.
        programs: what of programs' own state goes with them, by its path in the home.

    Raises:
        JournalError: there is no such session, or the folder cannot be written.
        FilesError: the files are too many or too large, or a program has no such state.
    """
    source = session_folder(data_dir, session_id)
    if not (source / "events.db").exists():
        raise JournalError(f"There is no session {session_id} in {data_dir}.")
    return write_folder(
        read_journal(source / "events.db"),
        folder,
        session_id=session_id,
        prompt=read_prompt(source) or None,
        picture=partial(kept_file, source),
        home=home_in(source) if files else None,
        programs=programs,
    )


def write_folder(
    rows: Rows,
    folder: Path,
    *,
    session_id: str,
    prompt: str | None,
    picture: Callable[[str], Path | None],
    home: Path | None = None,
    programs: Sequence[str] = (),
) -> Path:
    """Write a session's rows, and the pictures they name, into ``folder``; see the module's text.

    Raises:
        JournalError: the folder exists or cannot be written.
        FilesError: the home's files are too many or too large.
    """
    events = rows.events
    try:
        (folder / "images").mkdir(parents=True, mode=0o700)
        with (folder / "events.jsonl").open("wb") as lines:
            lines.writelines(line + b"\n" for line in rows.lines())
        if prompt is not None:
            (folder / "prompt.md").write_text(prompt, "utf-8")
        for sha256 in _contents(events):
            path = picture(sha256)
            if path is not None:
                shutil.copyfile(path, folder / "images" / path.name)
        about: dict[str, Any] = {"format": FORMAT, "session_id": session_id, "events": len(events)}
        about["versions"] = _versions(events)
        if home is not None and home.is_dir():
            carried = carry(home, folder / "home", programs=programs)
            about |= {"files": carried.files, "left_out": carried.left_out}
        (folder / "session.json").write_text(json.dumps(about, indent=2) + "\n", "utf-8")
    except OSError as error:
        advice = (
            "free some disk space" if error.errno in DISK_FULL else "choose a new folder elsewhere"
        )
        raise JournalError(
            f"The export to {folder} failed ({error.strerror}); {advice}."
        ) from error
    return folder


def import_session(folder: Path, data_dir: Path, *, session_id: str | None = None) -> str:
    """Take an exported session into ``data_dir``; returns its id there.

    Events that cannot be read are kept as they are, altered pictures are left out; what that
    is, `read_export` tells. What the log sets or allows does not hold here
    (`agent.session.imported`).

    Raises:
        JournalError: the folder is no export, of a newer format, the id is taken, or the disk
            has no room for it.
        ConfigurationError: the id could not be a folder's name.
    """
    about = _about(folder)
    session_id = session_id or about["session_id"]
    target = session_folder(data_dir, session_id)
    if target.exists():
        raise _taken(session_id)
    if not has_room(data_dir, bytes_below(folder)):
        raise JournalError(
            f"The disk of {data_dir} has no room for this session: nothing was imported. Free some "
            "room there, and import it again."
        )
    rows = _rows(folder, about["events"])
    pictures = [path for path in _pictures(folder, rows.events) if path is not None]
    prompt = _prompt(folder)
    try:
        with _beside(data_dir) as incoming:  # a session that is not whole is never seen
            coming = incoming / session_id
            _write_import(coming, rows, pictures, prompt)
            if (folder / "home").is_dir():
                carry(folder / "home", coming / "home", programs=_programs(folder / "home"))
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            coming.rename(target)
    except OSError as error:
        if target.exists():
            raise _taken(session_id) from error
        raise JournalError(
            f"The session cannot be kept in {target} ({error.strerror}); free some disk space."
        ) from error
    return session_id


def left_out(folder: Path) -> tuple[str, ...]:
    """What of the person's files an export does not hold, and why, a line each."""
    return tuple(json.loads((folder / "session.json").read_text("utf-8")).get("left_out", ()))


def _taken(session_id: str) -> JournalError:
    return JournalError(f"There is a session {session_id} already; import it under another id.")


@contextlib.contextmanager
def _beside(data_dir: Path) -> Iterator[Path]:
    """A folder for what comes in; what a killed process left there a day ago is removed."""
    place = data_dir / "incoming"
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    for old in place.iterdir():
        if time.time() - old.stat().st_mtime > _STALE:
            remove_tree(old)
    made = Path(tempfile.mkdtemp(dir=place))
    try:
        yield made
    finally:
        remove_tree(made)


def _programs(home: Path) -> list[str]:
    """What of programs' state an exported home holds."""
    names = [top.name for top in home.iterdir() if top.is_dir() and not top.is_symlink()]
    return [name for name in names if is_state(os.fsencode(name))]


def read_export(folder: Path) -> Damage:
    """What of an exported session cannot be read.

    Raises:
        JournalError: the folder is no export, or of a newer format.
    """
    rows = _rows(folder, _about(folder)["events"])
    lost = sum(path is None for path in _pictures(folder, rows.events))
    return replace(rows.damage, pictures=lost)


def _write_import(target: Path, rows: Rows, pictures: list[Path], prompt: str | None) -> None:
    journal = SqliteJournal(target)
    try:
        if prompt is not None:
            journal.prompt = prompt
        for path in pictures:
            kept = target / "images" / path.name
            shutil.copyfile(path, kept)
            kept.chmod(0o600)
        for key, content in rows.stored():
            journal.write_row(key, content)
        mark_imported(target)
    finally:
        journal.close()


def _plain(path: Path) -> Path:
    """The path, unless it is no file: a pipe would be waited for, and a device never ends.

    Raises:
        OSError: it is something else.
    """
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, f"{path.name} is not a file")
    return path


def _about(folder: Path) -> dict[str, Any]:
    try:
        path = _plain(folder / "session.json")
        if path.stat().st_size > _LONGEST_ABOUT:
            raise ValueError("session.json is too large")
        about = json.loads(path.read_text("utf-8"))
        if about["format"] > FORMAT:
            raise JournalError(f"{folder} was exported by a newer version; import it with that.")
        return {"session_id": str(about["session_id"]), "events": int(about["events"])}
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise JournalError(f"{folder} is not an exported session: {error}.") from error


def _prompt(folder: Path) -> str | None:
    path = folder / "prompt.md"
    try:
        if not _plain(path).exists():
            return None
        if path.stat().st_size > _LONGEST_PROMPT:
            raise JournalError(f"{path} is too large for a prompt; export the session again.")
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise JournalError(f"The prompt in {folder} cannot be read: {error}.") from error


def _rows(folder: Path, count: int) -> Rows:
    try:
        rows = read_lines(file_lines(_plain(folder / "events.jsonl")), count=count)
    except OSError as error:
        raise JournalError(f"The events in {folder} cannot be read: {error}") from error
    if count and all(isinstance(event, ev.Unreadable) for event in rows.events):
        raise JournalError(f"None of the events in {folder} can be read; export the session again.")
    return rows


def _pictures(folder: Path, events: Sequence[ev.Event]) -> Iterator[Path | None]:
    """What the events name, None for one that is gone or altered.

    Whatever else lies in the folder is left there.
    """
    for sha256, media_type in _contents(events).items():
        path = folder / "images" / f"{sha256}.{KEPT_SUFFIX.get(media_type, '')}"
        plain = _HASH.fullmatch(sha256) and path.is_file() and not path.is_symlink()
        whole = plain and _hash(path) == sha256
        yield path if whole else None


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _contents(events: Sequence[ev.Event]) -> dict[str, str]:
    """Pictures and attachments that events name: their media types by hash."""
    found: dict[str, str] = {image.sha256: image.media_type for image in _images(events)}
    for event in events:
        for attached in ev.attachments_of(event):
            if attached.sha256:
                found[attached.sha256] = attached.media_type
    return found


def _images(events: Sequence[ev.Event]) -> Iterator[ev.Image]:
    for event in events:
        yield from ev.images_of(event)


def _versions(events: Sequence[ev.Event]) -> dict[str, str]:
    opened = [event for event in events if isinstance(event, ev.SessionOpened)]
    return opened[-1].versions if opened else {}
