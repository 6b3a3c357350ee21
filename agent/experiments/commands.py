"""What the commands of ``sayso lab`` do, one function each."""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from agent.errors import ConfigurationError
from agent.experiments.improve.proposers import (
    PROPOSER,
    ModelProposer,
    Proposer,
    SentenceProposer,
)
from agent.experiments.improve.search import Exhausted, improve
from agent.experiments.improve.study import Price, StudyTries, price
from agent.experiments.improve.terms import Split, Terms, split
from agent.experiments.improve.words import page
from agent.experiments.osworld.importing import (
    examples,
    fetcher,
    import_task,
    is_example,
    read_example,
)
from agent.experiments.osworld.reading import reasons
from agent.experiments.plan.design import summarise_design
from agent.experiments.plan.power import WANTED, Forecast
from agent.experiments.plan.spec import Arm, Experiment, counted, load_experiment
from agent.experiments.plan.task import Task, builtin_tasks, tasks_folder, tasks_in
from agent.experiments.results.compare import analyse
from agent.experiments.results.export import export_spans
from agent.experiments.results.export_inspect import export_inspect
from agent.experiments.results.gate import gate, junit
from agent.experiments.results.otlp import export_otlp
from agent.experiments.results.report import write_reports
from agent.experiments.results.words import percent, verdicts
from agent.experiments.run.deleting import delete
from agent.experiments.run.earlier import earlier_runs
from agent.experiments.run.placement import DaskPlacement, Placement
from agent.experiments.run.preflight import check_first
from agent.experiments.run.prove import Unproved, prove, unproved
from agent.experiments.run.rescore import mend, outdated, rescore
from agent.experiments.run.runner import Runner, RunState
from agent.experiments.run.store import Store, list_stores
from agent.experiments.run.trial_environment import TrialEnvironment
from agent.files import bounded
from agent.models.factory import claude_model
from agent.prompts import load_prompt
from agent.settings import read_settings

EXAMPLES = Path(__file__).parent / "examples"
FAILED, STOPPED = 1, 130
LISTS = ("experiments", "tasks", "examples")


def run(given: argparse.Namespace) -> int:
    """Run an experiment, or go on with it."""
    root = _root(given)
    experiment = load_experiment(_file(given.file), _own(root))
    if given.slots < 1:
        raise ConfigurationError("--slots must be 1 or more.")
    _announce(experiment, root, given.slots)
    check_first(experiment, TrialEnvironment(), elsewhere=bool(given.scheduler))
    if given.dry:
        return 0
    place = DaskPlacement(given.scheduler, slots=given.slots, via=given.via)
    try:
        if given.prove and not _proved(experiment, root, place):
            return FAILED
        if not given.unproved:
            _ask_about(experiment, unproved(experiment, root))
        runner = Runner(experiment, root, place, tell=_Bar(sys.stderr.isatty()).show)
        with _interruptible(runner):
            state = runner.run()
    finally:
        place.close()
    for note in state.notes:
        print(f"\n{note}", file=sys.stderr)
    print("\n" + _summary(runner.store))
    print("\n".join(write_reports(runner.store)))
    if runner.cancelled:
        return STOPPED
    return FAILED if state.statuses["error"] + state.statuses["cancelled"] else 0


def improve_prompt(given: argparse.Namespace) -> int:
    """Search for a better prompt, and claim it on held-out tasks."""
    root = _root(given)
    experiment = load_experiment(_file(given.file), _own(root))
    terms = Terms(
        rounds=given.rounds, variants=given.variants, repeats=given.repeats, looks=given.looks,
        held_out=given.held_out, objective=given.objective,
    )  # fmt: skip
    parts = split(experiment.tasks, terms, experiment.seed)
    _announce_search(price(experiment, parts, terms, slots=max(1, given.slots)), parts, experiment)
    check_first(experiment, TrialEnvironment(), elsewhere=bool(given.scheduler))
    propose = _proposer(given)
    if given.dry:
        return 0
    if not given.unproved:
        _ask_about(experiment, unproved(experiment, root))
    place = DaskPlacement(given.scheduler, slots=given.slots)
    spent = (lambda: propose.dollars) if isinstance(propose, ModelProposer) else (lambda: 0.0)
    tries = StudyTries(
        experiment, parts, terms, root, place, around=_interruptible, elsewhere=spent
    )
    first = experiment.arms[experiment.reference].prompt_text
    ledger = tries.ledger()
    try:
        found = improve(first, parts, tries, propose, ledger, terms, tell=_say)
    except Exhausted as end:
        _say(str(end))
        return STOPPED if end.stopped else FAILED
    finally:
        place.close()
    (tries.store.folder / "search.md").write_text(page(ledger, found), "utf-8")
    (tries.store.folder / "best.md").write_text(found.best.text, "utf-8")
    print(f"{found.verdict}\n{tries.store.folder / 'search.md'}\n{tries.store.folder / 'best.md'}")
    return 0


