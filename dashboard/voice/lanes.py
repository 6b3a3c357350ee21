"""Latency lanes of one exchange, measured on the server and logged as ``Measured`` events."""

from __future__ import annotations

from collections.abc import Callable

from agent.clock import Clock
from agent.events import ActionStarted, Event, Measured, TextStreamed


class Lanes:
    """Stop-watches that start with the person and end with what the person notices.

    ``utterance`` lanes run from the final transcript's arrival; ``onset`` lanes from the
    widget's notice of speech.
    """

    def __init__(self, report: Callable[[Measured], object], clock: Clock) -> None:
        self._report = report
        self._clock = clock
        self._began: dict[str, tuple[float, str]] = {}

    def utterance(self, utterance_id: str) -> None:
        """A final transcript came: everything after it is waiting time."""
        for lane in ("utterance_to_text", "utterance_to_action", "utterance_to_sound"):
            self._began[lane] = (self._clock.now(), utterance_id)

    def onset(self) -> None:
        """The person began to speak."""
        self._began["onset_to_hold"] = (self._clock.now(), "")
        self._began["onset_to_interruption"] = (self._clock.now(), "")

    def reached(self, lane: str) -> None:
        """The first event that ends ``lane`` since it began is reported; later ones are not."""
        began = self._began.pop(lane, None)
        if began is not None:
            milliseconds = (self._clock.now() - began[0]) * 1000
            self._report(Measured(lane=lane, milliseconds=milliseconds, subject=began[1]))

    def see(self, event: Event) -> None:
        """End the lanes that a log event ends."""
        if isinstance(event, ActionStarted):
            self.reached("utterance_to_action")
        elif isinstance(event, TextStreamed):
            self.reached("utterance_to_text")
