"""Dictation as a mode: what is said is typed as it fits, but for the few commands in it."""

from __future__ import annotations

import pytest
from editor_in_memory import EditorDesktop
from planner_driver import Driver
from screens import text_of

from agent.models.base import Dictating, ModelRequest
from agent.models.offline.conversation import plan_for
from agent.models.offline.dictating import STARTED, STOPPED
from agent.models.offline.dictation import continued, fitted, on_line, transcribed
from agent.models.offline.progress import Dictated, Progress
from agent.models.offline.sentences import parse
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
        ("i think i'm late comma and i know", "I think I'm late, and I know"),
        ("if i\u2019ll come", "if I\u2019ll come"),
        ("kot i pies", "kot i pies"),
        ("cani e gatti i migliori", "cani e gatti i migliori"),
        ("for i in range ten", "for i in range ten"),
        ("no caps i think", "i think"),
        ("anna dot smith at example dot com", "anna.smith@example.com"),
    ],
)
def test_words_are_spelled_and_joined(said: str, typed: str) -> None:
    assert commands(said) == [("dictate", {"text": typed})]


def test_a_sentence_that_is_typed_has_its_i_in_capital() -> None:
    assert parse("type i am here and i'll stay").commands[0].slot("text") == (
        "I am here and I'll stay"
    )
    assert parse("type i").commands[0].slot("text") == "i"


def test_in_spell_mode_all_that_is_said_is_letters_that_go_on_the_word() -> None:
    first = commands("he is", "spell mode", "S M I")
    assert first == [("dictate", {"text": "SMI"})]
    assert commands("spell mode", "S M I", "tea aitch") == [
        ("dictate", {"text": "taitch", "glued": "yes"})
    ]
    assert commands("spelling mode", "alpha dot bravo at sign zulu") == [
        ("dictate", {"text": "a.b@z"})
    ]
    assert commands("spell mode", "a b", "spell mode off", "be well") == [
        ("dictate", {"text": "be well"})
    ]
    assert commands("spell mode", "a", "b", "scratch that")[0][1]["dictated"] == "b"


def test_spell_mode_begins_a_dictation() -> None:
    instructions = ("spelling mode", Dictated("a b c"))
    [begun] = plan_for(Progress(instructions[:1]), 0).commands
    assert (begun.intent, begun.slots) == ("dictation", {"switch": "on", "style": "spelled"})
    [typed] = plan_for(Progress(instructions), 1).commands
    assert typed.slots == {"text": "abc"}


def test_numerals_stay_on_until_they_are_switched_off() -> None:
    assert commands("numerals on", "twenty five apples, two for a friend") == [
        ("dictate", {"text": "25 apples, 2 for a friend"})
    ]
    assert commands("numerals on", "numerals off", "two") == [("dictate", {"text": "two"})]
    assert commands("caps on", "numerals on", "two hundred and five men") == [
        ("dictate", {"text": "205 Men"})
    ]


@pytest.mark.parametrize(
    ("before", "said", "typed"),
    [
        ("anna@home:~$ ", "list", "list"),
        ("anna@home:~$", "list", "list"),
        ("~$ git", "status", " status"),
        ("~$ ls", "-l", " -l"),
        ("~$ ls -", "l", "l"),
        ("~$ cat notes", ".txt", ".txt"),
        ("~$ cat notes", "/etc", "/etc"),
        ("~$ echo 'hi'", "$HOME", " $HOME"),
        ("", "ls", "ls"),
    ],
)
def test_words_of_a_command_line_are_set_apart(before: str, said: str, typed: str) -> None:
    assert on_line(said, before) == typed


@pytest.fixture
async def shell() -> EditorDesktop:
    """A terminal with a prompt; what it holds is the buffer of its hands."""
    desktop = EditorDesktop()
    desktop.role = "terminal"
    await desktop.start()
    desktop.typed.buffer.put("total 0\n~$ ")
    return desktop


async def test_on_a_command_line_utterances_are_set_apart_and_taken_back(
    shell: EditorDesktop,
) -> None:
    person = Dictator(shell)
    await person.say("start dictation")
    for words in ("git", "status", "hyphen hyphen short"):
        await person.say(words)
    assert shell.typed.buffer.text.endswith("\n~$ git status --short")
    assert await person.say("scratch that") == "I took that back from the command line."
    assert shell.typed.buffer.text.endswith("\n~$ git status")
    await person.say("scratch that")
    await person.say("scratch that")
    assert shell.typed.buffer.text.rstrip().endswith("\n~$")
    await person.close()


async def test_what_was_entered_is_not_taken_back(shell: EditorDesktop) -> None:
    person = Dictator(shell)
    await person.say("start dictation")
    await person.say("date")
    shell.typed.buffer.put("\nMonday\n~$ ")
    before = shell.typed.buffer.text
    assert "does not stand before the cursor" in await person.say("scratch that")
    assert shell.typed.buffer.text == before
    await person.close()


async def test_letters_go_on_the_word_in_a_text() -> None:
    desktop = EditorDesktop()
    await desktop.start()
    person = Dictator(desktop)
    await person.say("spelling mode")
    for words in ("C A", "T", "spell mode off", "is here"):
        await person.say(words)
    assert desktop.typed.buffer.text == "CAT is here"
    await person.close()


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
        ("Yes, come I agree full stop.", "yes comma I agree full stop"),
        ("Yes, come I will wait.", "yes, come I will wait"),
        ("It is late common, but good full stop.", "it is late comma but good full stop"),
        ("That is common, comma, here full stop.", "that is common comma here full stop"),
        ("Best wishes common, New Line Sandra.", "best wishes comma new line Sandra"),
        ("Dear Petercoma, new line.", "dear Peter comma new line"),
        ("He has glaucoma full stop.", "he has glaucoma full stop"),
        ('"You\'re well-period".', "you're well period"),
        ("It has changed full-stop please.", "it has changed full stop please"),
        ("The train opened parenthesis early.", "the train open parenthesis early"),
        ("As follows, Colin, we go full stop.", "as follows colon we go full stop"),
        ("To America, then home, period.", "to America, then home period"),
        ("To Boston, then home, period.", "to Boston then home period"),
        ("The list cola new line eggs.", "the list colon new line eggs"),
        ("Thanks period, a new paragraph it was.", "thanks period new paragraph it was"),
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
async def test_a_terminals_command_line_is_dictated_and_taken_back(talk: Driver) -> None:
    person = Dictator(talk.desktop)

    async def line() -> str:
        return (await text_of(talk.desktop, "terminal")).rstrip().rpartition("\n")[2]

    await person.say("open the terminal and start dictation")
    for words in ("echo", "hello there", "hyphen hyphen help"):
        await person.say(words)
    assert (await line()).endswith("echo hello there --help")
    assert await person.say("scratch that") == "I took that back from the command line."
    assert (await line()).endswith("echo hello there")
    await person.say("scratch that")
    assert (await line()).endswith("echo")
    await person.say("scratch that")
    await person.say("stop dictation")
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
