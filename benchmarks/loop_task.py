"""One task of 30 actions on a real desktop, Sayso's way and the common way, in one run.

The common way is that of the published examples: one action a request, a PNG of the screen
(scrot, ImageMagick) after each, all of them kept, everything cached. Its fixed sleep is left
out, for it changes neither tokens nor bytes. Both ways use the official SDK, the faithful
server of `agent.testing`, the same screen, the same words and the same actions.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import shutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from agent.desktop import VirtualDesktop
from agent.desktop.base import Window
from agent.errors import DesktopError
from agent.models.base import Block, BlockDone, Message, ModelRequest
from agent.models.claude.dialects import Dialect, ToolsetDialect
from agent.models.claude.hosted import HostedDialect
from agent.models.claude.model import AnthropicModel, new_client
from agent.models.pricing import priced
from agent.prompts import load_prompt
from agent.record.events import Usage
from agent.session.session import Session
from agent.settings import Settings
from agent.testing.messages_http import Served
from agent.testing.messages_script import Incoming, Pace, Reply, call, says
from agent.testing.messages_server import MessagesServer
from agent.tools import ComputerTool, build_tools
from agent.tools.base import ToolCall

KEY = "bench-key"
ACTIONS, BATCH = 30, 3
COMMON, SAYSO = "claude-opus-4-8", "claude-opus-5-5"
WORDS = "Next I fill in the field."
TASK = "Fill in the form."

Deed = tuple[str, dict[str, Any]]


@dataclass(frozen=True)
class Scene:
    """A program, and three actions of a round in it; told the round and the program's window."""

    name: str
    program: Callable[[Path], list[str]]
    deeds: Callable[[int, Window], list[Deed]]


def _typing(line: Callable[[int], str]) -> Callable[[int, Window], list[Deed]]:
    def deeds(number: int, window: Window) -> list[Deed]:
        return [
            ("left_click", {"coordinate": list(window.box.center)}),
            ("type", {"text": line(number)}),
            ("key", {"text": "Return"}),
        ]

    return deeds


def _browsing(number: int, window: Window) -> list[Deed]:
    x, y = window.box.center
    return [
        ("left_click", {"coordinate": [x, window.box.y + window.box.height - 40]}),
        ("type", {"text": f"note {number}"}),
        ("scroll", {"coordinate": [x, y], "scroll_direction": "down", "scroll_amount": 3}),
    ]


def _editor(home: Path) -> list[str]:
    (home / "letter.txt").write_text("The quick brown fox jumps over the lazy dog.\n" * 30)
    return ["mousepad", "letter.txt"]


def _terminal(home: Path) -> list[str]:
    return ["xfce4-terminal", "--maximize"]


def _browser(home: Path) -> list[str]:
    """A page of articles with photographs, and a field that stays in sight."""
    for number in range(6):
        _photograph(number).save(home / f"{number}.jpg", quality=90)
    text = "Words of an article about the day, in the size in which people read. " * 9
    articles = "".join(
        f"<article><img src={n % 6}.jpg><h2>Article {n}</h2><p>{text}</p></article>"
        for n in range(80)
    )
    style = (
        "body{margin:0;font:15px sans-serif} main{display:grid;grid-template-columns:1fr 1fr}"
        "article{padding:12px} img{width:100%}"
        "input{position:fixed;bottom:0;left:35%;width:30%;height:80px}"
    )
    page = f"<!doctype html><style>{style}</style><main>{articles}</main><input>"
    (home / "page.html").write_text(page)
    flags = ["--no-sandbox", "--test-type", "--no-first-run", "--start-maximized"]
    return ["chromium", *flags, "page.html"]


def _photograph(seed: int) -> Image.Image:
    """Soft shapes with a sensor's noise."""
    random = np.random.default_rng(seed)
    small = Image.fromarray(random.integers(50, 200, (7, 11, 3), np.uint8))
    soft = np.asarray(small.resize((560, 320), Image.Resampling.BICUBIC)).astype(float)
    return Image.fromarray((soft + random.normal(0, 4, soft.shape)).clip(0, 255).astype(np.uint8))


SCENES = (
    Scene("text editor", _editor, _typing(lambda n: f"Line {n} of the letter is written here.")),
    Scene(
        "terminal, full screen",
        _terminal,
        _typing(lambda n: f"ls -la --color=always /usr/bin | head -n {60 + 37 * n} | tail -n 45"),
    ),
    Scene("web page with photographs", _browser, _browsing),
)


@dataclass
class Cost:
    """What a way took for the task; each request's pictures are counted."""

    requests: int = 0
    pictures: int = 0
    bytes: int = 0
    tokens: float = 0.0
    """In fresh input tokens of its own model, cache reads and writes weighed by price."""

    def add(self, model: str, served: Served) -> None:
        self.requests += 1
        self.bytes += served.request.bytes
        self.pictures += str(served.body["messages"]).count("'type': 'image'")
        told = served.usage
        prompt = Usage(
            input_tokens=told["input_tokens"],
            cache_read_input_tokens=told["cache_read_input_tokens"],
            cache_creation_input_tokens=told["cache_creation_input_tokens"],
            hour_input_tokens=told["cache_creation"]["ephemeral_1h_input_tokens"],
        )
        fresh = Usage(input_tokens=1)
        self.tokens += priced(model, prompt).dollars / priced(model, fresh).dollars


