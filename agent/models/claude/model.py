"""Claude, or whatever speaks its Messages API, through the official SDK."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from dataclasses import replace
from typing import Any, Literal, get_args
from urllib.parse import urlsplit

import httpx2
from anthropic import (
    AnthropicError,
    AsyncAnthropic,
    AsyncAnthropicBedrock,
    AsyncAnthropicVertex,
    AsyncStream,
    DefaultAsyncHttpxClient,
)
from anthropic.lib.bedrock import AsyncAnthropicBedrockMantle

from agent.clock import Clock, MonotonicClock
from agent.errors import (
    AnswerTooLong,
    ModelError,
    ModelUnavailable,
    OptionRefused,
    StreamBroken,
    ToolsRefused,
    TooManyPictures,
)
from agent.hosts import is_loopback
from agent.models.base import (
    Learned,
    LearnedAbout,
    ModelPart,
    ModelRequest,
    Readable,
    TurnDone,
    Waiting,
)
from agent.models.capabilities import as_claude, capabilities_of
from agent.models.claude.dialects import Dialect, Option, ToolsetDialect
from agent.models.claude.errors import UNWRITABLE, Service, explain, says_for_sure, unwritable
from agent.models.claude.hosted import claude_dialect
from agent.models.claude.image_fallback import count_pictures, with_newest_pictures, without_webp
from agent.models.claude.portable import PortableDialect
from agent.models.claude.retry import asked_wait, pause_before_retry
from agent.models.claude.servers import Found, ask_server
from agent.models.claude.signing import NO_SIGN_IN, SignIn, try_to_sign
from agent.models.claude.stream import Assembler
from agent.models.written import AnswerReader
from agent.record.events import Usage

Client = AsyncAnthropic | AsyncAnthropicBedrock | AsyncAnthropicBedrockMantle | AsyncAnthropicVertex

OWN_ADDRESS = "https://api.anthropic.com"
CONNECT_SECONDS = 5.0
CHECK_SECONDS = 10.0
"""How long the service may take to say whether it knows a model."""

_NOTHING_YET = [{"role": "user", "content": "Nothing is wanted yet."}]
"""The service wants a message, even where only what stands before it counts."""

LEAST_TOKENS = 256
"""An answer that may only be shorter is none: it is the prompt that is too long."""

SILENCE_SECONDS = 120.0
"""How long the service may be silent; a healthy stream sends pings more often."""


_OPTIONS: Mapping[Option, str] = {
    "system": "messages of Sayso's own",
    "1h": "a cache that lasts for an hour",
    "speed": "fast mode",
    "fallbacks": "another model in place of one that declines",
    "task_budget": "a budget for the task",
}
"""What a service may refuse, as a person is told."""

_DIRECT = {"all://": None, "http://": None, "https://": None}
"""The SDK reads the proxies of the environment by itself: this takes their place."""


def new_client(
    api_key: str | None, base_url: str | None, *, silence: float = SILENCE_SECONDS
) -> AsyncAnthropic:
    """The SDK's client with its own, silent retries switched off.

    A model on this machine is asked without a proxy, whatever the environment says.
    """
    address = base_url or OWN_ADDRESS
    timeout = httpx2.Timeout(silence, connect=CONNECT_SECONDS)
    local = is_loopback(urlsplit(address).hostname)
    return AsyncAnthropic(
        api_key=api_key or "none",
        base_url=address,
        max_retries=0,
        timeout=timeout,
        http_client=DefaultAsyncHttpxClient(timeout=timeout, mounts=_DIRECT) if local else None,
    )


class AnthropicModel:
    """A `Model` on the Messages API.

    Before the answer begins, failures that time may heal are retried ``retries`` times,
    each wait yielded as `Waiting`. Once it has begun, a failure is a `StreamBroken` and
    nothing is repeated: the caller knows what has been done. An answer without any block
    is passed on as it is.

    ``asks``: whether the server is asked what it takes before its first conversation, and whether
    the dialect goes by what it says.
    """

    def __init__(
        self,
        model: str,
        dialect: Dialect,
        client: Client,
        *,
        secrets: tuple[str, ...] = (),
        sign_in: SignIn = NO_SIGN_IN,
        retries: int = 3,
        clock: Clock | None = None,
        asks: Literal["nothing", "server", "dialect"] = "nothing",
    ) -> None:
        self._model = model
        self._dialect = dialect
        self._client = client
        self._service = Service(model, str(client.base_url), secrets)
        self._sign_in = sign_in
        self._retries = retries
        self._clock: Clock = clock or MonotonicClock()
        self._asks = asks
        self._found: Found | None = None
        """What the server told of itself, once it was asked."""

        self._claude = model
        """The model, or the Claude behind a gateway's name for it."""

        self._most_pictures = capabilities_of(model).pictures
        """How many pictures are shown in one request: what the server or the model can take."""

        self._most_tokens = capabilities_of(model).output_tokens
        """How many tokens of an answer are asked for."""

        self._opens_thinking = capabilities_of(model).opens_thinking
        self._told_of_tools = False
        self._learned: list[Learned] = []
        """What has turned out and was not told yet."""

    def __repr__(self) -> str:
        return f"AnthropicModel({self._model!r}, {self._dialect.name}, {self._service.host})"

    @property
    def name(self) -> str:
        return self._model

    @property
    def dialect(self) -> str:
        """``toolset``, ``hosted`` or ``portable``."""
        return self._dialect.name

    @property
    def reads(self) -> frozenset[Readable]:
        return self._dialect.reads

    @property
    def takes_system_messages(self) -> bool:
        return self._dialect.system_messages and as_claude(self._claude).system_messages

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelPart, None]:
        """One turn; see `agent.models.base.Model`.

        Raises:
            ModelUnavailable: key, model, address or account is wrong, or nobody answers.
            ModelRefused: the service declined.
            ConversationRefused: the service does not take the conversation as it is.
            StreamBroken: the answer broke off after it had begun.
        """
        await self.prepare()
        while True:
            request = self._fitted(self._offered(request))
            while self._learned:
                yield self._learned.pop(0)
            try:
                async with aclosing(self._tries(await self._body(request), request)) as parts:
                    async for part in parts:
                        yield part
                return
            except (TooManyPictures, AnswerTooLong, ToolsRefused, OptionRefused) as refused:
                if not self._yields_to(refused, request):
                    raise

    async def prepare(self) -> None:
        """Ask the server what it takes, once; see `agent.models.base.Prepared`."""
        if self._asks != "nothing":
            await self._ask()

    async def _ask(self) -> Found:
        if self._found is not None:
            return self._found
        assert isinstance(self._client, AsyncAnthropic)  # noqa: S101
        found = await ask_server(self._client, self._model, self._service)
        if not found.fault:  # what is wrong may be fixed before the next time
            self._found = found
            self._heed(found)
        return found

    def _heed(self, found: Found) -> None:
        if found.behind and self._asks == "dialect":
            self._claude, self._dialect = found.behind, claude_dialect(found.behind)
        if found.takes_tools is False:
            self._write_calls("says that it takes no tools")
        if found.output_tokens is not None or found.window is not None:
            share = found.window // 4 if found.window is not None else self._most_tokens
            self._most_tokens = min(self._most_tokens, found.output_tokens or share, share)

    def _yields_to(self, refused: ModelError, request: ModelRequest) -> bool:
        """Whether another try is worth it, with less of what the server refused."""
        match refused:
            case TooManyPictures():
                return self._shows_fewer(count_pictures(request.messages), refused.most)
            case AnswerTooLong():
                return self._asks_for_less(request.max_tokens, refused)
            case OptionRefused():
                return self._does_without(refused.option)
            case _:
                return self._write_calls("takes no tools as it was started")

    def _offered(self, request: ModelRequest) -> ModelRequest:
        """The request with the tools that the model takes here; the person is told of others.

        Raises:
            ModelUnavailable: it takes none of them.
        """
        able, dialect = capabilities_of(self._claude), self._dialect.name
        kept = [spec for spec in request.tools if able.takes(spec.hosted, dialect)]
        if len(kept) == len(request.tools):
            return request
        if not kept:
            raise ModelUnavailable(
                f"{self._model} does not take the browser tool, and has no other. Let it have the "
                "computer or the screen tool, or choose a newer Claude."
            )
        if not self._told_of_tools:
            self._told_of_tools = True
            words = "does not take the browser tool with this model; it has its other tools"
            self._learn("tools", len(kept), words)
        return replace(request, tools=kept)

    def _fitted(self, request: ModelRequest) -> ModelRequest:
        request = replace(request, max_tokens=min(request.max_tokens, self._most_tokens))
        if self._most_pictures is None or not self._dialect.thins:
            return request
        messages = with_newest_pictures(request.messages, self._most_pictures)
        return replace(request, messages=messages)

    def _asks_for_less(self, asked: int, refused: AnswerTooLong) -> bool:
        """A share of a conversation's length leaves room for its growth; else what is told."""
        share = refused.window // 4 if refused.window is not None else None
        fewer = refused.most if refused.most is not None else asked // 2
        fewer = min(fewer, share) if share is not None else fewer
        if not LEAST_TOKENS <= fewer < asked:
            return False
        self._most_tokens = fewer
        self._learn("answer", fewer, f"gives answers of at most {fewer:,} tokens here")
        return True

    def _does_without(self, option: str) -> bool:
        """Ask without something from now on, unless that was done already."""
        dialect = self._dialect
        known = next((each for each in get_args(Option) if each == option), None)
        if known is None or not isinstance(dialect, ToolsetDialect) or known in dialect.without:
            return False
        self._dialect = dialect.leaving(known)
        self._learn("option", 1, f"does not take {_OPTIONS[known]}; it is asked without")
        return True

    def _write_calls(self, why: str) -> bool:
        """Have the model write its calls into its text, if the dialect can."""
        dialect = self._dialect
        if not isinstance(dialect, PortableDialect) or dialect.writes_calls:
            return False
        self._dialect = replace(dialect, writes_calls=True)
        self._learn("tools", 1, f"{why}; the model is asked to write its calls as text")
        return True

    def _learn(self, what: LearnedAbout, value: int, words: str) -> None:
        text = f"{self._service.host} {words}."
        self._learned.append(Learned(what, value, text))

    def _shows_fewer(self, shown: int, most: int | None) -> bool:
        """Whether another try with fewer pictures is worth it."""
        fewer = most if most is not None and most < shown else shown // 2
        if not self._dialect.thins or fewer < 1:
            return False
        self._most_pictures = fewer
        many = "picture" if fewer == 1 else f"{fewer} pictures"
        self._learn("pictures", fewer, f"is shown the newest {many} only: it takes no more")
        return True

    async def _body(self, request: ModelRequest) -> dict[str, Any]:
        """The request as it goes on the wire; what cannot be written is our own fault."""
        try:
            if not self._dialect.webp:
                messages = await asyncio.to_thread(without_webp, request.messages)
                request = replace(request, messages=messages)
            return {**self._dialect.body(request, self._claude), "model": self._model}
        except UNWRITABLE as error:
            raise unwritable(error) from error

    async def _tries(
        self, body: dict[str, Any], request: ModelRequest
    ) -> AsyncGenerator[ModelPart, None]:
        for attempt in range(self._retries + 1):
            trial = _Trial(
                self._service, self._sign_in, last=attempt == self._retries, attempt=attempt
            )
            reader = AnswerReader(request.tools, opens_thinking=self._opens_thinking)
            async with aclosing(trial.run(self._client, body, self._assembler())) as parts:
                async for part in parts:
                    for read in reader.take(part) if self._dialect.reads_text else (part,):
                        yield read
            if trial.failure is not None:
                raise trial.failure
            if trial.end is not None:
                if self._dialect.reads_text:
                    self._notes(reader)
                    for read in reader.finish(trial.end):
                        yield read
                else:
                    yield trial.end
                return
            assert trial.pause is not None  # noqa: S101
            yield trial.pause
            await self._clock.sleep(trial.pause.seconds)

    async def warm(self, request: ModelRequest) -> Usage | None:
        """Have the service keep prompt and tools in its cache; see `agent.models.base.Warms`."""
        if self._asks != "nothing" or not isinstance(self._dialect, ToolsetDialect):
            return None
        body = {**self._dialect.body(request, self._claude), "model": self._model}
        body |= {"max_tokens": 0, "messages": _NOTHING_YET}
        del body["cache_control"]  # what is kept ends with the system prompt
        messages: Any = self._client.beta.messages
        assembler = self._assembler()
        try:
            answer = await messages.create(**body)
            list(assembler.feed({"type": "message_start", "message": _plain(answer)}))
        except self._sign_in.errors:
            return None
        except (AnthropicError, httpx2.HTTPError, *UNWRITABLE):
            return None  # the first turn will say what is wrong
        return assembler.usage

    async def check(self) -> None:
        """Ask the service about the model; where it does not tell, the first turn will.

        Raises:
            ModelUnavailable: it does not accept the key, does not know the model, or does not
                answer.
        """
        if not isinstance(self._client, AsyncAnthropic) or self._sign_in.advice:
            # The clouds have no such question.
            await try_to_sign(self._client, self._model, self._sign_in, self._service.scrub)
            return
        if self._asks != "nothing":
            if fault := (await self._ask()).fault:
                raise ModelUnavailable(fault)
            return
        path = f"/v1/models/{self._model}"
        try:
            await self._client.get(path, cast_to=object, options={"timeout": CHECK_SECONDS})
        except (AnthropicError, httpx2.HTTPError) as error:
            if says_for_sure(error):
                raise explain(error, self._service) from None

    async def close(self) -> None:
        await self._client.close()

    def _notes(self, reader: AnswerReader) -> None:
        """Begin the next answer within thinking, if this one turned out to have begun so."""
        if reader.unopened and not self._opens_thinking:
            self._opens_thinking = True
            self._learn("thinking", 1, "lets its model think at the beginning of each answer")

    def _assembler(self) -> Assembler:
        narrates = self._dialect.narrates(self._claude)
        return Assembler(self._claude, self._dialect.incoming, narrates=narrates)


