"""The person's files go in and out for their owner alone, and do no harm on either way."""

from __future__ import annotations

import io
import os
import socket
import time
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import httpx
import pytest
from recorded import record
from served import ROOT, Served, mark, serve
from test_recordings import Browser

from agent.files.names import from_key
from dashboard.web.ownership import Card, Ownership
from dashboard.web.tickets import Tickets

PILOT = ROOT / "tests" / "page" / "pilot" / "dashboard"
MOST = 3_000_000
"""Bytes that one file may have on this server."""


class Owner(Browser):
    """A person with what is theirs: a running session of the pilot, or an ended one."""

    session_id = ""

    def ticket(self) -> str:
        answer = self.post(f"/sessions/{self.session_id}/files/ticket")
        return str(answer.json().get("ticket", ""))

    def files(self, route: str, ticket: str | None = None, **query: Any) -> httpx.Response:
        """One of the routes, with a ticket."""
        return self.get(self.address(route, self.ticket() if ticket is None else ticket, **query))

    def put(self, content: bytes, ticket: str | None = None, **query: Any) -> httpx.Response:
        """Put a file in."""
        ticket = self.ticket() if ticket is None else ticket
        return self.post(self.address("put", ticket, **query), content=content)

    def address(self, route: str, ticket: str, **query: Any) -> str:
        pairs = [("ticket", ticket)]
        for name, value in query.items():
            pairs += [(name, v) for v in (value if isinstance(value, list) else [value])]
        words = "&".join(f"{name}={quote(str(value), safe='%/')}" for name, value in pairs)
        return f"/sessions/{self.session_id}/files/{route}?{words}"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def app(data: Path) -> Iterator[Served]:
    limits = {"SAYSO_MOST_FILE_BYTES": str(MOST), "SAYSO_MOST_FILES": "40"}
    with serve(PILOT, data, env=limits, people=True) as s:
        yield s


@pytest.fixture
async def anna(app: Served, data: Path) -> Owner:
    """Anna, who has an ended session with some files."""
    owner = Owner(app, data, "anna")
    owner.session_id = await record(data, "write hello")
    Ownership(data).put(owner.session_id, Card(owner=mark("anna"), person="anna"))
    home = home_of(data, owner)
    (home / "Documents").mkdir(parents=True)
    (home / "Documents" / "a.txt").write_text("hello")
    (home / "page.html").write_text("<script>document.title = 'ours'</script>")
    (home / "drawing.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>")
    (home / ".config").mkdir()
    (home / ".config" / "secret").write_text("a program's own")
    return owner


@pytest.fixture(scope="module")
def opened() -> list[Owner]:
    """Sessions that tests have opened."""
    return []


@pytest.fixture
def running(app: Served, data: Path, opened: list[Owner]) -> Owner:
    """Anna, who has a running session: the last one, or a new one if that was let go."""
    if not (opened and opened[-1].ticket()):
        opened.append(new_session(app, data, "anna"))
    return opened[-1]


def new_session(app: Served, data: Path, name: str) -> Owner:
    """Load the page as a browser does; the session that it opens is this browser's."""
    owner = Owner(app, data, name)
    before = sessions(data)
    assert owner.get("/dashboard").status_code == 200
    new = sessions(data) - before
    assert new, app.log
    owner.session_id = new.pop()
    return owner


def sessions(data: Path) -> set[str]:
    return {path.name for path in (data / "sessions").glob("*")} if data.exists() else set()


def home_of(data: Path, owner: Owner) -> Path:
    return data / "sessions" / owner.session_id / "home"


def left_behind(home: Path) -> list[str]:
    """What an upload may have left that nobody would see."""
    return [path.name for path in home.rglob(".*") if path.name.startswith(".sayso")]


