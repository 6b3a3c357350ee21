"""Whose action it is: work that was cut touches nothing any more, however late it wakes.

A run of the agent works under a permit, which its tasks and threads inherit. An
interruption revokes it for good. The input driver is free again for whoever comes next, so a
tool that swallowed its cancellation would find an open door: everything that changes the
desktop therefore asks `check_permit` first. What people and programs do by themselves is
under no permit, and passes.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import Protocol

from agent.errors import InputHalted

REVOKED = "Interrupted by the person: this action may not go on."


class Permit(Protocol):
    """The right of one piece of work to act."""

    valid: bool


_current: ContextVar[Permit | None] = ContextVar("permit", default=None)


def act_under(permit: Permit) -> None:
    """Bind the calling task, and all tasks and threads that it will start, to a permit."""
    _current.set(permit)


def check_permit() -> None:
    """Return if the caller may act.

    Raises:
        InputHalted: it belongs to work that was interrupted.
    """
    permit = _current.get()
    if permit is not None and not permit.valid:
        raise InputHalted(REVOKED)
