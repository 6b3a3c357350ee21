"""Servers of the Model Context Protocol whose tools the agent may use, as settings name them.

``NAME=COMMAND ARGUMENT…`` is started beside Sayso, ``NAME=https://HOST/PATH`` is reached over
streamable HTTP. Words with a dollar sign before a command (``NAME=$TOKEN COMMAND``) are variables
that it gets of Sayso's own environment; it gets no others that could hold a secret.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from urllib.parse import urlsplit

from agent.hosts import is_loopback

NO_MCP = "MCP needs a package that is not installed: pip install 'sayso[mcp]'."
_NAME = re.compile(r"[a-z][a-z0-9_]{0,19}")
_VARIABLE = re.compile(r"\$[A-Za-z_][A-Za-z0-9_]*")
_FORM = "Write NAME=COMMAND or NAME=https://HOST/PATH, with a NAME of a-z, 0-9 and _"


@dataclass(frozen=True, slots=True)
class McpServer:
    """One server: a command, or an address."""

    name: str
    command: tuple[str, ...] = ()
    passes: tuple[str, ...] = ()
    """Variables of the environment that the command gets beside the usual ones."""

    url: str = ""

    @property
    def key_variable(self) -> str:
        """Where the key is looked for that is sent to an address."""
        return f"MCP_KEY_{self.name.upper()}"


def read_server(text: str) -> McpServer:
    """The server that a setting names.

    Raises:
        ValueError: it cannot be read, or its address holds what may be a secret.
    """
    name, found, what = text.partition("=")
    name, what = name.strip(), what.strip()
    if not found or not what or not _NAME.fullmatch(name):
        raise ValueError(_FORM)
    if "://" in what.split()[0]:
        return McpServer(name, url=_address(what, name))
    words = shlex.split(what)
    passes = [word for word in words if _VARIABLE.fullmatch(word)]
    count = next((n for n, word in enumerate(words) if word not in passes), len(words))
    if count == len(words):
        raise ValueError(_FORM)
    return McpServer(
        name, tuple(words[count:]), tuple(word.removeprefix("$") for word in words[:count])
    )


def _address(url: str, name: str) -> str:
    parts = urlsplit(url)
    local = parts.scheme == "http" and is_loopback(parts.hostname or "")
    if not parts.hostname or not (parts.scheme == "https" or local):
        raise ValueError("An MCP server's address begins with https://, or http:// on this machine")
    if parts.username or parts.password or parts.query or parts.fragment:
        variable = McpServer(name).key_variable
        raise ValueError(
            f"An MCP server's address has neither a password nor a query: put its key in {variable}"
        )
    return url
