"""The examples of docs/extending.md run as they stand, and what they add is in its places."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

from agent import Session, Settings, kinds
from agent.__main__ import _parser
from agent.errors import ConfigurationError, ModelUnavailable
from agent.experiments.plan.spec import Arm
from agent.experiments.run.trial_environment import Stage
from agent.kinds import Making, ModelKind, ToolKind, make_tool
from agent.models.factory import build_model
from agent.record import events as ev
from agent.session.changes import tools_of
from agent.testing.scripted import FakeDesktop, FakeTool, ScriptedModel, call, done, says

TEXT = (Path(__file__).parents[2] / "docs" / "extending.md").read_text("utf-8")
EXAMPLES = dict(re.findall(r"```python\n# (\w+)\.py\n(.*?)```", TEXT, re.DOTALL))


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    """What a test adds is known to that test only."""
    before = dict(kinds._tools), dict(kinds._models)
    yield
    kinds._tools.clear()
    kinds._tools.update(before[0])
    kinds._models.clear()
    kinds._models.update(before[1])


def run(name: str) -> dict[str, Any]:
    space: dict[str, Any] = {"__name__": name}
    exec(compile(EXAMPLES[name], f"docs/extending.md: {name}.py", "exec"), space)
    return space


def settings(tmp_path: Path, **given: Any) -> Settings:
    return Settings(_env_file=None, data_dir=tmp_path, **given)


def test_each_example_is_about_twenty_lines() -> None:
    assert set(EXAMPLES) == {"clock", "echo"}
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
    assert asked.question.startswith("Use the tool “clock” to clock (zone: UTC)?")
    session.approve(asked.approval_id, "allow", channel="button")
    await session.wait_idle(30)
    finished = session.log.of(ev.ActionFinished)[-1]
    assert "UTC" in finished.text
    assert not finished.is_error
    await session.close()


async def test_the_provider_of_the_example_answers(tmp_path: Path) -> None:
    kinds.add_model(run("echo")["ECHO"])
    session = Session.create(settings(tmp_path, model="echo:loud"), desktop=FakeDesktop())
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
    made = Stage().tools(arm, type("T", (), {"gui_only": False})(), FakeDesktop())
    assert [tool.spec.name for tool in made] == ["computer", "clock"]
    assert [tool.spec.name for tool in tools_of(made, ("clock",))] == ["clock"]
    assert [tool.spec.name for tool in tools_of(made, ("computer",))] == ["computer"]
    assert kinds.in_order(("clock", "shell", "computer")) == ("computer", "shell", "clock")


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


@pytest.mark.parametrize("name", sorted(kinds.OUR_MODELS))
def test_names_that_a_provider_cannot_have(name: str) -> None:
    with pytest.raises(ConfigurationError):
        kinds.add_model(ModelKind(name, "X", "Is x.", lambda settings, desktop, rest: None))


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

    kinds.add_model(ModelKind("bad", "Bad", "Breaks.", make))
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
