"""A page through network gaps: ``script/bench link [--gaps S …] [--times N] [--json]``.

Real Chromium, a real server, a proxy between them that breaks. While a command runs the network
is silent (``silence``: bytes vanish, nothing is closed) or cut (``cut``: reset and refused), by
turns, for each gap; ``restart`` ends the server and starts it again. Measured: until the page
says that the connection is lost; until Send is answered after the link is back; until a Stop that
was pressed in the gap is in the session's log after it; whether the text in the box was kept.
Beside it, until Send is answered with no gap at all: what the machine itself takes in this run.
``--plain`` takes a chat of Panel's own parts, as it is served by default, through the same gaps.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import sqlite3
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT / part) for part in (".", "tests", "tests/page")]

from chromium import alaunch  # noqa: E402 - needs the path above
from pilot_page import PILOT, arrive, say  # noqa: E402
from playwright.async_api import BrowserContext, Page, async_playwright  # noqa: E402
from playwright.async_api import TimeoutError as PlaywrightTimeout  # noqa: E402
from proxy import Proxy  # noqa: E402
from served import Served, serve  # noqa: E402

from agent.record.events import Stopped, load_event  # noqa: E402

Rows = dict[str, list[float]]
GAPS = (0.5, 2.0, 8.0, 30.0, 75.0)
BOX = "Type what to do"
KEPT = "half a sentence"
FRAMES_BOX = "Message"
PLAIN = ROOT / "benchmarks" / "page_apps" / "plain"
_PATIENCE = 60.0
_PLAINS_PATIENCE = 15.0
_SAID = "document.body.innerText.search(/connection|disconnected|reconnect|offline/i) >= 0"
_LOST = """() => {
  const { documentElement: root } = document
  window.lostAt = 0
  new MutationObserver(() => {
    if (root.dataset.link === "lost") window.lostAt ||= Date.now()
  }).observe(root, { attributeFilter: ["data-link"] })
}"""


@asynccontextmanager
async def _page(context: BrowserContext, proxy: Proxy, served: Served) -> AsyncIterator[Page]:
    page = await arrive(await context.new_page(), f"{proxy.url(served.url)}?session=new")
    try:
        await say(page, "work forever")
        await page.get_by_text("I work and work.").wait_for()
        await page.evaluate(_LOST)
        await page.get_by_label(BOX).fill(KEPT)
        yield page
    finally:
        await page.close()


async def _seconds(holds: str, page: Page, since: float, most: float = _PATIENCE) -> float:
    """Seconds since ``since`` until an expression holds in the page; minus one if it never does."""
    while time.perf_counter() - since < most:
        with contextlib.suppress(Exception):  # the page may be loading itself again
            if await page.evaluate(holds):
                return time.perf_counter() - since
        await asyncio.sleep(0.02)
    return -1.0


async def _stopped(data: Path, session: str, healed: float) -> float:
    """Seconds from ``healed``, in Unix seconds, until the session's Stop; minus one for never."""
    journal = data / "sessions" / session / "events.db"
    until = time.time() + _PATIENCE
    while time.time() < until:
        with contextlib.closing(sqlite3.connect(f"file:{journal}?mode=ro", uri=True)) as database:
            rows = database.execute("select event from events order by seq desc limit 20")
            events = [load_event(row[0]) for row in rows]
        if stops := [event for event in events if isinstance(event, Stopped)]:
            return max(0.0, stops[0].at - healed)
        await asyncio.sleep(0.05)
    return -1.0


async def _break(proxy: Proxy, kind: str) -> None:
    if kind == "cut":
        await proxy.cut()
    else:
        proxy.silence()


