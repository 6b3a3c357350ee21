"""What each model takes and can: one table, where a new model is entered.

What belongs to whoever serves it stands in `agent.models.claude.servers`, prices (which are dated)
in `agent.models.pricing`. What no table can know of a server, such as how long an answer it lets
its model write, is asked of it or learned from its refusals.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from agent.models.pricing import bare_id

Thinking = Literal["updates", "summarized", "between_tools", "disabled", "none", "tags"]
"""``updates``: adaptive, progress lines only (beta); ``summarized``: adaptive, longer;
``between_tools``: Sonnet 5.5's own; ``disabled``: switched off; ``none``: nothing is sent;
``tags``: nothing is sent, and the model may write it into its text, as in ``<think>``."""

ComputerTool = Literal["computer_toolset_20260801", "computer_20251124", "plain"]
"""The newest computer tool that a model knows; ``plain``: ordinary tools with schemas."""

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
    with in one request, None where only the server sets a bound.
    """

    computer: ComputerTool
    thinking: Thinking
    edits: bool = True
    efforts: tuple[str, ...] = ("low", "medium", "high", "xhigh", "max")
    one_effort: bool = False
    edge: int = 2576
    patches: int = 4784
    coordinates: Scale = "pixels"
    opens_thinking: bool = False
    output_tokens: int = 16_000
    pictures: int | None = None

    @property
    def toolset(self) -> bool:
        """Whether it takes the toolset, several actions per answer."""
        return self.computer == "computer_toolset_20260801"

    def sees(self, width: int, height: int) -> bool:
        """Whether a picture of that size is not made smaller on its way."""
        return (
            max(width, height) <= self.edge and -(-width // 28) * -(-height // 28) <= self.patches
        )

    @property
    def narrates(self) -> bool:
        """Whether its thinking blocks are short progress lines, fit to be spoken."""
        return self.thinking in ("updates", "between_tools")


_NEWEST = Capabilities("computer_toolset_20260801", "updates")
_TOOLSET = Capabilities("computer_toolset_20260801", "summarized")
_SINGLE = Capabilities("computer_20251124", "none", efforts=())
_OLD = Capabilities("computer_20251124", "none", efforts=(), edge=1568, patches=1568)

_CLAUDE: tuple[tuple[str, Capabilities], ...] = (
    (
        "claude-sonnet-5-5",
        Capabilities(
            "computer_toolset_20260801",
            "between_tools",
            efforts=("low", "medium", "high"),
            one_effort=True,
        ),
    ),
    ("claude-haiku-5-5", Capabilities("computer_toolset_20260801", "disabled")),
    ("claude-opus-5-5", _NEWEST),
    ("claude-fable-5-", _NEWEST),
    ("claude-mythos-5-", _NEWEST),
    ("claude-opus-5", _TOOLSET),
    ("claude-sonnet-5", _TOOLSET),
    ("claude-fable-5", _TOOLSET),
    ("claude-mythos-5", _TOOLSET),
    ("claude-opus-4-8", _TOOLSET),
    ("claude-opus-4-7", _SINGLE),
    ("claude-opus-4", _OLD),
    ("claude-sonnet-4", _OLD),
    ("claude-haiku-4", _OLD),
    ("claude-3", _OLD),
)
"""Beginnings of ids, the more special first. Source: the service's model and thinking pages as
of late 2026. A Claude that is not listed is treated like the newest family, which is where new
ids come from."""


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