class _Trial:
    """One attempt at a request; afterwards ``end``, ``failure`` or ``pause`` says what came of it.

    The SDK's error is not raised from here, so that no traceback carries its request.
    """

    def __init__(self, service: Service, sign_in: SignIn, *, last: bool, attempt: int) -> None:
        self.failure: ModelError | None = None
        self.pause: Waiting | None = None
        self.end: TurnDone | None = None
        self._service = service
        self._sign_in = sign_in
        self._last = last
        self._attempt = attempt

    async def run(
        self, client: Client, body: Mapping[str, Any], assembler: Assembler
    ) -> AsyncGenerator[ModelPart, None]:
        stream: AsyncStream[Any] | None = None
        try:
            messages: Any = client.beta.messages
            stream = await messages.create(**body, stream=True)
            async for event in _events(stream):
                for part in assembler.feed(_plain(event)):
                    yield part
            self.end = assembler.end()
        except self._sign_in.errors as error:
            self.failure = self._sign_in.fault(self._service.scrub(str(error)))
        except ModelError as error:
            self.failure = error
        except (AnthropicError, httpx2.HTTPError) as error:
            self._judge(error, assembler)
        except UNWRITABLE as error:
            self.failure = unwritable(error) if stream is None else self._not_understood()
        finally:
            if stream is not None:
                await stream.close()

    def _not_understood(self) -> ModelError:
        return StreamBroken(
            f"{self._service.host} sent an answer that does not follow the protocol."
        )

    def _judge(self, error: Exception, assembler: Assembler) -> None:
        if isinstance(error, _NotAStream):
            self.failure = ModelUnavailable(
                f"{self._service.host} does not speak the Messages API. Check ANTHROPIC_BASE_URL."
            )
            return
        if self._sign_in.advice and getattr(error, "status_code", 0) in (401, 403):
            self.failure = self._sign_in.fault(self._service.scrub(str(error)))
            return
        if not assembler.started and not self._last:
            self.pause = pause_before_retry(error, self._attempt)
        if self.pause is None:
            self.failure = explain(
                error,
                self._service,
                started=assembler.started,
                tries=self._attempt + 1,
                asked=asked_wait(error),
            )


async def _events(stream: AsyncStream[Any]) -> AsyncIterator[Any]:
    """The stream's events.

    Raises:
        _NotAStream: something answered, but not the Messages API.
    """
    if "event" not in stream.response.headers.get("content-type", ""):
        raise _NotAStream("it answered, but not with a stream of events")
    async for event in stream:
        yield event


class _NotAStream(AnthropicError):
    """The address belongs to something else."""


def _plain(event: Any) -> dict[str, Any]:
    """An event as it came: no field added, none dropped."""
    if isinstance(event, dict):
        return event
    plain: dict[str, Any] = event.to_dict(mode="json", warnings=False)
    return plain
