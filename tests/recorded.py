"""Sessions for tests of replay: really played, by a scripted model on a desktop in memory."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

from agent.record import events as ev
from agent.session.session import Session
from agent.settings import Settings
from agent.testing.scripted import FakeDesktop, FakeTool, ScriptedModel, call, done, says
from agent.tools.base import ToolCall, ToolResult


async def record(data_dir: Path, *sentences: str, click: tuple[int, int] = (300, 200)) -> str:
    """Play a session in which each sentence leads to a click and some typing; returns its id.

    Its clock goes on by 0.3 s an event.
    """
    desktop = FakeDesktop(width=640, height=400)

    async def act(_: ToolCall) -> ToolResult:
        desktop.shade = (desktop.shade + 60) % 256
        return ToolResult("done", image=await desktop.screenshot())

    scripts = []
    for text in sentences:
        scripts.append(
            [
                *says(f"I do it: {text}."),
                *call("left_click", coordinate=list(click), index=1),
                *call("type", text=text, index=2),
                *done("tool_use", input_tokens=1000, output_tokens=50, dollars=0.01),
            ]
        )
        scripts.append([*says("It is done."), *done(input_tokens=1200, dollars=0.002)])
    session = Session.create(
        Settings(data_dir=data_dir, _env_file=None),  # type: ignore[call-arg]
        desktop=desktop,
        model=ScriptedModel(scripts),
        tools=[FakeTool(act)],
        now=map(float, itertools.count(1_790_000_000.0, 0.3)).__next__,
    )
    await session.open()
    for text in sentences:
        session.say(text)
        await session.wait_idle(20)
    await session.close("recorded")
    return session.id


def long_session(events: int) -> list[ev.Event]:
    """A log of at least so many events: turns with streamed words, an action and a picture each."""
    made: list[ev.Event] = [
        ev.SessionOpened(session_id="long", model="scripted", prompt_hash="0" * 64)
    ]
    for turn in itertools.count():
        if len(made) >= events:
            break
        made.extend(_turn(turn))
    return [
        event.model_copy(update={"seq": seq, "at": 1000.0 + seq / 5})
        for seq, event in enumerate(made)
    ]


def _turn(number: int) -> Iterator[ev.Event]:
    turn, action = f"turn{number}", f"act{number}"
    if number % 10 == 0:
        yield ev.TaskStarted(task_id=f"task{number}", text=f"Do the part {number}")
        yield ev.UserMessage(text=f"Do the part {number}")
    yield ev.TurnStarted(turn_id=turn, model="scripted", messages=2 * number)
    for piece in ("I ", "am ", "at ", "work."):
        yield ev.TextStreamed(turn_id=turn, text=piece)
    yield ev.BlockFinished(turn_id=turn, index=0, block={"type": "text", "text": "I am at work."})
    given = {"coordinate": [number % 600, 200]}
    block = {"type": "tool_use", "id": action, "name": "left_click", "input": given}
    yield ev.BlockFinished(turn_id=turn, index=1, block=block)
    yield ev.ActionProposed(
        action_id=action,
        turn_id=turn,
        tool="computer",
        name="left_click",
        input=given,
        action_hash="",
    )
    yield ev.TurnFinished(
        turn_id=turn, stop_reason="tool_use", usage=ev.Usage(input_tokens=100, dollars=0.001)
    )
    yield ev.ActionStarted(action_id=action)
    image = ev.Image(sha256=f"{number:064x}", media_type="image/png", width=640, height=400)
    yield ev.ActionFinished(action_id=action, text="done", image=image, seconds=0.2)
