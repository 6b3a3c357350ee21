"""What a host is called, and which addresses nothing on a desktop may reach.

Standard library only: the proxy runs by the system's interpreter, which knows nothing of ours.
"""

from __future__ import annotations

import ipaddress
import re
import socket

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
"""A last label that makes resolvers read the whole as a number: decimal, octal or hexadecimal."""

_LONGEST_NAME = 253

_PUBLIC_6 = ipaddress.IPv6Network("2000::/3")
"""All that is given out so far. Mapped, translated, local and multicast forms lie outside."""

_NOWHERE = tuple(
    (ipaddress.ip_network(network), what)
    for network, what in (
        ("0.0.0.0/8", "this machine"),
        ("10.0.0.0/8", "a private network"),
        ("100.64.0.0/10", "a provider's own network"),
        ("127.0.0.0/8", "this machine"),
        ("168.63.129.16/32", "a cloud's own services"),
        ("169.254.0.0/16", "this machine's own link"),
        ("172.16.0.0/12", "a private network"),
        ("192.0.0.0/24", "reserved"),
        ("192.0.2.0/24", "reserved for examples"),
        ("192.88.99.0/24", "a way into IPv6"),
        ("192.168.0.0/16", "a private network"),
        ("198.18.0.0/15", "reserved for measurements"),
        ("198.51.100.0/24", "reserved for examples"),
        ("203.0.113.0/24", "reserved for examples"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved"),
        ("2001::/23", "reserved"),
        ("2001:db8::/32", "reserved for examples"),
        ("2002::/16", "a way into IPv4"),
        ("3fff::/20", "reserved for examples"),
    )
)

_ISATAP = (0x00005EFE, 0x02005EFE)
"""The middle of an IPv6 address whose end is an IPv4 address."""

_LOCAL_NAMES = ("localhost", "local", "internal", "intranet", "lan", "home", "corp", "private")
_LOCAL_ZONES = (*_LOCAL_NAMES, "home.arpa", "in-addr.arpa", "ip6.arpa", "localdomain", "onion")


def read_host(text: str) -> str:
    """A host in its one spelling: a name in lower case, or an address as it is written in full.

    Empty where it is spelled in a way that some program may read otherwise: numbers in other
    bases or with fewer parts, zones, letters beyond ASCII.
    """
    if not text.isascii():
        return ""
    if text.startswith("[") and text.endswith("]"):
        return _read_6(text[1:-1])
    if ":" in text:
        return _read_6(text)
    name = text.lower().removesuffix(".")
    labels = name.split(".")
    if _NUMBER.fullmatch(labels[-1]):
        return _read_4(name)
    good = len(name) <= _LONGEST_NAME and all(_LABEL.fullmatch(label) for label in labels)
    return name if good else ""


def _read_4(text: str) -> str:
    try:
        return str(ipaddress.IPv4Address(text))
    except ValueError:
        return ""


def _read_6(text: str) -> str:
    try:
        return "" if "%" in text else str(ipaddress.IPv6Address(text))
    except ValueError:
        return ""


def is_address(host: str) -> bool:
    """Whether a host in its one spelling is an address."""
    return ":" in host or host.rpartition(".")[2].isdigit()


def local_name(host: str) -> bool:
    """Whether a name can only mean this machine or its neighbours."""
    return "." not in host or any(host.endswith(f".{zone}") for zone in _LOCAL_ZONES)


def why_forbidden(text: str) -> str:
    """What an address is that may not be reached, as "a private network"; empty if it may be."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return "no address"
    for network, what in _NOWHERE:
        if address in network:
            return what
    if isinstance(address, ipaddress.IPv6Address) and (what := _why_not_6(address)):
        return what
    if not address.is_global or address.is_multicast:
        return "reserved"
    return "this machine's own" if is_own(address) else ""


def _why_not_6(address: ipaddress.IPv6Address) -> str:
    if address.scope_id is not None or address not in _PUBLIC_6:
        return "not on the public internet"
    middle = int(address) >> 32 & 0xFFFFFFFF
    return "a way into IPv4" if middle in _ISATAP else ""


def is_own(address: Address) -> bool:
    """Whether an address is this machine's: only such a one can be bound here."""
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((str(address), 0))
    except OSError:
        return False
    return True


def can_tell_own() -> bool:
    """Whether `is_own` can tell: not where the kernel lets any address be bound."""
    return not is_own(ipaddress.IPv4Address("192.0.2.1"))
