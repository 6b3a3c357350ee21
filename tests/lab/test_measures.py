"""A measure is declared once; whatever computes, compares or shows numbers reads the table."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from examples import run
from lab_stage import FakeEnvironment, hello_task, small

from agent.errors import ConfigurationError
from agent.experiments import metrics, metrics_spoken
from agent.experiments.measures import MEASURES, MeasureKind, add_measure, measure, measures
from agent.experiments.results.compare import analyse
from agent.experiments.results.report import report
from agent.experiments.results.words import verdict
from agent.experiments.run.placement import LocalPlacement
from agent.experiments.run.runner import Runner
from dashboard.display.lab import trial as notebook_trial


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    """What a test adds is known to that test only."""
    yield
    for name in ("typed", "bad"):
        MEASURES.forget(name)


@pytest.mark.slow
def test_a_measure_is_wherever_measures_are(tmp_path: Path) -> None:
    """One declaration: the trial, the comparison and its verdict, the report, notebook."""
    with pytest.raises(ConfigurationError, match="no such measure; choose from success, score"):
        small(primary="typed")
    add_measure(run("typed")["TYPED"])
    experiment = small(tasks=[hello_task(f"t{n}") for n in range(8)], primary="typed")
    place = LocalPlacement(2)
    runner = Runner(experiment, tmp_path, place, environment=FakeEnvironment())
    runner.run()
    place.close()
    store = runner.store
    analysis = analyse(experiment, store.results())
    assert {result.metrics["typed"] for result in store.results()} == {5.0}
    assert analysis.comparisons["bad"].ratios["typed"].estimate.value == 1.0
    assert verdict(analysis.comparisons["bad"]).startswith("No clear difference in typed")
    twice = [
        r.model_copy(update={"metrics": r.metrics | {"typed": 10.0 + n}}) if r.arm == "bad" else r
        for n, r in enumerate(store.results())
    ]
    assert "bad types more than good" in verdict(analyse(experiment, twice).comparisons["bad"])
    text = report(store)
    assert "| characters typed | 5.00 | 5.00 |" in text
    assert "| typed (primary) | 1.00 times" in text
    assert "Characters typed" in notebook_trial(store.trial(store.results()[0].id))
    assert set(store.results()[0].metrics) <= set(measures())


def test_a_measure_that_raises_costs_its_number_only(caplog: pytest.LogCaptureFixture) -> None:
    add_measure(MeasureKind("bad", "Bad", lambda events: 1 / 0))
    found = measure([])
    assert "bad" not in found
    assert found["turns"] == 0.0
    assert [record for record in caplog.records if record.exc_info]


def test_every_number_that_is_computed_is_declared() -> None:
    """By the source of what computes them: the keys of the numbers that its functions return."""
    computed = {
        key.value
        for module in (metrics, metrics_spoken)
        for function in ast.walk(ast.parse(Path(module.__file__).read_text("utf-8")))
        if isinstance(function, ast.FunctionDef)
        for table in ast.walk(function)
        if isinstance(table, ast.Dict)
        for key in table.keys
        if isinstance(key, ast.Constant)
    }
    assert {"turns", "redirects_obeyed", "false_done"} <= computed
    assert computed <= set(measures())
