"""Launchers out of desktop entries, by the Desktop Entry specification."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.desktop.server.launchers import parse_exec, read_launchers


def entry(folder: Path, name: str, text: str) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"[Desktop Entry]\nType=Application\n{text}\n", "utf-8")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("mousepad %F", ("mousepad",)),
        ("env A=1 prog --url=%u -x", ("env", "A=1", "prog", "--url=", "-x")),
        ('"/opt/My App/run" "two words" %i', ("/opt/My App/run", "two words")),
        ("prog --name %c %k", ("prog", "--name", "The Name", "/x.desktop")),
        ("prog 100%%", ("prog", "100%")),
        ('prog ""', ("prog", "")),
        ('prog "unbalanced', ()),
        ("", ()),
    ],
)
def test_exec_lines_become_argument_lists(line: str, words: tuple[str, ...]) -> None:
    """Unquoted, without field codes; nothing ever goes through a shell."""
    assert parse_exec(line, name="The Name", path=Path("/x.desktop")) == words


def test_only_what_a_menu_shows_is_listed(tmp_path: Path) -> None:
    entry(tmp_path, "b.desktop", "Name=Beta\nExec=ls %U\nKeywords=files; dirs;;\nGenericName=G")
    entry(tmp_path, "sub/a.desktop", "Name=alpha\nExec=cat")
    for name, text in {
        "hidden": "Name=H\nExec=ls\nHidden=true",
        "nodisplay": "Name=N\nExec=ls\nNoDisplay=true",
        "gnome": "Name=O\nExec=ls\nOnlyShowIn=GNOME;",
        "not": "Name=X\nExec=ls\nNotShowIn=XFCE;",
        "gone": "Name=G\nExec=/no/such/program",
        "try": "Name=T\nExec=ls\nTryExec=/no/such/program",
        "link": "Name=L\nType=Link\nURL=x",
        "noexec": "Name=E",
    }.items():
        entry(tmp_path, f"{name}.desktop", text)
    (tmp_path / "broken.desktop").write_bytes(b"\xff\xfe not an entry")
    found = read_launchers([tmp_path])
    assert [(one.id, one.name, one.command) for one in found] == [
        ("sub-a", "alpha", ("cat",)),
        ("b", "Beta", ("ls",)),
    ]
    assert found[1].keywords == ("files", "dirs")
    assert found[1].generic_name == "G"


def test_an_earlier_folder_hides_a_later_ones_entry(tmp_path: Path) -> None:
    entry(tmp_path / "own", "a.desktop", "Name=Mine\nExec=ls")
    entry(tmp_path / "own", "b.desktop", "Name=Off\nExec=ls\nHidden=true")
    entry(tmp_path / "all", "a.desktop", "Name=Theirs\nExec=ls")
    entry(tmp_path / "all", "b.desktop", "Name=On\nExec=ls")
    found = read_launchers([tmp_path / "own", tmp_path / "all"])
    assert [one.name for one in found] == ["Mine"]


def test_a_terminal_program_gets_a_terminal(tmp_path: Path) -> None:
    entry(tmp_path, "top.desktop", "Name=Top\nExec=ls -l\nTerminal=true")
    assert read_launchers([tmp_path])[0].command[0] == "xfce4-terminal"
    assert read_launchers([tmp_path])[0].command[-2:] == ("ls", "-l")


def test_a_changed_entry_and_a_program_that_went_are_seen(tmp_path: Path) -> None:
    """Though files that stay the same are not read again."""
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    entry(tmp_path, "a.desktop", f"Name=One\nExec={program}")
    assert [one.name for one in read_launchers([tmp_path])] == ["One"]
    entry(tmp_path, "a.desktop", f"Name=Two or more\nExec={program}")
    assert [one.name for one in read_launchers([tmp_path])] == ["Two or more"]
    program.unlink()
    assert read_launchers([tmp_path]) == ()
