"""The page's scripts and styles, compressed ahead of time and kept by their content.

``python -m dashboard.web.assets`` (run by ``script/bootstrap``) compresses what the page loads
as well as it goes, which takes seconds; a server never waits for that. What is asked for and
not yet kept is compressed quickly at once, and well in a thread of its own afterwards.
"""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import hashlib
import logging
import os
import re
import threading
import time
import zlib
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Literal

import brotli
from platformdirs import user_cache_path
from tornado.web import HTTPError, StaticFileHandler

Encoding = Literal["br", "gzip"]

_BEST: Mapping[Encoding, Callable[[bytes], bytes]] = {
    "br": lambda body: brotli.compress(body, quality=11, lgwin=22),
    "gzip": lambda body: gzip.compress(body, 9, mtime=0),
}
_QUICK: Mapping[Encoding, Callable[[bytes], bytes]] = {
    "br": lambda body: brotli.compress(body, quality=5),
    "gzip": lambda body: gzip.compress(body, 6, mtime=0),
}
_TEXT = frozenset({".js", ".mjs", ".css", ".svg", ".json", ".html", ".txt", ".map"})
_SMALLEST = 400
"""Bytes below which compression gains nothing."""

_LARGEST = 16 << 20
_IN_MEMORY = 24 << 20
_YEAR = 365 * 86_400
_VERSION = re.compile(r"(v=)?[\w.]{5,}")
"""The query of an address that changes with its file."""

_LASTS = 90 * 86_400
_log = logging.getLogger(__name__)


def encoding_for(accepted: str) -> Encoding | None:
    """The best of our encodings that an ``Accept-Encoding`` header takes, if any."""
    weights: dict[str, float] = {}
    for part in accepted.lower().split(","):
        name, _, parameters = part.strip().partition(";")
        weights[name.strip()] = _weight(parameters)
    known: tuple[Encoding, ...] = ("br", "gzip")
    taken = [name for name in known if weights.get(name, weights.get("*", 0.0)) > 0]
    return max(taken, key=lambda name: weights.get(name, 0.0), default=None)


