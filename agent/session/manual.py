"""Tools run by hand: the person's own actions, past the same gates and into the same log.

An action that the person starts is proposed, permitted, started and observed like the
agent's, and stopped by the same Stop. It is refused while the agent may act: two hands on
one mouse help nobody.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from agent.desktop.base import Desktop
from agent.errors import BadInput, DesktopError, JournalError, ToolError
from agent.record import events as ev
from agent.session.control import Lease, new_id
from agent.session.history import CUT, INTERRUPTED
from agent.session.permissions import SHOWN, Agent, permit
from agent.session.status import Status
from agent.tools.base import Intent, Tool, ToolCall, ToolResult
from agent.tools.by_name import ScreenTool
from agent.tools.computer import ComputerTool

_log = logging.getLogger(__name__)

BY_HAND = "by_hand"
"""The ``turn_id`` of the person's own actions: they belong to no answer of the model."""

BY_PROGRAM = "by_program"
"""That of actions of a program that speaks MCP."""

NOT_THE_AGENTS = frozenset({BY_HAND, BY_PROGRAM})

_TOLD = 300
_WHY = {
    "closed": "The session is closed.",
    "desktop": "The desktop is not running.",
    "busy": "Another tool that you started is still running. Wait for it, or press Stop.",
    "asked": "Something waits for your decision. Answer that first.",
    "acting": "The agent is in the middle of an action. Try again in a moment.",
    "working": "The agent is working. Hold it, take the mouse, or stop it first.",
}


@dataclass
class _Run:
    """One action on its way."""

    call: ToolCall
    lease: Lease
    started: bool = False
    told: bool = False
    """Whether its end is in the log."""

    task: asyncio.Task[None] | None = field(default=None, repr=False)


