"""Recorded sessions are their owner's alone: timeline, steps, pictures, prompt, comparison."""

from __future__ import annotations

import contextlib
import http.client
import io
import os
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from recorded import record
from served import ROOT, Served, mark, serve

from agent.replay import build_timeline, load_recording
from agent.replay.bundle import export_recording
from agent.settings import Settings
from dashboard.web.ownership import Card, Ownership
from dashboard.web.preferences import People

PILOT = ROOT / "tests" / "page" / "pilot" / "dashboard"


class Browser:
    """Somebody who has signed in, at a page of theirs; ``None`` has not."""

    def __init__(self, served: Served, data: Path, name: str | None) -> None:
        headers = served.person(name) if name else {"Origin": served.root}
        self._options: dict[str, Any] = {"base_url": served.root, "headers": headers}

    def get(self, path: str) -> httpx.Response:
        return self._ask("GET", path)

    def exactly(self, path: str) -> int:
        """The status of a path that is sent as it stands: httpx would take the dots out."""
        root = httpx.URL(self._options["base_url"])
        line = http.client.HTTPConnection(root.host, root.port or 80, timeout=30)
        with contextlib.closing(line):
            line.request("GET", path, headers=self._options["headers"])
            return line.getresponse().status

    def post(self, path: str, **more: Any) -> httpx.Response:
        return self._ask("POST", path, **more)

    def _ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        with httpx.Client(trust_env=False, timeout=30, **self._options) as client:
            return client.request(method, path, **more)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def app(data: Path) -> Iterator[Served]:
    with serve(PILOT, data, people=True) as served:
        yield served


@pytest.fixture
def anna(app: Served, data: Path) -> Browser:
    return Browser(app, data, "anna")


@pytest.fixture(params=["ben", None])
def stranger(app: Served, data: Path, request: pytest.FixtureRequest) -> Browser:
    """Another person of the same server; and whoever has not signed in."""
    return Browser(app, data, request.param)


@pytest.fixture
async def session_id(data: Path) -> str:
    """A finished session of Anna's."""
    made = await record(data, "write hello")
    Ownership(data).put(made, Card(owner=mark("anna"), person="anna", name="write hello"))
    return made


def routes(data: Path, session_id: str) -> list[str]:
    """Everything that can be read of a recorded session."""
    recording = load_recording(data / "sessions" / session_id)
    sha = build_timeline(recording.events).frames[0].sha256
    base = f"/recordings/session/{session_id}"
    return [
        f"{base}/timeline",
        f"{base}/steps/3",
        f"{base}/prompt",
        f"{base}/against/session/{session_id}",
        f"{base}/images/{sha}",
        f"/sessions/{session_id}/images/{sha}",
    ]


async def test_the_owner_reads_a_session_that_is_closed(
    anna: Browser, data: Path, session_id: str
) -> None:
    for path in routes(data, session_id):
        answer = anna.get(path)
        assert answer.status_code == 200, path
        assert answer.content
    timeline = anna.get(routes(data, session_id)[0]).json()
    assert timeline["lanes"][0] == "heard"
    assert len(timeline["frames"]) == 3


async def test_nobody_else_reads_it(stranger: Browser, data: Path, session_id: str) -> None:
    """It looks as if there were no such session."""
    for path in routes(data, session_id):
        answer = stranger.get(path)
        assert answer.status_code in (403, 404), path
        assert "write hello" not in answer.text


async def test_ones_own_session_is_no_key_to_anothers(
    anna: Browser, data: Path, session_id: str
) -> None:
    """The second name of a comparison is checked like the first."""
    other = await record(data, "a secret of ben")
    Ownership(data).put(other, Card(owner=mark("ben"), person="ben"))
    paths = (f"{session_id}/against/session/{other}", f"{other}/against/session/{session_id}")
    for path in paths:
        assert anna.get(f"/recordings/session/{path}").status_code == 404


@pytest.mark.parametrize(
    ("name", "there"),
    [
        ("trial/one/x", "experiments/one/trials/x"),  # it would be found
        ("trial/../x", "trials/x"),
        ("trial/one/..", "experiments/one"),
        ("trial/.hidden/x", "experiments/.hidden/trials/x"),
        ("trial/%2e%2e/x", "trials/x"),
        ("trial/..%2fexperiments%2fone/x", "experiments/one/trials/x"),
        ("trial/one/x%00", "experiments/one/trials/x"),
        ("session/..", ""),
        ("session/%2e%2e", ""),
    ],
)
async def test_names_that_leave_the_folder_are_none(
    anna: Browser, data: Path, session_id: str, name: str, there: str
) -> None:
    """Dots, slashes and their disguises find nothing, though a recording is where they lead."""
    mine = People(Settings(data_dir=data)).folder(mark("anna"))
    place = mine / there / "session"
    shutil.copytree(data / "sessions" / session_id, place)
    try:
        found = anna.exactly(f"/recordings/{name}/timeline")
    finally:
        shutil.rmtree(place)
    assert (found == 200) if name == "trial/one/x" else (found in (400, 403, 404))