def _weight(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0


def _holds(packed: bytes, encoding: Encoding, body: bytes) -> bool:
    """Whether a kept copy is whole: a disk that was full, or somebody else, may have changed it."""
    try:
        found = brotli.decompress(packed) if encoding == "br" else gzip.decompress(packed)
    except (brotli.error, OSError, EOFError, zlib.error):
        return False
    return bool(found == body)


class Assets:
    """Compressed copies of files, in memory and in a folder that servers share.

    Args:
        folder: Where the copies are kept; one that cannot be written costs nothing but time.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._memory: OrderedDict[tuple[str, Encoding], bytes] = OrderedDict()
        self._lock = threading.Lock()
        self._wanted: SimpleQueue[tuple[bytes, str, Encoding]] = SimpleQueue()
        self._asked: set[tuple[str, Encoding]] = set()
        self._worker: threading.Thread | None = None

    def get(self, body: bytes, encoding: Encoding) -> bytes:
        """``body`` compressed: as well as it goes if that is kept, else quickly. Any thread."""
        key = (hashlib.sha256(body).hexdigest(), encoding)
        with self._lock:
            if key in self._memory:
                self._memory.move_to_end(key)
                return self._memory[key]
        kept = self._read(*key)
        if kept is None or not _holds(kept, encoding, body):
            kept = _QUICK[encoding](body)
            self._improve(body, *key)
        self._remember(key, kept)
        return kept

    def prepare(self, body: bytes) -> None:
        """Keep ``body`` compressed as well as it goes, unless it is kept already."""
        digest = hashlib.sha256(body).hexdigest()
        for encoding, compress in _BEST.items():
            kept = self._read(digest, encoding)
            if kept is None or not _holds(kept, encoding, body):
                self._write(digest, encoding, compress(body))

    def tidy(self) -> None:
        """Remove what has not been written for three months: it is of versions long gone."""
        oldest = time.time() - _LASTS
        with contextlib.suppress(OSError):
            for path in self._folder.iterdir():
                if path.stat().st_mtime < oldest:
                    path.unlink()

    def _improve(self, body: bytes, digest: str, encoding: Encoding) -> None:
        with self._lock:
            if (digest, encoding) in self._asked:
                return
            self._asked.add((digest, encoding))
            if self._worker is None:
                self._worker = threading.Thread(target=self._work, daemon=True, name="assets")
                self._worker.start()
        self._wanted.put((body, digest, encoding))

    def _work(self) -> None:
        while True:
            body, digest, encoding = self._wanted.get()
            best = _BEST[encoding](body)
            self._remember((digest, encoding), best)
            self._write(digest, encoding, best)

    def _remember(self, key: tuple[str, Encoding], body: bytes) -> None:
        with self._lock:
            self._memory[key] = body
            self._memory.move_to_end(key)
            while sum(map(len, self._memory.values())) > _IN_MEMORY and len(self._memory) > 1:
                self._memory.popitem(last=False)

    def _path(self, digest: str, encoding: Encoding) -> Path:
        return self._folder / f"{digest}.{encoding}"

    def _read(self, digest: str, encoding: Encoding) -> bytes | None:
        try:
            return self._path(digest, encoding).read_bytes()
        except OSError:
            return None

    def _write(self, digest: str, encoding: Encoding, body: bytes) -> None:
        path = self._path(digest, encoding)
        part = path.with_suffix(f".{os.getpid()}.{threading.get_ident()}.part")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            part.write_bytes(body)
            part.replace(path)
        except OSError as error:
            _log.info("Compressed assets are not kept: %s", error)
            with contextlib.suppress(OSError):
                part.unlink()


assets = Assets(user_cache_path("sayso") / "assets")
"""Of this process; the folder holds nothing but compressed copies of public files."""


def compressed(handler: type[StaticFileHandler]) -> type[StaticFileHandler]:
    """The handler of public files, which answers with a compressed copy where one is taken."""

    class Compressed(handler):  # type: ignore[valid-type,misc]
        _encoded_etag = ""

        async def get(self, path: str, include_body: bool = True) -> None:
            self.set_header("Vary", "Accept-Encoding")
            encoding = encoding_for(self.request.headers.get("Accept-Encoding", ""))
            file = None if encoding is None or "Range" in self.request.headers else self._text(path)
            if file is None or encoding is None:
                await super().get(path, include_body)
                return
            body, self._encoded_etag = await asyncio.to_thread(_compressed, file, encoding)
            self.set_headers()
            self.set_header("Content-Encoding", encoding)
            self.clear_header("Accept-Ranges")
            if self.check_etag_header():
                self.set_status(304)
            elif include_body:
                self.write(body)
            else:
                self.set_header("Content-Length", str(len(body)))

        def compute_etag(self) -> str | None:
            return self._encoded_etag or super().compute_etag()

        def set_headers(self) -> None:
            super().set_headers()
            versioned = _VERSION.fullmatch(self.request.query) is not None
            kept = f"public, max-age={_YEAR}, immutable" if versioned else "no-cache"
            self.set_header("Cache-Control", kept)

        def get_cache_time(self, path: str, modified: Any, mime_type: str) -> int:
            return 0

        def _text(self, path: str) -> Path | None:
            self.path = self.parse_url_path(path)
            absolute = self.get_absolute_path(self.root, self.path)
            self.absolute_path = self.validate_absolute_path(self.root, absolute)
            if self.absolute_path is None:
                raise HTTPError(404)
            self.modified = self.get_modified_time()
            file = Path(self.absolute_path)
            fits = file.suffix in _TEXT and _SMALLEST <= file.stat().st_size <= _LARGEST
            return file if fits else None

    return Compressed


def _compressed(file: Path, encoding: Encoding) -> tuple[bytes, str]:
    body = assets.get(file.read_bytes(), encoding)
    return body, f'"{hashlib.sha256(body).hexdigest()}"'


def page_files() -> list[Path]:
    """The text files that the page loads: Bokeh's, Panel's, the design system's and ours."""
    import bokeh
    import panel
    import panel_material_ui

    roots = [Path(module.__file__).parent for module in (bokeh, panel, panel_material_ui)]
    bokehjs = sorted((roots[0] / "server/static/js").glob("bokeh*.min.js"))
    parts = ["panel.min.js", "css/*.css", "bundled/theme/*.css"]
    dist = [file for part in parts for file in sorted((roots[1] / "dist").glob(part))]
    design = sorted((roots[2] / "dist").glob("*.bundle.*"))
    here = Path(__file__).parents[1]
    ours = [file for end in ("*.bundle.js", "*.css") for file in sorted(here.rglob(end))]
    return [file for file in (*bokehjs, *dist, *design, *ours) if file.suffix in _TEXT]


def main() -> None:
    """Compress what the page loads, once; old copies are removed."""
    assets.tidy()
    for file in page_files():
        if file.stat().st_size >= _SMALLEST:
            assets.prepare(file.read_bytes())


if __name__ == "__main__":
    main()
