"""Results as logs of inspect_ai, which need the extra ``sayso[inspect]``."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from agent.experiments.extras import extra
from agent.experiments.plan.spec import Experiment
from agent.experiments.plan.task import Task
from agent.experiments.plan.trial import Trial, TrialResult
from agent.experiments.results.export import make_folder, whole_trials
from agent.experiments.run.store import Store
from agent.record import events as ev

_SCORER = "checker"
_LIMITS = {"limit": "custom", "stopped_by_user": "operator"}
"""Status of a trial → inspect_ai's word for what ended it before its time."""

_TOLD_BY_MESSAGES = (ev.UserMessage, ev.BlockFinished, ev.ActionProposed, ev.ActionFinished)

_UNNAMABLE = re.compile(r"[^A-Za-z0-9.+-]")


def export_inspect(store: Store, target: Path) -> int:
    """One log an arm in the folder ``target``, as inspect_ai reads and lists them.

    Returns the number of trials. A log is “cancelled” as long as some of its trials are missing.

    Raises:
        ConfigurationError: inspect_ai is not installed, or the folder cannot be written.
    """
    log = extra("inspect_ai.log", package="inspect")
    experiment, whole, written = store.experiment, whole_trials(store), 0
    tasks = {task.id: task for task in experiment.tasks}
    make_folder(target)
    for arm in experiment.arms:
        trials = [t for t in whole if t.result.arm == arm]
        results = [t.result for t in trials]
        planned = len(experiment.tasks) * experiment.repeats
        document = log.EvalLog(
            status="success" if len(trials) == planned else "cancelled",
            eval=_eval_spec(log, experiment, arm, store),
            results=_results(log, results),
            stats=_stats(log, results),
            samples=[_sample(log, trial, tasks[trial.result.task]) for trial in trials],
        )
        path = target / _file_name(experiment, arm, store)
        log.write_eval_log(document, str(path), format="json")
        written += len(trials)
    return written


def _file_name(experiment: Experiment, arm: str, store: Store) -> str:
    """As inspect_ai names logs; it lists no JSON file without its time in front."""
    words = [_when(_created(store)).replace(":", "-"), experiment.name, arm, _arm_id(store, arm)]
    return "_".join(_UNNAMABLE.sub("-", word) for word in words) + ".json"


def _eval_spec(log: Any, experiment: Experiment, arm: str, store: Store) -> Any:
    tasks = [task.id for task in experiment.tasks]
    fields = {k: v for k, v in experiment.arms[arm].fields.items() if k != "prompt_text"}
    return log.EvalSpec(
        eval_id=_arm_id(store, arm),
        run_id=experiment.hash[:22],
        task_id=_arm_id(store, arm),
        created=_when(_created(store)),
        task=experiment.name,
        task_version=experiment.hash[:12],
        task_args=fields,
        dataset=log.EvalDataset(name=experiment.name, samples=len(tasks), sample_ids=tasks),
        model=experiment.arms[arm].model,
        config=log.EvalConfig(epochs=experiment.repeats),
        metadata={"arm": arm, "hypothesis": experiment.hypothesis},
    )


def _results(log: Any, results: list[TrialResult]) -> Any:
    completed = [r for r in results if r.completed]
    share = sum(r.passed for r in completed) / len(completed) if completed else 0.0
    score = log.EvalScore(
        name=_SCORER,
        scorer=_SCORER,
        scored_samples=len(completed),
        unscored_samples=len(results) - len(completed),
        metrics={"accuracy": log.EvalMetric(name="accuracy", value=share)},
    )
    return log.EvalResults(
        total_samples=len(results), completed_samples=len(completed), scores=[score]
    )


def _stats(log: Any, results: list[TrialResult]) -> Any:
    if not results:
        return log.EvalStats()
    began, ended = min(map(_began, results)), max(r.ended for r in results)
    return log.EvalStats(started_at=_when(began), completed_at=_when(ended))


def _sample(log: Any, trial: Trial, task: Task) -> Any:
    result, events = trial.result, trial.events()
    error = limit = None
    if result.status == "error":
        error = log.EvalError(message=result.error, traceback="", traceback_ansi="")
    elif kind := _LIMITS.get(result.status):
        limit = log.EvalSampleLimit(type=kind, limit=0, reason=result.reason)
    return log.EvalSample(
        id=result.task,
        epoch=result.repeat + 1,
        uuid=f"{result.experiment[:12]}-{result.id}",
        input=task.instruction,
        target="",
        messages=list(messages_of(trial, events)),
        events=list(_events(events)),
        scores={_SCORER: score_of(result)} if result.completed else {},
        metadata={"status": result.status, **result.metrics},
        model_usage=_usage(events),
        error=error,
        limit=limit,
        started_at=_when(_began(result)),
        completed_at=_when(result.ended),
        total_time=result.ended - _began(result),
    )


