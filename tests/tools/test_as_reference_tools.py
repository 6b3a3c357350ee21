"""What models know from the reference tools holds of ours: inputs, words and effects."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pdfs import pdf
from PIL import Image

from agent.desktop.act import keys
from agent.testing.fake_desktop import FakeDesktop
from agent.tools import ComputerTool, EditorTool, ToolCall, ToolResult


@pytest.fixture
def desktop(tmp_path: Path) -> FakeDesktop:
    return FakeDesktop(width=1280, height=800, home=tmp_path)


async def do(desktop: FakeDesktop, name: str, **given: Any) -> ToolResult:
    return await ComputerTool(desktop).run(ToolCall("a", name, given), lambda _: None)


async def edit(desktop: FakeDesktop, command: str, path: str, **given: Any) -> ToolResult:
    call = ToolCall("a", "str_replace_based_edit_tool", {"command": command, "path": path, **given})
    return await EditorTool(desktop).run(call, lambda _: None)


@pytest.mark.parametrize(
    ("given", "at"),
    [
        ([300, 200], (300, 200)),
        ("300,200", (300, 200)),
        ("[300, 200]", (300, 200)),
        ("(300, 200)", (300, 200)),
        (["300", "200"], (300, 200)),
        ({"y": 200, "x": 300}, (300, 200)),
        ([299.6, 200.4], (300, 200)),
        ([299.5, 200.5], (300, 201)),
        ([-0.3, 0.0], (0, 0)),
        ([1279.9, 799.9], (1279, 799)),
    ],
)
async def test_a_coordinate_in_any_plain_spelling_is_the_nearest_pixel(
    desktop: FakeDesktop, given: Any, at: tuple[int, int]
) -> None:
    result = await do(desktop, "left_click", coordinate=given)
    assert not result.is_error, result.text
    assert desktop.input.deeds == [f"click left {at[0]},{at[1]} x1"]


@pytest.mark.parametrize(
    "given",
    [
        "300,200,1",
        "three",
        "",
        7,
        [1],
        [1, 2, 3],
        [1, None],
        {"x": 1},
        {"x": 1, "y": 2, "z": 3},
        [1280, 5],
        [5, 800],
        [-1, 5],
        [0.4, 0.6],
        "0.4, 0.6",
    ],
)
async def test_any_other_coordinate_clicks_nowhere(desktop: FakeDesktop, given: Any) -> None:
    result = await do(desktop, "left_click", coordinate=given)
    assert result.is_error
    assert desktop.input.deeds == []


@pytest.mark.parametrize(
    ("region", "size"),
    [
        ([100, 100, 300, 200], (1280, 640)),
        ([10, 20, 60, 120], (400, 800)),
        ([0, 0, 1280, 800], (1280, 800)),
        ("[0, 0, 50, 50]", (800, 800)),
    ],
)
async def test_a_zoom_fills_the_screenshots_frame(
    desktop: FakeDesktop, region: Any, size: tuple[int, int]
) -> None:
    result = await do(desktop, "zoom", region=region)
    assert result.image is not None
    assert (result.image.width, result.image.height) == size
    assert f"{size[0]} x {size[1]}" in result.text


@pytest.mark.parametrize(
    "region", [None, [0, 0, 9], [0, 0, -1, 9], [9, 0, 9, 9], [0, 9, 9, 3], [0, 0, 1281, 9], "all"]
)
async def test_a_zoom_of_nothing_shows_nothing(desktop: FakeDesktop, region: Any) -> None:
    result = await do(desktop, "zoom", region=region)
    assert result.is_error
    assert result.image is None


@pytest.mark.parametrize(
    ("given", "pressed"),
    [
        ("ctrl+a Delete", [["Control_L", "a"], ["Delete"]]),
        ("ctrl+a  ctrl+c", [["Control_L", "a"], ["Control_L", "c"]]),
        ("Down Down Down", [["Down"], ["Down"], ["Down"]]),
        ("ctrl + shift + t", [["Control_L", "Shift_L", "t"]]),
        ("ctrl+shift+(", [["Control_L", "Shift_L", "parenleft"]]),
        ("page_down", [["Next"]]),
        ("XF86AudioMute", [["XF86_AudioMute"]]),
        ("ctrl_l+c", [["Control_L", "c"]]),
        ("shiftright", [["Shift_R"]]),
        (" ", [["space"]]),
        ("+", [["plus"]]),
    ],
)
async def test_keys_are_pressed_in_the_order_they_are_named(
    desktop: FakeDesktop, given: str, pressed: list[list[str]]
) -> None:
    result = await do(desktop, "key", text=given)
    assert not result.is_error, result.text
    words = desktop.input.deeds[0].removeprefix("key ").removesuffix(" x1")
    found = [[symbol for _, symbol in combo] for combo in keys.sequence(words)]
    assert found == [[keys.keysym(name) for name in combo] for combo in pressed]


@pytest.mark.parametrize("given", ["Down; rm -rf /", "ctrl+a,Delete", "hello", "ctrl+"])
def test_what_is_no_key_is_refused_whole(given: str) -> None:
    with pytest.raises(keys.BadInput, match="key"):
        keys.sequence(given)


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("key", {"text": "Down", "repeat": 101}),
        ("key", {"text": "Down", "repeat": 0}),
        ("key", {"text": "a", "coordinate": [1, 2]}),
        ("key", {"text": "ctrl-s"}),
        ("key", {"text": "Down; rm"}),
        ("key", {"text": "{ENTER}"}),
        ("hold_key", {"text": "ctrl+", "duration": 0}),
        ("left_click", {"coordinate": [5, 6], "text": "Return"}),
        ("scroll", {"scroll_direction": "up", "scroll_amount": 1, "text": "ctrl+a"}),
        ("type", {}),
        ("mouse_move", {}),
        ("scroll", {"scroll_direction": "sideways", "scroll_amount": 1}),
        ("navigate", {}),
        ("computer", {"action": "navigate"}),
    ],
)
async def test_a_wrong_call_does_nothing(
    desktop: FakeDesktop, name: str, given: dict[str, Any]
) -> None:
    assert (await do(desktop, name, **given)).is_error
    assert desktop.input.deeds == []


async def test_modifiers_and_numbers_as_text_reach_the_driver(desktop: FakeDesktop) -> None:
    await do(desktop, "left_click", coordinate=[5, 6], text="ctrl")
    await do(desktop, "left_click_drag", start_coordinate="1,2", coordinate="3,4", text="shift")
    await do(desktop, "scroll", coordinate=[5, 6], scroll_direction="Down", scroll_amount="3")
    await do(desktop, "key", text="Down", repeat="3")
    assert desktop.input.deeds == [
        "click left 5,6 x1 ctrl",
        "drag (1, 2) (3, 4) shift",
        "scroll down 3",
        "key Down x3",
    ]


@pytest.mark.parametrize(
    ("before", "line", "after"),
    [
        ("1\n2\n3", 2, "1\n2\nnew\n3"),
        ("1\n2", 0, "new\n1\n2"),
        ("1\n2", 2, "1\n2\nnew"),
        ("1\n2\n", 2, "1\n2\nnew\n"),
        ("", 0, "new\n"),
    ],
)
async def test_a_line_that_is_inserted_is_a_line_of_its_own(
    desktop: FakeDesktop, before: str, line: int, after: str
) -> None:
    (desktop.home / "a").write_text(before)
    given = {"insert_line": line, "insert_text": "new"}
    result = await edit(desktop, "insert", "a", **given)
    assert "has been edited" in result.text
    assert (desktop.home / "a").read_text() == after
    (desktop.home / "a").write_text(before)
    assert not (await edit(desktop, "insert", "a", insert_line=str(line), new_str="new")).is_error
    assert (desktop.home / "a").read_text() == after


async def test_tabs_stand_in_a_view_as_they_are_to_be_replaced(desktop: FakeDesktop) -> None:
    (desktop.home / "Makefile").write_text("all:\n\techo old\n")
    seen = (await edit(desktop, "view", "Makefile", view_range="[2, 2]")).text
    recipe = next(x for x in seen.splitlines() if x.startswith("     2\t")).partition("\t")[2]
    await edit(
        desktop, "str_replace", "Makefile", old_str=recipe, new_str=recipe.replace("old", "new")
    )
    assert (desktop.home / "Makefile").read_text() == "all:\n\techo new\n"
    blanks = await edit(desktop, "str_replace", "Makefile", old_str="        echo", new_str="x")
    assert "did not appear verbatim" in blanks.text


async def test_a_file_is_made_over_another_and_not_over_a_folder(desktop: FakeDesktop) -> None:
    (desktop.home / "a").write_text("old")
    (desktop.home / "folder").mkdir()
    assert (await edit(desktop, "create", "a", file_text="")).text.startswith(
        "File created successfully at: a"
    )
    assert (desktop.home / "a").read_text() == ""
    assert (await edit(desktop, "create", "folder", file_text="")).is_error


@pytest.mark.parametrize(("name", "size"), [("a.png", (200, 150)), ("b.gif", (2, 2))])
async def test_a_picture_is_shown_with_its_size(
    desktop: FakeDesktop, name: str, size: tuple[int, int]
) -> None:
    Image.new("RGB", size, "green").save(desktop.home / name)
    result = await edit(desktop, "view", name)
    assert result.image is not None
    assert f"{size[0]}x{size[1]}" in result.text


async def test_a_document_of_one_page_has_one_page(desktop: FakeDesktop) -> None:
    (desktop.home / "a.pdf").write_bytes(pdf(1))
    assert "has 1 page." in (await edit(desktop, "view", "a.pdf")).text
