"""The real page over real sessions with a scripted model and a desktop in memory."""

import os
import sys
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from pilot_sessions import factory

from dashboard.hooks import on_session_destroyed, process_request
from dashboard.web.goodbye import goodbyes
from dashboard.web.mount import install
from dashboard.web.workbench import make_workbench

__all__ = ["on_session_destroyed", "process_request"]

MANY = None if "SAYSO_MAX_SESSIONS" in os.environ else 100
install(partial(make_workbench, factory=factory, most_sessions=MANY))
goodbyes.patience = 600.0  # so that a page freed sooner was known to be left
