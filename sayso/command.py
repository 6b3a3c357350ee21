"""``sayso VERB …``: one name for all that Sayso does at a terminal."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module, metadata


@dataclass(frozen=True, slots=True)
class Verb:
    """A word after ``sayso``."""

    says: str
    """What it does, in a phrase for the overview."""

    module: str
    function: str = "main"
    """Takes the words after the verb and returns the exit code, or exits itself."""


VERBS = {
    "serve": Verb("serve the workbench, and print the link that lets you in", "sayso.serve"),
    "run": Verb("give the agent a task; list, export and import sessions", "agent.__main__", "run"),
    "mcp": Verb("serve a session to MCP clients", "agent.__main__", "mcp"),
    "lab": Verb("run, compare and report experiments", "agent.experiments.__main__"),
    "desktop": Verb("drive a virtual desktop by hand", "agent.desktop.__main__"),
    "voice": Verb("serve Hume's voice interface, offline", "dashboard.voice.standalone.__main__"),
    "hume": Verb("set up the voice at Hume", "dashboard.voice.hume.__main__"),
    "doctor": Verb("say what is missing here, and how to get it", "sayso.doctor"),
}

WRONG_USAGE = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    name, *rest = list(sys.argv[1:] if arguments is None else arguments) or [""]
    if name in ("", "-h", "--help", "help"):
        print(_overview())
        return 0 if name else WRONG_USAGE
    if name in ("-V", "--version", "version"):
        print(_version())
        return 0
    verb = VERBS.get(name)
    if verb is None:
        print(f"sayso: there is no “{name}”.\n\n{_overview()}", file=sys.stderr)
        return WRONG_USAGE
    code: int = getattr(import_module(verb.module), verb.function)(rest)
    return code


def _overview() -> str:
    width = max(map(len, VERBS))
    verbs = "\n".join(f"  {name:{width}}  {verb.says}" for name, verb in VERBS.items())
    return f"usage: sayso VERB …\n\n{verbs}\n\n“sayso VERB --help” lists its options."


def _version() -> str:
    try:
        return f"sayso {metadata.version('sayso')}"
    except metadata.PackageNotFoundError:
        return "sayso (not installed as a package)"
