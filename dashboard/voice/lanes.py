"""Latency lanes of one exchange, measured on the server and logged as ``Measured`` events."""

from __future__ import annotations

from collections.abc import Callable

from agent.clock import Clock
from agent.events import ActionStarted, Event, Measured, Stopped, TextStreamed


class Lanes:
    """Stop-watches that start with the person and end with what the person notices.

    ``utterance`` lanes run from the final transcript's arrival; ``onset`` lanes from the
    widget's notice of speech.
    """

    def __init__(self, report: Callable[[Measured], object], clock: Clock) -> None:
        self._report = report
        self._clock = clock
        self._began: dict[str, tuple[float, str]] = {}
        self._onset_ms: float | None = None
        self._silent_since: float | None = None

    def utterance(self, utterance_id: str) -> None:
        """A final transcript came: everything after it is waiting time."""
        for lane in ("utterance_to_text", "utterance_to_action", "utterance_to_sound"):
            self._began[lane] = (self._clock.now(), utterance_id)

    def onset(self, late_ms: float = 0.0, page_ms: float | None = None) -> None:
        """The person began to speak ``late_ms`` ago; ``page_ms`` is now, on the page's clock."""
        began = self._clock.now() - late_ms / 1000
        for lane in ("onset_to_hold", "onset_to_interruption", "onset_to_stop"):
            self._began[lane] = (began, "")
        self._onset_ms = None if page_ms is None else page_ms - late_ms
        self._silent_since = None

    def ducked(self, page_ms: float | None) -> None:
        """The page lowered the loudspeaker; both times are the page's own."""
        if page_ms is not None and self._onset_ms is not None:
            self._report(Measured(lane="onset_to_duck", milliseconds=page_ms - self._onset_ms))

    def silence(self, late_ms: float) -> None:
        """The page tells that the person has been silent for ``late_ms``."""
        self._silent_since = self._clock.now() - late_ms / 1000

    def transcript(self, utterance_id: str) -> None:
        """The final transcript came: how long after the words' end, if that is known."""
        if self._silent_since is not None:
            late = max(0.0, self._clock.now() - self._silent_since) * 1000
            lane = "end_to_transcript"
            self._report(Measured(lane=lane, milliseconds=late, subject=utterance_id))
        self._silent_since = None

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
        elif isinstance(event, Stopped) and event.source == "voice":
            self.reached("onset_to_stop")
