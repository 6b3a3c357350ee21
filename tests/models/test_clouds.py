"""Claude on Bedrock and Google Cloud: what the SDK's own clients put on the wire for us."""

from __future__ import annotations

import base64
import json
import os
import struct
import zlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from anthropic import (
    AsyncAnthropicAWS,
    AsyncAnthropicBedrock,
    AsyncAnthropicFoundry,
    AsyncAnthropicGoogleCloud,
    AsyncAnthropicVertex,
)
from anthropic.lib.bedrock import AsyncAnthropicBedrockMantle
from model_conversation import request, take_turn, user
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application, RequestHandler

from agent.errors import ModelUnavailable
from agent.models.base import BlockDone, Model, check_model
from agent.models.claude.clouds import CLOUDS, bedrock_model, cloud_model, vertex_model
from agent.models.claude.dialects import ToolsetDialect

CLICK = [
    {"type": "message_start", "message": {"usage": {"input_tokens": 9, "output_tokens": 1}}},
    {
        "type": "content_block_start",
        "index": 0,
        "content_block": {"type": "tool_use", "id": "toolu_1", "name": "", "input": {}},
    },
    {
        "type": "content_block_delta",
        "index": 0,
        "delta": {"type": "input_json_delta", "partial_json": ""},
    },
    {"type": "content_block_stop", "index": 0},
    {
        "type": "message_delta",
        "delta": {"stop_reason": "tool_use"},
        "usage": {"output_tokens": 5},
    },
    {"type": "message_stop"},
]


def click(**block: Any) -> list[dict[str, Any]]:
    """An answer's events: one call, its name and input as the cloud would send them."""
    events = json.loads(json.dumps(CLICK))
    arguments = block.pop("input")
    events[1]["content_block"] |= block
    events[2]["delta"]["partial_json"] = json.dumps(arguments)
    return events


def sse(event: dict[str, Any]) -> bytes:
    return f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()


def aws_frame(event: dict[str, Any]) -> bytes:
    """One message of ``application/vnd.amazon.eventstream``: lengths, headers, checksums."""
    payload = json.dumps({"bytes": base64.b64encode(json.dumps(event).encode()).decode()}).encode()
    names = {":event-type": "chunk", ":content-type": "application/json", ":message-type": "event"}
    headers = b"".join(
        struct.pack("!B", len(n)) + n.encode() + b"\x07" + struct.pack("!H", len(v)) + v.encode()
        for n, v in names.items()
    )
    prelude = struct.pack("!II", 16 + len(headers) + len(payload), len(headers))
    body = prelude + struct.pack("!I", zlib.crc32(prelude)) + headers + payload
    return body + struct.pack("!I", zlib.crc32(body))


@dataclass
class Cloud:
    """A server that takes any POST, keeps it, and answers with prepared bytes."""

    answer: bytes = b""
    kind: str = ""
    status: int = 200
    got: list[tuple[str, dict[str, str], dict[str, Any]]] = field(default_factory=list)
    url: str = ""


class _Handler(RequestHandler):
    def initialize(self, cloud: Cloud) -> None:
        self.cloud = cloud

    def post(self) -> None:
        headers = {name.lower(): value for name, value in self.request.headers.items()}
        self.cloud.got.append((self.request.uri or "", headers, json.loads(self.request.body)))
        self.set_status(self.cloud.status)
        self.set_header("content-type", self.cloud.kind)
        self.finish(self.cloud.answer)


@pytest.fixture
async def cloud() -> AsyncIterator[Cloud]:
    made = Cloud()
    server = HTTPServer(
        Application([(r"/.*", _Handler, {"cloud": made})], log_function=lambda _: None)
    )
    socket, port = bind_unused_port()
    server.add_socket(socket)
    made.url = f"http://127.0.0.1:{port}"
    yield made
    server.stop()
    await server.close_all_connections()


def at_bedrock(cloud: Cloud) -> Model:
    """A model that finds Bedrock at ``cloud``."""
    client = AsyncAnthropicBedrock(
        aws_access_key="AKIATEST",
        aws_secret_key="secret",
        aws_region="us-east-1",
        base_url=cloud.url,
        max_retries=0,
    )
    return bedrock_model("us.anthropic.claude-opus-4-8-v1:0", client=client)


