"""What the numbers of a log say about who decided."""

from __future__ import annotations

from typing import Literal

import pytest

from agent.experiments.measures import measure
from agent.record import events as ev


def decided(
    decision: Literal["allow", "deny"], channel: Literal["button", "rule"]
) -> ev.ApprovalDecided:
    return ev.ApprovalDecided(approval_id="a", decision=decision, channel=channel)


@pytest.mark.parametrize(("channel", "counted"), [("button", 1.0), ("rule", 0.0)])
def test_only_a_persons_answers_are_approvals(
    channel: Literal["button", "rule"], counted: float
) -> None:
    """What a rule decided by itself was neither granted nor denied by anybody."""
    found = measure([decided("allow", channel), decided("deny", channel)])
    assert (found["approvals_granted"], found["approvals_denied"]) == (counted, counted)
