"""Not a test: ``python -m agent mcp`` with a desktop and a model that are fakes.

``python serve_on_fakes.py DATA_DIR OPTIONS…``; every task is one click, or a command if its words
hold “command”.
"""

from __future__ import annotations

import os
import sys
from typing import Any, Self

from agent.__main__ import main
from agent.models.base import ModelRequest
from agent.session.session import Session
from agent.settings import Settings
from agent.testing.scripted import FakeDesktop, FakeTool, ScriptedModel, Step, call, done, says


def answer(request: ModelRequest) -> list[Step]:
    last = request.messages[-1]["content"]
    if any(block["type"] == "tool_result" for block in last):
        return [*says("Done."), *done()]
    if "command" in str(last):
        return [*call("bash", toolset=None, command="rm notes"), *done("tool_use")]
    return [*call("left_click", coordinate=[3, 4]), *done("tool_use")]


class FakeSession(Session):
    @classmethod
    def _on_disk(cls, settings: Settings, session_id: str, parts: Any) -> Self:
        shell = FakeTool(harmless=False, name="bash", members=("bash",), toolset=None)
        parts = {
            **parts,
            "desktop": FakeDesktop(),
            "model": ScriptedModel(answer),
            "tools": (FakeTool(), shell),
        }
        return super()._on_disk(settings, session_id, parts)


if __name__ == "__main__":
    os.environ["SAYSO_DATA_DIR"] = sys.argv[1]
    sys.exit(main(["mcp", *sys.argv[2:]], session_class=FakeSession))
