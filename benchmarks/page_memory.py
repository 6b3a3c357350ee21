"""The server's memory over opened and closed pages, and how soon a closed tab is noticed."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import httpx
import psutil
from playwright.async_api import BrowserContext
from served import Served, entrance, serve

from benchmarks.page_latency import APPS, browser

_WARM = 20
_NOTICED = 30.0
_STILL = 0.3
"""Seconds after which a page that has opened is written to no more."""


async def opens(folder: Path, rounds: int) -> dict[str, list[float]]:
    """Megabytes after the first twenty and after all opens; seconds until a tab is missed."""
    count = rounds * 5
    with serve(APPS / "sayso", folder) as served:
        process = psutil.Process(served.process.pid)
        inside = served.visitor()
        noticed, memory = [], []
        async with browser() as context:
            for number in range(1, count + 1):
                noticed.append(await _open_and_close(context, served, inside))
                if number in (_WARM, count):
                    memory.append(process.memory_info().rss / 2**20)
    return {
        f"server's memory after {_WARM} pages (MB)": memory[:1],
        f"server's memory after {count} pages (MB)": memory[1:],
        "closed tab noticed (s)": noticed,
    }


async def _open_and_close(context: BrowserContext, served: Served, inside: dict[str, str]) -> float:
    page = await context.new_page()
    await page.goto(entrance(served.url))
    mouse = page.get_by_role("button", name="Take the mouse")
    await mouse.and_(page.locator(":enabled")).wait_for()
    await asyncio.sleep(_STILL)
    await page.close()
    began = time.perf_counter()
    while _pages(served, inside):
        if time.perf_counter() - began > _NOTICED:
            raise SystemExit("The server did not notice a closed tab.")
        await asyncio.sleep(0.01)
    return time.perf_counter() - began


def _pages(served: Served, inside: dict[str, str]) -> int:
    return int(httpx.get(f"{served.root}/health", headers=inside).json()["pages"])
