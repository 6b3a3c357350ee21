"""Debian's Chromium for the browser tests, with a WAV (or silence) for a microphone.

Synchronous and asynchronous Playwright take the same options:

    with launch(playwright, wav=path) as context:
        page = context.new_page()
    async with alaunch(playwright) as context:
        page = await context.new_page()

Tests that share a browser (`abrowser`) have a context each (`acontext`).
`off_site(context)` gathers every request that leaves this machine.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from served import signed

if TYPE_CHECKING:
    import playwright.async_api as pwa
    import playwright.sync_api as pw

_QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=user-gesture-required",
)
_LOCAL = {"127.0.0.1", "localhost", "::1", "insecure.test"}


def executable() -> str | None:
    """Where Chromium is, or None."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


def options(
    wav: Path | None = None,
    permissions: bool = True,
    extra: Sequence[str] = (),
    microphone: bool = True,
) -> dict[str, Any]:
    """Options for Playwright's `chromium.launch`.

    Args:
        wav: What the microphone hears, once; the fake device's beeps if None.
        permissions: Whether the person lets the page use the microphone.
        extra: More command-line flags.
        microphone: Whether the machine has one.
    """
    args = [*_QUIET, *extra]
    if microphone:
        args.append("--use-fake-device-for-media-stream")
    args.append("--use-fake-ui-for-media-stream" if permissions else "--deny-permission-prompts")
    if wav is not None:
        args.append(f"--use-file-for-fake-audio-capture={wav}%noloop")
    return {"executable_path": executable(), "args": args, "headless": True}


def _context_options(viewport: tuple[int, int], permissions: bool) -> dict[str, Any]:
    size = {"width": viewport[0], "height": viewport[1]}
    return {"viewport": size, "permissions": ["microphone"] if permissions else []}


@contextmanager
def launch(
    playwright: pw.Playwright,
    *,
    wav: Path | None = None,
    permissions: bool = True,
    viewport: tuple[int, int] = (1280, 720),
    extra: Sequence[str] = (),
    microphone: bool = True,
) -> Iterator[pw.BrowserContext]:
    """A fresh Chromium with one context; both are closed at the end."""
    browser = playwright.chromium.launch(**options(wav, permissions, extra, microphone))
    try:
        yield browser.new_context(**_context_options(viewport, permissions))
    finally:
        browser.close()


@asynccontextmanager
async def abrowser(
    playwright: pwa.Playwright,
    *,
    wav: Path | None = None,
    permissions: bool = True,
    extra: Sequence[str] = (),
    microphone: bool = True,
) -> AsyncIterator[pwa.Browser]:
    """A fresh Chromium without a context, for tests that share it; closed at the end."""
    browser = await playwright.chromium.launch(**options(wav, permissions, extra, microphone))
    try:
        yield browser
    finally:
        await browser.close()


async def acontext(
    browser: pwa.Browser,
    *,
    permissions: bool = True,
    viewport: tuple[int, int] = (1280, 720),
    person: str | None = "",
) -> pwa.BrowserContext:
    """A context that shares nothing with the browser's others: no cookie, no store, no cache.

    ``person`` has signed in where people do; by default somebody new, and nobody if None.
    """
    context = await browser.new_context(**_context_options(viewport, permissions))
    if person is not None:
        await sign_in(context, person or f"person-{secrets.token_hex(6)}")
    return context


async def sign_in(context: pwa.BrowserContext, name: str) -> None:
    """Have a context be somebody who has signed in; another's before that is forgotten."""
    value = signed(name)
    for url in ("http://localhost", "http://127.0.0.1"):
        await context.add_cookies([{"name": "user", "value": value, "url": url}])


@asynccontextmanager
async def alaunch(
    playwright: pwa.Playwright,
    *,
    wav: Path | None = None,
    permissions: bool = True,
    viewport: tuple[int, int] = (1280, 720),
    extra: Sequence[str] = (),
    microphone: bool = True,
) -> AsyncIterator[pwa.BrowserContext]:
    """`launch` for Playwright's asynchronous interface."""
    async with abrowser(
        playwright, wav=wav, permissions=permissions, extra=extra, microphone=microphone
    ) as browser:
        yield await acontext(browser, permissions=permissions, viewport=viewport)


def off_site(context: pw.BrowserContext | pwa.BrowserContext) -> list[str]:
    """A list that fills with each address, not on this machine, that a page asks for."""
    seen: list[str] = []

    def note(request: Any) -> None:
        parts = urlsplit(request.url)
        remote = parts.scheme in {"http", "https", "ws", "wss"} and parts.hostname not in _LOCAL
        if remote:
            seen.append(request.url)

    context.on("request", note)
    return seen
