"""MCP clients in the session that the person looks at, beside the page."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from served import PEOPLE, ROOT, command, environment, serve

from agent.errors import BadInput, ConfigurationError
from agent.record import events as ev
from agent.session.session import Session
from agent.settings import Settings
from agent.testing.scripted import FakeDesktop, FakeTool, ScriptedModel, call, done, says
from dashboard.web.identity import LOCAL
from dashboard.web.programs import let_in, looked_at, programs_of
from dashboard.web.registry import Entry, Factory
from dashboard.web.workbench import Workbench, make_workbench

pytest.importorskip("mcp.client", reason="the extra sayso[mcp] is not installed")
PILOT = ROOT / "tests" / "page" / "pilot" / "dashboard"
PORT = {
    "SAYSO_MCP_PORT": "0",
    "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)]),
}
ASKS = [
    [*call("bash", toolset=None, command="rm notes"), *done("tool_use")],
    [*says("Removed."), *done()],
]


def factory(settings: Settings) -> Factory:
    def make(session_id: str | None) -> Session:
        shell = FakeTool(harmless=False, name="bash", members=("bash",), toolset=None)
        return Session.create(
            settings, desktop=FakeDesktop(), model=ScriptedModel(ASKS), tools=(shell,)
        )

    return make


@pytest.fixture
async def bench(settings: Settings) -> AsyncIterator[Workbench]:
    bench = make_workbench(settings.model_copy(update={"mcp_port": 0}), factory)
    yield bench
    await bench.close()


async def opened(bench: Workbench, owner: str = LOCAL) -> Entry:
    entry = bench.sessions.create(owner)
    bench.sessions.open(entry)
    assert entry.opening is not None
    await entry.opening
    return entry


@asynccontextmanager
async def client(bench: Workbench) -> AsyncIterator[Any]:
    """The SDK's HTTP client with the key, as any program of the person's."""
    import httpx2
    from mcp import Client
    from mcp.client.streamable_http import streamable_http_client

    programs = programs_of(bench, several=False)
    assert programs is not None
    told = let_in(bench, programs, asyncio.get_running_loop())
    address = re.search(r"http\S+", told)
    assert address
    key = (bench.settings.data_dir / "mcp.key").read_text()
    assert key not in told
    headers = {"Authorization": f"Bearer {key}"}
    async with (
        httpx2.AsyncClient(headers=headers, timeout=60) as sends,
        Client(streamable_http_client(address[0], http_client=sends)) as client,
    ):
        yield client


async def test_the_person_allows_on_the_page_what_a_program_asked_for(bench: Workbench) -> None:
    entry = await opened(bench)
    entry.pages.add(object())
    log = entry.session.log
    async with client(bench) as program:
        asking = asyncio.create_task(program.call_tool("instruct", {"text": "Remove the notes."}))
        question = await log.wait_for(lambda e: e.kind == "approval_asked", timeout=30)
        refused = await program.call_tool("answer", {"id": question.approval_id, "answer": "yes"})
        assert refused.is_error
        entry.conductor.typed(question.phrase)  # the page's own box
        report = (await asking).structured_content
        entry.pages.clear()
    assert report["outcome"] == "done"
    assert log.of(ev.ApprovalDecided)[-1].channel != "mcp"


async def test_words_of_a_program_are_never_taken_for_an_answer(bench: Workbench) -> None:
    """The same phrase that allows in the page's box is a new request, and the question is void."""
    entry = await opened(bench)
    log = entry.session.log
    async with client(bench) as program:
        await program.call_tool("instruct", {"text": "Remove the notes.", "wait": 0})
        question = await log.wait_for(lambda e: e.kind == "approval_asked", timeout=30)
        given = {"text": question.phrase, "wait": 0, "how": "redirect"}
        await program.call_tool("instruct", given)
        entry.session.stop("test")
    assert {e.decision for e in log.of(ev.ApprovalDecided)} == {"void"}


async def test_it_is_the_session_that_is_looked_at(bench: Workbench) -> None:
    with pytest.raises(BadInput, match="No session is open"):
        await looked_at(bench.sessions)
    await opened(bench, owner="somebody")
    with pytest.raises(BadInput, match="No session is open"):
        await looked_at(bench.sessions)
    shown, newer = await opened(bench), await opened(bench)
    assert await looked_at(bench.sessions) is newer.session
    shown.pages.add(object())
    assert await looked_at(bench.sessions) is shown.session
    shown.pages.clear()


async def test_without_a_session_a_program_is_told_so(bench: Workbench) -> None:
    async with client(bench) as program:
        refused = await program.call_tool("observe", {})
    assert refused.is_error
    assert "No session is open" in refused.content[0].text


async def test_nobody_is_let_in_where_people_sign_in_or_none_is_wanted(bench: Workbench) -> None:
    with pytest.raises(ConfigurationError, match="SAYSO_MCP_PORT"):
        programs_of(bench, several=True)
    bench.settings = bench.settings.model_copy(update={"mcp_port": None})
    assert programs_of(bench, several=False) is None
    assert not (bench.settings.data_dir / "mcp.key").exists()


def test_the_server_says_where_programs_come_in_and_not_the_key(tmp_path: Path) -> None:
    with serve(PILOT, tmp_path, env=PORT) as served:
        assert re.search(r"MCP at http://127\.0\.0\.1:\d+/mcp", served.log)
        key = (tmp_path / "mcp.key").read_text()
        assert key not in served.log
        assert key not in served.link


@pytest.mark.timeout(300)
def test_a_server_with_a_login_refuses_the_port(tmp_path: Path) -> None:
    env = environment(tmp_path, PORT)
    words = command(PILOT, *PEOPLE)
    ended = subprocess.run(
        words, cwd=PILOT.parent, env=env, capture_output=True, text=True, timeout=280, check=False
    )
    assert ended.returncode != 0
    assert "SAYSO_MCP_PORT" in ended.stderr
