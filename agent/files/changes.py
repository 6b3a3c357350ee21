"""What a task changed, and what putting it back would do: pure functions of three records.

``before`` and ``after`` are the home at the task's beginning and end, ``now`` is the home
at present. A path that is no longer as the task left it is a conflict: somebody changed it
since, so it is kept unless it is chosen.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from agent.errors import FilesError
from agent.face import Faced
from agent.files.names import from_key, shown, to_bytes, to_key, to_text
from agent.files.record import LOST, Row, RowKind, Rows

What = Literal["created", "changed", "deleted", "moved"]


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that a task did to the files."""

    path: str
    """Where it is, or was, relative to the home; for a moved one: where it is now."""

    what: What
    kind: RowKind
    source: str = ""
    """Where a moved one was before."""

    size: int = 0
    """Bytes of the file as the task left it, or as it was when it is deleted."""

    conflict: str = ""
    """Why it is kept unless it is chosen, as a sentence; empty when it is put back."""

    lost: str = ""
    """Why it cannot be put back at all, as a sentence; empty when it can."""

    @property
    def shown(self) -> str:
        """The path for people."""
        return f"{shown(self.source)} → {shown(self.path)}" if self.source else shown(self.path)

    @property
    def key(self) -> str:
        """The path for JSON, and to choose it by."""
        return to_key(self.path)

    @property
    def does(self) -> str:
        """What putting it back does, in words."""
        words = {
            "created": "is deleted",
            "changed": "becomes what it was",
            "deleted": "comes back",
            "moved": "goes back to where it was",
        }
        return words[self.what]

    @property
    def paths(self) -> tuple[bytes, ...]:
        """All that is touched when it is put back."""
        return tuple(to_bytes(path) for path in (self.path, self.source) if path)


@dataclass(frozen=True, slots=True)
class Changes(Faced):
    """What putting a task back would do. Nothing has been done."""

    task_id: str
    token: str
    """Stands for all that is shown here: `put_back` with it does this and nothing else."""

    changes: tuple[Change, ...]
    notes: tuple[str, ...] = ()
    """Sentences on what the record does not hold."""

    before: Rows = field(default_factory=dict, repr=False)
    now: Rows = field(default_factory=dict, repr=False)

    @property
    def ready(self) -> tuple[Change, ...]:
        """What is put back without being chosen."""
        return tuple(c for c in self.changes if not c.conflict and not c.lost)

    @property
    def conflicts(self) -> tuple[Change, ...]:
        """What is kept unless it is chosen."""
        return tuple(c for c in self.changes if c.conflict and not c.lost)

    @property
    def lost(self) -> tuple[Change, ...]:
        """What cannot be put back."""
        return tuple(c for c in self.changes if c.lost)

    @property
    def summary(self) -> str:
        """What would happen, in a sentence or two."""
        if not self.changes:
            return "There is nothing to put back: no file is other than before the task."
        parts = [_counted(self.ready) + "." if self.ready else "Nothing is put back by itself."]
        if (count := len(self.conflicts)) > 0:
            parts.append(f"{things(count)} {_were(count)} changed since and kept unless chosen.")
        if (count := len(self.lost)) > 0:
            parts.append(f"{things(count)} cannot be put back.")
        return " ".join(parts)

    def chosen(self, choose: Iterable[str] | Literal["all"]) -> tuple[Change, ...]:
        """What is put back when these conflicts are chosen, by path or by key.

        Raises:
            FilesError: a path is none of the changes'.
        """
        if choose == "all":
            return self.ready + self.conflicts
        wanted = set(choose)
        known = {name for c in self.changes for name in (c.path, c.key, c.shown)}
        if unknown := sorted(wanted - known):
            raise FilesError(f"The task did not change {shown(from_key(unknown[0]))}.")
        return self.ready + tuple(c for c in self.conflicts if wanted & {c.path, c.key, c.shown})


def compare(
    task_id: str,
    before: Rows,
    after: Rows,
    now: Rows,
    *,
    kept: Callable[[str], bool],
    notes: Iterable[str] = (),
) -> Changes:
    """What the task changed between ``before`` and ``after``, and how that is ``now``.

    ``kept``: whether a content, by its digest, can be had from the store.
    """
    found = [
        change
        for change in (*_moved(before, after), *_others(before, after))
        if _differs(change, before, now)
    ]
    judged = tuple(_judged(change, before, after, now, kept) for change in found)
    ordered = tuple(sorted(judged, key=lambda change: to_bytes(change.path)))
    return Changes(
        task_id, _token(task_id, ordered, before, now), ordered, tuple(notes), before, now
    )


def things(count: int) -> str:
    """A count of files and folders in words."""
    return "1 item" if count == 1 else f"{count} items"


def _were(count: int) -> str:
    return "was" if count == 1 else "were"


