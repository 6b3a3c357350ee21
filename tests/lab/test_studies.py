"""Studies grow and are never paid for twice; only what says something of an arm is counted."""

from __future__ import annotations

import json
import re
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lab_files import in_memory, interrupt_after, write, write_task
from lab_stage import BrokenDesktops, FakeEnvironment, SlowEnvironment, hello_task, small
from test_results import recorded

from agent.errors import ConfigurationError
from agent.experiments.__main__ import main
from agent.experiments.plan.amending import amended, extends
from agent.experiments.plan.design import summarise_design
from agent.experiments.plan.power import forecast
from agent.experiments.plan.spec import Experiment, define
from agent.experiments.results.compare import analyse
from agent.experiments.results.report import report
from agent.experiments.results.words import verdict, verdicts
from agent.experiments.run.deleting import delete
from agent.experiments.run.earlier import earlier_runs
from agent.experiments.run.placement import LocalPlacement
from agent.experiments.run.runner import Runner, RunState
from agent.experiments.run.store import Store, list_stores
from agent.experiments.run.trial_environment import TrialEnvironment

__all__ = ["in_memory"]  # a fixture of these tests


@pytest.fixture
def place() -> Iterator[LocalPlacement]:
    place = LocalPlacement(2)
    yield place
    place.close()


def run(
    experiment: Experiment,
    root: Path,
    place: LocalPlacement,
    environment: TrialEnvironment | None = None,
) -> tuple[RunState, Store]:
    runner = Runner(experiment, root, place, environment=environment or FakeEnvironment())
    return runner.run(), runner.store


def six(**fields: Any) -> Experiment:
    return small(tasks=[hello_task(f"t{n}") for n in range(6)], **fields)


def test_arms_take_turns_at_being_first() -> None:
    """What a first trial warms up, and what drifts, hits all alike."""
    cells = small({"a": "good", "b": "bad"}, repeats=4).cells()
    firsts = Counter(arm for arm, _, _ in cells[::2])
    assert firsts == {"a": 6, "b": 6}
    by_task = [[arm for arm, task, _ in cells[::2] if task.id == name] for name in ("hello-0",)]
    assert set(by_task[0]) == {"a", "b"}


def test_pass_at_one_is_the_success_that_stands_beside_it() -> None:
    """Stopped trials and errors enter neither: one definition."""
    experiment = small({"a": "good"}, tasks=[hello_task("t0"), hello_task("t1")], repeats=2)
    arm = analyse(experiment, recorded(experiment, {"a": "pfse"})).arms["a"]
    assert arm.pass_at[1] == arm.completed.value == 0.5


def test_a_number_of_one_has_a_noun_of_one() -> None:
    experiment = small({"a": "good"}, tasks=[hello_task()], repeats=1)
    told = " ".join(verdicts(analyse(experiment, recorded(experiment, {"a": "p"}))))
    warned = " ".join(summarise_design(experiment).warnings)
    assert not re.search(r"\b1 (tasks|trials|arms|repeats)\b", told + warned)


def test_seconds_as_the_measure_are_warned_of() -> None:
    """Desktops that run beside each other take time from each other."""
    warned = summarise_design(small(primary="seconds")).warnings
    assert any("run it with --slots 1" in warning for warning in warned)


# Identity by trial -----------------------------------------------------------------------


def test_more_repeats_run_exactly_the_missing_trials(tmp_path: Path, place: LocalPlacement) -> None:
    """From 2 to 5 repeats: three more of every cell, in the same folder, none twice."""
    attempts = tmp_path / "attempts"
    environment = SlowEnvironment(attempts, 0.0)
    run(small(repeats=2), tmp_path, place, environment)
    before = len(attempts.read_text().split())
    state, store = run(small(repeats=5), tmp_path, place, environment)
    assert (before, len(attempts.read_text().split()) - before) == (12, 18)
    assert (state.done, state.planned) == (30, 30)
    assert Counter(r.repeat for r in store.results()) == dict.fromkeys(range(5), 6)
    assert len(list(tmp_path.glob("*/experiment.json"))) == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"budget": 200.0},
        {"hypothesis": "Good is better than bad."},
        {"retries": 3},
        {"baseline": "bad"},
        {"primary": "seconds"},
    ],
)
def test_what_does_not_reach_the_agent_amends_the_study(
    tmp_path: Path, place: LocalPlacement, changed: dict[str, Any]
) -> None:
    """Nothing is run again, and the report says when what was changed, after how many trials."""
    run(small(), tmp_path, place)
    state, store = run(small(**changed), tmp_path, place)
    assert (state.done, state.running) == (6, {})
    assert len(list((store.folder / "attempts").iterdir())) == 0
    (amendment,) = store.amendments
    (name,) = changed
    assert amendment.changes[0].startswith(f"{name}: ")
    assert amendment.trials == 6
    assert f"| 6 | {name}: " in report(store).replace("\\", "")


