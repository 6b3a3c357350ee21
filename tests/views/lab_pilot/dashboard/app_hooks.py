"""The real page; its Lab plays trials in this process, on desktops in memory."""

import sys
from functools import partial
from pathlib import Path

sys.path.extend(str(Path(__file__).parents[3] / room) for room in ("page", "lab", "views"))
from lab_in_memory import HeldEnvironment, Here
from pilot_sessions import factory

from agent.experiments import live
from dashboard.hooks import on_session_destroyed, process_request
from dashboard.views.lab import runs
from dashboard.web.mount import install
from dashboard.web.workbench import make_workbench

__all__ = ["on_session_destroyed", "process_request"]

install(partial(make_workbench, factory=factory))
live.DaskPlacement = Here  # type: ignore[misc, assignment]
runs.KeyedEnvironment = HeldEnvironment  # type: ignore[misc, assignment]
