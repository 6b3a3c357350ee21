"""The default session: offline model, real tools, real desktop."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.record import events as ev
from agent.session.session import Session
from agent.settings import Settings

pytestmark = [pytest.mark.desktop, pytest.mark.slow]


async def test_words_become_deeds_and_stop_ends_them(tmp_path: Path):
    """One desktop for the whole story, because starting it is what takes the time."""
    settings = Settings(_env_file=None, data_dir=tmp_path, model="offline", sandbox="prefer")
    session = Session.create(settings)
    await session.open()
    try:
        assert session.status.who == "idle", session.status.detail
        await writes(session)
        await asks_before_a_command(session)
        await stops(session)
    finally:
        await session.close()


async def writes(session: Session) -> None:
    session.say("Open the text editor and type good morning")
    await session.wait_idle(60)
    finished = session.log.of(ev.TaskFinished)[-1]
    assert finished.outcome == "done", finished
    texts = [node.text or "" for node in (await session.desktop.tree()).nodes]
    assert any("good morning" in text.lower() for text in texts)


async def asks_before_a_command(session: Session) -> None:
    since = len(session.log)
    session.say("Run ls")
    asked = await session.log.wait_for(
        lambda e: isinstance(e, ev.ApprovalAsked), since=since, timeout=60
    )
    assert isinstance(asked, ev.ApprovalAsked)
    assert "“ls”" in asked.question
    assert session.approve(asked.approval_id, "allow", channel="button")
    await session.wait_idle(60)
    outputs = [e.text for e in session.log.since(since) if isinstance(e, ev.ActionFinished)]
    assert "Desktop" in "".join(outputs)


async def stops(session: Session) -> None:
    since = len(session.log)
    session.say("Run sleep 600")
    asked = await session.log.wait_for(
        lambda e: isinstance(e, ev.ApprovalAsked), since=since, timeout=60
    )
    assert isinstance(asked, ev.ApprovalAsked)
    session.approve(asked.approval_id, "allow", channel="button")
    await session.log.wait_for(
        lambda e: isinstance(e, ev.ActionStarted), since=asked.seq, timeout=60
    )
    session.stop("enough")
    assert session.status.who == "stopped"
    assert session.desktop.input.halted
    await session.wait_idle(30)
    session.say("Press escape")
    await session.wait_idle(60)
    assert not session.desktop.input.halted
    assert session.log.of(ev.TaskFinished)[-1].outcome == "done"
