"""The examples of docs/deploy.md as they stand: proxies with TLS before the page, below a path.

nginx and Caddy are tried where they are installed, and by ``script/check deploy``, which unpacks
them: installing Debian's packages would start a service. What JupyterHub starts is tried each time.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import shutil
import socket
import ssl
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx
import pytest
from served import ROOT, Served, environment, serve
from visitor import token_of
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from dashboard.web.tickets import Tickets

EXAMPLES = ROOT / "docs" / "deploy"
DEPLOYED = ROOT / "tests" / "security" / "deployed" / "dashboard"
NAME, PREFIX = "sayso.example", "/tools/sayso"
PASSWORD = secrets.token_urlsafe(16)
PERSON_AT = {"nginx": "anna", "caddy": "ben"}
TICKETS = secrets.token_bytes(32)
EXPORT = os.urandom(3_000_000)
TO_DRAIN = 300_000_000
"""Bytes of an upload that Sayso refuses before they come."""

pytestmark = pytest.mark.timeout(300)


def adapted(text: str, changes: Mapping[str, str]) -> str:
    """An example with the addresses and files of this machine."""
    for old, new in changes.items():
        assert old in text, f"The example has no {old!r} any more."
        text = text.replace(old, new)
    return text


def eventually(come: Callable[[], bool], process: subprocess.Popen[Any], said: Path) -> None:
    """Wait until a program that was started does what it is for."""
    deadline = time.monotonic() + 90
    while not come():
        assert process.poll() is None, said.read_text(errors="replace")
        assert time.monotonic() < deadline, said.read_text(errors="replace")
        time.sleep(0.05)


@contextlib.contextmanager
def program(
    words: list[str], room: Path, env: Mapping[str, str], come: Callable[[], bool]
) -> Iterator[None]:
    """A program of these words that runs until the block ends."""
    said = room / "said.txt"
    with said.open("w") as file:
        process = subprocess.Popen(words, cwd=room, env=env, stdout=file, stderr=file)
        try:
            eventually(come, process, said)
            yield
        finally:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def cookies(answer: httpx.Response) -> dict[str, str]:
    """What an answer sets, each value as it came."""
    jar: dict[str, str] = {}
    for line in answer.headers.get_list("Set-Cookie"):
        jar |= {name: morsel.coded_value for name, morsel in SimpleCookie(line).items()}
    return jar


def header(jar: Mapping[str, str]) -> str:
    return "; ".join(f"{name}={value}" for name, value in jar.items() if value not in ("", '""'))


# Proxies -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Front:
    """A proxy with TLS before the page."""

    name: str
    plain: int
    tls: int

    @property
    def origin(self) -> str:
        return f"https://{NAME}:{self.tls}"

    @property
    def context(self) -> ssl.SSLContext:
        """For a certificate that this test made itself."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context

    def ask(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, **more: Any
    ) -> httpx.Response:
        """One request by TLS, from another address of this machine than the proxy's."""
        transport = httpx.HTTPTransport(verify=self.context, local_address="127.0.0.2")
        with httpx.Client(transport=transport, trust_env=False, timeout=60) as client:
            return client.request(
                method,
                f"https://127.0.0.1:{self.tls}{path}",
                headers={"Host": f"{NAME}:{self.tls}", **(headers or {})},
                extensions={"sni_hostname": NAME},
                **more,
            )

    def by_plain_http(self, method: str, path: str) -> httpx.Response:
        headers = {"Host": NAME, "Origin": f"http://{NAME}"}
        url = f"http://127.0.0.1:{self.plain}{path}"
        return httpx.request(method, url, headers=headers, trust_env=False)

    def line(self, path: str, person: Mapping[str, str], *protocols: str) -> connect:
        """A socket below the prefix, as a page opens it that has the person's cookie and key."""
        key = person.get("Sayso-Page", "")
        offered = [*protocols, *(("sayso", key) if key else ())]
        return connect(
            f"wss://{NAME}:{self.tls}{PREFIX}{path}",
            host="127.0.0.1",
            port=self.tls,
            ssl=self.context,
            origin=self.origin,
            additional_headers={"Cookie": person["Cookie"]} if "Cookie" in person else {},
            subprotocols=offered or None,
            proxy=None,
            open_timeout=60,
        )

    async def knock(self, path: str, person: Mapping[str, str], *protocols: str) -> int:
        """What a socket's handshake is answered with."""
        try:
            async with self.line(path, person, *protocols):
                return 101
        except InvalidStatus as error:
            return int(error.response.status_code)


