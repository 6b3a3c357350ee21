"""Servers in processes of their own; the app as people start it: `panel serve dashboard`.

Such a server is locked. A person comes in by the link that it prints (`entrance` for a browser's
page, `Served.visitor` for a plain client); with ``people=True`` by signing in, and each context of
`chromium.acontext` is somebody else who has.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from tornado.web import create_signed_value

ROOT = Path(__file__).parent.parent
ADDRESS = re.compile(r"Bokeh app running at: (http://\S+)")
LINK = re.compile(r"^(http\S+[?&]token=([\w-]+))$")
COOKIE_SECRET = "a secret of the tests"
PEOPLE = ("--basic-auth", "a password of the tests", "--cookie-secret", COOKIE_SECRET)
"""For `panel serve`: a login, with one password for every name."""

ALIASES: dict[int, Callable[[], int]] = {}
"""Ports that lead to a server's own, by what lies between."""

_TOKENS: dict[int, str] = {}
"""What lets a person in, by the server's port."""


@dataclass
class Served:
    """A running server: where it is, and what it has said."""

    url: str
    """The page's address, which by itself lets nobody in."""

    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)
    link: str = ""
    """What it printed for whoever started it; empty where people sign in."""

    data: Path | None = None
    """Its data folder, if it has one."""

    @property
    def port(self) -> int:
        return int(self.url.rsplit(":", 1)[1].split("/")[0])

    @property
    def root(self) -> str:
        """Scheme, host and port."""
        return "{0.scheme}://{0.netloc}".format(urlsplit(self.url))

    def visitor(self) -> dict[str, str]:
        """Headers of a plain client that opened the link, as the page sends them."""
        answer = httpx.get(self.link, trust_env=False)
        assert answer.status_code == 303, (answer.status_code, self.link)
        key = answer.headers["Location"].partition("#page=")[2]
        cookie = answer.headers["Set-Cookie"].split(";")[0]
        return {"Cookie": cookie, "Sayso-Page": key, "Origin": self.root}

    def person(self, name: str) -> dict[str, str]:
        """Headers of a plain client that signed in, as that person's page sends them."""
        from dashboard.web.identity import Identity, load_secret

        assert self.data is not None
        identity = Identity(load_secret(self.data / "browser.key"), login=True)
        key = identity.page_key(mark(name))
        return {"Cookie": f"user={signed(name)}", "Sayso-Page": key, "Origin": self.root}

    @property
    def log(self) -> str:
        return "".join(self.lines)


def signed(name: str) -> str:
    """The cookie ``user`` of somebody who has signed in."""
    return create_signed_value(COOKIE_SECRET, "user", name).decode()


def mark(name: str) -> str:
    """The owner mark of somebody who has signed in."""
    return hashlib.sha256(f"login:{name}".encode()).hexdigest()


def entrance(url: str) -> str:
    """The address with what its server printed for whoever started it, if it printed anything."""
    port = urlsplit(url).port or 0
    token = _TOKENS.get(ALIASES[port]() if port in ALIASES else port)
    return url if token is None else f"{url}{'&' if '?' in url else '?'}token={token}"


def command(app: Path, *more: str) -> list[str]:
    """The words of `panel serve` for an app's folder on a free port."""
    return [sys.executable, "-m", "panel", "serve", app.name, "--port", "0", *more]


def environment(data: Path, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """A clean environment: no keys of whoever runs the tests, and the code beside them."""
    kept = {k: os.environ[k] for k in ("PATH", "HOME", "LANG") if k in os.environ}
    return {
        **kept,
        "PYTHONPATH": str(ROOT),
        "SAYSO_DATA_DIR": str(data),
        "PYTHONUNBUFFERED": "1",
        **(more or {}),
    }


@contextmanager
def started(
    command: Sequence[str],
    address: re.Pattern[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    patience: float = 60,
) -> Iterator[Served]:
    """Start a server, wait until it says where it is, and end it afterwards.

    Args:
        command: The program and its words.
        address: What the server prints when it listens; its first group is the address.
        cwd: Where it runs.
        env: The whole of its environment.
        patience: Seconds until it must have said so.
    """
    process = subprocess.Popen(
        command, cwd=cwd, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    served, token = Served("", process), ""
    up = threading.Event()

    def read() -> None:
        nonlocal token
        assert process.stdout is not None
        with contextlib.suppress(ValueError):  # it is closed when a test kills the server
            for line in process.stdout:
                served.lines.append(line)
                if printed := LINK.match(line.strip()):
                    served.link, token = printed.groups()
                if found := address.search(line):
                    served.url = served.link.partition("?")[0] or found[1]
                    if served.link:
                        _TOKENS[served.port] = token
                    up.set()
        up.set()

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    try:
        assert up.wait(patience), f"The server did not start in {patience:.0f} s: {served.log}"
        assert served.url, served.log
        yield served
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        reader.join(5)
        if served.url:
            _TOKENS.pop(served.port, None)
        if process.stdout is not None:
            process.stdout.close()


@contextmanager
def serve(
    app: Path,
    data: Path,
    *more: str,
    env: Mapping[str, str] | None = None,
    people: bool = False,
) -> Iterator[Served]:
    """The served app, until the block ends.

    Args:
        app: Its folder.
        data: The server's data folder.
        more: Further words for `panel serve`.
        env: More for its environment.
        people: Whether people sign in to it; else it is one person's, by its link.
    """
    words, inside = command(app, *more, *(PEOPLE if people else ())), environment(data, env)
    with started(words, ADDRESS, cwd=app.parent, env=inside) as served:
        served.data = data
        yield served
