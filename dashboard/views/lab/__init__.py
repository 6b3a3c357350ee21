"""The Lab: design an experiment, watch it run, compare its arms, and look into its trials."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dashboard.view_registry import View, ViewContext


def build(context: ViewContext) -> View:
    """The Lab of one page."""
    from dashboard.views.lab.view import LabView

    return LabView(context)
