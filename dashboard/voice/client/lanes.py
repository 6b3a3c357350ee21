"""Latency lanes of one exchange, measured on the server and logged as ``Measured`` events."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from agent.clock import Clock
from agent.record.events import (
    ActionProposed,
    ActionStarted,
    Event,
    Measured,
    Stopped,
    TaskFinished,
    TaskStarted,
    TextStreamed,
    Understood,
)
from agent.session.manual import NOT_THE_AGENTS

SPOKEN_AFTER = 10.0
"""Seconds after the end of a task in which its last words may begin to sound."""

_WORKED_ON = frozenset({"task", "redirect", "approval", "resume"})
"""Meanings after which the agent acts; nothing of the agent's follows on the others."""

_AGENTS = ("utterance_to_text", "utterance_to_action")
_ONSETS = ("onset_to_hold", "onset_to_interruption", "onset_to_stop")


@dataclass(slots=True)
class _Exchange:
    """What began with an utterance, until what it asked for has been done."""

    utterance_id: str
    task: str = ""
    """Begun for it, or running when it came."""

    over: float | None = None
    """When there was nothing more to do for it."""


class Lanes:
    """Stop-watches that start with the person and end with what the person notices.

    ``utterance`` lanes run from the final transcript's arrival; ``onset`` lanes from the
    widget's notice of speech.
    """

    def __init__(self, report: Callable[[Measured], object], clock: Clock) -> None:
        self._report = report
        self._clock = clock
        self._began: dict[str, float] = {}
        self._exchange = _Exchange("")
        self._running = ""
        self._by_hand: set[str] = set()
        self._onset_ms: float | None = None
        self._silent_since: float | None = None

    def utterance(self, utterance_id: str) -> None:
        """A final transcript came: everything after it is waiting time."""
        now = self._clock.now()
        self._exchange = _Exchange(utterance_id, self._running)
        self._began |= dict.fromkeys((*_AGENTS, "utterance_to_sound"), now)

    def onset(self, late_ms: float = 0.0, page_ms: float | None = None) -> None:
        """The person began to speak ``late_ms`` ago; ``page_ms`` is now, on the page's clock."""
        began = self._clock.now() - late_ms / 1000
        self._began |= dict.fromkeys(_ONSETS, began)
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
        self._forget_what_is_over()
        began = self._began.pop(lane, None)
        if began is not None:
            milliseconds = (self._clock.now() - began) * 1000
            subject = "" if lane in _ONSETS else self._exchange.utterance_id
            self._report(Measured(lane=lane, milliseconds=milliseconds, subject=subject))

    def see(self, event: Event) -> None:
        """End the lanes that a log event ends, or that nothing can end any more."""
        if isinstance(event, ActionProposed) and event.turn_id in NOT_THE_AGENTS:
            self._by_hand.add(event.action_id)
        elif isinstance(event, ActionStarted):
            self._acted(event.action_id)
        elif isinstance(event, TextStreamed):
            self.reached("utterance_to_text")
        elif isinstance(event, Stopped):
            self._stopped(event)
        elif isinstance(event, Understood):
            self._understood(event)
        elif isinstance(event, TaskStarted):
            self._task_began(event.task_id)
        elif isinstance(event, TaskFinished):
            self._task_ended(event.task_id)

    def _acted(self, action_id: str) -> None:
        if action_id in self._by_hand:
            self._by_hand.discard(action_id)  # the person's own doing answers nothing
        else:
            self.reached("utterance_to_action")

    def _stopped(self, event: Stopped) -> None:
        if event.source == "voice":
            self.reached("onset_to_stop")
        self._forget(*_AGENTS)

    def _understood(self, event: Understood) -> None:
        fits = event.utterance_id == self._exchange.utterance_id
        if fits and event.meaning not in _WORKED_ON:
            self._forget(*_AGENTS)
            self._exchange.over = self._clock.now()

    def _task_began(self, task: str) -> None:
        self._running = task
        if self._exchange.task or self._exchange.over is not None:
            self._forget(*_AGENTS, "utterance_to_sound")  # nobody said this one: a notebook did
        self._exchange.task = task

    def _task_ended(self, task: str) -> None:
        self._running = ""
        if self._exchange.task == task:
            self._forget(*_AGENTS)
            self._exchange.over = self._clock.now()

    def _forget_what_is_over(self) -> None:
        over = self._exchange.over
        if over is not None and self._clock.now() > over + SPOKEN_AFTER:
            self._forget(*_AGENTS, "utterance_to_sound")

    def _forget(self, *lanes: str) -> None:
        for lane in lanes:
            self._began.pop(lane, None)
