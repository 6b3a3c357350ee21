"""The laboratory's numbers: throughput, overhead, analysis; and its statistics, simulated.

``python -m benchmarks.lab`` prints each number with its goal. ``--simulate`` prints the tables
of ``docs/statistics.md`` instead (some minutes).
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from agent.desktop.base import Desktop
from agent.experiments.plan.spec import Arm, Experiment, define, trial_id
from agent.experiments.plan.task import Task, builtin_tasks
from agent.experiments.plan.trial import TrialResult, write_json
from agent.experiments.results.compare import analyse
from agent.experiments.run.placement import DaskPlacement, LocalPlacement
from agent.experiments.run.rescore import rescore
from agent.experiments.run.runner import Runner
from agent.experiments.run.store import Store
from agent.experiments.run.trial_environment import TrialEnvironment
from agent.experiments.sequential import compare_always
from agent.experiments.statistics import compare_success, sign_flip, success_rate
from agent.settings import Settings
from agent.testing.fake_desktop import FakeDesktop
from agent.tools.base import Tool

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
    """Extending a study, and judging its trials again by mended checks."""
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
            f"{runs[1]}, {set_aside} anew",
            "30, 0 anew",
        ),
        (f"judge {found.same + len(found.changed)} trials again", f"{seconds:.1f} s", "<= 60 s"),
    ]


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


# Simulations -----------------------------------------------------------------------------

Pairs = list[list[tuple[int, int]]]


def simulated(tasks: int, repeats: int, shift: float, rng: np.random.Generator) -> Pairs:
    """Two arms' counts; difficulty logit-normal (SD 1.6), the effect varies (SD 0.5 if any)."""
    logit = 0.6 + 1.6 * rng.standard_normal(tasks)
    vary = 0.5 * rng.standard_normal(tasks) if shift else 0.0
    a, b = (1 / (1 + np.exp(-x)) for x in (logit, logit + shift + vary))
    return [[(int(c), repeats) for c in rng.binomial(repeats, rate)] for rate in (a, b)]


def truth(shift: float) -> float:
    """Mean difference over all tasks that there could be."""
    rng = np.random.default_rng(0)
    logit = 0.6 + 1.6 * rng.standard_normal(400_000)
    moved = logit + shift + (0.5 * rng.standard_normal(400_000) if shift else 0.0)
    return float((1 / (1 + np.exp(-moved)) - 1 / (1 + np.exp(-logit))).mean())


def coverage(runs: int) -> None:
    """How often intervals hold the truth, and p is below 0.05, by size and effect."""
    print(f"\n{runs} experiments a row (standard error about {100 * (0.05 / runs) ** 0.5:.1f})\n")
    print("| tasks | repeats | true difference | covered | p < 0.05 |")
    print("|---|---|---|---|---|")
    for tasks, repeats in ((8, 2), (10, 1), (10, 3), (20, 1), (20, 3), (50, 1), (50, 3)):
        for shift in (0.0, 1.5):
            real, rng = truth(shift), np.random.default_rng(tasks * 10 + repeats)
            held = found = 0
            for _ in range(runs):
                a, b = simulated(tasks, repeats, shift, rng)
                c = compare_success(a, b)
                held += c.estimate.low <= real <= c.estimate.high
                found += c.p < 0.05
            print(
                f"| {tasks} | {repeats} | {100 * real:+.0f} points | {100 * held / runs:.0f} % | "
                f"{100 * found / runs:.0f} % |",
                flush=True,
            )


def sequential(runs: int) -> None:
    """What a look after every task costs and finds, by the sequential test and by the usual one."""
    print("\n| tasks | repeats | true difference | always covered | found | width | usual test |")
    print("|---|---|---|---|---|---|---|")
    for tasks, repeats in ((20, 1), (40, 3)):
        for shift in (0.0, 1.5):
            real, rng = truth(shift), np.random.default_rng(tasks * 10 + repeats)
            held = found = usual = 0
            width = 0.0
            for _ in range(runs):
                a, b = simulated(tasks, repeats, shift, rng)
                pairs = list(zip(a, b, strict=True))
                diffs = [(y[0] - x[0]) / repeats for x, y in pairs]
                at_end = compare_always(diffs)  # holds only what was held at every look
                held += at_end.estimate.low <= real <= at_end.estimate.high
                found += at_end.p < 0.05
                width += at_end.estimate.high - at_end.estimate.low
                usual += any(sign_flip(diffs[:n], seed=n)[0] < 0.05 for n in range(6, tasks + 1, 2))
            print(
                f"| {tasks} | {repeats} | {100 * real:+.0f} points | {100 * held / runs:.0f} % | "
                f"{100 * found / runs:.0f} % | {100 * width / runs:.0f} points | "
                f"{100 * usual / runs:.0f} % |",
                flush=True,
            )


def agreement(runs: int) -> None:
    """How often p and interval say different things of "no difference"."""
    rng, apart = np.random.default_rng(5), 0
    for _ in range(runs):
        tasks, repeats = int(rng.integers(4, 60)), int(rng.integers(1, 4))
        a, b = simulated(tasks, repeats, float(rng.choice([0.0, 0.7, 1.5])), rng)
        found = compare_success(a, b)
        apart += (found.estimate.low <= 0 <= found.estimate.high) != (found.p >= 0.05)
    print(f"\np and interval disagree in {apart} of {runs} experiments of 4 to 59 tasks.")


def one_arm(runs: int) -> None:
    """How often an arm's interval holds its true rate; light tasks among them."""
    print("\n| tasks | repeats | true rate | covered |\n|---|---|---|---|")
    for tasks, repeats in ((10, 1), (10, 3), (20, 3), (50, 3)):
        for middle in (0.6, 4.0):
            wide = np.random.default_rng(0).standard_normal(400_000)
            real = float((1 / (1 + np.exp(-(middle + 1.6 * wide)))).mean())
            rng, held = np.random.default_rng(tasks + repeats), 0
            for _ in range(runs):
                rate = 1 / (1 + np.exp(-(middle + 1.6 * rng.standard_normal(tasks))))
                e = success_rate([(int(c), repeats) for c in rng.binomial(repeats, rate)])
                held += e.low <= real <= e.high
            print(f"| {tasks} | {repeats} | {100 * real:.0f} % | {100 * held / runs:.0f} % |")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--simulate", action="store_true", help="the tables of docs/statistics.md")
    parser.add_argument("--runs", type=int, default=400, help="simulated experiments a row")
    parser.add_argument("--repeats", type=int, default=3, help="repeats of the light tasks")
    parser.add_argument(
        "--only", choices=("overhead", "recorded", "studied", "throughput"), help="one part"
    )
    parser.add_argument("--json", action="store_true", help="rows as JSON")
    given = parser.parse_args()
    if given.simulate:
        coverage(given.runs)
        one_arm(given.runs)
        agreement(given.runs)
        sequential(given.runs)
        return
    parts: dict[str, Callable[[], list[tuple[str, str, str]]]] = {
        "overhead": lambda: overhead(100),
        "recorded": lambda: recorded(10_000),
        "studied": lambda: studied(1000),
        "throughput": lambda: throughput(given.repeats),
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
