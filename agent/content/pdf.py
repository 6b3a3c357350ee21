"""What has to be known of a PDF before a model is given it: its pages, and whether it is locked.

No more of the format is read than that, and no more of the file is unpacked than the bounds
below allow, whatever it claims.
"""

from __future__ import annotations

import itertools
import json
import re
import subprocess
import sys
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_PAGE = re.compile(rb"/Type\s{0,8}/Page(?![A-Za-z])")
_COUNT = re.compile(rb"/Count\s{1,8}(\d{1,7})(?!\d)")
_ENCRYPTED = re.compile(rb"/Encrypt\s{1,8}\d+\s{1,8}\d+\s{1,8}R")
_OBJECTS = re.compile(rb"/ObjStm")
_STREAM = re.compile(rb"stream\r?\n")
_MOST_STREAMS, _MOST_PACKED, _MOST_UNPACKED = 2000, 256 << 10, 64 << 20
"""Object streams that are looked into, bytes of one, and bytes of all when unpacked."""


PAGES_READER = Path(__file__).with_name("pdf_pages.py")
"""The program that reads what pages hold."""

_PATIENCE = 40.0
"""Seconds for it."""

_MOST_LETTERS = 200_000
_EDGE = 64
"""Pixels of the picture that it makes of a page without text, which is not wanted here."""


@dataclass(frozen=True, slots=True)
class PdfFacts:
    """``pages`` is 0 when they could not be counted."""

    pages: int
    encrypted: bool
    empty: bool = False
    """Whether there is no page, nor anything packed that could hold one."""


def is_pdf(beginning: bytes) -> bool:
    """Whether a file that begins so is a PDF; readers allow some bytes before the mark."""
    return b"%PDF-" in beginning[:1024]


def pdf_facts(data: bytes) -> PdfFacts:
    """Pages and lock of a PDF."""
    pages = count = 0
    for part in itertools.chain((data,), _unpacked(data)):
        pages += sum(1 for _ in _PAGE.finditer(part))
        count = max(itertools.chain((count,), (int(n[1]) for n in _COUNT.finditer(part))))
    found = pages or count
    empty = not found and _OBJECTS.search(data) is None
    return PdfFacts(found, bool(_ENCRYPTED.search(data)), empty)


def pdf_text(data: bytes) -> str:
    """What the pages of a PDF say, one after the other; empty where that cannot be read.

    Blocks until a process of its own has read it.
    """
    command = [sys.executable, "-I", str(PAGES_READER), "1", "0", str(_MOST_LETTERS), str(_EDGE)]
    with suppress(subprocess.SubprocessError, ValueError):
        done = subprocess.run(
            command,
            check=True,
            input=data,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_PATIENCE,
            env={"LC_ALL": "C.UTF-8"},
        )
        return "\n".join(json.loads(done.stdout).get("texts", ()))
    return ""


def _unpacked(data: bytes) -> Iterator[bytes]:
    """The contents of object streams, in which newer files keep their pages' descriptions."""
    left = _MOST_UNPACKED
    for found in itertools.islice(_OBJECTS.finditer(data), _MOST_STREAMS):
        begin = _STREAM.search(data, found.end(), found.end() + 1000)
        if begin is None or left <= 0:
            continue
        packed = data[begin.end() : begin.end() + _MOST_PACKED]
        try:
            part = zlib.decompressobj().decompress(packed, left)
        except zlib.error:
            continue
        left -= len(part)
        yield part
