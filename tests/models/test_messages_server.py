"""The faithful server itself: what it refuses, what it counts, and how it runs alone."""

from __future__ import annotations

import asyncio
import base64
import json
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from model_conversation import picture, request, take_turn, user
from pdfs import pdf
from served_bodies import ASSISTANT, HEADERS, HEAVY, SHELL, Body, post, result, valid_body

from agent.errors import ConfigurationError, ContextTooLong, DocumentRefused
from agent.models.base import Block
from agent.models.claude.dialects import ToolsetDialect
from agent.models.claude.model import AnthropicModel, new_client
from agent.testing.messages_accounting import PromptCache, segments
from agent.testing.messages_script import (
    Incoming,
    Pace,
    Reply,
    call,
    fails,
    load_script,
    says,
)
from agent.testing.messages_server import MessagesServer, main


@pytest.fixture
async def server() -> AsyncIterator[MessagesServer]:
    async with MessagesServer(lambda incoming: says("Hi.")) as running:
        yield running


def mark(body: Body, times: int) -> None:
    blocks = [{"type": "text", "text": "x", "cache_control": {"type": "ephemeral"}}] * times
    body["messages"][0]["content"] = blocks


def beta_tool(body: Body) -> None:
    size = {"display_width_px": 1280, "display_height_px": 800}
    body["tools"] = [{"type": "computer_20251124", "name": "computer", **size}]


SYSTEM = {"role": "system", "content": "The person has the mouse."}


def attach(body: Body, block: Block) -> None:
    body["messages"][2]["content"].append(block)


def words(text: str) -> Block:
    source = {"type": "text", "media_type": "text/plain", "data": text}
    return {"type": "document", "source": source}


def document(content: bytes, **source: str) -> Block:
    encoded = base64.b64encode(content).decode()
    plain = {"type": "base64", "media_type": "application/pdf", "data": encoded}
    return {"type": "document", "source": {**plain, **source}, "title": "report.pdf"}


Change = Callable[[Body], object]

