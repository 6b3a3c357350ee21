"""What is measured of a trial: one declaration for each number.

`measure` computes them, reports and pages show them, and arms are compared by them, all from
this table. A number that does not apply (no stop, no narration) is left out, never zero. Times
are seconds, money is in US$.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import AfterValidator

from agent.experiments.metrics import control, effort, money, times
from agent.experiments.metrics_spoken import Metrics, interruptions, voice
from agent.kinds import Kinds
from agent.record import events as ev

_log = logging.getLogger(__name__)

Unit = Literal["number", "seconds", "dollars", "share", "times"]
Where = Literal["report", "trial", "notebook"]
Better = Literal["less", "more", "neither"]
Value = Callable[[Sequence[ev.Event]], float | None]
Group = Callable[[Sequence[ev.Event]], Metrics]
_IN_PARENTHESES = {"seconds": " (s)", "dollars": " (US$)", "share": " (share)"}


@dataclass(frozen=True, slots=True)
class MeasureKind:
    """One number of a trial."""

    name: str
    label: str
    """In a few words, as a page has it beside the number."""

    value: Value | None = None
    """Computes it from a trial's events; None if it does not apply."""

    says: str = ""
    """What is counted, as a report has it; the label if empty."""

    unit: Unit = "number"
    better: Better = "neither"
    """Which way it should go."""

    where: frozenset[Where] = frozenset({"report", "trial", "notebook"})
    """Where it is shown by itself, and not only among all numbers."""

    compared: bool = False
    """Whether arms are compared by their ratio of it, and a hypothesis may be about it."""

    more_less: tuple[str, str] = ("", "")
    """How a verdict says that one arm has more, or less, of it than another."""

    kept: bool = False
    """Whether a report shows it even if it is zero everywhere."""

    group: Group | None = None
    """Computes it together with others, in place of ``value``."""

    @property
    def heading(self) -> str:
        """What a report says of it, with its unit."""
        return f"{self.says or self.label.lower()}{_IN_PARENTHESES.get(self.unit, '')}"

    @property
    def words(self) -> tuple[str, str]:
        """`more_less`, or what the label gives."""
        if all(self.more_less):
            return self.more_less
        return f"has more {self.label.lower()} than", f"has less {self.label.lower()} than"

    def shown(self) -> dict[str, Any]:
        """For a page."""
        plain = {n: getattr(self, n) for n in ("name", "label", "unit", "better", "compared")}
        return plain | {"where": sorted(self.where)}


_ALL: frozenset[Where] = frozenset({"report", "trial", "notebook"})
_BOTH: frozenset[Where] = frozenset({"report", "trial"})
_REPORT: frozenset[Where] = frozenset({"report"})
_TRIAL: frozenset[Where] = frozenset({"trial"})
_EACH: frozenset[Where] = frozenset({"trial", "notebook"})
_NOWHERE: frozenset[Where] = frozenset()


def _others(group: Group, *names: str) -> tuple[MeasureKind, ...]:
    """Numbers that are shown among all of a trial only."""
    return tuple(
        MeasureKind(
            name,
            name.replace("_", " ").capitalize(),
            unit="seconds" if name.endswith("_seconds") else "number",
            where=_NOWHERE,
            group=group,
        )
        for name in names
    )


def _spoken_into() -> tuple[MeasureKind, ...]:
    """Numbers of words that are spoken into the work (`agent.experiments.metrics_interrupted`)."""
    seconds: Unit = "seconds"
    given: tuple[tuple[str, str, Unit, Better], ...] = (
        ("in_moment", "Spoken in the moment that was meant", "share", "neither"),
        ("at_work", "Still at work when the words were over", "share", "neither"),
        ("understood_seconds", "From the words to taking them in", seconds, "less"),
        ("last_input_seconds", "From the words to the last input", seconds, "less"),
        ("late_actions", "Actions begun after the words", "number", "less"),
        ("undone", "Side effects undone", "share", "more"),
        ("unheard_words", "Words that were not heard", "share", "less"),
        ("unsaid_words", "Words cut and never said", "number", "less"),
        ("needless_stops", "Needless stops", "number", "less"),
        ("needless_tasks", "Needless tasks", "number", "less"),
        ("held_seconds", "Held while somebody spoke", seconds, "less"),
    )
    return tuple(
        MeasureKind(name, label, unit=unit, better=better, where=_REPORT)
        for name, label, unit, better in given
    )


