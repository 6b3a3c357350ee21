"""The web site of a task, served on its desktop's own loopback, and what was asked of it there.

No program outside the desktop can reach it, and it ends with the desktop. What was asked is told
through a pipe, so that nothing on the desktop can take it back.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

from agent.desktop.base import Desktop, Process
from agent.errors import ConfigurationError, ToolError

PORT = 8080
ADDRESS = f"http://localhost:{PORT}"
"""Where programs on the desktop find the site."""

PATIENCE = 60.0
"""Seconds until it must serve."""

_MOST_REQUESTS = 5000
_LONGEST_LINE = 1 << 20
"""Bytes of what is told of one request; longer ones are left out."""


@dataclass(frozen=True, slots=True)
class Request:
    """One thing that a site was asked."""

    method: str
    path: str
    fields: Mapping[str, str]
    """Of a form, or of the address. Of a file its name, with its SHA-256 as ``NAME.sha256``."""


class Site:
    """A site that is served, for as long as its desktop runs."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._requests: list[Request] = []
        self._said = ""
        self._ready = asyncio.Event()
        self._reading = asyncio.create_task(self._read(), name="a task's site")

    @property
    def requests(self) -> tuple[Request, ...]:
        """What it was asked so far, in order."""
        return tuple(self._requests)

    async def ready(self) -> None:
        """Wait until it serves.

        Raises:
            ConfigurationError: it does not; the text has the last of what it printed.
        """
        waiting = asyncio.create_task(self._ready.wait())
        await asyncio.wait(
            (waiting, self._reading), timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED
        )
        waiting.cancel()
        if not self._ready.is_set():
            raise ConfigurationError(
                f"The task's site is not served. {self._said[-300:] or 'It said nothing.'}"
            )

    async def close(self) -> None:
        """Read what is left; the desktop must have ended."""
        await asyncio.wait((self._reading,), timeout=PATIENCE)
        self._reading.cancel()

    async def _read(self) -> None:
        rest = b""
        async for piece in await self._process.read():
            *lines, rest = (rest + piece).split(b"\n")
            for line in lines:
                self._take(line)
            rest = rest[: _LONGEST_LINE + 1]

    def _take(self, line: bytes) -> None:
        try:
            told = json.loads(line) if len(line) <= _LONGEST_LINE else None
        except ValueError:
            self._said += line.decode("utf-8", "replace") + " "
            self._said = self._said[-_LONGEST_LINE:]
            return
        if isinstance(told, dict) and "ready" in told:
            self._ready.set()
        elif isinstance(told, dict) and len(self._requests) < _MOST_REQUESTS:
            self._requests.append(Request(told["method"], told["path"], told["fields"]))


async def serve(desktop: Desktop, pages: Mapping[str, bytes]) -> Site:
    """Serve pages to the programs of a desktop; returns when they can be asked for.

    Args:
        desktop: One with a sandbox, whose loopback is its own.
        pages: Path → content.

    Raises:
        ConfigurationError: the desktop is not confined, or the site cannot be served there.
    """
    from agent.desktop import VirtualDesktop

    if not isinstance(desktop, VirtualDesktop) or not desktop.status.confined:
        raise ConfigurationError("A task with a site needs a desktop that is confined.")
    source = files("agent.experiments.run").joinpath("site_server.py").read_text("utf-8")
    given = _given(pages)
    try:
        process = await desktop.spawn(["python3", "-I", "-u", "-c", source], stdin=given)
    except ToolError as error:
        raise ConfigurationError(f"The task's site is not served: {error}") from error
    finally:
        os.close(given)
    site = Site(process)
    await site.ready()
    return site


def _given(pages: Mapping[str, bytes]) -> int:
    """A descriptor from which the server reads its site."""
    text = json.dumps(
        {"port": PORT, "files": {p: base64.b64encode(d).decode() for p, d in pages.items()}}
    )
    number = os.memfd_create("site")
    with os.fdopen(os.dup(number), "wb") as file:
        file.write(text.encode())
    os.lseek(number, 0, os.SEEK_SET)
    return number
