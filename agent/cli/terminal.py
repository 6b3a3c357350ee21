"""A session seen from a terminal: its events as lines, its questions asked and answered."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Callable
from types import TracebackType
from typing import TextIO

from agent.record import events as ev
from agent.session.approval import shown
from agent.session.describe import describe_limit
from agent.session.ending import Ending
from agent.session.network import RULE as NETWORK_RULE
from agent.session.session import Session

_SESSION = ("session", "for this session", "yes for this session")
_ALWAYS = ("always", "yes always")
_STOPS = ("stop", "stop it", "stop that", "stop now", "halt", "abort", "cancel", "never mind")
"""Lines that stop the agent at once, as Ctrl-C does, instead of being told to it."""

_SIGNS = {
    "done": "✓",
    "answered": "✓",
    **dict.fromkeys(("ended", "denied", "undone", "unclear"), "✗"),
}
_WORDS = {
    "ended": "ended: the last action did not succeed",
    "denied": "ended: the last action was not allowed",
    "undone": "not done",
    "unclear": "not understood",
}


def tell(text: str) -> None:
    """Say something on the error output; where nobody can read that, nothing happens."""
    if sys.stderr is not None:
        with contextlib.suppress(OSError, ValueError):
            print(text, file=sys.stderr, flush=True)


class Printer:
    """Writes what happens, as sentences or as one JSON event a line.

    ``lost`` is called once, with the reason, when nothing can be written any more: the
    reader of a pipe went away, or the disk is full.
    """

    def __init__(
        self, out: TextIO, *, as_json: bool = False, lost: Callable[[OSError], object]
    ) -> None:
        self._out = out
        self._json = as_json
        self._inline = False
        self._lost = lost
        self._ending = Ending()
        self.failed = False
        """Whether nothing can be written any more."""

    def show(self, event: ev.Event) -> None:
        """Print one event; those without news for a person are left out."""
        if self.failed:
            return
        try:
            self._show(event)
        except OSError as error:
            self.give_up(error)

    def give_up(self, error: OSError) -> None:
        """Write nothing any more, for the reason given."""
        if not self.failed:
            self.failed = True
            self._lost(error)

    def end_line(self) -> None:
        """Whatever is written next, here or to the error output, stands on a line of its own."""
        if self._inline and not self.failed:
            print(file=self._out, flush=True)
        self._inline = False

    def _show(self, event: ev.Event) -> None:
        self._ending.add(event)
        if self._json:
            print(ev.dump_event(event), file=self._out, flush=True)
        elif isinstance(event, ev.TextStreamed):
            if event.role != "thinking":
                print(_safe(event.text), end="", file=self._out, flush=True)
                self._inline = not event.text.endswith("\n")
        elif line := self._line(event):
            print("\n" * self._inline + line, file=self._out, flush=True)
            self._inline = False

    def _line(self, event: ev.Event) -> str:
        if not isinstance(event, ev.TaskFinished):
            return _line(event)
        word = self._ending.word(event)
        return f"{_SIGNS.get(word, '■')} {_WORDS.get(word, word)}"


class Person:
    """Whoever sits at the terminal. Without a terminal, every question is answered no.

    Reads lines on the event loop while the ``with`` block runs; a line answers the open
    approval or question, or else is said to the agent; *stop* stops it.
    """

    def __init__(self, session: Session, lines: TextIO | None) -> None:
        self._session = session
        self._lines = lines
        self._present = lines is not None and lines.isatty()

    def __enter__(self) -> Person:
        self._unsubscribe = self._session.log.subscribe(self._asked)
        if self._present and self._lines is not None:
            asyncio.get_running_loop().add_reader(self._lines.fileno(), self._read)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._unsubscribe()
        self._read_no_more()

    def _read_no_more(self) -> None:
        if self._present and self._lines is not None:
            asyncio.get_running_loop().remove_reader(self._lines.fileno())
        self._present = False

    def _asked(self, event: ev.Event | None) -> None:
        if self._present:
            return
        loop = asyncio.get_running_loop()
        if isinstance(event, ev.ApprovalAsked):
            tell(f"No terminal to ask on: denied. {_beforehand(event)}")
            loop.call_soon(self._deny, event.approval_id)
        elif isinstance(event, ev.QuestionAsked):
            tell("No terminal to ask on: answered no.")
            loop.call_soon(self._session.answer, event.question_id, "no")

    def _leave(self) -> None:
        """The end of the input (Ctrl-D): what is asked now is answered no, as all later."""
        self._read_no_more()
        self._asked(self._session.status.pending_approval)
        self._asked(self._session.status.question)

    def _deny(self, approval_id: str) -> None:
        self._session.approve(approval_id, "deny", channel="terminal", note="no terminal")

    def _decide(self, asked: ev.ApprovalAsked, words: str) -> None:
        plain = _plain(words)
        session, always = (asked.lasting and plain in words for words in (_SESSION, _ALWAYS))
        agreed = session or always or plain in (_plain(asked.phrase), "y", "yes")
        agreed = agreed or (asked.lasting and plain == "once")
        self._session.approve(
            asked.approval_id,
            "allow" if agreed else "deny",
            channel="terminal",
            note=words,
            for_session=session,
            for_good=always,
        )
        tell(f"({'allow' if agreed else 'deny'})")

    def _read(self) -> None:
        try:
            line = self._lines.readline() if self._lines is not None else ""
        except UnicodeDecodeError:
            tell("(That line is not in the terminal's encoding, so it was left out.)")
            return
        except OSError:  # the terminal was closed
            line = ""
        if not line:
            self._leave()
            return
        words, status = line.strip(), self._session.status
        asked = status.pending_approval
        if _plain(words) in _STOPS:
            self._session.stop(f"You typed “{words}”", source="terminal")
        elif asked is not None:
            self._decide(asked, words)
        elif status.question is not None:
            self._session.answer(status.question.question_id, words)
        elif words:
            self._session.say(words, source="terminal")


def _beforehand(asked: ev.ApprovalAsked) -> str:
    """How it can be allowed by whoever starts the command."""
    if asked.rule == NETWORK_RULE:
        return "Allow a host with --reach HOST:443, or every public host with --network open."
    return f"Allow with --yes-to “{asked.rule}”."


def _plain(text: str) -> str:
    return "".join(c for c in text.lower() if c.isalnum() or c == " ").strip()


def _safe(text: str) -> str:
    """Model and screen text without the escapes that would drive the terminal."""
    return "".join(c if c.isprintable() or c in "\n\t" else "·" for c in text)


def _desktop_line(event: ev.DesktopChanged) -> str:
    confined = "" if event.confined or event.state != "ready" else " (not confined)"
    watched = f" (programs are not watched: {event.unwatched})" if event.unwatched else ""
    bounded = f" (programs are not bounded: {event.unbounded})" if event.unbounded else ""
    return f"· desktop {event.state}{confined}{watched}{bounded} {event.detail}".rstrip()


def _line(event: ev.Event) -> str:
    match event:
        case ev.DesktopChanged():
            return _desktop_line(event)
        case ev.ActionProposed():
            given = ", ".join(f"{k}={shown(str(v), 60)}" for k, v in event.input.items())
            return f"→ {event.name}({given})"
        case ev.ActionOutput():
            return "\n".join(f"  | {line}" for line in _safe(event.text).splitlines())
        case ev.ActionFinished() if event.is_error:
            return f"  ✗ {shown(event.words, 200)}"
        case ev.ApprovalAsked() | ev.QuestionAsked():
            return f"? {event.question if isinstance(event, ev.ApprovalAsked) else event.text}"
        case ev.TaskQueued():
            after = "this" if event.waits_for == "task" else "the mouse is given back"
            return f"… done after {after}: {shown(event.text, 200)}"
        case ev.TaskUnqueued():
            return "· not done: it waited for what was stopped" if event.fate == "kept" else ""
        case ev.Replied():
            return f"· {event.text}"
        case ev.ApprovalDecided():
            return f"  {event.decision} ({event.channel})"
        case ev.ScreenLabelled() if event.labels and not event.grid:
            return "  " + "  ".join(
                _safe(f"{each.text} {each.name}".strip()) for each in event.labels
            )
        case ev.DictationChanged():
            return "· What you write is typed." if event.on else "· What you write is a command."
        case ev.RetryWaiting():
            return f"… {event.reason} Trying again in {event.seconds:.1f} s."
        case ev.DesktopRenewed() | ev.HomeChanged() | ev.ServerLearned():
            return f"· {_safe(event.text)}" if event.text else ""
        case ev.HostRefused(why="declined" | "unanswered" | "off" | "crowded"):
            return f"· {_safe(event.text)}."
        case ev.GateChanged():
            return f"! {_safe(event.text)}"
        case ev.Compacted():
            return f"· {event.reason}"
        case ev.LimitReached():
            return f"! {describe_limit(event)}"
        case ev.Failed():
            return f"✗ {_safe(event.error)} {event.advice}".rstrip()
        case ev.Stopped():
            return f"■ Stopped: {event.reason}."
        case _:
            return ""
