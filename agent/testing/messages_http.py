"""The HTTP side of the faithful Messages server: one handler, streaming, with faults."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice
from types import MappingProxyType
from typing import Any, Protocol

from tornado.iostream import IOStream, StreamClosedError
from tornado.web import RequestHandler

from agent.testing.messages_accounting import segments
from agent.testing.messages_context import Managed
from agent.testing.messages_script import FOREVER, Answerer, Incoming, Reply
from agent.testing.messages_sse import Answer, Event, Undeclared
from agent.testing.messages_wire import Problem

_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
    529: "overloaded_error",
}
_NONE: Mapping[str, str] = MappingProxyType({})
_WARMED = Reply(stop_reason="max_tokens", output_tokens=0)
"""To a request for no token at all, which is there to warm the cache; no script is asked."""


@dataclass(slots=True)
class Served:
    """A request and what became of it; ``gone`` is set when its connection closed early.

    ``at`` and ``gone_at`` are `time.monotonic` seconds.
    """

    request: Incoming
    at: float
    status: int = 0
    problem: str = ""
    refused: str = ""
    """The rule that it broke, in the service's words; empty when it broke none."""

    usage: dict[str, Any] = field(default_factory=dict)
    managed: Managed = field(default_factory=lambda: Managed([]))
    """Its prompt as the service would read it."""

    dropped: int = 0
    """Thinking blocks that its model cannot read, and is not shown."""

    sent: int = 0
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    gone_at: float = 0.0

    @property
    def body(self) -> dict[str, Any]:
        return self.request.body

    @property
    def headers(self) -> dict[str, str]:
        return self.request.headers


class Backend(Protocol):
    """What the handler asks of its server."""

    answerer: Answerer

    def accept(self, headers: Mapping[str, str], body: dict[str, Any], size: int) -> Served: ...

    def refuse(self, headers: Mapping[str, str], served: Served) -> Problem | None: ...

    def answer(self, served: Served, reply: Reply) -> Answer: ...

    def rejects(self, headers: Mapping[str, str]) -> Problem | None: ...

    def knows(self, model: str) -> bool: ...

    async def pause(self, seconds: float, served: Served) -> None: ...

    def error_body(self, problem: Problem) -> dict[str, Any]: ...

    @property
    def headers(self) -> Mapping[str, str]: ...


class MessagesHandler(RequestHandler):
    """One request. What goes wrong in a script is told as a 500, not hidden."""

    def initialize(self, server: Backend) -> None:
        self._messages = server
        self._served: Served | None = None

    def on_connection_close(self) -> None:
        if self._served is not None:
            self._served.gone_at = time.monotonic()
            self._served.gone.set()

    async def post(self) -> None:
        try:
            body = json.loads(self.request.body)
        except ValueError:
            body = {}
        served = self._messages.accept(dict(self.request.headers), body, len(self.request.body))
        self._served = served
        headers = {name.lower(): value for name, value in self.request.headers.items()}
        if problem := self._messages.refuse(headers, served):
            served.refused = problem.message
            self._fail(served, problem)
            return
        reply = _WARMED if body["max_tokens"] == 0 else self._messages.answerer(served.request)
        await self._messages.pause(reply.hang, served)
        if served.gone.is_set():
            return
        if reply.raw:
            await self._send_raw(served, reply)
            return
        if reply.status != 200:
            kind = reply.error_type or _TYPES.get(reply.status, "api_error")
            problem = Problem(reply.status, kind, reply.message or kind, reply.error_code)
            self._fail(served, problem, reply.headers)
            return
        await self._answer(served, reply)

    async def _answer(self, served: Served, reply: Reply) -> None:
        try:
            events = list(self._messages.answer(served, reply).events())
        except Undeclared as error:
            problem = Problem(500, "api_error", str(error))
            self._fail(served, problem, {"x-should-retry": "false"})
            return
        served.status = 200
        if not served.body.get("stream"):
            await self.finish(_whole(events))
            return
        self.set_header("content-type", "text/event-stream; charset=utf-8")
        self.set_header("request-id", f"req_{uuid.uuid4().hex[:16]}")
        for name, value in self._messages.headers.items():
            self.set_header(name, value)
        try:
            await self._stream(served, reply, events)
        except StreamClosedError:
            self.on_connection_close()

    async def _send_raw(self, served: Served, reply: Reply) -> None:
        served.status = reply.status
        self.set_status(reply.status, "as scripted")
        kind = "text/event-stream; charset=utf-8" if reply.status == 200 else "application/json"
        for name, value in {"content-type": kind, **reply.headers}.items():
            self.set_header(name, value)
        try:
            for piece in reply.raw:
                await self._messages.pause(reply.pace.event, served)
                self.write(piece)
                await self.flush()
            await self._end(served, reply)
        except StreamClosedError:
            self.on_connection_close()

    async def _stream(self, served: Served, reply: Reply, events: list[Event]) -> None:
        pace = reply.pace
        self._wire().set_nodelay(True)
        for number, event in enumerate(islice(events, _shown(reply, len(events)))):
            await self._messages.pause(pace.event if number else pace.first, served)
            if served.gone.is_set():
                return
            await self._send(served, event)
        await self._end(served, reply)

    async def _send(self, served: Served, event: Event) -> None:
        data = json.dumps(event)
        self.write(f"event: {event['type']}\ndata: {data}\n\n")
        await self.flush()
        served.sent += 1

    async def _end(self, served: Served, reply: Reply) -> None:
        match reply.end:
            case "cut":
                self._wire().close()
                return
            case "hang":
                await self._messages.pause(FOREVER, served)
                return
            case "error":
                await self._send(served, _error_event(reply))
            case _:
                pass
        self.finish()

    def _wire(self) -> IOStream:
        connection: Any = self.request.connection
        stream: IOStream = connection.stream
        return stream

    def _fail(self, served: Served, problem: Problem, headers: Mapping[str, str] = _NONE) -> None:
        served.status, served.problem = problem.status, problem.message
        _finish_error(self, self._messages, problem, headers)


