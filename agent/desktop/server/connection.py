"""Connections to a desktop's X server and D-Bus from outside its sandbox.

Two constraints of the libraries shape this module:

* python-xlib 0.33 keeps the tables of extension events and opcodes on a class, so a
  second server in one process gets the first one's numbers; and it can only connect
  to ``/tmp/.X11-unix/Xn``. Both are fixed here, once, for displays made by this module
  and by others alike.
* The server may run as another user than the desktop (root outside, an unprivileged
  user inside), whom D-Bus does not know by credentials: the private buses accept
  anonymous clients, and the folder of their sockets keeps everybody else out.
"""

from __future__ import annotations

import asyncio
import os
import re
import socket
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

import Xlib.display
import Xlib.xauth
from jeepney.auth import AuthenticationError, Authenticator, make_auth_anonymous
from jeepney.bus import get_bus
from jeepney.io.asyncio import DBusConnection, DBusRouter
from Xlib.protocol import display as _protocol
from Xlib.protocol import event as _event
from Xlib.support import connect as _connect

from agent.desktop.server.environment import DisplayEnv
from agent.errors import DesktopDied

COOKIE = "MIT-MAGIC-COOKIE-1"


class _Address(str):
    """A display's name that carries the path of its socket and its cookie."""

    path: str
    cookie: bytes

    __slots__ = ("cookie", "path")


class _ConnectByPath:
    """``Xlib.support.connect`` that also understands `_Address`."""

    @staticmethod
    def get_display(display: str | None) -> Any:
        if isinstance(display, _Address):
            return display, "unix", "", 0, 0
        return _connect.get_display(display)

    @staticmethod
    def get_socket(name: str, protocol: Any, host: Any, number: int) -> Any:
        if not isinstance(name, _Address):
            return _connect.get_socket(name, protocol, host, number)
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.connect(name.path)
        except OSError:
            connection.close()
            raise
        return connection

    @staticmethod
    def get_auth(sock: Any, name: str, protocol: Any, host: Any, number: int) -> Any:
        if isinstance(name, _Address):
            return (COOKIE.encode(), name.cookie) if name.cookie else (b"", b"")
        return _connect.get_auth(sock, name, protocol, host, number)


_Base: Any = Xlib.display._BaseDisplay  # noqa: SLF001 - the only place to fix the tables


class _OwnTables(_Base):  # type: ignore[misc]
    """A connection with its own tables of events, errors and opcodes."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.event_classes = _event.event_class.copy()
        self.error_classes = _Base.error_classes.copy()
        self.extension_major_opcodes: dict[str, int] = {}
        try:
            super().__init__(*args, **kwargs)
        except BaseException:
            if hasattr(self, "socket"):
                self.socket.close()
            raise


_protocol.connect = _ConnectByPath
Xlib.display._BaseDisplay = _OwnTables  # noqa: SLF001


def socket_path(display: str) -> str | None:
    """The X socket that ``display`` names, or None for TCP and abstract ones."""
    if display.startswith("unix:/"):
        return display.removeprefix("unix:")
    number = display.removeprefix(":").partition(".")[0]
    path = f"/tmp/.X11-unix/X{number}"  # noqa: S108 - where X servers listen
    return path if display.startswith(":") and Path(path).exists() else None


def read_cookie(xauthority: Path, display: str = "") -> bytes:
    """The cookie for a display (``:7``) in an Xauthority file; empty if there is none."""
    try:
        entries = Xlib.xauth.Xauthority(str(xauthority)).entries
    except (OSError, Xlib.error.XauthError):
        return b""
    number = display.removeprefix(":").partition(".")[0].encode() if display[:1] == ":" else b""
    fitting = (e for e in entries if not number or e[2] in {b"", number})
    return next((bytes(e[4]) for e in fitting if e[3] == COOKIE.encode()), b"")


def open_display(env: DisplayEnv) -> Any:
    """A python-xlib ``Display`` of the desktop. Use each from one thread only.

    Raises:
        DesktopDied: nothing answers there.
    """
    path = socket_path(env.display)
    address: str = env.display
    if path:
        address = _Address(env.display)
        address.path, address.cookie = path, read_cookie(env.xauthority, env.display)
    elif env.display.startswith((":", "unix:")):
        raise DesktopDied(f"No X server listens on {env.display}.")
    try:
        return Xlib.display.Display(address)
    except (OSError, Xlib.error.DisplayError, Xlib.error.ConnectionClosedError) as error:
        raise DesktopDied(f"The desktop's X server does not answer: {error}") from error


class _Anonymous(Authenticator):  # type: ignore[misc, unused-ignore]
    """Sign in to D-Bus without credentials."""

    def __init__(self) -> None:
        super().__init__()
        self._to_send = b"\0" + make_auth_anonymous()


async def _authenticated(path: str, authenticator: Authenticator) -> DBusConnection:
    reader, writer = await asyncio.open_unix_connection(path)
    try:
        for line in authenticator:
            writer.write(line)
            await writer.drain()
            answer = await reader.readline()
            if not answer:
                raise AuthenticationError(b"", "The bus hung up")
            authenticator.feed(answer)
        writer.write(b"BEGIN\r\n")
        await writer.drain()
    except BaseException:
        writer.close()
        raise
    return DBusConnection(reader, writer)


async def open_bus(address: str, *, timeout: float = 5.0) -> DBusConnection:
    """Connect to a desktop's bus (``DisplayEnv.session_bus`` or ``.a11y_bus``) and say Hello.

    Wrap it in ``jeepney.io.asyncio.DBusRouter`` for method calls.

    Raises:
        DesktopDied: no bus answers there within ``timeout`` seconds.
    """
    path = _socket_of(address)
    try:
        async with asyncio.timeout(timeout):
            try:
                connection = await _authenticated(path, Authenticator())
            except AuthenticationError:
                connection = await _authenticated(path, _Anonymous())
            await _say_hello(connection)
    except (OSError, AuthenticationError, EOFError, TimeoutError) as error:
        raise DesktopDied(f"The desktop's bus does not answer: {error}") from error
    return connection


def _socket_of(address: str) -> str:
    """The socket of an address; jeepney takes the bytes of a letter for letters."""
    found = re.match(r"unix:path=([^,;]*)", address)
    return os.fsdecode(unquote_to_bytes(found[1])) if found else str(get_bus(address))


async def _say_hello(connection: DBusConnection) -> None:
    from jeepney.bus_messages import message_bus
    from jeepney.io.asyncio import Proxy

    async with DBusRouter(connection) as router:
        (name,) = await Proxy(message_bus, router).Hello()
        connection.unique_name = name
