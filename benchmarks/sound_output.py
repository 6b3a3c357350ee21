"""How long a tool's output keeps the event loop, from 30 kB to 3 MB of many kinds.

A session with its journal on disk and the page's own reduction of the log runs a command that
prints it. Meanwhile sleeps of a millisecond are measured: by how much they are too long is how
long Stop or a spoken word would have waited. The first row prints nothing: what the machine
itself does meanwhile. The last row is processor time of the loop's own thread between two such
sleeps, which other programs on the machine do not make longer.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from agent.desktop.base import Process
from agent.record import events as ev
from agent.session.session import Session
from agent.settings import Settings
from agent.testing.fake_desktop import FakeDesktop, FakeProcess
from agent.testing.scripted import ScriptedModel, call, done, says
from agent.tools.editor import EditorTool
from agent.tools.shell import ShellTool
from dashboard.transcript import Transcript
from dashboard.views.tools.results import Results

_CHUNK = 65536
_FLUSH = 0.05

KINDS = {
    "one line": b"a",
    "lines": b"a line of a log with some words in it\n",
    "a progress bar": b"\r[=====>    ] 41%",
    "line ends": b"\n",
    "colours": b"\x1b[31mred\x1b[0m ",
    "half an escape": b"\x1b[0",
    "control characters": b"\0\x07\x08",
    "letters beyond ASCII": "é漢😀".encode(),
    "Latin-1": b"caf\xe9 ",
    "noise": os.urandom(4096),
}
SIZES = (30_000, 300_000, 3_000_000)
_REPEATS = 4


@dataclass
class _Lags:
    """Milliseconds: sleeps' excess, and the loop's own work between them."""

    wall: list[float] = field(default_factory=list)
    own: list[float] = field(default_factory=list)

    async def sample(self) -> None:
        """Measure once."""
        began, worked = time.perf_counter(), time.thread_time()
        await asyncio.sleep(0.001)
        self.wall.append(1000 * (time.perf_counter() - began - 0.001))
        self.own.append(1000 * (time.thread_time() - worked))

    @property
    def p99(self) -> float:
        """Of the sleeps' excess."""
        return statistics.quantiles(self.wall, n=100, method="inclusive")[98]


class _Prints(FakeProcess):
    """A program that prints so many bytes at once."""

    def __init__(self, data: bytes) -> None:
        super().__init__([])
        self._data = data

    async def read(self) -> AsyncIterator[bytes]:
        return self._chunks()

    async def _chunks(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self._data), _CHUNK):
            yield self._data[start : start + _CHUNK]
            await asyncio.sleep(0)


class _Desktop(FakeDesktop):
    """A desktop whose commands print what is laid out for them."""

    prints = b""

    async def spawn(self, argv: Sequence[str], *, cwd: str | None = None) -> Process:
        printed, self.prints = self.prints, b""
        return _Prints(printed)


class _Page:
    """What a page makes of the log, 20 times a second."""

    def __init__(self, session: Session) -> None:
        self._parts = Transcript(str), Results(str)
        session.log.subscribe(self._feed)

    def _feed(self, event: ev.Event) -> None:
        self._parts[0].feed(event)
        self._parts[1].add(event)

    async def flush(self) -> None:
        while True:
            await asyncio.sleep(_FLUSH)
            json.dumps([self._parts[0].drain(), self._parts[1].listed()])


async def measure() -> dict[str, float]:
    """Milliseconds by which the loop was late while output came: p99 and longest of each kind."""
    found, worst = {}, 0.0
    with tempfile.TemporaryDirectory() as folder:
        await _lags(folder, "first", [b"once"], [])  # what is loaded when it is needed first
        found["nothing printed, p99 ms"] = (await _lags(folder, "none", [b""] * 3, [])).p99
        for name, unit in KINDS.items():
            outputs = [(unit * (size // len(unit) + 1))[:size] for size in SIZES * _REPEATS]
            lags = await _lags(folder, name, outputs, [])
            found[f"{name}, p99 ms"] = lags.p99
            worst = max(worst, *lags.own)
        home = Path(folder, "home")
        home.mkdir()
        files = [b"x" * SIZES[2], b"line\n" * 600_000, b"caf\xe9\n" * 500_000]
        for number, data in enumerate(files):
            (home / f"{number}").write_bytes(data)
        viewed = await _lags(folder, "viewed", [], [f"{n}" for n in range(len(files))])
        found["files viewed, p99 ms"] = viewed.p99
        found["longest work of the loop in one go, ms"] = max(worst, *viewed.own)
    return found


async def _lags(folder: str, name: str, outputs: Sequence[bytes], views: Sequence[str]) -> _Lags:
    desktop = _Desktop(home=Path(folder, "home"))
    script = [
        [*call("bash", toolset=None, command=f"print {n}"), *done("tool_use")]
        for n in range(len(outputs))
    ]
    editor = "str_replace_based_edit_tool"
    script += [
        [*call(editor, toolset=None, command="view", path=p), *done("tool_use")] for p in views
    ]
    session = Session.create(
        Settings(_env_file=None, data_dir=Path(folder), model="offline", allow=("shell",)),
        session_id="".join(c for c in name if c.isalpha()),
        desktop=desktop,
        model=ScriptedModel([*script, [*says("Done."), *done()]]),
        tools=(ShellTool(desktop), EditorTool(desktop)),
    )
    await session.open()
    page = asyncio.create_task(_Page(session).flush())
    waiting = list(outputs)

    def lay_out(event: ev.Event) -> None:
        if isinstance(event, ev.ActionStarted) and waiting:
            desktop.prints = waiting.pop(0)

    session.log.subscribe(lay_out)
    session.say("Print.")
    lags = _Lags()
    idle = asyncio.create_task(session.wait_idle(120))
    while not idle.done():
        await lags.sample()
    page.cancel()
    await session.close()
    failed = [event.text for event in session.log.of(ev.ActionFinished) if event.is_error]
    assert not failed, failed[0]
    return lags
