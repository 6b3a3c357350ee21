"""An exported session's archive as a stranger may have made it, and what comes of its import."""

from __future__ import annotations

import contextlib
import io
import json
import os
import random
import shutil
import warnings
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from recorded import record

from agent.errors import SaysoError
from agent.record.export import import_session, read_export
from agent.record.journal import session_folder
from agent.replay import load_recording
from agent.replay.bundle import export_recording, unpack_export
from agent.session.imported import is_brought
from agent.testing.fuzz_answers import as_json, scrambled, spoil
from fuzzing.journals import spoilt_line, wrong
from fuzzing.run import Target

Member = tuple[zipfile.ZipInfo, bytes]

_NAMES = (
    "../outside",
    "/tmp/outside",
    "home/../../outside",
    "home/a\0b",
    "home//x",
    "home/" + "n" * 300,
    "home/" + "d/" * 800 + "x",
    "home/caf\udce9",
    "home-named/Li4vLi4vb3V0c2lkZQ",
    "home-named/",
    "home",
    "images/../outside",
    "images/x.png",
    "events.db",
    "session.json",
    "other/session.json",
    "imported",
    "working-folder",
    "C:\\outside",
)
_BOMB = 64 * 2**20
_LONG = 2**20
"""Bytes of a log whose lines are not changed: as a list they would take more than any reader."""
_LINK, _PIPE, _DEVICE = 0o120777, 0o010666, 0o060666


class _Archives:
    """One session's archive, forged anew in each case."""

    def __init__(self, sound: bytes, folder: Path) -> None:
        self._sound, self._folder = sound, folder

    async def case(self, chance: random.Random) -> tuple[str, list[str]]:
        shutil.rmtree(self._folder, ignore_errors=True)
        room, data = self._folder / "room", self._folder / "data"
        room.mkdir(parents=True)
        archive = room / "archive.zip"
        archive.write_bytes(_forged(self._sound, chance))
        try:
            told = _brought_in(archive, room / "session", data)
        except SaysoError as error:
            told = "refused", ([] if len(str(error)) < 2000 else ["a refusal without end"])
        return told[0], told[1] + self._strangers(data)

    def _strangers(self, data: Path) -> list[str]:
        """What lies where nothing may, and links that came in."""
        places = {path.name for path in self._folder.iterdir()} - {"room", "data"}
        places |= {path.name for path in (self._folder / "room").iterdir()}
        places -= {"archive.zip", "session"}
        places |= {path.name for path in data.glob("incoming/*")}
        outside = Path("/tmp/outside")
        faults = [f"{places} lie outside"] if places or outside.exists() else []
        odd = [p for p in _walk(self._folder) if not (os.path.isfile(p) or os.path.isdir(p))]
        odd += [path for path in _walk(self._folder) if os.path.islink(path)]
        return faults + ([f"no file: {odd[:3]}"] if odd else [])


def _walk(folder: Path) -> list[str]:
    found = os.walk(folder)
    return [os.path.join(top, name) for top, inner, files in found for name in [*inner, *files]]


def _brought_in(archive: Path, room: Path, data: Path) -> tuple[str, list[str]]:
    """As the page does it: unpacked, looked at, kept under an id of this server's."""
    folder = unpack_export(archive, room)
    damage = read_export(folder)
    name = import_session(folder, data, session_id="brought-in")
    kept = session_folder(data, name)
    recording = load_recording(kept)
    faults = wrong(recording.events)
    if not is_brought(kept):
        faults.append("what came is not marked as an import")
    mine = {"events.db", "images", "home", "prompt.md", "lock", "imported"}
    if more := {path.name for path in kept.iterdir()} - mine:
        faults.append(f"{more} came along")
    return ("damaged" if damage else "whole"), faults


def _forged(sound: bytes, chance: random.Random) -> bytes:
    if chance.random() < 0.3:
        return scrambled(sound, chance)
    members = _members(sound)
    for _ in range(chance.choice([1, 1, 2, 4])):
        chance.choice(_FORGERIES)(members, chance)
    packed = _packed(members, chance)
    return scrambled(packed, chance) if chance.random() < 0.1 else packed


def _members(archive: bytes) -> list[Member]:
    with zipfile.ZipFile(io.BytesIO(archive)) as packed:
        return [(info, packed.read(info)) for info in packed.infolist()]