def _counted(changes: Iterable[Change]) -> str:
    counts: dict[str, int] = {}
    for change in changes:
        counts[change.what] = counts.get(change.what, 0) + 1
    words = {
        "changed": ("becomes what it was", "become what they were"),
        "deleted": ("comes back", "come back"),
        "moved": ("goes back to where it was", "go back to where they were"),
        "created": ("is deleted", "are deleted"),
    }
    parts = [
        f"{things(counts[what])} {few if counts[what] == 1 else many}"
        for what, (few, many) in words.items()
        if what in counts
    ]
    return ", ".join(parts)


def _moved(before: Rows, after: Rows) -> Iterator[Change]:
    """Files that are gone from one path and stand at another: the same inode, or content."""
    for source, target in _moves(before, after).items():
        row = after[target]
        yield Change(to_text(target), "moved", row.kind, to_text(source), row.size)


def _moves(before: Rows, after: Rows) -> dict[bytes, bytes]:
    gone = {p: row for p, row in before.items() if p not in after and row.kind == "file"}
    come = {p: row for p, row in after.items() if p not in before and row.kind == "file"}
    by_content: dict[str, list[bytes]] = {}
    for path, row in come.items():
        if row.size:
            by_content.setdefault(row.digest, []).append(path)
    pairs: dict[bytes, bytes] = {}
    for path, row in gone.items():
        same = by_content.get(row.digest, [])
        if len(same) == 1:
            pairs[path] = same.pop()
    return pairs


def _others(before: Rows, after: Rows) -> Iterator[Change]:
    moves = _moves(before, after)
    arrived = set(moves.values())
    for path, row in before.items():
        other = after.get(path)
        if other is None and path not in moves:
            yield Change(to_text(path), "deleted", row.kind, size=row.size)
        elif other is not None and other.whole != row.whole:
            yield Change(to_text(path), "changed", other.kind, size=other.size)
    for path, row in after.items():
        if path not in before and path not in arrived:
            yield Change(to_text(path), "created", row.kind, size=row.size)


def _differs(change: Change, before: Rows, now: Rows) -> bool:
    """Whether there still is something to put back."""
    return any(_whole(before, path) != _whole(now, path) for path in change.paths)


def _whole(rows: Rows, path: bytes) -> object:
    row = rows.get(path)
    return None if row is None else row.whole


def _judged(
    change: Change, before: Rows, after: Rows, now: Rows, kept: Callable[[str], bool]
) -> Change:
    """The change with what speaks against putting it back."""
    return Change(
        change.path,
        change.what,
        change.kind,
        change.source,
        change.size,
        conflict=_conflict(change, before, after, now, kept),
        lost=_lost(change, before, after, now, kept),
    )


def _conflict(
    change: Change, before: Rows, after: Rows, now: Rows, kept: Callable[[str], bool]
) -> str:
    for path in change.paths:
        then, present = after.get(path), now.get(path)
        if _content(then) == _content(present) or _content(before.get(path)) == _content(present):
            continue
        name = shown(path)
        if present is None:
            return f"{name} was deleted since."
        if then is None:
            return f"{name} was created again since."
        return f"{name} was changed since."
    return "" if change.what == "moved" else _not_to_be_undone(change, now, kept)


def _content(row: Row | None) -> object:
    return None if row is None else row.content


def _not_to_be_undone(change: Change, now: Rows, kept: Callable[[str], bool]) -> str:
    """What would be overwritten or deleted for good."""
    row = now.get(to_bytes(change.path))
    if row is None or row.kind != "file" or (not row.lost and kept(row.digest)):
        return ""
    why = LOST.get(row.lost, "its copy had to make room")
    return f"This could not be undone: {change.shown} is not in the record, because {why}."


def _lost(change: Change, before: Rows, after: Rows, now: Rows, kept: Callable[[str], bool]) -> str:
    path = to_bytes(change.source or change.path)
    row = before.get(path)
    if row is None or row.kind != "file" or (not row.lost and kept(row.digest)):
        return ""
    if stays(change, after, now) or _content(row) == _content(now.get(path)):
        return ""
    why = LOST.get(row.lost, "its copy had to make room")
    return f"{shown(path)} cannot be put back: it is not in the record, because {why}."


def stays(change: Change, after: Rows, now: Rows) -> bool:
    """Whether a moved file is still where the task put it, so that it can be moved back."""
    path = to_bytes(change.path)
    there = now.get(path)
    return (
        change.what == "moved"
        and there is not None
        and _content(there) == _content(after.get(path))
        and to_bytes(change.source) not in now
    )


def _token(task_id: str, changes: tuple[Change, ...], before: Rows, now: Rows) -> str:
    digest = hashlib.blake2b(task_id.encode(), digest_size=12)
    for change in changes:
        rows = [(to_key(p), before.get(p), now.get(p)) for p in change.paths]
        digest.update(repr((change.what, change.conflict, change.lost, rows)).encode())
    return digest.hexdigest()
