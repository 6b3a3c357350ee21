"""The settings files of a fresh desktop: plain, calm, still, and without surprises."""

from __future__ import annotations

import os
import secrets
import socket
import struct
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from agent.desktop.server.browsers import DOWNLOADS, Browser, browser
from agent.desktop.server.environment import bus_address
from agent.desktop.server.homes import furnish
from agent.desktop.server.sandbox import PROXY, Box, bus_config

_FOLDERS = ("Desktop", "Documents", DOWNLOADS, "Pictures")

_HOME = Path(__file__).with_name("home")
"""What a home holds at first, as it lies there; a file of ``.jinja`` is told of the browser."""

_SAME = {".config/gtk-4.0/settings.ini": ".config/gtk-3.0/settings.ini"}
_TEMPLATES = Environment(
    autoescape=True,
    keep_trailing_newline=True,
    loader=FileSystemLoader(_HOME),
    lstrip_blocks=True,
    trim_blocks=True,
    undefined=StrictUndefined,
)


def settings(found: Browser | None) -> dict[str, str]:
    """Settings by their paths below the folder of programs' own files."""
    files = {}
    for path in sorted(_HOME.rglob("*")):
        name = path.relative_to(_HOME).as_posix()
        if path.suffix == ".jinja":
            files[name.removesuffix(".jinja")] = _TEMPLATES.get_template(name).render(browser=found)
        elif path.is_file():
            files[name] = path.read_text("utf-8")
    files |= {name: files[like] for name, like in _SAME.items()}
    return {name: text for name, text in files.items() if text}


def write_home(box: Box) -> None:
    """Put settings that are missing where programs keep theirs, owned by the desktop's user.

    What is there already stays as it is, and no link in it is followed: the programs of an
    earlier run may have written there what they like.

    Raises:
        DesktopUnavailable: the disk is full, or the home is damaged.
    """
    folders = _FOLDERS if box.state == box.home else ()
    furnish(box.state, folders, settings(browser()), box.uid, box.gid)


def write_runtime(box: Box) -> None:
    """Write what a session's sockets need: the bus's configuration and the cookie."""
    config = box.run / "session.conf"
    config.write_text(bus_config("session", bus_address(box.run / "bus")))
    box.own(config)
    _write_cookie(box)


def _write_cookie(box: Box) -> None:
    """Make an Xauthority that opens this desktop's server, inside the sandbox and outside."""

    def field(data: bytes) -> bytes:
        return struct.pack(">H", len(data)) + data

    cookie = secrets.token_bytes(16)
    rest = field(b"") + field(b"MIT-MAGIC-COOKIE-1") + field(cookie)
    hosts = [(256, b"desktop"), (256, socket.gethostname().encode()), (65535, b"")]
    entries = [struct.pack(">H", family) + field(host) + rest for family, host in hosts]
    path = box.run / "Xauthority"
    path.touch(mode=0o600)
    path.write_bytes(b"".join(entries))
    box.own(path)


def _own_places(state: str) -> dict[str, str]:
    """Where programs that know nothing of XDG's folders keep what is theirs."""
    return {
        "ICEAUTHORITY": f"{state}/.ICEauthority",
        "LESSHISTFILE": "-",
        "PYTHON_HISTORY": f"{state}/.python_history",
        "GNUPGHOME": f"{state}/.gnupg",
    }


def environment(box: Box, display: str) -> dict[str, str]:
    """Everything that programs on the desktop find in their environment."""
    state = box.inside_state
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/games",
        "HOME": box.inside,
        "USER": "user",
        "LOGNAME": "user",
        "SHELL": "/bin/bash",
        "LANG": "C.UTF-8",
        "TZ": os.environ.get("TZ", ""),
        "DISPLAY": display,
        "XAUTHORITY": str(box.run / "Xauthority"),
        "XDG_RUNTIME_DIR": str(box.run),
        "XDG_CONFIG_HOME": f"{state}/.config",
        "XDG_DATA_HOME": f"{state}/.local/share",
        "XDG_STATE_HOME": f"{state}/.local/state",
        "XDG_CACHE_HOME": f"{state}/.cache",
        **_own_places(state),
        "XDG_CURRENT_DESKTOP": "XFCE",
        "XDG_SESSION_TYPE": "x11",
        "DBUS_SESSION_BUS_ADDRESS": bus_address(box.run / "bus"),
        "GSETTINGS_BACKEND": "keyfile",
        "GTK_MODULES": "gail:atk-bridge",
        "GTK_OVERLAY_SCROLLING": "0",
        "GTK_USE_PORTAL": "0",
        "GIO_USE_VFS": "local",
        "GIO_USE_VOLUME_MONITOR": "unix",
        "GNOME_ACCESSIBILITY": "1",
        "ACCESSIBILITY_ENABLED": "1",
        "QT_ACCESSIBILITY": "1",
        "QT_LINUX_ACCESSIBILITY_ALWAYS_ON": "1",
        "MOZ_DISABLE_AUTO_SAFE_MODE": "1",
        "SAL_USE_VCLPLUGIN": "gtk3",
        "LIBGL_ALWAYS_SOFTWARE": "1",
        "NO_AT_BRIDGE": "0",
        **(_proxies() if box.confined else {}),
    }


def _proxies() -> dict[str, str]:
    """Where programs find the gate, as each family of them asks."""
    names = ("http_proxy", "https_proxy", "all_proxy")
    found = {spelled: PROXY for name in names for spelled in (name, name.upper())}
    own = "localhost,127.0.0.1,::1"
    return {**found, "no_proxy": own, "NO_PROXY": own}
