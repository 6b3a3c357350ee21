"""What a short utterance means for a conversation, before any model is asked.

Deterministic and fast (well under a millisecond), because *stop* must work on an interim
transcript with model, network and agent hung. Phrases are data: ``phrases.yaml``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import yaml
from rapidfuzz import fuzz
from rapidfuzz.distance import LCSseq

from agent.fate import fate_of

Meaning = Literal[
    "stop",
    "hold",
    "resume",
    "scratch",
    "start_over",
    "backchannel",
    "aside",
    "allow",
    "deny",
    "unclear_approval",
    "answer",
    "after",
    "redirect",
    "join",
    "task",
    "noise",
]
FREE: tuple[Meaning, ...] = ("task", "after", "redirect", "join")
"""Meanings of words that are for the agent as they stand."""


_ECHO_WORDS = 3
"""Fewer words than this are never taken for an echo: a person does say "the file menu"."""
_ECHO_SHARE = 0.6
"""Share of the heard words that stand in what is being played, in that order."""
_ECHO_SHORT = 5
_ECHO_SHARE_SHORT = 0.8
"""The same for so few words: "open the text editor" is no echo of "the text editor is open"."""
_PHRASE_MATCH = 88.0
"""rapidfuzz ratio from which a spoken phrase counts as the one asked for."""


@dataclass(frozen=True, slots=True)
class Moment:
    """What the conversation looks like while somebody speaks."""

    running: bool = False
    held: bool = False
    approval_phrase: str = ""
    """The distinct phrase that would approve what is pending; empty if nothing is."""
    question: bool = False
    playing: str = ""
    """Words that the loudspeaker is saying, or said within the last two seconds."""
    typed: bool = False
    asked: bool = False
    """Whether the agent's last word on its last task was a question."""

    addressed: Callable[[str], bool] | None = None
    """Tells whether free words are meant for the agent; None where EVI's model decides that."""

    def meant(self, text: str) -> bool:
        """Whether ``text`` is meant for the agent."""
        return self.addressed is None or self.addressed(text)


@cache
def phrases() -> dict[str, Any]:
    """The data of ``phrases.yaml``."""
    text = files("dashboard.voice").joinpath("phrases.yaml").read_text(encoding="utf-8")
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


def words_of(text: str) -> list[str]:
    """Lower-case words without punctuation; apostrophes inside words stay."""
    return re.findall(r"[\w]+(?:'[\w]+)*", text.lower().replace("’", "'").replace("-", " "))  # noqa: RUF001


def _without_fillers(words: list[str]) -> list[str]:
    fillers = phrases()["fillers"]
    start = 0
    while start < len(words) - 1 and words[start] in fillers:
        start += 1
    return words[start:]


def _is_phrase(words: list[str], kind: str) -> bool:
    known = phrases()[kind]
    return " ".join(words) in known or " ".join(_without_fillers(words)) in known


def is_stop(text: str) -> bool:
    """Whether ``text``, interim or final, is a command to stop now.

    "Stop", "no, stop that", "stop typing" are; "stop words are short" and
    "type stop" are not: what follows or precedes must belong to the command.
    """
    words = _without_fillers(words_of(text))
    if not words:
        return False
    known = phrases()
    if words[0] in known["stop_words"]:
        return all(word in known["stop_tails"] for word in words[1:])
    return " ".join(words) in known["stop_phrases"]


def is_echo(text: str, playing: str) -> bool:
    """Whether ``text`` is our own voice coming back through the microphone."""
    heard, said = words_of(text), words_of(playing)
    if len(heard) < _ECHO_WORDS:
        return False
    needed = _ECHO_SHARE if len(heard) > _ECHO_SHORT else _ECHO_SHARE_SHORT
    return LCSseq.similarity(heard, said) / len(heard) >= needed


def _approval(text: str, moment: Moment) -> Meaning:
    said, wanted = " ".join(words_of(text)), " ".join(words_of(moment.approval_phrase))
    if fuzz.ratio(said, wanted) >= _PHRASE_MATCH:
        return "allow"
    words = words_of(text)
    if _is_phrase(words, "asides"):
        return "aside"
    if _is_phrase(words, "denials") or words[:1] in (["no"], ["don't"]):
        return "deny"
    if words[0] in phrases()["assents"]:
        return "unclear_approval"
    if moment.typed:
        return fate_of(text)
    return "unclear_approval" if moment.meant(text) else "noise"


def says_more(denial: str) -> bool:
    """Whether words that refuse something say besides what is wanted."""
    return any(word not in phrases()["denial_words"] for word in words_of(denial))


def _short_command(words: list[str]) -> Meaning | None:
    table: tuple[tuple[str, Meaning], ...] = (
        ("hold_phrases", "hold"),
        ("scratch_phrases", "scratch"),
        ("start_over_phrases", "start_over"),
    )
    return next((meaning for kind, meaning in table if _is_phrase(words, kind)), None)


def classify(text: str, moment: Moment) -> Meaning:
    """What a final utterance means at this moment."""
    words = words_of(text)
    if not words or is_echo(text, moment.playing):
        return "noise"
    if is_stop(text):
        return "stop"
    if moment.approval_phrase:
        return _approval(text, moment)
    short = _short_command(words)
    if short is not None:
        return short
    if _is_phrase(words, "resume_phrases"):
        return "resume"
    if _is_phrase(words, "asides"):
        return "aside"
    if moment.question:
        return "answer"
    idle = not (moment.running or moment.held)
    if " ".join(words) in phrases()["backchannels"]:
        answers = idle and moment.asked and words[0] in phrases()["assents"]
        return "task" if answers else "backchannel"
    if not moment.meant(text):
        return "noise"
    return "task" if idle else fate_of(text)
