"""DesktopInterrupt on real windows, told in words: what is wanted passes, the rest does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.experiments.plan.desktop_interrupt import interrupt_tasks
from agent.experiments.run.placement import LocalPlacement
from agent.experiments.run.runner import Runner
from benchmarks.interrupt import PROOFS, study
from benchmarks.interrupt_people import PeopleEnvironment
from benchmarks.interrupt_report import unproved

pytestmark = [pytest.mark.desktop, pytest.mark.slow]

PLAYED = ("minutes-revision-typing", "garden-stop-batch")


def test_words_into_real_windows_end_as_they_must(tmp_path: Path) -> None:
    """Typed text is corrected, and a batch is stopped."""
    tasks = [task for task in interrupt_tasks() if task.id in PLAYED]
    assert len(tasks) == len(PLAYED)
    experiment = study(list(PROOFS), tasks, "text")
    place = LocalPlacement()
    runner = Runner(experiment, tmp_path, place, environment=PeopleEnvironment("text"))
    runner.run()
    place.close()
    results = runner.store.results()
    assert len(results) == len(PROOFS) * len(PLAYED)
    assert unproved(results, PROOFS) == []
    own = [r for r in results if r.arm == "oracle"]
    assert {r.metrics["in_moment"] for r in own} == {1.0}
    assert all(r.metrics["late_actions"] == 0.0 for r in own)
