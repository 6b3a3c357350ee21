"""The workbench's views: what each is given, and where each is found."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

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
class Place:
    """A view in the rail; ``module`` has ``build(context) -> View``."""

    key: str
    title: str
    module: str

    def build(self, context: ViewContext) -> View:
        """The view for a page."""
        view: View = import_module(self.module).build(context)
        return view


TALK = "talk"
PLACES: tuple[Place, ...] = (
    Place("replay", "Replay", "dashboard.views.replay"),
    Place("prompts", "Prompts", "dashboard.views.prompts"),
    Place("lab", "Lab", "dashboard.views.lab"),
    Place("tools", "Tools", "dashboard.views.tools"),
    Place("inspector", "Inspector", "dashboard.views.inspector"),
    Place("settings", "Settings", "dashboard.views.settings"),
)
"""In the order of the rail, below Talk."""
