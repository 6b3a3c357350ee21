"""Words before they are spoken and after they are heard."""

from __future__ import annotations

import pytest

from dashboard.voice.speech.hypotheses import choose
from dashboard.voice.speech.text import dangles, modern, sentences, spoken, without_loops
from dashboard.voice.speech.vocabulary import cleaned, correct


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Saved `report.txt` to /home/user/report.txt", "Saved report dot txt to report dot txt"),
        ("See https://example.org/a?b=c for more", "See a link for more"),
        ("**Done** & 50%", "Done and 50 percent"),
        ("```python\nprint(1)\n```", ""),
    ],
)
def test_nothing_unspeakable_reaches_the_voice(text: str, said: str) -> None:
    """Code, addresses, markup and symbols are left out or put into words."""
    assert spoken(text) == said


def test_text_is_spoken_sentence_by_sentence() -> None:
    """Each with an id of its own; a very long one is cut between words."""
    assert sentences("One. Two! Three?") == ["One.", "Two!", "Three?"]
    pieces = sentences("word " * 200)
    assert all(len(piece) <= 281 for piece in pieces)
    assert " ".join(pieces).split() == ["word"] * 200


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Open the", True),
        ("Click save and.", True),
        ("It should be um", True),
        ("Open the editor.", False),
        ("Stop", False),
        ("Click on that.", False),
        ("Press control A.", False),
        ("", False),
    ],
)
def test_a_sentence_that_cannot_end_there_is_known(text: str, *, expected: bool) -> None:
    """Articles, conjunctions, prepositions without object, hesitation."""
    assert dangles(text) is expected


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (
            "open the file and click on the file and click on the file and",
            "open the file and click on",
        ),
        ("no no no no no no", "no"),
        ("no no", "no no"),
        ("open the file", "open the file"),
        ("go left go left", "go left go left"),
    ],
)
def test_a_recogniser_that_loops_is_cut(text: str, kept: str) -> None:
    """Repetition that no person says."""
    assert without_loops(text) == kept


@pytest.mark.parametrize(
    ("heard", "vocabulary", "expected"),
    [
        ("Open mouse pad.", ["Mousepad"], "Open Mousepad."),
        (
            "open the quarterly reports folder",
            ["Quarterly Report"],
            "open the Quarterly Report folder",
        ),
        ("Close thunar", ["Thunar"], "Close thunar"),
        ("Write hello world", ["Mousepad", "Terminal"], "Write hello world"),
        ("What is the time", ["Timer"], "What is the time"),
        ("select drafts", ["Delete drafts"], "select drafts"),
    ],
)
def test_a_second_look_prefers_what_exists_and_touches_nothing_else(
    heard: str, vocabulary: list[str], expected: str
) -> None:
    """Near misses of names become the names; other words stay."""
    assert correct(heard, vocabulary) == expected


@pytest.mark.parametrize(
    "said",
    [
        "Open the terminal and list the files in my home folder.",
        "In the text editor, open the File menu and click Save As.",
        "What can I say?",
    ],
)
def test_a_phrase_that_was_said_swallows_and_doubles_nothing(said: str) -> None:
    """Words beside a phrase are no misheard end of it, nor is its half the whole."""
    phrases = [
        "open the terminal",
        "open the File menu",
        "click Save As",
        "what can I say",
        "files",
        "home folder window",
        "list the files in my home folder",
    ]
    assert correct(said, phrases) == said


@pytest.mark.parametrize(
    ("heard", "written"),
    [
        ("Call me back to-morrow.", "Call me back tomorrow."),
        ("Call me back to Morrow.", "Call me back tomorrow."),
        ("I cannot come to night.", "I cannot come tonight."),
        ("From day to day.", "From day to day."),
        ("To-day is Monday. Good-bye!", "Today is Monday. Goodbye!"),
        ("My to-do list, up to-date", "My to-do list, up to-date"),
    ],
)
def test_hyphens_of_old_books_are_left_out(heard: str, written: str) -> None:
    assert modern(heard) == written


def test_a_vocabulary_is_bounded_and_only_words() -> None:
    """A client may send anything."""
    assert cleaned(["a  b", 3, None, "", "a b", "c"]) == ("a b", "c")
    assert len(cleaned([f"word{i}" for i in range(5_000)])) == 500


@pytest.mark.parametrize(
    ("plain", "better", "awaited", "expected"),
    [
        ("And do that.", "Undo that.", False, "Undo that."),
        ("Step.", "Stop.", False, "Stop."),
        ("Stop.", "Top.", False, "Stop."),
        ("Okay.", "Copy.", False, "Okay."),
        ("Yes, ran it.", "Yes, run it.", True, "Yes, ran it."),
    ],
)
def test_a_second_reading_never_replaces_what_the_conversation_understood(
    plain: str, better: str, expected: str, *, awaited: bool
) -> None:
    """Stop words and nods stand as heard, and so does any answer to an approval."""
    assert choose(plain, [better, plain], awaited=awaited) == expected


def test_without_a_second_reading_the_first_counts() -> None:
    """The second look may come too late."""
    assert choose("Open the editor.", []) == "Open the editor."
