"""A file given to a page of a local site by its name, in the desktop's own Chromium."""

from __future__ import annotations

import pytest
from desks import until
from planner_driver import Driver

pytestmark = [pytest.mark.desktop, pytest.mark.asyncio(loop_scope="module")]

SITE = '''
import http.server

PAGE = """<!doctype html><title>Send in</title><h1>Send in</h1>
<form method=post enctype=multipart/form-data>
<p><label>Your report <input type=file name=report></label>
<p><label>Photos <input type=file name=photos multiple></label>
<p><button>Send</button></form>"""

class Site(http.server.BaseHTTPRequestHandler):
    def answer(self, text):
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(text.encode())

    def do_GET(self):
        self.answer(PAGE)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with open("came", "wb") as file:
            file.write(body)
        self.answer("<!doctype html><title>Thanks</title>")

    def log_message(self, *words):
        pass

server = http.server.ThreadingHTTPServer(("127.0.0.1", 8821), Site)
print("ready", flush=True)
server.serve_forever()
'''
BILL = b"%PDF-1.7\nthe bill itself"


async def test_a_file_is_uploaded_by_its_name(talk: Driver) -> None:
    """Chosen in the browser's own dialog, seen in the field, and sent to the site as it is."""
    (bill := talk.desktop.home / "Documents" / "report.pdf").write_bytes(BILL)
    bill.chmod(0o644)
    server = await talk.desktop.spawn(["python3", "-c", SITE], cwd=str(talk.desktop.home))
    async for _ in await server.read():
        break
    assert "is open" in await talk.say("open the browser")
    await talk.say("go to http://localhost:8821/")

    async def shows() -> bool:
        return any("Send in" in title for title in await talk.titles())

    await until(shows, "the page", 60)
    which = await talk.say("upload report.pdf")
    assert which == "Say where: upload report.pdf to Your report or Photos."
    assert await talk.say("upload report.pdf to your report") == "Your report has report.pdf now."
    assert "already" in await talk.say("upload report.pdf to your report")
    await talk.say("click send")

    async def came() -> bool:
        return BILL in data.read_bytes() if (data := talk.desktop.home / "came").exists() else False

    await until(came, "the file at the site", 60)
