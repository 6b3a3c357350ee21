"""What only a real server of another maker can tell: vLLM, llama.cpp, Ollama, LiteLLM."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace

from anthropic_checks import BATCH, Seen, _picture, _request, _result, _user
from live_report import Check, Verdict, judge, passed, skipped

from agent.errors import ModelError
from agent.models.base import BlockDone, Learned, Message, Model, ModelRequest, Text, TurnDone
from agent.models.claude.errors import Service
from agent.models.claude.model import AnthropicModel, new_client
from agent.models.claude.portable import PortableDialect
from agent.models.claude.servers import ask_server

CLICK = _user("Click at 100,100 with your tool. Do nothing else, and do not explain.")
COLOUR = "Which colour has the picture? One word."


class ServerChecks:
    """Checks of one model at one address; they cost what its server costs."""

    def __init__(self, address: str, model: str, key: str) -> None:
        self._address, self._name, self._key = address, model, key

    def all(self) -> Iterator[Check]:
        yield Check("server-tells", self.tells)
        yield Check("server-call", self.call)
        yield Check("server-written-call", self.written_call)
        yield Check("server-picture", self.picture)
        yield Check("server-picture-after-result", self.picture_after_result)
        yield Check("server-answer-length", self.answer_length)
        yield Check("server-thinking", self.thinking)
        yield Check("server-claude-cache", self.claude_cache)

    async def tells(self) -> Verdict:
        """What it says of itself is what the table reckons with."""
        client = new_client(self._key, self._address)
        found = await ask_server(client, self._name, Service(self._name, self._address))
        await client.close()
        known = f"{found.kind}, window {found.window}, tools {found.takes_tools}, sees {found.sees}"
        return judge(not found.fault, f"it tells: {known}.", found.fault)

    async def call(self) -> Verdict:
        seen, _ = await self._turn(_request([CLICK]))
        names = [call["name"] for call in seen.calls]
        return judge("left_click" in names, "it called left_click.", f"it called {names}.")

    async def written_call(self) -> Verdict:
        seen, _ = await self._turn(_request([CLICK]), PortableDialect(writes_calls=True))
        names = [call["name"] for call in seen.calls]
        said = seen.texts.get("text", "")[:80]
        return judge("left_click" in names, "a written call is read.", f"{names}: {said!r}")

    async def picture(self) -> Verdict:
        return await self._sees([_user(COLOUR, _picture(640, 480))], "in a message")

    async def picture_after_result(self) -> Verdict:
        """A picture beside a result, as observations are sent."""
        shot = {"type": "tool_use", "id": "a", "name": "screenshot", "input": {}}
        call = {**shot, "toolset_name": "computer"}
        result = _result(call, COLOUR)
        result["content"].append(_picture(640, 480))
        asked: list[Message] = [
            _user("Take a screenshot."),
            {"role": "assistant", "content": [call]},
            {"role": "user", "content": [result]},
        ]
        return await self._sees(asked, "after a result")

    async def answer_length(self) -> Verdict:
        """An answer of ten million tokens is refused in words that are understood, or given."""
        request = replace(_request([_user("Say hello.")]), max_tokens=10_000_000)
        async with self._model() as model:
            model._most_tokens = request.max_tokens
            _, learned = await seen_of(model, request)
        lengths = [each.value for each in learned if each.what == "answer"]
        return passed(f"it learned {lengths}." if lengths else "the server took it.")

    async def thinking(self) -> Verdict:
        seen, _ = await self._turn(_request([_user("What is 17 times 23? Think first.")]))
        said = seen.texts.get("text", "")
        return judge("think>" not in said, "no tag is shown.", f"a tag is shown: {said[:80]!r}")

    async def claude_cache(self) -> Verdict:
        """Before a Claude the second request reads what the first one wrote."""
        messages = [_user(BATCH)]
        async with self._model() as model:
            await model.prepare()
            if model.dialect == "portable":
                return skipped("no Claude stands behind this name.")
            first, _ = await seen_of(model, _request(messages))
            messages.append({"role": "assistant", "content": first.blocks})
            messages.append({"role": "user", "content": [_result(c, "Done.") for c in first.calls]})
            second, _ = await seen_of(model, _request(messages))
        read = second.usage.cache_read_input_tokens
        return judge(read > 0, f"{read} tokens came from the cache.", "the cache is lost.")

    async def _sees(self, messages: list[Message], where: str) -> Verdict:
        seen, _ = await self._turn(_request(messages))
        said = seen.texts.get("text", "").lower()
        good = "navy" in said or "blue" in said
        return judge(good, f"it sees a picture {where}.", f"it said {said[:80]!r}.")

    async def _turn(
        self, request: ModelRequest, dialect: PortableDialect | None = None
    ) -> tuple[Seen, list[Learned]]:
        async with self._model(dialect) as model:
            return await seen_of(model, request)

    @asynccontextmanager
    async def _model(self, dialect: PortableDialect | None = None) -> AsyncIterator[AnthropicModel]:
        client = new_client(self._key, self._address)
        model = AnthropicModel(
            self._name, dialect or PortableDialect(), client, secrets=(self._key,), asks="dialect"
        )
        try:
            yield model
        except ModelError as error:
            raise RuntimeError(str(error)) from None
        finally:
            await model.close()


async def seen_of(model: Model, request: ModelRequest) -> tuple[Seen, list[Learned]]:
    """One turn, and what turned out about the server."""
    seen, learned = Seen(), []
    async for part in model.stream(request):
        match part:
            case Text():
                seen.texts[part.role] = seen.texts.get(part.role, "") + part.text
            case BlockDone():
                seen.blocks.append(part.block)
            case Learned():
                learned.append(part)
            case TurnDone():
                seen.usage = part.usage
            case _:
                pass
    return seen, learned
