"""Programs that speak MCP, let into the session that the person looks at.

They come by a port and a key of their own: the page's link would let them in where the person
answers what they ask for.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Protocol

from agent.errors import BadInput, ConfigurationError
from agent.mcp_servers import NO_MCP
from agent.session.session import Session
from dashboard.web.identity import LOCAL
from dashboard.web.registry import Sessions
from dashboard.web.workbench import Workbench

_NONE = "No session is open. Ask the person to open Sayso's page and to press Start."
_SEVERAL = (
    "SAYSO_MCP_PORT lets programs into the sessions of the one person who runs the server. Where "
    "people sign in, leave it out; each may use “sayso mcp”."
)
_ENDS = 5.0
"""Seconds that connections have to end with the server."""


async def looked_at(sessions: Sessions) -> Session:
    """The newest running session that a page shows, else the newest.

    Raises:
        BadInput: none runs.
    """
    found = (sessions.find(each.id, LOCAL) for each in sessions.running(LOCAL))
    entries = [entry for entry in found if entry is not None]
    if not entries:
        raise BadInput(_NONE)
    entry = next((each for each in entries if each.pages), entries[0])
    await entry.until_open()
    return entry.session


class Programs(Protocol):
    """What they come in by."""

    address: str

    async def serve(self) -> None:
        """Return after `end`."""
        ...

    def end(self) -> None:
        """Let nobody in any more."""
        ...


def programs_of(bench: Workbench, *, several: bool) -> Programs | None:
    """What lets programs in, not yet begun; None where the settings name no port.

    Raises:
        ConfigurationError: several people sign in, the port is taken, or the package is missing.
    """
    port = bench.settings.mcp_port
    if port is None:
        return None
    if several:
        raise ConfigurationError(_SEVERAL)
    try:
        from agent.mcp.serving import build_server
        from agent.mcp.transport import Http, load_key
    except ModuleNotFoundError as error:
        raise ConfigurationError(NO_MCP) from error

    async def find() -> Session:
        return await looked_at(bench.sessions)

    return Http(build_server(find), port, load_key(_key(bench)))


def let_in(bench: Workbench, programs: Programs, loop: asyncio.AbstractEventLoop) -> str:
    """Let them in until the server ends; returns what to print."""
    serving = loop.create_task(programs.serve(), name="MCP")

    async def end() -> None:
        programs.end()
        await asyncio.wait({serving}, timeout=_ENDS)

    bench.farewells.append(end)
    return f"MCP at {programs.address} for whoever brings the key in {_key(bench)}"


def _key(bench: Workbench) -> Path:
    return bench.settings.data_dir / "mcp.key"