def test_a_hypothesis_that_came_later_is_not_said_to_be_written_before(
    tmp_path: Path, place: LocalPlacement
) -> None:
    run(small(hypothesis="Bad is better."), tmp_path, place)
    _, store = run(small(hypothesis="Good is better."), tmp_path, place)
    text = report(store)
    assert "Hypothesis, changed after 6 trials: Good is better." in text
    assert "written before" not in text


def test_an_added_arm_and_an_added_task_run_alone(tmp_path: Path, place: LocalPlacement) -> None:
    """What was there stands; the new arm gets all tasks, the new task all arms."""
    attempts = tmp_path / "attempts"
    environment = SlowEnvironment(attempts, 0.0)
    tasks = [hello_task(f"t{n}") for n in range(2)]
    run(small(tasks=tasks), tmp_path, place, environment)
    arms = {"good": "good", "bad": "bad", "third": "nothing"}
    wider = small(arms, [*tasks, hello_task("t9")])
    state, store = run(wider, tmp_path, place, environment)
    assert len(attempts.read_text().split()) == 4 + 2 + 3
    assert state.done == 9
    assert store.amendments[0].changes == ("arm third added", "tasks added: t9")


def test_what_is_left_out_of_the_file_stays_in_the_report(
    tmp_path: Path, place: LocalPlacement
) -> None:
    """An arm that lost cannot be made unseen by a shorter file."""
    run(small({"good": "good", "bad": "bad", "lost": "bad"}), tmp_path, place)
    state, store = run(small({"good": "good", "bad": "bad"}), tmp_path, place)
    assert any("arm lost" in note for note in state.notes)
    assert set(analyse(store.experiment, store.results()).arms) == {"good", "bad", "lost"}
    assert store.amendments == []


@pytest.mark.parametrize(
    "other",
    [
        small(seed=1),
        small({"good": "good:other", "bad": "bad"}),
        small(tasks=[hello_task("hello-0", instruction="Write hello.")]),
        small(name="another"),
    ],
    ids=["seed", "arm", "task", "name"],
)
def test_what_reaches_the_agent_begins_another_study(other: Experiment) -> None:
    assert not extends(small(), other)


def test_an_extension_of_an_extension_is_the_same_study() -> None:
    """The file as it was first is still a file of the study, and takes nothing back."""
    first, wider = small(repeats=2), small({"good": "good", "bad": "bad", "c": "bad"}, repeats=5)
    study = amended(first, wider)
    assert extends(study, first)
    assert amended(study, wider).hash == study.hash
    assert amended(study, first).repeats == 5
    turned = small({"bad": "bad", "good": "good"}, repeats=2)
    assert amended(first, turned).reference == "bad"


def test_a_second_draw_of_the_same_design_is_named(tmp_path: Path, place: LocalPlacement) -> None:
    """Another seed is another study, whose report counts the trials of the first."""
    _, first = run(small(), tmp_path, place)
    _, second = run(small(seed=7), tmp_path, place)
    assert second.folder != first.folder
    (found,) = earlier_runs(tmp_path, second.experiment, but=second.folder)
    assert (found.folder, found.trials, found.arms) == (first.folder.name, 6, ("good", "bad"))
    assert (
        f"6 trials of the same arms (good, bad) on the same tasks are in {first.folder.name}"
        in (report(second).replace("\\", ""))
    )


