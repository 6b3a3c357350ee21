"""Putting files back: one change at a time, each whole or not at all, and each told.

A file is written beside its place and then renamed into it, so a cut leaves the one or the
other. Nothing is touched that is not as it was when it was shown. All of this blocks.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import secrets
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import BinaryIO

from agent.errors import FilesError
from agent.files.changes import Change, Changes
from agent.files.kinds import is_state_name
from agent.files.names import shown, to_bytes
from agent.files.paths import NEW, SPARE, explained, opened_home, own, parent_of
from agent.files.record import Row, row_kind
from agent.files.store import Store, put_piece
from agent.portable import FOLDER

_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Failure:
    """A change that could not be put back."""

    change: Change
    why: str
    """A sentence."""


@dataclass(frozen=True, slots=True)
class _Step:
    """One path, what it must become, and the change that this belongs to."""

    path: bytes
    row: Row | None
    """What it was before the task; None: it was not there."""

    change: Change

    @property
    def folder(self) -> bool:
        return self.row is not None and self.row.kind == "folder"


def restore(
    home: Path, store: Store, plan: Changes, wanted: Sequence[Change]
) -> tuple[Failure, ...]:
    """Put the wanted changes of a plan back; returns those that could not be, with reasons.

    Raises:
        FilesError: the home is not there; nothing was done.
    """
    with opened_home(home) as top:
        work = _Work(home, store, plan, os.fstat(top))
    steps = [_Step(path, plan.before.get(path), c) for c in wanted for path in c.paths]
    steps.sort(key=lambda step: step.path.split(b"/"))
    moves = [change for change in wanted if change.what == "moved"]
    late = {to_bytes(change.path) for change in moves}
    cleared = [step for step in reversed(steps) if step.path not in late and not step.folder]
    work.each(moves, work.move_back)
    for step in cleared:
        work.attempt(step, work.clear)
    for step in steps:
        if step.folder:
            work.attempt(step, work.make_folder)
    work.each(moves, work.move_back)  # those whose folder was not there before
    for step in cleared:
        work.attempt(step, work.clear)
    for step in steps:
        if step.row is not None and not step.folder:
            work.attempt(step, work.make)
    for step in reversed(steps):
        if step.row is None:
            work.attempt(step, work.remove)
    for step in reversed(steps):
        if step.folder:
            work.attempt(step, work.finish_folder)
    work.give_times(steps)
    return tuple(Failure(change, why) for change, why in work.failed.items())


@dataclass
class _Work:
    """One put back, while it is under way."""

    home: Path
    store: Store
    plan: Changes
    owner: os.stat_result
    failed: dict[Change, str] = field(default_factory=dict)
    made: set[bytes] = field(default_factory=set)
    """Paths that are as before the task by now."""

    cleared: set[bytes] = field(default_factory=set)
    """Paths that hold nothing by now."""

    def attempt(self, step: _Step, act: Callable[[_Step], None]) -> None:
        """Do one step, unless its change failed already; a failure is written down."""
        if step.change in self.failed:
            return
        try:
            act(step)
        except FilesError as error:
            self.failed[step.change] = str(error)
        except OSError as error:
            self.failed[step.change] = str(explained(step.path, error))

    def each(self, moves: Iterable[Change], act: Callable[[Change], None]) -> None:
        """Try to rename; where that cannot be, the file is restored from its content."""
        for change in moves:
            with contextlib.suppress(FilesError, OSError):
                act(change)

    def move_back(self, change: Change) -> None:
        """Rename a moved file to where it was, if it still is as the task left it."""
        source, target = to_bytes(change.source), to_bytes(change.path)
        row, now = self.plan.before[source], self.plan.now.get(target)
        if source in self.made or now is None or now.digest != row.digest:
            return
        with (
            parent_of(self.home, target) as (there, name),
            parent_of(self.home, source) as (
                back,
                old,
            ),
        ):
            if not self._untouched(there, name, target) or _exists(back, old):
                return
            os.rename(name, old, src_dir_fd=there, dst_dir_fd=back)
            self.made |= {source, target}
            _chmod(back, old, row.mode)
            _give_time(back, old, row)

    def clear(self, step: _Step) -> None:
        """Make room: what was not there goes, and so does what has become something else.

        Folders go here only if they are empty already; `remove` and `make` come back to them.
        """
        now = self.plan.now.get(step.path)
        if step.path in self.cleared:
            return
        if now is None or (step.row is not None and step.row.kind == now.kind == "file"):
            return
        with contextlib.suppress(_Gone), self._parent(step.path) as (folder, name):
            if now.kind == "folder":
                with contextlib.suppress(OSError):
                    os.rmdir(name, dir_fd=folder)
                    self.cleared.add(step.path)
            elif step.row is None:
                self._unlink(folder, name, step.path)
                self.cleared.add(step.path)

    def make_folder(self, step: _Step) -> None:
        """A folder that one may write in until all is done."""
        mode = _row(step).mode | stat.S_IRWXU
        with parent_of(self.home, step.path, make=True) as (folder, name):
            now = self.plan.now.get(step.path)
            if now is not None and now.kind != "folder":
                self._unlink(folder, name, step.path)
            with contextlib.suppress(FileExistsError):
                os.mkdir(name, mode, dir_fd=folder)
                own(folder, name, self.owner)
            _chmod(folder, name, mode)

    def make(self, step: _Step) -> None:
        """A file or link as it was: written beside, then renamed into its place."""
        if step.path in self.made:
            return
        row = _row(step)
        with parent_of(self.home, step.path, make=True) as (folder, name):
            self._check(folder, name, step.path)
            spare = f"{SPARE}{secrets.token_hex(8)}".encode()
            try:
                if not self._link_twin(step, folder, spare):
                    self._write(row, folder, spare, step.path)
                now = self.plan.now.get(step.path)
                folder_there = now is not None and now.kind == "folder"
                if folder_there and step.path not in self.cleared:
                    self._rmdir(folder, name, step.path)
                os.rename(spare, name, src_dir_fd=folder, dst_dir_fd=folder)
            except BaseException:
                with contextlib.suppress(OSError):
                    os.unlink(spare, dir_fd=folder)
                raise
        self.made.add(step.path)

    def remove(self, step: _Step) -> None:
        """What was not there before goes; a folder only when nothing else is in it."""
        now = self.plan.now.get(step.path)
        if now is None or step.path in self.made | self.cleared:
            return
        with contextlib.suppress(_Gone), self._parent(step.path) as (folder, name):
            if now.kind == "folder":
                self._rmdir(folder, name, step.path)
            else:
                self._unlink(folder, name, step.path)

    def finish_folder(self, step: _Step) -> None:
        """The permissions that a folder had."""
        with parent_of(self.home, step.path) as (folder, name):
            _chmod(folder, name, _row(step).mode)

    def give_times(self, steps: Sequence[_Step]) -> None:
        """Folders show the time that they showed before, if all in them is as before."""
        if self.failed or len({s.change for s in steps}) < len(self.plan.changes):
            return
        touched = {s.path for s in steps if s.folder}
        touched |= {s.path.rpartition(b"/")[0] for s in steps}
        for path in sorted(touched, reverse=True):
            row = self.plan.before.get(path)
            if row is not None and row.kind == "folder":
                with contextlib.suppress(FilesError), parent_of(self.home, path) as (where, name):
                    _give_time(where, name, row)

    # Pieces -------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _parent(self, path: bytes) -> Iterator[tuple[int, bytes]]:
        """`parent_of`, for what may be gone: that is well, then."""
        try:
            with parent_of(self.home, path) as found:
                yield found
        except FilesError as error:
            if isinstance(error.__cause__, FileNotFoundError):
                raise _Gone from error
            raise

    def _write(self, row: Row, folder: int, spare: bytes, path: bytes) -> None:
        if row.kind == "link":
            os.symlink(row.digest.encode("latin-1"), spare, dir_fd=folder)
            own(folder, spare, self.owner)
            _give_time(folder, spare, row)
            return
        descriptor = os.open(spare, NEW, 0o600, dir_fd=folder)
        with os.fdopen(descriptor, "wb") as file:
            with self.store.content(row.digest) as content:
                if _copy(content, file, row.size) != row.digest:
                    raise FilesError(f"{shown(path)}: its recorded content is damaged.")
            file.flush()
            if os.geteuid() == 0:
                os.fchown(descriptor, self.owner.st_uid, self.owner.st_gid)
            os.fchmod(descriptor, row.mode)
        _give_time(folder, spare, row)

    def _link_twin(self, step: _Step, folder: int, spare: bytes) -> bool:
        """Whether a file that had several names is a link to another of them again."""
        row = _row(step)
        if row.kind != "file":
            return False
        for twin in self._names.get((row.dev, row.ino), ()):
            if twin == step.path or not self._as_before(twin):
                continue
            with contextlib.suppress(FilesError, OSError):
                with parent_of(self.home, twin) as (there, name):
                    os.link(name, spare, src_dir_fd=there, dst_dir_fd=folder, follow_symlinks=False)
                return True
        return False

    @cached_property
    def _names(self) -> dict[tuple[int, int], list[bytes]]:
        names: dict[tuple[int, int], list[bytes]] = {}
        for path, row in self.plan.before.items():
            if row.kind == "file":
                names.setdefault((row.dev, row.ino), []).append(path)
        return names

    def _as_before(self, path: bytes) -> bool:
        before, now = self.plan.before[path], self.plan.now.get(path)
        same = now is not None and (now.dev, now.ino) == (before.dev, before.ino)
        return path in self.made or (same and now is not None and now.whole == before.whole)

    def _unlink(self, folder: int, name: bytes, path: bytes) -> None:
        self._check(folder, name, path)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name, dir_fd=folder)

    def _rmdir(self, folder: int, name: bytes, path: bytes) -> None:
        try:
            os.rmdir(name, dir_fd=folder)
        except FileNotFoundError:
            return
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
            raise FilesError(_full(folder, name, path)) from error

    def _check(self, folder: int, name: bytes, path: bytes) -> None:
        """Raises `FilesError` if somebody changed the path since it was recorded."""
        if _is_no_file(folder, name):
            raise FilesError(
                f"{shown(path)} is a pipe, socket or device now, which is kept as it is: delete it "
                "to have back what was there."
            )
        if not self._untouched(folder, name, path):
            raise FilesError(f"{shown(path)} was changed meanwhile, and is kept as it is.")

    def _untouched(self, folder: int, name: bytes, path: bytes) -> bool:
        now = self.plan.now.get(path)
        try:
            info = os.stat(name, dir_fd=folder, follow_symlinks=False)
        except FileNotFoundError:
            return True
        if now is None or row_kind(info.st_mode) != now.kind:
            return False
        if now.kind == "folder":
            return True
        known = (now.dev, now.ino, now.size, now.mtime_ns)
        return known == (info.st_dev, info.st_ino, info.st_size, info.st_mtime_ns)


class _Gone(Exception):
    """The folder that a path lies in is not there any more."""


def _row(step: _Step) -> Row:
    if step.row is None:
        raise FilesError(f"{shown(step.path)} was not there before the task.")
    return step.row


def _is_no_file(folder: int, name: bytes) -> bool:
    """Whether it is something that is not recorded."""
    try:
        return row_kind(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode) is None
    except FileNotFoundError:
        return False


def _exists(folder: int, name: bytes) -> bool:
    try:
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def _copy(source: BinaryIO, target: BinaryIO, size: int) -> str:
    """Copy a content, holes as holes; returns its digest."""
    digest = hashlib.blake2b(digest_size=32)
    while piece := source.read(_PIECE):
        digest.update(piece)
        put_piece(target, piece)
    target.truncate(size)
    return digest.hexdigest()


def _chmod(folder: int, name: bytes, mode: int) -> None:
    """Through a descriptor, so that no link put there meanwhile is followed."""
    descriptor = os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
    try:
        if not stat.S_ISLNK(os.fstat(descriptor).st_mode):
            os.chmod(f"/proc/self/fd/{descriptor}", mode)
    finally:
        os.close(descriptor)


def _give_time(folder: int, name: bytes, row: Row) -> None:
    times = (row.mtime_ns, row.mtime_ns)
    os.utime(name, ns=times, dir_fd=folder, follow_symlinks=False)


def _full(folder: int, name: bytes, path: bytes) -> str:
    """Why a folder is kept."""
    inner = os.open(name, FOLDER, dir_fd=folder)
    try:
        with os.scandir(inner) as found:
            own_files = all(is_state_name(os.fsencode(e.name), top=False) for e in found)
    finally:
        os.close(inner)
    what = "hidden files, which are not recorded" if own_files else "what came since"
    return f"The folder {shown(path)} was kept: it holds {what}."
