"""Pages that a browser meets and tests seldom do: in several processes, endless, or false."""

from __future__ import annotations

import json
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from browser_guest import Guest, guest
from desks import shared_desk, until

from agent.browser import tabs
from agent.session.approval import Approvals

__all__ = ["guest", "shared_desk"]

pytestmark = [pytest.mark.desktop, pytest.mark.asyncio(loop_scope="module")]

PLAIN, SECURE = 8811, 8812
SITE = f"http://localhost:{PLAIN}"

OUTER = f"""<!doctype html><title>Outer</title><h1>The outer page</h1>
<div style="height: 1500px"></div>
<iframe title=Till style="margin: 40px; width: 500px; height: 400px"
src="http://127.0.0.1:{PLAIN}/inner"></iframe>
<script>onmessage = told => {{ document.title = told.data }}</script>"""

INNER = f"""<!doctype html><h2>The till</h2><div style="height: 700px"></div>
<button onclick="top.postMessage('Paid', '*')">Pay <b>€20</b></button>
<button onclick="top.postMessage('Shown', '*')">Show bill</button>
<label>Card <input name=card value=1234></label>
<iframe title=Bank style="width: 300px; height: 150px" src="{SITE}/innermost"></iframe>"""

INNERMOST = """<!doctype html><h3>The bank</h3>
<button onclick="top.postMessage('Deep', '*')">Look deeper</button>"""

DRIPS = """<!doctype html><title>Drips</title><h1>It has begun</h1>
<button onclick="document.title='Pressed'">Press</button>"""

SERVER = """
import http.server, json, ssl, sys, threading, time

class Pages(http.server.BaseHTTPRequestHandler):
    pages = json.loads(sys.argv[1])

    def do_GET(self):
        page = self.pages.get(self.path, "")
        self.send_response(200 if page else 404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(page.encode())
        while self.path == "/drips":
            self.wfile.write(b"<!-- and on -->")
            time.sleep(0.2)

def serve(port, wrap=lambda line: line):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Pages)
    server.socket = wrap(server.socket)
    threading.Thread(target=server.serve_forever).start()

context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("/home/user/own.pem")
serve(int(sys.argv[2]))
serve(int(sys.argv[3]), lambda line: context.wrap_socket(line, server_side=True))
print("ready", flush=True)
"""


def certify(folder: Path) -> None:
    """A certificate that nobody has signed, and of somebody else."""
    path = folder / "own.pem"
    given = ["-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=other.example"]
    made = ["openssl", "req", *given, "-keyout", str(path), "-out", "/dev/stdout"]
    certificate = subprocess.run(made, check=True, capture_output=True).stdout
    path.write_bytes(path.read_bytes() + certificate)
    path.chmod(0o644)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def site(shared_desk: Any) -> AsyncIterator[None]:
    """Pages that are served inside the desktop."""
    certify(shared_desk.desktop.home)
    pages = {"/outer": OUTER, "/inner": INNER, "/innermost": INNERMOST, "/drips": DRIPS}
    given = [json.dumps(pages), str(PLAIN), str(SECURE)]
    process = await shared_desk.desktop.spawn(["python3", "-c", SERVER, *given])
    async for piece in await process.read():
        assert b"ready" in piece
        break
    yield


async def framed(guest: Guest) -> None:
    """Show the page whose frames are of other sites, and wait until they are there."""
    await guest.do("navigate", url=f"{SITE}/outer")

    async def there() -> bool:
        return "Look deeper" in await guest.do("read_page", filter="all")

    await until(there, "the innermost frame", 60)


@pytest.mark.usefixtures("site")
async def test_frames_in_processes_of_their_own_are_read_and_acted_in(guest: Guest) -> None:
    """Another site's frame, and the first site's own in that; below the fold of page and frame."""
    await framed(guest)
    frames = (await guest.tool.driver.tab(None)).frames
    assert len(frames) == 2
    assert len({frame.parent for frame in frames.values()}) == 2
    told = await guest.do("get_page_text")
    assert "The till" in told
    assert "The bank" in told
    await guest.click("button “Show bill”")
    await guest.title("Shown")
    await guest.click("button “Look deeper”")
    await guest.title("Deep")
    field = await guest.at("textbox “Card”")
    assert "“9876”" in await guest.do("form_input", target=field, value="9876")
    assert "= “9876”" in await guest.do("read_page", filter="all")


@pytest.mark.usefixtures("site")
async def test_a_weighty_button_in_another_sites_frame_is_asked_about(guest: Guest) -> None:
    """By reference and by point alike."""
    await framed(guest)
    target = await guest.at("“Pay €20”")
    verdict = Approvals().judge(await guest.intent("left_click", target=target))
    assert verdict.decision == "ask"
    shown = await guest.tool.driver.page(None)
    spot = await shown.place(*await guest.tool.driver.element(shown, target["ref"]))
    point = {"type": "coordinate", "x": spot.x, "y": spot.y}
    intent = await guest.intent("left_click", target=point)
    assert intent.target["name"] == "Pay €20"
    assert Approvals().judge(intent).decision == "ask"
    await guest.run("left_click", target=point)
    await guest.title("Paid")


@pytest.mark.usefixtures("site")
async def test_a_page_that_never_finishes_is_read_and_used_and_said_to_load(
    guest: Guest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tabs, "_CALM", 1.0)
    await guest.do("navigate", url=f"{SITE}/drips")
    assert "heading “It has begun”" in await guest.do("read_page")
    await guest.click("button “Press”")
    await guest.title("Pressed")
    guest.tool.forget()
    await guest.tool.closing_screenshot()
    assert "It is still loading." in guest.tool.closing_note
    await guest.do("navigate", url=f"{SITE}/innermost")
    assert "heading “The bank”" in await guest.do("read_page")


@pytest.mark.usefixtures("site")
async def test_a_wrong_certificate_is_told_and_not_passed_over_unasked(guest: Guest) -> None:
    """By address and by link; the browser's own warning is what the person sees."""
    secure = f"https://localhost:{SECURE}/innermost"
    refused = await guest.ask("navigate", url=secure)
    assert refused.is_error
    assert "certificate is wrong" in refused.text
    assert "net::ERR_CERT_" in refused.text
    await guest.show(f"<!doctype html><title>Links</title><a href='{secure}'>The bank</a>", "links")
    await guest.click("link “The bank”")

    async def warned() -> bool:
        return "not private" in await guest.do("read_page", filter="all")

    await until(warned, "the browser's warning", 60)
    await guest.click("button “Advanced”")
    target = await guest.at("link “Proceed to localhost (unsafe)”")
    assert Approvals().judge(await guest.intent("left_click", target=target)).decision == "ask"
