"""Coordinates in every spelling and scale: the pixel that was meant, or a refusal."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.errors import BadInput
from agent.kinds import tool_kinds
from agent.session.parts import tools_for
from agent.settings import Settings
from agent.testing.fake_desktop import FakeDesktop
from agent.tools import ComputerTool, ToolCall
from agent.tools.coordinates import Scale, named, numbers, point, region

sizes = st.tuples(st.integers(1, 4000), st.integers(1, 4000))
spellings = st.sampled_from(
    [
        lambda x, y: [x, y],
        lambda x, y: [str(x), str(y)],
        lambda x, y: f"[{x}, {y}]",
        lambda x, y: f"({x},{y})",
        lambda x, y: f"{x} {y}",
        lambda x, y: f"<point>{x} {y}</point>",
        lambda x, y: f"x={x}, y={y}",
        lambda x, y: [[x, y]],
        lambda x, y: {"x": x, "y": y},
        lambda x, y: {"y": y, "x": x},
        lambda x, y: json.dumps({"x": x, "y": y}),
        lambda x, y: [f"{x}px", f" {y} "],
    ]
)


@given(size=sizes, at=st.tuples(st.integers(0, 3999), st.integers(0, 3999)), spell=spellings)
def test_every_spelling_of_a_pixel_is_that_pixel(
    size: tuple[int, int], at: tuple[int, int], spell: Any
) -> None:
    """On the screen it is reached; beyond it is refused."""
    given_ = numbers(spell(*at), 2)
    if at[0] < size[0] and at[1] < size[1]:
        assert point(given_, size, "pixels") == at
        return
    with pytest.raises(BadInput, match="outside the screen"):
        point(given_, size, "pixels")


@given(size=sizes, share=st.tuples(st.floats(0, 1), st.floats(0, 1)))
def test_shares_mean_the_pixel_at_that_place(
    size: tuple[int, int], share: tuple[float, float]
) -> None:
    """In their own scales; taken for pixels they are refused."""
    for x, length in zip(point(share, size, "0-1"), size, strict=True):
        assert 0 <= x < length
    x, y = point(share, size, "0-1")
    assert abs((x + 0.5) / size[0] - share[0]) <= 1 / size[0]
    assert abs((y + 0.5) / size[1] - share[1]) <= 1 / size[1]
    thousandths = [round(value * 1000) for value in share]
    near = point(thousandths, size, "0-1000")
    assert abs(near[0] - x) <= 1 + size[0] / 1000
    for scale in ("pixels", "0-1000"):
        with pytest.raises(BadInput, match="looks like shares"):
            point(share, size, scale)


@given(size=sizes, at=st.tuples(st.floats(0, 1), st.floats(0, 1)))
def test_a_pixel_has_a_name_in_every_scale(size: tuple[int, int], at: tuple[float, float]) -> None:
    """What the tool says of a place leads back to it, as exactly as the scale can tell."""
    x, y = (min(int(v * n), n - 1) for v, n in zip(at, size, strict=True))
    assert point(named(x, y, size, "pixels"), size, "pixels") == (x, y)
    assert point(named(x, y, size, "0-1"), size, "0-1") == (x, y)
    rough = point(named(x, y, size, "0-1000"), size, "0-1000")
    assert abs(rough[0] - x) <= 1 + size[0] / 1000
    assert abs(rough[1] - y) <= 1 + size[1] / 1000


@pytest.mark.parametrize(
    ("scale", "given_", "words"),
    [
        ("0-1", [512, 300], "from 0 to 1"),
        ("0-1", [-0.1, 0.5], "from 0 to 1"),
        ("0-1000", [1001, 5], "from 0 to 1000"),
        ("0-1000", [0.4, 0.6], "looks like shares"),
        ("pixels", [900, 950], "1280 x 800"),
    ],
)
async def test_another_scale_is_refused_with_the_right_one(
    scale: Scale, given_: list[float], words: str
) -> None:
    desktop = FakeDesktop(width=1280, height=800)
    call = ToolCall("a", "left_click", {"coordinate": given_})
    result = await ComputerTool(desktop, scale).run(call, lambda _: None)
    assert result.is_error
    assert words in result.text
    assert desktop.input.deeds == []


@pytest.mark.parametrize(
    ("scale", "given_", "shown"),
    [("0-1000", [500, 250], "X=500,Y=250"), ("0-1", [0.5, 0.25], "X=0.5004,Y=0.2506")],
)
async def test_the_model_is_answered_in_its_own_scale(
    scale: Scale, given_: list[float], shown: str
) -> None:
    """Click, part of the screen, and place of the pointer; the schema says what is meant."""
    desktop = FakeDesktop(width=1280, height=800)
    tool = ComputerTool(desktop, scale)
    await tool.run(ToolCall("a", "left_click", {"coordinate": given_}), lambda _: None)
    assert desktop.input.deeds == ["click left 640,200 x1"]
    said = await tool.run(ToolCall("b", "cursor_position", {}), lambda _: None)
    assert said.text == shown
    full = given_[0] * 2
    part = await tool.run(ToolCall("c", "zoom", {"region": [0, 0, full, full]}), lambda _: None)
    assert part.image is not None
    assert part.image.width == 1280
    field = tool.spec.members["left_click_drag"]["properties"]["coordinate"]
    assert f"from {scale.replace('-', ' to ')} of the screen" in field["description"]
    assert "pixels" not in tool.spec.description


def test_regions_cover_what_they_touch() -> None:
    assert region([0.25, 0.25, 0.75, 0.75], (1280, 800), "0-1") == (320, 200, 960, 600)
    assert region([250, 250, 750, 750], (1280, 800), "0-1000") == (320, 200, 960, 600)
    assert region([0, 0, 1279.6, 800], (1280, 800), "pixels") == (0, 0, 1280, 800)


class _Foreign:
    """A model that is spoken to in one of the dialects."""

    name = "somebody-s-model"

    def __init__(self, dialect: str) -> None:
        self.dialect = dialect


@pytest.mark.parametrize(("dialect", "pixel"), [("portable", 640), ("toolset", 500)])
async def test_the_setting_is_for_models_that_are_told_our_own_schemas(
    dialect: str, pixel: int
) -> None:
    """Claude's own toolset knows pixels only."""
    desktop = FakeDesktop(width=1280, height=800)
    settings = Settings(_env_file=None, coordinates="0-1000")
    tools = tools_for(desktop, _Foreign(dialect), settings)  # type: ignore[arg-type]
    await tools[0].run(ToolCall("a", "left_click", {"coordinate": [500, 0]}), lambda _: None)
    assert desktop.input.deeds == [f"click left {pixel},0 x1"]
    assert len(tools) == len(tool_kinds())
