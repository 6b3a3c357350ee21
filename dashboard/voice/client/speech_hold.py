"""Hold the agent from the first sound of speech until it is known what was meant.

Cheap and reversible: no further action begins while somebody speaks. A sound that turns
out to be no speech, assent, an echo or a question lets the work go on.
"""

from __future__ import annotations

from collections.abc import Callable

from dashboard.voice.client.holds import Holds
from dashboard.voice.client.timers import Timers

WORDLESS = 0.1
"""Seconds after a sound's end that prove it was no speech: the page says *end* 0.4 s late, by
which time words of a real utterance have come."""
UNSPOKEN = 1.5
"""Seconds of sound without a word that prove it was none: music, a fan."""
UNDECIDED = 4.0
"""Seconds to wait for what must follow words: a final transcript, the front desk's call."""

_NAME = "speech"


class SpeechHold:
    """The hold that speech began, and its end.

    Args:
        holds: where the reason is entered.
        wanted: whether there is anything to hold at this moment.
    """

    def __init__(self, holds: Holds, wanted: Callable[[], bool]) -> None:
        self._holds = holds
        self._wanted = wanted
        self._timers = Timers()

    @property
    def active(self) -> bool:
        """Whether speech is what holds the agent."""
        return _NAME in self._holds

    def begin(self) -> bool:
        """Speech began; true if this held something."""
        self._timers.cancel("end")
        if self.active or not self._wanted():
            return False
        self._holds.begin(_NAME, "the person is speaking")
        self._timers.after("end", UNSPOKEN, lambda: self.let_go("no words came"))
        return True

    def words_came(self) -> None:
        """It is speech indeed: hold, if that was given up, and wait for its end."""
        self.begin()
        self._timers.after("end", UNDECIDED, lambda: self.let_go("nothing followed"))

    def sound_ended(self, *, words: bool) -> None:
        """Silence again; without words it was no speech."""
        wait, why = (UNDECIDED, "nothing followed") if words else (WORDLESS, "no words came")
        self._timers.after("end", wait, lambda: self.let_go(why))

    def let_go(self, why: str) -> None:
        """The work may go on, as far as speech is concerned."""
        self._timers.cancel("end")
        self._holds.end(_NAME, why)

    def hand_over(self) -> None:
        """Something stronger takes over: new words, a stop, or a hold that was asked for."""
        self._timers.cancel("end")
        self._holds.forget()

    def close(self) -> None:
        """Forget the timers."""
        self._timers.cancel_all()
