"""What the Messages API really does where its documentation or the SDK leave doubt."""

from __future__ import annotations

import base64
import io
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from anthropic import NotFoundError
from live_report import Check, Verdict, judge, passed
from PIL import Image

from agent.errors import ModelError
from agent.models.base import (
    Block,
    BlockDone,
    Budget,
    Learned,
    Message,
    ModelRequest,
    Text,
    ToolSpec,
    TurnDone,
)
from agent.models.capabilities import as_claude
from agent.models.claude.dialects import BROWSER_MEMBERS, TOOLSET_MEMBERS, Dialect, ToolsetDialect
from agent.models.claude.hosted import HostedDialect
from agent.models.claude.model import AnthropicModel, new_client
from agent.models.pricing import PRICES
from agent.record.events import Usage
from agent.testing.messages_accounting import BROWSER_TOKENS

SMALL, FAST, STRONG, OLD = (
    "claude-haiku-5-5",
    "claude-sonnet-5-5",
    "claude-opus-5-5",
    "claude-sonnet-4-6",
)
INTERRUPTED = "Not executed: the user interrupted."
SYSTEM = "You use a desktop. Before each group of actions say in one short line what you do. " * 40
COMPUTER = ToolSpec(
    "computer",
    "Use the desktop.",
    {name: {"type": "object"} for name in TOOLSET_MEMBERS},
    hosted="computer_toolset_20260801",
    toolset="computer",
)
MEMORY = ToolSpec("memory", "Notes.", {"memory": {}}, hosted="memory_20250818")
EDITOR = ToolSpec(
    "str_replace_based_edit_tool", "Files.", {"edit": {}}, hosted="text_editor_20250728"
)
BROWSER = ToolSpec(
    "browser",
    "Use the browser.",
    {name: {"type": "object"} for name in BROWSER_MEMBERS},
    hosted="browser_toolset_20260801",
    toolset="browser",
)
_TAB = {"tab_id": "t1", "title": "", "url": "about:blank", "active": True}
SHELL = ToolSpec("bash", "Run a command.", {"bash": {}}, hosted="bash_20250124")
BATCH = (
    "In one go, in a single answer: click at 100,100, then type the word hello, then press "
    "Return, then run the command date. Do not take a screenshot first."
)


@dataclass
class Seen:
    """One live turn."""

    blocks: list[Block] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)
    first_call: float | None = None
    ended: float = 0.0
    usage: Usage = field(default_factory=Usage)
    learned: list[str] = field(default_factory=list)
    """What the service turned out not to take."""

    @property
    def calls(self) -> list[Block]:
        return [block for block in self.blocks if block["type"] == "tool_use"]


