"""Calls of tools that a model wrote as text: which of them can be read, and what to say of others.

Read are JSON objects with a name and arguments (alone, fenced, or in the tags of Hermes, Qwen,
Llama, Mistral and others), arguments after a name (Kimi, DeepSeek, Mistral, gpt-oss), the tags of
Qwen-Coder, GLM and Claude, calls as Python writes them (Llama, Gemma, OLMo), and the ``Action:``
lines of UI-TARS. A call in a fence or without any mark is taken for one only if it names a tool
and nothing follows it: else it may be an example.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agent.kinds import COMPUTER
from agent.models.base import Block, ToolSpec

_EXPLICIT = (
    "<tool_call>",
    "<tool_calls>",
    "<function_call>",
    "<function_calls>",
    "<function=",
    "<invoke ",
    "<tools>",
    "<|python_tag|>",
    "<|tool_call",
    "<|tool▁call",
    "<\uff5ctool▁call",
    "<TOOLCALL>",
    "<minimax:tool_call>",
    "<longcat_tool_call>",
    "<seed:tool_call>",
    "<\uff5cDSML\uff5c",
    "<|START_ACTION|>",
    "<|action_start|>",
    "<|channel|>commentary",
    "<|start|>assistant<|channel|>commentary",
    "functools[",
    "[TOOL_CALLS]",
    "pyautogui.",
)
"""Marks that mean nothing else."""

OPENINGS = (
    *_EXPLICIT,
    "```json",
    "```tool",
    "```function",
    "```\n",
    '{"name"',
    '{"type":"function"',
    '{"function"',
    '{"tool"',
    '{"action"',
    '{"arguments"',
    '{"parameters"',
    '{"tool_calls"',
    '[{"name"',
    "Action:",
)
"""How a call may begin: at the beginning of a line."""

_TAGS = re.compile(
    r"</?(?:\w+:)?(?:tool_calls?|function_calls?|tools|TOOLCALL)>|<\|\w+\|>|\[/?TOOL_CALLS\]|```\w*"
)
_XML = re.compile(
    r"<function=([\w.-]+)>(.*?)</function>|<invoke name=\"([\w.-]+)\">(.*?)</invoke>", re.DOTALL
)
_FIELD = re.compile(
    r"<parameter=([\w.-]+)>(.*?)</parameter>|<parameter name=\"([\w.-]+)\">(.*?)</parameter>",
    re.DOTALL,
)
_NAMED = re.compile(
    r"(?:\[TOOL_CALLS\]|\bto=|<\|tool_call_begin\|>|<[|\uff5c]tool▁sep[|\uff5c]>)\s*(?:functions\.)?"
    r"([\w-]{1,80})(?::\d+)?\s*(?:(?:\[CALL_ID\]\w+)?\[ARGS\]|<\|tool_call_argument_begin\|>|"
    r"[^{\n]{0,80}<\|message\|>|```json)?\s*(?=\{)"
)
"""A name before its arguments."""

_KEYED = re.compile(
    r"<((?:\w+_)?)tool_call>\s*([\w-]{1,80})\s*((?:<\1arg_key>.*?)?)</\1tool_call>", re.DOTALL
)
_KEY = re.compile(r"arg_key>(.*?)</\w*arg_key>\s*<\w*arg_value>(.*?)</\w*arg_value>", re.DOTALL)
_ACTION = re.compile(r"^[ \t]*Action:\s*(\w+\(.*)", re.MULTILINE | re.DOTALL)
_REACT = re.compile(r"^[ \t]*Action:[ \t]*([\w.-]+)\s*\nAction Input:[ \t]*(\{.*)", re.DOTALL)
_NAME_KEYS = ("name", "tool_name", "tool", "function", "action")
_ARGUMENT_KEYS = ("arguments", "parameters", "args", "input", "tool_input", "action_input")
_MOST = 32
"""Calls in one answer."""

_LONGEST = 200_000
"""Characters of what may be calls."""

_TOLD = (
    "A tool call that you wrote into your text was not executed: {why} Call the tool by the tool "
    "interface. If you cannot, end your answer with a single line of this form and nothing after "
    'it: <tool_call>{{"name": "{name}", "arguments": {{…}}}}</tool_call>'
)


_PROGRAM = "programs are not run from the text."


class Unreadable(Exception):
    """It looks like a call, but cannot be read; the text says why."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of text that may hold calls."""

    calls: tuple[Block, ...] = ()
    text: str = ""
    """What is no call, and belongs to what is said."""

    told: str = ""
    """What the model has to be told, if something looked like a call and could not be read."""


