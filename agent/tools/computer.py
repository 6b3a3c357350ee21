"""The computer tool: the 17 members of ``computer_toolset_20260801``, and the older sets.

A member is an input model, a description and a handler, side by side in `MEMBERS`. Older
tool versions send ``{"action": NAME, …}`` to one tool called ``computer``; they reach the
same handlers.

Actions answer with words; pictures come from ``screenshot`` and ``zoom``. Whoever runs a
batch asks for one `ComputerTool.closing_screenshot` at its end.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from agent.desktop.base import Button, Desktop, EncodedImage, Target
from agent.errors import BadInput, DesktopError, ToolError
from agent.models.base import ToolSpec
from agent.tools import coordinates, inputs
from agent.tools.base import Intent, ToolCall, ToolResult
from agent.tools.coordinates import Scale
from agent.tools.focus import describe_focus
from agent.tools.keynames import canonical
from agent.tools.screen import Watch

_log = logging.getLogger(__name__)

Handler = Callable[["ComputerTool", Any], Awaitable[ToolResult]]

_TRIES = 2
"""How often it is asked what lies under a point or has the focus."""

_DESCRIPTION = (
    "See and operate a Linux desktop. After a group of actions you get a picture of the screen."
)


@dataclass(frozen=True, slots=True)
class Member:
    """One callable of the toolset."""

    takes: type[BaseModel]
    says: str
    handler: Handler
    touches: str = ""
    """What its intent names: the object under the ``point``, or the one with the ``focus``."""


class ComputerTool:
    """Pointer, keyboard and screen of one desktop.

    Args:
        desktop: where it works.
        scale: what the model's coordinates are.
    """

    def __init__(self, desktop: Desktop, scale: Scale = "pixels") -> None:
        self._desktop = desktop
        self._scale: Scale = scale
        self._watch = Watch(desktop)

    @property
    def spec(self) -> ToolSpec:
        members = {
            name: coordinates.rescaled(
                {"description": member.says, **inputs.schema(member.takes)}, self._scale
            )
            for name, member in MEMBERS.items()
        }
        return ToolSpec(
            name="computer",
            description=f"{_DESCRIPTION} {coordinates.described(self._scale, self._desktop.size)}",
            members=members,
            hosted="computer_toolset_20260801",
            toolset="computer",
        )

    async def intent(self, call: ToolCall) -> Intent:
        """What would be touched; nothing of it for inputs that will be refused anyway."""
        try:
            name, member, given = _resolve(call)
        except BadInput:
            return Intent("computer", call.name)
        target, window = await self._target(name, member, given)
        return Intent("computer", name, target, not member.touches, window)

    async def run(self, call: ToolCall, output: Callable[[str], None]) -> ToolResult:
        """Act. Never raises but for cancellation."""
        try:
            name, member, given = _resolve(call)
            checked = inputs.read(member.takes, name, given)
            return await member.handler(self, checked)
        except (ToolError, DesktopError) as error:
            return ToolResult.of(error)
        except Exception as error:  # noqa: BLE001 - the border: our fault must not end the run
            _log.exception("%s failed", call.name)
            return ToolResult(f"{call.name} failed inside the tool: {error!r}.", is_error=True)

    async def closing_screenshot(self) -> EncodedImage | None:
        """A settled picture for a batch's last result; None if it shows nothing new.

        `closing_note` then says in words what there is to say. Raises DesktopError when
        the desktop is gone.
        """
        return await self._watch.closing()

    @property
    def closing_note(self) -> str:
        """Words that belong to the last closing screenshot, or stand in its place."""
        return self._watch.note

    async def close(self) -> None:
        """Nothing is held between actions."""

    # Members ------------------------------------------------------------------------

    async def screenshot(self, _: inputs.Nothing) -> ToolResult:
        image = await self._watch.look()
        shows = f"The screen, {image.width} x {image.height}." if image else ""
        return ToolResult(f"{shows} {self._watch.note}".strip(), image)

    async def zoom(self, given: inputs.Zoom) -> ToolResult:
        part = coordinates.region(given.region, self._desktop.size, self._scale)
        image = await self._watch.zoom(part)
        factor = image.width / (part[2] - part[0])
        shows = f"That part, enlarged {factor:.1f} times to {image.width} x {image.height}."
        return ToolResult(f"{shows} {self._watch.note}".strip(), image)

    async def cursor_position(self, _: inputs.Nothing) -> ToolResult:
        at = await self._desktop.input.position()
        x, y = coordinates.named(*at, self._desktop.size, self._scale)
        return ToolResult(f"X={x},Y={y}")

    async def mouse_move(self, given: inputs.Move) -> ToolResult:
        x, y = self._point(given.coordinate)
        return await self._act(self._desktop.input.move(x, y), f"Moved to ({x}, {y}).")

    async def click(self, given: inputs.Click, button: Button, count: int) -> ToolResult:
        x, y = self._maybe_point(given.coordinate)
        action = self._desktop.input.click(
            x, y, button=button, count=count, modifiers=given.text.strip()
        )
        return await self._act(action, f"Clicked{_at(x, y)}.")

    async def left_click_drag(self, given: inputs.Drag) -> ToolResult:
        end = self._point(given.coordinate)
        if given.start_coordinate is None:
            start = await self._desktop.input.position()
        else:
            start = self._point(given.start_coordinate)
        action = self._desktop.input.drag(start, end, modifiers=given.text.strip())
        return await self._act(action, f"Dragged from {start} to {end}.")

    async def left_mouse_down(self, given: inputs.Press) -> ToolResult:
        await self._go(given.coordinate)
        return await self._act(self._desktop.input.button_down("left"), "The left button is down.")

    async def left_mouse_up(self, given: inputs.Press) -> ToolResult:
        await self._go(given.coordinate)
        return await self._act(self._desktop.input.button_up("left"), "The left button is up.")

    async def scroll(self, given: inputs.Scroll) -> ToolResult:
        x, y = self._maybe_point(given.coordinate)
        action = self._desktop.input.scroll(
            given.scroll_direction, given.scroll_amount, x, y, modifiers=given.text.strip()
        )
        return await self._act(action, f"Scrolled {given.scroll_direction}{_at(x, y)}.")

    async def type(self, given: inputs.Type) -> ToolResult:
        action = self._desktop.input.type(given.text)
        return await self._act(action, f"Typed {len(given.text)} characters.")

    async def key(self, given: inputs.Key) -> ToolResult:
        action = self._desktop.input.key(given.text, repeat=given.repeat)
        times = f" {given.repeat} times" if given.repeat > 1 else ""
        return await self._act(action, f"Pressed {given.text}{times}.")

    async def hold_key(self, given: inputs.HoldKey) -> ToolResult:
        action = self._desktop.input.hold_key(given.text, given.duration)
        return await self._act(action, f"Held {given.text} for {given.duration:g} s.")

    async def wait(self, given: inputs.Wait) -> ToolResult:
        await asyncio.sleep(given.duration)
        return ToolResult(f"Waited {given.duration:g} s.")

    # Helpers ------------------------------------------------------------------------

    async def _act(self, action: Awaitable[None], words: str) -> ToolResult:
        """Let the last action settle, do this one, and note that the screen may change."""
        try:
            note = await self._watch.before_action()
        except BaseException:
            if asyncio.iscoroutine(action):
                action.close()
            raise
        try:
            await action
        finally:
            self._watch.acted()
        return ToolResult(f"{words} {note}".strip())

    async def _go(self, coordinate: Sequence[coordinates.Number] | None) -> None:
        if coordinate is not None:
            await self._desktop.input.move(*self._point(coordinate))

    def _point(self, given: Sequence[coordinates.Number]) -> tuple[int, int]:
        return coordinates.point(given, self._desktop.size, self._scale)

    def _maybe_point(
        self, coordinate: Sequence[coordinates.Number] | None
    ) -> tuple[int | None, int | None]:
        return (None, None) if coordinate is None else self._point(coordinate)

    async def _target(
        self, name: str, member: Member, given: dict[str, Any]
    ) -> tuple[dict[str, str], str]:
        """What is touched, and in which window; what cannot be told is left out."""
        try:
            checked = inputs.read(member.takes, name, given)
        except BadInput:
            return {}, ""
        keys = _keys(checked)
        for _ in range(_TRIES if member.touches else 0):
            try:
                touched = self._focus if member.touches == "focus" else self._under
                target, window = await touched(checked)
            except (ToolError, DesktopError):  # a window that went away meanwhile, for example
                continue
            return target | keys, window
        return keys, ""

    async def _focus(self, _: Any) -> tuple[dict[str, str], str]:
        return await describe_focus(self._desktop)

    async def _under(self, given: Any) -> tuple[dict[str, str], str]:
        start = getattr(given, "start_coordinate", None) or given.coordinate
        if isinstance(given, inputs.Drag) and given.start_coordinate is None:
            start = None
        x, y = await self._desktop.input.position() if start is None else self._point(start)
        under = await self._desktop.under(x, y)
        target = {"wm_class": under.wm_class, "title": under.title}
        target |= {"role": under.role, "name": under.name}
        if (box := under.box) is not None:
            target["box"] = f"{box.x},{box.y},{box.width},{box.height}"
        if isinstance(given, inputs.Drag):
            target |= await self._onto(given, under)
        return target, str(under.window or "")

    async def _onto(self, given: inputs.Drag, start: Target) -> dict[str, str]:
        """Where a drag would drop something: another window, or another object."""
        end = await self._desktop.under(*self._point(given.coordinate))
        if end.window != start.window:
            return {"onto": end.wm_class, "onto_title": end.title, "onto_name": end.name}
        return {"onto_name": end.name} if end.name != start.name else {}


def _keys(given: Any) -> dict[str, str]:
    """The words of an intent to type or to press keys; empty for others."""
    match given:
        case inputs.Type():
            return {"text": given.text}
        case inputs.Key():
            times = {"repeat": str(given.repeat)} if given.repeat > 1 else {}
            return {"key": canonical(given.text), **times}
        case inputs.HoldKey():
            return {"key": canonical(given.text)}
        case _:
            return {}


def _at(x: int | None, y: int | None) -> str:
    return "" if x is None else f" at ({x}, {y})"


def _resolve(call: ToolCall) -> tuple[str, Member, dict[str, Any]]:
    """Name, member and input of a call in either dialect.

    Raises:
        BadInput: there is no such action.
    """
    given = dict(call.input)
    name = call.name
    if name == "computer":
        action = given.pop("action", None)
        if not isinstance(action, str):
            raise BadInput(f"computer: action is missing. It is one of {', '.join(MEMBERS)}.")
        name = action
    member = MEMBERS.get(name)
    if member is None:
        raise BadInput(f"There is no action {name[:60]!r}. It is one of {', '.join(MEMBERS)}.")
    return name, member, given


def _clicker(button: Button, count: int) -> Handler:
    async def handler(tool: ComputerTool, given: inputs.Click) -> ToolResult:
        return await tool.click(given, button, count)

    return handler


_T = ComputerTool
MEMBERS: dict[str, Member] = {
    "screenshot": Member(inputs.Nothing, "See the screen.", _T.screenshot),
    "zoom": Member(
        inputs.Zoom,
        "See a part of the screen enlarged. Coordinates stay those of the whole screen.",
        _T.zoom,
    ),
    "cursor_position": Member(inputs.Nothing, "Where the pointer is.", _T.cursor_position),
    "mouse_move": Member(inputs.Move, "Move the pointer.", _T.mouse_move),
    "left_click": Member(inputs.Click, "Click.", _clicker("left", 1), "point"),
    "right_click": Member(inputs.Click, "Right-click.", _clicker("right", 1), "point"),
    "middle_click": Member(inputs.Click, "Middle-click.", _clicker("middle", 1), "point"),
    "double_click": Member(inputs.Click, "Double-click.", _clicker("left", 2), "point"),
    "triple_click": Member(inputs.Click, "Triple-click.", _clicker("left", 3), "point"),
    "left_click_drag": Member(inputs.Drag, "Drag.", _T.left_click_drag, "point"),
    "left_mouse_down": Member(inputs.Press, "Press the left button.", _T.left_mouse_down, "point"),
    "left_mouse_up": Member(inputs.Press, "Release the left button.", _T.left_mouse_up, "point"),
    "scroll": Member(inputs.Scroll, "Turn the wheel.", _T.scroll),
    "type": Member(inputs.Type, "Type text into what has the focus.", _T.type, "focus"),
    "key": Member(inputs.Key, "Press a key or combination.", _T.key, "focus"),
    "hold_key": Member(inputs.HoldKey, "Hold keys for a time.", _T.hold_key, "focus"),
    "wait": Member(inputs.Wait, "Wait.", _T.wait),
}
