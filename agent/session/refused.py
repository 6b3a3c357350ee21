"""Why an action was not executed: in words for the model, and in those that people read instead."""

from __future__ import annotations

DECLINED = "The person said no to this action. Ask what they would like instead."
TIMED_OUT = "Nobody answered in time, which means no. Say what you wanted to do, and why."
TOLD_OTHERWISE = "Not executed: the time is over, and the person said something else."
MOVED_ON = "The screen changed while the person was asked, so nothing was done. Look again."
FORBIDDEN = "The person's rules do not allow this."
_NOT_DONE = "Not done: "
SHOWN = {
    DECLINED: f"{_NOT_DONE}you said no.",
    TIMED_OUT: f"{_NOT_DONE}nobody answered in time.",
    TOLD_OTHERWISE: f"{_NOT_DONE}the time was over, and you said something else.",
    FORBIDDEN: f"{_NOT_DONE}your rules do not allow it.",
    MOVED_ON: f"{_NOT_DONE}the screen changed while you were asked.",
}
"""What people read where a result is worded for the model."""


def reason(words: str) -> str:
    """Why, as the end of a sentence to a person: "you said no."; other words stay as they are."""
    return SHOWN.get(words, words).removeprefix(_NOT_DONE)
