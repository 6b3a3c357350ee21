"""The lock: by what somebody gets in, and that nobody does by anything less."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import json
import os
import re
import stat
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from served import COOKIE_SECRET, PEOPLE, ROOT, Served, mark, serve
from tornado.web import create_signed_value
from visitor import get, handshake, token_of
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from dashboard.web.lock import HEADER
from dashboard.web.signins import OUT

PILOT = ROOT / "tests" / "page" / "pilot" / "dashboard"
LISTED = ROOT / "tests" / "security" / "listed" / "dashboard"
OPEN_TO_ALL = {
    "Health": "says that the server answers",
    "StaticHandler": "Bokeh's and Panel's scripts",
    "MultiRootStaticHandler": "Bokeh's and Panel's scripts",
    "ComponentResourceHandler": "our scripts and styles",
    "IcoHandler": "a picture",
    "BasicLoginHandler": "the login",
    "LogoutHandler": "the way out",
}
BY_ADDRESS = {
    "DocHandler": "the document, which by itself shows nothing",
    "RootHandler": "leads to it",
    "Locked": "says how to get in",
    "RecordingImage": "named by its content's hash",
    "SessionImage": "named by its content's hash",
    "Download": "named by a token that the page was told",
    "FilesGet": "with a ticket",
    "Report": "named by the experiment and its design's hash",
    "JUnit": "like the report",
}
"""What a link or a picture leads to, which can bring no key."""

METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS")
LOCKED = "Sayso is locked"


def sample(pattern: str) -> str:
    """An address that fits a route's pattern."""
    parser = importlib.import_module("re._parser")
    found = "".join(_piece(str(op), value) for op, value in parser.parse(pattern))
    assert re.fullmatch(pattern.removesuffix("$"), found), f"{found!r} does not fit {pattern!r}"
    return found


def _piece(op: str, value: Any) -> str:
    match op:
        case "LITERAL":
            return chr(value)
        case "ANY" | "CATEGORY":
            return "1"
        case "RANGE":
            return chr(value[0])
        case "IN":
            return _piece(str(value[0][0]), value[0][1])
        case "SUBPATTERN":
            return "".join(_piece(str(o), v) for o, v in value[3])
        case "BRANCH":
            return "".join(_piece(str(o), v) for o, v in value[1][0])
        case "MAX_REPEAT" | "MIN_REPEAT":
            return "".join(_piece(str(o), v) for o, v in value[2]) * max(1, value[0])
        case _:
            return ""  # an anchor, or a look ahead


def routes(served: Served) -> list[tuple[str, str]]:
    """An address of each route that the server has, and its handler."""
    listed = [json.loads(line[6:]) for line in served.lines if line.startswith("ROUTE ")]
    assert len(listed) > 20, served.log
    return [(sample(pattern), handler) for pattern, handler in listed]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def app(data: Path) -> Iterator[Served]:
    """One person's server."""
    with serve(LISTED, data) as served:
        yield served


def ask(
    served: Served, method: str, path: str, headers: dict[str, str] | None = None
) -> httpx.Response:
    """One request with the page's origin."""
    given = {"Origin": served.root} | (headers or {})
    with httpx.Client(trust_env=False, verify=False, timeout=30) as client:
        return client.request(method, served.root + path, headers=given)


# Every route -------------------------------------------------------------------------------


async def test_every_route_is_behind_the_lock(app: Served) -> None:
    """Another user of the machine, who has the address alone; a new route is, too.

    All but the scripts and styles, and what is listed above. What is open holds no word of the
    data folder.
    """
    kept = [path for path, handler in routes(app) if handler not in OPEN_TO_ALL]
    for path in [*kept, "/nowhere"]:
        for method in METHODS:
            answer = ask(app, method, path)
            assert answer.status_code == 403, (method, path)
            assert "Set-Cookie" not in answer.headers
        assert await handshake(app.url, path, origin=app.root) == 403, path
    assert {"DocHandler", "WSHandler", "Stop", "Say", "DesktopSocket"} <= {
        handler for _, handler in routes(app)
    }


async def test_the_cookie_alone_opens_no_socket_no_post_and_no_data(app: Served) -> None:
    """Cookies do not know ports: another server of the machine is sent them, and sends them on."""
    cookie = {"Cookie": app.visitor()["Cookie"]}
    for path, handler in routes(app):
        if handler in OPEN_TO_ALL:
            continue
        reading = () if handler in BY_ADDRESS else ("GET", "HEAD", "OPTIONS")
        for method in ("POST", "PUT", "DELETE", "PATCH", *reading):
            assert ask(app, method, path, cookie).status_code == 403, (method, path)
        status = await handshake(app.url, path, origin=app.root, cookie=cookie["Cookie"])
        assert status == 403, path


