"""Which model a setting means, and how a missing piece is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from model_conversation import request, take_turn, user
from pydantic import SecretStr

from agent.desktop.base import Desktop
from agent.errors import ConfigurationError, ModelUnavailable
from agent.models.base import Model
from agent.models.cassette import CassetteModel
from agent.models.claude.model import AnthropicModel
from agent.models.factory import build_model, is_anthropic
from agent.models.pricing import PRICES, bare_id
from agent.settings import DEFAULT_MODEL, Settings
from agent.testing.messages_script import says
from agent.testing.messages_server import MessagesServer

KEY = SecretStr("sk-ant-secret-0123456789")


class NoDesktop:
    """Stands for a desktop that no model built here asks anything of."""


def build(**values: Any) -> Model:
    fields = {"anthropic_api_key": None, "anthropic_base_url": None, **values}
    desktop: Desktop = NoDesktop()  # type: ignore[assignment]
    return build_model(Settings(_env_file=None, **fields), desktop)


async def test_auto_is_claude_with_a_key() -> None:
    """A key is enough to get the default model, whose price is known."""
    model = build(anthropic_api_key=KEY)
    assert isinstance(model, AnthropicModel)
    assert (model.name, model.dialect) == (DEFAULT_MODEL, "toolset")
    assert bare_id(model.name) in PRICES
    await model.close()


async def test_auto_without_a_key_is_offline() -> None:
    """Nothing set: the voice commands."""
    assert build().name == "offline"


@pytest.mark.parametrize(
    ("values", "dialect"),
    [
        ({"model": "claude-opus-5-5"}, "toolset"),
        ({"model": "claude-sonnet-4-6"}, "hosted"),
        ({"model": "qwen", "anthropic_base_url": "http://127.0.0.1:1"}, "portable"),
        ({"model": "claude-opus-5-5", "anthropic_base_url": "http://gateway.test"}, "portable"),
        (
            {
                "model": "claude-opus-5-5",
                "anthropic_base_url": "http://gateway.test",
                "dialect": "toolset",
            },
            "toolset",
        ),
    ],
)
async def test_address_and_model_choose_the_dialect(values: dict[str, str], dialect: str) -> None:
    """Hosted tools go to Anthropic only, unless a gateway is declared."""
    model = build(anthropic_api_key=KEY, **values)
    assert isinstance(model, AnthropicModel)
    assert model.dialect == dialect
    await model.close()


def test_anthropic_addresses_are_told_from_lookalikes() -> None:
    """Only the real domain counts."""
    assert is_anthropic(None)
    assert is_anthropic("https://api.anthropic.com")
    assert not is_anthropic("https://api.anthropic.com.example.net")
    assert not is_anthropic("https://notanthropic.com")


@pytest.mark.parametrize(
    "key", ["sk-ant copied with a space", "sk-ant-a\nsk-ant-b", "sk-ant-schlüssel", "“sk-ant-x”"]
)
async def test_what_cannot_be_a_key_is_told_before_it_is_sent(key: str) -> None:
    """It could not even be put into a header; the sentence does not show it."""
    model = build(model="claude-opus-5-5", anthropic_api_key=key)
    with pytest.raises(ModelUnavailable, match="Copy the key again") as told:
        await take_turn(model, request([user("Hello.")]))
    assert "sk-ant" not in str(told.value)


async def test_a_key_with_a_line_break_behind_it_is_still_the_key() -> None:
    """As it comes from a file or the clipboard."""
    model = build(model="claude-opus-5-5", anthropic_api_key=f" {KEY.get_secret_value()}\n")
    assert isinstance(model, AnthropicModel)
    await model.close()


@pytest.mark.parametrize(
    "address",
    ["localhost:8080", "http://", "http://a b", "http://host:99999", "http://host:x", "ftp://host"],
)
async def test_what_is_no_address_is_told(address: str) -> None:
    """By the first turn, with an example; the session opens."""
    model = build(model="llava", anthropic_base_url=address)
    with pytest.raises(ModelUnavailable, match="is not an address"):
        await take_turn(model, request([user("Hello.")]))


async def test_empty_variables_count_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a compose file writes them."""
    for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", "SAYSO_MODEL", "SAYSO_DISPLAY"):
        monkeypatch.setenv(name, "")
    settings = Settings(_env_file=None)
    assert settings.display is None
    assert settings.model == "auto"
    assert build_model(settings, NoDesktop()).name == "offline"
    claude = build(model="claude-opus-5-5", anthropic_api_key=KEY)
    assert "api.anthropic.com" in repr(claude)
    await claude.close()


async def test_a_missing_key_is_told_by_the_first_turn() -> None:
    """The session opens; the turn says what to do."""
    with pytest.raises(ModelUnavailable, match="ANTHROPIC_API_KEY"):
        await take_turn(build(model="claude-opus-5-5"), request([user("Hello.")]))


@pytest.mark.parametrize(
    "model",
    [
        "bedrock:us.anthropic.claude-opus-4-8-v1:0",
        "vertex:x",
        *("mantle:x", "aws:claude-opus-5-5", "google:claude-opus-5-5", "foundry:x"),
    ],
)
async def test_unconfigured_clouds_are_told_by_the_first_turn(
    model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No region, no package: a sentence, not a crash."""
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "CLOUD_ML_REGION"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ModelUnavailable, match="cannot be used"):
        await take_turn(build(model=model), request([user("Hello.")]))


@pytest.mark.parametrize("model", ["cassette:", "record:", ""])
def test_names_without_their_path_are_refused(model: str) -> None:
    """The sentence shows the right form."""
    with pytest.raises(ConfigurationError):
        build(model=model)


async def test_recording_then_replay_through_settings(tmp_path: Path) -> None:
    """``record:`` writes what ``cassette-strict:`` plays."""
    path = tmp_path / "run.jsonl"
    asked = request([user("Hello.")])
    async with MessagesServer([says("Hi.")], key=None) as server:
        recorder = build(
            model=f"record:{path}", anthropic_base_url=server.base_url, dialect="toolset"
        )
        first = await take_turn(recorder, asked)
        await recorder.close()
    player = build(model=f"cassette-strict:{path}")
    assert isinstance(player, CassetteModel)
    assert (await take_turn(player, asked)).parts == first.parts
