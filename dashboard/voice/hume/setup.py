"""Creates or updates Sayso's tools and configuration at Hume. Running it twice changes nothing.

Source: Hume's EVI REST API (``/v0/evi/tools``, ``/v0/evi/configs``) through the ``hume`` SDK.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from hume import AsyncHumeClient
from hume.empathic_voice.types import ReturnConfig, ReturnUserDefinedTool

from dashboard.voice.hume.tools import tool_definitions

CONFIG_NAME = "sayso"


@dataclass(frozen=True)
class Choices:
    """What is chosen about the voice: settings of the server (`agent.settings`)."""

    voice: str
    """A voice of Hume's library, by name."""
    provider: str
    model: str
    """The front desk's model."""
    evi_version: str


def desired_config(choices: Choices) -> dict[str, Any]:
    """The configuration, without the tools' ids, as Hume's API takes it."""
    prompt = files(__package__).joinpath("front_desk.md").read_text(encoding="utf-8")
    silent = {"enabled": False}
    return {
        "evi_version": choices.evi_version,
        "prompt": {"text": prompt},
        "voice": {"provider": "HUME_AI", "name": choices.voice},
        "language_model": {
            "model_provider": choices.provider,
            "model_resource": choices.model,
            "temperature": 0.3,
        },
        "timeouts": {
            "inactivity": {"enabled": True, "duration_secs": 1800},
            "max_duration": {"enabled": True, "duration_secs": 1800},
        },
        "turn_detection": {"end_of_turn_silence_ms": 600},
        "interruption": {"min_interruption_ms": 250},
        "nudges": {"enabled": False},
        "event_messages": {"on_new_chat": silent, "on_inactivity_timeout": silent},
    }


def fingerprint(config: dict[str, Any], tools: list[tuple[str, int]]) -> str:
    """A mark kept in the configuration's version description, to see whether it is current."""
    text = json.dumps([config, tools], sort_keys=True)
    return "sayso " + hashlib.sha256(text.encode()).hexdigest()[:16]


class Setup:
    """One run of the set-up; ``tell`` gets a line for each difference."""

    def __init__(
        self,
        client: AsyncHumeClient,
        choices: Choices,
        *,
        dry_run: bool,
        tell: Callable[[str], None],
    ) -> None:
        self._voice = client.empathic_voice
        self._choices = choices
        self._dry_run = dry_run
        self._tell = tell

    async def run(self) -> str | None:
        """Make Hume match; returns the configuration's id (None in a dry run that would create)."""
        tools = [await self._tool(wanted) for wanted in tool_definitions()]
        return await self._config([tool for tool in tools if tool is not None])

    async def _tool(self, wanted: dict[str, Any]) -> tuple[str, int] | None:
        name = wanted["name"]
        fields = {k: wanted[k] for k in ("parameters", "description", "fallback_content")}
        found = await self._find_tool(name)
        if found is not None and all(getattr(found, k) == v for k, v in fields.items()):
            return found.id, found.version
        self._tell(f"{'+' if found is None else '~'} tool {name}")
        if found is not None:
            for key, value in fields.items():
                self._difference(key, getattr(found, key), value)
        if self._dry_run:
            return None
        made = await self._write_tool(name, found, fields)
        return (made.id, made.version) if made is not None else None

    async def _write_tool(
        self, name: str, found: ReturnUserDefinedTool | None, fields: dict[str, Any]
    ) -> ReturnUserDefinedTool | None:
        if found is None:
            return await self._voice.tools.create_tool(name=name, **fields)
        return await self._voice.tools.create_tool_version(found.id, **fields)

    async def _find_tool(self, name: str) -> ReturnUserDefinedTool | None:
        pager = await self._voice.tools.list_tools(name=name, restrict_to_most_recent=True)
        async for tool in pager:
            if tool is not None and tool.name == name:
                return tool
        return None

    async def _find_config(self) -> ReturnConfig | None:
        pager = await self._voice.configs.list_configs(
            name=CONFIG_NAME, restrict_to_most_recent=True
        )
        async for config in pager:
            if config.name == CONFIG_NAME:
                return config
        return None

    async def _config(self, tools: list[tuple[str, int]]) -> str | None:
        wanted = desired_config(self._choices)
        mark = fingerprint(wanted, tools)
        found = await self._find_config()
        if found is not None and found.version_description == mark:
            self._tell("= nothing to change")
            return found.id
        self._tell(f"{'+' if found is None else '~'} config {CONFIG_NAME}")
        if found is not None:
            self._config_differences(found, wanted)
        if self._dry_run:
            return found.id if found else None
        body = {
            **wanted,
            "tools": [{"id": tool_id, "version": version} for tool_id, version in tools],
            "version_description": mark,
        }
        if found is None:
            made = await self._voice.configs.create_config(name=CONFIG_NAME, **body)
        else:
            made = await self._voice.configs.create_config_version(found.id or "", **body)
        return made.id

    def _config_differences(self, found: ReturnConfig, wanted: dict[str, Any]) -> None:
        there = found.dict()
        for key, value in wanted.items():
            self._difference(key, _like(there.get(key), value), value)

    def _difference(self, key: str, old: object, new: object) -> None:
        if old != new:
            self._tell(f"    {key}: {_short(old)} -> {_short(new)}")


def _like(there: Any, wanted: Any) -> Any:
    """The part of ``there`` that ``wanted`` speaks of."""
    if isinstance(wanted, dict) and isinstance(there, dict):
        return {key: _like(there.get(key), value) for key, value in wanted.items()}
    return there


def _short(value: object) -> str:
    text = json.dumps(value, default=str)
    return text if len(text) <= 80 else text[:77] + "..."