def score_of(result: TrialResult) -> Any:
    """The checker's verdict as a score."""
    scorer = extra("inspect_ai.scorer", package="inspect")
    return scorer.Score(
        value=scorer.CORRECT if result.passed else scorer.INCORRECT,
        explanation=result.reason,
        metadata={"score": result.score, "left_out": list(result.left_out)},
    )


def _usage(events: list[ev.Event]) -> dict[str, Any]:
    """By model, as its service counted."""
    make = extra("inspect_ai.model", package="inspect").ModelUsage
    models = {e.turn_id: e.model for e in events if isinstance(e, ev.TurnStarted)}
    found: dict[str, Any] = {}
    for event in events:
        if isinstance(event, ev.TurnFinished) and event.turn_id in models:
            used, name = event.usage, models[event.turn_id]
            read, written = used.cache_read_input_tokens, used.cache_creation_input_tokens
            more = make(
                input_tokens=used.input_tokens,
                output_tokens=used.output_tokens,
                total_tokens=used.input_tokens + used.output_tokens + read + written,
                input_tokens_cache_read=read,
                input_tokens_cache_write=written,
                total_cost=used.dollars,
            )
            found[name] = found[name] + more if name in found else more
    return found


def messages_of(trial: Trial, events: list[ev.Event]) -> Iterator[Any]:
    """What was said and done, in order: the system prompt, words, calls of tools, results."""
    model = extra("inspect_ai.model", package="inspect")
    tool = extra("inspect_ai.tool", package="inspect")
    names: dict[str, str] = {}
    if (prompt := trial.folder / "session" / "prompt.md").exists():
        yield model.ChatMessageSystem(content=prompt.read_text("utf-8"))
    for event in events:
        match event:
            case ev.UserMessage():
                yield model.ChatMessageUser(content=_content(trial, event, event.text))
            case ev.BlockFinished() if event.block["type"] == "text":
                yield model.ChatMessageAssistant(content=str(event.block["text"]))
            case ev.ActionProposed():
                names[event.action_id] = event.name
                call = tool.ToolCall(
                    id=event.action_id, function=event.name, arguments=dict(event.input)
                )
                yield model.ChatMessageAssistant(content="", tool_calls=[call])
            case ev.ActionFinished():
                wrong = tool.ToolCallError("unknown", event.text) if event.is_error else None
                yield model.ChatMessageTool(
                    content=_content(trial, event, event.text),
                    tool_call_id=event.action_id,
                    function=names.get(event.action_id),
                    error=wrong,
                )
            case _:
                pass


def _content(trial: Trial, event: ev.Event, text: str) -> Any:
    """Words, with the event's pictures where they are still there."""
    model = extra("inspect_ai.model", package="inspect")
    pictures = [
        model.ContentImage(image=_data(image, path))
        for image in ev.images_of(event)
        if (path := trial.image(image)).exists()
    ]
    return [model.ContentText(text=text), *pictures] if pictures else text


def _data(image: ev.Image, path: Path) -> str:
    return f"data:{image.media_type};base64,{base64.b64encode(path.read_bytes()).decode()}"


def _events(events: list[ev.Event]) -> Iterator[Any]:
    """What happened besides, as the session's own log has it: approvals, interruptions, control."""
    info = extra("inspect_ai.event", package="inspect").InfoEvent
    for event in events:
        if not isinstance(event, _TOLD_BY_MESSAGES):
            yield info(
                timestamp=datetime.fromtimestamp(event.at, UTC),
                source="sayso",
                data=event.model_dump(mode="json"),
            )


def _began(result: TrialResult) -> float:
    """When; a trial whose worker was lost has only an end."""
    return result.started or result.ended


def _created(store: Store) -> float:
    return float(store.about.get("created", 0))


def _when(seconds: float) -> str:
    """ISO 8601, to the second, in UTC."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def _arm_id(store: Store, arm: str) -> str:
    """The same at every export, so that a second one replaces the first."""
    return hashlib.sha256(f"{store.folder.name} {arm}".encode()).hexdigest()[:22]