def nothing_stays(home: Path) -> None:
    """Soon nothing half lies there: the server tidies up after its answer."""
    deadline = time.monotonic() + 20
    while (found := left_behind(home)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert found == []


ROUTES = ["list", "get?path=page.html", "put?name=x", "came?upload=x", "unattach?token=x"]


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("who", ["ben", None])
def test_nobody_else_reaches_them(
    app: Served, data: Path, anna: Owner, route: str, who: str | None
):
    """Not even with the owner's ticket; it looks as if there were no such session."""
    path, _, query = route.partition("?")
    stranger = Owner(app, data, who)
    stranger.session_id = anna.session_id
    address = f"/sessions/{anna.session_id}/files/{path}?ticket={anna.ticket()}&{query}"
    for method in ("GET", "POST"):
        answer = stranger._ask(method, address, content=b"x" if method == "POST" else None)
        assert answer.status_code in (403, 404, 405), (method, answer.text)
        assert "document.title" not in answer.text
    assert stranger.post(f"/sessions/{anna.session_id}/files/ticket").status_code in (403, 404)
    assert not (home_of(data, anna) / "x").exists()


@pytest.mark.parametrize(
    "ticket",
    [
        "",
        "AAAA",
        "é",
        Tickets().issue("x", "files"),
    ],
    ids=["none", "short", "no ascii", "another start's"],
)
def test_without_a_good_ticket_nothing_is_given(anna: Owner, ticket: str):
    for route in ("list", "get"):
        answer = anna.files(route, ticket, path="page.html")
        assert answer.status_code == 403
        assert "Try again" in answer.json()["error"]


async def test_a_ticket_is_for_its_session_and_its_purpose_and_grows_old(anna: Owner, data: Path):
    other = await record(data, "another")
    Ownership(data).put(other, Card(owner=mark("anna"), person="anna"))
    (data / "sessions" / other / "home").mkdir()
    ticket, first = anna.ticket(), anna.session_id
    anna.session_id = other
    assert anna.files("list", ticket).status_code == 403
    assert anna.files("list").status_code == 200
    anna.session_id = first
    times = iter([1000.0, 1059.0, 1061.0])
    tickets = Tickets(b"k", now=times.__next__)
    made = tickets.issue("s", "files", 60.0)
    assert tickets.check(made, "files") == "s"
    assert tickets.check(made, "files") is None


def test_another_site_can_neither_ask_nor_send(anna: Owner, running: Owner):
    """Links from elsewhere carry the cookie, but no ticket; requests that do more do not pass."""
    evil = {"Origin": "http://evil.example", "Sec-Fetch-Site": "cross-site"}
    ticket = running.ticket()
    for route in ("ticket", "put", "unattach"):
        answer = running.post(running.address(route, ticket, name="x"), content=b"x", headers=evil)
        assert answer.status_code == 403, route
    answer = anna._ask("GET", anna.address("get", anna.ticket(), path="page.html"), headers=evil)
    assert answer.status_code == 403


@pytest.mark.parametrize("name", ["page.html", "drawing.svg"])
def test_what_could_run_in_a_browser_is_a_download_of_no_type(anna: Owner, name: str):
    answer = anna.files("get", path=name)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"].startswith("sandbox")
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "path",
    [
        "../events.db",
        "Documents/../../events.db",
        "/etc/passwd",
        "Documents/link",
        "away/passwd",
        ".config/secret",
        ".config",
        "pipe",
        "%00",
        "a%0a/../../events.db",
        "nothing",
        "x/" * 200,
    ],
)
@pytest.mark.parametrize("how", [{}, {"zip": 1}])
def test_nothing_but_the_persons_files_goes_out(anna: Owner, data: Path, path: str, how: Any):
    """Each refusal is a sentence."""
    home = home_of(data, anna)
    (home / "Documents" / "link").symlink_to("/etc/passwd")
    (home / "away").symlink_to("/etc")
    os.mkfifo(home / "pipe")
    answer = anna.files("get", path=path, **how)
    if path == "pipe" and how:
        packed = zipfile.ZipFile(io.BytesIO(answer.content))
        assert packed.namelist() == ["Not included.txt"]
        return
    assert answer.status_code == 409
    assert answer.json()["error"].endswith(".")
    assert "root:" not in answer.text


def test_an_archive_holds_no_link_and_says_so(anna: Owner, data: Path):
    home = home_of(data, anna)
    (home / "Documents" / "link").symlink_to("/etc/passwd")
    (home / "Documents" / "empty").mkdir(mode=0o750)
    os.utime(home / "Documents" / "empty", (10**9, 10**9))
    note = "Not in the archive: Documents/link: a link, which is not followed."
    assert anna.files("get", path="", zip=1, check=1).json()["note"].startswith(note)
    assert anna.files("get", path="Documents/empty", zip=1, check=1).json()["note"] == ""
    packed = zipfile.ZipFile(io.BytesIO(anna.files("get", path="", zip=1).content))
    assert packed.testzip() is None
    assert {"Documents/a.txt", "Documents/empty/"} <= set(packed.namelist())
    empty = packed.getinfo("Documents/empty/")
    assert (empty.external_attr >> 16 & 0o777, empty.date_time[0]) == (0o750, 2001)
    assert not any("config" in name or "link" in name for name in packed.namelist())
    assert "Documents/link: a link" in packed.read("Not included.txt").decode()


