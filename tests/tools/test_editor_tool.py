"""The editor: exact texts, exact files, and no way out of its folder."""

from __future__ import annotations

import io
import os
import resource
from pathlib import Path
from typing import Any

import pytest
from pdfs import pdf, written_pdf
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


async def test_what_a_terminal_wrote_is_a_text(editor: EditorTool, home: Path) -> None:
    """With its colours, bells and forms."""
    (home / "log").write_bytes(b"\x1b]0;title\a\x1b[31mred\x1b[0m\b\v\fend\n")
    assert "red" in (await edit(editor, "view", "log")).text
    await edit(editor, "str_replace", "log", old_str="end", new_str="over")
    assert (home / "log").read_bytes() == b"\x1b]0;title\a\x1b[31mred\x1b[0m\b\v\fover\n"


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


@pytest.mark.parametrize("path", ["link", "dir/a.txt", "dangling", "up"])
@pytest.mark.parametrize("command", ["view", "create", "str_replace", "insert"])
async def test_a_link_inside_the_home_is_not_followed_and_says_so(
    editor: EditorTool, home: Path, path: str, command: str
) -> None:
    """Neither the link nor what it leads to is changed; the real path is asked for."""
    (home / "real").mkdir()
    (home / "real/a.txt").write_text("one\n")
    targets = {"link": "real/a.txt", "dir": "real", "dangling": "new.txt", "up": "../home/real"}
    for name, target in targets.items():
        (home / name).symlink_to(target)
    given = {"file_text": "b", "old_str": "one", "new_str": "b", "insert_line": 0}
    result = await edit(editor, command, path, **given, insert_text="b")
    assert result.is_error
    assert "symbolic link" in result.text
    assert "followed" in result.text
    assert {name: str((home / name).readlink()) for name in targets} == targets
    assert (home / "real/a.txt").read_text() == "one\n"
    assert not (home / "new.txt").exists()
    assert "one" in (await edit(editor, "view", "real/a.txt")).text


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
    edited = await edit(editor, "str_replace", "giant", old_str="a", new_str="b")
    assert "bytes, more than" in edited.text
    assert "binary file" in (await edit(editor, "view", "binary")).text
    assert "naïve" in (await edit(editor, "view", "latin")).text
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


# What a write leaves as it was ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "old", "new", "after"),
    [
        (b"a\r\nb\r\n", "a\nb", "x\ny", b"x\r\ny\r\n"),
        (b"a\r\nb\r\n", "\nb", "\nB", b"a\r\nB\r\n"),
        (b"a\nb\r\nc\n", "a\nb\nc", "A\nB\nC", b"A\nB\nC\n"),
        (b"a\r\nb\nc\r\n", "b\nc", "b\nx\nc", b"a\r\nb\nx\nc\r\n"),
        (b"a\nb\r\nc\n", "b\r\n", "b\r\nb2\r\n", b"a\nb\r\nb2\r\nc\n"),
        (b"a\nb\n", "a\r\nb", "A\nb", b"A\nb\n"),
        (b"no end", "end", "newline", b"no newline"),
        (b"\xef\xbb\xbfmark\n", "mark", "kept", b"\xef\xbb\xbfkept\n"),
        (b"caf\xe9 na\xefve\n", "café", "thé", b"th\xe9 na\xefve\n"),
        (b"\x81 \x80 caf\xe9\n", "€ caf", "$ caf", b"\x81 $ caf\xe9\n"),
        (b"na\xc3\xafve caf\xe9\n", "naïve", "wise", b"wise caf\xe9\n"),
        (b"na\xc3\xafve caf\xe9\n", "caf\\xe9", "caf\\xe8", b"na\xc3\xafve caf\xe8\n"),
        ("é\r\nb".encode("utf-16"), "b", "ü", "é\r\nü".encode("utf-16")),
        (b"tab\there \n", "here", "there", b"tab\tthere \n"),
        (b"old\rmac\r", "mac", "Mac", b"old\rMac\r"),
    ],
)
async def test_bytes_that_are_not_edited_stay(
    editor: EditorTool, home: Path, before: bytes, old: str, new: str, after: bytes
) -> None:
    (home / "a").write_bytes(before)
    result = await edit(editor, "str_replace", "a", old_str=old, new_str=new)
    assert not result.is_error, result.text
    assert (home / "a").read_bytes() == after
    await edit(editor, "undo_edit", "a")
    assert (home / "a").read_bytes() == before


