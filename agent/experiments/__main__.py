"""``python -m agent.experiments``: run, list, show, compare and report experiments.

Exit codes: 0 done · 1 some trials ended in error or never ran · 2 wrong use or settings ·
130 stopped by the person.
"""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from agent.errors import ConfigurationError, SaysoError
from agent.experiments.plan.power import forecast
from agent.experiments.plan.spec import Experiment, load_experiment
from agent.experiments.plan.task import builtin_tasks
from agent.experiments.results.compare import analyse
from agent.experiments.results.export import export_spans
from agent.experiments.results.export_inspect import export_inspect
from agent.experiments.results.report import write_reports
from agent.experiments.results.words import percent, verdict
from agent.experiments.run.placement import DaskPlacement
from agent.experiments.run.runner import Runner, RunState
from agent.experiments.run.store import Store, list_stores
from agent.files import bounded
from agent.settings import Settings
from agent.streams import take_any_text

EXAMPLES = Path(__file__).parent / "examples"
FAILED, WRONG_USE, STOPPED = 1, 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    take_any_text()
    given = _parser().parse_args(arguments)
    try:
        code: int = given.command(given)
        return code
    except SaysoError as error:
        print(f"sayso: {error}", file=sys.stderr)
        return WRONG_USE
    except KeyboardInterrupt:
        return STOPPED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m agent.experiments",
        description="Is prompt B better than prompt A on my tasks, by how much, at what price?",
        epilog="Exit codes: 0 done, 1 errors or missing trials, 2 wrong usage, 130 stopped.",
    )
    parser.add_argument("--results", type=Path, metavar="FOLDER", help="where experiments lie")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    run = commands.add_parser("run", help="run an experiment, or go on with it")
    run.add_argument("file", help="YAML file, or the name of an example")
    run.add_argument("--slots", type=int, default=2, help="desktops at a time on this machine")
    run.add_argument("--scheduler", metavar="ADDRESS", help="a Dask scheduler: tcp://host:8786")
    run.add_argument("--dry", action="store_true", help="only say what it would cost and detect")
    run.set_defaults(command=_run)
    listing = commands.add_parser("list", help="experiments, tasks or examples")
    listing.add_argument("what", nargs="?", default="experiments", choices=_LISTS)
    listing.set_defaults(command=_list)
    for name, words, command in (
        ("show", "the trials of an experiment, or one trial", _show),
        ("compare", "the arms of an experiment", _compare),
        ("report", "write the one-page report", _report),
        ("export", "for inspect_ai or OpenTelemetry", _export),
    ):
        sub = commands.add_parser(name, help=words)
        sub.add_argument("experiment", help="its name, or a folder")
        sub.set_defaults(command=command)
        if name == "show":
            sub.add_argument("trial", nargs="?", help="id of a trial")
        if name == "export":
            sub.add_argument("format", choices=("inspect", "otel"))
            sub.add_argument("target", type=Path, help="a folder for inspect, a file for otel")
    return parser


_LISTS = ("experiments", "tasks", "examples")


def _root(given: argparse.Namespace) -> Path:
    return given.results or Settings().data_dir / "experiments"


def _run(given: argparse.Namespace) -> int:
    experiment = load_experiment(_file(given.file))
    _announce(experiment, given)
    if given.dry:
        return 0
    if given.slots < 1:
        raise ConfigurationError("--slots must be 1 or more.")
    place = DaskPlacement(given.scheduler, slots=given.slots)
    try:
        runner = Runner(experiment, _root(given), place, tell=_Bar(sys.stderr.isatty()).show)
        with _interruptible(runner):
            state = runner.run()
    finally:
        place.close()
    for note in state.notes:
        print(f"\n{note}", file=sys.stderr)
    print("\n" + _summary(experiment, runner.store))
    print("\n".join(write_reports(runner.store)))
    return FAILED if state.statuses["error"] + state.statuses["cancelled"] else 0


def _file(name: str) -> Path:
    known = EXAMPLES / f"{name}.yaml"
    return known if known.exists() else Path(name)


