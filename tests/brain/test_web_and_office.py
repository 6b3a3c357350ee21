"""A form, its receipt, a figure in a spreadsheet, and the person told: with real programs.

Once by what a person says to the planner, once by a scripted Claude that acts on what it reads. The
end is judged by the task that ships for it.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from agent.desktop import VirtualDesktop
from agent.experiments.plan.task import builtin_tasks
from agent.experiments.run.scoring import score
from agent.experiments.run.site import Site, serve
from agent.experiments.run.state import take_state
from agent.experiments.run.trial_environment import write_files
from agent.models.claude.dialects import ToolsetDialect
from agent.models.claude.model import AnthropicModel, new_client
from agent.record import events as ev
from agent.session.session import Session
from agent.settings import Settings
from agent.testing.messages_script import Incoming, Reply, call, says
from agent.testing.messages_server import MessagesServer

TASK = builtin_tasks()["receipt-to-sheet"]

pytestmark = [
    pytest.mark.desktop,
    pytest.mark.slow,
    pytest.mark.skipif(bool(TASK.missing), reason=f"needs {', '.join(TASK.missing)}"),
    pytest.mark.timeout(600),
]
PATIENCE = 180.0
"""Seconds that one instruction may take."""


@dataclass
class Story:
    """A session on a desktop that serves the task's site, and whose person says yes."""

    session: Session
    site: Site
    folder: Path

    async def told(self, words: str) -> str:
        """What comes of an instruction, in the agent's words."""
        self.session.say(words)
        await self.session.wait_idle(PATIENCE)
        end = self.session.log.of(ev.TaskFinished)[-1]
        assert end.outcome in ("done", "answered"), (words, end)
        return end.summary

    async def judged(self) -> tuple[bool, str]:
        """Whether the task is done, by its own checks."""
        assert isinstance(self.session.desktop, VirtualDesktop)
        state = await take_state(
            self.session.desktop,
            self.folder / "state",
            fixtures=TASK.files,
            requests=self.site.requests,
            events=list(self.session.log),
        )
        verdict = await score(TASK, state)
        return verdict.passed, verdict.reason


@asynccontextmanager
async def story(folder: Path, model: Any = None) -> AsyncIterator[Story]:
    """From an empty desktop on."""
    settings = Settings(_env_file=None, data_dir=folder, model="offline", network="off")
    session = Session.create(settings, model=model)
    await session.open()
    try:
        assert session.status.who == "idle", session.status.detail

        def agree(event: ev.Event) -> None:
            if isinstance(event, ev.ApprovalAsked):
                session.approve(event.approval_id, "allow", channel="button")

        session.log.subscribe(agree)
        site = await serve(session.desktop, TASK.site)
        write_files(session.desktop.home, TASK.files)
        yield Story(session, site, folder)
    finally:
        await session.close()


async def test_the_planner_is_led_from_a_form_to_a_spreadsheet(tmp_path: Path) -> None:
    """Each instruction is looked up in what it changed, and the receipt is read out."""
    async with story(tmp_path) as told:
        await told.told("open the browser")
        await told.told("press control l")
        await told.told("type localhost:8080/order")
        await told.told("press enter")
        assert "Ada Lovelace" in await told.told("fill in the name with Ada Lovelace")
        await told.told("set paper to A3 white")
        await told.told("click place order")
        await told.told("click download receipt")
        await told.told("open spending.ods")
        await told.told("click B3")
        await told.told("type 9.10")
        await told.told("press enter")
        await told.told("press control s")
        assert "9.10" in await told.told("read the file receipt")
        assert await told.judged() == (True, "All checks hold.")


Step = Callable[[str], Reply | None]
"""What is answered to all that was told so far; None to look again."""


@dataclass
class ScriptedClaude:
    """Answers by what it was told: each step finds the reference of what it acts on."""

    steps: Sequence[Step]
    place: int = 0
    looks: int = field(default=0)

    def __call__(self, request: Incoming) -> Reply:
        if self.place == len(self.steps):
            raise AssertionError("nothing is left to do")
        reply = self.steps[self.place](_told(request.body["messages"]))
        if reply is None:
            self.looks += 1
            assert self.looks < 60, f"step {self.place} waits in vain"
            return says(call("outline"))
        self.place, self.looks = self.place + 1, 0
        return reply


def _told(content: Any) -> str:
    """All words of messages, results of tools included, in order."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "\n".join(map(_told, content))
    return _told(content.get("text") or content.get("content") or "")


def on(what: str, action: str, **given: Any) -> Step:
    """Act on an object by what the outline calls it: its role and name."""

    def step(told: str) -> Reply | None:
        found = re.findall(rf"{re.escape(what)}[^,\n]*? (e\d+)\b", told)
        return says(call(action, ref=found[-1], **given)) if found else None

    return step


def price_in(told: str) -> str:
    return re.findall(r"Price of a pack: (\d+\.\d\d)", told)[-1]


def noted(told: str) -> Reply | None:
    """Type the price that the receipt was read to have."""
    step = on("cell “B3”", "type_into", text=f"{price_in(told)}\n")
    return step(told)


def view(path: str) -> Reply:
    return says(call("str_replace_based_edit_tool", command="view", path=path))


STEPS: tuple[Step, ...] = (
    on("button “Web Browser”", "click_on"),
    on("field “Address and search bar”", "type_into", text="localhost:8080/order\n", replace=True),
    on("field “Name”", "type_into", text="Ada Lovelace"),
    lambda _: says(call("key", text="Tab"), call("key", text="Down"), call("key", text="Down")),
    on("button “Place order”", "click_on"),
    on("link “Download receipt”", "click_on"),
    lambda _: view("/home/user/Downloads/receipt.txt"),
    on("button “Files”", "click_on"),
    on("“spending.ods”", "click_on", count=2),
    noted,
    lambda _: says(call("key", text="ctrl+s")),
    lambda told: says(f"The pack costs {price_in(told)} euros, and the spreadsheet says so."),
)


async def test_a_scripted_claude_does_it_by_what_it_reads(tmp_path: Path) -> None:
    """Nothing but names is known beforehand: the price is read in the receipt that was fetched."""
    script = ScriptedClaude(STEPS)
    async with MessagesServer(script) as server:
        client = new_client(server.key, server.base_url)
        model = AnthropicModel("claude-opus-5-5", ToolsetDialect(), client)
        async with story(tmp_path, model) as told:
            assert "9.10" in await told.told(TASK.instruction)
            assert await told.judged() == (True, "All checks hold.")
    assert script.place == len(STEPS)
