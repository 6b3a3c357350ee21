"""A served page whose browser, Anna's, has recorded sessions; for tests of Replay."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import BrowserContext
from recorded import long_session, record
from served import ROOT, Served, serve
from tornado.web import create_signed_value

from agent.journal import SqliteJournal
from dashboard.web.identity import COOKIE, load_secret
from dashboard.web.shelf import Card, Shelf

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

    async def sign(self, context: BrowserContext, browser: str = "anna") -> None:
        """Make the context that browser's."""
        secret = load_secret(self.data / "browser.key").hex()
        value = create_signed_value(secret, COOKIE, browser).decode()
        await context.add_cookies([{"name": COOKIE, "value": value, "url": self.served.url}])


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
    owner = hashlib.sha256(b"owner:anna").hexdigest()
    for name, session_id in ids.items():
        Shelf(data).put(session_id, Card(owner=owner, name=f"The {name}"))
    with serve(PILOT, data) as served:
        yield Shop(served, data, ids)