def import_osworld(given: argparse.Namespace) -> int:
    """Take over tasks of OSWorld; says of each that cannot be, why."""
    into = given.into or tasks_folder(_root(given))
    sources = [path for path in examples(given.file) if is_example(path)]
    if given.dry:
        found = [read_example(path) for path in sources]
        for path, one in zip(sources, found, strict=True):
            print(f"{path}: {'plain' if not one.why else '; '.join(one.why)}")
        plain = sum(not one.why for one in found)
        lines = [f"{count:5} {why}" for why, count in reasons(found)]
        print("\n".join([f"{plain} of {counted(len(found), 'task')} can be imported.", *lines]))
        return 0 if plain == len(found) else FAILED
    into.mkdir(parents=True, exist_ok=True)
    fetch = fetcher(given.files, download=given.download)
    taken = 0
    for source in sources:
        task = import_task(source, into, fetch)
        taken += task.folder is not None
        print(f"{task.id}: {task.folder or 'not imported: ' + '; '.join(task.why)}")
    print(f"{taken} of {counted(len(sources), 'task')} imported into {into}.")
    return 0 if taken == len(sources) else FAILED


def listing(given: argparse.Namespace) -> int:
    """Experiments, tasks or examples; all, or those whose name (or a tag) has the words in it."""
    part = given.part.lower()
    if given.what == "tasks":
        own, faults = tasks_in(tasks_folder(_root(given)))
        for task in (*builtin_tasks().values(), *own.values()):
            if part not in " ".join((task.id, *task.tags)).lower():
                continue
            mark = " [screen only]" if task.gui_only else ""
            mark += f" [needs {', '.join(task.missing)}]" if task.missing else ""
            print(f"{task.id:20} {', '.join(task.tags):32} {task.instruction}{mark}")
        print("".join(f"{fault}\n" for fault in faults), end="", file=sys.stderr)
    elif given.what == "examples":
        print("\n".join(sorted(p.stem for p in EXAMPLES.glob("*.yaml") if part in p.stem.lower())))
    else:
        stores = list_stores(_root(given))
        for store in stores:
            if part in store.folder.name.lower():
                print(f"{store.folder.name:40} {_progress(store)}")
        if not stores:
            print("There are no experiments yet. Try: sayso lab run wording")
    return 0


def show(given: argparse.Namespace) -> int:
    """The trials of an experiment, or one trial."""
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


def compare(given: argparse.Namespace) -> int:
    """The arms of an experiment."""
    store = _store(given)
    store.look("compare")
    print(_summary(store))
    return 0


def report(given: argparse.Namespace) -> int:
    """Write the one-page report."""
    print("\n".join(write_reports(_store(given))))
    return 0


def export(given: argparse.Namespace) -> int:
    """For inspect_ai or OpenTelemetry."""
    store = _store(given)
    if given.format == "otlp":
        count = export_otlp(store, given.target)
    else:
        write = export_inspect if given.format == "inspect" else export_spans
        count = write(store, Path(given.target))
    print(f"{counted(count, 'trial')} exported to {given.target}.")
    return 0


def remove(given: argparse.Namespace) -> int:
    """Delete a study, by its whole name."""
    store = _only(given)
    trials = counted(len(store.trials()), "trial")
    if not given.yes:
        words = f"Delete {store.folder} with {trials} for good?"
        if not sys.stdin.isatty():
            raise ConfigurationError(f"{words} Say so with --yes.")
        if input(f"{words} [y/N] ").strip().lower() not in ("y", "yes"):
            raise ConfigurationError("Nothing was deleted.")
    delete(store)
    print(f"{store.folder.name} was deleted, with {trials}. That it was tried stays known.")
    return 0


