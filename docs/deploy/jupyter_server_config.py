"""Sayso beside each person's notebooks in JupyterHub, for /etc/jupyter/: see docs/deploy.md.

Each person has a Sayso of their own, at https://HUB/user/NAME/sayso/ and in the launcher. It
listens on a socket file that is this person's alone, and lets in by the password kept in LOGIN.
"""

import json
import os
import secrets
from collections.abc import Callable
from pathlib import Path

SAYSO = Path("/opt/sayso")
"""The checkout, after script/bootstrap."""

HUB = "hub.example"
"""The name in the hub's address, which people reach by https only."""

FOLDER = Path.home() / ".config" / "sayso-in-hub"


def kept(name: str, make: Callable[[], str]) -> Path:
    """A file of mode 0600, made on first use."""
    path = FOLDER / name
    FOLDER.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(make())
    return path


def new_login() -> str:
    """A password for this person."""
    return json.dumps({os.environ["JUPYTERHUB_USER"]: secrets.token_urlsafe(16)})


LOGIN = kept("login.json", new_login)
COOKIE_SECRET = kept("cookie-secret", lambda: secrets.token_urlsafe(32)).read_text(encoding="utf-8")

c = get_config()  # noqa: F821 - Jupyter provides it
c.ServerProxy.servers = {
    "sayso": {
        "command": [
            str(SAYSO / ".venv/bin/panel"),
            *("serve", str(SAYSO / "dashboard")),
            *("--unix-socket", "{unix_socket}"),
            *("--prefix", "{base_url}sayso"),
            *("--allow-websocket-origin", HUB),
            *("--basic-auth", str(LOGIN)),
        ],
        "environment": {
            "PANEL_COOKIE_SECRET": COOKIE_SECRET,
            "SAYSO_TRUSTED_PROXIES": '["unix"]',
        },
        "unix_socket": True,
        "absolute_url": True,  # Sayso is asked by the whole path
        "timeout": 60,
        # The hub's own proxy appends how it was reached: "https,http" behind one with the TLS.
        "request_headers_override": {"X-Forwarded-Proto": "https"},
        "new_browser_tab": True,  # Sayso's pages refuse to be shown inside another
        "launcher_entry": {"title": "Sayso", "path_info": "sayso/dashboard"},
    }
}
