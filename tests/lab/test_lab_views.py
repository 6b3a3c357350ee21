"""What views and notebooks ask the laboratory for: design, progress, pairs, trials, prompts."""

from __future__ import annotations

import asyncio
import math
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lab_stage import FakeEnvironment, SlowEnvironment, hello_task, small

from agent.errors import ConfigurationError
from agent.experiments.live import LiveRun, RunProgress
from agent.experiments.plan.design import diff_words, summarise_design
from agent.experiments.plan.spec import Experiment, define
from agent.experiments.results.paired import cost_and_success, pair
from agent.experiments.results.prompts import changes, prompt_history
from agent.experiments.results.timeline import first_divergence, view_trial
from agent.experiments.run.placement import LocalPlacement
from agent.experiments.run.store import Store
from agent.record.spending import Spending
from dashboard.views.lab.runs import Runs


@pytest.fixture
def place() -> Iterator[LocalPlacement]:
    place = LocalPlacement(2)
    yield place
    place.close()


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Good and bad arms with prompts of their own on three tasks, twice, recorded once."""
    return record(tmp_path_factory.mktemp("views"), prompted("Look first. Then act."))


def prompted(text: str, name: str = "prompted") -> Experiment:
    arms = {
        "bad": {"model": "bad", "prompt_text": "Act at once."},
        "good": {"model": "good", "prompt": "careful", "prompt_text": text},
    }
    tasks = tuple(hello_task(f"t{n}") for n in range(3))
    return define(
        name=name, arms=arms, tasks=tasks, repeats=2, hypothesis="Looking helps.", budget=99.0
    )


def record(root: Path, experiment: Experiment) -> Store:
    place = LocalPlacement(2)
    run = LiveRun(experiment, root, placement=place, environment=FakeEnvironment()).start()
    assert run.wait(60).phase == "finished", run.progress
    place.close()
    return run.store


async def test_what_trials_cost_counts_towards_the_day(tmp_path: Path) -> None:
    """A run ends when the day's money is used, and none that costs something begins after it."""
    spending, place = Spending(1.0, 0.0), LocalPlacement(1)
    environment = SlowEnvironment(tmp_path / "attempts")

    def live(experiment: Experiment, root: Path, **given: Any) -> LiveRun:
        return LiveRun(experiment, root, **given | {"placement": place, "environment": environment})

    runs = Runs(
        tmp_path / "experiments",
        lambda dollars: spending.pay(dollars, "anna"),
        lambda: spending.refusal("anna"),
        live,
    )
    paid = small({"a": "paid", "b": "paid"}, repeats=4, budget=99.0)
    await runs.start(paid, 1)
    async with asyncio.timeout(60):
        while runs.running or not spending.refusal("anna"):
            await asyncio.sleep(0.05)
    ended = runs.progress(paid.folder_name)
    assert ended is not None
    assert "You have used the 1.00 dollars" in " ".join(ended.notes)
    assert 1.0 <= ended.spent < 8 * 0.4
    with pytest.raises(ConfigurationError, match=r"You have used the 1\.00 dollars"):
        await runs.start(paid, 1)
    free = small({"a": "good", "b": "paid"}, repeats=1, name="again", budget=99.0)
    with pytest.raises(ConfigurationError, match="one person may spend"):
        await runs.start(free, 1)
    place.close()


def test_a_design_shows_only_what_differs() -> None:
    """Model and prompt differ, the rest is left out; two differences are warned of."""
    summary = summarise_design(prompted("Look first. Then act."))
    assert set(summary.differing) == {"model", "prompt"}
    assert summary.differing["prompt"]["good"].startswith("careful (")
    assert summary.trials == 12
    assert list(summary.prompt_changes) == ["good"]
    assert any("cannot be put down to one" in warning for warning in summary.warnings)
    assert any("3 tasks" in warning for warning in summary.warnings)


def test_arms_that_are_the_same_are_warned_of() -> None:
    """An experiment of equal arms can only find chance."""
    summary = summarise_design(small({"a": "good", "b": "good"}))
    assert summary.differing == {}
    assert any("same as the baseline" in warning for warning in summary.warnings)