REFUSED: list[tuple[str, Change, str]] = [
    ("no model", lambda b: b.pop("model"), "Field required"),
    ("not streaming", lambda b: b.pop("stream"), "only streams"),
    ("unanswered", lambda b: b["messages"].pop(), "end with a user"),
    ("not echoed", lambda b: result(b).pop("toolset_name"), "echo its toolset_name"),
    ("error without words", lambda b: result(b).update(is_error=True, content=[]), "needs words"),
    ("error with image", lambda b: result(b).update(is_error=True), "error result"),
    ("other id", lambda b: result(b).update(tool_use_id="x"), "without tool_result"),
    ("no pdf", lambda b: attach(b, document(b"<html>")), "was not valid"),
    ("locked pdf", lambda b: attach(b, document(pdf(encrypted=True))), "password protected"),
    ("101 pages", lambda b: attach(b, document(pdf(101))), "maximum of 100 PDF pages"),
    ("no base64", lambda b: attach(b, document(pdf(), data="é")), "invalid base64"),
    ("pdf type", lambda b: attach(b, document(pdf(), media_type="image/png")), "application/pdf"),
    ("empty text", lambda b: attach(b, words(" ")), "must be non-empty"),
    ("document key", lambda b: attach(b, {**document(pdf()), "name": "a"}), "not permitted"),
    ("title", lambda b: attach(b, {**document(pdf()), "title": "a" * 501}), "title"),
    ("large", lambda b: result(b)["content"].append(picture(3000, 50)), "too_large"),
    ("markers", lambda b: mark(b, 5), "maximum of 4"),
    ("sampling", lambda b: b.update(temperature=0.5), "temperature"),
    ("forced", lambda b: b.update(tool_choice={"type": "any"}), "forced"),
    ("display", lambda b: b["tools"][0].update(display_width_px=1), "not permitted"),
    ("member", lambda b: b["tools"][0].update(configs={"fly": {}}), "not permitted"),
    ("old tool", beta_tool, "beta header"),
    (
        "updates",
        lambda b: b.update(thinking={"type": "adaptive", "display": "updates"}),
        "beta thinking-display-updates",
    ),
    ("between", lambda b: b.update(thinking={"type": "between_tools"}), "not supported"),
    ("disabled", lambda b: b.update(thinking={"type": "disabled"}), "cannot be disabled"),
    (
        "edits",
        lambda b: b.update(context_management={"edits": [{"type": "compact_20260112"}]}),
        "beta header",
    ),
    (
        "compact",
        lambda b: b.update(
            context_management={
                "edits": [
                    {
                        "type": "compact_20260112",
                        "trigger": {"type": "input_tokens", "value": 49_999},
                    }
                ]
            }
        ),
        "50000 tokens",
    ),
    (
        "unknown tool",
        lambda b: b["tools"].append({"type": "bash_2099", "name": "bash"}),
        "tools.1: Input tag 'bash_2099' found using 'type' does not match",
    ),
    (
        "tool name",
        lambda b: b["tools"].append(SHELL | {"name": "sh"}),
        "tools.1.name: Input should be 'bash'",
    ),
    ("no schema", lambda b: b["tools"].append({"name": "ask"}), "input_schema: Field"),
    ("twice", lambda b: b["tools"].extend([SHELL, SHELL]), "unique"),
    ("strict", lambda b: b["tools"][0].update(strict=True), "not permitted"),
    ("callers", lambda b: b["tools"][0].update(allowed_callers=["code"]), "not permitted"),
    (
        "unknown key",
        lambda b: b["messages"][0]["content"][0].update(foo=1),
        "messages.0.content.0.foo: Extra inputs are not permitted",
    ),
    (
        "header in the body",
        lambda b: b.update(betas=["compact-2026-01-12"]),
        "betas: Extra inputs are not permitted",
    ),
    ("effort", lambda b: b.update(output_config={"effort": "huge"}), "'xhigh' or 'max'"),
    (
        "effort of the model",
        lambda b: (
            b.update(model="claude-haiku-4-5", tools=[], output_config={"effort": "low"})
            or b["messages"].__delitem__(slice(1, 3))
        ),
        "does not support effort level 'low'",
    ),
    ("speed", lambda b: b.update(model="claude-haiku-5-5", speed="fast"), "`speed`"),
    ("speed in preview", lambda b: b.update(model="claude-opus-5", speed="fast"), "fast-mode-2026"),
    ("fallbacks", lambda b: b.update(fallbacks="default"), "server-side-fallback-2026-07-01"),
    (
        "budget",
        lambda b: b.update(output_config={"task_budget": {"type": "tokens", "total": 30_000}}),
        "task-budgets-2026-03-13",
    ),
    ("system first", lambda b: b["messages"].insert(0, SYSTEM), "top-level 'system' parameter"),
    (
        "system before a user",
        lambda b: b["messages"].extend([SYSTEM, user("Go on.")]),
        "must precede an assistant message",
    ),
    ("system after a call", lambda b: b["messages"].insert(2, SYSTEM), "must follow a user"),
    (
        "system for an old model",
        lambda b: b.update(model="claude-sonnet-5") or b["messages"].append(SYSTEM),
        "role 'system' is not supported on this model",
    ),
    (
        "clear at",
        lambda b: b["messages"].append({**SYSTEM, "clear_at": "never"}),
        "messages.3.clear_at",
    ),
    (
        "an hour after five minutes",
        lambda b: mark(b, 1) or b.update(cache_control={"type": "ephemeral", "ttl": "1h"}),
        "must not come after a ttl='5m'",
    ),
    (
        "named member",
        lambda b: b.update(tool_choice={"type": "tool", "name": "left_click"}),
        "cannot be named",
    ),
    (
        "always thinking",
        lambda b: b.update(model="claude-fable-5-1", thinking={"type": "disabled"}),
        "cannot be disabled",
    ),
    ("heavy picture", lambda b: result(b)["content"].append(HEAVY), "exceeds 10 MB"),
    ("prefill", lambda b: b["messages"].append(ASSISTANT), "end with a user"),
    ("old model", lambda b: b.update(model="claude-sonnet-4-6"), "does not support"),
    (
        "invented thinking",
        lambda b: b["messages"][1]["content"].insert(
            0, {"type": "thinking", "thinking": "", "signature": "mine"}
        ),
        "signature",
    ),
]


@pytest.mark.parametrize(("change", "message"), [pytest.param(c, m, id=i) for i, c, m in REFUSED])
async def test_rules_are_enforced(server: MessagesServer, change: Change, message: str) -> None:
    """Each rule alone turns a good request into a 400 that names it."""
    assert (await post(server, valid_body(), HEADERS)).status_code == 200
    body = valid_body()
    change(body)
    answer = await post(server, body, HEADERS)
    assert answer.status_code == 400
    assert message in answer.json()["error"]["message"]


