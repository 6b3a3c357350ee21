"""Whose something is: one browser, several servers on one machine; names and marks."""

from __future__ import annotations

import stat
import threading
from http.cookies import SimpleCookie
from pathlib import Path

import pytest
from tornado.httputil import HTTPHeaders, HTTPServerRequest, RequestStartLine

from agent.settings import Settings
from dashboard.web.identity import CLAIM, LOCAL, Identity, cookie_name, load_secret
from dashboard.web.ownership import Card, Ownership
from dashboard.web.preferences import People


class _Context:
    remote_ip = "127.0.0.1"

    def __init__(self, protocol: str) -> None:
        self.protocol = protocol


class _Connection:
    """What a request asks of its connection."""

    def __init__(self, protocol: str) -> None:
        self.context = _Context(protocol)


def request(
    jar: SimpleCookie, host: str = "localhost:5006", protocol: str = "http"
) -> HTTPServerRequest:
    """What a browser with these cookies sends: all of them, whatever the port."""
    sent = "; ".join(f"{name}={morsel.coded_value}" for name, morsel in jar.items())
    line = RequestStartLine("GET", "/", "HTTP/1.1")
    headers = HTTPHeaders({"Cookie": sent, "Host": host})
    return HTTPServerRequest(start_line=line, headers=headers, connection=_Connection(protocol))


def let_in(server: Identity, jar: SimpleCookie, host: str = "localhost:5006") -> None:
    """Open the server's link."""
    jar.load(server.let_in(request(jar, host)))


def test_two_servers_on_one_machine_leave_each_others_cookies_alone() -> None:
    """Cookies do not tell ports apart: each has a name of its own, and opens its own server."""
    here, there = Identity(b"h" * 32), Identity(b"t" * 32)
    jar: SimpleCookie = SimpleCookie()
    let_in(here, jar, "localhost:5006")
    assert there.known(request(jar, "localhost:5007")) is None
    let_in(there, jar, "localhost:5007")
    assert here.known(request(jar, "localhost:5006")) == LOCAL
    assert there.known(request(jar, "localhost:5007")) == LOCAL
    assert sorted(jar) == ["sayso_5006", "sayso_5007"]
    assert here.known(request(jar, "localhost:5007")) is None  # each has its own secret


def test_servers_of_one_secret_do_not_take_each_others_cookies() -> None:
    """Two starts in one data folder: what one was told is not told the other."""
    here = Identity(b"h" * 32)
    jar: SimpleCookie = SimpleCookie()
    let_in(here, jar, "localhost:5006")
    jar["sayso_5007"] = jar["sayso_5006"].value
    assert here.known(request(jar, "localhost:5007")) is None


@pytest.mark.parametrize(
    ("host", "protocol", "prefix", "name"),
    [
        ("localhost:5006", "http", "", "sayso_5006"),
        ("[::1]:5006", "http", "", "sayso_5006"),
        ("[::1]", "http", "", "sayso_80"),
        ("sayso.example", "https", "tools/sayso", "sayso_443_tools_sayso"),
        ("sayso.example:8443", "https", "/a b;c=/", "sayso_8443_a_b_c"),
    ],
)
def test_the_cookie_is_named_by_port_and_prefix(
    host: str, protocol: str, prefix: str, name: str
) -> None:
    assert cookie_name(request(SimpleCookie(), host, protocol), prefix) == name


@pytest.mark.parametrize("protocol", ["http", "https"])
def test_the_cookie_is_guarded(protocol: str) -> None:
    """Scripts cannot read it, other sites do not send it, and TLS keeps it to itself."""
    server = Identity(b"h" * 32, prefix="/tools/sayso")
    cookie: SimpleCookie = SimpleCookie(
        server.let_in(request(SimpleCookie(), "sayso.example", protocol))
    )
    (morsel,) = cookie.values()
    assert morsel["httponly"]
    assert (morsel["samesite"], morsel["path"]) == ("Strict", "/tools/sayso")
    assert bool(morsel["secure"]) == (protocol == "https")


def test_a_forged_cookie_opens_nothing() -> None:
    """Nor does a name that looks like an owner's mark, where nobody signs in."""
    here = Identity(b"h" * 32)
    forged: SimpleCookie = SimpleCookie()
    forged["sayso_5006"] = "2|1:0|10:0|5:forge|4:Zm9v|" + "0" * 64
    forged["user"] = LOCAL
    assert here.known(request(forged)) is None
    assert here.person(request(forged)) is None
    assert here.claims(request(forged)) == {}


