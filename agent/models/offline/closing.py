"""Closing every window, one after the other."""

from __future__ import annotations

from agent.models.offline.applications import asks
from agent.models.offline.raising import RAISED, bring, raised
from agent.models.offline.steps import Act, Done, Fail, Moment, Step, key


async def close_all(at: Moment) -> Step:
    """Close the windows from the top; ends where one asks back."""
    if at.failure:
        return Fail(f"I could not close it: {at.failure}")
    if at.phase == 1:
        windows, dialogs = (int(count) for count in at.memo.split("x"))
        await at.until(lambda v: len(v.programs) < windows or len(v.dialogs) > dialogs, 4.0)
        if len(at.view.dialogs) > dialogs:
            return Fail(f"Not all are closed yet: {asks(at.view)}")
        if len(at.view.programs) >= windows:
            return Fail(f"{windows} windows are still open.")
        await at.until(lambda v: v.active or not v.programs, 1.0)
    if at.phase == RAISED and not isinstance(came := await raised(at), Done):
        return came
    if not at.view.programs:
        return Done("All windows are closed." if at.phase else "No window is open.")
    if at.view.active is None:
        return await bring(at, at.view.programs[-1])
    memo = f"{len(at.view.programs)}x{len(at.view.dialogs)}"
    return Act("Closing the window in front.", (key("alt+F4"),), 1, memo)
