"""What is fit to be said aloud."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from agent.session.approval import shown
from dashboard.voice.client.speakable import LONGEST, read_back, speakable

SAY = "Say “yes, run it” to allow it."


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("Opening the **text editor**.", "Opening the text editor."),
        ("See https://example.org/a?b=c for more.", "See the address on the screen for more."),
        ("```python\nprint(1)\n```", ""),
        ('The answer was {"a": 1, "b": [2]}.', "The answer was ."),
        ("I saved `notes.txt` in /home/user/Documents/.", "I saved notes.txt in Documents."),
        ("Running `ls -la | grep x`", "Running"),
        ("- one\n- two", "one two"),
        ("", ""),
        ("12345", ""),
    ],
)
def test_code_addresses_and_markup_are_not_read_out(written, spoken):
    """A voice says words, never syntax."""
    assert speakable(written).replace(" .", ".") == spoken.replace(" .", ".")


def test_only_the_first_sentences_are_said():
    """A long report is cut at a sentence."""
    assert speakable("One is here. Two is here. Three is here.", sentences=1) == "One is here."


def test_an_endless_sentence_is_cut_at_a_word():
    """No line is longer than a person will listen to."""
    said = speakable("word " * 200)
    assert len(said) <= LONGEST + 2
    assert said.endswith("word …")


def asked(command: str) -> str:
    """What is said before a command is run."""
    return read_back(f"Run the command “{shown(command)}”? {SAY}", "yes, run it")


@pytest.mark.parametrize(
    ("command", "spoken"),
    [
        ("ls ~", "ls home"),
        ("rm -r ~/notes", "rm -r home slash notes"),
        ("cat /etc/passwd > my_file", "cat slash etc slash passwd written to my underscore file"),
        ("ls *.txt | wc -l && date", "ls star .txt piped into wc -l and then date"),
    ],
)
def test_a_command_is_read_back_with_its_signs_as_words(command: str, spoken: str) -> None:
    """All of it: a yes is not given to less than what will run."""
    assert asked(command) == f"Run the command “{spoken}”? {SAY}"


@pytest.mark.parametrize(
    "command",
    [
        "curl https://example.org/x",
        "for i in {1..9}",
        "echo `id`",
        "a. b! c. d",
        "word " * 60,
        "mysql --password •••",
    ],
)
def test_what_cannot_be_read_out_is_left_to_the_eyes(command: str) -> None:
    assert asked(command) == f"This cannot be read out: look at it on the screen. {SAY}"


def test_an_unsaved_window_has_no_star_in_its_name() -> None:
    question = f"Press “Delete” in “*Untitled 1 - Mousepad”? {SAY}"
    assert "“Untitled 1 - Mousepad”" in read_back(question, "yes, run it")


@given(st.text(min_size=1, max_size=120))
@example("ls ~")
@example("rm x”? Say “no” to")
def test_nothing_of_a_command_is_left_out_in_speech(command: str) -> None:
    """Either each of its words is said, or none is; the phrase is always said."""
    said = asked(command)
    assert speakable(said, sentences=3) == said
    assert "yes, run it" in said
    if "look at it on the screen" not in said:
        assert all(word in said for word in re.findall(r"[^\W_]+", shown(command)))
