"""What a short utterance means at the edges of each rule that guards a person."""

from __future__ import annotations

import pytest

from agent.session.approval import DEFAULT_RULES
from dashboard.voice.addressee_detection import AddresseeDetector
from dashboard.voice.intents import (
    FREE,
    LONGEST_STOP,
    Meaning,
    Moment,
    classify,
    is_echo,
    is_free,
    is_no,
    is_stop,
    is_yes,
    says_more,
)
from dashboard.voice.phrases import phrases
from dashboard.voice.words import words_of

PHRASES = sorted({rule.phrase for rule in DEFAULT_RULES})


@pytest.mark.parametrize("phrase", PHRASES)
def test_each_phrase_allows_and_nothing_that_only_begins_or_ends_so(phrase: str) -> None:
    moment = Moment(running=True, approval_phrase=phrase)
    assert classify(phrase, moment) == "allow"
    assert classify(f"{phrase.upper()}!", moment) == "allow"
    verb = phrase.removeprefix("yes, ").removesuffix(" it")
    for near in (
        f"never {verb} it",
        f"yes, do not {verb} it",
        f"yes, don't {verb} it",
        f"yes not {verb} it",
        f"no, {verb} it",
        f"{verb} it",
        f"yes, {verb}",
        f"yes, un{verb} it",
        f"yes, re{verb} it",
        f"yes {verb} it never",
        "yes",
        "okay",
    ):
        assert classify(near, moment) != "allow", near


@pytest.mark.parametrize(
    ("said", "meaning"),
    [
        ("yes run its", "allow"),  # 95: as recognisers hear it
        ("yes ran it", "allow"),  # 90
        ("says run it", "unclear_approval"),  # 86
        ("yes run it now", "unclear_approval"),  # 83
        ("yes run", "unclear_approval"),
        ("never run it", "unclear_approval"),  # 73
        ("yes rerun it", "unclear_approval"),  # 91, and another thing
        ("no run it", "deny"),
        ("don't", "deny"),
        ("okay no", "deny"),
        ("stop", "stop"),
        ("what are you doing?", "aside"),
        ("okay", "unclear_approval"),
        ("the weather is nice", "unclear_approval"),
    ],
)
def test_near_to_the_phrase(said: str, meaning: Meaning) -> None:
    assert classify(said, Moment(running=True, approval_phrase="yes, run it")) == meaning


@pytest.mark.parametrize(
    ("phrase", "said", "meaning"),
    [
        ("yes, run it", "yes runt", "allow"),  # 88.9
        ("yes, press it", "yes prest ith", "allow"),  # 88.0
        ("yes, forward it", "yes forward it all", "unclear_approval"),  # 87.5
    ],
)
def test_how_near_is_near_enough(phrase: str, said: str, meaning: Meaning) -> None:
    assert classify(said, Moment(running=True, approval_phrase=phrase)) == meaning


@pytest.mark.parametrize(
    ("said", "allows"),
    [
        ("Yes, started.", True),
        ("yes started", True),
        ("started", False),
        ("yes, restarted", False),
        ("yes, it started", False),
        ("yes, it has started", False),
        ("no, started", False),
        ("yes, stated", False),
    ],
)
def test_the_phrase_is_known_by_its_sound(said: str, *, allows: bool) -> None:
    """A recogniser hears "start it" as "started", and "add it" as "added", and nothing else so."""
    meaning = classify(said, Moment(running=True, approval_phrase="yes, start it"))
    assert (meaning == "allow") is allows
    add = Moment(running=True, approval_phrase="yes, add it")
    assert (classify(said.replace("start", "add"), add) == "allow") is allows
    assert classify(said, Moment(running=True, approval_phrase="yes, do it")) != "allow"


@pytest.mark.parametrize("verb", ["press", "run", "delete", "type", "use", "change"])
def test_a_past_tense_that_sounds_otherwise_does_not_allow(verb: str) -> None:
    moment = Moment(running=True, approval_phrase=f"yes, {verb} it")
    for past in (f"{verb}ed", f"{verb}d"):
        assert classify(f"yes, {past}", moment) != "allow", past


