"""The offline stand-in for EVI's language model: a deterministic front desk.

It calls the five tools of the design and speaks what they answer. What it knows of the
computer it takes from the ``session_settings.context`` that the client keeps up to date:
either JSON ``{"task": str, "state": "running" | "held" | "idle",
"pending": {"id": str, "kind": "question" | "approval", "text": str}}`` or text in which a
line ``pending question ID: …`` and the words *running* or *working on* say the same.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Final

from dashboard.voice.intents import Moment, classify, is_stop
from dashboard.voice.offline.messages import Context

_RUNNING = re.compile(r"\b(running|working on|in progress|held)\b", re.IGNORECASE)
_NOT_RUNNING = re.compile(r"\b(no task|nothing|idle|not running|finished|stopped)\b", re.IGNORECASE)
_PENDING = re.compile(r"\bpending (?:question|approval) ([\w-]+)", re.IGNORECASE)
_STATUS: Final = re.compile(
    r"\b(what are you (doing|up to)|how (is it|far|are you)|status|are you (done|still|finished)"
    r"|what('s| is) (happening|going on|the status)|where are you)\b",
    re.IGNORECASE,
)
_QUIET: Final = frozenset({"noise", "backchannel"})


@dataclass(frozen=True, slots=True)
class Call:
    """A tool to be called."""

    name: str
    arguments: dict[str, str]


@dataclass(frozen=True, slots=True)
class Situation:
    """What is known of the computer."""

    running: bool = False
    pending: str = ""
    """Id of the question or approval that waits for an answer."""


def situation(context: Context | None, *, started: bool) -> Situation:
    """What ``context`` says; without one, whether a task was ``started`` by a tool's answer."""
    if context is None:
        return Situation(running=started)
    try:
        data = json.loads(context.text)
    except ValueError:
        data = None
    return _from_json(data) if isinstance(data, dict) else _from_text(context.text)


def _from_json(data: dict[str, Any]) -> Situation:
    pending = data.get("pending") or {}
    state = str(data.get("state", "running" if data.get("task") else "idle"))
    return Situation(state in ("running", "held"), str(pending.get("id", "")))


def _from_text(text: str) -> Situation:
    pending = _PENDING.search(text)
    running = bool(_RUNNING.search(text)) and not _NOT_RUNNING.search(text)
    return Situation(running or pending is not None, pending.group(1) if pending else "")


def decide(text: str, now: Situation, tools: frozenset[str]) -> Call | None:
    """The tool that ``text`` asks for, among those offered; None to stay silent."""
    call = _wanted(text, now)
    return call if call is not None and call.name in tools else None


def _wanted(text: str, now: Situation) -> Call | None:
    if is_stop(text):
        return Call("stop_computer", {})
    if now.pending:
        return Call("answer_agent", {"question_id": now.pending, "answer": text})
    meaning = classify(text, Moment(running=now.running))
    if meaning in _QUIET:
        return None
    if meaning == "aside" or _STATUS.search(text):
        return Call("computer_status", {})
    if now.running:
        return Call("steer_computer", {"instruction": text})
    return Call("use_computer", {"task": text})


def acknowledgement(content: str) -> str:
    """What to say to a tool's answer: its ``say``, its text, or that it has begun.

    An empty ``say`` asks for silence.
    """
    try:
        data = json.loads(content)
    except ValueError:
        return content.strip()
    if isinstance(data, dict):
        return str(data["say"]) if "say" in data else "On it."
    return data.strip() if isinstance(data, str) else "On it."


def began(name: str, content: str) -> bool | None:
    """Whether a task runs after tool ``name`` answered ``content``; None if unchanged."""
    if name == "stop_computer":
        return False
    if name != "use_computer":
        return None
    try:
        data = json.loads(content)
    except ValueError:
        return True
    return not isinstance(data, dict) or data.get("status") not in ("refused", "error", "failed")
