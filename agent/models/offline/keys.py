"""Key names as people say them, turned into the combinations that the input driver takes."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

from agent.models.offline.words import lexicon, number

_COUNT = re.compile(r"^(.*?)[,\s]+((?:\w+[\s-])?\w+)\s+times?$|^(.*?)[,\s]+(once|twice|thrice)$")
_AGAIN = re.compile(r"\s*,?\s+(?:and then|and|then)\s+|\s*,\s*")


@dataclass(frozen=True, slots=True)
class Press:
    """A combination such as ``ctrl+shift+t``, and how often to press it."""

    combo: str
    repeat: int = 1

    @property
    def spoken(self) -> str:
        words = self.combo.replace("ctrl", "control").replace("_", " ").replace("+", " ")
        name = words.replace("Return", "Enter")
        return name if self.repeat == 1 else f"{name}, {self.repeat} times"


def parse_keys(text: str) -> tuple[Press, ...]:
    """The presses that a phrase asks for ("control s", "page down three times"), or ()."""
    presses = []
    text = _held_with().sub(r"\1 ", text.lower())
    for part in _AGAIN.split(text.strip().rstrip(".!?")):
        press = _press(part)
        if press is None:
            whole = _press(text.rstrip(".!?"))
            return (whole,) if whole else ()
        presses.append(press)
    return tuple(presses)


@functools.cache
def _held_with() -> re.Pattern[str]:
    """A key that is held with the next, and the word between them: "control and a"."""
    return re.compile(rf"\b({'|'.join(lexicon()['modifiers'])}) (?:and|plus) (?=\w)")


def _press(text: str) -> Press | None:
    text, repeat = _repeat(text.strip())
    combo = _combo(re.sub(r"[\s+-]+", " ", text).strip())
    return Press(combo, max(1, min(repeat, 100))) if combo else None


def _repeat(text: str) -> tuple[str, int]:
    match = _COUNT.match(text)
    if match:
        keys, count = match[1] or match[3], match[2] or match[4]
        times = number(count)
        if times is None and " " in count:
            first, count = count.split(" ", 1)
            keys, times = f"{keys} {first}", number(count)
        if times is not None:
            return keys, times
    return text, 1


def _combo(text: str) -> str | None:
    modifiers: list[str] = []
    words = [
        w for w in text.split() if w not in ("and", "plus") or text.rsplit(maxsplit=1)[-1] == w
    ]
    while len(words) > 1 and words[0] in lexicon()["modifiers"]:
        modifiers.append(lexicon()["modifiers"][words.pop(0)])
    key = _key(" ".join(words), spelled=bool(modifiers))
    return "+".join([*modifiers, key]) if key else None


def _key(name: str, *, spelled: bool) -> str | None:
    name = re.sub(r"^(?:the )?(?:letter|digit|number|key) ", "", name)
    name = re.sub(r" (?:key|keys|button)$", "", name)
    known: str | None = lexicon()["keys"].get(name)
    if known:
        return known
    if re.fullmatch(r"[a-z0-9]", name):
        return name
    function = re.fullmatch(r"f ?(\w+(?: \w+)?)", name)
    which = number(function[1]) if function else None
    if which is not None and 1 <= which <= 12:
        return f"F{which}"
    if spelled:
        letter: str | None = lexicon()["letters"].get(name)
        digit = number(name)
        return letter or (str(digit) if digit is not None and digit < 10 else None)
    modifier: str | None = {"control": "ctrl", "shift": "shift", "alt": "alt"}.get(name)
    return modifier or {"super": "super", "windows": "super"}.get(name)
