"""Claude in the browser: a session over the wire, its controls, and who is offered the tool."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, get_args

import pytest
import pytest_asyncio
from anthropic.types.beta import BetaBrowserMemberName
from desks import until

from agent.desktop import VirtualDesktop
from agent.errors import ModelUnavailable
from agent.experiments.plan.spec import Arm
from agent.experiments.plan.task import builtin_tasks
from agent.experiments.run.trial_environment import TrialEnvironment
from agent.models.base import Learned, ModelRequest
from agent.models.claude.dialects import (
    BROWSER_EXTRAS,
    BROWSER_MEMBERS,
    Dialect,
    ToolsetDialect,
)
from agent.models.claude.hosted import HostedDialect
from agent.models.claude.model import AnthropicModel, new_client
from agent.models.claude.portable import PortableDialect
from agent.record import events as ev
from agent.session.describe import describe
from agent.session.session import Session
from agent.settings import Settings
from agent.testing.fake_desktop import FakeDesktop
from agent.testing.messages_script import Incoming, browse, says
from agent.testing.messages_server import MessagesServer
from agent.tools.browser import BrowserTool
from agent.tools.by_name import ScreenTool
from agent.tools.computer import ComputerTool

PAGE = """<!doctype html><title>Order</title><h1>Order</h1>
<label>Name <input></label>
<button
onclick="document.title='Sent '+document.querySelector('input').value">Send order</button>"""

SILENT = """
import socket
listener = socket.create_server(("127.0.0.1", 8801))
print("ready", flush=True)
held = []
while True:
    held.append(listener.accept())
"""


@pytest_asyncio.fixture(loop_scope="function")
async def desktop() -> AsyncIterator[VirtualDesktop]:
    desktop = VirtualDesktop()
    await desktop.start()
    page = desktop.home / "order.html"
    page.write_text(PAGE)
    page.chmod(0o644)
    yield desktop
    await desktop.stop()


def ref_of(request: Incoming, words: str) -> str:
    """The reference that the conversation has for something, the last one told."""
    text = json.dumps(request.body["messages"], ensure_ascii=False)
    return re.findall(rf"{words}[^\\\n\[]*\[(ref_\d+)\]", text)[-1]


def order(request: Incoming) -> Any:
    """Go to the page, fill it in and send it, tell what came of it."""
    match request.number:
        case 0:
            return says("I open it.", browse("navigate", url="file:///home/user/order.html"))
        case 1:
            field, button = ref_of(request, "textbox"), ref_of(request, "button “Send order”")
            fill = browse("form_input", ref=field, value="Ada")
            return says("I fill it in.", fill, browse("left_click", ref=button))
        case _:
            return says("That is that.")


async def at_work(server: MessagesServer, desktop: Any, folder: Path, **parts: Any) -> Session:
    """A session whose only tool is the browser, before a model on the wire."""
    model = AnthropicModel(
        "claude-opus-5-5", ToolsetDialect(), new_client(server.key, server.base_url)
    )
    settings = Settings(_env_file=None, data_dir=folder, model="offline", tools=("browser",))
    tool = BrowserTool(desktop)
    tool.prepare()
    session = Session.create(settings, desktop=desktop, model=model, tools=(tool,), **parts)
    await session.open()
    session.say("Send the order.")
    return session


async def sent(desktop: VirtualDesktop) -> bool:
    return any("Sent Ada" in window.title for window in await desktop.windows())


@pytest.mark.desktop
@pytest.mark.parametrize("answer", ["allow", "deny"])
async def test_a_form_is_sent_when_the_person_allows_it(
    desktop: VirtualDesktop, tmp_path: Path, answer: Any
) -> None:
    """Every act is in the log, every request is taken, and the press waits for the answer."""
    async with MessagesServer(order) as server:
        session = await at_work(server, desktop, tmp_path)
        asked = await session.log.wait_for(lambda e: isinstance(e, ev.ApprovalAsked), timeout=120)
        assert "Send order" in asked.question
        assert not await sent(desktop)
        session.approve(asked.approval_id, answer, channel="button")
        await session.wait_idle(120)
        assert [r.status for r in server.requests] == [200] * 3
        results = server.requests[1].body["messages"][-1]["content"]
        [state] = [part for part in results[0]["content"] if part["type"] == "browser_state"]
        assert state["tabs"][0]["url"] == "file:///home/user/order.html"
        assert "heading “Order”" in results[1]["text"]
        done = session.log.of(ev.ActionFinished)
        assert [event.well for event in done] == [True, True, answer == "allow"]
        proposed = [describe(event) for event in session.log.of(ev.ActionProposed)]
        assert proposed[0] == "Open file:///home/user/order.html"
        assert proposed[2] == "Click “Send order”"
        if answer == "allow":
            await until(lambda: sent(desktop), "the order's going", 30)
        assert await sent(desktop) == (answer == "allow")
        await session.close()


@pytest.mark.desktop
async def test_without_the_rules_it_is_sent_unasked(
    desktop: VirtualDesktop, tmp_path: Path
) -> None:
    """The same with the control unplugged: it is the rule that asks, and nothing else."""
    async with MessagesServer(order) as server:
        session = await at_work(server, desktop, tmp_path, rules=())
        await session.wait_idle(120)
        assert not session.log.of(ev.ApprovalAsked)
        await until(lambda: sent(desktop), "the order's going", 30)
        await session.close()


@pytest.mark.desktop
@pytest.mark.parametrize("how", ["stop", "mouse"])
async def test_a_stop_cuts_an_act_that_waits_for_a_page(
    desktop: VirtualDesktop, tmp_path: Path, how: str
) -> None:
    """A page that never comes would take 45 s; whoever stops or takes the mouse does not wait."""
    process = await desktop.spawn(["python3", "-c", SILENT])
    async for _ in await process.read():
        break
    script = [says(browse("navigate", url="http://localhost:8801/")), says("Gone.")]
    async with MessagesServer(script) as server:
        session = await at_work(server, desktop, tmp_path)
        tool = session.tools[0]
        await session.log.wait_for(lambda e: isinstance(e, ev.ActionStarted), timeout=60)
        browser = await tool.driver.browser(opens=True)
        loads = lambda: any(tab.loading for tab in browser.tabs.values())  # noqa: E731
        assert await browser.until(loads, 30)
        session.stop("test") if how == "stop" else session.take_control()
        assert await browser.until(lambda: not loads(), 20)
        assert not any(event.well for event in session.log.of(ev.ActionFinished))
        assert browser.alive
        await session.close()


@pytest.mark.desktop
async def test_the_network_of_the_session_is_the_policy(
    desktop: VirtualDesktop, tmp_path: Path
) -> None:
    """Switched off, an address is refused in the gate's words, and the refusal is an event."""
    script = [says(browse("navigate", url="https://example.org/")), says("It is off.")]
    async with MessagesServer(script) as server:
        session = await at_work(server, desktop, tmp_path)
        await session.wait_idle(120)
        [refused] = session.log.of(ev.HostRefused)
        assert refused.host == "example.org"
        [done] = session.log.of(ev.ActionFinished)
        assert "network of this desktop is off" in done.text
        await session.close()