def _announce(experiment: Experiment, given: argparse.Namespace) -> None:
    earlier = Store(_root(given) / experiment.folder_name)
    results = earlier.results() if earlier.folder.exists() else []
    guess = forecast(experiment, slots=max(1, given.slots), earlier=results)
    if guess.detectable is None:
        effect = "Even a difference in success of 35 points is likely to go unseen."
    else:
        effect = (
            f"Differences in success from {100 * guess.detectable:.0f} points on are found with "
            "a chance of 80 %."
        )
    print(
        f"{experiment.name}: {guess.trials} trials, about {guess.seconds / 60:.0f} min, "
        f"{guess.dollars:.2f} US$ (at worst {guess.worst_dollars:.2f}, budget "
        f"{experiment.budget:.2f}; {guess.basis}).\n{effect}",
        file=sys.stderr,
    )


class _Bar:
    """One line that says how far it is; a line per trial where there is no terminal."""

    def __init__(self, terminal: bool) -> None:
        self._terminal = terminal
        self._done = -1

    def show(self, state: RunState) -> None:
        counts = " · ".join(f"{name} {count}" for name, count in sorted(state.statuses.items()))
        line = f"{state.done}/{state.planned}  {counts}  {state.spent:.2f} US$"
        if self._terminal:
            width = 24
            full = width * state.done // max(1, state.planned)
            bar = "█" * full + "░" * (width - full)
            print(f"\r{bar} {line}\x1b[K", end="", file=sys.stderr, flush=True)
        elif state.done != self._done and state.latest is not None:
            print(f"{line}  {state.latest.id}: {state.latest.status}", file=sys.stderr, flush=True)
        self._done = state.done


@contextlib.contextmanager
def _interruptible(runner: Runner) -> Iterator[None]:
    """The first Ctrl-C stops the trials and writes the report; a second one ends the program."""

    def interrupt(number: int, frame: object) -> None:
        signal.signal(signal.SIGINT, before)
        runner.cancel("Stopped by the person; run it again to go on.")

    before = signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _list(given: argparse.Namespace) -> int:
    if given.what == "tasks":
        for task in builtin_tasks().values():
            mark = " [screen only]" if task.gui_only else ""
            print(f"{task.id:20} {', '.join(task.tags):32} {task.instruction}{mark}")
    elif given.what == "examples":
        print("\n".join(sorted(path.stem for path in EXAMPLES.glob("*.yaml"))))
    else:
        stores = list_stores(_root(given))
        for store in stores:
            print(f"{store.folder.name:40} {_progress(store)}")
        if not stores:
            print("There are no experiments yet. Try: python -m agent.experiments run wording")
    return 0


def _progress(store: Store) -> str:
    """How far an experiment is; one that cannot be read does not hide the others."""
    try:
        planned = len(store.experiment.cells())
    except ConfigurationError:
        return "cannot be read: damaged, or of another version"
    return f"{len(store.results())}/{planned} trials"


def _store(given: argparse.Namespace) -> Store:
    """By folder, full name, or the beginning of a name that only one has."""
    if (Path(given.experiment) / "experiment.json").exists():
        return Store(Path(given.experiment))
    found = [s for s in list_stores(_root(given)) if s.folder.name.startswith(given.experiment)]
    if not found:
        raise ConfigurationError(f"There is no experiment “{given.experiment}”; see `list`.")
    return found[0]


def _show(given: argparse.Namespace) -> int:
    store = _store(given)
    if given.trial:
        print(store.trial(given.trial).result.model_dump_json(indent=1))
        return 0
    for result in store.results():
        words = result.error or result.reason
        print(f"{result.id:44} {result.status:16} {result.score:4.2f}  {words[:90]}")
        if result.left_out:
            left_out = "; ".join(bounded(result.left_out, 3))
            print(f"{'':44} not kept of the home's files: {left_out}")
    for name in store.half_written():
        print(f"{name:44} half-written: run the experiment again")
    return 0


def _compare(given: argparse.Namespace) -> int:
    store = _store(given)
    store.look("compare")
    print(_summary(store.experiment, store))
    return 0


def _summary(experiment: Experiment, store: Store) -> str:
    analysis = analyse(experiment, store.results())
    lines = [f"{name:20} {percent(arm.intention)}" for name, arm in analysis.arms.items()]
    lines += [verdict(comparison) for comparison in analysis.comparisons.values()]
    return "\n".join([*lines, *analysis.notes])


def _report(given: argparse.Namespace) -> int:
    print("\n".join(write_reports(_store(given))))
    return 0


def _export(given: argparse.Namespace) -> int:
    write = export_inspect if given.format == "inspect" else export_spans
    print(f"{write(_store(given), given.target)} trials exported to {given.target}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
