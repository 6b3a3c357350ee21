"""Experiments end as they should, whatever breaks: on fakes, in threads of this process."""

from __future__ import annotations

import json
import os
import platform
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hanging import PATIENCE, hanging
from lab_stage import (
    BrokenDesktops,
    FakeEnvironment,
    OddHomes,
    RecordingEnvironment,
    SlowEnvironment,
    hello_task,
    small,
)

from agent.desktop.base import Desktop
from agent.errors import ConfigurationError, DesktopDied, JournalError
from agent.experiments.__main__ import main
from agent.experiments.live import LiveRun
from agent.experiments.plan.spec import Arm, Experiment
from agent.experiments.plan.task import Task
from agent.experiments.plan.trial import Job, Trial
from agent.experiments.results.compare import analyse
from agent.experiments.results.report import report
from agent.experiments.run import runner as runner_module
from agent.experiments.run import store as store_module
from agent.experiments.run.placement import Done, LocalPlacement
from agent.experiments.run.runner import Runner, RunState
from agent.experiments.run.store import Store
from agent.experiments.run.trial_environment import TrialEnvironment
from agent.models.base import Model
from agent.record.journal import SqliteJournal
from agent.settings import Settings
from agent.testing.scripted import ScriptedModel, done, says
from dashboard.display import lab
from dashboard.views.lab.trials import _result


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


def test_every_cell_is_run_once_and_scored(tmp_path: Path, place: LocalPlacement) -> None:
    """Two arms by three tasks by two repeats are twelve trials with verdicts and reasons."""
    state, store = run(small(repeats=2), tmp_path, place)
    assert dict(state.statuses) == {"passed": 6, "failed": 6}
    assert len(store.results()) == 12
    bad = [r for r in store.results() if r.arm == "bad"]
    assert {r.reason for r in bad} == {"there is no file hello.txt"}
    assert all(r.metrics["false_done"] == 1.0 for r in bad)


def test_a_trial_folder_opens_alone(tmp_path: Path, place: LocalPlacement) -> None:
    """Moved elsewhere it still tells task, events, pictures, score and environment."""
    _, store = run(small(), tmp_path, place)
    moved = tmp_path / "elsewhere"
    store.trial("good--hello-0--000").folder.rename(moved)
    trial = Trial(moved)
    assert trial.job.task.instruction == "Write hello into hello.txt."
    assert trial.result.passed
    assert trial.result.environment["host"]
    assert "task_finished" in [event.kind for event in trial.events()]
    assert all(path.is_file() for _, path in trial.pictures())
    assert json.loads((moved / "score.json").read_text())["value"] == 1.0
    assert (moved / "home" / "hello.txt").read_text() == "hello"


def test_what_is_not_kept_of_a_home_is_told_beside_the_score(
    tmp_path: Path, place: LocalPlacement, capsys: pytest.CaptureFixture[str]
) -> None:
    """In the result, the list, the notebook's and Lab's trial; what is a program's own is not."""
    _, store = run(small(), tmp_path, place, OddHomes())
    trial = store.trial("good--hello-0--000")
    wanted = {"caf\\xe9\\n: it is not a plain file", "huge: it is larger than 8.4 MB"}
    assert set(trial.result.left_out) == wanted
    assert (trial.folder / "home" / "empty").is_dir()
    assert main(["show", str(store.folder)]) == 0
    assert "not kept of the home's files: " in capsys.readouterr().out
    assert "huge: it is larger" in lab.trial(trial)
    assert set(_result(trial.result)["left_out"]) == wanted
    clean = run(small(), tmp_path / "clean", place)[1].trial("good--hello-0--000")
    assert clean.result.left_out == ()
    assert "not kept" not in lab.trial(clean)


