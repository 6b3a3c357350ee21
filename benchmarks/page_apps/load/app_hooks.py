"""The real page over real sessions on real desktops, watched from within (`benchmarks.load`)."""

from __future__ import annotations

import os
import sys
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))

from benchmarks.load_watch import Watch
from dashboard.hooks import on_session_destroyed, process_request
from dashboard.web.mount import install
from dashboard.web.workbench import make_workbench

__all__ = ["on_server_loaded", "on_session_destroyed", "process_request"]

_watch = Watch(os.environ["SAYSO_BENCH_WATCH"])
install(partial(make_workbench, factory=_watch.factory))


def on_server_loaded(server_context: object) -> None:
    """The loop is there."""
    _watch.start()