def test_a_deleted_draw_stays_a_draw(tmp_path: Path, place: LocalPlacement) -> None:
    """Its folder is gone; that its trials were made is told before the next run."""
    _, first = run(small(), tmp_path, place)
    delete(first)
    assert not first.folder.exists()
    assert list_stores(tmp_path) == []
    (found,) = earlier_runs(tmp_path, small(seed=7), but=tmp_path / "x")
    assert (found.trials, found.arms, found.gone) == (6, ("good", "bad"), True)
    assert f"were in {first.folder.name}, deleted since, with the seed 0" in found.words
    assert earlier_runs(tmp_path, small({"c": "hung"}), but=tmp_path / "x") == []


def test_a_study_that_runs_is_not_deleted(tmp_path: Path) -> None:
    store = Store.create(tmp_path, small())
    other = Store(store.folder)
    other.lock()
    with pytest.raises(ConfigurationError, match="is being run by another process"):
        delete(store)
    other.unlock()
    assert store.begun


def test_the_command_deletes_what_is_named_wholly(
    tmp_path: Path, place: LocalPlacement, capsys: pytest.CaptureFixture[str]
) -> None:
    """Never the newest of several, never without being told to."""
    _, first = run(small(), tmp_path, place)
    _, second = run(small(seed=7), tmp_path, place)
    at = ["--results", str(tmp_path), "delete"]
    assert main([*at, "small", "--yes"]) == 2
    assert "2 experiments are called “small”; name one: " in capsys.readouterr().err
    assert main([*at, "smal", "--yes"]) == 2
    assert main([*at, second.folder.name]) == 2
    assert "with 6 trials for good? Say so with --yes." in capsys.readouterr().err
    assert second.begun
    assert main([*at, second.folder.name, "--yes"]) == 0
    assert (first.begun, second.begun) == (True, False)
    assert main([*at, "small", "--yes"]) == 0
    assert list_stores(tmp_path) == []


def test_mended_checks_and_renamed_prompts_make_no_other_trials() -> None:
    """Both are the same to agent and desktop; a prompt's text is not."""
    task, mended = hello_task(), hello_task(checks=[{"file_exists": {"path": "hello.txt"}}])
    assert task.start_hash == mended.start_hash
    assert task.checks_hash != mended.checks_hash
    arms = {
        name: {"prompt": name, "prompt_text": text}
        for name, text in (("a", "Be kind."), ("b", "Be kind."), ("c", "Be quick."))
    }
    a, b, c = define(name="d", arms=arms, tasks=(task,)).arms.values()
    assert a.identity == b.identity != c.identity


def test_a_study_from_before_is_read_and_gone_on_with(
    tmp_path: Path, place: LocalPlacement
) -> None:
    """Trials without the hashes that came later count as trials of their arms."""
    _, store = run(small(), tmp_path, place)
    for trial in store.trials():
        path = trial.folder / "result.json"
        kept = json.loads(path.read_text())
        for name in ("arm_hash", "start_hash", "checks_hash", "seed"):
            del kept[name]
        path.write_text(json.dumps(kept))
    state, store = run(small(repeats=2), tmp_path, place)
    assert state.done == 12
    assert len(list((store.folder / "attempts").iterdir())) == 0
    assert "6 trials" not in report(store) or "12 trials" in report(store)


def test_a_mix_of_versions_is_named() -> None:
    results = recorded(small(), {"good": "ppp", "bad": "fff"})
    mixed = [
        r.model_copy(update={"environment": {"sayso": f"1.{n % 2}"}}) for n, r in enumerate(results)
    ]
    (note,) = analyse(small(), mixed).notes
    assert note == "The trials were run by 2 versions of Sayso: 1.0 (3 trials), 1.1 (3 trials)."


def test_a_study_that_runs_is_not_amended_by_another(tmp_path: Path) -> None:
    store = Store.create(tmp_path, small())
    store.lock()
    with pytest.raises(ConfigurationError, match="another process"):
        Store.create(tmp_path, small(budget=7.0))
    store.unlock()
    assert store.amendments == []


# What is counted -------------------------------------------------------------------------


def test_what_a_person_stopped_says_nothing_of_the_arm() -> None:
    """Stopped and cancelled trials are in no rate, interval, p or verdict, and are told apart."""
    experiment = six()
    cut = recorded(experiment, {"good": "psscce", "bad": "fssccc"})
    whole = [r for r in cut if r.completed]
    a, b = analyse(experiment, cut), analyse(experiment, whole)
    assert a.arms["good"].completed == b.arms["good"].completed
    assert a.arms["good"].intention.tasks == 2
    assert a.comparisons["bad"].success == b.comparisons["bad"].success
    assert (a.done, a.missing) == (2, 10)
    assert any(note.startswith("4 trials stopped amid their work") for note in a.notes)
    assert any(note.startswith("5 trials never ran") for note in a.notes)