def test_a_second_run_does_only_what_is_missing(tmp_path: Path, place: LocalPlacement) -> None:
    """Whole trials are kept as they are; a removed one is run again."""
    experiment, attempts = small(), tmp_path / "attempts"
    environment = SlowEnvironment(attempts, 0.0)
    _, store = run(experiment, tmp_path, place, environment)
    store.set_aside("good--hello-1--000")
    before = len(attempts.read_text().split())
    state, _ = run(experiment, tmp_path, place, environment)
    assert (state.done, len(attempts.read_text().split()) - before) == (6, 1)


def test_a_half_written_trial_is_named_and_repeated(tmp_path: Path, place: LocalPlacement) -> None:
    """A folder without its result, or with half of one, does not count and does not hurt."""
    experiment = small()
    _, store = run(experiment, tmp_path, place)
    (store.trial("good--hello-0--000").folder / "result.json").unlink()
    half = store.trial("bad--hello-1--000").folder / "result.json"
    half.write_bytes(half.read_bytes()[:50])
    assert len(store.results()) == 4
    state, _ = run(experiment, tmp_path, place)
    assert sum("half-written" in note for note in state.notes) == 2
    assert dict(state.statuses) == {"passed": 3, "failed": 3}


def test_another_definition_has_another_folder(tmp_path: Path) -> None:
    """Results of different contents never mix; equal contents have equal hashes."""
    changed = small(tasks=[hello_task("hello-0", instruction="Write hello.")])
    same = small(tasks=[hello_task("hello-0")])
    assert same.hash == small(tasks=[hello_task("hello-0")]).hash
    assert changed.folder_name != same.folder_name
    assert Store.create(tmp_path, same).experiment == same


def test_an_unknown_model_is_told_at_its_arm_and_the_rest_stands(
    tmp_path: Path, place: LocalPlacement
) -> None:
    """Its trials are errors, not failures, and are not tried again."""
    state, store = run(small({"good": "good", "odd": "gpt-none"}, retries=2), tmp_path, place)
    assert dict(state.statuses) == {"passed": 3, "error": 3}
    odd = [r for r in store.results() if r.arm == "odd"]
    assert {(r.error_class, r.attempt) for r in odd} == {("ModelUnavailable", 0)}
    assert "arm odd: gpt-none" in odd[0].advice
    assert f"on the host {platform.node()}, whose own keys it takes" in odd[0].advice


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("def check(state):\n    raise KeyError('oops')\n", "KeyError"),
        ("def check(state):\n    return 'yes'\n", "not (score, reason)"),
        ("def check(state):\n    return 7, 'lots'\n", "not 0 to 1"),
        ("def check(", "SyntaxError"),
    ],
)
def test_a_checker_that_fails_is_told_at_its_task(
    tmp_path: Path, place: LocalPlacement, source: str, told: str
) -> None:
    """Its trials are errors that name the task; other tasks are scored."""
    tasks = [hello_task("fine"), hello_task("broken", checker=source)]
    state, store = run(small({"good": "good"}, tasks), tmp_path, place)
    assert dict(state.statuses) == {"passed": 1, "error": 1}
    broken = store.trial("good--broken--000").result
    assert (broken.error_class, broken.retryable) == ("CheckerBroken", False)
    assert told in broken.error
    assert "checker.py of the task broken" in broken.advice
    assert store.trial("good--broken--000").events()


def test_an_unknown_check_is_told_at_its_task(tmp_path: Path, place: LocalPlacement) -> None:
    """A misspelt check is the task's fault, with the names that exist."""
    odd = hello_task("odd", checks=[{"file_txt": {"path": "a"}}])
    _, store = run(small({"good": "good"}, [odd]), tmp_path, place)
    assert "file_text" in store.trial("good--odd--000").result.error


def test_a_cassette_that_does_not_fit_is_told_at_its_arm(
    tmp_path: Path, place: LocalPlacement
) -> None:
    """A missing cassette is an error of that arm's trials only."""
    experiment = small({"good": "good", "tape": f"cassette:{tmp_path}/{{task}}.jsonl"})
    state, store = run(experiment, tmp_path, place)
    assert dict(state.statuses) == {"passed": 3, "error": 3}
    assert "hello-0.jsonl" in store.trial("tape--hello-0--000").result.error


