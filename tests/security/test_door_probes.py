"""The probes of the threat model, against the served app: every one of them must fail."""

from __future__ import annotations

import socket
import subprocess
from pathlib import Path

import httpx
import pytest
from bokeh.util.token import get_session_id
from served import ROOT, Served, command, environment, serve
from visitor import get, handshake, payload_of, token_of

STATIC = "/static/js/bokeh.min.js"
SOCKETS = ["/dashboard/ws", "/desktop/rfb?ticket=x", "/voice/v0/evi/chat?access_token=x"]


def test_it_listens_on_loopback_only(app: Served) -> None:
    """A neighbour on the network finds a closed port."""
    hexport = f"{app.port:04X}"
    listening = []
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            words = line.split()
            if words[1].endswith(f":{hexport}") and words[3] == "0A":
                listening.append(words[1].split(":")[0])
    assert listening
    assert set(listening) <= {"0100007F", "00000000000000000000000001000000"}


@pytest.mark.parametrize("path", ["/dashboard", "/health", STATIC, "/", "/nowhere"])
@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:5006", "localhost.evil.example", ""]
)
def test_a_foreign_host_name_is_refused_everywhere(app: Served, path: str, host: str) -> None:
    """DNS rebinding reaches no page, no static file, not even a 404."""
    assert get(app.url, path, headers={"Host": host}).status_code == 403


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "localhost:8888", "[::1]:5006"])
def test_loopback_names_are_let_in_on_any_port(app: Served, host: str) -> None:
    """So that a forwarded port works."""
    assert get(app.url, "/health", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("path", SOCKETS)
async def test_a_rebound_socket_is_refused(app: Served, path: str) -> None:
    """Origin equal to Host is no credential when both are a stranger's, whatever else is right."""
    evil, visitor = f"evil.example:{app.port}", app.visitor()
    token = token_of(get(app.url, headers=visitor).text)
    protocols = ["bokeh", token, "sayso", visitor["Sayso-Page"]]
    jar = visitor["Cookie"]
    status = await handshake(
        app.url, path, origin=f"http://{evil}", host=evil, cookie=jar, protocols=protocols
    )
    assert status == 403


async def test_an_allowlist_lets_in_its_names_and_nobody_else(tmp_path: Path) -> None:
    """Not a rebound name, nor one that only begins like an allowed one."""
    more = ("--allow-websocket-origin", "sayso.example")
    env = {"SAYSO_TRUSTED_PROXIES": '["127.0.0.1"]'}
    with serve(ROOT / "dashboard", tmp_path, *more, env=env, people=True) as named:
        assert get(named.url, headers={"Host": "sayso.example"}).status_code == 302
        for evil in ("evil.example", "sayso.example.evil.example", "notsayso.example"):
            assert get(named.url, headers={"Host": evil}).status_code == 403
            refused = await handshake(
                named.url, "/dashboard/ws", origin=f"http://{evil}", host=evil
            )
            assert refused == 403


@pytest.mark.parametrize("path", SOCKETS)
@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://localhost:1", None])
async def test_a_socket_from_elsewhere_is_refused(
    app: Served, path: str, origin: str | None
) -> None:
    """Another site, another local port and a client without an origin all stay outside."""
    visitor = app.visitor()
    token = token_of(get(app.url, headers=visitor).text)
    protocols = ["bokeh", token, "sayso", visitor["Sayso-Page"]]
    status = await handshake(
        app.url, path, origin=origin, cookie=visitor["Cookie"], protocols=protocols
    )
    assert status == 403


async def test_the_page_itself_is_let_in(app: Served) -> None:
    """The counter-probe: the same socket with the page's own origin opens."""
    visitor = app.visitor()
    token = token_of(get(app.url, headers=visitor).text)
    protocols = ["bokeh", token, "sayso", visitor["Sayso-Page"]]
    cookie, origin = visitor["Cookie"], visitor["Origin"]
    opened = await handshake(
        app.url, "/dashboard/ws", origin=origin, cookie=cookie, protocols=protocols
    )
    assert opened == 101


@pytest.mark.parametrize("name", ["localhost:7777", "127.0.0.1:7777", "[::1]:7777"])
async def test_through_a_tunnel_the_link_leads_to_a_page_that_works(app: Served, name: str) -> None:
    """By any port of the person's own machine, and whatever that machine calls itself."""
    origin = {"Host": name, "Origin": f"http://{name}"}
    entered = httpx.get(app.link, headers=origin, trust_env=False)
    key = entered.headers["Location"].partition("#page=")[2]
    cookie = entered.headers["Set-Cookie"].split(";")[0]
    page = get(app.url, headers=origin | {"Cookie": cookie})
    assert page.status_code == 200
    for path, offered in (("/dashboard/ws", ["bokeh", token_of(page.text)]), ("/link", [])):
        protocols = [*offered, "sayso", key]
        more = {"origin": origin["Origin"], "cookie": cookie, "protocols": protocols}
        assert await handshake(app.url, path, host=name, **more) == 101, path


@pytest.mark.parametrize("way", ["session-id", "token", "header"])
@pytest.mark.parametrize("signed", [False, True], ids=["made up", "signed"])
def test_a_session_id_cannot_be_fixed(app: Served, way: str, *, signed: bool) -> None:
    """Not even with what this server signed: a link would put its reader into that session."""
    visitor = app.visitor()
    token = token_of(get(app.url, headers=visitor).text) if signed else "ATTACKER"
    given = get_session_id(token) if signed and way != "token" else token
    more = {"Bokeh-Session-Id": given} if way == "header" else {}
    path = "/dashboard" if way == "header" else f"/dashboard?bokeh-{way}={given}"
    answer = get(app.url, path, headers=visitor | more)
    assert answer.status_code == 403


def test_a_cross_site_fetch_or_frame_is_refused(app: Served) -> None:
    """Another site may link to us, but not embed or fetch."""
    cross = {"Cookie": app.visitor()["Cookie"], "Sec-Fetch-Site": "cross-site"}
    framed = {**cross, "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"}
    linked = {**cross, "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    assert get(app.url, headers={**cross, "Sec-Fetch-Mode": "no-cors"}).status_code == 403
    assert get(app.url, headers=framed).status_code == 403
    assert get(app.url, headers=linked).status_code == 200


def test_the_page_token_holds_no_cookie_and_no_foreign_header(app: Served) -> None:
    """Page scripts can read that token, so it must not carry what is HttpOnly."""
    cookie = app.visitor()["Cookie"]
    page = get(app.url, headers={"Cookie": f"{cookie}; other=TOPSECRET", "X-Auth": "TOPSECRET"})
    payload = payload_of(page.text)
    assert payload["cookies"] == {}
    assert set(payload["headers"]) <= {"Host", "User-Agent"}
    assert "TOPSECRET" not in repr(payload)
    assert cookie.split("=", 1)[1] not in repr(payload)


@pytest.mark.parametrize("origin", [None, "http://evil.example", "null"])
@pytest.mark.parametrize("path", ["/goodbye", "/recordings/import", "/dashboard"])
def test_a_forged_post_is_refused(app: Served, path: str, origin: str | None) -> None:
    """What changes something must come from the page: another site's form does not."""
    headers = app.visitor() | {"Origin": origin or ""}
    if not origin:
        del headers["Origin"]
    answer = httpx.post(app.url.removesuffix("/dashboard") + path, headers=headers, trust_env=False)
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "path", ["/dashboard", "/health", STATIC, "/nowhere", "/dashboard/metadata"]
)
def test_every_answer_carries_the_security_headers(app: Served, path: str) -> None:
    """Static files and errors too."""
    headers = get(app.url, path).headers
    policy = headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in policy
    assert "unsafe-eval" not in policy
    assert "*" not in policy
    assert "microphone=(self)" in headers["Permissions-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "Server" not in headers


def test_no_key_leaves_the_server(app: Served, data: Path) -> None:
    """Not in a page, a static file, an error, the server's log, or on the disk."""
    paths, inside = ("/dashboard", "/health", STATIC, "/nowhere", "/", "/locked"), app.visitor()
    seen = [get(app.url, p, headers=headers).text for p in paths for headers in ({}, inside)]
    seen += [repr(payload_of(get(app.url, headers=inside).text)), app.log]
    seen += [f.read_bytes().decode("latin-1") for f in data.rglob("*") if f.is_file()]
    assert not [text[:200] for text in seen if "canary" in text]


@pytest.mark.parametrize("more", [[], ["--allow-websocket-origin", "*"]])
def test_a_public_address_without_a_login_is_refused(tmp_path: Path, more: list[str]) -> None:
    """The server ends with a sentence that says what to do."""
    done = subprocess.run(
        command(ROOT / "dashboard", "--address", "0.0.0.0", *more),
        cwd=ROOT,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode != 0
    assert "without a login" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_port_in_use_is_said_plainly(app: Served, tmp_path: Path) -> None:
    """No traceback, but a sentence and a failing exit."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        words = command(ROOT / "dashboard")
        words[words.index("--port") + 1] = str(taken.getsockname()[1])
        done = subprocess.run(
            words,
            cwd=ROOT,
            env=environment(tmp_path),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode != 0
    assert "already in use" in done.stderr
    assert "Traceback" not in done.stderr
