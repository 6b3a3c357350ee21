"""What is proposed to words that fit no command, and what comes of it."""

from __future__ import annotations

import pytest

from agent.desktop.base import Box, Tree, Window
from agent.models.offline.conversation import completed, is_whole, plan_for, waits_for_more
from agent.models.offline.progress import Progress
from agent.models.offline.proposing import known, offer, offered, propose
from agent.models.offline.sentences import parse
from agent.models.offline.suggest import HELP, not_understood
from agent.models.offline.view import View

EDITOR = Window(1, "notes.txt - Mousepad", "Mousepad", 7, Box(0, 0, 600, 400), active=True)
EMPTY = View(Tree(()), (), (), (1280, 800))
OPEN = View(Tree(()), (EDITOR,), (), (1280, 800))


def planned(*said: str, answer: str = "") -> list[str]:
    """The intents of the last of some instructions; ``answer`` was said to the one before."""
    progress = Progress(said, answers={len(said) - 2: answer})
    return [command.intent for command in plan_for(progress, len(said) - 1).commands]


SENTENCES = [s for p in known() for s in (p.say, p.named.format(name="the terminal")) if s]


@pytest.mark.parametrize("sentence", SENTENCES)
def test_what_is_proposed_is_understood(sentence: str) -> None:
    assert parse(sentence).commands


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("make this thing fill up everything", "maximise the window"),
        ("put this one aside for a moment", "minimise the window"),
        ("the font is way too tiny", "zoom in"),
        ("which software is there", "what programs can I open"),
        ("shoot a picture of the display", "take a screenshot"),
        ("I want to see further below", "scroll down"),
        ("how on earth does this work", "what can I say"),
        ("what's the hour", "what time is it"),
    ],
)
async def test_proposals_go_by_meaning(said: str, meant: str) -> None:
    found = await propose(said, OPEN)
    assert meant in found
    assert len(found) <= 3


@pytest.mark.parametrize(
    "said",
    [
        "what is the capital of France",
        "tell my mother I love her",
        "order a pizza",
        "she said he would come at nine",
    ],
)
async def test_nothing_is_proposed_to_what_is_about_something_else(said: str) -> None:
    assert await propose(said, OPEN) == []
    assert "Ask: what can I say." in not_understood(said, said, [])


@pytest.mark.parametrize(
    ("heard", "meant"),
    [
        ("Elite the last word.", "delete the last word"),
        ("Cult that", "cut that"),
        ("Replays fox with dog", "replace fox with dog"),
        ("Remoof the file notes", "remove the file notes"),
    ],
)
async def test_what_would_take_something_away_is_asked_about(heard: str, meant: str) -> None:
    """A word that only sounds like "delete" deletes nothing, but "yes" does."""
    assert not parse(heard).commands
    found = await propose(heard, OPEN)
    assert meant in found
    answer = not_understood(heard, heard, [meant])
    assert planned(heard, "yes", answer=answer) == [c.intent for c in parse(meant).commands]


async def test_only_what_is_possible_now_is_proposed() -> None:
    assert "maximise the window" not in await propose("fill the whole screen with it", EMPTY)


def test_an_offer_is_read_back_as_it_was_made() -> None:
    for sentences in (["undo that"], ["zoom in", "zoom out"], ["a", "b", "c"]):
        answer = not_understood("blow “it” up", "blow “it” up", sentences)
        assert offered(answer) == tuple(sentences)
        assert answer.partition("\n\n")[0].endswith("?")
    assert offered("Done.") == ()


@pytest.mark.parametrize(
    ("choice", "intents"),
    [
        ("yes", ["maximise"]),
        ("Yes, please.", ["maximise"]),
        ("yes do it", ["maximise"]),
        ("Yes, the second.", ["zoom"]),
        ("the second one", ["zoom"]),
        ("the last one", ["screenshot"]),
        ("number three", ["screenshot"]),
        ("no", ["decline"]),
        ("open the terminal", ["open_app"]),
    ],
)
def test_a_proposal_is_taken_by_a_word(choice: str, intents: list[str]) -> None:
    answer = offer(["maximise the window", "zoom in", "take a screenshot"])
    assert planned("blow it up", choice, answer=answer) == intents


def test_a_proposal_ends_with_the_next_command() -> None:
    progress = Progress(
        ("blow it up", "what time is it", "yes"), answers={0: offer(["maximise the window"])}
    )
    assert [c.intent for c in plan_for(progress, 2).commands] == ["confirm"]


@pytest.mark.parametrize(
    ("begun", "rest", "intents"),
    [
        ("Open …", "the terminal", ["open_app"]),
        ("open the", "file manager", ["open_app"]),
        ("type", "close the window", ["type"]),
        ("click on", "Save", ["click"]),
        ("switch to", "the terminal", ["switch"]),
        ("create a folder", "invoices", ["create_folder"]),
        ("open", "close the window", ["close"]),
        ("open", "never mind", ["cancel"]),
        ("type", "no", ["decline"]),
    ],
)
def test_the_answer_to_open_what_completes_the_command(
    begun: str, rest: str, intents: list[str]
) -> None:
    assert planned(begun) == ["unfinished"]
    assert planned(begun, rest) == intents


def test_a_command_that_may_go_on_waits_for_more() -> None:
    for text in (
        "Open",
        "Click.",
        "double click",
        "Type …",
        "Switch to the",
        "open the file manager and click",
        "what is the",
        "snap the window",
        "rename notes to",
    ):
        assert waits_for_more(text), text
    for text in ("open the terminal", "click here", "stop", "hello", "uh", "in sport, the home"):
        assert not waits_for_more(text), text
    assert completed("Click.", "Save") == "Click Save"
    assert completed("Open", "scroll down") == ""


@pytest.mark.parametrize(
    "text",
    [
        "Open the text editor.",
        "press control s",
        "Scroll down three times",
        "close this window",
        "undo that",
        "What are you doing?",
        "save the file as plan and press enter",
    ],
)
def test_a_command_to_which_nothing_can_be_added_is_whole(text: str) -> None:
    assert is_whole(text)


@pytest.mark.parametrize(
    "text",
    [
        *("open the", "open text", "close", "scroll", "press control", "undo", "press page"),
        *("type good morning", "click save", "save the file as plan", "search for tea"),
        *("open the file manager and", "close all", "go back", "copy the first line and paste it"),
        *("yes", "the second one", "wait", "there you are", "", "list the files in documents"),
    ],
)
def test_a_command_that_may_have_more_words_is_not_whole(text: str) -> None:
    assert not is_whole(text)


def test_commands_with_a_pause_inside_are_kept_whole() -> None:
    """Wherever words pause that are no command by themselves, their rest completes them."""
    said = {text for topic in HELP for text in topic.examples}
    kept: dict[tuple[str, str], bool] = {}
    for text in said:
        words = text.split()
        for place in range(1, 0 if parse(text).unknown else len(words)):
            begun, rest = " ".join(words[:place]), " ".join(words[place:])
            own = parse(begun)
            if own.unknown or own.commands[-1].intent in ("unfinished", "click_here"):
                kept[begun, rest] = waits_for_more(begun) and bool(completed(begun, rest))
    lost = [pause for pause, whole in kept.items() if not whole]
    assert len(kept) > 150
    assert len(lost) <= 0.05 * len(kept), lost
