"""Agents of two frameworks from PyPI in DesktopInterrupt: pydantic-ai and smolagents.

Each framework runs its own loop, with three tools: ``desktop`` acts, ``ask`` and ``answer`` speak.
What the person says comes to it as it would to any agent of such a framework: in the result of
its next call, which is then not carried out. The model is scripted (`Script`), so that no key is
needed; a real one takes its place by one argument.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from dataclasses import asdict, dataclass, field
from typing import Any

from agent.experiments.run.foreign import Act, Desk, Ears, Outcome
from benchmarks.interrupt_agents import Listener, listener

_ORDER = (
    "You work on a person's desktop. Act with the tool desktop. If its result has words of the "
    "person, and nothing was done, heed them before you act again."
)


@dataclass
class Toolbox:
    """What both frameworks' tools do."""

    desk: Desk
    ears: Ears

    async def desktop(self, actions: list[dict[str, Any]], say: str = "") -> str:
        """Act on the desktop: a list of ``{"name", "given", "by"}``, one after another.

        ``say`` is told to the person as the first of them begins.
        """
        if words := self.ears.heard():
            return json.dumps({"done": False, "said": words})
        if say:
            self.desk.say(say)
        outcomes = await self.desk.act(*(Act(**one) for one in actions))
        told = [asdict(one) for one in outcomes]
        return json.dumps({"done": True, "said": self.ears.heard(), "outcomes": told})

    async def ask(self, question: str) -> str:
        """Ask the person aloud; their next words."""
        return await self.desk.ask(question)

    async def answer(self, text: str) -> str:
        """Say something to the person beside the work."""
        self.desk.answer(text)
        return "said"


# The scripted model -----------------------------------------------------------------------


@dataclass(frozen=True)
class Turn:
    """What the model answers: a call of a tool, or its last word."""

    text: str = ""
    tool: str = ""
    given: dict[str, Any] = field(default_factory=dict)


class Script:
    """A model that knows the work of its task, asked for a turn after another."""

    def __init__(self, task: str) -> None:
        self._worker = _Worker(listener(task))
        self._turns: asyncio.Queue[Turn] = asyncio.Queue()
        self._waiting: asyncio.Future[str] | None = None
        self._work: asyncio.Task[None] | None = None

    async def next(self, told: str) -> Turn:
        """The next turn, after what a tool, or the person, has ``told``."""
        if self._waiting is not None:
            self._waiting.set_result(told)
            self._waiting = None
        else:
            self._work = asyncio.get_running_loop().create_task(self._run(told))
        return await self._turns.get()

    async def close(self) -> None:
        """End its work."""
        if self._work is not None:
            self._work.cancel()
            await asyncio.wait({self._work})
        self._waiting = None

    async def call(self, tool: str, **given: Any) -> str:
        """Have the framework call a tool; its result."""
        self._waiting = asyncio.get_running_loop().create_future()
        waiting = self._waiting
        self._turns.put_nowait(Turn(tool=tool, given=given))
        return await waiting

    async def _run(self, task: str) -> None:
        last = await self._worker.run(task, _Called(self), Ears())  # type: ignore[arg-type]
        self._turns.put_nowait(Turn(last))


class _Called:
    """A desk whose every act is a call that the model makes."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._say = ""
        self.said = ""

    async def done(self, *acts: Act) -> bool:
        """Whether the acts were carried out; words that came are in `said`."""
        say, self._say = self._say, ""
        given = [asdict(act) | {"given": dict(act.given)} for act in acts]
        result = json.loads(await self._script.call("desktop", actions=given, say=say))
        self.said = f"{self.said} {result['said']}".strip()
        if not result["done"]:
            self._say = say
        return bool(result["done"])

    async def act(self, *acts: Act) -> list[Outcome]:
        while not await self.done(*acts):
            pass
        return []

    async def ask(self, question: str) -> str:
        return await self._script.call("ask", question=question)

    async def reply(self, text: str) -> None:
        await self._script.call("answer", text=text)

    def answer(self, text: str) -> None:
        self._said_beside = text

    def say(self, text: str) -> None:
        self._say = text

    def taken(self) -> tuple[str, str]:
        """Words that came, and what is to be answered, once."""
        words, self.said = self.said, ""
        return words, self.__dict__.pop("_said_beside", "")


class _Worker(Listener):
    """Heeds words where they come from a call's result."""

    def __init__(self, like: Listener) -> None:
        super().__init__(like._scenario, asks_at=like._asks_at)

    async def work(self, desk: Any, ears: Ears) -> str:
        async for acts in self.steps(desk):
            while not await desk.done(*acts):
                if end := await self._told(desk):
                    return end
            if end := await self._told(desk):
                return end
        return "All of it is done, and the note is saved."

    async def _told(self, desk: Any) -> str:
        words, _ = desk.taken()
        end = await self._heed(words, desk) if words else ""
        if beside := desk.taken()[1]:
            await desk.reply(beside)
        return end


# pydantic-ai --------------------------------------------------------------------------------


