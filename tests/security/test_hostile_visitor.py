"""One hostile visitor, everywhere it may stand: each place gets it nothing at all.

As another user of the machine, as a page of another origin, behind a name that was rebound, in
an archive that somebody is talked into importing, as a program on the agent's own desktop, and as
a page in that desktop's browser.
"""

from __future__ import annotations

import asyncio
import io
import json
import os
import shutil
import socket
import subprocess
import tempfile
import zipfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from chromium import executable
from recorded import record
from served import ROOT, Served, serve
from visitor import get, handshake, token_of

from agent.desktop import VirtualDesktop
from agent.replay.bundle import export_recording

PAGE = Path(__file__).with_name("hostile_page.py")
PILOT = ROOT / "tests" / "page" / "pilot" / "dashboard"
_NOBODY = 65534
_SYSTEM_PYTHON = "/usr/bin/python3"

AS_ANOTHER_USER = r"""
import json, os, socket, sys, urllib.error, urllib.request
url, pid, *places = sys.argv[1:]
got = []
def opened(path):
    try:
        with open(path, "rb") as file:
            return len(file.read(4096)) > 0
    except OSError:
        return False
def reached(name):
    line = socket.socket(socket.AF_UNIX)
    try:
        line.connect(name)
        return True
    except OSError:
        return False
for top in places:
    for folder, inner, files in os.walk(top):
        paths = [os.path.join(folder, name) for name in files]
        got += [path for path in paths if opened(path) or reached(path)]
rows = [line.split() for line in open("/proc/net/unix").readlines()[1:]]
names = [row[7] for row in rows if len(row) > 7]
for name in names:
    ours = any(name.lstrip("@").startswith(top) for top in places) or "X11-unix" in name
    if ours and reached("\0" + name[1:] if name.startswith("@") else name):
        got.append(name)
own = [f"/proc/{pid}/{name}" for name in ("environ", "mem", "maps")]
got += [path for path in own if opened(path)]
try:
    got.append(urllib.request.urlopen(url, timeout=30).read().decode()[:200])
except urllib.error.HTTPError as refused:
    got += [] if refused.code == 403 else [refused.read().decode()]
print(json.dumps(got))
"""

FROM_THE_DESKTOP = r"""
import json, socket, sys
port, *names = sys.argv[1:]
got = []
for host in ("127.0.0.1", "::1", "localhost", *names):
    try:
        socket.create_connection((host, int(port)), timeout=5).close()
        got.append(host)
    except OSError:
        pass
for line in open("/proc/net/unix").readlines()[1:]:
    if "@" in line:
        got.append(line)
print(json.dumps(got))
"""


@pytest.fixture(scope="module")
def app() -> Iterator[Served]:
    """In a folder that others may enter; pytest's own ones are closed to them."""
    with tempfile.TemporaryDirectory(prefix="sayso-visitor-") as folder:
        Path(folder).chmod(0o755)
        with serve(PILOT, Path(folder) / "data") as served:
            yield served


@pytest.fixture
async def desktop() -> AsyncIterator[VirtualDesktop]:
    desktop = VirtualDesktop()
    await desktop.start()
    yield desktop
    await desktop.stop()


