"""Money: one table, spelled as any provider spells a model's name."""

from __future__ import annotations

from typing import get_args

import pytest
from anthropic.types.model import Model

from agent.models.pricing import PRICES, bare_id, priced
from agent.record.events import Usage

MILLION = 1_000_000


def test_each_kind_of_token_has_its_price() -> None:
    """Input, output, cache read and cache write are added up."""
    usage = Usage(
        input_tokens=MILLION,
        output_tokens=MILLION,
        cache_read_input_tokens=MILLION,
        cache_creation_input_tokens=MILLION,
    )
    assert priced("claude-opus-5-5", usage).dollars == pytest.approx(4 + 20 + 0.20 + 5)


def test_a_long_prompt_of_haiku_costs_more() -> None:
    """Above 100 000 prompt tokens, cached ones included, the second tier holds."""
    short = priced("claude-haiku-5-5", Usage(input_tokens=100_000))
    long = priced("claude-haiku-5-5", Usage(input_tokens=1, cache_read_input_tokens=100_000))
    assert short.dollars == pytest.approx(0.01)
    assert long.dollars == pytest.approx((0.50 + 0.05 * 100_000) / MILLION)


@pytest.mark.parametrize(
    "name",
    [
        "claude-opus-4-8",
        "claude-opus-4-8-20260414",
        "us.anthropic.claude-opus-4-8-v1:0",
        "bedrock:anthropic.claude-opus-4-8-20260414-v1:0",
        "claude-opus-4-8@20260414",
        "claude-opus-4-8-latest",
        "anthropic/claude-opus-4-8",
        "bedrock/us.anthropic.claude-opus-4-8-v1:0",
        "openrouter/anthropic/claude-opus-4-8",
    ],
)
def test_provider_spellings_mean_the_same_model(name: str) -> None:
    """Region, provider, date and version are no part of a price."""
    assert bare_id(name) == "claude-opus-4-8"
    assert bare_id(name) in PRICES


def test_a_model_of_nobodys_table_costs_nothing_that_we_know_of() -> None:
    """A local server's model, for example."""
    assert priced("qwen-vl", Usage(input_tokens=5)).dollars == 0


def test_every_model_that_the_sdk_names_has_a_price() -> None:
    """A new one in the SDK fails here until it is looked up."""
    literal = next(arg for arg in get_args(Model) if arg is not str)
    unpriced = {name for name in get_args(literal) if bare_id(name) not in PRICES}
    assert unpriced == set()


@pytest.mark.parametrize(
    "kind",
    ["input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens"],
)
def test_a_new_claude_is_reckoned_at_the_dearest_price_of_each_kind(kind: str) -> None:
    """So that the limit on money holds whatever its tokens are."""
    usage = Usage(**{kind: 200_000})
    dearest = max(priced(name, usage).dollars for name in PRICES)
    assert priced("claude-opus-9-9", usage).dollars >= dearest > 0


def test_reading_is_always_cheaper_than_sending() -> None:
    """A typing error in the table would show here."""
    for price in PRICES.values():
        assert price.cache_read < price.input < price.cache_write < price.output
