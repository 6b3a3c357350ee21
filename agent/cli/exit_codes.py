"""What ``sayso run`` gives back to the shell."""

from __future__ import annotations

from enum import IntEnum

from agent.record.events import TaskFinished


class Exit(IntEnum):
    """How the command ended; ``meaning`` says it in words, for ``--help``.

    From 124 on something from outside ended it: 124 is what ``timeout`` gives, the others are
    128 and the signal's number, as shells have it.
    """

    meaning: str

    def __new__(cls, value: int, meaning: str) -> Exit:
        member = int.__new__(cls, value)
        member._value_ = value
        member.meaning = meaning
        return member

    DONE = 0, "done, or answered"
    FAILED = 1, "failed on the way: the model, the desktop, the journal or the output"
    USAGE = 2, "wrong usage, settings or journal; nothing was begun"
    LIMIT = 3, "a limit was reached"
    DECLINED = 4, "the model declined"
    NOT_DONE = 5, "not done: its last action did not succeed, or the model says so"
    NOT_UNDERSTOOD = 6, "not understood; nothing was changed"
    DENIED = 7, "not done: its last action was not allowed"
    PROVIDER = 8, "the model cannot be used (key, name, address, package); nothing was begun"
    DESKTOP = 9, "the desktop cannot start"
    TIMED_OUT = 124, "--timeout was over"
    HUNG_UP = 129, "the terminal was closed"
    STOPPED = 130, "stopped at the terminal, or by Ctrl-C"
    PIPE_CLOSED = 141, "whoever read the output went away"
    TERMINATED = 143, "ended by SIGTERM"


_BY_OUTCOME = {
    "done": Exit.DONE,
    "failed": Exit.FAILED,
    "limit": Exit.LIMIT,
    "refused": Exit.DECLINED,
    "stopped": Exit.STOPPED,
}
_BY_WORD = {"unclear": Exit.NOT_UNDERSTOOD, "denied": Exit.DENIED}


def exit_of(finished: TaskFinished | None, word: str) -> Exit:
    """The code for a task's end, given what `agent.session.ending.Ending.word` says of it."""
    if finished is None:
        return Exit.FAILED
    if finished.outcome == "ended":
        return _BY_WORD.get(word, Exit.NOT_DONE)
    return _BY_OUTCOME[finished.outcome]
