"""A session as one file to carry away."""

from __future__ import annotations

import json
import os
import shutil
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Literal, get_args

from agent.errors import DISK_FULL, JournalError
from agent.files import from_key, to_key
from agent.record.export import write_folder
from agent.replay.film import Progress, write_gif, write_mp4
from agent.replay.notebook import write_notebook
from agent.replay.recording import Recording, load_recording
from agent.room import has_room
from agent.session.home import home_in

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

_MOST_FOLDERS = 50_000
_PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""Ways of packing that are taken: of the others Python unpacks a piece whole, however much it
becomes."""
_DATED = struct.Struct("<HHBi")
"""ZIP's extra field "extended timestamp": its id and length, that one time follows, the time."""

_DATE_ID = 0x5455


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


def unpack_export(archive: Path, folder: Path, *, spare: int = 0) -> Path:
    """Unpack the archive of an exported session into ``folder``; returns where it lies.

    Only files that belong to an export are taken, whatever else the archive claims.

    Args:
        archive: The zip file.
        folder: Made by it.
        spare: Bytes that must stay free on the disk.

    Raises:
        JournalError: it is no archive, holds no export, is far too large or packed in a way that
            is not taken, or has no room.
    """
    try:
        with zipfile.ZipFile(archive) as packed:
            return _unpack(packed, folder, spare)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, zlib.error) as error:
        raise JournalError(
            f"This is not a complete zip archive of an exported session ({error})."
        ) from error
    except OSError as error:
        if error.errno in DISK_FULL:
            raise no_room(archive.parent.parent) from error
        raise JournalError(f"The archive cannot be unpacked ({error.strerror}).") from error


def no_room(folder: Path) -> JournalError:
    """Words for a disk that has no room for what comes in."""
    return JournalError(
        f"The server's disk for temporary files ({folder}) has no room for it: nothing was "
        "imported. Free some room there, or start the server with TMPDIR set to a folder elsewhere."
    )


def _unpack(packed: zipfile.ZipFile, folder: Path, spare: int) -> Path:
    entries = packed.infolist()
    tops = [e.filename.removesuffix("session.json") for e in entries if _names_session(e.filename)]
    if not tops:
        raise JournalError(
            "There is no session.json in this archive. "
            "Give the zip file that exporting as a folder makes."
        )
    files = [entry for entry in entries if not entry.is_dir()]
    folders = len(entries) - len(files)
    size = sum(entry.file_size for entry in files)
    if len(files) > MOST_FILES or folders > _MOST_FOLDERS or size > MOST_BYTES:
        raise JournalError("This archive is too large to be an exported session.")
    if any(entry.compress_type not in _PACKED for entry in files):
        raise JournalError(
            "This archive is packed in an unusual way. Unpack it, and pack its folder as an "
            "ordinary zip file."
        )
    if not has_room(folder.parent, size, spare=spare):
        raise no_room(folder.parent.parent)
    (folder / "images").mkdir(parents=True)
    made: list[tuple[Path, zipfile.ZipInfo]] = []
    for entry in entries:
        name = entry.filename.removeprefix(tops[0])
        if not entry.filename.startswith(tops[0]):
            continue
        if not entry.is_dir() and _belongs(name):
            _copy(packed, entry, folder / name)
        elif place := _home_file(name.removesuffix("/")):
            made.append((folder / place, entry))
            _unpack_home(packed, *made[-1])
    for path, entry in reversed(made):  # what is made in a folder changes its date
        _as_it_was(path, entry)
    return folder


def _unpack_home(packed: zipfile.ZipFile, place: Path, entry: zipfile.ZipInfo) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    if entry.is_dir():
        place.mkdir(exist_ok=True)
    else:
        _copy(packed, entry, place)


def _as_it_was(path: Path, entry: zipfile.ZipInfo) -> None:
    """Permissions and date, as far as the archive tells them; the owner may always read."""
    if mode := entry.external_attr >> 16 & 0o777:
        path.chmod(mode | (0o700 if entry.is_dir() else 0o400))
    if (date := _date(entry.extra)) is not None:
        os.utime(path, (date, date))


def _date(extra: bytes) -> int | None:
    """Unix seconds of the extra field "extended timestamp"; None without one."""
    while len(extra) >= 4:
        kind, size = struct.unpack_from("<HH", extra)
        if kind == _DATE_ID and size >= 5 and len(extra) >= _DATED.size and extra[4] & 1:
            date: int = _DATED.unpack_from(extra)[3]
            return date
        extra = extra[4 + size :]
    return None


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
        paths = sorted(folder.rglob("*"))
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
            for number, path in enumerate(paths):
                _add(packed, path, _archived(path.relative_to(folder.parent)))
                progress((number + 1) / len(paths))
    return target


def _add(packed: zipfile.ZipFile, path: Path, name: str) -> None:
    """A file or a folder, with its permissions and date."""
    info = zipfile.ZipInfo.from_file(path, name, strict_timestamps=False)
    date = int(path.stat().st_mtime)
    if -(1 << 31) <= date < 1 << 31:
        info.extra = _DATED.pack(_DATE_ID, 5, 1, date)
    if path.is_dir():
        packed.writestr(info, b"")
        return
    # Pictures are compressed already.
    picture = path.parent.name == "images"
    info.compress_type = zipfile.ZIP_STORED if picture else zipfile.ZIP_DEFLATED
    with path.open("rb") as source, packed.open(info, "w") as copy:
        shutil.copyfileobj(source, copy, 1 << 20)


def archived_left_out(archive: Path) -> tuple[str, ...]:
    """`left_out` of an export of this server's that is packed already."""
    with zipfile.ZipFile(archive) as packed:
        name = next(name for name in packed.namelist() if _names_session(name))
        return tuple(json.loads(packed.read(name)).get("left_out", ()))


_Writer = Callable[[Recording, Path, Progress], Path]
_WRITERS: dict[Format, _Writer] = {
    "folder": lambda r, target, progress: _write_zip(r, target, progress, notebook=False),
    "notebook": lambda r, target, progress: _write_zip(r, target, progress, notebook=True),
    "gif": lambda r, target, progress: write_gif(r, target, progress=progress),
    "mp4": lambda r, target, progress: write_mp4(r, target, progress=progress),
}
