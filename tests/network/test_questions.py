"""Hosts that the person is asked about: one question, four answers, and none."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from agent.network.proxy import Answer
from agent.record import events as ev
from agent.session import network
from agent.session.kept_hosts import KeptHosts
from agent.session.network import PHRASE, network_mode
from agent.session.session import Session
from agent.settings import Settings
from agent.testing.scripted import FakeTool, ScriptedModel
from network.guarded import GuardedDesktop


class Scene:
    """A session, and a program on its desktop."""

    def __init__(self, session: Session, desktop: GuardedDesktop) -> None:
        self.session = session
        self.desktop = desktop

    async def reach(self, host: str, port: int = 443) -> Answer:
        async with asyncio.timeout(60):
            return await self.desktop.guard.judge(host, port)

    def begin(self, host: str) -> asyncio.Task[Answer]:
        return asyncio.create_task(self.reach(host))

    async def asked(self, since: int = 0) -> ev.ApprovalAsked:
        found = await self.session.log.wait_for(
            lambda e: isinstance(e, ev.ApprovalAsked), since=since, timeout=30
        )
        assert isinstance(found, ev.ApprovalAsked)
        return found

    async def answered(self, host: str, decision: Any, **more: Any) -> Answer:
        """What becomes of a host whose question is answered so."""
        waiting = self.begin(host)
        asked = await self.asked(len(self.session.log))
        assert self.session.approve(asked.approval_id, decision, channel="button", **more)
        return await waiting

    def told(self) -> list[tuple[str, str]]:
        """Hosts in the log, and why or by what."""
        return [
            (e.host, e.by if isinstance(e, ev.HostReached) else e.why)
            for e in self.session.log
            if isinstance(e, ev.HostReached | ev.HostRefused)
        ]


Make = Callable[..., Awaitable[Scene]]


@pytest.fixture
async def make(tmp_path: Path) -> AsyncIterator[Make]:
    made: list[Session] = []

    async def make(mode: str = "listed", **more: Any) -> Scene:
        settings = Settings(
            _env_file=None, data_dir=tmp_path, model="offline", network=mode, **more
        )
        desktop = GuardedDesktop()
        session = Session.create(
            settings,
            desktop=desktop,
            model=ScriptedModel([]),
            tools=[FakeTool()],
            kept_hosts=KeptHosts(tmp_path / "hosts"),
        )
        made.append(session)
        await session.open()
        return Scene(session, desktop)

    yield make
    for session in made:
        await session.close()


def test_it_is_off_for_offline_commands_and_known_hosts_for_a_live_model() -> None:
    def mode(**given: Any) -> str:
        return network_mode(Settings(_env_file=None, **given))

    assert mode(model="offline") == "off"
    assert mode(model="auto", anthropic_api_key=None, anthropic_base_url=None) == "off"
    assert mode(model="auto", anthropic_api_key="sk-x") == "listed"
    assert mode(model="claude-sonnet-5-5") == "listed"
    assert mode(model="offline", reach=("wiki:8080",)) == "listed"
    assert mode(model="claude-sonnet-5-5", network="off") == "off"


async def test_what_is_known_is_reached_unasked_and_written_down_before(make: Make) -> None:
    scene = await make()
    assert (await scene.reach("example.org")).allow
    assert (await scene.reach("example.org")).allow
    assert scene.told() == [("example.org", "listed")]


async def test_nothing_is_reached_while_it_is_off_and_the_answer_says_how_to_switch_on(
    make: Make,
) -> None:
    scene = await make("off")
    answer = await scene.reach("example.org")
    assert not answer.allow
    assert "off" in answer.why
    assert "Settings" in answer.more
    assert scene.told() == [("example.org", "off")]


async def test_a_yes_for_once_is_good_for_a_while_and_asks_again_after(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = await make()
    assert (await scene.answered("a.example.com", "allow")).allow
    assert (await scene.reach("a.example.com", 80)).allow
    monkeypatch.setattr(network, "ONCE", 0.0)
    scene.session.network._once.clear()
    assert not (await scene.answered("a.example.com", "deny")).allow
    assert ("a.example.com", "once") in scene.told()


async def test_a_yes_for_the_session_lasts_until_it_is_taken_back(make: Make) -> None:
    scene = await make()
    assert (await scene.answered("a.example.com", "allow", for_session=True)).allow
    assert (await scene.reach("a.example.com")).allow
    [approval] = scene.session.grants
    scene.session.withdraw(approval)
    assert not (await scene.answered("a.example.com", "deny")).allow


async def test_always_holds_in_later_sessions_too(make: Make) -> None:
    first = await make()
    assert (await first.answered("a.example.com", "allow", for_good=True)).allow
    second = await make()
    assert (await second.reach("a.example.com")).allow
    assert second.told() == [("a.example.com", "always")]
    kept = second.session.network.kept
    assert kept is not None
    kept.remove("a.example.com")
    assert not (await second.answered("a.example.com", "deny")).allow


async def test_a_no_is_not_asked_about_again_until_a_task_begins(make: Make) -> None:
    scene = await make()
    assert "you did not allow it" in (await scene.answered("a.example.com", "deny")).why
    before = len(scene.session.log.of(ev.ApprovalAsked))
    assert not (await scene.reach("a.example.com")).allow
    assert len(scene.session.log.of(ev.ApprovalAsked)) == before
    scene.session.log.append(ev.TaskStarted(task_id="t", text="again"))
    assert (await scene.answered("a.example.com", "allow")).allow


async def test_hosts_that_wait_are_gathered_into_one_question(make: Make) -> None:
    scene = await make()
    names = [f"{letter}.example.com" for letter in "abcd"]
    waiting = [scene.begin(name) for name in names]
    asked = await scene.asked()
    assert asked.question == (
        "The desktop wants to reach a.example.com, b.example.com and 2 other hosts: once, for this "
        f"session, always, or no? Say “{PHRASE}” to allow it."
    )
    assert asked.grant is not None
    assert all(name in asked.grant.words for name in names)
    scene.session.approve(asked.approval_id, "allow", channel="voice")
    assert all([(await each).allow for each in waiting])
    assert len(scene.session.log.of(ev.ApprovalAsked)) == 1


async def test_what_a_page_draws_on_is_one_question_more_that_names_the_page(make: Make) -> None:
    scene = await make()
    await scene.answered("page.example.com", "allow")
    since = len(scene.session.log)
    waiting = [scene.begin("pictures.example.net"), scene.begin("fonts.example.net")]
    asked = await scene.asked(since)
    assert asked.question.startswith(
        "The page of page.example.com also wants to reach pictures.example.net and fonts.example."
    )
    scene.session.approve(asked.approval_id, "deny", channel="button")
    assert not any([(await each).allow for each in waiting])


async def test_no_answer_is_no_and_told(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "TIMEOUT", 0.2)
    scene = await make()
    answer = await scene.reach("a.example.com")
    assert not answer.allow
    assert "nobody allowed it in time" in answer.why
    assert scene.told() == [("a.example.com", "unanswered")]


async def test_nobody_there_is_no_at_once_and_told(make: Make) -> None:
    scene = await make()
    scene.session.network.attended = lambda: False
    assert not (await scene.reach("a.example.com")).allow
    assert scene.told() == [("a.example.com", "unanswered")]
    assert scene.session.log.of(ev.ApprovalAsked) == []


async def test_a_stop_is_no(make: Make) -> None:
    scene = await make()
    waiting = scene.begin("a.example.com")
    await scene.asked()
    scene.session.stop("enough")
    assert not (await waiting).allow


async def test_a_session_that_closes_refuses_what_waits(make: Make) -> None:
    scene = await make()
    waiting = scene.begin("a.example.com")
    await scene.asked()
    await scene.session.close()
    assert not (await waiting).allow
    assert not (await scene.reach("example.org")).allow


async def test_what_browsers_send_for_by_themselves_is_refused_unasked(make: Make) -> None:
    scene = await make()
    assert not (await scene.reach("detectportal.firefox.com")).allow
    assert scene.told() == [("detectportal.firefox.com", "quiet")]
    assert scene.session.log.of(ev.ApprovalAsked) == []


async def test_no_program_fills_the_log_with_hosts(make: Make) -> None:
    scene = await make("open")
    for number in range(network._NOTED + 40):
        answer = await scene.reach(f"h{number}.example.com")
    assert not answer.allow
    assert len(scene.told()) == network._NOTED + 1
    assert scene.told()[-1] == (f"h{network._NOTED}.example.com", "crowded")


async def test_a_page_that_wants_very_much_gets_no_endless_question(make: Make) -> None:
    scene = await make()
    waiting = [scene.begin(f"h{number}.example.com") for number in range(network._IN_ONE + 5)]
    asked = await scene.asked()
    scene.session.approve(asked.approval_id, "allow", channel="button")
    answers = [(await each).allow for each in waiting]
    assert answers == [True] * network._IN_ONE + [False] * 5


async def test_switching_it_off_ends_what_is_open(make: Make) -> None:
    scene = await make("open")
    assert (await scene.reach("a.example.com")).allow
    scene.session.change("network", "off")
    assert scene.desktop.cuts == 1
    assert not (await scene.reach("a.example.com")).allow


async def test_a_place_that_was_named_at_the_start_is_private_to_it(make: Make) -> None:
    scene = await make(reach=("wiki:8080",))
    answer = await scene.reach("wiki", 8080)
    assert (answer.allow, answer.private) == (True, True)
    assert scene.told() == [("wiki", "reach")]


async def test_what_cannot_be_written_down_is_not_reached(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    from agent.errors import JournalError

    scene = await make()

    def fails(event: ev.Event) -> ev.Event:
        raise JournalError("The disk is full.")

    monkeypatch.setattr(scene.session.log, "append", fails)
    assert not (await scene.reach("example.org")).allow
    monkeypatch.undo()


async def test_the_gates_death_is_told(make: Make) -> None:
    scene = await make()
    scene.desktop.guard.changed("restarted", "it was ended by signal 9")
    [told] = scene.session.log.of(ev.GateChanged)
    assert "opened again" in told.text


def test_only_public_names_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "hosts"
    path.write_text("a.example.com\nlocalhost\n127.0.0.1\nnas\nB.example.com\n\x00\n")
    kept = KeptHosts(path)
    kept.add(["93.184.215.14", "b.example.com", "printer.local"])
    assert KeptHosts(path).hosts == ("a.example.com", "b.example.com")