class OfPydanticAI:
    """An agent of pydantic-ai; ``model`` is any of its models."""

    def __init__(self, model: Any, close: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._model, self._close = model, close

    async def run(self, task: str, desk: Desk, ears: Ears) -> str:
        """One run of the framework's loop."""
        from pydantic_ai import Agent
        from pydantic_ai.usage import UsageLimits

        tools = Toolbox(desk, ears)
        agent = Agent(
            self._model, instructions=_ORDER, tools=[tools.desktop, tools.ask, tools.answer]
        )
        try:
            result = await agent.run(task, usage_limits=UsageLimits(request_limit=200))
        except asyncio.CancelledError:
            await self._close()
            raise
        return str(result.output)


def pydantic_ai(task: str) -> OfPydanticAI:
    """For one task, with the scripted model."""
    from pydantic_ai.messages import ModelResponse, TextPart, ToolCallPart
    from pydantic_ai.models.function import FunctionModel

    script = Script(task)

    async def answer(messages: Any, info: Any) -> Any:
        turn = await script.next(str(messages[-1].parts[-1].content))
        if not turn.tool:
            return ModelResponse(parts=[TextPart(turn.text)])
        return ModelResponse(parts=[ToolCallPart(turn.tool, turn.given)])

    return OfPydanticAI(FunctionModel(answer), script.close)


# smolagents ---------------------------------------------------------------------------------


class Bridge:
    """Coroutines of the trial's loop, called from the thread in which smolagents works."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._pending: set[Future[Any]] = set()
        self._over = False

    def call(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Wait for it."""
        if self._over:
            work.close()
            raise RuntimeError("The trial is over.")
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        self._pending.add(future)
        try:
            return future.result()
        finally:
            self._pending.discard(future)

    def close(self) -> None:
        """Let nobody wait any more."""
        self._over = True
        for future in tuple(self._pending):
            future.cancel()


class OfSmolagents:
    """An agent of smolagents; ``make`` gives its model, which may call the loop by the bridge."""

    def __init__(
        self, make: Callable[[Bridge], Any], close: Callable[[], Coroutine[Any, Any, None]]
    ) -> None:
        self._make, self._close = make, close

    async def run(self, task: str, desk: Desk, ears: Ears) -> str:
        """One run of the framework's loop, in a thread."""
        from smolagents import ToolCallingAgent

        bridge = Bridge()
        tools = _smolagents_tools(Toolbox(desk, ears), bridge)
        agent = ToolCallingAgent(
            tools=tools, model=self._make(bridge), instructions=_ORDER, max_steps=200,
            verbosity_level=-1,
        )  # fmt: skip
        work = asyncio.ensure_future(asyncio.to_thread(agent.run, task))
        try:
            return str(await asyncio.shield(work))
        except asyncio.CancelledError:
            agent.interrupt()
            bridge.close()
            await self._close()
            with contextlib.suppress(Exception):  # whatever the framework makes of its end
                await work
            raise


def smolagents(task: str) -> OfSmolagents:
    """For one task, with the scripted model."""
    from smolagents.models import (
        ChatMessage,
        ChatMessageToolCall,
        ChatMessageToolCallFunction,
        MessageRole,
        Model,
    )

    script = Script(task)

    class Scripted(Model):
        def __init__(self, bridge: Bridge) -> None:
            super().__init__(model_id="script")
            self._bridge, self._number = bridge, 0

        def generate(self, messages: Any, *given: Any, **named: Any) -> Any:
            turn = self._bridge.call(script.next(_last_words(messages)))
            self._number += 1
            arguments = turn.given if turn.tool else {"answer": turn.text}
            function = ChatMessageToolCallFunction(
                name=turn.tool or "final_answer", arguments=arguments
            )
            call = ChatMessageToolCall(function=function, id=str(self._number), type="function")
            return ChatMessage(role=MessageRole.ASSISTANT, content="", tool_calls=[call])

    return OfSmolagents(Scripted, script.close)


def _last_words(messages: Any) -> str:
    """What the framework tells its model last, without what it puts around it."""
    content = messages[-1].content
    parts = content if isinstance(content, list) else [{"text": content}]
    text = "\n".join(str(part.get("text", "")) for part in parts)
    for mark in ("New task:\n", "Observation:\n"):
        text = text.rpartition(mark)[2]
    return text.strip()


def _smolagents_tools(box: Toolbox, bridge: Bridge) -> list[Any]:
    from smolagents import Tool

    class Desktop(Tool):
        name = "desktop"
        description = str(box.desktop.__doc__)
        inputs = {  # noqa: RUF012 - as the framework wants it
            "actions": {"type": "array", "description": "name, given and by of each action"},
            "say": {"type": "string", "description": "what is told", "nullable": True},
        }
        output_type = "string"

        def forward(self, actions: Any, say: Any = "") -> Any:
            return bridge.call(box.desktop(actions, say or ""))

    class Ask(Tool):
        name = "ask"
        description = str(box.ask.__doc__)
        inputs = {"question": {"type": "string", "description": "the question"}}  # noqa: RUF012
        output_type = "string"

        def forward(self, question: Any) -> Any:
            return bridge.call(box.ask(question))

    class Answer(Tool):
        name = "answer"
        description = str(box.answer.__doc__)
        inputs = {"text": {"type": "string", "description": "what is said"}}  # noqa: RUF012
        output_type = "string"

        def forward(self, text: Any) -> Any:
            return bridge.call(box.answer(text))

    return [Desktop(), Ask(), Answer()]
