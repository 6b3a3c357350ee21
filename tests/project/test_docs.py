"""Documentation holds: links lead somewhere, paths are there, blocks parse, commands are taken."""

from __future__ import annotations

import argparse
import ast
import functools
import json
import re
import shlex
import subprocess
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token

import agent.__main__
import agent.desktop.__main__
import agent.experiments.__main__
from sayso.command import VERBS

ROOT = Path(__file__).parents[2]
PAGES = sorted(p for p in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")) if p.is_file())
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]
_MARKDOWN = MarkdownIt("commonmark").enable("table")
_PATH = re.compile(r"^(?:agent|benchmarks|dashboard|docs|notebooks|sayso|script|tests)/[\w./-]+$")


def tokens(page: Path) -> Iterator[Token]:
    """All of a page's tokens, those within lines too."""
    for token in _MARKDOWN.parse(page.read_text("utf-8")):
        yield token
        yield from token.children or ()


def anchors(page: Path) -> set[str]:
    """What a page's headings are called in addresses."""
    text = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    heads = re.findall(r"^#{1,6} (.+?)\s*$", text, re.MULTILINE)
    plain = (re.sub(r"[`*]|\]\([^)]*\)|\[", "", head) for head in heads)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in plain}


@pytest.mark.parametrize("name", NAMES)
def test_every_link_leads_somewhere(name: str) -> None:
    page = ROOT / name
    for token in tokens(page):
        target = str(token.attrGet("href") or token.attrGet("src") or "")
        if not target or re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        found = (page.parent / path).resolve() if path else page
        assert found.exists(), f"{name}: {target}"
        if anchor and found.suffix == ".md":
            assert anchor in anchors(found), f"{name}: {target}"


@pytest.mark.parametrize("name", NAMES)
def test_every_path_that_is_named_is_there(name: str) -> None:
    named = (t.content for t in tokens(ROOT / name) if t.type == "code_inline")
    missing = [path for path in named if _PATH.match(path) and not _is_there(path)]
    assert missing == []


def _is_there(path: str) -> bool:
    return (ROOT / path).exists() or (ROOT / f"{path}.py").exists()


def blocks(page: Path) -> Iterator[tuple[str, str]]:
    """Language and text of each fenced block."""
    for token in tokens(page):
        if token.type == "fence":
            yield token.info.split()[0] if token.info else "", token.content


def _python(text: str) -> object:
    return compile(text, "block", "exec", flags=ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)


def _shell(text: str) -> object:
    return subprocess.run(["bash", "-n"], input=text, check=True, capture_output=True, text=True)


PARSERS: dict[str, Callable[[str], object]] = {
    "python": _python,
    "bash": _shell,
    "json": json.loads,
    "toml": tomllib.loads,
    "yaml": lambda text: list(yaml.safe_load_all(text)),
}


@pytest.mark.parametrize("name", NAMES)
def test_every_block_parses(name: str) -> None:
    for language, text in blocks(ROOT / name):
        if language in PARSERS:
            try:
                PARSERS[language](text)
            except Exception as error:
                raise AssertionError(f"{name}: {error}\n{text}") from error


COMMANDS: dict[str, Callable[[], argparse.ArgumentParser]] = {
    "run": agent.__main__._parser,
    "lab": agent.experiments.__main__._parser,
    "desktop": agent.desktop.__main__._parser,
}
_LINE = re.compile(r"(?:^|[\s`(])(?:\.venv/bin/)?sayso ([a-z]+)([^`\n]*)")


def commands(text: str) -> Iterator[tuple[str, list[str]]]:
    """Each ``sayso VERB …`` with its words, comments and continuations taken care of."""
    for found in _LINE.finditer(re.sub(r"\\\n\s*", " ", text)):
        words = shlex.split(found[2].split("  #")[0], comments=True)
        yield found[1], [word for word in words if word not in ("…", "...")]


@pytest.mark.parametrize("name", NAMES)
def test_every_command_is_taken(name: str) -> None:
    page = ROOT / name
    for language, text in blocks(page):
        for verb, words in commands(text) if language in ("", "bash") else ():
            assert verb in VERBS, f"{name}: sayso {verb}"
            assert not words or _takes(verb, words), f"{name}: sayso {verb} {words}"
    for token in tokens(page):
        for verb, words in commands(token.content) if token.type == "code_inline" else ():
            assert verb in VERBS, f"{name}: sayso {verb}"
            options = {word for word in words if word.startswith("--")}
            assert verb != "run" or options <= _options(), f"{name}: sayso {verb} {words}"


_parser = functools.cache(lambda verb: COMMANDS[verb]())


def _takes(verb: str, words: list[str]) -> bool:
    if verb not in COMMANDS:
        return True
    try:
        _parser(verb).parse_args(words)
    except SystemExit as end:
        return not end.code
    return True


def _options() -> set[str]:
    return set(_parser("run")._option_string_actions)


def test_what_is_wrong_is_seen(tmp_path: Path) -> None:
    """The checks above, on a page that has every fault."""
    page = tmp_path / "page.md"
    page.write_text("# A `b` head\n\n[x](#a-b-head)\n\n```bash\nsayso surve\n```\n")
    assert anchors(page) == {"a-b-head"}
    assert list(blocks(page)) == [("bash", "sayso surve\n")]
    assert list(commands("sayso surve")) == [("surve", [])]
    assert list(commands(".venv/bin/sayso run --json \\\n  'two words'  # why")) == [
        ("run", ["--json", "two words"])
    ]
    with pytest.raises(SyntaxError):
        _python("def f(:")
    with pytest.raises(subprocess.CalledProcessError):
        _shell("if then")
