"""The way to one MCP server: started or reached when it is needed, and again when it has gone."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys
from collections.abc import AsyncIterator
from typing import Any, TextIO

import httpx2
from mcp import Client, MCPError, StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp_types import CONNECTION_CLOSED, CallToolResult, Tool

from agent.errors import ToolError
from agent.mcp_servers import McpServer

_log = logging.getLogger(__name__)

BEGINS = 20.0
"""Seconds that a server has to start and to list its tools."""

_ENDS = 10.0
"""Seconds that it has to end."""

MOST_TOOLS = 100
"""Tools of a server that are used."""


class Connection:
    """A server, kept by a task of its own, since what opens a client must close it."""

    def __init__(self, server: McpServer) -> None:
        self.server = server
        self._client: asyncio.Future[Client] | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._over = asyncio.Event()

    async def tools(self) -> list[Tool]:
        """All that it offers, up to `MOST_TOOLS`.

        Raises:
            ToolError: it cannot be reached, or does not answer.
        """
        found: list[Tool] = []
        async with self._in_time(BEGINS) as client:
            cursor: str | None = None
            while len(found) < MOST_TOOLS:
                page = await client.list_tools(cursor=cursor)
                found += page.tools
                cursor = page.next_cursor
                if cursor is None:
                    break
        return found[:MOST_TOOLS]

    async def call(self, name: str, given: dict[str, Any], seconds: float) -> CallToolResult:
        """What a call comes to, within ``seconds``.

        Raises:
            ToolError: it cannot be reached, has gone, refuses, or does not answer in time.
        """
        async with self._in_time(seconds) as client:
            return await client.call_tool(name, given)

    async def close(self) -> None:
        """End the server, or leave it."""
        keeper, client = self._keeper, self._client
        self._keeper = self._client = None
        self._over.set()
        if keeper is not None:
            if client is None or not client.done():  # it has not begun, so it sees no end
                keeper.cancel()
            await asyncio.wait({keeper}, timeout=_ENDS)
            keeper.cancel()

    @contextlib.asynccontextmanager
    async def _in_time(self, seconds: float) -> AsyncIterator[Client]:
        name = self.server.name
        client = await self._opened()
        try:
            async with asyncio.timeout(seconds):
                yield client
        except TimeoutError:
            raise ToolError(
                f"The MCP server “{name}” did not answer within {seconds:g} seconds. Whether it "
                "did what it was asked is not known."
            ) from None
        except MCPError as error:
            if error.code != CONNECTION_CLOSED:
                raise ToolError(f"The MCP server “{name}” refuses: {error}") from error
            await self.close()
            raise ToolError(
                f"The MCP server “{name}” has gone. Whether it did what it was asked is not "
                "known; with the next call it is started or reached again."
            ) from error

    async def _opened(self) -> Client:
        if self._client is None or self._keeper is None or self._keeper.done():
            self._over = asyncio.Event()
            self._client = asyncio.get_running_loop().create_future()
            self._keeper = asyncio.create_task(
                self._keep(self._client, self._over), name=f"MCP server {self.server.name}"
            )
        try:
            return await asyncio.wait_for(asyncio.shield(self._client), BEGINS)
        except TimeoutError:
            await self.close()
            raise ToolError(
                f"The MCP server “{self.server.name}” did not begin within {BEGINS:g} seconds."
            ) from None

    async def _keep(self, ready: asyncio.Future[Client], over: asyncio.Event) -> None:
        """The border of a connection: what fails before it is ready is told to who waits."""
        try:
            async with _transport(self.server) as transport, Client(transport) as client:
                ready.set_result(client)
                await over.wait()
        except Exception as error:  # noqa: BLE001 - the border of a task; logged and told
            _log.exception("The MCP server %s failed", self.server.name)
            if not ready.done():
                ready.set_exception(
                    ToolError(
                        f"The MCP server “{self.server.name}” cannot be used: {_first(error)}."
                    )
                )
                ready.exception()  # it is seen, even if nobody waits any more


@contextlib.asynccontextmanager
async def _transport(server: McpServer) -> AsyncIterator[Any]:
    if server.command:
        command, *arguments = server.command
        passed = {name: os.environ[name] for name in server.passes if name in os.environ}
        with contextlib.ExitStack() as stack:
            errors = _errors(stack)
            parameters = StdioServerParameters(command=command, args=arguments, env=passed)
            yield stdio_client(parameters, errlog=errors)
        return
    key = os.environ.get(server.key_variable)
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    timeout = httpx2.Timeout(BEGINS, read=None)  # each call has its own time
    async with httpx2.AsyncClient(headers=headers, timeout=timeout) as client:
        yield streamable_http_client(server.url, http_client=client)


def _errors(stack: contextlib.ExitStack) -> TextIO:
    """Where what a command says of itself goes: our own error output, where it is a file."""
    with contextlib.suppress(AttributeError, OSError, ValueError):
        sys.stderr.fileno()
        return sys.stderr
    return stack.enter_context(open(os.devnull, "w", encoding="utf-8"))


def _first(error: BaseException) -> str:
    """What was wrong in the first place, where several tasks failed together."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return str(error).rstrip(".") or type(error).__name__
