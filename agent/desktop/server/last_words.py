"""What a program printed last, read for as long as it runs: a full pipe would stop it."""

from __future__ import annotations

import asyncio
import os

from agent.desktop.server.processes import read_pipe

_KEPT = 4000
"""Bytes."""
_LINES = 3
_LONGEST = 400
"""Characters."""
_PATIENCE = 1.0
"""Seconds for what an ended program's children still print."""

_reading: set[asyncio.Task[None]] = set()
"""Holds the tasks, which nobody waits for."""


class LastWords:
    """Reads what is written to `output`, from `listen` on."""

    def __init__(self) -> None:
        self._said = b""
        self._from, self.output = os.pipe2(os.O_CLOEXEC)

    async def listen(self) -> None:
        """Read until the last writer is gone; closes this process's own end of ``output``."""
        os.close(self.output)
        reader, _ = await read_pipe(self._from)
        self._task = asyncio.create_task(self._read(reader), name="a program's output")
        _reading.add(self._task)
        self._task.add_done_callback(_reading.discard)

    async def _read(self, reader: asyncio.StreamReader) -> None:
        while piece := await reader.read(_KEPT):
            self._said = (self._said + piece)[-_KEPT:]

    async def said(self) -> str:
        """Its last lines, once it has ended; empty if it printed none."""
        await asyncio.wait([self._task], timeout=_PATIENCE)
        lines = [line.strip() for line in self._said.decode(errors="replace").splitlines()]
        return " ".join([line for line in lines if line][-_LINES:])[-_LONGEST:]
