"""The gate's own process, killed for real: what becomes of connections, and who is told."""

from __future__ import annotations

import asyncio
import io
import os
import shutil
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from agent.cli.terminal import Printer
from agent.desktop.server.sandbox import PROXY_PARTS
from agent.network import gate as gates
from agent.network.gate import Gate
from agent.network.proxy import Answer
from agent.record import events as ev
from agent.session.session import Session
from agent.settings import Settings
from agent.testing.scripted import FakeTool, ScriptedModel, done, says
from dashboard.transcript import Transcript
from dashboard.voice.client.holds import Holds
from dashboard.voice.client.narration import Narration
from dashboard.voice.client.narrator import Narrator
from network.guarded import GuardedDesktop

ROOT = Path(gates.__file__).parents[2]
PATIENCE = 60.0
DOWN = "The desktop has no network any more"
_BREAKS = 4
"""So often within a minute, and it is not started again."""


def program(folder: Path) -> list[str]:
    """The proxy as a desktop has it: some files and the system's interpreter."""
    (folder / "gate/agent/network").mkdir(parents=True)
    for name in PROXY_PARTS:
        shutil.copy(ROOT / name, folder / "gate" / name)
    main = folder / "gate/__main__.py"
    main.write_text("from agent.network.proxy import main\n\nmain()\n")
    return [sys.executable, "-I", "-S", str(main.parent)]


class Watched:
    """Tells a session what becomes of the gate. Every host is one of the person's own."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.asked = asyncio.Event()
        self.answers = asyncio.Event()
        self.answers.set()

    async def judge(self, host: str, port: int) -> Answer:
        self.asked.set()
        await self.answers.wait()
        return Answer(True, private=True)

    def refused(self, host: str, port: int, why: str) -> None:
        self.session.network.refused(host, port, why)

    def changed(self, state: gates.GateState, detail: str) -> None:
        self.session.network.changed(state, detail)


class Way:
    """A desktop's way out: its gate, and an origin behind it."""

    def __init__(self, gate: Gate, guard: Watched, entry: int, origin: int) -> None:
        self.gate = gate
        self.guard = guard
        self._entry = entry
        self._origin = origin

    async def get(self) -> bytes:
        """All that comes back for a request."""
        async with asyncio.timeout(PATIENCE):
            reader, writer = await asyncio.open_connection("127.0.0.1", self._entry)
            try:
                writer.write(f"GET http://127.0.0.1:{self._origin}/ HTTP/1.1\r\n\r\n".encode())
                return await reader.read()
            finally:
                writer.close()

    async def kill(self) -> None:
        """Kill the process of the proxy, as soon as there is one."""
        async with asyncio.timeout(PATIENCE):
            while not self.gate.pid:
                await asyncio.sleep(0.01)
        log = self.guard.session.log
        before = len(log)
        os.kill(self.gate.pid, signal.SIGKILL)
        await log.wait_for(lambda e: isinstance(e, ev.GateChanged), since=before, timeout=PATIENCE)

    async def break_down(self) -> None:
        for _ in range(_BREAKS):
            await self.kill()


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi")
    writer.close()


@asynccontextmanager
async def opened(session: Session, folder: Path) -> AsyncIterator[Way]:
    """A gate that belongs to a session."""
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setblocking(False)
    entry, origin = (s.getsockname()[1] for s in (listener, server.sockets[0]))
    gate = Gate(listener, program(folder))
    gate.guard = guard = Watched(session)
    try:
        yield Way(gate, guard, entry, origin)
    finally:
        await gate.close()
        server.close()


@pytest.fixture
async def model() -> ScriptedModel:
    return ScriptedModel(lambda _: [*says("I see."), *done()])


@pytest.fixture
async def session(tmp_path: Path, model: ScriptedModel) -> AsyncIterator[Session]:
    settings = Settings(_env_file=None, data_dir=tmp_path, model="offline")
    made = Session.create(settings, desktop=GuardedDesktop(), model=model, tools=[FakeTool()])
    await made.open()
    yield made
    await made.close()


@pytest.fixture
async def way(session: Session, tmp_path: Path) -> AsyncIterator[Way]:
    async with opened(session, tmp_path) as made:
        yield made


async def test_the_next_request_is_served_by_the_next_process(way: Way) -> None:
    assert (await way.get()).endswith(b"hi")
    before = way.gate.pid
    await way.kill()
    assert (await way.get()).endswith(b"hi")
    assert way.gate.pid not in (0, before)


async def test_who_waits_for_the_persons_answer_is_cut_off_and_may_come_again(way: Way) -> None:
    way.guard.answers.clear()
    waiting = asyncio.create_task(way.get())
    await asyncio.wait_for(way.guard.asked.wait(), PATIENCE)
    await way.kill()
    [cut] = await asyncio.gather(waiting, return_exceptions=True)
    assert cut == b"" or isinstance(cut, ConnectionError)
    way.guard.answers.set()
    assert (await way.get()).endswith(b"hi")


async def test_one_that_breaks_again_and_again_is_down_and_refuses_at_once(
    way: Way, session: Session
) -> None:
    await way.break_down()
    told = session.log.of(ev.GateChanged)
    assert [e.state for e in told] == ["restarted"] * (_BREAKS - 1) + ["down"]
    assert all(e.detail == "it was ended by signal 9" for e in told)
    assert way.gate.pid == 0
    with pytest.raises(ConnectionRefusedError):
        await way.get()


async def test_that_it_is_down_is_told_to_the_model_and_by_every_way_to_the_person(
    way: Way, session: Session, model: ScriptedModel
) -> None:
    """On the page and in the terminal as it happens, by voice, and in the model's next turn."""
    printed, shown = io.StringIO(), Transcript(lambda sha256: sha256)
    said: list[str] = []

    def say(text: str) -> bool:
        said.append(text)
        return True

    narrator = Narrator(say, lambda fate: None)
    session.log.subscribe(Printer(printed, lost=lambda error: None).show)
    session.log.subscribe(Narration(narrator, Holds(session)).see)
    session.log.subscribe(shown.feed)
    await way.break_down()
    notes = [each["put"] for each in shown.drain() if DOWN in each["put"].get("text", "")]
    assert [note["tone"] for note in notes] == ["warning"]
    assert printed.getvalue().count(DOWN) == 1
    assert [DOWN in text for text in said] == [True]
    session.say("Look it up.")
    await session.wait_idle(PATIENCE)
    assert DOWN in str(model.requests[-1])
