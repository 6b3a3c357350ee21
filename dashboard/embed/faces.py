"""What Panel shows of each object: live where it can be, else what can be kept of it."""

from __future__ import annotations

import html
from functools import singledispatch
from typing import Any

import panel as pn

from agent.desktop import VirtualDesktop
from agent.experiments.live import LiveRun
from agent.session.session import Session
from dashboard.desktop.tunnelled import TunnelledView
from dashboard.display import lab
from dashboard.display.bundles import bundle_of
from dashboard.embed.bar import BarView
from dashboard.embed.session import SessionParts
from dashboard.embed.within import page_context
from dashboard.web import dispatch

_POLL = 500
"""Milliseconds between two looks at an experiment that runs."""


@singledispatch
def panel_of(thing: object) -> pn.viewable.Viewable:
    """What Panel shows of ``thing``: ``pn.panel(thing)`` where it is one of Sayso's own."""
    kept = bundle_of(thing)
    if (picture := kept.get("image/png")) is not None:
        source = f"data:image/png;base64,{picture}"
        alt = html.escape(str(kept["text/plain"]), quote=True)
        return pn.pane.HTML(f'<img style="max-width:100%" alt="{alt}" src="{source}">')  # type: ignore[no-untyped-call]
    shown = kept.get("text/html") or kept.get("image/svg+xml")
    return pn.pane.HTML(shown or f"<code>{html.escape(str(kept['text/plain']))}</code>")  # type: ignore[no-untyped-call]


@panel_of.register
def _session(session: Session) -> pn.viewable.Viewable:
    return SessionParts(session).__panel__()


@panel_of.register
def _desktop(desktop: VirtualDesktop) -> pn.viewable.Viewable:
    dispatch.install()
    taken, within = False, page_context()

    def act(message: dict[str, Any]) -> None:
        nonlocal taken
        taken = message.get("type") == "take"
        bar.who, view.control = "yours" if taken else "idle", taken
        if not taken:
            desktop.call_soon(view.release)

    def give() -> None:
        with within():
            act({"type": "give"})

    view = TunnelledView(desktop, desktop.call_soon, lambda: taken, give, within)
    bar = BarView(act, talks=False, able=True, sizing_mode="stretch_width")
    if (document := pn.state.curdoc) is not None and document.session_context is not None:
        document.on_session_destroyed(lambda _: desktop.call_soon(view.stop))
    shown = pn.Column(view, height=480, sizing_mode="stretch_width")
    return pn.Column(shown, bar, sizing_mode="stretch_width")


@panel_of.register
def _run(run: LiveRun) -> pn.viewable.Viewable:
    """Followed while it runs, with a button that stops it."""
    table, desktops = pn.pane.HTML(), pn.pane.HTML()  # type: ignore[no-untyped-call]
    stop = pn.widgets.Button(label="Stop", color="danger", on_click=lambda _: run.cancel())  # type: ignore[no-untyped-call]

    def show() -> None:
        progress = run.progress
        table.object, desktops.object = lab.run(progress), lab.thumbnails(progress)
        if not run.running:
            stop.disabled = True
            follow.stop()  # type: ignore[no-untyped-call]

    follow = pn.state.add_periodic_callback(show, _POLL)
    show()
    return pn.Column(table, desktops, stop)
