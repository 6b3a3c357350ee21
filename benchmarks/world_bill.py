"""What a task of thirty actions costs in a web form: by pictures, by outline, by both, by browser.

The same thirty acts each way, three a turn, on the desktop's own Chromium, before the faithful
server: ten fields are clicked on, filled and their boxes ticked, which the page itself counts.
Beside them, in the same run, the common way of `benchmarks.loop_task`: one action a request and a
picture after each, by the older tool.
"""

from __future__ import annotations

import asyncio
import json
import re
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from agent.desktop import VirtualDesktop
from agent.desktop.base import Window
from agent.models.base import Block
from agent.models.claude.dialects import ToolsetDialect
from agent.session.session import Session
from agent.settings import Settings
from agent.testing.messages_script import Incoming, Reply, browse, call, says
from agent.testing.messages_server import MessagesServer
from agent.tools import ComputerTool, EditorTool, ShellTool, Tool
from agent.tools.browser import BrowserTool
from agent.tools.by_name import ScreenTool
from agent.tools.screen import Watch
from benchmarks.loop_task import (
    ACTIONS,
    BATCH,
    KEY,
    SAYSO,
    TASK,
    WORDS,
    Cost,
    Deed,
    Scene,
    claude_of,
    common_way,
    fresh,
)
from benchmarks.world_report import Report

ROUNDS = ACTIONS // BATCH
GOAL = 0.15
_ROW, _LEFT = 50, 40
_DONE = f"{ROUNDS} filled, {ROUNDS} ticked"

_ROWS = "".join(
    f"<label style='bottom:{_ROW * (n + 1)}px'>Note {n} <input id=n{n}></label>"
    f"<label style='bottom:{_ROW * (n + 1)}px;left:500px'><input type=checkbox id=c{n}> Done {n}"
    "</label>"
    for n in range(ROUNDS)
)
_PAGE = f"""<!doctype html><title>Notes</title>
<style>body{{font:15px sans-serif}} label{{position:fixed;left:{_LEFT}px;height:30px}}
input[id^=n]{{width:300px;height:26px}}</style><h1>Notes</h1>{_ROWS}
<script>addEventListener("change", count); addEventListener("input", count); function count() {{
const all = [...document.querySelectorAll("input")];
document.title = all.filter((e) => e.type == "text" && e.value).length + " filled, " +
all.filter((e) => e.checked).length + " ticked"; }}</script>"""


def _open(home: Path) -> list[str]:
    (home / "notes.html").write_text(_PAGE)
    (home / "notes.html").chmod(0o644)
    return ["chromium", "--start-maximized", "file:///home/user/notes.html"]


def _deeds(number: int, window: Window) -> list[Deed]:
    """Click on a field, fill it, tick its box: by point."""
    y = window.box.y + window.box.height - _ROW * (number + 1) - 15
    left = window.box.x + _LEFT
    return [
        ("left_click", {"coordinate": [left + 150, y]}),
        ("type", {"text": f"note {number}"}),
        ("left_click", {"coordinate": [left + 470, y]}),
    ]


FORM = Scene("web form", _open, _deeds)

Acts = Callable[[int, str], list[Block]]
"""The acts of a round, from what the conversation holds so far."""


def _named(told: str, name: str, form: str) -> str:
    """The reference that a thing of that name was given last."""
    return re.findall(rf"“{name}”[^,\\\n]*?{form}", told)[-1]


def _by_outline(number: int, told: str) -> list[Block]:
    field, box = (_named(told, f"{what} {number}", r" (e\d+)") for what in ("Note", "Done"))
    return [
        call("click_on", ref=field),
        call("type_into", ref=field, text=f"note {number}"),
        call("click_on", ref=box),
    ]


def _by_browser(number: int, told: str) -> list[Block]:
    field, box = (_named(told, f"{what} {number}", r"\[(ref_\d+)\]") for what in ("Note", "Done"))
    return [
        browse("left_click", ref=field),
        browse("type", text=f"note {number}"),
        browse("left_click", ref=box),
    ]


