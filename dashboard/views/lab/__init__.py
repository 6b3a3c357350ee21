"""The Lab: design an experiment, watch it run, compare its arms, and look into its trials."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dashboard.places import Scene, View


def build(scene: Scene) -> View:
    """The Lab of one page."""
    from dashboard.views.lab.view import LabView

    return LabView(scene)
