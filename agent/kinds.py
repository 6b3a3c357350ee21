"""What can be named in settings and on pages: ours, and what others bring.

A package brings a kind by an entry point; a program, a notebook or a test by `add_tool` and its
like. Either way it is somebody with the right to run code here who brings it; whoever chooses by
name on a page only chooses.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Annotated, Generic, Protocol, TypeVar

from pydantic import AfterValidator

from agent.errors import ConfigurationError

if TYPE_CHECKING:
    from agent.desktop.base import Desktop
    from agent.models.capabilities import Scale
    from agent.tools.base import Tool
    from agent.tools.screen import Watch
    from agent.tools.vault import Vault

_log = logging.getLogger(__name__)


MEMORY = "memory"
"""The tool for notes that outlast a session: a switch of its own, and no matter of choice."""


class Kind(Protocol):
    """Anything that is chosen by its name."""

    @property
    def name(self) -> str: ...


K = TypeVar("K", bound=Kind)


class Kinds(Generic[K]):
    """Everything of one sort that can be chosen, by name.

    Args:
        noun: What one is called in a sentence.
        of: Its class.
        group: The entry points that bring one.
        ours: Those that come with Sayso, in their order.
        reserved: Further names that nobody may take.
    """

    def __init__(
        self,
        noun: str,
        of: type[K],
        group: str,
        ours: tuple[K, ...],
        reserved: frozenset[str] = frozenset(),
    ) -> None:
        self.noun, self.group, self.ours = noun, group, ours
        self._of = of
        self._taken = reserved | {kind.name for kind in ours}
        self._added: dict[str, K] = {}

    def add(self, kind: K) -> None:
        """Make a kind known by its name, in this process.

        Raises:
            ConfigurationError: the name is one of ours, or cannot be one.
        """
        if kind.name in self._taken:
            raise ConfigurationError(
                f"There is a {self.noun} “{kind.name}” already; choose another name."
            )
        if not kind.name.isidentifier() or not kind.name.isascii():
            raise ConfigurationError(
                f"“{kind.name}” cannot be a name: use letters, digits, underscores."
            )
        self._added[kind.name] = kind

    def forget(self, name: str) -> None:
        """Undo `add`; a name that was not added is passed over."""
        self._added.pop(name, None)

    def all(self) -> Mapping[str, K]:
        """Every kind by name: ours in their order, then what packages brought, then `add`."""
        return {kind.name: kind for kind in self.ours} | self.brought()

    def brought(self) -> dict[str, K]:
        """Those that are not ours."""
        loaded = _loaded(self.group, self._of.__name__, tuple(sys.path))
        found = {
            name: kind
            for name, kind in loaded.items()
            if name not in self._taken and isinstance(kind, self._of)
        }
        return found | self._added


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


@dataclass(frozen=True, slots=True)
class Making:
    """What a tool is made from."""

    desktop: Desktop
    scale: Scale = "pixels"
    """What the model's coordinates are."""

    vault: Vault | None = None
    """What may be typed by placeholder."""

    watch: Watch | None = None
    """What the model has seen of the screen, shared by all tools that act on it."""


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

    question: str = ""
    """What a person is asked before it acts, as in “Look up the time in {zone}?”; what stands in
    braces are names of its intent's target."""

    titles: Mapping[str, str] = field(default_factory=dict, hash=False)
    """What its form calls a call, by the call's name; the name in words where it is missing."""

    doing: Mapping[str, str] = field(default_factory=dict, hash=False)
    """What it is said to be doing, by the call's name, as in “looking up the time”."""

    hands: bool = False
    """Whether it acts by keyboard and pointer: its keys may reach a terminal, and it is what a
    task for the screen alone leaves."""

    commands: bool = False
    """Whether it runs commands: results with and without it are compared with care."""

    usual: bool = True
    """Whether an agent has it if nothing else is said."""

    @property
    def called(self) -> str:
        return self.spec or self.name


def _computer(making: Making) -> Tool:
    from agent.tools.computer import ComputerTool

    return ComputerTool(making.desktop, making.scale, making.vault, making.watch)


def _shell(making: Making) -> Tool:
    from agent.tools.shell import ShellTool

    return ShellTool(making.desktop)


