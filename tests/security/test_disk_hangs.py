"""A disk that does not answer: who asks it is told so, and everybody else goes on.

It is imitated by a pipe in a file's place: whoever opens it waits until somebody writes.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from served import ROOT, serve

from agent.errors import ConfigurationError, JournalError
from agent.record.measure import CARD
from agent.record.writer import DiskHangs, at_hand
from agent.settings import Settings
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
