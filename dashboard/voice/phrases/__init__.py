"""What short utterances are made of, as data: one file for each language, named by its code.

Each file has the same keys; `en.yaml` says what they mean. A language that leaves a list out has
nothing of it. Adding a language is adding a file.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any, Final

import yaml

ENGLISH: Final = "en"


@cache
def languages() -> tuple[str, ...]:
    """The codes of all languages that have phrases, English first."""
    found = (entry.name for entry in files(__name__).iterdir())
    codes = sorted(name.removesuffix(".yaml") for name in found if name.endswith(".yaml"))
    return (ENGLISH, *(code for code in codes if code != ENGLISH))


@cache
def phrases(language: str = ENGLISH) -> dict[str, Any]:
    """The data of one language.

    Raises:
        FileNotFoundError: it has none.
    """
    text = files(__name__).joinpath(f"{language}.yaml").read_text(encoding="utf-8")
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded
