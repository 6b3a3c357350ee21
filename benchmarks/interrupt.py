"""DesktopInterrupt: ``script/bench interrupt [--core | --quick] [--text] [--agent NAME …]``.

What an agent does when somebody speaks into its work: 210 cases on real windows, spoken as sound
and heard by the offline voice, or with ``--text`` told in words. ``docs/desktop-interrupt.md``
defines everything. A study goes on where it was cut; what has been tried is not tried again.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from agent.errors import SaysoError
from agent.experiments.plan.desktop_interrupt import (
    COMMANDS,
    INTENTS,
    MOMENTS,
    core_tasks,
    interrupt_tasks,
    scenarios,
    task_of,
)
from agent.experiments.plan.spec import Experiment, define
from agent.experiments.plan.task import Task
from agent.experiments.run.placement import DaskPlacement, LocalPlacement, Placement
from agent.experiments.run.preflight import check_first
from agent.experiments.run.runner import Runner, RunState
from agent.settings import Settings
from benchmarks.interrupt_people import Channel, PeopleEnvironment
from benchmarks.interrupt_report import as_json, markdown, unproved

PROOFS = {"oracle": "passed", "near_miss": "failed", "nothing": "failed"}
"""Reference arm → how each of its trials must end."""

_FOREIGN_DOLLARS = 0.01
"""Reserved for a trial of an agent whose bills Sayso does not see."""


def quick_tasks() -> tuple[Task, ...]:
    """One case of each intent, with another piece of work and another moment each."""
    known = {scenario.id: scenario for scenario in scenarios()}
    names = list(dict.fromkeys(scenario.name for scenario in scenarios()))
    return tuple(
        task_of(known[f"{names[n % len(names)]}-{intent}"], MOMENTS[n % len(MOMENTS)])
        for n, intent in enumerate(INTENTS)
    )


def study(
    agents: Sequence[str],
    tasks: Sequence[Task],
    channel: Channel,
    *,
    repeats: int = 1,
    budget: float = 1.0,
    max_dollars: float = 0.5,
) -> Experiment:
    """The study of some agents on some cases. Its channel is in its name.

    Raises:
        ConfigurationError: two agents have the same name.
    """
    arms = {}
    for model in agents:
        foreign = ":" in model and not model.startswith("cassette:")
        arms[re.sub(r"[^A-Za-z0-9_.-]+", "-", model.rpartition(":")[2])] = {
            "model": model,
            "narration": "act-while-speaking",
            "phrasing": COMMANDS if model == "offline" else "goal",
            "max_dollars": _FOREIGN_DOLLARS if foreign else max_dollars,
        }
    return define(
        name=f"desktop-interrupt-{channel}",
        arms=arms,
        tasks=tuple(tasks),
        repeats=repeats,
        budget=budget,
    )


def _tell(seen: set[str], state: RunState) -> None:
    """A line a trial."""
    last = state.latest
    if last is None or last.id in seen:
        return
    seen.add(last.id)
    seconds = last.ended - last.started
    why = "" if last.passed else f": {last.error or last.reason}"
    print(f"  {state.done}/{state.planned} {last.id} {last.status}, {seconds:.0f} s{why}"[:240],
          file=sys.stderr, flush=True)  # fmt: skip


def run(experiment: Experiment, channel: Channel, root: Path, slots: int) -> Runner:
    """Carry the study out, as far as it is not done.

    Raises:
        ConfigurationError: it could only end in errors, or cannot be kept.
    """
    environment = PeopleEnvironment(channel)
    check_first(experiment, environment)
    place: Placement = LocalPlacement() if slots == 1 else DaskPlacement(slots=slots)
    seen: set[str] = set()
    try:
        runner = Runner(
            experiment,
            root,
            place,
            environment=environment,
            tell=lambda state: _tell(seen, state),
        )
        runner.run()
    finally:
        place.close()
    return runner


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--core", action="store_true", help="the declared core: 40 cases")
    which.add_argument("--quick", action="store_true", help="one case of each intent")
    which.add_argument("--only", metavar="PATTERN", help="cases whose names fit")
    parser.add_argument("--text", action="store_true", help="words instead of sound")
    parser.add_argument(
        "--agent",
        action="append",
        metavar="NAME",
        help="oracle, near_miss, nothing, offline, a model of the settings, or "
        "package.module:factory; may be repeated (default: oracle)",
    )
    parser.add_argument("--prove", action="store_true", help="oracle, near miss and idleness")
    parser.add_argument("--repeats", type=int, default=1, help="2 tells whether two runs agree")
    parser.add_argument("--slots", type=int, default=1, help="desktops at a time")
    parser.add_argument("--budget", type=float, default=1.0, help="US$ for all of it")
    parser.add_argument("--results", type=Path, help="folder of studies")
    parser.add_argument("--json", action="store_true", help="everything as JSON")
    return parser.parse_args()


def _chosen(given: argparse.Namespace) -> tuple[Task, ...]:
    if given.core:
        return core_tasks()
    if given.quick:
        return quick_tasks()
    return tuple(t for t in interrupt_tasks() if not given.only or re.search(given.only, t.id))


def main() -> int:
    """Run it, and print the tables; 1 if a proof fails."""
    given = _arguments()
    channel: Channel = "text" if given.text else "sound"
    agents = list(dict.fromkeys([*(given.agent or ()), *(PROOFS if given.prove else ())]))
    root = given.results or Settings().data_dir / "experiments"
    try:
        experiment = study(
            agents or ["oracle"],
            _chosen(given),
            channel,
            repeats=given.repeats,
            budget=given.budget,
        )
        runner = run(experiment, channel, root, given.slots)
    except SaysoError as error:
        print(f"sayso: {error}", file=sys.stderr)
        return 2
    wanted = {task.id for task in experiment.tasks}
    results = [r for r in runner.store.results() if r.task in wanted and r.arm in experiment.arms]
    if given.json:
        print(json.dumps(as_json(experiment, results, experiment.tasks), indent=1))
    else:
        print(markdown(experiment, results))
    broken = unproved(results, PROOFS) if given.prove else []
    print("\n".join(broken), file=sys.stderr)
    return int(bool(broken))


if __name__ == "__main__":
    sys.exit(main())
