"""The examples of docs/extending.md run as they stand, and what they add is in its places."""

from __future__ import annotations

import re
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import nullcontext
from dataclasses import replace
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import panel as pn
import panel_material_ui as pmui
import pytest
from examples import EXAMPLES, run
from pilot_sessions import factory
from pydantic import SecretStr
from tornado.httputil import HTTPHeaders, HTTPServerRequest, RequestStartLine

from agent import Session, Settings, kinds
from agent.__main__ import _parser
from agent.errors import ConfigurationError, ModelUnavailable
from agent.experiments.measures import MEASURES, add_measure
from agent.experiments.plan.spec import Arm
from agent.experiments.run.trial_environment import REFERENCES, TrialEnvironment
from agent.keys import KeyStore
from agent.kinds import Making, ToolKind, doing, make_tool
from agent.models.capabilities import Capabilities
from agent.models.factory import build_model
from agent.prompts.library import PromptLibrary
from agent.providers import PROVIDERS, KeyKind, ModelKind, add_model
from agent.record import events as ev
from agent.session.approval import DEFAULT_RULES
from agent.session.changes import tools_of
from agent.session.parts import tools_for
from agent.testing.scripted import FakeDesktop, FakeTool, ScriptedModel, call, done, says
from agent.tools.base import Intent
from dashboard.state import PageState
from dashboard.view_registry import VIEWS, ViewContext, ViewKind, add_view
from dashboard.views.lab.choices import choices
from dashboard.views.lab.form import _model
from dashboard.views.lab.records import Records
from dashboard.views.lab.view import LabView
from dashboard.views.settings.catalogue import another_model, another_provider, parted
from dashboard.views.settings.trial import try_key
from dashboard.views.settings.view import SettingsView
from dashboard.views.shell import Shell
from dashboard.views.tools.forms import groups
from dashboard.voice.client.describe import picture_of
from dashboard.web import workbench
from dashboard.web.frame import first
from dashboard.web.identity import LOCAL
from dashboard.web.workbench import Workbench, make_workbench

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    """What a test adds is known to that test only."""
    every: tuple[kinds.Kinds[Any], ...] = (kinds.TOOLS, PROVIDERS, MEASURES, VIEWS)
    before = [set(known.all()) for known in every]
    yield
    for known, names in zip(every, before, strict=True):
        for name in set(known.all()) - names:
            known.forget(name)


def settings(tmp_path: Path, **given: Any) -> Settings:
    return Settings(_env_file=None, data_dir=tmp_path, **given)


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Workbench]:
    """A server with one session, without its page."""
    bench = make_workbench(settings(tmp_path), factory)
    yield bench
    await bench.close()


def context(bench: Workbench) -> ViewContext:
    entry = bench.sessions.create(LOCAL)
    state = PageState(lambda sha256: sha256, bench.settings)
    return ViewContext(bench, entry, state, lambda _: None, lambda *_, **__: None, nullcontext)


def test_each_example_is_about_twenty_lines() -> None:
    assert set(EXAMPLES) == {"clock", "echo", "espeak", "notes", "typed"}
    for name, text in EXAMPLES.items():
        assert len([line for line in text.splitlines() if line.strip()]) <= 30, name


async def test_the_tool_of_the_example_is_asked_about_run_and_told(tmp_path: Path) -> None:
    kinds.add_tool(run("clock")["CLOCK"])
    model = ScriptedModel(
        [[*call("clock", toolset=None, zone="UTC"), *done("tool_use")], [*says("Done."), *done()]]
    )
    chosen = settings(tmp_path, tools=("clock",))
    session = Session.create(chosen, desktop=FakeDesktop(), model=model)
    await session.open()
    assert [tool.spec.name for tool in session._agent.tools] == ["clock"]
    session.say("What time is it?")
    asked = await session.log.wait_for(lambda e: e.kind == "approval_asked", timeout=30)
    assert isinstance(asked, ev.ApprovalAsked)
    assert asked.question.startswith("Look up the time in UTC?")
    session.approve(asked.approval_id, "allow", channel="button")
    await session.wait_idle(30)
    finished = session.log.of(ev.ActionFinished)[-1]
    assert "UTC" in finished.text
    assert not finished.is_error
    await session.close()