def test_tasks_that_need_no_look_at_the_screen_are_named() -> None:
    """With a shell they measure commands; two of three are most, one of three is not."""
    blind = [hello_task(f"b{n}", oracle=[{"shell": "true"}]) for n in range(2)]
    seen = hello_task("seen", oracle=[{"wait": {"window": "x"}}, {"click": [1, 1]}])
    told = "can be done by commands"
    assert "2 of 3 tasks can be done by commands" in _weak(small(tasks=[*blind, seen]))
    assert "b0, b1" in _weak(small(tasks=[*blind, seen]))
    assert told not in _weak(small(tasks=[blind[0], seen, hello_task("no-oracle")]))
    shut = [task.model_copy(update={"gui_only": True}) for task in blind]
    assert told not in _weak(small(tasks=[*shut, seen]))
    bare = define(
        name="d", arms={"a": {"tools": ["computer"]}, "b": {"tools": ["computer"]}}, tasks=blind
    )
    assert told not in _weak(bare)


def test_tasks_that_use_the_network_are_named() -> None:
    online = hello_task("online", reach=["wiki:8080"])
    assert "1 task may use the network (online)" in _weak(small(tasks=[online, hello_task()]))
    assert "network" not in _weak(small(tasks=[hello_task()]))


def _weak(experiment: Experiment) -> str:
    """What a design is warned of."""
    return " ".join(summarise_design(experiment).warnings)


def test_a_prompt_diff_gives_both_texts_back() -> None:
    """Joining what stayed and what was removed (or added) gives the old (or new) text."""
    old, new = "Click the button.\nThen wait.", "Look, then click the button.\nWait."
    pieces = diff_words(old, new)
    assert "".join(p.text for p in pieces if p.change != "added") == old
    assert "".join(p.text for p in pieces if p.change != "removed") == new


def test_progress_tells_cells_and_ends_with_a_report(tmp_path: Path, place: LocalPlacement) -> None:
    """Every cell fills up; pictures and states come on the way; the report is there at the end."""
    seen: list[RunProgress] = []
    run = LiveRun(
        small(repeats=2),
        tmp_path,
        placement=place,
        environment=FakeEnvironment(),
        on_change=seen.append,
    ).start()
    last = run.wait(60)
    assert (last.phase, last.done, last.running) == ("finished", 12, ())
    assert all((cell.done, cell.planned) == (2, 2) for cell in last.cells)
    assert {cell.arm for cell in last.cells if cell.passed == 2} == {"good"}
    assert any(trial.state for progress in seen for trial in progress.running)
    assert (run.store.folder / "report.md").exists()


async def test_a_trial_is_stopped_then_the_rest_cancelled(
    tmp_path: Path, place: LocalPlacement
) -> None:
    """Stop ends one trial; cancel ends the run; both are told in the progress."""
    tasks = [hello_task(f"t{n}") for n in range(6)]
    stopped = threading.Event()

    def watch(progress: RunProgress) -> None:
        if progress.running and not stopped.is_set():
            stopped.set()
            run.stop_trial(progress.running[0].id)
        if progress.statuses.get("stopped_by_user"):
            run.cancel("Enough.")

    run = LiveRun(
        small({"hung": "hung"}, tasks),
        tmp_path,
        placement=place,
        environment=FakeEnvironment(),
        on_change=watch,
    )
    last = await run.start().finished()
    assert last.statuses["stopped_by_user"] >= 1
    assert last.statuses["cancelled"] >= 1
    assert "Enough." in last.notes


def test_a_run_that_cannot_begin_says_why(tmp_path: Path, place: LocalPlacement) -> None:
    """A folder that is in use ends the run as failed, with the reason."""
    first = Store.create(tmp_path, small())
    first.lock()
    last = (
        LiveRun(small(), tmp_path, placement=place, environment=FakeEnvironment()).start().wait(60)
    )
    first.unlock()
    assert last.phase == "failed"
    assert "another process" in last.error


