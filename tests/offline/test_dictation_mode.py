"""Dictation as a mode: what is said is typed as it fits, but for the few commands in it."""

from __future__ import annotations

import pytest
from planner_driver import Driver

from agent.models.base import Dictating, ModelRequest
from agent.models.offline.conversation import plan_for
from agent.models.offline.dictating import STARTED, STOPPED
from agent.models.offline.dictation import continued, fitted, transcribed
from agent.models.offline.progress import Dictated, Progress
from agent.session.fate import DICTATED


def commands(*said: str) -> list[tuple[str, dict[str, str]]]:
    """The plan of the last of some dictated utterances."""
    instructions = ("start dictation", *map(Dictated, said))
    return [(c.intent, c.slots) for c in plan_for(Progress(instructions), len(said)).commands]


@pytest.mark.parametrize(
    "said",
    [
        "open the terminal",
        "yes",
        "wait",
        "undo the dishes",
        "close the window",
        "what time is it",
        "command mode is what vim calls it",
        "press enter to go on",
        "he had to stop dictating",
    ],
)
def test_what_is_a_command_elsewhere_is_typed(said: str) -> None:
    assert commands(said) == [("dictate", {"text": said})]


@pytest.mark.parametrize(
    "said", ["Stop dictation.", "command mode", "end dictation", "Dictation off"]
)
def test_few_words_end_it(said: str) -> None:
    assert commands(said) == [("dictation", {"switch": "off"})]


def test_it_ends_at_the_end_of_a_sentence_too() -> None:
    assert commands("That is all. Stop dictation.") == [
        ("dictate", {"text": "That is all"}),
        ("dictation", {"switch": "off"}),
    ]
    assert commands("literal stop dictation") == [("dictate", {"text": "stop dictation"})]


def test_keys_are_pressed() -> None:
    assert commands("press enter") == [("keys", {"keys": "enter"})]


def test_scratch_that_takes_the_utterances_back_one_by_one() -> None:
    def back(text: str) -> list[tuple[str, dict[str, str]]]:
        return [("text", {"act": "delete", "that": "yes", "dictated": text})]

    assert commands("one two", "three", "scratch that") == back("three")
    assert commands("one two", "three", "scratch that", "Scratch that.") == back("one two")
    assert commands("one two", "new paragraph", "scratch that") == back("\n\n")
    assert commands("scratch that") == [("dictation", {"switch": "nothing"})]


def test_the_last_words_are_changed() -> None:
    assert commands("hello", "all caps that") == [
        ("text", {"act": "upper", "that": "yes", "dictated": "hello"})
    ]


def test_a_style_lasts_until_it_is_switched_off() -> None:
    assert commands("caps on the iron", "horse caps off", "runs") == [("dictate", {"text": "runs"})]
    assert commands("caps on the iron", "horse") == [("dictate", {"text": "Horse"})]


@pytest.mark.parametrize(
    ("said", "typed"),
    [
        ("spell S M I T H", "SMITH"),
        ("spell alpha bravo seven", "ab7"),
        ("spell it out for me", "spell it out for me"),
        ("numeral five apples", "5 apples"),
        ("all caps nasa no space a", "NASAa"),
        ("anna dot smith at example dot com", "anna.smith@example.com"),
    ],
)
def test_words_are_spelled_and_joined(said: str, typed: str) -> None:
    assert commands(said) == [("dictate", {"text": typed})]


@pytest.mark.parametrize(
    ("said", "typed"),
    [
        ("hello full stop how are you question mark", "hello. How are you?"),
        ("dear Anna comma new line thank you", "dear Anna,\nThank you"),
        ("wait dot dot dot and see", "wait... and see"),
        ("yes exclamation mark close quote no", 'yes!" No'),
    ],
)
def test_sentences_within_an_utterance_begin_with_a_capital(said: str, typed: str) -> None:
    assert continued(said) == (typed, "")


