"""The web server of a task's site, run on the desktop that it serves.

A program of its own (standard library only, ``python3 -I -u -c SOURCE``), because the interpreter
inside knows nothing of this package. It reads the site from its standard input, as JSON (``port``
and ``files``, path → base64), and prints a line of JSON for whatever it was asked (``method``,
``path``, ``fields``), after a first one that it is ready.

``/orders`` is the file ``orders.html``, and ``/`` is ``index.html``; what lies in ``attachments``
is downloaded. Texts are templates (``$name``). A form that was sent to a page fills that page, with
its ``$number`` and with what ``values.json`` looks up for it; any other text is filled by the form
whose number it is asked with (``?number=1001``). ``search.html`` has ``$results``: the pages in
folders that hold every word of ``?q=``.
"""

from __future__ import annotations

import base64
import contextlib
import email
import email.policy
import hashlib
import html
import json
import mimetypes
import re
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from string import Template
from typing import Any
from urllib.parse import parse_qsl, urlsplit

MOST_BYTES = 4 << 20
"""Of one form."""

MOST_FORMS = 1000
MOST_CONNECTIONS = 32
PATIENCE = 30.0
"""Seconds that a connection may be silent."""

FIRST_NUMBER = 1001
ATTACHMENTS = "attachments/"
_TEXTS = (".html", ".txt", ".csv", ".css")


class Refused(Exception):
    """A request that is not answered, with its HTTP status."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


class Pages:
    """The files of a site, and the forms that were sent to it."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self._files = files
        self._lookups = json.loads(files.get("values.json", b"{}"))
        self._forms: list[dict[str, str]] = []
        self._lock = threading.Lock()

    def sent(self, path: str, fields: dict[str, str]) -> tuple[str, bytes]:
        """Keep a form, and give the page that it was sent to; its type and content."""
        with self._lock:
            if len(self._forms) >= MOST_FORMS:
                raise Refused(507, "This site has taken all the forms that it can.")
            form = {**fields, "number": str(FIRST_NUMBER + len(self._forms))}
            for name, lookup in self._lookups.items():
                form[name] = lookup["of"].get(fields.get(lookup["field"], ""), "")
            self._forms.append(form)
        return self._page(path, form)

    def asked(self, path: str, query: dict[str, str]) -> tuple[str, bytes]:
        """The page or file at a path; its type and content."""
        number = query.get("number", "")
        known = {form["number"]: form for form in self._forms}
        filled = known.get(number, {})
        if path == "search.html":
            filled = {"q": query.get("q", "")}
        return self._page(path, filled)

    def _page(self, path: str, filled: dict[str, str]) -> tuple[str, bytes]:
        data = self._files.get(path)
        if data is None or path == "values.json":
            raise Refused(404, f"There is no page /{path.removesuffix('.html')}.")
        kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
        if not path.endswith(_TEXTS):
            return kind, data
        marked = path.endswith(".html")
        values = {n: html.escape(v) if marked else v for n, v in filled.items()}
        if path == "search.html":
            values["results"] = "".join(self._results(filled["q"]))
        text = Template(data.decode("utf-8")).safe_substitute(values)
        return f"{kind}; charset=utf-8", text.encode("utf-8")

    def _results(self, words: str) -> Iterator[str]:
        """Links to pages that hold every word, as items of a list."""
        wanted = words.casefold().split()
        for path, data in sorted(self._files.items()):
            if not wanted or "/" not in path or not path.endswith(".html"):
                continue
            text = data.decode("utf-8")
            plain = re.sub(r"<[^>]*>", " ", text).casefold()
            if all(word in plain for word in wanted):
                title = re.search(r"<title>(.*?)</title>", text, re.DOTALL)
                name = title[1] if title else path
                yield f'<li><a href="/{path.removesuffix(".html")}">{name}</a></li>'


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    timeout = PATIENCE
    server: Server

    def do_GET(self) -> None:
        self._answer("GET")

    def do_POST(self) -> None:
        self._answer("POST")

    def log_message(self, *_: object) -> None:
        """Say nothing: what is asked is told in JSON."""

    def _answer(self, method: str) -> None:
        parts = urlsplit(self.path)
        path = parts.path.strip("/") or "index"
        path = path if "." in path else f"{path}.html"
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        try:
            fields = self._form() if method == "POST" else query
            pages = self.server.pages
            kind, data = pages.sent(path, fields) if method == "POST" else pages.asked(path, query)
        except Refused as refused:
            self.close_connection = True  # what is left of its form is not read
            self._write(refused.status, "text/plain; charset=utf-8", f"{refused}\n".encode())
        else:
            tell({"method": method, "path": parts.path, "fields": fields})
            self._write(200, kind, data, path)

    def _write(self, status: int, kind: str, data: bytes, path: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Cache-Control", "no-store")
        if path.startswith(ATTACHMENTS):
            name = path.rpartition("/")[2]
            self.send_header("Content-Disposition", f'attachment; filename="{name}"')
        self.end_headers()
        self.wfile.write(data)

    def _form(self) -> dict[str, str]:
        """The fields of a form; of a file its name, and its SHA-256 as ``NAME.sha256``."""
        length = self.headers.get("Content-Length", "")
        if not length.isdigit():
            raise Refused(411, "How long is it?")
        if int(length) > MOST_BYTES:
            raise Refused(413, f"A form may have {MOST_BYTES >> 20} MB.")
        body = self.rfile.read(int(length))
        kind = self.headers.get("Content-Type", "")
        if kind.startswith("multipart/form-data"):
            return _joined(list(_parts(kind, body)))
        try:
            pairs = parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=200)
        except ValueError as error:
            raise Refused(400, "This is no form.") from error
        return _joined(pairs)


