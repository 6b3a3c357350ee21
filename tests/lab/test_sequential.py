"""A declared sequential study may be looked at and stopped whenever one likes."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from lab_stage import FakeEnvironment, hello_task, small
from test_results import recorded

from agent.errors import ConfigurationError
from agent.experiments.plan.amending import extends
from agent.experiments.plan.spec import Experiment
from agent.experiments.results.compare import analyse
from agent.experiments.results.gate import gate
from agent.experiments.results.report import report
from agent.experiments.results.words import verdict
from agent.experiments.run.placement import LocalPlacement
from agent.experiments.run.runner import Runner
from agent.experiments.sequential import compare_always


def study(tasks: int, **fields: object) -> Experiment:
    chosen = [hello_task(f"t{n:02d}") for n in range(tasks)]
    return small({"bad": "bad", "good": "good"}, chosen, sequential=True, **fields)


def test_false_alarms_stay_rare_though_one_looks_after_every_task() -> None:
    """400 studies of equal arms, one try a task and harsh: at most 5 % ever leave 0 out."""
    rng, alarms = np.random.default_rng(11), 0
    for _ in range(400):
        differences = rng.choice([-1.0, 1.0], 40)
        alarms += compare_always(list(differences)).p < 0.05
    assert alarms / 400 <= 0.05


def test_the_usual_test_would_not_have_kept_its_promise() -> None:
    """The same looks with a test for a fixed end: that is what the option is for."""
    rng, alarms = np.random.default_rng(11), 0
    for _ in range(400):
        sums = np.abs(np.cumsum(rng.choice([-1.0, 1.0], 40)))
        counts = np.arange(1, 41)
        alarms += bool((sums[5:] > 1.96 * np.sqrt(counts[5:])).any())
    assert alarms / 400 > 0.12


@pytest.mark.parametrize("real", [-0.4, 0.0, 0.25])
def test_the_interval_holds_the_truth_at_every_look(real: float) -> None:
    """It is what was never left out: one that once missed the truth never regains it."""
    rng, missed = np.random.default_rng(4), 0
    for _ in range(200):
        differences = rng.choice([-1.0, 0.0, 1.0], 50, p=[0.25 - real / 2, 0.5, 0.25 + real / 2])
        found = compare_always(list(differences)).estimate
        missed += not found.low <= real <= found.high
    assert missed / 200 <= 0.05


def test_p_and_interval_come_from_one_capital() -> None:
    rng = np.random.default_rng(2)
    for shift in (0.0, 0.3, 0.6):
        found = compare_always(list(np.clip(rng.normal(shift, 0.4, 25), -1, 1)))
        assert (found.estimate.low <= 0 <= found.estimate.high) == (found.p >= 0.05)


def test_a_large_effect_is_found_and_more_only_sharpens_it() -> None:
    """Twelve of twelve fixed; extremes are no exception; nothing is undefined but nothing."""
    few, many = compare_always([1.0] * 12), compare_always([1.0] * 200)
    assert few.p < 0.05
    assert many.p < few.p
    assert 0 < few.estimate.low < many.estimate.low <= many.estimate.high == 1.0
    assert compare_always([-1.0] * 12).estimate.high < 0
    assert math.isnan(compare_always([]).p)


def test_the_verdict_goes_by_it_and_needs_no_end() -> None:
    """Of twenty tasks fourteen are done; looks do not weaken it; a gate may pass early."""
    experiment = study(20)
    results = recorded(experiment, {"bad": "f" * 14 + "c" * 6, "good": "p" * 14 + "c" * 6})
    found = analyse(experiment, results).comparisons["good"]
    told = verdict(found, looks=9)
    assert "passes more often" in told
    assert "14 tasks; it holds however often one looks" in told
    assert "too small" not in told
    (held,) = gate(experiment, results, 10, looks=9)
    assert held.outcome == "passed"


def test_only_tasks_in_their_order_are_judged() -> None:
    """One that is still to come holds back those behind it; an error of ours is passed over."""
    experiment = study(8)
    waits = recorded(experiment, {"bad": "fffcffff", "good": "pppppppp"})
    assert analyse(experiment, waits).comparisons["good"].success.estimate.tasks == 3
    breaks = recorded(experiment, {"bad": "fffeffff", "good": "pppppppp"})
    assert analyse(experiment, breaks).comparisons["good"].success.estimate.tasks == 7


def test_tasks_come_one_after_another_with_all_their_repeats() -> None:
    cells = study(3, repeats=2).cells()
    assert [task.id for _, task, _ in cells] == ["t00"] * 4 + ["t01"] * 4 + ["t02"] * 4
    assert [repeat for _, _, repeat in cells[:4]] == [0, 0, 1, 1]


def test_what_is_declared_cannot_be_declared_later() -> None:
    """Neither the option nor the number of repeats may follow the results; tasks may be added."""
    assert not extends(study(6), study(6).model_copy(update={"sequential": False}))
    assert not extends(study(6), study(6, repeats=2))
    assert extends(study(6), study(9))
    assert "sequential" not in small().model_dump_json()
    with pytest.raises(ConfigurationError, match="of success or score, not seconds"):
        study(6, primary="seconds")


def test_a_sequential_study_is_run_and_reported_as_one(tmp_path: Path) -> None:
    place = LocalPlacement(2)
    runner = Runner(study(12), tmp_path, place, environment=FakeEnvironment())
    runner.run()
    place.close()
    runner.store.look("page")
    text = report(runner.store)
    assert "good passes more often than bad" in text
    assert "confidence sequence by betting; betting, valid at any time" in text
    assert "Declared sequential" in text
    assert "p is too small" not in text
