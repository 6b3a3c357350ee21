"""``sayso serve``: the workbench, on this machine only unless told otherwise."""

from __future__ import annotations

import argparse
import os
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

PORT = 5006
FAILED = 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until it is ended; returns 1 if the port is taken."""
    given, others = _parser().parse_known_args(arguments)
    if given.network is not None:
        os.environ["SAYSO_NETWORK"] = given.network
    if given.reach:
        os.environ["SAYSO_REACH"] = ",".join(given.reach)
    if _taken(given.port):
        print(
            f"Port {given.port} is taken, perhaps by another Sayso: its link is in the terminal "
            "that it runs in. Choose another port with --port.",
            file=sys.stderr,
        )
        return FAILED
    print("Starting Sayso; Ctrl-C ends it.", flush=True)
    return _serve(["serve", str(page()), *_shown(), "--port", str(given.port), *others])


def page() -> Path:
    """The folder of the page, as ``panel serve`` takes it."""
    import dashboard

    return Path(dashboard.__file__).parent


def _serve(words: list[str]) -> int:
    """Run Panel's own command, which goes by ``sys.argv`` alone."""
    from panel.command import main as panel

    sys.argv = ["panel", *words]
    panel()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="sayso serve",
        description="Serve the workbench on this machine, and print the link that lets you in.",
        epilog="Further options go to “panel serve”: docs/deploy.md has those that matter.",
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--port", type=int, default=PORT, help=f"of this machine; {PORT} if not given")
    add(
        "--reach",
        action="append",
        metavar="HOST:PORT",
        help="let desktops reach a place of yours; once for each",
    )
    add("--network", metavar="MODE", help="what else they reach: off, listed or open")
    return parser


def _taken(port: int) -> bool:
    with socket.socket() as asked:
        return asked.connect_ex(("127.0.0.1", port)) == 0


def _shown() -> list[str]:
    """Have it opened in a browser, where there is a screen to show one."""
    screen = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    return ["--show"] if screen or sys.platform == "darwin" else []
