"""A session's home on disk: where it lies, what is in it, and which folders may be one."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

from agent.desktop.server.guardian import used_bytes
from agent.desktop.server.homes import HomeNews, real_home
from agent.errors import ConfigurationError, FilesError
from agent.files import Entry, bounded, count_files, list_files, open_file
from agent.files.listing import why_left
from agent.files.names import shown
from agent.files.paths import parent_of
from agent.record import events as ev
from agent.record.journal import session_folder
from agent.record.log import EventLog

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
        wanted: a folder of the person's; None for the one that was worked in before, if any.
            That is kept in a file of its own, which no export carries: an imported log must
            not choose a folder here.
        log: the session's events so far.

    Raises:
        ConfigurationError: the folder cannot be worked in; the text says why.
    """

    def __init__(self, session: Path, wanted: Path | None, log: EventLog) -> None:
        opened = [event for event in log.of(ev.HomeChanged) if event.state == "open"]
        self._note = session / "working-folder"
        before = os.fsdecode(self._note.read_bytes()) if self._note.is_file() else ""
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
        return f"{count} {'file' if count == 1 else 'files'} in {shown(self.files)}"

    def files_left(self) -> Literal["kept", "gone", "none"]:
        """Whether the files of an earlier run are still there."""
        if self.files.is_dir():
            return "kept"
        return "gone" if self._was_opened else "none"

    def opened(self, limit: int) -> ev.HomeChanged:
        """The event that says where the home is, and how much is in it and may be."""
        if self.folder is not None:
            self._note.write_bytes(os.fsencode(self.folder))
            return ev.HomeChanged(state="open", folder=shown(self.folder))
        used = used_bytes(str(self.files))
        hard = is_hard(self.files, limit)
        return ev.HomeChanged(state="open", used=used, limit=limit, hard=hard)


MOST_FILES, MOST_BYTES = 15_000, 1_500_000_000
"""What of a home an export carries at most."""

_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Carried:
    """What came of copying a home's files."""

    files: int = 0
    left_out: tuple[str, ...] = ()
    """What stays behind, for people: a line each, which says why; the first hundred."""


def carry(home: Path, target: Path, *, programs: Sequence[str] = ()) -> Carried:
    """Copy the person's files of a home to a new folder, with their permissions and dates.

    Empty folders go along. No link is followed, and what is no file stays behind. The home may
    be worked in meanwhile: what goes away is left out, and of a file that grows there is what it
    was when its turn came. ``programs`` names what of programs' own state goes with them, by its
    path in the home, such as ``.mozilla``.

    Raises:
        FilesError: there are too many, or they are too large.
        OSError: the disk refuses.
    """
    listed = [list_files(home), *(list_files(home, below=name) for name in programs)]
    entries = [entry for listing in listed for entry in listing.entries]
    files = [entry for entry in entries if entry.kind == "file"]
    size = sum(entry.size for entry in files)
    if len(files) > MOST_FILES or size > MOST_BYTES or any(each.truncated for each in listed):
        raise FilesError(
            f"The session's files are too many or too large to be carried along "
            f"({len(files)} files of {in_words(size)}; at most {MOST_FILES} of "
            f"{in_words(MOST_BYTES)} together). "
            "Download what you need by itself. Without files it can be exported by: "
            "sayso run --export ID FOLDER --without-files"
        )
    target.mkdir(mode=0o700)
    left_out = [reason for listing in listed for reason in listing.reasons]
    missed = {entry: why for entry in entries if (why := _carried(home, target, entry))}
    left_out += missed.values()
    for entry in reversed(entries):  # what is made in a folder changes its date
        if entry.kind == "folder" and entry not in missed:
            _finish_folder(home, target, entry)
    carried = len(files) - sum(entry.kind == "file" for entry in missed)
    return Carried(carried, bounded(left_out))


def _carried(home: Path, target: Path, entry: Entry) -> str:
    """Copy one entry; why it is not copied if it cannot be read, or not be called so here."""
    place = target / entry.path
    try:
        if entry.kind == "folder":
            place.mkdir(parents=True, exist_ok=True)
        elif entry.kind == "file":
            place.parent.mkdir(parents=True, exist_ok=True)
            with open_file(home, entry.path) as source, place.open("xb") as copy:
                _copy(source, copy)
    except FilesError as error:
        return str(error)
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            return f"{entry.shown}: its path would be too long in {target}"
        raise
    return why_left(entry.path, entry.kind)


def _finish_folder(home: Path, target: Path, entry: Entry) -> None:
    """A folder's permissions and date, except that its owner may always look into it."""
    place = target / entry.path
    with contextlib.suppress(FilesError), parent_of(home, entry.path) as (folder, name):
        info = os.stat(name, dir_fd=folder, follow_symlinks=False)
        place.chmod(stat.S_IMODE(info.st_mode) & 0o777 | stat.S_IRWXU)
        os.utime(place, ns=(info.st_mtime_ns, info.st_mtime_ns))


