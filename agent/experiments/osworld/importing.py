"""Writes tasks of OSWorld as folders of the Lab."""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from agent.errors import ConfigurationError
from agent.experiments.osworld.keystrokes import NotPlain
from agent.experiments.osworld.reading import Reading, read
from agent.experiments.plan.task import load_task

TURNS, SECONDS = 50, 900.0
"""Limits of an imported task."""

_LARGEST = 16 << 20
_PATIENCE = 60.0
_CHECKER = '''"""OSWorld's own evaluator; written by the import."""

from agent.experiments.osworld.evaluating import judge

SPEC = {spec!r}


def check(state):
    return judge(state, SPEC)
'''

Fetch = Callable[[str], bytes]
"""The bytes of a file by where OSWorld's JSON says that it comes from; raises `NotPlain`."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of one task."""

    source: Path
    id: str
    folder: Path | None
    """None: it was not imported."""

    why: tuple[str, ...]
    """What of it cannot be imported, a clause each."""


def examples(paths: list[Path]) -> Iterator[Path]:
    """The JSON files that are named, and those below named folders.

    Raises:
        ConfigurationError: there is no such file or folder.
    """
    for path in paths:
        if path.is_dir():
            yield from sorted(path.rglob("*.json"))
        elif path.is_file():
            yield path
        else:
            raise ConfigurationError(f"There is no {path}.")


def is_example(path: Path) -> bool:
    """Whether a file may be a task: lists of tasks' names, which lie beside them, are none."""
    try:
        given = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return True  # told as one that cannot be read
    return not isinstance(given, dict) or bool({"evaluator", "config", "snapshot"} & set(given))


def read_example(path: Path) -> Reading:
    """One task, read."""
    try:
        return read(json.loads(path.read_text("utf-8")))
    except (OSError, ValueError) as error:
        return Reading(id=path.stem, why=[f"it cannot be read ({error})"])


def import_task(source: Path, into: Path, fetch: Callable[[Path], Fetch]) -> Imported:
    """Write the task in ``source`` as a folder below ``into``, if all of it is plain.

    Args:
        source: OSWorld's JSON.
        into: folder of tasks; a task of the same id in it is replaced.
        fetch: gives what gets the files of a task, by its JSON.
    """
    found = read_example(source)
    name = _name(found.id or source.stem)
    if found.why:
        return Imported(source, name, None, tuple(found.why))
    making = into / f".{name}.new"
    shutil.rmtree(making, ignore_errors=True)
    try:
        get = fetch(source)
        _write(making, found, get)
        load_task(making)
        shutil.rmtree(into / name, ignore_errors=True)
        making.rename(into / name)
    except (NotPlain, ConfigurationError) as error:
        return Imported(source, name, None, (str(error),))
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return Imported(source, name, into / name, ())


def _name(given: str) -> str:
    return "osworld-" + re.sub(r"[^a-z0-9_.-]", "-", given.lower())[:50]


def _write(folder: Path, found: Reading, get: Fetch) -> None:
    for below, wanted in (("files", found.files), ("expected", found.gold)):
        for path, origin in wanted.items():
            (folder / below / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / below / path).write_bytes(get(origin))
    folder.mkdir(parents=True, exist_ok=True)
    spec = json.dumps(dataclasses.asdict(found.evaluation))
    (folder / "checker.py").write_text(_CHECKER.format(spec=spec), "utf-8")
    text = yaml.safe_dump(_fields(found), sort_keys=False, allow_unicode=True, width=100)
    (folder / "task.yaml").write_text(text, "utf-8")


def _fields(found: Reading) -> Mapping[str, object]:
    fields: dict[str, object] = {
        "id": _name(found.id),
        "instruction": found.instruction,
        "apps": found.apps,
        "tags": ["osworld", *(re.sub(r"\W+", "-", app) for app in found.apps)],
        "requires": sorted(found.programs),
        "limits": {"turns": TURNS, "seconds": SECONDS},
        "setup": found.setup,
        "closing": found.closing,
    }
    return {name: value for name, value in fields.items() if value}


# Files ------------------------------------------------------------------------------------


def fetcher(files: Path | None, *, download: bool) -> Callable[[Path], Fetch]:
    """What gets tasks' files: from a folder, from beside the JSON, or from their addresses.

    Args:
        files: folder with files by the last part of their address, or by the whole of its path.
        download: whether they may be fetched from where OSWorld keeps them.
    """

    def of(source: Path) -> Fetch:
        def get(origin: str) -> bytes:
            web = urllib.parse.urlsplit(origin).scheme in ("http", "https")
            path = urllib.parse.unquote(urllib.parse.urlsplit(origin).path) if web else origin
            roots = [root for root in (files, None if web else source.parent) if root is not None]
            for root in roots:
                for name in (path.lstrip("/"), Path(path).name):
                    inside = (root / name).resolve()
                    if inside.is_file() and inside.is_relative_to(root.resolve()):
                        return inside.read_bytes()
            if web and download:
                return _downloaded(origin)
            raise NotPlain(
                f"its file {Path(path).name} is not here: put it into a folder that --files names"
                f"{', or give --download' if web else ''}"
            )

        return get

    return of


def _downloaded(address: str) -> bytes:
    try:
        with urllib.request.urlopen(address, timeout=_PATIENCE) as answer:  # noqa: S310 - http(s) only, by `fetcher`
            data: bytes = answer.read(_LARGEST + 1)
    except (OSError, ValueError) as error:
        raise NotPlain(f"its file {address} cannot be had ({error})") from error
    if len(data) > _LARGEST:
        raise NotPlain(f"its file {address} is larger than 16 MB")
    return data
