"""Who shows itself how. Live where a kernel can carry it; what is kept reads well by itself."""

from __future__ import annotations

import sys
import threading
from base64 import b64decode
from functools import singledispatch

import ipywidgets

from agent.desktop import VirtualDesktop
from agent.desktop.base import EncodedImage, Frame
from agent.desktop.see.pictures import png as encode_png
from agent.desktop.see.screen import Screen
from agent.errors import ConfigurationError, DesktopError
from agent.experiments.live import LiveRun
from agent.experiments.plan.spec import Experiment
from agent.experiments.plan.trial import Trial
from agent.experiments.run.store import Store
from agent.face import Bundle
from agent.files.changes import Changes
from agent.files.listing import Listing
from agent.files.telling import amount, bounded
from agent.replay import Recording, Timeline
from agent.replay.svg import timeline_svg
from agent.session.files import PutBack
from agent.session.session import Session
from dashboard.notebook import lab
from dashboard.notebook.desktop import DesktopWidget
from dashboard.notebook.markup import Html, paragraph, table
from dashboard.notebook.panes import BarWidget
from dashboard.notebook.pictures import png, shrunk, text
from dashboard.notebook.session import SessionFace
from dashboard.notebook.story import Look, recording_look, story
from dashboard.notebook.talk import Talk

_ROWS = 200
"""Files that a table names."""

_POLL = 0.5
"""Seconds between two looks at an experiment that runs."""


@singledispatch
def face_of(thing: object) -> Bundle:
    """A MIME bundle for ``thing``: its widget, if a kernel runs, and what can be kept."""
    return {"text/plain": repr(thing)}


def in_kernel() -> bool:
    """Whether widgets would reach a browser."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return getattr(shell, "kernel", None) is not None


def _bundle(plain: str, html: Html) -> Bundle:
    return {"text/plain": plain, "text/html": str(html)}


def _live(widget: ipywidgets.Widget, kept: Bundle) -> Bundle:
    shown = widget._repr_mimebundle_()
    return {**shown, **kept}


@face_of.register
def _session(session: Session) -> Bundle:
    kept = _bundle(f"<Session {session.id}>", _session_story(session))
    return _live(SessionFace(session).root, kept) if in_kernel() else kept


@face_of.register
def _talk(talk: Talk) -> Bundle:
    session = talk.session
    kept = _bundle(repr(talk), _session_story(session))
    if not in_kernel():
        return kept
    face = SessionFace(session)
    face.talked_to(talk.conductor.typed, talk.conductor.meant)
    return _live(ipywidgets.VBox([face.root, talk.bar()]), kept)


def _session_story(session: Session) -> Html:
    status = session.status
    title = f"Session {session.id}, {session.model.name}, {status.who}"
    return story(tuple(session.log), session_look(session), title=title)


def session_look(session: Session) -> Look:
    """Pictures of a session's journal."""

    def look(sha256: str) -> bytes | None:
        encoded = session.journal.image_base64(sha256)
        return b64decode(encoded) if encoded is not None else None

    return look


@face_of.register
def _desktop(desktop: VirtualDesktop) -> Bundle:
    status = desktop.status
    width, height = desktop.size
    confined = "confined" if status.confined else "not confined"
    plain = f"<Desktop {width}x{height}, {status.server}, {status.state}, {confined}>"
    kept: Bundle = {"text/plain": plain}
    if (picture := _glance(desktop)) is not None:
        kept["image/png"] = text(png(shrunk(picture)))
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


def _glance(desktop: VirtualDesktop) -> bytes | None:
    """The screen, through a connection of its own: displaying cannot await."""
    try:
        screen = Screen(desktop.env)
    except (DesktopError, OSError):
        return None
    try:
        pixels = screen.grab()
        height, width = pixels.shape[:2]
        rgb = pixels[:, :, 2::-1].tobytes()
        return encode_png(Frame(width, height, rgb)).data
    finally:
        screen.close()


@face_of.register
def _image(image: EncodedImage) -> Bundle:
    return {
        "text/plain": f"<{image.media_type}, {image.width}x{image.height}>",
        "image/png": text(png(shrunk(image.data))),
    }


@face_of.register
def _recording(recording: Recording) -> Bundle:
    told = story(recording.events, recording_look(recording), film=True)
    return _bundle(f"<Recording {recording.name}, {len(recording.events)} events>", told)


@face_of.register
def _timeline(timeline: Timeline) -> Bundle:
    ground = '><rect width="100%" height="100%" fill="#fff"/>'
    svg = timeline_svg(timeline, width=760).replace("<svg ", '<svg style="color:#1d2430" ', 1)
    plain = f"<Timeline, {len(timeline.steps)} steps in {timeline.true_seconds:.1f} s>"
    return {"text/plain": plain, "image/svg+xml": svg.replace(">", ground, 1)}


@face_of.register
def _trial(trial: Trial) -> Bundle:
    plain = f"<Trial {trial.folder.name}>"
    try:
        return _bundle(plain, lab.trial(trial))
    except ConfigurationError as error:
        return _bundle(plain, paragraph(error))


@face_of.register
def _experiment(experiment: Experiment) -> Bundle:
    plain = f"<Experiment {experiment.name}, {len(experiment.cells())} trials>"
    return _bundle(plain, lab.design(experiment))


@face_of.register
def _listing(listing: Listing) -> Bundle:
    more = "; not all of them" if listing.truncated else ""
    count = "1 file" if listing.files == 1 else f"{listing.files} files"
    plain = f"<{count}, {amount(listing.bytes)}{more}>"
    size = {entry.path: amount(entry.size) for entry in listing.entries if entry.kind == "file"}
    rows = [(entry.shown, size.get(entry.path, entry.kind)) for entry in listing.entries[:_ROWS]]
    unread = paragraph(f"Not listed: {'; '.join(bounded(listing.reasons, 3))}.")
    head = paragraph(plain[1:-1]) + (unread if listing.reasons else "")
    return _bundle(plain, Html(head + table(("name", "size"), rows)))


@face_of.register
def _changes(changes: Changes) -> Bundle:
    rows = [(c.shown, c.what, c.lost or c.conflict or c.does) for c in changes.changes[:_ROWS]]
    told = table(("file", "in the task", "putting it back"), rows)
    return _bundle(f"<Changes: {changes.summary}>", Html(paragraph(changes.summary) + told))


@face_of.register
def _put_back(put_back: PutBack) -> Bundle:
    return _bundle(f"<PutBack: {put_back.text}>", Html(paragraph(put_back.text)))


@face_of.register
def _store(store: Store) -> Bundle:
    store.look("notebook")
    plain = f"<Results of {store.experiment.name}, {len(store.results())} trials>"
    return _bundle(plain, lab.results(store))


@face_of.register
def _run(run: LiveRun) -> Bundle:
    progress = run.progress
    plain = f"<Run of {progress.experiment}, {progress.done} of {progress.planned} trials>"
    kept = _bundle(plain, lab.run(progress))
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
