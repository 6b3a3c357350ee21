"""What lets the server's loop get a processor, and not lose it, when it has to act."""

from __future__ import annotations

import asyncio
import atexit
import importlib
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

from agent.desktop.server.groups import put_first
from agent.providers import CLAUDE
from agent.settings import Settings
from agent.threads import step_back, step_in

SWITCH = 0.0001
"""Seconds after which a thread that computes hands on to the loop (Python: 0.005): with several
such threads the loop waits for each of them in turn."""

_HEAVY = "anthropic"
"""A package that takes seconds to import."""

_LATER = 20.0
"""Seconds until it is imported where no key says that it is needed."""


def install(settings: Settings) -> None:
    """Have this process come first, and import ahead what would hold its loop up."""
    atexit.register(put_first())
    step_in()
    sys.setswitchinterval(SWITCH)
    importing = threading.Timer(0.0 if CLAUDE.ready(settings) else _LATER, _import)
    importing.name, importing.daemon = "imports", True
    importing.start()


def prepare(loop: asyncio.AbstractEventLoop) -> None:
    """Have the threads of the loop's executor come after the loop's own."""
    loop.set_default_executor(ThreadPoolExecutor(None, "executor", step_back))


def _import() -> None:
    step_back()
    importlib.import_module(_HEAVY)
