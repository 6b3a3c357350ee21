"""A disk that does not answer: who asks it is told so, and everybody else goes on."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import httpx
import pytest
from hanging import PATIENCE, hanging
from served import ROOT, serve

from agent.disk import DiskHangs, at_hand, in_thread
from agent.errors import ConfigurationError, JournalError
from agent.experiments.run.store import Store
from agent.keys import KeyStore
from agent.record.journal import SqliteJournal
from agent.record.log import EventLog
from agent.record.measure import CARD
from agent.record.spending import Spending
from agent.session.kept_hosts import KeptHosts
from agent.settings import Settings
from agent.testing.memory import MemoryJournal
from dashboard.lobby import Lobby, LobbyView, Occasion
from dashboard.views.lab.view import LabView
from dashboard.views.prompts.view import PromptsView
from dashboard.views.sessions.commands import SessionCommands
from dashboard.web import disk, exports
from dashboard.web.files import FilesPut
from dashboard.web.ownership import Card, Ownership
from dashboard.web.preferences import People, Preferences
from tests.lab.lab_stage import small

if TYPE_CHECKING:
    from dashboard.web.workbench import Workbench

PILOT = ROOT / "tests" / "page" / "pilot" / "dashboard"
DEPLOYED = ROOT / "tests" / "security" / "deployed" / "dashboard"


def answers_again() -> None:
    """Wait until what had been given up has returned."""
    for _ in range(600):
        try:
            at_hand(lambda: None)
        except DiskHangs:
            threading.Event().wait(0.1)
        else:
            return
    raise AssertionError("It still hangs.")


def test_a_sessions_card_is_waited_for_once_and_told(tmp_path: Path) -> None:
    """Nobody is told that there is no such session; and it is there when the disk answers."""
    ownership, card = Ownership(tmp_path), Card(owner="anna", person="anna")
    with hanging(tmp_path / "sessions" / "one" / CARD, card.model_dump_json()) as for_ever:
        for _ in range(20):  # a wait for each would be most of a minute
            with pytest.raises(JournalError, match="does not answer"):
                ownership.get("one")
        ownership.put("two", card)
        assert not for_ever.is_set()
    answers_again()
    assert ownership.get("one") == card


def test_settings_are_the_defaults_and_say_so(tmp_path: Path) -> None:
    """What had been set holds again when the disk answers, and is not written over."""
    path = tmp_path / "people" / "anna" / "settings.json"
    with hanging(path, '{"max_dollars": 0.5}') as for_ever:
        kept = Preferences(path, Settings(_env_file=None, data_dir=tmp_path))
        assert "could not be read; the defaults are in force" in kept.trouble
        with pytest.raises(ConfigurationError, match="the disk does not answer"):
            kept.put("max_turns", 7)
        assert not for_ever.is_set()
    answers_again()
    assert kept.settings.max_dollars == 0.5
    kept.put("max_turns", 7)
    assert kept.trouble == ""
    again = Preferences(path, Settings(_env_file=None, data_dir=tmp_path)).settings
    assert (again.max_turns, again.max_dollars) == (7, 0.5)


KEY = "sk-ant-0123456789-secret"


def test_keys_that_cannot_be_read_are_told_and_never_written_over(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, data_dir=tmp_path)
    with hanging(tmp_path / ".env", f"HUME_API_KEY={KEY}\n") as for_ever:
        keys = KeyStore(settings, lambda: None)
        assert keys.place("HUME_API_KEY") == "unread"
        for _ in range(20):
            with pytest.raises(ConfigurationError, match=r"does not answer.*Try again"):
                keys.put("ANTHROPIC_API_KEY", KEY)
            with pytest.raises(ConfigurationError, match="does not answer"):
                keys.remove("HUME_API_KEY")
            assert keys.fill(settings).hume_api_key is None
        assert not for_ever.is_set()
    answers_again()
    assert keys.fill(settings).hume_api_key is not None
    assert keys.put("ANTHROPIC_API_KEY", KEY) == "file"
    again = KeyStore(settings, lambda: None)
    assert [again.place(name) for name in ("HUME_API_KEY", "ANTHROPIC_API_KEY")] == ["file"] * 2


def test_what_cannot_be_written_is_told_and_changes_nothing(tmp_path: Path) -> None:
    """A key, and what hosts are allowed for good."""
    keys = KeyStore(Settings(_env_file=None, data_dir=tmp_path), lambda: None)
    keys.put("HUME_API_KEY", KEY)
    hosts = KeptHosts(tmp_path / "hosts")
    hosts.add(["one.example.org"])
    with hanging(tmp_path / "sessions" / "one" / CARD, "{}") as for_ever:
        with pytest.raises(JournalError):
            Ownership(tmp_path).get("one")  # on the same disk
        with pytest.raises(ConfigurationError, match=r"does not answer.*Try again"):
            keys.put("ANTHROPIC_API_KEY", KEY)
        with pytest.raises(ConfigurationError, match=r"does not answer.*Try again"):
            keys.remove("HUME_API_KEY")
        with pytest.raises(ConfigurationError, match="does not answer; try again"):
            hosts.add(["two.example.org"])
        assert keys.get("HUME_API_KEY") is not None
        assert not for_ever.is_set()
    answers_again()
    assert keys.place("ANTHROPIC_API_KEY") == "nowhere"
    keys.put("ANTHROPIC_API_KEY", KEY)
    hosts.add(["three.example.org"])
    assert KeptHosts(tmp_path / "hosts").hosts == ("one.example.org", "three.example.org")
    assert KeyStore(Settings(_env_file=None, data_dir=tmp_path)).get("HUME_API_KEY") is not None


def test_hosts_that_could_not_be_read_are_not_forgotten(tmp_path: Path) -> None:
    with hanging(tmp_path / "hosts", "one.example.org\n") as for_ever:
        hosts = KeptHosts(tmp_path / "hosts")
        assert hosts.hosts == ()
        with pytest.raises(ConfigurationError, match="does not answer"):
            hosts.add(["two.example.org"])
        assert not for_ever.is_set()
    answers_again()
    hosts.add(["two.example.org"])
    assert hosts.hosts == ("one.example.org", "two.example.org")


@pytest.fixture
def silent(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Work that waits for this event hangs, and is given up soon."""
    monkeypatch.setattr(disk, "PATIENCE", 0.2)
    answers = threading.Event()
    yield answers
    answers.set()