async def compare(scene: Scene, folder: Path) -> tuple[Cost, Cost]:
    """The same task the common way and Sayso's, on a desktop of its own."""
    desktop = VirtualDesktop()
    await desktop.start()
    try:
        common = await fresh(desktop, scene, lambda window: common_way(desktop, scene, window))
        sayso = await fresh(desktop, scene, lambda w: sayso_way(desktop, scene, w, folder))
        return common, sayso
    finally:
        await desktop.stop()


async def fresh(
    desktop: VirtualDesktop, scene: Scene, work: Callable[[Window], Awaitable[Cost]]
) -> Cost:
    """Work in a newly started program."""
    before = {window.id for window in await desktop.windows()}
    process = await desktop.spawn(scene.program(desktop.home))
    async with asyncio.timeout(60):
        while (window := await desktop.active_window()) is None or window.id in before:
            await desktop.settle(first=0.1)
    await desktop.settle(first=1.0, quiet=0.5)
    window = await desktop.active_window() or window
    try:
        return await work(window)
    finally:
        with contextlib.suppress(DesktopError):  # a closed session has ended it all
            await process.kill()


async def common_way(desktop: VirtualDesktop, scene: Scene, window: Window) -> Cost:
    """One action a request, a PNG after each, nothing left out."""
    deeds = [d for n in range(ACTIONS // BATCH) for d in scene.deeds(n, window)]
    hands, cost = ComputerTool(desktop), Cost()
    messages: list[Message] = [{"role": "user", "content": [{"type": "text", "text": TASK}]}]

    def answer(request: Incoming) -> Reply:
        if request.number >= ACTIONS:
            return says("Done.")
        name, given = deeds[request.number]
        return says(WORDS, call("computer", action=name, **given))

    async with MessagesServer(answer, key=KEY) as server:
        model = claude_of(server, COMMON, HostedDialect())
        while True:
            blocks = await _turn(model, _request(desktop, messages))
            cost.add(COMMON, server.requests[-1])
            calls = [block for block in blocks if block["type"] == "tool_use"]
            if not calls:
                return cost
            messages.append({"role": "assistant", "content": blocks})
            await hands.run(ToolCall.from_block(calls[0]), lambda _: None)
            await desktop.settle()
            messages.append({"role": "user", "content": [_result(calls[0], await _png(desktop))]})


async def _png(desktop: VirtualDesktop) -> str:
    """The screen as the examples take it, in base64."""
    # by its versioned name where Debian gives one: `convert` may be a wrapper
    names = ("convert-im6.q16", "convert-im7.q16", "magick", "convert")
    convert = next(name for name in names if shutil.which(name))
    width, height = desktop.size
    for argv in (
        ["scrot", "-o", "-p", "shot.png"],
        [convert, "shot.png", "-resize", f"{width}x{height}!", "shot.png"],
    ):
        process = await desktop.spawn(argv)
        assert await process.wait() == 0, argv
    return base64.b64encode((desktop.home / "shot.png").read_bytes()).decode()


async def sayso_way(desktop: VirtualDesktop, scene: Scene, window: Window, folder: Path) -> Cost:
    """A real session: three actions a request, the loop's own pictures."""

    def answer(request: Incoming) -> Reply:
        if request.number >= ACTIONS // BATCH:
            return says("Done.")
        calls = [call(name, **given) for name, given in scene.deeds(request.number, window)]
        return says(WORDS, *calls, pace=Pace(event=0.002))

    settings = Settings(_env_file=None, data_dir=folder, model="offline", max_turns=1000)
    cost = Cost()
    async with MessagesServer(answer, key=KEY) as server:
        model = claude_of(server, SAYSO, ToolsetDialect())
        session = Session.create(
            settings, desktop=desktop, model=model, tools=build_tools(desktop), rules=()
        )
        await session.open()
        session.say(TASK)
        await session.wait_idle(120)
        assert session.status.outcome == "done", session.status
        for served in server.requests:
            cost.add(SAYSO, served)
        await session.close()
    return cost


def claude_of(server: MessagesServer, model: str, dialect: Dialect) -> AnthropicModel:
    return AnthropicModel(model, dialect, new_client(KEY, server.base_url))


def _request(desktop: VirtualDesktop, messages: list[Message]) -> ModelRequest:
    width, height = desktop.size
    system = load_prompt("default").render(width=width, height=height, network=False)
    tools = [tool.spec for tool in build_tools(desktop)]
    return ModelRequest(system=system, messages=messages, tools=tools, display=desktop.size)


async def _turn(model: AnthropicModel, request: ModelRequest) -> list[Block]:
    return [part.block async for part in model.stream(request) if isinstance(part, BlockDone)]


def _result(use: Block, png: str) -> Block:
    source = {"type": "base64", "media_type": "image/png", "data": png}
    content = [{"type": "text", "text": "Done."}, {"type": "image", "source": source}]
    return {
        "type": "tool_result",
        "tool_use_id": use["id"],
        "toolset_name": "computer",
        "content": content,
    }
