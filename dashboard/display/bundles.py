"""What can be kept of each object: MIME bundles that read well by themselves, nothing live."""

from __future__ import annotations

from base64 import b64decode
from functools import singledispatch

from agent.desktop import VirtualDesktop
from agent.desktop.base import EncodedImage, Frame
from agent.desktop.see.pictures import png as encode_png
from agent.desktop.see.screen import Screen
from agent.errors import ConfigurationError, DesktopError
from agent.experiments.live import LiveRun
from agent.experiments.plan.spec import Experiment, counted
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
from dashboard.display import lab
from dashboard.display.markup import Html, paragraph, table
from dashboard.display.pictures import png, shrunk, text
from dashboard.display.story import Look, recording_look, story

_ROWS = 200
"""Files that a table names."""


@singledispatch
def bundle_of(thing: object) -> Bundle:
    """A MIME bundle for ``thing``: plain text, and HTML or a picture of this moment."""
    return {"text/plain": repr(thing)}


def bundle(plain: str, html: Html) -> Bundle:
    """Plain text and HTML that say the same."""
    return {"text/plain": plain, "text/html": str(html)}


@bundle_of.register
def _session(session: Session) -> Bundle:
    return bundle(f"<Session {session.id}>", session_story(session))


def session_story(session: Session) -> Html:
    """What was said and done in a session so far."""
    status = session.status
    title = f"Session {session.id}, {session.model.name}, {status.who}"
    return story(tuple(session.log), session_look(session), title=title)


def session_look(session: Session) -> Look:
    """Pictures of a session's journal."""

    def look(sha256: str) -> bytes | None:
        encoded = session.journal.image_base64(sha256)
        return b64decode(encoded) if encoded is not None else None

    return look


@bundle_of.register
def _desktop(desktop: VirtualDesktop) -> Bundle:
    status = desktop.status
    width, height = desktop.size
    confined = "confined" if status.confined else "not confined"
    plain = f"<Desktop {width}x{height}, {status.server}, {status.state}, {confined}>"
    kept: Bundle = {"text/plain": plain}
    if (picture := _glance(desktop)) is not None:
        kept["image/png"] = text(png(shrunk(picture)))
    return kept


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


@bundle_of.register
def _image(image: EncodedImage) -> Bundle:
    return {
        "text/plain": f"<{image.media_type}, {image.width}x{image.height}>",
        "image/png": text(png(shrunk(image.data))),
    }


@bundle_of.register
def _recording(recording: Recording) -> Bundle:
    told = story(recording.events, recording_look(recording), film=True)
    return bundle(f"<Recording {recording.name}, {len(recording.events)} events>", told)


@bundle_of.register
def _timeline(timeline: Timeline) -> Bundle:
    ground = '><rect width="100%" height="100%" fill="#fff"/>'
    svg = timeline_svg(timeline, width=760).replace("<svg ", '<svg style="color:#1d2430" ', 1)
    plain = f"<Timeline, {len(timeline.steps)} steps in {timeline.true_seconds:.1f} s>"
    return {"text/plain": plain, "image/svg+xml": svg.replace(">", ground, 1)}


@bundle_of.register
def _trial(trial: Trial) -> Bundle:
    plain = f"<Trial {trial.folder.name}>"
    try:
        return bundle(plain, lab.trial(trial))
    except ConfigurationError as error:
        return bundle(plain, paragraph(error))


@bundle_of.register
def _experiment(experiment: Experiment) -> Bundle:
    plain = f"<Experiment {experiment.name}, {counted(len(experiment.cells()), 'trial')}>"
    return bundle(plain, lab.design(experiment))


@bundle_of.register
def _listing(listing: Listing) -> Bundle:
    more = "; not all of them" if listing.truncated else ""
    count = "1 file" if listing.files == 1 else f"{listing.files} files"
    plain = f"<{count}, {amount(listing.bytes)}{more}>"
    size = {entry.path: amount(entry.size) for entry in listing.entries if entry.kind == "file"}
    rows = [(entry.shown, size.get(entry.path, entry.kind)) for entry in listing.entries[:_ROWS]]
    unread = paragraph(f"Not listed: {'; '.join(bounded(listing.reasons, 3))}.")
    head = paragraph(plain[1:-1]) + (unread if listing.reasons else "")
    return bundle(plain, Html(head + table(("name", "size"), rows)))


@bundle_of.register
def _changes(changes: Changes) -> Bundle:
    rows = [(c.shown, c.what, c.lost or c.conflict or c.does) for c in changes.changes[:_ROWS]]
    told = table(("file", "in the task", "putting it back"), rows)
    return bundle(f"<Changes: {changes.summary}>", Html(paragraph(changes.summary) + told))


@bundle_of.register
def _put_back(put_back: PutBack) -> Bundle:
    return bundle(f"<PutBack: {put_back.text}>", Html(paragraph(put_back.text)))


@bundle_of.register
def _store(store: Store) -> Bundle:
    store.look("notebook")
    plain = f"<Results of {store.experiment.name}, {counted(len(store.results()), 'trial')}>"
    return bundle(plain, lab.results(store))


@bundle_of.register
def _run(run: LiveRun) -> Bundle:
    progress = run.progress
    plain = f"<Run of {progress.experiment}, {progress.done} of {progress.planned} trials>"
    return bundle(plain, lab.run(progress))
