"""Reports to take away, for browsers that have been let in.

Pictures of trials come over ``/recordings/trial/…``, as in a replay.
"""

from __future__ import annotations

from typing import Any

from bokeh.server.views.auth_request_handler import AuthRequestHandler
from tornado.web import RequestHandler

from agent.errors import ConfigurationError, JournalError
from agent.experiments.results.gate import junit_text
from agent.experiments.results.report import report
from dashboard.views.lab.data import held
from dashboard.views.lab.runs import runs_of
from dashboard.web.disk import from_disk
from dashboard.web.lock import by_address
from dashboard.web.workbench import workbench

_KINDS = {"md": ("markdown", "text/markdown"), "html": ("html", "text/html")}


class LabHandler(AuthRequestHandler, RequestHandler):
    """Only for whose experiments they are."""

    owner: str

    async def prepare(self) -> None:
        await super().prepare()
        owner = workbench().identity.known(self.request)
        if self.current_user is None or owner is None:
            self.send_error(403, reason="Open the page first.")
            return
        self.owner = owner

    def _refuse(self, status: int, why: str) -> None:
        self.set_status(status)
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.write(f"{why}\n")

    def _give(self, text: str | bytes, content: str, name: str) -> None:
        self.set_header("Content-Type", f"{content}; charset=utf-8")
        self.set_header("Content-Disposition", f'attachment; filename="{name}"')
        self.set_header("Cache-Control", "no-store")
        self.write(text)


@by_address  # of the experiment's name and the hash of its design
class Report(LabHandler):
    """``/lab/EXPERIMENT/report.md`` and ``.html``: made on request, and taken away as a file."""

    async def get(self, folder: str, kind: str) -> None:
        form, content = _KINDS[kind]
        try:
            text = await from_disk(
                lambda: _report(self.owner, folder, form), "your experiments", longer=6
            )
        except (ConfigurationError, JournalError) as error:
            self._refuse(404 if isinstance(error, ConfigurationError) else 503, str(error))
        else:
            self._give(text, content, f"{folder}.{kind}")


@by_address
class JUnit(LabHandler):
    """``/lab/EXPERIMENT/gate.xml?points=-5``: the arms held against the baseline, for CI."""

    async def get(self, folder: str) -> None:
        try:
            points = float(self.get_query_argument("points", ""))
            text = await from_disk(
                lambda: _held(self.owner, folder, points), "your experiments", longer=6
            )
        except ValueError:
            self._refuse(400, "Give a number of points, as in -5.")
        except ConfigurationError as error:
            self._refuse(404, str(error))
        except JournalError as error:
            self._refuse(503, str(error))
        else:
            self._give(text, "application/xml", f"{folder}.xml")


ROUTES: list[tuple[Any, ...]] = [
    (r"/lab/([\w.-]+)/report\.(md|html)", Report),
    (r"/lab/([\w.-]+)/gate\.xml", JUnit),
]


def _report(owner: str, folder: str, form: str) -> str:
    return report(runs_of(workbench(), owner).records.store(folder), kind=form)


def _held(owner: str, folder: str, points: float) -> bytes:
    records = runs_of(workbench(), owner).records
    return junit_text(records.experiment(folder), held(records, folder, points, look=False))
