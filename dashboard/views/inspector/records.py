"""A virtual list of records with filters; a click shows one whole."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import param

from dashboard.js.component import Message, View
from dashboard.views.inspector.ledger import Filter, Ledger

_HERE = Path(__file__).parent
_MOST = 300
"""Rows that are sent at once at most."""


class RecordList(View):
    """Shows a `Ledger`. The browser asks for the rows that it needs, and no others."""

    group_label = param.String("", doc="What a record's group is called: Task, Direction.")
    empty = param.String("", doc="What is said while there is nothing.")
    images = param.String("", doc="Where a session's pictures are served, before the hash.")

    _esm = _HERE / "records.bundle.js"
    _stylesheets = [_HERE / "records.css"]  # noqa: RUF012 - as Panel declares it

    def __init__(self, ledger: Ledger, spawn: Callable[[Any], Any], **params: Any) -> None:
        super().__init__(**params)
        self._ledger = ledger
        self._spawn = spawn
        self._generation = 0

    def grown(self) -> None:
        """Tell the browser how much there is now."""
        ledger = self._ledger
        self.post(
            {
                "count": len(ledger.shown),
                "all": len(ledger),
                "generation": self._generation,
                "kinds": dict(sorted(ledger.kinds.items())),
                "groups": ledger.groups,
            }
        )

    def take(self, message: Message) -> None:
        kind = message["type"]
        if kind == "ready":
            self.grown()
        elif kind == "rows":
            self._rows(int(message.get("from", 0)), int(message.get("to", 0)))
        elif kind == "open":
            self._open(int(message.get("n", -1)))
        elif kind == "filter":
            self._spawn(self._filter(Filter.read(message)))

    def _rows(self, begin: int, end: int) -> None:
        rows = self._ledger.rows(begin, min(end, begin + _MOST))
        self.post({"rows": rows, "from": max(0, begin), "generation": self._generation})

    def _open(self, n: int) -> None:
        if 0 <= n < len(self._ledger):
            self.post({"n": n, "record": self._ledger.records[n].full()})

    async def _filter(self, wanted: Filter) -> None:
        """Search what is there beside the loop, then whatever came meanwhile."""
        ledger = self._ledger
        self._generation += 1
        mine, known = self._generation, tuple(ledger.records)
        ledger.filter = wanted
        found = await asyncio.to_thread(ledger.search, wanted, known)
        if mine != self._generation:
            return  # another filter was chosen since
        ledger.shown = found + ledger.search(wanted, ledger.records[len(known) :])
        self.grown()
