"""The editor: exact texts, exact files, and no way out of its folder."""

from __future__ import annotations

import io
import os
import resource
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from agent.testing.fake_desktop import FakeDesktop
from agent.tools import EditorTool, ToolCall, ToolResult

NAME = "str_replace_based_edit_tool"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    home.mkdir()
    (tmp_path / "secret.txt").write_text("kept private")
    return home


@pytest.fixture
def editor(home: Path) -> EditorTool:
    return EditorTool(FakeDesktop(home=home))


async def edit(editor: EditorTool, command: str, path: str, **more: Any) -> ToolResult:
    given = {"command": command, "path": path, **more}
    return await editor.run(ToolCall("a", NAME, given), lambda _: None)


async def test_a_file_is_made_viewed_and_edited(editor: EditorTool, home: Path) -> None:
    """The round trip that a model does most."""
    made = await edit(editor, "create", f"{home}/src/a.py", file_text="one\ntwo\nthree\n")
    assert made.text == f"File created successfully at: {home}/src/a.py"
    seen = await edit(editor, "view", "src/a.py")
    assert seen.text == (
        "Here's the result of running `cat -n` on src/a.py:\n"
        "     1\tone\n     2\ttwo\n     3\tthree\n"
    )
    changed = await edit(editor, "str_replace", "~/src/a.py", old_str="two", new_str="2\n2½")
    assert "     2\t2\n     3\t2½\n     4\tthree" in changed.text
    await edit(editor, "insert", "src/a.py", insert_line=0, insert_text="zero")
    assert (home / "src/a.py").read_text() == "zero\none\n2\n2½\nthree\n"


async def test_parts_of_a_file_can_be_viewed(editor: EditorTool, home: Path) -> None:
    (home / "a").write_text("".join(f"line {n}\n" for n in range(1, 11)))
    assert (
        "     4\tline 4\n     5\tline 5\n"
        in (await edit(editor, "view", "a", view_range=[4, 5])).text
    )
    assert (await edit(editor, "view", "a", view_range=[10, -1])).text.endswith("10\tline 10\n")


async def test_undo_takes_back_edits_in_turn(editor: EditorTool, home: Path) -> None:
    """Also the making of a file."""
    await edit(editor, "create", "a", file_text="1")
    await edit(editor, "str_replace", "a", old_str="1", new_str="2")
    await edit(editor, "insert", "a", insert_line=1, insert_text="3")
    assert (home / "a").read_text() == "2\n3"
    await edit(editor, "undo_edit", "a")
    assert (home / "a").read_text() == "2"
    await edit(editor, "undo_edit", "a")
    assert (home / "a").read_text() == "1"
    assert (await edit(editor, "undo_edit", "./a")).text.endswith("undone successfully.")
    assert not (home / "a").exists()
    result = await edit(editor, "undo_edit", "a")
    assert result.is_error
    assert "No edit history found" in result.text


async def test_line_ends_tabs_and_modes_are_kept(editor: EditorTool, home: Path) -> None:
    (home / "dos.txt").write_bytes(b"a\tb\r\nc\r\n")
    (home / "dos.txt").chmod(0o750)
    await edit(editor, "str_replace", "dos.txt", old_str="b\nc", new_str="B\nC")
    assert (home / "dos.txt").read_bytes() == b"a\tB\r\nC\r\n"
    assert (home / "dos.txt").stat().st_mode & 0o777 == 0o750


async def test_folders_are_listed_two_deep_without_hidden_names(
    editor: EditorTool, home: Path
) -> None:
    (home / "a/b/c").mkdir(parents=True)
    (home / "a/b/c/deep").write_text("")
    (home / ".hidden").write_text("")
    (home / "link").symlink_to("/etc")
    text = (await edit(editor, "view", str(home))).text
    assert text.startswith(f"Here's the files and directories up to 2 levels deep in {home}")
    assert text.splitlines()[1:] == ["a/", "a/b/", "link@"]


async def test_a_picture_is_seen_and_fitted(editor: EditorTool, home: Path) -> None:
    Image.new("RGB", (4000, 1000), "red").save(home / "a.jpg")
    result = await edit(editor, "view", "a.jpg")
    assert result.image is not None
    assert (result.image.width, result.image.height) == (1280, 320)
    assert Image.open(io.BytesIO(result.image.data)).size == (1280, 320)


