"""What is listed, read and taken in below a home; no link leads out of it."""

from __future__ import annotations

import os
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from deep import dig, dug

from agent.errors import FilesError
from agent.files import Incoming, count_files, list_files, open_file
from agent.files.paths import SPARE, write_file


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    (home / "Documents/inner").mkdir(parents=True)
    (home / ".config/app").mkdir(parents=True)
    (home / "Documents/report.txt").write_text("report")
    (home / "Documents/inner/deep.txt").write_text("deep")
    (home / ".config/app/settings").write_text("state")
    (home / "notes.txt").write_text("notes!")
    return home


def names(home: Path, **how: object) -> list[str]:
    return [entry.path for entry in list_files(home, **how).entries]  # type: ignore[arg-type]


def test_the_persons_files_are_listed_and_programs_state_only_by_name(home: Path) -> None:
    persons = ["Documents", "Documents/inner", "Documents/inner/deep.txt"]
    persons += ["Documents/report.txt", "notes.txt"]
    assert names(home) == persons
    listing = list_files(home)
    assert (listing.files, listing.bytes) == (3, 16)
    assert count_files(home) == (3, 16)
    assert ".config/app/settings" in names(home, state=True)
    assert count_files(home, state=True) == (4, 21)
    assert names(home, below=".config") == [".config/app", ".config/app/settings"]
    assert names(home, below="Documents/inner") == ["Documents/inner/deep.txt"]


