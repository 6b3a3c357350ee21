"""Text files as the editor sees them: lines, exact replacement; what is not edited stays.

Bytes that are not touched are written back as they were: line ends, also mixed ones, a mark at
the beginning, a missing newline at the end, and letters in whatever encoding.
"""

from __future__ import annotations

import bisect
import codecs
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

from agent.content.contents import BEGINNING, ENCODING_NAMES, encoding_of
from agent.errors import BadInput, ToolError

VIEW_CAP = 100_000
"""Characters of a view; the rest is to be asked for by ``view_range``."""

SCAN_CAP = 4 << 30
"""Bytes of a text file that can be looked into: lines are counted from its beginning."""

_BLOCK = 256 << 10
_KEEP = 4 * VIEW_CAP
"""Bytes that are kept of what is viewed: more than its characters can take."""

_NO_LINES = "Not done: the file has no such lines."
_NUMBERED = re.compile(r"\s*\d+\t")
_ESCAPED_BYTE = re.compile(r"\\x([89a-f][0-9a-f])")
_SURROGATES = re.compile("[\udc80-\udcff]")
_BYTEWISE = "utf-8 and others"
"""Encoding of a text that is UTF-8 here and something else there."""

_MIXED = "[Line ends are mixed: some lines end in CRLF, some in LF.]"


@dataclass(frozen=True, slots=True)
class TextFile:
    """A whole text, with line ends as they are, and how it is written."""

    text: str
    encoding: str = "utf-8"
    mark: bytes = b""
    """What stands before the text to tell its encoding."""

    @classmethod
    def parse(cls, path: str, data: bytes, cap: int) -> TextFile:
        """The text of a file.

        Raises:
            ToolError: it is too large, or no text.
        """
        if len(data) > cap:
            raise ToolError(
                f"{path} has {len(data)} bytes, more than the {cap} that this tool edits. "
                "Change it with the shell (sed -i).",
                shown=f"Not done: {path} is too long for the editor ({len(data)} bytes).",
            )
        encoding, mark = _written(path, data)
        text = _decoded(data[len(mark) :], encoding)
        return cls(text, encoding, mark)

    @property
    def raw(self) -> bytes:
        """As it is written to the file.

        Raises:
            BadInput: the file's encoding has no such character.
        """
        return self.mark + _encoded(self.text, self.encoding)

    @property
    def lines(self) -> list[str]:
        """Lines without their ends; an end of line at the file's end opens no further one."""
        lines = self.text.replace("\r\n", "\n").split("\n")
        return lines[:-1] if len(lines) > 1 and not lines[-1] else lines

    @property
    def note(self) -> str:
        """What is special about how it is written; empty for UTF-8."""
        mixed = 0 < self.text.count("\r\n") < self.text.count("\n")
        strange = self.encoding == "utf-8" and _SURROGATES.search(self.text)
        written = _note_on(_BYTEWISE if strange else self.encoding)
        return " ".join(filter(None, (written, _MIXED if mixed else "")))

    def replace(self, path: str, old: str, new: str) -> tuple[TextFile, int]:
        """The text with its only occurrence of ``old`` replaced, and the line of that.

        Line ends fit if they are line ends; the new ones are as those around them.

        Raises:
            ToolError: it does not occur, or more than once.
        """
        plain, ends = _plain(self.text)
        wanted = old.replace("\r\n", "\n")
        places = _places(plain, wanted)
        if not places and self.encoding == _BYTEWISE:
            wanted, new = _with_bytes(wanted), _with_bytes(new)
            places = _places(plain, wanted)
        if not places:
            raise ToolError(
                f"No replacement was performed, old_str `{old}` did not appear verbatim in {path}."
                f"{_hint(plain, wanted)}",
                shown=f"Not changed: the text to replace is not in {path}.",
            )
        numbers = [plain.count("\n", 0, place) + 1 for place in places]
        if len(places) > 1:
            raise ToolError(
                f"No replacement was performed. Multiple occurrences of old_str `{old}` in lines "
                f"{numbers}. Please ensure it is unique",
                shown=f"Not changed: the text to replace is in {path} more than once.",
            )
        begin, end = (
            place + bisect.bisect_left(ends, place)
            for place in (places[0], places[0] + len(wanted))
        )
        written = new if not ends else _ended(new, self._end_at(begin))
        return self._with(f"{self.text[:begin]}{written}{self.text[end:]}"), numbers[0]

    def insert(self, line: int, new: str) -> TextFile:
        """The text with the lines of ``new`` after line ``line``, as the reference tool does.

        A newline at the end of ``new`` therefore makes an empty line.
        """
        kept = self.text.split("\n")
        count = len(kept) - (not kept[-1])
        if not 0 <= line <= count:
            raise BadInput(
                f"Invalid `insert_line` parameter: {line}. It should be within the range of "
                f"lines of the file: {[0, count]}",
                shown=_NO_LINES,
            )
        place = sum(len(part) + 1 for part in kept[:line])
        end = self._end_at(min(place, len(self.text)))
        if _plain(self.text)[1]:
            new = _ended(new, end)
        if place > len(self.text):  # after a last line that does not end
            return self._with(f"{self.text}{end}{new}")
        return self._with(f"{self.text[:place]}{new}{end}{self.text[place:]}")

    def _with(self, text: str) -> TextFile:
        return TextFile(text, self.encoding, self.mark)

    def _end_at(self, place: int) -> str:
        """The line end that follows a place, or else that of the line before."""
        after = self.text.find("\n", place)
        at = after if after >= 0 else self.text.rfind("\n", 0, place)
        return "\r\n" if at > 0 and self.text[at - 1] == "\r" else "\n"


