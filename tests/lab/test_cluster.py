"""Experiments on Dask: workers on addresses of their own, lost ones, the whole command."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from concurrent.futures import Future
from pathlib import Path
from typing import Any, cast

import distributed
import pytest
from lab_machines import ROOT, machines
from lab_stage import FakeEnvironment, SlowEnvironment, hello_task, small

from agent.errors import ConfigurationError
from agent.experiments.run import parcels, placement
from agent.experiments.run.placement import RESOURCE, DaskPlacement
from agent.experiments.run.runner import Runner, RunState


@pytest.mark.slow
async def test_a_lost_worker_costs_no_trial_and_none_counts_twice(tmp_path: Path) -> None:
    """Two hosts share the work; one is killed amid a trial, and the other one does the rest."""
    attempts = tmp_path / "attempts"
    experiment = small({"good": "good"}, [hello_task(f"t{n}") for n in range(8)])
    async with machines() as made:
        await made.worker("127.0.0.2")
        victim = await made.worker("127.0.0.3")
        place = await asyncio.to_thread(DaskPlacement, made.scheduler)
        assert place.slots == 2
        killed = threading.Event()

        def kill_in_the_midst(state: RunState) -> None:
            if state.done >= 2 and not killed.is_set():
                killed.set()
                victim.send_signal(signal.SIGKILL)

        runner = Runner(
            experiment,
            tmp_path,
            place,
            environment=SlowEnvironment(attempts),
            tell=kill_in_the_midst,
        )
        state = await asyncio.to_thread(runner.run)
        assert killed.is_set()
        assert place.slots == 1
        await asyncio.to_thread(place.close)
    assert dict(state.statuses) == {"passed": 8}
    results = runner.store.results()
    assert Counter(r.task for r in results) == dict.fromkeys((f"t{n}" for n in range(8)), 1)
    assert len(attempts.read_text().split()) > 8


@pytest.mark.slow
async def test_a_trial_on_a_worker_is_stopped_and_the_rest_goes_on(tmp_path: Path) -> None:
    """Stop reaches a worker that is busy with the very trial; the next one is carried out."""
    experiment = small({"hung": "hung", "good": "good"}, [hello_task()])
    async with machines() as made:
        await made.worker("127.0.0.2")
        place = await asyncio.to_thread(DaskPlacement, made.scheduler)

        def stop_the_hung(state: RunState) -> None:
            for name, told in state.running.items():
                if name.startswith("hung") and told.get("state") == "acting":
                    runner.stop_trial(name, "Enough of it.")

        runner = Runner(
            experiment, tmp_path, place, environment=FakeEnvironment(), tell=stop_the_hung
        )
        state = await asyncio.to_thread(runner.run)
        await asyncio.to_thread(place.close)
    assert dict(state.statuses) == {"stopped_by_user": 1, "passed": 1}
    assert runner.store.trial("hung--hello--000").result.reason == "Enough of it."


@pytest.mark.slow
async def test_a_worker_without_a_desktop_gets_no_trials(tmp_path: Path) -> None:
    """With such workers only, the trials are errors that say how to start others."""
    async with machines() as made:
        await made.worker("127.0.0.2", desktop=False)
        place = await asyncio.to_thread(DaskPlacement, made.scheduler)
        assert (place.slots, place.workers) == (0, 1)
        runner = Runner(
            small({"good": "good"}),
            tmp_path,
            place,
            environment=FakeEnvironment(),
            no_worker_seconds=0.5,
        )
        state = await asyncio.to_thread(runner.run)
        await asyncio.to_thread(place.close)
    assert dict(state.statuses) == {"error": 3}
    assert "desktop=1" in runner.store.results()[0].advice


class Scheduler:
    """In Dask's place: a scheduler with workers, of which some have desktops."""

    def __init__(self, desktops: dict[str, int]) -> None:
        self._desktops = desktops
        self.chosen: list[str] | None = None
        """The workers that may do what was submitted; None if any may."""

    def Client(self, address: str, timeout: float) -> Scheduler:  # noqa: N802 - Dask's name
        return self

    def scheduler_info(self, n_workers: int) -> dict[str, Any]:
        known = {n: {"resources": {RESOURCE: d} if d else {}} for n, d in self._desktops.items()}
        return {"workers": known}

    def submit(self, *_: Any, workers: list[str] | None, **more: Any) -> Future[None]:
        assert not more["allow_other_workers"]
        self.chosen = workers
        return Future()


@pytest.mark.parametrize(
    ("desktops", "avoid", "chosen"),
    [
        ({"a": 1, "b": 1}, "", None),
        ({"a": 1, "b": 1}, "a", ["b"]),
        ({"a": 1, "b": 1, "c": 2}, "b", ["a", "c"]),
        ({"a": 1, "b": 0}, "a", None),  # the other one has no desktop
        ({"a": 1}, "a", None),  # rather there again than nowhere
        ({"a": 1, "b": 1}, "gone", ["a", "b"]),
    ],
)
def test_a_job_is_tried_again_on_another_host_if_there_is_one(
    monkeypatch: pytest.MonkeyPatch,
    desktops: dict[str, int],
    avoid: str,
    chosen: list[str] | None,
) -> None:
    scheduler = Scheduler(desktops)
    monkeypatch.setattr(placement, "extra", lambda name: scheduler)
    place = DaskPlacement("tcp://somewhere:8786")
    place.submit(cast("Any", None), FakeEnvironment(), lambda outcome: None, avoid=avoid)
    assert scheduler.chosen == chosen


