"""The laboratory's numbers: throughput, overhead, analysis, many desktops, statistics.

``python -m benchmarks.lab`` prints each number with its goal; the tables of ``docs/statistics.md``
are those of `lab_statistics`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import resource
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from agent.desktop.base import Desktop
from agent.experiments.extras import extra
from agent.experiments.plan.spec import Arm, Experiment, define, trial_id
from agent.experiments.plan.task import Task, builtin_tasks
from agent.experiments.plan.trial import TrialResult, write_json
from agent.experiments.results.compare import analyse
from agent.experiments.run.placement import RESOURCE, DaskPlacement, LocalPlacement
from agent.experiments.run.rescore import rescore
from agent.experiments.run.runner import Runner
from agent.experiments.run.store import Store
from agent.experiments.run.trial_environment import TrialEnvironment
from agent.settings import Settings
from agent.testing.fake_desktop import FakeDesktop
from agent.tools.base import Tool
from benchmarks.lab_statistics import numbers

PARTS = ("overhead", "recorded", "studied", "throughput", "statistics", "cluster")
LIGHT = ("note-write", "create-list", "editor-line-numbers", "open-two", "sort-names", "read-aloud")


class MemoryEnvironment(TrialEnvironment):
    """Desktops in memory: what is left is the laboratory's own work."""

    def desktop(self, settings: Settings) -> Desktop:
        home = settings.data_dir / "home"
        home.mkdir()
        return FakeDesktop(home=home)

    def tools(self, arm: Arm, task: Task, desktop: Desktop) -> Sequence[Tool]:
        return []


def timed(
    experiment: Experiment, slots: int, environment: TrialEnvironment
) -> tuple[float, list[TrialResult]]:
    """Seconds of one run on a warm cluster, and its results."""
    with tempfile.TemporaryDirectory() as root:
        place = DaskPlacement(slots=slots)
        warm = define(name="warm", arms={"idle": {"model": "nothing"}}, tasks=experiment.tasks[:1])
        Runner(
            warm.model_copy(update={"repeats": slots}), Path(root), place, environment=environment
        ).run()
        runner = Runner(experiment, Path(root), place, environment=environment)
        began = time.perf_counter()
        runner.run()
        seconds = time.perf_counter() - began
        results = runner.store.results()
        place.close()
    return seconds, results


def throughput(repeats: int) -> list[tuple[str, str, str]]:
    """Two slots against the ideal: the slots busy with trials all the time."""
    tasks = tuple(builtin_tasks()[name] for name in LIGHT)
    arms = {"steps": {"model": "offline", "phrasing": "steps"}}
    experiment = define(name="light", arms=arms, tasks=tasks, repeats=repeats)
    one, alone = timed(experiment, 1, TrialEnvironment())
    two, both = timed(experiment, 2, TrialEnvironment())
    busy = sum(r.ended - r.started for r in both)
    passed = sum(r.passed for r in (*alone, *both))
    return [
        ("slots busy, 2 slots", f"{100 * busy / (2 * two):.0f} %", ">= 85 %"),
        ("speed-up of 2 slots over 1", f"{one / two:.2f}", "2 with free cores"),
        ("light trials per minute, 2 slots", f"{60 * len(both) / two:.1f}", ""),
        ("passed", f"{passed} of {2 * len(both)}", ""),
    ]


def overhead(trials: int) -> list[tuple[str, str, str]]:
    """Wall time of a slot per trial, beyond the trial itself."""
    task = Task(id="idle", instruction="Nothing.", checks=({"outcome": {"equals": "done"}},))
    experiment = define(
        name="idle", arms={"idle": {"model": "nothing"}}, tasks=(task,), repeats=trials
    )
    seconds, results = timed(experiment, 2, MemoryEnvironment())
    own = sum(r.ended - r.started for r in results) / len(results)
    cost = 1000 * (2 * seconds / len(results) - own)
    return [("overhead per trial", f"{cost:.0f} ms", "<= 100 ms")]


def recorded(count: int) -> list[tuple[str, str, str]]:
    """Loading and comparing many recorded trials."""
    with tempfile.TemporaryDirectory() as root:
        store = _fabricated(Path(root), count)
        rows = [("trials recorded", str(count), "")]
        began, used = time.perf_counter(), time.process_time()
        analyse(store.experiment, store.results())
        rows.append(("first load and compare", f"{time.perf_counter() - began:.2f} s", "<= 3 s"))
        used = time.process_time() - used
        rows.append(("of it on this process's core", f"{used:.2f} s", ""))
        began = time.perf_counter()
        store.table  # noqa: B018 - builds the table
        rows.append(("write the Parquet table", f"{time.perf_counter() - began:.2f} s", ""))
        began = time.perf_counter()
        store.query("select arm, task, avg(score) from trials group by all")
        rows.append(("query of the table", f"{time.perf_counter() - began:.2f} s", ""))
    return rows


def studied(count: int) -> list[tuple[str, str, str]]:
    """Extending a study, and judging its trials again by corrected checks."""
    with tempfile.TemporaryDirectory() as root:
        tasks = tuple(
            Task(id=f"t{n}", instruction="Nothing.", checks=({"outcome": {"equals": "done"}},))
            for n in range(10)
        )
        place = LocalPlacement(2)
        runs = []
        for repeats in (2, 5):
            arms = {"idle": {"model": "nothing"}}
            wanted = define(name="wide", arms=arms, tasks=tasks, repeats=repeats)
            runner = Runner(wanted, Path(root), place, environment=MemoryEnvironment())
            before = len(runner.store.results())
            runner.run()
            runs.append(len(list(runner.store.trials())) - before)
        place.close()
        store, set_aside = runner.store, len(list((runner.store.folder / "attempts").iterdir()))
        _multiply(store, count)
        mended = tuple(
            t.model_copy(update={"checks": ({"said": {"contains": "Done"}},)}) for t in tasks
        )
        store.amend(store.experiment.model_copy(update={"tasks": mended}))
        began = time.perf_counter()
        found = rescore(store)
        seconds = time.perf_counter() - began
    return [
        (
            "trials run from 2 to 5 repeats of 10 cells",
            f"{runs[1]}, {set_aside} again",
            "30, 0 again",
        ),
        (f"judge {found.same + len(found.changed)} trials again", f"{seconds:.1f} s", "<= 60 s"),
    ]