@pytest.mark.parametrize(
    ("before", "text", "after", "typed"),
    [
        ("", "hello", "", "Hello"),
        ("Hello", "world", "", " world"),
        ("Hello ", "world", "", "world"),
        ("Hello.", "how are you", "", " How are you"),
        ("Hello", ", world", "", ", world"),
        ("Hello\n", "world", "", "World"),
        ("He said (", "quietly", "", "quietly"),
        ('He said "', "yes", "", "yes"),
        ('He said "yes"', "and left", "", " and left"),
        ("He said", '"yes"', "", ' "yes"'),
        ("well-", "known", "", "known"),
        ("so -", "known", "", " known"),
        ("Anna", "'s book", "", "'s book"),
        ("a ", "very", "good day", "very "),
        ("e-mail: me", "@home", "", "@home"),
        ("At 5", "\n", "", "\n"),
    ],
)
def test_spaces_and_capitals_come_from_what_stands_around(
    before: str, text: str, after: str, typed: str
) -> None:
    assert fitted(text, before, after) == typed


def test_a_field_for_a_name_gets_no_capital() -> None:
    assert fitted("hello", "", "", sentences=False) == "hello"


@pytest.mark.parametrize(
    ("heard", "words"),
    [
        ("Hello.", "hello"),
        ("Thank you for your letter, comma.", "thank you for your letter comma"),
        ("I am late. Full stop. Sorry.", "I am late full stop sorry"),
        ("Anna came.", "Anna came"),
        ("Milk, eggs and bread.", "milk, eggs and bread"),
        ("Are you there?", "are you there?"),
        ("It costs 3.5 euros, period.", "it costs 3.5 euros period"),
        ("The price is too high-period.", "the price is too high period"),
        ("Kind regards common new line-Peter.", "kind regards comma new line Peter"),
        ("Dear Annakama thanks.", "dear Anna comma thanks"),
        ("Colin had bad karma.", "Colin had bad karma"),
        ("A well-known full-time job.", "a well-known full-time job"),
    ],
)
def test_marks_and_capitals_of_the_recogniser_are_left_out(heard: str, words: str) -> None:
    assert transcribed(heard) == words


class Dictator(Driver):
    """A person whose words are marked as the session marks them."""

    dictating = False

    async def say(self, text: str) -> str:
        stream = self.model.stream

        async def watched(request: ModelRequest):
            async for part in stream(request):
                if isinstance(part, Dictating):
                    self.dictating = part.on
                yield part

        self.model.stream = watched
        try:
            return await super().say(f"{DICTATED}{text}" if self.dictating else text)
        finally:
            self.model.stream = stream


@pytest.mark.desktop
@pytest.mark.asyncio(loop_scope="module")
async def test_a_letter_is_dictated_in_parts(talk: Driver) -> None:
    person = Dictator(talk.desktop)
    assert (await person.say("open the text editor and start dictation")).endswith(STARTED)
    for words in ("dear Anna comma", "new paragraph", "thank you", "for your letter full stop"):
        await person.say(words)
    await person.editor_says("Dear Anna,\n\nThank you for your letter.")
    await person.say("close the window")
    await person.editor_says("Thank you for your letter. Close the window")
    await person.say("scratch that")
    await person.say("scratch that")
    await person.editor_says("Dear Anna,\n\nThank you")
    await person.say("very much exclamation mark stop dictation")
    await person.editor_says("Thank you very much!")
    assert not person.dictating
    assert "very much" in await person.say("read the window")
    assert await person.say("stop dictation") == STOPPED
    await person.close()


@pytest.mark.desktop
@pytest.mark.asyncio(loop_scope="module")
async def test_without_a_text_nothing_is_typed_and_the_way_out_is_told(talk: Driver) -> None:
    person = Dictator(talk.desktop)
    await person.say("start dictation")
    said = await person.say("hello")
    assert "nothing to type into" in said
    assert "stop dictation" in said
    assert person.calls == []
    await person.close()
