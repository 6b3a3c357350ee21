"""Mended checks judge what was kept; a gate passes or fails a study for CI."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
from lab_files import in_memory, interrupt_after, write, write_task
from lab_stage import FakeEnvironment, hello_task, small
from test_results import recorded

from agent.desktop.base import Box, Desktop, Window
from agent.errors import ConfigurationError
from agent.experiments.__main__ import main
from agent.experiments.plan.spec import Experiment
from agent.experiments.plan.task import Task
from agent.experiments.results.gate import gate
from agent.experiments.results.report import report
from agent.experiments.run.kept_state import read_state
from agent.experiments.run.placement import LocalPlacement
from agent.experiments.run.rescore import outdated, rescore
from agent.experiments.run.runner import Runner
from agent.experiments.run.store import Store
from agent.testing.fake_desktop import FakeDesktop

__all__ = ["in_memory"]  # a fixture of these tests

RIGHT = [{"file_text": {"path": "hello.txt", "equals": "hello"}}]
STRICT = [*RIGHT, {"file_exists": {"path": ".config/app.ini"}}]
SPOKEN = [{"said": {"contains": "Done"}}]


@pytest.fixture
def place() -> Iterator[LocalPlacement]:
    place = LocalPlacement(2)
    yield place
    place.close()


class Furnished(FakeEnvironment):
    """Homes with a program's own file, a window and an object."""

    async def prepare(self, task: Task, desktop: Desktop) -> None:
        await super().prepare(task, desktop)
        (desktop.home / ".config").mkdir()
        (desktop.home / ".config" / "app.ini").write_text("[a]\nb=1\n")
        (desktop.home / "caf\udce9").write_text("odd")
        assert isinstance(desktop, FakeDesktop)
        box = Box(1, 2, 30, 40)
        desktop.shown = (Window(7, "notes", "Mousepad", None, box, active=True),)
        desktop.input.text = "hi"


def run(
    experiment: Experiment, root: Path, place: LocalPlacement, environment: FakeEnvironment
) -> Store:
    runner = Runner(experiment, root, place, environment=environment)
    runner.run()
    return runner.store


def test_a_trials_end_is_kept_as_it_was_judged(tmp_path: Path, place: LocalPlacement) -> None:
    """The person's files, programs' own, windows, objects, texts, list of files."""
    store = run(small({"good": "good"}, [hello_task()]), tmp_path, place, Furnished())
    (trial,) = store.trials()
    kept = read_state(trial.folder, tmp_path / "copy", fixtures={}, events=trial.events())
    assert kept.text("hello.txt") == "hello"
    assert kept.text(".config/app.ini") == "[a]\nb=1\n"
    assert {"hello.txt", ".config/", ".config/app.ini", "caf\udce9"} <= set(kept.entries)
    assert [(w.title, w.active, w.box.width) for w in kept.windows] == [("notes", True, 30)]
    assert kept.texts == (("mousepad", "hi"),)
    assert kept.objects[1].states == {"showing", "editable", "focused"}
    assert kept.said == "Done."


def test_mended_checks_change_verdicts_without_running(
    tmp_path: Path, place: LocalPlacement
) -> None:
    """Passed becomes failed and failed passed; what was before is written down."""
    store = run(small(tasks=[hello_task("a", checks=RIGHT)]), tmp_path, place, Furnished())
    store.amend(small(tasks=[hello_task("a", checks=SPOKEN)]))
    assert len(outdated(store)) == 2
    assert "2 verdicts are of earlier checks" in report(store)
    found = rescore(store)
    assert [(c.trial, c.before, c.after) for c in found.changed] == [
        ("bad--a--000", "failed", "passed")
    ]
    assert found.same == 1
    bad = store.trial("bad--a--000").result
    assert bad.metrics["false_done"] == 0.0
    assert (outdated(store), store.rescored) == ([], 1)
    store.amend(small(tasks=[hello_task("a", checks=STRICT)]))
    assert {(c.trial, c.after) for c in rescore(store).changed} == {("bad--a--000", "failed")}
    text = report(store)
    assert "Verdicts changed by corrected checks: 2" in text
    assert "checks of the task a" in text


def test_a_checker_that_broke_is_mended_without_paying_again(
    tmp_path: Path, place: LocalPlacement
) -> None:
    """The errors become verdicts; on what the new one breaks, the old end stays."""
    raises = "def check(state):\n    raise OSError('no disk')\n"
    store = run(
        small(tasks=[hello_task("a", checker=raises)], retries=0), tmp_path, place, Furnished()
    )
    assert {r.status for r in store.results()} == {"error"}
    assert outdated(store) == []
    store.amend(small(tasks=[hello_task("a")]))
    found = rescore(store)
    assert {(c.trial, c.before, c.after) for c in found.changed} == {
        ("good--a--000", "error", "passed"),
        ("bad--a--000", "error", "failed"),
    }
    good = store.trial("good--a--000").result
    assert (good.error, good.error_class, good.score) == ("", "", 1.0)
    store.amend(small(tasks=[hello_task("a", checker=raises)]))
    again = rescore(store)
    assert (again.changed, len(again.unjudged)) == ((), 2)
    assert "no disk" in again.unjudged[0]
    assert store.trial("good--a--000").result.passed


