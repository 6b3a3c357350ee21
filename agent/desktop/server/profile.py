"""The settings files of a fresh desktop: plain, calm, still, and without surprises."""

from __future__ import annotations

import os
import secrets
import socket
import struct

from agent.desktop.server.browsers import DOWNLOADS, browser
from agent.desktop.server.environment import bus_address
from agent.desktop.server.homes import furnish
from agent.desktop.server.sandbox import BASHRC, PROXY, Box, bus_config

_FOLDERS = ("Desktop", "Documents", DOWNLOADS, "Pictures")

_GTK = """[Settings]
gtk-theme-name=Greybird
gtk-icon-theme-name=elementary-xfce
gtk-font-name=DejaVu Sans 10
gtk-enable-animations=0
gtk-cursor-blink=0
gtk-dialogs-use-header=0
gtk-overlay-scrolling=0
gtk-recent-files-enabled=0
gtk-xft-antialias=1
gtk-xft-hinting=1
gtk-xft-hintstyle=hintslight
gtk-xft-rgba=none
"""

_TERMINAL = """[Configuration]
FontName=DejaVu Sans Mono 11
MiscCursorBlinks=FALSE
MiscConfirmClose=FALSE
MiscShowUnsafePasteDialog=FALSE
MiscMenubarDefault=TRUE
MiscBell=FALSE
MiscDefaultGeometry=90x26
MiscHighlightUrls=FALSE
ScrollingLines=5000
ColorForeground=#f2f2f2
ColorBackground=#1d2733
"""

_MOUSEPAD = """[org/xfce/mousepad/preferences/file]
session-restore='never'
autosave-timer=uint32 0
add-last-end-of-line=false

[org/xfce/mousepad/preferences/view]
show-line-numbers=true
indent-on-tab=true
auto-indent=false
use-default-monospace-font=false
font-name='DejaVu Sans Mono 11'

[org/xfce/mousepad/preferences/window]
remember-size=true
remember-state=false
recent-menu-items=uint32 0
path-in-title=true

[org/xfce/mousepad/state/window]
width=uint32 720
height=uint32 480

[org/gtk/settings/file-chooser]
window-size=(760, 480)
window-position=(240, 120)
startup-mode='cwd'
show-hidden=false

[org/gnome/desktop/interface]
toolkit-accessibility=true
enable-animations=false
cursor-blink=false
"""

_MIME = """[Default Applications]
inode/directory=thunar.desktop
text/plain=org.xfce.mousepad.desktop
image/png=org.xfce.ristretto.desktop
image/jpeg=org.xfce.ristretto.desktop
"""

_PAGES = ("text/html", "application/xhtml+xml", "x-scheme-handler/http", "x-scheme-handler/https")

_OFFICE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Common/Misc"><prop oor:name="FirstRun" oor:op="fuse">
<value>false</value></prop></item>
<item oor:path="/org.openoffice.Office.Common/Misc"><prop oor:name="ShowTipOfTheDay" oor:op="fuse">
<value>false</value></prop></item>
<item oor:path="/org.openoffice.Setup/Product"><prop oor:name="WhatsNew" oor:op="fuse">
<value>false</value></prop></item>
<item oor:path="/org.openoffice.Office.Recovery/RecoveryInfo"><prop oor:name="Enabled"
oor:op="fuse"><value>false</value></prop></item>
</oor:items>
"""

_LAUNCHERS = {
    3: ("xfce4-terminal", "Terminal", "org.xfce.terminal"),
    4: ("thunar", "Files", "org.xfce.thunar"),
    5: ("mousepad", "Text Editor", "org.xfce.mousepad"),
}
_BROWSER = 10
"""Number of the browser's launcher, which stands after these."""


def _launchers() -> dict[int, tuple[str, str, str]]:
    """The panel's launchers by the numbers of their plugins: command, name, icon."""
    found = browser()
    if found is None:
        return _LAUNCHERS
    return {**_LAUNCHERS, _BROWSER: (found.program, found.name, found.program)}


def _mime() -> str:
    found = browser()
    return _MIME + "".join(f"{kind}={found.entry}\n" for kind in _PAGES if found)


def _property(name: str, kind: str, value: object) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f'<property name="{name}" type="{kind}" value="{text}"/>'


def _channel(name: str, *properties: str) -> str:
    body = "\n".join(properties)
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<channel name="{name}" version="1.0">\n'
        f"{body}\n</channel>\n"
    )


def _group(name: str, *properties: str, kind: str = "empty", value: str = "") -> str:
    said = f' value="{value}"' if value else ""
    return f'<property name="{name}" type="{kind}"{said}>{"".join(properties)}</property>'


def _plugins() -> list[str]:
    """The panel's parts, left to right: menu, launchers, window buttons, clock."""
    return [
        _group(
            "plugin-1",
            _property("button-title", "string", "Applications"),
            _property("show-button-title", "bool", True),
            kind="string",
            value="applicationsmenu",
        ),
        _group("plugin-2", _property("style", "uint", 0), kind="string", value="separator"),
        *[
            _group(
                f"plugin-{n}",
                f'<property name="items" type="array">'
                f'<value type="string" value="{n}.desktop"/></property>',
                kind="string",
                value="launcher",
            )
            for n in _launchers()
        ],
        _group("plugin-6", _property("style", "uint", 0), kind="string", value="separator"),
        _group(
            "plugin-7",
            _property("flat-buttons", "bool", False),
            _property("show-handle", "bool", False),
            _property("grouping", "uint", 0),
            kind="string",
            value="tasklist",
        ),
        _group(
            "plugin-8",
            _property("style", "uint", 0),
            _property("expand", "bool", True),
            kind="string",
            value="separator",
        ),
        _group(
            "plugin-9",
            _property("digital-layout", "uint", 3),
            _property("digital-time-format", "string", "%H:%M"),
            _property("mode", "uint", 2),
            kind="string",
            value="clock",
        ),
    ]


