"""Everything that can happen in a session, as frozen, typed, numbered records.

The event log is the only truth: the model's messages, the panes, captions, status,
cost and metrics are derived from it. An event never holds pixels or secrets; images
are named by the SHA-256 of their bytes and lie beside the journal.

Identifiers (``task_id``, ``turn_id``, ``action_id`` …) are opaque strings, unique
within a session. Times are Unix seconds (``at``); durations are seconds.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

Source = Literal["voice", "typed", "terminal", "api", "button"]
"""Where an instruction came from."""

Outcome = Literal["done", "stopped", "failed", "limit", "refused"]
"""How a task ended."""


class Image(BaseModel):
    """A picture that lies in the journal's image store."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sha256: str
    media_type: Literal["image/jpeg", "image/png", "image/webp"]
    width: int
    height: int


class Usage(BaseModel):
    """Tokens of one turn, as the Messages API counts them, and their price."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_input_tokens: int = 0
    cache_creation_input_tokens: int = 0
    dollars: float = 0.0


class BaseEvent(BaseModel):
    """Fields that every event has; ``seq`` and ``at`` are set by the log on append."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seq: int = -1
    at: float = 0.0


# Session -------------------------------------------------------------------------


class SessionOpened(BaseEvent):
    """A session began, or was resumed from its journal."""

    kind: Literal["session_opened"] = "session_opened"
    session_id: str
    model: str
    prompt_hash: str
    resumed: bool = False
    versions: dict[str, str] = {}


class SessionClosed(BaseEvent):
    kind: Literal["session_closed"] = "session_closed"
    reason: str = ""


class DesktopChanged(BaseEvent):
    """The desktop started, stopped, died or came back."""

    kind: Literal["desktop_changed"] = "desktop_changed"
    state: Literal["starting", "ready", "died", "restarting", "stopped", "unavailable"]
    confined: bool = False
    detail: str = ""


class VoiceChanged(BaseEvent):
    """The voice line's state as the page reports it."""

    kind: Literal["voice_changed"] = "voice_changed"
    state: Literal["off", "connecting", "ready", "reconnecting", "muted", "asleep", "failed"]
    provider: Literal["hume", "offline"] = "offline"
    chat_id: str = ""
    detail: str = ""


class SettingChanged(BaseEvent):
    """A switch of the session (mode, narration, network …) was set."""

    kind: Literal["setting_changed"] = "setting_changed"
    name: str
    value: Any = None


# What the person said ------------------------------------------------------------


class Heard(BaseEvent):
    """An utterance, interim or final. A final one replaces interims of the same id."""

    kind: Literal["heard"] = "heard"
    utterance_id: str
    text: str
    interim: bool = False
    source: Source = "voice"
    begin_ms: int | None = None
    end_ms: int | None = None
    expressions: dict[str, float] = {}


class Understood(BaseEvent):
    """What was made of an utterance: the verdict that `control` then carried out."""

    kind: Literal["understood"] = "understood"
    utterance_id: str
    meaning: Literal[
        "task", "redirect", "aside", "stop", "hold", "resume", "backchannel", "approval", "noise"
    ]
    detail: str = ""


# Tasks and turns ------------------------------------------------------------------


class TaskStarted(BaseEvent):
    kind: Literal["task_started"] = "task_started"
    task_id: str
    text: str
    source: Source = "typed"


class TaskFinished(BaseEvent):
    """A task's end; ``summary`` is the agent's last word, fit to be spoken."""

    kind: Literal["task_finished"] = "task_finished"
    task_id: str
    outcome: Outcome
    summary: str = ""


class UserMessage(BaseEvent):
    """Words that entered the model's history as the user's, with pictures if any.

    ``origin`` is ``session`` for what Sayso adds by itself (date, screen, "go on"): panes
    that show what people said leave those out.
    """

    kind: Literal["user_message"] = "user_message"
    text: str
    source: Source = "typed"
    images: tuple[Image, ...] = ()
    origin: Literal["person", "session"] = "person"
    cuts: bool = False
    """Whether these words cut into the running work, rather than waiting for its results."""


class TurnStarted(BaseEvent):
    kind: Literal["turn_started"] = "turn_started"
    turn_id: str
    model: str
    messages: int = 0


class TextStreamed(BaseEvent):
    """A piece of a turn's text (``role="text"``), thinking or progress line."""

    kind: Literal["text_streamed"] = "text_streamed"
    turn_id: str
    text: str
    role: Literal["text", "thinking", "progress"] = "text"


class BlockFinished(BaseEvent):
    """A content block of the answer as it must be replayed, byte for byte."""

    kind: Literal["block_finished"] = "block_finished"
    turn_id: str
    index: int
    block: dict[str, Any]


class TurnFinished(BaseEvent):
    """A turn's end. ``stop_reason`` is the API's, or ``interrupted`` / ``broken``."""

    kind: Literal["turn_finished"] = "turn_finished"
    turn_id: str
    stop_reason: str
    usage: Usage = Usage()


class TurnCounted(BaseEvent):
    """What a turn costs at least, told when its answer begins.

    `TurnFinished` brings the whole, this included, for turns that were cut as well.
    """

    kind: Literal["turn_counted"] = "turn_counted"
    turn_id: str
    usage: Usage


class RetryWaiting(BaseEvent):
    """The model's service asked us to wait, or failed and is tried again."""

    kind: Literal["retry_waiting"] = "retry_waiting"
    turn_id: str
    seconds: float
    reason: str


# Actions --------------------------------------------------------------------------


