"""Record a model's turns to a file and play them again, without a key or a network.

A cassette is JSONL: a header, then one line per turn with its key, the request in a
normal form, the parts with their times, and the error if it failed. Pictures and the date
are left out of the normal form, call ids are numbered, and signatures are dropped: two runs
of the same conversation have the same key. A model's name is not part of the key.

Two ways to compare: *strict* takes a turn only for the very same conversation; otherwise
the turn's number, the person's last words and the tools' names have to agree.
"""

from __future__ import annotations

import asyncio
import difflib
import json
import time
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import aclosing, contextmanager
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, TextIO

from agent import errors
from agent.disk import in_thread
from agent.errors import ModelError, ModelUnavailable
from agent.models.base import (
    BlockDone,
    Counted,
    Dictating,
    Labelled,
    Learned,
    Model,
    ModelPart,
    ModelRequest,
    Readable,
    Text,
    TurnDone,
    Waiting,
    Warned,
    check_model,
    prepare_model,
    readable_by,
)
from agent.models.cassette_key import digest, loosened, normalise
from agent.record.events import ScreenLabel, Usage

VERSION = 2
"""Of the format; another number cannot be read."""

_NO_CASSETTE = "{path} is not a cassette. Choose a file that the model record:PATH has written."

_TAKEN = "There is a file {path} already. Record to another path, or remove it."

_KINDS: dict[str, type[ModelPart]] = {
    "text": Text,
    "block": BlockDone,
    "waiting": Waiting,
    "counted": Counted,
    "labelled": Labelled,
    "dictating": Dictating,
    "warned": Warned,
    "learned": Learned,
    "done": TurnDone,
}
_FAILURES: dict[str, type[ModelError]] = {
    name: kind
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, ModelError)
}


class CassetteMiss(ModelUnavailable):
    """The cassette holds no turn for this request; the text shows the difference."""


@dataclass(frozen=True, slots=True)
class Step:
    """One recorded turn; ``parts`` are (seconds since the request, part)."""

    key: str
    loose: str
    normal: dict[str, Any]
    parts: tuple[tuple[float, ModelPart], ...]
    error: tuple[str, str] | None = None


