"""An editor in memory: what keys do to a text, a caret and a selection in programs of GTK."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from spoken_cases import Case

from agent.desktop.base import Box, Node, Tree
from agent.testing.fake_desktop import FakeDesktop, FakeInput

_SIZE = (1280, 800)


@dataclass
class Buffer:
    """A text with a caret; ``anchor`` is the other end of the selection."""

    text: str = ""
    caret: int = 0
    anchor: int = 0
    clipboard: str = ""
    before: list[tuple[str, int]] = field(default_factory=list)
    """Texts and carets to go back to."""

    undone: list[tuple[str, int]] = field(default_factory=list)

    @property
    def span(self) -> tuple[int, int]:
        return min(self.caret, self.anchor), max(self.caret, self.anchor)

    @property
    def selected(self) -> str:
        begin, end = self.span
        return self.text[begin:end]

    def put(self, text: str) -> None:
        """Write in the place of the selection."""
        begin, end = self.span
        self.change(self.text[:begin] + text + self.text[end:], begin + len(text))

    def change(self, text: str, caret: int) -> None:
        if text != self.text:
            self.before.append((self.text, self.caret))
            self.undone.clear()
        self.text, self.caret, self.anchor = text, caret, caret

    def erase(self, begin: int, end: int) -> None:
        """Take away the selection, else a stretch."""
        if self.selected:
            return self.put("")
        begin, end = max(begin, 0), min(end, len(self.text))
        return self.change(self.text[:begin] + self.text[end:], begin)

    def back(self, source: list[tuple[str, int]], into: list[tuple[str, int]]) -> None:
        if source:
            into.append((self.text, self.caret))
            self.text, self.caret = source.pop()
            self.anchor = self.caret

    def line(self, offset: int) -> tuple[int, int]:
        """Begin and end of the line at an offset."""
        end = self.text.find("\n", offset)
        return self.text.rfind("\n", 0, offset) + 1, len(self.text) if end < 0 else end

    def other_line(self, step: int) -> int:
        """The offset as far in the line above or below."""
        begin, end = self.line(self.caret)
        if (step < 0 and begin == 0) or (step > 0 and end == len(self.text)):
            return 0 if step < 0 else len(self.text)
        first, last = self.line(begin - 1 if step < 0 else end + 1)
        return min(first + self.caret - begin, last)

    def word(self, step: int) -> int:
        """The end of the next word, or the beginning of the one before."""
        spans = [m.span() for m in re.finditer(r"\w+", self.text)]
        if step > 0:
            return next((end for _, end in spans if end > self.caret), len(self.text))
        return next((begin for begin, _ in reversed(spans) if begin < self.caret), 0)


_MOVES: dict[str, Callable[[Buffer], int]] = {
    "Left": lambda b: max(b.caret - 1, 0),
    "Right": lambda b: min(b.caret + 1, len(b.text)),
    "Up": lambda b: b.other_line(-1),
    "Down": lambda b: b.other_line(1),
    "Home": lambda b: b.line(b.caret)[0],
    "End": lambda b: b.line(b.caret)[1],
    "ctrl+Home": lambda _: 0,
    "ctrl+End": lambda b: len(b.text),
    "ctrl+Left": lambda b: b.word(-1),
    "ctrl+Right": lambda b: b.word(1),
    "Page_Up": lambda _: 0,
    "Page_Down": lambda b: len(b.text),
}


class EditorInput(FakeInput):
    """Keys go into a text."""

    def __init__(self) -> None:
        super().__init__()
        self.buffer = Buffer()
        self.pressed: Callable[[str], None] = lambda _: None
        """Told of each combination when it was pressed."""

    async def type(self, text: str) -> None:
        self._do(f"type {text}")
        self.buffer.put(text)

    async def key(self, combo: str, *, repeat: int = 1) -> None:
        await super().key(combo, repeat=repeat)
        for _ in range(repeat):
            self._press(combo)
        self.pressed(combo)

    async def clipboard(self) -> str:
        return self.buffer.clipboard

    def _press(self, combo: str) -> None:
        buffer = self.buffer
        extends = combo.startswith("shift+") or "+shift+" in combo
        if move := _MOVES.get(combo.replace("shift+", "")):
            return self._move(move(buffer), combo, extends=extends)
        match combo:
            case "Return":
                buffer.put("\n")
            case "Tab":
                buffer.put("\t")
            case "space":
                buffer.put(" ")
            case "BackSpace":
                buffer.erase(buffer.caret - 1, buffer.caret)
            case "Delete":
                buffer.erase(buffer.caret, buffer.caret + 1)
            case "ctrl+a":
                buffer.anchor, buffer.caret = 0, len(buffer.text)
            case "ctrl+c" | "ctrl+x":
                buffer.clipboard = buffer.selected or buffer.clipboard
                if combo == "ctrl+x" and buffer.selected:
                    buffer.put("")
            case "ctrl+v":
                buffer.put(buffer.clipboard)
            case "ctrl+z":
                buffer.back(buffer.before, buffer.undone)
            case "ctrl+shift+z" | "ctrl+y":
                buffer.back(buffer.undone, buffer.before)
            case _ if len(combo) == 1:
                buffer.put(combo)
            case _:
                pass
        return None

    def _move(self, to: int, combo: str, *, extends: bool) -> None:
        """Move the caret; one step out of a selection goes to its end."""
        buffer = self.buffer
        if not extends and buffer.selected and combo in ("Left", "Right"):
            to = buffer.span[combo == "Right"]
        buffer.caret = to
        if not extends:
            buffer.anchor = to


class EditorDesktop(FakeDesktop):
    """A desktop of one editor with a caret and a selection."""

    def __init__(self) -> None:
        super().__init__(width=_SIZE[0], height=_SIZE[1])
        self.typed = EditorInput()
        self.input = self.typed

    role = "text"
    """What holds the text: "terminal" for a command line."""

    async def start(self) -> None:
        await super().start()
        self.input.resume()

    async def tree(self) -> Tree:
        if not self.shown:
            return Tree()
        buffer = self.typed.buffer
        here = frozenset({"showing", "active"})
        frame = Node("0", None, "mousepad", "frame", self.shown[0].title, Box(0, 0, *_SIZE), here)
        states = frozenset({"showing", "editable", "focused"})
        node = Node("1", "0", "mousepad", self.role, "", Box(0, 40, 1280, 760), states, buffer.text)
        return Tree((frame, node))

    async def text_of(self, node: Node) -> str:
        return self.typed.buffer.text

    async def lines_of(self, node: Node) -> tuple[tuple[str, Box], ...]:
        lines = self.typed.buffer.text.split("\n")
        return tuple((line, Box(0, 40 + 20 * n, 1280, 20)) for n, line in enumerate(lines))

    async def caret_of(self, node: Node) -> int:
        return self.typed.buffer.caret

    async def selection_of(self, node: Node) -> str:
        return self.typed.buffer.selected

    def _seen(self) -> tuple[object, ...]:
        buffer = self.typed.buffer
        return (*super()._seen(), buffer.text, buffer.caret, buffer.anchor)


class EditorStage:
    """Sets the editor's text, caret and selection as a case wants them."""

    def __init__(self) -> None:
        self._desktop = EditorDesktop()

    @property
    def desktop(self) -> EditorDesktop:
        return self._desktop

    async def set(self, case: Case) -> None:
        self._desktop = EditorDesktop()
        given, typed = case.given, self._desktop.typed
        text = given.get("text", "")
        typed.buffer = Buffer(text, len(text), len(text))
        for combo in given.get("keys", ()):
            await typed.key(combo)
        if words := given.get("after"):
            typed.buffer.caret = typed.buffer.anchor = text.index(words) + len(words)
        if words := given.get("selected"):
            typed.buffer.anchor = text.index(words)
            typed.buffer.caret = typed.buffer.anchor + len(words)
