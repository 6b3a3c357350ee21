"""The person's files go with an exported session and come back; a program's state only by name."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import stat
import threading
from pathlib import Path

import pytest
from deep import dig

from agent.errors import ConfigurationError, FilesError
from agent.record import events as ev
from agent.record.export import export_session, import_session, left_out
from agent.record.journal import SqliteJournal, list_sessions, session_folder
from agent.record.log import EventLog
from agent.replay.bundle import archived_left_out, export_recording, unpack_export
from agent.session.home import (
    MOST_BYTES,
    SessionHome,
    carry,
    checked_folder,
    home_folder,
    kept_files,
)


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


EMPTY = "empty caf\udce9\n"
MINE = {b"a/b/-n\nline": b"1", b"caf\xe9": b"3"}


def test_files_go_along_and_come_back(data: Path, tmp_path: Path):
    assert kept_files(data, "one") == (2, 2)
    folder = export_session(data, "one", tmp_path / "out")
    assert contents(folder / "home") == MINE
    import_session(folder, tmp_path / "in", session_id="two")
    assert contents(home_folder(tmp_path / "in", "two")) == MINE


def test_permissions_and_dates_go_along_and_what_is_no_file_stays(data: Path, tmp_path: Path):
    home = home_folder(data, "one")
    script = home / "run.sh"
    script.write_text("echo")
    script.chmod(0o4755)
    (home / EMPTY).mkdir(mode=0o750)
    for each in (script, home / EMPTY):
        os.utime(each, (5, 5))
    os.mkfifo(home / "pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        here = os.getcwd()
        os.chdir(home)
        listening.bind("socket")
        os.chdir(here)
    if os.geteuid() == 0:
        os.mknod(home / "zero", 0o666 | stat.S_IFCHR, os.makedev(1, 5))
    folder = export_session(data, "one", tmp_path / "out")
    import_session(folder, tmp_path / "in", session_id="two")
    packed = export_recording(session_folder(data, "one"), tmp_path / "a.zip", "folder")
    unpacked = unpack_export(packed, tmp_path / "unpacked") / "home"
    for copy in (folder / "home", home_folder(tmp_path / "in", "two"), unpacked):
        assert contents(copy) == MINE | {b"run.sh": b"echo"}
        for name, mode in (("run.sh", 0o755), (EMPTY, 0o750)):
            info = (copy / name).stat()
            assert (stat.S_IMODE(info.st_mode), info.st_mtime) == (mode, 5)
        assert list((copy / EMPTY).iterdir()) == []
    told = {line.partition(":")[0] for line in left_out(folder)}
    assert told >= {"link", "pipe", "socket"}
    assert set(archived_left_out(packed)) == set(left_out(folder))


def test_what_goes_away_or_grows_meanwhile_does_not_break_an_export(data: Path, tmp_path: Path):
    """Files come, go and grow all the while; each export is whole all the same."""
    home, over = home_folder(data, "one"), threading.Event()

    def busy() -> None:
        number = 0
        with (home / "log").open("ab") as log:
            while not over.is_set():
                number += 1
                log.write(b"x" * 10_000)
                (home / "a" / f"{number % 50}").write_bytes(b"y")
                (home / "a" / f"{(number + 1) % 50}").unlink(missing_ok=True)

    writer = threading.Thread(target=busy)
    writer.start()
    try:
        for number in range(20):
            folder = export_session(data, "one", tmp_path / f"out{number}")
            assert contents(folder / "home").items() >= MINE.items()
            assert all(
                name.startswith(("a/", "There is no a/", "link")) for name in left_out(folder)
            )
    finally:
        over.set()
        writer.join()


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_what_may_not_be_read_is_named(data: Path, tmp_path: Path):
    (home_folder(data, "one") / "a" / "b" / "-n\nline").chmod(0)
    folder = export_session(data, "one", tmp_path / "out")
    assert [line.partition(" ")[0] for line in left_out(folder)] == ["a/b/-n\\nline", "link:"]


def test_a_path_that_cannot_be_written_elsewhere_is_named(data: Path, tmp_path: Path):
    """It lies so deep that its path is longer than the system takes, but for its name."""
    dig(home_folder(data, "one"), 20, "d" * 250)
    folder = export_session(data, "one", tmp_path / "out")
    assert contents(folder / "home").items() >= MINE.items()
    assert any("ddd/bottom: its path would be too long" in name for name in left_out(folder))


def test_what_lies_too_deep_is_named_and_the_rest_is_counted(data: Path, tmp_path: Path):
    dig(home_folder(data, "one"), 200)
    carried = carry(home_folder(data, "one"), tmp_path / "out")
    assert carried.files == len(MINE)
    [deep, link] = carried.left_out
    assert "lies too deep" in deep
    assert link == "link: a link, which is not followed"


def test_a_killed_import_leaves_no_session_and_can_be_done_again(data: Path, tmp_path: Path):
    (home_folder(data, "one") / "large").write_bytes(os.urandom(30_000_000))
    folder, target = export_session(data, "one", tmp_path / "out"), tmp_path / "in"
    pid = os.fork()
    if pid == 0:
        import_session(folder, target, session_id="two")
        os._exit(0)
    while not list(target.glob("**/large")) and os.waitpid(pid, os.WNOHANG) == (0, 0):
        pass
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    whole = (target / "sessions" / "two").exists()
    assert whole == ("two" in list_sessions(target))
    if not whole:
        import_session(folder, target, session_id="two")
    assert contents(home_folder(target, "two")) == contents(folder / "home")
    for old in (target / "incoming").iterdir():
        os.utime(old, (0, 0))
    import_session(folder, target, session_id="three")
    assert list((target / "incoming").iterdir()) == []


def test_a_programs_state_goes_along_when_it_is_asked_for_by_name(data: Path, tmp_path: Path):
    folder = export_session(data, "one", tmp_path / "out", programs=[".mozilla"])
    import_session(folder, tmp_path / "in", session_id="two")
    wanted = MINE | {b".mozilla/profile": b"4"}
    assert contents(home_folder(tmp_path / "in", "two")) == wanted
    without = export_session(data, "one", tmp_path / "bare", files=False)
    assert not (without / "home").exists()
    with pytest.raises(FilesError):
        export_session(data, "one", tmp_path / "none", programs=[".nothing"])


def test_a_home_too_large_to_go_along_says_how_the_rest_can_be_exported(data: Path, tmp_path: Path):
    with (home_folder(data, "one") / "huge").open("wb") as file:
        file.truncate(MOST_BYTES)
    with pytest.raises(FilesError, match="--without-files"):
        export_session(data, "one", tmp_path / "out")


def test_an_archive_holds_any_name(data: Path, tmp_path: Path):
    packed = export_recording(session_folder(data, "one"), tmp_path / "a.zip", "folder")
    folder = unpack_export(packed, tmp_path / "unpacked")
    assert contents(folder / "home") == MINE


def test_an_imported_log_chooses_no_folder_here(data: Path):
    journal = SqliteJournal(session_folder(data, "one"))
    assert SessionHome(journal.folder, None, EventLog(journal)).folder is None
    journal.close()


@pytest.mark.parametrize("name", ["-work", "-caf\udce9", "-two\r\nlines ", "-" + "n" * 200])
def test_a_folder_that_was_worked_in_is_worked_in_again(data: Path, tmp_path: Path, name: str):
    """Whatever its name, which stands in the log as text that can be stored."""
    work = tmp_path.parent / f"{tmp_path.name[:20]}{name}"
    work.mkdir()
    session = session_folder(data, "one")
    opened = SessionHome(session, work, EventLog()).opened(0)
    assert ev.dump_event(opened).isascii()
    assert SessionHome(session, None, EventLog()).folder == work
    link = tmp_path.parent / f"{tmp_path.name}-link"
    link.symlink_to(work)
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
        ("{data}/a\0b", "no folder"),
    ],
)
def test_folders_that_are_not_handed_out(data: Path, folder: str, why: str):
    with pytest.raises(ConfigurationError, match=why):
        checked_folder(Path(folder.format(data=data)), session_folder(data, "one"))
