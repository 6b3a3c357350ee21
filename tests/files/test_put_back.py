"""Whatever a task does to the files, putting it back gives the home as it was."""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from homes import DEEDS, do, picture
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from agent.errors import FilesError
from agent.files.changes import Changes, compare
from agent.files.record import Record
from agent.files.restore import Failure, restore
from agent.files.store import Store

deeds = st.lists(DEEDS, max_size=12)
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
"""Each example writes to the disk: finding a smaller one would take minutes."""


class Kept:
    """A home with its store, and the three moments that a put back goes by."""

    def __init__(self, folder: Path, most: int = 1 << 30) -> None:
        self.home = folder / "home"
        self.home.mkdir()
        self.store = Store(folder / "files", most, reserve=0)
        self.before = self.after = Record("", {})

    def begin(self) -> None:
        self.before = self.after = self.store.record(self.home).record

    def end(self) -> None:
        self.after = self.store.record(self.home, keep=(self.before.id,)).record

    def plan(self) -> Changes:
        now = self.store.record(self.home, keep=(self.before.id, self.after.id)).record
        return compare("task", self.before.rows, self.after.rows, now.rows, kept=self.store.has)

    def put_back(self, choose: Any = ()) -> tuple[Failure, ...]:
        plan = self.plan()
        return restore(self.home, self.store, plan, plan.chosen(choose))


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return Kept(tmp_path)


