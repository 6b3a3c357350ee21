"""What becomes of the sound that is playing when somebody speaks over it.

The page lowers it at the first sound by itself. A service that decides by what is said (the
offline one) is followed at once. One that goes by the length of the sound alone (Hume's) only
raises the question: its sound, as far as it has come, plays on until the words tell; what the
service has stopped making is then said again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal

from agent.clock import Clock
from dashboard.voice.addressee_detection import AddresseeDetector
from dashboard.voice.barge_in import Utterance, decide
from dashboard.voice.client.narrator import Narrator
from dashboard.voice.client.timers import Timers
from dashboard.voice.intents import Moment
from dashboard.voice.words import words_of

PATIENCE: Final = 2.5
"""Seconds after a service's interruption by which it must be clear: words that are not known to be
nothing then have the floor, and a sound without words does not."""

Command = Literal["flush", "restore"]


class Interruptions:
    """Decides between a page's two ways on: flush what sounds, or restore its loudness.

    Args:
        post: presses the page's button of that name.
        final: whether the service's own word that it was interrupted is decisive.
    """

    def __init__(
        self,
        narrator: Narrator,
        addressee: AddresseeDetector,
        post: Callable[[Command], None],
        clock: Clock,
        *,
        final: bool,
    ) -> None:
        self._narrator = narrator
        self._addressee = addressee
        self._post = post
        self._clock = clock
        self._final = final
        self._timers = Timers()
        self._open = False
        self._said: tuple[str, Moment] | None = None
        """The newest words of the utterance that goes on, and the moment in which they came."""
        self._began: float | None = None

    def interrupted(self) -> None:
        """The service says that it was interrupted."""
        if self._final:
            self._narrator.interrupted()
        elif not self._open:
            self._open = True
            self._timers.after("verdict", PATIENCE, self._decide_at_last)
            self._judge(over=False)

    def sound(self) -> None:
        """Somebody begins to make a sound."""
        self._began = self._clock.now()

    def transcript(self, text: str, moment: Moment, *, over: bool) -> None:
        """Words came, of an utterance that goes on or that is over."""
        self._said = (text, moment)
        if self._open:
            self._judge(over=over)
        elif over:
            self._settle("restore")

    def _judge(self, *, over: bool) -> None:
        if self._said is None:
            return
        text, moment = self._said
        since = self._began if self._began is not None else self._clock.now()
        voiced = round((self._clock.now() - since) * 1000)
        verdict = decide(Utterance(text, voiced, over=over), moment, self._addressee)
        if verdict in ("yield", "stop"):
            self._settle("flush")
        elif verdict == "keep":
            self._settle("restore")

    def silence(self, *, words: bool) -> None:
        """The sound is over; without words it was nothing."""
        if not words:
            self._settle("restore")

    def close(self) -> None:
        """Forget the timers."""
        self._timers.cancel_all()

    def _decide_at_last(self) -> None:
        self._settle("flush" if self._said and words_of(self._said[0]) else "restore")

    def _settle(self, how: Command) -> None:
        was_open, self._open, self._said = self._open, False, None
        self._timers.cancel("verdict")
        if was_open or self._narrator.sounding:
            self._post(how)
        if was_open and how == "flush":
            self._narrator.interrupted()
        elif was_open:
            self._narrator.broken_off()
