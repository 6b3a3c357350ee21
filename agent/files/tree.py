"""A home's listing as rows for a tree: what each folder holds, and what is new in it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from agent.files.listing import Entry, Listing
from agent.files.names import shown

MOST_ROWS = 1000
"""Rows of one folder that a tree shows."""


@dataclass(slots=True)
class _Sums:
    files: int = 0
    bytes: int = 0
    new: int = 0
    newest: float = 0.0


def tree(listing: Listing, opened: Collection[str], since: float) -> list[dict[str, Any]]:
    """The entries at the top and in the folders that are ``opened``, each as plain data.

    Args:
        listing: All of the home.
        opened: Keys of the folders whose entries are wanted.
        since: What was changed after this moment (Unix seconds) is new; 0 for nothing.

    Returns:
        Rows with ``key``, ``name``, ``kind``, ``size`` (bytes), ``time`` (Unix seconds),
        ``new`` (whether it is, or how many files in a folder are) and, of a folder, ``files``;
        folders first, then by name. Of a folder with more than `MOST_ROWS` entries the rest is
        one row of kind ``more`` with their number in ``files``.
    """
    sums = _sums(listing, since)
    wanted = {"", *opened}
    groups: dict[str, list[Entry]] = {}
    for entry in listing.entries:
        groups.setdefault(entry.path.rpartition("/")[0], []).append(entry)
    keys = {entry.path: entry.key for entry in listing.entries if entry.kind == "folder"}
    rows: list[dict[str, Any]] = []
    for folder, entries in groups.items():
        key = keys.get(folder, "")
        if key in wanted and (not folder or key):
            rows += _rows(key, entries, sums, since)
    return rows


def _sums(listing: Listing, since: float) -> dict[str, _Sums]:
    """What each folder holds, with all below it."""
    sums: dict[str, _Sums] = {}
    for entry in listing.entries:
        if entry.kind == "folder":
            sums.setdefault(entry.path, _Sums())
            continue
        above = entry.path.rpartition("/")[0]
        while above:
            folder = sums.setdefault(above, _Sums())
            folder.files += 1
            folder.bytes += entry.size
            folder.new += _is_new(entry, since)
            folder.newest = max(folder.newest, entry.mtime)
            above = above.rpartition("/")[0]
    return sums


def _rows(
    folder: str, entries: list[Entry], sums: dict[str, _Sums], since: float
) -> list[dict[str, Any]]:
    ordered = sorted(entries, key=lambda e: (e.kind != "folder", e.path.casefold(), e.path))
    rows = [_row(entry, folder, sums, since) for entry in ordered[:MOST_ROWS]]
    if (left := len(ordered) - MOST_ROWS) > 0:
        rows.append({"key": f"{folder}/", "in": folder, "kind": "more", "files": left})
    return rows


def _row(entry: Entry, folder: str, sums: dict[str, _Sums], since: float) -> dict[str, Any]:
    row: dict[str, Any] = {
        "key": entry.key,
        "in": folder,
        "name": shown(entry.path.rpartition("/")[2]),
        "kind": entry.kind,
    }
    if entry.kind != "folder":
        return row | {"size": entry.size, "time": entry.mtime, "new": _is_new(entry, since)}
    held = sums.get(entry.path, _Sums())
    new = held.new or int(_is_new(entry, since) and not held.files)
    time = held.newest or entry.mtime
    return row | {"size": held.bytes, "time": time, "new": new, "files": held.files}


def _is_new(entry: Entry, since: float) -> bool:
    return since > 0 and entry.ctime > since