def test_what_a_tool_is_called_is_read_from_its_declaration(tmp_path: Path) -> None:
    """Its form, what it is said to be doing, and the question put to the person."""
    assert doing("clock") == "clock"
    assert _question("clock", zone="UTC") == "Use the tool “clock” to clock (zone: UTC)?"
    clock = run("clock")["CLOCK"]
    kinds.add_tool(replace(clock, label="World clock", titles={"clock": "Look up a time"}))
    (form,) = groups([clock.make(Making(FakeDesktop())).spec])
    assert form["title"] == "World clock"
    assert form["members"][0]["title"] == "Look up a time"
    proposed = ev.ActionProposed(
        action_id="a", turn_id="t", tool="clock", name="clock", input={}, action_hash=""
    )
    begun = [ev.TaskStarted(task_id="k", text="Tell me the time."), proposed]
    picture = picture_of([*begun, ev.ActionStarted(action_id="a")])
    assert picture.sentence() == "I am looking up the time, for: Tell me the time."
    assert _question("clock", zone="\n" * 90) == "Look up the time in " + "\\n" * 30 + "… (cut)?"
    assert _question("clock", region="UTC") == "Use the tool “clock” to clock (region: UTC)?"


def _question(tool: str, **target: str) -> str:
    (rule,) = (rule for rule in DEFAULT_RULES if rule.name == "other tool")
    return rule.question(Intent(tool, tool, target))


async def test_the_provider_of_the_example_answers(tmp_path: Path) -> None:
    add_model(run("echo")["ECHO"])
    chosen = settings(tmp_path, model="echo:loud", keys={"ECHO_API_KEY": "any-key-01"})
    session = Session.create(chosen, desktop=FakeDesktop())
    await session.open()
    session.say("Hello")
    await session.wait_idle(30)
    assert session.log.of(ev.TaskFinished)[-1].summary == "HELLO"
    await session.close()


