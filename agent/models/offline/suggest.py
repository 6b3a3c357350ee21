"""What can be said: the list for people, and the answer to what was not understood."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from agent.models.offline.proposing import offer

SET_A_KEY = (
    "These are voice commands, not a thinking assistant. For free speech, set "
    "ANTHROPIC_API_KEY and start again."
)


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


def not_understood(text: str, whole: str, near: Sequence[str]) -> str:
    """A truthful answer to words that fit no command: to be spoken, then what helps further."""
    quoted = text.strip(" .,;!?")
    part = "" if len(quoted) >= len(whole.strip(" .,;!?")) - 12 else " the part"
    said = f"I did not understand{part} “{quoted}”, and I have changed nothing."
    asked = offer(near) if near else "Ask: what can I say."
    return f"{said} {asked}\n\n{SET_A_KEY}"
