"""Whether somebody who speaks while the assistant speaks gets the floor.

Pure: what is known of the utterance comes in, a verdict goes out, and the same question may be
asked again with every interim transcript. Lowering the loudspeaker is no verdict: that happens at
the first sound, in the player. Here it is decided whether the sound then goes on or is dropped.

A verdict needs evidence *for* an interruption. Without any, a listener's nod, a cough and words
in the room leave the assistant speaking; that a word has begun is enough only where waiting for
more of them would be unsafe (stop) or useless (the agent's name).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal

from agent.models.offline.conversation import waits_for_more
from agent.models.offline.words import number, ordinal
from dashboard.voice.addressee_detection import (
    AddresseeDetector,
    is_named,
)
from dashboard.voice.intents import (
    Meaning,
    Moment,
    is_assent,
    is_echo,
    is_nod,
    is_stop,
    meaning_of,
)
from dashboard.voice.phrases import ENGLISH, Language, known, language_of
from dashboard.voice.words import length_of, words_of

Verdict = Literal["wait", "keep", "yield", "stop"]
"""``wait``: not clear yet, the assistant goes on; ask again. ``keep``: no interruption.
``yield``: the person has the floor. ``stop``: so too, and everything stops."""

SURE_MS: Final = 1_000
"""Milliseconds of speech from which words that are probably for the agent are believed to be.
Until then more of them may still turn the sentence: "tell your … sister"."""

WORD_MS: Final = 150
"""Milliseconds that a word takes at least: more words than fit were not said."""
_PROBABLE: Final = 2
"""Evidence from which words that go on are believed to be for the agent; before a silence, 1 is."""
_FOLLOWED_MS: Final = 350
"""Milliseconds of speech, beyond those of a word, in which another has begun."""

_TAKES_THE_FLOOR: Final[tuple[Meaning, ...]] = (
    "hold",
    "scratch",
    "start_over",
    "put_back",
    "undo_put_back",
    "aside",
    "allow",
    "deny",
)
"""Meanings that take the floor as soon as the words are there."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """What is known of somebody's words while they are spoken."""

    text: str = ""
    """The newest transcript; empty while there is none."""

    voiced_ms: int = 0
    """From the first sound of a voice to the last, so far."""

    over: bool = False
    """Whether it has ended, so that ``text`` is all there is."""

    paused: bool = False
    """Whether a silence follows the words and they may be all."""


def decide(said: Utterance, moment: Moment, addressee: AddresseeDetector) -> Verdict:
    """What becomes of the assistant's speech because of ``said``.

    ``moment.playing`` are the words that the loudspeaker is saying.
    """
    words = words_of(said.text)
    whole = said.over or said.paused
    if is_stop(said.text, interim=not whole, chosen=moment.languages):
        return "stop"
    if addressee.attention == "everything":
        return "yield"
    if not said.over and said.voiced_ms < WORD_MS * length_of(words):
        return "wait"
    if not words or is_echo(said.text, moment.playing):
        return _nothing(said)
    if is_named(words):
        return "yield"
    if (answer := _answers(said, words, moment, addressee)) is not None:
        return answer
    meaning = meaning_of(said.text, _bare(moment))
    if meaning in _TAKES_THE_FLOOR:
        return "yield"
    if meaning == "resume" and not moment.held:  # "go on" is what a listener says
        return _nothing(said)
    if moment.approval_phrase or addressee.attention == "named" or is_nod(words, moment.languages):
        return _nothing(said)
    if addressee.for_others(words, moment.playing):
        return _nothing(said)
    return _free(said, words, moment, addressee)


def _nothing(said: Utterance) -> Verdict:
    """So far it is no interruption."""
    return "keep" if said.over else "wait"


def _bare(moment: Moment) -> Moment:
    """The moment without what waits for an answer."""
    return replace(moment, approval_phrase="", question=False, yes_or_no=False, put_back=False)


def _answers(
    said: Utterance, words: list[str], moment: Moment, addressee: AddresseeDetector
) -> Verdict | None:
    """Whether it answers what was asked; None if nothing was, or if it is not an answer."""
    if moment.approval_phrase:
        elsewhere = addressee.for_others(words, moment.playing)
        meaning = meaning_of(said.text, replace(moment, elsewhere=elsewhere))
        return "yield" if meaning in ("allow", "deny") else None
    if not moment.question or not moment.content_heard:
        return None
    if addressee.for_others(words, moment.playing):
        return None
    if moment.yes_or_no:
        return "yield" if meaning_of(said.text, moment) == "answer" else None
    nods = is_nod(words, moment.languages)
    assents = nods and is_assent(words, moment.languages)
    return "yield" if assents or (said.over and not nods) else None


def _free(
    said: Utterance, words: list[str], moment: Moment, addressee: AddresseeDetector
) -> Verdict:
    """Words that are neither a nod nor known to the conversation by themselves."""
    language = language_of(said.text, moment.languages)
    if _corrects(said, words, language) or (language == ENGLISH and _commands(words)):
        return "yield"
    sure = said.over or said.voiced_ms >= SURE_MS
    if not said.over and (len(words) == 1 or not (sure or said.paused)):
        return "wait"
    if language != ENGLISH:  # what the evidence below is made of is English
        return "yield" if sure else "wait"
    needed = 1 if said.over or said.paused else _PROBABLE
    for_agent = addressee.evidence(said.text, moment.playing) >= needed
    if len(words) == 1:  # "write" may have been "right": only what can be done so counts
        whole = not waits_for_more(said.text) and number(said.text) is None
        for_agent = whole and ordinal(words[0]) is None and addressee.of(said.text).at_work
    return "yield" if for_agent else _nothing(said)


def _corrects(said: Utterance, words: list[str], language: Language) -> bool:
    """Whether it begins as a correction, and goes on: "no, the other …"."""
    if any(
        len(words) > len(start) and tuple(words[: len(start)]) == start
        for start in known(language, "corrections")
    ):
        return True
    followed = said.voiced_ms >= WORD_MS * length_of(words) + _FOLLOWED_MS
    return followed and tuple(words) in known(language, "openers")


def _commands(words: list[str]) -> bool:
    """Whether it begins with a bare command to a computer: "open the …".

    After "can you" or "please" somebody else may be meant as well, so that more is waited for.
    """
    return len(words) > 1 and (words[0],) in known(ENGLISH, "computer_verbs")