def test_what_is_added_is_in_settings_lab_command_line_and_prompts(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no tool “clock”"):
        settings(tmp_path, tools=("clock",))
    kinds.add_tool(run("clock")["CLOCK"])
    assert settings(tmp_path, tools=("clock", "shell")).tools == ("clock", "shell")
    assert "clock" in _parser().format_help()
    arm = Arm(tools=("computer", "clock"))
    made = TrialEnvironment().tools(arm, type("T", (), {"gui_only": False})(), FakeDesktop())
    assert [tool.spec.name for tool in made] == ["computer", "clock"]
    assert [tool.spec.name for tool in tools_of(made, ("clock",))] == ["clock"]
    assert [tool.spec.name for tool in tools_of(made, ("computer",))] == ["computer"]
    assert kinds.in_order(("clock", "shell", "computer")) == ("computer", "shell", "clock")


async def test_a_provider_is_wherever_providers_are(bench: Workbench, tmp_path: Path) -> None:
    """One declaration: the factory, the keys, Settings, the Lab, the command line, the checks."""
    plain = settings(tmp_path)
    (fault,) = _model("", "echo:loud", plain)
    assert fault.text.startswith("There is no model “echo:loud”: auto, bedrock, vertex, mantle")
    add_model(run("echo")["ECHO"])
    view = SettingsView(context(bench))
    (group,) = (group for group in view._form.groups if group["key"] == "model")
    provider, model, *_ = group["fields"]
    assert {c["value"]: c["label"] for c in provider["choices"]}["echo"] == "Echo"
    assert {"loud", "plain"} < {choice["value"] for choice in model["choices"]}
    assert {key["name"]: key["label"] for key in view._form.keys}["ECHO_API_KEY"] == "Echo key"
    view.close()
    assert another_provider("auto", "echo") == "echo:loud"
    assert another_model("echo:loud", "plain") == "echo:plain"
    assert parted("echo:plain") == ("echo", "plain")
    assert "echo:ID" in _parser().format_help()
    (fault,) = _model("", "echo:loud", plain)
    assert fault.text == "This model needs ECHO_API_KEY on the server; offline needs none."
    asked = choices(Records(tmp_path), plain, PromptLibrary(tmp_path), {})
    assert "echo:loud" not in asked["models"]
    keyed = plain.with_keys({"ECHO_API_KEY": SecretStr("any-key-01")})
    assert not [*_model("", "echo:loud", keyed)]
    asked = choices(Records(tmp_path), keyed, PromptLibrary(tmp_path), {})
    assert {"echo:loud", "echo:plain"} < set(asked["models"])
    assert not Arm(model="echo:loud").unpaid
    assert build_model(keyed, FakeDesktop()).name == "offline"
    assert build_model(keyed.model_copy(update={"model": "echo:loud"}), FakeDesktop()).name == (
        "echo:loud"
    )


def test_a_brought_providers_key_comes_from_where_keys_come_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The environment, else ``.env``, else what was entered; it is never shown."""
    add_model(run("echo")["ECHO"])
    env = tmp_path / "given.env"
    env.write_text("ECHO_API_KEY=from-dotenv-01\n")
    read = Settings(_env_file=env, data_dir=tmp_path)  # type: ignore[call-arg]
    assert read.key("ECHO_API_KEY") == SecretStr("from-dotenv-01")
    assert KeyStore(read, lambda: None).place("ECHO_API_KEY") == "dotenv"
    monkeypatch.setenv("ECHO_API_KEY", "from-environment-01")
    read = Settings(_env_file=env, data_dir=tmp_path)  # type: ignore[call-arg]
    assert read.key("ECHO_API_KEY") == SecretStr("from-environment-01")
    monkeypatch.delenv("ECHO_API_KEY")
    store = KeyStore(settings(tmp_path), lambda: None)
    assert store.place("ECHO_API_KEY") == "nowhere"
    store.put("ECHO_API_KEY", "entered-key-01")
    filled = KeyStore(settings(tmp_path), lambda: None).fill(settings(tmp_path))
    assert filled.key("ECHO_API_KEY") == SecretStr("entered-key-01")
    assert "entered-key-01" not in f"{filled!r} {filled.model_dump_json()}"


async def test_a_brought_key_is_tried_on_the_page_and_by_the_live_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1] / "live"))
    from provider_checks import provider_checks

    async def test(key: SecretStr, settings: Settings) -> tuple[bool, str]:
        good = key.get_secret_value() == "right-key-01"
        return good, "It works." if good else "It is refused."

    key = KeyKind("ACME_API_KEY", "Acme key", "For Acme.", test)
    add_model(ModelKind("acme", "Acme", "Is acme.", lambda s, d, r: None, keys=(key,)))  # type: ignore[arg-type, return-value]
    for entered, good in (("right-key-01", True), ("wrong-key-01", False)):
        store = KeyStore(settings(tmp_path), lambda: None)
        store.put("ACME_API_KEY", entered)
        assert (await try_key("ACME_API_KEY", store, settings(tmp_path)))[0] is good
        (check,) = provider_checks(PROVIDERS.brought().values(), store.fill(settings(tmp_path)))
        assert check.name == "provider-acme-acme_api_key"
        assert (await check.run()).state == ("pass" if good else "fail")
    assert provider_checks(PROVIDERS.brought().values(), settings(tmp_path)) == []


def test_tools_speak_the_coordinates_of_a_brought_providers_model(tmp_path: Path) -> None:
    def can(model: str) -> Capabilities:
        return Capabilities("plain", "none", coordinates="0-1" if model == "share" else "pixels")

    add_model(ModelKind("acme", "Acme", "Is acme.", lambda s, d, r: ScriptedModel([]), can=can))
    for name, told in (("share", "from 0 to 1"), ("points", "pixels of the screenshot")):
        chosen = settings(tmp_path, model=f"acme:{name}")
        (computer, *_) = tools_for(FakeDesktop(), ScriptedModel([]), chosen)
        assert told in computer.spec.description


def test_the_lab_builds_every_reference_of_the_table() -> None:
    told = {kind.name for kind in PROVIDERS.ours if kind.where == {"lab"}}
    assert set(REFERENCES) == told


def test_the_labs_page_is_told_of_a_measure(bench: Workbench) -> None:
    add_measure(run("typed")["TYPED"])
    view = LabView(context(bench))
    told = {kind["name"]: kind for kind in view._component.measures}["typed"]
    view.close()
    assert told["label"] == "Characters typed"
    assert "trial" in told["where"]


async def test_a_view_is_in_the_rail_of_the_frame_and_of_the_page(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One declaration: the first HTML, the rail, the address; it sees the page's session."""
    monkeypatch.setattr(workbench, "_current", bench)
    line = RequestStartLine("GET", "/dashboard?view=notes", "HTTP/1.1")
    request = HTTPServerRequest(
        start_line=line, headers=HTTPHeaders(Host="localhost"), connection=_Nobody()
    )
    assert 'aria-current="page"' not in _link_of("Notes", first(request, []))
    add_view(run("notes")["NOTES"])
    assert 'aria-current="page"' in _link_of("Notes", first(request, []))
    shell, page = Shell(lambda _: None), context(bench)
    shell.serve(page)
    assert shell.places[-1]["title"] == "Notes"
    page.entry.session.log.append(ev.TaskStarted(task_id="t", text="Water the plants."))
    shell.go("notes")
    assert shell.place == "notes"
    (shown,) = shell._room
    assert [pane.object for pane in shown.select(pn.pane.Str)] == ["Water the plants."]
    shell.close()


async def test_a_view_that_cannot_be_made_harms_only_whoever_goes_there(
    bench: Workbench, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(page: ViewContext) -> Any:
        raise ZeroDivisionError("no view")

    add_view(ViewKind("broken", "Broken", broken))
    shell = Shell(lambda _: None)
    shell.serve(context(bench))
    shell.go("broken")
    (shown,) = shell._room
    assert "cannot be shown: ZeroDivisionError" in " ".join(
        str(text.object) for text in shown.select(pmui.Typography)
    )
    assert [record for record in caplog.records if record.exc_info]
    shell.go("talk")
    assert shell.place == "talk"
    shell.close()


class _Nobody:
    """Where a request would be answered."""

    no_keep_alive = False

    def set_close_callback(self, callback: object) -> None:
        """Nobody leaves."""


def _link_of(label: str, frame: str) -> str:
    return next((line for line in frame.splitlines() if f">{label}</a>" in line), "")


class Entry(EntryPoint):
    """An entry point of an installed package."""


@pytest.mark.parametrize(("value", "known"), [("CLOCK", True), ("make", False), ("gone", False)])
def test_a_package_brings_a_tool_by_an_entry_point(
    tmp_path: Path, value: str, *, known: bool, caplog: pytest.LogCaptureFixture
) -> None:
    package = tmp_path / "sayso_clock-1.dist-info"
    package.mkdir()
    (tmp_path / "sayso_clock.py").write_text(EXAMPLES["clock"] + "\nmake = print\n")
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: sayso-clock\nVersion: 1\n")
    (package / "entry_points.txt").write_text(f"[sayso.tools]\nclock = sayso_clock:{value}\n")
    sys.path.insert(0, str(tmp_path))
    try:
        assert ("clock" in kinds.tool_kinds()) is known
    finally:
        sys.path.remove(str(tmp_path))
        sys.modules.pop("sayso_clock", None)
    assert bool([r for r in caplog.records if "entry point clock" in r.message]) is not known


@pytest.mark.parametrize("name", ["computer", "bash", "a b", "a:b", "", "ä"])
def test_names_that_a_tool_cannot_have(name: str) -> None:
    with pytest.raises(ConfigurationError):
        kinds.add_tool(ToolKind(name, "X", "Does x.", lambda making: FakeTool(name=name)))


@pytest.mark.parametrize("name", sorted({"litellm", *(k.name for k in PROVIDERS.ours)}))
def test_names_that_a_provider_cannot_have(name: str) -> None:
    with pytest.raises(ConfigurationError):
        add_model(ModelKind(name, "X", "Is x.", lambda settings, desktop, rest: None))


def broken(making: Making) -> FakeTool:
    raise ZeroDivisionError


def test_a_tool_that_cannot_be_made_harms_only_who_wants_it(tmp_path: Path) -> None:
    kinds.add_tool(ToolKind("bad", "Bad", "Breaks.", broken))
    kinds.add_tool(ToolKind("liar", "Liar", "Says otherwise.", lambda making: FakeTool(name="x")))
    fine = Session.create(settings(tmp_path), desktop=FakeDesktop(), model=ScriptedModel([]))
    assert {tool.spec.name for tool in fine.tools}.isdisjoint({"bad", "liar", "x"})
    fine.journal.close()
    for name in ("bad", "liar"):
        with pytest.raises(ConfigurationError, match=f"“{name}”"):
            Session.create(
                settings(tmp_path, tools=(name,)), desktop=FakeDesktop(), model=ScriptedModel([])
            )
    with pytest.raises(ConfigurationError, match=r"let ToolSpec\.name be “liar”"):
        make_tool(kinds.tool_kinds()["liar"], Making(FakeDesktop()))


async def test_a_provider_that_breaks_is_told_by_the_first_turn(tmp_path: Path) -> None:
    def make(settings: Settings, desktop: object, rest: str) -> Any:
        raise ZeroDivisionError("no model")

    add_model(ModelKind("bad", "Bad", "Breaks.", make))
    model = build_model(settings(tmp_path, model="bad:x"), FakeDesktop())
    with pytest.raises(ModelUnavailable, match="Bad cannot be used"):
        async for _ in model.stream(None):  # type: ignore[arg-type]
            pass


class Raises(FakeTool):
    """A tool with a fault of its own, before or while it acts."""

    async def intent(self, call: Any) -> Any:
        if self.window == "before":
            raise KeyError("before")
        return await super().intent(call) if self.window != "nothing" else None

    async def run(self, call: Any, output: Any) -> Any:
        if self.window == "within":
            raise KeyError("within")
        return None


@pytest.mark.parametrize("when", ["before", "within", "nothing", "no result"])
async def test_a_tool_that_raises_tells_the_model_and_the_task_goes_on(
    tmp_path: Path, when: str, caplog: pytest.LogCaptureFixture
) -> None:
    model = ScriptedModel(
        [[*call("left_click", coordinate=[1, 1]), *done("tool_use")], [*says("I see."), *done()]]
    )
    tool = Raises(window=when)
    session = Session.create(settings(tmp_path), desktop=FakeDesktop(), model=model, tools=(tool,))
    await session.open()
    session.say("Click.")
    await session.wait_idle(30)
    finished = session.log.of(ev.ActionFinished)[-1]
    assert finished.is_error
    assert "left_click failed inside the tool" in finished.text
    assert session.log.of(ev.TaskFinished)[-1].summary == "I see."
    assert any(record.exc_info for record in caplog.records)
    await session.close()


def test_the_files_that_a_change_touches_are_there() -> None:
    """As the document's last table names them: declaration and code of each kind."""
    table = (ROOT / "docs/extending.md").read_text("utf-8").partition("## In Sayso itself")[2]
    named = re.findall(r"`([a-z_./]+/[a-z_./]+)`", table)
    assert len(named) >= 9
    assert [name for name in named if not (ROOT / name).exists()] == []
    for name, place in re.findall(r"`(OUR_[A-Z]+)` in `([a-z_./]+)`", table):
        assert re.search(rf"^{name}(: \w+)? = ", (ROOT / place).read_text("utf-8"), re.MULTILINE)
