"""A served page on which Anna has recorded sessions; for tests of Replay."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from chromium import sign_in
from playwright.async_api import BrowserContext
from recorded import long_session, record
from served import ROOT, Served, mark, serve

from agent.record.journal import SqliteJournal
from agent.settings import Settings
from dashboard.web.ownership import Card, Ownership
from dashboard.web.preferences import People

PILOT = ROOT / "tests" / "page" / "pilot" / "dashboard"


@dataclass(frozen=True)
class Shop:
    """The server, its data and ids of Anna's sessions by what they are called."""

    served: Served
    data: Path
    ids: dict[str, str]

    def address(self, name: str) -> str:
        """The Replay view with a session open."""
        return f"{self.served.url}?view=replay&replay=session/{self.ids[name]}"

    @property
    def experiments(self) -> Path:
        """Where Anna's experiments are."""
        return People(Settings(data_dir=self.data)).folder(mark("anna")) / "experiments"

    async def sign(self, context: BrowserContext, name: str = "anna") -> None:
        """Have the context be that person's."""
        await sign_in(context, name)


@contextmanager
def open_shop(data: Path) -> Iterator[Shop]:
    """Record a few sessions and serve them."""
    ids = {
        "list": asyncio.run(record(data, "write the list", "save it")),
        "other": asyncio.run(record(data, "write the list", "save it", click=(40, 40))),
        "spare": asyncio.run(record(data, "something to delete")),
        "long": "long",
    }
    journal = SqliteJournal(data / "sessions" / "long")
    for event in long_session(5000):
        journal.write(event)
    journal.close()
    for name, session_id in ids.items():
        Ownership(data).put(session_id, Card(owner=mark("anna"), person="anna", name=f"The {name}"))
    with serve(PILOT, data, people=True) as served:
        yield Shop(served, data, ids)
