"""The tool panel: a form per tool, the desktop to point at, and what came of each run."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import param

from agent.errors import BadInput
from agent.record.events import DesktopChanged, Event
from dashboard.desktop.frames import Frames
from dashboard.js.component import View
from dashboard.state import FRAME
from dashboard.view_registry import ViewContext
from dashboard.views.layout import sheet
from dashboard.views.tools.forms import groups
from dashboard.views.tools.results import Results
from dashboard.words import marked, t

_HERE = Path(__file__).parent
_LEAD = marked(
    "Run the agent's tools yourself, on this session's desktop. The same approvals apply, Stop "
    "stops them, and everything is in the log."
)


class ToolBench(View):
    """Forms, a picture to click on, and results. What is pressed goes to ``act``.

    Messages: ``{"type": "run", "name", "given"}``, ``{"type": "approve", "id", "decision"}``,
    ``{"type": "hold"}`` and ``{"type": "release"}``.
    """

    groups = param.List([], doc="Tools, their members and fields.")
    results = param.List([], doc="What was run by hand, the newest first.")
    refusal = param.String("", doc="Why nothing can be run now.")
    problem = param.String("", doc="Why the last try was not accepted.")
    working = param.Boolean(False, doc="The agent has a task.")
    held = param.Boolean(False)
    picture = param.Bytes(b"", doc="The desktop, as JPEG or PNG.")
    screen = param.List([1280, 800], doc="Its width and height in the tools' pixels.")

    _esm = _HERE / "bench.bundle.js"
    _stylesheets = [_HERE / "bench.css"]  # noqa: RUF012 - as Panel declares it


class ToolsView:
    """The view of one page."""

    def __init__(self, context: ViewContext) -> None:
        self._context = context
        self._session = session = context.entry.session
        self._results = Results(lambda sha256: f"sessions/{session.id}/images/{sha256}")
        for event in session.log:
            self._results.add(event)
        self._bench = ToolBench(
            self._act,
            groups=groups(tool.spec for tool in session.manual.tools),
            sizing_mode="stretch_width",
        )
        self._frames = Frames(session.desktop, self._show_picture)
        self._here = False
        self._due: asyncio.TimerHandle | None = None
        self._unsubscribe = session.log.subscribe(self._see)
        self._unwatch = session.manual.watch(self._soon)
        self.root = sheet(t("Tools"), t(_LEAD), self._bench, width=None)
        self._show()

    def arrive(self, wanted: Mapping[str, str]) -> None:
        """Follow the desktop's picture while somebody looks."""
        self._here = True
        self._show()
        self._look()

    def leave(self) -> None:
        self._here = False
        self._frames.run(False)

    def close(self) -> None:
        self.leave()
        self._unsubscribe()
        self._unwatch()
        if self._due is not None:
            self._due.cancel()

    def _look(self) -> None:
        self._frames.run(self._here and self._session.status.desktop == "ready")

    def _see(self, event: Event) -> None:
        self._results.add(event)
        if isinstance(event, DesktopChanged):
            self._frames.run(False)
            self._look()
        self._soon()

    def _soon(self) -> None:
        """Show what has changed, once a frame at most."""
        if self._here and self._due is None:
            self._due = asyncio.get_running_loop().call_later(FRAME, self._later)

    def _later(self) -> None:
        self._due = None
        with self._context.within():
            self._show()

    def _show(self) -> None:
        status = self._session.status
        self._bench.param.update(
            results=self._results.listed(),
            refusal=self._session.manual.refusal(),
            working=status.task_id is not None,
            held=status.held,
        )

    def _show_picture(self, picture: bytes) -> None:
        with self._context.within():
            size = list(self._session.desktop.size)
            self._bench.param.update(picture=picture, screen=size)

    def _act(self, message: dict[str, Any]) -> None:
        if message.get("type") == "run":
            self._run(str(message.get("name")), message.get("given"))
        else:
            self._context.act(message)

    def _run(self, name: str, given: Any) -> None:
        try:
            self._session.manual.start(name, given if isinstance(given, dict) else {})
        except BadInput as error:
            self._bench.problem = str(error)
        else:
            self._bench.problem = ""


def build(context: ViewContext) -> ToolsView:
    """The view for a page."""
    return ToolsView(context)