def test_a_trial_without_its_end_is_named(tmp_path: Path, place: LocalPlacement) -> None:
    store = run(small({"good": "good"}, [hello_task("a")]), tmp_path, place, Furnished())
    (store.trial("good--a--000").folder / "state" / "state.json").unlink()
    found = rescore(store, every=True)
    assert "its end was not kept" in found.unjudged[0]
    assert store.trial("good--a--000").result.passed


# The gate --------------------------------------------------------------------------------


def of(letters: dict[str, str]) -> tuple[Experiment, list[object]]:
    tasks = [hello_task(f"t{n}") for n in range(len(next(iter(letters.values()))))]
    experiment = small({"bad": "bad", "good": "good"}, tasks)
    return experiment, recorded(experiment, letters)  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("good", "bad", "least", "outcome"),
    [
        ("p" * 20, "f" * 20, 0.0, "passed"),
        ("p" * 20, "p" * 20, -25.0, "passed"),
        ("p" * 20, "p" * 20, 0.0, "undecided"),
        ("p" * 20, "p" * 20, -1.0, "undecided"),
        ("f" * 20, "p" * 20, -25.0, "failed"),
        ("e" * 20, "p" * 20, -25.0, "undecided"),
        ("p" * 19 + "c", "f" * 20, 0.0, "undecided"),
    ],
)
def test_a_gate_goes_by_the_lower_end_of_the_interval(
    good: str, bad: str, least: float, outcome: str
) -> None:
    """What is not shown does not pass: too few trials, errors, missing ones."""
    experiment, results = of({"good": good, "bad": bad})
    (found,) = gate(experiment, results, least)  # type: ignore[arg-type]
    assert found.outcome == outcome


def test_a_gate_names_looks_and_unknown_arms() -> None:
    experiment, results = of({"good": "p" * 8, "bad": "f" * 8})
    (found,) = gate(experiment, results, 0, looks=2)  # type: ignore[arg-type]
    assert "looked at 2 times before the end" in found.words
    with pytest.raises(ConfigurationError, match="no arm “odd”"):
        gate(experiment, results, 0, arms=["odd"])  # type: ignore[arg-type]


# From the command line: begun, extended, rescored, gated, reported --------------------------


def test_a_study_is_begun_cut_extended_rescored_gated_and_published(
    tmp_path: Path, in_memory: None, capsys: pytest.CaptureFixture[str]
) -> None:
    """One file, changed step by step, and one folder."""
    for n in range(8):
        write_task(tmp_path, f"t{n}")
    file, results = tmp_path / "cli.yaml", ["--results", str(tmp_path / "r")]
    arms = {"bad": {"model": "bad"}, "good": {"model": "good"}}
    run_it = [*results, "run", str(write(file, arms=arms)), "--unproved"]
    interrupt_after(1, tmp_path / "r")
    assert main(run_it) == 130
    assert main(run_it) == 0
    assert main([*results, "gate", "cli", "--min-difference", "10"]) == 0
    write(file, arms=arms, repeats=3, budget=20.0, hypothesis="Good is better.")
    assert main(run_it) == 0
    assert "48 trials, 32 of them still to run" in capsys.readouterr().err
    write_task(tmp_path, "t0", checks=[{"said": {"contains": "Done"}}])
    assert main([*results, "rescore", str(file)]) == 0
    assert "6 trials judged again, 3 with another end." in capsys.readouterr().out
    unit = tmp_path / "out" / "junit.xml"
    asked = [*results, "gate", "cli", "--min-difference", "99", "--junit", str(unit)]
    assert main(asked) == 1
    assert "undecided: good against bad" in capsys.readouterr().out
    suite = ElementTree.parse(unit).getroot()[0]
    assert (suite.get("tests"), suite.get("failures")) == ("1", "1")
    (failure,) = suite.iter("failure")
    assert "at least +99 points" in str(failure.get("message"))
    assert main([*results, "report", "cli"]) == 0
    (folder,) = (tmp_path / "r").glob("cli-*")
    text = (folder / "report.md").read_text().replace("\\", "")
    assert "repeats: 1 → 3" in text
    assert "checks of the task t0" in text
    assert "Hypothesis, changed after 16 trials: Good is better." in text
    assert len(list((folder / "trials").iterdir())) == 48
    assert main([*results, "export", "cli", "otlp", str(tmp_path / "out" / "cli.jsonl")]) == 0
    assert len((tmp_path / "out" / "cli.jsonl").read_text().splitlines()) == 48
    assert "looked at" in text
    with pytest.raises(SystemExit):
        main([*results, "gate", "cli"])
