"""The help, the README's list and the grammar agree: what is told can be said, and is led to."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from agent.models.offline import HELP, grammar, help_text, parse
from agent.models.offline.grammar import corrected, intents, kinds, trait
from agent.models.offline.grammar_graph import GrammarGraph
from agent.models.offline.turns import HANDLERS

ROOT = Path(__file__).parents[2]
EXAMPLES = [example for topic in HELP for example in topic.examples]
NAMES = (
    *("Save As", "OK", "Find", "Search", "File", "gift", "name", "size", "Terms", "Documents"),
    *("Photos", "line numbers"),
    *("notes", "large", "shopping list", "ideas", "budget"),
)
"""What the examples of the help name."""

_BY_OTHERS = ("cancel", "resume")
"""Intents that the microphone's own words are listened for, without the grammar's network."""

_TAKEN_APART = {"menu_item", "paste_at", "line_above", "save_close"}
"""Intents that become others before anything is done."""

_SMALL_TALK = set(
    re.findall(
        r"\w+",
        """
        recall unfinished
        hello thanks who confirm decline cancel resume ability language hear stopping again
        reopen modes microphone page_settings doing picture close_all number choose_number switch
        click_here format disk save_dialog date secret list_apps open_newest change_file
        read_file open_file browse hover drag find_file move_pointer web_search context_menu
        click_text focus_on less machine name_newest
        """,
    )
)
"""Intents that the help may leave out: they need no telling, or another example tells of them."""


def listed() -> list[str]:
    """The sentences that the README offers."""
    text = (ROOT / "README.md").read_text("utf-8")
    section = text.partition("## What you can say without a key")[2].partition("\n## ")[0]
    return re.findall(r"\"([^\"]+?)\"(?= ·|$)", section, re.MULTILINE)


@pytest.mark.parametrize("sentence", listed())
def test_what_the_readme_offers_is_understood(sentence: str) -> None:
    assert not parse(sentence).unknown


def test_the_readme_offers_something() -> None:
    assert len(listed()) > 8


def test_the_help_says_nothing_that_it_does_not_understand() -> None:
    """Each example as it stands, and each as a recogniser that is led by the grammar hears it."""
    graph = GrammarGraph(names=NAMES)
    for example in EXAMPLES:
        plan = parse(example)
        assert not plan.unknown, example
        if any(command.intent in _BY_OTHERS for command in plan.commands):
            continue
        places = graph.start
        for word in re.findall(r"[\w']+", example.lower()):
            places = graph.after(places, word)
        assert graph.complete(places), f"no way leads through {example!r}"


def test_each_intent_has_a_handler_and_each_handler_an_intent() -> None:
    made = {"focus", "dictate"}  # of "in the text editor, …", and of words while dictation is on
    assert set(intents().intents) - _TAKEN_APART == set(HANDLERS) - made


def test_what_the_grammar_says_of_intents_and_slots_is_of_some() -> None:
    """Traits are of intents that exist, and each slot has values or a kind that is known."""
    data = yaml.safe_load(Path(grammar.__file__).with_suffix(".yaml").read_text("utf-8"))
    named = {intent for name in data["traits"] for intent in trait(name)}
    assert named <= set(HANDLERS)
    assert set(corrected()) <= set(HANDLERS)
    assert set(corrected().values()) <= set(data["lists"])
    kept = [slot for slots in data["kinds"].values() for slot in slots]
    assert len(kept) == len(set(kept))
    assert set(kept) | {s for s, given in data["lists"].items() if "values" in given} == set(
        kinds()
    )


def test_the_help_has_an_example_of_each_command() -> None:
    """What the grammar can do is told, but for small talk and what another example shows."""
    shown = {command.intent for example in EXAMPLES for command in parse(example).commands}
    assert set(intents().intents) - _TAKEN_APART - shown <= _SMALL_TALK


def test_the_spoken_help_is_short_and_true() -> None:
    spoken = help_text().partition("\n\n")[0]
    offered = re.search(r"for example: (.+?)\. The full", spoken)
    assert offered
    for sentence in re.split(r", or |, ", offered[1]):
        assert not parse(sentence).unknown