def installed(name: str) -> str | None:
    """Where a proxy is; Debian has nginx where only root's PATH leads."""
    return shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")


def certificate(room: Path) -> tuple[Path, Path]:
    """A certificate that nobody signed, and its key."""
    made, key = room / "cert.pem", room / "key.pem"
    words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    words += ["-nodes", "-subj", f"/CN={NAME}", "-days", "2", "-keyout", str(key)]
    subprocess.run([*words, "-out", str(made)], check=True, capture_output=True)
    return made, key


def nginx(room: Path, front: Front, target: int) -> list[str]:
    """nginx with the example among what Debian's own configuration has around it."""
    made, key = certificate(room)
    changes = {
        "listen 80;": f"listen 127.0.0.1:{front.plain};",
        "    listen [::]:80;\n": "",
        "listen 443 ssl http2;": f"listen 127.0.0.1:{front.tls} ssl http2;",
        "    listen [::]:443 ssl http2;\n": "",
        "/etc/ssl/sayso/fullchain.pem": str(made),
        "/etc/ssl/sayso/privkey.pem": str(key),
        "127.0.0.1:5006": f"127.0.0.1:{target}",
    }
    (room / "sayso.conf").write_text(adapted((EXAMPLES / "nginx.conf").read_text(), changes))
    folders = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "".join(f"{name}_temp_path {room}/{name};\n" for name in folders)
    user = "user root;\n" if os.geteuid() == 0 else ""
    (room / "nginx.conf").write_text(
        f"daemon off;\n{user}pid {room}/nginx.pid;\nerror_log {room}/error.log;\nevents {{}}\n"
        f"http {{\naccess_log off;\ngzip on;\n{temporary}include {room}/sayso.conf;\n}}\n"
    )
    words = [str(installed("nginx")), "-p", str(room), "-e", str(room / "error.log")]
    return [*words, "-c", str(room / "nginx.conf")]


def caddy(room: Path, front: Front, target: int) -> list[str]:
    """Caddy with the example, which signs the certificate itself here."""
    options = f"{{\nadmin off\nhttp_port {front.plain}\nhttps_port {front.tls}\n"
    options += "default_bind 127.0.0.1\nlocal_certs\nskip_install_trust\n}\n"
    example = (EXAMPLES / "Caddyfile").read_text()
    example = adapted(example, {"127.0.0.1:5006": f"127.0.0.1:{target}"})
    (room / "Caddyfile").write_text(options + example)
    words = [str(installed("caddy")), "run", "--config", str(room / "Caddyfile")]
    return [*words, "--adapter", "caddyfile"]


PROXIES = {"nginx": nginx, "caddy": caddy}


def free_ports() -> tuple[int, int]:
    """Two ports that nothing listens on."""
    with (
        socket.create_server(("127.0.0.1", 0)) as one,
        socket.create_server(("127.0.0.1", 0)) as two,
    ):
        return one.getsockname()[1], two.getsockname()[1]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def app(data: Path) -> Iterator[Served]:
    """The page as the document has it started, for several people."""
    (data / "export.zip").write_bytes(EXPORT)
    users = data / "users.json"
    users.write_text(json.dumps(dict.fromkeys(PERSON_AT.values(), PASSWORD)))
    words = ["--prefix", PREFIX, "--allow-websocket-origin", NAME, "--basic-auth", str(users)]
    env = {
        "PANEL_COOKIE_SECRET": secrets.token_urlsafe(32),
        "SAYSO_TRUSTED_PROXIES": '["127.0.0.1"]',
        "TEST_TICKETS": TICKETS.hex(),
    }
    with serve(DEPLOYED, data, *words, env=env) as served:
        yield served


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(
            name, marks=pytest.mark.skipif(not installed(name), reason="script/check deploy")
        )
        for name in PROXIES
    ],
)
def front(
    request: pytest.FixtureRequest, app: Served, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Front]:
    """Each of the two proxies before the same server."""
    room = tmp_path_factory.mktemp(request.param)
    made = Front(request.param, *free_ports())
    env = {"PATH": os.environ["PATH"], "HOME": str(room), "XDG_DATA_HOME": str(room)}

    def answers() -> bool:
        try:
            return made.ask("GET", f"{PREFIX}/health").status_code == 200
        except httpx.TransportError:
            return False

    with program(PROXIES[request.param](room, made, app.port), room, env, answers):
        yield made


