"""One table says what each model takes and can."""

from __future__ import annotations

from typing import get_args

import pytest
from anthropic.types.model import Model

from agent.models.capabilities import Scale, as_claude, capabilities_of


@pytest.mark.parametrize(
    ("model", "scale"),
    [
        ("claude-opus-5-5", Scale.PIXELS),
        ("Qwen/Qwen2-VL-7B-Instruct", Scale.THOUSANDTHS),
        ("Qwen/Qwen2.5-VL-7B-Instruct", Scale.PIXELS),
        ("qwen2.5vl:7b", Scale.PIXELS),
        ("qwen3-vl:8b-thinking", Scale.THOUSANDTHS),
        ("ByteDance-Seed/UI-TARS-7B-DPO", Scale.THOUSANDTHS),
        ("ui-tars-1.5-7b", Scale.PIXELS),
        ("gemini/gemini-3-pro", Scale.THOUSANDTHS),
        ("moonshotai/Kimi-VL-A3B-Thinking", Scale.UNIT),
        ("llava", Scale.PIXELS),
    ],
)
def test_how_a_model_points_is_known_by_its_name(model: str, scale: Scale) -> None:
    assert capabilities_of(model).coordinates is scale


def test_a_model_of_another_maker_is_asked_for_nothing_of_claudes() -> None:
    for name in ("llava", "qwen3-vl", "my-model"):
        known = capabilities_of(name)
        assert (known.computer, known.edits, known.efforts) == ("plain", False, ())
        assert known.thinking == "tags"


def test_a_gateways_own_name_for_a_claude_is_treated_as_the_newest() -> None:
    assert as_claude("desk-agent").toolset
    assert capabilities_of("anthropic/claude-opus-5-5") == as_claude("claude-opus-5-5")


def test_every_claude_that_the_sdk_names_has_a_computer_tool() -> None:
    literal = next(arg for arg in get_args(Model) if arg is not str)
    for name in get_args(literal):
        assert capabilities_of(name).computer != "plain"
