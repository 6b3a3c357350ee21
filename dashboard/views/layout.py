"""How every view but Talk is laid out: a title, a lead, and what it holds."""

from __future__ import annotations

from typing import Any

import panel as pn
import panel_material_ui as pmui

_WIDE = 1400


def sheet(title: str, lead: str, *body: Any, width: int | None = _WIDE) -> pn.Column:
    """A view's page. ``width`` is the most its content takes, in pixels; None is all there is."""
    head = pmui.Typography(title, variant="h5", margin=(4, 0, 0, 0), sizing_mode="stretch_width")
    told = pmui.Typography(
        lead,
        variant="body2",
        color="text.secondary",
        margin=(0, 0, 12, 0),
        sizing_mode="stretch_width",
    )
    styles = {
        "padding": "18px 22px 28px",
        "box-sizing": "border-box",
        "margin": "0 auto",
        "width": "100%",
    }
    return pn.Column(
        head, told, *body, sizing_mode="stretch_width", max_width=width, styles=styles, margin=0
    )


def card(*body: Any, title: str = "") -> pn.Column:
    """A raised part of a sheet."""
    styles = {
        "background": "var(--mui-palette-background-paper)",
        "border": "1px solid var(--mui-palette-divider)",
        "border-radius": "10px",
        "padding": "14px 16px",
        "box-sizing": "border-box",
    }
    head = [pmui.Typography(title, variant="subtitle1", margin=(0, 0, 6, 0))] if title else []
    return pn.Column(*head, *body, sizing_mode="stretch_width", styles=styles, margin=(0, 0, 14, 0))
