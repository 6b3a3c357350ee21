"""A tool is named where it is declared; everybody else asks the declaration."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.experiments.plan.spec import Arm
from agent.kinds import COMPUTER, OUR_TOOLS, TOOLS, ToolKind, add_tool
from agent.session.approval import Approvals
from agent.testing.fake_desktop import FakeDesktop
from agent.tools import build_tools
from agent.tools.base import Intent

ROOT = Path(__file__).parents[2]
NAMES = {name for kind in OUR_TOOLS for name in (kind.name, kind.called)} - {"screen", "browser"}
"""What is looked for; a screen and a browser are many other things as well."""

WIRE = {
    "agent/models/claude/hosted.py": {"computer"},
    "agent/models/claude/portable.py": {"computer"},
    "agent/testing/messages_script.py": {"computer"},
    "agent/testing/messages_sse.py": {"computer"},
}
"""The Messages API's own names, where it is spoken or stood in for."""

NO_TOOLS = {
    "agent/desktop/see/echo.py": {"bash"},  # the program
    "agent/desktop/server/starts.py": {"shell"},  # a kind of process
    "agent/experiments/osworld/reading.py": {"shell"},  # a step of a set-up
    "agent/experiments/plan/deeds.py": {"shell"},  # a step of a solution
    "agent/experiments/plan/desktop_interrupt.py": {"shell"},  # a step of a solution
    "agent/experiments/plan/task.py": {"shell"},  # a step of a set-up
    "agent/experiments/run/foreign.py": {"computer", "editor", "shell"},  # by what others act
    "agent/experiments/run/oracle.py": {"shell"},  # a step of a solution
    "agent/experiments/run/stagehand.py": {"shell"},  # a step of a set-up
    "agent/session/approval.py": {"shell"},  # a rule
    "agent/testing/fake_kernel.py": {"bash"},  # the program
    "dashboard/js/build.mjs": {"shell"},  # a file
}
"""Other things that are called the same."""


def test_a_tool_is_named_by_its_declaration_only() -> None:
    allowed: dict[str, set[str]] = {}
    for table in (_declared(), WIRE, NO_TOOLS):
        for place, names in table.items():
            allowed[place] = allowed.get(place, set()) | names
    found: dict[str, set[str]] = {}
    for place, name in [*_in_python(), *_in_scripts()]:
        found.setdefault(place, set()).add(name)
    assert found.pop("agent/kinds.py") <= NAMES
    assert found == allowed


def _declared() -> dict[str, set[str]]:
    """Each tool's own module, by which the model knows it."""
    tools = build_tools(FakeDesktop())
    files = [Path(inspect.getfile(type(tool))).relative_to(ROOT) for tool in tools]
    return {str(file): {tool.spec.name} for file, tool in zip(files, tools, strict=True)}


def _in_python() -> Iterator[tuple[str, str]]:
    for path in (*ROOT.glob("agent/**/*.py"), *ROOT.glob("dashboard/**/*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and node.value in NAMES:
                yield str(path.relative_to(ROOT)), node.value


def _in_scripts() -> Iterator[tuple[str, str]]:
    quoted = re.compile(rf"[\"'`]({'|'.join(NAMES)})[\"'`]")
    for path in (*ROOT.glob("dashboard/**/*.js"), *ROOT.glob("dashboard/**/*.mjs")):
        if not path.name.endswith(".bundle.js"):
            for name in quoted.findall(path.read_text("utf-8")):
                yield str(path.relative_to(ROOT)), name


@pytest.fixture
def paw() -> Iterator[ToolKind]:
    """A tool somebody brought that acts by keyboard and pointer, and one that runs commands."""
    made = ToolKind("paw", "Paw", "Presses keys.", COMPUTER.make, hands=True, commands=True)
    add_tool(made)
    yield made
    TOOLS.forget("paw")


def test_what_a_tool_declares_is_what_the_rules_go_by(paw: ToolKind) -> None:
    """Keys of a tool with hands may reach a terminal, whatever it is called."""
    approvals = Approvals()
    pressed = {"key": "Return"}
    assert approvals.judge(Intent("paw", "key", pressed)).rule == "terminal"
    assert approvals.may_reach(Intent("paw", "key", pressed))
    assert approvals.judge(Intent("claw", "key", pressed)).rule == "other tool"
    assert not approvals.may_reach(Intent("claw", "key", pressed))


def test_what_runs_commands_is_told_in_reports(paw: ToolKind) -> None:
    assert Arm(tools=("paw",)).shell_allowed
    assert Arm().shell_allowed
    assert not Arm(tools=(COMPUTER.name,)).shell_allowed
