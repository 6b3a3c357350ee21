"""A task's web site: its forms, its bounds, and that it is on its desktop only."""

from __future__ import annotations

import base64
import http.client
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import pytest

from agent.desktop import VirtualDesktop
from agent.errors import ConfigurationError
from agent.experiments.plan.task import SITES, builtin_tasks, load_task
from agent.experiments.run import site_server
from agent.experiments.run.checks import run_check
from agent.experiments.run.site import ADDRESS, PORT, Request, serve
from agent.experiments.run.state import State
from agent.testing.fake_desktop import FakeDesktop

PAGES = {
    "index.html": b"<title>Home</title>Welcome",
    "orders.html": b"<h1>Order $number of $name</h1> $price $unknown",
    "receipts/receipt.txt": b"$number $name $price",
    "attachments/list.csv": b"a,b\n",
    "values.json": json.dumps({"price": {"field": "paper", "of": {"A4": "4.20"}}}).encode(),
    "search.html": b"<ul>$results</ul>",
    "articles/boats.html": b"<title>Boats</title><p>Red boats.",
    "articles/cars.html": b"<title>Cars</title><p>Red cars.",
}


@dataclass
class Served:
    """The server in a process of its own, and what it tells."""

    process: subprocess.Popen[bytes]
    port: int

    def ask(
        self, method: str, path: str, body: bytes = b"", **headers: str
    ) -> tuple[int, str, dict[str, str]]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body or None, named)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, text, dict(answer.getheaders())

    def told(self) -> dict[str, object]:
        assert self.process.stdout is not None
        return dict(json.loads(self.process.stdout.readline()))


@pytest.fixture
def served() -> Iterator[Served]:
    source = Path(site_server.__file__).read_text("utf-8")
    process = subprocess.Popen(
        [sys.executable, "-I", "-u", "-c", source], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    files = {path: base64.b64encode(data).decode() for path, data in PAGES.items()}
    assert process.stdin is not None
    process.stdin.write(json.dumps({"port": 0, "files": files}).encode())
    process.stdin.close()
    here = Served(process, 0)
    here.port = int(str(here.told()["ready"]))
    yield here
    process.kill()
    process.wait()
    assert process.stdout is not None
    process.stdout.close()


def test_a_form_is_told_and_fills_its_page_and_its_receipt(served: Served) -> None:
    """What was typed cannot become a part of the page."""
    body = urlencode({"name": "<b>Ada</b>", "paper": "A4", "note": "one\r\ntwo"}).encode()
    status, text, _ = served.ask("POST", "/orders", body)
    assert status == 200
    assert text == "<h1>Order 1001 of &lt;b&gt;Ada&lt;/b&gt;</h1> 4.20 $unknown"
    fields = {"name": "<b>Ada</b>", "paper": "A4", "note": "one\ntwo"}
    assert served.told() == {"method": "POST", "path": "/orders", "fields": fields}
    served.ask("POST", "/orders", urlencode({"name": "Bo"}).encode())
    assert served.ask("GET", "/receipts/receipt.txt?number=1001")[1] == "1001 <b>Ada</b> 4.20"
    assert served.ask("GET", "/receipts/receipt.txt?number=1002")[1] == "1002 Bo "


def test_a_file_is_told_by_its_name_and_hash(served: Served) -> None:
    part = 'Content-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\nhello'
    body = f"--x\r\n{part}\r\n--x--\r\n".encode()
    status, _, _ = served.ask(
        "POST", "/orders", body, Content_Type="multipart/form-data; boundary=x"
    )
    assert status == 200
    [told] = [served.told()]
    state = State(Path("/nowhere"), {"a.txt": b"hello"}, requests=(Request(**told),))  # type: ignore[arg-type]
    one = {"sent": {"path": "/orders", "files": {"file": "a.txt"}}}
    assert run_check(one, state) == ""
    other = State(Path("/nowhere"), {"a.txt": b"bye"}, requests=state.requests)
    assert "was sent file.sha256" in run_check(one, other)


def test_pages_are_found_by_all_their_words(served: Served) -> None:
    links = '<li><a href="/articles/boats">Boats</a></li>'
    assert served.ask("GET", "/search?q=red+BOATS")[1] == f"<ul>{links}</ul>"
    assert served.ask("GET", "/search?q=green")[1] == "<ul></ul>"
    assert "Welcome" in served.ask("GET", "/")[1]


def test_attachments_are_downloaded(served: Served) -> None:
    _, text, headers = served.ask("GET", "/attachments/list.csv")
    assert text == "a,b\n"
    assert headers["Content-Disposition"] == 'attachment; filename="list.csv"'


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", "/nothing", {}, 404),
        ("GET", "/values.json", {}, 404),
        ("GET", "/../../etc/passwd", {}, 404),
        ("POST", "/nothing", {}, 404),
        ("POST", "/orders", {"Content_Length": "99999999"}, 413),
        ("POST", "/orders", {"Content_Type": "multipart/form-data"}, 400),
    ],
)
def test_what_is_no_page_or_no_form_is_refused(
    served: Served, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    """In words, and nobody is told of it; the next is answered."""
    body = b"" if "Content_Length" in headers or method == "GET" else b"a=b"
    assert served.ask(method, path, body, **headers)[0] == status
    assert served.ask("GET", "/")[0] == 200
    assert served.told()["path"] == "/"


@pytest.mark.desktop
async def test_a_site_is_there_for_its_desktop_alone_and_ends_with_it() -> None:
    """Programs on the desktop reach it, nobody outside does, and what they asked is kept."""
    desktop = VirtualDesktop()
    await desktop.start()
    try:
        site = await serve(desktop, PAGES)
        fetch = (
            f"import urllib.request as u; print(u.urlopen('{ADDRESS}/orders', b'name=Ada').read())"
        )
        process = await desktop.spawn(["python3", "-c", fetch])
        said = b"".join([piece async for piece in await process.read()]).decode()
        assert "Order 1001 of Ada" in said
        with pytest.raises(OSError, match="refused"):
            http.client.HTTPConnection("127.0.0.1", PORT, timeout=5).connect()
    finally:
        await desktop.stop()
    await site.close()
    assert site.requests == (Request("POST", "/orders", {"name": "Ada"}),)


async def test_a_site_is_not_served_where_others_could_reach_it() -> None:
    with pytest.raises(ConfigurationError, match="confined"):
        await serve(FakeDesktop(), PAGES)


def test_a_task_brings_pages_of_its_own_or_names_a_site(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    (folder / "site").mkdir(parents=True)
    (folder / "site" / "index.html").write_text("hello")
    given = "instruction: Do it.\nchecks: [{visited: {path: /}}]\n"
    (folder / "task.yaml").write_text(given)
    own = load_task(folder)
    assert own.site == {"index.html": b"hello"}
    (folder / "site" / "index.html").write_text("other")
    assert load_task(folder).hash != own.hash
    (folder / "task.yaml").write_text(f"{given}site: market\n")
    assert "orders.html" in load_task(folder).site
    (folder / "task.yaml").write_text(f"{given}site: nowhere\n")
    with pytest.raises(ConfigurationError, match="no site “nowhere”; there are market"):
        load_task(folder)


def test_no_page_that_ships_leads_away_from_its_site() -> None:
    """The desktop of a trial has no network, and its tasks need none."""
    for path in SITES.rglob("*.html"):
        assert "://" not in path.read_text("utf-8"), path
    assert {"/orders", "/drafts"} <= {
        check["sent"]["path"]
        for task in builtin_tasks().values()
        for check in task.checks
        if "sent" in check
    }