def test_a_second_browser_is_the_same_person() -> None:
    """And one whose cookies were cleared: whoever has the link is who runs the server."""
    here = Identity(b"h" * 32)
    first: SimpleCookie = SimpleCookie()
    second: SimpleCookie = SimpleCookie()
    let_in(here, first)
    let_in(here, second)
    assert first["sayso_5006"].value != second["sayso_5006"].value
    owners = set()
    for jar in (first, second):
        asked = request(jar)
        here.admit(asked)
        owners.add(here.claims(asked)[CLAIM])
    assert owners == {LOCAL}


def test_a_pages_key_is_its_owners_and_another_each_time() -> None:
    """It is bound to the person and to the data folder, and outlives the server's start."""
    here, again = Identity(b"h" * 32), Identity(b"h" * 32)
    key = here.page_key(LOCAL)
    assert key != here.page_key(LOCAL)
    assert again.opens(key, LOCAL)
    assert not here.opens(key, "somebody else")
    assert not Identity(b"t" * 32).opens(key, LOCAL)
    for bad in ("", "x", key[:-2], f"{key}A", "é", "=" * 50):
        assert not here.opens(bad, LOCAL)


def test_without_guests_nobody_is_known_beside_a_login() -> None:
    """A browser that was let in before there was a login does not come in by that."""
    here = Identity(b"h" * 32)
    jar: SimpleCookie = SimpleCookie()
    let_in(here, jar)
    here.login = True
    assert here.known(request(jar)) is None
    here.guests = True
    guest = here.known(request(jar))
    assert guest not in (None, LOCAL)


def test_the_key_of_the_cookies_is_for_its_owner_only(tmp_path: Path) -> None:
    """Made with mode 0600, and given it again should somebody have widened it.

    In a folder in which nobody else can put another in its place.
    """
    path = tmp_path / "data" / "browser.key"
    made = load_secret(path)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o644)
    assert load_secret(path) == made
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_two_starts_at_once_have_one_key(tmp_path: Path) -> None:
    """The second one waits for what the first is writing; what nobody completes is made anew."""
    path = tmp_path / "browser.key"
    path.touch()
    first = threading.Timer(0.1, path.write_bytes, [b"k" * 32])
    first.start()
    assert load_secret(path) == b"k" * 32
    first.join()
    path.write_bytes(b"cut off")
    assert len(load_secret(path)) == 32
    assert path.read_bytes() == load_secret(path)


def test_what_browsers_made_before_the_lock_is_the_local_persons(tmp_path: Path) -> None:
    """Sessions of whatever browser, not those that somebody signed in for."""
    plain, ownership = Ownership(tmp_path), Ownership(tmp_path, heir=lambda: LOCAL)
    plain.put("one", Card(owner="1" * 64))
    plain.put("two", Card(owner="2" * 64))
    plain.put("anna", Card(owner="a" * 64, person="anna"))
    owners = {name: ownership.get(name) for name in ("one", "two", "anna")}
    assert {name: card.owner for name, card in owners.items() if card} == {
        "one": LOCAL,
        "two": LOCAL,
        "anna": "a" * 64,
    }
    kept = plain.get("one")
    assert kept is not None
    assert kept.owner == "1" * 64  # nothing was rewritten: a login's server reads it as before


def test_settings_and_prompts_from_before_the_lock_are_taken_over_once(tmp_path: Path) -> None:
    """The last used browser's go first; a prompt of every browser; a signed-in person's never."""
    people = People(Settings(data_dir=tmp_path, _env_file=None))  # type: ignore[call-arg]
    for owner, turns in (("1" * 64, 11), ("2" * 64, 22)):
        people.of(owner).put("max_turns", turns)
        people.library(owner).save(f"prompt-{turns}", "Be kind.")
        people.library(owner).save("both", f"Take {turns} turns.")
    fresh = People(people.base)
    fresh.inherit(LOCAL, ["2" * 64, "1" * 64, "3" * 64])
    assert fresh.of(LOCAL).settings.max_turns == 22
    assert set(fresh.library(LOCAL).names()) >= {"prompt-11", "prompt-22", "both"}
    assert "22" in fresh.library(LOCAL).get("both").template
    fresh.of(LOCAL).reset("max_turns")
    fresh.inherit(LOCAL, ["1" * 64])
    assert not People(people.base).of(LOCAL).is_set("max_turns")
