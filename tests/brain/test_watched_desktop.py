"""What passed without a question once, on a real desktop: each must be asked about now."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from agent.desktop import VirtualDesktop
from agent.record import events as ev
from agent.session.session import Session
from agent.settings import Settings

pytestmark = [
    pytest.mark.desktop,
    pytest.mark.slow,
    pytest.mark.asyncio(loop_scope="module"),
]

_PATIENCE = 30.0


class Hand:
    """The agent's tools, used one by one past the session's own rules."""

    def __init__(self, session: Session) -> None:
        self.session = session
        assert isinstance(session.desktop, VirtualDesktop)
        self.desktop = session.desktop
        self.ran = self.desktop.home / "ran"

    async def do(self, name: str, **given: Any) -> None:
        """Act; whatever is asked about that is not a program's start is allowed."""
        self.session.manual.start(name, given)
        await self.session.manual.idle()

    async def keys(self, *combos: str) -> None:
        for combo in combos:
            await self.do("key", text=combo)

    async def asked(self, since: int) -> ev.ApprovalAsked:
        found = await self.session.log.wait_for(
            lambda e: isinstance(e, ev.ApprovalAsked), since=since, timeout=_PATIENCE
        )
        assert isinstance(found, ev.ApprovalAsked)
        return found

    async def refuse(self, since: int) -> ev.ApprovalAsked:
        asked = await self.asked(since)
        assert asked.rule == "program", asked.question
        self.session.approve(asked.approval_id, "deny", channel="button")
        return asked

    async def open(self, program: str) -> None:
        launchers = {launcher.id: launcher for launcher in await self.desktop.launchers()}
        before = {window.id for window in await self.desktop.windows()}
        await self.desktop.launch(launchers[program])
        async with asyncio.timeout(_PATIENCE):
            while not any(w.active and w.id not in before for w in await self.desktop.windows()):
                await asyncio.sleep(0.05)
        await self.desktop.settle()

    async def close_windows(self) -> None:
        for window in await self.desktop.windows():
            process = await self.desktop.spawn(["kill", "-KILL", str(window.pid)])
            await process.wait()
        async with asyncio.timeout(_PATIENCE):
            while await self.desktop.windows():
                await asyncio.sleep(0.05)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hand(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Hand]:
    data = tmp_path_factory.mktemp("watched")
    session = Session.create(Settings(_env_file=None, data_dir=data, model="offline"))
    await session.open()
    assert session.status.desktop == "ready", session.log.of(ev.Failed)
    assert session.status.unwatched == ""
    yield Hand(session)
    await session.close()


@pytest_asyncio.fixture(loop_scope="module")
async def screen(hand: Hand) -> AsyncIterator[Hand]:
    hand.ran.unlink(missing_ok=True)
    yield hand
    await hand.close_windows()
    assert not hand.ran.exists()


async def test_a_launcher_that_the_editor_wrote_is_asked_about(screen: Hand) -> None:
    home = screen.desktop.inside(screen.desktop.home)
    text = f"[Desktop Entry]\nType=Application\nName=zz\nExec=touch {home}/ran\n"
    editor = "str_replace_based_edit_tool"
    await screen.do(editor, command="create", path=f"{home}/zz.desktop", file_text=text)
    await screen.open("thunar")
    since = len(screen.session.log)
    await screen.do("type", text="zz")
    await screen.do("key", text="Return")
    await screen.desktop.settle(cap=3.0)
    await screen.do("key", text="alt+l")
    asked = await screen.refuse(since)
    assert "touch" in asked.question


async def test_a_line_that_is_written_in_an_editor_of_the_shells_is_asked_about(
    screen: Hand,
) -> None:
    await screen.open("xfce4-terminal")
    since = len(screen.session.log)
    await screen.keys("ctrl+x", "ctrl+e")
    asked = await screen.asked(since)
    assert asked.rule == "program"
    screen.session.approve(asked.approval_id, "allow", channel="button")
    await screen.desktop.settle(first=0.5, cap=3.0)
    await screen.keys("i")
    await screen.do("type", text="touch ran")
    since = len(screen.session.log)
    await screen.keys("Escape", "Z", "Z")
    asked = await screen.refuse(since)
    assert "touch ran" in asked.question


@pytest.mark.parametrize("keys", [("alt+e", "p"), ("shift+F10", "p"), ("alt+e p",)])
async def test_a_paste_by_a_menus_keys_is_asked_about(screen: Hand, keys: tuple[str, ...]) -> None:
    await screen.open("xfce4-terminal")
    since = len(screen.session.log)
    for combo in keys[:-1]:
        await screen.do("key", text=combo)
        await screen.desktop.settle()
    screen.session.manual.start("key", {"text": keys[-1]})
    asked = await screen.asked(since)
    assert asked.rule == "paste into terminal"
    screen.session.approve(asked.approval_id, "deny", channel="button")
    await screen.session.manual.idle()


async def test_what_a_paste_starts_is_asked_about_where_no_rule_saw_it_coming(
    screen: Hand,
) -> None:
    """By the terminal's own action, as any program on the desktop can have it."""
    await screen.open("org.xfce.mousepad")
    await screen.do("type", text="touch ran\n")
    await screen.keys("ctrl+a", "ctrl+c")
    await screen.open("xfce4-terminal")
    await screen.desktop.input.type("bind 'set enable-bracketed-paste off'\n")
    await screen.desktop.settle()
    since = len(screen.session.log)
    await screen.desktop.input.key("ctrl+shift+v")
    asked = await screen.refuse(since)
    assert "touch ran" in asked.question
