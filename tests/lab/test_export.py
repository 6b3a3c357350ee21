"""Recorded experiments for other tools, read back with those tools' own libraries."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from lab_stage import FakeEnvironment, hello_task, small

from agent.desktop.base import Desktop
from agent.errors import ConfigurationError
from agent.experiments.__main__ import main
from agent.experiments.plan.spec import Arm
from agent.experiments.plan.task import Task
from agent.experiments.results.export import export_spans, spans_of
from agent.experiments.results.export_inspect import export_inspect
from agent.experiments.results.otlp import export_otlp
from agent.experiments.run.placement import LocalPlacement
from agent.experiments.run.runner import Runner
from agent.experiments.run.store import Store
from agent.record import events as ev
from agent.testing.scripted import FakeTool
from agent.tools.base import Tool, ToolCall, ToolResult


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Two arms by three tasks by two repeats; a task's checker is broken, one ends at a limit."""
    tasks = [
        hello_task("fine"),
        hello_task("broken", checker="def check(state):\n    raise OSError('no disk')\n"),
        hello_task("short", limits={"turns": 1}),
    ]
    place = LocalPlacement(2)
    experiment = small({"good": "good", "bad_one": "bad"}, tasks, repeats=2, retries=0)
    runner = Runner(
        experiment, tmp_path_factory.mktemp("results"), place, environment=FakeEnvironment()
    )
    runner.run()
    place.close()
    return runner.store


# OpenTelemetry ---------------------------------------------------------------------------


class Collected:
    """A span exporter of the SDK that keeps what it is given."""

    def __init__(self) -> None:
        self.spans: list[Any] = []
        self.closed = False

    def export(self, spans: Sequence[Any]) -> Any:
        from opentelemetry.sdk.trace.export import SpanExportResult

        self.spans += spans
        return SpanExportResult.SUCCESS

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        return True

    def shutdown(self) -> None:
        self.closed = True


def test_spans_lie_in_a_file(store: Store, tmp_path: Path) -> None:
    """One JSON object a line: a root a trial, with turns and tools below it."""
    pytest.importorskip("opentelemetry.sdk")
    target = tmp_path / "new" / "spans.jsonl"
    assert export_spans(store, target) == 12
    spans = [json.loads(line) for line in target.read_text().splitlines()]
    assert len([s for s in spans if s["parent_id"] is None]) == 12
    assert {s["name"].split()[0] for s in spans} == {"invoke_agent", "chat", "execute_tool"}


def test_the_sdk_gets_traces_that_fit_together(store: Store, tmp_path: Path) -> None:
    """Each trial is a trace of its own, whose spans lie within it, with the usual names."""
    pytest.importorskip("opentelemetry.sdk")
    given = Collected()
    assert export_spans(store, tmp_path / "none.jsonl", exporter=given) == 12
    assert given.closed
    roots = {s.context.trace_id: s for s in given.spans if s.parent is None}
    assert len(roots) == 12
    for span in given.spans:
        root = roots[span.context.trace_id]
        assert span is root or span.parent.span_id == root.context.span_id
        assert root.start_time <= span.start_time <= span.end_time <= root.end_time
    chats = [s for s in given.spans if s.name.startswith("chat")]
    assert all(s.attributes["gen_ai.operation.name"] == "chat" for s in chats)
    assert all("gen_ai.usage.input_tokens" in s.attributes for s in chats)
    tools = {s.attributes["gen_ai.tool.name"] for s in given.spans if "execute_tool" in s.name}
    assert tools == {"type"}


def test_a_trial_of_which_ours_broke_is_an_error_for_tracing_tools(
    store: Store, tmp_path: Path
) -> None:
    """Its root span has the error's status and class; a failed trial's has not."""
    trace = pytest.importorskip("opentelemetry.trace")
    pytest.importorskip("opentelemetry.sdk")
    given = Collected()
    export_spans(store, tmp_path / "none.jsonl", exporter=given)
    roots = {s.attributes["sayso.trial.id"]: s for s in given.spans if s.parent is None}
    broken, failed = roots["good--broken--000"], roots["bad_one--fine--000"]
    assert broken.status.status_code is trace.StatusCode.ERROR
    assert "no disk" in broken.status.description
    assert broken.attributes["error.type"] == "CheckerBroken"
    assert failed.status.status_code is trace.StatusCode.UNSET


def _plain(attributes: list[dict[str, Any]]) -> dict[str, Any]:
    return {one["key"]: next(iter(one["value"].values())) for one in attributes}


