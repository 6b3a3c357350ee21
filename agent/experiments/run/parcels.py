"""Trials' files on their way from workers, by a folder that both ends reach instead of by Dask.

A folder is a path, or an address of fsspec's, whose package for such a store (s3fs, gcsfs …) must
be installed where trials run and where the experiment does.
"""

from __future__ import annotations

import uuid
from typing import Any

from agent.errors import ConfigurationError
from agent.experiments.extras import extra

_SUFFIX = ".trial"


def put(folder: str, trial: str, data: bytes) -> str:
    """Write a trial's packed files; returns where they are."""
    system, path = _at(f"{folder.rstrip('/')}/{trial}.{uuid.uuid4().hex}{_SUFFIX}")
    system.makedirs(path.rpartition("/")[0], exist_ok=True)
    system.pipe_file(path, data)
    return str(system.unstrip_protocol(path))


def fetched(address: str) -> bytes:
    """What was put there, which is then removed.

    Raises:
        OSError: it is not there, or cannot be read.
    """
    system, path = _at(address)
    data: bytes = system.cat_file(path)
    system.rm_file(path)
    return data


def try_out(folder: str) -> None:
    """Whether something can be put there and fetched.

    Raises:
        ConfigurationError: it cannot.
    """
    try:
        fetched(put(folder, "sayso", b"x"))
    except (OSError, ValueError, ImportError) as error:
        raise ConfigurationError(
            f"Trials' files cannot go by {folder}: {error}. It must be a folder, or an address "
            "of fsspec's (as s3://bucket/folder, with its package installed), that this machine "
            "and all workers may write."
        ) from error


def _at(address: str) -> tuple[Any, str]:
    system, path = extra("fsspec").core.url_to_fs(address)
    return system, str(path)
