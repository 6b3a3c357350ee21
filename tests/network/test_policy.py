"""What the rules say of a host and port."""

from __future__ import annotations

import pytest

from agent.errors import ConfigurationError
from agent.network.addresses import is_address, local_name, read_host
from agent.network.policy import Mode, Place, judge, listed_hosts, read_place


def ruled(host: str, port: int = 443, mode: Mode = "listed", **more: frozenset[object]) -> str:
    reach: frozenset[Place] = more.get("reach", frozenset())  # type: ignore[assignment]
    allowed: frozenset[str] = more.get("allowed", frozenset())  # type: ignore[assignment]
    said = judge(Place(host, port), mode, reach, allowed)
    return said.by or said.why or said.decision


def test_what_is_listed_is_reached_and_all_else_is_asked_about() -> None:
    assert ruled("example.org") == "listed"
    assert ruled("unlisted.example.org") == "ask"
    assert ruled("unlisted.example.org", allowed=frozenset({"unlisted.example.org"})) == "you"
    assert ruled("unlisted.example.org", allowed=frozenset({"example.org"})) == "ask"
    assert ruled("unlisted.example.org", mode="open") == "open"


def test_nothing_is_reached_while_it_is_off() -> None:
    wiki = Place("wiki", 8080)
    for host, port in (("example.org", 443), ("wiki", 8080)):
        assert ruled(host, port, "off", reach=frozenset({wiki})) == "off"


@pytest.mark.parametrize("mode", ["listed", "open"])
def test_what_is_forbidden_stays_so_whatever_is_allowed(mode: Mode) -> None:
    names = ("127.0.0.1", "::1", "192.168.1.1", "localhost", "nas", "printer.local")
    allowed = frozenset({*names, "example.org"})
    assert [ruled(n, mode=mode, allowed=allowed) for n in names] == ["address"] * 3 + ["local"] * 3
    assert ruled("example.org", 22, mode, allowed=allowed) == "port"


def test_only_the_very_place_that_was_named_is_reached() -> None:
    reach = frozenset({read_place("wiki:8080"), read_place("192.168.1.7:80")})
    assert ruled("wiki", 8080, reach=reach) == "reach"
    assert ruled("192.168.1.7", 80, reach=reach) == "reach"
    assert ruled("wiki", 80, reach=reach) == "local"
    assert ruled("192.168.1.7", 443, reach=reach) == "address"
    assert ruled("192.168.1.8", 80, reach=reach) == "address"


@pytest.mark.parametrize(
    "text", ["wiki", "wiki:", "wiki:0", "wiki:70000", "wiki:x", ":80", "0x7f.1:80", "http://a:80"]
)
def test_a_place_needs_host_and_port(text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"HOST:PORT|port from"):
        read_place(text)


@pytest.mark.parametrize("text", ["localhost:80", "127.0.0.1:80", "[::1]:80", "a.localhost:80"])
def test_what_programs_call_themselves_cannot_be_named(text: str) -> None:
    with pytest.raises(ConfigurationError, match="the desktop itself"):
        read_place(text)


def test_the_list_that_is_shipped_names_public_hosts_in_their_one_spelling() -> None:
    hosts = listed_hosts()
    assert len(hosts) > 10
    for host in hosts:
        assert read_host(host) == host
        assert not is_address(host)
        assert not local_name(host)