@given(first=deeds, task=deeds)
@settings(max_examples=60, deadline=None, phases=PHASES, suppress_health_check=list(HealthCheck))
def test_put_back_gives_what_was_before_and_its_undo_what_was_after(
    first: list[Any], task: list[Any]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        kept = Kept(Path(folder))
        do(kept.home, first)
        kept.begin()
        before = picture(kept.home)
        do(kept.home, task)
        kept.end()
        after = picture(kept.home)
        assert kept.put_back() == ()
        assert picture(kept.home) == before
        kept.before, kept.after = kept.after, kept.store.record(kept.home).record
        assert kept.put_back() == ()
        assert picture(kept.home) == after


@given(first=deeds, task=deeds, since=deeds)
@settings(max_examples=40, deadline=None, phases=PHASES, suppress_health_check=list(HealthCheck))
def test_what_was_changed_since_is_kept_and_nothing_else_is_touched(
    first: list[Any], task: list[Any], since: list[Any]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        kept = Kept(Path(folder))
        do(kept.home, first)
        kept.begin()
        before = picture(kept.home)
        do(kept.home, task)
        kept.end()
        after = picture(kept.home)
        do(kept.home, since)
        present = picture(kept.home)
        plan = kept.plan()
        failed = {f.change for f in kept.put_back()}
        put = {os.fsdecode(p) for c in plan.ready if c not in failed for p in c.paths}
        final = picture(kept.home)
        for path in put:
            assert final.get(path) == before.get(path)
        for path in present.keys() - after.keys():
            assert path in final or path in before
        for path, was in present.items():
            if path not in {os.fsdecode(p) for c in plan.changes for p in c.paths}:
                assert final[path] == was


def test_a_pipe_in_the_place_of_a_file_is_named_and_kept(kept: Kept) -> None:
    """It is not recorded, so it cannot come back; nobody changed it meanwhile, either."""
    (kept.home / "a").write_text("one")
    kept.begin()
    (kept.home / "a").unlink()
    os.mkfifo(kept.home / "a")
    kept.end()
    (failure,) = kept.put_back()
    assert "a is a pipe, socket or device now" in failure.why
    (kept.home / "a").unlink()
    assert kept.put_back() == ()
    assert (kept.home / "a").read_text() == "one"


def test_hard_links_are_joined_again(kept: Kept) -> None:
    (kept.home / "a").write_text("one")
    os.link(kept.home / "a", kept.home / "b")
    os.link(kept.home / "a", kept.home / "c")
    kept.begin()
    (kept.home / "a").write_text("two")
    (kept.home / "c").unlink()
    kept.end()
    assert kept.put_back() == ()
    assert {(kept.home / name).stat().st_ino for name in "abc"} == {(kept.home / "a").stat().st_ino}
    assert (kept.home / "c").read_text() == "one"


def test_a_moved_folder_goes_back_with_its_files_as_they_are(kept: Kept) -> None:
    (kept.home / "one/deep").mkdir(parents=True)
    (kept.home / "one/deep/x").write_text("content")
    inode = (kept.home / "one/deep/x").stat().st_ino
    kept.begin()
    (kept.home / "one").rename(kept.home / "two")
    kept.end()
    moved = [c for c in kept.plan().changes if c.what == "moved"]
    assert [(c.source, c.path) for c in moved] == [("one/deep/x", "two/deep/x")]
    assert kept.put_back() == ()
    assert not (kept.home / "two").exists()
    assert (kept.home / "one/deep/x").stat().st_ino == inode


def test_a_conflict_is_named_kept_and_put_back_when_chosen(kept: Kept) -> None:
    for name in "abc":
        (kept.home / name).write_text("before")
    kept.begin()
    for name in "abd":
        (kept.home / name).write_text("by the task")
    (kept.home / "c").unlink()
    kept.end()
    (kept.home / "b").write_text("by me")
    (kept.home / "c").write_text("by me")
    (kept.home / "d").unlink()
    plan = kept.plan()
    assert [c.path for c in plan.ready] == ["a"]
    assert {c.path: c.conflict for c in plan.conflicts} == {
        "b": "b was changed since.",
        "c": "c was created again since.",
    }
    assert plan.summary == (
        "1 item becomes what it was. 2 items were changed since and kept unless chosen."
    )
    assert kept.put_back(choose=["b"]) == ()
    texts = {path.name: path.read_text() for path in kept.home.iterdir()}
    assert texts == {"a": "before", "b": "before", "c": "by me"}
    with pytest.raises(FilesError, match="did not change nothing"):
        kept.put_back(choose=["nothing"])


def test_what_comes_into_a_new_folder_since_is_kept(kept: Kept) -> None:
    kept.begin()
    (kept.home / "new").mkdir()
    (kept.home / "new/by task").write_text("x")
    kept.end()
    (kept.home / "new/mine").write_text("mine")
    (failure,) = kept.put_back()
    assert failure.why == "The folder new was kept: it holds what came since."
    assert [path.name for path in (kept.home / "new").iterdir()] == ["mine"]


def test_hidden_files_in_a_new_folder_are_kept_and_it_is_said(kept: Kept) -> None:
    kept.begin()
    (kept.home / "project/.git").mkdir(parents=True)
    (kept.home / "project/code").write_text("x")
    kept.end()
    (failure,) = kept.put_back()
    assert failure.why == (
        "The folder project was kept: it holds hidden files, which are not recorded."
    )
    assert not (kept.home / "project/code").exists()


def test_a_link_swapped_in_leads_nothing_outside(kept: Kept, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir(mode=0o750)
    (outside / "a").write_text("theirs")
    (kept.home / "folder").mkdir()
    (kept.home / "folder/a").write_text("before")
    kept.begin()
    (kept.home / "folder/a").write_text("after")
    (kept.home / "folder/b").write_text("new")
    kept.end()
    plan = kept.plan()
    (kept.home / "folder").rename(kept.home / ".aside")
    (kept.home / "folder").symlink_to(outside)
    failures = restore(kept.home, kept.store, plan, plan.ready)
    assert {f.change.path for f in failures} == {"folder/a", "folder/b"}
    assert {p.name: p.read_text() for p in outside.iterdir()} == {"a": "theirs"}


def test_what_changed_after_it_was_shown_is_kept(kept: Kept) -> None:
    (kept.home / "a").write_text("before")
    kept.begin()
    (kept.home / "a").write_text("after")
    (kept.home / "b").write_text("new")
    kept.end()
    plan = kept.plan()
    (kept.home / "a").write_text("mine, meanwhile")
    (kept.home / "b").write_text("mine as well")
    failures = restore(kept.home, kept.store, plan, plan.ready)
    assert sorted(f.why for f in failures) == [
        "a was changed meanwhile, and is kept as it is.",
        "b was changed meanwhile, and is kept as it is.",
    ]
    assert (kept.home / "a").read_text() == "mine, meanwhile"


def test_a_recorded_content_that_was_damaged_or_is_gone_is_not_put_back(kept: Kept) -> None:
    (kept.home / "a").write_text("before")
    (kept.home / "b").write_text("other")
    kept.begin()
    (kept.home / "a").write_text("after")
    (kept.home / "b").write_text("after")
    kept.end()
    rows = kept.before.rows
    blob = kept.store.folder / "blobs" / rows[b"a"].digest[:2] / rows[b"a"].digest
    blob.write_text("BEFORE")
    (kept.store.folder / "blobs" / rows[b"b"].digest[:2] / rows[b"b"].digest).unlink()
    assert [c.path for c in kept.plan().lost] == ["b"]
    (failure,) = kept.put_back()
    assert failure.why == "a: its recorded content is damaged."
    assert (kept.home / "a").read_text() == "after"


def test_a_disk_that_is_full_in_the_middle_loses_nothing(kept: Kept) -> None:
    (kept.home / "large").write_bytes(os.urandom(20_000))
    (kept.home / "small").write_text("before")
    kept.begin()
    (kept.home / "large").write_text("after")
    (kept.home / "small").write_text("after")
    kept.end()
    with files_limited_to(8_000):
        (failure,) = kept.put_back()
    assert failure.change.path == "large"
    assert "larger than the disk can hold" in failure.why
    assert (kept.home / "large").read_text() == "after"
    assert (kept.home / "small").read_text() == "before"
    assert sorted(path.name for path in kept.home.iterdir()) == ["large", "small"]


@contextlib.contextmanager
def files_limited_to(size: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can hand files over")
def test_what_is_put_back_belongs_to_the_homes_owner(kept: Kept) -> None:
    os.chown(kept.home, 61201, 61201)
    (kept.home / "deep/er").mkdir(parents=True)
    (kept.home / "deep/er/a").write_text("a")
    (kept.home / "deep/link").symlink_to("er")
    kept.begin()
    shutil.rmtree(kept.home / "deep")
    kept.end()
    assert kept.put_back() == ()
    for path in ("deep", "deep/er", "deep/er/a", "deep/link"):
        assert (kept.home / path).lstat().st_uid == 61201


def test_a_folder_that_cannot_be_written_is_opened_for_it_and_closed_again(kept: Kept) -> None:
    (kept.home / "shut").mkdir()
    (kept.home / "shut/a").write_text("a")
    (kept.home / "shut").chmod(0o555)
    kept.begin()
    (kept.home / "shut").chmod(0o755)
    (kept.home / "shut/a").unlink()
    kept.end()
    assert kept.put_back() == ()
    assert (kept.home / "shut/a").read_text() == "a"
    assert (kept.home / "shut").stat().st_mode & 0o777 == 0o555
    (kept.home / "shut").chmod(0o755)
