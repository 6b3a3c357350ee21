"""What the log and the model are told of files that the person brought in."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from agent.record import events as ev

ATTACHED = "Attached by the person: "
"""Beginning of what the model is told of an attachment."""

ARRIVED = "Files came in from the person: "
"""Beginning of what the model is told of files that were put into the home."""

_NAMED = 20


@dataclass(frozen=True, slots=True)
class Arrived:
    """A file that came in: its name for people, where programs find it, and its bytes."""

    name: str
    path: str
    size: int


def attach_to_words(
    append: Callable[[ev.Event], object],
    attachments: Iterable[ev.Attachment],
    utterance_id: str = "",
) -> None:
    """Give the model files with the words that follow, of that utterance.

    Raises:
        JournalError: it cannot be written down.
    """
    if attached := tuple(attachments):
        append(
            ev.UserMessage(
                text="", attachments=attached, origin="session", utterance_id=utterance_id
            )
        )


def label(attached: ev.Attachment) -> str:
    """What the model is told before an attachment's content."""
    where = f"{ATTACHED}{attached.name} ({in_words(attached.size)}), at {attached.path}."
    return f"{where} {attached.note}".strip()


def bring_in(
    append: Callable[[ev.Event], object],
    files: Iterable[Arrived],
    source: str = "api",
) -> None:
    """Write down that files are in the home now, and tell the model where.

    Raises:
        JournalError: it cannot be written down.
    """
    files = tuple(files)
    if not files:
        return
    paths, sizes = tuple(file.path for file in files), tuple(file.size for file in files)
    append(ev.FilesArrived.model_validate({"paths": paths, "sizes": sizes, "source": source}))
    append(ev.UserMessage(text=f"{ARRIVED}{listed(paths, sizes)}", origin="session"))


def listed(paths: Iterable[str], sizes: Iterable[int]) -> str:
    """Files with their sizes in a sentence; of many, the first ones."""
    named = [f"{path} ({in_words(size)})" for path, size in zip(paths, sizes, strict=True)]
    more = f", and {len(named) - _NAMED} more" if len(named) > _NAMED else ""
    return f"{', '.join(named[:_NAMED])}{more}."


def in_words(size: int) -> str:
    """A number of bytes as people write it."""
    if size < 1000:
        return "1 byte" if size == 1 else f"{size} bytes"
    for unit, step in (("kB", 1e3), ("MB", 1e6), ("GB", 1e9)):
        if size < 999.5 * step or unit == "GB":
            break
    return f"{size / step:.1f} {unit}" if size < 9.95 * step else f"{size / step:.0f} {unit}"
