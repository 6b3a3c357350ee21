"""The offline planner as a `Model`: voice commands in the shape of the Messages API."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

from agent.desktop.base import Desktop
from agent.models.base import (
    Block,
    BlockDone,
    Dictating,
    Labelled,
    ModelPart,
    ModelRequest,
    Readable,
    Text,
    TurnDone,
)
from agent.models.offline.overlay import Overlay
from agent.models.offline.progress import read
from agent.models.offline.steps import Call
from agent.models.offline.turns import next_turn
from agent.record.events import ScreenLabel, Usage


class OfflineModel:
    """Honest voice commands: fixed sentences, checked effects, no guessing.

    What it does next follows from the messages and the desktop, and from the numbers that it has
    drawn over that.
    """

    def __init__(self, desktop: Desktop) -> None:
        self._desktop = desktop
        self._overlay = Overlay()
        self._drawn: tuple[ScreenLabel, ...] = ()
        """What whoever reads the turns was told to draw last."""

    @property
    def name(self) -> str:
        return "offline"

    @property
    def reads(self) -> frozenset[Readable]:
        """Nothing: it knows sentences only."""
        return frozenset()

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelPart, None]:
        """One turn.

        Raises:
            DesktopError: the desktop cannot be looked at.
        """
        turn = await next_turn(self._desktop, read(request.messages), self._overlay)
        if (labels := self._overlay.labels()) != self._drawn:
            yield Labelled(labels, grid=self._overlay.grid is not None)
            self._drawn = labels  # not before: a turn that is cut told nobody
        if turn.dictating is not None:
            yield Dictating(turn.dictating)
        yield Text(turn.say)
        yield BlockDone(0, {"type": "text", "text": turn.say})
        for index, (call_id, call) in enumerate(turn.calls, 1):
            yield BlockDone(index, _block(call_id, call))
        reason = "tool_use" if turn.calls else "end_turn"
        yield TurnDone(reason, Usage(), achieved=turn.achieved, understood=turn.understood)

    async def close(self) -> None:
        """Nothing is held between turns."""


def _block(call_id: str, call: Call) -> Block:
    block: dict[str, Any] = {
        "type": "tool_use",
        "id": call_id,
        "name": call.name,
        "input": call.input,
    }
    if call.toolset is not None:
        block["toolset_name"] = call.toolset
    return block