def rescore_again(given: argparse.Namespace) -> int:
    """Judge trials again by corrected checks."""
    store = _amended(given)
    found = rescore(store, every=given.all)
    for change in found.changed:
        print(f"{change.trial:44} {change.before} → {change.after}  {change.reason[:90]}")
    for line in found.unjudged:
        print(line, file=sys.stderr)
    judged = len(found.changed) + found.same
    print(f"{counted(judged, 'trial')} judged again, {len(found.changed)} with another end.")
    if judged:
        write_reports(store)
    return FAILED if found.unjudged else 0


def hold(given: argparse.Namespace) -> int:
    """Hold arms against the baseline, for CI."""
    store = _store(given)
    if not given.min_difference == given.min_difference:  # NaN is a number to argparse
        raise ConfigurationError("--min-difference must be a number of points, as in -5.")
    looks = store.look("gate")
    experiment = store.experiment
    arms = given.arm or ()
    found = gate(experiment, store.results(), given.min_difference, arms=arms, looks=looks)
    for one in found:
        print(f"{one.outcome}: {one.words}")
    if late := len(outdated(store)):
        print(f"{counted(late, 'verdict')} of earlier checks: rescore first.", file=sys.stderr)
    if given.junit:
        junit(experiment, found, given.junit)
    return 0 if all(one.outcome == "passed" for one in found) and not late else FAILED


# Inside ----------------------------------------------------------------------------------


def _root(given: argparse.Namespace) -> Path:
    root: Path = given.results or read_settings().data_dir / "experiments"
    return root


def _own(root: Path) -> dict[str, Task]:
    """A person's own tasks; those that cannot be used are missed where they are named."""
    return tasks_in(tasks_folder(root))[0]


def _file(name: str) -> Path:
    known = EXAMPLES / f"{name}.yaml"
    return known if known.exists() else Path(name)


def _announce(experiment: Experiment, root: Path, slots: int) -> None:
    """What it would cost and could find, and what makes it weak."""
    study = Store.of(root, experiment)
    results = study.results() if study.begun else []
    plan = summarise_design(experiment, slots=max(1, slots), earlier=results)
    guess = plan.forecast
    done = f", {guess.left} of them still to run" if guess.left < guess.trials else ""
    print(
        f"{experiment.name}: {counted(guess.trials, 'trial')}{done}, about "
        f"{guess.seconds / 60:.0f} min, {guess.dollars:.2f} US$ (at worst "
        f"{guess.worst_dollars:.2f}, budget {experiment.budget:.2f}; {guess.basis}).\n"
        f"{_detectable(guess)}",
        file=sys.stderr,
    )
    others = earlier_runs(root, experiment, but=study.folder)
    for line in (*plan.warnings, *(run.words for run in others)):
        print(f"Note: {line}", file=sys.stderr)


def _announce_search(most: Price, parts: Split, experiment: Experiment) -> None:
    """What a search takes at most, and what a look at held-out tasks can find."""
    gain = "not even 35" if most.detectable is None else f"{100 * most.detectable:.0f} or more"
    _say(
        f"{experiment.name}: {counted(len(parts.search), 'task')} to search on, "
        f"{counted(len(parts.held_out), 'task')} held out. "
        f"At most {counted(most.trials, 'trial')}, {most.seconds / 60:.0f} min, "
        f"about {most.dollars:.2f} US$ (at worst {most.worst_dollars:.2f}, "
        f"budget {experiment.budget:.2f}).\n"
        f"A look at the held-out tasks finds a gain of {gain} points with a chance of 80 %."
    )


