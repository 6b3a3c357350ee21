"""``python -m agent.testing.messages_server``: the faithful server with a script file."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
from collections.abc import Sequence
from pathlib import Path

from agent.errors import ConfigurationError
from agent.streams import take_any_text
from agent.testing.messages_script import load_script
from agent.testing.messages_server import MessagesServer


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until interrupted. Returns 2 for a script or port that cannot be used."""
    take_any_text()
    options = _parser().parse_args(argv)
    try:
        script = load_script(options.script)
    except ConfigurationError as error:
        print(error, file=sys.stderr)
        return 2
    server = MessagesServer(
        script,
        key=options.key,
        dialect=options.dialect,
        vision=not options.blind,
        window=options.window,
    )
    try:
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(_serve(server, options.port))
    except (OSError, OverflowError) as error:
        print(f"The port {options.port} cannot be used ({error}). Take another.", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m agent.testing.messages_server",
        description="A faithful /v1/messages server with scripted answers.",
    )
    parser.add_argument("--script", type=Path, required=True, help="JSON file of replies")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free port")
    parser.add_argument("--key", default=None, help="the only key that is accepted")
    parser.add_argument("--dialect", choices=["anthropic", "portable"], default="anthropic")
    parser.add_argument("--blind", action="store_true", help="a model that cannot see")
    parser.add_argument("--window", type=int, default=1_000_000, help="tokens that fit")
    return parser


async def _serve(server: MessagesServer, port: int) -> None:
    await server.start(port)
    print(server.base_url, flush=True)
    try:
        await asyncio.Event().wait()
    finally:
        await server.stop()
