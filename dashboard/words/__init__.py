"""The page's own words, in the language of whoever looks at it.

English stands in the code, where it is said: ``t("Hold")`` here and in the browser
(`dashboard/js/words.js`), and every text of an ``html`` template. A catalogue beside this file
(``de.json``) has one other language: each English text and what is said for it. ``en.json`` lists
all of them with where they are said; ``script/words`` keeps the files complete.

What was said and done (events, spoken words, errors of the agent's) is data, and stays as it is.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

__all__ = [
    "ENGLISH",
    "ask",
    "best",
    "catalogue",
    "current",
    "languages",
    "marked",
    "plural",
    "t",
    "t_in",
]

ENGLISH = "en"
"""The language of the texts in the code."""

Text = str | Mapping[str, str]
"""What is said for an English text; of one with a number a form for each plural category."""

_HERE = Path(__file__).parent
_ask: Callable[[], str] = lambda: ENGLISH  # noqa: E731 - stands until somebody knows better


def ask(who: Callable[[], str]) -> None:
    """From now on ``who`` is asked for the language of the page that is being made or changed."""
    global _ask
    _ask = who


def current() -> str:
    """The language of the page that is being made or changed."""
    return _ask()


@functools.cache
def languages() -> dict[str, str]:
    """Each language that the page speaks, by its code, as it is called by those who speak it."""
    codes = sorted(path.stem for path in _HERE.glob("*.json"))
    return {code: _read(code)["name"] for code in codes}


@functools.cache
def catalogue(language: str) -> Mapping[str, Text]:
    """English text → what is said for it; empty for English and what is not spoken."""
    if language == ENGLISH or language not in languages():
        return {}
    texts: Mapping[str, Text] = _read(language)["texts"]
    return texts


def best(accepted: str) -> str:
    """The language that an ``Accept-Language`` header likes best of those that the page speaks."""
    liked: list[tuple[float, str]] = []
    for part in accepted.split(","):
        tag, _, weight = part.strip().partition(";")
        code = tag.strip().lower().partition("-")[0]
        try:
            q = float(weight.strip().removeprefix("q=")) if weight else 1.0
        except ValueError:
            q = 0.0
        if code in languages() and 0 < q <= 1:
            liked.append((q, code))
    return max(liked, key=lambda each: each[0], default=(0.0, ENGLISH))[1]


def t(text: str, **fields: object) -> str:
    """A text in the page's language, its ``{name}`` filled in.

    What is not in the catalogue is English.
    """
    return t_in(current(), text, **fields)


def t_in(language: str, text: str, **fields: object) -> str:
    """A text in a language, where there is no page to ask."""
    said = catalogue(language).get(text, text)
    return _filled(said if isinstance(said, str) else said["other"], fields)


def plural(n: int, one: str, other: str, **fields: object) -> str:
    """A text with a number, ``{n}``, in the form that the number asks for."""
    said = catalogue(current()).get(other) or {"one": one, "other": other}
    form = said if isinstance(said, str) else said["one" if n == 1 else "other"]
    return _filled(form, {"n": n, **fields})


def marked(text: str) -> str:
    """A text that is known before there is a page: listed now, and said by ``t`` later."""
    return text


def _filled(text: str, fields: Mapping[str, object]) -> str:
    for name, value in fields.items():
        text = text.replace(f"{{{name}}}", str(value))
    return text


def _read(language: str) -> Any:
    return json.loads((_HERE / f"{language}.json").read_text("utf-8"))
