"""One table says what each model takes and can."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from anthropic.types.model import Model

from agent.models.capabilities import Scale, as_claude, capabilities_of
from agent.models.factory import build_model
from agent.session.parts import tools_for
from agent.settings import Settings
from agent.testing.scripted import FakeDesktop


@pytest.mark.parametrize(
    ("model", "scale"),
    [
        ("claude-opus-5-5", "pixels"),
        ("Qwen/Qwen2-VL-7B-Instruct", "0-1000"),
        ("Qwen/Qwen2.5-VL-7B-Instruct", "pixels"),
        ("qwen2.5vl:7b", "pixels"),
        ("qwen3-vl:8b-thinking", "0-1000"),
        ("ByteDance-Seed/UI-TARS-7B-DPO", "0-1000"),
        ("ui-tars-1.5-7b", "pixels"),
        ("gemini/gemini-3-pro", "0-1000"),
        ("moonshotai/Kimi-VL-A3B-Thinking", "0-1"),
        ("llava", "pixels"),
    ],
)
def test_how_a_model_points_is_known_by_its_name(model: str, scale: Scale) -> None:
    assert capabilities_of(model).coordinates == scale


@pytest.mark.parametrize(
    ("setting", "model", "told"),
    [
        ("auto", "qwen3-vl", "from 0 to 1000"),
        ("auto", "llava", "pixels of the screenshot"),
        ("pixels", "qwen3-vl", "pixels of the screenshot"),
        ("0-1", "llava", "from 0 to 1"),
    ],
)
def test_the_tools_speak_the_models_coordinates_unless_a_setting_says_otherwise(
    setting: Any, model: str, told: str
) -> None:
    address = "http://127.0.0.1:9"
    settings = Settings(model=model, coordinates=setting, anthropic_base_url=address)
    desktop = FakeDesktop()
    (computer, *_) = tools_for(desktop, build_model(settings, desktop), settings)
    assert told in computer.spec.description


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
