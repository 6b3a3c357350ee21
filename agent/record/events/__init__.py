"""Everything that can happen in a session, as frozen, typed, numbered records.

The event log is the only truth: the model's messages, the panes, captions, status,
cost and metrics are derived from it. An event never holds pixels or secrets; images
are named by the SHA-256 of their bytes and lie beside the journal.

Identifiers (``task_id``, ``turn_id``, ``action_id`` …) are opaque strings, unique
within a session. Times are Unix seconds (``at``); durations are seconds.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, TypeAdapter

from agent.record.events.acts import (
    ANNOUNCING,
    ActionFinished,
    ActionOutput,
    ActionProposed,
    ActionStarted,
    ApprovalAsked,
    ApprovalDecided,
    ControlReturned,
    ControlTaken,
    DictationChanged,
    Failed,
    Grant,
    GrantWithdrawn,
    HoldBegan,
    HoldEnded,
    LimitExtended,
    LimitReached,
    Measured,
    Narrated,
    ProgramStarted,
    QuestionAnswered,
    QuestionAsked,
    ScreenLabel,
    ScreenLabelled,
    ScreenSeen,
    StartedProgram,
    Stopped,
)
from agent.record.events.base import (
    WARMED,
    Attachment,
    BaseEvent,
    Image,
    Outcome,
    Source,
    Usage,
)
from agent.record.events.files import FilesRecorded, PutBackFinished, PutBackStarted
from agent.record.events.network import GateChanged, HostReached, HostRefused
from agent.record.events.talk import (
    OWN_VOICE,
    BlockFinished,
    Compacted,
    DesktopChanged,
    DesktopRenewed,
    FilesArrived,
    Heard,
    HomeChanged,
    OpenWindow,
    Replied,
    RetryWaiting,
    ServerLearned,
    SessionClosed,
    SessionImported,
    SessionOpened,
    SettingChanged,
    TaskFinished,
    TaskQueued,
    TaskStarted,
    TaskUnqueued,
    TextStreamed,
    TurnCounted,
    TurnFinished,
    TurnStarted,
    Understood,
    Unreadable,
    UserMessage,
    VoiceChanged,
    WindowsSeen,
)

__all__ = [
    "ANNOUNCING",
    "OWN_VOICE",
    "WARMED",
    "ActionFinished",
    "ActionOutput",
    "ActionProposed",
    "ActionStarted",
    "ApprovalAsked",
    "ApprovalDecided",
    "Attachment",
    "BaseEvent",
    "BlockFinished",
    "Compacted",
    "ControlReturned",
    "ControlTaken",
    "DesktopChanged",
    "DesktopRenewed",
    "DictationChanged",
    "Event",
    "Failed",
    "FilesArrived",
    "FilesRecorded",
    "GateChanged",
    "Grant",
    "GrantWithdrawn",
    "Heard",
    "HoldBegan",
    "HoldEnded",
    "HomeChanged",
    "HostReached",
    "HostRefused",
    "Image",
    "LimitExtended",
    "LimitReached",
    "Measured",
    "Narrated",
    "OpenWindow",
    "Outcome",
    "ProgramStarted",
    "PutBackFinished",
    "PutBackStarted",
    "QuestionAnswered",
    "QuestionAsked",
    "Replied",
    "RetryWaiting",
    "ScreenLabel",
    "ScreenLabelled",
    "ScreenSeen",
    "ServerLearned",
    "SessionClosed",
    "SessionImported",
    "SessionOpened",
    "SettingChanged",
    "Source",
    "StartedProgram",
    "Stopped",
    "TaskFinished",
    "TaskQueued",
    "TaskStarted",
    "TaskUnqueued",
    "TextStreamed",
    "TurnCounted",
    "TurnFinished",
    "TurnStarted",
    "Understood",
    "Unreadable",
    "Usage",
    "UserMessage",
    "VoiceChanged",
    "WindowsSeen",
    "attachments_of",
    "dump_event",
    "images_of",
    "load_event",
]

Event = Annotated[
    SessionOpened
    | SessionClosed
    | SessionImported
    | Unreadable
    | DesktopChanged
    | DesktopRenewed
    | HomeChanged
    | WindowsSeen
    | VoiceChanged
    | SettingChanged
    | Heard
    | Understood
    | Replied
    | TaskQueued
    | TaskUnqueued
    | TaskStarted
    | TaskFinished
    | UserMessage
    | FilesArrived
    | Compacted
    | TurnStarted
    | TextStreamed
    | BlockFinished
    | TurnFinished
    | TurnCounted
    | RetryWaiting
    | ServerLearned
    | ActionProposed
    | ActionStarted
    | ActionOutput
    | ActionFinished
    | ScreenLabelled
    | DictationChanged
    | ScreenSeen
    | ApprovalAsked
    | ApprovalDecided
    | GrantWithdrawn
    | ProgramStarted
    | HostReached
    | HostRefused
    | GateChanged
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
    | FilesRecorded
    | PutBackStarted
    | PutBackFinished
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


def attachments_of(event: Event) -> tuple[Attachment, ...]:
    """Files whose content the model is given by an event, or will be."""
    if isinstance(event, ActionFinished):
        return (event.document,) if event.document is not None else ()
    return event.attachments if isinstance(event, UserMessage | TaskQueued) else ()


def images_of(event: Event) -> tuple[Image, ...]:
    """Pictures that an event carries."""
    if isinstance(event, UserMessage):
        return event.images
    image = event.image if isinstance(event, ActionFinished | ScreenSeen) else None
    return (image,) if image is not None else ()
