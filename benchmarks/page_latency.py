"""Waits of the page: change → DOM, round trip, first paint; and Streamlit's, beside them."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import httpx
from chromium import alaunch, off_site
from playwright.async_api import BrowserContext, Page, async_playwright
from served import entrance, serve

APPS = Path(__file__).parent / "page_apps"
_VENV = Path(__file__).parent.parent / ".bench" / "streamlit"
_PORT = 8599

_WATCH = """() => {
  window.late = []
  const known = new Set()
  const roots = []
  const look = () => {
    const now = performance.timeOrigin + performance.now()
    const text = roots.map(root => root.textContent).join(" ")
    for (const [, at] of text.matchAll(/<(\\d+\\.\\d+)>/g))
      if (!known.has(at)) { known.add(at); window.late.push(now - at) }
  }
  const watch = root => {
    if (roots.includes(root)) return
    roots.push(root)
    new MutationObserver(look).observe(root, {childList: true, subtree: true, characterData: true})
    for (const node of root.querySelectorAll("*")) if (node.shadowRoot) watch(node.shadowRoot)
  }
  watch(document.documentElement) // a document has no text of its own
  look()
  window.late = []
}"""


@asynccontextmanager
async def browser() -> AsyncIterator[BrowserContext]:
    """A browser that is told of nothing but loopback."""
    async with async_playwright() as playwright, alaunch(playwright) as context:
        strangers = off_site(context)
        yield context
        assert strangers == [], strangers


async def _running(context: BrowserContext, url: str) -> Page:
    page = await context.new_page()
    await page.goto(entrance(url), timeout=120_000)
    await page.get_by_label("Type what to do").fill("Tell the time.", timeout=120_000)
    await page.keyboard.press("Enter")
    await page.get_by_text("<1").first.wait_for(timeout=120_000)
    await page.evaluate(_WATCH)
    return page


async def _until(page: Page, holds: str, seconds: float) -> None:
    # Playwright's own `wait_for_function` evaluates strings, which the page's policy forbids.
    async with asyncio.timeout(seconds):
        while not await page.evaluate(holds):
            await asyncio.sleep(0.2)


async def _late(page: Page, rounds: int) -> list[float]:
    await _until(page, f"window.late.length >= {rounds}", 3 * rounds + 60)
    return [float(value) for value in await page.evaluate("window.late")][:rounds]


async def change(folder: Path, rounds: int) -> dict[str, list[float]]:
    """Milliseconds from a change in Python to its text in the DOM."""
    rows: dict[str, list[float]] = {}
    with serve(APPS / "sayso", folder) as served:
        async with browser() as context:
            page = await _running(context, f"{served.url}?session=new")
            rows["change → DOM, 1 session (ms)"] = await _late(page, rounds)
            url = f"{served.url}?session=new"
            pages = [page, *[await _running(context, url) for _ in range(19)]]
            for one in pages:
                await one.evaluate("window.late = []")
            found = await asyncio.gather(*(_late(one, max(5, rounds // 4)) for one in pages))
            rows["change → DOM, 20 sessions (ms)"] = [value for some in found for value in some]
    with streamlit():
        async with browser() as context:
            page = await context.new_page()
            await page.goto(f"http://127.0.0.1:{_PORT}/")
            await page.get_by_text("<1").first.wait_for(timeout=60_000)
            await page.evaluate(_WATCH)
            rows["change → DOM, Streamlit (ms)"] = await _late(page, rounds)
    return rows


async def echo(folder: Path, rounds: int) -> dict[str, list[float]]:
    """Milliseconds of a message to Python and back, while the session streams."""
    with serve(APPS / "echo", folder) as served:
        async with browser() as context:
            page = await _running(context, f"{served.url}?session=new")
            await _until(page, "'echo' in window", 30)
            trips = [float(await page.evaluate("window.echo()")) for _ in range(rounds * 5)]
    return {"JS → Python → JS (ms)": trips}


async def paint(folder: Path, rounds: int) -> dict[str, list[float]]:
    """Seconds of a load with an empty cache until one can type; the first is a cold server's."""
    seconds = []
    with serve(APPS / "sayso", folder) as served:
        for _ in range(max(3, rounds // 8)):
            async with browser() as context:
                page = await context.new_page()
                began = time.perf_counter()
                await page.goto(entrance(f"{served.url}?session=new"), wait_until="commit")
                await page.get_by_label("Type what to do").wait_for()
                seconds.append(time.perf_counter() - began)
    return {
        "first paint, server just started (s)": seconds[:1],
        "first paint, empty cache (s)": seconds[1:],
    }


@contextmanager
def streamlit() -> Iterator[None]:
    """Streamlit's server, from an environment of its own that is made when missing."""
    python = _VENV / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(_VENV)], check=True)
        wanted = ["--quiet", "--disable-pip-version-check", "streamlit>=1.50,<2"]
        subprocess.run([str(python), "-m", "pip", "install", *wanted], check=True)
    options = ["--server.headless=true", f"--server.port={_PORT}", "--server.address=127.0.0.1"]
    options.append("--browser.gatherUsageStats=false")
    app = str(APPS / "streamlit_clock.py")
    process = subprocess.Popen(
        [str(python), "-m", "streamlit", "run", app, *options],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _await_health()
        yield
    finally:
        process.terminate()
        process.wait(20)


def _await_health() -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            if httpx.get(f"http://127.0.0.1:{_PORT}/_stcore/health").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    raise SystemExit("Streamlit did not start in a minute.")
