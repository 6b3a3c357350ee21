"""Not a test: the command line with an action and a desktop that never end by themselves.

``python command_that_hangs.py DATA_DIR``; see test_command_faults.py.
"""

from __future__ import annotations

import asyncio
import os
import sys
from typing import Any, Self

from agent.__main__ import main
from agent.session import Session
from agent.settings import Settings
from agent.testing.scripted import FakeDesktop, FakeTool, ScriptedModel, call, hang
from agent.tools.base import ToolCall, ToolResult


class Endless(FakeDesktop):
    async def stop(self) -> None:
        print("stopping hangs", flush=True)
        await asyncio.Event().wait()


async def endless(call: ToolCall) -> ToolResult:
    await hang()
    return ToolResult()


class HangingSession(Session):
    @classmethod
    def _on_disk(cls, settings: Settings, session_id: str, parts: Any) -> Self:
        parts = {
            **parts,
            "desktop": Endless(),
            "model": ScriptedModel([[*call(), hang]]),
            "tools": (FakeTool(endless),),
        }
        return super()._on_disk(settings, session_id, parts)


if __name__ == "__main__":
    os.environ["SAYSO_DATA_DIR"] = sys.argv[1]
    sys.exit(main(["Work for ever"], session_class=HangingSession))
