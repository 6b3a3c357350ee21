"""The real page over real sessions, whose desktops begin with a form and a spreadsheet."""

import sys
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from errand_session import factory

from dashboard.hooks import on_session_destroyed, process_request
from dashboard.web.mount import install
from dashboard.web.workbench import make_workbench

__all__ = ["on_session_destroyed", "process_request"]

install(partial(make_workbench, factory=factory))
