"""A session killed at any event resumes with everything that a person had seen."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from agent import events as ev
from agent.session import Session
from agent.testing.scripted import FakeDesktop, FakeTool, ScriptedModel, done, says

CHILD = Path(__file__).with_name("kill_at_each_event.py")
KINDS = {event.model_fields["kind"].default for event in get_args(get_args(ev.Event)[0])}


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("killed")
    subprocess.run([sys.executable, str(CHILD), str(folder)], check=True, timeout=110)
    return folder


async def resumed(settings, session_id: str) -> tuple[Session, ScriptedModel]:
    model = ScriptedModel([[*says("Here I am."), *done()]])
    session = Session.resume(
        settings, session_id, desktop=FakeDesktop(), model=model, tools=(FakeTool(),)
    )
    await session.open()
    return session, model


@pytest.mark.slow
async def test_a_session_killed_at_each_event_resumes(killed, settings):
    settings = settings.model_copy(update={"data_dir": killed})
    kinds = set()
    for seen in sorted(killed.glob("seen-*")):
        session, model = await resumed(settings, seen.name.replace("seen", "killed"))
        lines = seen.read_text().splitlines()
        assert [ev.dump_event(session.log[i]) for i in range(len(lines))] == lines
        kinds.add(session.log[len(lines) - 1].kind)
        assert session.status.task_id is None
        session.say("Are you there?")
        await session.wait_idle(20)
        assert model.faults == []
        assert session.log.of(ev.TaskFinished)[-1].summary == "Here I am."
        await session.close()
    assert kinds == KINDS