def test_a_cassette_of_another_conversation_is_told_with_the_difference(
    tmp_path: Path, place: LocalPlacement
) -> None:
    """The task that it fits is played; the other one is an error that is not tried again."""
    tasks = [hello_task("fits"), hello_task("other", instruction="Write goodbye.")]
    run(small({"good": "good"}, tasks[:1]), tmp_path, place, RecordingEnvironment(tmp_path))
    (tmp_path / "other.jsonl").write_bytes((tmp_path / "fits.jsonl").read_bytes())
    experiment = small({"tape": f"cassette:{tmp_path}/{{task}}.jsonl"}, tasks, retries=3)
    state, store = run(experiment, tmp_path, place)
    assert dict(state.statuses) == {"failed": 1, "error": 1}
    other = store.trial("tape--other--000").result
    assert (other.error_class, other.attempt) == ("CassetteMiss", 0)
    assert "write goodbye." in other.error
    assert "arm tape: cassette:" in other.advice


def test_a_budget_of_zero_runs_only_what_costs_nothing(
    tmp_path: Path, place: LocalPlacement
) -> None:
    """Paid arms are cancelled with the reason, the others run; a raise runs the rest."""
    arms = {"paid": "paid", "idle": "nothing"}
    state, store = run(small(arms, budget=0.0), tmp_path, place)
    assert dict(state.statuses) == {"cancelled": 3, "failed": 3}
    assert store.spent == 0.0
    assert any("raise “budget”" in note for note in state.notes)
    assert any("3 trials never ran" in n for n in analyse(store.experiment, store.results()).notes)
    state, store = run(small(arms, budget=9.0), tmp_path, place)
    assert dict(state.statuses) == {"passed": 3, "failed": 3}


def test_errors_are_told_in_the_report_with_what_to_mend(
    tmp_path: Path, place: LocalPlacement
) -> None:
    """A broken checker and an unknown model stand at the report's top; the rest is compared."""
    broken = hello_task("broken", checker="def check(state):\n    raise KeyError('oops')\n")
    arms = {"good": "good", "odd": "gpt-none"}
    _, store = run(small(arms, [hello_task("fine"), broken]), tmp_path, place)
    text = report(store)
    head = text.partition("## Arms")[0]
    assert "Fix the checks or checker.py of the task broken" in head
    assert "Look at the model of the arm odd: gpt-none" in head
    assert "1/1" in text


def test_the_budget_is_never_exceeded(tmp_path: Path, place: LocalPlacement) -> None:
    """Worst cases are reserved: of ten paid trials only those begin that surely fit."""
    tasks = [hello_task(f"t{n}") for n in range(10)]
    experiment = small({"paid": "paid"}, tasks, budget=2.0)
    state, store = run(experiment, tmp_path, place)
    assert store.spent <= 2.0
    assert state.statuses["passed"] == 3
    assert state.statuses["cancelled"] == 7


def test_errors_are_tried_again_and_failures_are_not(tmp_path: Path, place: LocalPlacement) -> None:
    """A desktop that starts at the second try costs an attempt, not a trial."""
    environment = BrokenDesktops(tmp_path / "made", faults=1)
    one = LocalPlacement(1)
    state, store = run(
        small({"good": "good"}, [hello_task()], retries=1), tmp_path, one, environment
    )
    one.close()
    assert dict(state.statuses) == {"passed": 1}
    assert store.results()[0].attempt == 1
    state, store = run(small({"bad": "bad"}, retries=3), tmp_path, place)
    assert {r.attempt for r in store.results()} == {0}


def test_a_host_without_a_desktop_says_what_is_missing(
    tmp_path: Path, place: LocalPlacement
) -> None:
    """Desktops that never start make errors that name the host and the missing program."""
    environment = BrokenDesktops(tmp_path / "made", faults=99)
    state, store = run(small({"good": "good"}), tmp_path, place, environment)
    assert dict(state.statuses) == {"error": 3}
    assert "Xvnc is not installed" in store.results()[0].error
    assert "desktop of the host" in store.results()[0].advice


