"""What the service takes from each model, as the faithful server knows it.

A table of its own, made from the service's documentation, so that the server judges what
`agent.models.capabilities` says rather than repeating it. Sources, read in November 2026: the
pages of the Claude documentation on models, effort, thinking, preserved thinking, fast mode, task
budgets, refusals and fallback, mid-conversation system messages, prompt caching and computer use.
Where a page names no model of a family, the family's newest rule holds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

COMPUTER_BETAS: Mapping[str, str] = MappingProxyType(
    {
        "computer_20241022": "computer-use-2024-10-22",
        "computer_20250124": "computer-use-2025-01-24",
        "computer_20251124": "computer-use-2025-11-24",
    }
)
"""The beta header that each computer tool before the toolset needs."""

LEAST_BUDGET = 20_000
"""Tokens; a smaller task budget is refused."""

_ALL = ("low", "medium", "high", "xhigh", "max")
_TOOLSET = frozenset({"computer_toolset_20260801"})
_OLDER = frozenset({"computer_20251124"})


@dataclass(frozen=True, slots=True)
class Rules:
    """What one model takes.

    ``tools``: types of computer tool; ``thinking``: types of ``thinking``; ``efforts``: values of
    ``output_config.effort``; ``least_cached``: tokens below which nothing is cached; ``edge`` and
    ``patches``: the largest picture, in pixels and in patches of 28 by 28 of them.
    """

    tools: frozenset[str]
    thinking: frozenset[str]
    efforts: tuple[str, ...] = _ALL
    least_cached: int = 512
    edge: int = 2576
    patches: int = 4784
    system: bool = True
    """Takes messages of the role ``system``."""

    forced: bool = True
    """Can be made to call a tool."""

    fast: str = ""
    """Whether ``speed`` is taken: ``open``, or the beta header that it needs; empty: not."""

    budgets: bool = True
    """Takes a task budget."""

    preserved: bool = False
    """Thinking is bound to the model, and to all that stood before it."""

    reads: frozenset[str] = frozenset()
    """Models besides itself whose thinking it can read."""


_NEW = Rules(_TOOLSET, frozenset({"adaptive"}), forced=False, preserved=True)
_FIVE = Rules(_TOOLSET | _OLDER, frozenset({"adaptive", "disabled"}))
_FABLE = replace(_FIVE, thinking=frozenset({"adaptive"}))
_FABLE_1 = replace(_FABLE, forced=False, preserved=True)
_FOUR = Rules(
    _OLDER,
    frozenset({"adaptive", "enabled", "disabled"}),
    efforts=("low", "medium", "high", "max"),
    least_cached=4096,
    edge=1568,
    patches=1568,
    system=False,
    budgets=False,
)
_FOUR_FIVE = replace(_FOUR, thinking=frozenset({"enabled", "disabled"}), efforts=())

MODELS: Mapping[str, Rules] = MappingProxyType(
    {
        "claude-fable-5-2": replace(_FABLE_1, fast="open", budgets=False),
        "claude-mythos-5-2": replace(_FABLE_1, fast="open", budgets=False),
        "claude-fable-5-1": replace(
            _FABLE_1, reads=frozenset({"claude-opus-5", "claude-opus-5-5"})
        ),
        "claude-mythos-5-1": _FABLE_1,
        "claude-opus-5-5": replace(_NEW, fast="open"),
        "claude-sonnet-5-5": replace(_NEW, thinking=frozenset({"adaptive", "between_tools"})),
        "claude-haiku-5-5": replace(_NEW, thinking=frozenset({"adaptive", "disabled"})),
        "claude-fable-5": _FABLE,
        "claude-mythos-5": _FABLE,
        "claude-opus-5": replace(_FIVE, fast="fast-mode-2026-02-01"),
        "claude-sonnet-5": replace(_FIVE, system=False, budgets=False, least_cached=1024),
        "claude-opus-4-8": replace(_FIVE, least_cached=1024),
        "claude-opus-4-7": replace(_FIVE, tools=_OLDER, system=False, least_cached=2048),
        "claude-mythos-preview": replace(_FOUR, least_cached=512),
        "claude-opus-4-6": _FOUR,
        "claude-sonnet-4-6": replace(_FOUR, least_cached=1024),
        "claude-opus-4-5": replace(_FOUR_FIVE, efforts=("low", "medium", "high")),
        "claude-sonnet-4-5": replace(_FOUR_FIVE, least_cached=1024),
        "claude-haiku-4-5": _FOUR_FIVE,
    }
)
"""By id, without a date."""


def rules_of(model: str) -> Rules | None:
    """What a model takes, by its id with or without a date; None: there is no such model."""
    return MODELS.get(model) or MODELS.get(_undated(model))


def _undated(model: str) -> str:
    name, dash, date = model.rpartition("-")
    return name if dash and date.isdigit() and len(date) == 8 else model