async def test_many_that_wait_for_a_disk_hold_up_nobody_else(silent: threading.Event) -> None:
    """More than there are threads for everybody; what runs on these goes on."""
    hanging = [disk.from_disk(silent.wait, "your sessions") for _ in range(32)]
    told = await asyncio.gather(*hanging, return_exceptions=True)
    assert all("your sessions does not answer" in str(each) for each in told), told
    async with asyncio.timeout(PATIENCE):
        assert await asyncio.to_thread(str, 7) == "7"
        with pytest.raises(JournalError, match="does not answer"):  # at once: so many hang
            await disk.from_disk(lambda: None, "these files")
        silent.set()
        while disk._hanging:
            await asyncio.sleep(0.01)
    assert await disk.from_disk(lambda: 7, "these files") == 7
    with pytest.raises(FileNotFoundError):
        await disk.from_disk(Path("/nowhere").stat, "these files")


async def test_work_that_hangs_in_the_agent_takes_no_thread_from_others() -> None:
    """Its tools and its desktop; a process ends though something hangs."""
    answers = threading.Event()
    waiting = [asyncio.create_task(in_thread(answers.wait)) for _ in range(64)]
    async with asyncio.timeout(PATIENCE):
        assert await asyncio.to_thread(str, 7) == "7"
        assert await in_thread(int, "7") == 7
        with pytest.raises(ValueError, match="seven"):
            await in_thread(int, "seven")
        waiting[0].cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting[0]
    script = "import asyncio, threading\nfrom agent.disk import in_thread\n"
    script += "asyncio.run(asyncio.wait_for(in_thread(threading.Event().wait), 0.1))"
    ended = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, stderr=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(PATIENCE):
        _, said = await ended.communicate()
    assert b"TimeoutError" in said
    answers.set()
    assert all(await asyncio.gather(*waiting[1:]))


def test_what_a_disk_can_delay_has_threads_of_its_own() -> None:
    """Threads for everybody are for what ends by itself: each place that uses them is listed."""
    found = {
        path.relative_to(ROOT).as_posix()
        for folder in ("agent", "dashboard")
        for path in (ROOT / folder).rglob("*.py")
        if re.search(r"to_thread\(|run_in_executor\(None", path.read_text())
    }
    assert found == FOR_EVERYBODY