def view(path: str, file: BinaryIO, size: int, asked: Sequence[int] | None, cap: int) -> str:
    """What ``cat -n`` would show of a file, or of a part of it, without reading it whole.

    Args:
        path: what the file is called.
        file: open at its beginning.
        size: bytes that it has.
        asked: first and last line, from 1; -1 for the end; None for all.
        cap: bytes of a file that is looked at whole, to tell how it is written.

    Raises:
        ToolError: it is too large, or no text.
        BadInput: there are no such lines.
    """
    if size > SCAN_CAP:
        raise ToolError(
            f"{path} has {size} bytes, more than the {SCAN_CAP} that this tool looks into. Look at "
            "a part of it with the shell (head, tail, sed -n 'FIRST,LASTp').",
            shown=f"Not done: {path} is too long for the editor ({size} bytes).",
        )
    first, last = _range(asked)
    encoding, mark = _written(path, file.read(cap if size <= cap else BEGINNING), size=size)
    if encoding.startswith(("utf-16", "utf-32")):
        return _view_wide(path, file, size, asked, cap)
    file.seek(len(mark))
    data, count, cut = _scan(file, first, last)
    if first > (known := max(count, 1)) or last > known:
        _refuse_range([first, last], known)
    part = TextFile(_decoded(data, encoding), encoding)
    return _shown(path, part, first, size if cut else 0)


def _view_wide(path: str, file: BinaryIO, size: int, asked: Sequence[int] | None, cap: int) -> str:
    """The same of UTF-16 and UTF-32, whose bytes cannot be searched for line ends."""
    if size > cap:
        raise ToolError(f"{path} has {size} bytes of UTF-16. Make UTF-8 of it first (iconv).")
    file.seek(0)
    text = TextFile.parse(path, file.read(cap), cap)
    first, last = _range(asked)
    lines = text.lines
    if first > len(lines) or last > len(lines):
        _refuse_range([first, last], len(lines))
    part = "\n".join(lines[first - 1 : len(lines) if last == -1 else last])
    return _shown(path, TextFile(part, text.encoding), first, size if len(part) > VIEW_CAP else 0)


