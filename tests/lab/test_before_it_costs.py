"""What would end in errors is told before anything is run or paid for; tasks are proved."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from lab_files import in_memory, write, write_task
from lab_stage import FakeEnvironment, hello_task, small

from agent.desktop.base import Desktop
from agent.errors import ConfigurationError, DesktopDied, ModelUnavailable
from agent.experiments.__main__ import main
from agent.experiments.live import LiveRun
from agent.experiments.plan.design import summarise_design
from agent.experiments.plan.spec import Arm, Experiment, define, load_experiment
from agent.experiments.plan.task import Task, builtin_tasks
from agent.experiments.run.breaker import EQUAL_ERRORS
from agent.experiments.run.placement import LocalPlacement
from agent.experiments.run.preflight import check_first, faults, task_faults
from agent.experiments.run.prove import prove, unproved
from agent.experiments.run.runner import Runner
from agent.experiments.run.trial_environment import TrialEnvironment
from agent.models.base import Model
from agent.settings import Settings

ROOT = Path(__file__).parents[2]
__all__ = ["in_memory"]  # a fixture of these tests


@pytest.fixture(autouse=True)
def no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL"):
        monkeypatch.delenv(name, raising=False)


# Checks ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("check", "told"),
    [
        ({"listing": {"equals": ["a"]}}, "“listing” takes no “equals”; there are exactly, path"),
        ({"listing": {"exactli": ["a"]}}, "did you mean “exactly”?"),
        ({"listing": {}}, "“listing” lacks exactly"),
        ({"listing": {"exactly": "a.txt"}}, "exactly of the check “listing”"),
        ({"file_txt": {"path": "a"}}, "did you mean “file_text”?"),
        ({"file_text": {"path": "a", "equal": "x"}}, "did you mean “equals”?"),
        ({"file_text": {"path": "a", "equals": 8080}}, "not 8080"),
        ({"file_text": {"path": "a", "matches": "("}}, "is no pattern"),
        ({"windows": {"includes": ["["]}}, "is no pattern"),
        ({"unchanged": {"path": "gone.txt"}}, "gone.txt, which the task does not bring"),
        ({"file_exists": "a"}, "takes its arguments by name"),
        ({"absent": {"path": "a"}, "acted": {}}, "one name with its arguments"),
    ],
)
def test_a_check_is_bound_to_what_it_takes(check: dict[str, Any], told: str) -> None:
    """The sentence names the task, what is wrong, and what would be right."""
    (found,) = task_faults(hello_task("mine", checks=[check]))
    assert found.startswith("Task mine: ")
    assert told in found


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("def check(state):\n    return len(state.text('a').split()), ''\n", "NoneType"),
        ("def check(state):\n    raise KeyError('oops')\n", "oops"),
        ("def check(state):\n    return True\n", "not (score, reason)"),
        ("def chek(state):\n    return 1, ''\n", "check"),
        ("import nowhere_at_all\n", "nowhere_at_all"),
    ],
)
def test_a_checker_is_tried_on_the_tasks_start(source: str, told: str) -> None:
    (found,) = task_faults(hello_task(checker=source))
    assert "On the task's start" in found
    assert told in found


def test_an_oracle_of_unknown_steps_is_told() -> None:
    (found,) = task_faults(hello_task(oracle=[{"klick": "a"}]))
    assert "oracle: There is no step “klick”" in found


@pytest.mark.parametrize("name", sorted(builtin_tasks()))
def test_nothing_is_wrong_with_the_tasks_that_come_with_sayso(name: str) -> None:
    assert task_faults(builtin_tasks()[name]) == []


# Arms ------------------------------------------------------------------------------------


def found(**arm: object) -> list[str]:
    arms = {"a": Arm.model_validate(arm)}
    experiment = define(name="e", arms=arms, tasks=(hello_task(phrasings={"steps": "Do it."}),))
    return faults(experiment, TrialEnvironment())


@pytest.mark.parametrize(
    ("arm", "told"),
    [
        ({"phrasing": "stepz"}, "no task has the wording “stepz”; did you mean “steps”?"),
        ({"model": "gpt-5"}, "there is no model “gpt-5”"),
        ({"model": "claud-sonnet-5-5"}, "did you mean “claude-sonnet-5-5”?"),
        ({"model": "claude-sonnet-5-5"}, "needs ANTHROPIC_API_KEY"),
        ({"model": "cassette:/nowhere/{task}.jsonl"}, "no cassette /nowhere/hello.jsonl"),
        ({"model": "cassette:"}, "lacks a path"),
        ({"prompt_text": "Hello {{ nobody }}"}, "nobody"),
    ],
)
def test_an_arm_that_cannot_be_tried_is_told(arm: dict[str, Any], told: str) -> None:
    (fault,) = found(**arm)
    assert fault.startswith("Arm a: ")
    assert told in fault


def test_a_service_that_does_not_answer_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server of one's own may call its models as it likes, but must be there."""
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "http://127.0.0.1:9")
    (fault,) = found(model="gpt-5")
    assert "nothing answers at ANTHROPIC_BASE_URL" in fault
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-nothing")
    (fault,) = found(model="gpt-5")
    assert "The service cannot be reached" in fault


