"""Where a running desktop's sockets and folders are, as the server sees them."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote


def bus_address(socket: Path) -> str:
    """The D-Bus address of a socket. A path may have commas, blanks and other letters in it."""
    return f"unix:path={quote(os.fsencode(socket), safe='/').replace('~', '%7E')}"


@dataclass(frozen=True, slots=True)
class DisplayEnv:
    """Addresses and paths of one running desktop, valid on the host's side.

    The desktop's folder and its home have the same paths inside the sandbox and outside, so
    paths and bus addresses mean the same on both sides. Only the X socket differs: see
    ``display``. Programs themselves call their home ``inside_home``.

    * python-xlib: ``agent.desktop.server.connection.open_display(env)``, one per thread.
    * D-Bus: ``agent.desktop.server.connection.open_bus(address)`` (asyncio, jeepney).
    """

    display: str
    """For libX11 and libxcb on the host (``unix:/…/X0`` or ``:7``). See ``open_display``."""

    inside_display: str
    """For programs on the desktop: ``:0``."""

    xauthority: Path
    session_bus: str
    """``unix:path=…``: the desktop's session bus."""

    a11y_bus: str
    """``unix:path=…``: the accessibility bus; empty if there is none."""

    home: Path
    runtime_dir: Path
    geometry: tuple[int, int]
    """Native width and height of the X screen in pixels."""

    inside: dict[str, str] = field(default_factory=dict, repr=False)
    """The complete, clean environment of programs on the desktop."""

    inside_home: str = ""
    """What programs call their home; empty where that is ``home``."""

    def named(self, path: str) -> str:
        """A path of the home as programs call it; whatever else is given, as it is."""
        home = str(self.home)
        if self.inside_home and (path == home or path.startswith(f"{home}/")):
            return self.inside_home + path.removeprefix(home)
        return path
