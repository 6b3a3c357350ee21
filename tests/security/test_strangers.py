"""What somebody can do who was not let in, with nothing but plain requests: next to nothing."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from served import PEOPLE, ROOT, Served, serve
from visitor import get

PILOT = ROOT / "tests" / "page" / "pilot" / "dashboard"
NAME = "sayso.example"
MOST = 1 << 20
"""Bytes of a body that is not streamed."""


@pytest.fixture(scope="module")
def traps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of modules that the server could import; each leaves a note, and ends who does."""
    folder = tmp_path_factory.mktemp("traps")
    for name in ("trap", "dashboard_trap"):
        note = folder / f"{name}.ran"
        (folder / f"{name}.py").write_text(f"open({str(note)!r}, 'w').close()\nraise SystemExit\n")
    return folder


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, traps: Path) -> Iterator[Served]:
    """Several people's server, by a name of its own, with a proxy that is believed."""
    env = {
        "PYTHONPATH": f"{ROOT}{os.pathsep}{traps}",
        "SAYSO_TRUSTED_PROXIES": '["127.0.0.0/8", "::1"]',
    }
    more = ("--allow-websocket-origin", NAME)
    with serve(PILOT, tmp_path_factory.mktemp("data"), *more, env=env, people=True) as served:
        yield served


def knock(served: Served, head: str, body: bytes = b"") -> str:
    """The first line of the answer to what is sent, of which the rest never comes."""
    sent = head.replace("\n", "\r\n").format(port=served.port).encode("latin-1")
    with socket.create_connection(("127.0.0.1", served.port), timeout=20) as line:
        line.sendall(sent + body)
        return line.makefile("rb").readline().decode().strip()


def logged(served: Served, text: str) -> bool:
    """Whether the server's log says that, in time."""
    deadline = time.monotonic() + 20
    while text not in served.log and time.monotonic() < deadline:
        time.sleep(0.05)
    return text in served.log


@pytest.mark.parametrize("module", ["trap", "dashboard_trap", "trap.inner"])
def test_no_address_has_a_module_imported(app: Served, traps: Path, module: str) -> None:
    """Importing is running; what runs may end the server."""
    answer = get(app.url, f"/components/{module}/Some/_css/some.css")
    assert answer.status_code == 404
    assert get(app.url, "/health").json() == {"status": "ok"}
    assert not list(traps.glob("*.ran"))


@pytest.mark.parametrize("path", ["/stop", "/login", "/nowhere", "/recordings/import"])
@pytest.mark.parametrize(
    "body", [f"Content-Length: {MOST + 1}\n\n", f"Transfer-Encoding: chunked\n\n{MOST + 1:x}\n"]
)
def test_a_long_body_is_not_waited_for(app: Served, path: str, body: str) -> None:
    """It would lie in memory, a hundred megabytes of each, before anybody is refused."""
    head = f"POST {path} HTTP/1.1\nHost: localhost:{{port}}\nOrigin: http://localhost:{{port}}\n"
    assert knock(app, head + body) == "HTTP/1.1 400 Bad Request"


def test_a_body_that_is_just_short_enough_is_answered(app: Served) -> None:
    head = "POST /stop HTTP/1.1\nHost: localhost:{port}\nOrigin: http://localhost:{port}\n"
    assert knock(app, f"{head}Content-Length: {MOST}\n\n", b"x" * MOST).split()[1] == "403"


@pytest.mark.parametrize(
    ("wanted", "leads_to"),
    [
        ("/dashboard?view=lab", "/dashboard?view=lab"),
        ("///evil.example", "/evil.example"),
        ("////evil.example/x", "/evil.example/x"),
        (r'"/\011//evil.example"', "/evil.example"),
    ],
)
def test_the_login_leads_nowhere_else(app: Served, wanted: str, leads_to: str) -> None:
    """Three slashes are another server to a browser, though they name none to `urlsplit`."""
    answer = httpx.post(
        f"{app.root}/login",
        data={"username": "anna", "password": PEOPLE[1]},
        headers={"Origin": app.root, "Cookie": f"next_url={wanted}"},
        trust_env=False,
    )
    assert (answer.status_code, answer.headers["Location"]) == (302, leads_to)


def test_nobody_is_asked_for_a_password_that_others_could_read(app: Served) -> None:
    """It is on its way before it could be refused."""
    clear = get(app.url, "/login", headers={"Host": NAME})
    assert clear.status_code == 403
    assert "https://" in clear.text
    assert "<form" not in clear.text
    tls = get(app.url, "/login", headers={"Host": NAME, "X-Forwarded-Proto": "https"})
    for asked in (tls, get(app.url, "/login")):
        assert asked.status_code == 200
        assert 'type="password"' in asked.text


def test_an_odd_address_from_a_proxy_breaks_nothing(app: Served) -> None:
    for hops in ("127.1", "0x7f.1", "1", "127.0.0.1, 127.1", "fe80::1%x", "::ffff:127.0.0.1"):
        assert get(app.url, "/health", headers={"X-Forwarded-For": hops}).status_code == 200, hops


def test_the_log_holds_no_ticket_and_commands_no_terminal(app: Served) -> None:
    anna = app.person("anna")
    assert get(app.url, "/desktop/rfb?ticket=%ff&of=SECRET", headers=anna).status_code == 400
    assert logged(app, "400 GET /desktop/rfb")
    assert "SECRET" not in app.log
    for host in ("localhost:{port}", "evil.example"):
        knock(app, f"GET /\x9b{host[:4]}-31m HTTP/1.1\nHost: {host}\n\n")
        assert logged(app, f"{host[:4]}-31m")
    assert "\x9b" not in app.log
