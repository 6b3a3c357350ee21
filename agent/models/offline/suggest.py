"""What can be said: the list for people, and the nearest commands to what was not understood."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path

import yaml
from rapidfuzz import fuzz, process

from agent.models.offline.words import strip_back, strip_front, tidy

SET_A_KEY = (
    "These are voice commands, not a thinking assistant. For free speech, set "
    "ANTHROPIC_API_KEY and start again."
)


_FEW = 6
"""Words of a command that is offered aloud: nobody remembers three long ones."""


@dataclass(frozen=True, slots=True)
class Topic:
    """A heading and sentences that work as they stand."""

    title: str
    examples: tuple[str, ...]


@functools.cache
def _topics() -> tuple[Topic, ...]:
    data = yaml.safe_load(Path(__file__).with_name("help.yaml").read_text("utf-8"))
    return tuple(Topic(title, tuple(examples)) for title, examples in data.items())


HELP: tuple[Topic, ...] = _topics()
"""All that can be said, by topic, for the page and the front desk."""

SPOKEN_HELP = (
    "You can say, for example: open the text editor, type hello world, click Save, "
    "or what is on the screen. The full list is on the page."
)


def help_text() -> str:
    """A sentence to be spoken, then the full list."""
    topics = "\n".join(f"- {t.title}: {'; '.join(t.examples)}" for t in HELP)
    return f"{SPOKEN_HELP}\n\n{topics}\n\n{SET_A_KEY}"


def nearest(text: str, n: int = 3) -> list[str]:
    """The ``n`` example commands that are most like what was said, likeliest first."""
    examples = [example for topic in HELP for example in topic.examples]
    said = strip_back(tidy(strip_front(text))).lower()
    found = process.extract(said, examples, scorer=_like, processor=str.lower, limit=n)
    return [example for example, _, _ in found]


def _like(said: str, example: str, **_: object) -> float:
    first = 25.0 if said.split()[:1] == example.split()[:1] else 0.0
    return fuzz.WRatio(said, example) * 0.75 + first


def not_understood(text: str, whole: str) -> str:
    """A truthful answer to words that fit no command: to be spoken, then what helps further."""
    quoted = text.strip(" .,;!?")
    part = "" if len(quoted) >= len(whole.strip(" .,;!?")) - 12 else f" the part “{quoted}”"
    near = [example for example in nearest(quoted, 30) if len(example.split()) <= _FEW][:3]
    offers = f"{', '.join(near[:-1])}, or {near[-1]}"
    said = (
        f"I did not understand{part}{'' if part else f' “{quoted}”'}, and I have changed nothing."
    )
    return f"{said} You could say: {offers}.\n\n{SET_A_KEY}"