async def test_a_trial_is_shown_to_whose_experiment_it_is(
    app: Served, anna: Browser, data: Path
) -> None:
    """Not to another person of the same server, nor to nobody."""
    session_id = await record(data, "write hello")
    experiments = People(Settings(data_dir=data)).folder(mark("anna")) / "experiments"
    trial = experiments / "first-0123456789" / "trials" / "a--note--000"
    shutil.copytree(data / "sessions" / session_id, trial / "session")
    path = "/recordings/trial/first-0123456789/a--note--000/timeline"
    assert anna.get(path).status_code == 200
    assert Browser(app, data, "ben").get(path).status_code == 404
    assert Browser(app, data, None).get(path).status_code == 403


async def test_what_is_taken_in_belongs_to_who_sent_it(
    app: Served, anna: Browser, data: Path, session_id: str, tmp_path: Path
) -> None:
    """An exported session comes in by its zip, and is the sender's from then on."""
    packed = export_recording(data / "sessions" / session_id, tmp_path / "a.zip", "folder")
    answer = anna.post("/recordings/import", content=packed.read_bytes())
    assert answer.status_code == 200, answer.text
    path = f"/recordings/session/{answer.json()['id']}/timeline"
    assert anna.get(path).json()["events"] > 10
    assert Browser(app, data, "ben").get(path).status_code == 404


async def test_an_import_that_is_damaged_says_what_is_lost(
    anna: Browser, data: Path, session_id: str, tmp_path: Path
) -> None:
    """The rest is there; an altered picture is not taken in under the old one's name."""
    packed = export_recording(data / "sessions" / session_id, tmp_path / "a.zip", "folder")
    content = packed.read_bytes()
    assert anna.post("/recordings/import", content=content).json()["damage"] == ""
    altered = anna.post("/recordings/import", content=with_altered_picture(content))
    assert altered.status_code == 200
    assert "missing or altered" in altered.json()["damage"]
    kept = data / "sessions" / altered.json()["id"] / "images"
    assert not any(path.read_bytes() == b"something else" for path in kept.iterdir())


async def test_what_may_not_come_in_stays_out(
    app: Served, anna: Browser, data: Path, session_id: str, tmp_path: Path
) -> None:
    """No archive, another site's request, and nobody's request."""
    before = sorted((data / "sessions").iterdir())
    refused = anna.post("/recordings/import", content=b"no archive")
    assert refused.status_code == 422
    assert "zip" in refused.json()["error"]
    packed = export_recording(data / "sessions" / session_id, tmp_path / "a.zip", "folder")
    content = packed.read_bytes()
    foreign = {"Origin": "http://evil.example"}
    assert anna.post("/recordings/import", content=content, headers=foreign).status_code == 403
    assert Browser(app, data, None).post("/recordings/import", content=content).status_code == 403
    assert sorted((data / "sessions").iterdir()) == before


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk")
async def test_an_import_that_finds_the_servers_disk_full_is_a_sentence_and_leaves_nothing(
    tmp_path: Path, session_id: str, data: Path
) -> None:
    """While it comes in, while it is unpacked; and with room the same archive comes in."""
    packed = export_recording(data / "sessions" / session_id, tmp_path / "a.zip", "folder")
    small, large, bomb = packed.read_bytes(), tmp_path / "large.zip", tmp_path / "bomb.zip"
    for path, kind in ((large, zipfile.ZIP_STORED), (bomb, zipfile.ZIP_DEFLATED)):
        path.write_bytes(small)
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr(f"{session_id}/home/zeros", bytes(8_000_000), kind)
    disk, mine = tmp_path / "disk", tmp_path / "mine"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=6m", "none", str(disk)]
    if subprocess.run(mount, check=False).returncode:
        pytest.skip("nothing can be mounted here")
    try:
        with serve(PILOT, mine, env={"TMPDIR": str(disk)}, people=True) as served:
            anna = Browser(served, mine, "anna")
            for path in (large, bomb):
                answer = anna.post("/recordings/import", content=path.read_bytes())
                assert answer.status_code in (422, 507)
                assert (
                    f"({disk}) has no room for it: nothing was imported." in answer.json()["error"]
                )
                assert list(disk.glob("sayso-import-*")) == []
                assert list((mine / "sessions").glob("*-imported")) == []
            assert anna.post("/recordings/import", content=small).status_code == 200
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def with_altered_picture(content: bytes) -> bytes:
    """The same archive, but for the bytes of its pictures."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            new.writestr(name, b"something else" if "/images/" in name else old.read(name))
    return out.getvalue()