def test_otlp_lies_in_a_file_or_goes_to_a_collector(store: Store, tmp_path: Path) -> None:
    """The same requests: a trace a trial, ids of their lengths, typed values, kinds and errors."""
    taken: list[dict[str, Any]] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            assert (self.path, self.headers["Content-Type"]) == ("/v1/traces", "application/json")
            taken.append(json.loads(body))
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Collector)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    assert export_otlp(store, f"http://127.0.0.1:{server.server_port}") == 12
    server.shutdown()
    server.server_close()
    assert export_otlp(store, tmp_path / "new" / "trials.jsonl") == 12
    lines = (tmp_path / "new" / "trials.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == taken
    spans = [s for r in taken for s in r["resourceSpans"][0]["scopeSpans"][0]["spans"]]
    assert len({s["spanId"] for s in spans}) == len(spans)
    assert {(len(s["traceId"]), len(s["spanId"])) for s in spans} == {(32, 16)}
    roots = {s["traceId"]: s for s in spans if "parentSpanId" not in s}
    assert len(roots) == 12
    for span in spans:
        root = roots[span["traceId"]]
        assert span is root or span["parentSpanId"] == root["spanId"]
        assert root["startTimeUnixNano"] <= span["startTimeUnixNano"] <= span["endTimeUnixNano"]
        assert span["kind"] == (3 if span["name"].startswith("chat") else 1)
    chat = next(s for s in spans if s["name"].startswith("chat"))
    typed = {one["key"]: next(iter(one["value"])) for one in chat["attributes"]}
    assert typed["gen_ai.usage.input_tokens"] == "intValue"
    assert typed["gen_ai.response.finish_reasons"] == "arrayValue"
    by_id = {_plain(s["attributes"])["sayso.trial.id"]: s for s in roots.values()}
    assert by_id["good--broken--000"]["status"]["code"] == 2
    assert by_id["bad_one--fine--000"]["status"] == {}


def test_a_collector_that_is_not_there_is_told(store: Store) -> None:
    with pytest.raises(ConfigurationError, match="did not take it"):
        export_otlp(store, "http://127.0.0.1:9")


def test_input_from_the_cache_is_input() -> None:
    """All input is counted once, and what the cache gave beside it."""
    usage = ev.Usage(
        input_tokens=10,
        output_tokens=5,
        cache_read_input_tokens=100,
        cache_creation_input_tokens=20,
    )
    begun = ev.TurnStarted(at=1.0, turn_id="t", model="m")
    ended = ev.TurnFinished(at=2.0, turn_id="t", stop_reason="end_turn", usage=usage)
    ((_, _, _, told),) = spans_of([begun, ended])
    assert told["gen_ai.usage.input_tokens"] == 130
    assert told["gen_ai.usage.cache_read.input_tokens"] == 100
    assert told["gen_ai.usage.cache_creation.input_tokens"] == 20


# inspect_ai ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def logs(store: Store, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What inspect_ai finds in the folder, by arm."""
    log = pytest.importorskip("inspect_ai.log")
    folder = tmp_path_factory.mktemp("logs")
    assert export_inspect(store, folder) == 12
    assert export_inspect(store, folder) == 12  # again: the same files
    read = [log.read_eval_log(info) for info in log.list_eval_logs(str(folder))]
    assert len(read) == 2
    return {found.eval.metadata["arm"]: found for found in read}


def test_inspect_lists_and_reads_the_logs(logs: dict[str, Any]) -> None:
    """Each arm's log says what ran, and how often it succeeded of what was completed."""
    assert set(logs) == {"good", "bad_one"}
    good = logs["good"]
    assert (good.status, good.eval.task, good.eval.model) == ("success", "small", "good")
    assert good.eval.task_args["phrasing"] == "goal"
    assert (good.results.total_samples, good.results.completed_samples) == (6, 4)
    assert good.results.scores[0].metrics["accuracy"].value == 0.5
    assert logs["bad_one"].results.scores[0].metrics["accuracy"].value == 0.0
    assert good.stats.started_at <= good.stats.completed_at


def test_samples_tell_errors_limits_and_failures_apart(logs: dict[str, Any]) -> None:
    """A trial that says nothing of the arm has no score."""
    samples = {sample.id: sample for sample in logs["good"].samples}
    fine, broken, short = (samples[name] for name in ("fine", "broken", "short"))
    assert (fine.scores["checker"].value, fine.error, fine.limit) == ("C", None, None)
    assert "no disk" in broken.error.message
    assert broken.scores == {}
    assert short.scores["checker"].value == "I"
    assert short.limit.type == "custom"
    assert {s.epoch for s in logs["good"].samples} == {1, 2}
    failed = next(s for s in logs["bad_one"].samples if s.id == "fine")
    assert failed.scores["checker"].explanation == "there is no file hello.txt"


def test_messages_are_words_calls_and_results(logs: dict[str, Any]) -> None:
    """A tool's result belongs to its call, and turns count their tokens by model."""
    fine = next(s for s in logs["good"].samples if s.id == "fine")
    (called,) = [m.tool_calls[0] for m in fine.messages if getattr(m, "tool_calls", None)]
    assert (called.function, called.arguments) == ("type", {"text": "hello"})
    (answer,) = [m for m in fine.messages if m.role == "tool"]
    assert (answer.tool_call_id, answer.function) == (called.id, "type")
    assert [m.role for m in fine.messages[:2]] == ["system", "user"]
    assert fine.messages[0].text.startswith("You are Sayso")
    assert fine.messages[-1].text == "Done."
    kinds = {event.data["kind"] for event in fine.events if event.event == "info"}
    assert {"turn_started", "task_started"} <= kinds
    (used,) = fine.model_usage.values()
    assert used.total_tokens == used.input_tokens + used.output_tokens


class Seeing(FakeEnvironment):
    """Each action answers with a picture of the screen."""

    def tools(self, arm: Arm, task: Task, desktop: Desktop) -> Sequence[Tool]:
        async def act(call: ToolCall) -> ToolResult:
            return ToolResult("done", image=await desktop.screenshot())

        return [FakeTool(act)]


def test_pictures_are_with_the_results_that_brought_them(tmp_path: Path) -> None:
    """As data, so that a log that is carried elsewhere has them."""
    log = pytest.importorskip("inspect_ai.log")
    place = LocalPlacement(1)
    experiment = small({"good": "good"}, [hello_task()])
    runner = Runner(experiment, tmp_path / "r", place, environment=Seeing())
    runner.run()
    place.close()
    export_inspect(runner.store, tmp_path / "logs")
    (info,) = log.list_eval_logs(str(tmp_path / "logs"))
    (sample,) = log.read_eval_log(info, resolve_attachments=True).samples
    (answer,) = [m for m in sample.messages if m.role == "tool"]
    words, picture = answer.content
    assert words.text == "done"
    assert picture.image.startswith("data:image/")


def test_a_log_with_missing_trials_is_not_called_whole(store: Store, tmp_path: Path) -> None:
    """An experiment that was cut is “cancelled” for inspect_ai, arm by arm."""
    log = pytest.importorskip("inspect_ai.log")
    shutil.copytree(store.folder, tmp_path / "cut")
    shutil.rmtree(tmp_path / "cut" / "trials" / "good--fine--001")
    assert export_inspect(Store(tmp_path / "cut"), tmp_path / "logs") == 11
    read = [log.read_eval_log(info) for info in log.list_eval_logs(str(tmp_path / "logs"))]
    found = {each.eval.metadata["arm"]: each.status for each in read}
    assert found == {"good": "cancelled", "bad_one": "success"}


def test_a_lost_trial_does_not_hinder_the_others(store: Store, tmp_path: Path) -> None:
    """All that is left of it is its end: an error with the time at which it was noticed."""
    shutil.copytree(store.folder, tmp_path / "lost")
    lost = Store(tmp_path / "lost")
    shutil.rmtree(lost.folder / "trials" / "good--fine--001")
    kept = store.trial("good--fine--001").result
    gone = {"status": "error", "error": "The worker was lost.", "error_class": "WorkerLost"}
    lost.install(kept.model_copy(update=gone | {"started": 0.0, "metrics": {}}), b"")
    pytest.importorskip("opentelemetry.sdk")
    given = Collected()
    assert export_spans(lost, tmp_path / "none.jsonl", exporter=given) == 12
    (root,) = [s for s in given.spans if s.attributes.get("error.type") == "WorkerLost"]
    assert root.end_time == root.start_time
    log = pytest.importorskip("inspect_ai.log")
    assert export_inspect(lost, tmp_path / "logs") == 12
    read = [log.read_eval_log(info) for info in log.list_eval_logs(str(tmp_path / "logs"))]
    (sample,) = [
        s for found in read for s in found.samples if "worker was lost" in str(s.error)
    ]  # fmt: skip
    assert (sample.messages, sample.total_time) == ([], 0.0)


@pytest.mark.filterwarnings("ignore:The inplace keyword")  # inspect_ai's own, of new pandas
def test_inspect_makes_tables_of_the_logs(store: Store, tmp_path: Path) -> None:
    """Its data frames have a row a trial, none twice."""
    analysis = pytest.importorskip("inspect_ai.analysis")
    pytest.importorskip("pandas")
    export_inspect(store, tmp_path)
    frame = analysis.samples_df(str(tmp_path))
    assert len(frame) == 12
    assert frame["sample_id"].is_unique


def test_what_cannot_be_written_is_told(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file where a folder must be: a sentence, and nothing of a traceback."""
    pytest.importorskip("opentelemetry.sdk")
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match="cannot be written"):
        export_spans(store, tmp_path / "file" / "spans.jsonl")
    with pytest.raises(ConfigurationError, match="cannot be written"):
        export_spans(store, tmp_path)
    root = ["--results", str(store.folder.parent)]
    assert main([*root, "export", "small", "otel", str(tmp_path / "spans.jsonl")]) == 0
    assert "12 trials exported" in capsys.readouterr().out
