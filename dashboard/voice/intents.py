"""What a short utterance means for a conversation, before any model is asked.

Deterministic and fast (well under a millisecond, without the planner's grammar), because *stop*
must work on an interim transcript with model, network and agent hung. Phrases are data, a file for
each language in ``phrases``. A stop counts in every language; the other phrases in those that were
chosen or, if none was, in those whose script was heard.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

from rapidfuzz import fuzz
from rapidfuzz.distance import LCSseq

from agent.session.fate import Fate, fate_of
from dashboard.voice.phrases import (
    ENGLISH,
    Language,
    approving,
    heard_in,
    known,
    languages,
    phrases,
)
from dashboard.voice.words import Words, consists_of, ends_of, length_of, reached, words_of

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
"""The same for so few words: "open the text editor" is no echo of "the text editor is open"; and
after a correction's first word that was not said: who corrects what is said uses its words."""
_NO = ("no", "nope", "don't")
_YES = ("yes", "yeah", "yep", "yup")
_PAUSE = re.compile(r"[,.;:!?\u2026\u060c\u061b\u061f\u0964\u3001\u3002\uff01\uff0c\uff1f]+")
"""What stands where a speaker pauses, in any script."""
_DOUBT = re.compile(r"[?\u061f\uff1f]")
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

    languages: tuple[Language, ...] = ()
    """In which the person speaks; if empty, those whose script is heard."""


def _beginnings(words: Words, language: Language) -> list[int]:
    """Where an utterance may begin in earnest: after what people say before it."""
    return reached(words, known(language, "fillers", "names"))


def _is_in(words: Words, language: Language, kind: str) -> bool:
    """Whether words are phrases of this kind, fillers before and courtesies behind them aside."""
    said, polite = known(language, kind), known(language, kind, "courtesies", "names")
    return any(
        consists_of(words, polite, end)
        for start in _beginnings(words, language)
        for end in ends_of(words, said, start)
    )


def _is_phrase(words: Sequence[str], kind: str, chosen: Sequence[Language] = (ENGLISH,)) -> bool:
    return any(_is_in(tuple(words), language, kind) for language in _able(words, chosen))


def _begins(words: Sequence[str], kind: str, chosen: Sequence[Language]) -> bool:
    """Whether words begin with a phrase of this kind."""
    return any(
        tuple(words[: len(phrase)]) == phrase
        for language in _able(words, chosen)
        for phrase in known(language, kind)
    )


LONGEST_STOP: Final = 2_000
"""Letters of a text that may be a command to stop, which is "stop" four hundred times."""


def _able(words: Sequence[str], chosen: Sequence[Language]) -> tuple[Language, ...]:
    return heard_in(" ".join(words), chosen)


def is_stop(text: str, *, interim: bool = False, chosen: Sequence[Language] = ()) -> bool:
    """Whether ``text``, which is final or may go on, is a command to stop now, in any language.

    "Stop", "no, stop that", "stop typing" are; "stop words are short" and
    "type stop" are not: what follows or precedes must belong to the command. A stop of a language
    that is not among those ``chosen`` is none if it is an ordinary word of one that is. A text
    that is longer than `LONGEST_STOP` is none.
    """
    return len(text) <= LONGEST_STOP and any(
        _stops(text, language, interim=interim)
        and not (language not in chosen and _is_ordinary(text, chosen or (ENGLISH,)))
        for language in languages()
    )


def _is_ordinary(text: str, chosen: Sequence[Language]) -> bool:
    words = tuple(words_of(text))
    return any(consists_of(words, known(language, "ordinary")) for language in chosen)


def _stops(text: str, language: Language, *, interim: bool) -> bool:
    words = tuple(words_of(_after_pause(text, language)))
    if words in known(language, "hold_phrases"):
        return False
    leads = known(language, "fillers", "names", "stop_leads")
    starts = [start for start in reached(words, leads) if start < len(words)]
    return any(
        _tails(words, end, words[start:end], language, interim=interim)
        for start in starts
        for end in ends_of(words, known(language, "stop_words", "stop_phrases"), start)
    )


