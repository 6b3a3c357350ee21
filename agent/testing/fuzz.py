"""Sends fuzzed answers through the real SDK and a real session, and sees that none poisons it.

After each fuzzed answer a plain instruction must work. A case is a pure function of seed and
number: what fails is told with both, and ``script/fuzz answers --seed S --case N`` does it again.
"""

from __future__ import annotations

import asyncio
import logging
import random
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent.errors import SaysoError
from agent.models.claude.dialects import Dialect, ToolsetDialect
from agent.models.claude.model import AnthropicModel, new_client
from agent.models.claude.portable import PortableDialect
from agent.record import events as ev
from agent.session.session import Session
from agent.settings import Settings, rule_names
from agent.testing.fake_desktop import FakeDesktop
from agent.testing.fuzz_answers import fuzzed
from agent.testing.memory import MemorySessionJournal
from agent.testing.messages_script import Incoming, Reply, says
from agent.testing.messages_server import MessagesServer
from agent.testing.scripted import HastyClock
from agent.tools import build_tools

_log = logging.getLogger(__name__)

_KEY = "sk-ant-fuzz-0123456789"
_CLEAN = "All is well."
_PATIENCE = 4.0
"""Seconds until a person would press Stop."""
_AFTER_STOP = 20.0
_CLEAN_PATIENCE = 60.0
"""Seconds for what must work: more than any machine under load takes."""
_PER_SESSION = 40
_BAD = ("Internal error", "inside the tool", "fault of Sayso")


@dataclass
class Found:
    """What came of the cases so far."""

    cases: int = 0
    faults: list[str] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)


class Fuzz:
    """A server and sessions on it, one after the other."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.found = Found()
        self._seed = seed
        self._folder = folder
        self._script: list[Reply] = []

    def _answer(self, request: Incoming) -> Reply:
        return self._script.pop(0) if self._script else says(_CLEAN)

    async def run(self, first: int, cases: int, deadline: float) -> None:
        """Do cases until there are so many, or the time (of `time.monotonic`) is over."""
        for begin in range(first, first + cases, _PER_SESSION):
            number = (begin - first) // _PER_SESSION
            dialect: Dialect = PortableDialect() if number % 2 else ToolsetDialect()
            until = min(begin + _PER_SESSION, first + cases)
            await self._session(range(begin, until), dialect, deadline)
            if time.monotonic() >= deadline:
                return

    async def _session(self, cases: range, dialect: Dialect, deadline: float) -> None:
        spoken: Any = "portable" if dialect.name == "portable" else "anthropic"
        async with MessagesServer(self._answer, key=_KEY, dialect=spoken) as server:
            session = self._made(server, dialect)
            await session.open()
            try:
                for case in cases:
                    if time.monotonic() >= deadline:
                        return
                    await self._case(session, case)
            finally:
                await session.close()

    def _made(self, server: MessagesServer, dialect: Dialect) -> Session:
        desktop, clock = FakeDesktop(width=640, height=480, home=self._folder), HastyClock()
        client = new_client(_KEY, server.base_url)
        session = Session(
            Settings(
                _env_file=None,
                data_dir=self._folder,
                allow=rule_names(),
                max_turns=10**6,
                max_tokens=10**15,
                max_dollars=10.0**12,
                max_seconds=10.0**6,
            ),
            "fuzz",
            MemorySessionJournal(),
            model=AnthropicModel("claude-opus-5-5", dialect, client, clock=clock),
            tools=tuple(build_tools(desktop)),
            desktop=desktop,
            clock=clock,
        )
        session.log.subscribe(lambda event: _allow(session, event))
        return session

    async def _case(self, session: Session, case: int) -> None:
        chance = random.Random(f"{self._seed}/{case}")  # noqa: S311 - not a secret
        since = len(session.log)
        self._script[:] = [fuzzed(chance) for _ in range(chance.choice([1, 1, 1, 2, 6]))]
        await self._said(session, case, "Do something.", _PATIENCE)
        self._script.clear()
        clean = len(session.log)
        await self._said(session, case, "Are you well?", _CLEAN_PATIENCE)
        self.found.cases += 1
        ends = [e for e in session.log.since(clean) if isinstance(e, ev.TaskFinished)]
        if [(e.outcome, e.summary) for e in ends] != [("done", _CLEAN)]:
            self._fault(case, f"the next instruction: {[e.summary for e in ends] or 'no end'}")
        for event in session.log.since(since):
            self._look(case, event)

    async def _said(self, session: Session, case: int, words: str, patience: float) -> None:
        try:
            session.say(words)
            await session.wait_idle(patience)
        except TimeoutError:
            session.stop("fuzz")
            self.found.outcomes["stopped by hand"] += 1
            try:
                await session.wait_idle(_AFTER_STOP)
            except TimeoutError:
                self._fault(case, "it goes on after a stop")
        except SaysoError as error:
            self._fault(case, f"{words!r}: {error}")

    def _look(self, case: int, event: ev.Event) -> None:
        """What no event may be."""
        try:
            if ev.load_event(ev.dump_event(event)) != event:
                self._fault(case, f"{event.kind} is not read as it was written")
        except Exception as error:  # noqa: BLE001 - whatever it is, it is what we look for
            _log.exception("%s cannot be kept", event.kind)
            self._fault(case, f"{event.kind} cannot be kept: {error!r}")
        said = " ".join(str(getattr(event, name, "")) for name in ("summary", "error", "text"))
        if isinstance(event, ev.TaskFinished):
            self.found.outcomes[event.outcome] += 1
        if any(bad in said for bad in _BAD):
            self._fault(case, f"{event.kind}: {said[:300]}")

    def _fault(self, case: int, what: str) -> None:
        self.found.faults.append(f"--seed {self._seed} --case {case}: {what}")


def _allow(session: Session, event: ev.Event) -> None:
    """Answer what the session asks a person."""
    loop = asyncio.get_running_loop()
    if isinstance(event, ev.QuestionAsked):
        loop.call_soon(session.answer, event.question_id, "yes")
    elif isinstance(event, ev.ApprovalAsked):
        loop.call_soon(lambda: session.approve(event.approval_id, "allow", channel="button"))


async def fuzz(seed: int, *, cases: int = 10**9, first: int = 0, seconds: float = 1e9) -> Found:
    """Do so many cases, or for so many seconds."""
    with tempfile.TemporaryDirectory() as folder:
        work = Fuzz(seed, Path(folder))
        await work.run(first, cases, time.monotonic() + seconds)
        return work.found
