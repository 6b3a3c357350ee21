"""The table of sessions: what each is about and takes, whatever is in its folder."""

from __future__ import annotations

from pathlib import Path

from deep import dug
from test_journal import open_session, played

from agent.record.journal import remove_session, session_folder
from agent.record.measure import in_words, listed, measure
from agent.settings import Settings


async def test_the_table_says_what_each_session_is_and_takes(settings: Settings) -> None:
    """One that is open is said to run; files are the person's, not a program's."""
    assert listed(settings.data_dir) == ""
    folder = await played(settings)
    (folder / "home" / ".cache").mkdir(parents=True)
    (folder / "home" / "letter.txt").write_bytes(b"x" * 5000)
    (folder / "home" / ".cache" / "state").write_bytes(b"x" * 5000)
    size = measure(folder)
    assert (size.files, size.file_bytes) == (1, 5000)
    assert 10_000 < size.bytes < 200_000
    session = open_session(settings, "two")
    await session.open()
    head, *rows = listed(settings.data_dir).splitlines()
    assert head.split()[0] == "SESSION"
    states = {row.split()[0]: row for row in rows}
    assert " running " in states["two"]
    assert " ended " in states["one"]
    assert states["one"].endswith("Click.")
    await session.close()


async def test_one_home_that_is_odd_hides_no_other_session_and_can_be_deleted(
    settings: Settings, tmp_path: Path
) -> None:
    """Folders deeper than a recursion reaches, or a link in place of the home."""
    folder = await played(settings)
    (folder / "home").mkdir()
    session = open_session(settings, "two")
    await session.open()
    await session.close()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "mine").touch()
    (session_folder(settings.data_dir, "two") / "home").symlink_to(tmp_path / "elsewhere")
    with dug(folder / "home", 1200):
        rows = listed(settings.data_dir).splitlines()[1:]
        assert {row.split()[0] for row in rows} == {"one", "two"}
        assert (measure(folder).files, measure(folder).file_bytes) == (1, 6)
        for name in ("one", "two"):
            remove_session(settings.data_dir, name)
            assert not session_folder(settings.data_dir, name).exists()
        assert not (settings.data_dir / "trash").exists()
    assert (tmp_path / "elsewhere" / "mine").exists()


async def test_a_session_that_cannot_be_read_is_listed_all_the_same(settings: Settings) -> None:
    folder = await played(settings)
    (folder / "events.db").write_bytes(b"no journal")
    (folder / "lock").unlink()
    assert listed(settings.data_dir).splitlines()[1].startswith("one ")
    assert measure(session_folder(settings.data_dir, "none")).bytes == 0


def test_sizes_read_well() -> None:
    sizes = {0: "0 bytes", 999: "999 bytes", 1000: "1.0 kB", 123_456: "123 kB", 5 * 10**9: "5.0 GB"}
    assert {size: in_words(size) for size in sizes} == sizes
