"""Stop by its own request: on the session itself, once for each press, only by its owner."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from pilot_page import PILOT
from pilot_sessions import factory
from served import Served, serve

from agent.record.events import Stopped
from agent.session.session import Session
from agent.settings import Settings
from dashboard.web.stops import Press, Stops


class OneSession:
    """A registry of one session, whose owner is ``me``."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.here = True

    def find(self, session_id: str, owner: str | None) -> OneSession | None:
        mine = owner == "me" and session_id == self.session.id
        return self if mine and self.here else None

    def owns(self, owner: str, session_id: str) -> bool:
        return owner == "me" and session_id == self.session.id


@pytest.fixture
async def session(tmp_path: Path) -> Any:
    session = factory(Settings(data_dir=tmp_path))(None)
    await session.open()
    yield session
    await session.close()


def _press(session: Session, *, press: str = "press-001", **more: Any) -> Press:
    return Press(press=press, session=session.id, **more)


def _stops(session: Session) -> int:
    return len(session.log.of(Stopped))


async def test_a_press_is_carried_out_once_however_often_it_is_sent(session: Session) -> None:
    """A page that got no answer sends it again; a task begun since is not its business."""
    stops = Stops(OneSession(session))  # type: ignore[arg-type]
    task = session.say("work forever")
    first = stops.carry_out(_press(session, task=task), "me")
    assert first == {"press": "press-001", "state": "stopped"}
    assert session.status.task_id is None
    later = session.say("work forever")
    assert stops.carry_out(_press(session, task=task), "me") == first
    assert session.status.task_id == later
    assert _stops(session) == 1
    stops.carry_out(_press(session, press="press-002", task=later), "me")
    assert session.status.task_id is None


async def test_a_press_spares_what_was_begun_after_it(session: Session) -> None:
    """Pressed in a gap, it arrives when the person has long begun something else."""
    stops = Stops(OneSession(session))  # type: ignore[arg-type]
    gone = session.say("repeat this")
    await session.wait_idle(20)
    running = session.say("work forever")
    begun = session.log[len(session.log) - 1].at
    early = _press(session, task=gone, at=begun - 1)
    assert (stops.carry_out(early, "me") or {})["state"] == "later"
    assert session.status.task_id == running
    meant = _press(session, press="press-002", task=gone, at=begun + 1)
    assert (stops.carry_out(meant, "me") or {})["state"] == "stopped"
    assert session.status.task_id is None


async def test_a_press_on_the_running_task_holds_whatever_the_clocks_say(session: Session) -> None:
    """A browser whose clock is a day behind still stops what it shows."""
    stops = Stops(OneSession(session))  # type: ignore[arg-type]
    task = session.say("work forever")
    assert (stops.carry_out(_press(session, task=task, at=1.0), "me") or {})["state"] == "stopped"


async def test_a_session_that_is_not_open_has_nothing_to_stop(session: Session) -> None:
    """After a restart its owner is told so; nobody else learns that it exists."""
    sessions = OneSession(session)
    sessions.here = False
    stops = Stops(sessions)  # type: ignore[arg-type]
    assert stops.carry_out(_press(session), "me") == {"press": "press-001", "state": "idle"}
    for stranger in ("you", None):
        assert stops.carry_out(_press(session, press="press-009"), stranger) is None


_SESSION = {"press": "x" * 8, "session": "s"}
BAD: list[Any] = [
    None,
    [],
    {},
    {"press": "x" * 8},
    _SESSION | {"press": ""},
    _SESSION | {"press": 1},
    _SESSION | {"press": "x" * 65},
    _SESSION | {"at": float("nan")},
    _SESSION | {"at": float("inf")},
    _SESSION | {"source": "api"},
]


@pytest.mark.parametrize("body", BAD, ids=str)
def test_what_is_no_press_is_none(body: Any) -> None:
    assert Press.of(body) is None


@pytest.fixture(scope="module")
def pilot_alone(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with serve(PILOT, tmp_path_factory.mktemp("data")) as served:
        yield served


@pytest.mark.browser
async def test_stop_stands_behind_the_door(pilot_alone: Served) -> None:
    """Another origin, nobody's, rubbish: each is refused, in a sentence or at the door."""
    root, good = pilot_alone.root, pilot_alone.visitor()
    press = {"press": "press-001", "session": "20200101-000000-abcdef"}
    async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
        assert (await client.post(f"{root}/stop", json=press)).status_code == 403
        foreign = good | {"Origin": "http://evil.example"}
        assert (await client.post(f"{root}/stop", json=press, headers=foreign)).status_code == 403
        assert (await client.get(f"{root}/stop", headers=good)).status_code == 405
        unknown = await client.post(f"{root}/stop", json=press, headers=good)
        assert unknown.status_code == 404
        assert "nothing was stopped" in unknown.json()["text"]
        for rubbish in (b"", b"{", b"[" * 5000, b"\xff\xfe", b'{"press": 1e400}'):
            answer = await client.post(f"{root}/stop", content=rubbish, headers=good)
            assert answer.status_code == 400, rubbish[:10]
        hello = await client.post(f"{root}/link", content=b"no mark", headers=good)
        assert hello.json()["page"] is False
