"""Prompts as people edit them: versions, faults by line, files that experiments can name."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from agent.errors import BadInput, ConfigurationError
from agent.experiments.plan.spec import Arm, with_prompt
from agent.prompts import Fault, faults, load_prompt
from agent.prompts.library import PromptLibrary, changed_lines
from agent.session.session import Session
from agent.settings import Settings
from agent.testing.scripted import FakeDesktop, ScriptedModel


@pytest.fixture
def library(tmp_path: Path) -> PromptLibrary:
    return PromptLibrary(tmp_path / "prompts")


def test_every_version_is_kept(library: PromptLibrary) -> None:
    """The newest first, each with note, time and what else it sets."""
    library.save("terse", "Be terse.", note="first")
    library.save("terse", "Be very terse.", narration="report-after", tools=("computer",))
    newest, oldest = library.versions("terse")
    assert (newest.template, newest.narration, newest.tools) == (
        "Be very terse.",
        "report-after",
        ("computer",),
    )
    assert (oldest.note, oldest.template) == ("first", "Be terse.")
    assert newest.at >= oldest.at > 0
    assert library.get("terse", oldest.hash[:8]) == oldest


def test_what_has_not_changed_is_no_new_version(library: PromptLibrary) -> None:
    """Saving twice is saving once; going back to an old text is a version of its own."""
    library.save("terse", "A.")
    library.save("terse", "A.")
    assert len(library.versions("terse")) == 1
    library.save("terse", "B.")
    library.save("terse", "A.")
    assert [v.template for v in library.versions("terse")] == ["A.", "B.", "A."]


def test_a_shipped_prompt_is_the_oldest_version_of_its_own(library: PromptLibrary) -> None:
    """It can be edited, compared with and come back to, but not removed."""
    assert library.names() == ["default"]
    library.save("default", "Mine.")
    mine, shipped = library.versions("default")
    assert (mine.shipped, shipped.shipped) == (False, True)
    assert shipped.prompt.hash == load_prompt("default").hash
    library.delete("default")
    assert [v.shipped for v in library.versions("default")] == [True]
    with pytest.raises(ConfigurationError):
        library.delete("default")


def test_an_arm_of_an_experiment_takes_a_version_by_its_path(library: PromptLibrary) -> None:
    """Shipped or own, the arm then holds the very text."""
    version = library.save("terse", "Be terse on {{ width }}.\n")
    for wanted in (version, library.get("default")):
        arm = with_prompt(Arm(prompt=str(library.path(wanted)), tools=wanted.tools))
        assert arm.prompt_text == wanted.template


def test_files_are_the_persons_alone(library: PromptLibrary) -> None:
    version = library.save("terse", "Be terse.")
    for path in (library.path(version), library.root / "terse" / "versions.jsonl"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE((library.root / "terse").stat().st_mode) == 0o700


def test_a_torn_line_costs_only_itself(library: PromptLibrary) -> None:
    """As a crash or a full disk leaves it."""
    library.save("terse", "Be terse.")
    with (library.root / "terse" / "versions.jsonl").open("a") as file:
        file.write('{"name": "ter')
    assert [v.template for v in library.versions("terse")] == ["Be terse."]


@pytest.mark.parametrize("name", ["", "../up", "a/b", ".hidden", "x" * 41, "a\nb"])
def test_a_name_is_no_path(library: PromptLibrary, name: str) -> None:
    with pytest.raises(BadInput):
        library.save(name, "Text.")
    with pytest.raises(ConfigurationError):
        library.versions(name)
    with pytest.raises(ConfigurationError):
        library.delete(name)


def test_no_tool_at_all_is_refused(library: PromptLibrary) -> None:
    with pytest.raises(BadInput, match="at least one"):
        library.save("terse", "Text.", tools=())


@pytest.mark.parametrize(
    ("template", "line", "says"),
    [
        ("One\nTwo {{ nowhere }}\n", 2, "no variable “nowhere”. Known: width, height, network"),
        ("One\n{% if network %}\nTwo", 2, "Unexpected end of template"),
        ("{{ width | shrug }}", 1, "shrug"),
        ("a\n\n{{ width / 0 }}", 3, "division by zero"),
        ("a\n{{ ''.__class__.__mro__ }}", 2, "unsafe"),
        ("  \n", 1, "empty"),
        ("{% if network %}only then{% endif %}", 1, "without network, nothing is left"),
        ("x" * 100_001, 1, "longer than 100,000"),
    ],
)
def test_a_fault_is_told_at_its_line(
    library: PromptLibrary, template: str, line: int, says: str
) -> None:
    """Before anything is kept."""
    found = faults(template)
    assert found[0].line == line
    assert says in found[0].message
    with pytest.raises(BadInput, match=f"Line {line}: "):
        library.save("bad", template)
    assert "bad" not in library.names()


def test_each_unknown_variable_is_told(library: PromptLibrary) -> None:
    """What a template sets itself is known."""
    assert [fault.line for fault in faults("{{ a }}\n{{ b }}\n{{ a }}")] == [1, 2, 3]
    assert faults("{% set a = 1 %}{{ a }} {{ width }}") == ()
    assert isinstance(faults("")[0], Fault)


def test_a_difference_is_told_by_lines() -> None:
    assert changed_lines("a\nb\nc", "a\nx\nc") == [(" ", "a"), ("-", "b"), ("+", "x"), (" ", "c")]


def test_a_session_begins_with_a_version(library: PromptLibrary, tmp_path: Path) -> None:
    """Its path is a prompt's name to the settings."""
    version = library.save("terse", "Be terse on {{ width }}.")
    settings = Settings(_env_file=None, data_dir=tmp_path, prompt=str(library.path(version)))
    session = Session.create(settings, desktop=FakeDesktop(), model=ScriptedModel([]), tools=())
    assert session.journal.prompt == "Be terse on 1280."
    session.journal.close()