@dataclass(frozen=True)
class Inside:
    """Somebody who has signed in and loaded the page."""

    name: str
    headers: dict[str, str]
    page: httpx.Response
    session_id: str

    def ticket(self, purpose: str) -> str:
        return Tickets(TICKETS).issue(self.session_id, purpose)


def enter(front: Front, data: Path, name: str) -> Inside:
    """Sign in as a browser does: led to the form, and from it to the page that was asked for."""
    asked = f"{PREFIX}/dashboard"
    led = front.ask("GET", asked)
    where = urljoin(asked, led.headers["Location"])
    assert (led.status_code, where.partition("?")[0]) == (302, f"{PREFIX}/login")
    form = front.ask("GET", where)
    sent = {"Cookie": header(cookies(form)), "Origin": front.origin}
    words = {"username": name, "password": PASSWORD}
    done = front.ask("POST", f"{PREFIX}/login", sent, data=words)
    assert (done.status_code, urljoin(asked, done.headers["Location"])) == (302, asked)
    look_at(done, PREFIX)
    before = set((data / "sessions").glob("*"))
    headers = {"Cookie": header(cookies(done)), "Origin": front.origin}
    page = front.ask("GET", asked, headers)
    key = re.search(r'name="sayso-page" content="([\w-]+)"', page.text)
    new = set((data / "sessions").glob("*")) - before
    assert (page.status_code, bool(key), len(new)) == (200, True, 1), page.text[:2000]
    return Inside(name, {**headers, "Sayso-Page": str(key and key[1])}, page, new.pop().name)


def look_at(entered: httpx.Response, below: str) -> None:
    """The cookies of a login: for TLS, for no script, and for nothing outside the path."""
    lines = entered.headers.get_list("Set-Cookie")
    assert {"user", "id_token"} <= cookies(entered).keys()
    for line in lines:
        assert "Secure" in line, line
        assert f"Path={below};" in f"{line};", line
        assert "HttpOnly" in line or not line.startswith(("user=", "id_token=")), line


@pytest.fixture(scope="module")
def person(front: Front, data: Path) -> Inside:
    return enter(front, data, PERSON_AT[front.name])


def test_the_page_comes_over_tls_and_asks_for_nothing_outside_its_path(person: Inside) -> None:
    assert "frame-ancestors 'none'" in person.page.headers["Content-Security-Policy"]
    assert len(person.page.headers.get_list("Content-Security-Policy")) == 1
    absolute = re.findall(r"""(?:src|href|action)=["'](/[^"']*)""", person.page.text)
    assert [path for path in absolute if not path.startswith(f"{PREFIX}/")] == []


def test_sayso_alone_decides_what_is_compressed(front: Front) -> None:
    """A script is; nothing else is on the way, whatever the proxy does to others."""
    form = front.ask("GET", f"{PREFIX}/login", {"Accept-Encoding": "gzip"})
    assert (form.status_code, form.headers.get("Content-Encoding")) == (200, None)
    path = f"{PREFIX}/static/js/bokeh.min.js"
    script = front.ask("GET", path, {"Accept-Encoding": "br, gzip"})
    assert (script.status_code, script.headers["Content-Encoding"]) == (200, "br")
    assert "Bokeh" in script.text


