"""Who shows itself how. Live where a kernel can carry it; what is kept reads well by itself."""

from __future__ import annotations

import sys
import threading
from functools import singledispatch

import ipywidgets

from agent.desktop import VirtualDesktop
from agent.experiments.live import LiveRun
from agent.face import Bundle
from agent.session.session import Session
from dashboard.display import lab
from dashboard.display.bundles import bundle, bundle_of, session_story
from dashboard.notebook.desktop import DesktopWidget
from dashboard.notebook.panes import BarWidget
from dashboard.notebook.session import SessionFace
from dashboard.notebook.talk import Talk

_POLL = 0.5
"""Seconds between two looks at an experiment that runs."""


@singledispatch
def face_of(thing: object) -> Bundle:
    """A MIME bundle for ``thing``: its widget, if a kernel runs, and what can be kept."""
    return bundle_of(thing)


def in_kernel() -> bool:
    """Whether widgets would reach a browser."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return getattr(shell, "kernel", None) is not None


def _live(widget: ipywidgets.Widget, kept: Bundle) -> Bundle:
    shown = widget._repr_mimebundle_()
    return {**shown, **kept}


@face_of.register
def _session(session: Session) -> Bundle:
    kept = bundle_of(session)
    return _live(SessionFace(session).root, kept) if in_kernel() else kept


@face_of.register
def _talk(talk: Talk) -> Bundle:
    session = talk.session
    kept = bundle(repr(talk), session_story(session))
    if not in_kernel():
        return kept
    face = SessionFace(session)
    face.actions.say, face.actions.meant = talk.conductor.typed, talk.conductor.meant
    return _live(ipywidgets.VBox([face.root, talk.bar()]), kept)


@face_of.register
def _desktop(desktop: VirtualDesktop) -> Bundle:
    kept = bundle_of(desktop)
    return _live(_desktop_widget(desktop), kept) if in_kernel() else kept


def _desktop_widget(desktop: VirtualDesktop) -> ipywidgets.Widget:
    def act(message: dict[str, object]) -> None:
        view.control = message.get("type") == "take"
        bar.who = "yours" if view.control else "idle"
        if not view.control:
            view.release()

    view = DesktopWidget(
        desktop, desktop.call_soon, lambda: view.control, lambda: act({"type": "give"})
    )
    view.layout.height = "480px"
    view.layout.max_width = "780px"
    bar = BarWidget(desktop.call_soon, act, talks=False, able=True)
    bar.layout.max_width = "780px"
    return ipywidgets.VBox([view, bar])


@face_of.register
def _run(run: LiveRun) -> Bundle:
    kept = bundle_of(run)
    return _live(_run_widget(run), kept) if in_kernel() and run.running else kept


def _run_widget(run: LiveRun) -> ipywidgets.Widget:
    """Followed from a thread of its own, so that a cell that waits for the run does not hide it."""
    table, desktops = ipywidgets.HTML(), ipywidgets.HTML()
    stop = ipywidgets.Button(description="Stop", button_style="danger", icon="stop")
    stop.on_click(lambda _: run.cancel())

    def show() -> None:
        table.value, desktops.value = lab.run(run.progress), lab.thumbnails(run.progress)

    def follow() -> None:
        while run.running:
            show()
            run.wait(_POLL)
        show()
        stop.disabled = True

    threading.Thread(target=follow, name="run face", daemon=True).start()
    return ipywidgets.VBox([table, desktops, stop])
