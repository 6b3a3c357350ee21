"""What a short utterance means for a conversation, before any model is asked.

Deterministic and fast (well under a millisecond, without the planner's grammar), because *stop*
must work on an interim transcript with model, network and agent hung. Phrases are data:
``phrases.yaml``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal, get_args

from rapidfuzz import fuzz
from rapidfuzz.distance import LCSseq

from agent.session.fate import Fate, fate_of
from dashboard.voice.phrases import ENGLISH, languages, phrases

Meaning = Literal[
    "stop",
    "hold",
    "resume",
    "scratch",
    "start_over",
    "put_back",
    "undo_put_back",
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
FREE: tuple[Meaning, ...] = ("task", *get_args(Fate))
"""Meanings of words that are for the agent as they stand."""


_ECHO_WORDS = 3
"""Fewer words than this are never taken for an echo: a person does say "the file menu"."""
_ECHO_SHARE = 0.6
"""Share of the heard words that stand in what is being played, in that order."""
_ECHO_SHORT = 5
_ECHO_SHARE_SHORT = 0.8
"""The same for so few words: "open the text editor" is no echo of "the text editor is open"."""
_NO = ("no", "nope", "don't")
_YES = ("yes", "yeah", "yep", "yup")
_LONGEST_NOD = 8
"""More words than a listener says without meaning anything."""
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
    yes_or_no: bool = False
    """Whether the question is one that only a yes or a no answers."""

    put_back: bool = False
    """Whether files were put back since the last task, so that "undo that" means this."""

    asked: bool = False
    """Whether the agent's last word on its last task was a question."""

    lasting: bool = False
    """Whether what is pending may be allowed for the session, or for good."""

    dictating: bool = False
    """Whether what is said is typed as it is said."""

    addressed: bool = True
    """Whether free words are meant for the agent, as far as that is known here."""

    elsewhere: bool = False
    """Whether the words say themselves that they are for somebody else."""

    content_heard: bool = True
    """Of a question that is being said: whether the person has heard what it is about."""


def words_of(text: str) -> list[str]:
    """Lower-case words without punctuation; apostrophes inside words stay."""
    return re.findall(r"[\w]+(?:'[\w]+)*", text.lower().replace("’", "'").replace("-", " "))  # noqa: RUF001


def _without_fillers(words: list[str], language: str = ENGLISH) -> list[str]:
    known = phrases(language)
    fillers = {*known.get("fillers", ()), *known.get("names", ())}
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
    words = words_of(text)
    return any(_stops(words, language) for language in languages())


def _stops(words: list[str], language: str) -> bool:
    known = phrases(language)
    said = _without_fillers(words, language)
    if not said:
        return False
    if said[0] in known.get("stop_words", ()):
        return all(word in known.get("stop_tails", ()) for word in said[1:])
    return " ".join(said) in known.get("stop_phrases", ())


def is_nod(words: Sequence[str]) -> bool:
    """Whether words are only such as a listener says, one after another: "uh huh, okay"."""
    return 0 < len(words) <= _LONGEST_NOD and _nods(tuple(words))


@cache
def _nod_phrases() -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(phrase.split()) for phrase in phrases()["backchannels"])


def _nods(words: tuple[str, ...]) -> bool:
    return not words or any(
        words[: len(phrase)] == phrase and _nods(words[len(phrase) :]) for phrase in _nod_phrases()
    )


def is_free(text: str) -> bool:
    """Whether words mean nothing to the conversation by themselves: no command, nod or question."""
    return meaning_of(text, Moment()) == "task"


def is_echo(text: str, playing: str) -> bool:
    """Whether ``text`` is our own voice coming back through the microphone."""
    heard, said = words_of(text), words_of(playing)
    if len(heard) < _ECHO_WORDS:
        return False
    needed = _ECHO_SHARE if len(heard) > _ECHO_SHORT else _ECHO_SHARE_SHORT
    return LCSseq.similarity(heard, said) / len(heard) >= needed


def _approval(text: str, moment: Moment) -> Meaning:
    words = words_of(text)
    said = _without_span(words) if moment.lasting else words
    if _is_asked_for(said, words_of(moment.approval_phrase)):
        return "allow"
    if moment.elsewhere:
        return "noise"
    if not moment.content_heard and is_nod(words):
        return "backchannel"
    if _is_phrase(words, "asides"):
        return "aside"
    if _is_phrase(words, "denials") or words[:1] in (["no"], ["don't"]):
        return "deny"
    if words[0] in phrases()["assents"]:
        return "unclear_approval"
    if moment.typed:
        return fate_of(text)
    return "unclear_approval" if moment.addressed else "noise"


def span_of(text: str) -> Literal["once", "session", "always"]:
    """For how long words allow something."""
    words = words_of(text)
    if "always" in words:
        return "always"
    return "session" if " ".join(words).endswith("for this session") else "once"


def _without_span(words: list[str]) -> list[str]:
    rest = [word for word in words if word != "always"]
    for tail in (["for", "this", "session"], ["once"]):
        if rest[-len(tail) :] == tail:
            rest = rest[: -len(tail)]
    return rest


