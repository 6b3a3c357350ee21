"""Agents of two frameworks from PyPI in DesktopInterrupt, where they are installed."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest
from interrupt_stage import on_paper

pytestmark = pytest.mark.slow

FRAMEWORKS = ("pydantic_ai", "smolagents")
NAMES = [
    "minutes-stop-batch", "minutes-revision-thinking", "minutes-addition-done",
    "minutes-overheard-batch", "trip-approval-batch", "garden-aside-thinking",
    "minutes-stop-typing",
]  # fmt: skip


@pytest.mark.parametrize("framework", FRAMEWORKS)
async def test_an_agent_of_a_framework_heeds_what_is_said_into_its_work(framework: str) -> None:
    """By its own loop and tools; words come to it in the result of its next call."""
    pytest.importorskip(framework, reason=f"{framework} is not installed")
    loop = asyncio.get_running_loop()
    agent = f"benchmarks.interrupt_frameworks:{framework}"
    with ThreadPoolExecutor(4) as threads:
        found = await asyncio.gather(
            *(loop.run_in_executor(threads, on_paper, name, agent) for name in NAMES)
        )
    assert {r.task: (r.status, r.error) for r in found} == dict.fromkeys(NAMES, ("passed", ""))