class ActionProposed(BaseEvent):
    """A tool call was received; nothing has happened yet."""

    kind: Literal["action_proposed"] = "action_proposed"
    action_id: str
    turn_id: str
    tool: str
    name: str
    input: dict[str, Any]
    action_hash: str
    target: dict[str, str] = {}


class ActionStarted(BaseEvent):
    kind: Literal["action_started"] = "action_started"
    action_id: str


class ActionOutput(BaseEvent):
    """Output of a running action, streamed (shell)."""

    kind: Literal["action_output"] = "action_output"
    action_id: str
    text: str


class ActionFinished(BaseEvent):
    """An action's observation. ``ran`` is false for calls that were never executed."""

    kind: Literal["action_finished"] = "action_finished"
    action_id: str
    text: str = ""
    is_error: bool = False
    ran: bool = True
    image: Image | None = None
    seconds: float = 0.0


class ScreenSeen(BaseEvent):
    """What the screen showed after a batch of actions: belongs to the last one's result.

    Without an image, ``note`` says why ("the screen did not change").
    """

    kind: Literal["screen_seen"] = "screen_seen"
    action_id: str
    image: Image | None = None
    note: str = ""


class ApprovalAsked(BaseEvent):
    """The agent wants to do something that a rule says to ask about."""

    kind: Literal["approval_asked"] = "approval_asked"
    approval_id: str
    action_id: str
    action_hash: str
    question: str
    phrase: str
    rule: str = ""
    timeout: float = 0.0


class ApprovalDecided(BaseEvent):
    """An answer. ``channel="rule"``: nobody was asked, a rule or a wish given beforehand
    decided about ``action_id``; ``note`` names it.
    """

    kind: Literal["approval_decided"] = "approval_decided"
    approval_id: str
    action_id: str = ""
    decision: Literal["allow", "deny", "void", "timeout", "alternative"]
    channel: Source | Literal["rule", "timer", "interruption"] = "button"
    note: str = ""


class QuestionAsked(BaseEvent):
    """The agent asked the person something and waits for an answer."""

    kind: Literal["question_asked"] = "question_asked"
    question_id: str
    text: str


class QuestionAnswered(BaseEvent):
    kind: Literal["question_answered"] = "question_answered"
    question_id: str
    text: str


# Control --------------------------------------------------------------------------


class HoldBegan(BaseEvent):
    """No further action begins until the hold ends."""

    kind: Literal["hold_began"] = "hold_began"
    reason: str


class HoldEnded(BaseEvent):
    kind: Literal["hold_ended"] = "hold_ended"
    reason: str = ""


class Stopped(BaseEvent):
    """Stop: queue dropped, stream cancelled, keys and buttons released."""

    kind: Literal["stopped"] = "stopped"
    reason: str
    source: Source = "button"
    released: tuple[str, ...] = ()


class ControlTaken(BaseEvent):
    """The person took the mouse."""

    kind: Literal["control_taken"] = "control_taken"


class ControlReturned(BaseEvent):
    """The person gave the mouse back; ``note`` tells the agent what they did."""

    kind: Literal["control_returned"] = "control_returned"
    note: str = ""


class LimitReached(BaseEvent):
    """A limit was warned of (``share`` ≥ 0.8) or reached (≥ 1.0)."""

    kind: Literal["limit_reached"] = "limit_reached"
    limit: Literal["turns", "tokens", "dollars", "seconds", "loop"]
    used: float
    allowed: float
    share: float


class LimitExtended(BaseEvent):
    """The person allowed as much again of a limit."""

    kind: Literal["limit_extended"] = "limit_extended"
    limit: Literal["turns", "tokens", "dollars", "seconds", "loop"]


# Speech ----------------------------------------------------------------------------


class Narrated(BaseEvent):
    """A line for the loudspeaker and its fate; ``cut_at`` counts words heard."""

    kind: Literal["narrated"] = "narrated"
    narration_id: str
    text: str
    state: Literal["queued", "sent", "speaking", "heard", "cut", "dropped"]
    priority: Literal["question", "result", "error", "progress", "answer"] = "progress"
    cut_at: int | None = None


class Measured(BaseEvent):
    """A latency of one exchange, in milliseconds, by lane name."""

    kind: Literal["measured"] = "measured"
    lane: str
    milliseconds: float
    subject: str = ""


class Failed(BaseEvent):
    """An error that a person should see; ``advice`` says what to do.

    ``where="safety"``: the model's service refused, or warned of something by itself.
    """

    kind: Literal["failed"] = "failed"
    where: str
    error: str
    advice: str = ""


Event = Annotated[
    SessionOpened
    | SessionClosed
    | DesktopChanged
    | VoiceChanged
    | SettingChanged
    | Heard
    | Understood
    | TaskStarted
    | TaskFinished
    | UserMessage
    | TurnStarted
    | TextStreamed
    | BlockFinished
    | TurnFinished
    | TurnCounted
    | RetryWaiting
    | ActionProposed
    | ActionStarted
    | ActionOutput
    | ActionFinished
    | ScreenSeen
    | ApprovalAsked
    | ApprovalDecided
    | QuestionAsked
    | QuestionAnswered
    | HoldBegan
    | HoldEnded
    | Stopped
    | ControlTaken
    | ControlReturned
    | LimitReached
    | LimitExtended
    | Narrated
    | Measured
    | Failed,
    Field(discriminator="kind"),
]

_adapter: TypeAdapter[Event] = TypeAdapter(Event)


def dump_event(event: Event) -> str:
    """One JSON line for an event."""
    return event.model_dump_json()


def load_event(line: str | bytes) -> Event:
    """The event of a JSON line.

    Raises:
        pydantic.ValidationError: the line is not an event of this version.
    """
    return _adapter.validate_json(line)
