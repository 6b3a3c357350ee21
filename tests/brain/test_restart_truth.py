"""What a resumed model and the person are told: what is gone, what is kept, who cut the work."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from cut_cases import SETTINGS

from agent.desktop.base import Box, DesktopStatus, Window
from agent.errors import DesktopDied
from agent.models.claude.dialects import ToolsetDialect
from agent.models.claude.model import AnthropicModel, new_client
from agent.record import events as ev
from agent.session.history import BY_CLOSING, BY_RESTART, BY_USER
from agent.session.home import SessionHome
from agent.session.session import Session
from agent.session.world import renewed
from agent.testing.fake_desktop import FakeDesktop
from agent.testing.memory import MemorySessionJournal
from agent.testing.messages_script import call, says
from agent.testing.messages_server import MessagesServer
from agent.testing.scripted import FakeTool, hang
from agent.tools.base import ToolCall, ToolResult


class TellingDesktop(FakeDesktop):
    """A desktop whose windows are set by the test, and that tells what is open."""

    shown: tuple[str, ...] = ()

    async def windows(self) -> Sequence[Window]:
        if self.status.state != "ready":
            raise DesktopDied("The desktop is not running.")
        return [Window(n, t, "Editor", None, Box(0, 0, 9, 9)) for n, t in enumerate(self.shown)]

    async def other_windows(self, known: Sequence[Window] | None) -> Sequence[Window]:
        if known is None:
            return await self.windows()
        return await hang()


async def slow(_: ToolCall) -> ToolResult:
    await hang()
    raise AssertionError


def session_on(server: MessagesServer, journal: MemorySessionJournal, *shown: str) -> Session:
    desktop = TellingDesktop()
    desktop.shown = shown
    client = new_client(server.key, server.base_url)
    model = AnthropicModel("claude-opus-5-5", ToolsetDialect(), client)
    tool = FakeTool(slow, members=("left_click",))
    return Session(SETTINGS, "one", journal, desktop=desktop, model=model, tools=(tool,))


def texts(content: Any) -> list[str]:
    """All words of a message, results of tools included, in order."""
    found = []
    for block in content:
        found += texts(block["content"]) if block["type"] == "tool_result" else []
        found += [block["text"]] if block["type"] == "text" else []
    return found


async def acted(session: Session) -> None:
    await session.log.wait_for(lambda e: e.kind == "action_started", timeout=20)
    await session.log.wait_for(lambda e: e.kind == "windows_seen", timeout=20)


async def resumed(server: MessagesServer, journal: MemorySessionJournal) -> list[str]:
    """The words that the model's first request after the resumption ends with.

    What Sayso itself says comes last, as a system message.
    """
    session = session_on(server, journal)
    await session.open()
    session.say("Go on.")
    await session.wait_idle(20)
    await session.close()
    assert [served.problem for served in server.requests] == ["", ""]
    assert server.refusals == []
    user, system = server.requests[1].body["messages"][-2:]
    assert (user["role"], system["role"]) == ("user", "system")
    return [*texts(user["content"]), *texts(system["content"])]


SCRIPT = [says("I press it.", call("left_click", coordinate=[1, 2])), says("Done.")]


async def test_a_killed_session_tells_the_model_that_nobody_interrupted_it_and_what_is_gone():
    async with MessagesServer(SCRIPT) as server:
        journal = MemorySessionJournal()
        dead = session_on(server, journal, "*notes.txt - Mousepad", "Terminal - ~")
        await dead.open()
        dead.say("Press the button.")
        await acted(dead)
        journal = journal.copy()  # what a kill leaves
        await dead.close()
        told = await resumed(server, journal)
    assert told[0] == BY_RESTART.cut
    assert told[-1] == BY_RESTART.as_system
    assert told[1] == (
        "The desktop was restarted. These programs were open: “*notes.txt - Mousepad”, "
        "“Terminal - ~”. They and all commands were ended."
    )
    assert "Go on." in told[-3:-1]
    assert not any("The user interrupted" in words for words in told)
    assert BY_USER.as_system not in told


@pytest.mark.parametrize(
    ("becomes", "told"),
    [("kept", "Your files are kept."), ("gone", "The home folder is not there any more")],
)
async def test_the_first_request_after_a_resumption_says_what_became_of_the_files(
    tmp_path: Path, becomes: str, told: str
):
    """Looked up on the disk, as it is when the desktop starts."""
    settings = SETTINGS.model_copy(update={"data_dir": tmp_path})
    async with MessagesServer([says("One."), says("Two.")]) as server:

        async def run(words: str, opened: Callable[..., Session]) -> None:
            client = new_client(server.key, server.base_url)
            model = AnthropicModel("claude-opus-5-5", ToolsetDialect(), client)
            desktop = TellingDesktop()
            desktop.shown = ()
            parts = {"desktop": desktop, "model": model, "tools": ()}
            session = opened(settings, session_id="one", **parts)
            home = SessionHome(session.journal.folder, None, session.log)
            session._home = home  # which a session has that makes its desktop itself
            await session.open()
            home.files.mkdir(exist_ok=True)
            session.say(words)
            await session.wait_idle(20)
            await session.close()

        await run("Begin.", Session.create)
        if becomes == "gone":
            (tmp_path / "sessions" / "one" / "home").rmdir()
        await run("Go on.", Session.resume)
        words = texts(server.requests[-1].body["messages"][-1]["content"])
    [renewal] = [text for text in words if text.startswith("The desktop was restarted.")]
    assert told in renewal
    assert words.index("Go on.") > words.index(renewal)


async def test_a_closed_session_tells_the_model_that_it_was_closed():
    async with MessagesServer(SCRIPT) as server:
        journal = MemorySessionJournal()
        session = session_on(server, journal)
        await session.open()
        session.say("Press the button.")
        await acted(session)
        await session.close("End")
        told = await resumed(server, journal.copy())
    assert [told[0], told[-1]] == [BY_CLOSING.cut, BY_CLOSING.as_system]
    assert "No program was open." in told[1]


async def test_what_a_person_stopped_stays_so_called_after_a_restart():
    async with MessagesServer(SCRIPT) as server:
        journal = MemorySessionJournal()
        session = session_on(server, journal)
        await session.open()
        session.say("Press the button.")
        await acted(session)
        session.stop("button")
        await session.close("End")
        told = await resumed(server, journal.copy())
    assert [told[0], told[-1]] == [BY_USER.cut, BY_USER.as_system]


async def test_a_desktop_that_broke_down_is_told_with_what_was_open():
    async with MessagesServer([]) as server:
        session = session_on(server, MemorySessionJournal(), "notes")
        await session.open()
        await session.log.wait_for(lambda e: e.kind == "windows_seen", timeout=20)
        for state in ("died", "restarting", "ready"):
            session._desktop_changed(DesktopStatus(state, True, False, "Xvnc"))
        found = await session.log.wait_for(lambda e: e.kind == "desktop_renewed", timeout=20)
        await session.close()
    assert isinstance(found, ev.DesktopRenewed)
    assert (found.reason, found.windows) == (
        "crashed",
        (ev.OpenWindow(program="Editor", title="notes"),),
    )
    assert "The desktop broke down and was restarted." in str(session._agent.history.messages())


async def test_what_was_told_to_be_gone_is_not_told_again():
    """Killed before anybody looked at the new desktop: what was open on it is not known."""
    async with MessagesServer([]) as server:
        journal = MemorySessionJournal()
        first = session_on(server, journal, "notes")
        await first.open()
        await first.log.wait_for(lambda e: e.kind == "windows_seen", timeout=20)
        await first.close()
        journal = journal.copy()
        second = session_on(server, journal)
        second.world.follow = hang  # type: ignore[method-assign]
        await second.open()
        journal = journal.copy()
        await second.close()
        third = session_on(server, journal)
        await third.open()
        told = third.log.of(ev.DesktopRenewed)
        await third.close()
    assert "“notes”" in told[0].text
    assert "Which programs were open is not known" in told[1].text


async def test_a_desktop_that_did_not_start_has_lost_nothing_and_hides_no_loss():
    """Its failure is told; what an earlier one had open is told once one starts again."""
    async with MessagesServer([]) as server:
        journal = MemorySessionJournal()
        for unavailable, shown in (("No X.", ()), ("", ("notes",)), ("No X.", ()), ("", ())):
            session = session_on(server, journal, *shown)
            session.desktop._unavailable = unavailable  # type: ignore[attr-defined]
            await session.open()
            if shown:
                await session.log.wait_for(lambda e: e.kind == "windows_seen", timeout=20)
            await session.close()
            journal = journal.copy()
        told = session.log.of(ev.DesktopRenewed)
    assert len(told) == 1
    assert "“notes”" in told[0].text


@pytest.mark.parametrize(
    ("files", "windows", "told"),
    [
        ("kept", None, "Your files are kept. Which programs were open is not known"),
        ("gone", (), "or was not brought along. It is empty now. No program was open."),
        ("none", (), "No files were kept from before"),
        ("kept", tuple(ev.OpenWindow(program="A", title="") for _ in range(14)), "“A” and 2 more."),
    ],
)
def test_what_is_left_is_said_as_it_is(files: Any, windows: Any, told: str):
    assert told in renewed("resumed", files, windows).text
