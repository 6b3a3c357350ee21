"""Not a test: the command line with parts that never end by themselves.

``python command_that_hangs.py DATA_DIR HANGS OPTIONS…``, where HANGS names them, joined by a
plus: ``start`` of the desktop, its ``stop``, the ``action``; see test_command_cut.py.
"""

from __future__ import annotations

import asyncio
import os
import sys
from typing import Any, Self

from agent.__main__ import main
from agent.session.session import Session
from agent.settings import Settings
from agent.testing.scripted import FakeDesktop, FakeTool, ScriptedModel, call, done, hang, says
from agent.tools.base import ToolCall, ToolResult

HANGS = sys.argv[2].split("+") if len(sys.argv) > 2 else []


class Endless(FakeDesktop):
    async def start(self) -> None:
        if "start" in HANGS:
            print("starting hangs", flush=True)
            await hang()
        await super().start()

    async def stop(self) -> None:
        if "stop" in HANGS:
            print("stopping hangs", flush=True)
            await asyncio.Event().wait()
        await super().stop()


async def endless(call: ToolCall) -> ToolResult:
    if "action" in HANGS:
        print("acting hangs", flush=True)
        await hang()
    return ToolResult()


class HangingSession(Session):
    @classmethod
    def _on_disk(cls, settings: Settings, session_id: str, parts: Any) -> Self:
        script = [[*call(), *done("tool_use")], [*says("Done."), *done()]]
        parts = {
            **parts,
            "desktop": Endless(),
            "model": ScriptedModel(script),
            "tools": (FakeTool(endless),),
        }
        return super()._on_disk(settings, session_id, parts)


if __name__ == "__main__":
    os.environ["SAYSO_DATA_DIR"] = sys.argv[1]
    sys.exit(main(["Work for ever", *sys.argv[3:]], session_class=HangingSession))
