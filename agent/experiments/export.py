"""Results for other tools: inspect_ai's log format, and OpenTelemetry spans.

Both need an extra of their own: ``sayso[inspect]`` and ``sayso[otel]``. The names of the
GenAI conventions are still in development upstream; they are all in this file.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from agent import events as ev
from agent.errors import ConfigurationError
from agent.experiments.extras import extra
from agent.experiments.spec import Experiment
from agent.experiments.store import Store
from agent.experiments.trial import Trial, TrialResult

AGENT_SPAN = "invoke_agent"
CHAT_SPAN = "chat"
TOOL_SPAN = "execute_tool"


def export_inspect(store: Store, target: Path) -> int:
    """One ``ARM.json`` an arm below ``target``, as inspect_ai reads them; returns trials.

    Raises:
        ConfigurationError: inspect_ai is not installed, or the folder cannot be written.
    """
    log = extra("inspect_ai.log", package="inspect")
    experiment, written = store.experiment, 0
    _make(target)
    for arm in experiment.arms:
        trials = [t for t in _whole(store) if t.result.arm == arm]
        samples = [_sample(log, trial) for trial in trials]
        document = log.EvalLog(
            status="success",
            eval=_eval_spec(log, experiment, arm, store),
            results=_results(log, [t.result for t in trials]),
            samples=samples,
        )
        log.write_eval_log(document, str(target / f"{arm}.json"), format="json")
        written += len(samples)
    return written


def export_spans(store: Store, target: Path, *, exporter: Any = None) -> int:
    """Every trial as a trace, one JSON span after another in ``target``; returns trials.

    ``exporter`` is any span exporter of OpenTelemetry's SDK, in place of the file.

    Raises:
        ConfigurationError: the SDK is not installed, or the file cannot be written.
    """
    sdk = extra("opentelemetry.sdk.trace", package="otel")
    out = extra("opentelemetry.sdk.trace.export", package="otel")
    _make(target.parent)
    trials = _whole(store)
    with target.open("w", encoding="utf-8") as file:
        provider = sdk.TracerProvider(shutdown_on_exit=False)
        chosen = exporter or out.ConsoleSpanExporter(
            out=file, formatter=lambda span: span.to_json(indent=None) + "\n"
        )
        provider.add_span_processor(out.SimpleSpanProcessor(chosen))
        tracer = provider.get_tracer("sayso.experiments")
        for trial in trials:
            _trace(tracer, trial)
        provider.shutdown()
    return len(trials)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(f"{folder} cannot be written ({error.strerror}).") from error


def _whole(store: Store) -> list[Trial]:
    whole = []
    for trial in store.trials():
        with suppress(ConfigurationError):
            if trial.result.status != "cancelled":
                whole.append(trial)
    return whole


# inspect_ai ------------------------------------------------------------------------------


def _eval_spec(log: Any, experiment: Experiment, arm: str, store: Store) -> Any:
    created = datetime.fromtimestamp(store.about.get("created", 0), UTC)
    tasks = [task.id for task in experiment.tasks]
    return log.EvalSpec(
        created=created.isoformat(),
        task=experiment.name,
        task_version=experiment.hash[:12],
        dataset=log.EvalDataset(name=experiment.name, samples=len(tasks), sample_ids=tasks),
        model=experiment.arms[arm].model,
        config=log.EvalConfig(epochs=experiment.repeats),
        metadata={"arm": arm, **experiment.arms[arm].model_dump(exclude={"prompt_text"})},
    )


def _results(log: Any, results: list[TrialResult]) -> Any:
    completed = [r for r in results if r.completed]
    share = sum(r.passed for r in completed) / len(completed) if completed else 0.0
    metric = log.EvalMetric(name="accuracy", value=share)
    score = log.EvalScore(name="checker", scorer="checker", metrics={"accuracy": metric})
    return log.EvalResults(
        total_samples=len(results), completed_samples=len(completed), scores=[score]
    )


def _sample(log: Any, trial: Trial) -> Any:
    model = extra("inspect_ai.model", package="inspect")
    scorer = extra("inspect_ai.scorer", package="inspect")
    result, job = trial.result, trial.job
    messages = [
        model.ChatMessageUser(content=text)
        if who == "user"
        else model.ChatMessageAssistant(content=text)
        for who, text in _said(trial.events())
    ]
    broken = result.status == "error"
    error = log.EvalError(message=result.error, traceback="", traceback_ansi="") if broken else None
    verdict = scorer.Score(
        value=scorer.CORRECT if result.passed else scorer.INCORRECT,
        explanation=result.reason,
        metadata={"score": result.score},
    )
    return log.EvalSample(
        id=result.task,
        epoch=result.repeat + 1,
        input=job.task.instruction,
        target="",
        messages=messages,
        scores={} if broken else {"checker": verdict},
        metadata={"status": result.status, **result.metrics},
        error=error,
        total_time=result.ended - result.started,
    )


def _said(events: list[ev.Event]) -> Iterator[tuple[str, str]]:
    """User's and agent's words in order; actions as a line of text."""
    for event in events:
        if isinstance(event, ev.UserMessage):
            yield "user", event.text
        elif isinstance(event, ev.BlockFinished) and event.block["type"] == "text":
            yield "assistant", str(event.block["text"])
        elif isinstance(event, ev.ActionProposed):
            yield "assistant", f"[{event.name}] {event.input}"


# OpenTelemetry ---------------------------------------------------------------------------


def _trace(tracer: Any, trial: Trial) -> None:
    set_span = extra("opentelemetry.trace", package="otel").set_span_in_context
    result, job = trial.result, trial.job
    root = tracer.start_span(
        f"{AGENT_SPAN} {result.arm}",
        start_time=_ns(result.started),
        attributes={
            "gen_ai.operation.name": AGENT_SPAN,
            "gen_ai.agent.name": result.arm,
            "gen_ai.request.model": job.arm.model,
            "sayso.trial.id": result.id,
            "sayso.trial.status": result.status,
            "sayso.trial.score": result.score,
        },
    )
    context = set_span(root)
    for name, start, end, attributes in _spans(trial.events()):
        span = tracer.start_span(name, context, start_time=_ns(start), attributes=attributes)
        span.end(_ns(end))
    root.end(_ns(result.ended))


def _spans(events: list[ev.Event]) -> Iterator[tuple[str, float, float, dict[str, Any]]]:
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
                yield f"{TOOL_SPAN} {name}", began[event.action_id], event.at, attributes
            case _:
                pass


def _chat(turn: ev.TurnStarted, end: ev.TurnFinished) -> dict[str, Any]:
    return {
        "gen_ai.operation.name": CHAT_SPAN,
        "gen_ai.request.model": turn.model,
        "gen_ai.usage.input_tokens": end.usage.input_tokens,
        "gen_ai.usage.output_tokens": end.usage.output_tokens,
        "gen_ai.response.finish_reasons": (end.stop_reason,),
    }


def _ns(seconds: float) -> int:
    return int(seconds * 1e9)