@pytest.mark.parametrize("key", ["", "x", "another server's", "somebody else's"])
async def test_a_page_that_is_loaded_with_the_cookie_alone_can_do_nothing(
    app: Served, key: str
) -> None:
    """Its document names no key, and its Bokeh token opens no socket without one."""
    from dashboard.web.identity import LOCAL, Identity, load_secret

    own = Identity(load_secret(app.data / "browser.key" if app.data else Path()))
    keys = {
        "another server's": Identity(b"x" * 32).page_key(LOCAL),
        "somebody else's": own.page_key(mark("ben")),
    }
    visitor = app.visitor()
    cookie = {"Cookie": visitor["Cookie"]}
    page = get(app.url, headers=cookie).text
    assert 'name="sayso-page"' not in page
    protocols = ["bokeh", token_of(page), *(["sayso", keys.get(key, key)] if key else [])]
    knock = {"origin": app.root, "cookie": cookie["Cookie"]}
    assert await handshake(app.url, "/dashboard/ws", protocols=protocols, **knock) == 403
    assert ask(app, "POST", "/stop", cookie | {HEADER: keys.get(key, key)}).status_code == 403
    protocols[2:] = ["sayso", visitor[HEADER]]
    assert await handshake(app.url, "/dashboard/ws", protocols=protocols, **knock) == 101
    assert ask(app, "POST", "/stop", visitor).status_code == 400


async def test_a_socket_without_protocols_of_its_own_opens_with_the_key(app: Served) -> None:
    """A browser wants one of those that it offered; the key itself is never said again."""
    visitor = app.visitor()
    with_key = {"cookie": visitor["Cookie"], "protocols": ["sayso", visitor[HEADER]]}
    assert await handshake(app.url, "/link", origin=app.root, **with_key) == 101
    bare = ["sayso"]
    assert (
        await handshake(app.url, "/link", origin=app.root, cookie=visitor["Cookie"], protocols=bare)
        == 403
    )


def test_whoever_was_not_let_in_learns_how_to_and_nothing_else(app: Served, data: Path) -> None:
    """In plain words; not a word of what runs, where it lies, or in which version."""
    page = get(app.url)
    assert page.status_code == 403
    assert LOCKED in page.text
    assert "open the link" in page.text
    assert get(app.url, "/health").json() == {"status": "ok"}
    assert "sessions" in get(app.url, "/health", headers=app.visitor()).json()
    for text in (page.text, repr(page.headers)):
        assert str(data) not in text
        assert app.link.split("token=")[1] not in text
        assert not re.search(r"[Bb]okeh|[Pp]anel \d|[Tt]ornado", text)


# The link ----------------------------------------------------------------------------------


def test_the_link_is_exchanged_and_leaves_the_address(app: Served) -> None:
    """For a guarded cookie and the page's key; what else the address said stays."""
    asked = f"{app.link}&session=new&view=lab"
    answer = httpx.get(asked, trust_env=False)
    assert answer.status_code == 303
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    where, _, key = answer.headers["Location"].partition("#")
    assert where == "./dashboard?session=new&view=lab"
    assert key.startswith("page=")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith(f"sayso_{app.port}=")
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert app.link.split("token=")[1] not in app.log.replace(app.link, "")


def test_only_the_link_of_this_start_lets_somebody_in(app: Served) -> None:
    """One of an earlier start says so, but does not lock out who is in already."""
    for token in ("", "x", "%00", "A" * 5000, app.link.split("token=")[1][:-1]):
        answer = get(app.url, f"/dashboard?token={token}")
        assert answer.status_code == 403
        assert "Set-Cookie" not in answer.headers
        inside = get(app.url, f"/dashboard?token={token}", headers=app.visitor())
        assert (inside.status_code, inside.headers["Location"]) == (303, "./dashboard")
    assert "earlier start" in get(app.url, "/dashboard?token=x").text


