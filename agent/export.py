"""A session as a folder that opens alone, and back again.

::

    FOLDER/
        session.json    id, versions of format and software, count of events
        events.jsonl    one event a line
        prompt.md       the system prompt as sent
        images/         pictures, named by the SHA-256 of their bytes
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pydantic

from agent import events as ev
from agent.errors import JournalError
from agent.journal import SUFFIX, SqliteJournal, session_folder

FORMAT = 1


def export_session(data_dir: Path, session_id: str, folder: Path) -> Path:
    """Write a session that is not open into ``folder``, which must not exist yet.

    Raises:
        JournalError: there is no such session, it is open, or the folder cannot be written.
    """
    source = session_folder(data_dir, session_id)
    if not (source / "events.db").exists():
        raise JournalError(f"There is no session {session_id} in {data_dir}.")
    journal = SqliteJournal(source)
    try:
        return write_export(journal, session_id, folder)
    finally:
        journal.close()


def write_export(journal: SqliteJournal, session_id: str, folder: Path) -> Path:
    """Write an open journal into ``folder``; the session may go on meanwhile.

    Raises:
        JournalError: the folder exists or cannot be written.
    """
    return write_folder(
        list(journal.read()),
        folder,
        session_id=session_id,
        prompt=journal.prompt,
        picture=journal.image_path,
    )


def write_folder(
    events: Sequence[ev.Event],
    folder: Path,
    *,
    session_id: str,
    prompt: str | None,
    picture: Callable[[str], Path | None],
) -> Path:
    """Write events, and the pictures they name, into ``folder``; see the module's text.

    Raises:
        JournalError: the folder exists or cannot be written.
    """
    try:
        (folder / "images").mkdir(parents=True, mode=0o700)
        lines = "".join(ev.dump_event(event) + "\n" for event in events)
        (folder / "events.jsonl").write_text(lines, "utf-8")
        if prompt is not None:
            (folder / "prompt.md").write_text(prompt, "utf-8")
        for image in _images(events):
            path = picture(image.sha256)
            if path is not None:
                shutil.copyfile(path, folder / "images" / path.name)
        about = {"format": FORMAT, "session_id": session_id, "events": len(events)}
        versions = {"versions": _versions(events)}
        (folder / "session.json").write_text(json.dumps(about | versions, indent=2) + "\n", "utf-8")
    except OSError as error:
        raise JournalError(
            f"The export to {folder} failed ({error.strerror}); choose a new folder elsewhere."
        ) from error
    return folder


def import_session(folder: Path, data_dir: Path, *, session_id: str | None = None) -> str:
    """Take an exported session into ``data_dir``; returns its id there.

    Everything is checked before anything is kept: versions, each event, each picture's hash.

    Raises:
        JournalError: the folder is not a whole export, or the id is taken.
        ConfigurationError: the id could not be a folder's name.
    """
    about = _about(folder)
    session_id = session_id or about["session_id"]
    target = session_folder(data_dir, session_id)
    if target.exists():
        raise JournalError(f"There is a session {session_id} already; import it under another id.")
    events = _events(folder, about["events"])
    pictures = list(_pictures(folder, events))
    prompt = _prompt(folder)
    try:
        _write_import(target, events, pictures, prompt)
    except OSError as error:
        shutil.rmtree(target, ignore_errors=True)
        raise JournalError(
            f"The session cannot be kept in {target} ({error.strerror}); free some disk space."
        ) from error
    except BaseException:
        shutil.rmtree(target, ignore_errors=True)
        raise
    return session_id


def _write_import(
    target: Path, events: list[ev.Event], pictures: list[Path], prompt: str | None
) -> None:
    journal = SqliteJournal(target)
    try:
        if prompt is not None:
            journal.prompt = prompt
        for path in pictures:
            kept = target / "images" / path.name
            shutil.copyfile(path, kept)
            kept.chmod(0o600)
        for event in events:
            journal.write(event)
    finally:
        journal.close()


def _about(folder: Path) -> dict[str, Any]:
    try:
        about = json.loads((folder / "session.json").read_text("utf-8"))
        if about["format"] > FORMAT:
            raise JournalError(f"{folder} was exported by a newer version; import it with that.")
        return {"session_id": str(about["session_id"]), "events": int(about["events"])}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise JournalError(f"{folder} is not an exported session: {error}.") from error


def _prompt(folder: Path) -> str | None:
    path = folder / "prompt.md"
    try:
        return path.read_text("utf-8") if path.exists() else None
    except (OSError, UnicodeDecodeError) as error:
        raise JournalError(f"The prompt in {folder} cannot be read: {error}.") from error


def _events(folder: Path, count: int) -> list[ev.Event]:
    try:
        with (folder / "events.jsonl").open(encoding="utf-8") as lines:
            events = [ev.load_event(line) for line in lines]
    except (OSError, UnicodeDecodeError, pydantic.ValidationError) as error:
        raise JournalError(f"The events in {folder} cannot be read: {error}") from error
    if [event.seq for event in events] != list(range(count)):
        raise JournalError(f"Events are missing in {folder}; export the session again.")
    return events


def _pictures(folder: Path, events: list[ev.Event]) -> Iterator[Path]:
    """The pictures that events name; whatever else lies in the folder is left there."""
    for image in {image.sha256: image for image in _images(events)}.values():
        path = folder / "images" / f"{image.sha256}.{SUFFIX[image.media_type]}"
        if not path.is_file():
            continue
        if hashlib.sha256(path.read_bytes()).hexdigest() != image.sha256:
            raise JournalError(f"The picture {path.name} in {folder} was altered.")
        yield path


def _images(events: Sequence[ev.Event]) -> Iterator[ev.Image]:
    for event in events:
        if isinstance(event, ev.UserMessage):
            yield from event.images
        elif isinstance(event, ev.ActionFinished | ev.ScreenSeen) and event.image is not None:
            yield event.image


def _versions(events: Sequence[ev.Event]) -> dict[str, str]:
    opened = [event for event in events if isinstance(event, ev.SessionOpened)]
    return opened[-1].versions if opened else {}