def test_the_path_without_its_slash_leads_to_the_page(front: Front) -> None:
    answer = front.ask("GET", PREFIX)
    where = urljoin(f"{front.origin}{PREFIX}", answer.headers["Location"])
    assert (answer.status_code // 100, where) == (3, f"{front.origin}{PREFIX}/")


async def test_the_pages_own_socket_speaks(front: Front, person: Inside) -> None:
    token = token_of(person.page.text)
    assert await front.knock("/dashboard/ws", {}, "bokeh", token) == 403
    async with front.line("/dashboard/ws", person.headers, "bokeh", token) as line:
        told = [await line.recv() for _ in range(3)]
    assert "ACK" in str(told[0])


async def test_the_links_socket_answers(front: Front, person: Inside) -> None:
    """Not without the page's key; an upgrade has come through both ways."""
    assert await front.knock("/link", {}) == 403
    assert await front.knock("/link", {"Cookie": person.headers["Cookie"]}) == 403
    async with front.line("/link", person.headers) as line:
        await line.send(json.dumps({"n": 7}))
        answer: dict[str, Any] = {}
        while "n" not in answer:  # beats come in between
            answer = json.loads(await line.recv())
    assert answer["n"] == 7


@pytest.mark.parametrize(
    ("path", "purpose"),
    [("/desktop/rfb?ticket=", "desktop"), ("/voice/v0/evi/chat?access_token=", "voice")],
)
async def test_desktop_and_voice_open_with_a_ticket(
    front: Front, person: Inside, path: str, purpose: str
) -> None:
    ticket = person.ticket(purpose)
    assert await front.knock(path + ticket, {}) == 403
    assert await front.knock(path + "x", person.headers) == 403
    assert await front.knock(path + person.ticket("other"), person.headers) == 403
    assert await front.knock(path + ticket, person.headers) == 101


def test_files_go_in_and_out_whole(front: Front, person: Inside) -> None:
    """Larger than a proxy takes unasked, which is one megabyte with nginx."""
    files = f"{PREFIX}/sessions/{person.session_id}/files"
    content = os.urandom(3_000_000)
    ticket = front.ask("POST", f"{files}/ticket", person.headers).json()["ticket"]
    put = front.ask(
        "POST", f"{files}/put?ticket={ticket}&name=a.bin", person.headers, content=content
    )
    assert put.status_code == 200, put.text
    kept = {"Cookie": person.headers["Cookie"]}
    key = put.json()["key"]
    got = front.ask("GET", f"{files}/get", kept, params={"ticket": ticket, "path": key})
    assert (got.status_code, got.content == content) == (200, True)
    brought = front.ask("POST", f"{PREFIX}/recordings/import", person.headers, content=content)
    assert (brought.status_code, "error" in brought.json()) == (422, True)


def test_an_export_is_its_owners_alone(front: Front, person: Inside) -> None:
    other = {"anna": "ben", "ben": "anna"}[person.name]
    kept = {"Cookie": person.headers["Cookie"]}
    own = front.ask("GET", f"{PREFIX}/exports/of-{person.name}/session.zip", kept)
    assert (own.status_code, own.content == EXPORT) == (200, True)
    assert front.ask("GET", f"{PREFIX}/exports/of-{other}/session.zip", kept).status_code == 404
    assert front.ask("GET", f"{PREFIX}/exports/of-{person.name}/session.zip").status_code == 403


def test_sayso_sees_an_upload_before_it_is_whole(front: Front, person: Inside) -> None:
    """It can refuse a file of which little has come yet: the proxy does not keep it back."""
    path = f"{PREFIX}/sessions/{person.session_id}/files/put?ticket=x&name=large"
    lines = [f"POST {path} HTTP/1.1", f"Host: {NAME}:{front.tls}", f"Content-Length: {TO_DRAIN}"]
    lines += [f"{name}: {value}" for name, value in person.headers.items()]
    with (
        socket.create_connection(("127.0.0.1", front.tls), timeout=60) as plain,
        front.context.wrap_socket(plain, server_hostname=NAME) as line,
    ):
        line.sendall("\r\n".join([*lines, "", ""]).encode() + bytes(65_536))
        assert line.recv(4096).startswith(b"HTTP/1.1 403 ")


def test_a_password_goes_by_tls_only(front: Front, app: Served) -> None:
    """A visitor by plain HTTP is led to TLS; the server's own port does not take one either."""
    for method in ("GET", "POST"):
        answer = front.by_plain_http(method, f"{PREFIX}/login")
        assert answer.status_code in (301, 308)
        assert answer.headers["Location"].startswith(f"https://{NAME}")
        assert "Set-Cookie" not in answer.headers
    past = {"Host": NAME, "Origin": f"http://{NAME}"}
    words = {"username": "anna", "password": PASSWORD}
    direct = f"http://127.0.0.1:{app.port}{PREFIX}/login"
    refused = httpx.post(direct, headers=past, data=words, trust_env=False)
    assert (refused.status_code, "without TLS" in refused.text) == (403, True)


def test_a_made_up_address_does_not_buy_another_try(front: Front) -> None:
    """What a visitor writes into the proxies' headers is not believed."""

    def attempt(number: int) -> int:
        told = {"X-Forwarded-For": f"203.0.113.{number}", "Origin": front.origin}
        words = {"username": f"who {front.name} guesses", "password": "wrong"}
        return front.ask("POST", f"{PREFIX}/login", told, data=words).status_code

    assert [attempt(number) for number in range(6)] == [302] * 5 + [429]


# JupyterHub ----------------------------------------------------------------------------------

BELOW = "/user/anna"
HUB = "hub.example"


def definition() -> dict[str, Any]:
    """What the example tells jupyter-server-proxy, read as Jupyter reads it."""
    from traitlets.config import PyFileConfigLoader

    loaded = PyFileConfigLoader("jupyter_server_config.py", path=str(EXAMPLES)).load_config()
    found: dict[str, Any] = loaded.ServerProxy.servers["sayso"]
    return found


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of the hub's user, on whose server this is."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("JUPYTERHUB_USER", "anna")
    return tmp_path


def test_what_jupyterhub_starts_lets_in_by_its_own_password(home: Path) -> None:
    """Through its socket file, below the person's path, by the hub's name and TLS alone."""
    told = definition()
    login = home / ".config" / "sayso-in-hub" / "login.json"
    password = json.loads(login.read_text())["anna"]
    assert (told["absolute_url"], told["unix_socket"], told["new_browser_tab"]) == (True,) * 3
    with tempfile.TemporaryDirectory(prefix="say") as folder:
        path = f"{folder}/socket"
        values = {"port": "0", "unix_socket": path, "base_url": f"{BELOW}/"}
        words = [word.format(**values).replace("/opt/sayso", str(ROOT)) for word in told["command"]]
        words[:1] = [sys.executable, "-m", "panel"]
        env = environment(home / "data", told["environment"])

        def ask(method: str, where: str, headers: Mapping[str, str], **more: Any) -> httpx.Response:
            transport = httpx.HTTPTransport(uds=path)
            with httpx.Client(transport=transport, trust_env=False, timeout=60) as client:
                return client.request(method, f"http://localhost{where}", headers=headers, **more)

        def listens() -> bool:
            with socket.socket(socket.AF_UNIX) as line:
                return line.connect_ex(path) == 0

        with program(words, home, env, listens):
            assert ask("GET", "/", {}).status_code < 500  # the proxy waits for any answer
            through = told["request_headers_override"] | {"Host": HUB, "Origin": f"https://{HUB}"}
            form = {"username": "anna", "password": password}
            page, entrance = f"{BELOW}/sayso/", f"{BELOW}/sayso/login"
            led = ask("GET", page, through)
            assert urljoin(page, led.headers["Location"]).partition("?")[0] == entrance
            plain = ask("POST", entrance, {"Host": HUB, "Origin": f"http://{HUB}"}, data=form)
            assert (plain.status_code, "without TLS" in plain.text) == (403, True)
            wrong = ask("POST", entrance, through, data=form | {"password": "x"})
            assert "user" not in cookies(wrong)
            done = ask("POST", entrance, through, data=form)
            assert (done.status_code, urljoin(entrance, done.headers["Location"])) == (302, page)
            look_at(done, f"{BELOW}/sayso")
            inside = through | {"Cookie": header(cookies(done))}
            assert "sessions" in ask("GET", f"{page}health", inside).json()
            assert "sessions" not in ask("GET", f"{page}health", through).json()
            out = ask("GET", f"{page}logout", inside)
            gone = next(c for c in out.headers.get_list("Set-Cookie") if c.startswith("user="))
            assert f"Path={BELOW}/sayso;" in f"{gone};"


def test_the_hubs_password_is_kept_for_its_owner_alone(home: Path) -> None:
    """And is the same after the server was started again, as is what signs the cookies."""
    first = definition()
    kept = sorted((home / ".config" / "sayso-in-hub").iterdir())
    texts = [path.read_text() for path in kept]
    assert [stat.S_IMODE(path.stat().st_mode) for path in kept] == [0o600, 0o600]
    assert stat.S_IMODE(kept[0].parent.stat().st_mode) == 0o700
    assert definition() == first
    assert [path.read_text() for path in kept] == texts
    assert not any(text in word for text in texts for word in first["command"])
