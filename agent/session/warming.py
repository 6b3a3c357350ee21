"""The model's service reads prompt and tools before the first words come."""

from __future__ import annotations

from agent.models.base import ModelRequest, warm_model
from agent.models.pricing import costs
from agent.record import events as ev
from agent.session.control import new_id
from agent.session.permissions import Agent

KEPT = 270.0
"""Seconds for which what was read is reckoned to be there still: the service keeps it for 300."""


async def warm(agent: Agent) -> None:
    """Have it read them, if that is wanted and worth it; what it cost is in the log."""
    if not _worth_it(agent):
        return
    usage = await warm_model(agent.model, _request(agent))
    if usage is not None:
        agent.log.append(
            ev.TurnFinished(turn_id=new_id("warm"), stop_reason=ev.WARMED, usage=usage)
        )


def _worth_it(agent: Agent) -> bool:
    last = agent.log.last(ev.TurnFinished)
    fresh = last is not None and agent.now() - last.at < KEPT
    spent = any(excess.share >= 1 for excess in agent.limits.excesses(agent.steady()))
    refused = costs(agent.model.name) and bool(agent.refusal())
    busy = agent.control.status.task_id is not None
    return agent.settings.warm_up and not (fresh or spent or refused or busy)


def _request(agent: Agent) -> ModelRequest:
    """What every request of the session begins with."""
    return ModelRequest(
        system=agent.system,
        messages=(),
        tools=[tool.spec for tool in agent.tools],
        display=agent.desktop.size,
        effort=agent.settings.effort,
        pauses=agent.history.spoken,
        fast=agent.settings.speed == "fast",
        fallbacks=agent.settings.fallbacks,
        budget=agent.limits.budget,
    )