async def test_what_the_rules_refuse_is_listed_and_what_a_script_fails_is_not() -> None:
    async with MessagesServer([fails(529), says("Hi.")]) as server:
        await post(server, {**valid_body(), "foo": 1}, HEADERS)
        await post(server, valid_body(), HEADERS)
        await post(server, valid_body(), HEADERS)
        assert server.refusals == ["foo: Extra inputs are not permitted"]


async def test_a_beta_that_the_sdk_does_not_know_is_refused(server: MessagesServer) -> None:
    answer = await post(server, valid_body(), {**HEADERS, "anthropic-beta": "flying-2099-01-01"})
    assert answer.status_code == 400
    assert "flying-2099-01-01" in answer.json()["error"]["message"]


async def test_an_instruction_of_the_house_may_end_the_list(server: MessagesServer) -> None:
    body = valid_body()
    body["messages"].append(SYSTEM)
    answer = await post(server, body, HEADERS)
    assert answer.status_code == 200, answer.text


async def test_documents_are_accepted_as_the_sdk_has_them(server: MessagesServer) -> None:
    body = valid_body()
    attach(body, document(pdf(100)))
    attach(body, words("Words."))
    answer = await post(server, body, HEADERS)
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(
    "change",
    [
        lambda b: attach(b, document(b"<html>")),
        lambda b: attach(b, document(pdf(encrypted=True))),
        lambda b: attach(b, document(pdf(101))),
    ],
)
async def test_a_document_that_is_refused_is_one_the_conversation_can_go_on_without(
    server: MessagesServer, change: Change
) -> None:
    """A `ContextTooLong` begins the conversation anew, in words."""
    body = valid_body()
    body["messages"][2]["content"] = []
    change(body)
    model = AnthropicModel(
        "claude-opus-5-5", ToolsetDialect(), new_client("test-key", server.base_url)
    )
    with pytest.raises(DocumentRefused, match="attached document"):
        await take_turn(model, request([body["messages"][0], body["messages"][2]]))
    await model.close()


async def test_headers_and_names_are_enforced(server: MessagesServer) -> None:
    """Key, version and model: 401, 400, 404; the older key header is taken too."""
    for headers, status in [
        ({}, 401),
        ({**HEADERS, "authorization": "Bearer other"}, 401),
        ({"authorization": "Bearer test-key"}, 400),
        ({"x-api-key": "test-key", "anthropic-version": "2023-06-01"}, 200),
    ]:
        assert (await post(server, valid_body(), headers)).status_code == status
    unknown = await post(server, {**valid_body(), "model": "gpt"}, HEADERS)
    assert unknown.status_code == 404


async def test_a_large_picture_has_its_code(server: MessagesServer) -> None:
    """``details.error_code`` is what clients branch on."""
    body = valid_body()
    result(body)["content"].append(picture(3000, 50))
    error = (await post(server, body, HEADERS)).json()["error"]
    assert error["details"]["error_code"] == "image_dimensions_too_large"


async def test_a_request_over_32_megabytes_is_refused(server: MessagesServer) -> None:
    """413, before anything else is looked at."""
    body = {**valid_body(), "metadata": {"user_id": "x" * (33 * 1024 * 1024)}}
    assert (await post(server, body, HEADERS)).status_code == 413


def test_the_cache_looks_back_twenty_blocks_and_forgets() -> None:
    """A hit needs a warm breakpoint within 20 blocks and within five minutes."""
    now = [0.0]
    cache = PromptCache(lambda: now[0])
    long = {"type": "text", "text": "x" * 4000}

    def usage(extra: int) -> dict[str, Any]:
        blocks = [long, *[{"type": "text", "text": f"{i}"} for i in range(extra)]]
        body = {
            "messages": [{"role": "user", "content": blocks}],
            "cache_control": {"type": "ephemeral"},
        }
        return cache.account("m", segments(body))

    assert usage(0)["cache_read_input_tokens"] == 0
    warm = usage(0)["cache_read_input_tokens"]
    assert warm > 900
    assert usage(19)["cache_read_input_tokens"] == warm
    now[0] = 299
    assert usage(19)["cache_read_input_tokens"] > warm
    now[0] = 10_000
    assert usage(19)["cache_read_input_tokens"] == 0
    now[0] = 20_000
    usage(0)
    assert usage(20)["cache_read_input_tokens"] == 0