def test_errors_of_ours_are_no_arms_failures_in_the_headline() -> None:
    """A broken desktop under one arm leaves its success as it was; that it was uneven is told."""
    experiment = six()
    found = analyse(experiment, recorded(experiment, {"good": "pppeee", "bad": "pppppp"}))
    assert found.arms["good"].completed.value == 1.0
    assert found.arms["good"].intention.value == 0.5
    assert found.comparisons["bad"].success.estimate.value == 0.0
    assert any("uneven: good 3 of 6, bad 0 of 6" in note for note in found.notes)


def test_where_nothing_was_measured_no_verdict_is_given(
    tmp_path: Path, place: LocalPlacement, capsys: pytest.CaptureFixture[str]
) -> None:
    environment = BrokenDesktops(tmp_path / "made", faults=99)
    _, store = run(six(), tmp_path, place, environment)
    assert "Nothing was measured" in report(store)
    assert main(["compare", str(store.folder)]) == 0
    told = capsys.readouterr().out
    assert "Nothing was measured" in told
    assert "No clear difference" not in told
    assert "0 %" not in told


def test_under_six_tasks_a_difference_cannot_be_significant() -> None:
    """Five of five is not enough at any effect; six are, and with two comparisons seven."""
    arms = {"bad": "bad", "good": "good"}
    five = small(arms, [hello_task(f"t{n}") for n in range(5)])
    found = analyse(five, recorded(five, {"bad": "fffff", "good": "ppppp"})).comparisons["good"]
    assert "with 5 tasks it cannot be significant, it takes 6" in verdict(found)
    three = small({**arms, "third": "good"}, [hello_task(f"t{n}") for n in range(6)])
    letters = {"bad": "ffffff", "good": "pppppp", "third": "pppppp"}
    found = analyse(three, recorded(three, letters)).comparisons["good"]
    assert "it takes 7" in verdict(found)
    assert forecast(five).power == dict.fromkeys(forecast(five).power, 0.0)


# Looks -----------------------------------------------------------------------------------


def test_every_look_is_in_the_verdict(tmp_path: Path, place: LocalPlacement) -> None:
    """A peek at a cut run counts, and so does the look at a whole one that is extended then."""
    experiment = six()
    runner: Runner
    once = threading.Event()

    def watch(state: RunState) -> None:
        if state.done >= 4 and not once.is_set():
            once.set()
            runner.cancel("Enough.")

    runner = Runner(experiment, tmp_path, place, environment=FakeEnvironment(), tell=watch)
    runner.run()
    store = runner.store
    assert store.look("report") == 1
    run(experiment, tmp_path, place)
    assert store.look("report") == 1
    assert "looked at once before the end" in report(store)
    run(six(repeats=2), tmp_path, place)
    analysis = analyse(store.experiment, store.results())
    (told,) = verdicts(analysis, store.looks(store.results()))
    assert "looked at 3 times before the end, so p is too small" in told


# The command -----------------------------------------------------------------------------


def test_ctrl_c_ends_with_its_own_code_and_counts_as_a_look(
    tmp_path: Path, in_memory: None, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was cut is neither failure nor error; the same command goes on."""
    for n in range(6):
        write_task(tmp_path, f"t{n}")
    file = write(tmp_path / "cli.yaml", arms={"good": {"model": "good"}, "hung": {"model": "hung"}})
    arguments = ["--results", str(tmp_path / "r"), "run", str(file), "--unproved"]

    interrupt_after(1, tmp_path / "r")
    assert main(arguments) == 130
    told = capsys.readouterr().out
    assert re.search(r"^hung +\N{EN DASH}$", told, re.MULTILINE)
    assert "100 %" in told
    (folder,) = (tmp_path / "r").glob("cli-*")
    assert Store(folder).looks(Store(folder).results()) == 1
    statuses = Counter(r.status for r in Store(folder).results())
    assert statuses["stopped_by_user"]
    assert statuses["cancelled"]
