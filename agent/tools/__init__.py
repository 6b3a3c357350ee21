"""The tools that a model is given: computer, shell, editor."""

from __future__ import annotations

from agent.desktop.base import Desktop
from agent.kinds import OUR_TOOLS, Making, make_tool
from agent.models.capabilities import Scale
from agent.tools.base import Intent, Tool, ToolCall, ToolResult
from agent.tools.computer import ComputerTool
from agent.tools.editor import EditorTool
from agent.tools.shell import ShellTool
from agent.tools.vault import Vault

__all__ = [
    "ComputerTool",
    "EditorTool",
    "Intent",
    "ShellTool",
    "Tool",
    "ToolCall",
    "ToolResult",
    "build_tools",
]


def build_tools(
    desktop: Desktop, scale: Scale = "pixels", vault: Vault | None = None
) -> list[Tool]:
    """The usual tools for a desktop, in the order in which the model is told of them.

    ``scale``: what the model's coordinates are. ``vault``: what it may type by placeholder.
    """
    making = Making(desktop, scale, vault)
    return [make_tool(kind, making) for kind in OUR_TOOLS if kind.usual]