def _answerer(acts: Acts, first: Sequence[Block]) -> Callable[[Incoming], Reply]:
    """Looks ``first``, if that is a call, then three acts an answer until all are done."""
    before = 1 if first else 0

    def answer(request: Incoming) -> Reply:
        number = request.number - before
        if number < 0:
            return says(*first)
        if number >= ROUNDS:
            return says("Done.")
        told = json.dumps(request.body["messages"], ensure_ascii=False)
        return says(WORDS, *acts(number, told))

    return answer


async def _session(
    desktop: VirtualDesktop, tools: Sequence[Tool], answer: Callable[[Incoming], Reply]
) -> Cost:
    """The task in a real session.

    Raises:
        AssertionError: it was not done, or the page does not count what it asks for.
    """
    cost = Cost()
    with tempfile.TemporaryDirectory() as folder:
        names = tuple({"bash": "shell"}.get(tool.spec.name, tool.spec.name) for tool in tools)
        names = tuple("editor" if name.startswith("str_replace") else name for name in names)
        settings = Settings(
            _env_file=None, data_dir=Path(folder), model="offline", max_turns=1000, tools=names
        )
        async with MessagesServer(answer, key=KEY) as server:
            session = Session.create(
                settings,
                desktop=desktop,
                model=claude_of(server, SAYSO, ToolsetDialect()),
                tools=tools,
                rules=(),
            )
            await session.open()
            session.say(TASK)
            await session.wait_idle(240)
            assert session.status.outcome == "done", session.status
            await _counted(desktop)
            for served in server.requests:
                assert served.status == 200, served.problem
                cost.add(SAYSO, served)
            await session.close()
    return cost


async def _counted(desktop: VirtualDesktop) -> None:
    """Wait for the page to say that all is done."""
    async with asyncio.timeout(20):
        while not any(window.title.startswith(_DONE) for window in await desktop.windows()):
            await asyncio.sleep(0.05)


def _ways(desktop: VirtualDesktop, window: Window) -> dict[str, Callable[[], Any]]:
    """Each way, as work to be done in a newly opened page."""
    watch = Watch(desktop)
    rest = (ShellTool(desktop), EditorTool(desktop))
    hands, names = ComputerTool(desktop, watch=watch), ScreenTool(desktop, watch=watch)
    browser = BrowserTool(desktop, watch=watch)

    def by_point(number: int, told: str) -> list[Block]:
        return [call(name, **given) for name, given in _deeds(number, window)]

    look = (call("outline"),)
    return {
        "pictures": lambda: _session(desktop, (hands, *rest), _answerer(by_point, ())),
        "outline": lambda: _session(desktop, (*rest, names), _answerer(_by_outline, ())),
        "pictures and outline": lambda: _session(
            desktop, (hands, *rest, names), _answerer(_by_outline, look)
        ),
        "browser": lambda: _session(desktop, (*rest, browser), _answerer(_by_browser, ())),
    }


async def _alone(name: str) -> Cost:
    """One way, on a desktop of its own: a session that closes ends what it worked on."""
    desktop = VirtualDesktop()
    desktop.attach_browsers()
    await desktop.start()
    try:

        async def work(window: Window) -> Cost:
            if name == "common":
                return await common_way(desktop, FORM, window)
            cost: Cost = await _ways(desktop, window)[name]()
            return cost

        return await fresh(desktop, FORM, work)
    finally:
        await desktop.stop()


async def measure(report: Report, quick: bool) -> None:
    """The bill of each way, as a share of the common one."""
    common = await _alone("common")
    report.row("bill: common way, tokens at the price of fresh input", common.tokens, "")
    report.row("bill: common way, requests", common.requests, "")
    found: dict[str, float] = {}
    for name in ("pictures", "outline", "pictures and outline", "browser"):
        cost = await _alone(name)
        found[name] = cost.tokens / common.tokens
        report.row(f"bill: {name}, tokens", cost.tokens, "")
        report.row(f"bill: {name}, requests", cost.requests, "")
        report.row(f"bill: {name}, pictures uploaded", cost.pictures, "")
        report.row(f"bill: {name}, share of the common way", found[name], "")
        if quick:
            break
    best = min(found, key=lambda name: found[name])
    met = found[best] <= GOAL
    report.row(f"bill: the best, {best}", found[best], "", f"≤ {GOAL}", met=met)
