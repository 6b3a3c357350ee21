"""A desktop for an agent: private, confined, fast, exact, and always able to let go."""

from agent.desktop.virtual import VirtualDesktop

__all__ = ["VirtualDesktop"]
