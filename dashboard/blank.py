"""The whole page before anything is on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import panel as pn
import panel_material_ui as pmui

from dashboard.theme import page_style
from dashboard.web.frame import rest


def make_page(header: Sequence[Any], main: Sequence[Any]) -> pmui.Page:
    """The whole page: its parts, in our style.

    Panel counts what its server is busy with, and tells every page of every browser, twice for
    each message that any of them sends. Nothing of that is shown here, so no page follows it.
    """
    page = pmui.Page(
        title="Sayso", header=list(header), main=list(main), template=rest(), **page_style()
    )
    for watcher in list(pn.state.param.watchers.get("busy", {}).get("value", [])):
        if getattr(getattr(watcher.fn, "__self__", None), "self", None) is page:
            pn.state.param.unwatch(watcher)
    return page
