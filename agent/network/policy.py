"""Which hosts a desktop may reach: what is refused, what is listed, what must be asked about."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

from agent.errors import ConfigurationError
from agent.network.addresses import is_address, local_name, read_host, why_forbidden

Mode = Literal["off", "listed", "open"]
"""``off``: nothing · ``listed``: what is listed, and what the person allows · ``open``: every
public host."""

PORTS = (80, 443)

Why = Literal[
    "off", "port", "address", "local", "spelling", "quiet", "declined", "unanswered", "crowded"
]
"""Why a host was refused."""

HOW_ON = "To switch it on: Settings, Desktop, Network; or start Sayso with --network listed."
_NAME_IT = "Whoever starts Sayso may name it: --reach HOST:PORT."


@dataclass(frozen=True, slots=True)
class Place:
    """A host at a port."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def words(self) -> str:
        """As people are told of it."""
        return self.host if self.port in PORTS else str(self)


@dataclass(frozen=True, slots=True)
class Ruling:
    """What is to become of a connection."""

    decision: Literal["allow", "refuse", "ask"]
    by: str = ""
    """What allows it: ``listed``, ``open``, ``reach``, or the person's answer."""

    why: Why | None = None
    text: str = ""
    """Why it is refused, for the program and whoever sits before it."""

    more: str = ""
    """What to do about it."""


def read_place(text: str) -> Place:
    """A host and port that whoever starts the server names: ``HOST:PORT``.

    Raises:
        ConfigurationError: it is none, or programs on the desktop mean themselves by it.
    """
    name, colon, number = text.strip().rpartition(":")
    host = read_host(name)
    if not colon or not host or not number.isascii() or not number.isdigit():
        raise ConfigurationError(
            f"“{text}” is not a HOST:PORT that can be reached, such as wiki:8080."
        )
    if not 0 < int(number) <= 65535:
        raise ConfigurationError(f"“{text}” has no port from 1 to 65535.")
    if host == "localhost" or host.endswith(".localhost") or host in ("::1", "0.0.0.0", "::"):  # noqa: S104
        return _own(text)
    return _own(text) if is_address(host) and host.startswith("127.") else Place(host, int(number))


def _own(text: str) -> Place:
    raise ConfigurationError(
        f"“{text}” is the desktop itself for programs on it. Call this machine by its own name or "
        "address, and let what shall be reached listen there."
    )


@cache
def listed_hosts() -> frozenset[str]:
    """The list that is shipped."""
    return _hosts_of("listed.txt")


@cache
def quiet_hosts() -> frozenset[str]:
    """What programs send for by themselves, and nobody is asked about."""
    return _hosts_of("quiet.txt")


def _hosts_of(name: str) -> frozenset[str]:
    text = files("agent.network").joinpath(name).read_text("utf-8")
    lines = (line.split(maxsplit=1) for line in text.splitlines())
    return frozenset(line[0] for line in lines if line and not line[0].startswith("#"))


def judge(place: Place, mode: Mode, reach: Collection[Place], allowed: Collection[str]) -> Ruling:
    """What the rules say of a place.

    Args:
        place: Where a program wants to go, in its one spelling.
        mode: What the network is set to.
        reach: Places that whoever started the server named.
        allowed: Hosts that the person has allowed.
    """
    if mode == "off":
        return _refuse("off", "The network of this desktop is off", HOW_ON)
    if place in reach:
        return Ruling("allow", "reach")
    if place.port not in PORTS:
        return _refuse("port", f"Port {place.port} is not reached from this desktop", _NAME_IT)
    if is_address(place.host) and (what := why_forbidden(place.host)):
        return _refuse("address", f"{place.host} is not reached: it is {what}", _NAME_IT)
    if not is_address(place.host) and local_name(place.host):
        text = f"{place.host} is not reached: it is a name of this machine or its neighbours"
        return _refuse("local", text, _NAME_IT)
    if mode == "open":
        return Ruling("allow", "open")
    if place.host in listed_hosts():
        return Ruling("allow", "listed")
    if place.host in allowed:
        return Ruling("allow", "you")
    if place.host in quiet_hosts():
        return _refuse("quiet", f"{place.host} is not reached: no page needs it", "")
    return Ruling("ask")


def _refuse(why: Why, text: str, more: str) -> Ruling:
    return Ruling("refuse", why=why, text=text, more=more)