def _is_asked_for(said: list[str], wanted: list[str]) -> bool:
    """Whether words are the phrase, however it was misheard, and not its opposite.

    "Yes, undo it" is as near to "yes, do it" as any slip of a recogniser. "Start it" and
    "started" sound alike, as nothing does whose verb ends otherwise.
    """
    verb = wanted[-2] if wanted[-1:] == ["it"] else ""
    if verb.endswith(("t", "d")) and said == [*wanted[:-2], f"{verb}ed"]:
        return True
    if fuzz.ratio(" ".join(said), " ".join(wanted)) < _PHRASE_MATCH:
        return False
    others = [word for word in said if word not in wanted]
    return not any(w in phrases()["negations"] or w.endswith(tuple(wanted)) for w in others)


def says_more(denial: str) -> bool:
    """Whether words that refuse something say besides what is wanted."""
    return any(word not in phrases()["denial_words"] for word in words_of(denial))


def is_no(text: str) -> bool:
    """Whether words are a refusal and nothing else."""
    words = words_of(text)
    return bool(words) and words[0] in _NO and all(w in phrases()["denial_words"] for w in words)


def is_yes(text: str) -> bool:
    """Whether words are a consent and nothing else: "yes, do it" is, "yes, but keep it" is not."""
    words, known = words_of(text), phrases()
    if words and _says_again(words):
        return True
    agreeing = {*known["yes_words"], *known["yes_tails"]}
    return bool(words) and words[0] in known["yes_words"] and all(w in agreeing for w in words)


def _says_again(words: list[str]) -> bool:
    """Whether an answer repeats the request: "put them back"."""
    return any(_is_phrase(words, kind) for kind in ("put_back_phrases", "undo_phrases"))


def _answers_yes_or_no(words: list[str]) -> bool:
    """Whether words are an answer at all, even if not a clear one."""
    text = " ".join(words)
    return is_yes(text) or is_no(text) or words[0] in (*_NO, *_YES)


def _putting_back(words: list[str], moment: Moment) -> Meaning | None:
    polite = phrases()["politeness"]
    said = _without_fillers(words)
    while said and said[0] in polite:
        said = said[1:]
    while said and said[-1] in polite:
        said = said[:-1]
    if _is_phrase(said, "put_back_phrases"):
        return "put_back"
    undone = moment.put_back and not moment.running and _is_phrase(said, "undo_phrases")
    return "undo_put_back" if undone or _is_phrase(said, "undo_put_back_phrases") else None


def _dictated(text: str, words: list[str], moment: Moment) -> Meaning:
    """What words mean while dictation is on: answers to what is asked, else they are typed."""
    if moment.approval_phrase:
        return _approval(text, moment)
    if moment.question and (not moment.yes_or_no or _answers_yes_or_no(words)):
        return "answer"
    if not moment.typed and " ".join(words) in phrases()["sounds"]:
        return "noise"
    return "after" if moment.running or moment.held else "task"


def _before_a_question_is_heard(words: list[str], moment: Moment) -> Meaning | None:
    """Assent to a question of which nothing was heard yet is none; the room never answers one."""
    if moment.elsewhere:
        return "noise"
    return "backchannel" if not moment.content_heard and is_nod(words) else None


def _short_command(words: list[str]) -> Meaning | None:
    table: tuple[tuple[str, Meaning], ...] = (
        ("hold_phrases", "hold"),
        ("scratch_phrases", "scratch"),
        ("start_over_phrases", "start_over"),
    )
    return next((meaning for kind, meaning in table if _is_phrase(words, kind)), None)


def classify(text: str, moment: Moment) -> Meaning:
    """What a final utterance means at this moment."""
    return "noise" if is_echo(text, moment.playing) else meaning_of(text, moment)


def meaning_of(text: str, moment: Moment) -> Meaning:
    """What a final utterance means that is no echo."""
    words = words_of(text)
    if not words:
        return "noise"
    if is_stop(text):
        return "stop"
    if moment.dictating:
        return _dictated(text, words, moment)
    putting_back = _putting_back(words, moment)
    if putting_back is not None and not moment.question:
        return putting_back
    if moment.approval_phrase:
        return _approval(text, moment)
    if moment.question and (unheard := _before_a_question_is_heard(words, moment)) is not None:
        return unheard
    if moment.yes_or_no and _answers_yes_or_no(words):
        return "answer"
    short = _short_command(words)
    if short is not None:
        return short
    if _is_phrase(words, "resume_phrases"):
        return "resume"
    if _is_phrase(words, "asides"):
        return "aside"
    if moment.question and not moment.yes_or_no:
        return "answer"
    idle = not (moment.running or moment.held)
    if is_nod(words):
        answers = idle and moment.asked and words[0] in phrases()["assents"]
        return "task" if answers else "backchannel"
    if not moment.addressed:
        return "noise"
    return "task" if idle else fate_of(text)