FOR_EVERYBODY = {
    *("agent/desktop/__main__.py", "agent/testing/hands_cases.py"),  # programs of their own
    *(f"agent/desktop/{name}.py" for name in ("parts", "see/ocr", "see/screenshot_encoder")),
    *("agent/desktop/virtual.py", "agent/desktop/server/processes.py"),  # X, pictures, /proc
    *("agent/models/claude/model.py", "agent/models/lazy_model.py"),
    *("agent/browser/page.py", "agent/desktop/server/devtools.py"),  # pictures, JSON
    *("agent/experiments/live.py", "agent/experiments/inspect_task.py"),  # a trial
    *(f"agent/experiments/run/{n}.py" for n in ("oracle", "play", "scoring", "state")),  # a trial's
    *(f"agent/experiments/run/{n}.py" for n in ("stagehand", "trial_environment")),
    *("dashboard/notebook/speaker.py", "dashboard/views/inspector/records.py"),
    *("dashboard/views/lab/runs.py", "dashboard/web/assets.py"),
    *("dashboard/web/memory.py", "dashboard/voice/speech/process.py"),  # memory; control groups
    *("dashboard/views/prompts/view.py", "dashboard/views/settings/view.py"),  # see `at_hand`
    *("dashboard/views/settings/voice_settings.py", "dashboard/web/recordings.py"),  # the same
}


async def test_a_download_that_hangs_is_cut_off(silent: threading.Event) -> None:
    """Not a whole one to the browser: less came than was said."""

    def pieces() -> Iterator[bytes]:
        yield b"begun"
        silent.wait()
        yield b"never"

    sent: list[bytes] = []
    stream = SimpleNamespace(close=lambda: sent.append(b"closed"))

    async def flush() -> None:
        await asyncio.sleep(0)

    handler: Any = SimpleNamespace(
        write=sent.append,
        flush=flush,
        request=SimpleNamespace(connection=SimpleNamespace(stream=stream)),
    )
    async with asyncio.timeout(PATIENCE):
        await disk.send_pieces(handler, pieces(), "these files")
    assert sent == [b"begun", b"closed"]