def test_the_members_are_those_that_the_sdk_knows() -> None:
    """A new one in the SDK would show here."""
    assert set(get_args(BetaBrowserMemberName)) == BROWSER_MEMBERS | BROWSER_EXTRAS


def test_the_tool_is_declared_as_the_sdks_class_declares_it() -> None:
    tool = BrowserTool(FakeDesktop())
    body = ModelRequest("", [{"role": "user", "content": "Hi."}], [tool.spec], (640, 480))
    [declared] = ToolsetDialect().body(body, "claude-opus-5-5")["tools"]
    assert declared == tool.toolset.to_dict()
    assert set(tool.spec.members) == BROWSER_MEMBERS | {"file_upload"}


@pytest.mark.parametrize(
    ("model", "dialect", "offered"),
    [
        ("claude-opus-5-5", ToolsetDialect(), True),
        ("claude-opus-4-8", ToolsetDialect(), True),
        ("claude-opus-4-7", HostedDialect(), False),
        ("qwen3-vl", PortableDialect(), False),
    ],
)
async def test_it_is_offered_only_where_it_is_taken(
    model: str, dialect: Dialect, offered: bool
) -> None:
    """Others get the rest of the tools, and the person is told; without a rest, the turn fails."""
    kind: Any = "portable" if isinstance(dialect, PortableDialect) else "anthropic"
    desktop = FakeDesktop()
    browser, computer = BrowserTool(desktop).spec, ComputerTool(desktop).spec
    async with MessagesServer([says("Hi."), says("Hi.")], dialect=kind) as server:
        claude = AnthropicModel(model, dialect, new_client(server.key, server.base_url))
        said = [{"role": "user", "content": "Hi."}]
        parts = [
            p async for p in claude.stream(ModelRequest("", said, [computer, browser], (640, 480)))
        ]
        told = [p.text for p in parts if isinstance(p, Learned)]
        tools = json.dumps(server.requests[0].body["tools"])
        assert ("browser_toolset" in tools) == offered
        assert any("browser tool" in text for text in told) != offered
        alone = ModelRequest("", said, [browser], (640, 480))
        if not offered:
            with pytest.raises(ModelUnavailable, match="does not take the browser tool"):
                [p async for p in claude.stream(alone)]
        await claude.close()


@pytest.mark.parametrize(
    ("names", "kinds"),
    [
        (("computer",), (ComputerTool,)),
        (("screen",), (ScreenTool,)),
        (("browser",), (BrowserTool,)),
        (("computer", "screen"), (ComputerTool, ScreenTool)),
        (("computer", "browser"), (ComputerTool, BrowserTool)),
    ],
)
def test_an_arm_chooses_how_the_screen_is_read(
    names: tuple[str, ...], kinds: tuple[type, ...]
) -> None:
    """Pixels, outline, browser, or two of them; also in tasks for the screen only."""
    task = next(iter(builtin_tasks().values())).model_copy(update={"gui_only": True})
    desktop = VirtualDesktop()
    tools = TrialEnvironment().tools(Arm(model="offline", tools=names), task, desktop)
    assert tuple(map(type, tools)) == kinds