def test_a_place_without_workers_is_told_instead_of_waited_for(tmp_path: Path) -> None:
    """When nobody offers a desktop the trials become errors that say how to start workers."""
    empty = LocalPlacement(1)
    empty.slots = 0
    empty.submit = lambda *_, **__: None  # type: ignore[method-assign,assignment]
    runner = Runner(small(), tmp_path, empty, environment=FakeEnvironment(), no_worker_seconds=0.1)
    state = runner.run()
    empty.close()
    assert dict(state.statuses) == {"error": 6}
    assert "dask worker" in runner.store.results()[0].advice


def test_one_trial_is_stopped_and_the_rest_goes_on(tmp_path: Path, place: LocalPlacement) -> None:
    """A hung trial that the person stops is neither failure nor error."""
    runner: Runner

    def watch(state: RunState) -> None:
        for name in state.running:
            if name.startswith("hung"):
                runner.stop_trial(name)

    experiment = small({"good": "good", "hung": "hung"}, [hello_task()])
    runner = Runner(experiment, tmp_path, place, environment=FakeEnvironment(), tell=watch)
    state = runner.run()
    assert dict(state.statuses) == {"passed": 1, "stopped_by_user": 1}


def test_cancelling_stops_all_and_a_later_run_goes_on(
    tmp_path: Path, place: LocalPlacement
) -> None:
    """What did not run is cancelled with the reason, and is run when it is asked for again."""
    experiment = small(tasks=[hello_task(f"t{n}") for n in range(8)])
    runner: Runner
    once = threading.Event()

    def watch(state: RunState) -> None:
        if state.done >= 2 and not once.is_set():
            once.set()
            runner.cancel("Enough.")

    runner = Runner(experiment, tmp_path, place, environment=FakeEnvironment(), tell=watch)
    state = runner.run()
    assert state.statuses["cancelled"] >= 8
    assert state.done == 16
    state, _ = run(experiment, tmp_path, place)
    assert dict(state.statuses) == {"passed": 8, "failed": 8}


def test_two_runners_cannot_run_the_same_experiment(tmp_path: Path, place: LocalPlacement) -> None:
    """The second one is told; the first one's work stands."""
    runner = Runner(small(), tmp_path, place, environment=FakeEnvironment())
    runner.store.lock()
    with pytest.raises(ConfigurationError, match="another process"):
        Runner(small(), tmp_path, place, environment=FakeEnvironment()).run()
    runner.store.unlock()


def test_locks_end_though_a_child_was_just_forked(tmp_path: Path) -> None:
    """A trial beside it starts a program while this one ends: the copy of the lock's file that
    the child has for a moment must not keep the session, or the experiment, from others."""
    journal, store = SqliteJournal(tmp_path / "session"), Store.create(tmp_path, small())
    store.lock()
    assert journal._lock is not None
    assert store._lock is not None
    copies = [os.dup(journal._lock), os.dup(store._lock)]
    journal.close()
    store.unlock()
    try:
        SqliteJournal(tmp_path / "session").close()
        store.lock()
        store.unlock()
    finally:
        for copy in copies:
            os.close(copy)


class ForgetfulStage(FakeEnvironment):
    """The session's record is gone when the trial ends."""

    def model(self, arm: Arm, task: Task, settings: Settings, desktop: Desktop) -> Model:
        async def lose() -> None:
            for path in settings.data_dir.rglob("events.db*"):
                path.unlink()

        return ScriptedModel([[lose, *says("Done."), *done()]])


