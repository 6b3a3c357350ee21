"""`python -m dashboard.voice.hume setup` against a server that speaks Hume's REST interface."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from hume import AsyncHumeClient

from agent.settings import Settings
from dashboard.voice.hume.setup import Choices, Setup
from dashboard.voice.server.service import OfflineEvi
from dashboard.voice.standalone.__main__ import serve

USUAL = Settings(_env_file=None)
ROOT = Path(__file__).parents[2]
TOOLS = ("use_computer", "steer_computer", "computer_status", "stop_computer", "answer_agent")


@pytest.fixture
async def hume() -> AsyncIterator[str]:
    """The address of an empty account."""
    evi = OfflineEvi()
    server, port = await serve(evi, 0, "key", "secret")
    yield f"http://127.0.0.1:{port}"
    server.stop()
    await server.close_all_connections()
    await evi.close()


class Account:
    """Runs the set-up and looks at what there is."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.told: list[str] = []

    async def set_up(self, *, dry_run: bool = False, **choices: str) -> str | None:
        self.told = []
        async with httpx.AsyncClient() as line:
            client = AsyncHumeClient(api_key="key", base_url=self.address, httpx_client=line)
            usual = {
                "voice": USUAL.hume_voice,
                "provider": USUAL.hume_model_provider,
                "model": USUAL.hume_model,
                "evi_version": USUAL.hume_evi_version,
            }
            chosen = Choices(**{**usual, **choices})
            setup = Setup(client, chosen, dry_run=dry_run, tell=self.told.append)
            return await setup.run()

    async def get(self, path: str) -> dict:
        async with httpx.AsyncClient(headers={"X-Hume-Api-Key": "key"}) as line:
            return (await line.get(f"{self.address}/v0/evi/{path}")).json()


async def test_the_first_run_creates_five_tools_and_a_configuration(hume: str):
    """All that a chat needs: voice, prompt, timeouts, turn detection, interruption, tools."""
    account = Account(hume)
    config_id = await account.set_up()
    assert [line for line in account.told if line.startswith("+ tool")] == [
        f"+ tool {name}" for name in TOOLS
    ]
    assert account.told[-1] == "+ config sayso"
    found = (await account.get(f"configs/{config_id}"))["configs_page"][0]
    assert [tool["name"] for tool in found["tools"]] == list(TOOLS)
    assert found["interruption"]["min_interruption_ms"] == 250
    assert found["turn_detection"]["end_of_turn_silence_ms"] == 600
    assert found["timeouts"]["max_duration"]["duration_secs"] == 1800
    assert found["voice"]["name"] == USUAL.hume_voice
    assert found["evi_version"] == "3"
    assert "computer" in found["prompt"]["text"]


async def test_a_second_run_changes_nothing(hume: str):
    """Idempotent: the same id, no new version."""
    account = Account(hume)
    first = await account.set_up()
    assert await account.set_up() == first
    assert account.told == ["= nothing to change"]
    assert len((await account.get(f"configs/{first}"))["configs_page"]) == 1


async def test_a_change_is_shown_and_makes_one_new_version(hume: str):
    """The difference names what was and what will be."""
    account = Account(hume)
    first = await account.set_up()
    assert await account.set_up(voice="Colton Rivers") == first
    assert "~ config sayso" in account.told
    [line] = [line for line in account.told if line.strip().startswith("voice:")]
    assert USUAL.hume_voice in line
    assert "Colton Rivers" in line
    assert len((await account.get(f"configs/{first}"))["configs_page"]) == 2


async def test_another_version_of_evi_is_asked_for(hume: str):
    account = Account(hume)
    config_id = await account.set_up(evi_version="4-mini", model="claude-sonnet-5")
    found = (await account.get(f"configs/{config_id}"))["configs_page"][0]
    assert found["evi_version"] == "4-mini"
    assert found["language_model"]["model_resource"] == "claude-sonnet-5"


async def test_a_dry_run_writes_nothing(hume: str):
    """It tells what it would do."""
    account = Account(hume)
    assert await account.set_up(dry_run=True) is None
    assert "+ config sayso" in account.told
    assert (await account.get("configs"))["configs_page"] == []
    assert (await account.get("tools"))["tools_page"] == []


def _run(folder: Path, *more: str, **variables: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "dashboard.voice.evi", "setup", *more]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **variables}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def test_on_the_command_line_a_missing_key_is_asked_for(tmp_path: Path):
    """What to set, and exit code 2."""
    ran = _run(tmp_path, "--dry-run")
    assert ran.returncode == 2
    assert "HUME_API_KEY" in ran.stderr


async def test_on_the_command_line_the_id_is_given_and_no_key(hume: str, tmp_path: Path):
    """A line for .env; a key that is refused is told in words, and exit code 1."""
    keys = {"HUME_BASE_URL": hume, "HUME_API_KEY": "key"}
    ran = await asyncio.to_thread(_run, tmp_path, **keys)
    assert ran.returncode == 0, ran.stderr
    assert "HUME_CONFIG_ID=" in ran.stdout
    more = {"HUME_EVI_VERSION": "4-mini", "HUME_VOICE": "Colton Rivers", "HUME_MODEL": "another"}
    ran = await asyncio.to_thread(_run, tmp_path, "--model", "a-third", **keys, **more)
    assert ran.returncode == 0, ran.stderr
    [found] = (await Account(hume).get("configs"))["configs_page"]
    assert found["evi_version"] == "4-mini"
    assert found["voice"]["name"] == "Colton Rivers"
    assert found["language_model"]["model_resource"] == "a-third"
    keys["HUME_API_KEY"] = "very-wrong"
    ran = await asyncio.to_thread(_run, tmp_path, **keys)
    assert ran.returncode == 1
    assert "check HUME_API_KEY" in ran.stderr
    assert "very-wrong" not in ran.stdout + ran.stderr
