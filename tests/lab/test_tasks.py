"""Tasks are folders that anybody can add; wrong ones say what is wrong."""

from __future__ import annotations

import inspect
import os
import re
from pathlib import Path

import pytest
import yaml
from lab_stage import hello_task

from agent.errors import ConfigurationError
from agent.experiments.__main__ import main
from agent.experiments.plan.spec import define, differences, load_experiment
from agent.experiments.plan.task import Task, builtin_tasks, load_task
from agent.experiments.run.checks import CHECKS, COMPARED, run_check
from agent.experiments.run.oracle import count_actions, parts_of
from agent.experiments.run.scoring import score
from agent.experiments.run.state import MOST_FILES, State, copy_home


def write_task(folder: Path, **fields: object) -> Path:
    given = {"instruction": "Do it.", "checks": [{"file_exists": {"path": "a"}}], **fields}
    folder.mkdir()
    (folder / "task.yaml").write_text(yaml.safe_dump(given))
    return folder


def state(tmp_path: Path, files: dict[str, str] | None = None, **fields: object) -> State:
    home = tmp_path / "state"
    home.mkdir(exist_ok=True)
    for name, text in (files or {}).items():
        (home / name).write_text(text)
    return State(home=home, entries=tuple(files or {}), **fields)  # type: ignore[arg-type]


def test_there_are_enough_tasks_and_every_voice_variant() -> None:
    """At least twenty tasks, and stop, redirect, back-channel … as scripts."""
    tasks = builtin_tasks().values()
    assert len([t for t in tasks if "voice" not in t.tags]) >= 20
    variants = {tag for t in tasks for tag in t.tags if "voice" in t.tags}
    assert variants >= {
        "stop", "redirect", "backchannel", "clarify", "approve", "infeasible", "injection",
        "mishearing",
    }  # fmt: skip
    assert any(t.gui_only for t in tasks)
    assert any(not t.gui_only for t in tasks)


def test_there_are_tasks_of_the_web_and_of_the_office() -> None:
    """Each kind of work at a computer, by the screen alone and with a shell."""
    tasks = [t for t in builtin_tasks().values() if {"web", "office"} & set(t.tags)]
    assert len(tasks) >= 12
    assert {tag for t in tasks for tag in t.tags} >= {
        "spreadsheet", "document", "slides", "mail", "form", "search", "files", "pdf",
        "two programs",
    }  # fmt: skip
    assert {t.gui_only for t in tasks} == {True, False}
    assert all(t.requires for t in tasks)