class RecordingModel:
    """Passes another model's turns on and writes each to ``path``, cut ones excepted.

    The file must be new: what was recorded before has been paid for.
    """

    def __init__(self, model: Model, path: Path) -> None:
        self._model = model
        self._path = path
        self._file: TextIO | None = None

    @property
    def name(self) -> str:
        return self._model.name

    @property
    def reads(self) -> frozenset[Readable]:
        return readable_by(self._model)

    async def prepare(self) -> None:
        """Let the inner model ask its server."""
        await prepare_model(self._model)

    async def check(self) -> None:
        """Look whether the inner model can be used, and the file be new.

        Raises:
            ModelUnavailable: it cannot.
        """
        if self._file is None and self._path.exists():
            raise ModelUnavailable(_TAKEN.format(path=self._path))
        await check_model(self._model)

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelPart, None]:
        """One turn of the inner model."""
        file = self._file
        if file is None:
            self._file = file = await in_thread(self._open, request)
        start = time.monotonic()
        parts: list[tuple[float, ModelPart]] = []
        failure: ModelError | None = None
        try:
            async with aclosing(self._model.stream(request)) as answer:
                async for part in answer:
                    parts.append((time.monotonic() - start, part))
                    yield part
        except ModelError as error:
            failure = error
        await in_thread(self._write, file, request, parts, failure)
        if failure is not None:
            raise failure

    async def close(self) -> None:
        await self._model.close()
        if self._file is not None:
            self._file.close()

    def _write(
        self,
        file: TextIO,
        request: ModelRequest,
        parts: list[tuple[float, ModelPart]],
        failure: ModelError | None,
    ) -> None:
        normal = normalise(request)
        line: dict[str, Any] = {
            "key": digest(normal),
            "loose": digest(loosened(normal)),
            "request": normal,
            "parts": [_part_to_json(at, part) for at, part in parts],
        }
        if failure is not None:
            line["error"] = [type(failure).__name__, str(failure)]
        with self._told():
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
            file.flush()

    def _open(self, request: ModelRequest) -> TextIO:
        header = {
            "cassette": VERSION,
            "sayso": _sayso_version(),
            "model": self._model.name,
            "display": list(request.display),
        }
        with self._told():
            self._path.parent.mkdir(parents=True, exist_ok=True)
            file = self._path.open("x", encoding="utf-8")
            file.write(json.dumps(header) + "\n")
        return file

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What the disk refuses, as a sentence."""
        try:
            yield
        except FileExistsError:
            raise ModelUnavailable(_TAKEN.format(path=self._path)) from None
        except OSError as error:
            raise ModelUnavailable(
                f"The cassette {self._path} cannot be written ({error.strerror}). "
                "Free some space, or record to another place."
            ) from error


class CassetteModel:
    """Plays a cassette. ``pace`` stretches the recorded times; 0 plays at once.

    A turn recorded more than once (a broken answer, then a whole one) is played in the
    order of recording; its last form then stays.
    """

    def __init__(self, path: Path, *, strict: bool = False, pace: float = 0.0) -> None:
        self._path = path
        self._strict = strict
        self._pace = pace
        self._steps: list[Step] | None = None
        self._played: dict[str, int] = {}

    @property
    def name(self) -> str:
        return f"cassette:{self._path.name}"

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelPart, None]:
        """The recorded turn for this request.

        Raises:
            ModelUnavailable: the file is missing, damaged or of another version.
            CassetteMiss: it holds no such turn.
        """
        step = self._find(await self._read(), normalise(request))
        start = time.monotonic()
        for at, part in step.parts:
            await asyncio.sleep(max(0.0, start + at * self._pace - time.monotonic()))
            yield part
        if step.error is not None:
            kind, message = step.error
            raise _FAILURES.get(kind, ModelError)(message)

    async def check(self) -> None:
        """Read the file.

        Raises:
            ModelUnavailable: it is missing, damaged or of another version.
        """
        await self._read()

    async def close(self) -> None:
        """Nothing is open between turns."""

    async def _read(self) -> list[Step]:
        if self._steps is None:
            self._steps = await in_thread(lambda: list(read_cassette(self._path)))
        return self._steps

    def _find(self, steps: list[Step], normal: dict[str, Any]) -> Step:
        key = digest(normal) if self._strict else digest(loosened(normal))
        found = [step for step in steps if key == (step.key if self._strict else step.loose)]
        if not found:
            raise CassetteMiss(self._miss(steps, normal))
        played = self._played.get(key, 0)
        self._played[key] = played + 1
        return found[min(played, len(found) - 1)]

    def _miss(self, steps: list[Step], normal: dict[str, Any]) -> str:
        show = dict if self._strict else loosened
        number = normal["turn"]
        same = [step for step in steps if step.normal["turn"] == number]
        if not same:
            return (
                f"The cassette {self._path.name} ends before turn {number + 1}: it holds "
                f"{len(steps)} turns. Record it again, or choose another model."
            )
        wanted = _lines(show(same[0].normal))
        diff = difflib.unified_diff(wanted, _lines(show(normal)), "recorded", "asked", lineterm="")
        return (
            f"The cassette {self._path.name} has another conversation at turn {number + 1}. "
            "Record it again, or choose another model.\n" + "\n".join(diff)
        )


def read_cassette(path: Path) -> Iterator[Step]:
    """The turns of a cassette.

    Raises:
        ModelUnavailable: the file is missing, damaged or of another version.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise ModelUnavailable(
            f"The cassette {path} cannot be read ({error.strerror}). Check its path, or "
            f"record one with the model record:{path}."
        ) from None
    except UnicodeDecodeError:
        raise ModelUnavailable(_NO_CASSETTE.format(path=path)) from None
    _check_header(path, lines[0] if lines else "")
    for number, line in enumerate(lines[1:], 2):
        try:
            yield _step(json.loads(line))
        except (ValueError, KeyError, TypeError, RecursionError):
            raise ModelUnavailable(
                f"The cassette {path} is damaged at line {number}. Record it again."
            ) from None


def _lines(value: Mapping[str, Any]) -> list[str]:
    return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False).splitlines()


def _check_header(path: Path, line: str) -> None:
    try:
        found = json.loads(line)["cassette"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ModelUnavailable(_NO_CASSETTE.format(path=path)) from None
    if found != VERSION:
        raise ModelUnavailable(
            f"The cassette {path} was recorded in format {found}; this Sayso reads format "
            f"{VERSION}. Record it again."
        )


def _part_to_json(at: float, part: ModelPart) -> dict[str, Any]:
    kind = next(name for name, cls in _KINDS.items() if isinstance(part, cls))
    data = asdict(part)
    if isinstance(part, TurnDone | Counted):
        data["usage"] = part.usage.model_dump()
    if isinstance(part, Labelled):
        data["labels"] = [label.model_dump(mode="json") for label in part.labels]
    return {"at": round(at, 3), "kind": kind, **data}


def _part_from_json(data: dict[str, Any]) -> tuple[float, ModelPart]:
    at, kind = float(data.pop("at")), _KINDS[data.pop("kind")]
    if "usage" in data:
        data["usage"] = Usage(**data["usage"])
    if "labels" in data:
        data["labels"] = tuple(ScreenLabel(**label) for label in data["labels"])
    return at, kind(**data)


def _step(data: Mapping[str, Any]) -> Step:
    parts = tuple(_part_from_json(dict(part)) for part in data["parts"])
    error = data.get("error")
    failure = (str(error[0]), str(error[1])) if error else None
    return Step(data["key"], data["loose"], data["request"], parts, failure)


def _sayso_version() -> str:
    try:
        return version("sayso")
    except PackageNotFoundError:
        return "0"