class SleepingEnvironment(MemoryEnvironment):
    """Trials that take as long as short ones do, now more and now less, and hardly any of the
    processor."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    async def prepare(self, task: Task, desktop: Desktop) -> None:
        await asyncio.sleep(self._seconds * random.uniform(0.5, 1.5))
        await super().prepare(task, desktop)


def cluster(desktops: int, rounds: int = 4, seconds: float = 30.0) -> list[tuple[str, str, str]]:
    """As many workers as a small cluster has, each in a thread of its own, on fake trials."""
    distributed = extra("distributed")
    task = Task(id="idle", instruction="Nothing.", checks=({"outcome": {"equals": "done"}},))
    experiment = define(
        name="wide",
        arms={"idle": {"model": "nothing"}},
        tasks=(task,),
        repeats=rounds * desktops,
    )
    with (
        tempfile.TemporaryDirectory() as root,
        distributed.LocalCluster(
            n_workers=desktops,
            threads_per_worker=1,
            resources={RESOURCE: 1},
            processes=False,
            dashboard_address=None,
            silence_logs=50,
        ) as workers,
    ):
        place = DaskPlacement(workers.scheduler_address)
        before = _memory()
        runner = Runner(experiment, Path(root), place, environment=SleepingEnvironment(seconds))
        began = time.time()
        runner.run()
        wall = time.time() - began
        results = runner.store.results()
        place.close()
    last = max(r.started for r in results)
    waiting = sum(min(r.ended, last) - r.started for r in results) / (desktops * (last - began))
    whole = sum(r.ended - r.started for r in results) / (desktops * wall)
    return [
        (f"{desktops} fake desktops busy while trials wait", f"{100 * waiting:.0f} %", ">= 90 %"),
        ("the same to the end of the last trial", f"{100 * whole:.0f} %", ""),
        ("their trials", f"{len(results)} of {seconds:.0f} s, {wall:.0f} s in all", ""),
        ("memory that they took, workers' included", f"{_memory() - before:.0f} MB", ""),
    ]


def _memory() -> float:
    """The most memory that this process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _multiply(store: Store, count: int) -> None:
    """Copies of a study's trials under other numbers, until there are so many."""
    trials = store.trials()
    for number in range(count - len(trials)):
        result = trials[number % len(trials)].result
        name = trial_id(result.arm, result.task, 100 + number)
        folder = store.folder / "trials" / name
        shutil.copytree(store.trial(result.id).folder, folder)
        write_json(folder / "result.json", result.model_copy(update={"id": name}))


def _fabricated(root: Path, count: int) -> Store:
    tasks = tuple(Task(id=f"t{n}", instruction="x", checks=({"acted": {}},)) for n in range(100))
    arms = {"a": {"model": "offline"}, "b": {"model": "offline", "phrasing": "steps"}}
    experiment = define(name="many", arms=arms, tasks=tasks, repeats=count // 200)
    store, rng = Store.create(root, experiment), random.Random(1)
    metrics = {f"metric_{n}": 1.0 for n in range(36)} | {"dollars": 0.01}
    for arm, task, repeat in experiment.cells():
        passed = rng.random() < 0.5
        result = {
            "id": f"{arm}--{task.id}--{repeat:03d}", "experiment": experiment.hash, "arm": arm,
            "task": task.id, "task_hash": task.hash, "repeat": repeat,
            "status": "passed" if passed else "failed", "score": float(passed), "reason": "r",
            "metrics": metrics | {"seconds": rng.lognormvariate(2, 1), "turns": 7.0},
            "environment": {"host": "here"},
        }  # fmt: skip
        folder = store.folder / "trials" / str(result["id"])
        folder.mkdir()
        (folder / "result.json").write_text(json.dumps(result))
    return store


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=2000, help="simulated experiments a cell")
    parser.add_argument("--repeats", type=int, default=3, help="repeats of the light tasks")
    parser.add_argument("--desktops", type=int, default=100, help="of the simulated cluster")
    parser.add_argument("--rounds", type=int, default=4, help="trials of each of them")
    parser.add_argument("--seconds", type=float, default=30.0, help="of such a trial, on average")
    parser.add_argument("--only", choices=PARTS, help="one part")
    parser.add_argument("--json", action="store_true", help="rows as JSON")
    given = parser.parse_args()
    parts: dict[str, Callable[[], list[tuple[str, str, str]]]] = {
        "overhead": lambda: overhead(100),
        "recorded": lambda: recorded(10_000),
        "studied": lambda: studied(1000),
        "throughput": lambda: throughput(given.repeats),
        "statistics": lambda: numbers(given.runs),
        "cluster": lambda: cluster(given.desktops, given.rounds, given.seconds),
    }
    load = f"{os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
    chosen = [given.only] if given.only else list(parts)
    rows = [("others' load before", load, "0"), *(row for name in chosen for row in parts[name]())]
    if given.json:
        print(json.dumps([dict(zip(("what", "value", "goal"), row, strict=True)) for row in rows]))
        return
    print("| what | value | goal |\n|---|---|---|")
    for row in rows:
        print(f"| {' | '.join(row)} |")


if __name__ == "__main__":
    main()