class CountHandler(RequestHandler):
    """``POST /v1/messages/count_tokens``: the estimate for a prompt."""

    def initialize(self, server: Backend) -> None:
        self._messages = server

    def post(self) -> None:
        headers = {name.lower(): value for name, value in self.request.headers.items()}
        if problem := self._messages.rejects(headers):
            _finish_error(self, self._messages, problem, _NONE)
            return
        total = sum(segment.tokens for segment in segments(json.loads(self.request.body)))
        self.finish({"input_tokens": total})


class ModelHandler(RequestHandler):
    """``GET /v1/models/ID``: whether a model exists."""

    def initialize(self, server: Backend) -> None:
        self._messages = server

    def get(self, model: str) -> None:
        headers = {name.lower(): value for name, value in self.request.headers.items()}
        if problem := self._messages.rejects(headers):
            _finish_error(self, self._messages, problem, _NONE)
            return
        if self._messages.knows(model):
            self.finish({"type": "model", "id": model, "display_name": model})
            return
        problem = Problem(404, "not_found_error", f"model: {model}")
        _finish_error(self, self._messages, problem, _NONE)


def error_body(problem: Problem) -> dict[str, Any]:
    """An error as Anthropic's service tells it."""
    error: dict[str, Any] = {"type": problem.type, "message": problem.message}
    if problem.code:
        error["details"] = {"error_code": problem.code}
    return {"type": "error", "error": error, "request_id": "req_failed"}


def _finish_error(
    handler: RequestHandler, server: Backend, problem: Problem, headers: Mapping[str, str]
) -> None:
    handler.set_status(problem.status, problem.type)
    handler.set_header("content-type", "application/json")
    handler.set_header("request-id", f"req_{uuid.uuid4().hex[:16]}")
    for name, value in {**server.headers, **headers}.items():
        handler.set_header(name, value)
    handler.finish(json.dumps(server.error_body(problem)))


def _whole(events: list[Event]) -> dict[str, Any]:
    """An answer without content as one message, for a request that does not stream."""
    started, ended = events[0]["message"], next(e for e in events if e["type"] == "message_delta")
    return {**started, **ended["delta"], "usage": ended["usage"]}


def _shown(reply: Reply, events: int) -> int:
    """How many events of an answer are sent before its end takes effect."""
    whole = {"complete": events, "error": events - 2, "hang": events - 2, "no_stop": events - 2}
    latest = whole.get(reply.end, events // 2)
    return latest if reply.end_after is None else min(reply.end_after, events)


def _error_event(reply: Reply) -> Event:
    error = {
        "type": reply.error_type or "overloaded_error",
        "message": reply.message or "Overloaded",
    }
    return {"type": "error", "error": error, "request_id": "req_mid"}
