"""A faithful ``POST /v1/messages``: test your agent against it with the real SDK.

It streams scripted answers as the service does, refuses what the service refuses, counts
cached tokens, signs thinking blocks, and produces every fault on demand::

    from agent.testing.messages_script import call, fails, says, thinking
    from agent.testing.messages_server import MessagesServer

    async with MessagesServer([
        says(thinking("Opening the menu."), call("left_click", coordinate=[10, 20])),
        fails(529),
        says("Done."),
    ]) as server:
        client = AsyncAnthropic(api_key=server.key, base_url=server.base_url)
        ...
        assert server.requests[0].usage["cache_read_input_tokens"] == 0

What it enforces: the key and version headers; 32 MB; the shape of a body, by the SDK's own
types; known model ids, and what each takes (tools, thinking, effort, speed, task budgets, system
messages), by a table of its own; beta headers; every ``tool_use`` answered in the next user
message with its ``toolset_name``; picture sizes, types and numbers; no picture in an error
result; four cache markers, those for an hour first; thinking blocks and all that stands before
them unchanged, none left out before a call; one effort for a conversation with
``between_tools``; the context window. `MessagesServer.refusals` lists what was refused by these
rules, so that a test can demand that nothing was. What it simulates: cache reads and writes for
five minutes or an hour, thinking that another model cannot read, clearing of old tool results,
compaction, and pace. With ``dialect="portable"`` it is a strict local server instead, which takes
none of that.

Alone: ``python -m agent.testing.messages_server --port 8123 --script FILE``. The file's
format is that of `agent.testing.messages_script.load_script`; see docs/testing-agents.md.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import secrets
import socket
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from tornado.httpserver import HTTPServer
from tornado.web import Application, RequestHandler

from agent.errors import ConfigurationError
from agent.streams import take_any_text
from agent.testing.messages_accounting import PromptCache, Segment, Signer, segments
from agent.testing.messages_context import manage
from agent.testing.messages_http import (
    CountHandler,
    MessagesHandler,
    ModelHandler,
    Served,
    error_body,
)
from agent.testing.messages_memory import Memory
from agent.testing.messages_models import rules_of
from agent.testing.messages_script import Answerer, Incoming, Reply, Scripted, load_script
from agent.testing.messages_sse import Answer
from agent.testing.messages_wire import (
    MAX_BYTES,
    MAX_IMAGES,
    Problem,
    anthropic_problems,
    count_images,
    header_problem,
    invalid,
    portable_problems,
)

_CREDENTIALS = frozenset({"authorization", "x-api-key"})


class MessagesServer:
    """See the module. ``script``: replies in order, or a function from request to reply.

    ``key=None`` takes any key; ``models``: ids that exist (None: those of
    `agent.testing.messages_models`; in the portable dialect all); ``window``: tokens that fit;
    ``vision=False``: a local model that cannot see; ``now``: the cache's clock.
    """

    def __init__(
        self,
        script: Iterable[Reply] | Answerer,
        *,
        key: str | None = "test-key",
        models: frozenset[str] | None = None,
        dialect: Literal["anthropic", "portable"] = "anthropic",
        vision: bool = True,
        window: int = 1_000_000,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.key = key or "any-key"
        self.requests: list[Served] = []
        self.answerer: Answerer = script if callable(script) else Scripted(script)
        self._key = key
        self._models = models
        self._dialect = dialect
        self._vision = vision
        self._window = window
        self._cache = PromptCache(now)
        self._signer = Signer(secrets.token_bytes(16))
        self._memory = Memory()
        self._closing = asyncio.Event()
        self._arrived = asyncio.Event()
        self._server: HTTPServer | None = None
        self._socket: socket.socket | None = None

    @property
    def base_url(self) -> str:
        """What goes into ``ANTHROPIC_BASE_URL``."""
        if self._socket is None:
            raise RuntimeError("The server is not running.")
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    async def start(self, port: int = 0) -> None:
        """Listen on loopback; port 0 takes a free one.

        Raises:
            OSError: the port is taken.
        """
        self._socket = socket.create_server(("127.0.0.1", port), backlog=128)
        self._socket.setblocking(False)
        application = Application(self.routes(), log_function=lambda _: None)
        self._server = HTTPServer(application, max_body_size=2 * MAX_BYTES)
        self._server.add_sockets([self._socket])

    def routes(self) -> list[tuple[str, type[RequestHandler], dict[str, Any]]]:
        """What is served, by whom."""
        return [
            (r"/v1/messages", MessagesHandler, {"server": self}),
            (r"/v1/messages/count_tokens", CountHandler, {"server": self}),
            (r"/v1/models/([^/]+)", ModelHandler, {"server": self}),
        ]

    @property
    def headers(self) -> Mapping[str, str]:
        """Headers that every answer has, besides the usual ones."""
        return {}

    def error_body(self, problem: Problem) -> dict[str, Any]:
        """An error in the shape that the server has for them."""
        return error_body(problem)

    async def stop(self) -> None:
        """Stop listening and drop every connection."""
        self._closing.set()
        if self._server is not None:
            self._server.stop()
            await self._server.close_all_connections()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    @property
    def refusals(self) -> list[str]:
        """What the rules refused, in order; failures that a script asked for are none."""
        return [served.refused for served in self.requests if served.refused]

    async def request(self, number: int) -> Served:
        """The request of that number (from 0), as soon as it has arrived."""
        while len(self.requests) <= number:
            self._arrived.clear()
            await self._arrived.wait()
        return self.requests[number]

    def accept(self, headers: Mapping[str, str], body: dict[str, Any], size: int) -> Served:
        """Record a request."""
        kept = {name.lower(): value for name, value in headers.items()}
        public = {name: value for name, value in kept.items() if name not in _CREDENTIALS}
        incoming = Incoming(headers=public, body=body, bytes=size, number=len(self.requests))
        served = Served(incoming, time.monotonic())
        self.requests.append(served)
        self._arrived.set()
        return served

    def refuse(self, headers: Mapping[str, str], served: Served) -> Problem | None:
        """The first reason to refuse a request, if there is one."""
        body = served.body
        if problem := header_problem(headers, self._key):
            return problem
        if served.request.bytes > MAX_BYTES:
            return Problem(413, "request_too_large", "Request exceeds the maximum size")
        if "model" in body and not self.knows(str(body["model"])):
            return Problem(404, "not_found_error", f"model: {body['model']}")
        if problem := next(self._problems(body, headers), None):
            return problem
        served.managed = manage(body, segments(body))
        served.dropped = self._signer.dropped(body)
        total = sum(segment.tokens for segment in served.managed.prompt)
        if total > self._window:
            return invalid(f"prompt is too long: {total} tokens > {self._window} maximum")
        return None

    def _problems(self, body: dict[str, Any], headers: Mapping[str, str]) -> Iterator[Problem]:
        """What is wrong with a body, in the dialect that is spoken here."""
        if self._dialect == "portable":
            yield from portable_problems(body, headers, vision=self._vision)
            return
        betas = frozenset(filter(None, headers.get("anthropic-beta", "").split(",")))
        yield from anthropic_problems(body, betas)
        if count_images(body) > MAX_IMAGES:
            yield invalid(f"messages: more than {MAX_IMAGES} images")
        yield from map(invalid, self._signer.problems(body))
        yield from map(invalid, self._memory.problems(body))

    def rejects(self, headers: Mapping[str, str]) -> Problem | None:
        """What is wrong with the headers alone."""
        return header_problem(headers, self._key)

    def answer(self, served: Served, reply: Reply) -> Answer:
        """Reckon tokens and make the answer's events possible."""
        body, managed = served.body, served.managed
        served.usage = self._account(body, managed.prompt)
        if body.get("speed"):
            served.usage["speed"] = body["speed"]
        if managed.compacted:
            served.usage["iterations"] = [managed.compacted]
        edits = (managed.report, managed.compaction)
        return Answer(body, reply, served.usage, self._signer, *edits, memory=self._memory)

    async def pause(self, seconds: float, served: Served) -> None:
        """Wait, but not for a client that has gone nor beyond the server's end."""
        if seconds <= 0:
            return
        waits = [asyncio.create_task(e.wait()) for e in (served.gone, self._closing)]
        try:
            await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    def _account(self, body: Mapping[str, Any], prompt: list[Segment]) -> dict[str, Any]:
        if self._dialect == "anthropic":
            return dict(self._cache.account(str(body["model"]), prompt))
        return {"input_tokens": sum(segment.tokens for segment in prompt)}

    def knows(self, model: str) -> bool:
        """Whether a model of that name exists here."""
        if self._models is not None:
            return model in self._models
        return self._dialect == "portable" or rules_of(model) is not None


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until interrupted. Returns 2 for a script or port that cannot be used."""
    take_any_text()
    options = _parser().parse_args(argv)
    try:
        script = load_script(options.script)
    except ConfigurationError as error:
        print(error, file=sys.stderr)
        return 2
    server = MessagesServer(
        script,
        key=options.key,
        dialect=options.dialect,
        vision=not options.blind,
        window=options.window,
    )
    try:
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(_run(server, options.port))
    except (OSError, OverflowError) as error:
        print(f"The port {options.port} cannot be used ({error}). Take another.", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m agent.testing.messages_server",
        description="A faithful /v1/messages server with scripted answers.",
    )
    parser.add_argument("--script", type=Path, required=True, help="JSON file of replies")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free port")
    parser.add_argument("--key", default=None, help="the only key that is accepted")
    parser.add_argument("--dialect", choices=["anthropic", "portable"], default="anthropic")
    parser.add_argument("--blind", action="store_true", help="a model that cannot see")
    parser.add_argument("--window", type=int, default=1_000_000, help="tokens that fit")
    return parser


async def _run(server: MessagesServer, port: int) -> None:
    await server.start(port)
    print(server.base_url, flush=True)
    try:
        await asyncio.Event().wait()
    finally:
        await server.stop()


if __name__ == "__main__":
    raise SystemExit(main())
