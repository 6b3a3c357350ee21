"""``/health``: whether the server answers, for scripts and supervisors."""

from __future__ import annotations

from tornado.web import RequestHandler

from dashboard.web.workbench import workbench


class Health(RequestHandler):
    """Says that the loop turns and how many sessions run; nothing about them."""

    def get(self) -> None:
        self.set_header("Cache-Control", "no-store")
        self.write({"status": "ok", "sessions": len(workbench().sessions)})
