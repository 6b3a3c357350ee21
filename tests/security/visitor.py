"""A plain HTTP and WebSocket client that sends exactly what it is told to."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

import httpx
from bokeh.util.token import get_token_payload
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus, NegotiationError

_TOKEN = re.compile(r'"token":"([^"]+)"')


def get(url: str, path: str = "/dashboard", **options: Any) -> httpx.Response:
    """One request without a proxy, without following redirects."""
    parts = urlsplit(url)
    with httpx.Client(trust_env=False, verify=False, timeout=30) as client:
        return client.get(f"{parts.scheme}://{parts.netloc}{path}", **options)


def token_of(page: str) -> str:
    """The Bokeh session token that a page carries."""
    found = _TOKEN.search(page)
    assert found, "The page carries no token."
    return found[1]


def payload_of(page: str) -> dict[str, Any]:
    """What everybody who can read the page can read out of its token."""
    return dict(get_token_payload(token_of(page)))


async def handshake(
    url: str,
    path: str,
    *,
    origin: str | None,
    host: str | None = None,
    cookie: str = "",
    protocols: list[str] | None = None,
) -> int:
    """The status of a WebSocket handshake: 101, or what the server answered instead."""
    parts = urlsplit(url)
    port = parts.port
    address = f"ws://{host or parts.netloc}{path}"
    headers = {"Cookie": cookie} if cookie else {}
    try:
        async with connect(
            address,
            origin=origin,
            host="127.0.0.1",
            port=port,
            additional_headers=headers,
            subprotocols=protocols,
            proxy=None,
            open_timeout=20,
        ):
            return 101
    except InvalidStatus as error:
        return int(error.response.status_code)
    except NegotiationError:
        return 101