class AnthropicChecks:
    """All checks for one key and address."""

    def __init__(self, key: str, base_url: str | None) -> None:
        self._key = key
        self._base_url = base_url

    def all(self) -> Iterator[Check]:
        yield Check("wrong-key", self.wrong_key)
        yield Check("unknown-model", self.unknown_model)
        yield Check("priced-models-exist", self.priced_models)
        yield Check("picture-tokens", self.picture_tokens)
        yield Check("oversized-picture", self.oversized_picture)
        yield Check("largest-picture", self.largest_picture, dollars=0.03)
        yield Check("toolset-and-batch", self.batch, dollars=0.02)
        yield Check("eager-blocks", self.eager, dollars=0.02)
        yield Check("progress-updates", self.updates, dollars=0.10)
        yield Check("progress-between-tools", self.between_tools, dollars=0.05)
        yield Check("cache-reads", self.cache, dollars=0.05)
        yield Check("cut-between-calls", self.cut_between_calls, dollars=0.15)
        yield Check("cut-in-text", self.cut_in_text, dollars=0.15)
        yield Check("closing-picture", self.closing_picture, dollars=0.02)
        yield Check("effort-is-kept", self.effort_is_kept, dollars=0.05)
        yield Check("prompt-is-kept", self.prompt_is_kept, dollars=0.12)
        yield Check("thinking-is-kept", self.thinking_is_kept, dollars=0.12)
        yield Check("older-tool", self.older_tool, dollars=0.06)
        yield Check("system-messages", self.system_messages, dollars=0.06)
        yield Check("hour-cache", self.hour_cache, dollars=0.05)
        yield Check("warm-up", self.warm_up, dollars=0.02)
        yield Check("every-effort", self.every_effort, dollars=0.10)
        yield Check("fast-mode", self.fast_mode, dollars=0.05)
        yield Check("task-budget", self.task_budget, dollars=0.03)
        yield Check("fallbacks", self.fallbacks, dollars=0.03)
        yield Check("memory-tool", self.memory_tool, dollars=0.03)
        yield Check("pdf-in-a-result", self.pdf_in_a_result, dollars=0.02)
        yield Check("browser-tool", self.browser_tool, dollars=0.05)
        yield Check("browser-tokens", self.browser_tokens)

    async def wrong_key(self) -> Verdict:
        model = self._model(SMALL, key="sk-ant-live-check-wrong-key")
        return await self._expect(model, _request([_user("Hi.")]), "does not accept the key")

    async def unknown_model(self) -> Verdict:
        model = self._model("claude-none-0")
        return await self._expect(model, _request([_user("Hi.")]), "does not know the model")

    async def priced_models(self) -> Verdict:
        client = new_client(self._key, self._base_url)
        missing = []
        for name in PRICES:
            try:
                await client.models.retrieve(name)
            except NotFoundError:
                missing.append(name)
        await client.close()
        return judge(
            not missing,
            f"all {len(PRICES)} models of the price table exist.",
            f"these models of the price table do not exist: {', '.join(missing)}.",
        )

    async def picture_tokens(self) -> Verdict:
        """The rule of 28-pixel patches, by the difference that a picture makes."""
        client = new_client(self._key, self._base_url)
        count: Any = client.messages.count_tokens
        bare = await count(model=SMALL, messages=[_user("Hi.")])
        seen = await count(model=SMALL, messages=[_user("Hi.", _picture(1280, 800))])
        await client.close()
        tokens = seen.input_tokens - bare.input_tokens
        return judge(
            abs(tokens - 1334) <= 40,
            f"1280 by 800 costs {tokens} tokens, as reckoned (1334).",
            f"1280 by 800 costs {tokens} tokens, not the reckoned 1334.",
        )

    async def oversized_picture(self) -> Verdict:
        request = _request([_user("Look.", _picture(4000, 400))])
        return await self._expect(self._model(SMALL), request, "does not take a screenshot")

    async def largest_picture(self) -> Verdict:
        """The largest that the table knows is taken; one row of patches more is not."""
        spent = 0.0
        for name in (SMALL, STRONG):
            known = as_claude(name)
            across = known.edge // 28
            size = (across * 28, known.patches // across * 28)
            try:
                seen = await self._turn(name, [_user("Look.", _picture(*size))])
            except ModelError as error:
                return judge(False, "", f"{name} does not take {size}: {error}", spent)
            spent += seen.usage.dollars
            request = _request([_user("Look.", _picture(size[0], size[1] + 28))])
            verdict = await self._expect(self._model(name), request, "does not take a screenshot")
            if verdict.state != "pass":
                return judge(False, "", f"{name} beyond {size}: {verdict.sentence}", spent)
        return passed(f"{SMALL} and {STRONG} take as much as the table says, and no more.", spent)

    async def batch(self) -> Verdict:
        seen = await self._turn(SMALL, [_user(BATCH)])
        names = [call["name"] for call in seen.calls]
        echoed = all(c.get("toolset_name") == "computer" for c in seen.calls if c["name"] != "bash")
        return judge(
            len(names) > 1 and echoed,
            f"one answer held {len(names)} calls: {', '.join(names)}.",
            f"expected several toolset calls in one answer, got {names}.",
            seen.usage.dollars,
        )

    async def eager(self) -> Verdict:
        seen = await self._turn(SMALL, [_user(BATCH)])
        if seen.first_call is None:
            return judge(False, "", "the model called nothing.", seen.usage.dollars)
        lead = (seen.ended - seen.first_call) * 1000
        return judge(
            lead > 0,
            f"the first call was whole {lead:.0f} ms before the answer ended.",
            "the first call came only with the end.",
            seen.usage.dollars,
        )

    async def updates(self) -> Verdict:
        return await self._narration(STRONG)

    async def between_tools(self) -> Verdict:
        return await self._narration(FAST)

    async def cache(self) -> Verdict:
        """The second request has to read all that the first one wrote."""
        messages = [_user("Say one word.")]
        first = await self._turn(SMALL, messages)
        messages += [{"role": "assistant", "content": first.blocks}, _user("Another one.")]
        second = await self._turn(SMALL, messages)
        warm = first.usage.cache_read_input_tokens + first.usage.cache_creation_input_tokens
        read = second.usage.cache_read_input_tokens
        return judge(
            warm > 0 and read >= warm,
            f"{read} tokens were read from the cache, {warm} had been put there.",
            f"only {read} tokens were read, though {warm} had been put there.",
            first.usage.dollars + second.usage.dollars,
        )

    async def cut_between_calls(self) -> Verdict:
        """Finished blocks kept, the calls answered as interrupted, on bound thinking."""
        seen = await self._turn(STRONG, [_user(BATCH)])
        if not seen.calls:
            return judge(False, "", "the model called nothing.", seen.usage.dollars)
        kept = _up_to_first_call(seen.blocks)
        words = {"type": "text", "text": "Stop. What did you do?"}
        messages = [
            _user(BATCH),
            {"role": "assistant", "content": kept},
            {"role": "user", "content": [_result(kept[-1], INTERRUPTED, error=True), words]},
        ]
        return await self._accepted(messages, seen)

    async def cut_in_text(self) -> Verdict:
        """An unfinished text is kept as far as it went; the conversation goes on after it."""
        asked = _user("Tell a story of three sentences, without any tool.")
        seen = await self._turn(STRONG, [asked])
        kept = [block for block in seen.blocks if block["type"] in ("thinking", "text")]
        last = kept[-1]
        if last["type"] == "text":
            kept[-1] = {**last, "text": last["text"][: len(last["text"]) // 2].rstrip()}
        messages = [asked, {"role": "assistant", "content": kept}, _user("Stop. Shorter.")]
        return await self._accepted(messages, seen)

    async def closing_picture(self) -> Verdict:
        """A picture may be added to the last result of a batch that did not ask for one."""
        seen = await self._turn(SMALL, [_user(BATCH)])
        results = [_result(call, "Done.") for call in seen.calls]
        if not results:
            return judge(False, "", "the model called nothing.", seen.usage.dollars)
        results[-1]["content"].append(_picture(1280, 800))
        messages = [
            _user(BATCH),
            {"role": "assistant", "content": seen.blocks},
            {"role": "user", "content": results},
        ]
        after = await self._turn(SMALL, messages)
        return passed(
            "a picture on the last result was accepted.", seen.usage.dollars + after.usage.dollars
        )

    async def effort_is_kept(self) -> Verdict:
        """With ``between_tools`` another effort on the way is said to be refused."""
        request, spent = await self._after_a_batch(FAST)
        return await self._refused(FAST, replace(request, effort="high"), spent)

    async def prompt_is_kept(self) -> Verdict:
        """Thinking is said to be bound to the system prompt."""
        request, spent = await self._after_a_batch(STRONG)
        return await self._refused(STRONG, replace(request, system=f"{SYSTEM}Be terse."), spent)

    async def thinking_is_kept(self) -> Verdict:
        """Thinking before a call is said to be required with it."""
        request, spent = await self._after_a_batch(STRONG)
        asked, answer, results = request.messages
        bare = [block for block in answer["content"] if block["type"] != "thinking"]
        messages = [asked, {**answer, "content": bare}, results]
        return await self._refused(STRONG, replace(request, messages=messages), spent)

    async def older_tool(self) -> Verdict:
        seen = await self._turn(OLD, [_user("Take a screenshot.")], HostedDialect())
        names = [call["name"] for call in seen.calls]
        return judge(
            bool(names), f"{OLD} called {names} by the older tool.", "no call.", seen.usage.dollars
        )

    async def system_messages(self) -> Verdict:
        """Sayso's own words after the person's, for the models that are said to take them."""
        told: Message = {
            "role": "system",
            "content": _user("The person used the mouse.")["content"],
        }
        return await self._options((SMALL, FAST, STRONG), "system messages", [_user("Hi."), told])

    async def hour_cache(self) -> Verdict:
        seen = await self._turn(SMALL, [_user("Say one word.")], pauses=True)
        kept = seen.usage.hour_input_tokens
        return judge(
            not seen.learned and (kept > 0 or seen.usage.cache_read_input_tokens > 0),
            f"{kept} tokens are cached for an hour.",
            f"nothing was cached for an hour: {seen.learned or 'no word of it in the usage'}.",
            seen.usage.dollars,
        )

    async def warm_up(self) -> Verdict:
        """No token is asked for; the prompt is said to be cached all the same."""
        model = self._model(FAST)
        usage = await model.warm(_request([_user("Say one word.")]))
        await model.close()
        if usage is None:
            return judge(False, "", "the service did not take a request for no token.")
        after = await self._turn(FAST, [_user("Say one word.")])
        read = after.usage.cache_read_input_tokens
        return judge(
            read > 0,
            f"the first answer read {read} tokens that had been read ahead.",
            "nothing that had been read ahead was read from the cache.",
            usage.dollars + after.usage.dollars,
        )

    async def every_effort(self) -> Verdict:
        """The highest, which Sonnet is said to take only while it thinks ahead."""
        return await self._options((SMALL, FAST, STRONG), "maximum effort", effort="max")

    async def fast_mode(self) -> Verdict:
        seen = await self._turn(STRONG, [_user("Say one word.")], fast=True)
        return judge(
            seen.usage.fast and not seen.learned,
            f"{STRONG} answered in fast mode.",
            f"{STRONG} did not answer in fast mode: {seen.learned or 'it says nothing of it'}.",
            seen.usage.dollars,
        )

    async def task_budget(self) -> Verdict:
        budget = Budget(2_000_000, 1_900_000)
        return await self._options((SMALL, FAST, STRONG), "a task budget", budget=budget)

    async def fallbacks(self) -> Verdict:
        return await self._options((SMALL, FAST, STRONG), "a fallback", fallbacks=True)

    async def memory_tool(self) -> Verdict:
        asked = [_user("Look into your memory directory, then say what is in it.")]
        seen = await self._turn(SMALL, asked, tools=(MEMORY,))
        called = [call["input"].get("command") for call in seen.calls if call["name"] == "memory"]
        return judge(
            "view" in called,
            f"{SMALL} looked into its memory.",
            f"{SMALL} called {called or 'nothing'}.",
            seen.usage.dollars,
        )

    async def pdf_in_a_result(self) -> Verdict:
        """A tool's result that holds a document, for a model that thinks of nothing before it."""
        viewed = {"command": "view", "path": "scan.pdf"}
        used = {"type": "tool_use", "id": "toolu_live_pdf", "name": EDITOR.name, "input": viewed}
        source = {"type": "base64", "media_type": "application/pdf", "data": _pdf()}
        result = _result(used, "It follows whole:")
        result["content"].append({"type": "document", "source": source, "title": "scan.pdf"})
        messages: list[Message] = [
            _user("Which colour is the page of scan.pdf?"),
            {"role": "assistant", "content": [used]},
            {"role": "user", "content": [result]},
        ]
        return await self._options((SMALL,), "a PDF in a result", messages, tools=(EDITOR,))

    async def browser_tool(self) -> Verdict:
        """A call of the browser, and a next turn on its result with the state of the tabs."""
        asked = [_user("With your browser, open the address about:blank. Do nothing else.")]
        seen = await self._turn(SMALL, asked, tools=(BROWSER,))
        calls = [call for call in seen.calls if call.get("toolset_name") == "browser"]
        if not calls:
            return judge(False, "", "the model did not use the browser.", seen.usage.dollars)
        state = {"type": "browser_state", "tabs": [_TAB]}
        results = [_result(call, "Navigated to about:blank") for call in seen.calls]
        for call, result in zip(seen.calls, results, strict=True):
            alone = call["name"] in ("new_tab", "switch_tab", "list_tabs", "close_tab")
            result["content"] = [*([] if alone else result["content"]), state]
        messages = [
            *asked,
            {"role": "assistant", "content": seen.blocks},
            {"role": "user", "content": results},
        ]
        then = await self._turn(SMALL, messages, tools=(BROWSER,))
        return judge(
            bool(then.blocks),
            f"{calls[0]['name']} was called, and its result with the state of the tabs is taken.",
            "the next turn was empty.",
            seen.usage.dollars + then.usage.dollars,
        )

    async def browser_tokens(self) -> Verdict:
        """What the toolset costs in each conversation, for which no figure is published."""
        client = new_client(self._key, self._base_url)
        count: Any = client.beta.messages.count_tokens
        body = ToolsetDialect().body(replace(_request([_user("Hi.")]), tools=(BROWSER,)), SMALL)
        bare = await count(model=SMALL, messages=[_user("Hi.")])
        told = await count(model=SMALL, messages=[_user("Hi.")], tools=body["tools"])
        await client.close()
        tokens = told.input_tokens - bare.input_tokens
        return judge(
            abs(tokens - BROWSER_TOKENS) <= 0.3 * BROWSER_TOKENS,
            f"the browser's toolset costs {tokens} tokens, near the estimated {BROWSER_TOKENS}.",
            f"the browser's toolset costs {tokens} tokens, not the estimated {BROWSER_TOKENS}: "
            "correct it in agent.testing.messages_accounting and the bill in the docs.",
        )

    async def _options(
        self,
        names: Sequence[str],
        what: str,
        messages: Sequence[Message] = (),
        **changes: Any,
    ) -> Verdict:
        """Whether each model takes what is asked for beside the bare conversation."""
        spent, refused = 0.0, []
        for name in names:
            try:
                seen = await self._turn(name, messages or [_user("Say one word.")], **changes)
            except ModelError as error:
                refused.append(f"{name}: {error}")
                continue
            spent += seen.usage.dollars
            refused += [f"{name}: {words}" for words in seen.learned]
        return judge(
            not refused, f"{', '.join(names)} take {what}.", f"refused: {'; '.join(refused)}", spent
        )

    async def _narration(self, name: str) -> Verdict:
        messages = [_user(BATCH)]
        first = await self._turn(name, messages)
        messages.append({"role": "assistant", "content": first.blocks})
        messages.append({"role": "user", "content": [_result(c, "Done.") for c in first.calls]})
        second = await self._turn(name, messages) if first.calls else Seen()
        lines = first.texts.get("progress", "") + second.texts.get("progress", "")
        spoken = lines or first.texts.get("text", "")
        return judge(
            bool(spoken.strip()),
            f"{name} narrates: {' '.join(spoken.split())[:60]!r}.",
            f"{name} said nothing while it worked.",
            first.usage.dollars + second.usage.dollars,
        )

    async def _after_a_batch(self, name: str) -> tuple[ModelRequest, float]:
        """A good second request of a conversation, and what the first one cost."""
        seen = await self._turn(name, [_user(BATCH)])
        results = [_result(call, "Done.") for call in seen.calls] or [_user("Go on.")["content"][0]]
        answer: Message = {"role": "assistant", "content": seen.blocks}
        messages = [_user(BATCH), answer, {"role": "user", "content": results}]
        return _request(messages), seen.usage.dollars

    async def _refused(self, name: str, request: ModelRequest, spent: float) -> Verdict:
        model = self._model(name)
        try:
            async for _ in model.stream(request):
                pass
        except ModelError as error:
            return passed(f"refused, as reckoned: {error}", spent)
        finally:
            await model.close()
        return judge(False, "", "the service took it: Sayso is stricter than it need be.", spent)

    async def _accepted(self, messages: list[Message], before: Seen) -> Verdict:
        try:
            after = await self._turn(STRONG, messages)
        except ModelError as error:
            return judge(False, "", f"the repaired history was refused: {error}")
        spent = before.usage.dollars + after.usage.dollars
        return passed("the repaired history was accepted.", spent)

    async def _expect(self, model: AnthropicModel, request: ModelRequest, words: str) -> Verdict:
        try:
            async for _ in model.stream(request):
                pass
        except ModelError as error:
            return judge(words in str(error), f"told as: {error}", f"told otherwise: {error}")
        finally:
            await model.close()
        return judge(False, "", "the service took it.")

    async def _turn(
        self,
        name: str,
        messages: Sequence[Message],
        dialect: Dialect | None = None,
        **changes: Any,
    ) -> Seen:
        model, seen = self._model(name, dialect=dialect), Seen()
        async for part in model.stream(replace(_request(messages), **changes)):
            if isinstance(part, Text):
                seen.texts[part.role] = seen.texts.get(part.role, "") + part.text
            elif isinstance(part, BlockDone):
                seen.blocks.append(part.block)
                if part.block["type"] == "tool_use" and seen.first_call is None:
                    seen.first_call = time.monotonic()
            elif isinstance(part, Learned):
                seen.learned.append(part.text)
            elif isinstance(part, TurnDone):
                seen.usage, seen.ended = part.usage, time.monotonic()
        await model.close()
        return seen

    def _model(
        self, name: str, *, key: str | None = None, dialect: Dialect | None = None
    ) -> AnthropicModel:
        used = key or self._key
        client = new_client(used, self._base_url)
        return AnthropicModel(name, dialect or ToolsetDialect(), client, secrets=(used,))


def _request(messages: Sequence[Message]) -> ModelRequest:
    request = ModelRequest(SYSTEM, messages, (COMPUTER, SHELL), (1280, 800), max_tokens=1500)
    return replace(request, effort="low")


def _user(words: str, *images: Block) -> Message:
    return {"role": "user", "content": [{"type": "text", "text": words}, *images]}


def _result(call: Block, words: str, *, error: bool = False) -> Block:
    result: Block = {
        "type": "tool_result",
        "tool_use_id": call["id"],
        "content": [{"type": "text", "text": words}],
    }
    if "toolset_name" in call:
        result["toolset_name"] = call["toolset_name"]
    return {**result, "is_error": True} if error else result


def _up_to_first_call(blocks: list[Block]) -> list[Block]:
    first = next(i for i, block in enumerate(blocks) if block["type"] == "tool_use")
    return blocks[: first + 1]


def _pdf() -> str:
    buffer = io.BytesIO()
    Image.new("RGB", (400, 400), "navy").save(buffer, "PDF")
    return base64.b64encode(buffer.getvalue()).decode()


def _picture(width: int, height: int) -> Block:
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), "navy").save(buffer, "WEBP", lossless=True)
    data = base64.b64encode(buffer.getvalue()).decode()
    source = {"type": "base64", "media_type": "image/webp", "data": data}
    return {"type": "image", "source": source}
