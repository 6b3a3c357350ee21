"""The inspector: raw events, messages of the voice line, latency, the server's own pace."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from pathlib import Path
from typing import Any

import panel_material_ui as pmui
import param

from agent.record.events import Event
from dashboard.js.component import View
from dashboard.view_registry import ViewContext
from dashboard.views.inspector.exchanges import Exchanges
from dashboard.views.inspector.lag import LagMeter
from dashboard.views.inspector.ledger import Ledger
from dashboard.views.inspector.records import RecordList
from dashboard.views.layout import sheet
from dashboard.voice.client.wire import Message
from dashboard.words import marked, t

_HERE = Path(__file__).parent
_BETWEEN = 0.1
"""Least seconds between two updates of the lists."""
_LEAD = marked(
    "Everything this session wrote down, as it was written; and how long each answer took."
)
_NO_VOICE = marked(
    "No voice message yet. Start the voice in Talk; messages are kept while the server runs."
)


class LaneChart(View):
    """Exchanges as bars over time, a table of all lanes, and the loop's lag."""

    exchanges = param.List([])
    table = param.List([])
    lag = param.List([], doc="The worst lag of each of the last seconds, in milliseconds.")
    pace = param.Dict({}, doc="Figures of the lag.")

    _esm = _HERE / "lanes.bundle.js"
    _stylesheets = [_HERE / "lanes.css"]  # noqa: RUF012 - as Panel declares it


class InspectorView:
    """The view of one page. It follows the log only while somebody looks."""

    def __init__(self, context: ViewContext) -> None:
        self._context = context
        self._log, self._wire = context.entry.session.log, context.entry.conductor.wire
        self._events, self._messages, self._exchanges = Ledger(), Ledger(), Exchanges()
        self._chart = LaneChart(sizing_mode="stretch_width")
        self._lists = self._record_lists()
        self._meter = LagMeter(self._lagging)
        self._tasks: set[asyncio.Task[None]] = set()
        self._due: asyncio.TimerHandle | None = None
        self._subscriptions: list[Any] = []
        self._last_message = 0.0
        tabs = pmui.Tabs(
            (t("Events"), self._lists[0]),
            (t("Voice messages"), self._lists[1]),
            (t("Latency"), self._chart),
            sizing_mode="stretch_width",
        )
        self.root = sheet(t("Inspector"), t(_LEAD), tabs, width=None)

    def _record_lists(self) -> tuple[RecordList, RecordList]:
        images = f"sessions/{self._context.entry.session.id}/images/"
        more: dict[str, Any] = {"spawn": self._spawn, "images": images}
        more["sizing_mode"] = "stretch_width"
        return (
            RecordList(
                self._events, group_label=t("Task"), empty=t("Nothing happened yet."), **more
            ),
            RecordList(self._messages, group_label=t("Direction"), empty=t(_NO_VOICE), **more),
        )

    def arrive(self, wanted: Mapping[str, str]) -> None:
        """Catch up, then follow."""
        for event in self._log.since(len(self._events)):
            self._take(event)
        for message in self._wire:
            if message.at > self._last_message:
                self._overhear(message)
        if not self._subscriptions:
            self._subscriptions = [
                self._log.subscribe(self._take),
                self._wire.subscribe(self._overhear),
            ]
        self._meter.run(True)
        self._show()

    def leave(self) -> None:
        for unsubscribe in self._subscriptions:
            unsubscribe()
        self._subscriptions = []
        self._meter.run(False)
        if self._due is not None:
            self._due.cancel()
            self._due = None

    def close(self) -> None:
        self.leave()
        for task in tuple(self._tasks):
            task.cancel()

    def _take(self, event: Event) -> None:
        self._events.add_event(event)
        self._exchanges.add(event)
        self._later()

    def _overhear(self, message: Message) -> None:
        self._last_message = message.at
        self._messages.add_message(message)
        self._later()

    def _later(self) -> None:
        if self._due is None and self._subscriptions:
            self._due = asyncio.get_running_loop().call_later(_BETWEEN, self._on_time)

    def _on_time(self) -> None:
        self._due = None
        with self._context.within():
            self._show()

    def _show(self) -> None:
        for records in self._lists:
            records.grown()
        self._chart.param.update(exchanges=self._exchanges.shown(), table=self._exchanges.table())

    def _lagging(self, worst: list[float], figures: dict[str, float]) -> None:
        with self._context.within():
            self._chart.param.update(lag=worst, pace=figures)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(self._within(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _within(self, work: Coroutine[Any, Any, None]) -> None:
        with self._context.within():
            await work


def build(context: ViewContext) -> InspectorView:
    """The view for a page."""
    return InspectorView(context)
