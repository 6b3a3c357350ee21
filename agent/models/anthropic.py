"""Claude, or whatever speaks its Messages API, through the official SDK."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any
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

from agent.clock import Clock, MonotonicClock
from agent.errors import ModelError, ModelUnavailable, StreamBroken, TooManyPictures
from agent.hosts import is_loopback
from agent.models.anthropic_dialects import Dialect
from agent.models.anthropic_errors import UNWRITABLE, Service, explain, says_for_sure, unwritable
from agent.models.anthropic_retry import asked_wait, pause_before_retry
from agent.models.anthropic_stream import Assembler
from agent.models.base import ModelPart, ModelRequest, Readable, TurnDone, Waiting
from agent.models.older_pictures import count_pictures, with_newest_pictures, without_webp

Client = AsyncAnthropic | AsyncAnthropicBedrock | AsyncAnthropicVertex

OWN_ADDRESS = "https://api.anthropic.com"
CONNECT_SECONDS = 5.0
CHECK_SECONDS = 10.0
"""How long the service may take to say whether it knows a model."""

SILENCE_SECONDS = 120.0
"""How long the service may be silent; a healthy stream sends pings more often."""


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


@dataclass(frozen=True, slots=True)
class SignIn:
    """What a cloud's client raises for want of credentials, and what a person then reads."""

    errors: tuple[type[Exception], ...] = ()
    advice: str = ""


class AnthropicModel:
    """A `Model` on the Messages API.

    Before the answer begins, failures that time may heal are retried ``retries`` times,
    each wait yielded as `Waiting`. Once it has begun, a failure is a `StreamBroken` and
    nothing is repeated: the caller knows what has been done. An answer without any block
    is passed on as it is.
    """

    def __init__(
        self,
        model: str,
        dialect: Dialect,
        client: Client,
        *,
        secrets: tuple[str, ...] = (),
        sign_in: SignIn = SignIn(),
        retries: int = 3,
        clock: Clock | None = None,
    ) -> None:
        self._model = model
        self._dialect = dialect
        self._client = client
        self._service = Service(model, str(client.base_url), secrets)
        self._sign_in = sign_in
        self._retries = retries
        self._clock: Clock = clock or MonotonicClock()
        self._most_pictures: int | None = None
        """How many pictures the server takes in one request, once it has refused more."""

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

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelPart, None]:
        """One turn; see `agent.models.base.Model`.

        Raises:
            ModelUnavailable: key, model, address or account is wrong, or nobody answers.
            ModelRefused: the service declined.
            ConversationRefused: the service does not take the conversation as it is.
            StreamBroken: the answer broke off after it had begun.
        """
        while True:
            request = self._thinned(request)
            try:
                async with aclosing(self._tries(await self._body(request))) as parts:
                    async for part in parts:
                        yield part
                return
            except TooManyPictures as refused:
                if not self._shows_fewer(count_pictures(request.messages), refused.most):
                    raise

    def _thinned(self, request: ModelRequest) -> ModelRequest:
        if self._most_pictures is None:
            return request
        messages = with_newest_pictures(request.messages, self._most_pictures)
        return replace(request, messages=messages)

    def _shows_fewer(self, shown: int, most: int | None) -> bool:
        """Whether another try with fewer pictures is worth it."""
        fewer = most if most is not None and most < shown else shown // 2
        if not self._dialect.thins or fewer < 1:
            return False
        self._most_pictures = fewer
        return True

    async def _body(self, request: ModelRequest) -> dict[str, Any]:
        """The request as it goes on the wire; what cannot be written is our own fault."""
        try:
            if not self._dialect.webp:
                messages = await asyncio.to_thread(without_webp, request.messages)
                request = replace(request, messages=messages)
            return self._dialect.body(request, self._model)
        except UNWRITABLE as error:
            raise unwritable(error) from error

    async def _tries(self, body: dict[str, Any]) -> AsyncGenerator[ModelPart, None]:
        for attempt in range(self._retries + 1):
            trial = _Trial(
                self._service, self._sign_in, last=attempt == self._retries, attempt=attempt
            )
            assembler = self._assembler()
            async with aclosing(trial.run(self._client, body, assembler)) as parts:
                async for part in parts:
                    yield part
            if trial.failure is not None:
                raise trial.failure
            if trial.end is not None:
                yield trial.end
                return
            assert trial.pause is not None  # noqa: S101
            yield trial.pause
            await self._clock.sleep(trial.pause.seconds)

    async def check(self) -> None:
        """Ask the service about the model; where it does not tell, the first turn will.

        Raises:
            ModelUnavailable: it does not accept the key, does not know the model, or does not
                answer.
        """
        if not isinstance(self._client, AsyncAnthropic):
            return  # the clouds have no such question
        path = "/v1/models" if self._dialect.name == "portable" else f"/v1/models/{self._model}"
        try:
            await self._client.get(path, cast_to=object, options={"timeout": CHECK_SECONDS})
        except (AnthropicError, httpx2.HTTPError) as error:
            if says_for_sure(error):
                raise explain(error, self._service) from None

    async def close(self) -> None:
        await self._client.close()

    def _assembler(self) -> Assembler:
        narrates = self._dialect.narrates(self._model)
        return Assembler(self._model, self._dialect.incoming, narrates=narrates)


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
            said = self._service.scrub(str(error))
            self.failure = ModelUnavailable(f"{self._sign_in.advice} ({said})")
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
            said = self._service.scrub(str(error))
            self.failure = ModelUnavailable(f"{self._sign_in.advice} ({said})")
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
