"""``sayso run "open the editor and write hello"``: one session in a terminal.

`agent.cli.exit_codes` has what it gives back to the shell; ``--help`` lists it.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import sys
import threading
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import NoReturn, TextIO

from agent.cli.beginning import add_beginning, session_from, settings_from
from agent.cli.command import Cutter, run_command, silence
from agent.cli.exit_codes import Exit
from agent.cli.flags import amount_of
from agent.cli.mcp import main as serve_mcp
from agent.cli.terminal import tell
from agent.errors import SaysoError
from agent.record.export import export_session, import_session, left_out, read_export
from agent.record.measure import as_lines, listed, measured
from agent.session.session import Session
from agent.settings import Settings
from agent.streams import any_text, take_any_text

MCP = "mcp"
"""The first word that serves a session to other programs instead of giving it a task."""

_LEAVING = 5.0
"""Seconds that a command which was cut has for leaving, whatever thread of it hangs."""


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
    take_any_text()
    words = sys.argv[1:] if arguments is None else arguments
    if words[:1] == [MCP]:
        return serve_mcp(words[1:], session_class=session_class, lines=lines, out=out)
    given = _parser().parse_args(words)
    any_text(sys.stdout, utf8=given.json)
    try:
        settings = settings_from(given)
        if (done := _without_session(given, settings)) is not None:
            return _print(done)
        if not (given.task or "").strip():
            _parser().error("say what to do, for example: sayso run 'open the editor'")
        return _run(given, settings, session_class, lines or sys.stdin, out or sys.stdout)
    except SaysoError as error:
        tell(f"sayso: {error}")
        return Exit.USAGE
    except KeyboardInterrupt:
        return Exit.STOPPED


def _run(
    given: argparse.Namespace,
    settings: Settings,
    session_class: type[Session],
    lines: TextIO | None,
    out: TextIO,
) -> int:
    cutter = Cutter(given.timeout)

    async def run() -> Exit:
        session = session_from(given, settings, session_class)
        return await run_command(given, session, lines, out, cutter)

    try:
        return asyncio.run(run())
    except asyncio.CancelledError:
        if cutter.exit is None:
            raise
        return cutter.exit
    finally:
        cutter.release()


def _print(text: str) -> Exit:
    """Write to the standard output; whoever read it may have gone (``| head``)."""
    try:
        print(text, end="" if text.endswith("\n") or not text else "\n", flush=True)
    except BrokenPipeError:
        silence(sys.stdout)
        return Exit.PIPE_CLOSED
    except OSError as error:
        silence(sys.stdout)
        tell(f"sayso: the output cannot be written ({error.strerror}).")
        return Exit.FAILED
    return Exit.DONE


def _parser() -> argparse.ArgumentParser:
    codes = "\n".join(f"  {int(code):>3}  {code.meaning}" for code in Exit)
    parser = argparse.ArgumentParser(
        prog="sayso run",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Give the agent a task on its own virtual desktop and watch it work.\n"
        "Ctrl-C stops it and ends the desktop; a second one quits at once.",
        epilog=f"exit codes:\n{codes}",
    )
    add = parser.add_argument
    add("task", nargs="?", help="what to do, in a sentence")
    add("--version", action="version", version=_version(), help="show the version")
    add(
        "--timeout",
        type=amount_of("seconds"),
        metavar="SECONDS",
        help="end the task, and the start of the desktop, after so long; what was done stays",
    )
    add("--json", action="store_true", help="one event a line, as JSON; with --list, one session")
    add_beginning(parser)
    _add_stored(parser)
    return parser


def _add_stored(parser: argparse.ArgumentParser) -> None:
    """What is done with stored sessions, without an agent."""
    add = parser.add_argument
    add("--list", action="store_true", help="list the sessions: when, how much, what about")
    add("--export", nargs=2, metavar=("ID", "FOLDER"), help="write a session to a new folder")
    home = parser.add_mutually_exclusive_group()
    home.add_argument(
        "--without-files", action="store_true", help="export without the files of the home"
    )
    home.add_argument(
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
        help="import an exported session, under another id if you like",
    )


def _version() -> str:
    try:
        own = metadata.version("sayso")
    except metadata.PackageNotFoundError:
        own = "(not installed as a package)"
    return f"sayso {own}, Python {platform.python_version()}"


def _without_session(given: argparse.Namespace, settings: Settings) -> str | None:
    """Carry out what needs no agent; returns what to print, or None if an agent is wanted."""
    if given.list:
        if given.json:
            return as_lines(measured(settings.data_dir))
        return listed(settings.data_dir) or "There are no sessions yet."
    if given.export:
        session_id, folder = given.export
        written = export_session(
            settings.data_dir,
            session_id,
            Path(folder),
            files=not given.without_files,
            programs=given.with_state,
        )
        missing = left_out(written)
        rest = f" Not in it: {'; '.join(missing)}." if missing else ""
        return f"Exported to {written}.{rest}"
    if given.import_:
        folder, *other = given.import_
        session_id = other[0] if other else None
        damage = read_export(Path(folder))
        session_id = import_session(Path(folder), settings.data_dir, session_id=session_id)
        return f"Imported as {session_id}. {_NOT_OBEYED} {damage}".strip()
    return None


_NOT_OBEYED = "Its settings and permissions do not apply here: once resumed, it has yours."


def _leave(code: int) -> NoReturn:
    """End the process with a code, even where a thread of it hangs after it was cut."""
    if code >= Exit.TIMED_OUT:
        timer = threading.Timer(_LEAVING, os._exit, (int(code),))
        timer.daemon = True
        timer.start()
    sys.exit(int(code))


def mcp(arguments: Sequence[str]) -> NoReturn:
    """Serve MCP clients and end the process with the exit code."""
    _leave(serve_mcp(arguments))


def run(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and end the process with its exit code."""
    _leave(main(arguments))


if __name__ == "__main__":
    run()
