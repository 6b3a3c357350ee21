"""What objects show of themselves: live where a kernel is, readable everywhere."""

from __future__ import annotations

import asyncio
import base64
import io
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from PIL import Image

from agent import Session, Settings
from agent.desktop.base import EncodedImage
from agent.experiments.live import LiveRun
from agent.experiments.plan.spec import Experiment, define
from agent.experiments.plan.task import builtin_tasks
from agent.experiments.plan.trial import Trial
from agent.experiments.run.placement import LocalPlacement
from agent.experiments.run.store import Store
from agent.files.changes import compare
from agent.files.listing import list_files
from agent.files.record import Row
from agent.models.base import Dictating
from agent.record.events import Heard, TaskFinished
from agent.replay import build_timeline
from agent.session.files import PutBack
from agent.testing.scripted import FakeDesktop, FakeTool, ScriptedModel, call, done, hang, says
from dashboard.notebook import do, face_of, recorded
from dashboard.notebook.session import SessionFace


def _session(folder: Path, *scripts: object) -> Session:
    settings = Settings(_env_file=None, data_dir=folder, model="offline", width=640, height=480)
    model = ScriptedModel(list(scripts))
    return Session.create(settings, desktop=FakeDesktop(), model=model, tools=(FakeTool(),))


@pytest.fixture
async def session(tmp_path: Path) -> AsyncIterator[Session]:
    """A session whose agent clicks and says something that looks like markup."""
    acts = [*says("I click."), *call(coordinate=[3, 4]), *done("tool_use")]
    made = _session(tmp_path, acts, [*says("<b>Bold</b> & done"), *done()])
    await made.open()
    yield made
    await made.close()


async def test_a_session_shows_what_happened(session: Session) -> None:
    """Words, deeds and the screen are in its markup, and nothing of theirs is markup."""
    assert "Nothing was said yet" in face_of(session)["text/html"]
    await do(session, "Press <it>.", timeout=20)
    shown = session._repr_mimebundle_()
    html = shown["text/html"]
    assert "Press &lt;it&gt;." in html
    assert "&lt;b&gt;Bold&lt;/b&gt; &amp; done" in html
    assert "Click" in html
    assert "data:image/jpeg;base64," in html
    assert shown["text/plain"] == f"<Session {session.id}>"


async def test_what_was_done_is_returned(session: Session) -> None:
    """`do` gives the task's own events, which lie in lanes over time."""
    told = await do(session, "Press it.", timeout=20)
    assert told.events[0].kind in ("heard", "task_started")
    assert told.events[-1].kind == "task_finished"
    assert face_of(told)["text/html"].count("<tr>") >= 4
    svg = face_of(build_timeline(told.events))["image/svg+xml"]
    assert svg.startswith("<svg")
    assert len(recorded(session).events) == len(session.log)


async def test_interrupting_a_cell_stops_the_agent(tmp_path: Path) -> None:
    """A cancelled `do` leaves nobody at work."""
    session = _session(tmp_path, [*says("I work and work."), hang])
    await session.open()
    cell = asyncio.create_task(do(session, "Work for ever."))
    await session.log.wait_for(lambda event: event.kind == "text_streamed", timeout=20)
    cell.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cell
    assert session.status.who == "stopped"
    await session.close()


async def test_the_face_carries_out_what_is_pressed(tmp_path: Path) -> None:
    """Typing starts a task, Stop ends it, the mouse is taken and given back."""
    session = _session(tmp_path, [*says("I work and work."), hang])
    await session.open()
    face = SessionFace(session)
    await asyncio.sleep(0)
    face.actions.act({"type": "say", "text": "  Work for ever.  "})
    await session.log.wait_for(lambda event: event.kind == "text_streamed", timeout=20)
    assert session.status.task_text == "Work for ever."
    face.actions.act({"type": "stop"})
    await session.wait_idle(20)
    assert session.status.stopped
    face.actions.act({"type": "take"})
    assert face.actions.yours
    face.actions.act({"type": "give"})
    assert not face.actions.yours
    face.actions.act({"type": "unheard of"})
    await session.close()
    assert face._bar.who == "disconnected"


async def test_the_bar_shows_that_dictation_is_on_and_ends_it(tmp_path: Path) -> None:
    begun = [*says("Dictation is on."), Dictating(True), *done()]
    session = _session(tmp_path, begun, [*says("It is off."), Dictating(False), *done()])
    await session.open()
    face = SessionFace(session)
    await do(session, "Take this down.", timeout=20)
    async with asyncio.timeout(20):
        while not face._bar.dictating:
            await asyncio.sleep(0.01)
        face.actions.act({"type": "say", "text": "stop dictation"})
        while face._bar.dictating:
            await asyncio.sleep(0.01)
    assert session.log.of(Heard)[-1].text == "stop dictation"
    await session.close()


