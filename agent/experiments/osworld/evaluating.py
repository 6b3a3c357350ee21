"""The checker of an imported task: what it found is judged by OSWorld's functions."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agent.errors import ConfigurationError
from agent.experiments.run.state import State

PYTHON = "OSWORLD_PYTHON"
"""Environment variable with the Python that has ``desktop-env`` installed."""

SECONDS = 80.0
"""That the functions may take, their imports included."""

_BRIDGE = Path(__file__).with_name("bridge.py")


def judge(state: State, spec: str) -> tuple[float, str]:
    """A score from 0 to 1, and why.

    Args:
        state: the end of a trial.
        spec: an `Evaluation` as JSON.

    Raises:
        ConfigurationError: there is no such Python, or its functions fail.
    """
    job = json.loads(spec)
    with tempfile.TemporaryDirectory(prefix="sayso-osworld-") as folder:
        asked = _asked(job, state, Path(folder))
        told = _answer({"conj": job["conj"], "functions": asked})
    if "error" in told:
        raise ConfigurationError(f"OSWorld's evaluator failed: {told['error']}")
    score = min(1.0, max(0.0, float(told["score"])))
    return score, f"OSWorld's {', '.join(job['functions'])}: {score:g}{_missing(asked)}"


def python() -> str:
    """The Python that has OSWorld's functions.

    Raises:
        ConfigurationError: none is named, or it is not there.
    """
    named = os.environ.get(PYTHON, "")
    if not named or not Path(named).is_file():
        raise ConfigurationError(
            f"Tasks of OSWorld are judged by its own functions: `python3 -m venv osworld && "
            f"osworld/bin/pip install desktop-env`, then set {PYTHON} to osworld/bin/python"
            f"{f'; there is no {named}' if named else ''}."
        )
    return named


def _asked(job: Mapping[str, Any], state: State, folder: Path) -> list[dict[str, Any]]:
    """Each function with its arguments; files are written into ``folder``."""
    found = []
    lists = (job["functions"], job["results"], job["expected"], job["options"])
    for name, result, expected, options in zip(*lists, strict=True):
        one = {"name": name, "result": _result(result, state, folder), "options": options}
        if "rules" in expected:
            one["expected"] = expected["rules"]
        elif "gold" in expected:
            gold = [(name, state.expected.get(name)) for name in expected["gold"]]
            one["expected"] = _given(_written(gold, folder), expected["gives"])
        found.append(one)
    return found


def _result(result: Mapping[str, Any], state: State, folder: Path) -> Any:
    if "output" in result:
        return state.text(result["output"])
    files = [(name, state.data(path)) for path, name in result["files"]]
    return _given(_written(files, folder), result["gives"])


def _written(files: list[tuple[str, bytes | None]], folder: Path) -> list[str | None]:
    paths: list[str | None] = []
    for name, data in files:
        if data is not None:
            (folder / name).write_bytes(data)
        paths.append(None if data is None else str(folder / name))
    return paths


def _given(paths: list[str | None], gives: list[int]) -> str | list[str | None] | None:
    chosen = [paths[place] for place in gives if place < len(paths)]
    return chosen[0] if len(chosen) == 1 else chosen


def _answer(job: dict[str, Any]) -> dict[str, Any]:
    try:
        done = subprocess.run(
            [python(), "-I", str(_BRIDGE)],
            input=json.dumps(job),
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    except subprocess.TimeoutExpired as error:
        raise ConfigurationError(f"OSWorld's evaluator took over {SECONDS:g} s.") from error
    except (OSError, ValueError, IndexError) as error:
        raise ConfigurationError(f"OSWorld's evaluator gave no answer ({error}).") from error
    return told


def _missing(asked: list[dict[str, Any]]) -> str:
    lacking = [one["name"] for one in asked if one["result"] is None]
    return f" (there was no result for {', '.join(lacking)})" if lacking else ""
