"""The proxy: what it passes on, what it refuses, and that it dials what it has judged."""

from __future__ import annotations

import asyncio
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.network.addresses import read_host
from agent.network.policy import Place
from agent.network.proxy import Answer, Refused, Upstream, parse, refusal
from network.stage import PUBLIC, Internet, by_rules, stage

OPEN = by_rules("open")


async def test_a_tunnel_carries_bytes_both_ways_untouched() -> None:
    async with stage(OPEN, Internet({"a.example.org": [[PUBLIC]]})) as net:
        sent = b"\x16\x03\x01\r\n\r\n" + bytes(range(256)) * 400
        head = b"CONNECT a.example.org:443 HTTP/1.1\r\n\r\n"
        got = await net.send(head, then=sent)
    assert got.startswith(b"HTTP/1.1 200 ")
    assert net.internet.received == [sent]
    assert net.internet.dialled == [(PUBLIC, 443)]


async def test_bytes_that_come_before_the_answer_are_not_lost() -> None:
    async with stage(OPEN, Internet({"a.example.org": [[PUBLIC]]})) as net:
        await net.send(b"CONNECT a.example.org:443 HTTP/1.1\r\n\r\nhello\r\n\r\n")
    assert net.internet.received == [b"hello\r\n\r\n"]


async def test_a_plain_request_is_sent_on_as_its_host_is_called() -> None:
    async with stage(OPEN, Internet({"a.example.org": [[PUBLIC]]})) as net:
        got = await net.send(
            b"POST http://a.example.org/x?y HTTP/1.1\r\nHost: elsewhere.example\r\nAccept: */*\r\n"
            b"Proxy-Authorization: Basic x\r\nConnection: keep-alive\r\nContent-Length: 4\r\n\r\n"
            b"body"
        )
    assert got.endswith(b"\r\n\r\nhi")
    [received] = net.internet.received
    assert received == (
        b"POST /x?y HTTP/1.1\r\nHost: a.example.org\r\nAccept: */*\r\nContent-Length: 4\r\n"
        b"Connection: close\r\n\r\nbody"
    )


async def test_a_second_request_on_a_connection_goes_nowhere() -> None:
    """It might be for another host, which nobody has judged."""
    async with stage(OPEN, Internet({"a.example.org": [[PUBLIC]]}, answer=b"")) as net:
        first = b"GET http://a.example.org/ HTTP/1.1\r\n\r\n"
        await net.send(first + b"GET http://b.example.org/secret HTTP/1.1\r\n\r\n")
    assert all(b"secret" not in data for data in net.internet.received)
    assert net.internet.looked_up == ["a.example.org"]


async def test_a_client_that_says_no_more_still_gets_its_answer() -> None:
    async with stage(OPEN, Internet({"a.example.org": [[PUBLIC]]})) as net:
        reader, writer = await asyncio.open_connection("127.0.0.1", net.port)
        writer.write(b"GET http://a.example.org/ HTTP/1.1\r\n\r\n")
        writer.write_eof()
        assert (await reader.read()).endswith(b"hi")
        writer.close()


async def test_a_name_is_looked_up_once_and_its_address_dialled() -> None:
    """The second look-up of a name that is bound anew would find this machine."""
    async with stage(OPEN, Internet({"rebinds.example.org": [[PUBLIC], ["127.0.0.1"]]})) as net:
        await net.tunnel("rebinds.example.org")
        assert net.internet.dialled == [(PUBLIC, 443)]
        assert b" 403 " in (await net.tunnel("rebinds.example.org")).splitlines()[0]
        assert net.internet.dialled == [(PUBLIC, 443)]
    assert net.refused == [("rebinds.example.org", 443, "its address is this machine")]


@pytest.mark.parametrize("other", ["127.0.0.1", "::ffff:10.0.0.1", "fe80::1%2", "64:ff9b::a00:1"])
async def test_one_forbidden_address_among_good_ones_refuses_the_name(other: str) -> None:
    async with stage(OPEN, Internet({"a.example.org": [[PUBLIC, other]]})) as net:
        assert b" 403 " in (await net.tunnel("a.example.org")).splitlines()[0]
        assert b" 403 " in (await net.get("a.example.org")).splitlines()[0]
    assert net.internet.dialled == []


async def test_what_was_named_at_the_start_is_dialled_though_it_is_private() -> None:
    reach = [Place("wiki", 8080)]
    async with stage(by_rules("listed", reach=reach), Internet({"wiki": [["10.0.0.5"]]})) as net:
        assert b" 200 " in (await net.get("wiki", 8080)).splitlines()[0]
        assert b" 403 " in (await net.get("wiki", 80)).splitlines()[0]
    assert net.internet.dialled == [("10.0.0.5", 8080)]


async def test_nothing_is_looked_up_before_it_is_allowed() -> None:
    """A name alone can carry words to whoever answers for it."""
    async with stage(by_rules("listed")) as net:
        await net.tunnel("words-of-yours.example.org")
    assert net.internet.looked_up == []


async def test_a_connection_is_held_until_there_is_an_answer() -> None:
    asked, answered = asyncio.Event(), asyncio.Event()

    async def slowly(host: str, port: int) -> Answer:
        asked.set()
        await answered.wait()
        return Answer(True)

    async with stage(slowly, Internet({"a.example.org": [[PUBLIC]]})) as net:
        waiting = asyncio.create_task(net.tunnel("a.example.org"))
        await asked.wait()
        assert net.internet.dialled == []
        answered.set()
        assert (await waiting).startswith(b"HTTP/1.1 200 ")