@pytest.mark.parametrize(
    ("before", "line", "new", "after"),
    [
        ("a\nb\n", 1, "x", "a\nx\nb\n"),
        ("a\nb\n", 0, "x\ny", "x\ny\na\nb\n"),
        ("a\nb\n", 2, "x", "a\nb\nx\n"),
        ("a\nb", 2, "x", "a\nb\nx"),
        ("", 0, "x", "x\n"),
        ("a\n", 1, "x\n", "a\nx\n\n"),
        ("a\r\nb\r\n", 1, "x\ny", "a\r\nx\r\ny\r\nb\r\n"),
        ("a\r\nb", 2, "x", "a\r\nb\r\nx"),
    ],
)
async def test_lines_are_inserted_as_the_reference_tool_does(
    editor: EditorTool, home: Path, before: str, line: int, new: str, after: str
) -> None:
    (home / "a").write_bytes(before.encode())
    result = await edit(editor, "insert", "a", insert_line=line, insert_text=new)
    assert not result.is_error, result.text
    assert (home / "a").read_bytes() == after.encode()


async def test_other_names_owner_and_attributes_of_a_file_stay(
    editor: EditorTool, home: Path
) -> None:
    file = home / "a"
    file.write_text("one two")
    os.link(file, home / "other name")
    file.chmod(0o640)
    if os.geteuid() == 0:
        os.chown(file, 12345, 54321)
    before = file.stat()
    await edit(editor, "str_replace", "a", old_str="one", new_str="1")
    after = file.stat()
    assert (home / "other name").read_text() == "1 two"
    for name in ("st_mode", "st_uid", "st_gid", "st_nlink", "st_ino"):
        assert getattr(after, name) == getattr(before, name)
    assert after.st_mtime_ns >= before.st_mtime_ns


async def test_owner_and_attributes_stay_where_the_file_is_replaced(
    editor: EditorTool, home: Path
) -> None:
    file = home / "a"
    file.write_text("one two")
    if os.geteuid() == 0:
        os.chown(file, 12345, 54321)
    file.chmod(0o751)
    try:
        os.setxattr(file, "user.note", b"kept")
    except OSError:
        pytest.skip("this file system has no attributes")
    before = file.stat()
    await edit(editor, "create", "a", file_text="new")
    after = file.stat()
    assert os.getxattr(file, "user.note") == b"kept"
    assert (after.st_mode, after.st_uid, after.st_gid) == (
        before.st_mode,
        before.st_uid,
        before.st_gid,
    )


