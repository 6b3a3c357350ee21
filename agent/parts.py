"""What a session is made of: what it may be given, and what is made when it is not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import metadata
from typing import TypedDict

from agent.approval import Rule
from agent.clock import Clock
from agent.desktop.base import Desktop
from agent.models.base import Model
from agent.settings import Settings
from agent.tools.base import Tool
from agent.vault import Secret, Vault


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
    """All tools for a desktop, with coordinates as the model gives them."""
    from agent.models.capabilities import capabilities_of
    from agent.tools import build_tools

    if getattr(model, "dialect", "") != "portable":  # others are told of pixels
        return build_tools(desktop, "pixels", vault)
    if settings.coordinates == "auto":
        return build_tools(desktop, capabilities_of(model.name).coordinates, vault)
    return build_tools(desktop, settings.coordinates, vault)


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