def test_names_of_any_bytes_go_out_and_are_fit_for_every_system(anna: Owner, data: Path):
    home = os.fsencode(home_of(data, anna))
    names = [b"caf\xe9.txt", b"two\nlines", b"-rf", b"con.txt", b"n" * 255, b"a;b\"c'd"]
    for name in names:
        with open(home + b"/" + name, "wb") as file:
            file.write(name)
    rows = {row["name"]: row["key"] for row in anna.files("list").json()["rows"]}
    assert "caf\\xe9.txt" in rows
    assert "two\\nlines" in rows
    answer = anna.files("get", path=quote(rows["caf\\xe9.txt"]))
    assert answer.content == b"caf\xe9.txt"
    assert "filename*=UTF-8''caf%C3%A9.txt" in answer.headers["Content-Disposition"]
    packed = zipfile.ZipFile(io.BytesIO(anna.files("get", path="", zip=1).content))
    assert {packed.read(name) for name in packed.namelist() if "/" not in name} >= set(names)
    for name in packed.namelist():
        assert not set(name) & set('\\\n"\0'), name


def test_more_than_two_hundred_choices_are_refused(anna: Owner):
    answer = anna.files("get", path=["a"] * 201)
    assert answer.status_code == 409
    assert "200" in answer.json()["error"]


def test_an_archive_of_too_many_files_is_refused_before_it_begins(anna: Owner, data: Path):
    many = home_of(data, anna) / "many"
    many.mkdir()
    for number in range(40):
        (many / str(number)).touch()
    assert anna.files("get", path="many", zip=1, check=1).json()["files"] == 40
    (many / "one more").touch()
    answer = anna.files("get", path="many", zip=1)
    assert answer.status_code == 409
    assert "40 files" in answer.json()["error"]


# In ------------------------------------------------------------------------------------------


def test_a_file_comes_in_whole_and_a_taken_name_is_numbered(running: Owner, data: Path):
    content = os.urandom(MOST)
    for name in ("a b.bin", "a b (2).bin"):
        answer = running.put(content, name="a b.bin", folder="Downloads")
        assert answer.status_code == 200, answer.text
        assert answer.json()["name"] == name
        assert (home_of(data, running) / "Downloads" / name).read_bytes() == content
    assert left_behind(home_of(data, running)) == []


@pytest.mark.parametrize(
    ("name", "lands"),
    [
        ("../../x.txt", "x.txt"),
        ("/etc/x.txt", "etc/x.txt"),
        (".bashrc", "bashrc"),
        ("..", "file"),
        ("-rf", "_-rf"),
        ("a%0ab.txt", "a b.txt"),
        ("%FFx", None),
        ("C%3A%5Cdir%5Cx.exe", None),
        ("n" * 400, None),
        ("", "file"),
        ("dir/.hidden/x.txt", "dir/hidden/x.txt"),
        ("%E2%80%AEtxt.exe", "txt.exe"),
    ],
)
def test_a_name_from_outside_is_made_safe(running: Owner, data: Path, name: str, lands: str | None):
    home = home_of(data, running)
    before = set(home.parent.rglob("*"))
    answer = running.put(b"content", name=name, folder="In")
    assert answer.status_code in (200, 400), answer.text
    new = set(home.parent.rglob("*")) - before
    files = [path for path in new if path.is_file() and home in path.parents]
    assert len(files) == (1 if answer.status_code == 200 else 0)
    for path in files:
        assert path.is_relative_to(home / "In")
        assert not any(part.startswith(".") for part in path.relative_to(home).parts)
        if lands is not None:
            assert str(path.relative_to(home / "In")).startswith(lands.rpartition(".")[0] or lands)


@pytest.mark.parametrize("folder", ["../..", "/etc", ".config/autostart", "link", "page.html"])
def test_a_folder_that_is_not_the_persons_takes_nothing(running: Owner, data: Path, folder: str):
    home, away = home_of(data, running), data / "away"
    away.mkdir(exist_ok=True)
    (home / "page.html").touch()
    if not (home / "link").is_symlink():
        (home / "link").symlink_to(away)
    answer = running.put(b"x", name="x", folder=folder)
    assert answer.status_code == 409, answer.text
    assert answer.json()["error"].endswith(".")
    assert list(away.iterdir()) == []
    assert not (home / ".config").exists()


@pytest.mark.parametrize("name", ["app/__pycache__/x.pyc", "__pycache__", "snap/x", "lost+found"])
def test_what_would_come_in_unseen_is_refused(running: Owner, data: Path, name: str):
    """A folder that is uploaded may hold a program's own, which is never listed."""
    answer = running.put(b"x", name=name)
    assert answer.status_code == 409
    assert "a program's own" in answer.json()["error"]
    assert not (home_of(data, running) / name).exists()


ODD = [
    "50% #1?.txt",
    'a"b.txt',
    "back\\slash.txt",
    "\u202etxt.exe",
    "😀.txt",
    "Ä" * 127,
    "dot.",
    "x ",
]


