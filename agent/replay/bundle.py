"""A session as one file to carry away."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Literal, get_args

from agent.errors import JournalError
from agent.export import write_folder
from agent.files import from_key, to_key
from agent.home import home_in
from agent.replay.film import Progress, write_gif, write_mp4
from agent.replay.notebook import write_notebook
from agent.replay.recording import Recording, load_recording

Format = Literal["folder", "notebook", "gif", "mp4"]
FORMATS: tuple[Format, ...] = get_args(Format)
SUFFIXES: dict[Format, str] = {
    "folder": ".zip",
    "notebook": "-notebook.zip",
    "gif": ".gif",
    "mp4": ".mp4",
}

MOST_FILES, MOST_BYTES = 20_000, 2 * 1024**3
"""What an archive that is taken in may hold at most."""


def export_recording(
    folder: Path, target: Path, kind: Format, progress: Progress = lambda share: None
) -> Path:
    """Write the recording in ``folder`` to the file ``target``.

    The session may be running meanwhile. ``progress`` may raise to give up.

    Raises:
        SaysoError: it cannot be read, or not be written in this format; the text says what to do.
    """
    recording = load_recording(folder)
    write = _WRITERS[kind]
    try:
        return write(recording, target, progress)
    except OSError as error:
        raise JournalError(
            f"The export failed ({error.strerror}); free some disk space and try again."
        ) from error


def unpack_export(archive: Path, folder: Path) -> Path:
    """Unpack the archive of an exported session into ``folder``; returns where it lies.

    Only files that belong to an export are taken, whatever else the archive claims.

    Raises:
        JournalError: it is no archive, holds no export, or is far too large.
    """
    try:
        with zipfile.ZipFile(archive) as packed:
            return _unpack(packed, folder)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, OSError) as error:
        raise JournalError(
            f"This is not a whole zip archive of an exported session ({error})."
        ) from error


def _unpack(packed: zipfile.ZipFile, folder: Path) -> Path:
    entries = packed.infolist()
    tops = [e.filename.removesuffix("session.json") for e in entries if _names_session(e.filename)]
    if not tops:
        raise JournalError(
            "There is no session.json in this archive. "
            "Give the zip file that exporting as a folder makes."
        )
    if len(entries) > MOST_FILES or sum(entry.file_size for entry in entries) > MOST_BYTES:
        raise JournalError("This archive is too large to be an exported session.")
    (folder / "images").mkdir(parents=True)
    for entry in entries:
        name = entry.filename.removeprefix(tops[0])
        if not entry.filename.startswith(tops[0]) or entry.is_dir():
            continue
        if _belongs(name):
            _copy(packed, entry, folder / name)
        elif place := _home_file(name):
            (folder / place).parent.mkdir(parents=True, exist_ok=True)
            _copy(packed, entry, folder / place)
            if mode := entry.external_attr >> 16 & 0o777:
                (folder / place).chmod(mode | 0o400)
    return folder


def _copy(packed: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path) -> None:
    """Never more bytes than the entry declares, which were counted before."""
    with packed.open(entry) as source, target.open("xb") as out:
        left = entry.file_size
        while left > 0 and (chunk := source.read(min(left, 1 << 20))):
            out.write(chunk)
            left -= len(chunk)


def _names_session(name: str) -> bool:
    return name == "session.json" or (name.count("/") == 1 and name.endswith("/session.json"))


def _belongs(name: str) -> bool:
    if name in ("session.json", "events.jsonl", "prompt.md"):
        return True
    top, _, file = name.partition("/")
    plain = file.replace(".", "", 1).isalnum() and file.isascii()
    return top == "images" and plain and len(file) < 80


_NAMED = "home-named"
"""Folder of files of the home whose names no archive can hold as they are."""


def _archived(path: Path) -> str:
    """A file's name in the archive."""
    if str(path).isprintable():
        return path.as_posix()
    return f"{path.parts[0]}/{_NAMED}/{to_key(Path(*path.parts[2:]))}"


def _home_file(name: str) -> str:
    """Where a file of the home goes, below the export; empty if it is none, or not safe."""
    top, _, inside = name.partition("/")
    if top == _NAMED:
        inside = from_key(inside)
    parts = inside.split("/")
    safe = "\0" not in inside and not {"", ".", ".."}.intersection(parts)
    return f"home/{inside}" if top in ("home", _NAMED) and safe else ""


def _write_zip(recording: Recording, target: Path, progress: Progress, *, notebook: bool) -> Path:
    with tempfile.TemporaryDirectory(prefix="sayso-export-") as made:
        folder = write_folder(
            recording.stored,
            Path(made) / recording.name,
            session_id=recording.name,
            prompt=recording.prompt or None,
            picture=recording.kept_path,
            home=None if notebook else home_in(recording.folder),
        )
        if notebook:
            write_notebook(folder, recording.name)
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False) as packed:
            for number, path in enumerate(files):
                # Pictures are compressed already.
                kind = zipfile.ZIP_STORED if path.parent.name == "images" else zipfile.ZIP_DEFLATED
                packed.write(path, _archived(path.relative_to(folder.parent)), kind)
                progress((number + 1) / len(files))
    return target


_Writer = Callable[[Recording, Path, Progress], Path]
_WRITERS: dict[Format, _Writer] = {
    "folder": lambda r, target, progress: _write_zip(r, target, progress, notebook=False),
    "notebook": lambda r, target, progress: _write_zip(r, target, progress, notebook=True),
    "gif": lambda r, target, progress: write_gif(r, target, progress=progress),
    "mp4": lambda r, target, progress: write_mp4(r, target, progress=progress),
}
