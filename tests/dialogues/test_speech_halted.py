"""The real speech process is halted while a task runs: told, lived through, and heard again."""

from __future__ import annotations

import asyncio
import os
import signal
import tempfile
from pathlib import Path

import pytest
import voices
from wire import wired

from agent.record import events as ev
from agent.record.journal import SqliteJournal, session_folder
from dashboard.voice.server.service import OfflineEvi
from dashboard.voice.speech.process import SpeechProcess

pytestmark = [pytest.mark.desktop, pytest.mark.speech, pytest.mark.slow, pytest.mark.timeout(300)]


async def test_a_task_goes_on_without_ears_and_the_next_one_is_heard() -> None:
    """Nothing of it is lost: what is spoken once it hears again is done."""
    evi, loop = OfflineEvi(), asyncio.get_running_loop()
    assert isinstance(evi.speech, SpeechProcess)
    with tempfile.TemporaryDirectory(prefix="say") as folder:
        try:
            async with wired(Path(folder), evi=evi) as wire:
                session = wire.session
                await wire.type("Wait for 15 seconds")
                await session.log.wait_for(lambda e: e.kind == "action_started", timeout=60)
                old, since, at = evi.speech.pid, len(session.log), loop.time()
                assert old is not None
                os.kill(old, signal.SIGSTOP)
                told = await session.log.wait_for(
                    lambda e: isinstance(e, ev.Failed) and e.where == "voice",
                    since=since,
                    timeout=60,
                )
                print(f"told after {loop.time() - at:.1f} s")
                assert isinstance(told, ev.Failed)
                assert "They start again by themselves; type meanwhile." in told.advice
                assert session.status.task_id is not None
                await evi.speech.ready()
                print(f"hears again after {loop.time() - at:.1f} s")
                assert evi.speech.pid != old
                await session.wait_idle(60)
                assert session.log.of(ev.TaskFinished)[-1].outcome == "done"
                since = len(session.log)
                await wire.say(voices.speech("Open the terminal.", "heart"))
                ended = await session.log.wait_for(
                    lambda e: isinstance(e, ev.TaskFinished), since=since, timeout=120
                )
                assert isinstance(ended, ev.TaskFinished)
                assert ended.outcome == "done", ended
        finally:
            await evi.close()
        journal = SqliteJournal(session_folder(Path(folder), session.id))
        assert list(journal.read()) == list(session.log)
        journal.close()
