"""What Panel shows of sessions and experiments, and the app of docs/embedding.md as it stands."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import tomllib
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import panel as pn
import pytest
from bokeh.document import Document
from panel.io.application import build_single_handler_application
from panel.io.state import set_curdoc

from agent import Session, Settings, face
from agent.blocking import Blocking
from agent.experiments.plan.spec import define
from agent.experiments.plan.task import builtin_tasks
from agent.testing.scripted import FakeDesktop, FakeTool, ScriptedModel, call, done, hang, says
from dashboard.desktop.tunnelled import TunnelledView
from dashboard.embed import SessionParts, panel_of
from dashboard.embed import session as embedded
from dashboard.embed.bar import BarView
from dashboard.views.conversation import ConversationView

ROOT = Path(__file__).parents[2]
_TEXT = (ROOT / "docs" / "embedding.md").read_text("utf-8")
(APP,) = re.findall(r"```python\n# board\.py\n(.*?)```", _TEXT, re.DOTALL)


@pytest.fixture(autouse=True)
def installed(tmp_path: Path) -> Iterator[None]:
    """Sayso as its pyproject.toml has it installed, whatever was installed when this began."""
    points = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]
    package = tmp_path / "installed" / "sayso-1.dist-info"
    package.mkdir(parents=True)
    lines = [f"{name} = {value}" for name, value in points[face.GROUP].items()]
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: sayso\nVersion: 1\n")
    (package / "entry_points.txt").write_text("\n".join([f"[{face.GROUP}]", *lines]))
    sys.path.insert(0, str(package.parent))
    face.drawn_by.cache_clear()
    yield
    sys.path.remove(str(package.parent))
    face.drawn_by.cache_clear()


def _session(folder: Path, *scripts: object) -> Session:
    settings = Settings(_env_file=None, data_dir=folder, model="offline", width=640, height=480)
    model = ScriptedModel(list(scripts))
    return Session.create(settings, desktop=FakeDesktop(), model=model, tools=(FakeTool(),))


@pytest.fixture
async def session(tmp_path: Path) -> AsyncIterator[Session]:
    """A session whose agent clicks, says so, and then works without end."""
    acts = [*says("I click."), *call(coordinate=[3, 4]), *done("tool_use")]
    made = _session(tmp_path, acts, [*says("Done."), *done()], [*says("I work on."), hang])
    await made.open()
    yield made
    await made.close()


async def until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not true():
            await asyncio.sleep(0.01)


def _page() -> tuple[Document, Callable[[], None]]:
    """A page's document, and what closes the page."""
    document, request = Document(), SimpleNamespace(arguments={})
    context = SimpleNamespace(
        session=None, server_context=None, request=request, id="page", _document=document
    )
    document._session_context = lambda: context  # type: ignore[assignment, return-value]

    def leave() -> None:
        for gone in document.session_destroyed_callbacks:
            gone(context)  # type: ignore[arg-type]

    return document, leave


def _only(shown: Any, kind: type) -> Any:
    (found,) = shown.select(kind)
    return found


async def test_a_row_of_panels_shows_a_session_with_all_its_parts(session: Session) -> None:
    row = pn.Row(session, "beside it")
    for kind in (TunnelledView, ConversationView, BarView):
        assert _only(row, kind)
    assert pn.panel(Blocking(session)).select(BarView)


async def test_the_parts_follow_the_session_and_act_on_it(session: Session) -> None:
    """Watched params, bound panes and the bar tell of the work; what is pressed is done."""
    parts, seen = SessionParts(session), []
    parts.state.status.param.watch(lambda change: seen.append(change.new), "running")
    bound = pn.pane.Str(pn.bind("{} tasks".format, parts.state.status.param.title))
    parts.act({"type": "say", "text": "Press it."})
    await until(lambda: seen == [True, False])
    assert parts.state.status.title == "Press it."
    assert bound.object == "Press it. tasks"
    assert any(item["put"].get("title") == "Click (3, 4)" for item in parts.state.items())
    parts.act({"type": "say", "text": "Work on."})
    await until(lambda: parts.bar.running)
    parts.bar.take({"type": "stop"})
    await until(lambda: parts.bar.who == "stopped")
    parts.bar.take({"type": "take"})
    await until(lambda: parts.desktop.control)
    parts.bar.take({"type": "give"})
    await until(lambda: not parts.desktop.control)


