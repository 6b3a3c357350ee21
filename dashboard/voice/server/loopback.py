"""For servers that only this machine's own pages may use."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from tornado.web import RequestHandler

_HERE: Final = frozenset({"localhost", "127.0.0.1", "::1"})


class LoopbackOnly(RequestHandler):
    """Answers only under this machine's own names, and only pages of this machine."""

    def prepare(self) -> None:
        if urlsplit(f"//{self.request.host}").hostname in _HERE:
            super().prepare()
        else:
            self.set_status(403)
            self.finish({"error": "forbidden", "message": "Unknown host."})

    def check_origin(self, origin: str) -> bool:
        """Whether a page of ``origin`` may open a socket."""
        return urlsplit(origin).hostname in _HERE
