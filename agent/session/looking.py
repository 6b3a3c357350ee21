"""The pictures that the loop takes by itself: at a run's beginning and a batch's end."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from typing import Protocol, runtime_checkable

from agent.desktop.base import EncodedImage
from agent.errors import DesktopError
from agent.record import events as ev
from agent.session.permissions import Agent
from agent.tools.base import Tool, ToolCall, ToolResult

Emit = Callable[[ev.Event], object]


@runtime_checkable
class ClosesBatch(Protocol):
    """A tool that can show what its actions led to."""

    @property
    def closing_note(self) -> str:
        """Words to the last picture, or in its place."""
        ...

    async def closing_screenshot(self) -> EncodedImage | None:
        """The settled screen, or None if it shows nothing new."""
        ...


@runtime_checkable
class Forgets(Protocol):
    """A tool that remembers what the model was shown or told."""

    def forget(self) -> None:
        """The model knows nothing of it any more."""
        ...


async def look(agent: Agent, emit: Emit, *, afresh: bool = False) -> None:
    """Show the model the screen before its first turn, and tell it the date if it is new.

    ``afresh``: it has seen and been told nothing yet.
    """
    forgetful = [tool for tool in agent.tools if isinstance(tool, Forgets)] if afresh else []
    for tool in forgetful:
        tool.forget()
    note, picture = await _see(agent)
    if afresh and picture is None and not forgetful:
        note, picture = "", await agent.desktop.screenshot()
    images = (agent.journal.put_image(picture),) if picture is not None else ()
    today = datetime.datetime.fromtimestamp(agent.now()).astimezone()
    date = f"Today is {today:%A, %d %B %Y}."
    told = any(message.text.startswith(date) for message in agent.log.of(ev.UserMessage))
    words = [] if told and not afresh else [date]
    words += ["The screen now:"] if images else []
    words += [note] if note else []
    if words:
        emit(ev.UserMessage(text=" ".join(words), images=images, origin="session"))


async def _see(agent: Agent) -> tuple[str, EncodedImage | None]:
    """Through the tool if it has an eye, because it remembers what the model saw last."""
    for tool in agent.tools:
        if (eye := _eye(tool)) is not None:
            picture = await eye.closing_screenshot()
            return eye.closing_note, picture
    return "", await agent.desktop.screenshot()


def _eye(tool: object) -> ClosesBatch | None:
    return tool if isinstance(tool, ClosesBatch) else None


async def closing_picture(
    agent: Agent, emit: Emit, acted: Sequence[tuple[Tool | None, ToolCall, ToolResult]]
) -> None:
    """One picture for a whole batch, unless its last action brought one."""
    _, last, result = acted[-1]
    eyes = [eye for tool, _, _ in acted if (eye := _eye(tool)) is not None]
    if not eyes or result.image is not None:
        return
    try:
        picture = await eyes[-1].closing_screenshot()
    except DesktopError as error:
        emit(ev.Failed(where="desktop", error=str(error)))
        return
    image = agent.journal.put_image(picture) if picture is not None else None
    if image is not None or eyes[-1].closing_note:
        emit(ev.ScreenSeen(action_id=last.id, image=image, note=eyes[-1].closing_note))
