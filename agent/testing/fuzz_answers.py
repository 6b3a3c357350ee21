"""Answers that no service should give: made from sound ones by a random generator.

What is wrong may be the structure (events lost, doubled, out of order; fields of another type
or missing), numbers (NaN, 1e400, 400 digits), text (half a surrogate pair, NUL, bytes that are no
UTF-8, a hundred thousand letters), depth, the stream itself, or a refusal with a strange body.
"""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable
from typing import Any

from agent.kinds import COMPUTER, EDITOR, SHELL
from agent.testing.messages_script import Reply

Event = dict[str, Any]

_DEEP = "@deep@"
_HUGE = "@huge@"
_HOSTILE: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    1.5,
    10**18,
    10**400,
    float("nan"),
    float("inf"),
    float("-inf"),
    _HUGE,
    _DEEP,
    "",
    " ",
    "\ud83d",
    "\udce9",
    "\0",
    "\x1b[31m",
    "\u202e",
    "e\u0301" * 50,
    "A" * 100_000,
    "99999999999999999999",
    "0.5",
    "true",
    "../../etc/passwd",
    "caf\\xe9",
    [],
    {},
    [None],
    [[1, 2], [3, 4]],
    {"": ""},
    {"__proto__": 1, "$ref": "#"},
    ["a"] * 2000,
)
_TYPES = (
    "text",
    "thinking",
    "redacted_thinking",
    "tool_use",
    "server_tool_use",
    "crystal_ball",
    "compaction",
    "fallback",
    "",
    "tool_result",
    "image",
    "message_stop",
    "text_delta",
    "input_json_delta",
    "content_block_stop",
)
_CALLS: tuple[tuple[str, str | None, dict[str, Any]], ...] = (
    ("left_click", COMPUTER.called, {"coordinate": [10, 20]}),
    ("left_click_drag", COMPUTER.called, {"start_coordinate": [1, 2], "coordinate": [3, 4]}),
    ("type", COMPUTER.called, {"text": "hello"}),
    ("key", COMPUTER.called, {"text": "ctrl+s", "repeat": 2}),
    (
        "scroll",
        COMPUTER.called,
        {"scroll_direction": "up", "scroll_amount": 3, "coordinate": [1, 1]},
    ),
    ("zoom", COMPUTER.called, {"region": [0, 0, 10, 10]}),
    ("wait", COMPUTER.called, {"duration": 0}),
    ("screenshot", COMPUTER.called, {}),
    (SHELL.called, None, {"command": "ls"}),
    (SHELL.called, None, {"restart": True}),
    (EDITOR.called, None, {"command": "view", "path": "."}),
    (EDITOR.called, None, {"command": "create", "path": "a", "file_text": "b"}),
    (
        EDITOR.called,
        None,
        {"command": "str_replace", "path": "a", "old_str": "b", "new_str": "c"},
    ),
)


def fuzzed(chance: random.Random) -> Reply:
    """One answer with something wrong in it."""
    makers = [_refusal, _bytes_in_disorder, *[_events_in_disorder] * 6]
    return chance.choice(makers)(chance)


def _refusal(chance: random.Random) -> Reply:
    body = chance.choice(
        [
            b"",
            b"<html>bad gateway</html>",
            b"[]",
            b"null",
            b'"no"',
            b'{"error": null}',
            b'{"type":"error","error":{"type":null,"message":"' + b"x" * 50_000 + b'"}}',
            b'{"type":"error","error":{"type":"invalid_request_error","message":"unknown block"}}',
            b'{"type":"error","error":{"message":"prompt is too long: 9 tokens > 8 maximum"}}',
            b'{"type":"error","error":{"message":"too many images"}}',
            b'{"type":"error","error":{"message":"\\ud83d \xff"}}',
            b"[" * 3000 + b"]" * 3000,
        ]
    )
    waits = chance.choice(["", "inf", "nan", "-1", "1e400", "100000", "never", "0"])
    headers: dict[str, str] = {"retry-after": waits} if waits else {}
    status = chance.choice([400, 400, 400, 413, 413, 422, 422, 500, 503, 529, 204, 301, 418])
    return Reply(status=status, raw=(body or b" ",), headers=headers)