OUR_MEASURES = (
    MeasureKind(
        "seconds",
        "Time",
        unit="seconds",
        better="less",
        where=_EACH,
        compared=True,
        more_less=("takes longer than", "takes less time than"),
        group=times,
    ),
    MeasureKind(
        "dollars",
        "Cost",
        unit="dollars",
        better="less",
        where=_EACH,
        compared=True,
        more_less=("costs more than", "costs less than"),
        group=money,
    ),
    MeasureKind(
        "turns",
        "Turns",
        better="less",
        where=_EACH,
        compared=True,
        more_less=("takes more turns than", "takes fewer turns than"),
        group=effort,
    ),
    MeasureKind("actions", "Actions", better="less", where=_ALL, kept=True, group=effort),
    MeasureKind(
        "oracle_ratio",
        "Actions ÷ oracle's",
        says="actions ÷ those of the oracle",
        unit="times",
        better="less",
        where=_BOTH,
    ),
    MeasureKind(
        "misclicks",
        "Misclicks",
        says="clicks that changed nothing",
        better="less",
        where=_ALL,
        group=effort,
    ),
    MeasureKind(
        "repeated_actions",
        "Repeated actions",
        says="actions repeated at once",
        better="less",
        where=_BOTH,
        group=effort,
    ),
    MeasureKind("action_errors", "Failed actions", better="less", where=_TRIAL, group=effort),
    MeasureKind(
        "input_tokens", "Tokens in", says="input tokens", better="less", where=_BOTH, group=money
    ),
    MeasureKind(
        "output_tokens", "Tokens out", says="output tokens", better="less", where=_BOTH, group=money
    ),
    MeasureKind("model_seconds", "Model", unit="seconds", where=_REPORT, group=times),
    MeasureKind("tool_seconds", "Tools", unit="seconds", where=_REPORT, group=times),
    MeasureKind("settle_seconds", "Screen settling", unit="seconds", where=_REPORT, group=times),
    MeasureKind(
        "human_seconds",
        "Waiting for the person",
        unit="seconds",
        where=_REPORT,
        group=times,
    ),
    MeasureKind(
        "first_token_seconds",
        "First token",
        unit="seconds",
        better="less",
        where=_BOTH,
        group=times,
    ),
    MeasureKind("spoken_words", "Words spoken", says="words spoken", where=_BOTH, group=voice),
    MeasureKind(
        "announcing_seconds",
        "Waited for announcements",
        says="waiting for announcements",
        unit="seconds",
        where=_BOTH,
        group=voice,
    ),
    MeasureKind("approvals_asked", "Approvals asked", where=_BOTH, group=control),
    MeasureKind("interruptions", "Interruptions", where=_BOTH, group=interruptions),
    MeasureKind(
        "redirects_obeyed",
        "Redirects obeyed",
        unit="share",
        better="more",
        where=_REPORT,
        group=interruptions,
    ),
    MeasureKind(
        "last_action_after_stop_seconds",
        "Last action after Stop",
        says="last action after stop",
        unit="seconds",
        better="less",
        where=_BOTH,
        group=interruptions,
    ),
    *_spoken_into(),
    MeasureKind(
        "side_effects",
        "Side effects",
        says="forbidden side effects",
        better="less",
        where=_REPORT,
    ),
    MeasureKind(
        "false_done",
        "False “done”",
        says="claimed to be done, but was not",
        unit="share",
        better="less",
        where=_BOTH,
        kept=True,
    ),
    MeasureKind(
        "false_impossible",
        "False “impossible”",
        says="claimed to be impossible, but was not",
        unit="share",
        better="less",
        where=_BOTH,
    ),
    *_others(effort, "secrets_typed"),
    *_others(money, "cache_read_tokens", "cache_write_tokens", "images"),
    *_others(times, "wall_seconds", "retry_seconds", "retries"),
    *_others(voice, "speaking_seconds", "dropped_lines", "words_per_minute", "speaking_share"),
    *_others(voice, "speech_lag_seconds", "first_word_seconds"),
    *_others(interruptions, "stops", "redirects", "holds", "backchannels", "false_interruptions"),
    *_others(interruptions, "missed_stops", "work_lost", "silence_after_stop_seconds"),
    *_others(interruptions, "redirect_seconds"),
    *_others(control, "approvals_granted", "approvals_denied", "questions", "rule_decisions"),
    *_others(control, "takeovers", "takeover_seconds"),
)
"""In the order in which they are shown. Those without a function need more than the events."""

MEASURES = Kinds(
    "measure", MeasureKind, "sayso.measures", OUR_MEASURES, frozenset({"success", "score"})
)


def add_measure(kind: MeasureKind) -> None:
    """Make a measure known by its name, in this process.

    Raises:
        ConfigurationError: the name is one of ours, or cannot be one.
    """
    MEASURES.add(kind)


def measures(where: Where | None = None) -> Mapping[str, MeasureKind]:
    """Every measure by name, in the order in which they are shown; of one place, if given."""
    every = MEASURES.all()
    return {n: kind for n, kind in every.items() if where is None or where in kind.where}


def compared() -> Mapping[str, MeasureKind]:
    """Those by whose ratio arms are compared."""
    return {name: kind for name, kind in MEASURES.all().items() if kind.compared}


def measure(events: Sequence[ev.Event], *, oracle_actions: int | None = None) -> Metrics:
    """All numbers that the log gives."""
    kinds = MEASURES.all().values()
    found: Metrics = {}
    for group in dict.fromkeys(kind.group for kind in kinds if kind.group):
        found |= group(events)
    for kind in kinds:
        if kind.value and (number := _computed(kind, kind.value, events)) is not None:
            found[kind.name] = number
    if oracle_actions and "actions" in found:
        found["oracle_ratio"] = found["actions"] / oracle_actions
    return found


def _computed(kind: MeasureKind, value: Value, events: Sequence[ev.Event]) -> float | None:
    """What somebody else's function gives; a fault of it costs its number only."""
    try:
        number = value(events)
        return None if number is None else float(number)
    except Exception:  # noqa: BLE001 - somebody else's code may raise anything
        _log.exception("The measure “%s” cannot be computed", kind.name)
        return None


def _known(name: str) -> str:
    known = ("success", "score", *compared())
    if name not in known:
        raise ValueError(f"There is no such measure; choose from {', '.join(known)}")
    return name


Primary = Annotated[str, AfterValidator(_known)]
"""Measures that a hypothesis may be about; all but success and score are compared as ratios."""