def test_a_record_that_cannot_be_kept_is_an_error_of_ours(
    tmp_path: Path, place: LocalPlacement
) -> None:
    """The trial's end says which, and comes from the worker that did it."""
    experiment = small({"good": "good"}, [hello_task()], retries=0)
    state, store = run(experiment, tmp_path, place, ForgetfulStage())
    assert dict(state.statuses) == {"error": 1}
    (result,) = store.results()
    assert result.error_class == "JournalError"
    assert result.metrics["turns"] == 1.0


def test_the_same_trial_is_never_counted_twice(tmp_path: Path, place: LocalPlacement) -> None:
    """A second answer to one job is kept aside as evidence."""
    _, store = run(small(), tmp_path, place)
    result = store.results()[0]
    assert not store.install(result, b"")
    assert len(store.results()) == 6


def test_a_person_can_stop_redirect_and_answer_by_script(
    tmp_path: Path, place: LocalPlacement
) -> None:
    """A stop on a cue ends the work; the metrics count it and what came after it."""
    cue = {"when": {"event": "action_finished"}, "do": "stop", "text": "stop"}
    task = hello_task("stopped", script=[cue], checks=[{"quiet_after_stop": {}}])
    _, store = run(small({"hung": "hung"}, [task]), tmp_path, place)
    result = store.results()[0]
    assert result.status == "passed"
    assert result.metrics["stops"] == 1.0
    assert result.metrics["last_action_after_stop_seconds"] == 0.0


def test_a_backchannel_interrupts_nothing(tmp_path: Path, place: LocalPlacement) -> None:
    """“mm-hm” is heard, understood, and changes nothing."""
    cue = {"when": {"event": "action_finished"}, "do": "backchannel"}
    task = hello_task("nod", script=[cue])
    _, store = run(small({"good": "good"}, [task]), tmp_path, place)
    metrics = store.results()[0].metrics
    assert (metrics["backchannels"], metrics["interruptions"]) == (1.0, 0.0)
    assert metrics["false_interruptions"] == 0.0


def test_progress_tells_state_and_small_pictures(tmp_path: Path, place: LocalPlacement) -> None:
    """Whoever watches sees which trials run, what they do, and how they look."""
    seen: list[dict[str, object]] = []

    def watch(state: RunState) -> None:
        seen.extend(state.running.values())

    Runner(small(), tmp_path, place, environment=FakeEnvironment(), tell=watch).run()
    assert {"trial", "state", "detail", "dollars"} <= set(seen[0])


class AWorker(LocalPlacement):
    """A place of one worker with a name, which notes what each job was to avoid."""

    def __init__(self) -> None:
        super().__init__(1)
        self.avoided: list[tuple[int, str]] = []

    def submit(
        self, job: Job, environment: TrialEnvironment, done: Done, *, avoid: str = ""
    ) -> None:
        self.avoided.append((job.attempt, avoid))
        super().submit(job, environment, done, avoid=avoid)


class NoWindows(FakeEnvironment):
    """Its desktops start; what the task needs on them breaks."""

    async def prepare(self, task: Task, desktop: Desktop) -> None:
        raise DesktopDied("The window manager went away.")


@pytest.mark.parametrize("broken", ["no desktop", "on the desktop"])
def test_a_job_goes_elsewhere_again_only_where_no_desktop_could_be_had(
    tmp_path: Path, broken: str
) -> None:
    none = broken == "no desktop"
    environment = BrokenDesktops(tmp_path / "made", faults=99) if none else NoWindows()
    place = AWorker()
    try:
        run(small({"good": "good"}, [hello_task()], retries=2), tmp_path, place, environment)
    finally:
        place.close()
    assert place.avoided == [(0, ""), *[(n, "here" if none else "") for n in (1, 2)]]


def _have_no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner_module, "AROUND", 0.5)
    monkeypatch.setattr(runner_module, "allowed", lambda task: 0.0)


