"""Serves pages on the desktop's loopback, each with the probe: ``serve.py FOLDER LOG PORT``.

Run by the system's interpreter on the desktop. What pages tell is written to the log.
"""

from __future__ import annotations

import http.server
import json
import sys
import urllib.parse
from pathlib import Path

folder, log = Path(sys.argv[1]), open(sys.argv[2], "a", buffering=1)  # noqa: SIM115 - to the end
probes = json.loads((folder / "probes.json").read_text())


class Site(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        name = Path(urllib.parse.urlsplit(self.path).path).name
        file = folder / name
        if not file.is_file():
            self.send_error(404)
            return
        page = file.read_bytes()
        if name in probes:
            page += b"<script>" + probes[name].encode() + b"</script>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def do_POST(self) -> None:
        log.write(self.rfile.read(int(self.headers["Content-Length"])).decode() + "\n")
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Requests are not told."""


http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[3])), Site).serve_forever()
