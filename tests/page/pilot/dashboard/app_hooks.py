"""The real page over real sessions with a scripted model and a desktop in memory."""

import asyncio
import gc
import os
import signal
import sys
from functools import partial
from pathlib import Path

from bokeh.document import Document

sys.path.insert(0, str(Path(__file__).parents[2]))
from pilot_sessions import factory

from dashboard.hooks import on_session_destroyed, process_request
from dashboard.web.goodbye import goodbyes
from dashboard.web.mount import install
from dashboard.web.workbench import make_workbench

__all__ = ["on_server_loaded", "on_session_destroyed", "process_request"]

MANY = None if "SAYSO_MAX_SESSIONS" in os.environ else 100
if MANY:  # a test's people, who share one password, count as one
    os.environ.setdefault("SAYSO_MAX_SESSIONS_EACH", str(MANY))
install(partial(make_workbench, factory=factory, most_sessions=MANY))
goodbyes.patience = 600.0  # so that a page freed sooner was known to be left


def on_server_loaded(_: object) -> None:
    """Whoever sends SIGUSR1 is told what garbage is looked for among, and the documents there."""
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, _tell_objects)


def _tell_objects() -> None:
    gc.collect()
    looked_at = gc.get_objects()
    documents = sum(isinstance(each, Document) for each in looked_at)
    left_out = gc.get_freeze_count()
    print(f"documents: {documents} of {len(looked_at)} objects beside {left_out}", flush=True)
