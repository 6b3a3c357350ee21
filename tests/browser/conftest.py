"""The served app, a real browser and a real voice: the main job, end to end."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from chromium import alaunch, off_site
from onlooker import Onlooker
from person import Person, new_person
from playwright.async_api import async_playwright
from proxy import Proxy
from served import ROOT, Served, serve


@pytest.fixture(scope="module")
def places() -> Iterator[Path]:
    """A short path, for unix sockets have long names already."""
    with tempfile.TemporaryDirectory(prefix="say") as folder:
        path = Path(folder)
        path.chmod(0o755)
        (path / "data").mkdir()
        (path / "tmp").mkdir(mode=0o755)
        yield path


@pytest.fixture(scope="module")
def served(places: Path) -> Iterator[Served]:
    """`panel serve dashboard`, bare, without any key."""
    environment = {"TMPDIR": str(places / "tmp")}
    with serve(ROOT / "dashboard", places / "data", env=environment) as server:
        yield server


@pytest.fixture(scope="module")
def look(places: Path) -> Onlooker:
    """Looks at the session and its desktop from outside."""
    return Onlooker(places / "data", places / "tmp")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def network(served: Served) -> AsyncIterator[Proxy]:
    """What is between the person's browser and the server; whole, unless a test breaks it."""
    async with Proxy(served.port) as proxy:
        yield proxy


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def person(
    served: Served, network: Proxy, places: Path, look: Onlooker
) -> AsyncIterator[Person]:
    """A person whose voice is started, on a page that never asks for anything off the server."""
    microphone = places / "microphone.wav"
    async with async_playwright() as playwright, alaunch(playwright, wav=microphone) as context:
        strangers = off_site(context)
        somebody = await new_person(context, microphone, look)
        await somebody.arrive(network.url(served.url))
        await somebody.start_voice()
        yield somebody
        assert strangers == []
