"""Sayso's tasks run by inspect_ai: its runner, its log, our agent and checks."""

from __future__ import annotations

from pathlib import Path

import pytest
from lab_stage import FakeEnvironment, hello_task

from agent.desktop.base import Desktop
from agent.errors import ConfigurationError
from agent.experiments.inspect_task import inspect_task
from agent.experiments.plan.spec import Arm
from agent.settings import Settings
from agent.testing.fake_desktop import FakeDesktop

pytestmark = [  # streams and loops that inspect_ai leaves open
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


@pytest.mark.parametrize(("model", "value"), [("good", "C"), ("bad", "I")])
def test_inspect_runs_our_agent_on_our_tasks(model: str, value: str, tmp_path: Path) -> None:
    """A sample a task and repeat, with the conversation, judged by the task's checks."""
    ai = pytest.importorskip("inspect_ai")
    tasks = [hello_task("one"), hello_task("two")]
    made = inspect_task(Arm(model=model), tasks, repeats=2, environment=FakeEnvironment())
    (log,) = ai.eval(made, model="none/none", log_dir=str(tmp_path), display="none", max_samples=2)
    assert log.status == "success", log.error
    assert {(s.id, s.epoch) for s in log.samples} == {(t.id, n) for t in tasks for n in (1, 2)}
    assert {s.scores["checker"].value for s in log.samples} == {value}
    roles = [m.role for m in log.samples[0].messages]
    assert roles[:2] == ["system", "user"]
    assert "tool" in roles


class Broken(FakeEnvironment):
    """Its desktops cannot start."""

    def desktop(self, settings: Settings) -> Desktop:
        return FakeDesktop(unavailable="Xvnc is not installed.")


def test_an_error_of_ours_is_the_samples_error(tmp_path: Path) -> None:
    ai = pytest.importorskip("inspect_ai")
    made = inspect_task(Arm(model="good"), [hello_task("one")], environment=Broken())
    (log,) = ai.eval(
        made, model="none/none", log_dir=str(tmp_path), display="none", fail_on_error=False
    )
    (sample,) = log.samples
    assert sample.error is not None
    assert "Xvnc is not installed" in sample.error.message
    assert not sample.scores


def test_no_task_of_a_tag_is_told() -> None:
    pytest.importorskip("inspect_ai")
    with pytest.raises(ConfigurationError, match="No task has one of the tags nowhere"):
        inspect_task(Arm(model="offline"), tags=["nowhere"])
