"""The offline stand-in for EVI's language model: a deterministic front desk.

It calls the five tools of the design and speaks what they answer. What it knows of the
computer it takes from the ``session_settings.context`` that the client keeps up to date:
either JSON ``{"task": str | null, "question": {"id": str, "text": str}, "dictating": true}``,
where a question may be an approval with its ``phrase``, or text in which a line
``pending question ID: …`` and the words *running* or *working on* say the same.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from agent.sanitize import NotJson, read_json
from dashboard.voice.intents import Moment, classify, is_echo, is_stop
from dashboard.voice.server.messages import Context

_RUNNING = re.compile(r"\b(running|working on|in progress|held)\b", re.IGNORECASE)
_NOT_RUNNING = re.compile(r"\b(no task|nothing|idle|not running|finished|stopped)\b", re.IGNORECASE)
_PENDING = re.compile(r"\bpending (?:question|approval) ([\w-]+)", re.IGNORECASE)
_STATUS: Final = re.compile(
    r"^(so |and )?(what are you (doing|up to)|how (is it going|far are you|are you doing)"
    r"|are you (done|still|finished)|what('s| is) (happening|going on|the status)|status\b)",
    re.IGNORECASE,
)
TOOLS: Final = frozenset(
    ("use_computer", "steer_computer", "computer_status", "stop_computer", "answer_agent")
)
"""All that the front desk can call."""
UNABLE: Final = (
    "I hear you, but I can do nothing about it: this chat offers none of the tools by which I "
    "would pass it on."
)
"""To a client that has brought no configuration, or one of its own."""
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
    dictating: bool = False
    """Whether what is said is typed as it is said, which needs no front desk."""

    pending: str = ""
    """Id of the question or approval that waits for an answer."""

    phrase: str = ""
    """What allows what is pending; empty if it is a question."""

    asked: bool = False
    """Whether the last word on the last task was a question."""


def situation(context: Context | None, *, started: bool) -> Situation:
    """What ``context`` says; without one, whether a task was ``started`` by a tool's answer."""
    if context is None:
        return Situation(running=started)
    try:
        data = read_json(context.text)
    except NotJson:
        data = None
    return _from_json(data) if isinstance(data, dict) else _from_text(context.text)


def _from_json(data: dict[str, Any]) -> Situation:
    question = data.get("question")
    if not isinstance(question, dict):
        question = {}
    return Situation(
        running=bool(data.get("task")),
        dictating=data.get("dictating") is True,
        pending=str(question.get("id", "")),
        phrase=str(question.get("phrase", "")),
        asked=data.get("asked") is True,
    )


def _from_text(text: str) -> Situation:
    pending = _PENDING.search(text)
    running = bool(_RUNNING.search(text)) and not _NOT_RUNNING.search(text)
    waits = pending.group(1) if pending else ""
    return Situation(running=running or pending is not None, pending=waits)


def decide(text: str, now: Situation, tools: frozenset[str], playing: str = "") -> Call | None:
    """The tool that ``text`` asks for, among those offered; None to stay silent.

    ``playing`` is what the loudspeaker says or has just said: its echo is nobody's words.
    """
    call = wanted(text, now, playing)
    return call if call is not None and call.name in tools else None


def wanted(text: str, now: Situation, playing: str = "") -> Call | None:
    """The tool that ``text`` asks for, offered or not."""
    if is_echo(text, playing):
        return None
    if is_stop(text):
        return Call("stop_computer", {})
    if now.dictating:
        return None
    meaning = classify(text, Moment(running=now.running or bool(now.pending)))
    if meaning == "aside":
        return Call("computer_status", {})
    if now.pending:
        return Call("answer_agent", {"question_id": now.pending, "answer": text})
    if meaning in _QUIET:
        return None
    if _STATUS.search(text):
        return Call("computer_status", {})
    if now.running and meaning != "after":
        return Call("steer_computer", {"instruction": text})
    return Call("use_computer", {"task": text})


def acknowledgement(content: str) -> str:
    """What to say to a tool's answer: its ``say``, its text, or that it has begun.

    An empty ``say`` asks for silence.
    """
    try:
        data = read_json(content)
    except NotJson:
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
        data = read_json(content)
    except NotJson:
        return True
    return not isinstance(data, dict) or data.get("status") not in ("refused", "error", "failed")
