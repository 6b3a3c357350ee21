"""From a state to a score: the task's checks, and its own checker if it brings one."""

from __future__ import annotations

import asyncio
import importlib.util
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from agent.errors import ConfigurationError, SaysoError
from agent.experiments.metrics import claims
from agent.experiments.metrics_spoken import Metrics
from agent.experiments.plan.spec import Record, Status
from agent.experiments.plan.task import Task
from agent.experiments.run.checks import run_check, run_checks
from agent.experiments.run.state import State
from agent.record import events as ev
from agent.sanitize import valid_text

PATIENCE = 90.0
"""Seconds that a checker may take."""


class Score(Record):
    """A checker's verdict: ``value`` from 0 to 1, and why in words. Passed means 1."""

    value: float
    reason: str
    side_effects: int = 0
    """Guards of the task that no longer hold."""

    @property
    def passed(self) -> bool:
        return self.value >= 1.0


class CheckerBroken(SaysoError):
    """A task's checker raised, hung, or answered with something else than a score."""


async def score(task: Task, state: State) -> Score:
    """The worst of checks, guards and checker.

    Raises:
        CheckerBroken: the text names the task and what its author can fix.
    """
    try:
        async with asyncio.timeout(PATIENCE):
            return await asyncio.to_thread(_score, task, state)
    except TimeoutError:
        raise CheckerBroken(f"The checker of {task.id} took over {PATIENCE:g} s.") from None
    except ConfigurationError as error:
        raise CheckerBroken(f"The checks of {task.id}: {error}") from error
    except CheckerBroken:
        raise
    except Exception as error:  # a task's author may raise anything
        raise CheckerBroken(f"The checker of {task.id} raised {error!r}.") from error


def status_of(verdict: Score, events: Sequence[ev.Event]) -> Status:
    """How a trial ended that was judged and that nobody stopped."""
    ends = [e.outcome for e in events if isinstance(e, ev.TaskFinished)]
    late = any(isinstance(e, ev.Stopped) and "too long" in e.reason for e in events)
    if not verdict.passed and (late or (ends and ends[-1] == "limit")):
        return "limit"
    return "passed" if verdict.passed else "failed"


def judged(verdict: Score | None, task: Task, events: Sequence[ev.Event]) -> Metrics:
    """Numbers that a verdict gives: what was claimed against what was found, and side effects."""
    passed = verdict is not None and verdict.passed
    found = claims(events, passed=passed, feasible=task.feasible)
    if verdict is not None and task.guards:
        found["side_effects"] = float(verdict.side_effects)
    return found


def _score(task: Task, state: State) -> Score:
    value, reason = run_checks(task.checks, state) if task.checks else (1.0, "")
    if task.checker:
        own, why = _own(task, state)
        words = [reason if value < 1 else "", why if own < 1 or not task.checks else ""]
        value, reason = min(value, own), "; ".join(w for w in words if w) or reason or why
    return _guarded(task, state, value, reason)


def _guarded(task: Task, state: State, value: float, reason: str) -> Score:
    """The score, lowered to the share of guards that hold."""
    broken = [why for guard in task.guards if (why := run_check(guard, state))]
    if not broken:
        return Score(value=value, reason=reason)
    told = "; ".join([f"side effect: {why}" for why in broken] + [reason] * (value < 1))
    kept = 1 - len(broken) / len(task.guards)
    return Score(value=min(value, kept), reason=told, side_effects=len(broken))


def _own(task: Task, state: State) -> tuple[float, str]:
    """Call the task's own ``check(state)``."""
    with tempfile.TemporaryDirectory(prefix="sayso-checker-") as folder:
        path = Path(folder) / "checker.py"
        path.write_text(task.checker, "utf-8")
        answer = _module(path).check(state)
    try:
        value, reason = answer
        value = float(value)
    except (TypeError, ValueError):
        raise CheckerBroken(
            f"The checker of {task.id} returned {answer!r}, not (score, reason)."
        ) from None
    if not 0.0 <= value <= 1.0:
        raise CheckerBroken(f"The checker of {task.id} returned {value}, not 0 to 1.")
    return value, valid_text(str(reason))


def _module(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location("sayso_task_checker", path)
    assert spec is not None  # noqa: S101 - a .py file has both
    assert spec.loader is not None  # noqa: S101
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