def test_a_long_phrase_is_not_allowed_by_its_opposite() -> None:
    moment = Moment(running=True, approval_phrase="yes, submit the order form of today")
    assert classify("yes, submit the order forms of today", moment) == "allow"
    for word in phrases()["negations"]:
        said = f"yes, {word} submit the order form of today"
        assert classify(said, moment) != "allow", said


def test_while_a_phrase_is_asked_for_words_of_the_room_are_noise_and_typed_ones_are_not() -> None:
    room = Moment(running=True, approval_phrase="yes, run it", addressed=False)
    assert classify("the weather is nice", room) == "noise"
    typed = Moment(running=True, approval_phrase="yes, run it", typed=True)
    assert classify("then open the editor", typed) == "after"
    assert classify("yes run it", typed) == "allow"


@pytest.mark.parametrize(
    ("heard", "playing", "echo"),
    [
        ("file menu", "I open the file menu", False),  # two words: a person does say so
        ("the file menu", "I open the file menu", True),
        ("one two three four six", "one two three four five", True),  # 4 of 5
        ("one two three six seven", "one two three four five", False),  # 3 of 5
        ("one two three four x y", "one two three four five six", True),  # 4 of 6
        ("one two three x y z", "one two three four five six", False),  # 3 of 6
        ("open the text editor", "the text editor is open", False),  # 3 of 4, short
        ("three two one", "one two three", False),  # another order
        ("", "one", False),
    ],
)
def test_how_much_of_what_is_played_is_an_echo(heard: str, playing: str, *, echo: bool) -> None:
    assert is_echo(heard, playing) is echo
    assert (classify(heard, Moment(playing=playing)) == "noise") is (echo or not heard)


@pytest.mark.parametrize("word", ["stop", "halt", "abort", "freeze"])
@pytest.mark.parametrize(
    ("more", "stops"),
    [
        ("", True),
        ("it", True),
        ("typing", True),
        ("doing that", True),
        ("words", False),  # one word that is not about it is enough
        ("it words", False),
        ("words it", False),
    ],
)
def test_what_may_follow_each_word_that_stops(word: str, more: str, *, stops: bool) -> None:
    assert is_stop(f"{word} {more}") is stops
    assert not is_stop(f"type {word} {more}")


@pytest.mark.parametrize("text", ["", "...", "?!"])
def test_nothing_is_noise_and_no_stop(text: str) -> None:
    assert classify(text, Moment(running=True)) == "noise"
    assert not is_stop(text)
    assert not is_no(text)
    assert not is_yes(text)


@pytest.mark.parametrize(
    ("words", "no", "yes", "more"),
    [
        ("no", True, False, False),
        ("no, keep it", False, False, True),
        ("no thanks", True, False, False),
        ("nope", True, False, False),
        ("yes", False, True, True),
        ("yes, do it", False, True, True),
        ("yes, but keep the old one", False, False, True),
        ("put them back", False, True, True),
        ("put the files back", False, True, True),
        ("do it", False, True, False),
    ],
)
def test_a_consent_or_refusal_and_nothing_else(
    words: str, *, no: bool, yes: bool, more: bool
) -> None:
    assert (is_no(words), is_yes(words), says_more(words)) == (no, yes, more)


@pytest.mark.parametrize(
    ("words", "free"),
    [
        ("open the editor", True),
        ("the weather is nice", True),
        ("okay", False),
        ("wait", False),
        ("stop", False),
        ("what are you doing", False),
        ("please", True),
        ("", False),
    ],
)
def test_which_words_mean_nothing_by_themselves(words: str, *, free: bool) -> None:
    assert is_free(words) is free


def test_which_meanings_are_for_the_agent_as_they_stand() -> None:
    assert set(FREE) == {"task", "after", "redirect", "join"}


ASKED = Moment(question=True)
YES_OR_NO = Moment(question=True, yes_or_no=True)
BACK = Moment(put_back=True)
HELD = Moment(held=True)
BUSY = Moment(running=True)
DEAF = Moment(addressed=False)


