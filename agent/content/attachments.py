"""Files that come with a person's words, as content that a model can read.

Pictures, PDFs and text are given as they are, within the bounds below; of whatever is not
given the model and the person are told why, and where the file lies. The kind of a file is
read from its bytes, never from its name. All of this blocks: call it in a thread.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import BinaryIO, Protocol

from agent.content.contents import (
    BEGINNING,
    ENCODING_NAMES,
    encoding_of,
    fitted,
    looks_like_picture,
)
from agent.content.pdf import is_pdf, pdf_facts
from agent.desktop.base import EncodedImage
from agent.errors import FilesError
from agent.models.base import Model, readable_by
from agent.models.capabilities import capabilities_of
from agent.record import events as ev
from agent.session.arrivals import Arrived, in_words

MOST_ATTACHED = 20
"""Files that may come with one message."""

MOST_CONTENT = 16 << 20
"""Bytes of PDFs that one conversation carries: the service takes requests of 32 MB, in which
a PDF takes four thirds of its size and screenshots have to find room as well."""

MOST_PAGES = 100
"""Pages of one PDF that every model with a window of 200,000 tokens takes."""

MOST_LETTERS = 100_000
"""Characters of a text that are given: some 25,000 tokens, paid for with every turn."""

MOST_PICTURE_BYTES = 40 << 20
MOST_EDGE = 2000
"""Longest side in pixels: with more than 20 pictures in it, a request may hold none larger."""


class Store(Protocol):
    """Keeps what the model is given, under its hash."""

    def put_image(self, image: EncodedImage) -> ev.Image: ...

    def put_content(self, data: bytes, media_type: str) -> str: ...


def attach(store: Store, file: BinaryIO, came: Arrived, model: Model, room: int) -> ev.Attachment:
    """Prepare a file for the model; what it is given is kept in ``store``.

    Args:
        store: The session's journal.
        file: The file, open for reading at its beginning.
        came: What it is called.
        model: Who is to read it.
        room: Bytes of PDFs that the conversation can still carry (`room_in`).

    Raises:
        JournalError: the disk refuses.
    """
    return _Preparation(store, file, came, model, room).made()


def room_in(log: Iterable[ev.Event]) -> int:
    """Bytes of PDFs that a conversation can still carry, besides those of words that wait."""
    used, waiting = 0, dict[str, ev.TaskQueued]()
    for event in log:
        match event:
            case ev.Compacted():
                used = 0
            case ev.TaskQueued():
                waiting[event.task_id] = event
            case ev.TaskUnqueued(fate="cancelled"):
                waiting.pop(event.task_id, None)
            case ev.UserMessage():
                used += _pdf_bytes(event)
                said = event.utterance_id
                waiting = {k: w for k, w in waiting.items() if w.utterance_id != said}
            case _:
                pass
    return MOST_CONTENT - used - sum(map(_pdf_bytes, waiting.values()))


def _pdf_bytes(event: ev.UserMessage | ev.TaskQueued) -> int:
    return sum(each.size for each in event.attachments if each.kind == "pdf")


class _Preparation:
    """One file on its way to the model."""

    def __init__(
        self, store: Store, file: BinaryIO, came: Arrived, model: Model, room: int
    ) -> None:
        self._store, self._file, self._came = store, file, came
        self._model, self._room = model, room
        self._reads = readable_by(model)

    def made(self) -> ev.Attachment:
        beginning = self._file.read(BEGINNING)
        self._file.seek(0)
        if not beginning:
            return self._untold("It is empty.")
        if is_pdf(beginning):
            return self._pdf()
        if looks_like_picture(self._file):
            return self._picture()
        encoding = encoding_of(beginning, whole=len(beginning) < BEGINNING)
        if encoding is None:
            return self._untold("It is neither a picture nor a PDF nor text.")
        return self._text(encoding)

    def _pdf(self) -> ev.Attachment:
        if "pdf" not in self._reads:
            return self._untold(f"{self._who} does not read PDFs.")
        if self._came.size > self._room:
            return self._untold(
                f"A conversation carries {in_words(MOST_CONTENT)} of PDFs, and "
                f"{in_words(max(self._room, 0))} are left."
            )
        data = self._file.read(self._room + 1)
        facts = pdf_facts(data)
        if len(data) > self._room:
            return self._untold("It grew while it was read.")
        if facts.encrypted:
            return self._untold("It is locked with a password or restricted.")
        if facts.empty:
            return self._untold("It has no pages; it may be damaged.")
        if facts.pages > MOST_PAGES:
            return self._untold(f"It has {facts.pages} pages; {MOST_PAGES} are the most.")
        kept = self._store.put_content(data, "application/pdf")
        return self._told("pdf", kept, "application/pdf")

    def _picture(self) -> ev.Attachment:
        if "picture" not in self._reads:
            return self._untold(f"{self._who} does not look at pictures that are attached.")
        if self._came.size > MOST_PICTURE_BYTES:
            return self._untold(f"Pictures may have {in_words(MOST_PICTURE_BYTES)} at most.")
        try:
            model = self._model.name
            picture = fitted(self._file, lambda wide, high: fitting(wide, high, model))
        except FilesError as error:
            return self._untold(str(error))
        kept = self._store.put_image(picture.image)
        made = self._told("picture", kept.sha256, kept.media_type, " ".join(picture.notes))
        return made.model_copy(update={"width": kept.width, "height": kept.height})

    def _text(self, encoding: str) -> ev.Attachment:
        if "text" not in self._reads:
            return self._untold(f"{self._who} does not read what is attached.")
        data = self._file.read(4 * MOST_LETTERS + 4)
        text = data.decode(encoding, "ignore" if len(data) < self._came.size else "replace")
        notes = []
        if name := ENCODING_NAMES.get(encoding):
            notes.append(f"It was read as {name}.")
        if len(text) > MOST_LETTERS or len(data) < self._came.size:
            text = text[:MOST_LETTERS]
            notes.append(
                f"Only its first {len(text):,} characters are given; "
                f"the whole file has {in_words(self._came.size)}."
            )
        if not text.strip():
            return self._untold("It contains only white space.")
        kept = self._store.put_content(text.encode("utf-8", "replace"), "text/plain")
        return self._told("text", kept, "text/plain", " ".join(notes))

    def _told(self, kind: str, sha256: str, media_type: str, note: str = "") -> ev.Attachment:
        return ev.Attachment.model_validate(
            {
                "name": self._came.name,
                "path": self._came.path,
                "size": self._came.size,
                "kind": kind,
                "sha256": sha256,
                "media_type": media_type,
                "note": note,
            }
        )

    def _untold(self, why: str) -> ev.Attachment:
        note = f"Its content is not shown to the model: {why[0].lower()}{why[1:]}"
        return self._told("file", "", "", note)

    @property
    def _who(self) -> str:
        offline = self._model.name == "offline"
        return "the offline planner" if offline else f"the model {self._model.name}"


def fitting(width: int, height: int, model: str) -> tuple[int, int]:
    """The largest size of that shape that a model sees as it is."""
    known = capabilities_of(model)
    share = min(1.0, min(known.edge, MOST_EDGE) / max(width, height))
    share = min(share, math.sqrt(known.patches * 28 * 28 / (width * height)))
    size = max(1, int(width * share)), max(1, int(height * share))
    while not known.sees(*size):
        share *= 0.98
        size = max(1, int(width * share)), max(1, int(height * share))
    return size
