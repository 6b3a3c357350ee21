"""Which reading of an utterance counts."""

from __future__ import annotations

from collections.abc import Sequence

from dashboard.voice.intents import is_free


def choose(plain: str, readings: Sequence[str], *, awaited: bool = False) -> str:
    """The first of ``readings`` in place of the ``plain`` one, where that is harmless.

    Words that mean something to the conversation as they were heard (stop, wait, a nod), and
    answers that are ``awaited`` (to an approval, to a question), stay as they are.
    """
    if awaited or not readings or not is_free(plain):
        return plain
    return readings[0]
