"""What is typed where there is no voice: read as a voice's words are, and answered in the log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent.clock import MonotonicClock
from dashboard.voice.client.dispatcher import Dispatcher
from dashboard.voice.client.hearing import Hearing
from dashboard.voice.client.lanes import Lanes
from dashboard.voice.client.narrator import Narrator
from dashboard.voice.client.readings import Reader

if TYPE_CHECKING:
    from agent.session.session import Session


class Typed:
    """Takes typed sentences for one session, on its loop: tasks, questions, a yes, *stop*.

    Nothing is said aloud, nor are latencies of speech measured.
    """

    def __init__(self, session: Session) -> None:
        clock = MonotonicClock()
        narrator = Narrator(lambda _: False, lambda _: None, clock=clock)
        dispatcher = Dispatcher(session, narrator)
        lanes = Lanes(lambda _: None, clock)
        self._hearing = Hearing(session.log, dispatcher, narrator, lanes, clock, Reader(None))
        for asked in (session.status.pending_approval, session.status.question):
            if asked is not None:
                dispatcher.see(asked)
        self.close = session.log.subscribe(dispatcher.see)

    def say(self, text: str) -> None:
        """Take one sentence."""
        if text.strip():
            self._hearing.typed(text.strip())
