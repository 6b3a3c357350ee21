"""Every tool of the agent as a form, run on the session's own desktop."""

from dashboard.views.tools.view import ToolsView, build

__all__ = ["ToolsView", "build"]