def test_a_prefix_marked_for_an_hour_stays_warm_for_an_hour() -> None:
    now = [0.0]
    cache = PromptCache(lambda: now[0])
    marker = {"type": "ephemeral", "ttl": "1h"}
    body = {"messages": [user("x" * 4000)], "cache_control": marker}
    written = cache.account("m", segments(body))
    assert written["cache_creation"]["ephemeral_1h_input_tokens"] > 900
    assert written["cache_creation"]["ephemeral_5m_input_tokens"] == 0
    now[0] = 3599
    assert cache.account("m", segments(body))["cache_read_input_tokens"] > 900
    now[0] += 3601
    assert cache.account("m", segments(body))["cache_read_input_tokens"] == 0


def test_short_prompts_are_not_cached() -> None:
    """Below the minimum nothing is written."""
    body = {"messages": [user("Hello.")], "cache_control": {"type": "ephemeral"}}
    usage = PromptCache().account("m", segments(body))
    assert usage["cache_creation_input_tokens"] == 0
    assert usage["input_tokens"] > 0


async def test_a_function_may_answer() -> None:
    """An answerer sees the request, without credentials."""
    seen: list[Incoming] = []

    def answer(incoming: Incoming) -> Reply:
        seen.append(incoming)
        return says(f"You sent {len(incoming.body['messages'])}.")

    async with MessagesServer(answer) as server:
        answered = await post(server, valid_body(), HEADERS)
    assert "You sent 3." in answered.text
    assert "authorization" not in seen[0].headers


async def test_a_call_that_was_not_declared_is_the_scripts_fault() -> None:
    """The server does not make up tools: a 500 says what is missing."""
    async with MessagesServer([says(call("bash", command="ls"))]) as server:
        answered = await post(server, valid_body(), HEADERS)
    assert answered.status_code == 500
    assert "does not declare" in answered.json()["error"]["message"]


async def test_a_script_that_is_over_says_so() -> None:
    """One request too many is an error that is not retried."""
    async with MessagesServer([]) as server:
        answered = await post(server, valid_body(), HEADERS)
    assert answered.headers["x-should-retry"] == "false"


async def test_pace_holds_events_back() -> None:
    """A slow answer is still being written when its first words are read."""
    slow = says("one two three four five six", pace=Pace(first=0.01, event=0.01, chunk=4))
    async with MessagesServer([slow]) as server:
        claude = AnthropicModel(
            "claude-opus-5-5", ToolsetDialect(), new_client(server.key, server.base_url)
        )
        parts = claude.stream(request([user("Hello.")]))
        await anext(parts)
        assert server.requests[0].sent < 10
        await parts.aclose()
        await claude.close()


async def test_it_runs_alone_with_a_script_file(tmp_path: Path) -> None:
    """``python -m agent.testing.messages_server`` prints its address and answers."""
    path = tmp_path / "script.json"
    replies = [{"status": 529}, {"blocks": [{"type": "text", "text": "From a file."}]}]
    path.write_text(json.dumps({"replies": replies}))
    command = ["-m", "agent.testing.messages_server", "--script", str(path), "--key", "k"]
    command += ["--window", "20000"]
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    url = (await process.stdout.readline()).decode().strip()
    claude = AnthropicModel("claude-opus-5-5", ToolsetDialect(), new_client("k", url))
    turn = await take_turn(claude, request([user("Hello.")]))
    assert turn.words() == "From a file."
    assert len(turn.waits) == 1
    with pytest.raises(ContextTooLong):
        await take_turn(claude, request([user("Hello. " * 10_000)]))
    await claude.close()
    process.terminate()
    await process.communicate()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(None, "cannot be read"), ("{", "not valid"), ('{"replies": [{"colour": 1}]}', "colour")],
)
def test_bad_scripts_are_explained(tmp_path: Path, content: str | None, sentence: str) -> None:
    """The text says which file and where."""
    path = tmp_path / "script.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ConfigurationError, match=sentence):
        load_script(path)


async def test_a_port_that_is_taken_is_told(
    server: MessagesServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A sentence and exit 2, no traceback."""
    path = tmp_path / "script.json"
    path.write_text('{"replies": []}')
    port = server.base_url.rsplit(":")[-1]
    code = await asyncio.to_thread(main, ["--script", str(path), "--port", port])
    assert code == 2
    assert f"The port {port} cannot be used" in capsys.readouterr().err


async def test_a_looped_script_starts_again(tmp_path: Path) -> None:
    """For demonstrations that never end."""
    path = tmp_path / "script.json"
    reply = fails(503).model_dump(exclude_defaults=True)
    path.write_text(json.dumps({"replies": [reply], "loop": True}))
    async with MessagesServer(load_script(path)) as server:
        for _ in range(3):
            assert (await post(server, valid_body(), HEADERS)).status_code == 503
