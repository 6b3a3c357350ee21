"""A record is true, costs nothing for what did not change, and stays within its bound."""

from __future__ import annotations

import mmap
import os
import socket
import threading
import time
from pathlib import Path

import pytest

from agent.errors import FilesError
from agent.files.record import dump, load
from agent.files.store import Store


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    (home / "Documents/empty").mkdir(parents=True)
    (home / "Documents/a.txt").write_text("alpha")
    (home / "Documents/b.txt").write_text("alpha")
    (home / ".config").mkdir()
    (home / ".config/state").write_text("state")
    (home / "link").symlink_to("/etc/passwd")
    return home


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "files", 1 << 20, reserve=0)


def contents(store: Store) -> list[str]:
    return sorted(path.name for path in (store.folder / "blobs").glob("??/*"))


def test_files_folders_and_links_are_recorded_each_content_once(home: Path, store: Store) -> None:
    made = store.record(home)
    assert list(made.record.rows) == [
        b"Documents",
        b"Documents/a.txt",
        b"Documents/b.txt",
        b"Documents/empty",
        b"link",
    ]
    assert (made.record.files, made.record.bytes, made.fresh) == (2, 10, 5)
    assert made.record.rows[b"link"].digest == "/etc/passwd"
    assert len(contents(store)) == 1
    with store.content(made.record.rows[b"Documents/a.txt"].digest) as kept:
        assert kept.read() == b"alpha"


def test_an_unchanged_home_is_the_same_record_and_reads_no_file(home: Path, store: Store) -> None:
    first = store.record(home).record
    assert store.record(home).record is first
    again = Store(store.folder, store.most).record(home)
    assert (again.record.id, again.fresh) == (first.id, 0)
    assert len(list((store.folder / "records").iterdir())) == 1


def test_a_change_that_keeps_size_and_time_is_seen(home: Path, store: Store) -> None:
    path = home / "Documents/a.txt"
    first = store.record(home).record
    then = path.stat()
    path.write_text("ALPHA")
    os.utime(path, ns=(then.st_mtime_ns, then.st_mtime_ns))
    second = store.record(home).record
    assert second.rows[b"Documents/a.txt"].digest != first.rows[b"Documents/a.txt"].digest


def test_a_file_written_right_after_it_was_read_is_read_again(home: Path, store: Store) -> None:
    path = home / "Documents/a.txt"
    for number in range(40):
        path.write_text(f"{number:05}")
        row = store.record(home).record.rows[b"Documents/a.txt"]
        with store.content(row.digest) as kept:
            assert kept.read().decode() == f"{number:05}"


def test_a_file_that_is_written_all_the_time_is_never_kept_torn(home: Path, store: Store) -> None:
    path = home / "busy"
    size, over = 300_000, threading.Event()

    def write() -> None:
        number = 0
        with path.open("r+b", buffering=0) as file:
            while not over.is_set():
                number = (number + 1) % 250
                file.seek(0)
                file.write(bytes([number]) * size)

    path.write_bytes(bytes(size))
    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(5):
            record = store.record(home)
            row = record.record.rows[b"busy"]
            if row.lost:
                assert any("busy could not be recorded" in note for note in record.notes)
                assert row.lost == "changing"
                continue
            with store.content(row.digest) as kept:
                assert len(set(kept.read())) == 1
    finally:
        over.set()
        writer.join()
    assert not store.record(home).record.rows[b"busy"].lost


def test_what_changes_without_showing_in_the_times_is_not_taken_for_whole(
    home: Path, tmp_path: Path
) -> None:
    """As in the middle of one long write; what is open for writing and at rest is kept. There is
    room for one copy, which those made in vain must not take.
    """
    (home / "busy").write_bytes(bytes(8192))
    left = [1, 2, 3]

    def write(seconds: float) -> None:
        memory[0] = memory[8191] = left.pop() if left else memory[0]

    with (home / "busy").open("r+b") as file, mmap.mmap(file.fileno(), 8192) as memory:
        memory[0] = memory[8191] = 9
        time.sleep(0.1)  # the times are set by the first touch, and by no other for seconds
        store = Store(tmp_path / "store", 16_000, reserve=0, sleep=write)
        before = (home / "busy").stat()
        row = store.record(home).record.rows[b"busy"]
        assert (home / "busy").stat().st_ctime_ns == before.st_ctime_ns
        assert (row.lost, left) == ("changing", [])
        assert len(contents(store)) == 1  # that of the other files
        row = store.record(home).record.rows[b"busy"]
        assert not row.lost
        with store.content(row.digest) as kept:
            assert kept.read() == bytes(memory)