class Names:
    """The tools of a request under every name by which a model may call them."""

    def __init__(self, tools: Sequence[ToolSpec]) -> None:
        self._found: dict[str, tuple[str, str | None]] = {}
        self._toolsets: dict[str, ToolSpec] = {}
        for spec in tools:
            for member in spec.members:
                names = [member] if spec.toolset is None else [member, f"{spec.toolset}_{member}"]
                for name in names:
                    self._found.setdefault(name, (member, spec.toolset))
            if spec.toolset is not None:
                self._toolsets[spec.toolset] = spec

    @property
    def openings(self) -> tuple[str, ...]:
        """How a list of calls begins that is written as Python writes it."""
        return tuple(f"[{name}(" for name in self._found)

    @property
    def example(self) -> str:
        """A name by which something can be called."""
        return next((n for n in ("computer_screenshot", *self._found) if n in self._found), "")

    def __contains__(self, name: str) -> bool:
        return name in self._found or self._toolset(name) is not None

    def block(self, name: str, arguments: Mapping[str, Any], number: int) -> Block:
        """A call in the shape of the toolset.

        Raises:
            Unreadable: there is no such tool.
        """
        given = dict(arguments)
        if name not in self._found and self._toolset(name) is not None:
            name = str(given.pop("action", name))
        if name not in self._found:
            raise Unreadable(f"there is no tool “{name[:80]}”.")
        member, toolset = self._found[name]
        block: Block = {
            "type": "tool_use",
            "id": f"written_{number}",
            "name": member,
            "input": given,
        }
        return block if toolset is None else {**block, "toolset_name": toolset}

    def _toolset(self, name: str) -> ToolSpec | None:
        return self._toolsets.get(name.removesuffix("_use"))


def read_calls(text: str, names: Names) -> Reading:
    """The calls in a text that begins with one of `OPENINGS`, or why they cannot be read."""
    explicit = any(mark in text for mark in _EXPLICIT)
    try:
        if len(text) > _LONGEST:
            raise Unreadable("it is too long.")
        spelled = _python(text, names)
        found = spelled or list(_found(text, names, explicit=explicit))
        if found and not spelled and not explicit and _follows(text):
            raise Unreadable("other text follows it, so it may be an example.")
        if explicit and not found:
            raise Unreadable(_PROGRAM if "pyautogui." in text else "it is not valid JSON.")
        if len(found) > _MOST:
            raise Unreadable(f"there are more than {_MOST} at once.")
        blocks = [names.block(name, given, n) for n, (name, given) in enumerate(found)]
    except _Finished as finished:
        return Reading(text=str(finished))
    except Unreadable as why:
        told = _TOLD.format(why=why, name=names.example)
        return Reading(text=text.strip(), told=told)
    return Reading(tuple(blocks)) if blocks else Reading(text=text.strip())


class _Finished(Exception):
    """The model says in its own way that it is done; the text is its last word."""


_Call = tuple[str, Mapping[str, Any]]


