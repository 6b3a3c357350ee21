"""What each model takes and can: one table, where a new model is entered.

What belongs to whoever serves it stands in `agent.models.claude.servers`, prices (which are dated)
in `agent.models.pricing`. What no table can know of a server, such as how long an answer it lets
its model write, is asked of it or learned from its refusals.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal

from agent.models.pricing import bare_id

Thinking = Literal["updates", "summarized", "between_tools", "disabled", "none", "tags"]
"""``updates``: adaptive, progress lines only (beta); ``summarized``: adaptive, longer;
``between_tools``: Sonnet 5.5's own; ``disabled``: switched off; ``none``: nothing is sent;
``tags``: nothing is sent, and the model may write it into its text, as in ``<think>``."""

ComputerTool = Literal["computer_toolset_20260801", "computer_20251124", "plain"]
"""The newest computer tool that a model knows; ``plain``: ordinary tools with schemas."""

EFFORTS = ("low", "medium", "high", "xhigh", "max")
"""All values of ``output_config.effort``, the least first."""

BROWSER_TOOLSET = "browser_toolset_20260801"
"""The browser's tool, for which there is no other form: nothing else knows its results."""

Scale = Literal["pixels", "0-1000", "0-1"]
"""What the numbers of a model's coordinates count: pixels of the picture that it was shown, or
shares of its sides from 0 to 1000 or from 0 to 1."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What one model takes and can.

    ``edits``: takes server-side context management; ``efforts``: accepted values of
    ``output_config.effort``; ``one_effort``: it cannot change within a conversation; ``edge``
    and ``patches``: longest side in pixels and 28-pixel patches of a picture that it sees as it
    is; ``opens_thinking``: its answers begin within the thinking that a tag ends later;
    ``output_tokens``: the longest answer that is asked for; ``pictures``: how many it can deal
    with in one request, None where only the server sets a bound; ``system_messages``: takes
    messages of the role ``system`` in the middle of a conversation; ``fast``: has a quicker way to
    answer, ``beta`` where that needs a header; ``budgets``: can be told how many tokens a task may
    take; ``fallbacks``: what it declines, another model may answer in its place.
    """

    computer: ComputerTool
    thinking: Thinking
    edits: bool = True
    efforts: tuple[str, ...] = EFFORTS
    one_effort: bool = False
    edge: int = 2576
    patches: int = 4784
    coordinates: Scale = "pixels"
    opens_thinking: bool = False
    output_tokens: int = 16_000
    pictures: int | None = None
    system_messages: bool = False
    fast: Literal["no", "yes", "beta"] = "no"
    budgets: bool = False
    fallbacks: bool = False

    def thinks(self, effort: str | None) -> Thinking:
        """How it thinks at an effort: ``between_tools`` reaches up to ``high``."""
        beyond = self.thinking == "between_tools" and effort in ("xhigh", "max")
        return "updates" if beyond else self.thinking

    @property
    def toolset(self) -> bool:
        """Whether it takes the toolset, several actions per answer."""
        return self.computer == "computer_toolset_20260801"

    @property
    def browser(self) -> bool:
        """Whether it takes ``browser_toolset_20260801``, which came with the computer's."""
        return self.toolset

    def takes(self, hosted: str | None, dialect: str) -> bool:
        """Whether a tool of that first-party type can be offered in a dialect, in any form."""
        return hosted != BROWSER_TOOLSET or (self.browser and dialect == "toolset")

    def sees(self, width: int, height: int) -> bool:
        """Whether a picture of that size is not made smaller on its way."""
        return (
            max(width, height) <= self.edge and -(-width // 28) * -(-height // 28) <= self.patches
        )

    @property
    def narrates(self) -> bool:
        """Whether its thinking blocks are short progress lines, fit to be spoken."""
        return self.thinking in ("updates", "between_tools")


_NO_XHIGH = ("low", "medium", "high", "max")
_NEWEST = Capabilities(
    "computer_toolset_20260801",
    "updates",
    system_messages=True,
    budgets=True,
    fallbacks=True,
)
_FIVE = replace(_NEWEST, thinking="summarized")
_SINGLE = Capabilities("computer_20251124", "none", efforts=())
_OLD = Capabilities("computer_20251124", "none", efforts=(), edge=1568, patches=1568)

_CLAUDE: tuple[tuple[str, Capabilities], ...] = (
    ("claude-sonnet-5-5", replace(_NEWEST, thinking="between_tools", one_effort=True)),
    ("claude-haiku-5-5", replace(_NEWEST, thinking="disabled")),
    ("claude-opus-5-5", replace(_NEWEST, fast="yes")),
    ("claude-fable-5-2", replace(_NEWEST, fast="yes", budgets=False)),
    ("claude-mythos-5-2", replace(_NEWEST, fast="yes", budgets=False)),
    ("claude-fable-5-", _NEWEST),
    ("claude-mythos-5-", _NEWEST),
    ("claude-opus-5", replace(_FIVE, fast="beta")),
    ("claude-sonnet-5", replace(_FIVE, system_messages=False, budgets=False, fallbacks=False)),
    ("claude-fable-5", _FIVE),
    ("claude-mythos-5", _FIVE),
    ("claude-opus-4-8", replace(_FIVE, fallbacks=False)),
    ("claude-mythos-preview", replace(_OLD, efforts=_NO_XHIGH)),
    ("claude-opus-4-7", replace(_SINGLE, efforts=EFFORTS)),
    ("claude-opus-4-6", replace(_OLD, efforts=_NO_XHIGH)),
    ("claude-opus-4-5", replace(_OLD, efforts=("low", "medium", "high"))),
    ("claude-sonnet-4-6", replace(_OLD, efforts=_NO_XHIGH)),
    ("claude-opus-4", _OLD),
    ("claude-sonnet-4", _OLD),
    ("claude-haiku-4", _OLD),
    ("claude-3", _OLD),
)
"""Beginnings of ids, the more special first. Source: the service's pages on models, thinking,
effort, fast mode, task budgets, system messages and fallbacks as of November 2026. A Claude that is
not listed is treated like the newest family, which is where new ids come from."""


def _foreign(
    coordinates: Scale = "pixels", *, opens_thinking: bool = False, pictures: int | None = None
) -> Capabilities:
    """A model of another maker, which knows neither the tools nor the headers of Claude's."""
    return Capabilities(
        "plain",
        "tags",
        edits=False,
        efforts=(),
        coordinates=coordinates,
        opens_thinking=opens_thinking,
        pictures=pictures,
    )


_OTHERS: tuple[tuple[re.Pattern[str], Capabilities], ...] = tuple(
    (re.compile(pattern), capabilities)
    for pattern, capabilities in (
        (r"ui-?tars-?(?:1\.5|2)", _foreign(pictures=5)),
        (r"ui-?tars", _foreign("0-1000", pictures=5)),
        (r"qwen-?2\.5-?vl", _foreign()),
        (r"qwen-?2-?vl|qwen-?vl", _foreign("0-1000")),
        (
            r"qwen-?3(?:\.\d+)?-?(?:vl|omni).*thinking|qvq",
            _foreign("0-1000", opens_thinking=True),
        ),
        (r"qwen-?3(?:\.\d+)?-?(?:vl|omni)", _foreign("0-1000")),
        (r"gemini", _foreign("0-1000")),
        (r"glm-?4\.\d+v|internvl|cogagent", _foreign("0-1000")),
        (r"kimi-?vl", _foreign("0-1")),
        (r"deepseek-?r1|qwq|thinking", _foreign(opens_thinking=True)),
    )
)
"""Patterns searched for in a lower-case id, in order: as their makers' model cards say how they
were trained to point, to think, and how many pictures they were shown at a time."""

_UNKNOWN = _foreign()


def is_claude(model: str) -> bool:
    """Whether an id, in whichever provider's spelling, is that of a Claude."""
    return "claude" in model.lower()


def as_claude(model: str) -> Capabilities:
    """What a Claude takes and can, whatever it is called: a gateway may have names of its own."""
    bare = bare_id(model)
    return next((known for start, known in _CLAUDE if bare.startswith(start)), _NEWEST)


def capabilities_of(model: str) -> Capabilities:
    """What a model takes and can, by its id in whichever provider's spelling."""
    if is_claude(model):
        return as_claude(model)
    name = model.lower()
    return next((known for pattern, known in _OTHERS if pattern.search(name)), _UNKNOWN)
