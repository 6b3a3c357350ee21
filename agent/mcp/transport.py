"""How clients reach the server: standard input and output, or HTTP on this machine alone."""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import uvicorn
from mcp.server.mcpserver import MCPServer
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from agent.errors import ConfigurationError

HOST = "127.0.0.1"
PATH = "/mcp"
_CHUNK = 1 << 16
_REFUSED = "This needs the key of this server: Authorization: Bearer KEY.\n"


class Stdio:
    """Serves the one client that started this process, until it goes or `end` is called.

    Reading the standard input cannot be interrupted, so a thread of its own passes it on.
    """

    def __init__(self, server: MCPServer) -> None:
        self._server = server
        self._passed, self._passing = socket.socketpair()

    async def serve(self) -> None:
        """Return when the client has gone, or after `end`."""
        given = os.dup(0)
        os.dup2(self._passed.fileno(), 0)
        self._passed.close()
        threading.Thread(target=self._pass_on, args=(given,), daemon=True).start()
        await self._server.run_stdio_async()

    def end(self) -> None:
        """Let the server see the end of its input."""
        with contextlib.suppress(OSError):
            self._passing.shutdown(socket.SHUT_WR)

    def _pass_on(self, given: int) -> None:
        with contextlib.suppress(OSError):
            while data := os.read(given, _CHUNK):
                self._passing.sendall(data)
        self.end()


class Http:
    """Serves whoever has the key, on loopback only.

    Args:
        server: What is served.
        port: Where it listens; 0 for any that is free.
        key: What each request must bring.

    Raises:
        ConfigurationError: the port is taken.
    """

    def __init__(self, server: MCPServer, port: int, key: str) -> None:
        try:
            self._socket = socket.create_server((HOST, port))
        except OSError as error:
            raise ConfigurationError(
                f"Port {port} cannot be listened on ({error.strerror}): choose another."
            ) from error
        self.address = f"http://{HOST}:{self._socket.getsockname()[1]}{PATH}"
        app = server.streamable_http_app(streamable_http_path=PATH, host=HOST)
        config = uvicorn.Config(
            Keyed(app, key), log_level="warning", access_log=False, server_header=False, ws="none"
        )
        self._uvicorn = _Quiet(config)

    async def serve(self) -> None:
        """Return after `end`."""
        try:
            await self._uvicorn.serve(sockets=[self._socket])
        finally:
            self._socket.close()

    def end(self) -> None:
        """Answer nobody any more."""
        self._uvicorn.should_exit = self._uvicorn.force_exit = True


class Keyed:
    """An application for those alone whose requests bring its key, in a header."""

    def __init__(self, app: ASGIApp, key: str) -> None:
        self._app = app
        self._wanted = f"Bearer {key}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 401."""
        if scope["type"] == "lifespan" or self._brings_key(scope):
            await self._app(scope, receive, send)
        else:
            await PlainTextResponse(_REFUSED, 401)(scope, receive, send)

    def _brings_key(self, scope: Scope) -> bool:
        given = [value for name, value in scope["headers"] if name == b"authorization"]
        return len(given) == 1 and secrets.compare_digest(given[0], self._wanted)


class _Quiet(uvicorn.Server):
    """Leaves signals to whoever runs it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def load_key(path: Path) -> str:
    """The key kept at ``path``, which only its owner can read; made on first use.

    Raises:
        ConfigurationError: it cannot be read or written.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            _make_key(path)
        path.chmod(0o600)
        key = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} cannot be read or written: {error}.") from error
    if len(key) < 32:
        raise ConfigurationError(f"{path} holds no whole key: delete it, and a new one is made.")
    return key


def _make_key(path: Path) -> None:
    """Never half: two starts at once have one key."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".mcp-")
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(32))
        with contextlib.suppress(FileExistsError):
            os.link(name, path)
    finally:
        os.unlink(name)