async def test_a_write_into_a_linked_file_that_fails_puts_it_back(
    editor: EditorTool, home: Path
) -> None:
    (home / "a").write_text("old")
    os.link(home / "a", home / "b")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        result = await edit(editor, "str_replace", "a", old_str="old", new_str="n" * 5000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert result.is_error
    assert (home / "b").read_text() == "old"


async def test_create_replaces_a_file_and_can_be_undone(editor: EditorTool, home: Path) -> None:
    (home / "a").write_bytes(b"\x7fELF\0")
    made = await edit(editor, "create", "a", file_text="text\n")
    assert made.text.startswith("File created successfully at: a")
    assert "replaced" in made.text
    assert (home / "a").read_text() == "text\n"
    await edit(editor, "undo_edit", "a")
    assert (home / "a").read_bytes() == b"\x7fELF\0"


# What is told ---------------------------------------------------------------------------------


async def test_how_a_file_is_written_is_told(editor: EditorTool, home: Path) -> None:
    (home / "latin").write_bytes(b"caf\xe9\n")
    (home / "mixed").write_bytes(b"na\xc3\xafve\r\ncaf\xe9\n")
    (home / "wide").write_bytes("naïve\n".encode("utf-16"))
    (home / "late").write_bytes(b"a line\n" * 20_000 + b"caf\xe9\n")
    latin, mixed, wide = [
        (await edit(editor, "view", name)).text for name in ("latin", "mixed", "wide")
    ]
    assert "     1\tcafé\n[The file is written in Windows-1252 (Latin-1), and stays so.]" in latin
    assert "naïve" in mixed
    assert "caf\\xe9" in mixed
    assert "not all UTF-8" in mixed
    assert "Line ends are mixed" in mixed
    assert "     1\tnaïve\n[The file is written in UTF-16" in wide
    assert "café" in (await edit(editor, "view", "late", view_range=[20_001, -1])).text
    refused = await edit(editor, "str_replace", "latin", old_str="caf", new_str="漢")
    assert "has no “漢”" in refused.text
    assert (home / "latin").read_bytes() == b"caf\xe9\n"


@pytest.mark.parametrize(
    ("old", "hint"),
    [
        ("def f():\n  return 1", "With other white space it is at line 2"),
        ("     2\tdef f():", "line numbers of a view"),
        ("nothing like it", "in a."),
    ],
)
async def test_a_text_that_is_not_there_comes_with_a_hint(
    editor: EditorTool, home: Path, old: str, hint: str
) -> None:
    (home / "a").write_text("#\ndef f():\n\treturn 1\n")
    result = await edit(editor, "str_replace", "a", old_str=old, new_str="x")
    assert hint in result.text
    assert result.is_error
    assert (home / "a").read_text() == "#\ndef f():\n\treturn 1\n"


async def test_a_file_whose_name_is_no_utf8_can_be_reached_as_it_is_shown(
    editor: EditorTool, home: Path
) -> None:
    (Path(os.fsdecode(os.fsencode(home) + b"/caf\xe9.txt"))).write_text("inside")
    assert "caf\\xe9.txt" in (await edit(editor, "view", ".")).text
    assert "inside" in (await edit(editor, "view", "caf\\xe9.txt")).text


# Large files ----------------------------------------------------------------------------------


async def test_parts_of_a_large_log_are_viewed_without_reading_it_whole(
    editor: EditorTool, home: Path
) -> None:
    """One of a gigabyte, all but its beginning a hole."""
    with (home / "log").open("wb") as file:
        file.write(b"".join(b"line %d\n" % n for n in range(1, 1_000_001)))
    with (home / "vast").open("wb") as file:
        file.write(b"first\nsecond\n" + b"more\n" * 20_000)
        file.truncate(1 << 30)
    assert (home / "log").stat().st_size > 5 << 20
    part = await edit(editor, "view", "log", view_range=[765_432, 765_433])
    assert part.text.endswith(":\n765432\tline 765432\n765433\tline 765433\n")
    assert (
        "1000000\tline 1000000"
        in (await edit(editor, "view", "log", view_range=[999_999, -1])).text
    )
    over = await edit(editor, "view", "log", view_range=[999_999, 1_000_001])
    assert "number of lines in the file: `1000000`" in over.text
    beginning = await edit(editor, "view", "log")
    assert "     1\tline 1\n" in beginning.text
    assert "bytes; ask for a part with view_range" in beginning.text
    assert len(beginning.text) < 101_000
    assert "second" in (await edit(editor, "view", "vast", view_range=[1, 2])).text


async def test_one_line_of_five_megabytes_is_cut(editor: EditorTool, home: Path) -> None:
    (home / "a").write_text("x" * (5 << 20) + "\nnext\n")
    assert "cut in line 1" in (await edit(editor, "view", "a")).text
    assert "     2\tnext" in (await edit(editor, "view", "a", view_range=[2, 2])).text


# Pictures and PDFs ----------------------------------------------------------------------------


async def test_a_pictures_size_is_named(editor: EditorTool, home: Path) -> None:
    Image.new("RGB", (4000, 1000), "red").save(home / "a.jpg")
    Image.new("RGB", (40, 10), "red").save(home / "b.png")
    large, small = [(await edit(editor, "view", name)).text for name in ("a.jpg", "b.png")]
    assert "4000x1000 pixels. It was scaled from 4000x1000 to 1280x320 pixels." in large
    assert small.endswith("40x10 pixels.")


async def test_a_pdf_is_read_page_by_page(editor: EditorTool, home: Path) -> None:
    (home / "a.pdf").write_bytes(
        written_pdf("First page of words, enough.", "And a second one here.")
    )
    whole = await edit(editor, "view", "a.pdf")
    assert "has 2 pages" in whole.text
    assert "[page 1]\nFirst page of words, enough." in whole.text
    assert "[page 2]\nAnd a second one here." in whole.text
    assert whole.image is None
    second = await edit(editor, "view", "a.pdf", view_range=[2, 2])
    assert "First" not in second.text
    refused = await edit(editor, "view", "a.pdf", view_range=[2, 3])
    assert refused.is_error
    assert "has 2 pages" in refused.text


async def test_a_page_without_text_is_shown_as_a_picture(editor: EditorTool, home: Path) -> None:
    (home / "scan.pdf").write_bytes(pdf(3))
    result = await edit(editor, "view", "scan.pdf", view_range=[2, 3])
    assert result.image is not None
    assert "Page 2 has no text" in result.text


@pytest.mark.parametrize("data", [b"%PDF-1.7\nbroken", b"%PDF-1.7\n" + b"\0" * 10_000])
async def test_a_pdf_that_cannot_be_read_says_so(
    editor: EditorTool, home: Path, data: bytes
) -> None:
    (home / "a.pdf").write_bytes(data)
    result = await edit(editor, "view", "a.pdf")
    assert result.is_error
    assert "cannot be read as a PDF" in result.text
