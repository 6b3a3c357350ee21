"""A session killed at any event resumes with everything a person had seen, and their files."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest
from cases import THOROUGH
from cut_cases import HomedDesktop, Judged, hashes, played

from agent.models.base import Model
from agent.models.offline import OfflineModel
from agent.record import events as ev
from agent.session.home import home_folder
from agent.session.session import Session
from agent.settings import Settings
from agent.testing.scripted import FakeTool, ScriptedModel, done, says
from agent.tools import build_tools

CHILD = Path(__file__).with_name("kill_at_each_event.py")
WRITTEN = set(get_args(get_args(ev.Event)[0])) - {ev.Unreadable, ev.SessionImported}
KINDS = {event.model_fields["kind"].default for event in WRITTEN}


NOT_OFFLINE = {"turn_counted", "retry_waiting", "failed", "action_output", "condensed"} | {
    "server_learned",
    "voice_changed",
    "setting_changed",
    "heard",
    "understood",
    "measured",
    "narrated",
    "windows_seen",
    "home_changed",
    "grant_withdrawn",
    "program_started",
    "desktop_renewed",
    "host_reached",
    "host_refused",
    "gate_changed",
    "screen_labelled",
    "dictation_changed",
}
"""Kinds that the scenario of the model without a key has no part in, or that are alike."""


@pytest.fixture(scope="module", params=["scripted", "offline"])
def killed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("killed") / request.param
    folder.mkdir()
    events = "each" if THOROUGH else "first"
    command = [sys.executable, str(CHILD), str(folder), request.param, events]
    subprocess.run(command, check=True, timeout=300)
    return folder


async def resumed(settings: Settings, session_id: str, faults: list[str]) -> Session:
    """Opened again by another process, with the model that it had."""
    desktop = HomedDesktop(home=home_folder(settings.data_dir, session_id))
    if settings.data_dir.name == "offline":
        model: Model = OfflineModel(desktop)
        tools = build_tools(desktop)
    else:
        model, tools = ScriptedModel([[*says("Here I am."), *done()]]), [FakeTool()]
    session = Session.resume(
        settings, session_id, desktop=desktop, model=Judged(model, [], faults), tools=tools
    )
    await session.open()
    return session


async def goes_on(settings: Settings, seen: Path) -> str:
    """Resumes and says hello; returns the kind of the last event that had been seen."""
    faults: list[str] = []
    session_id = seen.name.replace("seen", "killed")
    held = json.loads(seen.with_name(seen.name.replace("seen", "home")).read_text())
    home = home_folder(settings.data_dir, session_id)
    assert hashes(home) == held
    session = await resumed(settings, session_id, faults)
    lines = seen.read_text().splitlines()
    assert [ev.dump_event(session.log[i]) for i in range(len(lines))] == lines
    assert session.status.task_id is None
    assert hashes(home) == held
    session.say("Hello")
    await session.wait_idle(20)
    assert faults == []
    finished = session.log.of(ev.TaskFinished)[-1]
    assert finished.outcome == "done"
    assert finished.summary.startswith(("Here I am.", "Hello. Tell me what to do"))
    await session.close()
    assert hashes(home) == held
    return session.log[len(lines) - 1].kind


def chosen(killed: Path) -> list[Path]:
    """What was seen at the kills: the first of each kind of last event, all in a thorough run."""
    seen = sorted(killed.glob("seen-*"))
    first = {ev.load_event(one.read_text().splitlines()[-1]).kind: one for one in reversed(seen)}
    return seen if THOROUGH else sorted(first.values())


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_session_killed_at_each_event_resumes(killed, settings):
    settings = settings.model_copy(update={"data_dir": killed})
    kinds = {played(goes_on(settings, seen)) for seen in chosen(killed)}
    homes = {home.read_text() for home in killed.glob("home-*")}
    assert len(homes) >= 3  # empty, written to, and with what the person brought
    assert kinds >= (KINDS - NOT_OFFLINE if killed.name == "offline" else KINDS)
