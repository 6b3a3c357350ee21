"""What a turn costs: one table, dated, in US dollars per million tokens.

Source: the service's public price page as of `AS_OF`. A Claude model that the table does
not hold is reckoned at the dearest price of each kind of token, so that a limit on money
holds for it too; any other costs 0.0.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from agent.record.events import Usage

AS_OF = "2026-11-20"
"""Day on which the prices below were taken."""

HOUR_FACTOR = 2.0
"""What a token that is cached for an hour costs, in prices of one that is not cached."""

FAST_FACTOR = 2.0
"""What every kind of token costs in fast mode, in prices of the same model without it."""

_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Price:
    """Dollars per million tokens; ``above`` holds from a prompt of ``above_tokens`` on.

    The price list has what is cached for an hour at twice the price of input, and fast mode at
    twice the price of each kind of token.
    """

    input: float
    output: float
    cache_read: float
    cache_write: float
    """For five minutes."""

    above_tokens: int | None = None
    above: Price | None = None

    def of(self, usage: Usage) -> float:
        """Dollars of one request."""
        prompt = (
            usage.input_tokens + usage.cache_read_input_tokens + usage.cache_creation_input_tokens
        )
        if self.above is not None and self.above_tokens is not None and prompt > self.above_tokens:
            return self.above.of(usage)
        short = usage.cache_creation_input_tokens - usage.hour_input_tokens
        total = (
            usage.input_tokens * self.input
            + usage.output_tokens * self.output
            + usage.cache_read_input_tokens * self.cache_read
            + short * self.cache_write
            + usage.hour_input_tokens * self.input * HOUR_FACTOR
        )
        return total / _MILLION * (FAST_FACTOR if usage.fast else 1.0)


PRICES: dict[str, Price] = {
    "claude-mythos-preview": Price(25, 125, 2.50, 31.25),
    "claude-fable-5-2": Price(8, 40, 0.20, 10.00),
    "claude-mythos-5-2": Price(8, 40, 0.20, 10.00),
    "claude-fable-5-1": Price(10, 50, 0.25, 12.50),
    "claude-mythos-5-1": Price(10, 50, 0.25, 12.50),
    "claude-fable-5": Price(10, 50, 1.00, 12.50),
    "claude-mythos-5": Price(10, 50, 1.00, 12.50),
    "claude-opus-5-5": Price(4, 20, 0.20, 5.00),
    "claude-sonnet-5-5": Price(2, 10, 0.10, 2.50),
    "claude-haiku-5-5": Price(
        0.10, 0.50, 0.01, 0.125, above_tokens=100_000, above=Price(0.50, 2.50, 0.05, 0.625)
    ),
    "claude-opus-5": Price(5, 25, 0.50, 6.25),
    "claude-opus-4-8": Price(5, 25, 0.50, 6.25),
    "claude-opus-4-7": Price(5, 25, 0.50, 6.25),
    "claude-opus-4-6": Price(5, 25, 0.50, 6.25),
    "claude-opus-4-5": Price(5, 25, 0.50, 6.25),
    "claude-sonnet-5": Price(2, 10, 0.20, 2.50),
    "claude-sonnet-4-6": Price(3, 15, 0.30, 3.75),
    "claude-sonnet-4-5": Price(3, 15, 0.30, 3.75),
    "claude-haiku-4-5": Price(1, 5, 0.10, 1.25),
}
"""Prices by model id without date, region or version suffix."""

_DECORATION = re.compile(r"^(?:[\w-]+[:/])*(?:[a-z]{2,6}\.)?(?:anthropic\.)?")
_SUFFIX = re.compile(r"(?:@\d+|-\d{8}|-v\d+(?::\d+)?|-latest)+$")


def bare_id(model: str) -> str:
    """A model id without provider, region, date and version (``us.anthropic.…-v1:0``)."""
    return _SUFFIX.sub("", _DECORATION.sub("", model.strip().lower()))


def _dearest(prices: Iterable[Price]) -> Price:
    """The highest price of each kind of token: no request costs more."""
    every = [tier for price in prices for tier in (price, price.above) if tier is not None]
    return Price(
        input=max(price.input for price in every),
        output=max(price.output for price in every),
        cache_read=max(price.cache_read for price in every),
        cache_write=max(price.cache_write for price in every),
    )


DEAREST = _dearest(PRICES.values())


def costs(model: str) -> bool:
    """Whether the model's turns have a price."""
    bare = bare_id(model)
    return bare in PRICES or bare.startswith("claude-")


def priced(model: str, usage: Usage) -> Usage:
    """``usage`` with its dollars filled in; see the module for models without a price."""
    bare = bare_id(model)
    price = PRICES.get(bare, DEAREST if bare.startswith("claude-") else None)
    return usage.model_copy(update={"dollars": price.of(usage) if price is not None else 0.0})
