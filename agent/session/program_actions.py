"""Single actions of a program that speaks MCP: past the agent's gates, and after the person's will.

Such a program is not the person: while they have the mouse, while anything is held, and once they
have said stop, it may not act. What is asked about is asked of the person.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from agent.errors import BadInput
from agent.kinds import COMPUTER, SCREEN
from agent.record import events as ev
from agent.session.manual import BY_PROGRAM, Manual
from agent.session.permissions import Agent
from agent.tools.base import Tool
from agent.tools.by_name import ScreenTool
from agent.tools.computer import ComputerTool

_YOURS = "The person has the mouse. Wait until they give it back."
_HELD = "The session is held: no action may begin until it goes on."
_STOPPED = (
    "The person said stop. You may act again once they have asked for something, or have taken the "
    "mouse and given it back."
)
_WORKING = "The agent is working on a task. Wait for its end, or stop it first."
_UNWRITTEN = "It could not be written down, so it was not done."


class ProgramActions(Manual):
    """Runs one action at a time for a program, on a session's desktop."""

    turn_id = BY_PROGRAM

    def __init__(self, agent: Agent) -> None:
        self._stopped = False
        """Whether the person stopped, and has neither asked for anything nor used the mouse since.
        Whoever resumes a session lets it go on."""
        super().__init__(agent, tuple(_hands(agent)))

    def refusal(self) -> str:
        """Why no action may begin now, in words for the program; empty when one may."""
        status = self._agent.control.status
        if status.yours:
            return _YOURS
        if status.held:
            return _HELD
        if self._stopped:
            return _STOPPED
        return _WORKING if status.task_id is not None else super().refusal()

    async def act(self, name: str, given: dict[str, Any]) -> ev.ActionFinished:
        """Carry out one action, asking the person where a rule says so; returns its end.

        An action whose caller goes away is cut: nobody would know of its end.

        Raises:
            BadInput: it may not begin now, or could not be written down.
        """
        action_id = self.start(name, given)
        try:
            await self.idle()
        except asyncio.CancelledError:
            self.cut()
            raise
        ends = reversed(self._agent.log.of(ev.ActionFinished))
        found = next((end for end in ends if end.action_id == action_id), None)
        if found is None:
            raise BadInput(_UNWRITTEN)
        return found

    def _see(self, event: ev.Event) -> None:
        match event:
            case ev.Stopped():
                self._stopped = self._stopped or event.source != "mcp"
            case ev.TaskStarted() | ev.UserMessage(origin="person"):
                self._stopped = self._stopped and event.source == "mcp"
            case ev.ControlReturned():
                self._stopped = False
            case _:
                pass
        super()._see(event)

    def _gives_way(self, event: ev.Event) -> bool:
        return isinstance(event, ev.ControlTaken) or super()._gives_way(event)


def _hands(agent: Agent) -> Iterable[Tool]:
    """Pointer, keys and the screen by name, whatever the agent itself was given."""
    given = {tool.spec.name: tool for tool in agent.tools}
    vault = next((t.vault for t in agent.tools if isinstance(t, ComputerTool | ScreenTool)), None)
    yield given.get(COMPUTER.name) or ComputerTool(agent.desktop, vault=vault)
    yield given.get(SCREEN.name) or ScreenTool(agent.desktop, vault=vault)
