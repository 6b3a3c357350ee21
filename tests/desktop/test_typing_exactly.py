"""What is typed arrives exactly, and the person's clipboard comes back."""

from __future__ import annotations

import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import unquote

import pytest
from screens import open_window, text_of, until

from agent.desktop import VirtualDesktop
from agent.desktop.base import Launcher
from agent.errors import BadInput

pytestmark = [pytest.mark.desktop, pytest.mark.asyncio(loop_scope="module")]

CORPUS = {
    "ascii": "Hello, World! 0123456789",
    "european": "naïve Straße ÅéÑ œuvre Žluťoučký kůň Łódź ğüşiöç Ελληνικά Привет",
    "cjk": "你好,世界 日本語テキスト 한국어 문장",
    "emoji": "😀 👩‍👩‍👧 🇨🇭 ✓ ❤️",
    "symbols": "€ £ ¥ © ® ™ ½ × ÷ ≠ ≤ ∞ → ⌘ \u00a0|",  # noqa: RUF001
    "code": "def f(x):\n\tif x[\"a\"] != 'b':\n\t\treturn `x` | ~{x} & <y> # @ $HOME"
    " \\n\n\treturn None",
    "long": "The quick brown fox jumps over the lazy dog; " * 12,
}


async def test_every_kind_of_text_is_exact_in_the_editor(empty: VirtualDesktop) -> None:
    await open_window(empty, "mousepad", title="Mousepad")
    for name, text in CORPUS.items():
        await empty.input.key("ctrl+a Delete")
        await empty.input.type(text)

        async def arrived(text: str = text) -> bool:
            return await text_of(empty, "text") == text

        try:
            await until(arrived)
        except pytest.fail.Exception:
            assert await text_of(empty, "text") == text, name


def _is_there(file: Path) -> Callable[[], Awaitable[bool]]:
    async def probe() -> bool:
        return file.exists()

    return probe


async def test_every_kind_of_text_is_exact_in_the_terminal(empty: VirtualDesktop) -> None:
    await open_window(empty, "xfce4-terminal", title="Terminal")
    for name, text in CORPUS.items():
        file = empty.home / f"{name}.txt"
        await empty.input.type(f"cat > {file.name}\n")
        await until(_is_there(file))  # until then the shell may still read what is pasted
        await empty.settle()
        await empty.input.type(text + "\n")
        await empty.input.key("ctrl+d")

        async def written(file=file, text=text) -> bool:  # type: ignore[no-untyped-def]
            return file.exists() and file.read_text() == text + "\n"

        try:
            await until(written)
        except pytest.fail.Exception:
            assert file.read_text() == text + "\n", name


async def test_lines_typed_into_a_terminal_run_one_by_one(empty: VirtualDesktop) -> None:
    await open_window(empty, "xfce4-terminal", title="Terminal")
    await empty.input.type("mkdir -p several/lines\ncd several/lines\npwd > 'où ça'\n")

    async def done() -> bool:
        file = empty.home / "several/lines/où ça"
        return file.exists() and file.read_text().strip().endswith("several/lines")

    await until(done)


async def test_a_line_for_a_program_that_the_line_before_starts_reaches_it(
    empty: VirtualDesktop,
) -> None:
    await open_window(empty, "xfce4-terminal", title="Terminal")
    await empty.input.type(
        "cat > into-cat\nthis line is for cat, not for the shell\nand so is this\n"
    )
    await empty.settle()
    await empty.input.key("ctrl+d")

    async def written() -> bool:
        file = empty.home / "into-cat"
        return file.exists() and file.read_text().endswith("for the shell\nand so is this\n")

    await until(written)


async def test_the_clipboard_is_given_back_after_typing(empty: VirtualDesktop) -> None:
    await open_window(empty, "mousepad", title="Mousepad")
    await empty.input.type("mine")
    await empty.input.key("ctrl+a ctrl+c")

    async def copied() -> bool:
        return await empty.input.clipboard() == "mine"

    await until(copied)
    await empty.input.key("End")
    await empty.input.type(" 你好 " * 10)
    await empty.input.key("ctrl+v")

    async def pasted() -> bool:
        return await text_of(empty, "text") == "mine" + " 你好 " * 10 + "mine"

    await until(pasted)
    await until(copied)


async def test_text_that_nobody_pastes_is_typed_by_keys(empty: VirtualDesktop) -> None:
    """Where nothing fetches the clipboard, the keys themselves are pressed."""
    from agent.testing.slow_window import SlowWindow

    window = SlowWindow(empty.env, box=(0, 0, 400, 300))
    try:
        await empty.input.move(200, 150)
        await empty.input.type("a sentence that is longer than keys are used for: Ж")

        async def pressed() -> bool:
            return len(window.keys) >= 50

        await until(pressed)
    finally:
        window.close()


@pytest.mark.parametrize(
    "text", ["", "\x1b[A", "a\x00b", "\ud800", "x" * 200_001, None, 7], ids=repr
)
async def test_text_that_cannot_be_typed_is_refused_in_words(
    desktop: VirtualDesktop, text: str
) -> None:
    with pytest.raises(BadInput, match=r"text|Text|characters"):
        await desktop.input.type(text)


PAGE = """<!doctype html><meta charset="utf-8"><title>Typing</title>
<textarea autofocus style="width: 600px; height: 300px"
 oninput="document.title = encodeURIComponent(this.value)"></textarea>"""


@pytest.mark.skipif(not shutil.which("chromium"), reason="Chromium is not installed")
async def test_every_kind_of_text_is_exact_in_chromium(empty: VirtualDesktop) -> None:
    page = empty.home / "page.html"
    page.write_text(PAGE)
    flags = ("--no-sandbox", "--no-first-run", "--disable-gpu", f"--user-data-dir={empty.home}/c")
    browser = Launcher("chromium", "Chromium", "", (), ("chromium", *flags, page.as_uri()))
    await empty.launch(browser)

    async def title() -> str:
        window = await empty.active_window()
        return window.title.removesuffix(" - Chromium") if window else ""

    async def loaded() -> bool:
        return await title() == "Typing"

    await until(loaded, 60.0)
    await empty.settle(first=0.5, quiet=0.3)
    for name, text in CORPUS.items():
        await empty.input.key("ctrl+a")
        await empty.input.type(text)

        async def arrived(text: str = text) -> bool:
            return unquote(await title()) == text

        try:
            await until(arrived, 8.0)
        except pytest.fail.Exception:
            assert unquote(await title()) == text, name
