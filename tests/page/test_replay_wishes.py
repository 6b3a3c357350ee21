"""What Replay's list tells a page to open, and what it leaves to the page."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from pilot_sessions import factory

from agent.settings import Settings
from dashboard.state import PageState
from dashboard.view_registry import ViewContext
from dashboard.views.replay.view import ReplayView
from dashboard.web.workbench import make_workbench

Told = list[dict[str, Any]]


@pytest.fixture
async def visited(tmp_path: Path) -> AsyncIterator[tuple[ReplayView, Told]]:
    """Replay, led to session ``a``, and all that it tells its page."""
    bench = make_workbench(Settings(data_dir=tmp_path, _env_file=None), factory)  # type: ignore[call-arg]
    entry = bench.sessions.create("anna")
    state = PageState(lambda sha256: sha256, bench.settings)
    context = ViewContext(bench, entry, state, lambda _: None, lambda *_, **__: None, nullcontext)
    view = ReplayView(context)
    told: Told = []
    view.root.post = told.append  # type: ignore[method-assign]
    view.arrive({"session": "a"})
    yield view, told
    view.close()
    await bench.close()


async def listed(told: Told) -> dict[str, Any]:
    """The next list."""
    async with asyncio.timeout(30):
        while True:
            if found := [each for each in told if each["type"] == "sessions"]:
                told.clear()
                return found[-1]
            await asyncio.sleep(0.01)


async def test_a_page_that_comes_opens_what_was_wished(visited: tuple[ReplayView, Told]) -> None:
    """At once, and again when the page is drawn anew."""
    view, told = visited
    assert (await listed(told))["open"] == {"name": "session/a"}
    view._receive({"type": "ready"})
    assert (await listed(told))["open"] == {"name": "session/a"}


async def test_a_new_list_leads_nowhere(visited: tuple[ReplayView, Told]) -> None:
    """The page asks for one and opens something at once, as after an import."""
    view, told = visited
    await listed(told)
    view._receive({"type": "list"})
    assert (await listed(told))["open"] == {}
    view._receive({"type": "opened", "name": "session/b"})
    view._receive({"type": "ready"})
    assert (await listed(told))["open"] == {"name": "session/b"}


async def test_an_export_whose_end_was_told_into_a_gap_is_told_again(
    visited: tuple[ReplayView, Told],
) -> None:
    """One that has ended as it ended, one that the server has never heard of as not begun."""
    view, told = visited
    await listed(told)
    view._receive({"type": "export", "n": 1, "name": "session/\n", "format": "gif"})
    [ended] = await exports(told, 1)
    told.clear()
    view._receive({"type": "list", "exports": [1, 2]})
    again, never = await exports(told, 2)
    assert again == ended
    assert never["n"] == 2
    assert "before the export began" in never["error"]


async def exports(told: Told, many: int) -> Told:
    """What is told of exports, once it is so much."""
    async with asyncio.timeout(30):
        while len(found := [each for each in told if each["type"] == "export"]) < many:
            await asyncio.sleep(0.01)
    return found
