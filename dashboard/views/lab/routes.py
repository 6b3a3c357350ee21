"""Pictures of trials, and reports to take away: for browsers that have been let in."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

from bokeh.server.views.auth_request_handler import AuthRequestHandler
from tornado.web import RequestHandler

from agent.errors import ConfigurationError
from agent.experiments.report import report
from dashboard.views.lab.runs import runs_of
from dashboard.web.workbench import workbench

_TYPES = {".jpg": "image/jpeg", ".png": "image/png", ".webp": "image/webp"}
_KINDS = {"md": ("markdown", "text/markdown"), "html": ("html", "text/html")}
_TRIAL = re.compile(r"[A-Za-z0-9][\w.-]{0,199}")


class LabHandler(AuthRequestHandler, RequestHandler):
    """Only for who is signed in, in a browser that this server has given a page."""

    async def prepare(self) -> None:
        await super().prepare()
        if self.current_user is None or workbench().identity.known(self.request) is None:
            self.send_error(403, reason="Open the page first.")


class TrialImage(LabHandler):
    """``/lab/EXPERIMENT/trials/ID/images/SHA.jpg``: bytes never change."""

    async def get(self, folder: str, trial: str, name: str) -> None:
        path = await asyncio.to_thread(_image, folder, trial, name)
        if path is None:
            self.send_error(404, reason="No such picture.")
            return
        self.set_header("Content-Type", _TYPES[path.suffix])
        self.set_header("Cache-Control", "private, max-age=31536000, immutable")
        self.write(await asyncio.to_thread(path.read_bytes))


class Report(LabHandler):
    """``/lab/EXPERIMENT/report.md`` and ``.html``: made anew, and taken away as a file."""

    async def get(self, folder: str, kind: str) -> None:
        form, content = _KINDS[kind]
        try:
            text = await asyncio.to_thread(_report, folder, form)
        except ConfigurationError as error:
            self.set_status(404)
            self.set_header("Content-Type", "text/plain; charset=utf-8")
            self.write(f"{error}\n")
            return
        self.set_header("Content-Type", f"{content}; charset=utf-8")
        self.set_header("Content-Disposition", f'attachment; filename="{folder}.{kind}"')
        self.set_header("Cache-Control", "no-store")
        self.write(text)


ROUTES: list[tuple[Any, ...]] = [
    (r"/lab/([\w.-]+)/trials/([\w.-]+)/images/([0-9a-f]{64}\.(?:jpg|png|webp))", TrialImage),
    (r"/lab/([\w.-]+)/report\.(md|html)", Report),
]


def _image(folder: str, trial: str, name: str) -> Path | None:
    if not _TRIAL.fullmatch(trial):
        return None
    try:
        store = runs_of(workbench()).records.store(folder)
    except ConfigurationError:
        return None
    path = store.trial(trial).folder / "session" / "images" / name
    return path if path.is_file() else None


def _report(folder: str, form: str) -> str:
    return report(runs_of(workbench()).records.store(folder), kind=form)
