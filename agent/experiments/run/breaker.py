"""Ends in time what can only end in the same error again."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from agent.errors import ModelError
from agent.experiments.plan.trial import Job, TrialResult

EQUAL_ERRORS = 3
"""So many trials in a row that end in one error show that the next one would, too."""

_MENDED_LATER = ("CheckerBroken",)
"""Errors that cost nothing: the end is kept, and is rescored when the checks are corrected."""

_NUMBERS = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Stop:
    """What is not to be tried any more, and why."""

    reason: str
    arm: str
    """Empty: all arms."""

    def concerns(self, job: Job) -> bool:
        """Whether a job is among it."""
        return self.arm in ("", job.arm_name)


@dataclass
class Breaker:
    """Counts equal errors in a row; an end of another kind starts over."""

    _last: dict[str, tuple[str, int]] = field(default_factory=dict)

    def take(self, result: TrialResult) -> Stop | None:
        """Take in a trial's final end; what is to be stopped by it, if anything."""
        if result.status in ("cancelled", "stopped_by_user") or result.error_class in _MENDED_LATER:
            return None
        if result.status != "error":
            self._last.pop(result.arm, None)
            self._last.pop("", None)
            return None
        arm = result.arm if result.error_class in _names(ModelError) else ""
        error = _alike(result)
        before, times = self._last.get(arm, ("", 0))
        times = times + 1 if before == error else 1
        self._last[arm] = (error, times)
        if times < EQUAL_ERRORS:
            return None
        whose = f"of the arm {arm} " if arm else ""
        words = f"{result.error} {result.advice}".strip()
        return Stop(
            f"{times} trials {whose}in a row ended in the same error, so the rest was not tried: "
            f"{words} Then run it again to go on.",
            arm,
        )


def _names(error: type[Exception]) -> frozenset[str]:
    """Of a class of errors and all below it: an arm's model has them, not the machine."""
    return frozenset({error.__name__}).union(*(_names(one) for one in error.__subclasses__()))


def _alike(result: TrialResult) -> str:
    """An error without what differs from trial to trial."""
    text = result.error.replace(result.task, "TASK")
    return f"{result.error_class}: {_NUMBERS.sub('#', text)}"