def test_pipes_and_sockets_are_passed_over_without_waiting(home: Path, store: Store) -> None:
    os.mkfifo(home / "pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(os.path.relpath(home / "socket"))
        assert not {b"pipe", b"socket"} & set(store.record(home).record.rows)


def test_a_sparse_file_takes_no_room(home: Path, store: Store) -> None:
    with (home / "sparse").open("wb") as file:
        file.truncate(64 << 20)
        file.seek(32 << 20)
        file.write(b"in the middle")
    record = store.record(home).record
    row = record.rows[b"sparse"]
    assert not row.lost
    assert store.used < 1 << 20
    with store.content(row.digest) as kept:
        assert kept.seek(0, os.SEEK_END) == 64 << 20
        kept.seek(32 << 20)
        assert kept.read(13) == b"in the middle"


def test_the_oldest_record_goes_first_when_the_bound_is_reached(home: Path, store: Store) -> None:
    ids = []
    for number in range(6):
        (home / "data").write_bytes(os.urandom(300 << 10))
        made = store.record(home)
        ids.append(made.record.id)
        assert store.used <= store.most, number
    assert store.load(ids[0]) is None
    newest = store.load(ids[-1])
    assert newest is not None
    assert store.has(newest.rows[b"data"].digest)
    assert store.has(newest.rows[b"Documents/a.txt"].digest)
    assert store.used == sum(path.stat().st_size for path in (store.folder / "blobs").glob("??/*"))


def test_a_record_that_is_needed_does_not_go_for_another(home: Path, store: Store) -> None:
    (home / "data").write_bytes(os.urandom(700 << 10))
    first = store.record(home).record
    (home / "data").write_bytes(os.urandom(700 << 10))
    second = store.record(home, keep=(first.id,))
    assert store.load(first.id) is not None
    assert second.record.rows[b"data"].lost == "bound"
    assert second.notes == (
        "data could not be recorded: it is too large for what the record may hold.",
    )
    assert store.record(home, keep=(first.id,)).record.id == second.record.id


def test_a_file_beyond_the_bound_costs_no_older_record(home: Path, store: Store) -> None:
    first = store.record(home).record
    (home / "huge").write_bytes(os.urandom(2 << 20))
    made = store.record(home)
    assert made.record.rows[b"huge"].lost == "bound"
    assert (made.dropped, store.load(first.id) is not None) == (0, True)


def test_a_disk_that_is_nearly_full_is_said_and_left_free(home: Path, tmp_path: Path) -> None:
    store = Store(tmp_path / "files", 1 << 20, reserve=1 << 60)
    made = store.record(home)
    assert {row.lost for row in made.record.rows.values() if row.kind == "file"} == {"disk"}
    assert "the disk was too full" in made.notes[0]
    assert store.used == 0


def test_a_damaged_record_or_one_of_a_newer_version_is_none(home: Path, store: Store) -> None:
    first = store.record(home).record
    (path,) = (store.folder / "records").iterdir()
    for data in (b"", b"rubbish", dump({})[:-3], dump({}).replace(b"x", b"y")):
        path.write_bytes(data)
        fresh = Store(store.folder, store.most)
        assert fresh.load(first.id) is None
        assert fresh.record(home).record.files == 2
        for extra in list((store.folder / "records").iterdir()):
            if extra != path:
                extra.unlink()


def test_rows_are_kept_byte_for_byte(home: Path, store: Store) -> None:
    os.close(os.open(os.fsencode(home) + b"/caf\xe9\n", os.O_CREAT))
    rows = store.record(home).record.rows
    assert b"caf\xe9\n" in rows
    assert load(dump(rows)) == rows


def test_a_home_that_is_gone_or_too_large_is_a_sentence(tmp_path: Path, store: Store) -> None:
    with pytest.raises(FilesError, match="home folder is not there"):
        store.record(tmp_path / "gone")


def test_what_a_killed_process_left_half_written_is_removed(home: Path, store: Store) -> None:
    store.record(home)
    (store.folder / "blobs/.new-1234").write_text("half")
    (store.folder / "records/.00000002-abc").write_text("half")
    (home / "more").write_text("more")
    store.record(home)
    left = [*(store.folder / "blobs").glob(".*"), *(store.folder / "records").glob(".*")]
    assert left == []


def test_a_file_that_grows_without_end_does_not_hold_the_record_up(
    home: Path, store: Store
) -> None:
    over = threading.Event()

    def grow() -> None:
        with (home / "log").open("ab", buffering=0) as file:
            while not over.is_set():
                file.write(b"x" * 10_000)
                time.sleep(0.0005)

    writer = threading.Thread(target=grow)
    writer.start()
    try:
        row = store.record(home).record.rows.get(b"log")
    finally:
        over.set()
        writer.join()
    assert row is None or row.lost in ("changing", "bound")