@pytest.mark.parametrize(
    "path",
    [
        "../secret.txt",
        "a/../../secret.txt",
        "/etc/passwd",
        "/",
        "~/../secret.txt",
        "link",
        "dir/secret.txt",
        "dir/new.txt",
        "loop",
    ],
)
@pytest.mark.parametrize("command", ["view", "create", "str_replace", "insert", "undo_edit"])
async def test_nothing_outside_is_read_or_written(
    editor: EditorTool, home: Path, path: str, command: str
) -> None:
    """``..``, absolute paths, links to files and links to folders: all refused."""
    (home / "a").mkdir()
    (home / "link").symlink_to(home.parent / "secret.txt")
    (home / "dir").symlink_to(home.parent)
    (home / "loop").symlink_to("loop")
    result = await edit(
        editor,
        command,
        path,
        file_text="bad",
        old_str="kept",
        new_str="bad",
        insert_line=0,
        insert_text="bad",
    )
    assert result.is_error
    assert "kept private" not in result.text
    assert (home.parent / "secret.txt").read_text() == "kept private"
    assert sorted(entry.name for entry in home.parent.iterdir()) == ["home", "secret.txt"]


async def test_special_and_huge_files_are_refused_at_once(editor: EditorTool, home: Path) -> None:
    """A pipe does not hang the editor, and a giant file does not fill its memory."""
    os.mkfifo(home / "pipe")
    with (home / "giant").open("wb") as file:
        file.truncate(1 << 40)
    (home / "binary").write_bytes(b"\x7fELF\0\0")
    (home / "latin").write_bytes("naïve".encode("latin-1"))
    (home / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nnot a picture")
    assert "not a regular file" in (await edit(editor, "view", "pipe")).text
    assert "bytes, more than" in (await edit(editor, "view", "giant")).text
    assert "binary file" in (await edit(editor, "view", "binary")).text
    assert "not in UTF-8" in (await edit(editor, "view", "latin")).text
    assert "damaged picture" in (await edit(editor, "view", "broken.png")).text


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"command": "view", "path": "no"}, "The path no does not exist. Please provide a valid"),
        ({"command": "view", "path": "a", "view_range": [0, 1]}, "Invalid `view_range`: [0, 1]."),
        ({"command": "view", "path": "a", "view_range": [2, 9]}, "should be smaller than"),
        ({"command": "view", "path": "a", "view_range": [3, 2]}, "larger or equal than its first"),
        ({"command": "view", "path": "a", "view_range": [1]}, "a list of two integers"),
        ({"command": "view", "path": ".", "view_range": [1, 2]}, "is not allowed when `path`"),
        ({"command": "create", "path": "a", "file_text": ""}, "File already exists at: a."),
        (
            {"command": "create", "path": "b"},
            "Parameter `file_text` is required for command: create",
        ),
        ({"command": "create", "path": "."}, "only the `view` command"),
        ({"command": "str_replace", "path": "a"}, "Parameter `old_str` is required"),
        ({"command": "str_replace", "path": "a", "old_str": ""}, "`old_str` is empty"),
        (
            {"command": "str_replace", "path": "a", "old_str": "zzz"},
            "No replacement was performed, old_str `zzz` did not appear verbatim in a.",
        ),
        (
            {"command": "str_replace", "path": "a", "old_str": "x"},
            "Multiple occurrences of old_str `x` in lines [1, 3]. Please ensure it is unique",
        ),
        (
            {"command": "insert", "path": "a", "insert_line": 4, "insert_text": "y"},
            "parameter: 4. It should be within the range of lines of the file: [0, 3]",
        ),
        (
            {"command": "insert", "path": "a", "insert_line": 1},
            "Parameter `insert_text` is required",
        ),
        ({"command": "delete", "path": "a"}, "command"),
        ({"command": "view"}, "path is missing"),
        ({"command": "view", "path": "a\0b"}, "no file name may have"),
        ({"command": "view", "path": "n" * 300}, "too long"),
        ({"command": "create", "path": "b", "file_text": "\ud800"}, "surrogate"),
        ({"command": "create", "path": "b", "file_text": "x" * (4 << 20) + "x"}, "at most"),
    ],
)
async def test_wrong_calls_change_nothing_and_say_why(
    editor: EditorTool, home: Path, given: dict[str, Any], words: str
) -> None:
    (home / "a").write_text("x\ny\nx\n")
    result = await editor.run(ToolCall("a", NAME, given), lambda _: None)
    assert result.is_error
    assert words in result.text
    assert [(entry.name, entry.read_text()) for entry in home.iterdir()] == [("a", "x\ny\nx\n")]


async def test_a_failed_write_leaves_the_old_file_whole(editor: EditorTool, home: Path) -> None:
    """A write that breaks off half-way is not seen, and leaves no spare file."""
    (home / "a").write_text("old")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        result = await edit(editor, "str_replace", "a", old_str="old", new_str="n" * 5000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert result.is_error
    assert "too large" in result.text
    assert [(entry.name, entry.read_text()) for entry in home.iterdir()] == [("a", "old")]


async def test_viewing_is_harmless_and_writing_is_not(editor: EditorTool) -> None:
    view = await editor.intent(ToolCall("a", NAME, {"command": "view", "path": "a"}))
    create = await editor.intent(ToolCall("a", NAME, {"command": "create", "path": ".bashrc"}))
    assert view.harmless
    assert not create.harmless
    assert create.target == {"path": ".bashrc"}
