"""Recorded sessions over HTTP: timeline, steps, comparison and pictures.

A recording is named ``session/ID`` or ``trial/EXPERIMENT/ID``. Both belong to a person.
"""

from __future__ import annotations

import asyncio
import functools
import json
import re
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bokeh.server.views.auth_request_handler import AuthRequestHandler
from tornado.web import RequestHandler

from agent.disk import DiskHangs, at_hand
from agent.errors import JournalError, SaysoError
from agent.replay.details import step_detail
from agent.replay.divergence import compare
from agent.replay.recording import (
    MEDIA_TYPES,
    Recording,
    image_file,
    load_recording,
    recording_folder,
    recording_stamp,
)
from agent.replay.timeline import as_json, build_timeline
from dashboard.web.disk import from_disk
from dashboard.web.lock import by_address
from dashboard.web.workbench import workbench

NAME = r"session/[\w.-]+|trial/[\w.-]+/[\w.-]+"
"""A recording's name, as a part of a route's pattern."""

_PART = re.compile(r"[A-Za-z0-9][\w.-]{0,199}")
_KEPT = 4
_WHAT = "this recording"
_LONGER = 6
"""A whole replay is made of what is read."""


def find_recording(name: str, owner: str | None) -> Path | None:
    """The folder of a recording that ``owner`` may see; None if there is none such.

    It reads the disk. ``owner`` is None for somebody who was not let in.
    """
    kind, *parts = name.split("/")
    if owner is None or not all(_PART.fullmatch(part) for part in parts):
        return None
    bench = workbench()
    if kind == "session" and len(parts) == 1:
        return bench.sessions.folder(parts[0], owner)
    if kind == "trial" and len(parts) == 2:
        folder = bench.experiments_of(owner) / parts[0] / "trials" / parts[1]
        return folder if folder.is_dir() else None
    return None


def read_recording(folder: Path) -> Recording:
    """The recording in a folder; those last read are remembered until they grow.

    Raises:
        JournalError: it is damaged.
    """
    return _read(folder, recording_stamp(folder))


@functools.lru_cache(maxsize=_KEPT)
def _read(folder: Path, stamp: tuple[int, ...]) -> Recording:
    return load_recording(folder)


class RecordingHandler(AuthRequestHandler, RequestHandler):
    """A route under ``/recordings/NAME/…`` for whoever may see that recording."""

    owner: str | None
    folder: Path

    async def prepare(self) -> None:
        await super().prepare()
        self.owner = workbench().identity.known(self.request)
        if self.current_user is None:
            self.send_error(403, reason="Sign in first.")
            return
        try:
            folder = await from_disk(lambda: find_recording(self.name, self.owner), _WHAT)
        except JournalError as error:
            self._say_hangs(str(error))
            return
        if folder is None:
            self.send_error(404, reason="No such recording.")
        else:
            self.folder = folder

    def _say_hangs(self, text: str) -> None:
        self.set_status(503)
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.set_header("Cache-Control", "no-store")
        self.finish(text)

    @property
    def name(self) -> str:
        """The recording's name."""
        return self.path_args[0]

    async def answer(self, make: Callable[[], Any]) -> None:
        """Make the answer in a thread; what goes wrong is told in words."""
        try:
            data = await from_disk(lambda: json.dumps(make()), _WHAT, longer=_LONGER)
        except (SaysoError, IndexError) as error:
            self.set_status(422)
            data = json.dumps({"error": str(error)})
        self.set_header("Content-Type", "application/json")
        self.set_header("Cache-Control", "no-store")
        self.write(data)


class RecordingTimeline(RecordingHandler):
    """``/recordings/NAME/timeline``: everything that a replay shows at first sight."""

    async def get(self, name: str) -> None:
        await self.answer(lambda: as_json(build_timeline(read_recording(self.folder).events)))


class RecordingStep(RecordingHandler):
    """``/recordings/NAME/steps/SEQ``: what lies behind one step."""

    async def get(self, name: str, seq: str) -> None:
        await self.answer(lambda: step_detail(read_recording(self.folder), int(seq)))


class RecordingPrompt(RecordingHandler):
    """``/recordings/NAME/prompt``: the system prompt as the model had it."""

    async def get(self, name: str) -> None:
        await self.answer(lambda: {"prompt": read_recording(self.folder).prompt})


class RecordingComparison(RecordingHandler):
    """``/recordings/NAME/against/OTHER``: the two, action by action."""

    async def get(self, name: str, other: str) -> None:
        try:
            second = await from_disk(lambda: find_recording(other, self.owner), _WHAT)
        except JournalError as error:
            self._say_hangs(str(error))
            return
        if second is None:
            self.send_error(404, reason="No such recording.")
            return
        await self.answer(lambda: _compared(self.folder, second))


@by_address  # of its content's hash
class RecordingImage(RecordingHandler):
    """``/recordings/NAME/images/SHA``: bytes never change, so they may be cached for good."""

    async def get(self, name: str, sha256: str) -> None:
        try:
            picture = await asyncio.to_thread(at_hand, lambda: _picture(self.folder, sha256))
        except DiskHangs:
            self._say_hangs("The disk with this picture does not answer. Try again later.")
            return
        if picture is None:
            self.send_error(404, reason="No such picture.")
            return
        kind, content = picture
        self.set_header("Content-Type", kind)
        self.set_header("Cache-Control", "private, max-age=31536000, immutable")
        self.write(content)


def _picture(folder: Path, sha256: str) -> tuple[str, bytes] | None:
    """A picture's media type and bytes."""
    try:
        path = image_file(recording_folder(folder), sha256)
    except SaysoError:
        return None
    return None if path is None else (MEDIA_TYPES[path.suffix], path.read_bytes())


def _compared(a: Path, b: Path) -> dict[str, Any]:
    found = compare(read_recording(a).events, read_recording(b).events)
    return {"rows": [asdict(row) for row in found.rows], "first": found.first, "note": found.note}


def routes() -> list[tuple[str, type[RequestHandler]]]:
    """All routes of this module."""
    return [
        (rf"/recordings/({NAME})/timeline", RecordingTimeline),
        (rf"/recordings/({NAME})/steps/(\d{{1,9}})", RecordingStep),
        (rf"/recordings/({NAME})/prompt", RecordingPrompt),
        (rf"/recordings/({NAME})/against/({NAME})", RecordingComparison),
        (rf"/recordings/({NAME})/images/([0-9a-f]{{64}})", RecordingImage),
    ]