async def gap(
    context: BrowserContext, served: Served, data: Path, seconds: float, kind: str, rows: Rows
) -> None:
    """One gap of the network while a command runs."""
    label = f"{seconds:g} s gap"
    async with Proxy(served.port) as proxy, _page(context, proxy, served) as page:
        session = page.url.split("session=")[1].split("&")[0]
        began, clock = time.perf_counter(), time.time() * 1000
        await _break(proxy, kind)
        await asyncio.sleep(seconds / 2)
        await page.bring_to_front()
        await page.keyboard.press("Escape")
        await asyncio.sleep(max(0.0, seconds - (time.perf_counter() - began)))
        lost = float(await page.evaluate("window.lostAt"))
        if seconds >= 2:
            rows[f"{label}: noticed (s)"].append((lost - clock) / 1000 if lost else -1.0)
        await proxy.heal()
        back = time.perf_counter()
        stop, live = await asyncio.gather(
            _stopped(data, session, time.time()),
            _seconds("window.saysoLink?.live", page, back),
        )
        rows[f"{label}: Stop takes effect (s)"].append(stop)
        kept = await page.get_by_label(BOX).input_value()
        rows[f"{label}: text kept (%)"].append(100.0 * (kept == KEPT))
        rows[f"{label}: live (s)"].append(live)
        usable = await _answered(page, back)
        rows[f"{label}: usable (s)"].append(max(stop, live, usable) if usable > 0 else -1.0)
        rows["no gap: Send is answered (s)"].append(await _answered(page, time.perf_counter()))


async def _answered(page: Page, back: float) -> float:
    """Seconds from ``back`` until words are answered; sent again, as a person does who is told."""
    word = f"ready {time.monotonic_ns()}"
    await say(page, f"repeat {word}")
    answer, box = page.get_by_text(word, exact=True).first, page.get_by_label(BOX)
    while time.perf_counter() - back < _PATIENCE:
        with contextlib.suppress(PlaywrightTimeout):
            await answer.wait_for(timeout=100)
            return time.perf_counter() - back
        there = await page.evaluate("saysoLink.reachable")
        if there and word in await box.input_value():
            await box.press("Enter")
    return -1.0


async def restart(context: BrowserContext, folder: Path, rows: Rows) -> None:
    """The server ends and starts again under an open page; it is back when it listens."""
    with serve(PILOT, folder) as first:
        proxy = Proxy(first.port)
        await proxy.__aenter__()
        pages = _page(context, proxy, first)
        page = await pages.__aenter__()
        clock = time.time() * 1000
        first.process.kill()
        await asyncio.sleep(2.5)
        lost = float(await page.evaluate("window.lostAt"))
        rows["restart: noticed (s)"].append((lost - clock) / 1000 if lost else -1.0)
        await page.keyboard.press("Escape")
    with serve(PILOT, folder) as second:
        proxy.target = second.port
        back = time.perf_counter()
        stopped = asyncio.create_task(_seconds(_NO_PRESS, page, back))
        await _seconds("window.lostAt === undefined", page, back)
        kept, taken = await _first_words(page, back)
        rows["restart: text kept (%)"].append(100.0 * kept)
        rows["restart: Stop is answered (s)"].append(await stopped)
        rows["restart: Send is taken (s)"].append(taken)
        await page.get_by_label(BOX).wait_for()
        rows["restart: the page is whole (s)"].append(time.perf_counter() - back)
        await pages.__aexit__(None, None, None)
        await proxy.__aexit__()


_NO_PRESS = "sessionStorage.getItem('sayso-stop') === null"


async def _first_words(page: Page, back: float) -> tuple[bool, float]:
    """Whether the page, loaded again, has the text, and seconds until it says that words are sent.

    Its frame takes words before the rest of it is there; the rest shows their answer.
    """
    box = page.get_by_label(FRAMES_BOX, exact=True).or_(page.get_by_label(BOX)).first
    kept, word = False, f"ready {time.monotonic_ns()}"
    sent = (
        page.locator(".sent small")
        .filter(has_text="Sent")
        .or_(page.get_by_text(word, exact=True))
        .last
    )
    while time.perf_counter() - back < _PATIENCE:
        with contextlib.suppress(PlaywrightTimeout):  # the frame gives way to the page
            stands = await box.input_value(timeout=100)
            kept = kept or stands == KEPT
            if kept and stands == KEPT:
                await box.fill(f"repeat {word}", timeout=100)
            if word in await box.input_value(timeout=100):
                await box.press("Enter", timeout=100)
            if kept:
                await sent.wait_for(timeout=100)
                return kept, time.perf_counter() - back
    return kept, -1.0


