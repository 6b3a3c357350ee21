"""What is said of a put back: to the person, and to the model with its next message."""

from __future__ import annotations

from collections.abc import Sequence

from agent.files.changes import Change
from agent.files.restore import Failure

_MOST = 12
"""Names that a sentence holds."""


def amount(size: int) -> str:
    """Bytes as people write them."""
    for unit, step in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= 0.9995 * step:
            share = size / step
            return f"{share:.1f} {unit}" if share < 9.95 else f"{share:.0f} {unit}"
    return "1 byte" if size == 1 else f"{size} bytes"


def no_room(limit: int, left: int) -> str:
    """That something does not fit into a home of so many bytes, and what to do."""
    return (
        f"The home may hold {amount(limit)}, of which {amount(max(0, left))} are left. "
        "Delete something first."
    )


def bounded(lines: Sequence[str], most: int = 100) -> tuple[str, ...]:
    """The first lines, and how many more there are."""
    more = len(lines) - most
    return (*lines[:most], f"and {more} more") if more > 0 else tuple(lines)


def told_person(
    deleted: Sequence[Change],
    restored: Sequence[Change],
    kept: Sequence[Change],
    failed: Sequence[Failure],
) -> str:
    """What came of it, in sentences."""
    parts = []
    if restored:
        parts.append(f"As before again: {_named(restored)}.")
    if deleted:
        parts.append(f"Deleted: {_named(deleted)}.")
    if kept:
        parts.append(f"Kept, because changed since: {_named(kept)}.")
    if failed:
        parts.append("Not put back: " + _reasons(failed))
    return " ".join(parts)


def told_model(
    task: str,
    deleted: Sequence[Change],
    restored: Sequence[Change],
    kept: Sequence[Change],
    failed: Sequence[Failure],
) -> str:
    """What the model must know to be right about its world."""
    what = f"what the task “{task[:200]}” did to the files" if task else "the last put back"
    if not deleted and not restored:
        return f"The person tried to undo {what}. {told_person((), (), kept, failed)}"
    return (
        f"The person undid {what}. Paths are in the home folder. "
        f"{told_person(deleted, restored, kept, failed)} "
        "Look at a file again before you rely on what is in it."
    )


def _named(changes: Sequence[Change]) -> str:
    names = [f"“{change.shown}”" for change in changes[:_MOST]]
    more = len(changes) - _MOST
    return ", ".join(names) + (f" and {more} more" if more > 0 else "")


def _reasons(failed: Sequence[Failure]) -> str:
    reasons = [failure.why for failure in failed[:_MOST]]
    more = len(failed) - _MOST
    return " ".join(reasons) + (f" And {more} more." if more > 0 else "")
