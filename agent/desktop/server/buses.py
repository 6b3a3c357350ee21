"""The accessibility bus of a private desktop: woken, announced, and watched."""

from __future__ import annotations

import contextlib
from pathlib import Path

from jeepney import DBusAddress, new_method_call
from jeepney.bus_messages import message_bus
from jeepney.io.asyncio import DBusConnection, DBusRouter, Proxy

from agent.desktop.server.connection import open_bus

_A11Y_SERVICE = Path("/usr/share/dbus-1/services/org.a11y.Bus.service")


async def enable_accessibility(session_bus: str) -> str:
    """Start the accessibility bus, tell programs that it is wanted, return its address.

    Empty where at-spi2-core is not installed.

    Raises:
        DesktopDied: the session bus does not answer.
    """
    if not _A11Y_SERVICE.exists():  # noqa: ASYNC240 - one stat of a local file
        return ""
    where = DBusAddress("/org/a11y/bus", bus_name="org.a11y.Bus")
    connection = await open_bus(session_bus)
    try:
        async with DBusRouter(connection) as router:
            bus = new_method_call(where.with_interface("org.a11y.Bus"), "GetAddress")
            reply = await router.send_and_get_reply(bus)
            properties = where.with_interface("org.freedesktop.DBus.Properties")
            wanted = ("org.a11y.Status", "IsEnabled", ("b", True))
            await router.send_and_get_reply(new_method_call(properties, "Set", "ssv", wanted))
    finally:
        await connection.close()
    address = str(reply.body[0])
    return address.partition(",guid=")[0]


async def number_of(connection: DBusConnection) -> int:
    """The number of the bus's own process, as it calls itself."""
    async with DBusRouter(connection) as router:
        bus = Proxy(message_bus, router)
        (number,) = await bus.GetConnectionUnixProcessID(message_bus.bus_name)
    return int(number)


async def outlive_bus(connection: DBusConnection) -> None:
    """Return when the bus at the other end is gone; closes the connection in any case."""
    try:
        with contextlib.suppress(OSError, EOFError):
            while True:
                await connection.receive()
    finally:
        await connection.close()