async def test_bedrock_gets_the_older_tool_signed_and_its_answer_is_translated(cloud: Cloud):
    """The path names the model, the body the beta; one call comes back as a toolset's."""
    pytest.importorskip("botocore", reason="the extra anthropic[bedrock] is not installed")
    events = click(name="computer", input={"action": "left_click", "coordinate": [3, 4]})
    cloud.kind = "application/vnd.amazon.eventstream"
    cloud.answer = b"".join(aws_frame(event) for event in events)
    model = at_bedrock(cloud)
    turn = await take_turn(model, request([user("Click.")]))
    await model.close()
    ((path, headers, body),) = cloud.got
    assert path == "/model/us.anthropic.claude-opus-4-8-v1:0/invoke-with-response-stream"
    assert headers["authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKIATEST/")
    assert body["anthropic_beta"] == ["computer-use-2025-11-24"]
    assert "model" not in body
    assert body["tools"][0]["type"] == "computer_20251124"
    assert "context_management" not in body
    (done,) = [part for part in turn.parts if isinstance(part, BlockDone)]
    assert (done.block["name"], done.block["toolset_name"]) == ("left_click", "computer")
    assert done.block["input"] == {"coordinate": [3, 4]}


async def test_google_cloud_gets_the_toolset_under_its_own_address(cloud: Cloud):
    """Project, region and model are in the path; version and tools in the body."""
    events = click(name="left_click", toolset_name="computer", input={"coordinate": [3, 4]})
    cloud.kind, cloud.answer = "text/event-stream", b"".join(map(sse, events))
    client = AsyncAnthropicVertex(
        access_token="token", project_id="p", region="r", base_url=cloud.url, max_retries=0
    )
    model = vertex_model("claude-opus-5-5", ToolsetDialect(), client=client)
    turn = await take_turn(model, request([user("Click.")]))
    await model.close()
    ((path, headers, body),) = cloud.got
    assert path.startswith(
        "/projects/p/locations/r/publishers/anthropic/models/claude-opus-5-5:streamRawPredict"
    )
    assert headers["authorization"] == "Bearer token"
    assert body["anthropic_version"]
    assert body["tools"][0]["type"] == "computer_toolset_20260801"
    assert "model" not in body
    (done,) = [part for part in turn.parts if isinstance(part, BlockDone)]
    assert (done.block["name"], done.block["toolset_name"]) == ("left_click", "computer")


NEW_CLOUDS = {
    "aws": (
        lambda url: AsyncAnthropicAWS(
            api_key="k", workspace_id="w", aws_region="r", base_url=url, max_retries=0
        ),
        "computer_toolset_20260801",
    ),
    "google": (
        lambda url: AsyncAnthropicGoogleCloud(
            project="p", workspace_id="w", skip_auth=True, base_url=url, max_retries=0
        ),
        "computer_toolset_20260801",
    ),
    "foundry": (
        lambda url: AsyncAnthropicFoundry(api_key="k", base_url=url, max_retries=0),
        "computer_20251124",
    ),
    "mantle": (
        lambda url: AsyncAnthropicBedrockMantle(
            api_key="k", aws_region="r", base_url=url, max_retries=0
        ),
        "computer_20251124",
    ),
}


@pytest.mark.parametrize("name", NEW_CLOUDS)
async def test_each_cloud_of_the_sdk_gets_its_tool_and_its_answer_is_translated(
    cloud: Cloud, name: str
):
    make, tool = NEW_CLOUDS[name]
    toolset = tool == "computer_toolset_20260801"
    block = (
        {"name": "left_click", "toolset_name": "computer", "input": {"coordinate": [3, 4]}}
        if toolset
        else {"name": "computer", "input": {"action": "left_click", "coordinate": [3, 4]}}
    )
    cloud.kind, cloud.answer = "text/event-stream", b"".join(map(sse, click(**block)))
    model = cloud_model(name, "claude-opus-5-5", client=make(cloud.url))
    await model.check()  # signs a request, and sends none
    turn = await take_turn(model, request([user("Click.")]))
    await model.close()
    ((path, _, body),) = cloud.got
    assert path.rpartition("?")[0].endswith("/v1/messages") or path.endswith("/v1/messages")
    assert body["model"] == "claude-opus-5-5"
    assert body["tools"][0]["type"] == tool
    (done,) = [part for part in turn.parts if isinstance(part, BlockDone)]
    assert (done.block["name"], done.block["toolset_name"]) == ("left_click", "computer")
    assert model.takes_system_messages == (name == "aws")


@pytest.mark.parametrize("name", [name for name in CLOUDS if name != "google"])
def test_what_a_cloud_needs_is_told_with_its_variables(
    bare: None, monkeypatch: pytest.MonkeyPatch, name: str
):
    """Google's client looks for credentials with its first request only."""
    for variable in [v for v in os.environ if v.startswith(("ANTHROPIC", "AWS"))]:
        monkeypatch.delenv(variable)
    with pytest.raises(ModelUnavailable, match="cannot be used: set") as told:
        cloud_model(name, "claude-opus-5-5")
    assert CLOUDS[name].advice in str(told.value)


