"""Where the server may listen, whom it believes, and how often a password may be tried."""

from __future__ import annotations

import pytest
from tornado.httputil import HTTPHeaders, HTTPServerRequest, RequestStartLine

from agent.errors import ConfigurationError
from dashboard.web.mount import check_bind
from dashboard.web.request_guard import Proxies, host_names
from dashboard.web.tries import FREE, FREE_OF_ADDRESS, LONGEST, Tries

NAMED = frozenset({"sayso.example"})
NONE: frozenset[str] = frozenset()


@pytest.mark.parametrize(
    ("address", "hosts", "guarded", "private", "trouble"),
    [
        ("localhost", NONE, False, False, ""),
        ("127.0.0.1", NONE, False, False, ""),
        ("::1", NONE, False, False, ""),
        (None, NONE, False, False, ""),
        ("localhost", frozenset({"localhost:8000", "[::1]", "127.0.0.1:9"}), False, False, ""),
        ("0.0.0.0", NAMED, False, True, "without a login"),
        ("::", NAMED, False, True, "without a login"),
        ("localhost", NAMED, False, True, "without a login"),
        ("localhost", frozenset({"10.0.0.5:5006"}), False, True, "without a login"),
        ("localhost", frozenset({"localhost.evil.example"}), False, True, "without a login"),
        (None, NAMED, False, True, "without a login"),
        ("0.0.0.0", NONE, True, True, "by which name"),
        ("0.0.0.0", host_names(["*", "*:5006"]), True, True, "by which name"),
        ("0.0.0.0", NAMED, True, False, "without TLS"),
        ("localhost", NAMED, True, False, "without TLS"),
        ("0.0.0.0", NAMED, True, True, ""),
        ("localhost", NAMED, True, True, ""),
        (None, NAMED, True, True, ""),
    ],
)
def test_a_public_address_or_name_wants_a_login_and_tls(
    address: str | None, hosts: frozenset[str], guarded: bool, private: bool, trouble: str
) -> None:
    """A foreign name in the allowlist is a public address: a proxy stands before the server."""
    if not trouble:
        check_bind(address, hosts, guarded=guarded, private=private)
        return
    with pytest.raises(ConfigurationError, match=trouble):
        check_bind(address, hosts, guarded=guarded, private=private)


def test_a_containers_own_address_wants_neither_as_long_as_nobody_knows_it_by_name() -> None:
    check_bind("0.0.0.0", NONE, guarded=False, contained=True)
    with pytest.raises(ConfigurationError, match="without a login"):
        check_bind("0.0.0.0", NAMED, guarded=False, contained=True)
    with pytest.raises(ConfigurationError, match="without TLS"):
        check_bind("0.0.0.0", NAMED, guarded=True, contained=True)


class _Context:
    protocol = "http"

    def __init__(self, address: str) -> None:
        self.remote_ip = address


class _Connection:
    def __init__(self, address: str) -> None:
        self.context = _Context(address)


@pytest.mark.parametrize(
    ("trusted", "peer", "hops", "proto", "address", "protocol"),
    [
        ((), "127.0.0.1", "203.0.113.7", "https", "127.0.0.1", "http"),
        (("10.0.0.9",), "127.0.0.1", "203.0.113.7", "https", "127.0.0.1", "http"),
        (("127.0.0.1",), "127.0.0.1", "203.0.113.7", "https", "203.0.113.7", "https"),
        (("127.0.0.0/8", "::1"), "::1", "1.2.3.4, 203.0.113.7", "https", "203.0.113.7", "https"),
        (("127.0.0.1", "10.0.0.0/8"), "127.0.0.1", "1.2.3.4, 10.0.0.2", "", "1.2.3.4", "http"),
        (("127.0.0.1",), "127.0.0.1", "", "https", "127.0.0.1", "https"),
        (("127.0.0.1",), "127.0.0.1", "evil, 1.2.3.4, x", "http, https", "127.0.0.1", "https"),
        (("127.0.0.1",), "127.0.0.1", "203.0.113.7", "gopher", "203.0.113.7", "http"),
        (("unix",), "0.0.0.0", "203.0.113.7", "https", "203.0.113.7", "https"),
        (("127.0.0.1",), "0.0.0.0", "203.0.113.7", "https", "0.0.0.0", "http"),
        (("127.0.0.0/8",), "127.0.0.1", "1.2.3.4, 127.1", "", "127.0.0.1", "http"),
        (("127.0.0.1",), "127.0.0.1", "::ffff:203.0.113.7", "", "203.0.113.7", "http"),
        (("127.0.0.1",), "127.0.0.1", "2001:DB8:0::1", "", "2001:db8::1", "http"),
        (("127.0.0.1",), "::ffff:127.0.0.1", "203.0.113.7", "https", "203.0.113.7", "https"),
    ],
)
def test_only_a_trusted_proxy_is_believed(
    trusted: tuple[str, ...], peer: str, hops: str, proto: str, address: str, protocol: str
) -> None:
    """The last address that no trusted proxy has written down is the browser's."""
    headers = HTTPHeaders({"Host": "x", "X-Forwarded-For": hops, "X-Forwarded-Proto": proto})
    line = RequestStartLine("GET", "/", "HTTP/1.1")
    request = HTTPServerRequest(start_line=line, headers=headers, connection=_Connection(peer))
    Proxies.of(trusted).unwrap(request)
    assert (request.remote_ip, request.protocol) == (address, protocol)


def test_a_proxy_that_is_no_address_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="SAYSO_TRUSTED_PROXIES"):
        Proxies.of(("nginx",))


class _Time:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_wrong_passwords_make_the_next_try_wait_longer_each_time() -> None:
    """At the edge: as many as are free, then a second, then two, and never more than the most."""
    clock = _Time()
    tries = Tries(now=clock)
    for _ in range(FREE - 1):
        tries.wrong("a", "anna")
    assert tries.wait("a", "anna") == 0
    waits = []
    for _ in range(12):
        tries.wrong("a", "anna")
        waits.append(tries.wait("a", "anna"))
        clock.now += waits[-1]
        assert tries.wait("a", "anna") == 0
    assert waits[:4] == [1, 2, 4, 8]
    assert waits[-1] == LONGEST
    assert tries.wait("b", "anna") == 0


def test_made_up_names_do_not_help() -> None:
    """An address as a whole may be wrong only so often; a right password does not change that."""
    clock = _Time()
    tries = Tries(now=clock)
    for number in range(FREE_OF_ADDRESS):
        assert tries.wait("a", f"name {number}") == 0
        tries.wrong("a", f"name {number}")
    tries.wrong("a", "mine")
    tries.right("a", "mine")
    assert tries.wait("a", "another") > 0
    clock.now += 3600
    assert tries.wait("a", "another") == 0


def test_further_addresses_of_a_machine_do_not_help() -> None:
    """It has 2^64 of them with version 6, all in one network; the next network is somebody else."""
    tries = Tries(now=_Time())
    for number in range(FREE):
        tries.wrong(f"2001:db8::{number:x}", "anna")
    assert tries.wait("2001:db8:0:0:ffff::1", "anna") > 0
    assert tries.wait("2001:db8:0:1::1", "anna") == 0
    tries.right("2001:db8::5", "anna")
    assert tries.wait("2001:db8::6", "anna") == 0


def test_a_right_password_costs_nothing() -> None:
    """Somebody who signs in often is not taken for somebody who guesses."""
    tries = Tries(now=_Time())
    for _ in range(FREE_OF_ADDRESS * 3):
        tries.wrong("a", "anna")
        tries.right("a", "anna")
    assert tries.wait("a", "anna") == 0
