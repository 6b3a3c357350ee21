"""Runs in OSWorld's own environment: its functions judge what Sayso found. Imports no Sayso.

Reads a job as JSON and prints one line of JSON: ``{"score": 0 to 1}`` or ``{"error": …}``. Each
function is imported from its own file alone, so that only what that file needs must be installed.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import importlib.util
import json
import logging
import re
import sys
import types
from pathlib import Path

_log = logging.getLogger(__name__)
_PACKAGE = "desktop_env"
_PARTS = (f"{_PACKAGE}.evaluators", f"{_PACKAGE}.evaluators.metrics")


def main() -> None:
    """Judge the job on standard input."""
    job = json.load(sys.stdin)
    with contextlib.redirect_stdout(sys.stderr):  # the functions print as they like
        try:
            told: dict[str, object] = {"score": _judged(job)}
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told as the answer
            _log.exception("A task's functions could not judge.")
            told = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(told))


def _judged(job: dict) -> float:  # type: ignore[type-arg]
    scores = []
    for one in job["functions"]:
        score = _asked(one)
        if job["conj"] == "and" and score == 0.0:
            return 0.0
        if job["conj"] == "or" and score == 1.0:
            return 1.0
        scores.append(score)
    return sum(scores) / len(scores) if job["conj"] == "and" else max(scores)


def _asked(one: dict) -> float:  # type: ignore[type-arg]
    given = [one["result"], *([one["expected"]] if "expected" in one else [])]
    missing = one["result"] is None or (isinstance(one["result"], list) and None in one["result"])
    function = _function(one["name"])
    try:
        return float(function(*given, **one["options"]))
    except Exception:
        if missing:  # there, a file that is not there ends the evaluation with 0
            return 0.0
        raise


def _function(name: str):  # type: ignore[no-untyped-def]
    root = _root()
    for path in sorted((root / "evaluators" / "metrics").glob("*.py")):
        text = path.read_text("utf-8")
        if path.stem != "__init__" and re.search(rf"^def {re.escape(name)}\(", text, re.MULTILINE):
            _stand_in(root)
            return getattr(importlib.import_module(f"{_PARTS[1]}.{path.stem}"), name)
    raise LookupError(f"{_PACKAGE} has no function {name}")


@functools.cache
def _root() -> Path:
    found = importlib.util.find_spec(_PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise ImportError(f"{_PACKAGE} is not installed for {sys.executable}")
    return Path(next(iter(found.submodule_search_locations)))


def _stand_in(root: Path) -> None:
    """Packages without what their __init__ would import: all engines of all programs."""
    for name in (_PACKAGE, *_PARTS):
        if name not in sys.modules:
            module = types.ModuleType(name)
            module.__path__ = [str(root.joinpath(*name.split(".")[1:]))]
            sys.modules[name] = module


if __name__ == "__main__":
    main()
