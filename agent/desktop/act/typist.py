"""Exact text, whatever the characters: keys for short ASCII, the clipboard for the rest."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from Xlib import XK, X

from agent.desktop.act import keys
from agent.desktop.act.clipboard import CHUNK, Clipboard
from agent.desktop.act.strokes import Strokes
from agent.errors import BadInput, KeyboardMoved

LONGEST = 200_000
_SHORT = 24
_FETCH = 1.0
_REMAP_PAUSE = 0.03
_RUN_CAP = 0.12
_RUN_QUIET = 0.02
_ECHO_CAP = 0.25  # terminals fetch once to look and again to paste: only the echo tells
_ECHO_QUIET = 0.015
_STEP = 0.003
_SHIFT_INSERT = ("xterm", "urxvt", "rxvt", "st-256color")
_TERMINALS = ("terminal", "konsole", "kitty", "alacritty", "tilix", "terminator", "foot")
_ALLOWED_CONTROLS = "\n\r\t"


def check(text: object) -> str:
    """The text with line ends made one.

    Raises:
        BadInput: it is no text, too long, or holds control characters.
    """
    if not isinstance(text, str):
        raise BadInput(f"Text to type must be a string, not {type(text).__name__}.")
    if not text:
        raise BadInput("There is no text to type.")
    if len(text) > LONGEST:
        raise BadInput(
            f"{len(text)} characters are too many to type (at most {LONGEST}). "
            "Write them to a file and open it."
        )
    for character in text:
        if (ord(character) < 32 or ord(character) == 127) and character not in _ALLOWED_CONTROLS:
            raise BadInput(
                f"The text holds a control character ({character!r}). Leave it out; "
                "press keys such as Escape or ctrl+c with the key action."
            )
        if 0xD800 <= ord(character) <= 0xDFFF:
            raise BadInput("The text holds half a character (a lone surrogate). Leave it out.")
    return text.replace("\r\n", "\n").replace("\r", "\n")


class _Aim:
    """The window that text is meant for: what has the keyboard when typing begins."""

    def __init__(self, strokes: Strokes, length: int) -> None:
        self._strokes = strokes
        self._length = length
        self._focus = strokes.focus()
        self._window = strokes.keyboard()
        self.typed = 0

    def check(self) -> None:
        """Raise `KeyboardMoved` if keys would not reach the window any more."""
        focus = self._strokes.focus()
        if focus != self._focus:
            self._focus = focus
            if self._strokes.keyboard() != self._window:
                raise KeyboardMoved(self.typed, self._length)
        if not self._window:
            raise KeyboardMoved(self.typed, self._length)


class Typist:
    """Types on the input thread."""

    def __init__(
        self, strokes: Strokes, clipboard: Clipboard, last_change: Callable[[float], float | None]
    ) -> None:
        self._strokes = strokes
        self._clipboard = clipboard
        self._last_change = last_change

    def type(self, text: str) -> None:
        """Type checked text into the window that has the keyboard.

        Stops between flushes when told, and when the keyboard goes to another window.

        Raises:
            KeyboardMoved: before or while it was typed.
        """
        self._strokes.read_map()
        with self._strokes.locks.neutral():
            self._type(text, _Aim(self._strokes, len(text)))

    def _type(self, text: str, aim: _Aim) -> None:
        if self._by_keys(text):
            for character in text:
                aim.check()
                self._press(character)
                aim.typed += 1
            return
        wm_class = self._strokes.active_class()
        for piece in self._pieces(text, wm_class):
            self._strokes.gate.check()
            aim.check()
            if piece == "\n":
                self._press("\n")
                self._let_run(wm_class)
            else:
                self._paste(piece, wm_class)
            aim.typed += len(piece)

    def _let_run(self, wm_class: str) -> None:
        """After Return in a terminal: a shell that starts a program swallows what comes at once."""
        if is_terminal(wm_class):
            self._await_change(_RUN_CAP, _RUN_QUIET)

    def _await_change(self, cap: float, quiet: float) -> None:
        """Wait until the screen has changed and been quiet, at most ``cap`` seconds."""
        began = time.monotonic()
        while (now := time.monotonic()) < began + cap:
            last = self._last_change(began)
            if last is not None and now - last >= quiet:
                return
            self._strokes.gate.pause(_STEP)

    def _by_keys(self, text: str) -> bool:
        if text.strip("\n\t") == "":
            return len(text) <= _SHORT
        plain = "\t" not in text and "\n" not in text[:-1] and len(text) <= _SHORT
        return plain and all(self._strokes.can_type(keys.keysym_of(c)) for c in text)

    def _press(self, text: str) -> None:
        for character in text:
            self._strokes.stroke(keys.keysym_of(character), repr(character))

    @staticmethod
    def _pieces(text: str, wm_class: str) -> Iterator[str]:
        """Pastes and Returns. Terminals get each line by itself: pasted ends do not run it."""
        body, ends = text, 0
        while body.endswith("\n"):
            body, ends = body[:-1], ends + 1
        lines = body.split("\n") if is_terminal(wm_class) else [body]
        for number, line in enumerate(lines):
            if number:
                yield "\n"
            for start in range(0, len(line), CHUNK):
                yield line[start : start + CHUNK]
        yield from "\n" * ends

    def _paste(self, text: str, wm_class: str) -> None:
        primary = any(name in wm_class for name in _SHIFT_INSERT)
        combo = "ctrl+shift+v" if is_terminal(wm_class) and not primary else "ctrl+v"
        self._clipboard.offer(text, "PRIMARY" if primary else "CLIPBOARD")
        pressed = keys.parse("shift+Insert" if primary else combo)
        with self._strokes.having(sym for _, sym in pressed), self._strokes.holding(pressed):
            pass
        if not self._fetched():
            self._clipboard.restore()
            self._remapped(text)
        elif is_terminal(wm_class):
            self._await_change(_ECHO_CAP, _ECHO_QUIET)

    def _fetched(self) -> bool:
        for _ in range(20):
            if self._clipboard.wait_fetched(_FETCH / 20):
                return True
            self._strokes.gate.check()
        return False

    def _remapped(self, text: str) -> None:
        """Where paste is refused: keys, with foreign characters put on spare codes first."""
        foreign = [c for c in dict.fromkeys(text) if not self._strokes.can_type(keys.keysym_of(c))]
        spare = self._strokes.spare_codes()
        if not foreign:
            self._press(text)
            return
        if not spare:
            raise BadInput("The focused program takes no paste and no key is free for the text.")
        used: list[int] = []
        try:
            start = 0
            while start < len(text):
                start = self._batch(text, start, spare, used)
        finally:
            for code in used:
                self._strokes.assign(code, 0)
            self._strokes.read_map()

    def _batch(self, text: str, start: int, spare: list[int], used: list[int]) -> int:
        """Type from ``start`` as far as the spare codes reach; return where that ends."""
        codes: dict[str, int] = {}
        end = start
        while end < len(text):
            character = text[end]
            if not self._strokes.can_type(keys.keysym_of(character)) and character not in codes:
                if len(codes) == len(spare):
                    break
                codes[character] = spare[len(codes)]
            end += 1
        self._strokes.gate.pause(_REMAP_PAUSE)
        for character, code in codes.items():
            used.append(code)
            self._strokes.assign(code, keys.keysym_of(character))
        self._strokes.gate.pause(_REMAP_PAUSE)
        for character in text[start:end]:
            if character in codes:
                self._strokes.tap(X.KeyPress, codes[character], repr(character))
            else:
                self._press(character)
        self._strokes.gate.pause(_REMAP_PAUSE)
        return end


def is_terminal(wm_class: str) -> bool:
    """Whether a window's class, in lower case, is that of a terminal."""
    return any(name in wm_class for name in (*_TERMINALS, *_SHIFT_INSERT))


def is_paste(combo: list[tuple[str, int]]) -> bool:
    """Whether a key combination may read the clipboard."""
    return any(keysym in {ord("v"), ord("V"), XK.XK_Insert} for _, keysym in combo)
