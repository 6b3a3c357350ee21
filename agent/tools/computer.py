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
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from agent.desktop.act.typist import is_terminal
from agent.desktop.base import Button, Desktop, EncodedImage, Target, Window
from agent.desktop.see.snapshot import is_editor
from agent.errors import BadInput, DesktopError, KeyboardMoved, ToolError
from agent.models.base import ToolSpec
from agent.models.capabilities import Scale
from agent.tools import coordinates, inputs
from agent.tools.base import Intent, ToolCall, ToolResult
from agent.tools.choosers import chooser_words
from agent.tools.focus import Focus, find_focus
from agent.tools.hidden import Hidden, hidden_in
from agent.tools.keynames import canonical, combinations, ends_line
from agent.tools.readback import Field, Reading, field_of, read_back
from agent.tools.screen import Watch, opened_words
from agent.tools.secrets import check, typed
from agent.tools.took import (
    MENU_OPEN,
    NOBODY,
    is_shortcut,
    quoted,
    target_words,
    window_words,
)
from agent.tools.vault import Secret, Vault

_log = logging.getLogger(__name__)

Handler = Callable[["ComputerTool", Any], Awaitable[ToolResult]]

_TRIES = 2
"""How often it is asked what lies under a point or has the focus."""

_FRESH = 0.5
"""Seconds for which what an intent found is taken as still there."""

_BUTTONS = frozenset({"push button", "toggle button", "check box", "radio button"})
"""Roles of objects that text would only press."""

NOT_TAKEN = "Not done: no window has the keyboard."
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


Found = Target | Focus


@dataclass(frozen=True, slots=True)
class _Aimed:
    """What an intent found under the pointer or at the keyboard."""

    call: str
    when: float
    found: Found


