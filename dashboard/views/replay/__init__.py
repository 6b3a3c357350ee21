"""Recorded sessions: a list to choose from, and a replay with everything behind each step."""

from dashboard.views.replay.view import ReplayView, build

__all__ = ["ReplayView", "build"]