def test_a_trial_that_never_comes_back_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also if the desktop, or the disk that its home is on, hangs before its task begins."""
    _have_no_patience(monkeypatch)
    answers = threading.Event()

    class Hanging(FakeEnvironment):
        def desktop(self, settings: Settings) -> Desktop:
            answers.wait()
            return super().desktop(settings)

    place = LocalPlacement(2)
    task = hello_task()
    experiment = small({"good": "good"}, [task], retries=0)
    runner = Runner(experiment, tmp_path, place, environment=Hanging(), no_worker_seconds=0.1)
    state = runner.run()
    answers.set()
    place.close()
    assert dict(state.statuses) == {"error": 1}
    (lost,) = runner.store.results()
    assert "nothing came back" in lost.error


def test_what_a_lost_try_has_cost_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As much as it told of before its place went silent; the budget knows of it."""
    monkeypatch.setattr(runner_module, "AROUND", 1.0)
    monkeypatch.setattr(runner_module, "allowed", lambda task: 0.0)

    class Silent:
        slots = 1

        def submit(self, job: Job, environment: object, done: object, *, avoid: str = "") -> None:
            self.tell({"trial": job.id, "state": "thinking", "dollars": 0.25})

        def watch(self, tell: Callable[[dict[str, Any]], None]) -> None:
            self.tell = tell

        def stop(self, trial: str | None, reason: str) -> None: ...

        def close(self) -> None: ...

    experiment = small({"paid": "paid"}, [hello_task()], retries=1, budget=9.0)
    runner = Runner(experiment, tmp_path, Silent(), environment=FakeEnvironment())
    state = runner.run()
    (lost,) = runner.store.results()
    assert lost.error_class == "WorkerLost"
    assert lost.metrics == {"dollars": 0.25}
    assert state.spent == runner.store.spent == 0.5


def test_when_every_place_hangs_what_waits_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is never begun; a run does not wait for it."""
    _have_no_patience(monkeypatch)
    answers = threading.Event()

    class Hanging(FakeEnvironment):
        def desktop(self, settings: Settings) -> Desktop:
            answers.wait()
            return super().desktop(settings)

    place = LocalPlacement(1)
    tasks = [hello_task(f"hello-{n}") for n in range(3)]
    experiment = small({"good": "good"}, tasks, retries=0)
    state = Runner(experiment, tmp_path, place, environment=Hanging(), no_worker_seconds=0.1).run()
    answers.set()
    place.close()
    assert dict(state.statuses) == {"error": 3}
    told = {result.error for result in Store.of(tmp_path, experiment).results()}
    assert "No worker answers." in told


def test_a_run_whose_disk_hangs_ends_and_can_be_gone_on_with(
    tmp_path: Path, place: LocalPlacement, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is told which disk; nobody runs the study before what hangs has returned."""
    monkeypatch.setattr(store_module, "PATIENCE", 0.3)
    experiment = small()
    runner = Runner(experiment, tmp_path, place, environment=FakeEnvironment())
    notes = runner.store.folder / "attempts.jsonl"
    with hanging(notes, "") as for_ever:
        with pytest.raises(JournalError, match=r"small-\S+ does not answer.*run it again"):
            runner.run()
        with pytest.raises(ConfigurationError, match="is being run by another process"):
            Store(runner.store.folder).lock()
        assert not for_ever.is_set()
    monkeypatch.undo()
    for _ in range(600):
        with suppress(ConfigurationError):
            state, store = run(experiment, tmp_path, place)
            break
        threading.Event().wait(0.1)
    assert (state.done, len(store.results())) == (6, 6)


def test_a_live_run_whose_disk_hangs_says_so(
    tmp_path: Path, place: LocalPlacement, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As whoever looks at it sees: it has failed, and why."""
    monkeypatch.setattr(store_module, "PATIENCE", 0.3)
    experiment = small()
    live = LiveRun(
        experiment, tmp_path, placement=place, environment=FakeEnvironment(), verify=False
    )
    with hanging(tmp_path / experiment.folder_name / "attempts.jsonl", "") as for_ever:
        ended = live.start().wait(PATIENCE)
        assert (ended.phase, "does not answer" in ended.error) == ("failed", True)
        assert not for_ever.is_set()