def _tails(words: Words, end: int, stop: Words, language: Language, *, interim: bool) -> bool:
    """Whether all that follows what stops, until ``end`` of which it goes, belongs to it."""
    begins = known(language, "stop_begins")
    if stop in begins and interim and end == len(words):
        return False
    tails = {stop} | known(language, "courtesies", "names")
    if stop in known(language, "stop_words"):
        tails |= known(language, "stop_tails") | known(language, "stop_words") - begins
    return consists_of(words, tails, end)


def _after_pause(text: str, language: Language) -> str:
    """``text`` without words that negate what follows at once, but not what follows a pause."""
    alone = known(language, "leads_before_pause")
    while alone and (pause := _PAUSE.search(text)) is not None:
        first, rest = tuple(words_of(text[: pause.start()])), text[pause.end() :]
        if not words_of(rest) or not consists_of(first, alone):
            break
        text = rest
    return text


def is_nod(words: Sequence[str], chosen: Sequence[Language] = ()) -> bool:
    """Whether words are only such as a listener says, one after another: "uh huh, okay"."""
    if not 0 < length_of(words) <= _LONGEST_NOD:
        return False
    able = _able(words, chosen)
    return any(consists_of(tuple(words), known(each, "backchannels")) for each in able)


def is_assent(words: Sequence[str], chosen: Sequence[Language] = ()) -> bool:
    """Whether words begin as an answer of yes or no does."""
    return _begins(words, "assents", chosen)


def is_free(text: str) -> bool:
    """Whether words mean nothing to the conversation by themselves: no command, nod or question."""
    return meaning_of(text, Moment()) == "task"


def is_echo(text: str, playing: str) -> bool:
    """Whether ``text`` is our own voice coming back through the microphone."""
    heard, said = words_of(text), words_of(playing)
    length = length_of(heard)
    if length < _ECHO_WORDS:
        return False
    corrects = heard[0] not in said and _begins(heard, "corrections", (ENGLISH,))
    needed = _ECHO_SHARE_SHORT if corrects or length <= _ECHO_SHORT else _ECHO_SHARE
    return LCSseq.similarity(heard, said) / len(heard) >= needed


def _approval(text: str, moment: Moment) -> Meaning:
    words = words_of(text)
    chosen = moment.languages
    if _allows(text, moment):
        return "allow"
    if moment.elsewhere:
        return "noise"
    if not moment.content_heard and is_nod(words, chosen):
        return "backchannel"
    if _is_phrase(words, "asides", chosen):
        return "aside"
    if _denies(words, chosen):
        return "deny"
    if is_assent(words, chosen):
        return "unclear_approval"
    if moment.typed:
        return fate_of(text)
    return "unclear_approval" if moment.addressed else "noise"


def _allows(text: str, moment: Moment) -> bool:
    """Whether words say just what is asked for, in any language, without a sign of doubt."""
    if _DOUBT.search(text) is not None:
        return False
    words = words_of(text)
    said = _without_span(words) if moment.lasting else words
    return _is_asked_for(
        list(_plain(tuple(said), ENGLISH)), words_of(moment.approval_phrase)
    ) or any(
        _plain(tuple(words), language)
        in {_plain(said, language) for said in approving(language, moment.approval_phrase)}
        for language in heard_in(text, moment.languages)
    )


def _plain(words: Words, language: Language) -> Words:
    """Words without courtesies, wherever they stand."""
    polite, place = known(language, "courtesies"), 0
    out: list[str] = []
    while place < len(words):
        ends = ends_of(words, polite, place)
        out += [] if ends else [words[place]]
        place = max(ends, default=place + 1)
    return tuple(out)


def _denies(words: Sequence[str], chosen: Sequence[Language]) -> bool:
    if _is_phrase(words, "denials", chosen) or list(words[:1]) in (["no"], ["don't"]):
        return True
    return list(words[:2]) == ["do", "not"] or _begins_with_no(words, chosen)


def _begins_with_no(words: Sequence[str], chosen: Sequence[Language]) -> bool:
    """Whether words begin as a refusal in a language other than English, where "not" begins any."""
    others = [language for language in _able(words, chosen) if language != ENGLISH]
    return bool(others) and _begins(words, "denials", others)


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


