"""Results for other tools: spans for OpenTelemetry's SDK (`otlp`: for collectors).

They need the extra ``sayso[otel]``. The names of the GenAI conventions are still in development
upstream; they are all in this file.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, TextIO

from agent.errors import ConfigurationError
from agent.experiments.extras import extra
from agent.experiments.plan.spec import Arm
from agent.experiments.plan.trial import Trial, TrialResult
from agent.experiments.run.store import Store
from agent.record import events as ev

AGENT_SPAN = "invoke_agent"
CHAT_SPAN = "chat"
TOOL_SPAN = "execute_tool"


def export_spans(store: Store, target: Path, *, exporter: Any = None) -> int:
    """Every trial as a trace, one JSON span after another in ``target``; returns trials.

    ``exporter`` is any span exporter of OpenTelemetry's SDK, in place of the file.

    Raises:
        ConfigurationError: the SDK is not installed, or the file cannot be written.
    """
    sdk = extra("opentelemetry.sdk.trace", package="otel")
    out = extra("opentelemetry.sdk.trace.export", package="otel")
    experiment, trials = store.experiment, whole_trials(store)
    with ExitStack() as open_files:
        if exporter is None:
            exporter = out.ConsoleSpanExporter(
                out=open_files.enter_context(written(target)),
                formatter=lambda span: span.to_json(indent=None) + "\n",
            )
        provider = sdk.TracerProvider(shutdown_on_exit=False)
        provider.add_span_processor(out.SimpleSpanProcessor(exporter))
        tracer = provider.get_tracer("sayso.experiments")
        for trial in trials:
            _trace(tracer, trial, experiment.arms[trial.result.arm])
        provider.shutdown()
    return len(trials)


def written(path: Path) -> TextIO:
    """A file opened to be written, its folder made.

    Raises:
        ConfigurationError: it cannot be.
    """
    make_folder(path.parent)
    try:
        return path.open("w", encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be written ({error.strerror}).") from error


def make_folder(folder: Path) -> None:
    """Make sure that a folder is there.

    Raises:
        ConfigurationError: it cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(f"{folder} cannot be written ({error.strerror}).") from error


def whole_trials(store: Store) -> list[Trial]:
    """Trials that are whole and were begun somewhere."""
    whole = []
    for trial in store.trials():
        with suppress(ConfigurationError):
            if trial.result.status != "cancelled" and trial.result.ended:
                whole.append(trial)
    return whole


def _trace(tracer: Any, trial: Trial, arm: Arm) -> None:
    set_span = extra("opentelemetry.trace", package="otel").set_span_in_context
    result = trial.result
    name, given = root_attributes(result, arm)
    root = tracer.start_span(
        name, start_time=nanoseconds(result.started or result.ended), attributes=given
    )
    context = set_span(root)
    kinds = extra("opentelemetry.trace", package="otel").SpanKind
    for name, start, end, attributes in spans_of(trial.events()):
        span = tracer.start_span(
            name,
            context,
            kinds.CLIENT if name.startswith(CHAT_SPAN) else kinds.INTERNAL,
            start_time=nanoseconds(start),
            attributes=attributes,
        )
        _tell_error(span, attributes, "")
        span.end(nanoseconds(end))
    _tell_error(root, given, result.error)
    root.end(nanoseconds(result.ended))


def root_attributes(result: TrialResult, arm: Arm) -> tuple[str, dict[str, Any]]:
    """Name and attributes of a trial's first span."""
    broken = {"error.type": result.error_class or "_OTHER"} if result.status == "error" else {}
    return f"{AGENT_SPAN} {result.arm}", {
        "gen_ai.operation.name": AGENT_SPAN,
        "gen_ai.agent.name": result.arm,
        "gen_ai.request.model": arm.model,
        "sayso.trial.id": result.id,
        "sayso.trial.status": result.status,
        "sayso.trial.score": result.score,
        **broken,
    }


def _tell_error(span: Any, attributes: dict[str, Any], words: str) -> None:
    if "error.type" in attributes:
        trace = extra("opentelemetry.trace", package="otel")
        span.set_status(trace.Status(trace.StatusCode.ERROR, words or None))


def spans_of(events: list[ev.Event]) -> Iterator[tuple[str, float, float, dict[str, Any]]]:
    """Turns and actions: name, start, end and attributes."""
    turns: dict[str, ev.TurnStarted] = {}
    names: dict[str, str] = {}
    began: dict[str, float] = {}
    for event in events:
        match event:
            case ev.TurnStarted():
                turns[event.turn_id] = event
            case ev.TurnFinished() if event.turn_id in turns:
                turn = turns[event.turn_id]
                yield f"{CHAT_SPAN} {turn.model}", turn.at, event.at, _chat(turn, event)
            case ev.ActionProposed():
                names[event.action_id] = event.name
            case ev.ActionStarted():
                began[event.action_id] = event.at
            case ev.ActionFinished() if event.action_id in began:
                name = names.get(event.action_id, "")
                attributes = {"gen_ai.operation.name": TOOL_SPAN, "gen_ai.tool.name": name}
                if event.is_error:
                    attributes["error.type"] = "_OTHER"
                yield f"{TOOL_SPAN} {name}", began[event.action_id], event.at, attributes
            case _:
                pass


def _chat(turn: ev.TurnStarted, end: ev.TurnFinished) -> dict[str, Any]:
    """Attributes of a turn; input is all of it, what came from the cache included."""
    used = end.usage
    read, kept = used.cache_read_input_tokens, used.cache_creation_input_tokens
    cached = {
        "gen_ai.usage.cache_read.input_tokens": read,
        "gen_ai.usage.cache_creation.input_tokens": kept,
    }
    return {
        "gen_ai.operation.name": CHAT_SPAN,
        "gen_ai.request.model": turn.model,
        "gen_ai.usage.input_tokens": used.input_tokens + read + kept,
        "gen_ai.usage.output_tokens": used.output_tokens,
        "gen_ai.response.finish_reasons": (end.stop_reason,),
        **{name: count for name, count in cached.items() if count},
    }


def nanoseconds(seconds: float) -> int:
    """As traces have times."""
    return int(seconds * 1e9)