@pytest.mark.parametrize("path", ["/https:evil.example", "//evil.example/x", "/javascript:x"])
def test_the_link_leads_nowhere_else(app: Served, path: str) -> None:
    token = app.link.split("token=")[1]
    url = urlsplit(app.root)
    with httpx.Client(trust_env=False) as client:
        request = client.build_request("GET", app.root)
        request.url = httpx.URL(app.root).copy_with(raw_path=f"{path}?token={token}".encode())
        answer = client.send(request)
    where = answer.headers["Location"].partition("#")[0]
    assert where.startswith("./")
    assert "//" not in where
    assert url.netloc


def test_the_key_of_the_lock_is_the_owners_alone(app: Served, data: Path) -> None:
    """Another user of the machine cannot read it, nor make a cookie."""
    assert stat.S_IMODE((data / "browser.key").stat().st_mode) == 0o600


# Several servers, starts and browsers ----------------------------------------------------------


async def test_two_servers_at_once_and_a_start_after_them(tmp_path: Path) -> None:
    """One jar: each server knows its own, and both of them still after a restart.

    A tunnel leads to the first one's two starts by the same port.
    """
    tunnel = {"Host": "localhost:7777", "Origin": "http://localhost:7777"}
    with serve(PILOT, tmp_path / "one") as one, serve(PILOT, tmp_path / "two") as two:
        through = httpx.get(one.link, headers=tunnel, trust_env=False)
        jar = "; ".join(
            [
                through.headers["Set-Cookie"].split(";")[0],
                *(s.visitor()["Cookie"] for s in (one, two)),
            ]
        )
        for served in (one, two):
            assert get(served.url, headers={"Cookie": jar}).status_code == 200
        stolen = {"Cookie": one.visitor()["Cookie"].replace(str(one.port), str(two.port))}
        assert get(two.url, headers=stolen).status_code == 403
        key = through.headers["Location"].partition("#page=")[2]
    with serve(PILOT, tmp_path / "one") as again:
        assert again.link.split("token=")[1] != one.link.split("token=")[1]
        inside = tunnel | {"Cookie": jar, HEADER: key}
        assert ask(again, "POST", "/stop", inside).status_code == 400
        assert get(again.url, headers=inside).status_code == 200
        old = again.url + "?token=" + one.link.split("token=")[1]
        assert httpx.get(old, trust_env=False).status_code == 403


def test_the_browser_is_shown_the_link_and_nobody_else(tmp_path: Path) -> None:
    """``--show`` hands it over in a file of mode 0600: arguments can be read by everybody.

    By the way, on ``[::1]``: address, link and page's socket are right there, too.
    """
    note, browser = tmp_path / "told", tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\nprintf %s "$1" > {note}.new && mv {note}.new {note}\n')
    browser.chmod(0o755)
    env = {"BROWSER": f"{browser} %s"}
    with serve(PILOT, tmp_path / "data", "--show", "--address", "::1", env=env) as served:
        assert served.link.startswith("http://[::1]:")
        deadline = time.monotonic() + 30
        while not note.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        told = note.read_text()
        assert told.startswith("file://")
        file = Path(told.removeprefix("file://"))
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert served.link in file.read_text()
        assert get(served.url, headers=served.visitor()).status_code == 200
    assert not file.exists()


# Where people sign in ----------------------------------------------------------------------


async def test_with_a_login_every_route_is_behind_it(tmp_path: Path) -> None:
    """Pages lead to it, the rest is refused; the link's secret is none there."""
    with serve(LISTED, tmp_path, people=True) as served:
        assert served.link == ""
        for path, handler in routes(served):
            if handler in OPEN_TO_ALL:
                continue
            page = handler in ("DocHandler", "RootHandler")
            answer = ask(served, "GET", path)
            wanted = "/login" if page else ""
            assert (answer.status_code, wanted in answer.headers.get("Location", "")) == (
                302 if page else 403,
                True,
            ), path
            assert ask(served, "POST", path).status_code == 403, path
            assert await handshake(served.url, path, origin=served.root) == 403, path
        anna = served.person("anna")
        page = get(served.url, headers=anna)
        assert page.status_code == 200
        assert 'name="sayso-page"' in page.text
        assert ask(served, "POST", "/stop", {"Cookie": anna["Cookie"]}).status_code == 403
        ben = served.person("ben")
        mixed = anna | {HEADER: ben[HEADER]}
        assert ask(served, "POST", "/stop", mixed).status_code == 403
        assert ask(served, "POST", "/stop", anna).status_code == 400


