"""The benchmark of DesktopInterrupt: who speaks, what is run, and what its tables say."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from interrupt_stage import TASKS, PaperEnvironment, on_paper

from agent.experiments.plan.desktop_interrupt import INTENTS, MOMENTS
from agent.experiments.plan.spec import Status
from agent.experiments.plan.trial import TrialResult
from agent.experiments.results.agreement import agreement
from agent.experiments.run.placement import LocalPlacement
from agent.experiments.run.runner import Runner
from benchmarks.interrupt import quick_tasks, study
from benchmarks.interrupt_people import PeopleEnvironment, voice_of
from benchmarks.interrupt_report import agreed, markdown, rows, success, unproved

AGENTS = ("oracle", "benchmarks.interrupt_agents:deaf")


class PaperPeople(PaperEnvironment, PeopleEnvironment):
    """People who are heard, at desks of paper."""


@pytest.fixture(scope="module")
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(16) as pool:
        yield pool


# People ---------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("arm", ["oracle", "nothing"])
async def test_words_go_through_the_conversation_that_a_page_has(
    arm: str, threads: ThreadPoolExecutor
) -> None:
    """Every intent is understood from its words alone, over what the agent says as well."""
    names = [
        "minutes-addition-thinking", "minutes-revision-typing", "minutes-retraction-done",
        "minutes-stop-batch", "minutes-aside-speaking", "minutes-overheard-done",
        "trip-approval-batch", "garden-approval-speaking",
    ]  # fmt: skip
    loop = asyncio.get_running_loop()
    people = PaperPeople("text")
    found = await asyncio.gather(
        *(loop.run_in_executor(threads, on_paper, name, arm, people) for name in names)
    )
    ends = {result.task: (result.status, result.reason) for result in found}
    wanted = "passed" if arm == "oracle" else "failed"
    assert {end for end, _ in ends.values()} == {wanted}, ends
    if arm == "oracle":
        numbers = {result.task: result.metrics for result in found}
        assert all(one["unheard_words"] == 0.0 for one in numbers.values())
        assert all(one["in_moment"] == 1.0 for one in numbers.values())
        assert numbers["minutes-overheard-done"]["unsaid_words"] == 0.0
        assert numbers["minutes-overheard-done"]["needless_tasks"] == 0.0
        assert numbers["minutes-aside-speaking"]["needless_stops"] == 0.0
        assert numbers["minutes-stop-batch"]["late_actions"] == 0.0
        assert numbers["minutes-retraction-done"]["undone"] == 1.0


def test_what_is_overheard_has_another_voice_than_the_person() -> None:
    for name in ("minutes", "trip"):
        person = voice_of(TASKS[f"{name}-addition-done"])
        assert person == voice_of(TASKS[f"{name}-stop-batch"])
        assert person != voice_of(TASKS[f"{name}-overheard-done"])


# What is run ----------------------------------------------------------------------------


def test_the_quick_run_has_every_intent_and_every_moment() -> None:
    asked = [task.interruption for task in quick_tasks()]
    assert [one.intent for one in asked if one] == list(INTENTS)
    assert {one.moment for one in asked if one} == set(MOMENTS)


def test_arms_are_named_after_agents_and_told_in_their_words() -> None:
    """Sound and words are different studies; the offline model is told voice commands."""
    agents = [*AGENTS, "offline", "openai:gpt-5.5"]
    experiment = study(agents, quick_tasks(), "sound", repeats=2)
    assert list(experiment.arms) == ["oracle", "deaf", "offline", "gpt-5.5"]
    assert experiment.arms["offline"].phrasing == "commands"
    assert experiment.name != study(agents, quick_tasks(), "text").name
    assert len(experiment.cells()) == 4 * 7 * 2


@pytest.mark.slow
def test_a_study_is_run_and_told_in_a_table(tmp_path: Path) -> None:
    """By the runner that all experiments have, agents of another make beside Sayso's own."""
    tasks = [TASKS["minutes-stop-batch"], TASKS["trip-overheard-done"]]
    experiment = study(AGENTS, tasks, "text")
    place = LocalPlacement(4)
    runner = Runner(experiment, tmp_path, place, environment=PaperPeople("text"))
    runner.run()
    place.close()
    results = runner.store.results()
    table = rows(experiment, results)
    assert table["oracle"]["success"].startswith("100 %")
    assert table["deaf"]["success"].startswith("50 %")
    assert table["deaf"]["errors of ours"] == "0"
    text = markdown(experiment, results)
    assert "| | oracle | deaf |" in text
    assert "| stop |  | 0/1 |  |  |  |" in text
    assert unproved(results, {"oracle": "passed", "deaf": "failed"}) == [
        "deaf on trip-overheard-done: passed, not failed. All checks hold."
    ]


# What tables say ------------------------------------------------------------------------


def ended(task: str, *statuses: Status, **metrics: float) -> list[TrialResult]:
    """Repeats of a case."""
    return [
        TrialResult(
            id=f"a--{task}--{n}", experiment="", arm="a", task=task, task_hash="", repeat=n,
            status=status, metrics=metrics,
        )
        for n, status in enumerate(statuses)
    ]  # fmt: skip


def cases(*pairs: tuple[Status, Status]) -> list[TrialResult]:
    return [one for n, pair in enumerate(pairs) for one in ended(f"t{n}", *pair)]


def test_agreement_is_cohens_kappa() -> None:
    """By a textbook's table: 20 and 15 alike, 5 and 10 not, of 50."""
    both: Sequence[tuple[Status, Status]] = [
        *[("passed", "passed")] * 20,
        *[("passed", "failed")] * 5,
        *[("failed", "passed")] * 10,
        *[("failed", "limit")] * 15,
    ]
    found = agreement(cases(*both))
    assert (found.cases, found.same) == (50, 35)
    assert found.kappa == pytest.approx(0.4)
    assert found.low < 0.4 < found.high


def test_runs_that_all_end_alike_have_no_kappa() -> None:
    """There is nothing to agree about; that is said, and no number is made up."""
    results = cases(("passed", "passed"), ("passed", "passed"))
    assert math.isnan(agreement(results).kappa)
    assert agreed(results) == "Two runs: 2 of 2 cases end alike, all in the same way."
    assert agreed(ended("t", "passed")) == ""


def test_what_did_not_come_to_an_end_agrees_with_nothing() -> None:
    found = agreement(cases(("passed", "error"), ("failed", "failed"), ("passed", "passed")))
    assert (found.cases, found.same, found.kappa) == (2, 2, 1.0)


def test_success_is_over_cases_with_an_interval() -> None:
    told = success([*ended("x", "passed"), *ended("y", "failed")])
    assert told.startswith("50 % [")
    assert told.endswith("n=2")
    assert success([]) == "-"


def test_numbers_are_of_the_cases_that_have_them() -> None:
    experiment = study(["oracle"], quick_tasks(), "text")
    results = [
        r.model_copy(update={"arm": "oracle"})
        for r in (
            *ended("x", "passed", undone=1.0, last_input_seconds=0.5),
            *ended("y", "passed", last_input_seconds=1.5),
            *ended("z", "error", last_input_seconds=99.0),
        )
    ]
    row = rows(experiment, results)["oracle"]
    assert row["side effects undone"] == "100 %, n=1"
    assert row["time to last input s (p50, p95)"] == "1.00, 1.45, n=2"
    assert row["needless stops"] == "-"
    assert row["errors of ours"] == "1"
