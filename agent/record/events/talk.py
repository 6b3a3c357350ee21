"""Events of sessions, of what people say, and of the model's turns."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from agent.record.events.base import Attachment, BaseEvent, Image, Outcome, Source, Usage

# Session -------------------------------------------------------------------------


class SessionOpened(BaseEvent):
    """A session began, or was resumed from its journal."""

    kind: Literal["session_opened"] = "session_opened"
    session_id: str
    model: str
    prompt_hash: str
    resumed: bool = False
    versions: dict[str, str] = Field(default_factory=dict)


class SessionImported(BaseEvent):
    """All events before this one came with an import.

    They are shown and told to the model, but what they set, allow or have spent holds nothing
    here (`agent.session.imported`).
    """

    kind: Literal["session_imported"] = "session_imported"
    prompt: str = ""
    """The system prompt that came with it; the session has one of this place."""


class SessionClosed(BaseEvent):
    kind: Literal["session_closed"] = "session_closed"
    reason: str = ""


class Unreadable(BaseEvent):
    """Stands where a stored event could not be read or is missing (`agent.record.rows`).

    It is made by whoever reads; ``row`` holds the stored bytes in base64 where an export
    could not keep them as a line.
    """

    kind: Literal["unreadable"] = "unreadable"
    why: Literal["damaged", "newer", "missing"] = "damaged"
    row: str = ""


class DesktopChanged(BaseEvent):
    """The desktop started, stopped, died or came back."""

    kind: Literal["desktop_changed"] = "desktop_changed"
    state: Literal["starting", "ready", "died", "restarting", "stopped", "unavailable"]
    confined: bool = False
    detail: str = ""
    unwatched: str = ""
    """Why programs that start are not watched; empty while they are, and before that was told."""

    unbounded: str = ""
    """Why nothing bounds what programs take of the machine together; empty likewise."""


class OpenWindow(BaseModel):
    """A window on the desktop."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    program: str
    """Its class, as the program names itself."""

    title: str


class WindowsSeen(BaseEvent):
    """Which windows are open; written down when that has changed."""

    kind: Literal["windows_seen"] = "windows_seen"
    windows: tuple[OpenWindow, ...] = ()


class DesktopRenewed(BaseEvent):
    """The desktop was restarted: what was open on it is gone. Person and model are told
    ``text``.
    """

    kind: Literal["desktop_renewed"] = "desktop_renewed"
    reason: Literal["resumed", "crashed"]
    files: Literal["kept", "gone", "none", "unknown"]
    """Whether the home is as it was; ``none``: there was none before."""

    windows: tuple[OpenWindow, ...] | None = None
    """What had been open when it was last looked at; None if nobody had looked."""

    text: str


class HomeChanged(BaseEvent):
    """The session's home: opened, ``measured``, ``full``, ``eased`` again, or ``gone``."""

    kind: Literal["home_changed"] = "home_changed"
    state: Literal["open", "measured", "full", "eased", "gone"]
    used: int = 0
    """Bytes in it."""

    limit: int = 0
    """Bytes that it may hold; 0 for no limit."""

    hard: bool = False
    """Whether the system itself refuses more; else the home is watched."""

    folder: str = ""
    """The person's own folder that is worked in; empty for the session's own."""

    ended: tuple[str, ...] = ()
    """Programs that were ended because they went on writing."""

    paused: tuple[str, ...] = ()
    """Programs that wait until there is room."""

    text: str = ""
    """What the person and the model are told; empty for nothing."""


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
    expressions: dict[str, float] = Field(default_factory=dict)


OWN_VOICE = "its own voice"
"""Detail of an `Understood` whose words were the agent's own, heard through the microphone."""


class Understood(BaseEvent):
    """What was made of an utterance: the verdict that `control` then carried out."""

    kind: Literal["understood"] = "understood"
    utterance_id: str
    meaning: Literal[
        "task",
        "after",
        "redirect",
        "join",
        "aside",
        "stop",
        "hold",
        "resume",
        "backchannel",
        "approval",
        "noise",
    ]
    detail: str = ""