def _found(text: str, names: Names, *, explicit: bool) -> Iterator[_Call]:
    if spelled := _XML.findall(text):
        for one, fields, other, more in spelled:
            yield one or other, dict(_fields(fields or more))
        return
    if keyed := _KEYED.findall(text):
        for _, name, fields in keyed:
            yield name, {key.strip(): _value(given) for key, given in _KEY.findall(fields)}
        return
    if named := list(_NAMED.finditer(text)):
        for one in named:
            yield _call_of(one[1], _json(text, one.end())[0])
        return
    if react := _REACT.match(text):
        yield react[1], _json(react[2])[0]
        return
    if action := _ACTION.search(text):
        yield from _actions(action[1])
        return
    yield from _objects(text, names, explicit=explicit)


def _fields(text: str) -> Iterator[tuple[str, Any]]:
    for one, value, other, more in _FIELD.findall(text):
        yield one or other, _value((value or more).strip("\n"))


def _value(text: str) -> Any:
    """A value as JSON, or else the text itself."""
    try:
        return _strict(text)
    except (ValueError, RecursionError):
        return text


def _call_of(name: str, given: Any) -> _Call:
    if not isinstance(given, dict):
        raise Unreadable("its arguments are no JSON object.")
    return name, given


def _python(text: str, names: Names) -> list[_Call]:
    """The calls of a text that is nothing but ``[name(key=value)]``, or such lines in a mark."""
    code = _TAGS.sub("", text).strip()
    if len(code) > _LONGEST or not re.match(r"\[?\s*(?:print\()?[A-Za-z_]\w*\(", code):
        return []
    try:
        lines = [statement.value for statement in ast.parse(code).body]  # type: ignore[attr-defined]
        listed = [each for line in lines for each in getattr(line, "elts", [line])]
        return [_call_in(_printed(each), names) for each in listed]
    except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError, AttributeError):
        if code.startswith(names.openings):
            raise Unreadable("it is not of the form [name(key=value)].") from None
        return []


def _printed(tree: ast.expr) -> ast.expr:
    """What is given to ``print``, as Gemma writes it; anything else as it is."""
    shown = (
        isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name) and tree.func.id == "print"
    )
    return tree.args[0] if shown and isinstance(tree, ast.Call) and tree.args else tree


def _call_in(tree: ast.expr, names: Names) -> _Call:
    if not isinstance(tree, ast.Call) or not isinstance(tree.func, ast.Name) or tree.args:
        raise ValueError("no call with named arguments")
    if tree.func.id not in names:
        raise ValueError("no tool")
    return tree.func.id, {str(word.arg): ast.literal_eval(word.value) for word in tree.keywords}


def _objects(text: str, names: Names, *, explicit: bool) -> Iterator[_Call]:
    """Calls among the JSON values of a text."""
    at = 0
    while (start := _next_value(text, at)) is not None:
        value, at = _json(text, start, looks=explicit or _names_a_tool(text[start:], names))
        if isinstance(value, dict) and isinstance(value.get("tool_calls"), list):
            value = value["tool_calls"]
        for each in value if isinstance(value, list) else [value]:
            call = _call(each)
            if call is None and not explicit:
                continue
            if call is None:
                raise Unreadable("it needs a name and arguments.")
            if explicit or call[0] in names:
                yield call
            elif any(key in each for key in _ARGUMENT_KEYS[:2]):
                raise Unreadable(f"there is no tool “{call[0][:80]}”.")


def _next_value(text: str, at: int) -> int | None:
    found = re.compile(r"\{|\[(?=\s*\{)").search(text, at)
    return None if found is None else found.start()


def _names_a_tool(text: str, names: Names) -> bool:
    found = re.match(
        r'\[?\s*\{\s*(?:"tool_calls"\s*:\s*\[\s*\{\s*)?"(?:name|tool|action|tool_name)"\s*:\s*"([^"\n]{1,80})"',
        text,
    )
    return found is not None and found[1] in names


def _json(text: str, at: int = 0, *, looks: bool = True) -> tuple[Any, int]:
    """A JSON value and where it ends; text that does not look like a call may be no JSON."""
    try:
        return _DECODER.raw_decode(text, at)
    except (ValueError, RecursionError):
        if looks:
            raise Unreadable("it is not valid JSON.") from None
        return None, len(text)