def test_on_other_machines_only_what_is_the_same_there_is_looked_at() -> None:
    """Their keys, files and programs are theirs; a model that does not exist is nowhere."""
    needs = hello_task(requires=["no-such-program"])
    arms = {"paid": {"model": "claude-sonnet-5-5"}, "odd": {"model": "gpt-5"}}
    experiment = define(name="e", arms=arms, tasks=(needs,))
    here = faults(experiment, TrialEnvironment())
    (away,) = faults(experiment, TrialEnvironment(), elsewhere=True)
    assert len(here) == 3
    assert "needs no-such-program; install it" in here[-1]
    assert "gpt-5" in away


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    """In one sentence each, and nothing is written."""
    bad = hello_task("one", checks=[{"file_txt": {}}])
    worse = hello_task("two", requires=["no-such-program"])
    experiment = small({"good": "good"}, [bad, worse])
    with pytest.raises(ConfigurationError, match="2 things must be fixed") as caught:
        check_first(experiment, FakeEnvironment())
    assert "- Task one: There is no check “file_txt”" in str(caught.value)
    assert "- The task two needs no-such-program" in str(caught.value)
    place = LocalPlacement(1)
    last = LiveRun(experiment, tmp_path, placement=place, environment=FakeEnvironment()).start()
    assert last.wait(60).phase == "failed"
    place.close()
    assert "no-such-program" in last.progress.error
    assert list(tmp_path.iterdir()) == []


def test_a_wording_that_some_tasks_lack_is_told_with_their_names() -> None:
    """They are given the goal, as they always were; the record says so."""
    tasks = [hello_task("with", phrasings={"steps": "Do it."}), hello_task("without")]
    experiment = define(name="e", arms={"a": {"phrasing": "steps"}}, tasks=tuple(tasks))
    (told,) = [w for w in summarise_design(experiment).warnings if "wording" in w]
    assert "the goal instead of the wording “steps” in 1 task without one: without." in told


# Files -----------------------------------------------------------------------------------