def _bytes_in_disorder(chance: random.Random) -> Reply:
    """A sound stream whose bytes are not."""
    return _sent(scrambled(_written(_sound(chance), chance), chance), chance)


def scrambled(sound: bytes, chance: random.Random) -> bytes:
    """Bytes with up to four things done to them: cut, doubled, changed, put in."""
    data = bytearray(sound)
    for _ in range(chance.randint(1, 4)):
        if not data:  # all of it was cut
            break
        at = chance.randrange(len(data))
        match chance.randrange(6):
            case 0:
                data[at : at + chance.randint(1, 40)] = b""
            case 1:
                data[at:at] = bytes(chance.randrange(256) for _ in range(chance.randint(1, 8)))
            case 2:
                data[at:at] = chance.choice([b"\xff", b"\xed\xa0\xbd", b"\0", b"\r", b"\n\n", b":"])
            case 3:
                data[at] ^= 1 << chance.randrange(8)
            case 4:
                del data[at:]
                data += b"\n"
            case _:
                data[at:at] = data[: chance.randrange(len(data))]
    return bytes(data)


def _events_in_disorder(chance: random.Random) -> Reply:
    events = _sound(chance)
    for _ in range(chance.choice([1, 1, 1, 2, 3])):
        chance.choice(_DISORDERS)(events, chance)
        if not events:
            break
    return _sent(_written(events, chance) or b"\n", chance)


def _sent(data: bytes, chance: random.Random) -> Reply:
    """In one piece or in several, cut anywhere, also inside a letter."""
    cuts = sorted(chance.randrange(len(data) + 1) for _ in range(chance.choice([0, 0, 3])))
    pieces = [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True)]
    end = chance.choice(["complete", "complete", "complete", "cut"])
    return Reply.model_validate({"raw": tuple(filter(None, pieces)), "end": end})


# Sound answers ----------------------------------------------------------------------------


def _sound(chance: random.Random) -> list[Event]:
    events: list[Event] = [
        {
            "type": "message_start",
            "message": {
                "id": "msg_1",
                "type": "message",
                "role": "assistant",
                "model": "claude-opus-5-5",
                "content": [],
                "stop_reason": None,
                "stop_sequence": None,
                "usage": {"input_tokens": 100, "output_tokens": 1},
            },
        }
    ]
    called = False
    for index in range(chance.randint(0, 3)):
        made = chance.choice([_text, _thought, _call, _call])
        called |= made is _call
        events += made(index, chance)
    reason = "tool_use" if called else "end_turn"
    events.append(
        {
            "type": "message_delta",
            "delta": {"stop_reason": reason, "stop_sequence": None},
            "usage": {"input_tokens": 100, "output_tokens": 20},
        }
    )
    return [*events, {"type": "message_stop"}]


