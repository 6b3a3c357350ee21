"""What can be said, as a network of words."""

from __future__ import annotations

import pytest

from agent.models.offline import HELP
from agent.models.offline.grammar_graph import GrammarGraph

NAMES = ("Save As", "Documents", "OK", "notes", "Find", "File", "Search", "line numbers")
DICTATED = ("type", "create", "run", "save it as", "read the file")


def walk(graph: GrammarGraph, text: str) -> bool:
    """Whether ``text`` is a way through the network, free words included."""
    places = graph.start
    for word in text.lower().replace(",", "").split():
        places = graph.after(places, word)
    return graph.complete(places)


@pytest.mark.parametrize("example", [e for topic in HELP for e in topic.examples])
def test_every_example_of_the_help_can_be_said(example: str) -> None:
    """The network follows the grammar; words to stop are the conversation's."""
    phrases = ("stop", "never mind", "shopping list")
    on_a_page = ("name", "size", "large", "gift", "Terms", "Photos")
    assert walk(GrammarGraph((*NAMES, "shopping list", *on_a_page), phrases), example)


@pytest.mark.parametrize(
    "text",
    [
        "could you please open the text editor",
        "press control shift t twice",
        "scroll down three pages please",
        "in the terminal, press enter and then scroll up a little",
        "Maximize the window",
    ],
)
def test_sentences_that_no_list_holds_can_be_said(text: str) -> None:
    """Politeness, places, several clauses, American spelling."""
    assert GrammarGraph(NAMES).covers(text)


def test_names_must_exist_unless_they_are_dictated() -> None:
    """What prefers existing names must not know others."""
    assert GrammarGraph(["Invoices"]).covers("click invoices")
    assert not GrammarGraph(["Letters"]).covers("click invoices")
    assert walk(GrammarGraph(), "type anything whatever")
    assert not GrammarGraph().covers("type anything whatever")


@pytest.mark.parametrize(
    "text", ["heavy rain is expected tonight", "thanks", "yes", "hello", "open the", ""]
)
def test_small_talk_and_other_sentences_are_not_led_to(text: str) -> None:
    """To hear "thanks" in a cough would be worse than to miss it."""
    assert not walk(GrammarGraph(NAMES), text)


def test_spoken_marks_are_expected_in_a_dictation() -> None:
    """*Comma* is likelier there than any other word."""
    graph = GrammarGraph()
    places = graph.after(graph.after(graph.start, "type"), "hello")
    assert graph.free(places)
    assert graph.hinted(places, "comma")
    assert not graph.hinted(places, "common")
