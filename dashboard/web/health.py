"""``/health``: whether the server answers, for scripts and supervisors.

Everybody may ask, so that a supervisor needs no way in; how much goes on is told only to those
who were let in.
"""

from __future__ import annotations

from tornado.web import RequestHandler

from dashboard.web.workbench import workbench


class Health(RequestHandler):
    """Says that the loop turns; to whom was let in, what runs and how many pages are open."""

    def get(self) -> None:
        self.set_header("Cache-Control", "no-store")
        bench = workbench()
        numbers = {"sessions": len(bench.sessions), "pages": bench.sessions.pages}
        inside = bench.identity.known(self.request) is not None
        self.write({"status": "ok"} | (numbers if inside else {}))
