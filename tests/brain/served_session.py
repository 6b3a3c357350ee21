"""A session with the real SDK against the faithful server, on a desktop in memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from agent.models.base import Model
from agent.models.claude.dialects import Dialect, ToolsetDialect
from agent.models.claude.model import AnthropicModel, new_client
from agent.models.offline import OfflineModel
from agent.session.session import Session
from agent.settings import Settings
from agent.testing.memory import MemorySessionJournal
from agent.testing.messages_script import Reply, says
from agent.testing.messages_server import MessagesServer
from agent.testing.scripted import FakeDesktop, FakeTool, HastyClock
from agent.tools.base import ToolCall, ToolResult

KEY = "sk-ant-test-0123456789"
SETTINGS = Settings(_env_file=None, data_dir=Path("/nonexistent"), width=640, height=480)
MEMBERS = ("left_click", "type", "screenshot")


async def act(call: ToolCall) -> ToolResult:
    if call.input.get("coordinate") == [9, 9]:
        return ToolResult("Missed.", is_error=True)
    if call.name == "screenshot":
        return ToolResult("", await FakeDesktop().screenshot())
    return ToolResult("ok")


class Rig:
    """A server, the SDK and a session."""

    def __init__(
        self,
        script: list[Reply],
        *,
        model: str = "claude-opus-5-5",
        window: int = 1_000_000,
        offline: bool = False,
        dialect: Dialect | None = None,
        **parts: Any,
    ) -> None:
        self.script = script
        self.model_id = model
        self.offline = offline
        self.dialect = dialect or ToolsetDialect()
        self.tool = FakeTool(act, members=MEMBERS)
        self.parts = {"settings": SETTINGS, "desktop": FakeDesktop(), "tools": (self.tool,)} | parts
        spoken: Any = "portable" if self.dialect.name == "portable" else "anthropic"
        self.server = MessagesServer(self._answer, key=KEY, window=window, dialect=spoken)

    def _answer(self, request: object) -> Reply:
        return self.script.pop(0) if self.script else says("Done.")

    async def __aenter__(self) -> Rig:
        await self.server.start()
        clock = HastyClock()
        client = new_client(KEY, self.server.base_url)
        claude = AnthropicModel(self.model_id, self.dialect, client, clock=clock)
        self.model: Model = OfflineModel(self.parts["desktop"]) if self.offline else claude
        self.session = Session(
            session_id="rig",
            journal=MemorySessionJournal(),
            model=self.model,
            clock=clock,
            **self.parts,
        )
        await self.session.open()
        return self

    async def __aexit__(self, *_: Any) -> None:
        await self.session.close()
        await self.server.stop()

    def refused(self) -> list[Any]:
        return [s.problem for s in self.server.requests if s.status in (400, 500)]