def _shown(path: str, part: TextFile, first: int, cut: int) -> str:
    """``cut``: bytes of the file if not all that was asked for is in ``part``."""
    shown = numbered(part.lines[: VIEW_CAP // 8], first)
    if len(shown) > VIEW_CAP or cut:
        shown = shown[:VIEW_CAP]
        last = first + shown.count("\n")
        whole = f"the file has {cut} bytes; " if cut else ""
        shown += f"\n… (cut in line {last}: {whole}ask for a part with view_range)"
    note = f"{part.note}\n" if part.note else ""
    return f"Here's the result of running `cat -n` on {path}:\n{shown}\n{note}"


def _scan(file: BinaryIO, first: int, last: int) -> tuple[bytes, int, bool]:
    """Bytes of lines, how many lines there are at least, and whether some were left out.

    The count is exact where the end was reached.
    """
    kept, line, ended = bytearray(), 1, b""
    while block := file.read(_BLOCK):
        ended = block[-1:]
        lines = block.count(b"\n")
        start = _after_lines(block, first - line) if line < first else 0
        stop = len(block)
        if last != -1 and line + lines > last:
            stop = _after_lines(block, last - line + 1)
        if line + lines >= first:
            kept += block[start:stop]
        line += lines
        if last != -1 and line > last:
            return bytes(kept), last, False
        if len(kept) > _KEEP:
            return bytes(kept), max(line, last), True
    return bytes(kept), line - (ended == b"\n"), False


def _after_lines(block: bytes, lines: int) -> int:
    """Where so many lines of a block have ended; its length if it has fewer."""
    if lines <= 0:
        return 0
    place = -1
    for _ in range(lines):
        place = block.find(b"\n", place + 1)
        if place < 0:
            return len(block)
    return place + 1


def _range(asked: Sequence[int] | None) -> tuple[int, int]:
    if asked is None:
        return 1, -1
    given = list(asked)
    if len(given) != 2:
        raise BadInput(
            f"Invalid `view_range`: {given}. It should be a list of two integers.",
            shown=_NO_LINES,
        )
    first, last = given
    if first < 1:
        raise BadInput(
            f"Invalid `view_range`: {given}. Its first element `{first}` should be 1 or more: "
            "lines are numbered from 1.",
            shown=_NO_LINES,
        )
    if last != -1 and last < first:
        raise BadInput(
            f"Invalid `view_range`: {given}. Its second element `{last}` should be larger or "
            f"equal than its first `{first}`",
            shown=_NO_LINES,
        )
    return first, last


def _refuse_range(given: list[int], count: int) -> None:
    first, last = given
    if first > count:
        raise BadInput(
            f"Invalid `view_range`: {given}. Its first element `{first}` should be within "
            f"the range of lines of the file: {[1, count]}",
            shown=_NO_LINES,
        )
    raise BadInput(
        f"Invalid `view_range`: {given}. Its second element `{last}` should be smaller than "
        f"the number of lines in the file: `{count}`",
        shown=_NO_LINES,
    )


def numbered(lines: Sequence[str], first: int) -> str:
    """Lines with their numbers, as ``cat -n`` writes them."""
    return "\n".join(f"{first + place:6}\t{line}" for place, line in enumerate(lines))


# How it is written -----------------------------------------------------------------------


def _written(path: str, data: bytes, *, size: int | None = None) -> tuple[str, bytes]:
    """A file's encoding, and the mark that tells it, from its bytes or the first of them.

    Raises:
        ToolError: it is no text.
    """
    whole = size is None or len(data) >= size
    encoding = encoding_of(data, whole=whole)
    if encoding == "utf-8-sig":
        rest = encoding_of(data[3:], whole=whole)
        return ("utf-8" if rest == "utf-8" else _BYTEWISE), codecs.BOM_UTF8
    if encoding == "cp1252" and _some_utf8(data):
        return _BYTEWISE, b""
    if encoding in ("utf-16", "utf-32"):
        little = data[:2] == codecs.BOM_UTF16_LE
        return f"{encoding}-{'le' if little else 'be'}", data[: 2 if encoding == "utf-16" else 4]
    if encoding is not None:
        return encoding, b""
    raise ToolError(
        f"{path} is a binary file. Only text, pictures and PDFs can be viewed; use the shell "
        "(file, xxd, strings) for others.",
        shown=f"Not done: {path} is not text.",
    )


def _some_utf8(data: bytes) -> bool:
    """Whether there are letters of several bytes in it that are UTF-8."""
    text = data.decode("utf-8", "ignore")
    return not text.isascii()


def _decoded(data: bytes, encoding: str) -> str:
    if encoding == "cp1252":
        return data.decode("cp1252", "sayso-same")
    if encoding in ("utf-8", _BYTEWISE):
        return data.decode("utf-8", "surrogateescape")
    return data.decode(encoding, "surrogatepass")


def _encoded(text: str, encoding: str) -> bytes:
    try:
        if encoding == "cp1252":
            return text.encode("cp1252", "sayso-same")
        return text.encode(*(("utf-8", "surrogateescape") if "utf-8" in encoding else (encoding,)))
    except UnicodeEncodeError as error:
        letter = text[error.start]
        if encoding == "utf-8" or "\ud800" <= letter <= "\udfff":
            raise BadInput(
                "The text has half of a surrogate pair, which no file can hold."
            ) from None
        raise BadInput(
            f"The file is written in {_name_of(encoding)}, which has no “{letter}”. Write it "
            "otherwise, or make UTF-8 of the file first (iconv)."
        ) from None


def _same(error: UnicodeError) -> tuple[str | bytes, int]:
    """The five bytes that Windows-1252 leaves undefined stand for themselves."""
    if isinstance(error, UnicodeDecodeError):
        return error.object[error.start : error.end].decode("latin-1"), error.end
    if isinstance(error, UnicodeEncodeError):
        part = error.object[error.start : error.end]
        if all("\x80" <= letter <= "\x9f" for letter in part):
            return part.encode("latin-1"), error.end
    raise error


codecs.register_error("sayso-same", _same)


def _name_of(encoding: str) -> str:
    return ENCODING_NAMES.get(encoding, encoding.upper().replace("-LE", "").replace("-BE", ""))


def _note_on(encoding: str) -> str:
    if encoding == "utf-8":
        return ""
    if encoding == _BYTEWISE:
        return r"[The text is not all UTF-8: other bytes are shown as \xNN, and kept.]"
    return f"[The file is written in {_name_of(encoding)}, and stays so.]"


def _with_bytes(text: str) -> str:
    r"""With ``\xe9``, as such a byte is shown, for the byte itself."""
    return _ESCAPED_BYTE.sub(lambda found: chr(0xDC00 + int(found[1], 16)), text)


# Line ends and places -----------------------------------------------------------------------


def _plain(text: str) -> tuple[str, list[int]]:
    """A text whose lines all end in newlines, and where in it there was a CRLF."""
    if "\r\n" not in text:
        return text, []
    places = [found.start() - n for n, found in enumerate(re.finditer("\r\n", text))]
    return text.replace("\r\n", "\n"), places


def _ended(text: str, end: str) -> str:
    return text.replace("\r\n", "\n").replace("\n", end)


def _places(text: str, part: str) -> list[int]:
    """Where ``part`` occurs, overlapping or not; at most 100."""
    found: list[int] = []
    place = text.find(part)
    while place >= 0 and len(found) < 100:
        found.append(place)
        place = text.find(part, place + 1)
    return found


def _hint(text: str, wanted: str) -> str:
    """Why a text may not have been found."""
    asked = wanted.strip("\n").split("\n")
    if all(map(_NUMBERED.match, asked)):
        return " It has the line numbers of a view in it: leave them out."
    lines = [" ".join(line.split()) for line in text.split("\n")]
    sought = [" ".join(line.split()) for line in asked]
    if not any(sought):
        return ""
    for place, line in enumerate(lines):
        if line == sought[0] and lines[place : place + len(sought)] == sought:
            return f" With other white space it is at line {place + 1}: copy it exactly."
    return ""