async def test_the_next_address_is_tried_where_one_does_not_answer() -> None:
    internet = Internet({"a.example.org": [["93.184.215.1", PUBLIC]]})
    reached = internet.connect

    async def connect(address: str, port: int):  # type: ignore[no-untyped-def]
        if address != PUBLIC:
            internet.dialled.append((address, port))
            raise ConnectionRefusedError
        return await reached(address, port)

    internet.connect = connect  # type: ignore[method-assign]
    async with stage(OPEN, internet) as net:
        assert (await net.tunnel("a.example.org")).startswith(b"HTTP/1.1 200 ")
    assert net.internet.dialled == [("93.184.215.1", 443), (PUBLIC, 443)]


async def test_an_upstream_proxy_is_spoken_with_as_it_wants() -> None:
    upstream = Upstream.read(f"http://me:p%40ss@{PUBLIC}:8080", "wiki.example.com")
    internet = Internet({"wiki.example.com": [[PUBLIC]]})
    async with stage(OPEN, internet, upstream) as net:
        await net.tunnel("a.example.org")
        await net.get("a.example.org")
        await net.tunnel("wiki.example.com")
    tunnel, plain, _ = net.internet.received
    assert tunnel == (
        b"CONNECT a.example.org:443 HTTP/1.1\r\nHost: a.example.org:443\r\n"
        b"Proxy-Authorization: Basic bWU6cEBzcw==\r\n\r\n"
    )
    assert plain.startswith(b"GET http://a.example.org:80/a?b HTTP/1.1\r\nProxy-Authorization: ")
    assert net.internet.dialled == [(PUBLIC, 8080), (PUBLIC, 8080), (PUBLIC, 443)]


async def test_an_upstream_proxy_is_not_asked_for_what_is_known_to_be_private() -> None:
    upstream = Upstream.read(f"http://{PUBLIC}:8080")
    async with stage(OPEN, Internet({"a.example.org": [["10.0.0.1"]]}), upstream) as net:
        assert b" 403 " in (await net.tunnel("a.example.org")).splitlines()[0]
    assert net.internet.dialled == []


async def test_an_upstream_that_cannot_be_spoken_with_is_not_gone_round() -> None:
    upstream = Upstream.read("socks5://127.0.0.1:1080")
    async with stage(OPEN, Internet({"a.example.org": [[PUBLIC]]}), upstream) as net:
        assert b" 502 " in (await net.tunnel("a.example.org")).splitlines()[0]
    assert net.internet.dialled == []


@pytest.mark.parametrize(
    "head",
    [
        b"CONNECT a.org HTTP/1.1",
        b"CONNECT a.org:0 HTTP/1.1",
        b"CONNECT a.org:99999 HTTP/1.1",
        b"CONNECT ::1:443 HTTP/1.1",
        b"CONNECT a.org:443 HTTP/2",
        b"CONNECT  a.org:443 HTTP/1.1",
        b"GET / HTTP/1.1",
        b"GET https://a.org/ HTTP/1.1",
        b"GET http://a.org@b.org/ HTTP/1.1",
        b"GET http://a.org\\@b.org/ HTTP/1.1",
        b"GET ftp://a.org/ HTTP/1.1",
        b"get http://a.org/ HTTP/1.1",
        b"GET http://a.org/ HTTP/1.1\r\nHost : a",
        b"GET http://a.org/ HTTP/1.1\r\n folded: a",
        b"GET http://a.org/ HTTP/1.1\r\na: b\nc: d",
        b"GET http://a.org/ HTTP/1.1\r\nno colon",
        b"POST http://a.org/ HTTP/1.1\r\nTransfer-Encoding: chunked",
        b"POST http://a.org/ HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2",
        b"POST http://a.org/ HTTP/1.1\r\nContent-Length: +1",
        b"GET http://a.org/\xff HTTP/1.1",
    ],
)
def test_what_is_not_plainly_one_request_is_refused(head: bytes) -> None:
    with pytest.raises(Refused):
        parse(head)


WORDS = st.sampled_from(
    [
        *(
            b"GET",
            b"CONNECT",
            b" ",
            b"http://",
            b"a.org",
            b"[::1]",
            b":",
            b"443",
            b"/",
            b"HTTP/1.1",
        ),
        *(b"\r\n", b"Host: b.org", b"\n", b"\x00", b"@", b"%", b"127.1", b"0x7f", b"\xff"),
        b"Content-Length: 9",
    ]
)


@given(st.lists(WORDS | st.binary(max_size=6), max_size=14).map(b"".join))
def test_whatever_comes_is_either_one_request_for_a_plain_host_or_refused(head: bytes) -> None:
    with contextlib.suppress(Refused):
        request = parse(head)
        literal = f"[{request.host}]" if ":" in request.host else request.host
        assert read_host(literal) == request.host
        assert 0 < request.port < 65536
        if request.head:
            lines = request.head.decode().removesuffix("\r\n\r\n").split("\r\n")
            assert [line for line in lines if line.lower().startswith("host:")] == lines[1:2]
            assert not any("\n" in line or "\r" in line for line in lines)


@given(st.text(max_size=80))
def test_a_refusal_is_one_answer_whatever_it_quotes(text: str) -> None:
    head, _, page = refusal(Refused(403, text, text)).partition(b"\r\n\r\n")
    assert len(head.split(b"\r\n")) == 5
    assert b"\n" not in head.replace(b"\r\n", b"")
    assert f"Content-Length: {len(page)}".encode() in head
    assert page.count(b"<h1>") == 1


async def test_a_head_without_end_is_refused() -> None:
    async with stage(OPEN) as net:
        got = await net.send(b"GET http://a.org/ HTTP/1.1\r\nA: " + b"a" * 40_000)
    assert b" 431 " in got.splitlines()[0]