async def test_what_aws_refuses_is_told_with_what_to_set(cloud: Cloud):
    """Wrong keys and missing access are AWS's own affair: no word of an Anthropic key."""
    pytest.importorskip("botocore", reason="the extra anthropic[bedrock] is not installed")
    cloud.kind, cloud.status = "application/json", 403
    cloud.answer = b'{"message": "The security token included in the request is invalid."}'
    model = at_bedrock(cloud)
    with pytest.raises(ModelUnavailable, match=r"AWS_PROFILE.*token included") as told:
        await take_turn(model, request([user("Click.")]))
    await model.close()
    assert "ANTHROPIC" not in str(told.value)
    assert len(cloud.got) == 1


async def test_a_model_that_google_cloud_does_not_know_is_named(cloud: Cloud):
    """Its errors are lists."""
    cloud.kind, cloud.status = "application/json", 404
    cloud.answer = b'[{"error": {"code": 404, "message": "Not found.", "status": "NOT_FOUND"}}]'
    client = AsyncAnthropicVertex(
        access_token="token", project_id="p", region="r", base_url=cloud.url, max_retries=0
    )
    model = vertex_model("claude-opus-5-5", ToolsetDialect(), client=client)
    with pytest.raises(ModelUnavailable, match="does not know the model claude-opus-5-5"):
        await take_turn(model, request([user("Click.")]))
    await model.close()


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """An environment without any cloud's credentials."""
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_BEARER_TOKEN_BEDROCK", "ANTHROPIC_VERTEX_PROJECT_ID", "GOOGLE_CLOUD_PROJECT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("NO_GCE_CHECK", "true")


async def test_missing_aws_credentials_are_a_sentence(bare: None, cloud: Cloud):
    """Region known, credentials not: what to set, and no request."""
    pytest.importorskip("botocore", reason="the extra anthropic[bedrock] is not installed")
    client = AsyncAnthropicBedrock(aws_region="us-east-1", base_url=cloud.url, max_retries=0)
    model = bedrock_model("us.anthropic.claude-opus-4-8-v1:0", client=client)
    with pytest.raises(ModelUnavailable, match="AWS_PROFILE"):
        await take_turn(model, request([user("Hello.")]))
    await model.close()
    assert not cloud.got


async def test_missing_google_credentials_are_a_sentence(bare: None, cloud: Cloud):
    """No application default credentials, or no package for them: what to do, no request."""
    client = AsyncAnthropicVertex(project_id="p", region="r", base_url=cloud.url, max_retries=0)
    model = vertex_model("claude-opus-5-5", ToolsetDialect(), client=client)
    with pytest.raises(ModelUnavailable, match="ANTHROPIC_VERTEX_PROJECT_ID"):
        await take_turn(model, request([user("Hello.")]))
    await model.close()
    assert not cloud.got


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: bedrock_model("anthropic.claude-opus-4-8"), "Bedrock cannot be used: set AWS_REG"),
        (lambda: vertex_model("claude-opus-5-5", ToolsetDialect()), "Google Cloud cannot be used"),
        (lambda: cloud_model("mantle", "anthropic.claude-opus-4-8"), "Bedrock's Messages API can"),
        (lambda: cloud_model("google", "claude-opus-5-5"), "Claude on Google Cloud cannot be used"),
    ],
)
async def test_what_is_missing_to_sign_in_is_told_before_the_first_turn(
    make: Callable[[], Model], said: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Whether the cloud's package is missing, or is there and finds no credentials."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_BEARER_TOKEN_BEDROCK", "GOOGLE_APPLICATION_CREDENTIALS"):
        monkeypatch.delenv(name, raising=False)
    given = {"AWS_REGION": "us-west-2", "AWS_PROFILE": "nobody", "CLOUD_ML_REGION": "global"}
    given |= {"HOME": str(tmp_path), "NO_GCE_CHECK": "true", "AWS_EC2_METADATA_DISABLED": "true"}
    given |= {"ANTHROPIC_VERTEX_PROJECT_ID": "p", "ANTHROPIC_GOOGLE_CLOUD_PROJECT": "p"}
    given |= {"ANTHROPIC_GOOGLE_CLOUD_WORKSPACE_ID": "w"}
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    model = make()
    with pytest.raises(ModelUnavailable) as told:
        await check_model(model)
    assert str(told.value).startswith(said)
    assert "\n" not in str(told.value)
    await model.close()