def test_arms_are_paired_task_by_task(store: Store) -> None:
    """Rates, difference, trials to open, fixed tasks and a sentence."""
    pairing = pair(store.experiment, store.results())
    assert (pairing.a, pairing.b) == ("bad", "good")
    first = pairing.tasks[0]
    assert (first.a.rate, first.b.rate, first.change) == (0.0, 1.0, "fixed")
    assert first.b.trials == ("good--t0--000", "good--t0--001")
    assert "no file hello.txt" in first.a.reason
    assert pairing.fixed == ("t0", "t1", "t2")
    assert pairing.success.estimate.value == 1.0
    turned = pair(store.experiment, store.results(), "good", "bad")
    assert turned.broken == ("t0", "t1", "t2")
    assert turned.success.estimate.value == -1.0


def test_pairs_without_trials_are_missing(store: Store) -> None:
    """One arm alone: no difference, no crash; an unknown arm is told with the known ones."""
    alone = [r for r in store.results() if r.arm == "good"]
    pairing = pair(store.experiment, alone)
    assert {t.change for t in pairing.tasks} == {"missing"}
    assert math.isnan(pairing.success.estimate.value)
    with pytest.raises(ConfigurationError, match="bad, good"):
        pair(store.experiment, alone, "bad", "odd")


def test_cost_and_success_of_every_arm(store: Store) -> None:
    """A point an arm, with intervals and what the time went to."""
    bad, good = cost_and_success(store.experiment, store.results())
    assert (bad.success.value, good.success.value) == (0.0, 1.0)
    assert good.dollars.value == 0.0
    assert good.dollars_per_success == 0.0
    assert math.isnan(bad.dollars_per_success)
    assert set(good.time) == {"model", "tools", "person", "rest"}


def test_a_trial_is_seen_in_lanes(store: Store) -> None:
    """Instruction, turns, actions and last word in order, with files of pictures that exist."""
    view = view_trial(store.trial("good--t0--000"))
    assert view.instruction == "Write hello into hello.txt."
    assert view.prompt == "Look first. Then act."
    lanes = [step.lane for step in view.steps]
    assert lanes[0] == "heard"
    assert lanes.count("model") == 2
    assert lanes.count("tools") == 1
    tool = next(step for step in view.steps if step.lane == "tools")
    assert "hello" in tool.label
    assert tool.picture is None or tool.picture.is_file()
    assert view.steps[-1].lane == "said"
    assert all(step.end >= step.begin >= 0 for step in view.steps)
    assert all(picture.path.is_file() for picture in view.pictures)


def test_where_two_trials_part(store: Store) -> None:
    """The same actions part nowhere; a trial that acts less parts at its end."""
    one = store.trial("good--t0--000").events()
    two = store.trial("bad--t0--000").events()
    assert first_divergence(one, two) is None
    parting = first_divergence(one, [e for e in two if not e.kind.startswith("action")])
    assert parting is not None
    assert (parting.step, parting.b) == (1, "")
    assert "hello" in parting.a


def test_prompts_are_known_by_content(tmp_path: Path) -> None:
    """Two texts of one name are two versions, linked; each tells its experiments and outcomes."""
    record(tmp_path, prompted("Look first."))
    record(tmp_path, prompted("Look first. Then act.", name="again"))
    versions = prompt_history(tmp_path)
    careful = [v for v in versions if "careful" in v.names]
    assert [v.text for v in careful] == ["Look first. Then act.", "Look first."]
    assert careful[0].before == careful[1].hash
    assert careful[0].uses[0].experiment == "again"
    assert (careful[0].uses[0].passed, careful[0].uses[0].trials) == (6, 6)
    both = next(v for v in versions if v.text == "Act at once.")
    assert {use.experiment for use in both.uses} == {"prompted", "again"}
    assert any(piece.change == "added" for piece in changes(careful[1], careful[0]))
    assert any(v.shipped and not v.uses for v in versions)