class Replied(BaseEvent):
    """What Sayso itself answers to the person, from the log: no model was asked, none is told."""

    kind: Literal["replied"] = "replied"
    text: str
    utterance_id: str = ""
    priority: Literal["question", "answer"] = "answer"


# Tasks and turns ------------------------------------------------------------------


class TaskStarted(BaseEvent):
    kind: Literal["task_started"] = "task_started"
    task_id: str
    text: str
    source: Source = "typed"
    utterance_id: str = ""


class TaskQueued(BaseEvent):
    """Words that wait to be done as a task of their own: for the running task's end, or for the
    mouse. `TaskStarted` of the same id ends the wait, or `TaskUnqueued`, or a `UserMessage` of
    the same utterance, if they were to be read at once instead.
    """

    kind: Literal["task_queued"] = "task_queued"
    task_id: str
    text: str
    source: Source = "typed"
    utterance_id: str
    waits_for: Literal["task", "mouse"] = "task"
    attachments: tuple[Attachment, ...] = ()
    """Files that the model is given with the words, when their time comes."""


class TaskUnqueued(BaseEvent):
    """Words wait no longer. ``cancelled``: the person took them back. ``kept``: what they waited
    for was stopped or could not go on; nothing does them until the person says so.
    """

    kind: Literal["task_unqueued"] = "task_unqueued"
    task_id: str
    fate: Literal["cancelled", "kept"]


class TaskFinished(BaseEvent):
    """A task's end; ``summary`` is the agent's last word, fit to be spoken."""

    kind: Literal["task_finished"] = "task_finished"
    task_id: str
    outcome: Outcome
    summary: str = ""
    cut_by: Literal["", "restarted", "closed"] = ""
    """What ended a task that nobody stopped."""

    understood: bool = True
    """False if the model says that it did not know what was meant, and did nothing."""


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

    utterance_id: str = ""
    replaces: tuple[str, ...] = ()
    """Utterances of this task that the words were said instead of."""

    attachments: tuple[Attachment, ...] = ()
    as_system: str = ""
    """What a model that takes system messages is told in place of these words, by Sayso; empty:
    it is told them as the user's."""

    dictated: bool = False
    """Whether they were said while dictation was on: they are to be typed, not to be done."""


class FilesArrived(BaseEvent):
    """The person put files into the home; they are there, whole, when this is written."""

    kind: Literal["files_arrived"] = "files_arrived"
    paths: tuple[str, ...]
    """As programs on the desktop find them; what is no UTF-8 is written out."""

    sizes: tuple[int, ...]
    """Bytes, in the order of the paths."""

    source: Literal["button", "drop", "paste", "api"] = "button"


class TurnStarted(BaseEvent):
    kind: Literal["turn_started"] = "turn_started"
    turn_id: str
    model: str
    messages: int = 0
    basis: str = ""
    """Digest of the system prompt and tools, which no conversation can change on its way."""

    effort: str = ""
    """What was asked for; empty for the model's own."""

    system_messages: bool = False
    """Whether what Sayso itself told the model went as system messages."""


class Compacted(BaseEvent):
    """The model's conversation starts over: of all before, it is told ``text`` and no more.

    ``reason`` is for the person.
    """

    kind: Literal["condensed"] = "condensed"
    reason: str
    text: str
    refused: bool = False
    """Whether the service refused the conversation as it was, for whatever reason."""

    left_out: tuple[str, ...] = ()
    """Kinds of blocks that are not sent back to the service from here on."""


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
    """A turn's end. ``stop_reason`` is the API's, or ``broken``, or what cut it:
    ``interrupted`` (by the person), ``restarted``, ``closed``. With `WARMED` there was no turn:
    the service read prompt and tools ahead, which costs something.
    """

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


class ServerLearned(BaseEvent):
    """What turned out about the model's server, such as the longest answer that it gives."""

    kind: Literal["server_learned"] = "server_learned"
    turn_id: str
    what: Literal["answer", "pictures", "tools", "thinking", "option"]
    value: int
    """Tokens or pictures; for the others 1."""

    text: str


class RetryWaiting(BaseEvent):
    """The model's service asked us to wait, or failed and is tried again."""

    kind: Literal["retry_waiting"] = "retry_waiting"
    turn_id: str
    seconds: float
    reason: str