def _copy(source: BinaryIO, copy: BinaryIO) -> None:
    info = os.fstat(source.fileno())
    left = info.st_size
    while left and (piece := source.read(min(left, _PIECE))):
        copy.write(piece)
        left -= len(piece)
    copy.flush()
    os.fchmod(copy.fileno(), stat.S_IMODE(info.st_mode) & 0o777 | stat.S_IRUSR)
    os.utime(copy.fileno(), ns=(info.st_mtime_ns, info.st_mtime_ns))


def is_hard(home: Path, limit: int) -> bool:
    """Whether the system itself keeps a home to its limit: its file system is no larger."""
    try:
        info = os.statvfs(home)
    except OSError:
        return False
    return 0 < info.f_blocks * info.f_frsize <= limit


def changed(news: HomeNews, before: ev.HomeChanged) -> ev.HomeChanged:
    """The event of what became of the home that ``before`` told of last."""
    return before.model_copy(
        update={
            "seq": -1,
            "state": news.state,
            "used": before.used if news.moved else news.used,
            "ended": news.ended,
            "paused": news.paused,
            "text": _told(news, before),
        }
    )


def _told(news: HomeNews, home: ev.HomeChanged) -> str:
    match news.state:
        case "full":
            what = (
                "The disk of your home folder is full."
                if news.disk
                else f"Your home folder is full: {in_words(news.used)} of {in_words(home.limit)}."
            )
            return " ".join(filter(None, (what, *_halted(news), _advice(news))))
        case "eased" if news.moved:
            return f"{'The folder' if home.folder else 'Your home folder'} is back where it was."
        case "eased":
            on = f" {_names(news.paused)} went on." if news.paused else ""
            return f"Your home folder has room again.{on}"
        case "gone":
            return _gone(news, home)
        case _:
            return ""


def _gone(news: HomeNews, home: ev.HomeChanged) -> str:
    what = "The folder that you work in" if home.folder else "Your home folder"
    afresh = "make it again" if home.folder else "which begins with an empty home folder"
    if news.moved:
        now = f" It is in {news.where} now." if news.where else ""
        again = "with the folder where it is" if home.folder else afresh
        return (
            f"{what} was moved from outside while it was in use.{now} Nothing is lost: programs "
            f"that run go on in it. Move it back, or end the session and resume it, {again}."
        )
    way = (
        f"{afresh}, then end the session and resume it"
        if home.folder
        else (f"end the session and resume it, {afresh}")
    )
    return (
        f"{what} was deleted from outside while it was in use. Nothing can be saved in it now: "
        f"{way}."
    )


def _halted(news: HomeNews) -> list[str]:
    said = []
    if news.ended:
        said.append(f"{_names(news.ended)} went on writing and was ended; its file is cut short.")
    if news.paused:
        said.append(f"{_names(news.paused)} went on writing and waits until there is room.")
    return said


def _advice(news: HomeNews) -> str:
    raised = "" if news.disk else ", or raise the limit in Settings"
    return f"Files larger than 1 MB cannot be written now. Delete files{raised}."


def _names(programs: tuple[str, ...]) -> str:
    return ", ".join(dict.fromkeys(programs))


def in_words(size: int) -> str:
    """A number of bytes for people: decimal units, as file managers have them."""
    for unit, name in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if size >= unit:
            return f"{size / unit:.1f} {name}"
    return f"{size} bytes"


def describe_use(home: ev.HomeChanged) -> str:
    """How much of a home is used as last measured, and who keeps it to its limit."""
    if home.folder:
        return "A folder of yours: its size is not limited, only its disk is watched."
    if home.state == "gone":
        return "The home folder is not where it was: it was moved or deleted from outside."
    if not home.limit:
        return f"{in_words(home.used)} used, programs' own files included; no limit"
    how = "the system refuses more" if home.hard else "watched by Sayso"
    used = f"{in_words(home.used)} of {in_words(home.limit)} used"
    return f"{used}, programs' own files included ({how})"


def checked_folder(folder: Path, session: Path) -> Path:
    """A folder of the person's as the desktop may have it: absolute, without links.

    Raises:
        ConfigurationError: it cannot be worked in; the text says why.
    """
    name = shown(folder)
    try:
        real = folder.expanduser().resolve(strict=True)
    except (OSError, RuntimeError, ValueError) as error:
        raise ConfigurationError(f"There is no folder {name}; make it first.") from error
    if not real.is_dir():
        raise ConfigurationError(f"{name} is not a folder.")
    if reason := _unfit(real, session.resolve()):
        raise ConfigurationError(f"{name} cannot be worked in: {reason}. Give a folder in it.")
    if not os.access(real, os.R_OK | os.W_OK | os.X_OK):
        raise ConfigurationError(
            f"{name} cannot be written to by you; check its owner and its disk."
        )
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
