"""``/health``: whether the server answers, for scripts and supervisors."""

from __future__ import annotations

from tornado.web import RequestHandler

from dashboard.web.workbench import workbench


class Health(RequestHandler):
    """Says that the loop turns, how many sessions run and how many pages are open."""

    def get(self) -> None:
        self.set_header("Cache-Control", "no-store")
        sessions = workbench().sessions
        self.write({"status": "ok", "sessions": len(sessions), "pages": sessions.pages})
