"""A disk that does not answer: who asks it is told so, and everybody else goes on.

It is imitated by a pipe in a file's place: whoever opens it waits until somebody writes.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from served import ROOT, serve

from agent.errors import ConfigurationError, JournalError
from agent.record.measure import CARD
from agent.record.writer import DiskHangs, at_hand
from agent.settings import Settings
from dashboard.views.sessions.commands import SessionCommands
from dashboard.web import disk
from dashboard.web.ownership import Card, Ownership
from dashboard.web.preferences import Preferences

PILOT = ROOT / "tests" / "page" / "pilot" / "dashboard"
PATIENCE = 60.0


@contextmanager
def hanging(path: Path, content: str) -> Iterator[threading.Event]:
    """Reading the file hangs in the block; afterwards it has its content.

    What is not given up by itself is let go of after `PATIENCE`: then the event is set.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    os.mkfifo(path)
    waited_for_ever = threading.Event()

    def answer() -> None:
        try:
            handle = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:  # nobody reads
            return
        os.write(handle, content.encode())
        os.close(handle)

    def too_long() -> None:
        waited_for_ever.set()
        answer()

    watch = threading.Timer(PATIENCE, too_long)
    watch.start()
    try:
        yield waited_for_ever
    finally:
        watch.cancel()
        answer()
        path.unlink()
        path.write_text(content, encoding="utf-8")


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
    path = tmp_path / "people" / "anna" / "settings.json"
    with hanging(path, "{}") as for_ever:
        kept = Preferences(path, Settings(_env_file=None, data_dir=tmp_path))
        assert "could not be read; the defaults are in force" in kept.trouble
        with pytest.raises(ConfigurationError, match="the disk does not answer"):
            kept.put("max_turns", 7)
        assert not for_ever.is_set()
    answers_again()
    kept.put("max_turns", 7)
    assert kept.trouble == ""


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
