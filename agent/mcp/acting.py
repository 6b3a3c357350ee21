"""The desktop itself as tools: the screen in words, and single clicks, words and keys.

An action goes the way of the agent's own: rules, questions to the person, log and Stop hold for it
(`agent.session.program_actions`).
"""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Literal

from mcp_types import CallToolResult, ContentBlock, ImageContent, TextContent
from pydantic import Field

from agent.errors import BadInput
from agent.session.session import Session

Find = Callable[[], Awaitable[Session]]
"""The session that a call is for.

Raises:
    SaysoError: there is none at present.
"""

X = Annotated[int | None, Field(description="Pixels from the left of the picture of the screen.")]
Y = Annotated[int | None, Field(description="Pixels from its top.")]
Ref = Annotated[str, Field(description="An object of `outline`, as e12; in place of x and y.")]
Keys = Annotated[str, Field(description="Held meanwhile: shift, ctrl, alt, super, joined by +.")]
Picture = Annotated[bool, Field(description="Whether a picture of the screen comes with it.")]
Button = Literal["left", "middle", "right"]

_CLICKS = {("left", 1): "left_click", ("left", 2): "double_click", ("left", 3): "triple_click"}
_CLICKS |= {("middle", 1): "middle_click", ("right", 1): "right_click"}
_WHERE = "Say where: x and y, or the ref of an object that `outline` told of."


class ServedDesktop:
    """What clients may do with a session's desktop by themselves. A docstring is what they read."""

    def __init__(self, find: Find) -> None:
        self._find = find

    async def outline(self, of: Ref = "") -> CallToolResult:
        """The screen in words: windows, and their objects with role, name, value and a reference;
        with `of`, one object and all that is in it.
        """
        return await self._do("outline", {"of": of} if of else {}, picture=False)

    async def click(
        self,
        x: X = None,
        y: Y = None,
        ref: Ref = "",
        button: Button = "left",
        count: Annotated[int, Field(ge=1, le=3, description="2: a double click.")] = 1,
        keys: Keys = "",
        picture: Picture = True,
    ) -> CallToolResult:
        """Click on an object, or at a place."""
        held = {"text": keys} if keys else {}
        if ref:
            given = {"ref": ref, "button": button, "count": count, **held}
            return await self._do("click_on", given, picture)
        name = _CLICKS.get((button, count))
        if name is None:
            raise BadInput("A double or triple click is one of the left button.")
        return await self._do(name, {"coordinate": _place(x, y), **held}, picture)

    async def type_text(
        self,
        text: str,
        ref: Ref = "",
        replace: Annotated[bool, Field(description="Whether what stands in `ref` goes.")] = False,
        picture: Picture = True,
    ) -> CallToolResult:
        """Type text into what has the keyboard, or into an object."""
        if ref:
            given = {"ref": ref, "text": text, "replace": replace}
            return await self._do("type_into", given, picture)
        return await self._do("type", {"text": text}, picture)

    async def press_key(
        self,
        key: Annotated[str, Field(description="As Return, ctrl+s or alt+F4.")],
        repeat: Annotated[int, Field(ge=1, le=100)] = 1,
        picture: Picture = True,
    ) -> CallToolResult:
        """Press a key, or several together."""
        return await self._do("key", {"text": key, "repeat": repeat}, picture)

    async def scroll(
        self,
        direction: Literal["up", "down", "left", "right"],
        x: X = None,
        y: Y = None,
        amount: Annotated[int, Field(ge=1, le=50, description="Notches of the wheel.")] = 3,
        picture: Picture = True,
    ) -> CallToolResult:
        """Turn the wheel, at a place or where the pointer is."""
        given: dict[str, Any] = {"scroll_direction": direction, "scroll_amount": amount}
        if (x, y) != (None, None):
            given["coordinate"] = _place(x, y)
        return await self._do("scroll", given, picture)

    async def drag(
        self, x: int, y: int, to_x: int, to_y: int, picture: Picture = True
    ) -> CallToolResult:
        """Press the left button at a place and let it go at another."""
        given = {"start_coordinate": [x, y], "coordinate": [to_x, to_y]}
        return await self._do("left_click_drag", given, picture)

    async def _do(self, name: str, given: dict[str, Any], picture: bool) -> CallToolResult:
        session = await self._find()
        end = await session.program_actions.act(name, given)
        content: list[ContentBlock] = [TextContent(type="text", text=end.text or "Done.")]
        if picture and end.ran:
            content.append(await _screen(session))
        return CallToolResult(content=content, is_error=end.is_error)


async def _screen(session: Session) -> ImageContent:
    picture = await session.desktop.screenshot()
    data = base64.b64encode(picture.data).decode()
    return ImageContent(type="image", data=data, mime_type=picture.media_type)


def _place(x: int | None, y: int | None) -> list[int]:
    if x is None or y is None:
        raise BadInput(_WHERE)
    return [x, y]
