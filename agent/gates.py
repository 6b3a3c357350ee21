"""What stands between the model's wish and the deed: limits and approvals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from agent import events as ev
from agent.approval import Approvals, Verdict
from agent.clock import Clock
from agent.control import Control, Lease, new_id
from agent.desktop.base import Desktop
from agent.history import History
from agent.journal import SessionJournal
from agent.limits import Excess, Limits, agrees, question_for, refuses
from agent.log import EventLog
from agent.models.base import Model
from agent.settings import Settings
from agent.tools.base import Intent, Tool, ToolCall

DECLINED = "The person said no to this action. Ask what they would like instead."
TIMED_OUT = "Nobody answered in time, which means no. Say what you wanted to do, and why."
MOVED_ON = "The screen changed while the person was asked, so nothing was done. Look again."


@dataclass
class Agent:
    """Everything that a run works with; the same for all runs of a session."""

    settings: Settings
    log: EventLog
    journal: SessionJournal
    desktop: Desktop
    model: Model
    tools: Sequence[Tool]
    system: str
    control: Control
    history: History
    limits: Limits
    approvals: Approvals
    clock: Clock
    now: Callable[[], float]
    """Unix seconds, as the log stamps its events."""


class Ended(Exception):
    """The task is over."""

    def __init__(self, outcome: ev.Outcome, summary: str) -> None:
        super().__init__(summary)
        self.outcome: ev.Outcome = outcome
        self.summary = summary


async def check_limits(agent: Agent, lease: Lease) -> None:
    """Warn of limits that are near; ask the person about those that are reached.

    Raises:
        Ended: the person does not want to go on.
    """
    for excess in list(agent.limits.excesses(agent.now())):
        await _tell(agent, lease, excess)


async def check_time(agent: Agent, lease: Lease) -> None:
    """Ask the person before an action if the time is over in the middle of a turn.

    Raises:
        Ended: the person does not want to go on.
    """
    excess = agent.limits.overtime(agent.now())
    if excess is not None:
        await _tell(agent, lease, excess)


async def _tell(agent: Agent, lease: Lease, excess: Excess) -> None:
    lease.emit(
        ev.LimitReached(
            limit=excess.limit, used=excess.used, allowed=excess.allowed, share=excess.share
        )
    )
    if excess.share >= 1:
        await _ask_to_go_on(agent, lease, excess)


async def _ask_to_go_on(agent: Agent, lease: Lease, excess: Excess) -> None:
    answer = await agent.control.ask(lease, question_for(excess), new_id("question"))
    if refuses(answer):
        raise Ended("limit", "I stopped at the limit, as you said.")
    lease.emit(ev.LimitExtended(limit=excess.limit))
    if not agrees(answer):
        lease.emit(ev.UserMessage(text=answer))


async def permit(agent: Agent, lease: Lease, tool: Tool, call: ToolCall, intent: Intent) -> str:
    """Why the action may not be executed, in words for the model; empty when it may."""
    verdict = agent.approvals.judge(intent)
    if verdict.decision != "ask":
        if verdict.noted:
            lease.emit(_ruled(call, verdict.decision, verdict.rule))
        return verdict.advice
    answer = await agent.control.ask_approval(lease, _asked(agent, call, verdict))
    if answer == "allow":
        return "" if _same(intent, await tool.intent(call)) else MOVED_ON
    return TIMED_OUT if answer == "timeout" else DECLINED


def _asked(agent: Agent, call: ToolCall, verdict: Verdict) -> ev.ApprovalAsked:
    return ev.ApprovalAsked(
        approval_id=new_id("approval"),
        action_id=call.id,
        action_hash=call.hash,
        question=verdict.question,
        phrase=verdict.phrase,
        rule=verdict.rule,
        timeout=agent.settings.approval_timeout,
    )


def _ruled(
    call: ToolCall, decision: Literal["allow", "deny", "alternative"], rule: str
) -> ev.ApprovalDecided:
    """Nobody was asked, but what a rule decided is on record."""
    return ev.ApprovalDecided(
        approval_id=new_id("approval"),
        action_id=call.id,
        decision=decision,
        channel="rule",
        note=rule,
    )


def _same(asked: Intent, now: Intent) -> bool:
    """Whether an approval still speaks of what would happen. Titles tick, boxes move a little."""
    idle = ("title", "box")
    before, after = ({k: v for k, v in i.target.items() if k not in idle} for i in (asked, now))
    return before == after