async def test_the_bar_follows_the_session(session: Session) -> None:
    """Who has the mouse and what it cost come from the log, without being asked for."""
    face = SessionFace(session)
    seen: list[str] = []
    face._bar.observe(lambda change: seen.append(change.new), "who")
    await do(session, "Press it.", timeout=20)
    async with asyncio.timeout(20):
        while face._bar.who != "idle" or not seen:
            await asyncio.sleep(0.01)
    assert seen[-1] == "idle"
    assert face._state.transcript.snapshot()


async def test_words_that_cannot_be_written_down_are_given_back_and_told(session: Session) -> None:
    """The line has them again, and the bar says why; with the folder back it goes on."""
    face = SessionFace(session)
    given_back: list[object] = []
    face._bar.send = lambda content, buffers=None: given_back.append(content)  # type: ignore[method-assign]
    await asyncio.sleep(0)
    folder = session.settings.data_dir / "sessions"
    away = folder.rename(folder.with_name("away"))
    face.actions.act({"type": "say", "text": "Press it."})
    assert given_back == [{"refused": "Press it."}]
    assert (face._bar.who, "Put it back" in face._bar.detail) == ("stopped", True)
    away.rename(folder)
    face.actions.act({"type": "say", "text": "Press it."})
    await session.wait_idle(20)
    async with asyncio.timeout(20):
        while face._bar.who != "idle":
            await asyncio.sleep(0.01)
    assert session.log.of(TaskFinished)[-1].outcome == "done"


def test_a_picture_is_made_small() -> None:
    """Pictures are kept in few colours and no wider than a page."""
    out = io.BytesIO()
    Image.effect_noise((1280, 800), 40).convert("RGB").save(out, "JPEG")
    shown = face_of(EncodedImage(out.getvalue(), "image/jpeg", 1280, 800))
    kept = Image.open(io.BytesIO(base64.b64decode(shown["image/png"])))
    assert kept.size == (640, 400)
    assert len(kept.getcolors() or ()) <= 64


def test_an_experiment_shows_its_design_before_it_runs() -> None:
    """What differs, what can be found, and what is weak about it."""
    html = _experiment()._repr_mimebundle_()["text/html"]
    for words in ("2 arms by 2 tasks", "phrasing", "With 2 tasks", "because &lt;why&gt;"):
        assert words in html


@pytest.mark.desktop
def test_results_and_trials_show_themselves(tmp_path: Path) -> None:
    """A run's grid, the arms, the verdict, every trial; a half-written trial says so."""
    place = LocalPlacement()
    run = LiveRun(_experiment("oracle", "nothing"), tmp_path, placement=place).start()
    assert run.wait(100).phase == "finished"
    place.close()
    assert "4 of 4" in run._repr_mimebundle_()["text/html"]
    html = Store(run.store.folder)._repr_mimebundle_()["text/html"]
    assert "oracle" in html
    assert "<svg" in html
    trial = run.store.trial("oracle--make-folders--000")
    assert "passed" in trial._repr_mimebundle_()["text/html"]
    (tmp_path / "half").mkdir()
    assert "half-written" in Trial(tmp_path / "half")._repr_mimebundle_()["text/html"]


def _experiment(*models: str) -> Experiment:
    tasks = builtin_tasks()
    arms = {m: {"model": m} for m in models} or {p: {"phrasing": p} for p in ("goal", "steps")}
    chosen = tuple(tasks[name] for name in ("make-folders", "create-list"))
    return define(name="small", hypothesis="because <why>", arms=arms, tasks=chosen)


def test_neither_agent_nor_page_needs_a_notebook() -> None:
    """The agent alone loads no notebook; faces load no Panel, so that a kernel stays small."""
    alone = "import agent, sys; print([m for m in ('anywidget', 'dashboard') if m in sys.modules])"
    faces = (
        "import dashboard.notebook, sys; print([m for m in ('panel', 'bokeh') if m in sys.modules])"
    )
    for code in (alone, faces):
        command = [sys.executable, "-c", code]
        ran = subprocess.run(command, check=False, capture_output=True, text=True)
        assert ran.stdout.strip() == "[]", ran.stderr


def test_files_and_what_would_be_put_back_show_themselves(tmp_path: Path) -> None:
    (tmp_path / "<b>two\nlines").write_text("words")
    shown = list_files(tmp_path)._repr_mimebundle_()
    assert shown["text/plain"] == "<1 file, 5 bytes>"
    assert "&lt;b&gt;two\\nlines" in shown["text/html"]
    assert "Not listed" not in shown["text/html"]
    deep = tmp_path.joinpath(*["d"] * 70)
    deep.mkdir(parents=True)
    assert "lies too deep" in list_files(tmp_path)._repr_mimebundle_()["text/html"]
    row = Row("file", 0o644, 5, 0, "digest", 1, 1, 0)
    changes = compare("task", {}, {b"new": row}, {b"new": row}, kept=lambda _: True)
    shown = changes._repr_mimebundle_()
    assert shown["text/plain"] == "<Changes: 1 item is deleted.>"
    done = PutBack("put", "task", changes.changes, (), (), "Deleted: “new”.")
    assert done._repr_mimebundle_()["text/plain"] == "<PutBack: Deleted: “new”.>"
    assert "is deleted" in shown["text/html"]
