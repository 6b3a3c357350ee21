"""The real page over scripted sessions, with what a page is told and a plain client is not.

A test that knows the environment's secret makes tickets for sockets. An export waits for each of
two people.
"""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))
sys.path.insert(0, str(Path(__file__).parents[3] / "page"))

from pilot_sessions import factory
from served import mark

from dashboard.hooks import on_session_destroyed, process_request
from dashboard.web.exports import Exported
from dashboard.web.mount import install
from dashboard.web.workbench import Workbench, make_workbench

__all__ = ["on_session_destroyed", "process_request"]


def _make() -> Workbench:
    bench = make_workbench(factory=factory, most_sessions=20)
    bench.tickets._secret = bytes.fromhex(os.environ["TEST_TICKETS"])
    path = bench.settings.data_dir / "export.zip"
    for name in ("anna", "ben"):
        bench.exports._keep(Exported(f"of-{name}", mark(name), path, "session.zip"))
    return bench


install(_make)
