"""Trials as OTLP, the protocol that collectors of traces take; needs no further package.

A file holds a request a line, as the collector's ``otlpjsonfile`` receiver reads it; an address
(``http://localhost:4318``) is sent the same requests as JSON. Ids come from the trial's name, so
that a second export replaces the first where a tool goes by them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import httpx

from agent.errors import ConfigurationError
from agent.experiments.plan.spec import Arm
from agent.experiments.plan.trial import Trial
from agent.experiments.results.export import (
    CHAT_SPAN,
    nanoseconds,
    root_attributes,
    spans_of,
    whole_trials,
    written,
)
from agent.experiments.run.store import Store

_INTERNAL, _CLIENT = 1, 3
_ERROR = 2
_PATIENCE = 30.0
"""Seconds for a collector to answer."""

_PATH = "/v1/traces"
_Send = Callable[[dict[str, Any]], None]


def export_otlp(store: Store, target: Path | str) -> int:
    """Every trial as a trace; returns how many.

    Args:
        store: the experiment.
        target: a file, or the address of a collector.

    Raises:
        ConfigurationError: the file cannot be written, or the collector does not take it.
    """
    experiment, trials = store.experiment, whole_trials(store)
    with _sender(str(target)) as send:
        for trial in trials:
            send(_request(store, trial, experiment.arms[trial.result.arm]))
    return len(trials)


def _sender(target: str) -> AbstractContextManager[_Send]:
    if target.startswith(("http://", "https://")):
        address = target if target.rstrip("/").endswith(_PATH) else target.rstrip("/") + _PATH
        return nullcontext(lambda request: _post(address, request))
    return _Lines(Path(target))


class _Lines(AbstractContextManager[_Send]):
    """A file that is given a request a line."""

    def __init__(self, path: Path) -> None:
        self._file = written(path)

    def __enter__(self) -> _Send:
        return lambda request: print(json.dumps(request), file=self._file)

    def __exit__(self, *_: object) -> None:
        self._file.close()


def _post(address: str, request: dict[str, Any]) -> None:
    try:
        httpx.post(address, json=request, timeout=_PATIENCE).raise_for_status()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise ConfigurationError(f"The collector {address} did not take it: {error}.") from error


def _request(store: Store, trial: Trial, arm: Arm) -> dict[str, Any]:
    """One ExportTraceServiceRequest."""
    resource = {"service.name": "sayso", "sayso.experiment": store.experiment.name}
    scope = {"name": "sayso.experiments"}
    spans = list(_spans(store.folder.name, trial, arm))
    return {
        "resourceSpans": [
            {
                "resource": {"attributes": _attributes(resource)},
                "scopeSpans": [{"scope": scope, "spans": spans}],
            }
        ]
    }


def _spans(study: str, trial: Trial, arm: Arm) -> Iterator[dict[str, Any]]:
    result = trial.result
    known = hashlib.sha256(f"{study} {result.id}".encode()).hexdigest()
    trace, root = known[:32], known[32:48]
    name, attributes = root_attributes(result, arm)
    yield _span(
        trace, root, "", name, _INTERNAL, result.started or result.ended, result.ended,
        attributes, result.error,
    )  # fmt: skip
    for number, (title, start, end, more) in enumerate(spans_of(trial.events())):
        own = hashlib.sha256(f"{known} {number}".encode()).hexdigest()[:16]
        kind = _CLIENT if title.startswith(CHAT_SPAN) else _INTERNAL
        yield _span(trace, own, root, title, kind, start, end, more)


def _span(
    trace: str,
    own: str,
    parent: str,
    name: str,
    kind: int,
    start: float,
    end: float,
    attributes: dict[str, Any],
    words: str = "",
) -> dict[str, Any]:
    broken = "error.type" in attributes
    span = {
        "traceId": trace,
        "spanId": own,
        "name": name,
        "kind": kind,
        "startTimeUnixNano": str(nanoseconds(start)),
        "endTimeUnixNano": str(nanoseconds(end)),
        "attributes": _attributes(attributes),
        "status": {"code": _ERROR, "message": words} if broken else {},
    }
    return span | ({"parentSpanId": parent} if parent else {})


def _attributes(values: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"key": key, "value": _value(value)} for key, value in values.items()]


def _value(value: Any) -> dict[str, Any]:
    """An AnyValue; whole numbers are text in the protocol's JSON."""
    match value:
        case bool():
            return {"boolValue": value}
        case int():
            return {"intValue": str(value)}
        case float():
            return {"doubleValue": value}
        case list() | tuple():
            return {"arrayValue": {"values": [_value(one) for one in value]}}
        case _:
            return {"stringValue": str(value)}
