"""The agent's loop: run a task, take turns, act on each call, observe what came of it.

::

    run      turns until the model has nothing left to do, or somebody says so
    turn     one streamed answer; its actions begin as soon as their blocks are complete
    act      one action: rules, hold, approval, then the tool
    observe  write down what came of it

Every event is in the journal before the thing happens. A cancellation may strike at any
await: the loop cleans nothing up, because `control` writes the open ends and `history`
repairs the messages from the log.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field

from agent.errors import (
    ConversationRefused,
    DesktopError,
    ModelError,
    ModelRefused,
    ServiceBroke,
    StreamBroken,
    ToolError,
)
from agent.models.base import (
    Block,
    BlockDone,
    Counted,
    Dictating,
    Labelled,
    Learned,
    ModelPart,
    ModelRequest,
    Text,
    TurnDone,
    Waiting,
    Warned,
    prepare_model,
    readable_by,
)
from agent.record import events as ev
from agent.sanitize import Cleaner
from agent.session.compaction import (
    OTHER_BASIS,
    basis_of,
    can_heal,
    compact,
    heal,
    on_other_basis,
    turns_of,
)
from agent.session.control import Lease, close_open_ends, new_id
from agent.session.ending import ending_of
from agent.session.history import BROKEN_OFF, HALTED, halted
from agent.session.looking import closing_picture, look
from agent.session.permissions import SHOWN, Agent, Ended, check_limits, cleared
from agent.tools.base import Tool, ToolCall, ToolResult, intent_of, result_of

MAX_BROKEN = 4
"""Answers in a row that may break off before the task is given up."""

GIVEN_UP = f"It was tried {MAX_BROKEN} times. Check the network, then say it again."
MAX_EMPTY = 2
MAX_IDLE = 4
"""Answers in a row without any action that may ask to go on, before the task is given up."""

TELL_WITHIN = 10.0
"""Seconds in which an answer has to bring more, or to end, once one of its tools broke."""

IDLE = (
    f"The model answered {MAX_IDLE} times without doing anything and without coming to an end. "
    "Say it in other words, or choose another model."
)
EMPTY = "Your answer was empty. If the task is done, say so in one sentence; otherwise go on."
GO_ON = (
    "Your answer reached the limit of its length; a call that was cut off was not executed. "
    "Go on from there."
)


@dataclass
class Turn:
    """One answer while it streams in."""

    id: str
    since: int
    calls: asyncio.Queue[Block | None] = field(default_factory=asyncio.Queue)
    acted: list[tuple[Tool | None, ToolCall, ToolResult]] = field(default_factory=list)
    started: bool = False
    refused: str = ""
    """Why no further action of this turn is executed; empty while all is well."""

    text: list[str] = field(default_factory=list)
    done: TurnDone | None = None
    error: ModelError | None = None


class Loop:
    """One run of one task under one lease."""

    def __init__(self, agent: Agent, lease: Lease) -> None:
        self.agent = agent
        self.lease = lease
        self.emit = lease.emit
        self._achieved = True
        self._call_ids = {event.block.get("id") for event in agent.log.of(ev.BlockFinished)}

    async def run(self) -> Ended:
        """Take turns until the task is over; returns how it ended."""
        broken = empty = idle = 0
        try:
            await self._begin()
            while True:
                await self.agent.control.gate()
                await check_limits(self.agent, self.lease)
                turn = await self._turn_that_fits()
                broken = broken + 1 if turn.error else 0
                whole = turn.error is None
                empty = 0 if turn.acted or (whole and turn.text) else empty + whole
                idle = 0 if turn.acted else idle + whole
                await self._follow_up(turn, broken, empty, idle)
        except Ended as end:
            return end
        except ModelRefused as error:
            return self._failed("safety", error, "refused")
        except ModelError as error:
            return self._failed("model", error, "failed")
        except DesktopError as error:
            return self._failed("desktop", error, "failed")

    async def turn(self) -> Turn:
        """One answer: streamed into the log, each finished call acted upon at once."""
        turn = Turn(new_id("turn"), len(self.agent.log))
        request = self._request()
        self._started(turn, request)
        async with self._acting(turn), aclosing(self.agent.model.stream(request)) as parts:
            async for part in parts:
                self._take(turn, part)
                if isinstance(part, BlockDone):
                    await asyncio.sleep(0)  # the action begins before more is read
            if turn.done is None:
                raise StreamBroken("The answer ended before its end.")
        return turn

    async def act(self, turn: Turn, block: Block) -> None:
        """One action: proposed, permitted, started, observed."""
        call = ToolCall.from_block(block)
        tool = next((tool for tool in self.agent.tools if _serves(tool, call)), None)
        try:
            if tool is None:
                raise ToolError(f"There is no tool “{call.name}”.")
            intent = await intent_of(tool, call)
        except ToolError as error:
            self._propose(turn, call, {})
            return self.observe(turn, tool, call, ToolResult.of(error), ran=False)
        self._propose(turn, call, intent.target)
        if not turn.refused:
            intent, refused = await cleared(self.agent, self.lease, tool, call, intent)
            turn.refused = turn.refused or refused
        if turn.refused:
            result = ToolResult(halted(turn.refused, call.toolset), is_error=True)
            return self.observe(turn, tool, call, result, ran=False)
        turn.started = True
        self.emit(ev.ActionStarted(action_id=call.id))
        began = self.agent.clock.now()
        self.agent.approvals.begins(intent)
        result = await result_of(tool, call, lambda text: self._output(call, text))
        if not result.is_error:
            self.agent.approvals.done(intent)
        return self.observe(turn, tool, call, result, seconds=self.agent.clock.now() - began)

    def observe(
        self,
        turn: Turn,
        tool: Tool | None,
        call: ToolCall,
        result: ToolResult,
        *,
        ran: bool = True,
        seconds: float = 0.0,
    ) -> None:
        """Write down an action's result; the first failure halts the rest of its turn."""
        document = self._document(result)
        shown = result.image if document is None else None
        image = self.agent.journal.put_image(shown) if shown else None
        text = result.text if document is None or result.whole is None else result.whole.text
        self.emit(
            ev.ActionFinished(
                action_id=call.id,
                text=text + ("" if result.is_error else _changed(call)),
                document=document,
                is_error=result.is_error,
                ran=ran,
                image=image,
                seconds=seconds,
                exit_code=result.exit_code,
                shown=SHOWN.get(result.text, result.shown),
                state=None if result.is_error else result.state,
            )
        )
        turn.acted.append((tool, call, result))
        if result.is_error:
            turn.refused = HALTED

    def _document(self, result: ToolResult) -> ev.Attachment | None:
        """The PDF that a tool has read, kept for a model that reads them."""
        whole = result.whole
        if whole is None or result.is_error or "pdf" not in readable_by(self.agent.model):
            return None
        return ev.Attachment(
            name=whole.path.rpartition("/")[2],
            path=whole.path,
            size=len(whole.pdf),
            kind="pdf",
            sha256=self.agent.journal.put_content(whole.pdf, "application/pdf"),
            media_type="application/pdf",
        )

    # One line each, above; how, below ----------------------------------------------------

    async def _begin(self) -> None:
        await prepare_model(self.agent.model)
        if on_other_basis(self.agent):
            await compact(self.agent, self.emit, OTHER_BASIS)
        else:
            await look(self.agent, self.emit)

    async def _turn_that_fits(self) -> Turn:
        """A turn; if the service does not take the conversation, that starts over once."""
        try:
            return await self.turn()
        except (ConversationRefused, ServiceBroke) as error:
            if not can_heal(self.agent.log, error):
                raise
            await heal(self.agent, self.emit, error)
        await self.agent.control.gate()
        await check_limits(self.agent, self.lease)
        return await self.turn()

    def _request(self) -> ModelRequest:
        agent, before = self.agent, turns_of(self.agent.log)
        return ModelRequest(
            system=agent.system,
            messages=agent.history.messages(),
            tools=[tool.spec for tool in agent.tools],
            display=agent.desktop.size,
            effort=agent.settings.effort,
            first_effort=before[0].effort if before else None,
            pauses=agent.history.spoken,
            fast=agent.settings.speed == "fast",
            fallbacks=agent.settings.fallbacks,
            budget=agent.limits.budget,
        )

    def _started(self, turn: Turn, request: ModelRequest) -> None:
        self.emit(
            ev.TurnStarted(
                turn_id=turn.id,
                model=self.agent.model.name,
                messages=len(request.messages),
                basis=basis_of(self.agent),
                effort=request.effort or "",
                system_messages=self.agent.history.system,
            )
        )

    def _take(self, turn: Turn, part: ModelPart) -> None:
        """One part of the stream becomes one event."""
        match part:
            case Text():
                self.emit(ev.TextStreamed(turn_id=turn.id, text=part.text, role=part.role))
            case BlockDone():
                self._take_block(turn, part.index, self._distinct(part.block))
            case Labelled():
                self.emit(ev.ScreenLabelled(labels=part.labels, grid=part.grid))
            case Dictating():
                self.emit(ev.DictationChanged(on=part.on))
            case Waiting():
                self._retry(turn, part.seconds, part.reason)
            case Learned():
                self.emit(
                    ev.ServerLearned(
                        turn_id=turn.id, what=part.what, value=part.value, text=part.text
                    )
                )
            case Warned():
                self.emit(ev.Failed(where="safety", error=part.text))
            case Counted():
                self.emit(ev.TurnCounted(turn_id=turn.id, usage=part.usage))
            case TurnDone():
                turn.done = part
                self._achieved &= part.achieved
                self.emit(
                    ev.TurnFinished(turn_id=turn.id, stop_reason=part.stop_reason, usage=part.usage)
                )

    def _take_block(self, turn: Turn, index: int, block: Block) -> None:
        self.emit(ev.BlockFinished(turn_id=turn.id, index=index, block=block))
        if block["type"] == "tool_use":
            turn.calls.put_nowait(block)
        elif block["type"] == "text" and block["text"].strip():
            turn.text.append(block["text"].strip())

    def _distinct(self, block: Block) -> Block:
        """Local servers number their calls from 0 in every answer; ids must differ."""
        if block["type"] != "tool_use":
            return block
        if block["id"] in self._call_ids:
            block = {**block, "id": new_id("call")}
        self._call_ids.add(block["id"])
        return block

    @asynccontextmanager
    async def _acting(self, turn: Turn) -> AsyncIterator[None]:
        """Run the turn's actions beside its stream; a fault of either ends both."""
        try:
            async with asyncio.TaskGroup() as both:
                actor = both.create_task(self._act_all(turn), name=f"actions of {turn.id}")
                try:
                    yield
                except ModelError as error:
                    turn.error = error
                    turn.refused = turn.refused or BROKEN_OFF
                    if not turn.started:
                        actor.cancel()
                turn.calls.put_nowait(None)
        except ExceptionGroup as faults:
            if isinstance(faults.exceptions[0], Ended):
                close_open_ends(self.emit, self.agent.control.status)
            raise faults.exceptions[0] from None
        if turn.error is not None:
            self._close_broken(turn.error)

    async def _act_all(self, turn: Turn) -> None:
        while (block := await self._next(turn)) is not None:
            await self.act(turn, block)

    async def _next(self, turn: Turn) -> Block | None:
        """The next call; where a tool broke, the answer has to end before long to be told."""
        broke = next((result.text for _, _, result in turn.acted if result.broke), "")
        try:
            return await asyncio.wait_for(turn.calls.get(), TELL_WITHIN if broke else None)
        except TimeoutError:
            raise ToolError(broke) from None

    def _close_broken(self, error: ModelError) -> None:
        close_open_ends(
            self.emit,
            self.agent.control.status,
            stop_reason="refusal" if isinstance(error, ModelRefused) else "broken",
            unexecuted=BROKEN_OFF,
        )
        if not isinstance(error, StreamBroken):
            raise error

    async def _follow_up(self, turn: Turn, broken: int, empty: int, idle: int) -> None:
        """Whatever must be done between this turn and the next.

        Raises:
            Ended: there is no next one.
        """
        if turn.error is not None:
            await self._recover(turn, turn.error, broken)
        if turn.acted:
            await self._see_effect(turn)
        if turn.error is not None or turn.done is None:
            return
        if turn.done.stop_reason == "refusal":
            raise ModelRefused("The model declined to answer; put the task in other words.")
        if turn.done.told:
            self.emit(ev.UserMessage(text=turn.done.told, origin="session"))
        if turn.acted or self._spoken_to(turn.since):
            return
        if empty > MAX_EMPTY:
            raise Ended("failed", "The model gave only empty answers; try again or another model.")
        if idle >= MAX_IDLE and self._goes_on(turn.done):
            raise Ended("failed", IDLE)
        if turn.done.told:
            return
        if self._goes_on(turn.done):
            self.emit(ev.UserMessage(text=GO_ON, origin="session"))
        elif turn.text:
            ending = ending_of(self.agent.log)
            outcome = ending.outcome(achieved=self._achieved)
            raise Ended(outcome, turn.text[-1], understood=turn.done.understood)
        else:
            self.emit(ev.UserMessage(text=EMPTY, origin="session"))

    async def _see_effect(self, turn: Turn) -> None:
        """A picture of what the actions brought about, once no program waits to start."""
        await self.agent.programs.settled()
        await closing_picture(self.agent, self.emit, turn.acted)
        if self.agent.programs.waiting:
            await self.agent.programs.settled()
            await closing_picture(self.agent, self.emit, turn.acted)

    def _goes_on(self, done: TurnDone) -> bool:
        """Whether an answer without an action is to be followed by another."""
        return bool(done.told) or done.stop_reason in ("max_tokens", "pause_turn")

    async def _recover(self, turn: Turn, error: ModelError, broken: int) -> None:
        """Wait before the next try; `history` keeps or drops the broken answer."""
        if broken >= MAX_BROKEN:
            raise StreamBroken(f"{error} {GIVEN_UP}") from error
        seconds = 0.5 * 2.0 ** (broken - 1)
        self._retry(turn, seconds, str(error))
        await self.agent.clock.sleep(seconds)

    def _retry(self, turn: Turn, seconds: float, reason: str) -> None:
        self.emit(ev.RetryWaiting(turn_id=turn.id, seconds=seconds, reason=reason))

    def _propose(self, turn: Turn, call: ToolCall, target: dict[str, str]) -> None:
        self.emit(
            ev.ActionProposed(
                action_id=call.id,
                turn_id=turn.id,
                tool=call.toolset or call.name,
                name=call.name,
                input=call.input,
                action_hash=call.hash,
                target=target,
            )
        )

    def _output(self, call: ToolCall, text: str) -> None:
        self.emit(ev.ActionOutput(action_id=call.id, text=text))

    def _spoken_to(self, since: int) -> bool:
        """Whether the person said something that the model has not read yet."""
        said = (e for e in self.agent.log.since(since) if isinstance(e, ev.UserMessage))
        return any(message.origin == "person" for message in said)

    def _failed(self, where: str, error: Exception, outcome: ev.Outcome) -> Ended:
        self.emit(ev.Failed(where=where, error=str(error)))
        return Ended(outcome, str(error))


def _changed(call: ToolCall) -> str:
    """What the log, and so the model's next request, has otherwise than a tool was given it."""
    cleaner = Cleaner()
    cleaner.clean(call.input)
    return f"\nIn the input {'; '.join(cleaner.changes)}." if cleaner.changes else ""


def _serves(tool: Tool, call: ToolCall) -> bool:
    return call.name in tool.spec.members and call.toolset in (None, tool.spec.toolset)