def _panel() -> str:
    ids = (1, 2, *_launchers(), 6, 7, 8, 9)
    values = "".join(f'<value type="int" value="{n}"/>' for n in ids)
    return _channel(
        "xfce4-panel",
        _property("configver", "int", 2),
        _group(
            "panels",
            '<value type="int" value="1"/>',
            _property("dark-mode", "bool", True),
            _group(
                "panel-1",
                _property("position", "string", "p=10;x=0;y=0"),
                _property("length", "uint", 100),
                _property("position-locked", "bool", True),
                _property("size", "uint", 32),
                _property("icon-size", "uint", 20),
                f'<property name="plugin-ids" type="array">{values}</property>',
            ),
            kind="array",
        ),
        _group("plugins", *_plugins()),
    )


def _window_manager() -> str:
    return _channel(
        "xfwm4",
        _group(
            "general",
            _property("theme", "string", "Greybird"),
            _property("workspace_count", "int", 1),
            _property("use_compositing", "bool", False),
            _property("placement_mode", "string", "center"),
            _property("scroll_workspaces", "bool", False),
            _property("wrap_windows", "bool", False),
            _property("mousewheel_rollup", "bool", False),
            _property("focus_new", "bool", True),
            _property("prevent_focus_stealing", "bool", False),
            _property("tile_on_move", "bool", False),
            _property("snap_to_border", "bool", False),
            _property("title_font", "string", "DejaVu Sans Bold 9"),
        ),
    )


def _background() -> str:
    colour = "".join(f'<value type="double" value="{c}"/>' for c in (0.13, 0.22, 0.34, 1.0))
    screens = [
        _group(
            f"monitor{name}",
            _group(
                "workspace0",
                _property("color-style", "int", 0),
                _property("image-style", "int", 0),
                f'<property name="rgba1" type="array">{colour}</property>',
            ),
        )
        for name in ("VNC-0", "screen", "0")
    ]
    return _channel(
        "xfce4-desktop",
        _group("backdrop", _group("screen0", *screens)),
        _group("desktop-icons", _property("style", "int", 0)),
    )


def _thunar() -> str:
    return _channel(
        "thunar",
        _property("last-view", "string", "ThunarDetailsView"),
        _property("default-view", "string", "ThunarDetailsView"),
        _property("last-window-width", "int", 760),
        _property("last-window-height", "int", 480),
        _property("misc-volume-management", "bool", False),
        _property("misc-confirm-close-multiple-tabs", "bool", False),
        _property("misc-single-click", "bool", False),
        _property("misc-thumbnail-mode", "string", "THUNAR_THUMBNAIL_MODE_NEVER"),
    )


def _settings() -> str:
    return _channel(
        "xsettings",
        _group(
            "Net",
            _property("ThemeName", "string", "Greybird"),
            _property("IconThemeName", "string", "elementary-xfce"),
            _property("CursorBlink", "bool", False),
        ),
    )


def _files() -> dict[str, str]:
    """Settings by their paths below the folder of programs' own files."""
    channels = ".config/xfce4/xfconf/xfce-perchannel-xml"
    files = {
        ".config/gtk-3.0/settings.ini": _GTK,
        ".config/gtk-4.0/settings.ini": _GTK,
        ".config/xfce4/terminal/terminalrc": _TERMINAL,
        ".config/glib-2.0/settings/keyfile": _MOUSEPAD,
        ".config/mimeapps.list": _mime(),
        ".config/libreoffice/4/user/registrymodifications.xcu": _OFFICE,
        ".config/xfce4/helpers.rc": "TerminalEmulator=xfce4-terminal\nFileManager=thunar\n",
        f"{channels}/xfce4-panel.xml": _panel(),
        f"{channels}/xfwm4.xml": _window_manager(),
        f"{channels}/xfce4-desktop.xml": _background(),
        f"{channels}/thunar.xml": _thunar(),
        f"{channels}/xsettings.xml": _settings(),
        ".bashrc": BASHRC,
    }
    for number, (command, name, icon) in _launchers().items():
        files[f".config/xfce4/panel/launcher-{number}/{number}.desktop"] = (
            "[Desktop Entry]\nType=Application\nTerminal=false\nStartupNotify=true\n"
            f"Name={name}\nExec={command}\nIcon={icon}\n"
        )
    return files


def write_home(box: Box) -> None:
    """Put settings that are missing where programs keep theirs, owned by the desktop's user.

    What is there already stays as it is, and no link in it is followed: the programs of an
    earlier run may have written there what they like.

    Raises:
        DesktopUnavailable: the disk is full, or the home is damaged.
    """
    folders = _FOLDERS if box.state == box.home else ()
    furnish(box.state, folders, _files(), box.uid, box.gid)


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
