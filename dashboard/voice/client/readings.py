"""What a transcript is taken for: read once, when it comes, and passed on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from agent.models.offline.dictation import transcribed
from agent.record.events import Source
from agent.session.fate import Fate, fate_of
from dashboard.voice.addressee_detection import (
    EVERYBODY,
    AddresseeDetector,
    Addressees,
    likeliest,
)
from dashboard.voice.intents import FREE, Meaning, Moment, is_echo, is_free, is_stop, meaning_of


@dataclass(frozen=True, slots=True)
class Reading:
    """A transcript, interim or final, as it was understood at the moment when it came."""

    utterance: str
    """The id under which the log has it."""

    text: str
    """The words that count: of several readings of the same sound, the likeliest."""

    heard: str
    """The words as they were transcribed or typed."""

    source: Source
    meaning: Meaning
    fate: Fate
    """What would become of the words, as a request, with regard to a task that runs."""

    stops: bool = False
    """Whether it is a command to stop, whoever else says the same."""

    echo: bool = False
    """Whether it is our own voice, coming back through the microphone."""

    for_agent: bool = True
    """Whether its words are meant for the agent, if they are free ones."""

    undecided: bool = True
    """Whether an utterance that begins like this may become one for the agent."""

    dictated: bool = False
    """Whether its words are to be typed, since dictation is on."""

    sounds: str = ""
    """How the person sounded, in words for the agent; empty unless that is wanted."""

    @property
    def overheard(self) -> bool:
        """Whether it is known already to be none of the agent's business."""
        return self.echo or not self.undecided

    @property
    def harmless(self) -> bool:
        """Whether, left as it is, it would not change what the agent does."""
        return self.meaning in ("backchannel", "aside", "noise")

    def passed_on(self, words: str) -> str:
        """What EVI's model hands on: where it repeats the transcript, as that was read."""
        return self.text if words == self.heard else words


class Reader:
    """Reads what is said and typed.

    Args:
        addressee: tells words for the agent from words in the room; None where nobody need.
        evi: whether EVI's model does that, unless only what begins with the agent's name counts.
    """

    def __init__(self, addressee: AddresseeDetector | None, *, evi: bool = False) -> None:
        self._addressee = addressee
        self._evi = evi

    def likeliest(self, heard: str, alternatives: Sequence[str]) -> str:
        """Free words as the offline recogniser may have heard as well, if that is apt."""
        offline = self._addressee is not None and not self._evi
        other = likeliest(heard, alternatives) if offline else heard
        return other if other == heard or is_free(heard) else heard

    def read(
        self,
        heard: str,
        moment: Moment,
        utterance: str,
        *,
        text: str = "",
        sounds: str = "",
        interim: bool = False,
    ) -> Reading:
        """What ``heard``, or ``text`` in its place, means at this moment.

        A stop word is known before anything else is asked, unless it begins other sentences and the
        transcript is an ``interim`` one.
        """
        text = text or heard
        stops = is_stop(text, interim=interim, chosen=moment.languages)
        echo = is_echo(text, moment.playing)
        who = EVERYBODY if stops or echo or moment.dictating else self._who(text, moment)
        for_agent = _addressed(who, moment)
        known = replace(moment, addressed=for_agent, elsewhere=who.elsewhere)
        meaning = "noise" if echo else meaning_of(text, known)
        dictated = moment.dictating and meaning in FREE
        return Reading(
            utterance=utterance,
            text=transcribed(text) if dictated and not moment.typed else text,
            heard=heard,
            source="typed" if moment.typed else "voice",
            meaning=meaning,
            fate=meaning if meaning in ("after", "redirect", "join") else fate_of(text),
            stops=stops,
            echo=echo,
            for_agent=for_agent,
            undecided=who.undecided,
            dictated=dictated,
            sounds=sounds,
        )

    def _who(self, text: str, moment: Moment) -> Addressees:
        if self._addressee is None or moment.typed:
            return EVERYBODY
        if self._evi and self._addressee.attention != "named":
            return EVERYBODY
        return self._addressee.of(text, moment.playing)


def _addressed(who: Addressees, moment: Moment) -> bool:
    """Whether free words are for the agent; what answers its own question always is."""
    if moment.running:
        return who.at_work
    return who.idle or (moment.asked and not who.elsewhere)
