from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from model_conversation import Connect, ManualClock

from agent.models.claude.dialects import Dialect, ToolsetDialect
from agent.models.claude.model import AnthropicModel, new_client
from agent.models.claude.portable import PortableDialect
from agent.testing.messages_server import MessagesServer


@pytest.fixture
async def connect() -> AsyncIterator[Connect]:
    """Start a server with a script and a real SDK client that talks to it."""
    async with AsyncExitStack() as stack:

        async def start(
            script: Any,
            *,
            model: str = "claude-opus-5-5",
            dialect: Dialect | None = None,
            key: str = "sk-ant-secret-0123456789",
            silence: float = 30.0,
            retries: int = 3,
            **options: Any,
        ) -> tuple[MessagesServer, AnthropicModel]:
            options.setdefault("key", key)
            kind: Any = "portable" if isinstance(dialect, PortableDialect) else "anthropic"
            server = await stack.enter_async_context(
                MessagesServer(script, dialect=kind, **options)
            )
            claude = AnthropicModel(
                model,
                dialect or ToolsetDialect(),
                new_client(key, server.base_url, silence=silence),
                secrets=(key,),
                retries=retries,
                clock=ManualClock(),
            )
            stack.push_async_callback(claude.close)
            return server, claude

        yield start