class Server(ThreadingHTTPServer):
    """Serves so many connections at a time."""

    daemon_threads = True

    def __init__(self, port: int, pages: Pages) -> None:
        self.pages = pages
        self._room = threading.BoundedSemaphore(MOST_CONNECTIONS)
        super().__init__(("127.0.0.1", port), Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Wait for room before a thread is begun."""
        self._room.acquire()
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Give the room back."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._room.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a browser that went away."""


def _joined(pairs: list[tuple[str, str]]) -> dict[str, str]:
    """Fields by name; values of the same name in one text."""
    fields: dict[str, str] = {}
    for name, value in pairs:
        text = "\n".join(value.splitlines())
        fields[name] = f"{fields[name]}, {text}" if name in fields else text
    return fields


def _parts(kind: str, body: bytes) -> Iterator[tuple[str, str]]:
    head = f"Content-Type: {kind}\r\n\r\n".encode()
    message = email.message_from_bytes(head + body, policy=email.policy.HTTP)
    if not message.is_multipart():
        raise Refused(400, "This is no form.")
    for part in message.iter_parts():
        name = part.get_param("name", header="content-disposition")
        data = part.get_payload(decode=True)
        if not isinstance(data, bytes):
            raise Refused(400, "This is no form.")
        if part.get_filename() is None:
            yield str(name), data.decode("utf-8", "replace")
        else:
            yield str(name), part.get_filename() or ""
            yield f"{name}.sha256", hashlib.sha256(data).hexdigest()


_telling = threading.Lock()


def tell(what: dict[str, Any]) -> None:
    """Print a line, whole."""
    with _telling, contextlib.suppress(OSError):
        print(json.dumps(what), flush=True)


def main() -> None:
    """Serve until the desktop ends."""
    given = json.load(sys.stdin)
    files = {path: base64.b64decode(data) for path, data in given["files"].items()}
    with Server(given["port"], Pages(files)) as server:
        tell({"ready": server.server_port})
        server.serve_forever()


if __name__ == "__main__":
    main()
