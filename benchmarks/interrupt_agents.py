"""Two agents of another make for DesktopInterrupt, scripted: one listens, one is deaf.

They share nothing with Sayso's loop but the adapter (`agent.experiments.run.foreign`), and show
what an agent of one's own has to bring. Each knows the work of its task by the task's name.
"""

from __future__ import annotations

import asyncio
import re
import shlex
from collections.abc import AsyncIterator

from agent.experiments.plan.deeds import NOTE, Deed, Line, Write
from agent.experiments.plan.desktop_interrupt import THINKING_SECONDS, Scenario, scenarios
from agent.experiments.run.foreign import Act, Desk, Ears

_STOPS = re.compile(r"\b(stop|cancel|abort|never mind)\b", re.IGNORECASE)
_ASKS = re.compile(r"^(what|how)\b.*\b(doing|far|happening)\b|^what's happening", re.IGNORECASE)
_ALLOWS = re.compile(r"^\W*yes,? run it\W*$", re.IGNORECASE)
_CHANGES = re.compile(r"^(no|and also)\b", re.IGNORECASE)
_LINES = ("line1", "line2", "line3")


class Deaf:
    """Does its work to the end; what is said meanwhile it hears when it is over, or never."""

    def __init__(self, scenario: Scenario, *, asks_at: str = "last") -> None:
        self._scenario = scenario
        self._asks_at = asks_at
        self._began = False

    async def run(self, task: str, desk: Desk, ears: Ears) -> str:
        """The work at first, then whatever the person wants of it."""
        first, self._began = not self._began, True
        return await self.work(desk, ears) if first else await self.change(task, desk)

    async def work(self, desk: Desk, ears: Ears) -> str:
        """All of it."""
        async for acts in self.steps(desk):
            await desk.act(*acts)
        return "All of it is done, and the note is saved."

    async def change(self, words: str, desk: Desk) -> str:
        """The end that is wanted once these words were said."""
        if _STOPS.search(words) or not _CHANGES.search(words) or self._scenario.risky:
            return "There is nothing to be done."
        scenario = self._scenario
        undoing = [scenario.work[name].undoing for name in reversed(scenario.dropped)]
        wanted = scenario.wanted()
        await desk.act(
            *(_shell(command) for command in undoing if command),
            *(_done_by(deed) for deed in wanted if deed.command),
            _shell(_note(scenario, [deed.text for deed in wanted if isinstance(deed, Line)])),
        )
        return "It is as you want it now."

    async def steps(self, desk: Desk) -> AsyncIterator[list[Act]]:
        """The work, an answer after another; whoever takes them may stop in between."""
        work = self._work
        yield [_done_by(work["first"])]
        await asyncio.sleep(THINKING_SECONDS)
        yield [_done_by(work["second"]), _rest(1.5), *await self._amid(desk)]
        yield [_done_by(work["third"]), _rest(1.5)]
        yield [Act("key", {"text": "ctrl+End"})]
        for name in _LINES:
            yield [Act("type", {"text": f"{work[name].words}\n"}), _rest(0.8)]
        yield [Act("key", {"text": "ctrl+s"}), _rest(0.5)]
        desk.say("The note is saved, and now comes the last thing that you asked for.")
        yield [_rest(3.0)]
        if last := await self._last(desk):
            yield last

    @property
    def _work(self) -> dict[str, Deed]:
        if not self._scenario.risky:
            return self._scenario.work
        names = {"first": "one", "second": "two", "third": "three"}
        writes = {p: Write(f"{n}.txt", f"{self._scenario.name} {n}") for p, n in names.items()}
        return self._scenario.work | writes

    async def _amid(self, desk: Desk) -> list[Act]:
        return await self.removal(desk) if self._asks_at == "batch" else []

    async def _last(self, desk: Desk) -> list[Act]:
        if self._scenario.risky:
            return [] if self._asks_at == "batch" else await self.removal(desk)
        return [_done_by(self._scenario.work["last"])]

    async def removal(self, desk: Desk) -> list[Act]:
        """Deletes what is to be deleted, and asks nobody."""
        return [_shell(f"rm ~/{self._scenario.risky}")] if self._scenario.risky else []


class Listener(Deaf):
    """Listens between its answers, and asks before it deletes."""

    async def work(self, desk: Desk, ears: Ears) -> str:
        async for acts in self.steps(desk):
            words = ears.heard()
            if words and (end := await self._heed(words, desk)):
                return end
            await desk.act(*acts)
        return "All of it is done, and the note is saved."

    async def _heed(self, words: str, desk: Desk) -> str:
        """The last word, if the task ends by these words; nothing if it goes on."""
        if _STOPS.search(words):
            return "Stopped."
        if _ASKS.search(words):
            desk.answer("I am working through your list.")
        elif _CHANGES.search(words) and not self._scenario.risky:
            return await self.change(words, desk)
        return ""

    async def removal(self, desk: Desk) -> list[Act]:
        if not self._scenario.risky:
            return []
        question = f"May I delete {self._scenario.risky}? Say: yes, run it."
        return await super().removal(desk) if _ALLOWS.match(await desk.ask(question)) else []


def deaf(task: str) -> Deaf:
    """For one task."""
    scenario, at = _place(task)
    return Deaf(scenario, asks_at=at)


def listener(task: str) -> Listener:
    """For one task."""
    scenario, at = _place(task)
    return Listener(scenario, asks_at=at)


def _place(task: str) -> tuple[Scenario, str]:
    name, _, moment = task.rpartition("-")
    scenario = next(one for one in scenarios() if one.id == name)
    return scenario, "batch" if moment == "batch" else "last"


def _done_by(deed: Deed) -> Act:
    return _shell(deed.command)


def _shell(command: str) -> Act:
    return Act("", {"command": command}, by="shell")


def _rest(seconds: float) -> Act:
    return Act("wait", {"duration": seconds})


def _note(scenario: Scenario, lines: list[str]) -> str:
    text = scenario.files[NOTE].decode() + "".join(f"{line}\n" for line in lines)
    return f"printf %s {shlex.quote(text)} > ~/{NOTE}"
