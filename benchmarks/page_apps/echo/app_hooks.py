"""The real page over sessions in memory whose model tells the time, now and then."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))

from benchmarks.page_clock import factory
from dashboard.hooks import on_session_destroyed, process_request
from dashboard.web.mount import install
from dashboard.web.workbench import make_workbench

__all__ = ["on_session_destroyed", "process_request"]

install(partial(make_workbench, factory=factory, most_sessions=1000))
