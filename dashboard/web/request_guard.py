"""The request guard: decides about each request before any handler sees it.

Bokeh and Panel check the ``Origin`` of their own socket only, and Tornado lets a socket in
whose ``Origin`` equals its ``Host`` even if both are a stranger's name (DNS rebinding). So
the ``Host`` allowlist stands in front of pages, sockets and static files alike.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from urllib.parse import urlsplit

from tornado.httputil import HTTPServerRequest

from agent.errors import ConfigurationError
from agent.hosts import is_loopback

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_HOST = re.compile(r"(?P<name>[a-z0-9_.-]+|\[[0-9a-f:.]+\])(:\d{1,5})?")
_LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})

PERMISSIONS = (
    "microphone=(self), speaker-selection=(self), clipboard-read=(self), clipboard-write=(self), "
    "fullscreen=(self), camera=(), geolocation=(), display-capture=(), usb=(), serial=(), "
    "hid=(), midi=(), payment=()"
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is turned away."""

    status: int
    reason: str


@dataclass(frozen=True, slots=True)
class Proxies:
    """Proxies in front of the server whose word about the browser is believed.

    ``networks`` are addresses or networks; ``unix`` stands for the server's own socket file, which
    only those can connect to whom its mode lets.
    """

    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    unix: bool = False

    @classmethod
    def of(cls, names: Iterable[str]) -> Proxies:
        """Those of the setting.

        Raises:
            ConfigurationError: a name is neither an address nor a network nor ``unix``.
        """
        given = tuple(names)
        try:
            networks = tuple(ip_network(name) for name in given if name != "unix")
        except ValueError as error:
            raise ConfigurationError(
                f"SAYSO_TRUSTED_PROXIES holds no address or network: {error}."
            ) from None
        return cls(networks, "unix" in given)

    def __bool__(self) -> bool:
        return self.unix or bool(self.networks)

    def unwrap(self, request: HTTPServerRequest) -> None:
        """Put the browser's own address and protocol into a request that a proxy passed on."""
        if not self._believes(request.remote_ip):
            return
        protocol = request.headers.get("X-Forwarded-Proto", "").rpartition(",")[2].strip()
        if protocol in ("http", "https"):
            request.protocol = protocol
        for hop in reversed(request.headers.get("X-Forwarded-For", "").split(",")):
            found = address_of(hop.strip())
            if found is None:
                return
            request.remote_ip = str(found)
            if not self._believes(request.remote_ip):
                return

    def _believes(self, address: str | None) -> bool:
        found = address_of(address or "")
        if found is None:
            return self.unix
        if self.unix and found.is_unspecified:  # Tornado's word for a socket file
            return True
        return any(found in network for network in self.networks)


@dataclass(frozen=True, slots=True)
class RequestGuard:
    """Who may come in, and what the browser is told about us.

    ``hosts`` are further names (``name`` or ``name:port``) under which the page is
    reached; loopback names are always allowed, on any port, so that a forwarded port works.
    ``voices`` are socket origins outside this server that the page may speak to.
    ``proxies`` stand in front of the server.
    """

    hosts: frozenset[str] = frozenset()
    voices: tuple[str, ...] = ()
    proxies: Proxies = Proxies()

    def verdict(self, request: HTTPServerRequest) -> Refusal | None:
        """Why this request is refused, or None when it may pass."""
        hosts = request.headers.get_list("Host")
        if len(hosts) != 1 or not self._names_us(hosts[0].lower()):
            return Refusal(403, "This server does not answer to that host name.")
        if not _origin_fits(request, hosts[0].lower()):
            return Refusal(403, "Requests from another origin are refused.")
        if not _fetch_fits(request):
            return Refusal(403, "Requests from another site are refused.")
        if _brings_session(request):
            return Refusal(403, "Page sessions are made here; a request cannot bring one.")
        return None

    def headers(self, request: HTTPServerRequest) -> dict[str, str]:
        """Security headers of every answer."""
        return {
            "Content-Security-Policy": self._policy(request.host),
            "Permissions-Policy": PERMISSIONS,
            "Referrer-Policy": "same-origin",
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
        }

    def _names_us(self, host: str) -> bool:
        match = _HOST.fullmatch(host)
        if match is None:
            return False
        return host in self.hosts or match["name"] in self.hosts | _LOOPBACK_NAMES

    def _policy(self, host: str) -> str:
        own = host if self._names_us(host.lower()) else ""
        sockets = f" ws://{own} wss://{own}" if own else ""
        return "; ".join(
            (
                "default-src 'self'",
                # The page's bootstrap is inline, and component modules load as blobs.
                "script-src 'self' 'unsafe-inline' blob:",
                "worker-src 'self' blob:",
                "style-src 'self' 'unsafe-inline'",
                "img-src 'self' data: blob:",
                "font-src 'self' data:",
                " ".join((f"connect-src 'self' blob:{sockets}", *self.voices)),
                "media-src 'self' blob:",
                "frame-ancestors 'none'",
                "object-src 'none'",
                "base-uri 'self'",
                "form-action 'self'",
            )
        )


def address_of(text: str) -> IPv4Address | IPv6Address | None:
    """The address that a text names, written in full; None if it names none."""
    try:
        found = ip_address(text)
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found


def is_foreign(host: str) -> bool:
    """Whether other machines may know this server by the name (``name`` or ``name:port``)."""
    match = _HOST.fullmatch(host)
    return match is None or not is_loopback(match["name"])


def host_names(origins: Iterable[str]) -> frozenset[str]:
    """Host names to allow from a list of origins or names; a wildcard is not a name."""
    names = (origin.split("://")[-1].strip("/").lower() for origin in origins)
    return frozenset(name for name in names if name and "*" not in name)


def _origin_fits(request: HTTPServerRequest, host: str) -> bool:
    origins = request.headers.get_list("Origin")
    upgrade = "upgrade" in request.headers.get("Connection", "").lower()
    socket = upgrade or "Upgrade" in request.headers
    if not origins:
        return not socket and (request.method or "") in _SAFE_METHODS
    if len(origins) > 1:
        return False
    parts = urlsplit(origins[0].lower())
    same = parts.scheme in ("http", "https") and parts.netloc == host
    return same or (not socket and request.method in _SAFE_METHODS and _is_page(request))


def _fetch_fits(request: HTTPServerRequest) -> bool:
    site = request.headers.get("Sec-Fetch-Site", "none")
    return site in ("none", "same-origin") or _is_page(request)


def _brings_session(request: HTTPServerRequest) -> bool:
    """A session that somebody else began, in a link: even with a true signature it is not ours."""
    given = {"bokeh-session-id", "bokeh-token"} & request.query_arguments.keys()
    return bool(given) or "Bokeh-Session-Id" in request.headers


def _is_page(request: HTTPServerRequest) -> bool:
    """A person following a link to us, not another page fetching or framing ours."""
    return (
        request.method in _SAFE_METHODS
        and request.headers.get("Sec-Fetch-Mode") == "navigate"
        and request.headers.get("Sec-Fetch-Dest") == "document"
    )
