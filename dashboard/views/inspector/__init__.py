"""What happened, event by event and message by message, and how long it took."""

from dashboard.views.inspector.view import InspectorView, build

__all__ = ["InspectorView", "build"]