async def test_parts_let_go_of_a_session_when_their_page_goes(session: Session) -> None:
    document, leave = _page()
    before = len(session.log._listeners), len(session.on_trouble)
    with set_curdoc(document):
        parts = SessionParts(session)
    await until(lambda: len(session.on_trouble) > before[1])
    leave()
    await until(lambda: (len(session.log._listeners), len(session.on_trouble)) == before)
    parts.close()


async def test_a_session_that_a_page_owns_ends_with_it(tmp_path: Path) -> None:
    session = _session(tmp_path)
    document, leave = _page()
    with set_curdoc(document):
        SessionParts(session, owned=True)
    await session.open()
    leave()
    await until(lambda: session.status.closed)


async def test_a_session_that_ends_is_shown_as_ended(tmp_path: Path) -> None:
    session = _session(tmp_path)
    await session.open()
    parts = SessionParts(session)
    await asyncio.sleep(0)
    await session.close()
    assert (parts.bar.who, parts.bar.able) == ("disconnected", False)


async def test_words_that_cannot_be_taken_go_back_to_their_line(session: Session) -> None:
    parts = SessionParts(session)
    back: list[Any] = []
    parts.bar.post = back.append  # type: ignore[method-assign]
    await asyncio.sleep(0)
    folder = session.settings.data_dir / "sessions"
    away = folder.rename(folder.with_name("away"))
    parts.act({"type": "say", "text": "Press it."})
    await until(lambda: back)
    away.rename(folder)
    assert back == [{"refused": "Press it."}]
    assert parts.bar.who == "stopped"


def test_an_experiment_shows_its_design() -> None:
    chosen = tuple(builtin_tasks()[name] for name in ("make-folders", "create-list"))
    arms = {phrasing: {"phrasing": phrasing} for phrasing in ("goal", "steps")}
    made = define(name="small", hypothesis="because <why>", arms=arms, tasks=chosen)
    shown = pn.panel(made)
    assert isinstance(shown, pn.pane.HTML)
    assert "2 arms by 2 tasks" in shown.object
    assert "because &lt;why&gt;" in shown.object
    assert "&lt;tag&gt;" in panel_of("<tag>").object


def test_without_the_pages_packages_an_object_shows_its_name(monkeypatch: Any) -> None:
    monkeypatch.setitem(sys.modules, "dashboard.embed", None)
    face.drawn_by.cache_clear()
    shown = pn.panel(define(name="n", arms={"a": {}}, tasks=(builtin_tasks()["make-folders"],)))
    assert isinstance(shown, pn.pane.Markdown)
    assert shown.object.startswith("`")


def test_faces_in_panel_load_no_notebook() -> None:
    """Widgets of Jupyter in a server would make every page ask a CDN for them."""
    looked_for = "[m for m in ('ipywidgets', 'IPython') if m in sys.modules]"
    code = f"import dashboard.embed, sys; print({looked_for})"
    ran = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert ran.stdout.strip() == "[]", ran.stderr


def test_the_app_of_the_document_is_twenty_lines() -> None:
    assert len([line for line in APP.splitlines() if line.strip()]) <= 20


async def test_the_app_of_the_document_has_its_parts_in_its_own_layout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAYSO_DATA_DIR", str(tmp_path / "data"))
    (tmp_path / "board.py").write_text(APP)
    document, leave = _page()
    build_single_handler_application(str(tmp_path / "board.py")).initialize_document(document)
    (row,) = (root for root in document.roots if "Row" in type(root).__name__)
    side, main = row.children
    shown = [getattr(part, "class_name", "") for part in side.children]
    assert shown == ["", "", "", "ConversationView"]
    assert [part.class_name for part in main.children] == ["TunnelledView"]
    leave()
    await until(lambda: not embedded._closing)
