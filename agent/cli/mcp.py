"""``sayso mcp``: a session for clients of the Model Context Protocol."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Protocol, TextIO

from agent.cli.beginning import add_beginning, session_from, settings_from
from agent.cli.command import Cut, Cutter, not_begun, silence
from agent.cli.exit_codes import Exit
from agent.cli.terminal import Person, Printer, tell
from agent.errors import ConfigurationError, ModelError, SaysoError
from agent.mcp_servers import NO_MCP
from agent.models.base import check_model
from agent.session.session import Session
from agent.settings import Settings

if TYPE_CHECKING:
    from agent.mcp.serving import Approver

_GOODBYE = 2.0
"""Seconds that the transport has to end, once told to."""


class Transport(Protocol):
    """How clients reach the server."""

    async def serve(self) -> None:
        """Return when nobody can come any more."""
        ...

    def end(self) -> None:
        """Have `serve` return."""
        ...


def main(
    arguments: Sequence[str],
    *,
    session_class: type[Session] = Session,
    lines: TextIO | None = None,
    out: TextIO | None = None,
) -> int:
    """Run the command; returns the exit code, as `agent.__main__.main` does."""
    given = _parser().parse_args(arguments)
    cutter = Cutter(None)
    try:
        settings = settings_from(given)
        return asyncio.run(
            _run(given, settings, session_class, lines or sys.stdin, out or sys.stdout, cutter)
        )
    except SaysoError as error:
        tell(f"sayso: {error}")
        return Exit.USAGE
    except asyncio.CancelledError:
        if cutter.exit is None:
            raise
        return cutter.exit
    finally:
        cutter.release()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="sayso mcp",
        description="Serve a session to a client of the Model Context Protocol: over standard "
        "input and output, or with --port over HTTP on this machine (docs/mcp.md).",
    )
    add = parser.add_argument
    add(
        "--port",
        type=int,
        metavar="PORT",
        help="serve streamable HTTP on 127.0.0.1, to whoever brings the key in mcp.key of the "
        "data folder; 0 for any free port",
    )
    add(
        "--client-approves",
        action="store_true",
        help="let the client answer what it would be asked about, instead of you alone",
    )
    add_beginning(parser)
    return parser


async def _run(
    given: argparse.Namespace,
    settings: Settings,
    session_class: type[Session],
    lines: TextIO,
    out: TextIO,
    cutter: Cutter,
) -> Exit:
    session = session_from(given, settings, session_class)
    with cutter.listening():
        try:
            await cutter.bound(check_model(session.model))
            transport = _transport(given, settings, session, out)
        except (Cut, ModelError) as why:
            await session.discard()
            return not_begun(cutter, why)
        except ConfigurationError:
            await session.discard()
            raise
        try:
            with _person(given, session, lines, out, cutter):
                return await _serve(session, transport, cutter)
        finally:
            await cutter.bound_ending(session.close(cutter.reason or "The MCP client has gone."))


def _transport(
    given: argparse.Namespace, settings: Settings, session: Session, out: TextIO
) -> Transport:
    try:
        from agent.mcp.serving import build_server
        from agent.mcp.transport import Http, Stdio, load_key
    except ModuleNotFoundError as error:
        raise ConfigurationError(NO_MCP) from error
    approver: Approver = "client" if given.client_approves else "person"

    async def find() -> Session:
        return session

    server = build_server(find, approver)
    if given.port is None:
        return Stdio(server)
    place = settings.data_dir / "mcp.key"
    served = Http(server, given.port, load_key(place))
    print(f"MCP at {served.address} for whoever brings the key in {place}", file=out, flush=True)
    return served


@contextlib.contextmanager
def _person(
    given: argparse.Namespace, session: Session, lines: TextIO, out: TextIO, cutter: Cutter
) -> Iterator[None]:
    """Whoever sits at the terminal: nobody, where the client has the standard streams."""
    at_terminal = given.port is not None
    with contextlib.ExitStack() as stack:
        if at_terminal:
            stack.callback(session.log.subscribe(Printer(out, lost=_lost(out, cutter)).show))
        if not given.client_approves or (at_terminal and lines.isatty()):
            stack.enter_context(Person(session, lines if at_terminal else None))
        yield


def _lost(out: TextIO, cutter: Cutter) -> Callable[[OSError], None]:
    def lost(error: OSError) -> None:
        silence(out)
        cutter.cut(Exit.PIPE_CLOSED, "the output cannot be written")

    return lost


async def _serve(session: Session, transport: Transport, cutter: Cutter) -> Exit:
    """Until the client goes, the command is cut, or the desktop cannot start."""
    opening = asyncio.create_task(_open(session, transport))
    await asyncio.sleep(0)  # words are taken once it has begun
    serving = asyncio.create_task(transport.serve())

    async def served() -> None:
        await asyncio.shield(serving)

    try:
        await cutter.bound(served())
    except Cut:
        transport.end()
        await asyncio.wait({serving}, timeout=_GOODBYE)
    finally:
        opening.cancel()
        await asyncio.wait({opening})
    if not opening.cancelled():
        return opening.result() or cutter.exit or Exit.DONE
    return cutter.exit or Exit.DONE


async def _open(session: Session, transport: Transport) -> Exit | None:
    """Open the session; without a desktop there is nothing to serve."""
    try:
        await session.open()
        if session.status.who != "disconnected":
            return None
        tell(f"sayso: {session.status.detail}")
        transport.end()
        return Exit.DESKTOP
    except SaysoError as error:
        tell(f"sayso: {error}")
        transport.end()
        return Exit.FAILED
