"""What short utterances are made of, as data: one file for each language, named by its code.

`en.yaml` says what the keys mean; `stop_begins` and the like are explained where a language needs
them. A language that leaves a list out has nothing of it. Adding a language is adding a file and
its code in `Language`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any, Final, Literal, get_args

import yaml

from dashboard.voice.words import Words, words_of

Language = Literal["en", "es", "fr", "de", "it", "pt", "ja", "ko", "ru", "hi", "ar"]
"""What Hume's EVI 4-mini hears."""

ENGLISH: Final[Language] = "en"

_SCRIPTS: Final[tuple[tuple[re.Pattern[str], Language], ...]] = (
    (re.compile("[\u3041-\u30ff\u3400-\u9fff\uff66-\uff9f]"), "ja"),
    (re.compile("[\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3]"), "ko"),
    (re.compile("[\u0400-\u04ff]"), "ru"),
    (re.compile("[\u0900-\u097f]"), "hi"),
    (re.compile("[\u0600-\u06ff\u0750-\u077f\ufb50-\ufdff\ufe70-\ufeff]"), "ar"),
)
_ENGLISH_TOO: Final = ("fillers", "corrections", "backchannels", "denials", "negations")
"""Short words that are spelt alike in several languages: "no", "so"."""
_BY_SCRIPT: Final = {language for _, language in _SCRIPTS}


@cache
def languages() -> tuple[Language, ...]:
    """The codes of all languages that have phrases, English first."""
    return get_args(Language)


@cache
def phrases(language: Language = ENGLISH) -> dict[str, Any]:
    """The data of one language.

    Raises:
        FileNotFoundError: it has none.
    """
    text = files(__name__).joinpath(f"{language}.yaml").read_text(encoding="utf-8")
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


@cache
def known(language: Language, *kinds: str) -> frozenset[Words]:
    """All phrases of these kinds in one language, as words."""
    data = phrases(language)
    return frozenset(tuple(words_of(said)) for kind in kinds for said in data.get(kind, ()))


@cache
def approving(language: Language, asked: str) -> frozenset[Words]:
    """What says in one language as much as ``asked``, the English phrase that allows something."""
    said = phrases(language).get("approvals", {}).get(asked.lower(), ())
    return frozenset(tuple(words_of(each)) for each in said)


def spoken_approval(asked: str, chosen: Sequence[Language]) -> str:
    """How a person says ``asked`` in the first chosen language; nothing if that is English."""
    language = chosen[0] if chosen else ENGLISH
    said = phrases(language).get("approvals", {}).get(asked.lower(), ())
    return str(said[0]) if said else ""


def heard_in(text: str, chosen: Sequence[Language] = ()) -> tuple[Language, ...]:
    """Whose phrases ``text`` may be: of the ``chosen`` languages; if none is, by its script."""
    if chosen:
        return tuple(chosen)
    found = tuple(language for script, language in _SCRIPTS if script.search(text))
    return found or tuple(each for each in languages() if each not in _BY_SCRIPT)


def language_of(text: str, chosen: Sequence[Language] = ()) -> Language:
    """The likeliest language of ``text``, by its script or by its most common words.

    A word that English has as well speaks for no other where English may be spoken. In doubt it is
    English, or the first that was chosen.
    """
    able = chosen or languages()
    written = [each for script, each in _SCRIPTS if script.search(text) and each in able]
    if written:
        return written[0]
    latin = [each for each in able if each not in _BY_SCRIPT] or [ENGLISH]
    first = ENGLISH if ENGLISH in latin else latin[0]
    words = {(word,) for word in words_of(text)}
    if first == ENGLISH:
        words -= known(ENGLISH, *_ENGLISH_TOO) - known(ENGLISH, "common")
    return max(latin, key=lambda each: (len(words & known(each, "common")), each == first))
