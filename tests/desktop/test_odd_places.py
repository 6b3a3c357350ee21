"""A desktop whose files lie in a folder with an unusual name."""

from __future__ import annotations

import tempfile
from pathlib import Path
from xml.etree import ElementTree

import pytest

from agent.desktop import VirtualDesktop
from agent.desktop.server.connection import open_bus
from agent.desktop.server.environment import bus_address
from agent.desktop.server.sandbox import bus_config

NAMES = ("a,b", "a=b;c", "100%41", "ä ö", "<&>", "~x", "a'b\"c")


@pytest.mark.parametrize("name", NAMES)
def test_an_address_has_no_letter_that_means_something(name: str) -> None:
    address = bus_address(Path("/tmp") / name / "bus")
    assert address.startswith("unix:path=/tmp/")
    assert set(address.removeprefix("unix:path=")) <= set(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./%"
    )
    listen = ElementTree.fromstring(bus_config("session", f"unix:path={name}")).findtext("listen")
    assert listen == f"unix:path={name}"


@pytest.mark.desktop
async def test_a_desktop_starts_in_a_folder_of_any_name() -> None:
    with tempfile.TemporaryDirectory(prefix="ä,<&%41 ") as root:
        Path(root).chmod(0o711)
        desktop = VirtualDesktop(root=Path(root) / "d")
        await desktop.start()
        try:
            connection = await open_bus(desktop.env.session_bus)
            await connection.close()
            assert desktop.env.a11y_bus
            shown = await desktop.spawn(["sh", "-c", 'echo "$DBUS_SESSION_BUS_ADDRESS"'])
            printed = b"".join([data async for data in await shown.read()]).decode().strip()
            assert printed == desktop.env.session_bus
        finally:
            await desktop.stop()
