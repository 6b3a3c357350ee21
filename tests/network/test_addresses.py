"""What a host is called, and which addresses may not be reached."""

from __future__ import annotations

import pytest

from agent.network.addresses import can_tell_own, is_own, local_name, read_host, why_forbidden


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Example.ORG", "example.org"),
        ("example.org.", "example.org"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("_dmarc.example.org", "_dmarc.example.org"),
        ("93.184.215.14", "93.184.215.14"),
        ("[2606:2800:0:0::1]", "2606:2800::1"),
    ],
)
def test_a_host_has_one_spelling(written: str, read: str) -> None:
    assert read_host(written) == read


@pytest.mark.parametrize(
    "written",
    [
        *(
            "2130706433",
            "127.1",
            "127.0.1",
            "0177.0.0.1",
            "0x7f.0.0.1",
            "0x7f000001",
            "017700000001",
        ),
        *("017700000001", "0x7f.1", "127.0.0.1.0x1", "example.0x7f", "1.2.3.4.5", "127.0.0.01"),
        *(
            "256.1.1.1",
            "",
            ".",
            "a..b",
            "-a.org",
            "a-.org",
            "a b.org",
            "a/b",
            "a@b.org",
            "exämple.org",
            "①.org",
        ),
        *("[::1", "[fe80::1%eth0]", "[::1%25lo]", "[v1.x]", "a" * 64 + ".org", "a." * 130 + "org"),
        *("a@b.org", "exämple.org", "①.org", "127.0.0.1\t", "127。0。0。1", "ex%61mple.org", "0x"),
    ],
)
def test_what_could_be_read_in_two_ways_is_no_host(written: str) -> None:
    assert read_host(written) == ""


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.255.255.254", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255"),
        *("192.168.1.1", "169.254.169.254", "100.64.0.1", "100.127.255.254", "100.100.100.200"),
        *("192.0.0.192", "198.18.0.1", "224.0.0.251", "239.255.255.250", "255.255.255.255"),
        *("168.63.129.16", "192.88.99.1", "240.0.0.1", "203.0.113.7"),
        *("::", "::1", "::ffff:127.0.0.1", "::ffff:93.184.215.14", "::127.0.0.1", "fe80::1"),
        *("fec0::1", "fc00::1", "fd00:ec2::254", "ff02::1", "64:ff9b::7f00:1", "64:ff9b:1::a00:1"),
        *("2002:7f00:1::1", "2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:db8::1"),
        *("100::1", "fe80::1%eth0", "2606:2800::5efe:10.0.0.1", "2606:2800::200:5efe:a00:1", "x"),
    ],
)
def test_an_address_that_is_not_on_the_public_internet_is_forbidden(address: str) -> None:
    assert why_forbidden(address)


@pytest.mark.parametrize("address", ["93.184.215.14", "1.1.1.1", "2606:2800:21f::1", "2a00::1"])
def test_a_public_address_is_not(address: str) -> None:
    assert why_forbidden(address) == ""


def test_this_machines_own_addresses_are_known_by_the_kernel() -> None:
    from ipaddress import ip_address

    assert can_tell_own()
    assert is_own(ip_address("127.0.0.1"))
    assert not is_own(ip_address("93.184.215.14"))


def test_names_of_the_neighbourhood_are_known() -> None:
    assert all(map(local_name, ("localhost", "a.localhost", "printer.local", "nas", "a.internal")))
    assert not local_name("example.org")
