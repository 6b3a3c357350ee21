"""Hold the agent from the first sound of speech until it is known what was meant.

Cheap and reversible: no further action begins while somebody speaks. A sound that turns
out to be no speech, assent, or a question lets the work go on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from dashboard.voice.timers import Timers

WORDLESS = 0.5
"""Seconds after the end of a sound without any words that prove it was no speech."""
UNDECIDED = 4.0
"""Seconds to wait for what must follow words: a final transcript, the front desk's call."""


class Holdable(Protocol):
    """What can be held: a session."""

    def hold(self, reason: str) -> None: ...

    def release(self, reason: str = "") -> None: ...


class SpeechHold:
    """The hold that speech began, and its end.

    Args:
        session: what is held.
        wanted: whether there is anything to hold at this moment.
    """

    def __init__(self, session: Holdable, wanted: Callable[[], bool]) -> None:
        self._session = session
        self._wanted = wanted
        self._timers = Timers()
        self.active = False

    def begin(self) -> bool:
        """Speech began; true if this held something."""
        self._timers.cancel("end")
        if self.active or not self._wanted():
            return False
        self.active = True
        self._session.hold("the person is speaking")
        return True

    def words_came(self) -> None:
        """It is speech indeed: wait for its end."""
        self._timers.after("end", UNDECIDED, lambda: self.let_go("nothing followed"))

    def sound_ended(self, *, words: bool) -> None:
        """Silence again; without words it was no speech."""
        wait, why = (UNDECIDED, "nothing followed") if words else (WORDLESS, "no words came")
        self._timers.after("end", wait, lambda: self.let_go(why))

    def let_go(self, why: str) -> None:
        """The work may go on."""
        self._timers.cancel("end")
        if self.active:
            self.active = False
            self._session.release(why)

    def hand_over(self) -> None:
        """Something stronger takes over: new words, a stop, or a hold that was asked for."""
        self._timers.cancel("end")
        self.active = False

    def close(self) -> None:
        """Forget the timers."""
        self._timers.cancel_all()
