"""What comes of commands that were heard wrongly: nothing that the person did not ask to lose."""

from __future__ import annotations

import pytest

from agent.models.offline.sentences import parse, takes_away

MISHEARD = [
    ("undo that", "Don't do that", "cancel"),
    ("undo that", "And do that.", "again"),
    ("undo that", "I'll do that", ""),
    ("undo that", "Undue that", ""),
    ("right click notes", "Write click notes", "click"),
    ("paste", "Ace", ""),
    ("paste", "Paced.", ""),
    ("what's the date today", "What's the day today?", "clock"),
    ("tick the gift box", "Take the gift box.", ""),
    ("show the windows", "Those windows", ""),
    ("read the last word", "Delayed the last word", ""),
    ("select the last word", "Elect the last word", "text"),
    ("copy that", "Cat that", ""),
    ("press that", "Race that", ""),
    ("close the window", "Clothes the window", ""),
    ("close the terminal", "Clause the terminal", ""),
    ("close it", "Closet", ""),
    ("delete notes", "Elite notes", ""),
    ("run the command date", "Ran the command date", ""),
]
"""What was said, what was heard, and what is done; an empty word stands for a question."""


@pytest.mark.parametrize(("said", "heard", "intent"), MISHEARD)
def test_a_misheard_command_takes_nothing_away(said: str, heard: str, intent: str) -> None:
    assert parse(said).commands
    assert [command.intent for command in parse(heard).commands] == ([intent] if intent else [])
    assert not takes_away(heard)


@pytest.mark.parametrize(
    ("said", "takes"),
    [
        ("delete notes", True),
        ("delete the last word", True),
        ("get rid of it", True),
        ("close the window", True),
        ("quit the terminal", True),
        ("run the command date", True),
        ("move notes to Documents", True),
        ("replace fox with dog", True),
        ("open the terminal and close the editor", True),
        ("type delete the last word", False),
        ("create a file called delete", False),
        ("open the terminal", False),
        ("select the last word", False),
        ("copy that", False),
        ("what time is it", False),
    ],
)
def test_what_takes_something_away_is_known(said: str, takes: bool) -> None:
    """Words that are typed take nothing away."""
    assert takes_away(said) is takes
