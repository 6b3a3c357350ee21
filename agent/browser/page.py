"""Acting on a page: where an object lies, what lies at a point, pointer, keys, fields, pictures."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import io
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Literal

import numpy as np
from PIL import Image

from agent.browser.keys import Key, chord, typed
from agent.browser.outline import PRESSED, Item, chain
from agent.browser.tabs import Browser, Tab
from agent.desktop.base import EncodedImage
from agent.desktop.see import pictures
from agent.errors import BrowserError, ToolError
from agent.permit import check_permit

Button = Literal["none", "left", "middle", "right"]

_BUTTONS = {"none": 0, "left": 1, "right": 2, "middle": 4}
_MOST_TEXT = 50_000
_NOTCH = 100
"""Pixels that a page moves by one notch of the wheel."""

_STEPS = 8
_DEEPEST = 10
"""Frames within frames that are looked into."""

_LOADS = 45.0
"""Seconds that a page may take to answer: in 30 of them the person may be asked about its host."""

_WORLD = "sayso"
_FORMS = files("agent.browser").joinpath("forms.js").read_text("utf-8")


@dataclass(frozen=True, slots=True)
class Spot:
    """A point of a page, and what lies there."""

    x: int
    y: int
    under: tuple[Item, ...] = ()
    """Innermost first."""

    @property
    def pressed(self) -> Item | None:
        """What a click there is for: a button rather than its words."""
        return next((i for i in self.under if i.role in PRESSED), None) or next(
            (i for i in self.under if i.name or i.role != "generic"), None
        )


@dataclass(frozen=True, slots=True)
class Field:
    """What has the keyboard."""

    item: Item | None
    submits: str = ""
    """The name of the button that Enter would press."""

    secret: bool = False
    """Whether it shows dots for what is typed."""


class Page:
    """The page of one tab."""

    def __init__(self, browser: Browser, tab: Tab) -> None:
        self.browser = browser
        self.tab = tab

    # Finding -------------------------------------------------------------------------

    async def chain(self, session: str, backend: int) -> tuple[Item, ...]:
        """An object and what it lies in, innermost first."""
        return tuple(await chain(self.browser, self.tab, session, backend))

    async def there(self, session: str, backend: int) -> bool:
        """Whether an object is still on the page."""
        try:
            said = await self._ask("there", session, await self._handle(session, backend))
        except BrowserError as error:
            if error.gone or error.hangs:
                raise
            return False
        return bool(said["there"])

    async def at(self, x: int, y: int) -> Spot:
        """What lies at a point.

        Raises:
            ToolError: the point is not on the page.
        """
        width, height = await self.size()
        if not (0 <= x < width and 0 <= y < height):
            raise ToolError(f"({x}, {y}) is outside the page, which is {width} x {height} pixels.")
        session, left, top = self.tab.session, 0.0, 0.0
        for _ in range(_DEEPEST):
            view = (await self._call("Page.getLayoutMetrics", session=session))["cssLayoutViewport"]
            node = await self._call(
                "DOM.getNodeForLocation",
                {
                    "x": int(x - left + view["pageX"]),
                    "y": int(y - top + view["pageY"]),
                    "includeUserAgentShadowDOM": False,
                    "ignorePointerEventsNone": True,
                },
                session,
            )
            inner = await self._frame_of(session, node["backendNodeId"])
            if not inner:
                break
            box = await self._quad(session, node["backendNodeId"])
            session, left, top = inner, left + box[0], top + box[1]
        return Spot(x, y, await self.chain(session, node["backendNodeId"]))

    async def place(self, session: str, backend: int) -> Spot:
        """A point of an object, brought into sight, with what lies there.

        Raises:
            ToolError: it does not show.
        """
        await self.reveal(session, backend)
        box = await self._quad(session, backend)
        left, top = await self._offset(session)
        width, height = await self.size()
        x0, x1 = max(0.0, left + box[0]), min(float(width), left + box[2])
        y0, y1 = max(0.0, top + box[1]), min(float(height), top + box[3])
        if x1 - x0 < 1 or y1 - y0 < 1:
            raise ToolError("It is on the page, but does not show, so it cannot be clicked.")
        return await self.at(int((x0 + x1) / 2), int((y0 + y1) / 2))

    async def reveal(self, session: str, backend: int) -> None:
        """Scroll an object into sight."""
        check_permit()
        with contextlib.suppress(BrowserError):  # what has no box; its place will tell
            await self._call("DOM.scrollIntoViewIfNeeded", {"backendNodeId": backend}, session)

    async def size(self) -> tuple[int, int]:
        """Width and height of what shows of the page, in pixels."""
        view = (await self._call("Page.getLayoutMetrics"))["cssLayoutViewport"]
        return int(view["clientWidth"]), int(view["clientHeight"])

    async def focus(self) -> Field:
        """What has the keyboard, in whichever frame."""
        session = self.tab.session
        for _ in range(_DEEPEST):
            world = await self._world(session)
            found = await self._evaluate("focused()", session, world)
            if not (handle := found.get("objectId")):
                return Field(None)
            node = await self._call("DOM.describeNode", {"objectId": handle}, session)
            backend = int(node["node"]["backendNodeId"])
            if inner := await self._frame_of(session, backend):
                session = inner
                continue
            about = await self._ask("about", session, handle)
            items = await self.chain(session, backend)
            return Field(items[0] if items else None, about["submits"], about["secret"])
        return Field(None)

    async def about(self, session: str, backend: int) -> dict[str, Any]:
        """``kind``, ``secret``, ``submits`` of an element."""
        return await self._ask("about", session, await self._handle(session, backend))

    # Pointer and keys ----------------------------------------------------------------

    async def click(
        self, x: int, y: int, button: Button = "left", count: int = 1, modifiers: int = 0
    ) -> None:
        """Click at a point."""
        await self.move(x, y, modifiers=modifiers)
        for number in range(1, count + 1):
            async with self.pressed(x, y, button, number, modifiers):
                pass

    @contextlib.asynccontextmanager
    async def pressed(
        self, x: int, y: int, button: Button = "left", count: int = 1, modifiers: int = 0
    ) -> AsyncIterator[None]:
        """Hold a button down meanwhile; it is let go whatever happens."""
        given = {"x": x, "y": y, "button": button, "clickCount": count, "modifiers": modifiers}
        down = {"type": "mousePressed", "buttons": _BUTTONS[button], **given}
        up = {"type": "mouseReleased", "buttons": 0, **given}
        try:
            await self._input("Input.dispatchMouseEvent", down)
            yield
        except BaseException:
            self.browser.connection.send("Input.dispatchMouseEvent", up, self.tab.session)
            raise
        await self._release("Input.dispatchMouseEvent", up)

    async def press(self, x: int, y: int, *, down: bool) -> None:
        """Press the left button at a point, or let it go."""
        kind = "mousePressed" if down else "mouseReleased"
        given = {"type": kind, "x": x, "y": y, "button": "left", "clickCount": 1}
        await self._input("Input.dispatchMouseEvent", {**given, "buttons": int(down)})

    def let_go(self) -> None:
        """Let the left button go, without waiting for it."""
        given = {"type": "mouseReleased", "x": 0, "y": 0, "button": "left", "clickCount": 1}
        self.browser.connection.send("Input.dispatchMouseEvent", given, self.tab.session)

    async def move(self, x: int, y: int, *, held: bool = False, modifiers: int = 0) -> None:
        """Move the pointer."""
        button: Button = "left" if held else "none"
        given = {"type": "mouseMoved", "x": x, "y": y, "button": button, "modifiers": modifiers}
        await self._input("Input.dispatchMouseEvent", {**given, "buttons": _BUTTONS[button]})

    async def drag(self, start: tuple[int, int], end: tuple[int, int]) -> None:
        """Press at one point, let go at another."""
        await self.move(*start)
        given = {"button": "left", "clickCount": 1}
        up = {"type": "mouseReleased", "x": end[0], "y": end[1], "buttons": 0, **given}
        try:
            await self.press(*start, down=True)
            for step in range(1, _STEPS + 1):
                x, y = (a + (b - a) * step // _STEPS for a, b in zip(start, end, strict=True))
                await self.move(x, y, held=True)
        except BaseException:
            self.browser.connection.send("Input.dispatchMouseEvent", up, self.tab.session)
            raise
        await self._release("Input.dispatchMouseEvent", up)

    async def scroll(self, x: int, y: int, direction: str, notches: int) -> None:
        """Turn the wheel at a point."""
        across = {"left": -1, "right": 1}.get(direction, 0) * notches * _NOTCH
        down = {"up": -1, "down": 1}.get(direction, 0) * notches * _NOTCH
        given = {"type": "mouseWheel", "x": x, "y": y, "deltaX": across, "deltaY": down}
        await self._input("Input.dispatchMouseEvent", given)

    async def type(self, text: str) -> None:
        """Type text at the focus; each line's end is the Enter key."""
        for number, line in enumerate(text.replace("\r\n", "\n").split("\n")):
            if number:
                await self.keys([chord("Enter")])
            if line:
                await self._input("Input.insertText", {"text": line})

    async def keys(self, chords: Sequence[Sequence[Key]], hold: float = 0.0) -> None:
        """Press combinations one after the other, each for so many seconds."""
        for keys in chords:
            down: list[dict[str, Any]] = []
            try:
                modifiers = 0
                for key in keys:
                    modifiers |= key.modifier
                    down.append(key.event("keyUp", modifiers & ~key.modifier))
                    await self._input(
                        "Input.dispatchKeyEvent", key.event(typed(key, modifiers), modifiers)
                    )
                await asyncio.sleep(hold)
                while down:
                    await self._release("Input.dispatchKeyEvent", down[-1])
                    down.pop()
            except BaseException:
                for event in reversed(down):
                    self.browser.connection.send("Input.dispatchKeyEvent", event, self.tab.session)
                raise

    # Fields --------------------------------------------------------------------------

    async def fill(self, session: str, backend: int, value: str | float | bool) -> str:
        """Give a field a value; returns what it then has.

        Raises:
            ToolError: it is no field, or cannot have that value.
        """
        check_permit()
        handle = await self._handle(session, backend)
        said = await self._ask("fill", session, handle, value)
        if said["refused"]:
            raise ToolError(said["refused"])
        if said["type"] is not None:
            text = str(said["type"])
            if text:
                await self._input("Input.insertText", {"text": text})
            else:
                await self.keys([chord("Delete")])
        return str((await self._ask("value", session, handle))["value"])

    async def give_files(self, session: str, backend: int, paths: Sequence[str]) -> None:
        """Choose files in a file field."""
        check_permit()
        await self._call(
            "DOM.setFileInputFiles", {"files": list(paths), "backendNodeId": backend}, session
        )

    async def text(self) -> str:
        """The words of the page: of its article, if it has one."""
        parts: list[str] = []
        for session in (self.tab.session, *list(self.tab.frames)):
            with contextlib.suppress(BrowserError) if parts else contextlib.nullcontext():
                world = await self._world(session)
                found = await self._evaluate("words()", session, world, by_value=True)
                parts.append(str(found.get("value") or "").strip())
        text = "\n\n".join(filter(None, parts))
        return text if len(text) <= _MOST_TEXT else f"{text[:_MOST_TEXT]}\n… (cut)"

    # Pictures and places -------------------------------------------------------------

    async def picture(self, region: Sequence[int] | None = None) -> EncodedImage:
        """What shows of the page, or a part of it, enlarged.

        Raises:
            ToolError: the part is not on the page.
        """
        width, height = await self.size()
        if region is not None:
            x0, y0, x1, y1 = region
            if not (0 <= x0 < x1 <= width and 0 <= y0 < y1 <= height):
                raise ToolError(f"The region is outside the page, which is {width} x {height}.")
        shot = await self._call("Page.captureScreenshot", {"format": "png"})
        return await asyncio.to_thread(_encoded, shot["data"], (width, height), region)

    async def go(self, url: str) -> tuple[int | None, str]:
        """Go to an address; returns the HTTP status, if there is one, and what went wrong.

        Raises:
            BrowserError: the browser hangs or is gone.
        """
        found: dict[str, int] = {}

        def see(name: str, given: dict[str, Any], session: str) -> None:
            if name == "Network.responseReceived" and given.get("type") == "Document":
                found[str(given.get("loaderId"))] = int(given["response"]["status"])

        check_permit()
        connection, session = self.browser.connection, self.tab.session
        connection.listeners.append(see)
        connection.send("Network.enable", {"maxTotalBufferSize": 0}, session)
        try:
            said = await connection.call(
                "Page.navigate", {"url": url}, session=session, seconds=_LOADS
            )
        except BrowserError as error:
            if not error.hangs:
                raise
            return None, f"nothing came within {_LOADS:.0f} s"
        except BaseException:
            connection.send("Page.stopLoading", {}, session)
            raise
        finally:
            connection.listeners.remove(see)
            connection.send("Network.disable", {}, session)
        return found.get(str(said.get("loaderId"))), str(said.get("errorText") or "")

    def stop(self) -> None:
        """Let the page load no more."""
        self.browser.connection.send("Page.stopLoading", {}, self.tab.session)

    async def step(self, back: bool) -> bool:
        """Go back or forward; whether there was anywhere to go."""
        said = await self._call("Page.getNavigationHistory")
        index = int(said["currentIndex"]) + (-1 if back else 1)
        if not 0 <= index < len(said["entries"]):
            return False
        check_permit()
        entry = {"entryId": said["entries"][index]["id"]}
        await self._call("Page.navigateToHistoryEntry", entry)
        await self.browser.until(lambda: self.tab.loading, 0.5)
        return True

    async def reload(self) -> None:
        """Load the page again."""
        check_permit()
        self.tab.crashed = False
        await self._call("Page.reload")
        await self.browser.until(lambda: self.tab.loading, 0.5)

    # Inside --------------------------------------------------------------------------

    async def _call(
        self, method: str, given: dict[str, Any] | None = None, session: str = ""
    ) -> dict[str, Any]:
        return await self.browser.call(self.tab, method, given, session=session)

    async def _input(self, method: str, given: dict[str, Any]) -> None:
        await self._call(method, given)

    async def _release(self, method: str, given: dict[str, Any]) -> None:
        """Let go of what is held, also when the work may go on no longer."""
        await self.browser.connection.call(method, given, session=self.tab.session)

    async def _quad(self, session: str, backend: int) -> tuple[float, float, float, float]:
        """Left, top, right and bottom of an element in its own process's view."""
        try:
            said = await self._call("DOM.getContentQuads", {"backendNodeId": backend}, session)
        except BrowserError as error:
            if error.gone or error.hangs:
                raise
            raise ToolError("It is not on the page any more, or does not show.") from error
        quads = [q for q in said["quads"] if abs(q[4] - q[0]) > 0 and abs(q[5] - q[1]) > 0]
        if not quads:
            raise ToolError("It is on the page, but does not show.")
        xs, ys = quads[0][0::2], quads[0][1::2]
        return min(xs), min(ys), max(xs), max(ys)

    async def _offset(self, session: str) -> tuple[float, float]:
        """Where a frame in a process of its own begins on the page."""
        left = top = 0.0
        while (frame := self.tab.frames.get(session)) is not None:
            owner = await self._call("DOM.getFrameOwner", {"frameId": frame.id}, frame.parent)
            box = await self._quad(frame.parent, int(owner["backendNodeId"]))
            left, top, session = left + box[0], top + box[1], frame.parent
        return left, top

    async def _frame_of(self, session: str, backend: int) -> str:
        """The session of the frame that an element shows, if it has a process of its own."""
        for frame in self.tab.frames.values():
            if frame.parent != session:
                continue
            with contextlib.suppress(BrowserError):
                owner = await self._call("DOM.getFrameOwner", {"frameId": frame.id}, session)
                if owner["backendNodeId"] == backend:
                    return frame.session
        return ""

    async def _world(self, session: str) -> int:
        """A world of our own beside the page's scripts, which they cannot reach into."""
        tree = await self._call("Page.getFrameTree", session=session)
        frame = tree["frameTree"]["frame"]["id"]
        given = {"frameId": frame, "worldName": _WORLD}
        said = await self._call("Page.createIsolatedWorld", given, session)
        return int(said["executionContextId"])

    async def _evaluate(
        self, expression: str, session: str, world: int, *, by_value: bool = False
    ) -> dict[str, Any]:
        given = {
            "expression": f"(() => {{ {_FORMS}\nreturn {expression}; }})()",
            "contextId": world,
            "returnByValue": by_value,
        }
        said = await self._call("Runtime.evaluate", given, session)
        return dict(said.get("result") or {})

    async def _handle(self, session: str, backend: int) -> str:
        world = await self._world(session)
        given = {"backendNodeId": backend, "executionContextId": world}
        try:
            said = await self._call("DOM.resolveNode", given, session)
        except BrowserError:  # in a frame of the same process
            said = await self._call("DOM.resolveNode", {"backendNodeId": backend}, session)
        return str(said["object"]["objectId"])

    async def _ask(self, what: str, session: str, handle: str, *given: Any) -> dict[str, Any]:
        """One of the functions of ``forms.js`` about an element."""
        words = "".join(f", {json.dumps(each)}" for each in given)
        said = await self._call(
            "Runtime.callFunctionOn",
            {
                "functionDeclaration": f"function() {{ {_FORMS}\nreturn {what}(this{words}); }}",
                "objectId": handle,
                "returnByValue": True,
            },
            session,
        )
        if "exceptionDetails" in said:
            raise BrowserError("The page does not tell of that element.")
        return dict(said["result"].get("value") or {})


def _encoded(data: str, size: tuple[int, int], region: Sequence[int] | None) -> EncodedImage:
    with Image.open(io.BytesIO(base64.b64decode(data))) as image:
        rgb = np.asarray(image.convert("RGB"))
    pixels = np.zeros((*rgb.shape[:2], 4), np.uint8)
    pixels[:, :, :3] = rgb[:, :, ::-1]
    pixels = pictures.scaled(pixels, size)
    if region is None:
        return pictures.for_model(pixels)
    x0, y0, x1, y1 = region
    return pictures.closer(np.ascontiguousarray(pixels[y0:y1, x0:x1]), size)