def test_a_missing_program_is_told_before_anything_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Which task it is, and which program."""
    write_task(tmp_path / "mine", requires=["no-such-program"])
    (tmp_path / "e.yaml").write_text("arms: {a: {model: nothing}}\ntasks: [mine]\n")
    results = tmp_path / "results"
    assert main(["--results", str(results), "run", str(tmp_path / "e.yaml")]) == 2
    assert "The task mine needs no-such-program; install it (script/apps" in capsys.readouterr().err
    assert not results.exists()


@pytest.mark.parametrize("name", sorted(builtin_tasks()))
def test_every_task_is_whole(name: str) -> None:
    """Oracle and near miss are steps that exist; checks are in the registry."""
    task = builtin_tasks()[name]
    assert parts_of(task.oracle)
    assert parts_of(task.near_miss)
    assert count_actions(task.oracle) >= 0
    assert {key for one in task.checks for key in one} <= CHECKS.keys()


def test_a_task_is_added_as_a_folder(tmp_path: Path) -> None:
    """Instruction, files and checker in a folder, named by its path in an experiment."""
    folder = write_task(tmp_path / "mine")
    (folder / "files").mkdir()
    (folder / "files" / "a.txt").write_text("a")
    (folder / "checker.py").write_text("def check(state):\n    return 1, ''\n")
    task = load_task(folder)
    assert task.files == {"a.txt": b"a"}
    (tmp_path / "e.yaml").write_text("arms: {a: {}}\ntasks: [mine, note-write]\n")
    experiment = load_experiment(tmp_path / "e.yaml")
    assert [t.id for t in experiment.tasks] == ["mine", "note-write"]


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"instruction": ""}, "instruction"),
        ({"checks": []}, "neither checks nor a checker.py"),
        ({"limits": {"turns": 0}}, "limits.turns"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_wrong_task_names_file_and_field(
    tmp_path: Path, fields: dict[str, object], told: str
) -> None:
    """The person is told where to mend it."""
    folder = write_task(tmp_path / "mine", **fields)
    with pytest.raises(ConfigurationError) as caught:
        load_task(folder)
    assert told in str(caught.value)
    assert "mine" in str(caught.value)


DOCS = Path(__file__).parents[2] / "docs" / "experiments.md"


@pytest.mark.parametrize("name", sorted(CHECKS))
def test_every_check_and_its_arguments_are_in_the_docs(name: str) -> None:
    """In the table of checks; a comparison stands for the four that it is made of."""
    rows = [line for line in DOCS.read_text("utf-8").splitlines() if line.startswith("| `")]
    (row,) = [row for row in rows if re.search(rf"`{name}`", row.split("|")[1])]
    named = set(re.findall(r"`(\w+)`", row.split("|")[2]))
    if "a comparison" in row:
        named |= set(COMPARED)
    places = inspect.signature(CHECKS[name]).parameters.values()
    wanted = {one.name for one in places if one.kind is one.KEYWORD_ONLY}
    wanted |= set(COMPARED) if any(one.kind is one.VAR_KEYWORD for one in places) else set()
    assert named == wanted


def test_every_field_of_a_task_is_in_the_docs() -> None:
    text = DOCS.read_text("utf-8")
    told = text[text.index("**Fields of a task.**") :].split("\n\n")[0]
    # The folder itself, and what lies in it.
    beside = {"id", "files", "site", "expected", "checker"}
    named = set(re.findall(r"`(\w+)`", told))
    assert set(Task.model_fields) - beside - named == set()


def test_a_task_with_a_link_is_refused(tmp_path: Path) -> None:
    """A task brings plain files only: a link could bring any file of the machine."""
    folder = write_task(tmp_path / "mine")
    (folder / "files").mkdir()
    (folder / "files" / "a").symlink_to("/etc/passwd")
    with pytest.raises(ConfigurationError, match="link"):
        load_task(folder)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("arms: {}\n", "arms"),
        ("tasks: [note-write]\n", "arms"),
        ("arms: {a: {model: offline, temperature: 1}}\ntasks: [note-write]\n", "temperature"),
        ("arms: {a: {prompt: nowhere}}\ntasks: [note-write]\n", "nowhere"),
        ("arms: {a: {instruction: '{{ nothing }}'}}\ntasks: [note-write]\n", "nothing"),
        ("arms: {a: {}}\ntasks: [none-such]\n", "none-such"),
        ("arms: {a: {}}\ntasks: [note-write]\nbaseline: b\n", "baseline"),
        ("arms: {a: {}}\ntasks: [note-write, note-write]\n", "twice"),
        ("arms: {a: {}}\ntasks: [note-write]\nbudget: -1\n", "budget"),
        ("[", "cannot be read"),
        ("just words", "must be a mapping"),
    ],
)
def test_a_wrong_experiment_says_what_is_wrong(tmp_path: Path, text: str, told: str) -> None:
    """Each fault is told in a sentence that names it."""
    path = tmp_path / "e.yaml"
    path.write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        load_experiment(path)
    assert told in str(caught.value)


def test_only_differences_between_arms_are_shown() -> None:
    """What all arms share is no news."""
    arms = {"a": {"model": "offline"}, "b": {"model": "offline", "phrasing": "steps"}}
    experiment = define(name="d", arms=arms, tasks=(hello_task(),))
    assert differences(experiment) == {"a": {"phrasing": "goal"}, "b": {"phrasing": "steps"}}


def test_a_changed_prompt_changes_the_hash(tmp_path: Path) -> None:
    """Editing a prompt's file makes another experiment, even under the same name."""
    prompt = tmp_path / "p.md"
    hashes = []
    for text in ("Be quick.", "Be careful."):
        prompt.write_text(text)
        arms = {"a": {"prompt": str(prompt)}}
        hashes.append(define(name="d", arms=arms, tasks=(hello_task(),)).hash)
    assert hashes[0] != hashes[1]


def test_files_are_copied_without_following_links(tmp_path: Path) -> None:
    """An agent cannot make a checker read what lies outside the home, nor hang on a pipe."""
    home, secret = tmp_path / "home", tmp_path / "secret"
    home.mkdir()
    secret.mkdir()
    (secret / "key").write_text("hidden")
    (home / "plain.txt").write_text("seen")
    (home / "file").symlink_to(secret / "key")
    (home / "folder").symlink_to(secret)
    os.mkfifo(home / "pipe")
    copied = copy_home(home, tmp_path / "copy")
    assert set(copied.entries) == {"plain.txt", "file", "folder", "pipe"}
    assert [p.name for p in (tmp_path / "copy").rglob("*")] == ["plain.txt"]
    assert set(copied.left_out) == {"file", "folder", "pipe"}
    assert len(copied.notes) == 3


