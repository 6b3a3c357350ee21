"""What a command prints, as it may be read: bounded, decoded, without terminal escapes.

A program may print three million characters without a line end, or three million line ends.
Everything here takes time in proportion to the text, and is done in short pieces, so that
the event loop is never kept long.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator

OUTPUT_CAP = 30_000
"""Characters of output that reach the model: the first and the last halves."""

STREAM_CAP = 100_000
"""Characters that are passed on as they come; a flood helps nobody."""

PIECE = 4096
"""Bytes that are dealt with at once."""

NOT_UTF8 = r"[The output is not all UTF-8: other bytes are shown as \xNN.]"

_HALF = OUTPUT_CAP // 2
_ESCAPES = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|[@-Z\\-_])")
_BEGUN = re.compile(r"\x1b(\[[0-?]*[ -/]*|\][^\x07\x1b]*\x1b?)?")
_LONGEST_ESCAPE = 256
_CONTROLS = dict.fromkeys((*range(9), 0x0B, 0x0C, *range(0x0E, 0x20), 0x7F))


def pieces(data: bytes) -> Iterator[bytes]:
    """``data`` in parts that are quick to deal with; at least one, which may be empty."""
    for start in range(0, max(len(data), 1), PIECE):
        yield data[start : start + PIECE]


def clean(text: str) -> str:
    """Without terminal escapes and control characters."""
    return (_ESCAPES.sub("", text) if "\x1b" in text else text).translate(_CONTROLS)


def last_of_redrawn(text: str) -> str:
    """Lines that were redrawn with carriage returns, as they stood last."""
    if "\r" not in text:
        return text
    return "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n"))


class Output:
    """Collects output: streams its beginning, keeps head and tail, counts the rest."""

    def __init__(self, stream: Callable[[str], None]) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self._head = ""
        self._tail = ""
        self._begun = ""
        self._dropped = 0
        self._streamed = 0
        self._strange = False
        self.bytes = 0
        self.flooded = False
        self.muted = False

    def add(self, data: bytes, *, final: bool = False) -> None:
        """Take in a piece of at most `PIECE` bytes; ``final`` if it is the last one."""
        if self.muted:
            return
        self.bytes += len(data)
        text = self._readable(self._decoder.decode(data, final))
        self._pass_on(text, final=final)
        room = _HALF - len(self._head)
        self._head += text[:room] if room > 0 else ""
        tail = self._tail + (text[room:] if room > 0 else text)
        self._dropped += max(0, len(tail) - _HALF)
        self._tail = tail[-_HALF:]

    def text(self) -> str:
        """What the model is told."""
        cut = f"\n… ({self._dropped} characters left out) …\n" if self._dropped else ""
        text = clean(last_of_redrawn(f"{self._head}{cut}{self._tail}")).rstrip("\n")
        return f"{text}\n{NOT_UTF8}" if self._strange else text

    def _readable(self, text: str) -> str:
        """Bytes that are no UTF-8 made visible, as everywhere (`agent.sanitize`)."""
        try:
            text.encode()
        except UnicodeEncodeError:
            self._strange = True
            return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
        return text

    def _pass_on(self, text: str, *, final: bool) -> None:
        """Stream it; an escape that is not complete waits for its end."""
        if self._streamed >= STREAM_CAP:
            return
        text, self._begun = self._begun + text, ""
        at = text.rfind("\x1b", -_LONGEST_ESCAPE)
        if not final and at >= 0 and _BEGUN.fullmatch(text, at):
            text, self._begun = text[:at], text[at:]
        if text:
            self._streamed += len(text)
            self._stream(clean(text))