class ComputerTool:
    """Pointer, keyboard and screen of one desktop.

    Args:
        desktop: where it works.
        scale: what the model's coordinates are.
        vault: what it may type by placeholder.
        watch: what the model has seen, shared with other tools of the same screen.
    """

    def __init__(
        self,
        desktop: Desktop,
        scale: Scale = "pixels",
        vault: Vault | None = None,
        watch: Watch | None = None,
    ) -> None:
        self._desktop = desktop
        self.vault = vault or Vault()
        self._scale: Scale = scale
        self._watch = watch or Watch(desktop)
        self._aim: _Aimed | None = None
        self._call = ""

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
        if member.touches:
            await self._watch.calm()
        found, target, window = await self._target(name, member, given)
        self._aim = _Aimed(call.hash, time.monotonic(), found) if found else None
        return Intent("computer", name, target, not member.touches, window)

    async def run(self, call: ToolCall, output: Callable[[str], None]) -> ToolResult:
        """Act. Never raises but for cancellation."""
        try:
            name, member, given = _resolve(call)
            checked = inputs.read(member.takes, name, given)
            self._call = call.hash
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

    def forget(self) -> None:
        """The model does not know any more what it was shown."""
        self._watch.forget()

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
        point = self._point(given.coordinate)
        note = await self._before()
        await self._do(self._desktop.input.move(*point))
        return _told(f"Moved to {self._place(*point)}.", note)

    async def click(self, given: inputs.Click, button: Button, count: int) -> ToolResult:
        x, y = self._maybe_point(given.coordinate)
        note = await self._before()
        target = await self._taker(x, y)
        note = await self._with_stuck(note, target)
        await self._do(
            self._desktop.input.click(
                x, y, button=button, count=count, modifiers=given.text.strip()
            )
        )
        return self._took(f"Clicked{self._at(x, y)}", target, note)

    async def left_click_drag(self, given: inputs.Drag) -> ToolResult:
        end = self._point(given.coordinate)
        begin = given.start_coordinate
        start = None if begin is None else self._point(begin)
        note = await self._before()
        start = start or await self._desktop.input.position()
        target, onto = await self._taker(*start), await self._window_at(*end)
        await self._do(self._desktop.input.drag(start, end, modifiers=given.text.strip()))
        to = f", onto {window_words(onto)}" if onto and target and onto.id != target.window else ""
        words = f"Dragged from {self._place(*start)} to {self._place(*end)}{to}; it began"
        return self._took(words, target, note)

    async def left_mouse_down(self, given: inputs.Press) -> ToolResult:
        return await self._hold_button(given, self._desktop.input.button_down, "down")

    async def left_mouse_up(self, given: inputs.Press) -> ToolResult:
        return await self._hold_button(given, self._desktop.input.button_up, "up")

    async def _hold_button(
        self, given: inputs.Press, act: Callable[[Button], Awaitable[None]], how: str
    ) -> ToolResult:
        x, y = self._maybe_point(given.coordinate)
        note = await self._before()
        target = await self._taker(x, y)
        if x is not None and y is not None:
            await self._do(self._desktop.input.move(x, y))
        await self._do(act("left"))
        return self._took(f"The left button is {how}", target, note)

    async def scroll(self, given: inputs.Scroll) -> ToolResult:
        x, y = self._maybe_point(given.coordinate)
        note = await self._before()
        at = (x, y) if x is not None and y is not None else await self._desktop.input.position()
        window = await self._window_at(*at)
        await self._do(
            self._desktop.input.scroll(
                given.scroll_direction, given.scroll_amount, x, y, modifiers=given.text.strip()
            )
        )
        over = f" over {window_words(window)}" if window else ""
        return _told(f"Scrolled {given.scroll_direction}{self._at(x, y)}{over}.", note)

    async def type(self, given: inputs.Type) -> ToolResult:
        note = await self._before()
        window = await self._desktop.keyboard()
        note = await self._with_stuck(note, window)
        aimed = self._aimed()
        focus = aimed if isinstance(aimed, Focus) else None
        if focus is None or (window is not None and not focus.is_in(window)):
            focus = await find_focus(self._desktop)  # a window that has just opened, for example
        if window is not None and window.kind == "menu":
            raise ToolError(MENU_OPEN, shown="Not done: a menu was open.")
        if window is None or not _takes_text(window, focus):
            raise ToolError(NOBODY.format("typed"), shown=NOT_TAKEN)
        if focus.node is not None and focus.node.role in _BUTTONS:
            raise ToolError(
                f"{focus.node.role.capitalize()} {quoted(focus.node.name)} in "
                f"{window_words(window)} has the keyboard and takes no text, so nothing was "
                "typed. Click into a field first.",
                shown=f"Not done: {quoted(focus.node.name)} takes no text.",
            )
        hidden = await hidden_in(self._desktop, window, focus)
        if secret := self.vault.asked(given.text):
            check(secret, window, focus, hidden)
            return _told(await self._type_secret(secret, window, hidden), note)
        field = None if hidden else await field_of(self._desktop, focus, window)
        try:
            await self._do(self._desktop.input.type(given.text))
        except KeyboardMoved as moved:
            raise await self._moved(moved, len(given.text)) from moved
        told = await self._typed(given.text, window, focus, field, hidden)
        met = await self._met(window) if "\n" in given.text else ""
        return _told(f"{told} {met}".strip(), note)

    async def _type_secret(self, secret: Secret, window: Window, hidden: Hidden | None) -> str:
        try:
            await self._do(self._desktop.input.type(secret.value.get_secret_value()))
        except KeyboardMoved:
            raise ToolError(
                f"The keyboard left {window_words(window)} while the secret “{secret.name}” was "
                "being typed. It was not typed to its end; look where the keyboard is now."
            ) from None
        return typed(secret, window, await find_focus(self._desktop), hidden)

    async def _met(self, window: Window) -> str:
        """That a line which has just been ended led to where a password is read."""
        if await hidden_in(self._desktop, window, Focus(window)) is None:
            return ""
        hidden = await hidden_in(self._desktop, window, await find_focus(self._desktop))
        return hidden.met if hidden else ""

    async def _typed(
        self, text: str, window: Window, focus: Focus, field: Field | None, hidden: Hidden | None
    ) -> str:
        """What became of typed text, looked up where that is possible.

        Raises:
            ToolError: nothing did.
        """
        count, where = _characters(len(text)), window_words(window)
        if hidden:
            return f"Sent {count} to {where}, where a program reads without showing{hidden.quoted}."
        reading = await read_back(self._desktop, field, text) if field else Reading("unknown")
        if reading.verdict == "as typed":
            return f"Typed {count} into {where}; it reads as typed."
        if reading.verdict == "shown":
            return f"Typed {count} into {where}, which shows it."
        now = await self._desktop.keyboard()
        if now is None or now.id != window.id:
            gone = f"The keyboard is now in {window_words(now)}." if now else "It has closed."
            return f"Sent {count} to {where}, not read back. {gone}"
        if reading.verdict == "unchanged":
            raise ToolError(
                f"Sent {count} to {where}, but the text there has not changed. "
                "It may be read-only.",
                shown="Not done: the text there has not changed.",
            )
        if reading.verdict == "other":
            return f"Typed {count} into {where}; it now reads “{reading.excerpt}”."
        password = focus.node is not None and focus.node.role == "password text"
        return f"Sent {count} to {where}{', a password field' if password else ''}, not read back."

    async def _moved(self, moved: KeyboardMoved, length: int) -> ToolError:
        now = await self._desktop.keyboard()
        if now is None and not moved.typed:
            return ToolError(NOBODY.format("typed"), shown=NOT_TAKEN)
        where = f"The keyboard went to {window_words(now)}" if now else "The window closed"
        return ToolError(
            f"{where} after {moved.typed} of {_characters(length)}. The rest was not typed.",
            shown=f"Typed in part: {where[:1].lower()}{where[1:]} meanwhile.",
        )

    async def key(self, given: inputs.Key) -> ToolResult:
        times, press = f" {given.repeat} times" if given.repeat > 1 else "", self._desktop.input.key
        return await self._press(
            given.text,
            lambda: press(given.text, repeat=given.repeat),
            f"Pressed {given.text}{times}",
        )

    async def hold_key(self, given: inputs.HoldKey) -> ToolResult:
        hold = self._desktop.input.hold_key
        return await self._press(
            given.text,
            lambda: hold(given.text, given.duration),
            f"Held {given.text} for {given.duration:g} s",
        )

    async def _press(
        self, combos: str, act: Callable[[], Awaitable[None]], words: str
    ) -> ToolResult:
        """Keys; without a window only those that the desktop itself may take."""
        note = await self._before()
        window, shortcut = await self._desktop.keyboard(), is_shortcut(combos)
        if window is None and not shortcut:
            raise ToolError(NOBODY.format("pressed"), shown=NOT_TAKEN)
        note = await self._with_stuck(note, window)
        await self._do(act())
        if window is None:
            return _told(f"{words}; no window had the keyboard.", note)
        name = window_words(window)
        told = f"{words}; {name} had the keyboard." if shortcut else f"{words} in {name}."
        if any(map(ends_line, combinations(canonical(combos)))) and is_terminal(
            window.wm_class.lower()
        ):
            await self._desktop.settle(first=0.1, quiet=0.03, cap=0.4)
            told = f"{told} {await self._met(window)}".strip()
        return _told(told, note)

    async def wait(self, given: inputs.Wait) -> ToolResult:
        await asyncio.sleep(given.duration)
        return ToolResult(f"Waited {given.duration:g} s.")

    # Helpers ------------------------------------------------------------------------

    async def _before(self) -> str:
        """Let the last action settle; what the model should know before this one."""
        note = await self._watch.before_action()
        return f"{opened_words(await self._watch.new_dialogs())} {note}".strip()

    async def _with_stuck(self, note: str, window: Window | Target | None) -> str:
        """The note, and that the program which an act goes to takes nothing in."""
        return f"{await self._watch.stuck(window)} {note}".strip()

    async def _do(self, action: Awaitable[None]) -> None:
        """Act, and note that the screen may change."""
        try:
            await action
        finally:
            self._watch.acted()

    def _aimed(self) -> Found | None:
        """What the intent of the running call found, if it has just been looked up."""
        aim, self._aim = self._aim, None
        if aim is None or aim.call != self._call or time.monotonic() - aim.when > _FRESH:
            return None
        return aim.found

    async def _taker(self, x: int | None, y: int | None) -> Target | None:
        """What is about to take a click; None if that cannot be told."""
        if isinstance(target := self._aimed(), Target):
            return target
        try:
            if x is None or y is None:
                x, y = await self._desktop.input.position()
            return await self._desktop.under(x, y)
        except ToolError:  # a window that is just closing
            return None

    async def _window_at(self, x: int, y: int) -> Window | None:
        try:
            return await self._desktop.window_at(x, y)
        except ToolError:
            return None

    def _took(self, words: str, target: Target | None, note: str) -> ToolResult:
        """The result of a click: what took it.

        Raises:
            ToolError: nothing did.
        """
        if target is None:
            return _told(f"{words}.", note)
        words = f"{words} {target_words(target)}"
        if target.greyed:
            raise ToolError(
                f"{words}, which is greyed out and takes no clicks.",
                shown=f"Not done: {quoted(target.name)} is greyed out.",
            )
        if (dialog := self._watch.dialog_before(target.window)) is not None:
            raise ToolError(
                f"{words}, which takes no input until {window_words(dialog)} is answered.",
                shown=f"Not done: {window_words(dialog)} must be answered first.",
            )
        return _told(f"{words}.", note)

    def _place(self, x: int, y: int) -> str:
        across, down = coordinates.named(x, y, self._desktop.size, self._scale)
        return f"({across}, {down})"

    def _at(self, x: int | None, y: int | None) -> str:
        return "" if x is None or y is None else f" at {self._place(x, y)}"

    def _point(self, given: Sequence[coordinates.Number]) -> tuple[int, int]:
        return coordinates.point(given, self._desktop.size, self._scale)

    def _maybe_point(
        self, coordinate: Sequence[coordinates.Number] | None
    ) -> tuple[int | None, int | None]:
        return (None, None) if coordinate is None else self._point(coordinate)

    async def _target(
        self, name: str, member: Member, given: dict[str, Any]
    ) -> tuple[Found | None, dict[str, str], str]:
        """What is touched, and in which window; what cannot be told is left out."""
        try:
            checked = inputs.read(member.takes, name, given)
        except BadInput:
            return None, {}, ""
        for _ in range(_TRIES if member.touches else 0):
            try:
                touched = self._focus if member.touches == "focus" else self._under
                return await touched(name, checked)
            except (ToolError, DesktopError):  # a window that went away meanwhile, for example
                continue
        return None, _keys(checked), ""

    async def _focus(self, name: str, given: Any) -> tuple[Found, dict[str, str], str]:
        focus = await find_focus(self._desktop)
        hidden = await hidden_in(self._desktop, focus.window, focus)
        target = focus.target | (hidden.target if hidden else {}) | _keys(given)
        window = str(focus.window.id) if focus.window else ""
        target |= await chooser_words(self._desktop, name, target, window, None)
        return focus, target, window

    async def _under(self, name: str, given: Any) -> tuple[Found, dict[str, str], str]:
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
        window = str(under.window or "")
        target |= await chooser_words(self._desktop, name, target, window, (x, y))
        return under, target, window

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


def _told(words: str, note: str) -> ToolResult:
    return ToolResult(f"{words} {note}".strip())


def _characters(count: int) -> str:
    return f"{count} character{'' if count == 1 else 's'}"


def _takes_text(window: Window, focus: Focus) -> bool:
    """Whether text can be typed there; background and panels have no fields but by chance."""
    if window.kind in ("window", "dialog"):
        return True
    return focus.node is not None and is_editor(focus.node.role)


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