def test_huge_homes_are_bounded(tmp_path: Path) -> None:
    """A file that is too large is listed, named in the notes, and not read."""
    home = tmp_path / "home"
    home.mkdir()
    with (home / "huge").open("wb") as file:
        file.truncate(1 << 40)
    copied = copy_home(home, tmp_path / "copy")
    assert copied.entries == ("huge",)
    assert copied.left_out == {"huge": "it is larger than 8.4 MB"}
    seen = State(home=tmp_path / "copy", entries=copied.entries, left_out=copied.left_out)
    assert "huge is there, but was not copied" in run_check({"file_text": {"path": "huge"}}, seen)
    assert run_check({"file_exists": {"path": "huge"}}, seen) == ""


def test_what_programs_keep_takes_no_room_from_the_persons_files(tmp_path: Path) -> None:
    """However much of its own a program has written, only that is left out."""
    home = tmp_path / "home"
    (home / ".program").mkdir(parents=True)
    for number in range(MOST_FILES):
        (home / ".program" / f"{number}").touch()
    (home / "caf\udce9").mkdir()
    (home / "caf\udce9" / "two\nlines").write_text("seen")
    copied = copy_home(home, tmp_path / "copy")
    assert (tmp_path / "copy" / "caf\udce9" / "two\nlines").read_text() == "seen"
    assert copied.left_out == {}
    assert any(note.startswith(".program/: there are too many") for note in copied.notes)


def test_a_file_that_was_not_looked_for_is_not_said_to_be_missing(tmp_path: Path) -> None:
    """Past the bound nobody knows, and the check's words say so."""
    home = tmp_path / "home"
    (home / "many").mkdir(parents=True)
    for number in range(MOST_FILES + 1):
        (home / "many" / f"{number:05}").touch()
    copied = copy_home(home, tmp_path / "copy")
    seen = State(home=tmp_path / "copy", entries=copied.entries, left_out=copied.left_out)
    assert "not all of many was looked at" in seen.lacks(f"many/{MOST_FILES:05}")
    assert "not all of the home folder" not in seen.lacks(f"many/{MOST_FILES:05}")


def test_a_checker_cannot_be_led_out_of_the_copies(tmp_path: Path) -> None:
    """Paths with dots stay inside."""
    (tmp_path / "outside").write_text("x")
    assert state(tmp_path).data("../outside") is None


@pytest.mark.parametrize(
    ("one", "text", "told"),
    [
        ({"json_value": {"path": "f", "at": ["a"], "equals": 1}}, "{", "cannot be read"),
        ({"json_value": {"path": "f", "at": ["a"], "equals": 1}}, '{"a": true}', "not 1"),
        ({"json_value": {"path": "f", "at": ["a"], "equals": 1}}, "[" * 100_000, "cannot be read"),
        ({"json_value": {"path": "f", "at": ["a", 0], "equals": 1}}, '{"a": 1}', "nothing at"),
        ({"toml_value": {"path": "f", "at": ["a"], "equals": 1}}, "a = = 1", "cannot be read"),
        ({"keyfile": {"path": "f", "section": "a", "key": "b", "equals": "c"}}, "oops", "not a s"),
        ({"xml_text": {"path": "f", "find": "a", "equals": "b"}}, "<a>", "not XML"),
        (
            {"xml_text": {"path": "f", "find": "a", "equals": "b"}},
            '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a>&e;</a>',
            "not XML",
        ),
        ({"file_text": {"path": "g", "equals": "x"}}, "", "no file g"),
    ],
)
def test_odd_files_are_failures_with_a_reason(
    tmp_path: Path, one: dict[str, object], text: str, told: str
) -> None:
    """Whatever an agent has written, a check answers in words."""
    assert told in run_check(one, state(tmp_path, {"f": text}))


async def test_checks_give_partial_credit(tmp_path: Path) -> None:
    """One of two checks is half a score, and no pass."""
    checks = [{"file_exists": {"path": "a"}}, {"file_exists": {"path": "b"}}]
    verdict = await score(hello_task(checks=checks), state(tmp_path, {"a": ""}))
    assert (verdict.value, verdict.passed) == (0.5, False)
    assert "no file b" in verdict.reason
