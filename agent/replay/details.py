"""What lies behind one step: what was sent, what came back, what it cost and how long it took.

The request is rebuilt from the log by the same fold that built it (`agent.session.history`), with
the pictures' hashes in place of their bytes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from typing import Any

from agent.models.base import Block, Message
from agent.record import events as ev
from agent.replay.recording import Recording
from agent.session.history import History

Detail = dict[str, Any]

_MOST_TEXT = 4000
_BRIEF = 240
_MOST_MESSAGES = 30


def step_detail(recording: Recording, seq: int) -> Detail:
    """Everything about the step that event ``seq`` began, as plain data for a page.

    Keys: ``event`` (the event itself), and of those that apply ``turn`` (request, response,
    usage, latency), ``action`` (call, result, times, approval) and ``related`` (what
    followed it under the same id).

    Raises:
        IndexError: there is no such event.
    """
    events = recording.events
    if not 0 <= seq < len(events):
        raise IndexError(f"There is no event {seq}; the session has {len(events)}.")
    event = events[seq]
    detail: Detail = {"seq": seq, "kind": event.kind, "event": _brief_event(event)}
    if isinstance(event, ev.ActionProposed):
        detail["action"] = _action(events, event)
    if turn := _turn_of(events, event):
        detail["turn"] = _turn(recording, turn)
    if related := [_brief_event(other) for other in _related(events, event)]:
        detail["related"] = related
    return detail


# Turns -------------------------------------------------------------------------------------


def _turn_of(events: Sequence[ev.Event], event: ev.Event) -> ev.TurnStarted | None:
    turn_id = getattr(event, "turn_id", None)
    if turn_id is None:
        return None
    turns = (e for e in reversed(events[: event.seq + 1]) if isinstance(e, ev.TurnStarted))
    return next((turn for turn in turns if turn.turn_id == turn_id), None)


def _turn(recording: Recording, turn: ev.TurnStarted) -> Detail:
    events = recording.events
    answer = [e for e in events[turn.seq :] if getattr(e, "turn_id", None) == turn.turn_id]
    end = next((e for e in answer if isinstance(e, ev.TurnFinished)), None)
    counted = next((e for e in answer if isinstance(e, ev.TurnCounted)), None)
    usage = end.usage if end else counted.usage if counted else ev.Usage()
    return {
        "turn_id": turn.turn_id,
        "seq": turn.seq,
        "model": turn.model,
        "request": _request(recording, turn),
        "response": [
            _brief(e.block, _MOST_TEXT) for e in answer if isinstance(e, ev.BlockFinished)
        ],
        "stop_reason": end.stop_reason if end else "",
        "usage": usage.model_dump(),
        "latency": _latency(events, turn, answer),
    }


def _request(recording: Recording, turn: ev.TurnStarted) -> Detail:
    earlier = 0
    history = History(
        lambda sha256: sha256,
        lambda sha256: f"(text {sha256})",
        system=turn.system_messages,
    )
    for event in recording.events[: turn.seq]:
        if isinstance(event, ev.TurnStarted):
            earlier = len(history.messages())
        history.add(event)
    messages = history.messages()
    first = max(0, min(earlier, len(messages) - _MOST_MESSAGES))
    shown = [_message(m, new=n >= earlier) for n, m in enumerate(messages) if n >= first]
    prompt = recording.prompt
    digest = hashlib.sha256(prompt.encode()).hexdigest() if prompt else ""
    opened = [e for e in recording.events[: turn.seq] if isinstance(e, ev.SessionOpened)]
    return {
        "messages": shown,
        "left_out": first,
        "count": len(messages),
        "pictures": sum(_pictures(message) for message in messages),
        "characters": sum(_characters(message) for message in messages),
        "prompt_hash": opened[-1].prompt_hash if opened else "",
        "prompt_sha256": digest,
        "prompt_characters": len(prompt),
    }


def _latency(
    events: Sequence[ev.Event], turn: ev.TurnStarted, answer: Sequence[ev.Event]
) -> Detail:
    begun = (e for e in answer if isinstance(e, ev.TextStreamed | ev.BlockFinished))
    first = next(begun, None)
    end = next((e for e in answer if isinstance(e, ev.TurnFinished)), None)
    waits = [e.seconds for e in answer if isinstance(e, ev.RetryWaiting)]
    measured = (e for e in events[turn.seq :] if isinstance(e, ev.Measured))
    lanes = {e.lane: e.milliseconds for e in measured if e.subject == turn.turn_id}
    return {
        "first_output": first.at - turn.at if first else None,
        "total": end.at - turn.at if end else None,
        "waited": sum(waits),
        "retries": len(waits),
        "measured": lanes,
    }


# Actions -----------------------------------------------------------------------------------


def _action(events: Sequence[ev.Event], call: ev.ActionProposed) -> Detail:
    own = [e for e in events[call.seq :] if getattr(e, "action_id", None) == call.action_id]
    started = next((e for e in own if isinstance(e, ev.ActionStarted)), None)
    end = next((e for e in own if isinstance(e, ev.ActionFinished)), None)
    output = "".join(e.text for e in own if isinstance(e, ev.ActionOutput))
    asked = next((e for e in own if isinstance(e, ev.ApprovalAsked)), None)
    text = end.text if end and end.text else output
    return {
        "name": call.name,
        "tool": call.tool,
        "input": call.input,
        "target": call.target,
        "hash": call.action_hash,
        "text": _cut(text, _MOST_TEXT),
        "is_error": bool(end and end.is_error),
        "ran": bool(end and end.ran),
        "seconds": end.seconds if end else None,
        "waited": started.at - call.at if started else None,
        "approval": _approval(events, asked) if asked else None,
    }


def _approval(events: Sequence[ev.Event], asked: ev.ApprovalAsked) -> Detail:
    decided = (e for e in events[asked.seq :] if isinstance(e, ev.ApprovalDecided))
    end = next((e for e in decided if e.approval_id == asked.approval_id), None)
    return {
        "question": asked.question,
        "rule": asked.rule,
        "decision": end.decision if end else "",
        "channel": end.channel if end else "",
        "seconds": end.at - asked.at if end else None,
    }


_NAMES = ("utterance_id", "task_id", "approval_id", "question_id", "narration_id")


def _related(events: Sequence[ev.Event], event: ev.Event) -> Iterator[ev.Event]:
    """What followed an event that is neither a turn nor an action, under the same name."""
    name = next((n for n in _NAMES if getattr(event, n, "")), None)
    if name is None:
        return
    wanted = getattr(event, name)
    others = (e for e in events[event.seq + 1 :] if getattr(e, name, None) == wanted)
    yield from list(others)[-8:]


# Brief ---------------------------------------------------------------------------------------


def _message(message: Message, *, new: bool) -> Detail:
    most = _MOST_TEXT if new else _BRIEF
    blocks = [_brief(block, most) for block in message["content"]]
    return {"role": message["role"], "new": new, "blocks": blocks}


def _brief(block: Block, most: int) -> Detail:
    kind = str(block.get("type", ""))
    if kind == "image":
        return {"type": "image", "sha256": block["source"]["data"]}
    if kind == "text":
        return {"type": kind, "text": _cut(str(block.get("text", "")), most)}
    if kind == "thinking":
        return {"type": kind, "text": _cut(str(block.get("thinking", "")), most)}
    if kind == "tool_use":
        given = json.dumps(block.get("input", {}), ensure_ascii=False)
        return {"type": kind, "name": block.get("name", ""), "text": _cut(given, most)}
    if kind == "tool_result":
        inner = [_brief(b, most) for b in block.get("content", []) if isinstance(b, dict)]
        return {"type": kind, "is_error": bool(block.get("is_error")), "blocks": inner}
    return {"type": kind, "text": _cut(json.dumps(block, ensure_ascii=False, default=str), most)}


def _brief_event(event: ev.Event) -> Detail:
    data = event.model_dump(mode="json", exclude_defaults=True)
    cut = {k: _cut(v, _MOST_TEXT) if isinstance(v, str) else v for k, v in data.items()}
    return {**cut, "kind": event.kind, "seq": event.seq, "at": event.at}


def _blocks(message: Message) -> Iterator[Block]:
    for block in message["content"]:
        yield block
        yield from (b for b in block.get("content") or () if isinstance(b, dict))


def _pictures(message: Message) -> int:
    return sum(block.get("type") == "image" for block in _blocks(message))


def _characters(message: Message) -> int:
    return sum(len(str(block.get("text", ""))) for block in _blocks(message))


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]}…"