def _proposer(given: argparse.Namespace) -> Proposer:
    """Who proposes: the given sentences, or a model.

    Raises:
        ConfigurationError: neither is given, or the model cannot be used.
    """
    if given.sentences:
        return SentenceProposer.of_file(given.sentences)
    if not given.proposer:
        raise ConfigurationError("Say who proposes: --sentences FILE, or --proposer MODEL.")
    settings = read_settings()
    if found := list(TrialEnvironment().model_faults(Arm(model=given.proposer), (), settings)):
        raise ConfigurationError(f"Nobody can propose: {' '.join(found)}")
    return ModelProposer(claude_model(settings, given.proposer), load_prompt(PROPOSER))


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _detectable(guess: Forecast) -> str:
    sparse = [effect for effect, chance in guess.sparse.items() if chance >= WANTED]
    rare = f"from {100 * min(sparse):.0f} points on" if sparse else "not even at 20 points"
    if guess.detectable is None:
        return "Even a difference in success of 35 points is likely to go unseen."
    return (
        f"Differences in success from {100 * guess.detectable:.0f} points on are found with a "
        f"chance of 80 % if all tasks respond alike; {rare} if a quarter of them holds the whole "
        "effect."
    )


def _proved(experiment: Experiment, root: Path, place: Placement) -> bool:
    """Whether every task's proof ends as it must; what does not is told."""
    print("Proving the tasks: idleness, near misses, oracles.", file=sys.stderr)
    bar = _Bar(sys.stderr.isatty())
    wrong = prove(experiment, root, place, tell=bar.show)
    print(file=sys.stderr)
    for one in wrong:
        print(f"The task {one.task} is not proved: {one.why}", file=sys.stderr)
    return not wrong


def _ask_about(experiment: Experiment, found: Sequence[Unproved]) -> None:
    """A paid arm on an unproved task may pay for verdicts that mean nothing: ask.

    Raises:
        ConfigurationError: the person does not want it, or cannot be asked.
    """
    paid = [name for name, arm in experiment.arms.items() if not arm.unpaid]
    if not found or not paid:
        return
    told = "\n".join(f"- {one.task}: {one.why}" for one in found)
    words = (
        f"{', '.join(paid)} would be paid for on tasks whose checks are not proved:\n{told}\n"
        "Run with --prove to prove them first, or with --unproved to run them all the same."
    )
    if not sys.stdin.isatty():
        raise ConfigurationError(words)
    print(words, file=sys.stderr)
    if input("Run them unproved? [y/N] ").strip().lower() not in ("y", "yes"):
        raise ConfigurationError("Nothing was run.")


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


def _progress(store: Store) -> str:
    """How far an experiment is; one that cannot be read does not hide the others."""
    try:
        planned = len(store.experiment.cells())
    except ConfigurationError:
        return "cannot be read: damaged, or of another version"
    return f"{sum(r.completed for r in store.results())}/{planned} trials"


def _store(given: argparse.Namespace) -> Store:
    """By folder, full name, or the beginning of a name: the newest that has it."""
    if (Path(given.experiment) / "experiment.json").exists():
        return Store(Path(given.experiment))
    found = list_stores(_root(given), given.experiment)
    if not found:
        raise ConfigurationError(f"There is no experiment “{given.experiment}”; see `list`.")
    return found[0]


def _only(given: argparse.Namespace) -> Store:
    """By folder or whole name, which no other study may have, too."""
    named = given.experiment
    if (Path(named) / "experiment.json").exists():
        return Store(Path(named))
    found = [
        store
        for store in list_stores(_root(given))
        if named in (store.folder.name, store.folder.name.rpartition("-")[0])
    ]
    if len(found) == 1:
        return found[0]
    if not found:
        raise ConfigurationError(f"There is no experiment “{named}”; see `list`.")
    names = ", ".join(store.folder.name for store in found)
    raise ConfigurationError(f"{len(found)} experiments are called “{named}”; name one: {names}.")


def _amended(given: argparse.Namespace) -> Store:
    """The study of a file, with the file's checks; or one by its name, with those of Sayso's."""
    path = _file(given.experiment)
    if not path.is_file():
        store = _store(given)
        mend(store, _own(_root(given)))
        return store
    experiment = load_experiment(path, _own(_root(given)))
    store = Store.of(_root(given), experiment)
    if not store.begun:
        raise ConfigurationError(f"No study has been run of {path}: there is nothing to judge.")
    store.amend(experiment)
    return store


def _summary(store: Store) -> str:
    results = store.results()
    analysis = analyse(store.experiment, results)
    lines = [f"{name:20} {percent(arm.completed)}" for name, arm in analysis.arms.items()]
    lines += verdicts(analysis, store.looks(results))
    return "\n".join([*lines, *analysis.notes])
