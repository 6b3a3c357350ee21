"""Text files as the editor sees them: lines, exact replacement, line ends kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agent.errors import BadInput, ToolError

VIEW_CAP = 100_000
"""Characters of a view; the rest is to be asked for by ``view_range``."""

_NO_LINES = "Not done: the file has no such lines."


@dataclass(frozen=True, slots=True)
class TextFile:
    """A text whose lines end in newlines, and the line end that the file has."""

    text: str
    line_end: str = "\n"

    @classmethod
    def parse(cls, path: str, data: bytes, cap: int) -> TextFile:
        """The text of a file.

        Raises:
            ToolError: it is too large, or not UTF-8 text.
        """
        if len(data) > cap:
            raise ToolError(
                f"{path} has {len(data)} bytes, more than the {cap} that this tool edits. "
                "Look at a part of it with the shell.",
                shown=f"Not done: {path} is too long for the editor ({len(data)} bytes).",
            )
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError:
            text = "\0"
        if "\0" in text:
            raise ToolError(
                f"{path} is a binary file, or not in UTF-8. Only text and pictures can be "
                "viewed; use the shell (file, xxd, iconv) for others.",
                shown=f"Not done: {path} is no text, or not in UTF-8.",
            )
        pairs = text.count("\r\n")
        if pairs and pairs == text.count("\n"):
            return cls(text.replace("\r\n", "\n"), "\r\n")
        return cls(text)

    @property
    def raw(self) -> str:
        """As it is written to the file."""
        return self.text.replace("\n", self.line_end) if self.line_end != "\n" else self.text

    @property
    def lines(self) -> list[str]:
        """Lines without their ends; an end of line at the file's end opens no further one."""
        lines = self.text.split("\n")
        return lines[:-1] if len(lines) > 1 and not lines[-1] else lines

    def view(self, path: str, view_range: Sequence[int] | None) -> str:
        """What ``cat -n`` would show."""
        first, last = self._range(view_range)
        shown = numbered(self.lines[first - 1 : last], first)
        if len(shown) > VIEW_CAP:
            shown = (
                f"{shown[:VIEW_CAP]}\n… (cut: the file has {len(self.lines)} lines; "
                "ask for a part with view_range)"
            )
        return f"Here's the result of running `cat -n` on {path}:\n{shown}\n"

    def _range(self, asked: Sequence[int] | None) -> tuple[int, int]:
        count = len(self.lines)
        if asked is None:
            return 1, count
        given = list(asked)
        if len(given) != 2:
            raise BadInput(
                f"Invalid `view_range`: {given}. It should be a list of two integers.",
                shown=_NO_LINES,
            )
        first, last = given
        if not 1 <= first <= count:
            raise BadInput(
                f"Invalid `view_range`: {given}. Its first element `{first}` should be within "
                f"the range of lines of the file: {[1, count]}",
                shown=_NO_LINES,
            )
        if last > count:
            raise BadInput(
                f"Invalid `view_range`: {given}. Its second element `{last}` should be smaller "
                f"than the number of lines in the file: `{count}`",
                shown=_NO_LINES,
            )
        if last != -1 and last < first:
            raise BadInput(
                f"Invalid `view_range`: {given}. Its second element `{last}` should be larger or "
                f"equal than its first `{first}`",
                shown=_NO_LINES,
            )
        return first, count if last == -1 else last

    def replace(self, path: str, old: str, new: str) -> tuple[TextFile, int]:
        """The text with its only occurrence of ``old`` replaced, and the line of that.

        Raises:
            ToolError: it does not occur, or more than once.
        """
        old, new = self._own_ends(old), self._own_ends(new)
        places = _places(self.text, old)
        if not places:
            raise ToolError(
                f"No replacement was performed, old_str `{old}` did not appear verbatim in {path}.",
                shown=f"Not changed: the text to replace is not in {path}.",
            )
        numbers = [self.text.count("\n", 0, place) + 1 for place in places]
        if len(places) > 1:
            raise ToolError(
                f"No replacement was performed. Multiple occurrences of old_str `{old}` in lines "
                f"{numbers}. Please ensure it is unique",
                shown=f"Not changed: the text to replace is in {path} more than once.",
            )
        place = places[0]
        text = f"{self.text[:place]}{new}{self.text[place + len(old) :]}"
        return TextFile(text, self.line_end), numbers[0]

    def insert(self, line: int, new: str) -> TextFile:
        """The text with ``new`` as lines of its own after line ``line``."""
        kept = _split(self.text)
        if not 0 <= line <= len(kept):
            raise BadInput(
                f"Invalid `insert_line` parameter: {line}. It should be within the range of "
                f"lines of the file: {[0, len(kept)]}",
                shown=_NO_LINES,
            )
        new = self._own_ends(new)
        before = "".join(kept[:line])
        after = "".join(kept[line:])
        if before and not before.endswith("\n"):
            before += "\n"
        if after and not new.endswith("\n"):
            new += "\n"
        return TextFile(f"{before}{new}{after}", self.line_end)

    def _own_ends(self, text: str) -> str:
        return text.replace("\r\n", "\n") if self.line_end == "\r\n" else text


def numbered(lines: Sequence[str], first: int) -> str:
    """Lines with their numbers, as ``cat -n`` writes them."""
    return "\n".join(f"{first + place:6}\t{line}" for place, line in enumerate(lines))


def _split(text: str) -> list[str]:
    """Lines with their ends; only a newline ends one."""
    lines = [f"{line}\n" for line in text.split("\n")]
    lines[-1] = lines[-1][:-1]
    return lines if lines[-1] else lines[:-1]


def _places(text: str, part: str) -> list[int]:
    """Where ``part`` occurs, overlapping or not; at most 100."""
    found: list[int] = []
    place = text.find(part)
    while place >= 0 and len(found) < 100:
        found.append(place)
        place = text.find(part, place + 1)
    return found