def _block(index: int, begun: dict[str, Any], *deltas: dict[str, Any]) -> list[Event]:
    return [
        {"type": "content_block_start", "index": index, "content_block": begun},
        *({"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas),
        {"type": "content_block_stop", "index": index},
    ]


def _text(index: int, chance: random.Random) -> list[Event]:
    words = chance.choice(["I look.", "Ok 😀.", "Done."])
    return _block(index, {"type": "text", "text": ""}, {"type": "text_delta", "text": words})


def _thought(index: int, chance: random.Random) -> list[Event]:
    return _block(
        index,
        {"type": "thinking", "thinking": "", "signature": ""},
        {"type": "thinking_delta", "thinking": "hm"},
        {"type": "signature_delta", "signature": "c2ln"},
    )


def _call(index: int, chance: random.Random) -> list[Event]:
    name, toolset, given = copy.deepcopy(chance.choice(_CALLS))
    if chance.random() < 0.5:
        spoil(given, chance)
    written = as_json(given)
    if chance.random() < 0.1:
        written = written[: chance.randrange(len(written) + 1)]
    begun: dict[str, Any] = {"type": "tool_use", "id": f"toolu_{chance.randrange(10**9)}"}
    begun |= {"name": name, "input": {}}
    begun |= {} if toolset is None else {"toolset_name": toolset}
    return _block(index, begun, {"type": "input_json_delta", "partial_json": written})


# What is done to them -----------------------------------------------------------------------


def spoil(value: Any, chance: random.Random) -> None:
    """Change one thing somewhere in a structure."""
    place = value
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        if not keys:
            return
        key = chance.choice(keys)
        inner = place[key]
        if not (isinstance(inner, dict | list) and inner and chance.random() < 0.8):
            break
        place = inner
    match chance.randrange(6):
        case 0:
            del place[key]
        case 1 if isinstance(place, dict):
            place[chance.choice(["extra", "type", "index", "\ud83d"])] = _hostile(chance)
        case 2 if key == "type":
            place[key] = chance.choice(_TYPES)
        case _:
            place[key] = _hostile(chance)


def _hostile(chance: random.Random) -> Any:
    """One's own to spoil further: what one case does may not be found by the next."""
    return copy.deepcopy(chance.choice(_HOSTILE))


def _spoil_one(events: list[Event], chance: random.Random) -> None:
    spoil(chance.choice(events), chance)


def _lose(events: list[Event], chance: random.Random) -> None:
    del events[chance.randrange(len(events))]


def _double(events: list[Event], chance: random.Random) -> None:
    at = chance.randrange(len(events))
    events.insert(chance.randrange(len(events) + 1), copy.deepcopy(events[at]))


def _swap(events: list[Event], chance: random.Random) -> None:
    a, b = chance.randrange(len(events)), chance.randrange(len(events))
    events[a], events[b] = events[b], events[a]


def _shuffle(events: list[Event], chance: random.Random) -> None:
    chance.shuffle(events)


def _cut(events: list[Event], chance: random.Random) -> None:
    del events[chance.randrange(len(events)) :]


def _strange_event(events: list[Event], chance: random.Random) -> None:
    strange: Any = chance.choice(
        [
            {"type": chance.choice(_TYPES)},
            {"type": "ping", "x": _DEEP},
            {"type": "error", "error": _hostile(chance)},
            {"type": "error", "error": {"type": "overloaded_error", "message": "busy"}},
            {"type": "content_block_start", "index": 7, "content_block": _hostile(chance)},
            {"type": "content_block_delta", "index": 99, "delta": {"type": "text_delta"}},
            {},
        ]
    )
    events.insert(chance.randrange(len(events) + 1), strange)


def _strange_block(events: list[Event], chance: random.Random) -> None:
    kind = chance.choice(_TYPES)
    strange = _block(8, {"type": kind, "vision": _hostile(chance)})
    events[-2:-2] = strange


def _same_ids(events: list[Event], chance: random.Random) -> None:
    for event in events:
        block = event.get("content_block")
        if isinstance(block, dict) and "id" in block:
            block["id"] = chance.choice(["toolu_1", "toolu_1", "", 5])


_DISORDERS: tuple[Callable[[list[Event], random.Random], None], ...] = (
    *[_spoil_one] * 8,
    _lose,
    _lose,
    _double,
    _swap,
    _shuffle,
    _cut,
    _strange_event,
    _strange_block,
    _same_ids,
)


# How they are written ------------------------------------------------------------------------


def as_json(value: Any) -> str:
    """JSON text of a structure that `spoil` has changed."""
    text = json.dumps(value)
    return text.replace(f'"{_DEEP}"', "[" * 3000 + "]" * 3000).replace(f'"{_HUGE}"', "1e400")


def _written(events: list[Event], chance: random.Random) -> bytes:
    end = chance.choice(["\n", "\n", "\n", "\r\n", "\r"])
    lines = []
    for event in events:
        name = event.get("type", "message") if isinstance(event, dict) else "message"
        if chance.random() > 0.02:
            lines.append(f"event: {name}".encode("utf-8", "backslashreplace")[:200])
        lines += [f"data: {as_json(event)}".encode("utf-8", "surrogatepass"), b""]
    return b"".join(line + end.encode() for line in lines)