@pytest.mark.parametrize("name", ODD)
def test_a_name_that_the_agent_gave_goes_out_under_one_that_is_safe(
    anna: Owner, data: Path, name: str
):
    (home_of(data, anna) / name).write_text(name)
    [row] = [r for r in anna.files("list").json()["rows"] if from_key(r["key"]) == name]
    answer = anna.files("get", path=quote(row["key"], safe=""))
    assert answer.text == name
    sent = answer.headers["content-disposition"]
    assert sent.isascii()
    assert "\u202e" not in unquote(sent)
    (home_of(data, anna) / name).unlink()


@pytest.mark.parametrize("more", [0, 1])
def test_a_file_of_the_largest_size_comes_in_and_one_byte_more_does_not(
    running: Owner, data: Path, more: int
):
    answer = running.put(b"x" * (MOST + more), name=f"large-{more}")
    if not more:
        assert answer.status_code == 200
        return
    assert answer.status_code == 413
    assert "3.0 MB at most" in answer.json()["error"]
    assert not list(home_of(data, running).glob("large-1*"))


def test_a_file_that_grows_beyond_what_it_said_is_cut_off(running: Owner, data: Path):
    """Without a length, as programs send that do not know it yet."""

    def pieces() -> Iterator[bytes]:
        yield from [b"x" * 100_000] * 40

    address = running.address("put", running.ticket(), name="chunked")
    try:
        answer = running.post(address, content=pieces())
        assert answer.status_code in (400, 413, 507)
    except httpx.HTTPError:
        pass
    assert list(home_of(data, running).glob("*chunked*")) == []
    nothing_stays(home_of(data, running))


def test_too_many_files_are_refused(app: Served, data: Path):
    owner = new_session(app, data, "many")
    for number in range(40):
        (home_of(data, owner) / str(number)).touch()
    answer = owner.put(b"x", name="x")
    assert answer.status_code == 409
    assert "40 files already" in answer.json()["error"]


def test_an_upload_that_breaks_off_leaves_nothing(running: Owner, data: Path):
    """A connection that is cut in the middle, as many as there are places for."""
    home = home_of(data, running)
    for _ in range(6):
        cut_off(running, running.ticket())
    nothing_stays(home)
    assert not list(home.glob("half*"))
    assert running.put(b"whole", name="after").status_code == 200


def test_an_upload_sent_again_takes_the_place_of_the_one_that_hangs(running: Owner, data: Path):
    """However often; what came whole is not taken again, and its answer can be asked for."""
    home, upload = home_of(data, running), "an-id-of-its-own"
    with ExitStack() as lines:
        before: list[str] = []
        for _ in range(6):
            lines.enter_context(begun(running, running.ticket(), "again", upload))
            until = time.monotonic() + 60
            while left_behind(home) in ([], before) or len(left_behind(home)) != 1:
                assert time.monotonic() < until, left_behind(home)
                time.sleep(0.01)
            before = left_behind(home)
        assert running.files("came", upload=upload).json() == {"came": None}
        answer = running.put(b"whole", name="again", upload=upload)
    assert answer.status_code == 200
    assert running.files("came", upload=upload).json() == {"came": answer.json()}
    assert running.put(b"whole", name="again", upload=upload).status_code == 409
    nothing_stays(home)
    assert [path.name for path in home.glob("again*")] == ["again"]


def cut_off(owner: Owner, ticket: str) -> None:
    with begun(owner, ticket, "half"):
        pass


def begun(owner: Owner, ticket: str, name: str, upload: str = "") -> socket.socket:
    """A connection on which half a file has been sent."""
    base = urlsplit(str(owner._options["base_url"]))
    headers = owner._options["headers"] | {"Host": base.netloc, "Content-Length": "2500000"}
    lines = "".join(f"{key}: {value}\r\n" for key, value in headers.items())
    address = owner.address("put", ticket, name=name, upload=upload)
    head = f"POST {address} HTTP/1.1\r\n{lines}\r\n"
    connection = socket.create_connection((base.hostname, base.port))
    connection.sendall(head.encode() + b"x" * 1_500_000)
    return connection


def test_an_ended_session_gives_its_files_and_takes_none(anna: Owner, data: Path):
    assert anna.files("list").json()["running"] is False
    assert anna.files("get", path="Documents/a.txt").content == b"hello"
    answer = anna.put(b"x", name="x")
    assert answer.status_code == 409
    assert "Resume it" in answer.json()["error"]


async def test_a_session_without_a_home_says_so(anna: Owner, data: Path):
    anna.session_id = await record(data, "no home")
    Ownership(data).put(anna.session_id, Card(owner=mark("anna"), person="anna"))
    answer = anna.post(f"/sessions/{anna.session_id}/files/ticket")
    assert answer.status_code == 404
    assert "no files" in answer.json()["error"]