async def plain(context: BrowserContext, seconds: float, kind: str, rows: Rows) -> None:
    """The same gap for a page of Panel's own parts."""
    label = f"plain Panel, {seconds:g} s {kind}"
    with tempfile.TemporaryDirectory(prefix="say") as folder, serve(PLAIN, Path(folder)) as served:
        async with Proxy(served.port) as proxy:
            page = await context.new_page()
            await page.goto(proxy.url(served.url))
            assert await _plain_answers(page, time.perf_counter()) > 0
            began = time.perf_counter()
            await _break(proxy, kind)
            noticed = asyncio.create_task(_seconds(_SAID, page, began, seconds))
            await asyncio.sleep(seconds)
            rows[f"{label}: noticed (s)"].append(await noticed)
            await proxy.heal()
            back = time.perf_counter()
            rows[f"{label}: usable (s)"].append(await _plain_answers(page, back))
            await page.close()


async def _plain_answers(page: Page, back: float) -> float:
    box = page.get_by_placeholder("Send a message")
    while time.perf_counter() - back < _PLAINS_PATIENCE:
        word = f"ready {time.monotonic_ns()}"
        await box.fill(f"repeat {word}")
        await box.press("Enter")
        with contextlib.suppress(PlaywrightTimeout):
            await page.get_by_text(word, exact=True).first.wait_for(timeout=3000)
            return time.perf_counter() - back
    return -1.0


async def measure(gaps: list[float], times: int, *, with_restart: bool, beside: bool) -> Rows:
    """All gaps, each so many times, silent and cut by turns."""
    rows: Rows = defaultdict(list)
    async with async_playwright() as playwright, alaunch(playwright) as context:
        with tempfile.TemporaryDirectory(prefix="say") as folder:
            with serve(PILOT, Path(folder)) as served:
                for seconds in gaps:
                    for turn in range(times):
                        kind = ("silence", "cut")[turn % 2]
                        await gap(context, served, Path(folder), seconds, kind, rows)
            for _ in range(times if with_restart else 0):
                with tempfile.TemporaryDirectory(prefix="say") as other:
                    await restart(context, Path(other), rows)
            for seconds in gaps if beside else ():
                for kind in ("silence", "cut"):
                    await plain(context, seconds, kind, rows)
    return rows


def table(rows: Rows) -> str:
    """Median and worst of each; minus one stands for never."""
    lines = ["| what | n | median | worst |", "|---|---|---|---|"]
    for name, values in rows.items():
        worst = min(values) if name.endswith("(%)") or min(values) < 0 else max(values)
        lines.append(f"| {name} | {len(values)} | {statistics.median(values):.2f} | {worst:.2f} |")
    return "\n".join(lines)


def main() -> None:
    """Print the table, or the raw values with ``--json``."""
    parser = argparse.ArgumentParser(prog="script/bench link", description=__doc__)
    parser.add_argument("--gaps", nargs="*", type=float, default=list(GAPS), help="in seconds")
    parser.add_argument("--times", type=int, default=10, help="how often each")
    parser.add_argument("--no-restart", action="store_true")
    parser.add_argument(
        "--plain", action="store_true", help="beside it, a page of Panel's own parts"
    )
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    whole = measure(given.gaps, given.times, with_restart=not given.no_restart, beside=given.plain)
    rows = asyncio.run(whole)
    print(json.dumps(rows) if given.json else table(rows))


if __name__ == "__main__":
    main()
