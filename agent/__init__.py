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
from agent.kinds import ToolKind, add_tool
from agent.models.base import BlockDone, Model, ModelRequest, Text, ToolSpec, TurnDone
from agent.prompts import Prompt, list_prompts, load_prompt
from agent.providers import KeyKind, ModelKind, add_model
from agent.record import events
from agent.record.events import Event, dump_event, load_event
from agent.record.export import export_session, import_session
from agent.record.journal import list_sessions
from agent.record.log import EventLog
from agent.session.approval import DEFAULT_RULES, Rule
from agent.session.session import Session
from agent.session.status import Status, reduce_status
from agent.settings import Settings
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
    "KeyKind",
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