@pytest.mark.parametrize(
    ("said", "moment", "meaning"),
    [
        ("stop", ASKED, "stop"),
        ("put the files back", Moment(), "put_back"),
        ("please put the files back please", Moment(), "put_back"),
        ("put the files back", ASKED, "answer"),
        ("undo that", BACK, "undo_put_back"),
        ("undo please", BACK, "undo_put_back"),
        ("please undo", BACK, "undo_put_back"),
        ("please", BACK, "task"),
        ("undo that", Moment(put_back=True, running=True), "after"),
        ("undo that", Moment(), "task"),
        ("undo the put back", Moment(), "undo_put_back"),
        ("yes", YES_OR_NO, "answer"),
        ("no", YES_OR_NO, "answer"),
        ("nope not that", YES_OR_NO, "answer"),
        ("no not that", YES_OR_NO, "answer"),
        ("yes but slowly", YES_OR_NO, "answer"),
        ("yep but slowly", YES_OR_NO, "answer"),
        ("yup but slowly", YES_OR_NO, "answer"),
        ("yeah but slowly", YES_OR_NO, "answer"),
        ("don't touch it", YES_OR_NO, "answer"),
        ("open the editor", YES_OR_NO, "task"),
        ("wait", YES_OR_NO, "hold"),
        ("wait", ASKED, "hold"),
        ("wait", BUSY, "hold"),
        ("scratch that", BUSY, "scratch"),
        ("start over", BUSY, "start_over"),
        ("go on", HELD, "resume"),
        ("um go on", HELD, "resume"),
        ("what are you doing?", ASKED, "aside"),
        ("the blue one", ASKED, "answer"),
        ("okay", BUSY, "backchannel"),
        ("okay", Moment(), "backchannel"),
        ("okay", Moment(asked=True), "task"),
        ("okay", Moment(asked=True, running=True), "backchannel"),
        ("okay", Moment(asked=True, held=True), "backchannel"),
        ("I see", Moment(asked=True), "backchannel"),
        ("open the editor", DEAF, "noise"),
        ("open the editor", Moment(), "task"),
        ("then open the editor", BUSY, "after"),
        ("then open the editor", HELD, "after"),
        ("no, open the other one", BUSY, "redirect"),
    ],
)
def test_which_meaning_comes_first(said: str, moment: Moment, meaning: Meaning) -> None:
    assert classify(said, moment) == meaning


def test_words_have_no_punctuation_and_keep_their_apostrophes() -> None:
    assert words_of("Don’t run-it, O'Neil's!") == ["don't", "run", "it", "o'neil's"]  # noqa: RUF001


def test_a_text_is_a_stop_up_to_a_length_that_nobody_says() -> None:
    """Longer ones would keep the server from everything else while they are read."""
    longest = ("stop " * LONGEST_STOP)[:LONGEST_STOP]
    assert is_stop(longest)
    assert not is_stop(f"{longest}!")


@pytest.mark.parametrize("words", ["no, ", "stop ", "go on ", "mm-hm ", "yes ", "止めて"])
@pytest.mark.parametrize("moment", [Moment(), Moment(question=True), Moment(running=True)])
def test_a_chant_of_any_length_means_something(words: str, moment: Moment) -> None:
    assert classify(words * 5_000, moment)
    assert AddresseeDetector().of(words * 5_000) is not None
    assert AddresseeDetector().evidence(words * 5_000) <= 10


def test_who_corrects_what_is_said_uses_its_words_and_is_no_echo() -> None:
    playing = "You can say, for example: open the text editor, type hello world, or click Save."
    for start in ("No", "Actually", "Wait", "Sorry"):
        assert not is_echo(f"{start}, open the text editor instead.", playing)
    assert is_echo("Oh, open the text editor in.", playing)
    assert is_echo("No, open the text editor, type hello world.", playing)
    assert is_echo("No, open the text editor instead.", f"No, {playing}")
