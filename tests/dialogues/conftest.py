"""A conversation on the raw protocol, with real ears, a real voice and a real desktop."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

sys.path.insert(0, str(Path(__file__).parent.parent / "browser"))

from wire import Wire, wired


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def wire() -> AsyncIterator[Wire]:
    """One session for a module's dialogues."""
    with tempfile.TemporaryDirectory(prefix="say") as folder:
        async with wired(Path(folder)) as stage:
            yield stage