def test_prompts_lie_beside_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As tasks do, wherever the command is given."""
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts" / "careful.md").write_text("Be careful.")
    file = tmp_path / "e.yaml"
    file.write_text("arms: {a: {prompt: prompts/careful.md}}\ntasks: [note-write]\n")
    monkeypatch.chdir("/")
    assert load_experiment(file).arms["a"].prompt_text == "Be careful."


@pytest.mark.parametrize("word", ["on", "off", "yes", "no"])
def test_words_that_yaml_takes_for_booleans_are_told(tmp_path: Path, word: str) -> None:
    file = tmp_path / "e.yaml"
    file.write_text(f"arms: {{{word}: {{}}, b: {{}}}}\ntasks: [note-write]\n")
    with pytest.raises(ConfigurationError, match="must stand in quotes"):
        load_experiment(file)
    file.write_text(f"arms: {{'{word}': {{}}, b: {{}}}}\ntasks: [note-write]\n")
    assert word in load_experiment(file).arms


def test_tasks_are_named_by_a_pattern(tmp_path: Path) -> None:
    for name in ("b-two", "a-one"):
        write_task(tmp_path, name)
    file = write(tmp_path / "e.yaml")
    assert [task.id for task in load_experiment(file).tasks] == ["a-one", "b-two"]
    with pytest.raises(ConfigurationError, match="No task's folder fits"):
        load_experiment(write(tmp_path / "e.yaml", tasks=["other/*"]))


def test_a_list_may_be_read_in_part() -> None:
    """``list tasks | head -1`` is no error."""
    command = f"{sys.executable} -m agent.experiments list tasks | head -n 1"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


# The breaker -----------------------------------------------------------------------------


class NoService(FakeEnvironment):
    """The model of the arm ``paid`` is refused at each turn."""

    def model(self, arm: Arm, task: Task, settings: Settings, desktop: Desktop) -> Model:
        if arm.model == "paid":
            raise ModelUnavailable(f"The account of {task.id} is 12 dollars short.")
        return super().model(arm, task, settings, desktop)


class NoDesktops(FakeEnvironment):
    async def prepare(self, task: Task, desktop: Desktop) -> None:
        raise DesktopDied("The window manager went away.")


def runs(experiment: Experiment, root: Path, environment: TrialEnvironment) -> Runner:
    place = LocalPlacement(1)
    runner = Runner(experiment, root, place, environment=environment)
    runner.run()
    place.close()
    return runner


def test_equal_errors_in_a_row_end_their_arm(tmp_path: Path) -> None:
    """The other arm goes on; the reason is told once, and the rest is run when it is mended."""
    tasks = [hello_task(f"t{n}") for n in range(12)]
    experiment = small({"paid": "paid", "good": "good"}, tasks)
    runner = runs(experiment, tmp_path, NoService())
    statuses = runner.state.statuses
    assert statuses["passed"] == 12
    assert EQUAL_ERRORS <= statuses["error"] < 6
    assert statuses["cancelled"] == 12 - statuses["error"]
    assert any("3 trials of the arm paid in a row" in note for note in runner.state.notes)
    assert runs(experiment, tmp_path, FakeEnvironment()).state.statuses == {"passed": 24}


def test_a_machine_that_breaks_ends_all(tmp_path: Path) -> None:
    tasks = [hello_task(f"t{n}") for n in range(12)]
    runner = runs(small(tasks=tasks, retries=0), tmp_path, NoDesktops())
    assert runner.state.statuses["cancelled"] > 12
    assert any("window manager" in note for note in runner.state.notes)


# Proofs ----------------------------------------------------------------------------------


def proved_task(name: str = "proved", **fields: object) -> Task:
    steps = {"oracle": [{"say": "x"}], "near_miss": [{"say": "y"}]}
    return hello_task(name, **{**steps, **fields})


class Playing(FakeEnvironment):
    """The oracle writes what is asked for; the near miss and idleness do not."""

    def model(self, arm: Arm, task: Task, settings: Settings, desktop: Desktop) -> Model:
        played = {"oracle": "good", "near_miss": "bad"}.get(arm.model, arm.model)
        return super().model(arm.model_copy(update={"model": played}), task, settings, desktop)


def prove_now(experiment: Experiment, root: Path) -> list[str]:
    place = LocalPlacement(1)
    wrong = prove(experiment, root, place, environment=Playing())
    place.close()
    return [f"{one.task}: {one.why}" for one in wrong]


def test_a_proof_plays_a_task_three_ways(tmp_path: Path) -> None:
    """And is asked for again when steps or checks change, not when a tag does."""
    experiment = small({"paid": "paid"}, [proved_task()])
    assert [one.why for one in unproved(experiment, tmp_path)] == [
        "doing nothing was not played to an end"
    ]
    assert prove_now(experiment, tmp_path) == []
    assert unproved(experiment, tmp_path) == []
    assert unproved(small({"paid": "paid"}, [proved_task(tags=["x"])]), tmp_path) == []
    other = proved_task(near_miss=[{"say": "z"}])
    assert unproved(small({"paid": "paid"}, [other]), tmp_path)
    mended = small({"paid": "paid"}, [proved_task(checks=[{"acted": {}}])])
    assert unproved(mended, tmp_path)
    assert prove_now(mended, tmp_path) == [
        "proved: its near miss passed, and not failed: All checks hold."
    ]


def test_checks_that_idleness_passes_prove_nothing(tmp_path: Path) -> None:
    experiment = small({"a": "good"}, [proved_task(checks=[{"absent": {"path": "other.txt"}}])])
    (told,) = prove_now(experiment, tmp_path)
    assert told == "proved: doing nothing passed, and not failed: All checks hold."


def test_a_task_without_proofs_is_unproved_and_sayso_s_own_are_not(tmp_path: Path) -> None:
    (found,) = unproved(small({"a": "good"}, [hello_task()]), tmp_path)
    assert found.why == "it has no near miss"
    assert unproved(small({"a": "good"}, list(builtin_tasks().values())), tmp_path) == []


def test_a_paid_arm_on_an_unproved_task_asks(
    tmp_path: Path, in_memory: None, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where nobody can be asked it is refused, with both ways out; nothing was paid."""
    write_task(tmp_path, "mine")
    file = write(tmp_path / "e.yaml", arms={"a": {"model": "paid"}, "b": {"model": "nothing"}})
    results = ["--results", str(tmp_path / "r")]
    assert main([*results, "run", str(file)]) == 2
    told = capsys.readouterr().err
    assert "- mine: it has no near miss" in told
    assert "--prove" in told
    assert "--unproved" in told
    assert not list((tmp_path / "r").glob("*/trials/*"))
    assert main([*results, "run", str(file), "--unproved"]) == 0
    free = write(tmp_path / "f.yaml", name="free", arms={"b": {"model": "nothing"}})
    assert main([*results, "run", str(free)]) == 0


def test_the_command_tells_what_is_wrong_before_it_runs(
    tmp_path: Path, in_memory: None, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also dry; design warnings are printed, too."""
    write_task(tmp_path, "mine", checks=[{"listing": {"equals": ["a"]}}])
    file = write(tmp_path / "e.yaml", arms={"a": {"model": "good", "phrasing": "stepz"}})
    for more in ([], ["--dry"]):
        assert main(["--results", str(tmp_path / "r"), "run", str(file), *more]) == 2
        told = capsys.readouterr().err
        assert "“listing” takes no “equals”" in told
        assert "no task has the wording “stepz”" in told
        assert "Note: There is no hypothesis" in told
    assert not (tmp_path / "r").exists()
