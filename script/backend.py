"""setuptools, with all that a wheel holds gathered under one name.

``agent`` and ``dashboard`` are names that others use too: two distributions with the same folder
overwrite each other's files. A wheel has them inside ``sayso``, which puts them on the path when
it is imported (`sayso/__init__.py`). An editable install leaves everything where it is.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from setuptools import build_meta
from setuptools.build_meta import (  # noqa: F401 - the other hooks of PEP 517 and 660
    build_editable,
    build_sdist,
    get_requires_for_build_editable,
    get_requires_for_build_sdist,
    get_requires_for_build_wheel,
    prepare_metadata_for_build_editable,
    prepare_metadata_for_build_wheel,
)

NAME = "sayso"
GATHERED = ("agent", "dashboard")
BELOW = f"{NAME}/_packages"


def build_wheel(
    wheel_directory: str,
    config_settings: dict[str, Any] | None = None,
    metadata_directory: str | None = None,
) -> str:
    """Build a wheel whose only folder, beside its metadata, is ``sayso``."""
    name: str = build_meta.build_wheel(wheel_directory, config_settings, metadata_directory)
    gather(Path(wheel_directory, name))
    return name


def gather(wheel: Path) -> None:
    """Move what a wheel holds under one name, and write its list of files again."""
    beside = wheel.with_suffix(".new")
    rows = list[tuple[str, str, str]]()
    with ZipFile(wheel) as before, ZipFile(beside, "w", ZIP_DEFLATED) as after:
        for entry in before.infolist():
            data = before.read(entry)
            entry.filename = _place(entry.filename)
            if entry.filename.endswith(".dist-info/RECORD"):
                rows.append((entry.filename, "", ""))
                data = _table(rows)
            elif entry.filename.endswith(".dist-info/top_level.txt"):
                data = f"{NAME}\n".encode()
            rows.append((entry.filename, _hash(data), str(len(data))))
            after.writestr(entry, data, ZIP_DEFLATED)
    beside.replace(wheel)


def _place(name: str) -> str:
    return f"{BELOW}/{name}" if name.split("/", 1)[0] in GATHERED else name


def _hash(data: bytes) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest())
    return f"sha256={digest.rstrip(b'=').decode()}"


def _table(rows: list[tuple[str, str, str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()
