"""``python -m agent "open the editor and write hello"``: one session in a terminal.

Exit codes: 0 done · 1 failed, or not done · 2 wrong use, settings or journal: nothing was begun ·
3 a limit was reached · 4 the model declined · 130 stopped by the person.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TextIO

import pydantic

from agent.approval import DEFAULT_RULES
from agent.errors import ConfigurationError, SaysoError
from agent.export import export_session, import_session, left_out, read_export
from agent.journal import list_sessions
from agent.keys import KeyStore
from agent.measure import listed
from agent.session import Session
from agent.settings import Settings
from agent.terminal import Person, Printer

EXIT = {"done": 0, "failed": 1, "ended": 1, "limit": 3, "refused": 4, "stopped": 130}
WRONG_USE = 2


def main(
    arguments: Sequence[str] | None = None,
    *,
    session_class: type[Session] = Session,
    lines: TextIO | None = None,
    out: TextIO | None = None,
) -> int:
    """Run the command line; returns the exit code.

    Args:
        arguments: The command's words; those of the process if None.
        session_class: Makes and resumes the session.
        lines: What the person types; the standard input if None.
        out: Where it is told what happens; the standard output if None.
    """
    given = _parser().parse_args(arguments)
    try:
        settings = _settings(given)
        if done := _without_session(given, settings):
            print(done)
            return 0
        if not (given.task or "").strip():
            _parser().error("say what to do, for example: python -m agent 'open the editor'")
        streams = (lines or sys.stdin, out or sys.stdout)
        return asyncio.run(_run(given, settings, session_class, *streams))
    except SaysoError as error:
        print(f"sayso: {error}", file=sys.stderr)
        return WRONG_USE
    except KeyboardInterrupt:
        return EXIT["stopped"]


def _parser() -> argparse.ArgumentParser:
    rules = ", ".join(rule.name for rule in DEFAULT_RULES if rule.decision == "ask")
    parser = argparse.ArgumentParser(
        prog="python -m agent",
        description="Give the agent a task on its own virtual desktop and watch it work. "
        "Ctrl-C stops it, twice quits.",
        epilog="Exit codes: 0 done, 1 failed or not done, 2 wrong use, settings or journal, "
        "3 limit, 4 declined, 130 stopped.",
    )
    add = parser.add_argument
    add("task", nargs="?", help="what to do, in a sentence")
    add("--model", help="auto, offline, cassette:PATH or a model's id")
    add("--prompt", help="name of a prompt, or path of a Markdown file")
    add("--budget", type=float, metavar="DOLLARS", help="ask before spending more")
    add("--json", action="store_true", help="print one event a line, as JSON")
    add("--resume", metavar="ID", help="go on with a journaled session")
    add("--yes-to", action="append", default=[], metavar="RULE", help=f"do not ask about: {rules}")
    add("--sandbox", choices=("require", "prefer", "off"), help="how the desktop is confined")
    add("--network", action="store_true", help="let the desktop's programs reach the network")
    add(
        "--home",
        metavar="FOLDER",
        help="let it work in a folder of yours, and see nothing else; its size is not limited",
    )
    add("--list", action="store_true", help="list the sessions: when, how much, what about")
    add("--export", nargs=2, metavar=("ID", "FOLDER"), help="write a session to a new folder")
    add(
        "--with-state",
        action="append",
        default=[],
        metavar="NAME",
        help="export a program's own folder of the home too, such as .mozilla",
    )
    add(
        "--import",
        dest="import_",
        nargs="+",
        metavar=("FOLDER", "ID"),
        help="take in an exported session, under another id if you like",
    )
    return parser


def _settings(given: argparse.Namespace) -> Settings:
    wanted: dict[str, Any] = {
        "model": given.model,
        "prompt": given.prompt,
        "max_dollars": given.budget,
        "sandbox": given.sandbox,
        "network": given.network or None,
        "home": given.home,
    }
    try:
        settings = Settings(**{k: value for k, value in wanted.items() if value is not None})
        return KeyStore(settings).fill(settings)
    except pydantic.ValidationError as error:
        faults = "; ".join(
            f"{_option(fault['loc'][0])}: {fault['msg']}" for fault in error.errors()
        )
        raise ConfigurationError(f"A setting is wrong: {faults}.") from error


def _option(setting: object) -> str:
    """A setting as it is called on the command line or in the environment."""
    return {"max_dollars": "--budget"}.get(str(setting), f"SAYSO_{str(setting).upper()}")


def _ids(data_dir: Path) -> str:
    return "\n".join(list_sessions(data_dir))


def _without_session(given: argparse.Namespace, settings: Settings) -> str:
    """Carry out what needs no agent; returns what to print."""
    if given.list:
        told = listed if sys.stdout.isatty() else _ids  # a program that reads it wants the ids
        return told(settings.data_dir) or "There are no sessions yet."
    if given.export:
        session_id, folder = given.export
        written = export_session(
            settings.data_dir, session_id, Path(folder), programs=given.with_state
        )
        missing = left_out(written)
        rest = f" Left out, as they could not be read: {', '.join(missing)}." if missing else ""
        return f"Exported to {written}.{rest}"
    if given.import_:
        folder, *other = given.import_
        session_id = other[0] if other else None
        damage = read_export(Path(folder))
        session_id = import_session(Path(folder), settings.data_dir, session_id=session_id)
        return f"Imported as {session_id}. {damage}".strip()
    return ""


async def _run(
    given: argparse.Namespace,
    settings: Settings,
    session_class: type[Session],
    lines: TextIO,
    out: TextIO,
) -> int:
    session = _session(given, settings, session_class)
    printer = Printer(out, as_json=given.json, lost=lambda error: _unheard(session, out, error))
    session.log.subscribe(printer.show)
    try:
        await session.open()
        if session.status.who == "disconnected" or printer.failed:
            return EXIT["failed"]
        await _converse(session, given.task, lines)
        printer.end_line()
        return _outcome(session, printer)
    finally:
        try:
            await session.close("The command ended.")
        finally:  # a second Ctrl-C ends the closing, too
            if not given.json:
                print(f"Session {session.id}", file=sys.stderr)
                if told := session.where_files_are():
                    print(told, file=sys.stderr)


def _session(
    given: argparse.Namespace, settings: Settings, session_class: type[Session]
) -> Session:
    allowed = frozenset(given.yes_to)
    if unknown := allowed - {rule.name for rule in DEFAULT_RULES}:
        raise ConfigurationError(f"There is no rule “{min(unknown)}”; see --help for their names.")
    if not given.resume:
        return session_class.create(settings, allowed=allowed)
    if given.prompt:
        raise ConfigurationError("A resumed session keeps its prompt; leave out --prompt.")
    return session_class.resume(settings, given.resume, allowed=allowed)


def _unheard(session: Session, out: TextIO, error: OSError) -> None:
    """Nobody sees what happens any more: the agent stops, and Python need not try at its end."""
    print(f"sayso: the output cannot be written ({error.strerror}): stopped.", file=sys.stderr)
    with contextlib.suppress(OSError), open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), out.fileno())
    asyncio.get_running_loop().call_soon(session.stop, "the output cannot be written")


async def _converse(session: Session, task: str, lines: TextIO) -> None:
    """One task from its words to its end, with Ctrl-C as stop."""
    with _interruptible(session), Person(session, lines, sys.stderr):
        session.say(task, source="terminal")
        await session.wait_idle()


def _outcome(session: Session, printer: Printer) -> int:
    if session.trouble:
        print(f"sayso: {session.trouble}", file=sys.stderr)
    failed = session.trouble or printer.failed
    return EXIT["failed" if failed else session.status.outcome or "failed"]


@contextlib.contextmanager
def _interruptible(session: Session) -> Iterator[None]:
    """The first Ctrl-C stops the agent; a second one ends the program at once."""
    loop = asyncio.get_running_loop()

    def interrupt() -> None:
        loop.remove_signal_handler(signal.SIGINT)
        session.stop("Ctrl-C", source="terminal")

    loop.add_signal_handler(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGINT)


if __name__ == "__main__":
    sys.exit(main())
