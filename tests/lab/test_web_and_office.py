"""A form is sent, its receipt downloaded, and its figure put into a spreadsheet, in real programs.

Without a key the planner does each thing that it is told; with Claude one sentence is enough. What
came of it is judged by the checks of the task that ships.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from errand import DOWNLOADING, FILLING_IN, ORDERING, READING, claude
from screens import until

from agent.desktop import VirtualDesktop
from agent.experiments.plan.spec import Arm
from agent.experiments.plan.task import builtin_tasks
from agent.experiments.run.checks import run_checks
from agent.experiments.run.site import Site
from agent.experiments.run.state import take_state
from agent.experiments.run.trial_environment import TrialEnvironment
from agent.models.base import Model
from agent.models.claude.dialects import ToolsetDialect
from agent.models.claude.model import AnthropicModel, new_client
from agent.models.offline import OfflineModel
from agent.record import events as ev
from agent.session.session import Session
from agent.settings import Settings, ToolName
from agent.testing.messages_server import MessagesServer

TASK = builtin_tasks()["receipt-to-sheet"]
PATIENCE = 240
"""Seconds for one sentence."""

pytestmark = [
    pytest.mark.desktop,
    pytest.mark.skipif(bool(TASK.missing), reason=f"needs {', '.join(TASK.missing)}"),
]


class Errand:
    """A session at the task's start, and a person who allows what is asked."""

    def __init__(self, session: Session, site: Site, folder: Path) -> None:
        self.session = session
        self.asked: list[str] = []
        self._site = site
        self._folder = folder
        self._loop = asyncio.get_running_loop()
        session.log.subscribe(self._hear)

    async def say(self, words: str) -> str:
        """What is answered to a sentence."""
        self.session.say(words)
        await self.session.wait_idle(PATIENCE)
        return self.session.log.of(ev.TaskFinished)[-1].summary

    async def comes_to(self, tried: int = 0) -> tuple[float, str]:
        """What the task's checks say of the desktop now."""
        state = await take_state(
            self.session.desktop,
            self._folder / f"state-{tried}",
            fixtures=TASK.files,
            requests=self._site.requests,
            events=list(self.session.log),
        )
        return run_checks([*TASK.checks, *TASK.guards], state)

    def _hear(self, event: ev.Event) -> None:
        if isinstance(event, ev.ApprovalAsked):
            self.asked.append(event.question)
            self._loop.call_soon(self._allow, event.approval_id)

    def _allow(self, approval_id: str) -> None:
        self.session.approve(approval_id, "allow", channel="button")


@asynccontextmanager
async def errand(
    folder: Path, tools: Sequence[ToolName], model: Model | None = None
) -> AsyncIterator[Errand]:
    """The form and the spreadsheet are open; the planner, if no model is given."""
    desktop, trial = VirtualDesktop(), TrialEnvironment()
    free = TASK.model_copy(update={"gui_only": False})
    hands = trial.tools(Arm(model="offline", tools=tuple(tools)), free, desktop)
    await desktop.start()
    try:
        site = await trial.serve(TASK, desktop)
        assert site is not None
        await trial.prepare(TASK, desktop)
        settings = Settings(_env_file=None, data_dir=folder, model="offline", tools=tuple(tools))
        session = Session.create(
            settings, desktop=desktop, model=model or OfflineModel(desktop), tools=hands
        )
        await session.open()
        yield Errand(session, site, folder)
        await session.close()
    finally:
        await desktop.stop()
    await site.close()


async def is_there(path: Path) -> None:
    """Wait for a file."""

    async def look() -> bool:
        return path.exists()

    await until(look, 60)


async def all_holds(errand: Errand) -> None:
    """Wait for the checks to hold; a program saves when it can."""
    tried, told = 0, (0.0, "")
    while told[0] < 1 and tried < 30:
        told = await errand.comes_to(tried)
        tried += 1
        await asyncio.sleep(0.2)
    assert told == (1.0, "All checks hold.")


async def test_the_planner_does_it_sentence_by_sentence(tmp_path: Path) -> None:
    """Without a key and without a network, by the names of things."""
    async with errand(tmp_path, ("computer", "editor")) as person:
        home = person.session.desktop.home
        said = [await person.say(words) for words in ORDERING]
        assert said[0] == "name now says: Ada Lovelace."
        assert "is A3 white now" in said[1]
        assert person.asked
        await person.say(DOWNLOADING)
        await is_there(home / "Downloads" / "receipt.txt")
        said = [await person.say(words) for words in FILLING_IN]
        assert "spending.ods" in said[0]
        assert said[1] == "Clicked B3."
        assert "It is saved" in said[2]
        assert "9.10" in await person.say(READING)
        await all_holds(person)


async def test_claude_does_it_at_one_sentence(tmp_path: Path) -> None:
    """The form in the browser that the person sees, and every request is one that is taken."""
    async with MessagesServer(claude) as server:
        model = AnthropicModel(
            "claude-opus-5-5", ToolsetDialect(), new_client(server.key, server.base_url)
        )
        async with errand(tmp_path, ("browser", "screen", "computer"), model) as person:
            said = await person.say(TASK.instruction)
            assert [r.status for r in server.requests] == [200] * 8
            assert said.startswith("The pack costs 9.10 euros")
            assert any("Place order" in question for question in person.asked)
            await all_holds(person)
