"""What is fit to be said aloud."""

import pytest

from dashboard.voice.speakable import LONGEST, speakable


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
