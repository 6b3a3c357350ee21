"""The kinds of tools and models that can be named in settings: ours, and those that others bring.

A package brings one by an entry point in the group ``sayso.tools`` or ``sayso.models``; a
program, a notebook or a test by `add_tool` or `add_model`. Either way it is somebody with the
right to run code here who brings it; whoever chooses by name on a page only chooses.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Annotated, TypeVar

from pydantic import AfterValidator

from agent.errors import ConfigurationError

if TYPE_CHECKING:
    from agent.desktop.base import Desktop
    from agent.models.base import Model
    from agent.models.capabilities import Scale
    from agent.settings import Settings
    from agent.tools.base import Tool
    from agent.tools.vault import Vault

_log = logging.getLogger(__name__)
K = TypeVar("K")


@dataclass(frozen=True, slots=True)
class Making:
    """What a tool is made from."""

    desktop: Desktop
    scale: Scale = "pixels"
    """What the model's coordinates are."""

    vault: Vault | None = None
    """What may be typed by placeholder."""


@dataclass(frozen=True, slots=True)
class ToolKind:
    """A tool as people choose it."""

    name: str
    """In settings, prompts and experiments."""

    label: str
    says: str
    """What it is for, in a sentence for people."""

    make: Callable[[Making], Tool]
    spec: str = ""
    """Name of the tool's specification, which is what the model calls; the same if empty."""

    @property
    def called(self) -> str:
        return self.spec or self.name


@dataclass(frozen=True, slots=True)
class ModelKind:
    """A provider of models: what stands before the colon of a model's name."""

    name: str
    label: str
    says: str
    make: Callable[[Settings, Desktop, str], Model]
    """Given the settings, the desktop and what stands after the colon."""


def _computer(making: Making) -> Tool:
    from agent.tools.computer import ComputerTool

    return ComputerTool(making.desktop, making.scale, making.vault)


def _shell(making: Making) -> Tool:
    from agent.tools.shell import ShellTool

    return ShellTool(making.desktop)


def _editor(making: Making) -> Tool:
    from agent.tools.editor import EditorTool

    return EditorTool(making.desktop)


OUR_TOOLS = (
    ToolKind("computer", "Computer", "See the screen, point, click and type.", _computer),
    ToolKind("shell", "Shell", "Run commands.", _shell, "bash"),
    ToolKind("editor", "Editor", "Read and write files.", _editor, "str_replace_based_edit_tool"),
)
ALL_TOOLS = tuple(kind.name for kind in OUR_TOOLS)
"""Names of the tools that an agent has if nothing else is said."""

OUR_MODELS = frozenset(
    {"auto", "offline", "anthropic", "bedrock", "vertex", "litellm"}
    | {"cassette", "cassette-strict", "record", "oracle", "near_miss", "nothing"}
)
"""Names of providers that nobody else may take."""

_tools: dict[str, ToolKind] = {}
_models: dict[str, ModelKind] = {}


def add_tool(kind: ToolKind) -> None:
    """Make a tool known by its name, in this process.

    Raises:
        ConfigurationError: the name is one of ours, or cannot be one.
    """
    if kind.name in ALL_TOOLS or kind.called in {ours.called for ours in OUR_TOOLS}:
        raise ConfigurationError(f"There is a tool “{kind.name}” already; choose another name.")
    _tools[_named(kind.name)] = kind


def add_model(kind: ModelKind) -> None:
    """Make a provider of models known by its name, in this process.

    Raises:
        ConfigurationError: the name is one of ours, or cannot be one.
    """
    if kind.name in OUR_MODELS:
        raise ConfigurationError(f"There is a model “{kind.name}” already; choose another name.")
    _models[_named(kind.name)] = kind


def tool_kinds() -> Mapping[str, ToolKind]:
    """Every tool that can be chosen, by name: ours first, in the order a model is told of them."""
    brought = _brought("sayso.tools", ToolKind, frozenset(ALL_TOOLS))
    return {kind.name: kind for kind in OUR_TOOLS} | brought | _tools


def model_kinds() -> Mapping[str, ModelKind]:
    """Every provider that others brought, by name."""
    return _brought("sayso.models", ModelKind, OUR_MODELS) | _models


def _named(name: str) -> str:
    if not name.isidentifier() or not name.isascii():
        raise ConfigurationError(f"“{name}” cannot be a name: use letters, digits, underscores.")
    return name


def _brought(group: str, kind: type[K], taken: frozenset[str]) -> dict[str, K]:
    loaded = _loaded(group, kind.__name__, tuple(sys.path))
    return {
        name: found
        for name, found in loaded.items()
        if name not in taken and isinstance(found, kind)
    }


@cache
def _loaded(group: str, kind: str, path: tuple[str, ...]) -> dict[str, object]:
    """What is installed along ``path``; looking takes tens of milliseconds."""
    return {point.name: _load(point, kind) for point in entry_points(group=group)}


def _load(point: EntryPoint, kind: str) -> object:
    """What an entry point names; a package that cannot be loaded harms nobody who wants another."""
    try:
        found: object = point.load()
    except Exception:  # noqa: BLE001 - somebody else's module may raise anything
        _log.exception("The entry point %s of %s cannot be loaded", point.name, point.group)
        return None
    if type(found).__name__ != kind or getattr(found, "name", "") != point.name:
        _log.error("The entry point %s of %s is no %s", point.name, point.group, kind)
        return None
    return found


def _known_tool(name: str) -> str:
    known = tool_kinds()
    if name not in known:
        raise ValueError(f"There is no tool “{name}”: choose from {', '.join(known)}")
    return name


ToolName = Annotated[str, AfterValidator(_known_tool)]
"""The name of a tool that is known here."""


def in_order(names: tuple[str, ...]) -> tuple[str, ...]:
    """The same tools in the order in which a model is told of them."""
    return tuple(name for name in tool_kinds() if name in names)


def make_tool(kind: ToolKind, making: Making) -> Tool:
    """A tool of that kind.

    Raises:
        ConfigurationError: it cannot be made, or its specification has another name.
    """
    try:
        tool = kind.make(making)
        called = tool.spec.name
    except Exception as error:
        raise ConfigurationError(f"The tool “{kind.name}” cannot be made: {error!r}.") from error
    if called != kind.called:
        raise ConfigurationError(
            f"The tool “{kind.name}” calls itself “{called}”: let ToolSpec.name be “{kind.called}”."
        )
    return tool
