"""Whatever a model sends, a tool answers in words, and nothing half-done reaches the desktop."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.testing.fake_desktop import FakeDesktop
from agent.tools import ComputerTool, EditorTool, ShellTool, ToolCall, build_tools
from agent.tools.computer import MEMBERS


def ignore(_: str) -> None:
    """Where streamed output goes."""


@pytest.fixture
def desktop(tmp_path: Path) -> FakeDesktop:
    return FakeDesktop(width=1280, height=800, home=tmp_path)


WRONG = [
    ("left_click", {"coordinate": [1280, 10]}, "outside the screen"),
    ("left_click", {"coordinate": [-1, 10]}, "outside the screen"),
    ("left_click", {"coordinate": [10**30, 0]}, "out of range"),
    ("left_click", {"coordinate": [math.nan, 0]}, "finite"),
    ("left_click", {"coordinate": [math.inf, 0]}, "finite"),
    ("left_click", {"coordinate": ["ten", 20]}, "whole number"),
    ("left_click", {"coordinate": ["10%", "20%"]}, "whole number"),
    ("left_click", {"coordinate": "512"}, "list of the right length"),
    ("left_click", {"coordinate": [0.5, 0.5]}, "looks like shares of the screen from 0 to 1"),
    ("left_click", {"coordinate": "[0.0, 1.0]"}, "looks like shares of the screen"),
    ("left_click_drag", {"start_coordinate": [0.1, 0.2], "coordinate": [5, 6]}, "looks like"),
    ("zoom", {"region": [0.25, 0.25, 0.75, 0.75]}, "looks like shares"),
    ("left_click", {"coordinate": [True, 20]}, "whole number"),
    ("left_click", {"coordinate": [1, 2, 3]}, "list of the right length"),
    ("left_click", {"coordinate": "10, 20, 30"}, "list of the right length"),
    ("left_click", {"cordinate": [1, 2]}, "not a field"),
    ("mouse_move", {}, "coordinate is missing"),
    ("left_click_drag", {"start_coordinate": [1, 1]}, "coordinate is missing"),
    ("left_click_drag", {"start_coordinate": [1, 1], "coordinate": [9, 800]}, "outside"),
    ("scroll", {"scroll_direction": "sideways", "scroll_amount": 3}, "scroll_direction"),
    ("scroll", {"scroll_direction": "down", "scroll_amount": -3}, "scroll_amount"),
    ("scroll", {"scroll_direction": "down", "scroll_amount": 1000}, "scroll_amount"),
    ("scroll", {"scroll_direction": "down", "scroll_amount": "lots"}, "whole number"),
    ("type", {"text": ""}, "empty"),
    ("type", {"text": "x" * 100_001}, "at most 100000"),
    ("type", {"text": "a\x1b[A"}, "U+001B"),
    ("type", {"text": "\ud800"}, "U+D800"),
    ("type", {"text": 7}, "must be a string"),
    ("key", {"text": ""}, "key or combination"),
    ("hold_key", {"text": "ctrl+a Return", "duration": 1}, "several keys"),
    ("key", {"text": "a", "repeat": 0}, "repeat"),
    ("key", {"text": "a", "repeat": 101}, "repeat"),
    ("hold_key", {"text": "shift", "duration": -1}, "between 0 and 300"),
    ("hold_key", {"text": "shift", "duration": 1e9}, "between 0 and 300"),
    ("hold_key", {"text": "shift"}, "duration is missing"),
    ("hold_key", {"text": "shift", "duration": 10**400}, "between 0 and 300"),
    ("wait", {"duration": 10**400}, "between 0 and 300"),
    ("wait", {"duration": -math.inf}, "number of seconds"),
    ("key", {"text": "a", "repeat": 10**400}, "out of range"),
    ("scroll", {"scroll_direction": "down", "scroll_amount": -(10**400)}, "out of range"),
    ("zoom", {"region": [0, 0, 10**400, 9]}, "out of range"),
    ("wait", {"duration": math.nan}, "number of seconds"),
    ("wait", {"duration": 301}, "between 0 and 300"),
    ("wait", {"duration": "long"}, "number of seconds"),
    ("zoom", {"region": [0, 0, 0, 0]}, "does not lie on the screen"),
    ("zoom", {"region": [100, 100, 50, 50]}, "does not lie on the screen"),
    ("zoom", {"region": [0, 0, 1281, 800]}, "does not lie on the screen"),
    ("zoom", {"region": [0, 0]}, "list of the right length"),
    ("screenshot", {"format": "png"}, "takes no input"),
    ("fly", {}, "no action 'fly'"),
    ("computer", {}, "action is missing"),
    ("computer", {"action": "fly"}, "no action 'fly'"),
    ("computer", {"action": ["left_click"]}, "action is missing"),
]


@pytest.mark.parametrize(("name", "given_input", "words"), WRONG)
async def test_wrong_input_is_answered_with_what_to_do(
    desktop: FakeDesktop, name: str, given_input: dict[str, Any], words: str
) -> None:
    """The sentence names the problem; the desktop sees nothing of the action."""
    tool = ComputerTool(desktop)
    call = ToolCall("a", name, given_input)
    await tool.intent(call)
    result = await tool.run(call, ignore)
    assert result.is_error
    assert words in result.text
    assert desktop.input.deeds == []


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)
fields = st.sampled_from(
    [
        "action",
        "coordinate",
        "start_coordinate",
        "text",
        "key",
        "duration",
        "repeat",
        "region",
        "scroll_direction",
        "scroll_amount",
        "command",
        "path",
        "view_range",
        "file_text",
        "old_str",
        "new_str",
        "insert_line",
        "restart",
    ]
)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    name=st.sampled_from([n for n in MEMBERS if n not in ("wait", "hold_key")] + ["computer"]),
    given_input=st.dictionaries(fields, anything, max_size=4),
)
async def test_no_input_whatsoever_raises(name: str, given_input: dict[str, Any]) -> None:
    """Any JSON at all is either carried out or answered with an error that has words."""
    given_input.pop("duration", None)
    tool = ComputerTool(FakeDesktop(width=1280, height=800))
    call = ToolCall("a", name, given_input)
    await tool.intent(call)
    result = await tool.run(call, ignore)
    assert result.text or result.image
    assert "inside the tool" not in result.text


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(given_input=st.dictionaries(fields, anything, max_size=5))
async def test_no_input_makes_the_editor_raise(tmp_path: Path, given_input: dict[str, Any]) -> None:
    """The same for the editor."""
    tool = EditorTool(FakeDesktop(home=tmp_path))
    call = ToolCall("a", "str_replace_based_edit_tool", given_input)
    await tool.intent(call)
    result = await tool.run(call, ignore)
    assert result.text
    assert "inside the tool" not in result.text


@pytest.mark.parametrize(
    ("given_input", "words"),
    [
        ({}, "command is empty"),
        ({"command": "  "}, "command is empty"),
        ({"command": "a\0b"}, "U+0000"),
        ({"command": "\udfff"}, "surrogate"),
        ({"command": 5}, "valid string"),
        ({"command": "x" * 100_001}, "at most 100000"),
        ({"command": "ls", "restart": True}, "not both"),
        ({"restart": "yes"}, "valid boolean"),
        ({"cmd": "ls"}, "not a field"),
    ],
)
async def test_the_shell_refuses_what_is_no_command(
    desktop: FakeDesktop, given_input: dict[str, Any], words: str
) -> None:
    """Nothing is started."""
    result = await ShellTool(desktop).run(ToolCall("a", "bash", given_input), ignore)
    assert result.is_error
    assert words in result.text


async def test_a_halted_driver_is_told_in_words(desktop: FakeDesktop) -> None:
    """After a stop, actions are refused by the driver, and the model learns why."""
    desktop.input.halt()
    call = ToolCall("a", "left_click", {"coordinate": [5, 5]})
    result = await ComputerTool(desktop).run(call, ignore)
    assert result.is_error
    assert "stopped" in result.text


def test_every_member_of_the_toolset_is_declared(desktop: FakeDesktop) -> None:
    """Seventeen members, each with a schema that plain dialects can use as it is."""
    spec = build_tools(desktop)[0].spec
    assert spec.hosted == "computer_toolset_20260801"
    assert len(spec.members) == 17
    for schema in spec.members.values():
        assert schema["type"] == "object"
        assert schema["description"]
        assert "$ref" not in str(schema)
        assert "anyOf" not in str(schema)


def test_all_tools_are_built(desktop: FakeDesktop) -> None:
    """Computer, shell and editor, under the names that models know."""
    names = [tool.spec.name for tool in build_tools(desktop)]
    assert names == ["computer", "bash", "str_replace_based_edit_tool"]