def _editor(making: Making) -> Tool:
    from agent.tools.editor import EditorTool

    return EditorTool(making.desktop)


def _screen(making: Making) -> Tool:
    from agent.tools.by_name import ScreenTool

    return ScreenTool(making.desktop, making.vault, making.watch)


def _browser(making: Making) -> Tool:
    from agent.tools.browser import BrowserTool

    return BrowserTool(making.desktop, making.vault, making.watch)


COMPUTER = ToolKind(
    "computer",
    "Computer",
    "See the screen, point, click and type.",
    _computer,
    doing={
        "left_click": "clicking",
        "double_click": "double-clicking",
        "right_click": "right-clicking",
        "type": "typing",
        "key": "pressing keys",
        "scroll": "scrolling",
        "wait": "waiting for the screen",
        "screenshot": "looking at the screen",
        "zoom": "looking closer",
        "left_click_drag": "dragging",
    },
    hands=True,
)
SHELL = ToolKind(
    "shell",
    "Shell",
    "Run commands.",
    _shell,
    "bash",
    titles={"bash": "Run a command"},
    doing={"bash": "running a command"},
    commands=True,
)
EDITOR = ToolKind(
    "editor",
    "Files",
    "Read and write files.",
    _editor,
    "str_replace_based_edit_tool",
    titles={"str_replace_based_edit_tool": "View or change a file"},
    doing={"str_replace_based_edit_tool": "working on a file"},
)
SCREEN = ToolKind(
    "screen",
    "Screen by name",
    "Read the screen as words, and act on its objects by name.",
    _screen,
    doing={
        "outline": "looking at the screen",
        "read_text": "reading",
        "click_on": "clicking",
        "type_into": "typing",
        "show": "scrolling",
    },
    hands=True,
    usual=False,
)
BROWSER = ToolKind(
    "browser",
    "Browser by DevTools",
    "Read and act on web pages in the desktop's own Chromium.",
    _browser,
    doing={
        "navigate": "opening a page",
        "list_tabs": "looking at the tabs",
        "new_tab": "opening a tab",
        "switch_tab": "changing the tab",
        "close_tab": "closing a tab",
        "read_page": "reading the page",
        "get_page_text": "reading the page",
        "find": "looking for something on the page",
        "form_input": "filling in a field",
        "file_upload": "choosing a file",
        "scroll_to": "scrolling",
        "hover": "pointing",
    },
    hands=True,
    usual=False,
)
OUR_TOOLS = (COMPUTER, SHELL, EDITOR, SCREEN, BROWSER)
ALL_TOOLS = tuple(kind.name for kind in OUR_TOOLS if kind.usual)
"""Names of the tools that an agent has if nothing else is said."""

TOOLS = Kinds("tool", ToolKind, "sayso.tools", OUR_TOOLS, frozenset(k.called for k in OUR_TOOLS))


def add_tool(kind: ToolKind) -> None:
    """Make a tool known by its name, in this process.

    Raises:
        ConfigurationError: the name is one of ours, or cannot be one.
    """
    if kind.called in {ours.called for ours in OUR_TOOLS}:
        raise ConfigurationError(f"There is a tool “{kind.called}” already; choose another name.")
    TOOLS.add(kind)


def tool_kinds() -> Mapping[str, ToolKind]:
    """Every tool that can be chosen, by name: ours first, in the order a model is told of them."""
    return TOOLS.all()


def kind_of(called: str) -> ToolKind | None:
    """The tool whose specification has that name."""
    return next((kind for kind in tool_kinds().values() if kind.called == called), None)


def has_hands(called: str) -> bool:
    """Whether the tool whose specification has that name acts by keyboard and pointer."""
    kind = kind_of(called)
    return kind is not None and kind.hands


def doing(call: str) -> str:
    """What the agent is doing in a call of that name, to be said aloud."""
    if call == MEMORY:
        return "looking at its notes"
    found = (kind.doing[call] for kind in tool_kinds().values() if call in kind.doing)
    return next(found, in_words(call).lower())


def in_words(name: str) -> str:
    """A name as people read it."""
    return name.replace("_", " ").capitalize()


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