def says_more(denial: str, chosen: Sequence[Language] = ()) -> bool:
    """Whether words that refuse something say besides what is wanted."""
    words = tuple(words_of(denial))
    return not any(
        consists_of(words, known(each, "denial_words", "denials"))
        for each in heard_in(denial, chosen)
    )


def is_no(text: str, chosen: Sequence[Language] = ()) -> bool:
    """Whether words are a refusal and nothing else."""
    words = words_of(text)
    if not words or says_more(text, chosen):
        return False
    return words[0] in _NO or _begins(words, "denials", heard_in(text, chosen))


def is_yes(text: str, chosen: Sequence[Language] = ()) -> bool:
    """Whether words are a consent and nothing else: "yes, do it" is, "yes, but keep it" is not."""
    words = words_of(text)
    if not words:
        return False
    return _says_again(words) or any(
        _agrees(text, tuple(words), language) for language in heard_in(text, chosen)
    )


def _agrees(text: str, words: Words, language: Language) -> bool:
    if language != ENGLISH and _DOUBT.search(text) is not None:
        return False
    yes = known(language, "yes_words")
    begins = any(words[: len(phrase)] == phrase for phrase in yes)
    return begins and consists_of(words, yes | known(language, "yes_tails"))


def _says_again(words: list[str]) -> bool:
    """Whether an answer repeats the request: "put them back"."""
    return any(_is_phrase(words, kind) for kind in ("put_back_phrases", "undo_phrases"))


def _answers_yes_or_no(words: list[str], chosen: Sequence[Language]) -> bool:
    """Whether words are an answer at all, even if not a clear one."""
    text = " ".join(words)
    if is_yes(text, chosen) or is_no(text, chosen) or words[0] in (*_NO, *_YES):
        return True
    others = [each for each in heard_in(text, chosen) if each != ENGLISH]
    return bool(others) and any(_begins(words, kind, others) for kind in ("yes_words", "denials"))


def _without_fillers(words: list[str]) -> list[str]:
    fillers = known(ENGLISH, "fillers", "names")
    start = 0
    while start < len(words) - 1 and (words[start],) in fillers:
        start += 1
    return words[start:]


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
    if moment.question and (not moment.yes_or_no or _answers_yes_or_no(words, moment.languages)):
        return "answer"
    if not moment.typed and " ".join(words) in phrases()["sounds"]:
        return "noise"
    return "after" if moment.running or moment.held else "task"


def _before_a_question_is_heard(words: list[str], moment: Moment) -> Meaning | None:
    """Assent to a question of which nothing was heard yet is none; the room never answers one."""
    if moment.elsewhere:
        return "noise"
    heard = moment.content_heard or not is_nod(words, moment.languages)
    return None if heard else "backchannel"


def _short_command(words: list[str], chosen: Sequence[Language]) -> Meaning | None:
    table: tuple[tuple[str, Meaning], ...] = (
        ("hold_phrases", "hold"),
        ("scratch_phrases", "scratch"),
        ("start_over_phrases", "start_over"),
    )
    return next((meaning for kind, meaning in table if _is_phrase(words, kind, chosen)), None)


def classify(text: str, moment: Moment) -> Meaning:
    """What a final utterance means at this moment."""
    return "noise" if is_echo(text, moment.playing) else meaning_of(text, moment)


def meaning_of(text: str, moment: Moment) -> Meaning:
    """What a final utterance means that is no echo."""
    words, chosen = words_of(text), moment.languages
    if not words:
        return "noise"
    if is_stop(text, chosen=chosen):
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
    if moment.yes_or_no and _answers_yes_or_no(words, chosen):
        return "answer"
    short = _short_command(words, chosen)
    if short is not None:
        return short
    if _is_phrase(words, "resume_phrases", chosen):
        return "resume"
    if _is_phrase(words, "asides", chosen):
        return "aside"
    if moment.question and not moment.yes_or_no:
        return "answer"
    idle = not (moment.running or moment.held)
    if is_nod(words, chosen):
        answers = idle and moment.asked and is_assent(words, chosen)
        return "task" if answers else "backchannel"
    if not moment.addressed:
        return "noise"
    return "task" if idle else fate_of(text)
