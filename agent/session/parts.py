"""What a session is made of: what it may be given, and what is made when it is not."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from importlib import metadata
from typing import TypedDict

from agent.clock import Clock
from agent.desktop.base import Desktop
from agent.errors import ConfigurationError
from agent.kinds import Making, make_tool, tool_kinds
from agent.mcp_servers import NO_MCP, read_server
from agent.models.base import Model
from agent.models.capabilities import Scale
from agent.providers import provider_of
from agent.session.approval import Rule
from agent.session.kept_hosts import KeptHosts
from agent.settings import Settings
from agent.tools.base import Tool, prepare
from agent.tools.memory import Memory, MemoryTool
from agent.tools.screen import Watch
from agent.tools.vault import Secret, Vault

_log = logging.getLogger(__name__)


class Parts(TypedDict, total=False):
    """What a session may be given instead of what the settings say."""

    desktop: Desktop
    model: Model
    tools: Sequence[Tool]
    rules: Sequence[Rule]
    """What needs approval; the default ones if not given."""

    allowed: frozenset[str]
    """Names of rules whose questions are answered beforehand."""

    secrets: Sequence[Secret]
    """What the agent may type by placeholder."""

    kept_hosts: KeptHosts
    """Hosts that are allowed for good; without it nothing can be."""

    clock: Clock
    now: Callable[[], float]
    """Unix seconds, for the log's stamps."""


def model_for(settings: Settings, desktop: Desktop) -> Model:
    """The model that the settings name."""
    from agent.models.factory import build_model

    return build_model(settings, desktop)


def tools_for(
    desktop: Desktop, model: Model, settings: Settings, vault: Vault | None = None
) -> Sequence[Tool]:
    """All tools for a desktop, with coordinates as the model gives them.

    Raises:
        ConfigurationError: one that the settings name cannot be made.
    """
    from agent.models.capabilities import capabilities_of

    scale: Scale = "pixels"
    kind, rest = provider_of(settings.model)
    if kind.can or getattr(model, "dialect", "") == "portable":  # others are told of pixels
        able = kind.can(rest) if kind.can else capabilities_of(model.name)
        scale = able.coordinates if settings.coordinates == "auto" else settings.coordinates
    tools = [*_made(Making(desktop, scale, vault, Watch(desktop)), settings.tools)]
    kinds = tool_kinds()
    prepare(tools, [kinds[name].called for name in settings.tools if name in kinds])
    if settings.memory:
        tools.append(MemoryTool(Memory(settings.memory_folder)))
    return [*tools, *_of_mcp_servers(settings)]


def _of_mcp_servers(settings: Settings) -> Sequence[Tool]:
    if not settings.mcp_servers:
        return ()
    try:
        from agent.tools.mcp_tools import McpTools
    except ModuleNotFoundError as error:
        raise ConfigurationError(NO_MCP) from error
    servers = map(read_server, settings.mcp_servers)
    return [McpTools(server, settings.mcp_seconds) for server in servers]


def _made(making: Making, wanted: Sequence[str]) -> Iterator[Tool]:
    """Every kind, since another may be wanted later; one that is broken only if it is wanted."""
    for name, kind in tool_kinds().items():
        try:
            yield make_tool(kind, making)
        except ConfigurationError:
            if name in wanted:
                raise
            _log.exception("The tool “%s” is left out", name)


def versions() -> dict[str, str]:
    """Of the packages that decide how a session behaves."""
    names = ("sayso", "anthropic")
    found: dict[str, str] = {}
    for name in names:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found
