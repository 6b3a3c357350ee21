"""The clipboard, owned in this process for as long as a paste takes.

Typing puts text on the clipboard, presses the paste keys and sees the program fetch it.
What was there before is kept and offered again afterwards.
"""

from __future__ import annotations

import contextlib
import os
import select
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from Xlib import X, Xatom
from Xlib.error import ConnectionClosedError, XError
from Xlib.protocol import event, request

from agent.desktop.server.connection import open_display
from agent.desktop.server.environment import DisplayEnv

CHUNK = 16_000
"""Characters per paste: well below the largest X request."""

_TEXT = ("UTF8_STRING", "text/plain;charset=utf-8", "text/plain", "STRING", "TEXT")
_KEPT = (*_TEXT, "text/html", "text/uri-list", "x-special/gnome-copied-files", "image/png")
_REPLY = 0.3
_LINGER = 0.4
"""Seconds of quiet before the old content comes back: some programs ask twice."""


class Clipboard:
    """One desktop's selections; a thread serves them. Methods may be called from any thread."""

    def __init__(self, env: DisplayEnv) -> None:
        self._display = open_display(env)
        screen = self._display.screen()
        self._window = screen.root.create_window(
            0, 0, 1, 1, 0, X.CopyFromParent, event_mask=X.PropertyChangeMask
        )
        self._atoms = {n: self._display.intern_atom(n) for n in (*_KEPT, "TARGETS", "TIMESTAMP")}
        self._offered: dict[int, dict[str, bytes]] = {}
        self._kept: dict[int, dict[str, bytes]] = {}
        self._restore_at: float | None = None
        self._fetched = threading.Event()
        self._jobs: list[tuple[Callable[[], Any], Future[Any]]] = []
        self._wake_read, self._wake_write = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._closing = False
        self._thread = threading.Thread(target=self._serve, name="clipboard", daemon=True)
        self._thread.start()

    # called from other threads -------------------------------------------------------

    def offer(self, text: str, selection: str = "CLIPBOARD") -> None:
        """Put text on the clipboard, keeping what was there for `restore`."""
        self._call(lambda: self._take(selection, text))

    def wait_fetched(self, timeout: float) -> bool:
        """Whether a program has fetched the offered text within ``timeout`` seconds."""
        return self._fetched.wait(timeout)

    def restore(self) -> None:
        """Offer again what was there before the first `offer`, now."""
        self._call(self._restore)

    def read(self, selection: str = "CLIPBOARD") -> str:
        """Its text; empty if there is none."""
        found = self._call(lambda: self._read(self._display.intern_atom(selection), _TEXT[:1]))
        return bytes(found.get(_TEXT[0], b"")).decode(errors="replace")

    def close(self) -> None:
        """Stop serving."""
        self._closing = True
        with contextlib.suppress(OSError):
            os.write(self._wake_write, b".")
        self._thread.join(2.0)

    def _call(self, job: Callable[[], Any]) -> Any:
        future: Future[Any] = Future()
        self._jobs.append((job, future))
        with contextlib.suppress(BlockingIOError):
            os.write(self._wake_write, b".")
        if self._closing or not self._thread.is_alive():
            raise ConnectionClosedError("the clipboard")
        return future.result(5.0)

    # the serving thread --------------------------------------------------------------

    def _serve(self) -> None:
        try:
            while not self._closing:
                self._step()
        except (OSError, ConnectionClosedError, XError) as error:
            for _, future in self._jobs:
                future.set_exception(error)
        finally:
            self._closing = True
            with contextlib.suppress(OSError, ConnectionClosedError):
                self._display.close()
            os.close(self._wake_read)
            os.close(self._wake_write)

    def _step(self) -> None:
        while self._display.pending_events():
            self._handle(self._display.next_event())
        while self._jobs:
            job, future = self._jobs.pop(0)
            try:
                future.set_result(job())
            except Exception as error:
                future.set_exception(error)
                raise
        wait = None if self._restore_at is None else max(0.0, self._restore_at - time.monotonic())
        if wait == 0.0:
            self._restore()
            wait = None
        self._display.flush()
        if self._display.pending_events():
            return
        ready, _, _ = select.select([self._display, self._wake_read], [], [], wait)
        if self._wake_read in ready:
            with contextlib.suppress(BlockingIOError):
                os.read(self._wake_read, 4096)

    def _take(self, selection: str, text: str) -> None:
        atom = self._display.intern_atom(selection)
        if atom not in self._kept:
            self._kept[atom] = self._read(atom, _KEPT)
        data = text.encode()
        self._offered[atom] = dict.fromkeys(_TEXT, data)
        self._fetched.clear()
        self._restore_at = time.monotonic() + 30.0
        self._own(atom)

    def _own(self, atom: int) -> None:
        self._window.set_selection_owner(atom, X.CurrentTime)
        if self._display.get_selection_owner(atom) != self._window:
            raise ConnectionClosedError("the clipboard cannot be owned")

    def _restore(self) -> None:
        self._restore_at = None
        for atom, kept in self._kept.items():
            if self._display.get_selection_owner(atom) != self._window:
                self._offered.pop(atom, None)
            elif kept:
                self._offered[atom] = kept
            else:
                self._offered.pop(atom, None)
                request.SetSelectionOwner(
                    display=self._display.display,
                    window=X.NONE,
                    selection=atom,
                    time=X.CurrentTime,
                )
        self._kept.clear()
        self._display.flush()

    def _handle(self, got: Any) -> None:
        if got.type == X.SelectionRequest:
            self._answer(got)
        elif got.type == X.SelectionClear:
            self._offered.pop(got.atom, None)
            self._kept.pop(got.atom, None)

    def _answer(self, asked: Any) -> None:
        """Serve one request for the selection."""
        offered = self._offered.get(asked.selection, {})
        where = asked.property or asked.target
        names = {self._atoms[name]: name for name in offered}
        if asked.target == self._atoms["TARGETS"]:
            targets = [self._atoms["TARGETS"], *names]
            asked.requestor.change_property(where, Xatom.ATOM, 32, targets)
        elif asked.target in names:
            kind = self._atoms["UTF8_STRING"] if names[asked.target] == "TEXT" else asked.target
            asked.requestor.change_property(where, kind, 8, offered[names[asked.target]])
        else:
            where = X.NONE
        notice = event.SelectionNotify(
            time=asked.time,
            requestor=asked.requestor,
            selection=asked.selection,
            target=asked.target,
            property=where,
        )
        asked.requestor.send_event(notice)
        self._display.flush()
        if where and asked.target in names and self._from_program(asked.requestor.id):
            self._note_fetch(asked.selection)

    def _note_fetch(self, atom: int) -> None:
        if atom in self._kept:
            self._restore_at = time.monotonic() + _LINGER
            self._fetched.set()

    def _from_program(self, requestor: int) -> bool:
        """False for the server itself, whose VNC part reads every new clipboard."""
        return bool(requestor & ~self._display.display.info.resource_id_mask & 0x1FFFFFFF)

    def _read(self, atom: int, names: tuple[str, ...]) -> dict[str, bytes]:
        """What the present owner offers of the named targets."""
        owner = self._display.get_selection_owner(atom)
        if owner == X.NONE:
            return {}
        if owner == self._window:
            return dict(self._offered.get(atom, {}))
        listed = self._convert(atom, "TARGETS")
        wanted = {self._atoms[n]: n for n in names}
        found = {}
        for target in listed or ():
            if (name := wanted.get(target)) and (data := self._convert(atom, name)) is not None:
                found[name] = bytes(data)
        return found

    def _convert(self, atom: int, target: str) -> Any:
        """Ask the owner for one form of the content; None if it does not answer in time."""
        place = self._display.intern_atom("SAYSO_CLIPBOARD")
        self._window.convert_selection(atom, self._atoms[target], place, X.CurrentTime)
        self._display.flush()
        deadline = time.monotonic() + _REPLY
        while (left := deadline - time.monotonic()) > 0:
            while self._display.pending_events():
                got = self._display.next_event()
                if got.type != X.SelectionNotify:
                    self._handle(got)
                elif got.property == X.NONE:
                    return None
                else:
                    said = self._window.get_full_property(place, X.AnyPropertyType)
                    self._window.delete_property(place)
                    incremental = said and said.property_type == self._display.intern_atom("INCR")
                    return None if said is None or incremental else _plain(said.value)
            select.select([self._display], [], [], left)
        return None


def _plain(value: Any) -> Any:
    return value.encode() if isinstance(value, str) else value
