"""Events of actions, control and speech."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from agent.record.events.base import Attachment, BaseEvent, Image, Source

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
    target: dict[str, str] = Field(default_factory=dict)


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
    exit_code: int | None = None
    """Of a command; None for other actions, and for a command that did not end by itself."""

    shown: str | None = None
    """What people read instead of ``text``, where that is meant for the model."""

    document: Attachment | None = Field(default=None, exclude_if=lambda found: found is None)
    """A PDF that the model is given as it is."""

    state: dict[str, Any] | None = Field(default=None, exclude_if=lambda state: state is None)
    """How a browser's tabs stand, as a block for the service."""

    @property
    def words(self) -> str:
        """What people read."""
        return self.text if self.shown is None else self.shown

    @property
    def well(self) -> bool:
        """Whether it was carried out, and a command succeeded."""
        return self.ran and not self.is_error and not self.exit_code


class ScreenSeen(BaseEvent):
    """What the screen showed after a batch of actions: belongs to the last one's result.

    Without an image, ``note`` says why ("the screen did not change").
    """

    kind: Literal["screen_seen"] = "screen_seen"
    action_id: str
    image: Image | None = None
    note: str = ""


class ScreenLabel(BaseModel):
    """One number that is drawn over the screen."""

    model_config = ConfigDict(frozen=True)

    text: str
    box: tuple[int, int, int, int]
    """Left, top, width and height in pixels of the picture."""

    name: str = ""
    """Of what it stands for, if that has one."""


class ScreenLabelled(BaseEvent):
    """Numbers were drawn over the screen, or with none, were taken away."""

    kind: Literal["screen_labelled"] = "screen_labelled"
    labels: tuple[ScreenLabel, ...] = ()
    grid: bool = False
    """Whether they are squares of a grid, and not things that show."""


class DictationChanged(BaseEvent):
    """From now on what the person says is typed as it is said, or is not any more.

    A stop, and opening the session, end dictation without this event.
    """

    kind: Literal["dictation_changed"] = "dictation_changed"
    on: bool


class Grant(BaseModel):
    """What a person may allow for the rest of a session: one action that can be shown in full."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    match: dict[str, str]
    """What an action must equal, exactly, to be the same action."""

    words: str
    """The action as it is shown to the person."""


class ApprovalAsked(BaseEvent):
    """The agent wants to do something that a rule says to ask about.

    A yes is for ``action_hash`` alone: the call, and the window and object that it would
    reach (`agent.session.permissions.action_fingerprint`). Both ids of an action are empty where
    a program that is about to start is asked about: the yes is for it and for all that it starts.
    """

    kind: Literal["approval_asked"] = "approval_asked"
    approval_id: str
    action_id: str
    action_hash: str
    question: str
    phrase: str
    rule: str = ""
    timeout: float = 0.0
    grant: Grant | None = None
    """What may be allowed for the session; None where no words could say all of it."""

    lasting: bool = False
    """Whether it may be allowed for good, too."""


class ApprovalDecided(BaseEvent):
    """An answer. ``channel="rule"``: nobody was asked, a rule or a permission given beforehand
    decided about ``action_id``; ``note`` names it.

    With ``for_session``, the person allows what the question's ``grant`` says from now on, or
    (by a rule) it was allowed by such an answer.
    """

    kind: Literal["approval_decided"] = "approval_decided"
    approval_id: str
    action_id: str = ""
    decision: Literal["allow", "deny", "void", "timeout", "alternative"]
    channel: Source | Literal["rule", "timer", "interruption"] = "button"
    note: str = ""
    for_session: bool = False
    for_good: bool = False
    """Whether the person allows it in later sessions, too."""


class GrantWithdrawn(BaseEvent):
    """The person is asked again about what they had allowed for the session."""

    kind: Literal["grant_withdrawn"] = "grant_withdrawn"
    approval_id: str
    """The approval that had allowed it."""


class QuestionAsked(BaseEvent):
    """The person is asked something, and an answer is waited for."""

    kind: Literal["question_asked"] = "question_asked"
    question_id: str
    text: str
    yes_or_no: bool = False
    """Whether it is Sayso's own and only a yes or a no answers it; other words begin a task."""


class QuestionAnswered(BaseEvent):
    kind: Literal["question_answered"] = "question_answered"
    question_id: str
    text: str


# Programs -------------------------------------------------------------------------


class StartedProgram(BaseModel):
    """A program that began on the desktop. What looks like a secret is left out."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    program: str
    """Its file."""

    line: str
    """Its command line, cut where it is long."""

    folder: str = ""
    """Where it began."""

    by: tuple[str, ...] = ()
    """Names of the programs that it descends from, nearest first."""

    how: Literal["desktop", "tool", "line", "launcher", "file", "covered", "person"] = "desktop"
    """``desktop``: for itself · ``tool``: by the session · ``line``: by a shell in a terminal ·
    ``launcher``: by a launcher · ``file``: of a home · ``covered``: below something allowed ·
    ``person``: while the person had the mouse."""


class ProgramStarted(BaseEvent):
    """Programs began; those of a moment stand together. What was asked about stands alone,
    with its approval, before it begins.
    """

    kind: Literal["program_started"] = "program_started"
    programs: tuple[StartedProgram, ...] = ()
    approval_id: str = ""


# Control --------------------------------------------------------------------------


ANNOUNCING = "announcing the next action"
"""Reason of a hold that waits for a line to be heard, not for the person."""


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
    """The person allowed as much again of a limit: ``allowed`` in all, from now on."""

    kind: Literal["limit_extended"] = "limit_extended"
    limit: Literal["turns", "tokens", "dollars", "seconds", "loop"]
    allowed: float | None = None


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