def browser_of(served: Served, name: str, earlier: int) -> dict[str, str]:
    """Headers of a page in a browser in which somebody signed in so many seconds ago."""
    then = time.time() - earlier
    cookie = create_signed_value(COOKIE_SECRET, "user", name, clock=lambda: then).decode()
    return served.person(name) | {"Cookie": f"user={cookie}"}


@asynccontextmanager
async def a_socket(
    served: Served, path: str, inside: dict[str, str], *protocols: str
) -> AsyncIterator[ClientConnection]:
    """A socket of a page."""
    async with connect(
        f"{served.root.replace('http', 'ws', 1)}{path}",
        origin=served.root,
        subprotocols=[*protocols, "sayso", inside[HEADER]],
        additional_headers={"Cookie": inside["Cookie"]},
        max_size=None,
        proxy=None,
        open_timeout=60,
    ) as socket:
        yield socket


async def answers(line: ClientConnection) -> bool:
    """Whether a link answers a question."""
    await line.send(json.dumps({"n": 77}))
    async with asyncio.timeout(60):
        while json.loads(await line.recv()).get("n") != 77:
            pass
    return True


async def closed(socket: ClientConnection) -> int | None:
    """The code with which the server closes a socket, whatever it says before."""
    async with asyncio.timeout(60):
        with contextlib.suppress(ConnectionClosed):
            while True:
                await socket.recv()
    return socket.close_code


async def test_who_signs_out_has_no_open_socket_and_no_good_cookie(tmp_path: Path) -> None:
    """Of that browser; the same person's other browser and other people go on."""
    with serve(PILOT, tmp_path, people=True) as served:
        out, other = browser_of(served, "anna", 60), browser_of(served, "anna", 30)
        page = get(served.url, "/dashboard", headers={"Cookie": out["Cookie"]})
        async with (
            a_socket(served, "/dashboard/ws", out, "bokeh", token_of(page.text)) as document,
            a_socket(served, "/link", out) as line,
            a_socket(served, "/link", other) as others,
            a_socket(served, "/link", served.person("ben")) as bens,
        ):
            for each in (line, others, bens):
                assert await answers(each)
            assert ask(served, "GET", "/logout", out).status_code == 200
            assert [await closed(document), await closed(line)] == [OUT, OUT]
            assert await answers(others)
            assert await answers(bens)
        assert ask(served, "POST", "/stop", out).status_code == 403
        assert await handshake(served.url, "/link", origin=served.root, cookie=out["Cookie"]) == 403
        again = get(served.url, "/dashboard", headers={"Cookie": out["Cookie"]})
        assert (again.status_code, "/login" in again.headers.get("Location", "")) == (302, True)
        assert ask(served, "POST", "/stop", other).status_code == 400


def sign_in(served: Served, password: str, **headers: str) -> httpx.Response:
    """Send the login's form."""
    form = {"username": f"name-{os.urandom(3).hex()}", "password": password}
    given = {"Origin": served.root} | headers
    return httpx.post(f"{served.root}/login", data=form, headers=given, trust_env=False)


def test_passwords_are_tried_a_few_times_and_never_in_the_clear(tmp_path: Path) -> None:
    """Behind a proxy that is trusted: its word about address and TLS counts, nobody else's does."""
    more = ("--allow-websocket-origin", "sayso.example")
    env = {"SAYSO_TRUSTED_PROXIES": '["127.0.0.0/8"]'}
    outside = {"Host": "sayso.example", "Origin": "https://sayso.example"}
    tls = outside | {"X-Forwarded-Proto": "https", "X-Forwarded-For": "10.0.0.1, 203.0.113.7"}
    with serve(PILOT, tmp_path, *more, env=env, people=True) as served:
        right = PEOPLE[1]
        plain = sign_in(served, right, **outside)
        assert plain.status_code == 403
        assert "without TLS" in plain.text
        taken = sign_in(served, right, **tls)
        assert taken.status_code == 302
        cookies = [c for c in taken.headers.get_list("Set-Cookie") if c.startswith("user=")]
        assert cookies
        assert all("Secure" in cookie and "HttpOnly" in cookie for cookie in cookies)
        answers = [sign_in(served, "wrong", **tls).status_code for _ in range(6)]
        assert answers == [302] * 5 + [429]
        refused = sign_in(served, right, **tls)
        assert refused.status_code == 429
        assert int(refused.headers["Retry-After"]) >= 1
        elsewhere = tls | {"X-Forwarded-For": "203.0.113.7, 198.51.100.1"}
        assert "error" not in sign_in(served, right, **elsewhere).headers["Location"]