def test_an_entry_says_what_it_is_how_large_and_when_it_changed(home: Path) -> None:
    os.utime(home / "notes.txt", (5, 1234.5))
    (home / "link").symlink_to("/etc/passwd")
    os.mkfifo(home / "pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(os.path.relpath(home / "socket"))
        found = {entry.path: entry for entry in list_files(home).entries}
    assert (found["notes.txt"].kind, found["notes.txt"].size) == ("file", 6)
    assert found["notes.txt"].mtime == 1234.5
    assert (found["Documents"].kind, found["Documents"].size) == ("folder", 0)
    assert (found["link"].kind, found["link"].size) == ("link", 0)
    assert found["pipe"].kind == found["socket"].kind == "other"


def test_links_are_never_followed(home: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("secret")
    (home / "way").symlink_to(outside)
    (home / "straight").symlink_to(outside / "secret")
    assert "way/secret" not in names(home)
    for path in ("way/secret", "straight", "../outside/secret", str(outside / "secret")):
        with pytest.raises(FilesError):
            open_file(home, path)
    with pytest.raises(FilesError):
        list_files(home, below="way")
    with pytest.raises(FilesError):
        Incoming(home, "x.txt", "way")
    assert [path.name for path in outside.iterdir()] == ["secret"]


def test_a_folder_swapped_for_a_link_after_it_was_met_is_not_entered(
    home: Path, tmp_path: Path
) -> None:
    from agent.files.listing import Found, walk_home

    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("secret")
    seen = []
    for found in walk_home(home):
        seen.append(found.path)
        if isinstance(found, Found) and found.path == b"Documents":
            (home / "Documents").rename(home / ".aside")
            (home / "Documents").symlink_to(outside)
    assert b"Documents/secret" not in seen


def test_only_plain_files_are_read_and_a_pipe_does_not_block(home: Path) -> None:
    os.mkfifo(home / "pipe")
    with open_file(home, "Documents/report.txt") as file:
        assert file.read() == b"report"
    for path in ("pipe", "Documents", "none.txt", "notes.txt/x", "", "half\ud83d"):
        with pytest.raises(FilesError):
            open_file(home, path)


def test_names_that_are_no_text_are_listed_and_opened(home: Path) -> None:
    for name in (b"caf\xe9.txt", b"two\nlines", b"-rf", b"x" * 255):
        (Path(os.fsdecode(os.fsencode(home) + b"/" + name))).write_bytes(name)
    found = {entry.shown: entry for entry in list_files(home).entries}
    assert {"caf\\xe9.txt", "two\\nlines", "-rf", "x" * 255} <= set(found)
    with open_file(home, found["caf\\xe9.txt"].path) as file:
        assert file.read() == b"caf\xe9.txt"


def test_a_listing_is_bounded_in_number_and_depth(home: Path) -> None:
    assert list_files(home, most=2).truncated
    assert len(list_files(home, most=2).entries) == 2
    assert not list_files(home, most=5).truncated
    deep = home / "deep"
    deep.mkdir()
    for _ in range(90):
        deep = deep / "d"
        deep.mkdir()
    assert len(list_files(home).unreadable) == 1
    assert max(name.count("/") for name in names(home)) < 70


def test_a_home_deleted_from_outside_is_a_sentence(tmp_path: Path) -> None:
    for home in (tmp_path / "gone", tmp_path / "link"):
        (tmp_path / "link").unlink(missing_ok=True)
        (tmp_path / "link").symlink_to("/etc")
        with pytest.raises(FilesError, match="home folder is not there"):
            list_files(home)
        assert count_files(home) == (0, 0)


@pytest.mark.slow
def test_what_lies_too_deep_to_be_listed_is_counted_all_the_same(home: Path) -> None:
    """Deeper than a recursion, or descriptors, would reach; hidden at the top or below is not."""
    before = count_files(home)
    dig(home / ".config", 70)
    with dug(home, 1200):
        assert count_files(home) == (before[0] + 1, before[1] + 6)
        assert count_files(home, state=True)[0] == before[0] + 3


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_an_unreadable_folder_is_named_and_the_rest_is_listed(home: Path) -> None:
    (home / "Documents/inner").chmod(0)
    listing = list_files(home)
    assert listing.unreadable == ("Documents/inner",)
    assert "notes.txt" in names(home)
    (home / "Documents/inner").chmod(0o700)


def test_a_file_comes_in_whole_or_not_at_all(home: Path) -> None:
    with Incoming(home, "notes.txt", "Documents/new/place") as coming:
        coming.write(b"one ")
        coming.write(b"two")
        assert "Documents/new/place/notes.txt" not in names(home)
        assert coming.finish() == "Documents/new/place/notes.txt"
    assert (home / "Documents/new/place/notes.txt").read_bytes() == b"one two"
    with Incoming(home, "broken.txt") as coming:
        coming.write(b"half")
    assert "broken.txt" not in names(home)
    assert not [path for path in home.iterdir() if path.name.startswith(SPARE)]


def test_what_is_in_the_way_is_named_as_what_it_is(home: Path) -> None:
    """By the name that was given, not by the one under which it comes in."""
    with pytest.raises(FilesError, match=r"^notes\.txt/a\.txt cannot be reached"):
        Incoming(home, "a.txt", "notes.txt")
    os.mkfifo(home / "pipe")
    with pytest.raises(FilesError, match=r"^pipe is not a plain file"):
        write_file(home, "pipe", b"words")
    with pytest.raises(FilesError, match=r"^Documents is a folder"):
        write_file(home, "Documents", b"words")


def test_a_taken_name_is_numbered_and_nothing_is_overwritten(home: Path) -> None:
    (home / "notes (2).txt").symlink_to("/etc/passwd")
    with Incoming(home, "notes.txt") as coming:
        coming.write(b"new")
        assert coming.finish() == "notes (3).txt"
    assert (home / "notes.txt").read_text() == "notes!"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can hand files over")
def test_what_comes_in_belongs_to_the_homes_owner(home: Path) -> None:
    os.chown(home, 61200, 61200)
    with Incoming(home, "a.txt", "fresh/folder") as coming:
        coming.finish()
    for path in ("fresh", "fresh/folder", "fresh/folder/a.txt"):
        assert (home / path).stat().st_uid == 61200


def fill(coming: Incoming) -> None:
    for _ in range(8):
        coming.write(b"x" * 4096)
    coming.finish()


def test_a_full_disk_is_a_sentence_and_leaves_nothing(home: Path) -> None:
    import resource
    import signal

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    try:
        with pytest.raises(FilesError, match=r"large\.bin is larger"):
            fill(Incoming(home, "large.bin"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert not [path for path in home.iterdir() if path.name.startswith(SPARE)]


def test_an_upload_that_is_given_up_in_mid_write_leaves_nothing(home: Path) -> None:
    """The browser goes while another thread writes: no half file, no error but a sentence."""
    coming = Incoming(home, "large.bin")
    with ThreadPoolExecutor(2) as pool:
        writing = [pool.submit(coming.write, b"x" * (8 << 20)) for _ in range(4)]
        coming.abort()
        for work in writing:
            assert work.exception() is None or isinstance(work.exception(), FilesError)
    with pytest.raises(FilesError):
        coming.finish()
    assert list(home.rglob("*large*")) == []
    assert list(home.glob(".sayso*")) == []
