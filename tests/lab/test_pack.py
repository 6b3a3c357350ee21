"""Trials that travel as bytes arrive whole, and write nowhere else."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from agent.errors import ConfigurationError
from agent.experiments.run.pack import pack, unpack


def archive(*members: tuple[str, bytes | None]) -> bytes:
    """A tar file with files, or with links to ``/etc`` where the content is None."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as made:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content or b"")
            if content is None:
                info.type, info.linkname = tarfile.SYMTYPE, "/etc"
            made.addfile(info, io.BytesIO(content or b""))
    return buffer.getvalue()


def test_what_was_packed_is_unpacked(tmp_path: Path) -> None:
    """Files and folders come back; links stay behind."""
    folder = tmp_path / "trial"
    (folder / "images").mkdir(parents=True)
    (folder / "events.jsonl").write_text("{}\n")
    (folder / "images" / "one.webp").write_bytes(b"\0picture")
    (folder / "empty" / "caf\udce9\n").mkdir(parents=True)
    (folder / "link").symlink_to("/etc/passwd")
    unpack(pack(folder), tmp_path / "back")
    found = {p.relative_to(tmp_path / "back").as_posix() for p in (tmp_path / "back").rglob("*")}
    empty = {"empty", "empty/caf\udce9\n"}
    assert found == {"events.jsonl", "images", "images/one.webp", *empty}
    assert (tmp_path / "back" / "images" / "one.webp").read_bytes() == b"\0picture"


@pytest.mark.parametrize(
    "data",
    [
        archive(("../outside", b"x")),
        archive(("a/../../outside", b"x")),
        archive(("link", None), ("link/outside", b"x")),
        b"no archive at all",
    ],
    ids=["above", "above in the middle", "through a link", "damaged"],
)
def test_what_would_write_elsewhere_is_refused(data: bytes, tmp_path: Path) -> None:
    """A worker's bytes are not trusted."""
    with pytest.raises(ConfigurationError, match="damaged trial"):
        unpack(data, tmp_path / "in" / "here")
    assert not (tmp_path / "in" / "outside").exists()


def test_an_absolute_name_is_refused(tmp_path: Path) -> None:
    target = tmp_path / "outside"
    with pytest.raises(ConfigurationError, match="damaged trial"):
        unpack(archive((str(target), b"x")), tmp_path / "in")
    assert not target.exists()