def _packed(members: list[Member], chance: random.Random) -> bytes:
    target = io.BytesIO()
    ways = [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
    way = chance.choice([*ways, *[zipfile.ZIP_DEFLATED] * 6])
    with zipfile.ZipFile(target, "w", way) as packed, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of names that are there twice
        for info, data in members:
            fresh = zipfile.ZipInfo(info.filename, info.date_time)
            fresh.compress_type, fresh.external_attr = way, info.external_attr
            fresh.extra = info.extra
            packed.writestr(fresh, data)
    return target.getvalue()


# Forgeries -----------------------------------------------------------------------------------


def _about(members: list[Member], chance: random.Random) -> None:
    """Something else in session.json."""

    def change(text: bytes) -> bytes:
        try:
            about: Any = json.loads(text)
        except (ValueError, RecursionError):  # spoilt before
            return text
        spoil({"about": about}, chance)
        if isinstance(about, dict) and chance.random() < 0.5:
            key = chance.choice(["session_id", "events", "format", "left_out"])
            about[key] = chance.choice(
                [10**9, -1, "../..", "x" * 300, [], None, 1e308, "\ud83d", "brought-in", 10**400]
            )
        return as_json(about).encode("utf-8", "surrogatepass")

    _edit(members, "session.json", change)


def _lines(members: list[Member], chance: random.Random) -> None:
    """Lines of the log: spoilt, lost, doubled, out of order, or not even text."""

    def change(text: bytes) -> bytes:
        if len(text) > _LONG:
            return text
        lines = text.splitlines()
        for _ in range(chance.randint(1, 6)):
            at = chance.randrange(len(lines))
            match chance.randrange(6):
                case 0:
                    lines.insert(at, lines[chance.randrange(len(lines))])
                case 1 if len(lines) > 1:
                    del lines[at]
                case 2:
                    chance.shuffle(lines)
                case 3:
                    lines.insert(at, chance.choice([b"", b"\xff\xfe", b"[" * 9000, b"{}", b"null"]))
                case _:
                    lines[at] = spoilt_line(lines[at].decode("utf-8", "replace"), chance)
        return chance.choice([b"\n", b"\r\n", b"\n\n"]).join(lines)

    _edit(members, "events.jsonl", change)


def _grants(members: list[Member], chance: random.Random) -> None:
    """A log that allows everything and costs nothing."""
    row = {"seq": 1, "at": 1.0, "kind": "setting_changed", "name": "allow", "value": ["all"]}
    row |= chance.choice(
        [{}, {"name": "max_dollars", "value": 1e9}, {"name": "prompt", "value": {}}]
    )
    _edit(members, "events.jsonl", lambda text: text + json.dumps(row).encode() + b"\n")


def _bomb(members: list[Member], chance: random.Random) -> None:
    """Little that becomes much."""
    name = chance.choice(["events.jsonl", "session.json", "prompt.md", "home/bomb", "images/a.png"])
    piece = chance.choice([b"\0", b" ", b"\n", b"[", b'{"a":', b"{}\n", b'{"kind":"x","seq":1}\n'])
    size = chance.choice([10**5, 10**6, _BOMB])
    data = piece * (size // len(piece))
    if name.startswith(("home", "images")):
        members.append((zipfile.ZipInfo(_top(members) + name), data))
    else:
        _edit(members, name, lambda text: data if chance.random() < 0.5 else text + data)


def _strange_names(members: list[Member], chance: random.Random) -> None:
    top = chance.choice([_top(members), ""])
    for name in chance.sample(_NAMES, chance.randint(1, 3)):
        made = zipfile.ZipInfo("x")
        made.filename = (top + name).encode("utf-8", "surrogateescape").decode("latin-1")
        made.filename = made.filename.replace("\0", "_") if chance.random() < 0.5 else top + name
        with contextlib.suppress(UnicodeEncodeError):
            made.filename.encode()
            members.append((made, chance.choice([b"", b"outside", b"../../outside"])))


def _no_files(members: list[Member], chance: random.Random) -> None:
    """Entries that say they are links, pipes or devices."""
    link = zipfile.ZipInfo(
        _top(members) + chance.choice(["home/link", "images/b.png", "prompt.md"])
    )
    link.external_attr = chance.choice([_LINK, _PIPE, _DEVICE]) << 16
    members.append((link, b"/etc/passwd"))
    if chance.random() < 0.5:
        members.append((zipfile.ZipInfo(f"{link.filename}/inside"), b"through it"))


def _collide(members: list[Member], chance: random.Random) -> None:
    """A file where a folder is, or a name that is there twice."""
    name = chance.choice(["home/", "home", "home/a", "home/a/b", "home/a/", "images", "images/"])
    members.insert(chance.randrange(len(members)), (zipfile.ZipInfo(_top(members) + name), b""))
    members.append(chance.choice(members))


def _many(members: list[Member], chance: random.Random) -> None:
    top, folder = _top(members), chance.choice(["home/m", "images/m", "elsewhere/"])
    end = chance.choice(["", "/"])
    many = range(chance.choice([50, 2_000]))
    members += [(zipfile.ZipInfo(f"{top}{folder}{number}{end}"), b"") for number in many]


def _dates(members: list[Member], chance: random.Random) -> None:
    info, _ = chance.choice(members)
    info.extra = chance.choice(
        [b"UT\x05\0\1\0\0\0\x80", b"UT\x05\0\1", b"UT\xff\xff\1\0\0\0\0", b"UT\0\0" * 99]
    )
    info.external_attr = chance.choice([0, 0o000, 0o4777, 0o1777]) << 16


_FORGERIES = (
    *[_lines] * 4,
    *[_about] * 2,
    _grants,
    _bomb,
    *[_strange_names] * 2,
    _no_files,
    _collide,
    _many,
    _dates,
)


def _top(members: list[Member]) -> str:
    return next(
        (
            i.filename.removesuffix("session.json")
            for i, _ in members
            if "session.json" in i.filename
        ),
        "",
    )


def _edit(members: list[Member], name: str, change: Any) -> None:
    for at, (info, data) in enumerate(members):
        if info.filename.endswith(name):
            members[at] = (info, change(data))
            return


@contextlib.asynccontextmanager
async def archives(folder: Path) -> AsyncIterator[Target]:
    """A session is played and exported first, with files of the person's."""
    name = await record(folder, "write the list", "close it")
    session = folder / "sessions" / name
    (session / "home" / "Documents").mkdir(parents=True)
    (session / "home" / "Documents" / "list.txt").write_text("milk\n")
    sound = export_recording(session, folder / "sound.zip", "folder").read_bytes()
    yield _Archives(sound, folder / "forged")
