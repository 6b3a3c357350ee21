"""Words and sentences that were given up are found where people and models read them."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import subprocess
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]

PUZZLING = (
    "What the environment says wins",
    "Kept for you on this server",
    "Your next session is without it",
    "The desktop is free: no window shows",
    "The page is not behind its door",
    "This ticket is not yours or is old",
    "could not be understood as sound",
    "Things to know, with how to change them",
    "The earlier conversation is not known any more",
    "There is nothing to go on with",
    "wrong use",
    "a letter that no key has",
    "Who thinks",
    "number their calls from nought",
)


@pytest.fixture(scope="module")
def script() -> ModuleType:
    """`script/prose` as a module."""
    loader = importlib.machinery.SourceFileLoader("script_prose", str(ROOT / "script" / "prose"))
    spec = importlib.util.spec_from_loader("script_prose", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def words(script: ModuleType) -> dict[str, str]:
    found: dict[str, str] = script.given_up(script.GLOSSARY.read_text("utf-8"))
    return found


def test_nothing_has_a_word_that_was_given_up() -> None:
    said = subprocess.run(
        [str(ROOT / "script" / "prose")], check=False, capture_output=True, text=True
    )
    assert (said.returncode, said.stdout, said.stderr) == (0, "", "")


def test_the_words_are_those_of_the_glossary(words: dict[str, str]) -> None:
    assert words["deed"] == words["deeds"]
    assert {"wish", "anew", "mended", "nought"} <= words.keys()


@pytest.mark.parametrize(
    ("name", "text", "lines"),
    [
        ("a.md", "Fine.\n\nA **deed** is done anew.\n", [3, 3]),
        ("a.py", 'wish = 1\n\ndef f():\n    """Its\n    wish."""\n', [5]),
        ("a.py", "deed = 2  # a deed\n", [1]),
        ("a.js", "const wish = 1;\n// the wish\nf(`${wish}`, 'mended');\n", [2, 3]),
        ("a.js", "/** @param {Wish[]} wishes\n * What is wished. */\n", [2]),
        ("a.yaml", "say: Nought to do\n", [1]),
        ("a.py", "unmended = 'a wished-for amendment'\n", [1]),
        ("a.py", "anew = compute(wish)\n", []),
        ("a.py", "x = f'{deed} wish'\n", [1]),
    ],
)
def test_prose_is_read_and_names_are_not(
    script: ModuleType,
    words: dict[str, str],
    tmp_path: Path,
    name: str,
    text: str,
    lines: list[int],
) -> None:
    path = tmp_path / name
    path.write_text(text)
    found = [int(fault.split(":")[1]) for fault in script.faults(path, words, set())]
    assert found == lines


def test_sentences_that_puzzled_are_gone() -> None:
    patterns = [word for sentence in PUZZLING for word in ("-e", sentence)]
    found = subprocess.run(
        [
            "git",
            "grep",
            "-inF",
            *patterns,
            "--",
            ".",
            ":!tests",
            ":!docs/glossary.md",
            ":!*.bundle.js",
        ],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    said = [line for line in found.stdout.splitlines() if "wrong usage" not in line]
    assert said == []


def test_the_glossary_is_in_order() -> None:
    table = (ROOT / "docs" / "glossary.md").read_text("utf-8").partition("## ")[0]
    listed = [line.split("|")[1].strip() for line in table.splitlines() if line.startswith("| ")]
    assert len(listed) > 30
    assert listed[1:] == sorted(listed[1:], key=str.lower)
