"""What stands between the model's request and the action: limits and approvals."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from agent.clock import Clock
from agent.desktop.base import Desktop
from agent.models.base import Model
from agent.models.pricing import costs
from agent.record import events as ev
from agent.record.journal import SessionJournal
from agent.record.log import EventLog
from agent.session.approval import Approvals, Verdict
from agent.session.control import Control, Lease, new_id
from agent.session.history import SHOWN as SHOWN_IN_HISTORY
from agent.session.history import History
from agent.session.limits import Excess, Limits, agrees, question_for, refuses, says_more
from agent.session.network import Network
from agent.session.programs import Programs
from agent.session.refused import DECLINED, MOVED_ON, TIMED_OUT, TOLD_OTHERWISE
from agent.session.refused import SHOWN as SHOWN_AS_REFUSED
from agent.settings import Settings
from agent.tools.base import Intent, Tool, ToolCall

SHOWN = {**SHOWN_IN_HISTORY, **SHOWN_AS_REFUSED}
"""What people read where a result is worded for the model."""

_TICKING = re.compile(r"[\d*•●]+")
"""What changes by itself in titles: times, counts, the mark of an unsaved text."""


class Records(Protocol):
    """What records the person's files before each task: no action may begin earlier."""

    @property
    def recording(self) -> bool:
        """Whether the files are not recorded yet as they were before the task that runs."""
        ...

    async def recorded(self) -> None:
        """Return once they are, or could not be."""
        ...


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

    records: Records
    programs: Programs
    """What starts on the desktop; no action begins while it is asked about."""

    network: Network
    """What the desktop may reach; no action begins while a host is asked about."""

    steady: Callable[[], float]
    """Seconds for the limit on time, which no change of the system's clock moves."""

    refusal: Callable[[], str] = str
    """Why no turn that costs something may begin now, in a sentence; empty if one may."""

    notice: Callable[[], str] = str
    """That this will be so before long, in a sentence that is told; empty if it will not."""


class Ended(Exception):
    """The task is over."""

    def __init__(self, outcome: ev.Outcome, summary: str, *, understood: bool = True) -> None:
        super().__init__(summary)
        self.outcome: ev.Outcome = outcome
        self.summary = summary
        self.understood = understood


async def check_limits(agent: Agent, lease: Lease) -> None:
    """Warn of limits that are near; ask the person about those that are reached.

    Raises:
        Ended: the person does not want to go on, or no more money may be spent.
    """
    if costs(agent.model.name) and (why := agent.refusal()):
        raise Ended("limit", why)
    if costs(agent.model.name) and (near := agent.notice()):
        lease.emit(ev.Replied(text=near))
    for excess in list(agent.limits.excesses(agent.steady())):
        await _tell(agent, lease, excess)


async def check_time(agent: Agent, lease: Lease) -> bool | None:
    """Ask the person before an action if the time is over in the middle of a turn.

    Returns whether they want it to go on as it is; None when they were not asked.

    Raises:
        Ended: the person does not want to go on.
    """
    excess = agent.limits.overtime(agent.steady())
    return None if excess is None else await _tell(agent, lease, excess)


async def _tell(agent: Agent, lease: Lease, excess: Excess) -> bool:
    """Whether it may go on as it is."""
    lease.emit(
        ev.LimitReached(
            limit=excess.limit, used=excess.used, allowed=excess.allowed, share=excess.share
        )
    )
    return excess.share < 1 or await _ask_to_go_on(agent, lease, excess)


async def _ask_to_go_on(agent: Agent, lease: Lease, excess: Excess) -> bool:
    answer = await agent.control.ask(lease, question_for(excess), new_id("question"))
    if refuses(answer):
        raise Ended("limit", "I stopped at the limit, as you said.")
    allowed = agent.limits.extended(excess.limit)
    lease.emit(ev.LimitExtended(limit=excess.limit, allowed=allowed))
    if says_more(answer):
        lease.emit(ev.UserMessage(text=answer, cuts=not agrees(answer)))
    return agrees(answer)


async def cleared(
    agent: Agent, lease: Lease, tool: Tool, call: ToolCall, intent: Intent
) -> tuple[Intent, str]:
    """`permit` for the agent's own action, once nothing bars it.

    What changed while it had to wait is looked at again, before the rules judge and after them.
    Returns what was judged.
    """
    judged = await _unbarred(agent, tool, call, intent)
    if (overtime := await check_time(agent, lease)) is not None:
        judged = await _unbarred(agent, tool, call, await tool.intent(call))
    if overtime is False:
        return judged, TOLD_OTHERWISE
    refused = await permit(agent, lease, tool, call, judged)
    now = await _unbarred(agent, tool, call, judged)
    moved = not refused and action_fingerprint(call, now) != action_fingerprint(call, judged)
    return judged, MOVED_ON if moved else refused


async def _unbarred(agent: Agent, tool: Tool, call: ToolCall, intent: Intent) -> Intent:
    await agent.programs.line_taken(intent)
    while (
        agent.control.barred
        or agent.records.recording
        or agent.programs.waiting
        or agent.network.waiting
    ):
        await agent.records.recorded()
        await agent.programs.settled()
        await agent.network.settled()
        await agent.control.gate()
        intent = await tool.intent(call)
    return intent


async def permit(agent: Agent, lease: Lease, tool: Tool, call: ToolCall, intent: Intent) -> str:
    """Why the action may not be executed, in words for the model; empty when it may."""
    verdict = agent.approvals.judge(intent)
    if verdict.decision != "ask":
        if verdict.noted:
            lease.emit(_ruled(call, verdict.decision, verdict))
        return verdict.advice
    asked = _asked(agent, call, intent, verdict)
    answer = await agent.control.ask_approval(lease, asked)
    if answer == "allow":
        now = action_fingerprint(call, await tool.intent(call))
        return "" if now == asked.action_hash else MOVED_ON
    return TIMED_OUT if answer == "timeout" else DECLINED


def action_fingerprint(call: ToolCall, intent: Intent) -> str:
    """What an approval is bound to: the call, and the window and object that it would reach.

    Boxes move a little and numbers in titles tick; neither makes it another action.
    """
    target = {k: v for k, v in intent.target.items() if k != "box"}
    target["title"] = _TICKING.sub("", target.get("title", ""))
    action = [call.toolset, call.name, call.input, intent.tool, intent.window, target]
    text = json.dumps(action, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def _asked(agent: Agent, call: ToolCall, intent: Intent, verdict: Verdict) -> ev.ApprovalAsked:
    return ev.ApprovalAsked(
        approval_id=new_id("approval"),
        action_id=call.id,
        action_hash=action_fingerprint(call, intent),
        question=verdict.question,
        phrase=verdict.phrase,
        rule=verdict.rule,
        grant=verdict.grant,
        timeout=agent.settings.approval_timeout,
    )


def _ruled(
    call: ToolCall, decision: Literal["allow", "deny", "alternative"], verdict: Verdict
) -> ev.ApprovalDecided:
    """Nobody was asked, but what a rule decided is on record."""
    return ev.ApprovalDecided(
        approval_id=new_id("approval"),
        action_id=call.id,
        decision=decision,
        channel="rule",
        note=verdict.grant.words if verdict.grant else verdict.rule,
        for_session=verdict.grant is not None,
    )
