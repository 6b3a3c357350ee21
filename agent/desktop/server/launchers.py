"""Applications that can be started, from ``.desktop`` files (Desktop Entry 1.5)."""

from __future__ import annotations

import configparser
import functools
import os
import re
import shlex
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from agent.desktop.base import Launcher

SYSTEM_FOLDERS = (Path("/usr/local/share/applications"), Path("/usr/share/applications"))
_FIELD_CODE = re.compile(r"%(.)")
_SECTION = "Desktop Entry"


def read_launchers(folders: Iterable[Path] = SYSTEM_FOLDERS) -> tuple[Launcher, ...]:
    """Launchers of all folders, sorted by name; an earlier folder's file hides a later one's.

    Left out, as menus do: entries that are hidden, not for display, not applications, not
    for XFCE, or whose program is not installed; files that cannot be read.
    """
    found: dict[str, Launcher | None] = {}
    for folder in folders:
        for path in _entries(folder):
            name = "-".join(path.relative_to(folder).parts).removesuffix(".desktop")
            if name not in found:
                found[name] = parse_launcher(path, name)
    launchers = (launcher for launcher in found.values() if launcher)
    return tuple(sorted(launchers, key=lambda launcher: launcher.name.casefold()))


def parse_launcher(path: Path, launcher_id: str) -> Launcher | None:
    """The launcher of one file, or None if a menu would not show it."""
    try:
        info = path.stat()
        entry = _read_entry(path, info.st_mtime_ns, info.st_size)
    except (OSError, configparser.Error, KeyError):
        return None
    if not _shown(entry):
        return None
    command = parse_exec(entry.get("Exec", ""), name=entry.get("Name", ""), path=path)
    if not command or shutil.which(command[0]) is None:
        return None
    if entry.get("Terminal", "").lower() == "true":
        command = ("xfce4-terminal", "--disable-server", "-x", *command)
    return Launcher(
        id=launcher_id,
        name=entry.get("Name", launcher_id).strip(),
        generic_name=entry.get("GenericName", "").strip(),
        keywords=tuple(
            word.strip() for word in entry.get("Keywords", "").split(";") if word.strip()
        ),
        command=command,
    )


@functools.lru_cache(maxsize=1024)
def _read_entry(path: Path, changed: int, size: int) -> Mapping[str, str]:
    """What a file says; read again when its time or size is another.

    Raises:
        OSError: it cannot be read.
        configparser.Error: it is no such file.
        KeyError: the same.
    """
    parser = configparser.RawConfigParser(delimiters="=", comment_prefixes="#", strict=False)
    parser.optionxform = str  # type: ignore[assignment, method-assign]  # keys are case-sensitive
    parser.read_string(path.read_text("utf-8", "replace"))
    return dict(parser[_SECTION])


def parse_exec(line: str, *, name: str = "", path: Path | None = None) -> tuple[str, ...]:
    """Argument list of an ``Exec`` value: unquoted, with field codes removed.

    ``%c`` becomes the name and ``%k`` the file; codes for files, URLs and icons are dropped,
    since nothing is opened with. An unbalanced quote gives an empty tuple.
    """
    try:
        words = shlex.split(line.replace("\\\\", "\\"), posix=True)
    except ValueError:
        return ()
    given = {"c": name, "k": str(path or ""), "%": "%"}
    filled = [_FIELD_CODE.sub(lambda match: given.get(match[1], ""), word) for word in words]
    return tuple(word for word, raw in zip(filled, words, strict=True) if word or not raw)


def _entries(folder: Path) -> Iterator[Path]:
    for root, _, names in os.walk(folder):
        yield from (Path(root, name) for name in sorted(names) if name.endswith(".desktop"))


def _shown(entry: Mapping[str, str]) -> bool:
    if entry.get("Type", "Application") != "Application":
        return False
    if any(entry.get(key, "").lower() == "true" for key in ("NoDisplay", "Hidden")):
        return False
    only = {name for name in entry.get("OnlyShowIn", "").split(";") if name}
    never = {name for name in entry.get("NotShowIn", "").split(";") if name}
    program = entry.get("TryExec", "")
    return (
        (not only or "XFCE" in only)
        and "XFCE" not in never
        and (not program or shutil.which(program) is not None)
    )
