"""A session as a file: zip, GIF, MP4 and notebook."""

from __future__ import annotations

import json
import tracemalloc
import zipfile
from pathlib import Path

import pytest
from PIL import Image
from recorded import long_session, record

from agent.errors import JournalError
from agent.record import events as ev
from agent.record.export import import_session
from agent.replay import Recording, load_recording
from agent.replay.beats import beats
from agent.replay.bundle import export_recording, unpack_export
from agent.replay.film import write_gif
from agent.replay.timeline import build_timeline


@pytest.fixture
async def session(tmp_path: Path) -> Path:
    """The folder of a recorded session."""
    session_id = await record(tmp_path / "data", "write hello", "write goodbye")
    return tmp_path / "data" / "sessions" / session_id


def test_the_zip_comes_back_as_the_same_session(session: Path, tmp_path: Path) -> None:
    """Export, unpack, import: events and pictures are what they were."""
    shares: list[float] = []
    packed = export_recording(session, tmp_path / "a.zip", "folder", shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    folder = unpack_export(packed, tmp_path / "unpacked")
    session_id = import_session(folder, tmp_path / "elsewhere", session_id="again")
    again = load_recording(tmp_path / "elsewhere" / "sessions" / session_id)
    before = load_recording(session)
    assert again.events == before.events
    assert again.prompt == before.prompt
    frames = build_timeline(again.events).frames
    assert frames
    assert all(again.image_path(frame.sha256) for frame in frames)


def test_the_film_shows_pictures_and_words(session: Path, tmp_path: Path) -> None:
    """Captions say what was asked and done; each is shown long enough to be read."""
    recording = load_recording(session)
    made = beats(build_timeline(recording.events))
    assert any(beat.said == "You: write hello" for beat in made)
    clicked = next(beat for beat in made if beat.done == "▸ Click (300, 200)")
    assert clicked.point == (300, 200)
    assert all(0.7 <= beat.seconds <= 3.5 for beat in made)
    gif = export_recording(session, tmp_path / "a.gif", "gif")
    with Image.open(gif) as film:
        assert film.size[0] == 800
        assert film.n_frames == len(made)
        total = 0
        for number in range(film.n_frames):
            film.seek(number)
            total += film.info["duration"]
    assert total / 1000 == pytest.approx(sum(b.seconds for b in made) + 1.5, abs=0.5)


def test_the_video_plays(session: Path, tmp_path: Path) -> None:
    """H.264 in even dimensions, of the length that its beats add up to."""
    av = pytest.importorskip("av", reason="the extra “video” is not installed")
    path = export_recording(session, tmp_path / "a.mp4", "mp4")
    with av.open(str(path)) as film:
        stream = film.streams.video[0]
        assert stream.codec_context.name == "h264"
        assert stream.width % 2 == stream.height % 2 == 0
        pictures = [frame.to_image() for frame in film.decode(stream)]
    made = beats(build_timeline(load_recording(session).events))
    assert len(pictures) == pytest.approx((sum(b.seconds for b in made) + 1.5) * 10, abs=len(made))
    assert len({picture.tobytes() for picture in pictures[:: len(pictures) // 4]}) > 1


def test_without_pictures_the_advice_is_another_format(tmp_path: Path) -> None:
    events = (ev.TaskStarted(seq=0, task_id="t", text="hello"),)
    with pytest.raises(JournalError, match="as a folder instead"):
        write_gif(Recording("blind", tmp_path, events), tmp_path / "a.gif")


def test_a_gif_of_hours_is_refused_before_it_is_made(tmp_path: Path) -> None:
    recording = Recording("long", tmp_path, tuple(long_session(5000)))
    with pytest.raises(JournalError, match="Export it as MP4"):
        write_gif(recording, tmp_path / "a.gif")


def test_pictures_that_are_gone_are_blank(session: Path, tmp_path: Path) -> None:
    """A damaged image store costs pictures, not the export."""
    for path in (session / "images").iterdir():
        path.unlink()
    assert export_recording(session, tmp_path / "a.gif", "gif").stat().st_size > 0


def test_giving_up_ends_the_export(session: Path, tmp_path: Path) -> None:
    """Progress may raise: the work ends there."""

    class GaveUp(Exception):
        pass

    def give_up(share: float) -> None:
        raise GaveUp

    for kind in ("gif", "folder"):
        with pytest.raises(GaveUp):
            export_recording(session, tmp_path / f"a.{kind}", kind, give_up)  # type: ignore[arg-type]


@pytest.mark.slow
def test_the_notebook_runs_by_itself(session: Path, tmp_path: Path) -> None:
    """Unpacked anywhere, executed from top to bottom: no error, and the replay is in it."""
    nbclient, nbformat = pytest.importorskip("nbclient"), pytest.importorskip("nbformat")
    packed = export_recording(session, tmp_path / "a.zip", "notebook")
    with zipfile.ZipFile(packed) as archive:
        archive.extractall(tmp_path / "there")
    (folder,) = (tmp_path / "there").iterdir()
    notebook = nbformat.read(folder / "replay.ipynb", as_version=4)
    nbformat.validate(notebook)
    nbclient.NotebookClient(
        notebook, timeout=60, resources={"metadata": {"path": str(folder)}}
    ).execute()
    outputs = json.dumps(notebook)
    assert "write hello" in outputs
    assert "image/gif" in outputs
    assert "<svg" in outputs


def test_only_an_exports_own_files_are_unpacked(session: Path, tmp_path: Path) -> None:
    """Whatever an archive claims: nothing lands outside, and nothing else lands inside."""
    packed = export_recording(session, tmp_path / "a.zip", "folder")
    with zipfile.ZipFile(packed, "a") as archive:
        top = archive.namelist()[0].split("/")[0]
        for name in ("../evil", "/tmp/evil", f"{top}/../../evil", f"{top}/images/../../evil"):
            archive.writestr(name, "evil")
        archive.writestr(f"{top}/page.json", '{"owner": "somebody"}')
    folder = unpack_export(packed, tmp_path / "in" / "here")
    assert not list(tmp_path.rglob("evil"))
    names = {path.name for path in folder.iterdir()}
    assert names == {"session.json", "events.jsonl", "prompt.md", "images"}


def test_what_is_no_export_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b"no archive")
    with pytest.raises(JournalError, match="not a complete zip"):
        unpack_export(tmp_path / "a.zip", tmp_path / "x")
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.writestr("letter.txt", "hello")
    with pytest.raises(JournalError, match=r"no session\.json"):
        unpack_export(tmp_path / "b.zip", tmp_path / "y")


@pytest.mark.parametrize("way", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_what_could_only_be_unpacked_whole_is_refused(way: int, tmp_path: Path) -> None:
    """Some kilobytes of it may be gigabytes, whatever size the archive declares."""
    with zipfile.ZipFile(tmp_path / "a.zip", "w", way) as archive:
        archive.writestr("session.json", b" " * (64 << 20))
    tracemalloc.start()
    try:
        with pytest.raises(JournalError, match="ordinary zip"):
            unpack_export(tmp_path / "a.zip", tmp_path / "x")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 16 << 20
