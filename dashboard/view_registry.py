"""The workbench's views: what each is given, and where each is found."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

from agent.kinds import Kinds
from dashboard.words import marked, t

if TYPE_CHECKING:
    from panel.viewable import Viewable

    from dashboard.state import PageState
    from dashboard.web.registry import Entry
    from dashboard.web.workbench import Workbench

Message = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ViewContext:
    """What a view may use of the page it is on.

    Attributes:
        bench: The server's sessions, settings and doors.
        entry: The session that the page shows.
        state: The session's state, kept up to date.
        act: Carries out a message such as ``{"type": "stop"}``.
        go: Leads to another view: its key, and what to show there.
        within: Context in which the page may be changed from outside its own callbacks.
    """

    bench: Workbench
    entry: Entry
    state: PageState
    act: Callable[[Message], None]
    go: Callable[..., None]
    within: Callable[[], AbstractContextManager[Any]]


@dataclass(frozen=True, slots=True)
class RecordingContext:
    """What a view may use of a page that shows a session which does not run.

    Attributes:
        bench: The server's sessions, settings and doors.
        owner: Whose sessions the page may show.
        session_id: The session that the page is about.
        act: Carries out a message such as ``{"type": "list"}``.
        within: Context in which the page may be changed from outside its own callbacks.
    """

    bench: Workbench
    owner: str
    session_id: str
    act: Callable[[Message], None]
    within: Callable[[], AbstractContextManager[Any]]


class View(Protocol):
    """One view of one page: made when first visited, kept until the page closes."""

    root: Viewable

    def arrive(self, wanted: Mapping[str, str]) -> None:
        """The person comes to this view; ``wanted`` says what to show, e.g. a session's id."""

    def leave(self) -> None:
        """The person goes to another view: stop what only matters while it is looked at."""

    def close(self) -> None:
        """The page is gone: let go of everything that outlives it."""


@dataclass(frozen=True, slots=True)
class ViewKind:
    """A view in the rail."""

    name: str
    """In addresses."""

    label: str
    make: Callable[[ViewContext], View]
    """Makes it for a page that goes there."""

    icon: str = "M5 5h14v14H5Z"
    """Path of an SVG in a box of 24 by 24, drawn as lines."""

    def shown(self) -> dict[str, str]:
        """For the page."""
        return {"key": self.name, "title": t(self.label), "icon": self.icon}


def _ours(name: str) -> Callable[[ViewContext], View]:
    """Imports the view's room when somebody goes there."""

    def make(context: ViewContext) -> View:
        view: View = import_module(f"dashboard.views.{name}").build(context)
        return view

    return make


def _talk(context: ViewContext) -> View:
    raise NotImplementedError("Talk is made with the page")


TALK = ViewKind(
    "talk",
    marked("Talk"),
    _talk,
    (
        "M12 15a3.5 3.5 0 0 0 3.5-3.5v-5a3.5 3.5 0 1 0-7 0v5A3.5 3.5 0 0 0 12 15ZM5.5 11."
        "5a6.5 6.5 0 0 0 13 0M12 18v3"
    ),
)
"""It stays as long as the page."""

OUR_VIEWS = (
    ViewKind(
        "replay",
        marked("Replay"),
        _ours("replay"),
        "M4 12a8 8 0 1 0 2.6-5.9L4 8.4M4 4v4.4h4.4M12 8v4.5l3 1.8",
    ),
    ViewKind(
        "prompts",
        marked("Prompts"),
        _ours("prompts"),
        "M4.5 20h4l10-10a2.8 2.8 0 0 0-4-4l-10 10v4ZM13 7.5l4 4M13 20h7",
    ),
    ViewKind(
        "lab",
        marked("Lab"),
        _ours("lab"),
        (
            "M9.5 3.5v6L4.6 18a1.8 1.8 0 0 0 1.6 2.6h11.6a1.8 1.8 0 0 0 1.6-2.6l-4.9-8.5v-6M8"
            " 3.5h8M7 15h10"
        ),
    ),
    ViewKind(
        "tools",
        marked("Tools"),
        _ours("tools"),
        (
            "M14.5 6.5a4 4 0 0 1 5-1.4l-2.7 2.7 1.4 1.4 2.7-2.7a4 4 0 0 1-5.4 5L8 19a2 2 0 0 "
            "1-3-3l7.5-7.5a4 4 0 0 1 2-2Z"
        ),
    ),
    ViewKind(
        "inspector",
        marked("Inspector"),
        _ours("inspector"),
        "M3 12.5h4l2.5-7 4.5 13 2.5-6h4.5",
    ),
    ViewKind(
        "settings",
        marked("Settings"),
        _ours("settings"),
        "M4 7h9m5 0h2M4 17h2m5 0h9M15.5 4.8v4.400M8.5 14.8v4.400",
    ),
)
"""In the order of the rail, below Talk."""

VIEWS = Kinds("view", ViewKind, "sayso.views", OUR_VIEWS, frozenset({TALK.name}))


def add_view(kind: ViewKind) -> None:
    """Make a view known by its name, in this process: pages that load from now on have it.

    Raises:
        ConfigurationError: the name is one of ours, or cannot be one.
    """
    VIEWS.add(kind)


def views() -> Mapping[str, ViewKind]:
    """Every view but Talk by name, in the order of the rail: ours first."""
    return VIEWS.all()
