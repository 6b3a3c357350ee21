"""Prompts with versions: edit, compare, preview, try on this session, use in an experiment."""

from dashboard.views.prompts.view import PromptsView, build

__all__ = ["PromptsView", "build"]