class Manual:
    """Runs one tool at a time for the person, on a session's desktop."""

    turn_id = BY_HAND

    def __init__(self, agent: Agent, tools: Sequence[Tool] | None = None) -> None:
        self._agent = agent
        self._run: _Run | None = None
        # What the agent saw last is its own: the person's looks must not count as its.
        given = agent.tools if tools is None else tools
        self.tools: tuple[Tool, ...] = tuple(_own(tool, agent.desktop) for tool in given)
        self._unsubscribe = agent.log.guard(self._see)
        self._watching: list[Callable[[], None]] = []

    def watch(self, told: Callable[[], None]) -> Callable[[], None]:
        """Have ``told`` called when an action has ended with all its events; returns its end."""
        self._watching.append(told)
        return lambda: self._watching.remove(told)

    def refusal(self) -> str:
        """Why no tool may be run now, in words for the person; empty when one may."""
        status = self._agent.control.status
        reasons = {
            "closed": status.closed,
            "desktop": status.desktop != "ready",
            "asked": status.pending_approval is not None,
            "busy": self._run is not None,
            "acting": status.running is not None,
            "working": _at_work(status),
        }
        return next((_WHY[name] for name, true in reasons.items() if true), "")

    def start(self, name: str, given: dict[str, Any]) -> str:
        """Begin an action; returns its id, under which the log tells the rest.

        Args:
            name: A member of one of the session's tools, such as ``left_click``.
            given: Its input, as the member's schema has it.

        Raises:
            BadInput: it may not be run now, or there is no such tool.
        """
        if why := self.refusal():
            raise BadInput(why)
        tool = next((tool for tool in self.tools if name in tool.spec.members), None)
        if tool is None:
            raise BadInput(f"There is no tool “{name[:60]}”.")
        call = ToolCall(new_id("hand"), name, given, tool.spec.toolset)
        self._run = run = _Run(call, Lease(self._agent.log))
        run.task = asyncio.get_running_loop().create_task(self._work(run, tool))
        run.task.add_done_callback(lambda _: self._done(run))
        return call.id

    async def idle(self) -> None:
        """Return when nothing runs, and its picture is taken."""
        if self._run is not None and self._run.task is not None:
            await asyncio.wait({self._run.task})

    def cut(self) -> None:
        """End what runs, if anything does; its end is in the log."""
        if self._run is not None:
            self._cut(self._run)

    async def close(self) -> None:
        """End what runs, and let go of the log."""
        self._unsubscribe()
        self.cut()
        if self._run is not None and self._run.task is not None:
            await asyncio.wait({self._run.task}, timeout=1.0)

    # Inside -------------------------------------------------------------------------

    def _done(self, run: _Run) -> None:
        if self._run is run:
            self._run = None
        for told in tuple(self._watching):
            told()

    def _see(self, event: ev.Event) -> None:
        """Give way: to a Stop, and to an agent that may act again."""
        run = self._run
        if run is None:
            return
        closed = isinstance(event, ev.ActionFinished) and event.action_id == run.call.id
        if closed and not run.told:
            run.told = True
            self._cut(run)
        elif self._gives_way(event):
            self._cut(run)

    def _gives_way(self, event: ev.Event) -> bool:
        return isinstance(event, ev.Stopped) or _at_work(self._agent.control.status)

    def _cut(self, run: _Run) -> None:
        if run.task is not None:
            run.task.cancel()

    async def _work(self, run: _Run, tool: Tool) -> None:
        """The border of one action: whatever happens, its end is in the log."""
        try:
            await self._act(run, tool)
        except asyncio.CancelledError:
            self._finish(run, ToolResult(CUT if run.started else INTERRUPTED, is_error=True))
        except JournalError as error:
            self._agent.desktop.input.halt()
            _log.error("An action by hand could not be written down: %s", error)
        except Exception as error:  # noqa: BLE001 - the border of a task; recorded just below
            _log.exception("%s by hand failed", run.call.name)
            self._finish(run, ToolResult(f"Internal error: {error!r}", is_error=True))

    async def _act(self, run: _Run, tool: Tool) -> None:
        agent, call = self._agent, run.call
        try:
            intent = await tool.intent(call)
        except ToolError as error:
            self._propose(run, {})
            return self._finish(run, ToolResult(str(error), is_error=True))
        self._propose(run, intent.target)
        await agent.programs.settled()  # one question at a time
        if refused := await permit(agent, run.lease, tool, call, intent):
            return self._finish(run, ToolResult(refused, is_error=True))
        agent.approvals.begins(intent)
        result, seconds = await self._do(run, tool)
        if not result.is_error:
            agent.approvals.done(intent)
        self._finish(run, result, seconds)
        await self._show(run, result)
        return self._tell(run, intent, result)

    async def _do(self, run: _Run, tool: Tool) -> tuple[ToolResult, float]:
        agent = self._agent
        run.lease.emit(ev.ActionStarted(action_id=run.call.id))
        run.started = True
        agent.desktop.input.resume()
        began = agent.clock.now()
        try:
            result = await tool.run(run.call, lambda text: self._output(run, text))
        finally:
            if agent.control.status.yours:
                agent.desktop.input.halt()  # as it was: the agent stays away from the mouse
        return result, agent.clock.now() - began

    def _propose(self, run: _Run, target: dict[str, str]) -> None:
        call = run.call
        run.lease.emit(
            ev.ActionProposed(
                action_id=call.id,
                turn_id=self.turn_id,
                tool=call.toolset or call.name,
                name=call.name,
                input=call.input,
                action_hash=call.hash,
                target=target,
            )
        )

    def _output(self, run: _Run, text: str) -> None:
        if not run.told:
            run.lease.emit(ev.ActionOutput(action_id=run.call.id, text=text))

    def _finish(self, run: _Run, result: ToolResult, seconds: float = 0.0) -> None:
        if run.told:
            return
        run.told = True
        image = self._agent.journal.put_image(result.image) if result.image else None
        run.lease.emit(
            ev.ActionFinished(
                action_id=run.call.id,
                text=result.text,
                is_error=result.is_error,
                ran=run.started,
                image=image,
                seconds=seconds,
                exit_code=result.exit_code,
                shown=SHOWN.get(result.text),
            )
        )

    async def _show(self, run: _Run, result: ToolResult) -> None:
        """What the screen shows afterwards, unless the action itself brought a picture."""
        if result.image is not None:
            return
        desktop = self._agent.desktop
        try:
            await desktop.settle(picture=True)
            picture = await desktop.screenshot()
        except DesktopError as error:
            run.lease.emit(ev.Failed(where="desktop", error=str(error)))
            return
        image = self._agent.journal.put_image(picture)
        run.lease.emit(ev.ScreenSeen(action_id=run.call.id, image=image))

    def _tell(self, run: _Run, intent: Intent, result: ToolResult) -> None:
        """A held agent is told what was done under its hands."""
        if self._agent.control.status.task_id is None or intent.harmless:
            return
        given = json.dumps(run.call.input, ensure_ascii=False)[:_TOLD]
        words = f"I did this myself meanwhile: {run.call.name} {given}: {result.text[:_TOLD]}"
        run.lease.emit(ev.UserMessage(text=words, origin="session"))


def _at_work(status: Status) -> bool:
    """Whether the agent may act at any moment."""
    return status.task_id is not None and not (status.held or status.yours)


def _own(tool: Tool, desktop: Desktop) -> Tool:
    """A tool for the person that remembers nothing of what the agent saw, nor the other way."""
    if isinstance(tool, ComputerTool):
        return ComputerTool(desktop, vault=tool.vault)
    if isinstance(tool, ScreenTool):
        return ScreenTool(desktop, vault=tool.vault)
    return tool
