"""The person's files go with an exported session and come back; a program's state only by name."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from agent import events as ev
from agent.errors import ConfigurationError, FilesError
from agent.export import export_session, import_session
from agent.home import SessionHome, checked_folder, home_folder, kept_files
from agent.journal import SqliteJournal, session_folder
from agent.log import EventLog
from agent.replay.bundle import export_recording, unpack_export


@pytest.fixture
def data(tmp_path: Path) -> Path:
    journal = SqliteJournal(session_folder(tmp_path, "one"))
    log = EventLog(journal)
    log.append(ev.SessionOpened(session_id="one", model="m", prompt_hash="h"))
    log.append(ev.HomeChanged(state="open", folder="/srv/else"))
    journal.close()
    home = home_folder(tmp_path, "one")
    (home / "a" / "b").mkdir(parents=True)
    (home / "a" / "b" / "-n\nline").write_bytes(b"1")
    (home / "a" / ".hidden").write_bytes(b"2")
    Path(os.fsdecode(os.fsencode(home) + b"/caf\xe9")).write_bytes(b"3")
    (home / ".mozilla").mkdir()
    (home / ".mozilla" / "profile").write_bytes(b"4")
    (home / "link").symlink_to("/etc/passwd")
    return tmp_path


def contents(home: Path) -> dict[bytes, bytes]:
    files = (path for path in home.rglob("*") if path.is_file())
    return {os.fsencode(path.relative_to(home)): path.read_bytes() for path in files}


MINE = {b"a/b/-n\nline": b"1", b"caf\xe9": b"3"}


def test_files_go_along_and_come_back(data: Path, tmp_path: Path):
    assert kept_files(data, "one") == (2, 2)
    folder = export_session(data, "one", tmp_path / "out")
    assert contents(folder / "home") == MINE
    import_session(folder, tmp_path / "in", session_id="two")
    assert contents(home_folder(tmp_path / "in", "two")) == MINE


def test_a_programs_state_goes_along_when_it_is_asked_for_by_name(data: Path, tmp_path: Path):
    folder = export_session(data, "one", tmp_path / "out", programs=[".mozilla"])
    import_session(folder, tmp_path / "in", session_id="two")
    wanted = MINE | {b".mozilla/profile": b"4"}
    assert contents(home_folder(tmp_path / "in", "two")) == wanted
    without = export_session(data, "one", tmp_path / "bare", files=False)
    assert not (without / "home").exists()
    with pytest.raises(FilesError):
        export_session(data, "one", tmp_path / "none", programs=[".nothing"])


def test_an_archive_holds_any_name(data: Path, tmp_path: Path):
    packed = export_recording(session_folder(data, "one"), tmp_path / "a.zip", "folder")
    folder = unpack_export(packed, tmp_path / "unpacked")
    assert contents(folder / "home") == MINE


def test_an_imported_log_chooses_no_folder_here(data: Path):
    journal = SqliteJournal(session_folder(data, "one"))
    assert SessionHome(journal.folder, None, EventLog(journal)).folder is None
    journal.close()


def test_a_folder_that_was_worked_in_is_worked_in_again(data: Path, tmp_path: Path):
    work = tmp_path.parent / f"{tmp_path.name}-work"
    work.mkdir()
    session = session_folder(data, "one")
    SessionHome(session, work, EventLog()).opened(0)
    assert SessionHome(session, None, EventLog()).folder == work
    (tmp_path.parent / f"{tmp_path.name}-link").symlink_to(work)
    link = tmp_path.parent / f"{tmp_path.name}-link"
    assert SessionHome(session, link, EventLog()).folder == work


@pytest.mark.parametrize(
    ("folder", "why"),
    [
        ("/", "whole file system"),
        ("~", "your own home folder"),
        ("/etc/ssl", "belongs to the system"),
        ("{data}", "Sayso's own data"),
        ("{data}/sessions/one/home", "Sayso's own data"),
        ("/tmp", "temporary files|Sayso's own data"),
        ("{data}/nothing", "no folder"),
    ],
)
def test_folders_that_are_not_handed_out(data: Path, folder: str, why: str):
    with pytest.raises(ConfigurationError, match=why):
        checked_folder(Path(folder.format(data=data)), session_folder(data, "one"))