@pytest.mark.desktop
@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become somebody else")
@pytest.mark.skipif(not shutil.which("setpriv"), reason="setpriv is not installed")
async def test_another_user_of_the_machine_gets_nothing(
    app: Served, desktop: VirtualDesktop
) -> None:
    """Neither a file, a socket, the server's memory or arguments, nor a page."""
    assert app.data is not None
    places = [str(app.data), str(desktop.home.parent), str(Path(desktop.env.xauthority).parent)]
    user = ["setpriv", f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups"]
    asked = [_SYSTEM_PYTHON, "-c", AS_ANOTHER_USER, app.url, str(app.process.pid), *places]
    done = subprocess.run([*user, *asked], capture_output=True, text=True, timeout=110, check=True)
    assert json.loads(done.stdout) == []
    arguments = Path(f"/proc/{app.process.pid}/cmdline").read_text()  # which everybody can read
    assert app.link.split("token=")[1] not in arguments
    # The same script, with nothing between it and them: it does find what is to be found.
    found = subprocess.run(asked, capture_output=True, text=True, timeout=110, check=True)
    assert any("browser.key" in name for name in json.loads(found.stdout))
    assert any("vnc.sock" in name for name in json.loads(found.stdout))


@pytest.mark.parametrize("how", ["another origin", "another port", "a name bound anew"])
async def test_a_page_from_elsewhere_gets_nothing(app: Served, how: str) -> None:
    """Though the browser that shows it was let in, and sends the cookie along."""
    visitor = app.visitor()
    host = f"evil.example:{app.port}" if how == "a name bound anew" else f"127.0.0.1:{app.port}"
    origin = {
        "another origin": "http://evil.example",
        "another port": f"http://127.0.0.1:{app.port + 1}",
        "a name bound anew": f"http://{host}",
    }[how]
    given = {"Host": host, "Origin": origin, "Cookie": visitor["Cookie"]}
    with httpx.Client(base_url=app.root, trust_env=False, timeout=30, headers=given) as page:
        for path in ("/dashboard", "/health", "/recordings/session/x/timeline"):
            assert page.get(path).status_code == 403, path
        for path in ("/stop", "/sessions/x/say", "/recordings/import"):
            assert page.post(path, content=b"{}").status_code == 403, path
    token = token_of(get(app.url, headers=visitor).text)
    for path in ("/dashboard/ws", "/link", "/desktop/rfb?ticket=x", "/voice/v0/evi/chat"):
        protocols = ["bokeh", token]
        answer = await handshake(
            app.url, path, origin=origin, host=host, cookie=visitor["Cookie"], protocols=protocols
        )
        assert answer == 403, path


async def test_a_forged_archive_brings_nothing_but_data(app: Served, tmp_path: Path) -> None:
    """It comes in by the door; what it allows, and where else it would lie, does not."""
    assert app.data is not None
    name = await record(tmp_path / "elsewhere", "write the list")
    sound = tmp_path / "elsewhere" / "sessions" / name
    packed = export_recording(sound, tmp_path / "a.zip", "folder").read_bytes()
    before = {path for path in app.data.rglob("*") if "sessions" not in path.parts}
    with httpx.Client(base_url=app.root, trust_env=False, timeout=60) as client:
        answer = client.post("/recordings/import", content=forged(packed), headers=app.visitor())
    assert answer.status_code == 200, answer.text
    kept = app.data / "sessions" / answer.json()["id"]
    assert (
        kept / "imported"
    ).exists()  # nothing of its log holds here: tests/replay/test_imported.py
    assert not (kept / "working-folder").exists()
    assert not [path for path in kept.rglob("*") if path.is_symlink()]
    after = {path for path in app.data.rglob("*") if "sessions" not in path.parts}
    assert not [path for path in after - before if path.name in ("browser.key", "outside", ".env")]
    assert not (app.data.parent / "outside").exists()


def forged(packed: bytes) -> bytes:
    """An export that allows everything, and has entries that lie elsewhere."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(packed)) as old, zipfile.ZipFile(made, "w") as new:
        top = old.namelist()[0].partition("/")[0]
        for entry in old.infolist():
            data = old.read(entry)
            if entry.filename.endswith("events.jsonl"):
                allow = {"kind": "setting_changed", "seq": 2, "at": 1.0, "name": "allow"}
                data += json.dumps(allow | {"value": ["shell", "terminal"]}).encode() + b"\n"
            new.writestr(entry, data)
        for name in ("../outside", "home/../../outside", "working-folder", "../../browser.key"):
            new.writestr(f"{top}/{name}", b"outside")
        link = zipfile.ZipInfo(f"{top}/home/link")
        link.external_attr = 0o120777 << 16
        new.writestr(link, b"/etc/passwd")
    return made.getvalue()


@pytest.mark.desktop
async def test_a_program_on_the_agents_desktop_gets_nothing(
    app: Served, desktop: VirtualDesktop
) -> None:
    """It reaches no server of the machine, by no name, and no socket without a file."""
    names = [socket.gethostname(), *_addresses()]
    asked = [_SYSTEM_PYTHON, "-c", FROM_THE_DESKTOP, str(app.port), *names]
    process = await desktop.spawn(asked)
    said = b"".join([piece async for piece in await process.read()])
    assert json.loads(said) == []
    found = subprocess.run(asked, capture_output=True, text=True, timeout=60, check=True)
    assert "127.0.0.1" in json.loads(found.stdout)  # out here it does


@pytest.mark.desktop
@pytest.mark.skipif(not executable(), reason="Chromium is not installed")
@pytest.mark.parametrize("way", ["straight", "by proxy"])
async def test_a_page_in_the_desktops_own_browser_reaches_its_own_server_alone(
    app: Served, desktop: VirtualDesktop, way: str
) -> None:
    """Not Sayso, by no name, address or kind of request; nobody even knocks there."""
    knocked: list[object] = []

    def knock(reader: object, writer: asyncio.StreamWriter) -> None:
        knocked.append(writer.get_extra_info("sockname"))
        writer.close()

    async with await asyncio.start_server(knock, None, 0) as counting:
        sockets = {each.getsockname()[1] for each in counting.sockets}
        hosts = ["127.0.0.1", "localhost", "::1", "0.0.0.0", "evil.example", *_addresses()]
        hosts = [f"[{host}]" if ":" in host else host for host in hosts]
        asked = [_SYSTEM_PYTHON, "-c", PAGE.read_text(), json.dumps(hosts)]
        process = await desktop.spawn([*asked, json.dumps([app.port, *sockets]), way])
        async with asyncio.timeout(110):
            said = b"".join([piece async for piece in await process.read()])
    got = json.loads(said)
    if way == "by proxy":  # which answers a plain request itself, with its refusal
        got = [what for what in got if what.endswith("/own") or not what.startswith("http://")]
    (own,) = got
    assert own.startswith("http://evil.example:")
    assert own.endswith("/own")
    assert knocked == []


def _addresses() -> list[str]:
    """This machine's own addresses."""
    done = subprocess.run(["hostname", "-I"], capture_output=True, text=True, check=False)
    return done.stdout.split()
