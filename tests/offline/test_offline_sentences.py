"""Sentences become the commands that a person means, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from agent.models.offline import HELP, help_text, parse
from agent.models.offline.dictation import dictated
from agent.models.offline.files import file_name
from agent.models.offline.keys import parse_keys
from agent.models.offline.sensible import scrolling
from agent.models.offline.turns import HANDLERS
from agent.models.offline.words import number

TABLE: dict[str, list[str] | None] = yaml.safe_load(
    Path(__file__).with_name("sentences.yaml").read_text("utf-8")
)


def told(text: str) -> list[str] | None:
    plan = parse(text)
    if plan.unknown or not plan.commands:
        return None
    slots = [(c.intent, " | ".join(v for v in c.slots.values() if v)) for c in plan.commands]
    return [f"{intent} {words}".strip() for intent, words in slots]


@pytest.mark.parametrize(("said", "meant"), TABLE.items())
def test_sentence_means(said: str, meant: list[str] | None) -> None:
    assert told(said) == meant


@pytest.mark.parametrize("said", [said for said, meant in TABLE.items() if meant])
def test_case_and_final_punctuation_do_not_matter(said: str) -> None:
    intents = [c.intent for c in parse(said).commands]
    assert [c.intent for c in parse(said.lower().rstrip(".?")).commands] == intents


@pytest.mark.parametrize("example", [e for topic in HELP for e in topic.examples])
def test_every_example_of_the_help_is_understood(example: str) -> None:
    plan = parse(example)
    assert not plan.unknown
    assert all(command.intent in HANDLERS for command in plan.commands)


@given(st.text(max_size=80))
def test_any_text_is_either_understood_or_not(text: str) -> None:
    plan = parse(text)
    assert bool(plan.unknown) != bool(plan.commands) or not text.strip(" .,!?;:\t\n\r")


@given(st.text(alphabet=st.characters(codec="utf-8"), min_size=1, max_size=40))
def test_a_file_name_never_leaves_its_folder(said: str) -> None:
    name = file_name(said)
    assert "/" not in name
    assert not name.startswith(".")


@pytest.mark.parametrize(
    ("said", "combos"),
    [
        ("control s", ["ctrl+s"]),
        ("ctrl+s", ["ctrl+s"]),
        ("control ess", ["ctrl+s"]),
        ("control shift t twice", ["ctrl+shift+t*2"]),
        ("page down three times", ["Page_Down*3"]),
        ("enter", ["Return"]),
        ("alt f four", ["alt+F4"]),
        ("f5", ["F5"]),
        ("control plus", ["ctrl+plus"]),
        ("tab 12 times", ["Tab*12"]),
        ("the letter a", ["a"]),
        ("control a and delete", ["ctrl+a", "Delete"]),
        ("down arrow twenty five times", ["Down*25"]),
        ("any key you like", []),
        ("OK", []),
    ],
)
def test_keys_as_spoken(said: str, combos: list[str]) -> None:
    got = [p.combo + (f"*{p.repeat}" if p.repeat > 1 else "") for p in parse_keys(said)]
    assert got == combos


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("twenty five", 25),
        ("three times", 3),
        ("12", 12),
        ("twice", 2),
        ("a hundred", 100),
        ("x", None),
    ],
)
def test_numbers_as_spoken(said: str, value: int | None) -> None:
    assert number(said) == value


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("milk comma eggs", "milk, eggs"),
        ("dear Anna comma new paragraph thanks", "dear Anna,\n\nthanks"),
        ("hello world.", "hello world"),
        ("One. Two.", "One. Two."),
        ("“Keep. It.”", "Keep. It."),
        ("open quote hi close quote", '"hi"'),
        ("hello, please", "hello"),
        ("version 2.5", "version 2.5"),
    ],
)
def test_dictation_is_written(said: str, written: str) -> None:
    assert dictated(said) == written


@pytest.mark.parametrize(
    ("said", "amount"),
    [
        ("scroll down", ("down", 5)),
        ("scroll up a bit", ("up", 2)),
        ("scroll to the top", ("top", 0)),
    ],
)
def test_scrolling_amounts(said: str, amount: tuple[str, int]) -> None:
    assert scrolling(parse(said).commands[0]) == amount


def test_help_begins_with_a_sentence_to_be_spoken() -> None:
    spoken, _, rest = help_text().partition("\n\n")
    assert len(spoken) < 200
    assert "- Menus:" in rest
    assert "ANTHROPIC_API_KEY" in rest
