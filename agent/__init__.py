"""Sayso's agent: a model, a desktop, and one event log that says what happened.

::

    from agent import Session, Settings

    session = Session.create(Settings(model="offline"))
    await session.open()
    session.say("Open the editor and write hello.")
    await session.wait_idle()
    await session.close()
"""

from __future__ import annotations

from agent import events
from agent.approval import DEFAULT_RULES, Rule
from agent.errors import (
    BadInput,
    ConfigurationError,
    ContextTooLong,
    DesktopDied,
    DesktopError,
    DesktopUnavailable,
    InputHalted,
    JournalError,
    ModelError,
    ModelRefused,
    ModelUnavailable,
    SaysoError,
    StreamBroken,
    ToolError,
)
from agent.events import Event, dump_event, load_event
from agent.export import export_session, import_session
from agent.journal import list_sessions
from agent.kinds import ModelKind, ToolKind, add_model, add_tool
from agent.log import EventLog
from agent.models.base import BlockDone, Model, ModelRequest, Text, ToolSpec, TurnDone
from agent.prompts import Prompt, list_prompts, load_prompt
from agent.session import Session
from agent.settings import Settings
from agent.status import Status, reduce_status
from agent.tools.base import Intent, Tool, ToolCall, ToolResult

__all__ = [
    "DEFAULT_RULES",
    "BadInput",
    "BlockDone",
    "ConfigurationError",
    "ContextTooLong",
    "DesktopDied",
    "DesktopError",
    "DesktopUnavailable",
    "Event",
    "EventLog",
    "InputHalted",
    "Intent",
    "JournalError",
    "Model",
    "ModelError",
    "ModelKind",
    "ModelRefused",
    "ModelRequest",
    "ModelUnavailable",
    "Prompt",
    "Rule",
    "SaysoError",
    "Session",
    "Settings",
    "Status",
    "StreamBroken",
    "Text",
    "Tool",
    "ToolCall",
    "ToolError",
    "ToolKind",
    "ToolResult",
    "ToolSpec",
    "TurnDone",
    "add_model",
    "add_tool",
    "dump_event",
    "events",
    "export_session",
    "import_session",
    "list_prompts",
    "list_sessions",
    "load_event",
    "load_prompt",
    "reduce_status",
]