def _no_number(name: str) -> float:
    raise ValueError(name)


_DECODER = json.JSONDecoder(parse_constant=_no_number)


def _strict(text: str) -> Any:
    return json.loads(text, parse_constant=_no_number)


def _call(value: Any) -> _Call | None:
    """The name and the arguments of an object that is a call; else None."""
    if not isinstance(value, dict):
        return None
    if isinstance(inner := value.get("function"), dict):
        return _call(inner)
    name = next((value[k] for k in _NAME_KEYS if isinstance(value.get(k), str)), None)
    given = next((value[k] for k in _ARGUMENT_KEYS if k in value), None)
    if given is None and isinstance(value.get("action"), str):
        return COMPUTER.called, value
    if isinstance(given, str):
        try:
            given = _strict(given)
        except (ValueError, RecursionError):
            raise Unreadable("its arguments are not valid JSON.") from None
    if name is None or not isinstance(given, dict):
        return None
    return name, given


def _follows(text: str) -> bool:
    """Whether there is text after the last call that is no part of one."""
    end = text.rfind("}") if "Action:" not in text else len(text)
    return bool(_TAGS.sub("", text[end + 1 :]).strip(" \n\t],;"))


# UI-TARS --------------------------------------------------------------------------------

_POINT = re.compile(r"-?\d+(?:\.\d+)?")
_MOUSE = {
    "click": "left_click",
    "left_single": "left_click",
    "left_double": "double_click",
    "right_single": "right_click",
    "hover": "mouse_move",
}


def _actions(text: str) -> Iterator[_Call]:
    """Lines such as ``click(start_box='(10,20)')``, one below the other."""
    lines = [line.strip() for line in re.split(r"\n\s*\n?", text.strip()) if line.strip()]
    for line in lines:
        if line.startswith(("Thought:", "```")):
            break
        yield _action(line.removeprefix("Action:").strip())


def _action(line: str) -> _Call:
    try:
        tree = ast.parse(line, mode="eval").body
        if not isinstance(tree, ast.Call) or not isinstance(tree.func, ast.Name) or tree.args:
            raise ValueError(line)
        given = {str(k.arg): ast.literal_eval(k.value) for k in tree.keywords}
    except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
        raise Unreadable(f"“{line[:80]}” is no action of the form name(key='value').") from None
    return _ui_tars(tree.func.id, {key: str(value) for key, value in given.items()})


def _ui_tars(name: str, given: Mapping[str, str]) -> _Call:
    at = _point(given, "start_box", "start_point", "point")
    match name:
        case "finished" | "call_user":
            raise _Finished(given.get("content") or "Done.")
        case _ if name in _MOUSE:
            return _MOUSE[name], at
        case "drag":
            start = {"start_coordinate": at.get("coordinate")}
            return "left_click_drag", {**start, **_point(given, "end_box", "end_point")}
        case "type":
            return "type", {"text": given.get("content", "")}
        case "hotkey" | "press":
            return "key", {"text": "+".join((given.get("key") or given.get("hotkey", "")).split())}
        case "scroll":
            way = {"scroll_direction": given.get("direction", "down"), "scroll_amount": 5}
            return "scroll", {**at, **way}
        case "wait":
            return "wait", {"duration": 5}
        case _:
            return name, dict(given)


def _point(given: Mapping[str, str], *keys: str) -> dict[str, Any]:
    """A place from text such as ``(10,20)`` or ``<point>10 20</point>``; of a box, its middle."""
    text = next((given[key] for key in keys if key in given), "")
    numbers = [float(n) if "." in n else int(n) for n in _POINT.findall(text)]
    if len(numbers) == 4:
        numbers = [(numbers[0] + numbers[2]) / 2, (numbers[1] + numbers[3]) / 2]
    return {"coordinate": numbers} if numbers else {}
