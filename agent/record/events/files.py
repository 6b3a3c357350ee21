"""Events of the person's files: recorded, and put back."""

from __future__ import annotations

from typing import Literal

from agent.record.events.base import BaseEvent

NAMED = 100
"""Names that an event holds of each kind; counts are of all."""


class FilesRecorded(BaseEvent):
    """The home was recorded ``before`` or ``after`` a task or a put back (``task_id``).

    Without a ``record`` it could not be, and ``error`` says why; the task goes on.
    """

    kind: Literal["files_recorded"] = "files_recorded"
    task_id: str
    moment: Literal["before", "after"]
    record: str = ""
    files: int = 0
    bytes: int = 0
    """Of all files together."""

    changed: int = 0
    """Files, folders and links that the task changed; for ``after`` only."""

    fresh: int = 0
    """Bytes that had to be kept."""

    used: int = 0
    """Bytes that all records take on the disk."""

    most: int = 0
    """Bytes that they may take."""

    dropped: int = 0
    """Older records that went to make room."""

    seconds: float = 0.0
    notes: tuple[str, ...] = ()
    """Sentences: what is not in the record, and why."""

    error: str = ""


class PutBackStarted(BaseEvent):
    """Files are about to be put back to what they were before ``task_id``."""

    kind: Literal["put_back_started"] = "put_back_started"
    put_back_id: str
    task_id: str
    count: int
    names: tuple[str, ...] = ()


class PutBackFinished(BaseEvent):
    """What came of a put back, as looked up afterwards. It can be put back itself, by its id."""

    kind: Literal["put_back_finished"] = "put_back_finished"
    put_back_id: str
    task_id: str
    outcome: Literal["done", "partly", "failed", "cut"]
    done: int = 0
    deleted: tuple[str, ...] = ()
    """What was not there before the task, and is gone again."""

    restored: tuple[str, ...] = ()
    """What is again as it was."""

    kept: tuple[str, ...] = ()
    """Conflicts that were not chosen."""

    failed: tuple[str, ...] = ()
    """Sentences: what could not be put back, and why."""

    text: str = ""
    """The same in words, for the person."""