def test_files_of_trials_come_by_a_folder_and_leave_nothing_there(tmp_path: Path) -> None:
    """The scheduler carries their address alone; what is kept is the same."""
    kept = {}
    for via in ("", str(tmp_path / "via"), "memory://via"):
        root = tmp_path / f"r{len(kept)}"
        with distributed.LocalCluster(
            n_workers=1, threads_per_worker=1, resources={RESOURCE: 1}, processes=False,
            dashboard_address=None,
        ) as workers:  # fmt: skip
            place = DaskPlacement(workers.scheduler_address, via=via)
            runner = Runner(small(repeats=1), root, place, environment=FakeEnvironment())
            state = runner.run()
            place.close()
        assert state.done == 6
        (trial, *_) = runner.store.trials()
        kept[via] = sorted(str(p.relative_to(trial.folder)) for p in trial.folder.rglob("*.json"))
    assert len(set(map(tuple, kept.values()))) == 1
    assert list((tmp_path / "via").iterdir()) == []


def test_what_is_put_into_a_folder_is_an_address_until_it_is_fetched(tmp_path: Path) -> None:
    address = parcels.put(str(tmp_path / "via"), "a--b--000", b"packed")
    assert address.startswith("file://")
    assert len(list((tmp_path / "via").iterdir())) == 1
    assert parcels.fetched(address) == b"packed"
    assert list((tmp_path / "via").iterdir()) == []
    with pytest.raises(FileNotFoundError):
        parcels.fetched(address)


@pytest.mark.parametrize("via", ["/proc/none", "nothing://x", "s3nope://b/c"])
def test_a_folder_that_cannot_be_used_is_told_before_anything_runs(via: str) -> None:
    with pytest.raises(ConfigurationError, match=f"cannot go by {via}"):
        DaskPlacement("tcp://127.0.0.1:9", via=via)


def test_an_address_without_a_scheduler_says_how_to_start_one() -> None:
    """The person is told the commands."""
    with pytest.raises(ConfigurationError, match="dask scheduler"):
        DaskPlacement("tcp://127.0.0.1:1", patience=1.0)


@pytest.mark.slow
def test_a_script_that_cannot_start_workers_is_told_how_to_be_written(tmp_path: Path) -> None:
    """Worker processes read the script anew; without the usual guard it is told about it."""
    script = tmp_path / "script.py"
    script.write_text(
        "from agent.errors import ConfigurationError\n"
        "from agent.experiments.run.placement import DaskPlacement\n"
        "try:\n    DaskPlacement(slots=1)\n"
        "except ConfigurationError as error:\n    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, str(script)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "__main__" in done.stdout, done.stderr


async def command(*arguments: str) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "agent.experiments",
        *arguments,
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


EXPERIMENT = """
name: e2e
hypothesis: Steps pass more often than goals.
baseline: goal
arms:
  goal: {model: offline, phrasing: goal}
  steps: {model: offline, phrasing: steps}
tasks: [note-write, create-list, read-aloud, sort-names]
"""


@pytest.mark.desktop
@pytest.mark.slow
async def test_one_command_runs_a_keyless_experiment_and_writes_the_report(tmp_path: Path) -> None:
    """Two wordings for the offline planner on two desktops: trials, report, list, show, compare."""
    path, results = tmp_path / "e2e.yaml", str(tmp_path / "results")
    path.write_text(EXPERIMENT)
    code, out, err = await command("--results", results, "run", str(path), "--slots", "2")
    assert code == 0, err
    assert "steps" in out
    markdown = next(Path(results).glob("*/report.md")).read_text()
    html = next(Path(results).glob("*/report.html")).read_text()
    assert "Steps pass more often than goals." in markdown
    assert "steps against goal" in markdown
    assert "<script" not in html
    trials = list(Path(results).glob("*/trials/*/result.json"))
    assert len(trials) == 8
    ran = [json.loads(trial.read_text()) for trial in trials]
    assert all(r["status"] == "passed" for r in ran if r["arm"] == "steps"), ran
    assert len({r["environment"]["process"] for r in ran}) == 2
    code, out, _ = await command("--results", results, "list")
    assert "8/8 trials" in out
    code, out, _ = await command("--results", results, "show", "e2e")
    assert "steps--note-write--000" in out
    code, out, _ = await command("--results", results, "show", "e2e", "steps--note-write--000")
    assert json.loads(out)["status"] == "passed"
    code, out, _ = await command("--results", results, "compare", "e2e")
    assert "goal" in out
    code, _, err = await command("--results", results, "compare", "nothing-such")
    assert (code, "no experiment" in err) == (2, True)