async def test_exports_that_hang_are_given_up_and_hold_up_no_others(
    tmp_path: Path, silent: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also one that had got on; nothing of them stays when the disk answers."""
    made: list[Path] = []

    def export(folder: Path, target: Path, kind: str, progress: Callable[[float], None]) -> None:
        made.append(target)
        target.write_bytes(b"half")
        progress(0.5)
        if folder.name == "hangs":
            silent.wait()

    monkeypatch.setattr(exports, "export_recording", export)
    monkeypatch.setattr(exports, "_STEP", 1)
    kept, shares = exports.Exports(), list[float]()
    wanted = [kept.make("anna", tmp_path / "hangs", "gif", "Mine", shares.append) for _ in range(4)]
    async with asyncio.timeout(PATIENCE):
        told = await asyncio.gather(*wanted, return_exceptions=True)
        assert all("does not answer" in str(each) for each in told), told
        assert 0.5 in shares
        monkeypatch.setattr(exports, "_STEP", 100)
        whole = await kept.make("anna", tmp_path / "answers", "gif", "Mine")
        assert await asyncio.to_thread(str, 7) == "7"
    assert whole.path.read_bytes() == b"half"
    assert kept.of("anna") == [whole]
    silent.set()
    await until(lambda: not any(each.exists() for each in made[:4]))
    kept.close()
    assert not whole.path.exists()


async def test_an_export_that_gets_on_is_waited_for(
    tmp_path: Path, silent: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As long as it takes, which may be longer than a disk is waited for."""

    def export(folder: Path, target: Path, kind: str, progress: Callable[[float], None]) -> None:
        for number in range(40):
            silent.wait(0.1)
            progress(number / 40)
        target.write_bytes(b"whole")

    monkeypatch.setattr(exports, "export_recording", export)
    monkeypatch.setattr(exports, "_STEP", 15)
    kept = exports.Exports()
    async with asyncio.timeout(PATIENCE):
        made = await kept.make("anna", tmp_path / "one", "gif", "Mine")
    assert made.bytes == len(b"whole")
    kept.close()


def test_an_export_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    """Whoever fetches it hears why nothing comes; everybody else is served."""
    with serve(DEPLOYED, tmp_path, env={"TEST_TICKETS": "00" * 32}, people=True) as served:
        anna = served.person("anna")
        address = f"{served.root}/exports/of-anna/session.zip"
        with (
            httpx.Client(trust_env=False, timeout=PATIENCE, headers=anna) as client,
            ThreadPoolExecutor(1) as beside,
        ):
            with hanging(tmp_path / "export.zip", "an archive") as for_ever:
                asked = beside.submit(client.get, address)
                assert httpx.get(f"{served.root}/health", trust_env=False).status_code == 200
                told = asked.result()
                assert (told.status_code, "does not answer" in told.text) == (503, True)
                assert not for_ever.is_set()
            assert client.get(address).text == "an archive"


async def test_an_upload_that_hangs_is_refused_and_let_go_of(silent: threading.Event) -> None:
    """And whoever sends it may go, without holding up the server."""
    refused: list[tuple[int, str]] = []

    class Written:
        lock = threading.RLock()

        def write(self, data: bytes) -> None:
            with self.lock:
                silent.wait()

        def abort(self) -> None:
            with self.lock:
                refused.append((0, "aborted"))

    put: Any = SimpleNamespace(_buffer=bytearray(b"x"), _received=1, _limit=9, _room=9, _looked=0)
    put._counts, put._file, put.refuse = False, Written(), lambda *why: refused.append(why)
    put._patience = SimpleNamespace(end=lambda: None)
    put._leave = lambda came: None
    async with asyncio.timeout(PATIENCE):
        await FilesPut._store(put)
    ((status, why),) = refused
    assert (status, "these files does not answer" in why) == (503, True)
    before = asyncio.get_running_loop().time()
    FilesPut._drop(put)
    assert asyncio.get_running_loop().time() - before < PATIENCE / 2
    silent.set()
    await until(lambda: (0, "aborted") in refused)


async def test_a_list_of_sessions_that_cannot_be_read_is_told(silent: threading.Event) -> None:
    """In a sentence, to whoever looks; nothing of it is waited for after that."""
    sessions = SimpleNamespace(running=lambda owner: [], kept=lambda owner, most: silent.wait())
    said: list[dict[str, Any]] = []
    commands = SessionCommands(SimpleNamespace(sessions=sessions), "anna", said.append)
    commands.take({"type": "list"})
    async with asyncio.timeout(PATIENCE):
        while not said:
            await asyncio.sleep(0.01)
    (told,) = said
    assert (told["type"], "your sessions does not answer" in told["text"]) == ("told", True)
    commands.close()


class _Page:
    """What a view may use of a page, as far as a disk is concerned."""

    def __init__(self, data_dir: Path) -> None:
        settings = Settings(_env_file=None, data_dir=data_dir)
        people = People(settings)
        self.bench = SimpleNamespace(
            people=people,
            settings_of=lambda owner: settings,
            experiments_of=lambda owner: data_dir / "experiments",
            farewells=[],
            sessions=SimpleNamespace(spending=Spending(0, 0), payer=str),
        )
        log = EventLog(MemoryJournal())
        status = SimpleNamespace(task_id=None)
        session = SimpleNamespace(log=log, settings=settings, status=status)
        self.entry = SimpleNamespace(owner="anna", session=session)
        self.within = nullcontext


async def until(there: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not there():
            await asyncio.sleep(0.01)


async def test_prompts_that_cannot_be_read_or_kept_are_told(
    tmp_path: Path, silent: threading.Event
) -> None:
    """What is in the editor stays; and when the disk answers, it is kept."""
    page: Any = _Page(tmp_path)
    library = page.bench.people.library("anna")
    library.save("mine", "Be terse.")
    view = PromptsView(page)
    editor = view._editor
    view.arrive({"name": "mine"})
    await until(lambda: editor.opened)
    opened = editor.opened
    lines = library.root / "mine" / "versions.jsonl"
    before = lines.read_text()
    lines.unlink()
    draft = {"template": "Be very terse.", "tools": ["computer"]}
    wishes = [
        {"type": "open", "name": "mine"},
        {"type": "save", "name": "mine", "draft": draft},
        {"type": "compare", "version": opened["version"], "draft": draft},
        {"type": "delete"},
    ]
    with hanging(lines, before) as for_ever:
        for wish in wishes[:3]:
            editor.told = {}
            view._act(wish)
            await until(lambda: editor.told)
            assert "your prompts does not answer" in editor.told["text"]
            assert not editor.told["good"]
            assert editor.opened == opened
        assert await asyncio.to_thread(str, 7) == "7"
        assert not for_ever.is_set()
    await until(lambda: not disk._hanging)
    view._act(wishes[1])
    await until(lambda: editor.told.get("good"))
    assert library.versions("mine")[0].template == "Be very terse."
    view.close()


async def test_experiments_that_cannot_be_read_are_told(
    tmp_path: Path, silent: threading.Event
) -> None:
    """In the tab that is looked at; a wish is answered, too."""
    store = Store.create(tmp_path / "experiments", small())
    page: Any = _Page(tmp_path)
    view = LabView(page)
    lab = view._component
    with hanging(store.folder / "trials" / "good--hello-0--000" / "result.json", "{}") as for_ever:
        for tab in ("list", "live", "compare"):
            lab.fault = ""
            view.arrive({"tab": tab})
            await until(lambda: lab.fault and not lab.reading)
            assert "your experiments does not answer" in lab.fault, tab
        lab.fault = ""
        view._receive({"type": "copy", "experiment": store.folder.name})
        await until(lambda: lab.fault)
        assert "your experiments does not answer" in lab.fault
        assert await asyncio.to_thread(str, 7) == "7"
        assert not for_ever.is_set()
    await until(lambda: not disk._hanging)
    view.arrive({"tab": "live"})
    await until(lambda: lab.live)
    assert lab.fault == ""
    view.close()


async def test_a_lobby_tells_what_it_cannot_read(tmp_path: Path, silent: threading.Event) -> None:
    sessions = SimpleNamespace(folder=lambda session_id, owner: silent.wait())
    lobby = Lobby.__new__(Lobby)
    lobby._bench, lobby._owner = cast("Workbench", SimpleNamespace(sessions=sessions)), "anna"
    lobby._occasion, lobby._document = Occasion("ended", "You ended it.", "one"), None
    lobby._view = LobbyView(lambda message: None, session={"id": "one"})
    async with asyncio.timeout(PATIENCE):
        await lobby._look()
    assert "your sessions does not answer" in lobby._view.trouble


def test_a_server_answers_others_while_a_disk_hangs(tmp_path: Path) -> None:
    """A page, a picture and a Stop of a session that nobody can read are answered."""
    with serve(PILOT, tmp_path) as served:
        inside = served.visitor()
        sessions = tmp_path / "sessions"
        card = Card(owner="nobody").model_dump_json()
        with (
            httpx.Client(trust_env=False, timeout=PATIENCE, headers=inside) as client,
            hanging(sessions / "one" / CARD, card) as for_ever,
        ):
            page = client.get(f"{served.root}/dashboard?session=one")
            assert page.status_code == 200
            picture = client.get(f"{served.root}/sessions/one/images/{'0' * 64}")
            assert (picture.status_code, "does not answer" in picture.text) == (503, True)
            assert client.get(f"{served.root}/health").json()["status"] == "ok"
            press = {"press": "press-0001", "session": "one"}
            assert client.post(f"{served.root}/stop", json=press).status_code == 404
            assert not for_ever.is_set()


def test_a_server_whose_data_folder_does_not_answer_says_so_and_ends(tmp_path: Path) -> None:
    script = "from dashboard.web import mount\nmount._START = 1\nmount.install()"
    with hanging(tmp_path / "browser.key", "k" * 32) as for_ever:
        ended = subprocess.run(
            [sys.executable, "-c", script],
            cwd=ROOT,
            env=os.environ | {"SAYSO_DATA_DIR": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=2 * PATIENCE,
            check=False,
        )
        assert not for_ever.is_set()
    assert ended.returncode == 1
    assert "The disk with the data folder did not answer" in ended.stderr.splitlines()[-1]
    assert "Traceback" not in ended.stderr


def test_a_server_starts_though_a_session_cannot_be_read(tmp_path: Path) -> None:
    folder, card = tmp_path / "sessions" / "one", Card(owner="nobody").model_dump_json()
    SqliteJournal(folder).close()
    with (
        hanging(folder / CARD, card) as for_ever,
        serve(PILOT, tmp_path) as served,
    ):
        health = httpx.get(f"{served.root}/health", trust_env=False)
        assert health.json()["status"] == "ok"
        assert "were not looked for" in served.log
        assert not for_ever.is_set()
