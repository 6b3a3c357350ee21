"""The two reference models: one carries out a task's own steps, one does nothing.

A step is a mapping with one key. Steps that act become tool calls, one a turn; ``wait``,
``activate`` and ``run`` only prepare the next one.

==============  =====================================================================
``key``         a combination, or a list of them
``type``        text
``click``       ``{role, name, app, nth}`` as the accessibility tree has it, or ``[x, y]``;
                also ``double_click`` and ``right_click``
``menu``        names from the menu bar down
``shell``       a command
``write``       ``{path, text}`` through the editor tool; the path is below the home
``run``         a program and its arguments, in the background
``activate``    pattern of a window's title
``wait``        ``{window}`` in front, ``{gone}``, ``{minimised}``, ``{file}``,
                ``{content: {path, matches}}``, ``{clipboard}``, ``{text: {app, contains}}``,
                ``{node: {role, name, app, state, nth}}`` or ``{holds: a check of files}``
``pause``       seconds in which it thinks
``rest``        seconds in which an action does nothing
``together``    steps that act, as calls of one answer
``tell``        what is said with the next step that acts
``say``         the last word
==============  =====================================================================

A list of lists answers several utterances: the n-th list belongs to the n-th thing said.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence
from typing import Any

from agent.desktop.base import Desktop, Launcher, Node, Window
from agent.errors import ConfigurationError, ModelError
from agent.experiments.plan.task import Step
from agent.experiments.run.checks import run_check
from agent.experiments.run.state import State, read_clipboard
from agent.kinds import COMPUTER, EDITOR, SHELL
from agent.models.base import Block, BlockDone, Message, ModelPart, ModelRequest, Text, TurnDone
from agent.models.offline.progress import read
from agent.record.events import Usage

PATIENCE = 60.0
"""Seconds that a wait may take."""

_MENUS = ("menu", "menu item", "check menu item", "radio menu item")
_CLICKS = {"click": "left_click", "double_click": "double_click", "right_click": "right_click"}
_PREPARE = ("wait", "activate", "pause", "run", "tell")


class OracleLost(ModelError):
    """A step of the oracle does not fit the screen."""


class IdleModel:
    """Does nothing and says so: what a checker must not take for success."""

    name = "nothing"

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelPart, None]:
        """One turn."""
        yield BlockDone(0, {"type": "text", "text": "Done."})
        yield TurnDone("end_turn", Usage())

    async def close(self) -> None:
        """Nothing is held."""


class OracleModel:
    """Carries out steps that were written down; its place follows from the messages."""

    name = "oracle"

    def __init__(
        self,
        desktop: Desktop,
        steps: Sequence[Step | Sequence[Step]],
        *,
        patience: float | None = None,
    ) -> None:
        self._desktop = desktop
        self._patience = PATIENCE if patience is None else patience
        self._parts = parts_of(steps)

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelPart, None]:
        """One turn: the next step that acts, or the last word.

        Raises:
            OracleLost: what a step names is not on the screen.
        """
        said = len(read(request.messages).instructions)
        number = min(max(said, 1), len(self._parts)) - 1
        steps = self._parts[number]
        place, failed = _place(request.messages, number)
        word = "I could not do that." if failed else "Done."
        told = ""
        for index in range(place, 0 if failed else len(steps)):
            name, value = next(iter(steps[index].items()))
            if name == "say":
                word = str(value)
            elif name == "tell":
                told = str(value)
            elif blocks := await self._do(name, value):
                for part in _answer(told, blocks, f"oracle_{number}_{index}_{said}"):
                    yield part
                return
        yield Text(word)
        yield BlockDone(0, {"type": "text", "text": word})
        yield TurnDone("end_turn", Usage())

    async def close(self) -> None:
        """Nothing is held."""

    async def _do(self, name: str, value: Any) -> list[Block]:
        """The calls of a step that acts; none of one that prepares."""
        match name:
            case "together":
                pairs = [next(iter(step.items())) for step in value]
                return [block for pair in pairs for block in await self._do(*pair)]
            case "key" | "type":
                return [_call(name, text=value)]
            case "rest":
                return [_call("wait", duration=value)]
            case "click" | "double_click" | "right_click":
                return [_call(_CLICKS[name], coordinate=list(await self._point(value)))]
            case "shell":
                return [_plain(SHELL.called, command=value)]
            case "write":
                path = str(self._desktop.home / value["path"])
                given = {"command": "create", "path": path, "file_text": value["text"]}
                return [_plain(EDITOR.called, **given)]
            case _:
                await self._prepare(name, value)
                return []

    async def _prepare(self, name: str, value: Any) -> None:
        match name:
            case "wait":
                kind, wanted = next(iter(value.items()))
                await self._until(_CONDITIONS[kind], wanted, f"{kind} {wanted!r}")
            case "activate":
                await self._desktop.activate(await self._until(_window, value, f"window {value!r}"))
                await self._desktop.settle()
            case "run":
                await self._desktop.launch(program([str(part) for part in value]))
            case _:
                await asyncio.sleep(float(value))

    async def _point(self, wanted: Any) -> tuple[int, int]:
        if isinstance(wanted, list):
            return int(wanted[0]), int(wanted[1])
        node = await self._until(_node, wanted, f"{wanted}")
        assert node.box is not None  # noqa: S101 - showing nodes have one
        x, y = node.box.center
        return int(x), int(y)

    async def _until(
        self, look: Callable[[Desktop, Any], Awaitable[Any]], wanted: Any, what: str
    ) -> Any:
        try:
            async with asyncio.timeout(self._patience):
                while True:
                    if (found := await look(self._desktop, wanted)) is not None:
                        return found
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise OracleLost(f"The oracle waited in vain for {what}.") from None


def parts_of(steps: Sequence[Step | Sequence[Step]]) -> list[list[Step]]:
    """Steps by utterance, with short forms written out.

    Raises:
        ConfigurationError: a step is unknown.
    """
    nested = bool(steps) and not isinstance(steps[0], dict)
    parts: list[Any] = [list(part) for part in steps] if nested else [list(steps)]
    return [[one for step in part for one in _written_out(step)] for part in parts]


def count_actions(steps: Sequence[Step | Sequence[Step]]) -> int:
    """How many actions an oracle takes."""
    return sum(_acts(step) for part in parts_of(steps) for step in part)


def _acts(step: Step) -> int:
    name, value = next(iter(step.items()))
    if name == "together":
        return sum(map(_acts, value))
    return int(name not in (*_PREPARE, "say"))


def _answer(told: str, blocks: Sequence[Block], name: str) -> Iterator[ModelPart]:
    """One answer of the model; the calls' ids carry their step's name."""
    if told:
        yield Text(told)
        yield BlockDone(0, {"type": "text", "text": told})
    for place, block in enumerate(blocks):
        number = f"_{place}" if len(blocks) > 1 else ""
        yield BlockDone(place + bool(told), block | {"id": f"{name}{number}"})
    yield TurnDone("tool_use", Usage())


def program(argv: Sequence[str]) -> Launcher:
    """A program that is started as from the menu: nobody waits for it or reads what it prints."""
    return Launcher(argv[0], argv[0], "", (), tuple(argv))


def _written_out(step: Step) -> Iterator[Step]:
    if not isinstance(step, dict) or len(step) != 1:
        raise ConfigurationError(f"A step is a mapping with one key, not {step!r}.")
    name, value = next(iter(step.items()))
    if name == "menu":
        yield from ({"click": {"role": _MENUS, "name": entry}} for entry in value)
    elif name == "key":
        yield from ({"key": combo} for combo in ([value] if isinstance(value, str) else value))
    elif name == "together":
        yield {name: [one for inner in value for one in _written_out(inner)]}
    elif name in (*_CLICKS, *_PREPARE, "type", "rest", "shell", "write", "say"):
        yield step
    else:
        raise ConfigurationError(f"There is no step “{name}”.")


def _place(messages: Sequence[Message], number: int) -> tuple[int, bool]:
    """Index of the next step of a part, and whether the last one failed."""
    place, failed = 0, False
    for message in messages:
        blocks = message["content"] if isinstance(message["content"], list) else []
        for block in blocks:
            ids = re.match(r"oracle_(\d+)_(\d+)_", str(block.get("id", "")))
            if ids and int(ids[1]) == number:
                place = int(ids[2]) + 1
            back = re.match(r"oracle_(\d+)_", str(block.get("tool_use_id", "")))
            if back and int(back[1]) == number:
                failed = bool(block.get("is_error"))
    return place, failed


def _call(name: str, **given: Any) -> Block:
    return {"type": "tool_use", "name": name, "toolset_name": COMPUTER.called, "input": given}


def _plain(name: str, **given: Any) -> Block:
    return {"type": "tool_use", "name": name, "input": given}


async def _window(desktop: Desktop, pattern: str) -> Window | None:
    found = [w for w in await desktop.windows() if re.search(pattern, w.title)]
    return found[-1] if found else None


async def _front(desktop: Desktop, pattern: str) -> Window | None:
    window = await desktop.active_window()
    return window if window is not None and re.search(pattern, window.title) else None


async def _gone(desktop: Desktop, pattern: str) -> bool | None:
    return True if await _window(desktop, pattern) is None else None


async def _minimised(desktop: Desktop, pattern: str) -> bool | None:
    window = await _window(desktop, pattern)
    return True if window is not None and window.minimised else None


async def _content(desktop: Desktop, wanted: dict[str, str]) -> bool | None:
    path = desktop.home / wanted["path"]
    data = await asyncio.to_thread(lambda: path.read_bytes() if path.is_file() else b"")
    return True if re.search(wanted["matches"], data.decode("utf-8", "replace")) else None


async def _clipboard(desktop: Desktop, pattern: str) -> bool | None:
    text = await asyncio.to_thread(read_clipboard, desktop, [])
    return True if re.search(pattern, text) else None


async def _file(desktop: Desktop, path: str) -> bool | None:
    there = await asyncio.to_thread((desktop.home / path).exists)
    return True if there else None


async def _holds(desktop: Desktop, one: dict[str, Any]) -> bool | None:
    """Whether a check holds of the files that are there now."""
    reason = await asyncio.to_thread(run_check, one, State(home=desktop.home))
    return True if not reason else None


async def _node(desktop: Desktop, wanted: dict[str, Any]) -> Node | None:
    roles = wanted.get("role", ())
    roles = (roles,) if isinstance(roles, str) else tuple(roles)
    app, name = wanted.get("app", ""), wanted.get("name")
    states = {wanted["state"]} if "state" in wanted else set()
    tree = await desktop.tree()
    found = [
        node
        for node in tree.showing(*roles)
        if name in (None, node.name) and (not app or node.app == app) and states <= node.states
    ]
    place = int(wanted.get("nth", 1)) - 1
    return found[place] if len(found) > place else None


async def _text(desktop: Desktop, wanted: dict[str, str]) -> Node | None:
    tree = await desktop.tree()
    for node in tree.nodes:
        if node.text is not None and wanted["app"] in node.app and wanted["contains"] in node.text:
            return node
    return None


_CONDITIONS: dict[str, Callable[[Desktop, Any], Awaitable[Any]]] = {
    "window": _front,
    "gone": _gone,
    "minimised": _minimised,
    "content": _content,
    "clipboard": _clipboard,
    "file": _file,
    "holds": _holds,
    "node": _node,
    "text": _text,
}
