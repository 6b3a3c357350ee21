"""Which reading of an utterance counts."""

from __future__ import annotations

from collections.abc import Sequence

from agent.models.offline.dictating import ends
from agent.models.offline.words import number, ordinal
from dashboard.voice.intents import is_free


def choose(plain: str, readings: Sequence[str], *, awaited: bool = False) -> str:
    """The first of ``readings`` in place of the ``plain`` one, where that is harmless.

    Words that mean something to the conversation as they were heard (stop, wait, a nod), and
    answers that are ``awaited`` (to an approval, to a question), stay as they are. A mere number
    that was not heard as one is what a hum or a cough is nearest to.
    """
    if awaited or not readings or not is_free(plain):
        return plain
    return plain if is_number(readings[0]) and not is_number(plain) else readings[0]


def choose_dictated(plain: str, readings: Sequence[str]) -> str:
    """The first of ``readings`` of dictated words, unless one of both is none.

    Words that mean something to the conversation, or that end the dictation, stay as they were
    heard; and what was heard as words to be typed does not become such words.
    """
    if not readings or ends(plain) or not (is_free(plain) and is_free(readings[0])):
        return plain
    return readings[0]


def is_number(text: str) -> bool:
    """Whether words say a number and nothing else: "two", "third", "eighteen times"."""
    return number(text) is not None or ordinal(text.strip(" ,.!?").lower()) is not None
