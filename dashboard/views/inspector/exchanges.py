"""Latency lanes of each exchange, from the log: what followed on what a person said."""

from __future__ import annotations

from typing import Any

from agent.record import events as ev
from dashboard.views.inspector.lag import figures
from dashboard.words import marked, t

LABELS = {
    "onset_to_duck": marked("Speech begins → sound lowered"),
    "onset_to_hold": marked("Speech begins → agent held"),
    "onset_to_interruption": marked("Speech begins → loudspeaker silent"),
    "onset_to_stop": marked("Speech begins → agent stopped"),
    "end_to_transcript": marked("Speech ends → transcript"),
    "utterance_to_text": marked("Transcript → first token"),
    "utterance_to_action": marked("Transcript → first action"),
    "utterance_to_sound": marked("Transcript → first sound"),
    "end_to_action": marked("Speech ends → first action"),
    "end_to_sound": marked("Speech ends → first sound"),
}
GOALS = {
    "onset_to_duck": ("p95", 120.0),
    "onset_to_interruption": ("p95", 350.0),
    "end_to_action": ("p95", 1600.0),
    "end_to_sound": ("p50", 1200.0),
}
"""Which figure of a lane has which goal, in milliseconds."""

KEPT = 60
_TOTALS = {"utterance_to_action": "end_to_action", "utterance_to_sound": "end_to_sound"}


class Exchanges:
    """A reduction of the log; feed it every event in order."""

    def __init__(self) -> None:
        self._exchanges: dict[str, dict[str, Any]] = {}
        self._onset: list[dict[str, Any]] = []
        self._values: dict[str, list[float]] = {}

    def __len__(self) -> int:
        return len(self._exchanges)

    def add(self, event: ev.Event) -> bool:
        """Take one event in; whether anything changed."""
        if isinstance(event, ev.Heard) and not event.interim:
            exchange = self._of(event.utterance_id, event.at)
            exchange |= {"text": event.text, "source": event.source}
            exchange["lanes"] = [*self._onset, *exchange["lanes"]]
            self._onset = []
            return True
        if isinstance(event, ev.Measured):
            self._measured(event)
            return True
        return False

    def shown(self) -> list[dict[str, Any]]:
        """The exchanges in which something was measured, the newest first."""
        found = [e for e in self._exchanges.values() if e["lanes"]]
        return [_relative(exchange) for exchange in reversed(found)]

    def table(self) -> list[dict[str, Any]]:
        """A row for each lane, in the order in which they happen."""
        known = [*LABELS, *(lane for lane in self._values if lane not in LABELS)]
        rows = []
        for lane in known:
            if values := self._values.get(lane):
                figure, goal = GOALS.get(lane, ("", 0.0))
                row = {"lane": lane, "label": label(lane), "count": len(values), **figures(values)}
                rows.append(row | {"figure": figure, "goal": goal})
        return rows

    def _of(self, utterance: str, at: float) -> dict[str, Any]:
        fresh = {"id": utterance, "at": at, "text": "", "source": "", "lanes": []}
        exchange = self._exchanges.setdefault(utterance, fresh)
        while len(self._exchanges) > KEPT:
            self._exchanges.pop(next(iter(self._exchanges)))
        return exchange

    def _measured(self, event: ev.Measured) -> None:
        lane = {"lane": event.lane, "label": label(event.lane), "ms": event.milliseconds}
        lane |= {"end": event.at, "begin": event.at - event.milliseconds / 1000}
        self._values.setdefault(event.lane, []).append(event.milliseconds)
        if not event.subject:
            self._onset.append(lane)  # its words are not known yet
            return
        exchange = self._of(event.subject, event.at)
        exchange["lanes"].append(lane)
        self._total(exchange, event)

    def _total(self, exchange: dict[str, Any], event: ev.Measured) -> None:
        """From the end of the words: the wait for the transcript is part of it."""
        name = _TOTALS.get(event.lane)
        wait = next((x["ms"] for x in exchange["lanes"] if x["lane"] == "end_to_transcript"), None)
        if name is not None and wait is not None:
            self._values.setdefault(name, []).append(wait + event.milliseconds)


def label(lane: str) -> str:
    """A lane in words."""
    return t(LABELS.get(lane, lane.replace("_to_", " → ")).replace("_", " "))


def _relative(exchange: dict[str, Any]) -> dict[str, Any]:
    """Times in milliseconds since the exchange began."""
    start = min(lane["begin"] for lane in exchange["lanes"])
    lanes = [
        {"label": lane["label"], "lane": lane["lane"], "ms": lane["ms"]}
        | {"from": (lane["begin"] - start) * 1000, "to": (lane["end"] - start) * 1000}
        for lane in sorted(exchange["lanes"], key=lambda lane: lane["begin"])
    ]
    return {**exchange, "lanes": lanes}
