"""The end of a trial as it was judged, kept beside it, so that corrected checks can judge it again.

::

    home/               the person's files
    state/state.json    windows, objects, texts, clipboard, list of files, what was left out, what
                        the task's site was asked
    state/files/        programs' own files, which checks of settings read

All of it is bounded as `State` is, and objects by `MOST_OBJECTS`.
"""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pydantic

from agent.desktop.base import Node, Window
from agent.errors import ConfigurationError
from agent.experiments.run.site import Request
from agent.experiments.run.state import State
from agent.files import is_state
from agent.record import events as ev

MOST_OBJECTS = 4000
"""Accessible objects that are kept; checks read their texts, which are kept apart."""

_STATE = "state"
_PLAIN = ("entries", "clipboard", "texts", "notes", "left_out")
_WINDOWS = pydantic.TypeAdapter(tuple[Window, ...])
_OBJECTS = pydantic.TypeAdapter(tuple[Node, ...])
_REQUESTS = pydantic.TypeAdapter(tuple[Request, ...])
_TEXTS = pydantic.TypeAdapter(tuple[tuple[str, str], ...])


def keep_state(state: State, trial: Path) -> None:
    """Write what `agent.session.home.carry` leaves out of a state into a trial's folder."""
    files = trial / _STATE / "files"
    files.mkdir(parents=True)
    for entry in state.entries:
        if not is_state(os.fsencode(entry)):
            continue
        if entry.endswith("/"):
            (files / entry).mkdir(parents=True, exist_ok=True)
        elif (state.home / entry).is_file():
            (files / entry).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(state.home / entry, files / entry)
    kept: dict[str, Any] = {name: getattr(state, name) for name in _PLAIN}
    kept["windows"] = [dataclasses.asdict(window) for window in state.windows]
    kept["requests"] = [dataclasses.asdict(request) for request in state.requests]
    kept["objects"] = [dataclasses.asdict(node) for node in state.objects[:MOST_OBJECTS]]
    kept["objects_left_out"] = max(0, len(state.objects) - MOST_OBJECTS)
    # Names of files may hold what UTF-8 cannot: JSON's own escapes do.
    text = json.dumps(kept, default=sorted, indent=1)
    (trial / _STATE / "state.json").write_text(text + "\n", "utf-8")


def has_state(trial: Path) -> bool:
    """Whether a trial's end was kept."""
    return (trial / _STATE / "state.json").is_file()


def read_state(
    trial: Path,
    folder: Path,
    *,
    fixtures: dict[str, bytes],
    events: Sequence[ev.Event],
    expected: dict[str, bytes] | None = None,
) -> State:
    """The end of a trial; its files are copied into ``folder``, for a checker is anybody's code.

    Raises:
        ConfigurationError: it was not kept, or is damaged.
    """
    try:
        kept = json.loads((trial / _STATE / "state.json").read_bytes())
        for source in (trial / "home", trial / _STATE / "files"):
            if source.is_dir():
                shutil.copytree(source, folder, dirs_exist_ok=True)
        return State(
            home=folder,
            fixtures=fixtures,
            expected=expected or {},
            entries=tuple(kept["entries"]),
            windows=_WINDOWS.validate_python(kept["windows"]),
            objects=_OBJECTS.validate_python(kept["objects"]),
            clipboard=kept["clipboard"],
            texts=_TEXTS.validate_python(kept["texts"]),
            requests=_REQUESTS.validate_python(kept.get("requests", ())),
            events=tuple(events),
            notes=tuple(kept["notes"]),
            left_out=dict(kept["left_out"]),
        )
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise ConfigurationError(
            f"The end of the trial {trial.name} was not kept whole: {error}."
        ) from error
