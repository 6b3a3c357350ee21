"""``python -m agent mcp`` as a process of its own, with the SDK's stdio and HTTP clients."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from agent.record import events as ev
from agent.record.journal import SqliteJournal, list_sessions, session_folder

SERVER = Path(__file__).with_name("serve_on_fakes.py")
ROOT = Path(__file__).parents[2]
pytest.importorskip("mcp.client", reason="the extra sayso[mcp] is not installed")


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)])}


def stdio(folder: Path, *options: str) -> Any:
    """The SDK's client of a server that it starts itself."""
    from mcp import Client, StdioServerParameters

    arguments = [str(SERVER), str(folder), *options]
    return Client(StdioServerParameters(command=sys.executable, args=arguments, env=environment()))


def recorded(folder: Path) -> list[ev.Event]:
    """What the journal of the only session has."""
    (session,) = list_sessions(folder)
    journal = SqliteJournal(session_folder(folder, session))
    try:
        return list(journal.read())
    finally:
        journal.close()


async def test_a_client_over_stdio_gives_a_task_and_its_going_ends_the_session(
    tmp_path: Path,
) -> None:
    async with stdio(tmp_path) as client:
        names = {tool.name for tool in (await client.list_tools()).tools}
        report = (await client.call_tool("instruct", {"text": "Click."})).structured_content
    assert names == {
        "instruct",
        "wait",
        "observe",
        "stop",
        "hold",
        "go_on",
        "answer",
        "tell",
        "ask",
        "outline",
        "click",
        "type_text",
        "press_key",
        "scroll",
        "drag",
    }
    assert report["outcome"] == "done"
    kinds = [event.kind for event in recorded(tmp_path)]
    assert kinds[-1] == "session_closed"


async def test_without_a_person_what_is_asked_about_is_refused(tmp_path: Path) -> None:
    async with stdio(tmp_path) as client:
        told = await client.call_tool("instruct", {"text": "Run the command."})
    assert told.structured_content["outcome"] == "denied"
    (question,) = told.structured_content["declined"]
    assert question.startswith("Run the command “rm notes”?")
    decided = [e for e in recorded(tmp_path) if isinstance(e, ev.ApprovalDecided)]
    assert [(d.decision, d.channel) for d in decided] == [("deny", "terminal")]


async def test_what_was_allowed_beforehand_is_not_asked_about(tmp_path: Path) -> None:
    async with stdio(tmp_path, "--yes-to", "shell") as client:
        told = await client.call_tool("instruct", {"text": "Run the command."})
    assert told.structured_content["outcome"] == "done"


async def test_a_client_answers_where_whoever_started_the_server_let_it(tmp_path: Path) -> None:
    async with stdio(tmp_path, "--client-approves") as client:
        told = await client.call_tool("instruct", {"text": "Run the command."})
        waits = told.structured_content["waiting"]
        await client.call_tool("answer", {"id": waits["id"], "answer": "yes, run it"})
        told = await client.call_tool("wait", {})
    assert told.structured_content["outcome"] == "done"


async def test_a_signal_ends_it_cleanly_while_it_reads(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(SERVER),
        str(tmp_path),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env=environment(),
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(
        b'{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18",'
        b'"capabilities":{},"clientInfo":{"name":"test","version":"1"}}}\n'
    )
    async with asyncio.timeout(60):
        assert b'"sayso"' in await process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 143
    assert recorded(tmp_path)[-1].kind == "session_closed"


@dataclass
class Served:
    """A server on HTTP: where it is, its key, and what it has said."""

    address: str
    key: str
    folder: Path
    process: asyncio.subprocess.Process

    @asynccontextmanager
    async def client(self, key: str) -> AsyncIterator[Any]:
        import httpx2
        from mcp import Client
        from mcp.client.streamable_http import streamable_http_client

        headers = {"Authorization": f"Bearer {key}"}
        async with httpx2.AsyncClient(headers=headers, timeout=60) as sends:
            transport = streamable_http_client(self.address, http_client=sends)
            async with Client(transport) as client:
                yield client

    async def end(self) -> str:
        """End it; returns all that it wrote after its first line."""
        self.process.send_signal(signal.SIGTERM)
        out, _ = await self.process.communicate()
        return out.decode()


@asynccontextmanager
async def http(folder: Path, *options: str) -> AsyncIterator[Served]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(SERVER),
        str(folder),
        "--port",
        "0",
        *options,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=environment(),
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(60):
            line = (await process.stdout.readline()).decode()
        found = re.search(r"http://127\.0\.0\.1:\d+/mcp", line)
        assert found, line
        yield Served(found[0], (folder / "mcp.key").read_text(), folder, process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_a_client_over_http_gives_a_task_with_the_key_alone(tmp_path: Path) -> None:
    async with http(tmp_path) as served:
        async with served.client(served.key) as client:
            report = (await client.call_tool("instruct", {"text": "Click."})).structured_content
            pictures = (await client.call_tool("observe", {})).content
        said = await served.end()
    assert report["outcome"] == "done"
    assert any(part.type == "image" for part in pictures)
    assert served.process.returncode == 143
    assert served.key not in said + "".join(map(ev.dump_event, recorded(tmp_path)))
    assert (tmp_path / "mcp.key").stat().st_mode & 0o777 == 0o600


CALL = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
TAKES = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}


async def test_nobody_comes_in_without_the_key_or_from_elsewhere(tmp_path: Path) -> None:
    async with http(tmp_path) as served, httpx.AsyncClient() as browser:
        key = {"Authorization": f"Bearer {served.key}"}

        async def status(address: str, headers: dict[str, str]) -> int:
            answer = await browser.post(address, json=CALL, headers=TAKES | headers)
            assert served.key not in answer.text
            return answer.status_code

        assert await status(served.address, {}) == 401
        assert await status(served.address, {"Authorization": "Bearer wrong"}) == 401
        assert await status(f"{served.address}?token={served.key}", {}) == 401
        assert await status(served.address, {"Cookie": f"key={served.key}"}) == 401
        assert await status(served.address, key | {"Host": "rebound.example"}) == 421
        assert await status(served.address, key | {"Origin": "https://elsewhere.example"}) == 403
        assert await status(served.address, key) in (200, 400)  # further than the others


async def test_it_listens_on_loopback_alone(tmp_path: Path) -> None:
    async with http(tmp_path) as served:
        port = int(served.address.rpartition(":")[2].removesuffix("/mcp"))
        tables = [Path(f"/proc/{served.process.pid}/net/{name}") for name in ("tcp", "tcp6")]
        rows = [line.split() for table in tables for line in table.read_text().splitlines()[1:]]
    listening = {row[1].rpartition(":")[0] for row in rows if row[1].endswith(f":{port:04X}")}
    assert listening == {"0100007F"}
