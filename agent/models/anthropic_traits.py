"""What a Claude model wants to be asked: tool version, kind of thinking, effort.

Source: the service's model and thinking pages as of late 2026. An id that is not listed
is treated like the newest family, which is where new ids come from.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from agent.models.pricing import bare_id

Thinking = Literal["updates", "summarized", "between_tools", "disabled", "none"]
"""``updates``: adaptive, progress lines only (beta); ``summarized``: adaptive, longer;
``between_tools``: Sonnet 5.5's own; ``disabled``: switched off; ``none``: nothing is sent."""


@dataclass(frozen=True, slots=True)
class Traits:
    """``toolset``: takes ``computer_toolset_20260801``; ``edits``: takes server-side context
    management; ``efforts``: accepted values of ``output_config.effort``; ``one_effort``: it
    cannot change within a conversation; ``edge`` and ``patches``: longest side in pixels and
    28-pixel patches of a picture that it sees as it is.
    """

    toolset: bool
    thinking: Thinking
    edits: bool = True
    efforts: tuple[str, ...] = ("low", "medium", "high", "xhigh", "max")
    one_effort: bool = False
    edge: int = 2576
    patches: int = 4784

    def sees(self, width: int, height: int) -> bool:
        """Whether a picture of that size is not made smaller on its way."""
        return (
            max(width, height) <= self.edge and -(-width // 28) * -(-height // 28) <= self.patches
        )

    @property
    def narrates(self) -> bool:
        """Whether its thinking blocks are short progress lines, fit to be spoken."""
        return self.thinking in ("updates", "between_tools")


_NEWEST = Traits(toolset=True, thinking="updates")
_TOOLSET = Traits(toolset=True, thinking="summarized")
_OLD = Traits(toolset=False, thinking="none", efforts=(), edge=1568, patches=1568)

_TRAITS: tuple[tuple[str, Traits], ...] = (
    (
        "claude-sonnet-5-5",
        Traits(
            toolset=True,
            thinking="between_tools",
            efforts=("low", "medium", "high"),
            one_effort=True,
        ),
    ),
    ("claude-haiku-5-5", Traits(toolset=True, thinking="disabled")),
    ("claude-opus-5-5", _NEWEST),
    ("claude-fable-5-", _NEWEST),
    ("claude-mythos-5-", _NEWEST),
    ("claude-opus-5", _TOOLSET),
    ("claude-sonnet-5", _TOOLSET),
    ("claude-fable-5", _TOOLSET),
    ("claude-mythos-5", _TOOLSET),
    ("claude-opus-4-8", _TOOLSET),
    ("claude-opus-4-7", Traits(toolset=False, thinking="none", efforts=())),
    ("claude-opus-4", _OLD),
    ("claude-sonnet-4", _OLD),
    ("claude-haiku-4", _OLD),
    ("claude-3", _OLD),
)


def traits_of(model: str) -> Traits:
    """The traits of a model id, in whichever provider's spelling."""
    bare = bare_id(model)
    return next((traits for prefix, traits in _TRAITS if bare.startswith(prefix)), _NEWEST)
