"""What a first visit costs: first paint, until words can be typed, and bytes; old beside new.

The old page is the one of ``BEFORE``, checked out into a folder of its own and served from
there; both are visited in turn, by browsers with an empty cache and with a filled one, on
loopback and on a line of 1.6 Mbit/s with 300 ms.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chromium import alaunch
from playwright.async_api import BrowserContext, Page, async_playwright
from served import ADDRESS, ROOT, Served, command, entrance, environment, started

from benchmarks.checkouts import checkout, known

BEFORE = "99f3f9e"
"""The last commit whose page came in one piece and uncompressed."""

SLOW = {"offline": False, "latency": 300, "downloadThroughput": 200_000, "uploadThroughput": 94_000}
"""1.6 Mbit/s down, 0.75 up, in bytes a second; milliseconds there and back."""

_BOX = "[aria-label='Message'], [aria-label='Type what to do']"
_WORDS = "list"


@dataclass(slots=True)
class Visit:
    """Seconds from the navigation on, and bytes over the wire."""

    paint: float = 0.0
    box: float = 0.0
    bytes: float = 0.0
    page: float = 0.0
    total: float = 0.0


class _Wire:
    """Bytes as they came: compressed, headers included.

    Of an answer that is still coming, as the document is while its frame is shown already,
    Chromium tells the size on the wire at the end only. Until then its bytes count unpacked, and
    a socket's always do: upper bounds. What the browser's cache gives does not count.
    """

    def __init__(self) -> None:
        self._packed: dict[str, float] = {}
        self._unpacked: dict[str, float] = {}
        self._cached: set[str] = set()
        self._frames = 0.0

    @property
    def bytes(self) -> float:
        came = ((n, size) for n, size in self._unpacked.items() if n not in self._cached)
        return sum(self._packed.get(n, size) for n, size in came) + self._frames

    def on_data(self, event: dict[str, Any]) -> None:
        number = event["requestId"]
        self._unpacked[number] = self._unpacked.get(number, 0.0) + event["dataLength"]

    def on_answer(self, event: dict[str, Any]) -> None:
        if event["response"].get("fromDiskCache"):
            self._cached.add(event["requestId"])

    def on_cached(self, event: dict[str, Any]) -> None:
        self._cached.add(event["requestId"])

    def on_end(self, event: dict[str, Any]) -> None:
        self._packed[event["requestId"]] = event["encodedDataLength"]

    def on_frame(self, event: dict[str, Any]) -> None:
        self._frames += len(event["response"]["payloadData"])


async def visit(context: BrowserContext, url: str, slow: bool) -> Visit:
    """Open the page, type into the first box that takes words, wait for the page's own box."""
    page, wire, seen = await context.new_page(), _Wire(), Visit()
    devtools = await context.new_cdp_session(page)
    await devtools.send("Network.enable")
    if slow:
        await devtools.send("Network.emulateNetworkConditions", SLOW)
    devtools.on("Network.dataReceived", wire.on_data)
    devtools.on("Network.responseReceived", wire.on_answer)
    devtools.on("Network.requestServedFromCache", wire.on_cached)
    devtools.on("Network.loadingFinished", wire.on_end)
    devtools.on("Network.webSocketFrameReceived", wire.on_frame)
    began = time.perf_counter()
    await page.goto(f"{url}?session=new", wait_until="commit", timeout=120_000)
    await page.locator(_BOX).first.wait_for(timeout=120_000)
    await page.locator(_BOX).first.press_sequentially(_WORDS, timeout=120_000)
    seen.box, seen.bytes = time.perf_counter() - began, wire.bytes
    await _own_box(page)
    seen.page, seen.total = time.perf_counter() - began, wire.bytes
    seen.paint = await page.evaluate(
        "performance.getEntriesByName('first-contentful-paint')[0].startTime / 1000"
    )
    await page.close()
    return seen


async def _own_box(page: Page) -> None:
    """Until the page's own text box has what was typed."""
    box = page.get_by_label("Type what to do")
    await box.wait_for(timeout=120_000)
    async with asyncio.timeout(120):
        while await box.input_value() != _WORDS:
            await asyncio.sleep(0.02)


@asynccontextmanager
async def _browser() -> AsyncIterator[BrowserContext]:
    async with async_playwright() as playwright, alaunch(playwright) as context:
        yield context


@contextmanager
def _serve(root: Path, data: Path) -> Iterator[Served]:
    """The page of a checkout, over sessions in memory that wait for words."""
    app = root / "benchmarks" / "page_apps" / "sayso"
    env = environment(data, {"PYTHONPATH": str(root)})
    with started(command(app), ADDRESS, cwd=app.parent, env=env) as served:
        yield served


async def light(folder: Path, rounds: int) -> dict[str, list[float]]:
    """Old and new in turn; the first visit of each server is not counted."""
    count = max(3, rounds // 8)
    rows: dict[str, list[float]] = {}
    with ExitStack() as open_servers:
        served: dict[str, str] = {}
        if known(BEFORE):
            before = open_servers.enter_context(checkout(BEFORE, folder / "before"))
            served["before"] = open_servers.enter_context(_serve(before, folder / "d1")).url
        else:
            note = f"This checkout lacks commit {BEFORE}: only the present page is measured."
            print(note, file=sys.stderr)
        served["now"] = open_servers.enter_context(_serve(ROOT, folder / "d2")).url
        for url in served.values():
            async with _browser() as context:
                await _come_in(context, url)
                await visit(context, url, slow=False)
        for line in ("loopback", "1.6 Mbit/s, 300 ms"):
            for _ in range(count):
                for name, url in served.items():
                    await _visits(rows, f"{name}, {line}", url, slow=line != "loopback")
    return rows


async def _come_in(context: BrowserContext, url: str) -> None:
    """Open the server's link, if it printed one, at an address that loads nothing else."""
    link = entrance(f"{url.rsplit('/', 1)[0]}/locked")
    if "token=" in link:
        page = await context.new_page()
        await page.goto(link)
        await page.close()


async def _visits(rows: dict[str, list[float]], name: str, url: str, *, slow: bool) -> None:
    async with _browser() as context:
        await _come_in(context, url)
        for cache in ("empty cache", "again"):
            seen = await visit(context, url, slow)
            where = f"{name}, {cache}"
            rows.setdefault(f"first paint, {where} (s)", []).append(seen.paint)
            rows.setdefault(f"words can be typed, {where} (s)", []).append(seen.box)
            rows.setdefault(f"bytes until then, {where} (kB)", []).append(seen.bytes / 1000)
            rows.setdefault(f"page there, {where} (s)", []).append(seen.page)
            rows.setdefault(f"bytes of the page, {where} (kB)", []).append(seen.total / 1000)
