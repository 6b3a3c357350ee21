"""Every text of the page is said in each language, and nothing is said past the catalogues."""

from __future__ import annotations

import ast
import importlib.machinery
import importlib.util
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from dashboard import words

ROOT = Path(__file__).parents[2]
FIELD = re.compile(r"\{\w+\}")


@pytest.fixture(scope="module")
def script() -> ModuleType:
    """`script/words` as a module."""
    loader = importlib.machinery.SourceFileLoader("script_words", str(ROOT / "script" / "words"))
    spec = importlib.util.spec_from_loader("script_words", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    loader.exec_module(module)
    return module


def test_every_language_says_every_text_of_the_page() -> None:
    """Run `script/words` after a text was added, and fill in what it names."""
    said = subprocess.run(
        [sys.executable, str(ROOT / "script" / "words"), "--check"],
        check=False,
        capture_output=True,
        text=True,
    )
    assert (said.returncode, said.stdout, said.stderr) == (0, "", "")


def test_a_text_that_a_language_lacks_is_kept_open(script: ModuleType) -> None:
    """The control of the test above: an entry that is empty, one missing, one too many."""
    texts = {
        "Hold": (script.Said("Hold", 1), ["a.js"]),
        "Send": (script.Said("Send", 1), ["a.js"]),
        "{n} files": (script.Said("{n} files", 1, "{n} file"), ["a.js"]),
    }
    kept = {"name": "Deutsch", "texts": {"Hold": "", "Said before": "Gesagt"}}
    whole = script.completed(kept, texts)["texts"]
    assert whole == {"Hold": "", "Send": "", "{n} files": {"one": "", "other": ""}}


def _forms(said: words.Text) -> list[str]:
    return [said] if isinstance(said, str) else list(said.values())


@pytest.mark.parametrize("language", [code for code in words.languages() if code != "en"])
def test_what_is_filled_in_stands_in_every_form(language: str) -> None:
    """A field that a translation lost would hide a name; one of its own would show its braces."""
    for text, said in words.catalogue(language).items():
        wanted = set(FIELD.findall(text))
        for form in _forms(said):
            found = set(FIELD.findall(form))
            assert found <= wanted, (text, form)
            assert wanted - found <= {"{n}"}, (text, form)


def _prose(script: ModuleType) -> Iterator[str]:
    for path in script.files():
        name = path.relative_to(script.DASHBOARD).as_posix()
        if path.suffix != ".js" or name in UNSEEN:
            continue
        for said in script.texts_of(path):
            read = re.match(r"[“A-Z][a-z']+[ .…:?]", said.text)
            if not said.listed and read and said.text not in SAID_TO_THE_AGENT:
                yield f"{name}:{said.line} {said.text}"


UNSEEN = {
    "js/link/channel.js",  # reasons in the browser's console
    "views/link.js",  # the same, beside what is said
}
SAID_TO_THE_AGENT = {
    "Open the text editor and type hello world.",
    "Create a file called shopping list with the text milk, eggs and bread.",
    "What can I say?",
}
"""Examples: the offline commands are English."""


def test_no_sentence_of_the_browsers_code_is_outside_the_catalogue(script: ModuleType) -> None:
    names = {"Status bar", "Voice settings"}  # of components that fail
    found = [each for each in _prose(script) if each.split(" ", 1)[1] not in names]
    assert found == []


def test_no_text_of_a_template_is_cut_in_two_by_a_value(script: ModuleType) -> None:
    """A sentence with a value in its middle is one text: other languages have another order."""
    cut = [
        f"{path.name}:{said.line} {said.text}"
        for path in script.files()
        for said in script.texts_of(path)
        if said.beside and re.search(r"[^\W\d_]{2}", said.text)
    ]
    assert cut == []


@pytest.mark.parametrize(
    ("source", "texts"),
    [
        ('t("Hold")', ["Hold"]),
        ('t(\n  "Go on",\n)', ["Go on"]),
        ('plural(left.length, "{n} file", "{n} files")', ["{n} files"]),
        ('many(n, "step")', ["{n} steps"]),
        ('html`<b title="Files">Send ${x && html`<i>now</i>`}</b>`', ["Files", "Send", "now"]),
        ("html`<p>It is\n   there</p>`", ["It is there"]),
        ('// t("Hold")\nconst a = /t\\("Hold"\\)/;', []),
        ('walk("Hold")', []),
    ],
)
def test_texts_are_found_where_they_are_said(
    script: ModuleType, source: str, texts: list[str]
) -> None:
    found = {said.text for said in script.Script(source).said if said.listed}
    assert found == set(texts)


def test_the_languages_of_a_browser_are_weighed() -> None:
    """The best of those that the page speaks; else English."""
    for accepted, language in (
        ("de-AT,de;q=0.9,en;q=0.8", "de"),
        ("en-GB,en;q=0.9,de;q=0.4", "en"),
        ("fr,de;q=0.5,en;q=0.3", "de"),
        ("de;q=0,en;q=0.1", "en"),
        ("de;q=x", "en"),
        ("de;q=9", "en"),
        ("xx", "en"),
        ("", "en"),
    ):
        assert words.best(accepted) == language, accepted


def test_a_text_is_said_in_the_language_of_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(words, "_ask", lambda: "de")
    assert words.t("Hold") == "Pause"
    assert words.t("Wait for {name}", name="{n}") == "Auf {n} warten"
    assert words.plural(1, "{n} file", "{n} files") == "1 Datei"
    assert words.plural(3, "{n} file", "{n} files") == "3 Dateien"
    assert words.t("What no catalogue has") == "What no catalogue has"
    monkeypatch.setattr(words, "_ask", lambda: "../../etc")
    assert words.t("Hold") == "Hold"


SHOWN = ("views/**/*.py", "app.py", "fates.py", "lobby.py", "notices.py", "state.py")
"""Python that says something on the page."""

WRITTEN_DOWN = {
    "You ended it.",  # into the log
    "The server was stopped; run it again to go on.",
    "Open the page first.",  # to a program
    "Give a number of points, as in -5.",  # the same; the page says it by itself
}
SAYS = {"t", "marked", "plural"}


def _quiet(tree: ast.AST) -> set[int]:
    """Strings that no person reads there: docstrings, logs, params' notes; and what `t` has."""
    quiet: set[int] = set()
    for node in ast.walk(tree):
        if (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)) or (
            isinstance(node, ast.keyword) and node.arg == "doc"
        ):
            quiet.add(id(node.value))
        elif isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            if name in SAYS or name.startswith("_log.") or name == "NotImplementedError":
                quiet |= {id(each) for each in node.args}
    return quiet


def _sentences(source: str) -> list[str]:
    """What reads as a sentence and passes by the catalogue."""
    tree = ast.parse(source)
    quiet = _quiet(tree)
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in quiet
        and re.match(r"[“A-Z][a-z']+ .*[a-z]", node.value)
    ]


def test_no_sentence_of_the_views_is_outside_the_catalogue() -> None:
    dashboard = ROOT / "dashboard"
    left_out = {dashboard / "views" / "settings" / "table.py"}  # writes docs/settings.md
    found = [
        f"{path.relative_to(dashboard)}: {said}"
        for pattern in SHOWN
        for path in sorted(dashboard.glob(pattern))
        if path not in left_out
        for said in _sentences(path.read_text("utf-8"))
        if said not in WRITTEN_DOWN
    ]
    assert found == []


def test_a_sentence_past_the_catalogue_is_found() -> None:
    assert _sentences('a = f(label="Stop the agent")') == ["Stop the agent"]
    assert _sentences('a = f(label=t("Stop the agent"), doc="Some more words")') == []
    assert _sentences('def f():\n    """Says a thing."""\n    _log.error("It was lost")') == []
