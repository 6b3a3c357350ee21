"""``sayso lab``: run, extend, judge again, compare and report experiments.

Exit codes: 0 done · 1 some trials ended in error or never ran, or a gate did not pass · 2 wrong
usage or settings, or what would end in errors · 130 stopped by the person.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from agent.errors import SaysoError
from agent.experiments import commands
from agent.experiments.improve.terms import Terms
from agent.streams import take_any_text

WRONG_USE = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    take_any_text()
    given = _parser().parse_args(arguments)
    try:
        code: int = given.command(given)
        sys.stdout.flush()
        return code
    except SaysoError as error:
        print(f"sayso: {error}", file=sys.stderr)
        return WRONG_USE
    except KeyboardInterrupt:
        return commands.STOPPED
    except BrokenPipeError:  # who reads has read enough; nothing more can be written there
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="sayso lab",
        description="Is prompt B better than prompt A on my tasks, by how much, at what price?",
        epilog="Exit codes: 0 done, 1 errors, missing trials or a gate that did not pass, 2 wrong "
        "usage or what would end in errors, 130 stopped.",
    )
    parser.add_argument("--results", type=Path, metavar="FOLDER", help="where experiments lie")
    subs = parser.add_subparsers(required=True, metavar="COMMAND")
    _run(subs.add_parser("run", help="run an experiment, go on with it, or extend it"))
    _improve(
        subs.add_parser("improve", help="search for a better prompt, proved on held-out tasks")
    )
    _import(subs.add_parser("import-osworld", help="take over tasks of OSWorld that are plain"))
    listing = subs.add_parser("list", help="experiments, tasks or examples")
    listing.add_argument("what", nargs="?", default="experiments", choices=commands.LISTS)
    listing.add_argument("part", nargs="?", default="", help="in their names, or in tasks' tags")
    listing.set_defaults(command=commands.listing)
    for name, words, command in (
        ("show", "the trials of an experiment, or one trial", commands.show),
        ("compare", "the arms of an experiment", commands.compare),
        ("report", "write the one-page report", commands.report),
        (
            "rescore",
            "judge trials again by corrected checks",
            commands.rescore_again,
        ),
        ("gate", "pass or fail by the difference from the baseline, for CI", commands.hold),
        ("export", "for inspect_ai or OpenTelemetry", commands.export),
        ("delete", "remove a study for good", commands.remove),
    ):
        sub = subs.add_parser(name, help=words)
        sub.add_argument("experiment", help=_NAMED.get(name, "its name, or a folder"))
        sub.set_defaults(command=command)
        _more(name, sub)
    return parser


_NAMED = {"rescore": "its YAML file, with the corrected checks; or its name, for Sayso's own tasks"}


def _run(run: argparse.ArgumentParser) -> None:
    run.add_argument("file", help="YAML file, or the name of an example")
    run.add_argument("--slots", type=int, default=2, help="desktops at a time on this machine")
    run.add_argument("--scheduler", metavar="ADDRESS", help="a Dask scheduler: tcp://host:8786")
    run.add_argument(
        "--via", default="", metavar="FOLDER", help="trials' files come by it, not by the scheduler"
    )
    run.add_argument("--dry", action="store_true", help="only check it, and say what it would cost")
    run.add_argument(
        "--prove", action="store_true", help="first prove its tasks: idle, near miss, oracle"
    )
    run.add_argument(
        "--unproved", action="store_true", help="pay for trials of tasks that are not proved"
    )
    run.set_defaults(command=commands.run)


def _import(take: argparse.ArgumentParser) -> None:
    take.add_argument("file", nargs="+", type=Path, help="OSWorld's JSON, or a folder of it")
    take.add_argument("--into", type=Path, metavar="FOLDER", help="where tasks are written")
    take.add_argument(
        "--files", type=Path, metavar="FOLDER", help="with files that the tasks bring or compare"
    )
    take.add_argument(
        "--download", action="store_true", help="fetch files from where OSWorld keeps them"
    )
    take.add_argument("--dry", action="store_true", help="only say what could be taken over")
    take.set_defaults(command=commands.import_osworld)


def _improve(search: argparse.ArgumentParser) -> None:
    usual = Terms()
    search.add_argument("file", help="YAML file: its baseline's prompt is improved on its tasks")
    search.add_argument(
        "--sentences", type=Path, metavar="FILE", help="what may be added, one a line"
    )
    search.add_argument("--proposer", metavar="MODEL", help="a Claude model that proposes instead")
    for name, words in (
        ("rounds", "rounds of proposals at most"),
        ("variants", "proposals of a round at most"),
        ("repeats", "tries of each task"),
        ("looks", "how often held-out tasks may be looked at"),
    ):
        search.add_argument(f"--{name}", type=int, default=getattr(usual, name), help=words)
    search.add_argument(
        "--held-out", type=float, default=usual.held_out, help="share of tasks that are held out"
    )
    search.add_argument("--objective", default=usual.objective, help="success, score or a measure")
    search.add_argument("--slots", type=int, default=2, help="desktops at a time on this machine")
    search.add_argument("--scheduler", metavar="ADDRESS", help="a Dask scheduler: tcp://host:8786")
    search.add_argument("--dry", action="store_true", help="only say what it would take")
    search.add_argument("--unproved", action="store_true", help="pay for tasks that are not proved")
    search.set_defaults(command=commands.improve_prompt)


def _more(name: str, sub: argparse.ArgumentParser) -> None:
    """Arguments of one command alone."""
    if name == "show":
        sub.add_argument("trial", nargs="?", help="id of a trial")
    if name == "export":
        sub.add_argument("format", choices=("inspect", "otel", "otlp"))
        sub.add_argument(
            "target", help="a folder for inspect, a file for otel, a file or an address for otlp"
        )
    if name == "delete":
        sub.add_argument("--yes", action="store_true", help="without being asked")
    if name == "rescore":
        sub.add_argument("--all", action="store_true", help="judge trials of the same checks, too")
    if name == "gate":
        sub.add_argument(
            "--min-difference",
            type=float,
            required=True,
            metavar="POINTS",
            help="smallest difference in success that may be, in points: -5 allows five less",
        )
        sub.add_argument("--arm", action="append", help="hold this arm only; may be repeated")
        sub.add_argument("--junit", type=Path, metavar="FILE", help="write the outcome for CI")


if __name__ == "__main__":
    sys.exit(main())
